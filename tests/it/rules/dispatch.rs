//! Jobs: asked the best first, then more, then up; late, not there, given back and failed are moves that go on by themselves.

use nightporter::decide::{Command, Outcome};
use nightporter::model::*;

use super::check;
use super::stage::Stage;

const NIGHT: &str = "05 03:00 leak1 dry\n05 03:10 leak1 wet";
const OPENED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak";

/// The ranking that an offer was made by, as `ID reasons`.
fn ranking(stage: &mut Stage, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    stage.keep_offers = true;
    stage.act(line);
    for data in stage.offers.drain(..) {
        for r in data["ranking"].as_array().expect("a ranking") {
            let word = |name: &str| if r[name] == true { format!(" {name}") } else { String::new() };
            let rests = if r["resting_until"].is_null() { "" } else { " rests" };
            let id = r["housekeeper_id"].as_str().expect("an id");
            let (load, far) = (&r["load"], &r["distance_m"]);
            found.push(format!("{id}{}{}{rests} {load} {far}", word("on_duty"), word("skilled")));
        }
    }
    found
}

#[test]
fn the_offer_keeps_why_each_stands_in_their_place() {
    let mut stage = Stage::new();
    // h5 and h6 work at night too: h5 is near and busy, h6 far and free; h7 cannot do it; h8 was out that night.
    for line in
        ["h5 works night plumbing", "h6 works night plumbing", "h7 works night cleaning", "h8 works night plumbing"]
    {
        stage.change(line);
    }
    for line in
        ["h5 load 2", "h5 at 31.201 121.5", "h6 at 31.3 121.5", "h7 at 31.2 121.5", "h8 called 05 02:00", "h2 off"]
    {
        stage.change(line);
    }
    stage.act("05 03:00 leak1 dry");
    let found = ranking(&mut stage, "05 03:10 leak1 wet");
    let expected = [
        "h5 on_duty skilled 2 111",
        "h6 on_duty skilled 0 11119",
        "h7 on_duty 0 0",
        "h8 on_duty skilled rests 0 null",
        "h1 skilled 0 null",
    ];
    assert_eq!(found, expected);
    let asked: Vec<_> = stage.log.iter().filter(|line| line.contains("offer_leak")).cloned().collect();
    assert_eq!(asked, ["05 03:10 text housekeeper:h5 offer_leak", "05 03:10 text housekeeper:h6 offer_leak"]);
}

#[test]
fn of_several_who_are_asked_the_first_has_it_and_the_others_need_not_go() {
    let when = "\n05 03:11 h5 accept leak\n05 03:11 h2 accept leak\n05 04:00 wait";
    let then = "
        05 03:10 text housekeeper:h5 offer_leak
        05 03:11 accepted leak leak1
        05 03:11 text housekeeper:h2 job_given_away
        05 03:11 refused not possible while the ticket is assigned: somebody else has it";
    check("h5 works night plumbing", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn who_passes_lets_the_next_be_asked_at_once() {
    let then = "
        05 03:11 declined leak leak1
        05 03:11 text housekeeper:h1 offer_leak
        05 03:12 accepted leak leak1";
    let when = "\n05 03:11 h2 decline leak\n05 03:12 h1 accept leak\n05 03:50 wait";
    check("", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn nobody_takes_it_and_it_goes_up_to_the_region() {
    let then = "
        05 03:12 text housekeeper:h1 offer_leak
        05 03:20 text manager:oak leak_manager
        05 03:22 text region:east leak_manager";
    check("region east", &format!("{NIGHT}\n05 03:24 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn given_back_it_goes_to_others_and_the_tenant_hears_it_first() {
    let when = "\n05 03:11 h2 accept leak\n05 03:13 h2 decline leak\n05 03:14 h1 accept leak\n05 03:30 wait";
    let then = "
        05 03:11 accepted leak leak1
        05 03:13 handed_back leak leak1
        05 03:13 text tenant:t1 visit_changed
        05 03:13 text housekeeper:h1 offer_leak
        05 03:14 accepted leak leak1";
    check("", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
    let two = "
        05 03:10 text housekeeper:h5 offer_leak
        05 03:11 accepted leak leak1
        05 03:11 text housekeeper:h5 job_given_away
        05 03:13 handed_back leak leak1
        05 03:13 text tenant:t1 visit_changed
        05 03:13 text housekeeper:h5 offer_leak
        05 03:14 accepted leak leak1";
    let when = "\n05 03:11 h2 accept leak\n05 03:13 h2 decline leak\n05 03:14 h5 accept leak\n05 03:30 wait";
    check("h5 works night plumbing", &format!("{NIGHT}{when}"), &format!("{OPENED}{two}"));
}

#[test]
fn late_is_asked_about_and_told_and_who_does_not_come_loses_the_job() {
    let when = "\n05 03:11 h2 accept leak\n05 03:12 h2 eta leak\n05 04:02 wait\n05 04:03 h5 accept leak\n05 04:05 h5 arrive leak";
    let then = "
        05 03:10 text housekeeper:h5 offer_leak
        05 03:11 accepted leak leak1
        05 03:11 text housekeeper:h5 job_given_away
        05 03:12 expected leak leak1
        05 03:12 text tenant:t1 visit_eta
        05 03:32 late leak leak1
        05 03:32 text tenant:t1 visit_late
        05 03:32 text housekeeper:h2 late_housekeeper
        05 04:02 no_show leak leak1
        05 04:02 text tenant:t1 visit_changed
        05 04:02 text housekeeper:h2 job_given_away
        05 04:02 text manager:oak missed_manager
        05 04:02 text housekeeper:h5 offer_leak
        05 04:03 accepted leak leak1
        05 04:05 arrived leak leak1";
    check("h5 works night plumbing\nvisits watched", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn nobody_is_late_while_the_tenant_is_waited_for() {
    let when = "\n05 03:11 h2 accept leak\n05 03:12 h2 eta leak\n05 03:13 h2 wait leak\n05 05:00 wait\n05 05:13 h2 resume leak\n05 05:40 wait";
    let then = "
        05 03:11 accepted leak leak1
        05 03:12 expected leak leak1
        05 03:12 text tenant:t1 visit_eta
        05 03:13 waiting leak leak1
        05 05:13 resumed leak leak1
        05 05:32 late leak leak1
        05 05:32 text tenant:t1 visit_late
        05 05:32 text housekeeper:h2 late_housekeeper";
    check("visits watched", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn who_passes_twice_has_passed_once() {
    let then = "
        05 03:11 declined leak leak1
        05 03:11 text housekeeper:h1 offer_leak
        05 03:12 accepted leak leak1";
    let when = "\n05 03:11 h2 decline leak\n05 03:11 h2 decline leak\n05 03:12 h1 accept leak\n05 03:50 wait";
    check("region east", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn a_visit_that_failed_opens_the_next_by_itself() {
    let when = "\n05 03:11 h2 accept leak\n05 03:40 h2 arrive leak\n05 03:50 h2 fail leak\n05 03:51 h5 accept leak\n05 04:20 h5 arrive leak";
    let then = "
        05 03:10 text housekeeper:h5 offer_leak
        05 03:11 accepted leak leak1
        05 03:11 text housekeeper:h5 job_given_away
        05 03:40 arrived leak leak1
        05 03:50 failed leak leak1
        05 03:50 text tenant:t1 visit_failed
        05 03:50 text housekeeper:h5 offer_leak
        05 03:51 accepted leak leak1
        05 04:20 arrived leak leak1";
    check("h5 works night plumbing", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn after_a_call_at_night_others_are_asked_first_until_rested() {
    // h2 takes the first; at the second h5 is asked alone; in the evening of the next day both are again.
    let when = "\n05 03:11 h2 accept leak\n05 03:20 leak1 dry\n05 04:00 leak2 dry\n05 04:10 leak2 wet";
    let then = "
        05 03:10 text housekeeper:h5 offer_leak
        05 03:11 accepted leak leak1
        05 03:11 text housekeeper:h5 job_given_away
        05 03:50 resolved leak leak1
        05 04:10 opened leak leak2
        05 04:10 text tenant:t2 leak_tenant
        05 04:10 text housekeeper:h5 offer_leak";
    check("h5 works night plumbing", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
    // Nobody else is there: who rests is asked all the same.
    let when = "\n05 03:11 h2 accept leak\n05 03:20 leak1 dry\n05 04:10 leak2 wet";
    let then = "
        05 03:11 accepted leak leak1
        05 03:50 resolved leak leak1
        05 04:10 opened leak leak2
        05 04:10 text tenant:t2 leak_tenant
        05 04:10 text housekeeper:h2 offer_leak";
    check("", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
}

#[test]
fn a_swapped_shift_is_worked_by_the_other_one() {
    let then = "
        05 03:10 opened leak leak1
        05 03:10 text tenant:t1 leak_tenant
        05 03:10 text housekeeper:h1 offer_leak
        05 03:11 accepted leak leak1";
    check("h1 for h2 04 20:00 05 08:00", &format!("{NIGHT}\n05 03:11 h1 accept leak"), then);
    check(
        "h1 for h2 05 20:00 06 08:00",
        &format!("{NIGHT}\n05 03:11 h2 accept leak"),
        &format!("{OPENED}\n05 03:11 accepted leak leak1"),
    );
}

#[test]
fn clocks_and_who_is_off_survive_a_hand_over_and_begin_anew_with_a_new_round() {
    let mut stage = Stage::new();
    ["h5 works night plumbing", "visits watched"].iter().for_each(|line| stage.change(line));
    format!("{NIGHT}\n05 03:11 h2 accept leak\n05 03:13 h2 decline leak\n05 03:14 h5 accept leak")
        .lines()
        .for_each(|l| stage.act(l));
    let ticket = stage.facts.tickets.values().next().expect("a ticket");
    assert_eq!(ticket.work.off, [HousekeeperId::from("h2")]);
    assert_eq!(ticket.work.accepted_at, Some(stage.time("05", "03:11")), "the first time counts");
    let visit = ticket.work.visit.as_ref().expect("a visit");
    assert_eq!((visit.taken_at, visit.expected_at), (stage.time("05", "03:14"), Some(stage.time("05", "04:14"))));
    ["05 03:20 leak1 dry", "05 06:00 leak1 wet"].iter().for_each(|l| stage.act(l));
    let ticket = stage.facts.tickets.values().next().expect("a ticket");
    assert!(ticket.round == 1 && ticket.work.off.is_empty() && ticket.work.visit.is_none(), "{:?}", ticket.work);
    let id = ticket.id.clone();
    stage.decide(|desk| {
        assert!(desk.command(&id, "housekeeper:h5", &Command::Eta(5)).is_err(), "nobody is on the way");
        assert!(desk.command(&id, "housekeeper:h5", &Command::Fail { reason: String::new() }).is_err());
    });
}

#[test]
fn a_housekeeper_moves_the_job_they_have_and_no_other() {
    for taken in [false, true] {
        let mut stage = Stage::new();
        NIGHT.lines().for_each(|l| stage.act(l));
        if taken {
            stage.act("05 03:11 h2 accept leak");
        }
        let id = stage.facts.tickets.keys().next().expect("a ticket").clone();
        let (reason, note) = (String::new(), String::new());
        let moves = [
            Command::Arrive,
            Command::Eta(5),
            Command::Fail { reason: reason.clone() },
            Command::Wait { reason },
            Command::GoOn,
            Command::Resolve { note },
            Command::OpenValve { confirm: None },
        ];
        stage.decide(|desk| {
            let before = desk.facts.tickets[&id].clone();
            for wish in &moves {
                let refused = desk.command(&id, "housekeeper:h1", wish).expect_err("not theirs").to_string();
                let why = if taken { "somebody else has it" } else { "accept it first" };
                assert!(refused.contains(why), "{wish:?}: {refused}");
            }
            assert_eq!(desk.facts.tickets[&id], before);
            assert!(desk.changes.events.is_empty());
            let arrived = desk.command(&id, "housekeeper:h2", &Command::Arrive);
            assert_eq!(arrived.is_ok(), taken, "{arrived:?}");
        });
    }
}

/// A battery that h2 takes late in the evening and promises to look at in twenty minutes.
const LATE: &str = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19\n\
                    05 21:10 h2 accept battery\n05 21:11 h2 eta battery";

#[track_caller]
fn next_morning(night: &str, then: &[&str]) {
    let mut stage = Stage::new();
    stage.change("visits watched");
    format!("{LATE}\n{night}\n06 08:30 wait").lines().for_each(|line| stage.act(line));
    let told: Vec<_> = stage.log.iter().filter(|l| l.starts_with("06 08:00 text tenant:")).collect();
    assert_eq!(told, then, "{:#?}", stage.log);
}

#[test]
fn what_the_night_held_back_about_a_visit_is_said_only_where_it_is_still_so() {
    next_morning("05 21:30 h2 arrive battery", &[]);
    // Late at 21:31, not there at 22:01: of three words the last is still so.
    next_morning("05 23:00 wait", &["06 08:00 text tenant:t1 visit_changed"]);
    next_morning("05 23:00 h1 accept battery", &[]);
    next_morning(
        "05 21:40 h2 eta battery\n05 21:50 h2 arrive battery\n05 22:30 h2 fail battery",
        &["06 08:00 text tenant:t1 visit_failed"],
    );
}

#[test]
fn what_becomes_urgent_is_pressed_for_with_who_has_it_and_offered_anew_when_they_do_not_come() {
    let story = "
        05 08:00 lock1 battery=60
        05 09:00 lock1 battery=20
        05 09:10 lock1 battery=19
        05 10:00 h1 take battery
        05 12:00 lock1 offline
        05 18:00 wait";
    let mut stage = Stage::new();
    stage.change("visits watched");
    super::lines(story).for_each(|line| stage.act(line));
    let since = stage.log.iter().position(|l| l.contains("died battery")).expect("it died");
    assert_eq!(stage.log[since + 1], "05 12:15 text housekeeper:h1 offer_battery_dead");
    let others = |l: &&String| l.contains("offer_battery_dead") && !l.contains("h1");
    let at = |line: &str| {
        stage.log.iter().position(|l| l.contains(line)).unwrap_or_else(|| panic!("{line}: {:#?}", stage.log))
    };
    assert!(at("late battery") < at("no_show battery"), "{:#?}", stage.log);
    let offered = stage.log.iter().position(|l| others(&l)).expect("offered anew");
    assert!(at("no_show battery") < offered, "nobody else before: {:#?}", stage.log);
    stage.act("05 18:01 h2 accept battery");
    assert_eq!(
        stage.log.iter().rfind(|l| l.contains("accepted")).map(String::as_str),
        Some("05 18:01 accepted battery lock1")
    );
}

/// What was said to somebody by a template, last.
fn said(stage: &Stage, template: &str, to: &str) -> String {
    let one = stage.messages.iter().rfind(|m| m.template == template && m.recipient.as_key() == to);
    one.unwrap_or_else(|| panic!("{template}: {:?}", stage.log)).body.clone()
}

#[test]
fn words_about_a_visit_name_the_matter_and_who_signs_says_i() {
    let mut stage = Stage::new();
    for line in [
        "05 10:00 leak1 dry",
        "05 10:05 leak1 wet",
        "05 10:06 h1 accept leak",
        "05 10:07 h1 eta leak",
        "05 10:30 h1 fail leak",
    ] {
        stage.act(line);
    }
    let (eta, failed) = (said(&stage, "visit_eta", "tenant:t1"), said(&stage, "visit_failed", "tenant:t1"));
    let sensor = stage.facts.devices[&DeviceKey::from("leak1")].name.clone();
    for text in [&eta, &failed] {
        assert!((text.contains("the leak") || text.contains("漏水")) && !text.contains(&sensor), "{text}");
    }
    let signer = eta.rsplit(['-', '—']).next().expect("signed").trim().to_owned();
    let speaks = eta.contains(" I will") || eta.contains("我预计");
    assert!(speaks && eta.matches(&*signer).count() == 1, "{eta}");
}

#[test]
fn the_manager_hears_who_did_not_come_whoever_had_the_job_since() {
    let mut stage = Stage::new();
    stage.change("visits watched");
    let night = "05 22:40 h1 accept battery\n05 22:50 h1 decline battery\n06 08:30 wait";
    format!("{LATE}\n{night}").lines().for_each(|line| stage.act(line));
    let name = |id: &str| {
        let place = &stage.facts.places[&PropertyId::from("oak")];
        place.housekeepers.iter().find(|h| h.id.as_str() == id).expect("a housekeeper").name.clone()
    };
    let text = said(&stage, "missed_manager", "manager:oak");
    assert!(text.contains(&name("h2")) && !text.contains(&name("h1")), "{text}");
}

#[test]
fn an_offer_that_never_reached_one_is_not_said_again_to_who_has_the_job() {
    let mut stage = Stage::new();
    stage.act("05 03:00 leak1 wet");
    let offers = |stage: &Stage| -> Vec<NewMessage> {
        stage.messages.iter().filter(|m| m.template == "offer_leak").cloned().collect()
    };
    let first = offers(&stage);
    stage.act("05 03:01 h1 accept leak");
    for lost in &first {
        let outcome = Outcome {
            message_id: lost.id(),
            ticket_id: lost.ticket_id.clone().expect("a ticket"),
            recipient: lost.recipient.clone(),
            channel: Channel::Sms,
            status: MessageStatus::Expired,
            error_code: Some(30003),
            opted_out: None,
            at: stage.now,
        };
        stage.decide(|desk| desk.outcome(&outcome));
    }
    stage.act("06 12:00 wait");
    assert_eq!(offers(&stage).len(), first.len(), "{}", stage.log.join("\n"));
}
