//! Every move of a ticket in every status: granted, or refused without a trace; and who hears of a job that changes hands.

use nightporter::decide::{Command, Refusal};
use nightporter::model::*;

use super::check;
use super::stage::Stage;

/// Every status, in the order of the columns below.
const STATUSES: [Status; 7] = [
    Status::Open,
    Status::Offered,
    Status::Assigned,
    Status::OnSite,
    Status::Resolved { at: Timestamp(1) },
    Status::Closed { resolved_at: Timestamp(1), at: Timestamp(2) },
    Status::Cancelled { at: Timestamp(2) },
];

/// A leak at night, offered to h2, who has it where somebody has; in this status.
fn leak(status: &Status) -> (Stage, TicketId) {
    let mut stage = Stage::new();
    ["05 03:00 leak1 dry", "05 03:10 leak1 wet"].iter().for_each(|line| stage.act(line));
    let ticket = stage.facts.tickets.values_mut().next().expect("a ticket");
    let taken = !matches!(status, Status::Open | Status::Offered);
    ticket.assignee = taken.then(|| "h2".into());
    ticket.status = status.clone();
    let id = ticket.id.clone();
    (stage, id)
}

/// Tries a move; a refused one must have left nothing.
fn attempt(status: &Status, command: &Command) -> Result<Status, Refusal> {
    let (mut stage, id) = leak(status);
    let before = stage.facts.tickets[&id].clone();
    let mut said = None;
    stage.decide(|desk| {
        let granted = desk.command(&id, "user:lead", command);
        let (after, changes) = (&desk.facts.tickets[&id], &desk.changes);
        if granted.is_err() {
            assert_eq!(*after, before, "a refused move changes nothing");
            let traces =
                (changes.events.len(), changes.messages.len(), changes.tickets.len(), changes.words_given.len());
            assert_eq!(traces, (0, 0, 0, 0), "a refused move leaves nothing");
        }
        said = Some(granted.map(|()| after.status.clone()));
    });
    said.expect("tried")
}

#[test]
fn every_move_in_every_status() {
    use Command::*;
    let (h1, h2) = (|| HousekeeperId::from("h1"), || HousekeeperId::from("h2"));
    // "-" is refused; else the status afterwards.
    let table: [(&str, Command, [&str; 7]); 12] = [
        ("accept by the one asked", Accept(h2()), ["assigned", "assigned", "assigned", "on_site", "-", "-", "-"]),
        ("accept by another", Accept(h1()), ["assigned", "assigned", "-", "-", "-", "-", "-"]),
        ("accept by nobody known", Accept("nobody".into()), ["-"; 7]),
        ("decline by the one asked", Decline(h2()), ["offered", "offered", "offered", "-", "-", "-", "-"]),
        ("decline by one not asked", Decline(h1()), ["-"; 7]),
        ("say when", Eta(5), ["-", "-", "assigned", "-", "-", "-", "-"]),
        ("fail", Fail { reason: String::new() }, ["-", "-", "offered", "offered", "-", "-", "-"]),
        ("arrive", Arrive, ["-", "-", "on_site", "-", "-", "-", "-"]),
        ("resolve", Resolve { note: String::new() }, ["open", "offered", "assigned", "on_site", "-", "-", "-"]),
        ("reassign", Reassign(h1()), ["assigned", "assigned", "assigned", "assigned", "-", "-", "-"]),
        ("note", Note("hm".into()), ["open", "offered", "assigned", "on_site", "resolved", "closed", "cancelled"]),
        (
            "cancel",
            Cancel { reason: String::new() },
            ["cancelled", "cancelled", "cancelled", "cancelled", "-", "-", "-"],
        ),
    ];
    for (what, command, expected) in table {
        for (status, expected) in STATUSES.iter().zip(expected) {
            let after = attempt(status, &command);
            let word = after.as_ref().map_or("-", Status::as_str);
            assert_eq!(word, expected, "{what} while {}: {after:?}", status.as_str());
        }
    }
}

const TAKEN: &str = "05 03:00 leak1 dry\n05 03:10 leak1 wet\n05 03:11 h2 accept leak";
const OPENED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak
    05 03:11 accepted leak leak1";

#[test]
fn who_gets_a_job_and_who_had_it_are_told_once() {
    let then = "
        05 03:12 reassigned leak leak1
        05 03:12 text housekeeper:h1 job_leak
        05 03:12 text housekeeper:h2 job_given_away
        05 03:20 reassigned leak leak1
        05 03:20 text housekeeper:h2 job_leak
        05 03:20 text housekeeper:h1 job_given_away";
    let when = "05 03:12 h1 take leak\n05 03:13 h1 take leak\n05 03:20 h2 take leak\n05 05:00 wait";
    check("", &format!("{TAKEN}\n{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn the_words_fit_the_job_and_the_language() {
    let mut stage = Stage::new();
    format!("{TAKEN}\n05 03:12 h1 take leak").lines().for_each(|line| stage.act(line));
    let body = |template: &str| {
        let sent = stage.messages.iter().find(|m| m.template == template).expect("sent");
        (sent.locale, sent.body.clone())
    };
    let (locale, theirs) = body("job_leak");
    assert!(locale == Locale::ZhCn && theirs.contains("漏水") && theirs.contains("改派给您"), "{theirs}");
    assert!(theirs.contains("Ann Lee +14155550101"), "whom to call: {theirs}");
    let (locale, given_away) = body("job_given_away");
    assert!(locale == Locale::En && given_away.contains("you need not go"), "{given_away}");
    assert!(!given_away.contains("+1415"), "who need not go needs no number: {given_away}");
}

#[test]
fn a_routine_job_that_changes_hands_at_night_is_told_in_the_morning_and_only_how_it_stands_then() {
    let low =
        "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19\n05 10:00 h1 accept battery";
    let opened = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant
        05 10:00 accepted battery lock1";
    let back = "\n05 22:00 h2 take battery\n05 22:10 h1 take battery\n06 09:00 wait";
    let then = "\n05 22:00 reassigned battery lock1\n05 22:10 reassigned battery lock1";
    check("", &format!("{low}{back}"), &format!("{opened}{then}"));
    let once = "\n05 22:00 h2 take battery\n06 09:00 wait";
    let then = "
        05 22:00 reassigned battery lock1
        06 08:00 text housekeeper:h2 job_battery
        06 08:00 text housekeeper:h1 job_given_away";
    check("", &format!("{low}{once}"), &format!("{opened}{then}"));
}
