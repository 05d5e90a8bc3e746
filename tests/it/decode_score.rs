//! Every message of the fixtures, decoded in process and judged: a required reading must be there, an optional one may
//! be, anything else is a miss. Never loosened for a format: what is missed is printed line by line.

use nightporter::decode::{Routes, decode};
use nightporter::model::{DeviceReadings, Reading, Timestamp};
use serde_json::Value;

use crate::corpus::{self, Line};

/// Kinds that the fixtures judge; witnesses are free.
const KINDS: &[&str] = &[
    "battery_percent",
    "battery_millivolts",
    "battery_low",
    "leak",
    "lock_state",
    "tamper",
    "online",
    "temperature_c",
    "signal_dbm",
    "flow_lpm",
];

#[test]
fn every_message_of_the_fixtures_means_what_it_should() {
    let lines = corpus::lines();
    let misses: Vec<String> =
        lines.iter().filter_map(|line| judge(line).map(|why| format!("{}: {why}", line.id))).collect();
    assert!(misses.is_empty(), "{} of {} missed:\n{}", misses.len(), lines.len(), misses.join("\n"));
    assert!(lines.len() >= 596, "fixtures are missing");
}

fn judge(line: &Line) -> Option<String> {
    let answer = decode(&line.topic, &line.payload, &Routes::default());
    let expected = &line.json["expected"];
    let decoded = match (answer, line.json.get("expected_error")) {
        (Err(_), Some(_)) => return None,
        (Ok(_), Some(_)) => return Some("no error reported".to_owned()),
        (Err(rejection), None) => return Some(format!("error {rejection}")),
        (Ok(decoded), None) => decoded,
    };
    let wanted = expected.as_array().map_or(std::slice::from_ref(expected), Vec::as_slice);
    if wanted.iter().any(|w| w["format"] != decoded.format) {
        return Some(format!("format {}", decoded.format));
    }
    wanted.iter().find_map(|want| {
        let alone = wanted.len() == 1 && decoded.devices.len() == 1;
        let named = |d: &&DeviceReadings| key_of(d).eq_ignore_ascii_case(want["device_key"].as_str().unwrap_or(""));
        let found = if alone { decoded.devices.first() } else { decoded.devices.iter().find(named) };
        match found {
            Some(got) => compare(want, got),
            None => (!list(want, "readings").is_empty()).then(|| format!("no result for {}", want["device_key"])),
        }
    })
}

fn key_of(device: &DeviceReadings) -> &str {
    device.device_key.as_ref().map_or("", |key| key.as_str())
}

fn list<'a>(want: &'a Value, name: &str) -> &'a [Value] {
    want[name].as_array().map_or(&[], Vec::as_slice)
}

fn compare(want: &Value, got: &DeviceReadings) -> Option<String> {
    let (required, optional) = (list(want, "readings"), list(want, "optional"));
    let key = want["device_key"].as_str();
    if !required.is_empty() && key.is_some_and(|key| !key_of(got).eq_ignore_ascii_case(key)) {
        return Some(format!("device_key {:?}", key_of(got)));
    }
    let mut left: Vec<(Value, &Reading)> = got.readings.iter().map(|r| (json(r), r)).collect();
    left.retain(|(json, _)| KINDS.contains(&json["kind"].as_str().unwrap_or("")));
    for wanted in required {
        let alike = |o: &&Value| o["kind"] == wanted["kind"] && o["value"] == wanted["value"];
        let serves = |got: &(Value, &Reading)| same(wanted, got) || optional.iter().filter(alike).any(|o| same(o, got));
        match left.iter().position(serves) {
            Some(at) => drop(left.remove(at)),
            None => return Some(format!("missing {wanted}")),
        }
    }
    for wanted in optional {
        if let Some(at) = left.iter().position(|got| same(wanted, got)) {
            left.remove(at);
        }
    }
    left.first().map(|(json, _)| format!("extra {json}"))
}

fn json(reading: &Reading) -> Value {
    serde_json::to_value(reading).expect("a reading is JSON")
}

fn same(want: &Value, (got, reading): &(Value, &Reading)) -> bool {
    want["kind"] == got["kind"] && same_value(want, got) && same_channel(want, reading) && same_time(want, reading)
}

/// Numbers within 0.011, millivolts within 1.
fn same_value(want: &Value, got: &Value) -> bool {
    let tolerance = if want["kind"] == "battery_millivolts" { 1.0 } else { 0.011 };
    match (want["value"].as_f64(), got["value"].as_f64()) {
        (Some(w), Some(g)) => (w - g).abs() <= tolerance,
        _ => want["value"] == got["value"],
    }
}

/// One name contains the other, without case and punctuation.
fn same_channel(want: &Value, got: &Reading) -> bool {
    let fold = |name: &str| name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let Some(wanted) = want["channel"].as_str().map(fold) else { return true };
    let given = fold(got.channel.as_deref().unwrap_or(""));
    !given.is_empty() && (wanted.contains(&given) || given.contains(&wanted))
}

fn same_time(want: &Value, got: &Reading) -> bool {
    let wanted = want["at"].as_str().map(|at| Timestamp::parse_rfc3339(at).expect("an instant"));
    match (wanted, got.at) {
        (Some(w), Some(g)) => (w - g).abs() <= 1,
        (w, g) => w == g,
    }
}
