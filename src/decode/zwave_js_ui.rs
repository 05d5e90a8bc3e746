//! Z-Wave JS UI (and zwave2mqtt before it): `<prefix>/[<location>/]<node>/<class>/<endpoint>/<property>[/<key>]` with
//! the class as number or name, and `<node>/status`; payloads are a bare value, `{"time","value"}` or the whole value
//! (<https://zwave-js.github.io/zwave-js-ui/#/usage/setup>). Numbers of states are those of the Z-Wave notification
//! registry. Targets, events, configuration and user codes are no state; an asleep node is not offline.

use serde_json::Value;

use super::facts::{self, Facts};
use super::scalar::{Scalar, same_word};
use super::{Message, Outcome, json};
use crate::model::{Fact, LockState, Timestamp};

const BASES: &[&str] = &["zwave", "zwavejs", "zwavejs2mqtt", "zwave2mqtt", "zwave-js-ui", "zwave_js_ui"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

/// Any other prefix, when the payload is a value with its time and the topic names a command class.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    let has = |word: &[u8]| message.payload.windows(word.len()).any(|w| w == word);
    let below = message.topic.split_once('/').map_or("", |(_, below)| below);
    has(b"\"time\"") && has(b"\"value\"") && address(below).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let other = || message.topic.split_once('/').map(|(_, below)| below);
    let below = message.below(BASES).or_else(other).unwrap_or_default();
    let is_command = below.ends_with("/set");
    if message.payload.is_empty() || is_command || below.starts_with("_EVENTS") {
        return Ok(vec![]);
    }
    if let Some(client) = below.strip_prefix("_CLIENTS/") {
        return client.strip_suffix("/status").map_or(Ok(vec![]), |gateway| node_status(gateway, message));
    }
    if let Some((node, "status")) = below.rsplit_once('/') {
        return node_status(node, message);
    }
    let Some(address) = address(below) else {
        return Ok(below.rsplit_once('/').map(|(node, _)| facts::silent(node)).unwrap_or_default());
    };
    let said = Said::read(message.text()?)?;
    let mut facts = Facts::default();
    match address.endpoint {
        0 => facts.add(address.fact(&said)),
        endpoint => facts.add_to(&format!("endpoint_{endpoint}"), address.fact(&said)),
    }
    Ok(vec![facts.of(address.node, said.at)])
}

/// Alive and awake are online, dead is offline, asleep is neither.
fn node_status(node: &str, message: &Message) -> Outcome {
    let said = Said::read(message.text()?)?;
    let fact = match said.status.as_deref() {
        Some("Asleep" | "Unknown") => None,
        Some("Awake" | "Alive") => Some(Fact::Online(true)),
        Some("Dead") => Some(Fact::Online(false)),
        _ => facts::online(&Scalar::from(&said.value)),
    };
    let mut facts = Facts::default();
    facts.add(fact);
    Ok(vec![facts.of(node, said.at)])
}

/// A payload of any of the three kinds.
struct Said {
    value: Value,
    at: Option<Timestamp>,
    status: Option<String>,
    fahrenheit: bool,
}

impl Said {
    fn read(text: &str) -> Result<Self, super::Rejection> {
        let text = text.trim();
        let body = match json::tree(text) {
            Ok(body) => body,
            Err(broken) if text.starts_with(['{', '[']) => return Err(broken),
            Err(_) => Value::String(text.to_owned()),
        };
        let Value::Object(mut fields) = body else {
            let status = body.as_str().map(str::to_owned);
            return Ok(Self { value: body, at: None, status, fahrenheit: false });
        };
        let time = fields.get("time").or_else(|| fields.get("lastUpdate"));
        Ok(Self {
            at: time.and_then(|t| facts::instant(&Scalar::from(t))),
            status: fields.get("status").and_then(Value::as_str).map(str::to_owned),
            fahrenheit: fields.get("unit").and_then(Value::as_str).is_some_and(|u| u.contains('F')),
            value: fields.remove("value").unwrap_or(Value::Null),
        })
    }
}

/// Where a value is: the node and the value's place in it.
struct Address<'a> {
    node: &'a str,
    class: u16,
    endpoint: u8,
    property: &'a str,
    key: &'a str,
}

/// Finds the command class: a number with an endpoint behind it, or a name. Node numbers stand before it, so the last
/// place that fits is the class.
fn address(below: &str) -> Option<Address<'_>> {
    let mut at = below.len();
    let mut found = None;
    while let Some((node, _)) = below[..at].rsplit_once('/') {
        at = node.len();
        let mut rest = below[at + 1..].splitn(3, '/');
        let (class, next, tail) = (rest.next()?, rest.next(), rest.next());
        found = numbered(node, class, next, tail).or_else(|| named(node, class, next, tail));
        if found.is_some() {
            break;
        }
    }
    found
}

fn numbered<'a>(node: &'a str, class: &str, endpoint: Option<&str>, tail: Option<&'a str>) -> Option<Address<'a>> {
    let class = class.parse().ok().filter(|class| (32..=255).contains(class))?;
    Some(Address::new(node, class, endpoint?.parse().ok()?, tail?))
}

fn named<'a>(node: &'a str, class: &str, next: Option<&'a str>, tail: Option<&'a str>) -> Option<Address<'a>> {
    const CLASSES: &[(&str, u16)] = &[
        ("battery", 128),
        ("notification", 113),
        ("alarm", 113),
        ("binarysensor", 48),
        ("sensorbinary", 48),
        ("multilevelsensor", 49),
        ("sensormultilevel", 49),
        ("doorlock", 98),
        ("lock", 118),
        ("alarmsensor", 156),
        ("sensoralarm", 156),
        ("meter", 50),
    ];
    let class = CLASSES.iter().find(|(name, _)| same_word(class, name))?.1;
    let next = next?;
    if let Some(endpoint) = next.strip_prefix("endpoint_") {
        return Some(Address::new(node, class, endpoint.parse().ok()?, tail?));
    }
    Some(Address { node, class, endpoint: 0, property: next, key: tail.unwrap_or("") })
}

impl<'a> Address<'a> {
    fn new(node: &'a str, class: u16, endpoint: u8, path: &'a str) -> Self {
        let (property, key) = path.split_once('/').unwrap_or((path, ""));
        Self { node, class, endpoint, property, key }
    }

    fn fact(&self, said: &Said) -> Option<Fact> {
        let value = &Scalar::from(&said.value);
        let is = |name: &str| same_word(self.property, name);
        match self.class {
            128 if is("level") || is("0") => facts::percent(value),
            128 if is("islow") => facts::battery_low(value),
            113 => self.notification(value.number()?),
            48 if is("water") => facts::leak(value),
            48 if is("tamper") => facts::tamper(value),
            49 if is("airtemperature") && said.fahrenheit => facts::fahrenheit(value),
            49 if is("airtemperature") => facts::celsius(value),
            50 if is("value") => meter(self.key, value),
            98 if is("currentmode") => lock_mode(value.number()?),
            98 | 118 if is("locked") => value.flag().map(facts::locked),
            156 if is("state") && (self.key == "5" || same_word(self.key, "waterleak")) => {
                value.number().map(|n| Fact::Leak(n > 0.0)).or_else(|| facts::leak(value))
            }
            _ => None,
        }
    }

    /// Notification variables; 0 is idle. Each type numbers its own states.
    fn notification(&self, state: f64) -> Option<Fact> {
        let on = |states: &[f64]| if state == 0.0 { Some(false) } else { states.contains(&state).then_some(true) };
        let is = |kind: &str, variable: &str| same_word(self.property, kind) && same_word(self.key, variable);
        if is("wateralarm", "sensorstatus") || is("water", "sensorstatus") {
            on(&[1.0, 2.0]).map(Fact::Leak)
        } else if is("homesecurity", "coverstatus") {
            on(&[3.0]).map(Fact::Tamper)
        } else if is("system", "coverstatus") {
            on(&[6.0]).map(Fact::Tamper)
        } else if is("powermanagement", "batterymaintenancestatus") {
            on(&[10.0, 11.0]).map(Fact::BatteryLow)
        } else if is("accesscontrol", "lockstate") {
            (state == 11.0).then_some(Fact::LockState(LockState::Jammed))
        } else {
            None
        }
    }
}

/// A water meter's total. The key is meter type (3 is water), scale and rate type (1 is consumption), a byte each.
fn meter(key: &str, value: &Scalar) -> Option<Fact> {
    let litres = match key.parse().ok()? {
        0x03_00_01 => 1_000.0,
        0x03_01_01 => 28.316_846_592,
        0x03_02_01 => 3.785_411_784,
        _ => return None,
    };
    value.number().filter(|n| *n >= 0.0).map(|n| Fact::VolumeL(n * litres))
}

/// Door lock modes: 255 is secured; all others open it from at least one side; 254 is unknown.
fn lock_mode(mode: f64) -> Option<Fact> {
    let unsecured = [0.0, 1.0, 16.0, 17.0, 32.0, 33.0];
    if mode == 255.0 { Some(facts::locked(true)) } else { unsecured.contains(&mode).then(|| facts::locked(false)) }
}
