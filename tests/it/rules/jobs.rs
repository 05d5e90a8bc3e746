//! A job as the page of its housekeeper shows it: to whom, with what, and which move comes next; a matter as its tenant's
//! page does.

use nightporter::decide::Words;
use nightporter::decide::homes::{is_shown_to, may_say, needs_bed};
use nightporter::decide::intent::{Asked, Intent, understand};
use nightporter::decide::jobs::{Said, due_at, is_job_of, is_offered_to, moves, names_tenant, to_bring};
use nightporter::model::*;

use super::Stage;

const WET: [&str; 2] = ["05 03:00 leak1 dry", "05 03:10 leak1 wet"];

fn stage(lines: &[&str]) -> Stage {
    let mut stage = Stage::new();
    lines.iter().for_each(|line| stage.act(line));
    stage
}

fn ticket(stage: &Stage) -> &Ticket {
    stage.facts.tickets.values().next_back().expect("a ticket")
}

#[test]
fn a_job_is_shown_to_who_is_asked_until_somebody_has_it_and_then_to_them() {
    let shows = |lines: &[&str], who: &str| {
        let stage = stage(&[WET.as_slice(), lines].concat());
        let (ticket, who) = (ticket(&stage), HousekeeperId::from(who));
        (is_offered_to(ticket, &who), is_job_of(ticket, &who))
    };
    assert_eq!(shows(&[], "h2"), (true, false), "whose shift it is");
    assert_eq!(shows(&[], "h1"), (false, false), "who was not asked");
    let taken = "05 03:11 h2 accept leak";
    assert_eq!(shows(&[taken], "h2"), (false, true));
    assert_eq!(shows(&[taken], "h1"), (false, false));
    assert_eq!(shows(&["05 03:11 h2 decline leak"], "h2"), (false, false), "who passed");
    assert_eq!(shows(&["05 03:11 h2 decline leak"], "h1"), (true, false), "the next one is asked");
    let given_back = "05 03:12 h2 decline leak";
    assert_eq!(shows(&[taken, given_back], "h2"), (false, false), "who gave it back");
    assert_eq!(shows(&[taken, given_back], "h1"), (true, false));
}

#[test]
fn the_next_move_comes_first() {
    let me = HousekeeperId::from("h2");
    let next = |lines: &[&str], said: Said| {
        let stage = stage(&[WET.as_slice(), lines].concat());
        moves(ticket(&stage), &me, said).to_vec()
    };
    let (taken, arrived) = ("05 03:11 h2 accept leak", "05 03:20 h2 arrive leak");
    let expected = Said { expected: true, done_at: None };
    let done = Said { done_at: Some(Timestamp(1)), ..expected };
    assert_eq!(next(&[], Said::default()), ["accept", "decline"]);
    assert_eq!(next(&[taken], Said::default()), ["eta", "arrive", "fail", "decline"]);
    assert_eq!(next(&[taken], expected), ["arrive", "eta", "fail", "decline"]);
    assert_eq!(next(&[taken], done), ["fail", "decline"], "it waits for the sensor");
    assert_eq!(next(&[taken, arrived], expected), ["resolve", "fail"]);
    assert_eq!(next(&[taken, arrived], done), ["fail"]);
    assert_eq!(next(&[taken, "05 03:12 h2 decline leak"], Said::default()), [""; 0], "it is theirs no longer");
}

#[test]
fn a_job_is_due_when_who_has_it_is_expected() {
    let lines = [WET[0], WET[1], "05 03:11 h2 accept leak"];
    let stage = stage(&lines);
    let taken = ticket(&stage).work.visit.as_ref().and_then(|v| v.expected_at);
    assert!(taken.is_some() && due_at(ticket(&stage)) == taken);
    let mut there = ticket(&stage).clone();
    there.status = Status::OnSite;
    assert_ne!(due_at(&there), taken, "who is there is expected no longer");
}

#[test]
fn what_to_bring_and_whose_number_follow_the_texts_about_such_a_job() {
    let stage = stage(&WET);
    let words = Words::new();
    let bring = |ticket: &Ticket, device: &str| {
        let told = to_bring(&words, Locale::En, ticket, stage.facts.devices.get(device));
        told.map(|battery| (battery.cells, battery.way_in))
    };
    let leak = ticket(&stage);
    let of = |kind: TicketKind, died: bool| Ticket { kind, died, ..leak.clone() };
    assert_eq!(bring(leak, "leak1"), None);
    let cells = "4 AA alkaline batteries".to_owned();
    assert_eq!(bring(&of(TicketKind::Battery, false), "lock1"), Some((cells.clone(), String::new())));
    let (told, way_in) = bring(&of(TicketKind::Battery, true), "lock1").expect("batteries");
    assert!(told == cells && way_in.starts_with("To get in, "), "{way_in}");
    assert_eq!(bring(&of(TicketKind::Silent, false), "lock1"), None);
    assert!(bring(&of(TicketKind::Silent, true), "lock1").is_some());
    let named = TicketKind::ALL.map(|kind| (names_tenant(&of(kind, false)), names_tenant(&of(kind, true))));
    assert_eq!(named, [(true, true), (true, true), (false, true), (false, false), (true, true)]);
}

#[test]
fn a_tenant_sees_what_concerns_them_and_may_say_what_fits() {
    let mut stage = stage(&WET);
    let me = TenantId::from("t1");
    let says = |ticket: &Ticket| may_say(ticket, &me);
    assert!(is_shown_to(ticket(&stage), &me) && !is_shown_to(ticket(&stage), &"t2".into()));
    assert_eq!(says(ticket(&stage)), ["bed"]);
    stage.act("05 03:12 tenant:t1 I need a place to stay tonight");
    assert!(needs_bed(ticket(&stage), &me) && says(ticket(&stage)).is_empty(), "it is known");
    let leak = ticket(&stage).clone();
    let at = Timestamp(1);
    let of = |kind: TicketKind, status: Status| Ticket { kind, status, ..leak.clone() };
    assert_eq!(says(&of(TicketKind::Battery, Status::Open)), ["done", "help"]);
    for asked in [Status::Offered, Status::Assigned, Status::OnSite] {
        assert_eq!(says(&of(TicketKind::Battery, asked)), ["done"], "somebody was asked already");
    }
    let fresh = Ticket { seen_at: Some(at), ..of(TicketKind::Battery, Status::Open) };
    assert_eq!(says(&fresh), ["help"]);
    let shown = |ticket: &Ticket| is_shown_to(ticket, &me);
    let solved = of(TicketKind::Battery, Status::Resolved { at });
    assert!(shown(&solved) && says(&solved).is_empty());
    assert!(!shown(&of(TicketKind::Battery, Status::Closed { resolved_at: at, at })), "it is over");
    assert!(!shown(&of(TicketKind::Tamper, Status::Open)), "no text tells them of it");
    let held = Ticket { held: true, ..of(TicketKind::Battery, Status::Open) };
    assert!(!shown(&held), "it waits for the operator's word");
}

#[test]
fn what_a_tap_says_is_understood() {
    for (text, intent) in [
        ("I have put in new batteries", Intent::Done),
        ("电池已经换好了", Intent::Done),
        ("Please send somebody", Intent::NeedHelp),
        ("请派人来", Intent::NeedHelp),
        ("I need a place to stay tonight", Intent::NeedBed),
        ("今晚需要住处", Intent::NeedBed),
    ] {
        let words = include_str!("../../../src/web/page/phone-words.js");
        assert!(words.contains(&format!("\"{text}\"")), "{text} is what the page says");
        for asked in [Asked::Nothing, Asked::Bed] {
            let understood = understand(text, asked);
            assert!(understood.intent == intent && understood.is_sure(), "{text}: {understood:?}");
        }
    }
}
