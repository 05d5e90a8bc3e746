//! R15: night and morning in zones with and without summer time, around every change of clocks, against Python's zoneinfo.

use chrono::Offset;
use chrono_tz::Tz;
use nightporter::decide::people::{is_night, next_morning};
use nightporter::decide::policy::ContactPolicy;
use nightporter::model::Timestamp;
use nightporter::model::time::{DAY, HOUR, SECOND};
use serde_json::{Value, json};

use super::count;
use crate::house::{REGISTRY, at, registry};
use crate::simulation::dice::Dice;

/// North and south, half and quarter hours, a change of half an hour, a change at midnight, none at all.
const ZONES: [&str; 12] = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "UTC",
];

#[test]
fn night_and_morning_are_those_of_zoneinfo() {
    let cases = count(6_000, 100_000);
    let mut dice = Dice::new(15, 151);
    let mut property = registry(&REGISTRY).properties.remove(0).property;
    let contact = ContactPolicy::default();
    let (first, years) = (at("2023-01-01T00:00:00Z"), 6 * 366);
    // Every hour at which a zone changes its clocks, found by looking at each.
    let edges: Vec<Vec<Timestamp>> =
        ZONES.iter().map(|zone| changes(zone.parse().expect("a zone"), first, years)).collect();
    let mut asked = Vec::with_capacity(cases);
    let mut ours = Vec::with_capacity(cases);
    for _ in 0..cases {
        let n = dice.below(ZONES.len() as u64) as usize;
        let anywhere = first + dice.range(0, i64::from(years) * DAY);
        let near = |dice: &mut Dice, edges: &[Timestamp]| *dice.pick(edges) + dice.range(-30 * HOUR, 30 * HOUR);
        let chosen = if edges[n].is_empty() || dice.chance(400) { anywhere } else { near(&mut dice, &edges[n]) };
        let when = if dice.chance(200) { at("2024-02-29T00:00:00Z") + dice.range(-DAY, DAY) } else { chosen };
        let when = Timestamp(when.0 - when.0.rem_euclid(SECOND));
        property.timezone = ZONES[n].parse().expect("a zone");
        let night = is_night(&property, &contact, when);
        let morning = night.then(|| next_morning(&property, &contact, when).0 / SECOND);
        asked.push(json!([ZONES[n], when.0 / SECOND]));
        ours.push(json!([night, morning]));
    }
    let theirs: Vec<Value> = crate::oracles::ask("python3", "nights.py", &[], &Value::from(asked.clone()));
    let wrong = asked.iter().zip(&ours).zip(&theirs).find(|((_, ours), theirs)| ours != theirs);
    assert!(wrong.is_none(), "{wrong:?}");
    println!(
        "R15: {cases} instants in {} zones, {} changes of clocks: all equal",
        ZONES.len(),
        edges.iter().map(Vec::len).sum::<usize>()
    );
}

fn changes(zone: Tz, first: Timestamp, days: i32) -> Vec<Timestamp> {
    let offset = |at: Timestamp| at.to_utc().with_timezone(&zone).offset().fix();
    (0..i64::from(days) * 24).map(|n| first + n * HOUR).filter(|at| offset(*at) != offset(*at + HOUR)).collect()
}
