//! The building as its users see it: same seed same trace, faults that show, people who react.
#![expect(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, TimeDelta, Utc};
use nightporter_simulator::{Building, Cause, Faults, How, Kind, Message, Options, Publish, Wire};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

fn start() -> DateTime<Utc> {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

fn options(seed: u64) -> Options {
    Options { units: 8, ..Options::new(seed, start()) }
}

/// Plays `days` event by event; tenants hear of a low battery, housekeepers of everything, when `told`.
fn play(options: Options, days: i64, told: bool) -> (Building, Vec<Publish>) {
    let mut building = Building::new(options);
    let until = start() + TimeDelta::days(days);
    let (mut trace, mut told_of) = (Vec::new(), 0);
    while building.next_at() <= until {
        let now = building.next_at();
        trace.extend(building.step(now));
        while told && told_of < building.truth().len() {
            let problem = building.truth()[told_of].clone();
            told_of += 1;
            let template = Some(problem.kind.word().to_owned());
            let about_device = Some(problem.device_key.clone());
            let staff = ["+8613800008000", "+8613800008002"].map(str::to_owned);
            for to in
                problem.tenant_phone.into_iter().chain(staff.into_iter().filter(|_| problem.kind != Kind::Battery))
            {
                building.hear(Message {
                    at: now,
                    to,
                    body: String::new(),
                    template: template.clone(),
                    about_device: about_device.clone(),
                });
            }
        }
    }
    (building, trace)
}

fn hash(trace: &[Publish]) -> u64 {
    let mut hasher = DefaultHasher::new();
    trace.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    let faulty = |seed| Options { faults: Faults::all(), ..options(seed) };
    let first = hash(&play(faulty(7), 20, true).1);
    assert_eq!(first, hash(&play(faulty(7), 20, true).1));
    assert_ne!(first, hash(&play(faulty(8), 20, true).1));
}

#[test]
fn the_trace_does_not_depend_on_how_often_it_is_asked_for() {
    let (_, fine) = play(options(3), 5, false);
    let mut building = Building::new(options(3));
    let coarse: Vec<Publish> = (1..=120).flat_map(|hour| building.step(start() + TimeDelta::hours(hour))).collect();
    assert_eq!(hash(&fine), hash(&coarse));
}

#[test]
fn a_month_has_problems_of_every_kind_and_people_end_them() {
    let (building, _) = play(Options { units: 16, ..options(1) }, 30, true);
    for kind in Kind::ALL {
        let all: Vec<_> = building.truth().iter().filter(|p| p.kind == kind).collect();
        let ended = all.iter().filter(|p| p.ended_at.is_some()).count();
        assert!(ended > 0, "{} {kind:?}, {ended} ended", all.len());
    }
    assert!(building.truth().iter().any(|p| p.how == Some(How::ReplacedByTenant) && p.replaced_in_time()));
    assert!(building.truth().iter().any(|p| p.how == Some(How::Fixed) && p.kind == Kind::Leak));
}

#[test]
fn untold_nobody_repairs_and_batteries_die() {
    let (building, _) = play(options(1), 60, false);
    assert!(building.truth().iter().any(|p| p.died_at.is_some() && p.ended_at.is_none()));
    assert!(!building.truth().iter().any(|p| matches!(p.how, Some(How::Fixed | How::ReplacedByHousekeeper))));
}

#[test]
fn every_leak_becomes_evident_although_messages_are_lost() {
    let faults = Faults { dropped: 0.5, ..Faults::none() };
    let (building, _) = play(
        Options { faults, leaks_per_unit_month: 3.0, outages_per_device_month: 0.0001, life_days: 900.0, ..options(5) },
        30,
        false,
    );
    let leaks: Vec<_> = building.truth().iter().filter(|p| p.kind == Kind::Leak && p.ended_at.is_some()).collect();
    assert!(leaks.len() > 10);
    assert!(leaks.iter().all(|p| p.evident_at.is_some()));
}

#[test]
fn a_gateway_without_power_is_one_problem_and_its_will_is_sent() {
    let (building, trace) = play(Options { outages_per_device_month: 0.5, ..options(6) }, 30, true);
    let of = |cause: Cause| building.truth().iter().filter(move |p| p.cause == cause);
    assert!(of(Cause::Power).count() > 3);
    assert!(of(Cause::Power).all(|p| p.device_key.starts_with("oak-gw-") && p.tenant_phone.is_none()));
    assert_eq!(of(Cause::Lost).count(), 0, "without faults nothing is lost, not even behind a dead gateway");
    let wills = trace.iter().filter(|p| p.retain && p.topic.contains("/oak-gw-") && p.payload == b"offline");
    assert!(wills.count() > 3);
}

#[test]
fn new_cells_lift_the_gauge_and_restart_the_witnesses() {
    let (building, trace) = play(Options { wire: Wire::Native, units: 16, ..options(1) }, 30, true);
    let swapped = |p: &&nightporter_simulator::Problem| p.how == Some(How::ReplacedByTenant) && !p.used_cells;
    let swap = building.truth().iter().find(swapped).unwrap();
    let at = swap.ended_at.unwrap();
    let of_device = |p: &&Publish| p.topic.contains(&format!("/{}/telemetry", swap.device_key));
    let value = |p: Option<&Publish>, name: &str| {
        let body: serde_json::Value = serde_json::from_slice(&p.unwrap().payload).unwrap();
        body.get(name).and_then(serde_json::Value::as_f64)
    };
    let before = trace.iter().filter(of_device).rfind(|p| p.at < at);
    let after = trace.iter().filter(of_device).find(|p| p.at > at);
    assert!(value(before, "battery_percent").unwrap() + 40.0 < value(after, "battery_percent").unwrap());
    assert!(value(after, "uptime_s").is_none_or(|seconds| seconds < 60.0));
    assert!(value(after, "boot_count") >= value(before, "boot_count"));
}

fn texts(trace: &[Publish]) -> impl Iterator<Item = &Publish> {
    trace.iter().filter(|p| !p.topic.ends_with("/status") && !p.topic.ends_with("/availability"))
}

/// The claimed time of a message, where it is readable and has one.
fn claimed(publish: &Publish) -> Option<DateTime<Utc>> {
    let body: serde_json::Value = serde_json::from_slice(&publish.payload).ok()?;
    body.get("at").or(body.get("last_seen"))?.as_str()?.parse().ok()
}

#[test]
fn each_fault_shows() {
    let trace = |faults: Faults| play(Options { faults, ..options(2) }, 10, false).1;
    let plain = trace(Faults::none());
    let age = |p: &Publish| claimed(p).map_or(0, |at| (p.at - at).num_seconds());
    assert!(
        texts(&plain)
            .all(|p| age(p) == 0 && !p.retain && serde_json::from_slice::<serde_json::Value>(&p.payload).is_ok())
    );

    let late = trace(Faults { late: 0.1, ..Faults::none() });
    assert!(texts(&late).any(|p| (300..=7200).contains(&age(p))));

    let dropped = trace(Faults { dropped: 0.3, ..Faults::none() });
    assert!(dropped.len() * 10 < plain.len() * 8);

    let mut copies: BTreeMap<(&str, &[u8]), usize> = BTreeMap::new();
    let duplicate = trace(Faults { duplicate: 0.1, ..Faults::none() });
    texts(&duplicate).for_each(|p| *copies.entry((&p.topic, &p.payload)).or_default() += 1);
    assert!(copies.values().any(|&count| count == 2));

    let out_of_order = trace(Faults { out_of_order: 0.1, ..Faults::none() });
    let mut newest: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    let swapped = texts(&out_of_order)
        .filter(|p| claimed(p).is_some_and(|at| newest.insert(&p.topic, at).is_some_and(|before| before > at)));
    assert!(swapped.count() > 0);

    let retained = trace(Faults { retained: 0.1, ..Faults::none() });
    assert!(texts(&retained).any(|p| p.retain && age(p) > 3600));

    let malformed = trace(Faults { malformed: 0.1, ..Faults::none() });
    assert!(malformed.iter().any(|p| std::str::from_utf8(&p.payload).is_err()));
    assert!(malformed.iter().any(|p| p.payload.len() > 256 * 1024));
    assert!(malformed.iter().any(|p| p.payload.first() == Some(&b'{') && p.payload.last() != Some(&b'}')));

    let drift = trace(Faults { drift: 1.0, ..Faults::none() });
    assert!(texts(&drift).any(|p| age(p) < -600));

    let glitch = trace(Faults { glitch: 0.2, ..Faults::none() });
    assert!(glitch.iter().any(|p| String::from_utf8_lossy(&p.payload).contains(":255")));
}

#[test]
fn the_wire_is_as_chosen() {
    let topics =
        |wire| play(Options { wire, ..options(4) }, 3, false).1.into_iter().map(|p| p.topic).collect::<Vec<_>>();
    assert!(topics(Wire::Native).iter().all(|t| t.starts_with("nightporter/v1/oak/")));
    let zigbee = topics(Wire::Zigbee2Mqtt);
    assert!(zigbee.iter().all(|t| t.starts_with("zigbee2mqtt/oak-") || t.contains("/oak-gw-")));
    let mixed = topics(Wire::Mixed);
    assert!(
        mixed.iter().any(|t| t.starts_with("zigbee2mqtt/")) && mixed.iter().any(|t| t.ends_with("-lock/telemetry"))
    );
}

const HEADERS: [(&str, &str); 5] = [
    ("properties.csv", "id,region,name,timezone,locale,manager_phone,country,address"),
    ("units.csv", "id,property_id,name,floor,stack"),
    ("tenants.csv", "id,unit_id,name,phone,locale,from,to"),
    ("devices.csv", "key,unit_id,kind,name,model,valve_for,chemistry,cells,gateway"),
    ("housekeepers.csv", "id,name,phone,locale,properties,skills,shift"),
];

/// Cells of one line; quotes as in RFC 4180, no line breaks within.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn the_registry_is_csv_with_the_headers_of_the_contract() {
    let building = Building::new(options(9));
    let files = building.registry();
    assert_eq!(files.len(), HEADERS.len());
    let mut ids: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    for ((name, text), (file, header)) in files.iter().zip(HEADERS) {
        assert_eq!((name.as_str(), text.lines().next()), (file, Some(header)));
        let rows: Vec<_> = text.lines().skip(1).map(cells).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == header.split(',').count()), "{name}");
        ids.insert(file, rows);
    }
    let units: Vec<&String> = ids["units.csv"].iter().map(|row| &row[0]).collect();
    let devices = &ids["devices.csv"];
    assert!(devices.iter().all(|row| units.contains(&&row[1])));
    assert!(devices.iter().all(|row| row[8].is_empty() || devices.iter().any(|d| d[0] == row[8] && d[2] == "gateway")));
    let phones: Vec<&String> = ids["tenants.csv"].iter().map(|row| &row[3]).collect();
    let well_formed =
        |p: &&&String| (p.starts_with("+86138") && p.len() == 14) || (p.starts_with("+1415555") && p.len() == 12);
    assert!(phones.iter().all(|p| well_formed(&p)));
}
