//! ESPHome over MQTT: `<prefix>/<component>/<object_id>/state` with plain text, `<prefix>/status` with the birth and
//! will words, `<prefix>/debug` with the log (<https://esphome.io/components/mqtt.html>). The prefix is the device.
//! What an entity measures is known by its object id only, so names that say nothing tell nothing.

use super::facts::{self, single};
use super::scalar::Scalar;
use super::vocabulary::{self, Meaning};
use super::{Message, Outcome};
use crate::model::Fact;

/// The MQTT components of ESPHome.
pub(super) const COMPONENTS: &[&str] = &[
    "binary_sensor",
    "sensor",
    "text_sensor",
    "lock",
    "switch",
    "light",
    "fan",
    "cover",
    "climate",
    "number",
    "select",
    "button",
    "valve",
    "event",
    "update",
    "text",
    "alarm_control_panel",
    "media_player",
    "date",
    "time",
    "datetime",
];

pub(super) fn recognises(message: &Message) -> bool {
    matches!(entity(message.topic), Some((.., "state" | "command"))) || message.topic.starts_with("esphome/discover")
}

/// `<prefix>/status` and `<prefix>/debug`, which are told by what they say.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    match message.topic.rsplit_once('/') {
        Some((_, "status")) => matches!(message.payload, b"online" | b"offline"),
        Some((_, "debug")) => message.payload.starts_with(b"\x1b[") || message.payload.starts_with(b"["),
        _ => false,
    }
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    if let Some((device, component, object, "state")) = entity(message.topic) {
        let value = Scalar::plain(message.text()?);
        return Ok(single(device, fact(component, object, &value)));
    }
    match message.topic.rsplit_once('/') {
        Some((device, "status")) => Ok(single(device, facts::online(&Scalar::plain(message.text()?)))),
        _ => Ok(vec![]),
    }
}

/// Device, component, object and leaf of an entity's topic.
fn entity(topic: &str) -> Option<(&str, &str, &str, &str)> {
    let mut levels = topic.rsplitn(4, '/');
    let (leaf, object, component, device) = (levels.next()?, levels.next()?, levels.next()?, levels.next()?);
    COMPONENTS.contains(&component).then_some((device, component, object, leaf))
}

/// What an entity of this component says; also used where Home Assistant names its entities alike.
pub(super) fn fact(component: &str, object: &str, value: &Scalar) -> Option<Fact> {
    match component {
        "lock" => facts::lock_word(value.text()?).map(Fact::LockState),
        "binary_sensor" => binary(object, value.flag()?),
        "sensor" => sensor(object, value),
        _ => None,
    }
}

/// On means wet, low, tampered, connected; a binary "battery" is on when it is low.
fn binary(object: &str, on: bool) -> Option<Fact> {
    if let Some("moisture" | "water") = object.rsplit('_').next() {
        return (!object.contains("soil")).then_some(Fact::Leak(on));
    }
    match vocabulary::meaning_of_entity(object)? {
        Meaning::Leak => Some(Fact::Leak(on)),
        Meaning::Tamper => Some(Fact::Tamper(on)),
        Meaning::Low | Meaning::Battery => Some(Fact::BatteryLow(on)),
        _ => None,
    }
}

fn sensor(object: &str, value: &Scalar) -> Option<Fact> {
    if object == "uptime" || object.ends_with("_uptime") {
        return facts::count(value, Fact::UptimeS);
    }
    match vocabulary::meaning_of_entity(object)? {
        Meaning::Leak | Meaning::Low | Meaning::Tamper | Meaning::Lock | Meaning::Locked | Meaning::Online => None,
        meaning => vocabulary::fact(meaning, value),
    }
}
