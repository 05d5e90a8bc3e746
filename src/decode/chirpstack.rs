//! ChirpStack: `application/<id>/device/<DevEUI>/event/<up|status|join|…>` in its JSON encoding, versions 3 and 4
//! (<https://www.chirpstack.io/docs/chirpstack/integrations/events.html>), and what has the same envelope elsewhere. `margin` is an SNR and no signal in dBm.

use serde_json::Value;

use crate::model::{DeviceReadings, Fact, Timestamp};

use super::facts::{self, single};
use super::lorawan::Uplink;
use super::scalar::Scalar;
use super::{Message, Outcome, Rejection, json};

pub(super) fn recognises(message: &Message) -> bool {
    device_and_event(message.topic).is_some() || gateway(message.topic).is_some()
}

/// Any topic, when the envelope is ChirpStack's (its `event_topic` may be any) or that of Milesight's gateways, whose own
/// network server publishes where its operator likes (<https://support.milesight-iot.com/support/solutions/articles/73000600064>).
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    let has = |name: &str| message.payload.windows(name.len()).any(|w| w == name.as_bytes());
    let is_milesight = || has("\"devEUI\"") && (has("\"fPort\"") || has("\"rxInfo\""));
    let is_chirpstack = || has("\"deviceInfo\"") && has("\"devEui\"");
    message.payload.trim_ascii_start().starts_with(b"{") && (is_milesight() || is_chirpstack())
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    if let Some(gateway) = gateway(message.topic) {
        return connection(gateway, message);
    }
    match device_and_event(message.topic) {
        Some((device, "up" | "rx")) => Ok(vec![uplink(device, &tree(message)?)]),
        Some((device, "status")) => Ok(vec![status(device, &tree(message)?)]),
        Some((device, "join" | "ack" | "location")) => tree(message).map(|_| facts::silent(device)),
        Some(_) => Ok(vec![]),
        None => Ok(enveloped(tree(message)?).into_iter().collect()),
    }
}

/// On a topic that tells nothing the envelope names the device, and what it holds tells what happened. Milesight's codecs
/// write what they decode beside the envelope's own fields.
fn enveloped(mut event: Value) -> Option<DeviceReadings> {
    let key = event.pointer("/deviceInfo/devEui").or_else(|| event.get("devEUI"))?.as_str()?.to_owned();
    let is_eui = key.len() == 16 && key.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_eui {
        return None;
    }
    if event.get("margin").is_some() {
        return Some(status(&key, &event));
    }
    if event.get("devEUI").is_some() && event.get("object").is_none() && event.get("objectJSON").is_none() {
        let mut beside = event.clone();
        beside.as_object_mut()?.remove("rxInfo");
        event["object"] = beside;
    }
    Some(uplink(&key, &event))
}

/// `…/device/<DevEUI>/event/<event>`, or without `event` as version 2 had it, below any prefix.
fn device_and_event(topic: &str) -> Option<(&str, &str)> {
    let (_, rest) = topic.split_once("application/")?.1.split_once("/device/")?;
    let (device, event) = rest.split_once('/')?;
    let event = event.strip_prefix("event/").unwrap_or(event);
    let known = ["up", "status", "join", "ack", "txack", "log", "location", "integration", "rx", "error", "tx"];
    (!device.is_empty() && known.contains(&event) || event.starts_with("command/")).then_some((device, event))
}

/// `<region>/gateway/<id>/state/conn`.
fn gateway(topic: &str) -> Option<&str> {
    let id = topic.strip_suffix("/state/conn")?;
    id.rsplit_once("gateway/").map(|(_, id)| id).filter(|id| !id.contains('/'))
}

fn connection(gateway: &str, message: &Message) -> Outcome {
    let state = tree(message)?.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(single(gateway, facts::online(&Scalar::plain(&state))))
}

fn tree(message: &Message) -> Result<Value, Rejection> {
    let looks_binary = !matches!(message.payload.trim_ascii_start().first(), Some(b'{'));
    if looks_binary && std::str::from_utf8(message.payload).is_err() {
        return Err(Rejection::new("unsupported_encoding", "the Protobuf encoding; choose JSON in ChirpStack"));
    }
    json::tree(message.text()?)
}

fn uplink(device: &str, event: &Value) -> DeviceReadings {
    let gateways = event.get("rxInfo");
    let own = time(event);
    let mut uplink = Uplink::new(own.or_else(|| gateways?.as_array()?.iter().find_map(time)));
    let port = event.get("fPort").and_then(Value::as_u64);
    match event.get("objectJSON").and_then(Value::as_str).map(json::tree) {
        Some(Ok(object)) => uplink.take_object(&object, port),
        _ => uplink.take_object(event.get("object").unwrap_or(&Value::Null), port),
    }
    uplink.take_signal(gateways);
    uplink.now.add(event.get("fCnt").and_then(|n| facts::count(&Scalar::from(n), Fact::MessageCounter)));
    uplink.of(device)
}

fn time(object: &Value) -> Option<Timestamp> {
    facts::instant(&Scalar::from(object.get("time")?))
}

/// The answer to a LoRaWAN DevStatusReq: percent, unless the device is powered or cannot tell. Version 2 passed the raw
/// byte: 0 is external power, 255 unknown, 254 full.
fn status(device: &str, event: &Value) -> DeviceReadings {
    let is = |key: &str| event.get(key).and_then(Value::as_bool) == Some(true);
    let mut status = Uplink::new(time(event));
    if !is("externalPowerSource") && !is("batteryLevelUnavailable") {
        let raw = event.get("battery").and_then(Value::as_f64).filter(|n| (1.0..=254.0).contains(n));
        let percent = event.get("batteryLevel").and_then(|n| facts::percent(&Scalar::from(n)));
        status.now.add(percent.or(raw.map(|n| Fact::BatteryPercent(n * 100.0 / 254.0))));
    }
    status.of(device)
}
