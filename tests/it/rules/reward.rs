//! The reward table of the contract, section 7.

use nightporter::model::Span;

use super::lines;
use super::stage::{Stage, paid};

/// What is credited for a replacement on a day, or why nothing is.
#[track_caller]
fn pays(given: &str, before: &str, replaced: &str, expected: &str) {
    let mut stage = Stage::new();
    lines(given).for_each(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["paid", days, amount, device] => {
            paid(&mut stage, days.parse().expect("days"), amount.parse().expect("fen"), Some(device))
        }
        _ => stage.change(line),
    });
    for line in ["05 08:00 lock1 battery=60 boots=1", "05 10:00 lock1 battery=20 boots=1"] {
        stage.act(line);
    }
    lines(before).for_each(|line| stage.act(line));
    let (day, hour) = replaced.split_once(' ').expect("DAY HH");
    for alive in 6..=day.parse::<u32>().expect("a day") {
        stage.act(&format!("{alive:02} 01:00 lock1 battery=18 boots=1"));
    }
    stage.act(&format!("{day} {hour}:00 lock1 battery=100 boots=2"));
    stage.act(&format!("{day} {hour}:30 lock1 battery=100 boots=2"));
    let money = |line: &&String| line.contains(" credit ") || line.contains(" unpaid ");
    let outcome: Vec<&str> =
        stage.log.iter().filter(money).map(|line| line.splitn(3, ' ').nth(2).expect("what")).collect();
    assert_eq!(outcome, [expected], "{}", stage.log.join("\n"));
}

const LOW: &str = "05 11:00 lock1 battery=19 boots=1";

#[test]
fn in_time_in_full_and_late_at_the_late_rate() {
    pays("", LOW, "05 12", "credit t1 1000 reward_in_time");
    pays("", LOW, "07 11", "credit t1 1000 reward_in_time");
    pays("", LOW, "07 12", "credit t1 500 reward_late");
    pays("", LOW, "12 12", "credit t1 500 reward_late");
}

#[test]
fn never_after_it_died_and_never_for_a_visit() {
    pays(
        "",
        &format!("{LOW}\n05 13:00 lock1 battery=0 boots=1\n05 14:00 lock1 battery=0 boots=1"),
        "05 18",
        "unpaid died battery lock1",
    );
    let visit = format!("{LOW}\n05 12:00 h1 accept battery\n05 13:00 h1 arrive battery");
    pays("", &visit, "05 13", "unpaid visited battery lock1");
}

#[test]
fn never_without_a_text_and_one_on_its_way_counts() {
    pays("", "05 22:00 lock1 battery=19 boots=1", "05 23", "unpaid not_told battery lock1");
    pays("consent safety;reward", LOW, "05 12", "unpaid not_told battery lock1");
    pays("refuses +14155550101", LOW, "05 12", "unpaid not_told battery lock1");
    pays("", &format!("05 10:30 carrier down\n{LOW}"), "05 12", "credit t1 1000 reward_in_time");
}

#[test]
fn only_to_the_tenant_of_that_day() {
    pays("t1 leaves 6\nt9 follows 7", LOW, "06 12", "credit t1 1000 reward_in_time");
    pays("t1 leaves 6\nt9 follows 7", LOW, "07 09", "unpaid tenant_changed battery lock1");
    pays("t1 leaves 6", LOW, "07 09", "unpaid no_tenant battery lock1");
    pays("consent safety;reminder", LOW, "05 12", "unpaid no_consent battery lock1");
}

#[test]
fn never_past_the_cap_of_the_calendar_month() {
    pays("paid 0 1000 other", LOW, "05 12", "credit t1 1000 reward_in_time");
    pays("paid -2 1500 other", LOW, "05 12", "unpaid cap battery lock1");
    pays("paid 2 1500 other", LOW, "05 12", "credit t1 1000 reward_in_time");
}

#[test]
fn not_twice_within_sixty_days_for_one_device() {
    pays("paid 50 500 lock1", LOW, "05 12", "unpaid paid_lately battery lock1");
    pays("paid 56 500 lock1", LOW, "05 12", "credit t1 1000 reward_in_time");
}

/// The first text of a low battery, as it is sent.
fn promised(change: impl FnOnce(&mut Stage)) -> (String, &'static str) {
    let mut stage = Stage::new();
    change(&mut stage);
    for line in ["05 08:00 lock1 battery=60 boots=1", "05 10:00 lock1 battery=20 boots=1", LOW] {
        stage.act(line);
    }
    let first = stage.messages.first().expect("a text");
    (first.body.clone(), first.template)
}

#[test]
fn no_text_promises_what_is_not_paid() {
    let (body, template) = promised(|_| {});
    assert!(template == "battery_tenant" && body.contains("48") && body.contains("10"), "{body}");
    let (body, _) = promised(|stage| stage.policy.rewards.in_time = Span::parse("7d").expect("a span"));
    assert!(body.contains("168"), "{body}");
    for given in ["consent safety;reminder", "paid -2 1500 other", "paid 50 500 lock1", "amount 0", "stop"] {
        let (body, template) = promised(|stage| match given.split_whitespace().collect::<Vec<_>>()[..] {
            ["paid", days, fen, device] => {
                paid(stage, days.parse().expect("days"), fen.parse().expect("fen"), Some(device));
            }
            ["amount", _] => stage.policy.rewards.in_time_minor = 0,
            ["stop"] => stage.act("05 07:00 tenant:t1 stop rewards"),
            _ => stage.change(given),
        });
        assert!(template == "battery_tenant_plain" && !body.contains("48"), "{given}: {body}");
    }
}

#[test]
fn stop_for_rewards_and_consent_to_surveys_count_each_for_itself() {
    pays("", &format!("{LOW}\n05 11:30 tenant:t1 stop rewards"), "05 12", "unpaid no_consent battery lock1");
}
