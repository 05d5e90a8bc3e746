//! rtl_433: `rtl_433/<host>/events` as JSON and `rtl_433/<host>/devices/<model>/…/<field>` with bare values, also by
//! way of OpenMQTTGateway (`…/RTL_433toMQTT`), <https://github.com/merbanan/rtl_433/blob/master/docs/DATA_FORMAT.md>.
//! The key is model[/subtype][/channel]/id. Times without a zone name no instant; its own `rssi` is dBFS, not dBm.

use serde_json::{Map, Value};

use super::facts::{self, Facts};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::Fact;

pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with("rtl_433/") || message.topic.contains("/RTL_433toMQTT")
}

/// Whether rtl_433 writes this below its base: `<host>/events`, `/states` or `/devices/…`.
pub(super) fn fits(below: &str) -> bool {
    let leaf = below.split('/').nth(1).unwrap_or_default();
    matches!(leaf, "events" | "states" | "devices")
}

/// Any topic (`-F mqtt://…,events=…`), when the payload is an event: a model and an id, and what only rtl_433 calls so.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    let has = |name: &str| message.payload.windows(name.len()).any(|w| w == name.as_bytes());
    let own = ["\"battery_ok\"", "\"mic\"", "\"detect_wet\"", "\"leak_detected\"", "\"temperature_C\""];
    message.payload.trim_ascii_start().starts_with(b"{") && has("\"model\"") && own.iter().any(|name| has(name))
}

pub(super) fn decode(message: &Message) -> Outcome {
    let topic = message.topic;
    if message.payload.is_empty() || topic.ends_with("/states") {
        return Ok(vec![]);
    }
    if let Some((_, path)) = topic.split_once("/devices/") {
        return field(path, message);
    }
    let text = message.text()?;
    if !text.trim_start().starts_with('{') {
        return Ok(vec![]);
    }
    let Value::Object(event) = json::tree(text)? else { return Ok(vec![]) };
    let Some(key) = key(&event) else { return Ok(vec![]) };
    let model = event.get("model").and_then(Value::as_str).unwrap_or_default();
    let mut facts = Facts::default();
    for (name, value) in &event {
        take(&mut facts, model, name, &Scalar::from(value));
    }
    if topic.contains("/RTL_433toMQTT") {
        facts.add(event.get("rssi").and_then(|rssi| facts::dbm(&Scalar::from(rssi))));
    }
    let at = event.get("time").and_then(|time| facts::instant(&Scalar::from(time)));
    Ok(vec![facts.of(key, at)])
}

/// `devices[/type]/<model>[/subtype][/channel][/id]/<field>`.
fn field(path: &str, message: &Message) -> Outcome {
    let path = path.strip_prefix("TPMS/").unwrap_or(path);
    let Some((key, name)) = path.rsplit_once('/') else { return Ok(vec![]) };
    let model = key.split('/').next().unwrap_or_default();
    let mut facts = Facts::default();
    take(&mut facts, model, name, &Scalar::plain(message.text()?));
    Ok(vec![facts.of(key, None)])
}

fn key(event: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| match event.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let parts: Vec<String> =
        [part("model")].into_iter().chain(["subtype", "channel", "id"].map(part)).flatten().collect();
    event.contains_key("model").then(|| parts.join("/"))
}

fn take(facts: &mut Facts, model: &str, name: &str, value: &Scalar) {
    facts.add(match name {
        "battery_ok" => battery_ok(value),
        "battery_low" => facts::battery_low(value),
        "battery_pct" => facts::percent(value),
        "battery_mV" => facts::millivolts(value),
        "battery_V" => facts::voltage(value),
        "temperature_C" => facts::celsius(value),
        "temperature_F" => facts::fahrenheit(value),
        "leak_detected" | "detect_wet" => facts::leak(value),
        "tamper" => facts::tamper(value),
        "uptime_s" => facts::count(value, Fact::UptimeS),
        "event" if value.text() == Some("Water Leak") => Some(Fact::Leak(true)),
        // A heater writes its warm water as ON and off; a water probe writes 0 and 1.
        "water" if value.text().is_none() || model.starts_with("Kerui") || model.starts_with("Acurite") => {
            facts::leak(value)
        }
        "alarm" if matches!(model, "Bresser-Leakage" | "Fineoffset-WH55") => facts::leak(value),
        _ => None,
    });
}

/// 0 is low, 1 is good, between them it is a level.
fn battery_ok(value: &Scalar) -> Option<Fact> {
    match value.number()? {
        0.0 => Some(Fact::BatteryLow(true)),
        1.0 => Some(Fact::BatteryLow(false)),
        level if (0.0..1.0).contains(&level) => Some(Fact::BatteryPercent(level * 100.0)),
        _ => None,
    }
}
