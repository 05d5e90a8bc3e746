//! Tasmota: `tele/<topic>/<LEAF>` and `stat/<topic>/<LEAF>`, also with the prefix elsewhere (`FullTopic`), and the
//! Zigbee and LoRaWAN devices behind a Tasmota bridge (<https://tasmota.github.io/docs/MQTT/>, `/Zigbee/`,
//! `/LoRaWan-Bridge/`). Wifi.RSSI is a percentage, Vcc is the chip's supply, a switch input means what its owner wired:
//! none of them counts.
//!
//! How a bridge names its devices depends on options that may be combined at will (Z_Device::jsonPublishAttrList): the
//! wrapper may be gone (100) or be the topic's leaf (118), the address in the payload may be a name (83) or gone (119),
//! the topic may have a level more (89) or the bridge's level may be the device's (125), with the endpoint behind (120).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::facts::{self, Facts, single};
use super::lorawan::Uplink;
use super::scalar::Scalar;
use super::vocabulary::{self, Meaning};
use super::{Message, Outcome, json};
use crate::model::{DeviceReadings, Fact, LockState, Timestamp};

/// Leaves that carry JSON with facts.
const LEAVES: &[&str] =
    &["SENSOR", "STATE", "RESULT", "STATUS", "STATUS0", "STATUS1", "STATUS8", "STATUS10", "STATUS11"];

/// What a bridge puts around what its devices say, as a key of the payload or as the topic's leaf.
const WRAPPERS: &[&str] = &["ZbReceived", "ZbInfo", "LwReceived", "LwDecoded"];

pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with("tasmota/discovery/") || parts(message.topic).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let Some(Parts { prefix, device, leaf }) = parts(message.topic).or_else(|| renamed(message)) else {
        return Ok(vec![]);
    };
    let device = &*device;
    if message.payload.is_empty() || prefix == "cmnd" {
        return Ok(vec![]);
    }
    if leaf == "LWT" {
        return Ok(single(device, facts::online(&Scalar::plain(message.text()?))));
    }
    if !LEAVES.contains(&leaf) && !WRAPPERS.contains(&leaf) {
        return Ok(facts::silent(device));
    }
    match json::tree(message.text()?)? {
        Value::Object(body) => Ok(report(device, leaf, &body)),
        _ => Ok(facts::silent(device)),
    }
}

/// A topic taken apart.
struct Parts<'a> {
    prefix: &'a str,
    /// What stands for `%topic%`, and whatever else `FullTopic` has.
    device: Cow<'a, str>,
    leaf: &'a str,
}

/// `tele/<device>/<LEAF>` as by default, `<device>/tele/<LEAF>` as many turn it, or `home/tele/<device>/<LEAF>` where
/// the leaf can only be Tasmota's. A LoRaWAN decoder writes the device's address behind `SENSOR`.
fn parts(topic: &str) -> Option<Parts<'_>> {
    let is_prefix = |level: &str| matches!(level, "tele" | "stat" | "cmnd");
    let whole = topic.rsplit_once('/')?;
    let (path, leaf) = if whole.0.ends_with("/SENSOR") { whole.0.rsplit_once('/')? } else { whole };
    let (first, rest) = path.split_once('/')?;
    if is_prefix(first) {
        return Some(Parts { prefix: first, device: rest.into(), leaf });
    }
    let (device, last) = path.rsplit_once('/')?;
    let is_leaf = WRAPPERS.contains(&leaf) || leaf.bytes().all(|b| !b.is_ascii_lowercase());
    if is_prefix(last) && is_leaf {
        return Some(Parts { prefix: last, device: device.into(), leaf });
    }
    let is_own = leaf == "LWT" || LEAVES.contains(&leaf) || WRAPPERS.contains(&leaf);
    if !is_own {
        return None;
    }
    let levels: Vec<&str> = path.split('/').collect();
    let at = levels.iter().position(|level| is_prefix(level))?;
    Some(Parts { prefix: levels[at], device: [&levels[..at], &levels[at + 1..]].concat().join("/").into(), leaf })
}

/// A topic whose prefix has another name (`Prefix3`), which only a pinned route can tell.
fn renamed<'a>(message: &Message<'a>) -> Option<Parts<'a>> {
    let (device, leaf) = message.below(&[])?.rsplit_once('/')?;
    Some(Parts { prefix: "", device: device.into(), leaf })
}

/// The bridge on whose topic a device behind it speaks: `zb` of `tele/zb/8F20/SENSOR` (SetOption89); none where the
/// topic has only the device (SetOption125).
pub(super) fn bridge(topic: &str, device: &str) -> Option<String> {
    let path = parts(topic)?.device;
    match path.rsplit_once('/') {
        Some((bridge, last)) if is_named(last, device) => Some(bridge.to_owned()),
        None if is_named(&path, device) => None,
        _ => Some(path.into_owned()),
    }
}

/// A level that is a device's name or short address, maybe with its endpoint behind (SetOption120). In a topic the name
/// has no blanks and other special letters.
fn is_named(level: &str, device: &str) -> bool {
    let (name, endpoint) = level.rsplit_once('_').unwrap_or((level, ""));
    let name = if endpoint.bytes().all(|b| b.is_ascii_digit()) { name } else { level };
    let folded =
        |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>();
    let is_address = name.len() == 4 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    is_address || folded(name) == folded(device) || folded(level) == folded(device)
}

/// Devices behind a bridge speak for themselves; everything else is of the Tasmota device.
fn report(device: &str, leaf: &str, body: &Map<String, Value>) -> Vec<DeviceReadings> {
    let wrapped = WRAPPERS.iter().find_map(|name| Some((*name, body.get(*name)?.as_object()?)));
    let as_leaf = WRAPPERS.iter().find(|name| **name == leaf).map(|name| (*name, body));
    if let Some((wrapper, inner)) = wrapped.or(as_leaf).or_else(|| Some((unwrapped(body)?, body))) {
        return behind_bridge(wrapper, inner, time(body));
    }
    let parts: Vec<_> =
        ["StatusSNS", "StatusSTS", "StatusPRM"].iter().filter_map(|p| body.get(*p)?.as_object()).collect();
    let parts = if parts.is_empty() { vec![body] } else { parts };
    let mut facts = Facts::default();
    parts.iter().for_each(|part| take_own(&mut facts, part));
    vec![facts.of(device, parts.iter().find_map(|part| time(part)))]
}

/// Which wrapper is missing around what only a device behind a bridge says.
fn unwrapped(body: &Map<String, Value>) -> Option<&'static str> {
    let wrapper = |fields: &Map<String, Value>| {
        let has = |key: &str| fields.contains_key(key);
        let is_zigbee = has("LinkQuality") || has("Endpoint");
        let has_address = || fields.get("Device").and_then(Value::as_str).is_some_and(|d| d.starts_with("0x"));
        match (is_zigbee, has("Node") && has("RSSI")) {
            (true, _) => Some(if has("LastSeenEpoch") { "ZbInfo" } else { "ZbReceived" }),
            (false, true) => Some(if has_address() { "LwReceived" } else { "LwDecoded" }),
            (false, false) => has_address().then_some("ZbReceived"),
        }
    };
    // `ZbState`, `ZbResponse` and the like are of the bridge.
    let is_bridges = |name: &str| name.strip_prefix("Zb").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    let devices = body.iter().filter(|(name, _)| !is_bridges(name));
    devices.filter_map(|(_, fields)| fields.as_object()).find_map(wrapper).or_else(|| wrapper(body))
}

fn time(body: &Map<String, Value>) -> Option<Timestamp> {
    facts::instant(&Scalar::from(body.get("Epoch").or_else(|| body.get("Time"))?))
}

/// `{"0x8F20":{"Name":"Kitchen",…}}`, `{"Kitchen":{"Device":"0x8F20",…}}`, or the inner object alone: the device is its
/// name, else what it stands under, else its short address.
fn behind_bridge(wrapper: &str, devices: &Map<String, Value>, at: Option<Timestamp>) -> Vec<DeviceReadings> {
    let text = |fields: &Map<String, Value>, key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let one = |key: Option<&String>, fields: &Map<String, Value>| {
        let address = || text(fields, "Device").unwrap_or_default();
        let key = text(fields, "Name").or_else(|| key.cloned()).unwrap_or_else(address);
        match wrapper {
            "LwDecoded" => decoded(&key, fields, at),
            "ZbInfo" => remembered(&key, fields),
            _ => bridged(fields).of(key, at),
        }
    };
    let each: Vec<_> = devices.iter().filter_map(|(key, value)| Some((key, value.as_object()?))).collect();
    if each.is_empty() {
        return vec![one(None, devices)];
    }
    each.into_iter().map(|(key, fields)| one(Some(key), fields)).collect()
}

/// What a LoRaWAN decoder on the bridge made of a payload; names are as free as in any codec's.
fn decoded(device: &str, fields: &Map<String, Value>, at: Option<Timestamp>) -> DeviceReadings {
    let mut uplink = Uplink::new(at);
    uplink.take_object(&Value::Object(fields.clone()), None);
    uplink.of(device)
}

/// What the bridge remembers of a device (`ZbInfo`) is as old as it says, and nothing where it does not say.
fn remembered(device: &str, fields: &Map<String, Value>) -> DeviceReadings {
    let seen = fields.get("LastSeenEpoch").and_then(|at| facts::instant(&Scalar::from(at)));
    let facts = if seen.is_some() { bridged(fields) } else { Facts::default() };
    facts.of(device, seen)
}

/// Attributes as Tasmota names those of the Zigbee and LoRaWAN decoders. SetOption101 puts the endpoint behind the
/// name; the first endpoint is the device itself.
fn bridged(fields: &Map<String, Value>) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in fields {
        let name = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let fact = attribute(name, &Scalar::from(value));
        match &key[name.len()..] {
            "" | "1" => facts.add(fact),
            endpoint => facts.add_to(&format!("endpoint_{endpoint}"), fact),
        }
    }
    facts
}

fn attribute(name: &str, value: &Scalar) -> Option<Fact> {
    match name {
        "BatteryPercentage" => facts::percent(value),
        "Battery" => vocabulary::fact(Meaning::Battery, value),
        "BatteryVoltage" | "Voltage" | "BattVoltage" => facts::voltage(value),
        "BatteryLow" | "LowBattery" => facts::battery_low(value),
        "Water" | "WaterLeak" | "Leak" => facts::leak(value),
        "Tamper" => facts::tamper(value),
        "Temperature" => facts::celsius(value),
        "LockState" => lock(value),
        "RSSI" => facts::dbm(value),
        _ => None,
    }
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
