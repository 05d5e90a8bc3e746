//! What a device puts on the wire: the native telemetry and Zigbee2MQTT's state message, written from their documents.
//! Must never use the service's own types: if both were wrong alike, nothing would be tested.

use crate::device::{Device, DeviceKind};
use crate::{Publish, Wire};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

/// One look of a device at itself.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) at: DateTime<Utc>,
    pub(crate) percent: Option<f64>,
    pub(crate) millivolts: Option<f64>,
    pub(crate) temperature_c: f64,
    pub(crate) linkquality: u64,
}

/// The state message of a device.
pub(crate) fn state(property: &str, device: &Device, sample: &Sample) -> Publish {
    match device.wire {
        Wire::Zigbee2Mqtt => publish(sample.at, format!("zigbee2mqtt/{}", device.key), zigbee(device, sample), false),
        _ => {
            let topic = format!("nightporter/v1/{property}/{}/telemetry", device.key);
            publish(sample.at, topic, native(device, sample), false)
        }
    }
}

/// `online` or `offline`, retained: a last will, or Zigbee2MQTT's availability.
pub(crate) fn presence(property: &str, device: &Device, at: DateTime<Utc>, online: bool) -> Publish {
    let word = if online { "online" } else { "offline" };
    match device.wire {
        Wire::Zigbee2Mqtt => {
            let body = Map::from_iter([("state".to_owned(), json!(word))]);
            publish(at, format!("zigbee2mqtt/{}/availability", device.key), body, true)
        }
        _ => Publish {
            at,
            topic: format!("nightporter/v1/{property}/{}/status", device.key),
            payload: word.into(),
            retain: true,
            qos: 1,
        },
    }
}

fn publish(at: DateTime<Utc>, topic: String, body: Map<String, Value>, retain: bool) -> Publish {
    Publish { at, topic, payload: Value::Object(body).to_string().into_bytes(), retain, qos: 1 }
}

/// The time by the device's own clock.
fn claimed(device: &Device, at: DateTime<Utc>) -> String {
    let days = (at - device.clock_set_at).num_seconds() as f64 / 86_400.0;
    let ahead = TimeDelta::milliseconds((device.drift_s_per_day * days * 1000.0) as i64);
    (at + ahead).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn native(device: &Device, sample: &Sample) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if let Some(percent) = sample.percent {
        put("battery_percent", level(percent));
    }
    if let Some(millivolts) = sample.millivolts {
        put("battery_millivolts", number(millivolts));
    }
    match device.kind {
        DeviceKind::Lock => put("lock_state", json!(if device.locked { "locked" } else { "unlocked" })),
        DeviceKind::LeakSensor => put("leak", json!(device.wet)),
        DeviceKind::Gateway => put("online", json!(true)),
    };
    put("temperature_c", number(sample.temperature_c));
    put("signal_dbm", json!(-90 + (sample.linkquality / 4) as i64));
    if device.witnesses {
        put("uptime_s", json!((sample.at - device.booted_at).num_seconds()));
        put("boot_count", json!(device.boots));
        put("message_counter", json!(device.sent));
        if device.kind == DeviceKind::Lock {
            put("operations", json!(device.operations));
        }
    }
    if device.stamped {
        put("at", json!(claimed(device, sample.at)));
    }
    body
}

fn zigbee(device: &Device, sample: &Sample) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("battery", sample.percent.map_or(Value::Null, level));
    if let Some(millivolts) = sample.millivolts {
        put("voltage", number(millivolts));
    }
    if device.kind == DeviceKind::Lock {
        put("state", json!(if device.locked { "LOCK" } else { "UNLOCK" }));
        put("lock_state", json!(if device.locked { "locked" } else { "unlocked" }));
    } else {
        put("water_leak", json!(device.wet));
        put("battery_low", json!(sample.percent.is_some_and(|percent| percent <= 10.0)));
        put("tamper", json!(false));
        put("device_temperature", number(sample.temperature_c.round()));
        put("power_outage_count", json!(device.boots));
    }
    put("linkquality", json!(sample.linkquality));
    if device.stamped {
        put("last_seen", json!(claimed(device, sample.at)));
    }
    body
}

/// A whole number without its `.0`, anything else to one decimal.
fn number(value: f64) -> Value {
    let tenth = (value * 10.0).round() / 10.0;
    if tenth.fract() == 0.0 { json!(tenth as i64) } else { json!(tenth) }
}

/// A level: honest ones have half points at most, shares of one have hundredths.
fn level(value: f64) -> Value {
    if value > 0.0 && value < 1.0 { json!((value * 100.0).round() / 100.0) } else { number(value) }
}
