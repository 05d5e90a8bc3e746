//! Home Assistant's state stream: `<base>/<domain>/<entity>/state` with the bare state, attributes beside it as JSON
//! (<https://www.home-assistant.io/integrations/mqtt_statestream/>). Each entity is a device of its own here.
//! ESPHome's topics look alike; they are told apart by the base's name and by the lower-case words of the states.

use super::esphome::{self, COMPONENTS};
use super::facts::single;
use super::scalar::Scalar;
use super::{Message, Outcome};
use crate::model::Fact;

/// How levels begin that people name after Home Assistant.
const BASES: &[&str] = &["homeassistant", "home-assistant", "home_assistant", "statestream", "hass", "ha_", "ha-"];

/// States that only Home Assistant writes like this.
const STATES: &[&[u8]] =
    &[b"on", b"off", b"unavailable", b"unknown", b"locked", b"unlocked", b"jammed", b"locking", b"unlocking"];

pub(super) fn recognises(message: &Message) -> bool {
    let Some((base, _, _, attribute)) = entity(message.topic) else { return false };
    let named = |level: &str| level == "ha" || BASES.iter().any(|b| level.starts_with(b));
    base.split('/').any(named) || (attribute == "state" && STATES.contains(&message.payload))
}

pub(super) fn decode(message: &Message) -> Outcome {
    let Some((_, domain, object, attribute)) = entity(message.topic) else { return Ok(vec![]) };
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    let text = message.text()?;
    let fact = match (attribute, text) {
        ("state", "unavailable") => Some(Fact::Online(false)),
        ("state", state) => esphome::fact(domain, object, &Scalar::plain(state)),
        _ => None,
    };
    Ok(single(&format!("{domain}.{object}"), fact))
}

/// Base, domain, object and attribute.
fn entity(topic: &str) -> Option<(&str, &str, &str, &str)> {
    let mut levels = topic.rsplitn(4, '/');
    let (attribute, object, domain, base) = (levels.next()?, levels.next()?, levels.next()?, levels.next()?);
    COMPONENTS.contains(&domain).then_some((base, domain, object, attribute))
}
