//! ThingsBoard: `v1/devices/me/telemetry` (the connection is the device, so there is no key) and
//! `v1/gateway/telemetry` for several devices (<https://thingsboard.io/docs/reference/mqtt-api/>). One object, one with
//! a time, or an array of either. Attributes and remote calls are no telemetry.

use serde_json::Value;

use crate::model::{DeviceKey, DeviceReadings, Timestamp};

use super::facts::{self, Facts};
use super::scalar::Scalar;
use super::{Message, Outcome, Rejection, json, vocabulary};

pub(super) fn recognises(message: &Message) -> bool {
    let topics = ["v1/devices/me/", "v1/gateway/", "v2/t", "v2/a", "v2/r", "v2/fw", "v2/sw"];
    topics.iter().any(|t| message.topic.starts_with(t))
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    match message.topic {
        topic if topic.ends_with("devices/me/telemetry") || matches!(topic, "v2/t" | "v2/t/j") => {
            Ok(vec![device(None, &json::tree(message.text()?)?)])
        }
        "v2/t/p" => Err(Rejection::new("unsupported_encoding", "telemetry in Protobuf")),
        topic if topic.ends_with("gateway/telemetry") => gateway(&json::tree(message.text()?)?),
        _ => Ok(vec![]),
    }
}

fn gateway(body: &Value) -> Outcome {
    let devices = body.as_object().into_iter().flatten();
    Ok(devices.map(|(name, said)| device(Some(name.as_str().into()), said)).collect())
}

fn device(device_key: Option<DeviceKey>, said: &Value) -> DeviceReadings {
    let each = said.as_array().map_or(std::slice::from_ref(said), Vec::as_slice);
    let readings = each.iter().flat_map(|sample| facts_of(sample).of("", time(sample)).readings).collect();
    DeviceReadings { device_key, readings }
}

fn time(sample: &Value) -> Option<Timestamp> {
    sample.get("values")?;
    facts::instant(&Scalar::from(sample.get("ts")?))
}

fn facts_of(sample: &Value) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in sample.get("values").unwrap_or(sample).as_object().into_iter().flatten() {
        if let Some((meaning, channel)) = vocabulary::meaning(name) {
            vocabulary::take(&mut facts, meaning, channel, &Scalar::from(value));
        }
    }
    facts
}
