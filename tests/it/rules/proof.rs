//! Replacement, proven: a battery's levels in, what is concluded out. Stories from the field by name, then properties.
//!
//! A story is `HOURS:LEVEL` words, hours since the beginning; `HOURSxN:LEVEL` is N readings an hour apart. Behind a level
//! may stand `mv=`, `t=` (°C), `up=` (uptime, s), `boots=`, `msgs=`; `HOURS:word` is the tenant's word.

use nightporter::decide::Policy;
use nightporter::decide::detect::proof::{Proof, Step};
use nightporter::decide::detect::sample::{About, Sample};
use nightporter::model::time::{DAY, HOUR};
use nightporter::model::{Millis, Timestamp};
use proptest::prelude::*;

const START: Timestamp = Timestamp(1_767_225_600_000);

fn sample(at: Timestamp, percent: f64) -> Sample {
    Sample { at, percent: Some(percent), ..Sample::default() }
}

/// What comes of a story, each with the hour: `seen`, `proven`, `refuted`, `unsure`.
fn told(quantum: Option<f64>, story: &str) -> Vec<String> {
    let (policy, about) = (Policy::default(), About { quantum, ..About::default() });
    let mut proof = Proof::default();
    let mut told = Vec::new();
    for line in story.split(';').map(str::trim) {
        let mut words = line.split_whitespace();
        let (when, level) = words.next().and_then(|w| w.split_once(':')).expect("HOURS:LEVEL");
        let (first, count) = when.split_once('x').unwrap_or((when, "1"));
        let (first, count): (i64, i64) = (first.parse().expect("hours"), count.parse().expect("a count"));
        if level == "word" {
            proof.take_word(START + first * HOUR);
            continue;
        }
        let mut one = sample(START, level.parse().expect("a level"));
        for (name, value) in words.map(|w| w.split_once('=').expect("NAME=VALUE")) {
            let value = Some(value.parse().expect("a number"));
            match name {
                "mv" => one.millivolts = value,
                "t" => one.temperature_c = value,
                "up" => one.uptime_s = value,
                "boots" => one.boot_count = value,
                "msgs" => one.message_counter = value,
                other => panic!("what is {other}?"),
            }
        }
        for hour in first..first + count {
            let step = proof.hear(&Sample { at: START + hour * HOUR, ..one }, &about, &policy.battery);
            told.extend(step.map(|step| format!("{} {hour}", word(&step))));
        }
    }
    told
}

fn word(step: &Step) -> &'static str {
    match step {
        Step::Seen { .. } => "seen",
        Step::Proven { .. } => "proven",
        Step::Refuted => "refuted",
        Step::Unsure { .. } => "unsure",
    }
}

#[track_caller]
fn check(story: &str, then: &[&str]) {
    assert_eq!(told(None, story), then, "{story}");
}

#[test]
fn seen_at_the_first_reading_and_proven_when_four_held_over_twelve_hours() {
    check("0x9:18; 20:100; 24:99; 28:100; 31:99; 40:99", &["seen 20", "proven 40"]);
    check("0x9:18; 20:100; 33:99; 34:100; 35:99", &["seen 20", "proven 35"]);
    check("0:60; 2:20; 3:19; 20:100; 24:99; 28:100; 32:99", &["seen 20", "proven 32"]);
}

#[test]
fn with_a_restart_or_a_word_the_second_reading_proves() {
    check("0x5:18 boots=4; 20:100 boots=5; 21:99 boots=5", &["seen 20", "proven 21"]);
    check("0x5:18 up=90000; 20:100 up=60; 21:99 up=3660", &["seen 20", "proven 21"]);
    check("0x5:18 msgs=800; 20:100 msgs=2; 21:99 msgs=3", &["seen 20", "proven 21"]);
    check("0x5:18; 19:word; 20:100; 21:99", &["seen 20", "proven 21"]);
    check("0x5:18; 20:100; 21:word; 22:99", &["seen 20", "proven 22"]);
    check("0x5:18; 19:word; 20:18; 21:18; 22:18", &[]);
}

/// A lock of 20 % steps, its clock ahead: a mild hour, late messages that tell a little less uptime, and then new cells.
#[test]
fn what_came_late_is_no_restart_and_a_mild_hour_hides_no_new_battery() {
    let late = "0x90:20 up=900000; 90:20 up=910000; 91:20 up=909500; 92:40 up=913000";
    check(&format!("{late}; 93:100 up=5; 94:100 up=3600"), &["seen 93", "proven 94"]);
    check("0x90:20 mv=5120; 92:40 mv=5120; 93x13:100 mv=6280", &["seen 93", "proven 105"]);
}

#[test]
fn a_reboot_proves_nothing() {
    check("0x5:18 boots=4; 20x30:19 boots=5; 60x10:18 boots=6", &[]);
}

#[test]
fn warmth_brings_a_battery_back_to_where_it_was() {
    // A week of frost nights: 60 % by day, 35 % at night.
    let days: Vec<String> = (0..8).map(|d| format!("{}x12:60 t=8; {}x12:35 t=-9", d * 24, d * 24 + 12)).collect();
    assert!(!told(None, &days.join("; ")).iter().any(|t| t.starts_with("proven")));
    // A heat wave: twelve points, twelve degrees.
    check("0x96:40 t=14; 96x60:52 t=27", &[]);
}

#[test]
fn glitches_of_0_126_and_255_prove_and_refute_nothing() {
    check("0x9:80; 9:0; 10x3:80; 13:126; 14:255; 15x9:80", &[]);
    check("0x9:18; 20:100; 21:255; 22:0; 24:99; 25:126; 28:100; 33:99", &["seen 20", "proven 33"]);
}

#[test]
fn one_good_reading_among_bad_ones_is_refuted_and_soon_not_even_seen() {
    check("0x9:18; 20:100; 21:18; 22:17; 30:100; 31:17; 32:16; 40:100; 41:16; 42:17", &["seen 20", "refuted 22"]);
}

#[test]
fn a_step_of_a_coarse_scale_asks_instead_of_guessing() {
    // 20 % steps, at 40 % since two weeks, then a mild day: 60 %, where it stood two weeks ago.
    check("0x200:60; 200x300:40; 500x40:60", &["unsure 512"]);
    // Not stood there for over a month: no warm day reaches that far.
    check("0x200:60; 200x900:40; 1100x40:60", &["proven 1112"]);
    // Or the voltage agrees: 4 cells, half a volt.
    check("0x200:60 mv=5500; 200x300:40 mv=5000; 500x40:60 mv=5500", &["proven 512"]);
    check("0x200:60 mv=5500; 200x300:40 mv=5000; 500x40:60 mv=5010", &["unsure 512"]);
    assert_eq!(told(Some(20.0), "0x200:60; 200x300:40; 500x40:60"), ["unsure 512"], "told by the catalogue");
}

#[test]
fn what_is_unsure_is_proven_by_one_word() {
    check("0x200:60; 200x300:40; 500x20:60; 521:word; 524:60", &["unsure 512", "proven 524"]);
}

#[test]
fn a_used_battery_is_proven_when_it_stands_clearly_higher() {
    check("0x99:32; 100x30:61", &["proven 112"]);
}

#[test]
fn recovery_at_rest_is_no_replacement() {
    // Collapsed over night (airbnk_mqtt #30), then rested.
    check("0x99:80; 99x20:3; 119x40:80", &["unsure 131"]);
}

#[test]
fn two_devices_under_one_name_prove_nothing() {
    let both = |low: &str, high: &str| {
        let one = |h: i64| format!("{h}:{}", if [0, 3, 4, 7, 9, 10].contains(&(h % 11)) { low } else { high });
        (0..200).map(one).collect::<Vec<_>>().join("; ")
    };
    let found = told(None, &both("15", "92"));
    assert!(!found.iter().any(|t| t.starts_with("proven")), "{found:?}");
    // Each message of the other one looks like a restart.
    let found = told(None, &both("15 up=900000", "92 up=500"));
    assert!(!found.iter().any(|t| t.starts_with("proven")), "{found:?}");
}

#[test]
fn nodes_that_rise_in_the_cold_while_their_counters_run_on() {
    // Two real nodes of three cells: up by 110 and 190 mV, no power cycle, message counters running on.
    for up in [110, 190] {
        let story: Vec<String> = (0..200)
            .map(|h| match h {
                0..150 => format!("{h}:52 mv=4150 t=-2 msgs={h}"),
                _ => format!("{h}:{} mv={} t=-11 msgs={h}", 52 + up / 8, 4150 + up),
            })
            .collect();
        let found = told(None, &story.join("; "));
        assert!(!found.iter().any(|t| t.starts_with("proven")), "{up} mV: {found:?}");
    }
}

#[test]
fn jitter_of_twenty_points_after_a_firmware_is_no_replacement() {
    // SwitchBotAPI #329.
    let story: Vec<String> =
        (0..400).map(|h| format!("{h}:{}", if (h * 7 + h / 5) % 10 < 3 { 52 } else { 72 + h % 3 })).collect();
    assert_eq!(told(None, &story.join("; ")), [""; 0]);
}

#[test]
fn zero_or_126_for_ten_minutes_several_times_a_week() {
    // nuki_hub #121.
    let story: Vec<String> = (0..400)
        .map(|h| {
            format!(
                "{h}:{}",
                match h % 37 {
                    5 => 0,
                    20 => 126,
                    _ => 63,
                }
            )
        })
        .collect();
    assert_eq!(told(None, &story.join("; ")), [""; 0]);
}

#[test]
fn stuck_at_sixty_or_at_one_percent_proves_nothing() {
    // zigbee2mqtt #6425; lock-manager #41.
    check("0x500:60", &[]);
    check("0x500:1", &[]);
}

#[test]
fn five_percent_after_a_change_until_it_restarts() {
    // com.switchbot #77: the gauge notices the new cells only at the restart.
    check("0x50:9 boots=1; 50x30:5 boots=1; 80x2:100 boots=2", &["seen 80", "proven 81"]);
}

/// Levels at odd hours, and a proof's whole life over them.
fn life(levels: &[(f64, i64)]) -> (Vec<Step>, Proof) {
    let (policy, about) = (Policy::default(), About::default());
    let (mut proof, mut at, mut steps) = (Proof::default(), START, Vec::new());
    for (level, minutes) in levels {
        at = at + minutes * 60_000;
        steps.extend(proof.hear(&sample(at, *level), &about, &policy.battery));
    }
    (steps, proof)
}

fn levels(max: f64) -> impl Strategy<Value = Vec<(f64, i64)>> {
    prop::collection::vec(((0..=100_u8).prop_map(move |l| f64::from(l) * max / 100.0), 1..2000_i64), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_proven_without_a_rise(mut falling in levels(100.0), word in any::<bool>()) {
        falling.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (policy, about) = (Policy::default(), About::default());
        let (mut proof, mut at) = (Proof::default(), START);
        for (level, minutes) in falling {
            at = at + minutes * 60_000;
            if word {
                proof.take_word(at);
            }
            prop_assert_eq!(proof.hear(&sample(at, level.floor()), &about, &policy.battery), None);
        }
    }

    #[test]
    fn at_most_one_end_for_each_beginning(levels in levels(100.0)) {
        let (steps, _) = life(&levels);
        let (mut open, mut seen_at) = (false, None);
        for step in steps {
            match step {
                Step::Seen { at, .. } => {
                    prop_assert!(!open);
                    (open, seen_at) = (true, Some(at));
                }
                Step::Proven { seen_at: at } => {
                    prop_assert!(!open || seen_at == Some(at));
                    open = false;
                }
                Step::Refuted => {
                    prop_assert!(open, "only what was seen is refuted");
                    open = false;
                }
                Step::Unsure { .. } => {}
            }
        }
    }

    #[test]
    fn held_as_long_as_the_policy_asks(levels in levels(100.0)) {
        let policy = Policy::default();
        let (mut proof, mut at, mut heard) = (Proof::default(), START, Vec::new());
        for (level, minutes) in levels {
            at = at + minutes * 60_000;
            heard.push(at);
            let step = proof.hear(&sample(at, level), &About::default(), &policy.battery);
            if let Some(Step::Proven { seen_at }) = step {
                let readings = heard.iter().filter(|h| **h >= seen_at).count();
                let hold: Millis = policy.battery.proof_hold.0;
                prop_assert!(at - seen_at >= hold && readings >= policy.battery.proof_readings as usize);
            }
        }
    }

    #[test]
    fn what_comes_late_changes_nothing(levels in levels(100.0), which in any::<prop::sample::Index>()) {
        prop_assume!(levels.len() > 1);
        let (_, proof) = life(&levels);
        let mut again = proof.clone();
        let which = which.index(levels.len() - 1);
        let at = levels[..=which].iter().fold(START, |at, (_, minutes)| at + minutes * 60_000);
        let step = again.hear(&sample(at, levels[which].0), &About::default(), &Policy::default().battery);
        prop_assert_eq!(step, None);
        prop_assert_eq!(again, proof);
    }

    #[test]
    fn small_whatever_it_hears(levels in levels(100.0), mv in 2000..13000_u32) {
        let policy = Policy::default();
        let (mut proof, mut at) = (Proof::default(), START + 3 * DAY);
        for (n, (level, minutes)) in levels.iter().enumerate() {
            at = at + minutes * 60_000;
            let s = Sample {
                millivolts: (mv % 2 == 0).then(|| f64::from(mv) + level * 3.0),
                temperature_c: (mv % 3 == 0).then_some(level / 3.0),
                boot_count: Some((n / 9) as f64),
                ..sample(at, level.floor())
            };
            proof.hear(&s, &About::default(), &policy.battery);
            let text = serde_json::to_string(&proof).expect("plain data");
            prop_assert!(text.len() < 1800, "{} bytes: {text}", text.len());
            prop_assert_eq!(&serde_json::from_str::<Proof>(&text).expect("its own words"), &proof);
        }
    }
}
