//! Properties that hold for whatever devices say: never two episodes, no payment without a proven rise, quiet nights.

use std::collections::BTreeSet;

use chrono::Timelike;
use nightporter::decide::{DeviceState, Heard};
use nightporter::model::time::{DAY, HOUR, MINUTE};
use nightporter::model::*;
use proptest::prelude::*;

use super::stage::Stage;

/// What a device may say, and after how many minutes.
fn words() -> impl Strategy<Value = Vec<(usize, u8, i64)>> {
    prop::collection::vec((0..3_usize, any::<u8>(), 1..600_i64), 1..60)
}

const KEYS: [&str; 3] = ["lock1", "leak1", "leak2"];

fn fact(n: u8) -> Fact {
    match n {
        0..=59 => Fact::BatteryPercent(f64::from(n % 30)),
        60..=119 => Fact::BatteryPercent(f64::from(70 + n % 31)),
        120..=159 => Fact::BatteryPercent(f64::from(n)),
        160..=189 => Fact::Leak(true),
        190..=209 => Fact::Leak(false),
        210..=219 => Fact::BootCount(f64::from(n)),
        220..=229 => Fact::Online(n.is_multiple_of(2)),
        230..=239 => Fact::BatteryLow(n.is_multiple_of(2)),
        _ => Fact::Tamper(n.is_multiple_of(2)),
    }
}

fn heard(stage: &Stage, n: u8, fingerprint: u64) -> Heard {
    Heard { readings: vec![Reading::new(fact(n))], received_at: stage.now, retained: n.is_multiple_of(17), fingerprint }
}

fn play(words: &[(usize, u8, i64)], twice: bool) -> Stage {
    let mut stage = Stage::new();
    for (n, (who, word, minutes)) in words.iter().enumerate() {
        stage.pass_until(stage.now + minutes * MINUTE);
        for _ in 0..if twice { 2 } else { 1 } {
            let heard = heard(&stage, *word, n as u64);
            stage.hear(KEYS[*who], &heard);
            one_episode(&stage);
        }
    }
    stage.pass_until(stage.now + 3 * DAY);
    let lost = |state: &&DeviceState| state.leak.is_wet() && !state.leak.open;
    assert!(!stage.states.values().any(|state| lost(&state)), "water, and no leak: whatever the doubt");
    stage
}

fn one_episode(stage: &Stage) {
    let active = stage.facts.tickets.values().filter(|t| t.status.is_active());
    let mut seen = BTreeSet::new();
    for ticket in active {
        assert!(seen.insert((ticket.kind, ticket.device_key.clone())), "two episodes: {ticket:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_two_episodes_and_a_ledger_that_balances(words in words()) {
        let stage = play(&words, false);
        let postings = stage.entries.iter().flat_map(Entry::postings);
        prop_assert_eq!(postings.map(|p| p.amount_minor).sum::<i64>(), 0);
        let references: BTreeSet<_> = stage.entries.iter().map(|e| &e.reference).collect();
        prop_assert_eq!(references.len(), stage.entries.len());
    }

    #[test]
    fn a_message_delivered_twice_changes_nothing(words in words()) {
        let (once, twice) = (play(&words, false), play(&words, true));
        prop_assert_eq!(once.log, twice.log);
    }

    #[test]
    fn no_payment_without_a_proven_rise(words in prop::collection::vec((0..1_usize, 0..70_u8, 1..600_i64), 1..80)) {
        // Levels stay below where only a fresh battery can be.
        let calm: Vec<_> = words.into_iter().map(|(who, n, m)| (who, n % 60, m)).collect();
        let stage = play(&calm, false);
        prop_assert!(stage.entries.is_empty());
        prop_assert!(!stage.log.iter().any(|line| line.contains("resolved battery")));
    }

    #[test]
    fn no_order_of_one_batch_pays_or_opens_twice(levels in prop::collection::vec(0..=100_u8, 2..12), seed in any::<u64>()) {
        // Each message tells its own time and arrives in any order.
        let run = |order: &[usize]| {
            let mut stage = Stage::new();
            let start = stage.now;
            stage.pass_until(start + 5 * HOUR);
            for &n in order {
                let reading = Reading { at: Some(start + 4 * HOUR + n as i64 * MINUTE), ..Reading::new(Fact::BatteryPercent(f64::from(levels[n]))) };
                let heard = Heard { readings: vec![reading], received_at: stage.now, retained: false, fingerprint: n as u64 };
                stage.hear("lock1", &heard);
            }
            (stage.entries.len(), stage.facts.tickets.len())
        };
        let mut shuffled: Vec<usize> = (0..levels.len()).collect();
        shuffled.sort_by_key(|n| (seed.rotate_left(*n as u32 * 7)) ^ (*n as u64).wrapping_mul(0x9e37_79b9));
        let (paid, opened) = run(&shuffled);
        prop_assert!(paid == 0 && opened <= 1);
    }

    #[test]
    fn nothing_routine_at_night_in_any_zone(zone in 0..12_usize, day in 1..365_i64, hour in 0..24_i64, later in 1..48_i64) {
        let zones = [
            chrono_tz::Asia::Shanghai, chrono_tz::Europe::Berlin, chrono_tz::America::New_York, chrono_tz::America::Sao_Paulo,
            chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Kathmandu, chrono_tz::Pacific::Apia, chrono_tz::Africa::Casablanca,
            chrono_tz::America::St_Johns, chrono_tz::Pacific::Chatham, chrono_tz::Europe::London, chrono_tz::Asia::Kolkata,
        ];
        let mut stage = Stage::new();
        stage.zone = zones[zone];
        stage.facts.places.get_mut("oak").expect("given").property.timezone = zones[zone];
        for (minutes, level) in [(0, 60.0), (10, 20.0), (20, 19.0)] {
            stage.pass_until(Timestamp(stage.now.0.max(stage.time("1", "00:00").0 + day * DAY + hour * HOUR)) + minutes * MINUTE);
            let reading = Reading::new(Fact::BatteryPercent(level));
            let heard = Heard { readings: vec![reading], received_at: stage.now, retained: false, fingerprint: minutes as u64 };
            stage.hear("lock1", &heard);
        }
        stage.pass_until(stage.now + later * HOUR);
        for message in stage.messages.iter().filter(|m| m.severity == Severity::Routine) {
            let local = message.created_at.to_utc().with_timezone(&zones[zone]);
            prop_assert!((8..21).contains(&local.hour()), "{} at {local}", message.template);
            let expires = message.expires_at.to_utc().with_timezone(&zones[zone]);
            prop_assert!(message.expires_at > message.created_at && expires.date_naive() == local.date_naive() && expires.hour() <= 21, "{expires}");
        }
        let told = stage.messages.iter().any(|m| m.template == "battery_tenant");
        prop_assert!(told || later < 12, "told by day");
    }
}
