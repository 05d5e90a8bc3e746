//! What a changed playbook would have sent, over tickets as the rules have made them.

use std::collections::HashMap;

use nightporter::backtest::playbooks::{Effort, efforts};
use nightporter::decide::policy::builtin_playbook;
use nightporter::model::time::DAY;
use nightporter::model::*;

use super::Stage;

/// A house of which this is told, and what its own playbooks are found to have sent.
fn told(story: &[&str]) -> (Stage, Option<Effort>) {
    let mut stage = Stage::new();
    stage.shows_calls = true;
    story.iter().for_each(|line| stage.act(line));
    let effort = replay(&stage);
    (stage, effort)
}

fn replay(stage: &Stage) -> Option<Effort> {
    let properties: HashMap<PropertyId, Property> =
        stage.facts.places.iter().map(|(id, place)| (id.clone(), place.property.clone())).collect();
    efforts(&stage.policy, stage.facts.tickets.values(), &properties, stage.now).into_values().next()
}

fn said(stage: &Stage, to: &str) -> usize {
    stage.log.iter().filter(|l| l.contains(" text ") || l.contains(" call ")).filter(|l| l.contains(to)).count()
}

const WET: [&str; 2] = ["05 03:00 leak1 dry", "05 03:10 leak1 wet"];

#[test]
fn the_playbook_in_force_is_found_to_have_sent_what_it_sent() {
    let ignored = [&WET[..], &["05 03:30 leak1 dry", "05 04:10 wait"]].concat();
    let (stage, effort) = told(&ignored);
    let effort = effort.expect("a ticket");
    // A call that nobody answers is made again, and the circle of an offer grows: each is one step all the same.
    assert_eq!((effort.tickets, effort.to_tenants, said(&stage, "tenant:t1")), (1, 2, 4), "{:?}", stage.log);
    assert_eq!((effort.to_housekeepers, effort.to_managers), (2, said(&stage, "manager:oak")), "{:?}", stage.log);
    let taken = [&WET[..], &["05 03:11 h2 accept leak", "05 03:30 leak1 dry", "05 04:10 wait"]].concat();
    let (stage, effort) = told(&taken);
    let effort = effort.expect("a ticket");
    assert_eq!((effort.to_tenants, effort.to_managers), (said(&stage, "tenant:t1"), 0), "{:?}", stage.log);
    assert_eq!(effort.to_housekeepers, said(&stage, "housekeeper:"));
}

#[test]
fn a_changed_playbook_says_what_would_have_been_different() {
    let low = ["05 08:00 lock1 battery=60", "05 10:00 lock1 battery=20", "05 11:00 lock1 battery=19"];
    let (mut stage, now) = told(&[&low[..], &["15 23:00 lock1 battery=18"]].concat());
    assert_eq!(now.map(|e| e.to_tenants), Some(said(&stage, "tenant:t1")), "{:?}", stage.log);
    let mut nagging = builtin_playbook(TicketKind::Battery);
    nagging.steps = (0..30).map(|day| Step { after: Span(day * DAY), ..nagging.steps[0].clone() }).collect();
    stage.policy.playbooks.insert(TicketKind::Battery, nagging);
    assert_eq!(replay(&stage).map(|e| e.to_tenants), Some(11), "one a day");
}
