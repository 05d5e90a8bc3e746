//! Hostile input: whatever arrives, decoding returns; it never panics and never yields an impossible value.
//! `NIGHTPORTER_FUZZ_CASES` sets how many mutations of the fixtures are tried (default 20,000), `NIGHTPORTER_FUZZ_SEED`
//! where they start; a failure prints the seed and the case.

use nightporter::decode::{Routes, announce, decode, format_names};
use nightporter::model::{Fact, Reading};
use proptest::prelude::*;

use crate::corpus;

const CASES: u64 = 20_000;

fn setting(name: &str, or: u64) -> u64 {
    std::env::var(name).map_or(or, |text| text.parse().expect("a number"))
}

/// Decodes and checks what must hold for every reading.
fn check(topic: &str, payload: &[u8]) {
    check_with(&Routes::default(), topic, payload);
}

/// As an operator may pin a format to any topic: each of them to all.
fn pinned() -> Vec<Routes> {
    let pin = |format: &str| {
        let mut routes = Routes::default();
        routes.pin("#", format).expect("known");
        routes.place("#", "oak".into()).expect("a filter");
        routes
    };
    format_names().map(pin).collect()
}

fn check_with(routes: &Routes, topic: &str, payload: &[u8]) {
    let Ok(decoded) = decode(topic, payload, routes) else { return };
    for reading in decoded.devices.iter().flat_map(|d| &d.readings) {
        assert!(is_possible(reading), "{reading:?} from {topic}");
    }
    let told = announce(topic, payload, &decoded, routes);
    assert!(told.len() <= 2_000, "{} announcements from {topic}", told.len());
    for one in told {
        assert!(one.device_key.is_sound(), "{one:?} from {topic}");
        assert!(one.id.as_ref().is_none_or(|id| !id.is_empty()), "{one:?} from {topic}");
    }
}

fn is_possible(reading: &Reading) -> bool {
    match reading.fact {
        Fact::BatteryPercent(n) => (0.0..=100.0).contains(&n),
        Fact::BatteryMillivolts(n) => n > 0.0 && n <= 60_000.0,
        Fact::SignalDbm(n) => (-200.0..0.0).contains(&n),
        Fact::TemperatureC(n) => (-100.0..=250.0).contains(&n),
        Fact::FlowLpm(n) | Fact::UptimeS(n) | Fact::BootCount(n) => n >= 0.0 && n.is_finite(),
        Fact::MessageCounter(n) | Fact::Operations(n) | Fact::VolumeL(n) => n >= 0.0 && n.is_finite(),
        Fact::BatteryLow(_) | Fact::Leak(_) | Fact::LockState(_) | Fact::Tamper(_) | Fact::Online(_) => true,
    }
}

proptest! {
    #[test]
    fn any_bytes_on_any_topic(topic in "\\PC{0,60}", payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&topic, &payload);
    }

    #[test]
    fn any_bytes_on_known_topics(at in 0..596_usize, payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&corpus::lines()[at].topic, &payload);
    }
}

/// SplitMix64: the whole run follows from one number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

#[test]
fn mutations_of_real_messages() {
    let lines: Vec<_> = corpus::lines().iter().filter(|l| l.payload.len() < 10_000).collect();
    let (free, pinned) = (Routes::default(), pinned());
    let seed = setting("NIGHTPORTER_FUZZ_SEED", 1);
    for case in 0..setting("NIGHTPORTER_FUZZ_CASES", CASES) {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(case));
        let (a, b) = (&lines[dice.roll(lines.len())], &lines[dice.roll(lines.len())]);
        let mut payload = a.payload.clone();
        for _ in 0..=dice.roll(4) {
            mutate(&mut payload, &b.payload, &mut dice);
        }
        let topic = if dice.roll(8) == 0 { &b.topic } else { &a.topic };
        let topic = mutate_topic(topic, &mut dice);
        let routes = if dice.roll(8) == 0 { &pinned[dice.roll(pinned.len())] } else { &free };
        let attempt = || check_with(routes, &topic, &payload);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt));
        let shown = || String::from_utf8_lossy(&payload).into_owned();
        assert!(outcome.is_ok(), "seed {seed} case {case}: {topic} {}", shown());
    }
}

/// What gateways and bridges tell of their devices, as their documentation shows it.
const ANNOUNCEMENTS: &[(&str, &str)] = &[
    (
        "zigbee2mqtt/bridge/devices",
        r#"[{"ieee_address":"0x00158d0001a2b3c4","type":"EndDevice","friendly_name":"kitchen leak","disabled":false,"power_source":"Battery","definition":{"model":"SJCGQ11LM","vendor":"Aqara","description":"Water leak sensor","exposes":[{"type":"binary","property":"water_leak"},{"type":"lock","features":[{"property":"state"}]}]}},{"type":"Coordinator","friendly_name":"Coordinator"}]"#,
    ),
    (
        "zigbee2mqtt/kitchen leak",
        r#"{"water_leak":true,"device":{"ieeeAddr":"0x00158d0001a2b3c4","manufacturerName":"LUMI","model":"SJCGQ11LM","powerSource":"Battery"}}"#,
    ),
    (
        "homeassistant/binary_sensor/0x00158d0001a2b3c4/water_leak/config",
        r#"{"device_class":"moisture","state_topic":"zigbee2mqtt/kitchen leak","device":{"identifiers":["zigbee2mqtt_0x00158d0001a2b3c4"],"manufacturer":"Aqara","model_id":"SJCGQ11LM"}}"#,
    ),
    (
        "homeassistant/device/shellyflood-1/config",
        r#"{"~":"shellies/shellyflood-1","dev":{"ids":"abc","mf":"Shelly","mdl":"Flood"},"o":{"name":"x"},"cmps":{"a":{"p":"binary_sensor","dev_cla":"moisture","stat_t":"~/sensor/flood"}}}"#,
    ),
    (
        "application/1/device/24e124004bb12cb9/event/up",
        r#"{"deviceInfo":{"devEui":"24e124004bb12cb9","deviceProfileName":"Milesight EM300"},"object":{"battery":92}}"#,
    ),
    (
        "v3/apartments@ttn/devices/sink-1/up",
        r#"{"end_device_ids":{"device_id":"sink-1","dev_eui":"70B3D500210658C6"},"uplink_message":{"decoded_payload":{},"version_ids":{"brand_id":"milesight-iot","model_id":"ws303"}}}"#,
    ),
    ("home/hall/BTtoMQTT/582D3433AADF", r#"{"id":"58:2D:34:33:AA:DF","brand":"Xiaomi","model_id":"LYWSDCGQ"}"#),
    (
        "tele/zbbridge_1/8F20/SENSOR",
        r#"{"ZbReceived":{"0x8F20":{"Device":"0x8F20","Name":"Kitchen","Water":1,"Endpoint":1}}}"#,
    ),
    (
        "flat7/flood/events/rpc",
        r#"{"src":"shellyfloodg4-a1b2c3d4e5f6","method":"NotifyStatus","params":{"flood:0":{"alarm":true}}}"#,
    ),
];

#[test]
fn mutations_of_announcements() {
    let seed = setting("NIGHTPORTER_FUZZ_SEED", 1);
    for case in 0..setting("NIGHTPORTER_FUZZ_CASES", CASES) / 4 {
        let mut dice = Dice(seed.wrapping_mul(7_000_003).wrapping_add(case));
        let (topic, a) = ANNOUNCEMENTS[dice.roll(ANNOUNCEMENTS.len())];
        let (other, b) = ANNOUNCEMENTS[dice.roll(ANNOUNCEMENTS.len())];
        let mut payload = a.as_bytes().to_vec();
        for _ in 0..=dice.roll(4) {
            mutate(&mut payload, b.as_bytes(), &mut dice);
        }
        let topic = mutate_topic(if dice.roll(8) == 0 { other } else { topic }, &mut dice);
        let outcome = std::panic::catch_unwind(|| check(&topic, &payload));
        assert!(outcome.is_ok(), "seed {seed} case {case}: {topic} {}", String::from_utf8_lossy(&payload));
    }
}

const TOKENS: &[&str] = &[
    "null",
    "true",
    "1e999",
    "-1",
    "\"\"",
    "[]",
    "{}",
    "\"NaN\"",
    "{\"value\":",
    "255",
    "\\u0000",
    "\"2.4(low\"",
    "💧",
    ":",
];

fn mutate(payload: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.roll(payload.len() + 1);
    match dice.roll(6) {
        0 if at < payload.len() => payload[at] ^= 1 << dice.roll(8),
        1 => payload.truncate(at),
        2 => drop(payload.drain(at..payload.len().min(at + dice.roll(9)))),
        3 => drop(payload.splice(at..at, TOKENS[dice.roll(TOKENS.len())].bytes())),
        4 => drop(payload.splice(at..at, other.iter().copied().skip(dice.roll(other.len())).take(40))),
        _ => payload.insert(at, dice.roll(256) as u8),
    }
}

fn mutate_topic(topic: &str, dice: &mut Dice) -> String {
    let mut levels: Vec<&str> = topic.split('/').collect();
    let at = dice.roll(levels.len());
    match dice.roll(12) {
        0 => drop(levels.remove(at)),
        1 => levels.insert(at, "é"),
        2 => levels.insert(at, ""),
        3 => levels.push("set"),
        _ => {}
    }
    levels.join("/")
}

#[test]
fn every_format_survives_the_messages_of_all_others() {
    for routes in pinned() {
        for line in corpus::lines() {
            check_with(&routes, &line.topic, &line.payload);
        }
    }
}

#[test]
fn deep_nesting_is_survived_on_every_topic() {
    let deep =
        [("[", "]"), ("{\"a\":", "}")].map(|(open, close)| format!("{}1{}", open.repeat(20_000), close.repeat(20_000)));
    for line in corpus::lines() {
        for payload in &deep {
            check(&line.topic, payload.as_bytes());
        }
    }
}
