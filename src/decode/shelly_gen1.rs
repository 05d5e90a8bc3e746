//! Shelly, first generation: `shellies/<id>/sensor/…`, `…/online`, and the whole state as JSON in `…/info` or
//! `…/status` (<https://shelly-api-docs.shelly.cloud/gen1/>). 999 °C and -1 % mean "unknown". Contacts, smoke and the
//! meters of mains devices are none of our facts.

use serde_json::Value;

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::Fact;

const BASES: &[&str] = &["shellies"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let (device, path) = device_and_path(message);
    if message.payload.is_empty() || device.is_empty() || path.ends_with("command") {
        return Ok(vec![]);
    }
    let value = || message.text().map(Scalar::plain);
    let fact = match path {
        "sensor/flood" => facts::leak(&value()?),
        "sensor/battery" => facts::percent(&value()?),
        "sensor/temperature" => facts::celsius(&value()?),
        "online" => facts::online(&value()?),
        "info" | "status" if message.payload.starts_with(b"{") => return info(device, message),
        "announce" | "settings" => return Ok(vec![]),
        _ => None,
    };
    Ok(single(device, fact))
}

/// Device and what stands behind it. Below a pinned base the device may be missing: then the base is the device.
fn device_and_path<'a>(message: &Message<'a>) -> (&'a str, &'a str) {
    let leaves = ["sensor/", "online", "info", "status", "announce", "settings", "command", "relay/", "input/", "ext_"];
    let starts = |path: &str| leaves.iter().any(|leaf| path.starts_with(leaf));
    let Some(below) = message.below(BASES) else { return ("", "") };
    match below.split_once('/') {
        _ if starts(below) => (message.base.and_then(|b| b.rsplit('/').next()).unwrap_or(""), below),
        Some((device, path)) => (device, path),
        None => ("", ""),
    }
}

fn info(device: &str, message: &Message) -> Outcome {
    let body = json::tree(message.text()?)?;
    let value = |path: &str| body.pointer(path).map(Scalar::from);
    let is = |path: &str| body.pointer(path).and_then(Value::as_bool) == Some(true);
    let mut facts = Facts::default();
    if !is("/rain_sensor") {
        facts.add(value("/flood").as_ref().and_then(facts::leak));
    }
    if !is("/charger") {
        facts.add(value("/bat/value").as_ref().and_then(facts::percent));
        facts.add(value("/bat/voltage").as_ref().and_then(facts::voltage));
    }
    if body.pointer("/tmp/is_valid").and_then(Value::as_bool) != Some(false) {
        facts.add(value("/tmp/tC").as_ref().and_then(facts::celsius));
    }
    facts.add(value("/wifi_sta/rssi").as_ref().and_then(facts::dbm));
    facts.add(value("/uptime").as_ref().and_then(|n| facts::count(n, Fact::UptimeS)));
    Ok(vec![facts.of(device, None)])
}
