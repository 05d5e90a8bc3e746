//! Tasmota: `tele/<topic>/<LEAF>` and `stat/<topic>/<LEAF>`, also with the prefix behind the topic, and the Zigbee and
//! LoRaWAN devices behind a Tasmota bridge (<https://tasmota.github.io/docs/MQTT/>, `/Zigbee/`, `/LoRaWan-Bridge/`).
//! Wifi.RSSI is a percentage, Vcc is the chip's supply, a switch input means what its owner wired: none of them counts.

use serde_json::{Map, Value};

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::vocabulary::{self, Meaning};
use super::{Message, Outcome, json};
use crate::model::{DeviceReadings, Fact, LockState, Timestamp};

/// Leaves that carry JSON with facts.
const LEAVES: &[&str] =
    &["SENSOR", "STATE", "RESULT", "STATUS", "STATUS0", "STATUS1", "STATUS8", "STATUS10", "STATUS11", "ZbReceived"];

pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with("tasmota/discovery/") || device_and_leaf(message.topic).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let Some((prefix, device, leaf)) = device_and_leaf(message.topic) else { return Ok(vec![]) };
    if message.payload.is_empty() || prefix == "cmnd" {
        return Ok(vec![]);
    }
    if leaf == "LWT" {
        return Ok(single(device, facts::online(&Scalar::plain(message.text()?))));
    }
    if !LEAVES.contains(&leaf) {
        return Ok(facts::silent(device));
    }
    match json::tree(message.text()?)? {
        Value::Object(body) => Ok(report(device, &body)),
        _ => Ok(facts::silent(device)),
    }
}

/// Prefix, device and leaf of `tele/<device>/<LEAF>` as by default, or `<device>/tele/<LEAF>` as many turn it.
fn device_and_leaf(topic: &str) -> Option<(&str, &str, &str)> {
    let is_prefix = |level: &str| matches!(level, "tele" | "stat" | "cmnd");
    let (first, rest) = topic.split_once('/')?;
    if is_prefix(first) {
        return rest.rsplit_once('/').map(|(device, leaf)| (first, device, leaf));
    }
    let (path, leaf) = topic.rsplit_once('/')?;
    let (device, last) = path.rsplit_once('/')?;
    let is_leaf = leaf.bytes().all(|b| !b.is_ascii_lowercase());
    (is_prefix(last) && is_leaf).then_some((last, device, leaf))
}

/// Devices behind a bridge speak for themselves; everything else is of the Tasmota device.
fn report(device: &str, body: &Map<String, Value>) -> Vec<DeviceReadings> {
    for wrapper in ["ZbReceived", "LwReceived"] {
        if let Some(Value::Object(inner)) = body.get(wrapper) {
            return behind_bridge(inner);
        }
    }
    let is_bridged = |v: &Value| v.get("LinkQuality").is_some() || v.get("Endpoint").is_some();
    if body.values().any(is_bridged) || body.contains_key("LinkQuality") {
        return behind_bridge(body);
    }
    let parts: Vec<_> =
        ["StatusSNS", "StatusSTS", "StatusPRM"].iter().filter_map(|p| body.get(*p)?.as_object()).collect();
    let parts = if parts.is_empty() { vec![body] } else { parts };
    let mut facts = Facts::default();
    parts.iter().for_each(|part| take_own(&mut facts, part));
    let time = parts.iter().find_map(|part| part.get("Epoch").or_else(|| part.get("Time")));
    vec![facts.of(device, time.and_then(|t| facts::instant(&Scalar::from(t))))]
}

/// `{"0x8F20":{"Name":"Kitchen",…}}`, `{"Kitchen":{"Device":"0x8F20",…}}`, or the inner object alone (SetOption83, 100
/// and 119): the name is the key, else the short address.
fn behind_bridge(devices: &Map<String, Value>) -> Vec<DeviceReadings> {
    let name =
        |fields: &Map<String, Value>, or: &str| fields.get("Name").and_then(Value::as_str).unwrap_or(or).to_owned();
    if devices.values().any(Value::is_object) {
        let each = devices.iter().filter_map(|(key, value)| Some((key, value.as_object()?)));
        return each.map(|(key, fields)| bridged(fields).of(name(fields, key), None)).collect();
    }
    let address = devices.get("Device").and_then(Value::as_str).unwrap_or_default();
    vec![bridged(devices).of(name(devices, address), None::<Timestamp>)]
}

/// Attributes as Tasmota names those of the Zigbee and LoRaWAN decoders.
fn bridged(fields: &Map<String, Value>) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in fields {
        let value = Scalar::from(value);
        facts.add(match key.as_str() {
            "BatteryPercentage" => facts::percent(&value),
            "Battery" => vocabulary::fact(Meaning::Battery, &value),
            "BatteryVoltage" | "Voltage" | "BattVoltage" => facts::voltage(&value),
            "BatteryLow" | "LowBattery" => facts::battery_low(&value),
            "Water" | "WaterLeak" | "Leak" => facts::leak(&value),
            "Tamper" => facts::tamper(&value),
            "Temperature" => facts::celsius(&value),
            "LockState" => lock(&value),
            "RSSI" => facts::dbm(&value),
            _ => None,
        });
    }
    facts
}

/// Attribute 0x0000 of the door lock cluster (Zigbee Cluster Library 7.3.2.12).
fn lock(value: &Scalar) -> Option<Fact> {
    let states = [LockState::NotFullyLocked, LockState::Locked, LockState::Unlocked];
    let index = value.number().filter(|n| n.fract() == 0.0 && (0.0..3.0).contains(n))?;
    Some(Fact::LockState(states[index as usize]))
}

/// What a Tasmota device says of itself and its wired sensors.
fn take_own(facts: &mut Facts, body: &Map<String, Value>) {
    let number = |key: &str| body.get(key).map(Scalar::from);
    facts.add(number("BatteryPercentage").as_ref().and_then(facts::percent));
    let seconds = number("UptimeSec").as_ref().and_then(|n| facts::count(n, Fact::UptimeS));
    facts.add(seconds.or_else(|| uptime(body.get("Uptime")?.as_str()?)));
    facts.add(number("BootCount").as_ref().and_then(|n| facts::count(n, Fact::BootCount)));
    let signal = body.get("Wifi").and_then(|wifi| wifi.get("Signal"));
    facts.add(signal.and_then(|s| facts::dbm(&Scalar::from(s))));
    let fahrenheit = body.get("TempUnit").and_then(Value::as_str) == Some("F");
    let sensors = body.iter().filter(|(name, _)| !matches!(name.as_str(), "ESP32" | "ENERGY" | "Wifi"));
    let sensors: Vec<_> = sensors.filter_map(|(name, value)| Some((name, value.as_object()?))).collect();
    for (name, sensor) in sensors {
        take_sensor(facts, name, sensor, fahrenheit);
    }
}

/// `1T02:33:26`, or `1 02:33:26` before version 5.13: days and a time.
fn uptime(text: &str) -> Option<Fact> {
    let (days, time) = text.split_once(['T', ' '])?;
    let parts: Vec<u32> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let &[hours, minutes, seconds] = parts.as_slice() else { return None };
    let days: u32 = days.parse().ok()?;
    let of_day = f64::from(hours) * 3_600.0 + f64::from(minutes) * 60.0 + f64::from(seconds);
    Some(Fact::UptimeS(f64::from(days) * 86_400.0 + of_day))
}

/// A wired sensor, or a Bluetooth one that the device listens to: each is a channel by its name.
fn take_sensor(facts: &mut Facts, name: &str, sensor: &Map<String, Value>, fahrenheit: bool) {
    let value = |key: &str| sensor.get(key).map(Scalar::from);
    let degrees = if fahrenheit { facts::fahrenheit } else { facts::celsius };
    facts.add_to(name, value("Temperature").as_ref().and_then(degrees));
    facts.add_to(name, value("Battery").as_ref().and_then(facts::percent));
}
