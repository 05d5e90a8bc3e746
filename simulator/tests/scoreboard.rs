//! The judgement, case by case: one helper, one truth, one deviation each.
#![expect(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, TimeDelta, Utc};
use nightporter_simulator::{
    Cause, How, Kind, Observations, Problem, Scoreboard, SeenCredit, SeenMessage, SeenTicket, Witness,
};

const PHONE: &str = "+8613810000001";
const OTHER: &str = "+8613810000002";

/// Noon in Shanghai on the fifth of January, and so many hours after it.
fn hour(hours: f64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-01-05T04:00:00Z".parse().unwrap();
    noon + TimeDelta::seconds((hours * 3600.0) as i64)
}

fn problem(kind: Kind) -> Problem {
    Problem {
        kind,
        cause: Cause::Wear,
        device_key: "d".to_owned(),
        also: vec!["e".to_owned()],
        gateway: Some("g".to_owned()),
        unit: "u".to_owned(),
        tenant_id: Some("t".to_owned()),
        tenant_phone: Some(PHONE.to_owned()),
        tenant_moves: false,
        started_at: hour(0.0),
        evident_at: Some(hour(1.0)),
        witness: None,
        last_sign_at: None,
        empties_at: None,
        died_at: None,
        shown_empty: false,
        ended_at: Some(hour(40.0)),
        how: Some(How::ReplacedByTenant),
        used_cells: false,
        lie: None,
        rhythm: TimeDelta::hours(1),
        learnt_gap: TimeDelta::hours(1),
    }
}

/// The sensor one floor below.
fn elsewhere() -> Witness {
    Witness { device_key: "e".to_owned(), tenant_phone: Some(OTHER.to_owned()), tenant_moves: false }
}

fn ticket(kind: Kind, opened: f64, resolved: Option<f64>) -> SeenTicket {
    let resolved_at = resolved.map(hour);
    let status = if resolved_at.is_some() { "resolved" } else { "open" };
    SeenTicket { kind, device_key: "d".to_owned(), opened_at: hour(opened), resolved_at, status: status.to_owned() }
}

fn text(kind: Kind, at: f64) -> SeenMessage {
    let template = Some(format!("{}_x", kind.word()));
    SeenMessage {
        to: PHONE.to_owned(),
        template,
        kind: None,
        device_key: None,
        created_at: hour(at),
        sent_at: Some(hour(at)),
    }
}

fn credit(amount_minor: i64, at: f64) -> SeenCredit {
    SeenCredit { tenant: "t".to_owned(), device_key: Some("d".to_owned()), amount_minor, at: hour(at) }
}

/// A battery cared for as it should be: found and told at hour 1, replaced at 40, paid at 56.
fn well_done() -> (Vec<Problem>, Observations) {
    let seen = Observations {
        tickets: vec![ticket(Kind::Battery, 1.0, Some(56.0))],
        messages: vec![text(Kind::Battery, 1.0)],
        credits: vec![credit(1000, 56.0)],
        restarts: Vec::new(),
    };
    (vec![problem(Kind::Battery)], seen)
}

fn check(name: &str, change: impl FnOnce(&mut Problem, &mut Observations), want: &[&str]) {
    let (mut truth, mut seen) = well_done();
    change(&mut truth[0], &mut seen);
    let board = Scoreboard::judge(&truth, &seen, hour(240.0));
    let notes: Vec<&str> = board.notes.iter().map(|note| note.split(": ").next().unwrap()).collect();
    assert_eq!(notes, want, "{name}\n{board}");
    assert_eq!(board.expectations_held().is_ok(), want.is_empty());
}

#[test]
fn batteries_are_judged() {
    check("as it should be", |_, _| {}, &[]);
    check("early is fine", |_, s| s.tickets[0].opened_at = hour(0.2), &[]);
    check("late", |_, s| s.tickets[0].opened_at = hour(30.0), &["battery found late"]);
    let missed = ["battery missed"];
    check("missed", |_, s| s.tickets.clear(), &missed);
    check("over before it had to be found", |p, s| (p.evident_at, s.tickets) = (Some(hour(20.0)), vec![]), &[]);
    check("not evident, nobody to blame", |p, s| (p.evident_at, *s) = (None, Observations::default()), &[]);
    check("false", |_, s| s.tickets.push(ticket(Kind::Battery, 100.0, None)), &["battery false ticket"]);
    check("false, other kind", |_, s| s.tickets.push(ticket(Kind::Silent, 5.0, None)), &["silent false ticket"]);
    check("second", |_, s| s.tickets.push(ticket(Kind::Battery, 9.0, Some(56.0))), &["battery second ticket"]);
    check("closed early", |_, s| s.tickets[0].resolved_at = Some(hour(20.0)), &["battery closed too early"]);
    check("at night", |_, s| s.messages.push(text(Kind::Battery, 11.0)), &["battery message at night"]);
    check("held over night", |_, s| s.messages[0].created_at = hour(-12.0), &[]);
    check(
        "never told",
        |p, s| (p.ended_at, p.how, s.messages, s.credits) = (None, None, vec![], vec![]),
        &["battery tenant not told", "battery closed too early"],
    );
}

#[test]
fn credits_are_judged() {
    let wrong = |fault: &str| format!("battery credit {fault}");
    let case =
        |name: &str, change: fn(&mut Problem, &mut Observations), fault: &str| check(name, change, &[&wrong(fault)]);
    case("not paid", |_, s| s.credits.clear(), "not paid");
    case(
        "late rate too soon",
        |p, s| (p.ended_at, s.credits[0].amount_minor) = (Some(hour(5.0)), 500),
        "in the wrong amount",
    );
    case(
        "full rate too late",
        |p, s| {
            (p.ended_at, s.tickets[0].resolved_at, s.credits[0].at) = (Some(hour(60.0)), Some(hour(75.0)), hour(75.0))
        },
        "in the wrong amount",
    );
    check(
        "late rate",
        |p, s| {
            (p.ended_at, s.tickets[0].resolved_at, s.credits[0]) =
                (Some(hour(60.0)), Some(hour(75.0)), credit(500, 75.0))
        },
        &[],
    );
    check(
        "thanks are no request",
        |p, s| {
            (p.ended_at, s.tickets[0].resolved_at, s.credits[0]) =
                (Some(hour(72.0)), Some(hour(73.0)), credit(500, 73.0));
            s.messages[0].sent_at = None;
            s.messages.push(SeenMessage { template: Some("battery_thanks".to_owned()), ..text(Kind::Battery, 73.0) });
        },
        &[],
    );
    case("housekeeper", |p, _| p.how = Some(How::ReplacedByHousekeeper), "for a housekeeper's work");
    case("dead", |p, _| p.died_at = Some(hour(20.0)), "after the battery died");
    check("died unnoticed just before", |p, _| p.died_at = Some(hour(39.0)), &[]);
    case("wrong person", |_, s| s.credits[0].tenant = "other".to_owned(), "to the wrong person");
    case("twice", |_, s| s.credits.push(credit(1000, 57.0)), "paid twice");
    case(
        "asked after it was done",
        |p, s| (p.ended_at, s.messages[0].sent_at) = (Some(hour(10.0)), Some(hour(20.0))),
        "without a message",
    );
    check("shown as empty need not be paid", |p, s| (p.shown_empty, s.credits) = (true, vec![]), &[]);
    check("used cells need not be recognised", |p, s| (p.used_cells, s.credits) = (true, vec![]), &[]);
    check("unasked, unpaid", |p, s| (p.evident_at, *s) = (None, Observations::default()), &[]);
}

#[test]
fn leaks_and_silences_are_judged() {
    let leak = |p: &mut Problem, s: &mut Observations| {
        (p.kind, p.how) = (Kind::Leak, Some(How::Fixed));
        *s = Observations {
            tickets: vec![ticket(Kind::Leak, 1.01, Some(41.0))],
            messages: vec![text(Kind::Leak, 1.02)],
            credits: vec![],
            restarts: vec![],
        };
    };
    let case = |name: &str, change: fn(&mut Problem, &mut Observations), want: &[&str]| {
        check(
            name,
            |p, s| {
                leak(p, s);
                change(p, s)
            },
            want,
        );
    };
    case("leak as it should be", |_, _| {}, &[]);
    case("leak late", |_, s| s.tickets[0].opened_at = hour(1.1), &["leak found late"]);
    case("leak untold", |_, s| s.messages.clear(), &["leak tenant not told"]);
    case("told where nothing was seen", |p, _| p.witness = Some(elsewhere()), &["leak tenant not told"]);
    let told_there = |p: &mut Problem, s: &mut Observations| {
        p.witness = Some(elsewhere());
        s.messages[0].to = OTHER.to_owned();
    };
    case("told where it was seen", told_there, &[]);
    case("by the other sensor", |_, s| s.tickets[0].device_key = "e".to_owned(), &[]);
    case(
        "two sensors, two tickets",
        |_, s| s.tickets.push(SeenTicket { device_key: "e".to_owned(), ..ticket(Kind::Leak, 1.05, Some(41.0)) }),
        &["leak second ticket"],
    );
    case(
        "a late wet is a sign",
        |p, s| {
            p.last_sign_at = Some(hour(42.0));
            s.tickets.push(ticket(Kind::Leak, 42.0, None))
        },
        &[],
    );
    case(
        "silent, by a dead battery",
        |p, s| (p.kind, p.cause, s.messages) = (Kind::Silent, Cause::DeadBattery, vec![]),
        &["silent missed", "leak false ticket"],
    );
}

#[test]
fn what_is_too_young_is_open() {
    let young = Problem { ended_at: None, how: None, ..problem(Kind::Battery) };
    let board = Scoreboard::judge(&[young], &Observations::default(), hour(3.0));
    assert_eq!((board.of(Kind::Battery).open, board.of(Kind::Battery).missed), (1, 0));
    assert!(board.expectations_held().is_ok());
}

#[test]
fn a_silence_of_a_dead_battery_is_served_by_its_battery_ticket() {
    let silent = Problem {
        cause: Cause::DeadBattery,
        started_at: hour(30.0),
        evident_at: Some(hour(33.0)),
        how: Some(How::Fixed),
        ..problem(Kind::Silent)
    };
    let (mut truth, seen) = well_done();
    (truth[0].how, truth[0].died_at) = (Some(How::ReplacedByHousekeeper), Some(hour(30.0)));
    truth.push(silent);
    let board = Scoreboard::judge(&truth, &Observations { credits: vec![], ..seen }, hour(240.0));
    assert_eq!(board.expectations_held(), Ok(()));
    assert_eq!(board.of(Kind::Silent).found, 1);
}

/// With an hour of rhythm, a silence of hour 0 must be found by 3.5 and a little.
#[test]
fn a_silence_counts_anew_from_its_gateways_return_and_from_a_restart() {
    let of = |found: f64, returns: &[f64], pauses: &[f64], restarts: &[f64]| {
        let silent = Problem { evident_at: Some(hour(3.0)), ended_at: None, how: None, ..problem(Kind::Silent) };
        let of_gateway = |at: &f64| SeenTicket { device_key: "g".to_owned(), ..ticket(Kind::Silent, -1.0, Some(*at)) };
        let gone = |at: &f64| Problem {
            device_key: "g".to_owned(),
            gateway: None,
            also: vec![],
            evident_at: None,
            started_at: hour(-2.0),
            ended_at: Some(hour(*at)),
            rhythm: TimeDelta::zero(),
            ..problem(Kind::Silent)
        };
        let truth: Vec<Problem> = returns.iter().chain(pauses).map(gone).chain([silent]).collect();
        let tickets = returns.iter().map(of_gateway).chain([ticket(Kind::Silent, found, None)]).collect();
        let restarts = restarts.iter().map(|at| hour(*at)).collect();
        let seen = Observations { tickets, restarts, ..Observations::default() };
        Scoreboard::judge(&truth, &seen, hour(240.0)).expectations_held().err().unwrap_or_default()
    };
    let judged = |found, returns: &[f64], restarts: &[f64]| of(found, returns, &[], restarts);
    let late = ["silent found late: d at 2026-01-05T07:00:00Z"];
    assert_eq!(judged(3.6, &[], &[]), Vec::<String>::new());
    assert_eq!(judged(4.0, &[], &[]), late);
    assert_eq!(judged(5.9, &[3.0], &[]), Vec::<String>::new(), "2.9 hours from the return");
    assert_eq!(judged(6.2, &[3.0], &[]), late);
    assert_eq!(of(5.9, &[], &[3.0], &[]), Vec::<String>::new(), "away for a while, without a ticket");
    assert_eq!(of(6.2, &[], &[3.0], &[]), late);
    assert_eq!(judged(4.7, &[], &[3.0]), Vec::<String>::new(), "1.75 hours from the restart");
    assert_eq!(judged(5.0, &[], &[3.0]), late);
    assert_eq!(judged(7.5, &[3.0], &[5.7]), Vec::<String>::new(), "one after the other");
    assert_eq!(judged(6.0, &[], &[4.5]), late, "too late to excuse anything");
}

#[test]
fn a_silence_counts_from_a_message_that_came_late() {
    let judged = |came: Option<f64>| {
        let silent = Problem {
            evident_at: Some(hour(3.0)),
            last_sign_at: came.map(hour),
            ended_at: Some(hour(5.0)),
            ..problem(Kind::Silent)
        };
        let seen = Observations { tickets: vec![], ..Observations::default() };
        let board = Scoreboard::judge(&[silent], &seen, hour(240.0));
        (board.of(Kind::Silent).missed, board.of(Kind::Silent).open)
    };
    assert_eq!(judged(None), (1, 0));
    assert_eq!(judged(Some(2.5)), (0, 1), "it could be taken for alive, and was back before it had to be found");
}

#[test]
fn the_cap_and_the_sixty_days_bind() {
    let day = |days: f64| days * 24.0;
    let at = |device: &str, days: f64| Problem {
        device_key: device.to_owned(),
        also: vec![],
        started_at: hour(day(days)),
        evident_at: Some(hour(day(days) + 1.0)),
        ended_at: Some(hour(day(days) + 20.0)),
        ..problem(Kind::Battery)
    };
    let pay =
        |device: &str, days: f64| SeenCredit { device_key: Some(device.to_owned()), ..credit(1000, day(days) + 36.0) };
    let run = |problems: &[(&str, f64)], paid: &[(&str, f64)]| {
        let truth: Vec<Problem> = problems.iter().map(|(d, t)| at(d, *t)).collect();
        let tickets = truth.iter().map(|p| SeenTicket {
            device_key: p.device_key.clone(),
            opened_at: p.started_at + TimeDelta::hours(1),
            ..ticket(Kind::Battery, 0.0, Some(day(99.0)))
        });
        let messages = problems.iter().map(|(_, t)| text(Kind::Battery, day(*t) + 1.0)).collect();
        let seen = Observations {
            tickets: tickets.collect(),
            messages,
            credits: paid.iter().map(|(d, t)| pay(d, *t)).collect(),
            restarts: Vec::new(),
        };
        Scoreboard::judge(&truth, &seen, hour(day(100.0))).credits_wrong.into_keys().collect::<Vec<_>>()
    };
    let three = [("a", 0.0), ("b", 3.0), ("c", 6.0)];
    assert_eq!(run(&three, &three[..2]), Vec::<&str>::new());
    assert_eq!(run(&three, &three), ["beyond the cap"]);
    let again = [("a", 0.0), ("a", 40.0)];
    assert_eq!(run(&again, &again[..1]), Vec::<&str>::new());
    assert_eq!(run(&again, &again), ["too soon after another"]);
}

#[test]
fn the_table_and_the_json_tell_the_same() {
    let (truth, seen) = well_done();
    let board = Scoreboard::judge(&truth, &seen, hour(240.0));
    let table = board.to_string();
    assert!(table.lines().all(|line| line.chars().count() == 60), "{table}");
    assert!(table.starts_with("                          battery     leak   silent      all\nproblems that happened          1        0        0        1\n"));
    let json = board.to_json();
    assert_eq!((json["battery"]["found"].as_u64(), json["credits"]["right"].as_u64()), (Some(1), Some(1)));
    assert_eq!(json["expectations_held"], true);
}
