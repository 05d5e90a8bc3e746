//! After the fix: the question how it was, the call-back, praise, goodwill; and the calls of a leak.

use nightporter::decide::{Command, Goodwill, Refusal};
use nightporter::model::*;

use super::check;
use super::stage::Stage;

/// A leak that a housekeeper mended, and the question that follows.
const MENDED: &str =
    "05 10:00 leak1 wet\n05 10:01 h1 accept leak\n05 10:20 h1 arrive leak\n05 11:00 leak1 dry\n05 14:00 wait";

fn stage(story: &str) -> Stage {
    let mut stage = Stage::new();
    story.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| stage.act(line));
    stage
}

fn asked(stage: &Stage) -> Vec<&String> {
    stage.log.iter().filter(|line| line.contains("survey_tenant")).collect()
}

#[test]
fn who_was_helped_is_asked_once_two_hours_later_and_by_day() {
    assert_eq!(asked(&stage(MENDED)), ["05 13:30 text tenant:t1 survey_tenant"]);
    let late = MENDED.replace("05 11:00 leak1 dry\n05 14:00 wait", "05 19:00 leak1 dry\n06 12:00 wait");
    assert_eq!(asked(&stage(&late)), ["06 08:00 text tenant:t1 survey_tenant"], "not at night");
}

#[test]
fn nobody_is_asked_twice_in_a_week() {
    let again = "\n08 10:00 leak1 wet\n08 10:01 h1 accept leak\n08 11:00 leak1 dry\n08 15:00 wait";
    assert_eq!(asked(&stage(&format!("{MENDED}{again}"))).len(), 1);
    let next_week = again.replace("08 ", "14 ");
    assert_eq!(asked(&stage(&format!("{MENDED}{next_week}"))).len(), 2);
}

#[test]
fn nobody_is_asked_who_was_not_reached_or_does_not_want_it() {
    for given in ["consent safety", "refuses +14155550101"] {
        let mut stage = Stage::new();
        stage.change(given);
        MENDED.lines().for_each(|line| stage.act(line));
        assert!(asked(&stage).is_empty(), "{given}: {:?}", stage.log);
    }
    let mut only_asked = Stage::new();
    only_asked.change("consent safety;survey");
    MENDED.lines().for_each(|line| only_asked.act(line));
    assert_eq!(asked(&only_asked).len(), 1, "a survey needs no consent to reminders: {:?}", only_asked.log);
    let stopped = format!("05 09:00 tenant:t1 no more surveys\n{MENDED}");
    assert!(asked(&stage(&stopped)).is_empty());
    let alone = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19\n05 09:30 lock1 battery=100 boots=1\n05 10:00 lock1 battery=100 boots=2\n06 12:00 wait";
    let stage = stage(alone);
    assert!(stage.log.iter().any(|l| l.contains("resolved battery")) && asked(&stage).is_empty(), "nobody was there");
}

#[test]
fn a_low_mark_is_called_back_and_kind_words_reach_who_was_there() {
    let low = stage(&format!("{MENDED}\n05 14:10 tenant:t1 3 nobody told me anything\n05 15:00 wait"));
    let leak = low.facts.tickets.values().find(|t| t.kind == TicketKind::Leak).expect("a leak");
    let survey = leak.survey.clone().expect("asked");
    assert_eq!((survey.score, survey.words.as_deref()), (Some(3), Some("3 nobody told me anything")));
    let then = [
        "05 14:10 marked leak leak1",
        "05 14:10 opened request",
        "05 14:10 call_back leak leak1",
        "05 14:10 text manager:oak call_back_manager",
    ];
    assert_eq!(low.log[low.log.len() - 4..], then);
    let manager = low.messages.last().expect("sent");
    assert!(manager.body.contains("3/10") && manager.body.contains("+14155550101"), "{}", manager.body);
    let high = stage(&format!("{MENDED}\n05 14:10 tenant:t1 10 Chen was so kind\n05 14:11 tenant:t1 9"));
    let praise: Vec<_> = high.log.iter().filter(|l| l.contains("praise")).collect();
    assert_eq!(praise, ["05 14:10 praise leak leak1"]);
    assert!(!high.log.iter().any(|l| l.contains("request")), "the second mark changes nothing: {:?}", high.log);
    let late = stage(&format!("{MENDED}\n07 14:10 tenant:t1 8"));
    assert!(
        late.log.contains(&"07 14:10 marked leak leak1".to_owned()),
        "also after the ticket is closed: {:?}",
        late.log
    );
}

fn give(stage: &mut Stage, actor: &str, amount_minor: i64, key: &str) -> Result<(), Refusal> {
    let id = stage.facts.tickets.values().find(|t| t.kind == TicketKind::Leak).expect("a leak").id.clone();
    let goodwill =
        Goodwill { amount_minor, currency: "CNY".to_owned(), reason: "a wet carpet".to_owned(), key: key.to_owned() };
    let mut done = Ok(());
    stage.decide(|desk| done = desk.command(&id, actor, &Command::Goodwill(goodwill.clone())));
    done
}

#[test]
fn goodwill_is_given_once_for_a_key_and_never_past_a_budget() {
    let mut stage = stage(MENDED);
    stage.policy.goodwill.agent_monthly_minor = 1_000;
    stage.policy.goodwill.tenant_monthly_minor = 1_500;
    assert_eq!(give(&mut stage, "user:ann", 600, "a"), Ok(()));
    assert_eq!(give(&mut stage, "user:ann", 600, "a"), Ok(()), "again");
    assert_eq!(give(&mut stage, "user:ann", 700, "a"), Err(Refusal::UsedKey));
    assert_eq!(give(&mut stage, "user:ann", 500, "b"), Err(Refusal::OverBudget { left_minor: 400 }));
    assert_eq!(give(&mut stage, "user:bob", 1_000, "c"), Err(Refusal::OverBudget { left_minor: 900 }), "to one tenant");
    assert_eq!(give(&mut stage, "user:bob", 900, "c"), Ok(()));
    assert_eq!(stage.entries.iter().map(Entry::amount_minor).collect::<Vec<_>>(), [600, 900]);
    assert!(stage.entries.iter().all(|e| e.postings().iter().map(|p| p.amount_minor).sum::<i64>() == 0));
    stage.act("31 23:00 wait");
    stage.act("33 10:00 wait");
    assert_eq!(give(&mut stage, "user:ann", 400, "d"), Ok(()), "a new month");
    assert_eq!(give(&mut stage, "user:bob", 300, "d"), Ok(()), "a key is its giver's own");
    assert_eq!(stage.entries.iter().map(Entry::amount_minor).collect::<Vec<_>>(), [600, 900, 400, 300]);
}

#[test]
fn a_leak_rings_within_a_minute_and_again_until_a_key_is_pressed_or_somebody_comes() {
    let nobody = "05 03:10 leak1 wet\n05 04:00 wait";
    let told = "
        05 03:10 opened leak leak1
        05 03:10 text tenant:t1 leak_tenant
        05 03:10 text housekeeper:h2 offer_leak
        05 03:11 call tenant:t1 leak_call";
    let then = "
        05 03:12 text housekeeper:h1 offer_leak
        05 03:14 call tenant:t1 leak_call
        05 03:17 call tenant:t1 leak_call
        05 03:20 text manager:oak leak_manager";
    let mut stage = Stage::new();
    stage.change("calls");
    nobody.lines().for_each(|line| stage.act(line));
    let lines = |text: &'static str| text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned);
    for line in lines(told).chain(lines(then)) {
        assert!(stage.log.contains(&line), "{line} is missing: {:?}", stage.log);
    }
    assert_eq!(stage.log.iter().filter(|l| l.contains(" call ")).count(), 3);
    check(
        "calls",
        "05 03:10 leak1 wet\n05 03:11 h2 accept leak\n05 03:12 key 1\n05 04:00 wait",
        &format!(
            "{told}\n05 03:11 accepted leak leak1\n05 03:12 keyed leak leak1\n05 03:12 answered leak leak1\n05 03:12 text tenant:t1 bed_coming\n05 03:12 text manager:oak bed_manager"
        ),
    );
    check(
        "calls",
        "05 03:10 leak1 wet\n05 03:11 key 2\n05 03:11 h2 accept leak\n05 04:00 wait",
        &format!("{told}\n05 03:11 keyed leak leak1\n05 03:11 answered leak leak1\n05 03:11 accepted leak leak1"),
    );
}

#[test]
fn a_wrong_key_answers_nothing_and_stop_is_called_only_where_the_operator_allows_it() {
    let mut stage = Stage::new();
    stage.change("calls");
    for line in ["05 03:10 leak1 wet", "05 03:11 key 9", "05 03:15 wait"] {
        stage.act(line);
    }
    assert!(stage.log.contains(&"05 03:14 call tenant:t1 leak_call".to_owned()), "{:?}", stage.log);
    for allowed in [false, true] {
        let mut stage = Stage::new();
        stage.change("calls");
        stage.policy.contact.call_after_stop = allowed;
        for line in ["05 02:00 tenant:t1 STOP", "05 03:10 leak1 wet", "05 03:15 wait"] {
            stage.act(line);
        }
        assert_eq!(stage.log.iter().any(|l| l.contains("call tenant:t1")), allowed, "{:?}", stage.log);
        assert!(!stage.log.iter().any(|l| l.contains("text tenant:t1")), "never a text");
    }
}
