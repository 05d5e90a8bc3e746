//! Nuki Hub: `<base>/lock/…` and `<base>/opener/…` with words and JSON
//! (<https://github.com/technyon/nuki_hub>, MqttTopics.h). The last action, its result and the door sensor are no
//! state of the bolt; an opener has no bolt at all. The hub tells its own uptime in minutes.

use super::facts::{self, Facts, single};
use super::scalar::{Scalar, same_word};
use super::{Message, Outcome, json};
use crate::model::{Fact, LockState};

/// Leaves below `lock/` or `opener/` that no other project has.
const OWN: &[&str] = &[
    "hastate",
    "binaryState",
    "completionStatus",
    "lastLockAction",
    "lockActionContext",
    "statusUpdated",
    "json",
    "battery/basicJson",
    "battery/advancedJson",
];

pub(super) fn recognises(message: &Message) -> bool {
    let base = message.topic.split('/').next().unwrap_or_default();
    let named = matches!(base, "nukihub" | "nuki_hub" | "nuki-hub" | "nuki");
    named || parts(message.topic).is_some_and(|(_, path)| OWN.contains(&path))
}

/// Leaves that others have too, below any base: asked when no other format knows the topic.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    let state = || std::str::from_utf8(message.payload).is_ok_and(|text| STATES.contains(&text.trim()));
    match parts(message.topic) {
        Some((_, "state")) => state(),
        Some((_, path)) => BATTERY.contains(&path),
        None => false,
    }
}

/// The words of `state` (nuki_hub, NukiWrapper.cpp and the library it uses: `lockstateToString`).
const STATES: &[&str] = &[
    "locked",
    "unlocking",
    "unlocked",
    "locking",
    "unlatched",
    "unlockedLnga",
    "unlatching",
    "calibration",
    "bootRun",
    "motorBlocked",
    "uncalibrated",
    "undefined",
];

/// Leaves below `battery` that any base may have (nuki_hub, MqttTopics.h).
const BATTERY: &[&str] = &[
    "battery/level",
    "battery/voltage",
    "battery/critical",
    "battery/charging",
    "battery/drain",
    "battery/keypadCritical",
    "battery/doorSensorCritical",
];

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    if let Some(hub) = message.topic.strip_suffix("/maintenance/mqttConnectionState") {
        return Ok(single(hub, facts::online(&Scalar::plain(message.text()?))));
    }
    if let Some((hub, "uptime" | "wifiRssi")) = message.topic.rsplit_once("/maintenance/") {
        let value = Scalar::plain(message.text()?);
        let minutes = message.topic.ends_with("/uptime").then(|| value.number()).flatten();
        let uptime = minutes.and_then(|n| facts::count(&Scalar::Number(n * 60.0), Fact::UptimeS));
        return Ok(single(hub, uptime.or_else(|| facts::dbm(&value))));
    }
    let Some((device, path)) = parts(message.topic) else { return Ok(vec![]) };
    let has_bolt = device.ends_with("/lock");
    match path {
        "json" if has_bolt => Ok(vec![json::fields(message.text()?, take_state)?.of(device, None)]),
        "battery/basicJson" | "battery/advancedJson" => {
            Ok(vec![json::fields(message.text()?, take_battery)?.of(device, None)])
        }
        "action" | "query/lockstate" | "query/battery" => Ok(vec![]),
        _ => {
            let mut facts = Facts::default();
            take(&mut facts, path, has_bolt, &Scalar::plain(message.text()?));
            Ok(vec![facts.of(device, None)])
        }
    }
}

/// `<base>/lock` or `<base>/opener`, and what stands below it.
fn parts(topic: &str) -> Option<(&str, &str)> {
    let find = |kind: &str| topic.rfind(kind).map(|at| (&topic[..at + kind.len() - 1], &topic[at + kind.len()..]));
    find("/lock/").or_else(|| find("/opener/"))
}

fn take(facts: &mut Facts, path: &str, has_bolt: bool, value: &Scalar) {
    match path {
        "state" | "hastate" | "binaryState" if has_bolt => facts.add(state(value)),
        "battery/level" => facts.add(facts::percent(value)),
        "battery/voltage" => facts.add(facts::voltage(value)),
        "battery/critical" => facts.add(facts::battery_low(value)),
        "battery/keypadCritical" => facts.add_to("keypad", facts::battery_low(value)),
        "battery/doorSensorCritical" => facts.add_to("doorsensor", facts::battery_low(value)),
        "rssi" => facts.add(facts::dbm(value)),
        "availability" => facts.add(facts::online(value)),
        _ => {}
    }
}

fn take_state(facts: &mut Facts, key: &str, value: &Scalar) {
    if key == "lock_state" {
        facts.add(state(value));
    }
}

/// Flags are the texts "0" and "1".
fn take_battery(facts: &mut Facts, key: &str, value: &Scalar) {
    match key {
        "critical" => facts.add(facts::battery_low(value)),
        "level" => facts.add(facts::percent(value)),
        "batteryVoltage" => facts.add(facts::voltage(value)),
        "keypadCritical" => facts.add_to("keypad", facts::battery_low(value)),
        "doorSensorCritical" => facts.add_to("doorsensor", facts::battery_low(value)),
        _ => {}
    }
}

/// The words of Nuki's own states; uncalibrated, calibration, boot run and undefined tell nothing.
fn state(value: &Scalar) -> Option<Fact> {
    const WORDS: &[(&str, LockState)] = &[
        ("unlatched", LockState::Open),
        ("unlatching", LockState::Opening),
        ("unlockedlnga", LockState::Unlocked),
        ("motorblocked", LockState::Jammed),
    ];
    let text = value.text()?;
    let own = WORDS.iter().find(|(w, _)| same_word(text, w)).map(|(_, state)| *state);
    own.or_else(|| facts::lock_word(text)).map(Fact::LockState)
}
