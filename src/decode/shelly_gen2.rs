//! Shelly, second generation and later: `<prefix>/events/rpc` (NotifyStatus, NotifyFullStatus, NotifyEvent),
//! `<prefix>/status/<component>`, `<prefix>/online`, and answers on `<who asked>/rpc`
//! (<https://shelly-api-docs.shelly.cloud/gen2/General/RPCChannels>). The prefix is the device's id unless changed;
//! events and requests are no state. A device on external power has no battery to tell of.

use serde_json::{Map, Value};

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::Fact;

/// Components that can stand behind `status/`.
const COMPONENTS: &[&str] = &[
    "flood",
    "devicepower",
    "temperature",
    "humidity",
    "wifi",
    "sys",
    "switch",
    "cover",
    "input",
    "light",
    "rgb",
    "rgbw",
    "cct",
    "smoke",
    "voltmeter",
    "em",
    "em1",
    "pm1",
    "ui",
    "mqtt",
    "cloud",
    "ble",
    "ws",
    "script",
    "eth",
    "bthomedevice",
    "bthomesensor",
    "blutrv",
    "presence",
    "number",
    "boolean",
    "text",
    "enum",
    "group",
    "bthome",
];

pub(super) fn recognises(message: &Message) -> bool {
    let topic = message.topic;
    topic.ends_with("/events/rpc") || status(topic).is_some() || (topic.starts_with("shelly") && topic.contains('/'))
}

/// A changed prefix: `<prefix>/online` with a bare boolean, `<prefix>/rpc` with a frame.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    match message.topic.rsplit_once('/') {
        Some((_, "online")) => matches!(message.payload, b"true" | b"false"),
        Some((_, "rpc")) => message.payload.starts_with(b"{"),
        _ => false,
    }
}

pub(super) fn decode(message: &Message) -> Outcome {
    let topic = message.topic;
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    if let Some(device) = topic.strip_suffix("/online") {
        return Ok(single(device, facts::online(&Scalar::plain(message.text()?))));
    }
    if let Some((device, component)) = status(topic) {
        let body = json::tree(message.text()?)?;
        let mut facts = Facts::default();
        take(&mut facts, component, &body);
        return Ok(vec![facts.of(device, None)]);
    }
    match topic.strip_suffix("/events/rpc") {
        Some(device) => notification(device, &json::tree(message.text()?)?),
        None if topic.ends_with("/rpc") => answer(&json::tree(message.text()?)?),
        None => Ok(vec![]),
    }
}

/// Device and component of `<prefix>/status/<component>[:<id>]`.
fn status(topic: &str) -> Option<(&str, &str)> {
    let (device, component) = topic.rsplit_once("/status/")?;
    let name = component.split(':').next().unwrap_or_default();
    COMPONENTS.contains(&name).then_some((device, component))
}

fn notification(device: &str, frame: &Value) -> Outcome {
    let state = matches!(frame.get("method").and_then(Value::as_str), Some("NotifyStatus" | "NotifyFullStatus"));
    let components = frame.get("params").and_then(Value::as_object).filter(|_| state);
    let at = components.and_then(|c| facts::instant(&Scalar::from(c.get("ts")?)));
    Ok(vec![all(components).of(device, at)])
}

/// The answer to `Shelly.GetStatus` names its sender; a request is not the device speaking.
fn answer(frame: &Value) -> Outcome {
    let sender = frame.get("src").and_then(Value::as_str).filter(|_| frame.get("result").is_some());
    let components = frame.get("result").and_then(Value::as_object);
    Ok(sender.map(|device| all(components).of(device, None)).into_iter().collect())
}

fn all(components: Option<&Map<String, Value>>) -> Facts {
    let mut facts = Facts::default();
    for (name, state) in components.into_iter().flatten() {
        take(&mut facts, name, state);
    }
    facts
}

fn take(facts: &mut Facts, component: &str, state: &Value) {
    let value = |path: &str| state.pointer(path).map(Scalar::from);
    match component.split(':').next().unwrap_or_default() {
        "flood" => facts.add(value("/alarm").as_ref().and_then(facts::leak)),
        "devicepower" if state.pointer("/external/present").and_then(Value::as_bool) != Some(true) => {
            facts.add(value("/battery/V").as_ref().and_then(facts::voltage));
            facts.add(value("/battery/percent").as_ref().and_then(facts::percent));
        }
        "temperature" => facts.add_to(component, value("/tC").as_ref().and_then(facts::celsius)),
        "wifi" => facts.add(value("/rssi").as_ref().and_then(facts::dbm)),
        "sys" => facts.add(value("/uptime").as_ref().and_then(|n| facts::count(n, Fact::UptimeS))),
        "bthomedevice" | "blutrv" => {
            facts.add_to(component, value("/battery").as_ref().and_then(facts::percent));
            facts.add_to(component, value("/rssi").as_ref().and_then(facts::dbm));
        }
        _ => {}
    }
}
