//! Eclipse Sparkplug B: `spBv1.0/<group>/<type>/<node>[/<device>]` in Protocol Buffers
//! (<https://sparkplug.eclipse.org/specification/>, `sparkplug_b.proto`). Births are online, deaths offline, commands
//! are not telemetry. A metric that only has an alias has no name without its birth certificate and tells nothing.

use serde_json::Value;

use super::facts::{self, Facts};
use super::protobuf::{Fields, Wire};
use super::scalar::Scalar;
use super::vocabulary::{self, Meaning};
use super::{Message, Outcome, Rejection, json};
use crate::model::{DeviceReadings, Fact, Timestamp};

/// The uuid that marks a compressed body.
const COMPRESSED: &[u8] = b"SPBV1.0_COMPRESSED";

pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with("spBv1.0/") || message.topic.starts_with("spAv1.0/")
}

pub(super) fn decode(message: &Message) -> Outcome {
    let levels: Vec<&str> = message.topic.split('/').collect();
    let [_, group, kind, rest @ ..] = levels.as_slice() else { return Ok(vec![]) };
    let online = match *kind {
        "NBIRTH" | "DBIRTH" => Some(true),
        "NDEATH" | "DDEATH" => Some(false),
        "NDATA" | "DDATA" => None,
        _ => return Ok(vec![]),
    };
    if rest.is_empty() || message.payload.is_empty() {
        return Ok(vec![]);
    }
    let key = format!("{group}/{}", rest.join("/"));
    let body = if message.payload.starts_with(b"{") { from_json(message)? } else { from_protobuf(message)? };
    Ok(vec![report(&key, online, &body)])
}

/// Each metric at its own time, else at the payload's.
fn report(key: &str, online: Option<bool>, body: &Body) -> DeviceReadings {
    let mut birth = Facts::default();
    birth.add(online.map(Fact::Online));
    let mut all = birth.of(key, body.at);
    for metric in &body.metrics {
        let mut facts = Facts::default();
        if let Some(meaning) = vocabulary::meaning_of_entity(&metric.name) {
            let degrees = if meaning == Meaning::Celsius && metric.fahrenheit { Meaning::Fahrenheit } else { meaning };
            vocabulary::take(&mut facts, degrees, None, &metric.value);
        }
        all.readings.extend(facts.of(key, metric.at.or(body.at)).readings);
    }
    all
}

/// What a payload says.
#[derive(Default)]
struct Body<'a> {
    at: Option<Timestamp>,
    metrics: Vec<Metric<'a>>,
}

struct Metric<'a> {
    name: String,
    at: Option<Timestamp>,
    value: Scalar<'a>,
    fahrenheit: bool,
}

/// Some gateways write the same in JSON.
fn from_json<'a>(message: &Message) -> Result<Body<'a>, Rejection> {
    let body = json::tree(message.text()?)?;
    let time = |object: &Value| facts::instant(&Scalar::from(object.get("timestamp")?));
    let metrics = body.get("metrics").and_then(Value::as_array).into_iter().flatten();
    let metric = |metric: &Value| {
        let name = metric.get("name")?.as_str()?.to_owned();
        let value = match metric.get("value")? {
            Value::Bool(b) => Scalar::Bool(*b),
            Value::Number(n) => Scalar::Number(n.as_f64()?),
            Value::String(text) => Scalar::Text(text.clone().into()),
            _ => Scalar::Nothing,
        };
        Some(Metric { name, at: time(metric), value, fahrenheit: false })
    };
    Ok(Body { at: time(&body), metrics: metrics.filter_map(metric).collect() })
}

fn from_protobuf<'a>(message: &Message<'a>) -> Result<Body<'a>, Rejection> {
    message.check_size()?;
    let mut body = Body::default();
    for field in Fields::of(message.payload) {
        match field? {
            (1, Wire::Varint(millis)) => body.at = epoch(millis),
            (2, Wire::Bytes(bytes)) => body.metrics.extend(metric(bytes)?),
            (4, Wire::Bytes(uuid)) if uuid == COMPRESSED => {
                return Err(Rejection::new("unsupported_encoding", "a compressed Sparkplug payload"));
            }
            _ => {}
        }
    }
    Ok(body)
}

fn epoch(millis: u64) -> Option<Timestamp> {
    facts::epoch(millis as f64)
}

/// A metric with a name; `None` when it has only an alias.
fn metric(bytes: &[u8]) -> Result<Option<Metric<'_>>, Rejection> {
    let mut metric = Metric { name: String::new(), at: None, value: Scalar::Nothing, fahrenheit: false };
    let (mut datatype, mut is_null, mut integer) = (0, false, None);
    for field in Fields::of(bytes) {
        match field? {
            (1, Wire::Bytes(name)) => metric.name = text(name)?.to_owned(),
            (3, Wire::Varint(millis)) => metric.at = epoch(millis),
            (4, Wire::Varint(kind)) => datatype = kind,
            (7, Wire::Varint(null)) => is_null = null != 0,
            (9, Wire::Bytes(properties)) => metric.fahrenheit = is_fahrenheit(properties)?,
            (10 | 11, Wire::Varint(n)) => integer = Some(n),
            (12, Wire::Fixed32(bits)) => metric.value = Scalar::Number(f64::from(f32::from_bits(bits))),
            (13, Wire::Fixed64(bits)) => metric.value = Scalar::Number(f64::from_bits(bits)),
            (14, Wire::Varint(n)) => metric.value = Scalar::Bool(n != 0),
            (15, Wire::Bytes(bytes)) => metric.value = Scalar::Text(text(bytes)?.into()),
            _ => {}
        }
    }
    if let Some(n) = integer {
        metric.value = Scalar::Number(signed(datatype, n));
    }
    if is_null {
        metric.value = Scalar::Nothing;
    }
    Ok(Some(metric).filter(|m| !m.name.is_empty()))
}

/// Signed types are stored in unsigned fields as two's complement; 1 to 4 are Int8 to Int64.
fn signed(datatype: u64, n: u64) -> f64 {
    match datatype {
        1 => f64::from(n as u8 as i8),
        2 => f64::from(n as u16 as i16),
        3 => f64::from(n as u32 as i32),
        4 => n as i64 as f64,
        _ => n as f64,
    }
}

/// Whether a property set says `engUnit` = °F. Values of the set stand in fields 2, their text in field 8.
fn is_fahrenheit(properties: &[u8]) -> Result<bool, Rejection> {
    for field in Fields::of(properties) {
        let (2, Wire::Bytes(value)) = field? else { continue };
        for part in Fields::of(value) {
            if let (8, Wire::Bytes(b"F" | b"\xc2\xb0F" | b"degF" | b"Fahrenheit")) = part? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn text(bytes: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(bytes).map_err(|_| Rejection::new("invalid_utf8", "in a metric"))
}
