//! What people write, told as stories: what is done about it, and what waits for a human.

use nightporter::decide::automation::Behind;
use nightporter::decide::intent::Intent;
use nightporter::decide::{Refusal, Wanted};
use nightporter::model::*;

use super::stage::Stage;
use super::{check, lines};

/// What is understood in a story, and whether a human is awaited.
fn waits(share: f64, off: Option<Intent>, story: &[&str]) -> (Stage, Option<String>) {
    let mut stage = Stage::new();
    stage.policy.contact.people_share = share;
    let behind = Behind { difference: 0.2, z: 5.0 };
    stage.facts.automation_off = std::sync::Arc::new(off.into_iter().map(|intent| (intent, behind)).collect());
    lines(LOW).chain(story.iter().copied()).for_each(|line| stage.act(line));
    let why = stage.facts.conversations.values().next().expect("somebody wrote").why.clone();
    (stage, why)
}

#[test]
fn what_the_lot_or_people_take_from_automation_is_done_and_waits_for_a_human() {
    let done = ["05 10:00 tenant:t1 换好了"];
    let (before, nobody) = waits(0.0, None, &done);
    assert_eq!(nobody, None);
    for (share, off) in [(1.0, None), (0.0, Some(Intent::Done))] {
        let (stage, why) = waits(share, off, &done);
        assert_eq!(why.as_deref(), Some("done"), "a human answers");
        assert_eq!(stage.log, before.log, "what the text asks for is done either way");
    }
    assert_eq!(waits(0.0, Some(Intent::Later), &done).1, None, "another meaning");
}

#[test]
fn what_cannot_wait_is_never_left_to_people() {
    let story = ["05 23:00 tenant:t1 lock is dead, I can't get in!!"];
    for off in [None, Some(Intent::LockedOut)] {
        let (stage, why) = waits(1.0, off, &story);
        assert_eq!(why, None);
        assert!(stage.log.iter().any(|line| line.ends_with("text tenant:t1 battery_dead_tenant")), "{:?}", stage.log);
    }
}

const LOW: &str = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19";

#[test]
fn who_stands_before_a_dead_lock_at_night_is_told_how_to_get_in_and_nobody_is_woken_when_it_helps() {
    let story =
        "05 03:00 tenant:t1 lock is dead, I can't get in!!\n05 03:05 tenant:t1 it opened, thanks\n05 12:00 wait";
    let then = "
        05 03:00 opened request lock1
        05 03:00 locked_out request lock1
        05 03:00 text tenant:t1 battery_dead_tenant
        05 03:05 answered request lock1
        05 08:00 text housekeeper:h1 offer_battery";
    check("", story, then);
}

#[test]
fn a_housekeeper_is_sent_when_the_words_do_not_help_or_nobody_answers() {
    let silent = "05 03:00 tenant:t1 门锁没电了，进不去\n05 03:30 wait";
    let told = "
        05 03:00 opened request lock1
        05 03:00 locked_out request lock1
        05 03:00 text tenant:t1 battery_dead_tenant";
    check("", silent, &format!("{told}\n05 03:10 text housekeeper:h2 offer_battery_dead"));
    let helpless = "05 03:00 tenant:t1 门锁没电了，进不去\n05 03:02 tenant:t1 还是不行\n05 03:30 wait";
    let then = "
        05 03:02 still_outside request lock1
        05 03:02 text tenant:t1 help_coming
        05 03:02 text housekeeper:h2 offer_battery_dead";
    check("", helpless, &format!("{told}{then}"));
}

#[test]
fn the_open_matter_of_the_lock_is_used_and_its_proof_still_counts() {
    let story = format!(
        "{LOW}\n06 02:00 tenant:t1 I'm locked out\n06 02:04 tenant:t1 got in\n06 02:30 tenant:t1 换好了\n06 03:00 wait"
    );
    let then = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant
        06 02:00 locked_out battery lock1
        06 02:00 text tenant:t1 battery_dead_tenant
        06 02:04 answered battery lock1
        06 02:30 said_done battery lock1";
    check("", &story, then);
}

#[test]
fn who_cannot_do_it_is_sent_somebody_and_told_so_once() {
    let story =
        format!("{LOW}\n05 09:20 tenant:t1 不会换，能来人吗\n05 09:21 tenant:t1 please send someone\n05 09:30 wait");
    let then = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant
        05 09:20 needs_help battery lock1
        05 09:20 text tenant:t1 help_coming
        05 09:20 text housekeeper:h1 offer_battery
        05 09:21 needs_help battery lock1";
    check("", &story, then);
}

#[test]
fn a_call_for_help_without_a_matter_opens_a_request_and_water_at_night_does_not_wait() {
    let day = "05 10:00 tenant:t1 空调坏了，帮忙修一下";
    let then = "
        05 10:00 opened request
        05 10:00 needs_help request
        05 10:00 text housekeeper:h1 offer_request
        05 10:00 text tenant:t1 help_coming";
    check("", day, then);
    let night = "05 02:00 tenant:t1 厨房到处是水，快来";
    let then = "
        05 02:00 opened leak
        05 02:00 text tenant:t1 leak_tenant
        05 02:00 text housekeeper:h2 offer_leak";
    check("", night, then);
    let quiet = "05 02:00 tenant:t1 空调坏了，帮忙修一下";
    let mut stage = Stage::new();
    stage.act(quiet);
    stage.act("05 09:00 wait");
    assert!(stage.log.contains(&"05 08:00 text housekeeper:h1 offer_request".to_owned()), "{:?}", stage.log);
}

#[test]
fn later_thanks_and_no_are_noted_and_nobody_is_bothered() {
    let story = format!(
        "{LOW}\n05 09:20 tenant:t1 tomorrow\n05 09:21 tenant:t1 谢谢！\n05 11:00 leak1 wet\n05 11:01 h1 accept leak\n05 11:02 tenant:t1 no thanks"
    );
    let then = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant
        05 09:20 later battery lock1
        05 09:21 thanks battery lock1
        05 11:00 opened leak leak1
        05 11:00 text tenant:t1 leak_tenant
        05 11:00 text housekeeper:h1 offer_leak
        05 11:01 accepted leak leak1
        05 11:02 answered leak leak1";
    check("", &story, then);
}

/// Who waits for a human, and why.
fn waiting(stage: &Stage) -> Vec<(String, String)> {
    let mut all: Vec<_> = stage.facts.conversations.values().collect();
    all.sort_by_key(|c| c.phone.clone());
    all.into_iter().filter_map(|c| Some((c.tenant_id.0.clone(), c.why.clone()?))).collect()
}

#[test]
fn what_is_not_understood_waits_for_a_human_whose_answer_has_the_same_name() {
    let mut stage = Stage::new();
    LOW.lines().for_each(|line| stage.act(line));
    stage.act("05 21:00 tenant:t1 My cat sits on the sensor, is that bad?");
    stage.act("05 21:05 tenant:t1 thanks");
    assert_eq!(waiting(&stage), [("t1".to_owned(), "question".to_owned())], "thanks does not answer it");
    let conversation = stage.facts.conversations.values().next().expect("one").clone();
    stage
        .decide(|desk| desk.say(&conversation.id, "user:ops", "Not at all, it only weighs water.", "a").expect("said"));
    let answer = stage.messages.last().expect("sent").clone();
    let first = &stage.messages[0];
    let name = |body: &str| body.rsplit(['-', '—']).next().map(|n| n.trim().to_owned());
    assert_eq!(name(&answer.body), name(&first.body), "{} / {}", answer.body, first.body);
    assert_eq!((answer.template, answer.ticket_id.clone()), ("human", first.ticket_id.clone()));
    assert!(waiting(&stage).is_empty());
    stage.act("05 21:30 tenant:t1 And may my dog sit there?");
    let sent = stage.messages.len();
    for (text, expected) in [("Not at all, it only weighs water.", Ok(())), ("Not at all", Err(Refusal::UsedKey))] {
        let mut done = Ok(());
        stage.decide(|desk| done = desk.say(&conversation.id, "user:ops", text, "a"));
        assert_eq!((done, stage.messages.len()), (expected, sent), "{text}");
        assert_eq!(waiting(&stage).len(), 1, "the next text still waits");
    }
    stage.act("05 22:00 tenant:t1 STOP");
    let again = |stage: &mut Stage| {
        let mut done = Ok(());
        stage.decide(|desk| done = desk.say(&conversation.id, "user:ops", "hello", "b"));
        done
    };
    assert!(again(&mut stage).is_err(), "nothing after STOP");
}

#[test]
fn the_name_stays_when_the_job_goes_to_another() {
    let mut stage = Stage::new();
    for line in ["05 10:00 leak1 wet", "05 10:01 h2 accept leak", "05 10:02 tenant:t1 1", "05 10:03 wait"] {
        stage.act(line);
    }
    let to_tenant: Vec<_> =
        stage.messages.iter().filter(|m| m.recipient.as_key() == "tenant:t1" && m.channel == Channel::Sms).collect();
    assert_eq!(to_tenant.iter().map(|m| m.template).collect::<Vec<_>>(), ["leak_tenant", "bed_coming"]);
    assert!(
        to_tenant.iter().all(|m| m.body.ends_with("- Chen")),
        "{:?}",
        to_tenant.iter().map(|m| &m.body).collect::<Vec<_>>()
    );
}

#[test]
fn a_wrong_number_is_written_to_no_more_and_shown_to_a_human() {
    let mut stage = Stage::new();
    LOW.lines().for_each(|line| stage.act(line));
    stage.act("05 09:20 tenant:t1 打错了，我已经搬走了");
    assert_eq!(waiting(&stage), [("t1".to_owned(), "wrong_number".to_owned())]);
    stage.act("05 11:00 leak1 wet");
    assert!(!stage.log.iter().any(|l| l.contains("tenant:t1 leak_tenant")), "{:?}", stage.log);
}

#[test]
fn stop_counts_for_its_purpose_and_help_says_who_we_are() {
    let story = format!(
        "05 07:00 tenant:t1 HELP\n05 07:30 tenant:t1 stop reminders\n{LOW}\n05 11:00 leak1 wet\n05 11:01 h1 accept leak\n05 11:02 tenant:t1 help"
    );
    let then = "
        05 07:00 text tenant:t1 about_us
        05 09:10 opened battery lock1
        05 11:00 opened leak leak1
        05 11:00 text tenant:t1 leak_tenant
        05 11:00 text housekeeper:h1 offer_leak
        05 11:01 accepted leak leak1
        05 11:02 needs_help leak leak1";
    check("", &story, then);
}

#[test]
fn a_wish_opens_one_ticket_however_often_it_is_heard() {
    let mut stage = Stage::new();
    stage.act("05 10:00 wait");
    let wanted = Wanted {
        kind: TicketKind::Leak,
        property_id: "oak".into(),
        unit_id: Some("oak-2".into()),
        severity: None,
        text: "The ceiling drips".to_owned(),
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        stage.decide(|desk| ids.extend(desk.wanted(&wanted, "user:ops", "key-1")));
    }
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    assert_eq!(
        stage.log,
        ["05 10:00 opened leak", "05 10:00 text tenant:t2 leak_tenant", "05 10:00 text housekeeper:h1 offer_leak"]
    );
    let other = Wanted { text: "The tap drips".to_owned(), ..wanted.clone() };
    stage.decide(|desk| assert_eq!(desk.wanted(&other, "user:ops", "key-1"), Err(Refusal::UsedKey)));
    let elsewhere = Wanted { unit_id: Some("elm-1".into()), ..wanted };
    stage.decide(|desk| assert!(desk.wanted(&elsewhere, "user:ops", "key-2").is_err()));
}

#[test]
fn help_is_answered_whenever_it_is_asked_but_not_twice_at_once() {
    let asked = "05 07:00 tenant:t1 HELP\n05 07:01 tenant:t1 help!\n05 07:12 tenant:t1 帮助";
    check("budget 0", asked, "05 07:00 text tenant:t1 about_us\n05 07:12 text tenant:t1 about_us");
    let after = "05 10:00 leak1 wet\n05 10:01 h1 accept leak\n05 10:20 h1 arrive leak\n05 11:00 leak1 dry\n05 14:00 wait\n\
                 05 14:01 tenant:t1 help";
    let mut stage = Stage::new();
    after.lines().for_each(|line| stage.act(line));
    assert_eq!(stage.log.last().map(String::as_str), Some("05 14:01 text tenant:t1 about_us"), "nothing is open");
}

#[test]
fn who_wants_no_texts_at_night_is_told_what_is_so_and_waits_for_a_human() {
    let mut stage = Stage::new();
    format!("{LOW}\n05 22:00 tenant:t1 晚上别发短信").lines().for_each(|line| stage.act(line));
    assert_eq!(stage.log.last().map(String::as_str), Some("05 22:00 text tenant:t1 nights"), "{:#?}", stage.log);
    assert!(stage.facts.stopped.is_empty() && stage.facts.refused.is_empty(), "no STOP");
    assert!(stage.facts.conversations.values().any(|c| c.waiting_since.is_some()), "a human answers");
}
