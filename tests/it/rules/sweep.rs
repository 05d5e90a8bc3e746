//! What a fleet brings along waits for the operator, and not a moment longer than it can.

use nightporter::decide::Command;
use nightporter::model::time::{DAY, HOUR};
use nightporter::model::*;

use super::lines;
use super::stage::Stage;

/// A house of which this is given, with a battery that was low when its lock came.
fn house(given: &[&str]) -> (Stage, TicketId) {
    let mut stage = Stage::new();
    stage.change("fleet lock1");
    given.iter().for_each(|line| stage.change(line));
    stage.act("05 09:10 wait");
    find(&mut stage, &Finding::BatteryLow { percent: Some(19.0), forecast: None });
    let ticket = stage.facts.tickets.values().next().expect("a ticket");
    assert!(ticket.held && stage.messages.is_empty(), "{:?}", stage.log);
    let id = ticket.id.clone();
    (stage, id)
}

/// What comes of these lines, besides the opening.
#[track_caller]
fn check(when: &str, then: &str) {
    let (mut stage, _) = house(&[]);
    lines(when).for_each(|line| stage.act(line));
    let opened = ["05 09:10 opened battery lock1"];
    assert_eq!(stage.log, opened.into_iter().chain(lines(then)).collect::<Vec<_>>());
}

fn release(stage: &mut Stage, id: &TicketId, at: Timestamp) {
    stage.decide(|desk| desk.command(id, "user:ops", &Command::Release { at }).expect("granted"));
}

fn find(stage: &mut Stage, finding: &Finding) {
    stage.decide(|desk| desk.found(&"lock1".into(), finding));
}

#[test]
fn it_waits_for_the_operator() {
    check("08 12:00 wait", "");
}

#[test]
fn who_is_locked_out_does_not_wait() {
    let then = "
        06 02:00 locked_out battery lock1
        06 02:00 released battery lock1
        06 02:00 text tenant:t1 battery_dead_tenant
        06 02:10 text housekeeper:h2 offer_battery_dead";
    check("06 02:00 tenant:t1 I'm locked out\n06 02:30 wait", then);
}

#[test]
fn what_somebody_takes_begins() {
    let then = "
        05 10:00 released battery lock1
        05 10:00 reassigned battery lock1
        05 10:00 text tenant:t1 battery_tenant
        05 10:00 text housekeeper:h1 job_battery";
    check("05 10:00 h1 take battery", then);
}

#[test]
fn an_end_that_is_near_waits_no_longer_than_it_leaves_the_tenant_a_day() {
    let texts = |stage: &Stage| stage.messages.iter().filter(|m| m.template == "battery_tenant").count();
    let (mut stage, _) = house(&[]);
    let empty_at = stage.now + 20 * DAY;
    find(&mut stage, &Finding::BatteryNearEnd { empty_at });
    assert_eq!(texts(&stage), 0, "there is time");
    let empty_at = stage.now + 3 * DAY;
    find(&mut stage, &Finding::BatteryNearEnd { empty_at });
    assert_eq!(texts(&stage), 1, "{:?}", stage.log);
    // Nobody knows better: the end that is expected then comes near by itself.
    let (mut stage, id) = house(&[]);
    stage.act("13 09:00 wait");
    assert_eq!(texts(&stage), 0, "{:?}", stage.log);
    stage.act("13 10:00 wait");
    assert!(texts(&stage) == 1 && !stage.facts.tickets[&id].held, "{:?}", stage.log);
}

#[test]
fn clocks_begin_with_the_playbook_of_a_dose() {
    let (mut stage, id) = house(&["consent reward", "clocks run"]);
    let at = stage.now + 3 * DAY;
    release(&mut stage, &id, at);
    stage.act("08 09:00 wait");
    let overdue = |stage: &Stage| stage.log.iter().filter(|l| l.contains("overdue")).cloned().collect::<Vec<_>>();
    assert_eq!(overdue(&stage), [""; 0], "not before it begins");
    stage.act("08 11:00 wait");
    assert!(overdue(&stage)[0].starts_with("08 10:10 overdue battery"), "an hour after it began: {:?}", stage.log);
}

#[test]
fn what_is_put_off_begins_sooner_where_it_must_and_never_later() {
    let (mut stage, id) = house(&[]);
    let now = stage.now;
    release(&mut stage, &id, now + 3 * DAY);
    release(&mut stage, &id, now + 9 * DAY);
    assert_eq!(stage.facts.tickets[&id].work.starts_at, Some(now + 3 * DAY));
    assert!(stage.messages.is_empty(), "{:?}", stage.log);
    release(&mut stage, &id, now + HOUR);
    stage.act("05 10:10 wait");
    assert_eq!(stage.log.last().map(String::as_str), Some("05 10:10 text tenant:t1 battery_tenant"));
}

#[test]
fn several_matters_become_messages_that_carriers_take() {
    let sensors: Vec<String> = (1..=9).map(|n| format!("sensor sink{n} oak-1")).collect();
    let mut stage = Stage::new();
    stage.policy.contact.daily_messages_max = 100;
    sensors.iter().for_each(|line| stage.change(line));
    let low = |n: usize, minute: usize, percent: u32| format!("05 22:{minute:02} sink{n} battery={percent}");
    for (minute, percent) in [(10, 60), (20, 20), (30, 19)] {
        (1..=9).for_each(|n| stage.act(&low(n, minute, percent)));
    }
    stage.act("06 09:00 wait");
    let told: Vec<(usize, u32)> = stage.messages.iter().map(|m| (m.body.lines().count(), segments(&m.body))).collect();
    assert_eq!(told.iter().map(|(matters, _)| matters).sum::<usize>(), 9, "each is said: {told:?}");
    assert!(told.iter().all(|(_, parts)| *parts <= 2 * ROUTINE_PARTS_MAX), "{told:?}");
    assert!(told.len() < 9, "several in one: {told:?}");
}
