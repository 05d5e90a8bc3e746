//! Actility ThingPark: `{"DevEUI_uplink":{…}}` as its MQTT connector writes it, on any topic (`mqtt/things/{DevEUI}/uplink` in
//! its examples), with what the payload driver made of the frame (`payload`, and the same by common names in `points`)
//! (<https://docs.thingpark.com/thingpark-x/latest/Message/uplink-message>). Numbers are text in older versions; the connector's
//! `sendMetadata` drops the outermost level. Without a driver only the network's own facts are read; `sendRawDecodedFormat`, which
//! sends what the driver made alone and names no device, needs a format of the operator's own.

use serde_json::{Map, Value};

use crate::model::{DeviceReadings, Fact};

use super::facts;
use super::lorawan::Uplink;
use super::scalar::Scalar;
use super::vocabulary::{Meaning, meaning};
use super::{Message, Outcome, json};

/// What every message of ThingPark's begins with.
const ENVELOPE: &[u8] = b"\"DevEUI_";

pub(super) fn recognises(message: &Message) -> bool {
    let inner = message.payload.trim_ascii_start().strip_prefix(b"{");
    inner.is_some_and(|inner| inner.trim_ascii_start().starts_with(ENVELOPE))
}

/// Without its outermost level, by fields that only this network server writes.
pub(super) fn recognises_bare(message: &Message) -> bool {
    let has = |name: &str| message.payload.windows(name.len()).any(|w| w == name.as_bytes());
    message.payload.trim_ascii_start().starts_with(b"{") && has("\"payload_hex\"") && has("\"DevEUI\"")
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    let body = json::tree(message.text()?)?;
    Ok(event(&body).and_then(uplink).into_iter().collect())
}

/// The uplink in its envelope, or without.
pub(super) fn event(body: &Value) -> Option<&Value> {
    body.get("DevEUI_uplink").or_else(|| body.get("payload_hex").map(|_| body))
}

fn uplink(event: &Value) -> Option<DeviceReadings> {
    let field = |name: &str| event.get(name).map(Scalar::from);
    let device = event.get("DevEUI")?.as_str()?;
    let mut uplink = Uplink::new(field("Time").as_ref().and_then(facts::instant));
    let port = field("FPort").and_then(|port| port.number()).map(|port| port as u64);
    uplink.take_object(event.get("payload").unwrap_or(&Value::Null), port);
    uplink.take_object(&points(event), port);
    let heard = event.pointer("/Lrrs/Lrr").and_then(Value::as_array).into_iter().flatten();
    let heard = heard.filter_map(|gateway| Scalar::from(gateway.get("LrrRSSI")?).number());
    let strongest = heard.chain(field("LrrRSSI").and_then(|own| own.number())).max_by(f64::total_cmp);
    uplink.now.add(strongest.and_then(|dbm| facts::dbm(&Scalar::Number(dbm))));
    uplink.now.add(field("FCntUp").and_then(|n| facts::count(&n, Fact::MessageCounter)));
    Some(uplink.of(device))
}

/// `{"temperature":{"unitId":"Cel","record":24}}` as `{"temperature":24}`. Several records have times of their own and are left
/// out; so is a temperature in another unit.
fn points(event: &Value) -> Value {
    let record = |name: &str, point: &Value| {
        let is_celsius = point.get("unitId").and_then(Value::as_str) == Some("Cel");
        let is_known = is_celsius || !matches!(meaning(name), Some((Meaning::Celsius, _)));
        point.get("record").filter(|record| is_known && !record.is_array()).cloned()
    };
    let points = event.get("points").and_then(Value::as_object).into_iter().flatten();
    points.filter_map(|(name, point)| Some((name.clone(), record(name, point)?))).collect::<Map<_, _>>().into()
}
