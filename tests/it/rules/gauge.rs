//! Gauges that lie: who is told, who looks, what a silence means. Days of January, a reading each morning.

use nightporter::decide::policy::builtin_playbook;
use nightporter::model::{Severity, Since, Step, TicketKind};

use super::{Stage, check};

/// A reading each morning, by the number of the day.
fn mornings(stage: &mut Stage, days: std::ops::RangeInclusive<u32>, says: impl Fn(u32) -> String) {
    days.for_each(|day| stage.act(&format!("{day:02} 09:00 lock1 {}", says(day))));
}

#[test]
fn stuck_at_sixty_with_empty_cells_is_a_visit_and_no_text_to_the_tenant() {
    // zigbee2mqtt #6425: nobody would ever learn of the end by this gauge.
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=31, |day| format!("battery=60 mv={}", 6025 - 25 * day));
    assert_eq!(
        stage.log,
        [
            "31 09:00 opened battery lock1",
            "31 09:00 text housekeeper:h1 offer_battery",
            "31 09:00 text manager:oak gauge_manager"
        ]
    );
}

#[test]
fn one_percent_for_weeks_ends_what_the_tenant_is_told_and_begins_a_visit() {
    // lock-manager #41: the tenant was told once, perhaps has put in new cells, and is not asked for ever.
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=31, |_| "battery=1".to_owned());
    let texts: Vec<&String> = stage.log.iter().filter(|line| line.contains("tenant:t1")).collect();
    assert_eq!(texts, ["02 09:00 text tenant:t1 battery_tenant", "11 09:00 text tenant:t1 battery_reminder"]);
    let after: Vec<&String> = stage.log.iter().filter(|line| line.starts_with("22")).collect();
    assert_eq!(after, ["22 09:00 gauge_lies battery lock1", "22 09:00 text manager:oak gauge_manager"]);
}

#[test]
fn a_slow_pack_that_came_down_step_by_step_is_no_lie() {
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=8, |day| format!("battery={}", 30 - 3 * day));
    mornings(&mut stage, 9..=31, |_| "battery=4".to_owned());
    assert!(!stage.log.iter().any(|line| line.contains("gauge")), "{:?}", stage.log);
}

#[test]
fn a_gauge_that_once_died_at_60_percent_sends_a_visit_when_it_says_low() {
    // home-assistant core #166117: the first battery ended at 60 %, so what it calls 20 % is no time for letters.
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=6, |_| "battery=60 boots=1".to_owned());
    mornings(&mut stage, 12..=14, |_| "battery=100 boots=2".to_owned());
    mornings(&mut stage, 15..=17, |_| "battery=60 boots=2".to_owned());
    mornings(&mut stage, 18..=19, |_| "battery=20 boots=2".to_owned());
    let of_battery = |line: &&String| line.contains("battery") || line.contains("gauge");
    let last: Vec<&String> = stage.log.iter().filter(|l| l.starts_with("19")).filter(of_battery).collect();
    assert_eq!(
        last,
        [
            "19 09:00 opened battery lock1",
            "19 09:00 text housekeeper:h1 offer_battery",
            "19 09:00 text manager:oak gauge_manager"
        ],
        "{:?}",
        stage.log
    );
}

#[test]
fn a_scale_that_ends_at_one_sends_a_visit_and_no_text_to_the_tenant() {
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=8, |_| "battery=0.87".to_owned());
    assert_eq!(
        stage.log,
        [
            "06 09:00 opened battery lock1",
            "06 09:00 text housekeeper:h1 offer_battery",
            "06 09:00 text manager:oak gauge_manager"
        ]
    );
    let half_points = "05 08:00 lock1 battery=1.5\n05 10:00 lock1 battery=0.5\n05 11:00 lock1 battery=0.5";
    check("", half_points, "05 10:00 opened battery lock1\n05 10:00 text tenant:t1 battery_tenant");
    let flagged = "05 10:00 lock1 battery=0.5 low\n05 11:00 lock1 battery=0.5 low";
    check("", flagged, "05 11:00 opened battery lock1\n05 11:00 text tenant:t1 battery_tenant");
}

#[test]
fn a_playbook_without_a_visit_gets_one_when_the_gauge_lies_and_keeps_its_words_for_a_dead_lock() {
    let mut playbook = builtin_playbook(TicketKind::Battery);
    let first = playbook.steps.remove(0);
    let dead = Some("battery_dead_tenant".to_owned());
    let when_dead = Step { since: Since::Died, template: dead, severity: Some(Severity::Urgent), ..first.clone() };
    playbook.steps = vec![first, when_dead];
    let mut stage = Stage::new();
    stage.policy.playbooks.insert(TicketKind::Battery, playbook);
    mornings(&mut stage, 1..=6, |_| "battery=60 boots=1".to_owned());
    mornings(&mut stage, 12..=14, |_| "battery=100 boots=2".to_owned());
    mornings(&mut stage, 15..=17, |_| "battery=60 boots=2".to_owned());
    mornings(&mut stage, 18..=19, |_| "battery=20 boots=2".to_owned());
    ["19 10:00 lock1 offline", "19 11:30 wait"].into_iter().for_each(|line| stage.act(line));
    let last: Vec<&String> = stage.log.iter().filter(|line| line.starts_with("19")).collect();
    assert_eq!(
        last,
        [
            "19 09:00 opened battery lock1",
            "19 09:00 text housekeeper:h1 offer_battery",
            "19 09:00 text manager:oak gauge_manager",
            "19 10:15 died battery lock1",
            "19 10:15 text tenant:t1 battery_dead_tenant"
        ]
    );
}

#[test]
fn a_first_reading_of_exactly_one_is_no_word_to_the_tenant_before_a_second_witness() {
    let told = |at: &str| format!("{at} opened battery lock1\n{at} text tenant:t1 battery_tenant");
    let ones = "05 10:00 lock1 battery=1\n05 11:00 lock1 battery=1\n05 19:00 lock1 battery=1";
    check("", ones, "");
    check("", &format!("{ones}\n06 10:00 lock1 battery=1"), &told("06 10:00"));
    check("", "05 10:00 lock1 battery=1\n05 11:00 lock1 battery=2", &told("05 11:00"));
    check("", "05 10:00 lock1 battery=1\n05 11:00 lock1 battery=1 low", &told("05 11:00"));
}

#[test]
fn one_percent_of_a_gauge_that_came_down_to_it_is_acted_on_at_once() {
    let told = "05 11:00 opened battery lock1\n05 11:00 text tenant:t1 battery_tenant";
    for before in ["2", "3", "5"] {
        check("", &format!("05 10:00 lock1 battery={before}\n05 11:00 lock1 battery=1"), told);
    }
    check("", "05 08:00 lock1 battery=40\n05 10:00 lock1 battery=1\n05 11:00 lock1 battery=1", told);
}

#[test]
fn a_gauge_that_ends_at_one_is_never_low_while_it_stands_there() {
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=22, |day| if day == 1 { "battery=0.98".to_owned() } else { "battery=1".to_owned() });
    let looked_at = ["22 09:00 opened battery lock1", "22 09:00 text housekeeper:h1 offer_battery"];
    assert_eq!(stage.log[..2], looked_at, "as one that shows next to nothing for three weeks");
    assert!(!stage.log.iter().any(|line| line.contains("tenant:t1")), "{:?}", stage.log);
}

/// The gauge of `lock1` stood still until the last of January while its voltage fell.
fn frozen() -> Stage {
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=31, |day| format!("battery=60 mv={}", 6025 - 25 * day));
    stage.log.clear();
    stage
}

#[test]
fn a_silence_behind_a_frozen_gauge_is_told_in_its_one_ticket_and_is_probably_its_end() {
    let mut stage = frozen();
    ["31 10:00 lock1 offline", "31 11:00 wait"].into_iter().for_each(|line| stage.act(line));
    let died = [
        "31 10:15 silent battery lock1",
        "31 10:15 died battery lock1",
        "31 10:15 text housekeeper:h1 offer_battery_dead",
    ];
    assert_eq!(stage.log, died);
    stage.act("31 11:30 lock1 battery=60 mv=5200");
    assert_eq!(stage.log[3..], ["31 11:30 back_online battery lock1"]);
}

#[test]
fn where_nobody_works_at_night_the_manager_who_heard_of_the_gauge_hears_of_the_dead_lock() {
    let mut stage = frozen();
    stage.change("h2 off");
    ["31 21:00 lock1 offline", "31 22:00 wait"].into_iter().for_each(|line| stage.act(line));
    assert_eq!(stage.log.last().expect("lines"), "31 21:15 text manager:oak offer_battery_dead", "{:?}", stage.log);
}

#[test]
fn a_silence_after_the_visit_to_a_frozen_gauge_is_another_matter() {
    let mut stage = frozen();
    let story = "
        31 09:30 h1 accept battery
        31 10:00 h1 arrive battery
        31 10:30 lock1 offline
        31 11:00 wait";
    story.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| stage.act(line));
    let silent = ["31 10:45 opened silent lock1", "31 10:45 text housekeeper:h1 offer_silent"];
    assert_eq!(stage.log[stage.log.len() - 2..], silent, "{:?}", stage.log);
}

#[test]
fn a_silence_behind_a_wrong_scale_is_told_in_its_one_ticket_and_nobody_is_said_to_be_dead() {
    let mut stage = Stage::new();
    mornings(&mut stage, 1..=8, |_| "battery=0.87".to_owned());
    stage.log.clear();
    ["08 10:00 lock1 offline", "08 11:00 wait"].into_iter().for_each(|line| stage.act(line));
    assert_eq!(stage.log, ["08 10:15 silent battery lock1"]);
}
