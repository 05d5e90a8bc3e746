//! The Things Stack: `v3/<app>[@<tenant>]/devices/<id>/<up|join|…>`, and its forerunner The Things Network v2,
//! `<app>/devices/<id>/up` (<https://www.thethingsindustries.com/docs/integrations/data-formats/>). The key is the
//! DevEUI, else the device's id. An uplink that somebody simulated in the console was said by no device. A
//! formatter may be missing: then only the network's own facts are read.

use serde_json::Value;

use crate::model::{DeviceReadings, Fact, Timestamp};

use super::facts;
use super::lorawan::Uplink;
use super::scalar::Scalar;
use super::{Message, Outcome, json};

pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with("v3/") && message.topic.contains("/devices/")
}

/// Version 2, which has no prefix of its own: `<app>/devices/<id>/up` with the fields that only it has.
pub(super) fn recognises_v2(message: &Message) -> bool {
    let levels: Vec<&str> = message.topic.split('/').collect();
    matches!(levels.as_slice(), [_, "devices", _, "up" | "events" | "activations", ..])
}

pub(super) fn decode(message: &Message) -> Outcome {
    let Some((_, rest)) = message.topic.split_once("/devices/") else { return Ok(vec![]) };
    let (id, event) = rest.split_once('/').unwrap_or((rest, ""));
    if message.payload.is_empty() || !matches!(event, "up" | "up/normalized" | "join") {
        return Ok(vec![]);
    }
    let body = json::tree(message.text()?)?;
    if body.get("simulated").and_then(Value::as_bool) == Some(true) {
        return Ok(vec![]);
    }
    let key = body.pointer("/end_device_ids/dev_eui").or_else(|| body.get("hardware_serial"));
    let key = key.and_then(Value::as_str).filter(|k| !k.is_empty()).unwrap_or(id);
    Ok(match event {
        "join" => facts::silent(key),
        _ if body.get("payload_raw").is_some() || body.get("payload_fields").is_some() => vec![uplink_v2(key, &body)],
        _ => vec![uplink(key, &body)],
    })
}

fn uplink(key: &str, body: &Value) -> DeviceReadings {
    let said = body.get("uplink_message").or_else(|| body.get("uplink_normalized")).unwrap_or(&Value::Null);
    let mut uplink = Uplink::new(time(said, "received_at").or_else(|| time(body, "received_at")));
    let port = said.get("f_port").and_then(Value::as_u64);
    match said.get("decoded_payload") {
        Some(object) => uplink.take_object(object, port),
        None => normalized(&mut uplink, said.get("normalized_payload")),
    }
    if !uplink.now.has(Fact::BatteryPercent) {
        let network = said.get("last_battery_percentage").unwrap_or(&Value::Null);
        let percent = network.get("value").and_then(|n| facts::percent(&Scalar::from(n)));
        uplink.remember(percent, time(network, "received_at"));
    }
    uplink.take_signal(said.get("rx_metadata"));
    uplink.now.add(said.get("f_cnt").and_then(|n| facts::count(&Scalar::from(n), Fact::MessageCounter)));
    uplink.of(key)
}

/// Measurements in the common schema, where `battery` is volts and the leak is `water.leak`; one or several.
fn normalized(uplink: &mut Uplink, payload: Option<&Value>) {
    let each = payload.map(|p| p.as_array().map_or(std::slice::from_ref(p), Vec::as_slice));
    for measurement in each.into_iter().flatten() {
        let value = |path: &str| measurement.pointer(path).map(Scalar::from);
        uplink.now.add(value("/battery").as_ref().and_then(facts::voltage));
        uplink.now.add(value("/water/leak").as_ref().and_then(facts::leak));
        uplink.now.add(value("/air/temperature").as_ref().and_then(facts::celsius));
    }
}

fn uplink_v2(key: &str, body: &Value) -> DeviceReadings {
    let metadata = body.get("metadata").unwrap_or(&Value::Null);
    let mut uplink = Uplink::new(time(metadata, "time"));
    uplink.take_object(body.get("payload_fields").unwrap_or(&Value::Null), body.get("port").and_then(Value::as_u64));
    uplink.take_signal(metadata.get("gateways"));
    uplink.now.add(body.get("counter").and_then(|n| facts::count(&Scalar::from(n), Fact::MessageCounter)));
    uplink.of(key)
}

fn time(object: &Value, key: &str) -> Option<Timestamp> {
    facts::instant(&Scalar::from(object.get(key)?))
}
