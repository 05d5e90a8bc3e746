//! Gauges that lie: what they show, that all else stays as it is, and how what came of them is counted.
#![expect(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, TimeDelta, Utc};
use nightporter_simulator::{
    Building, Cause, Kind, Lie, LieTally, Observations, Options, Problem, Scoreboard, SeenMessage, SeenTicket, Wire,
};
use serde_json::Value;
use std::collections::BTreeMap;

fn start() -> DateTime<Utc> {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

fn options(lying: f64) -> Options {
    Options { units: 16, wire: Wire::Native, life_days: 60.0, moves: false, lying, ..Options::new(5, start()) }
}

/// The levels that each lock shows until its battery is empty, and how its gauge lies.
fn shown(lying: f64) -> (Building, BTreeMap<String, Vec<f64>>) {
    let mut building = Building::new(options(lying));
    let mut shown: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for hour in 0..75 * 24 {
        for publish in building.step(start() + TimeDelta::hours(hour)) {
            let Some(device) = publish.topic.strip_suffix("-lock/telemetry") else { continue };
            let body: Value = serde_json::from_slice(&publish.payload).unwrap();
            shown
                .entry(device.rsplit('/').next().unwrap().to_owned())
                .or_default()
                .push(body["battery_percent"].as_f64().unwrap());
        }
    }
    (building, shown)
}

fn lie_of(building: &Building, device: &str) -> Lie {
    let its = |p: &&Problem| p.cause == Cause::LyingGauge && p.device_key == format!("{device}-lock");
    building.truth().iter().find(its).unwrap().lie.unwrap()
}

#[test]
fn each_lie_is_shown_as_it_is_known_from_the_field() {
    let (building, shown) = shown(1.0);
    for lie in Lie::ALL {
        let mut of_lie = shown.iter().filter(|(device, _)| lie_of(&building, device) == lie).peekable();
        assert!(of_lie.peek().is_some(), "no {}", lie.word());
        for (device, levels) in of_lie {
            let low = levels.iter().copied().fold(f64::MAX, f64::min);
            let as_known = match lie {
                Lie::Frozen => (40.0..=80.0).contains(&low),
                Lie::Cliff => levels.iter().all(|l| *l == 0.0 || *l >= 80.0),
                Lie::LowForEver => levels.iter().all(|l| *l == 5.0),
                Lie::Fraction => levels.iter().all(|l| *l <= 1.0) && low < 0.4,
            };
            assert!(as_known, "{device} {}: {} .. {low}", lie.word(), levels[0]);
        }
    }
}

#[test]
fn honest_gauges_and_all_else_stay_as_they_are_beside_liars() {
    let (none, honest) = shown(0.0);
    let (some, mixed) = shown(0.3);
    assert_eq!(none.registry(), some.registry());
    let liars: Vec<&str> = some.truth().iter().filter(|p| p.lie.is_some()).map(|p| p.device_key.as_str()).collect();
    let lies = |device: &str| liars.contains(&format!("{device}-lock").as_str());
    let honest_ones = mixed.iter().filter(|(device, _)| !lies(device));
    assert!(honest_ones.clone().count() > 3 && honest_ones.clone().count() < 16);
    for (device, levels) in honest_ones {
        assert_eq!(Some(levels), honest.get(device), "{device}");
    }
}

#[test]
fn a_frozen_gauge_is_evident_when_it_has_stood_while_its_cells_were_used_up() {
    let (building, _) = shown(1.0);
    let lies = |p: &&Problem| p.cause == Cause::LyingGauge;
    let evident = building.truth().iter().filter(lies).filter(|p| p.evident_at.is_some());
    let mut found = 0;
    for problem in evident {
        assert_eq!(problem.lie, Some(Lie::Frozen), "of the others time tells");
        assert!(problem.evident_at.unwrap() > start() + TimeDelta::days(33));
        found += 1;
    }
    assert!(found <= 16);
    assert!(
        building.truth().iter().any(|p| p.cause == Cause::Wear && p.lie == Some(Lie::Frozen) && p.died_at.is_some())
    );
}

/// One lock whose gauge lies and whose cells are empty after twenty days.
fn truth(lie: Lie) -> Vec<Problem> {
    let lying = Problem {
        kind: Kind::Battery,
        cause: Cause::LyingGauge,
        device_key: "d".to_owned(),
        also: Vec::new(),
        gateway: None,
        unit: "u".to_owned(),
        tenant_id: Some("t".to_owned()),
        tenant_phone: Some("+8613810000001".to_owned()),
        tenant_moves: false,
        started_at: start(),
        evident_at: None,
        witness: None,
        last_sign_at: None,
        empties_at: None,
        died_at: None,
        shown_empty: false,
        ended_at: None,
        how: None,
        used_cells: false,
        lie: Some(lie),
        rhythm: TimeDelta::hours(1),
        learnt_gap: TimeDelta::hours(1),
    };
    let started_at = start() + TimeDelta::days(15);
    let worn =
        Problem { cause: Cause::Wear, started_at, died_at: Some(start() + TimeDelta::days(20)), ..lying.clone() };
    vec![lying, worn]
}

/// Tickets opened, and noons of texts to the tenant, by day.
fn judged(lie: Lie, tickets: &[i64], texts: &[i64]) -> (LieTally, usize) {
    let noon = |day: &i64| start() + TimeDelta::days(*day) + TimeDelta::hours(4);
    let ticket = |day: &i64| SeenTicket {
        kind: Kind::Battery,
        device_key: "d".to_owned(),
        opened_at: noon(day),
        resolved_at: Some(noon(day) + TimeDelta::days(30)),
        status: "resolved".to_owned(),
    };
    let text = |day: &i64| SeenMessage {
        to: "+8613810000001".to_owned(),
        template: Some("battery_tenant".to_owned()),
        kind: None,
        device_key: Some("d".to_owned()),
        created_at: noon(day),
        sent_at: Some(noon(day)),
    };
    let seen = Observations {
        tickets: tickets.iter().map(ticket).collect(),
        messages: texts.iter().map(text).collect(),
        ..Observations::default()
    };
    let board = Scoreboard::judge(&truth(lie), &seen, start() + TimeDelta::days(60));
    let nagged = board.notes.iter().filter(|note| note.contains("nagged")).count();
    (board.lies, nagged)
}

#[test]
fn what_came_of_a_liar_is_counted_and_nagging_is_a_fault() {
    let tally = |announced, false_alarms, needless_texts| LieTally {
        gauges: 1,
        died: 1,
        announced,
        false_alarms,
        needless_texts,
    };
    assert_eq!(judged(Lie::Frozen, &[], &[]), (tally(0, 0, 0), 0));
    assert_eq!(judged(Lie::Frozen, &[16], &[16]), (tally(1, 0, 0), 0), "by age, and rightly");
    assert_eq!(judged(Lie::Frozen, &[3], &[]), (tally(1, 1, 0), 0), "a visit");
    assert_eq!(judged(Lie::Fraction, &[], &[1]), (tally(0, 0, 1), 1));
    assert_eq!(judged(Lie::LowForEver, &[1], &[1, 9]), (tally(1, 1, 2), 0), "nobody can know");
    assert_eq!(judged(Lie::LowForEver, &[1], &[1, 5, 9]), (tally(1, 1, 3), 1));
}
