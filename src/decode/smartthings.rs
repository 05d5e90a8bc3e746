//! SmartThings MQTT bridge: `smartthings/<device name>/<attribute>[/state]` with plain words
//! (<https://github.com/stjohnjohnson/smartthings-mqtt-bridge>). Temperatures come without their unit and are left out.

use super::facts::{self, single};
use super::scalar::Scalar;
use super::{Message, Outcome};
use crate::model::{Fact, LockState};

const BASES: &[&str] = &["smartthings"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).unwrap_or(message.topic);
    let below = below.strip_suffix("/state").unwrap_or(below);
    let Some((device, attribute)) = below.rsplit_once('/') else { return Ok(vec![]) };
    if message.payload.is_empty() || matches!(attribute, "cmd" | "set_state") {
        return Ok(vec![]);
    }
    let value = Scalar::plain(message.text()?);
    Ok(single(device, fact(attribute, &value)))
}

fn fact(attribute: &str, value: &Scalar) -> Option<Fact> {
    match attribute {
        "water" | "waterSensor" => facts::leak(value),
        "battery" => facts::percent(value),
        "tamper" | "tamperAlert" => facts::tamper(value),
        "lock" => lock(value.text()?).map(Fact::LockState),
        "rssi" => facts::dbm(value),
        _ => None,
    }
}

fn lock(text: &str) -> Option<LockState> {
    if text.starts_with("unlocked") { Some(LockState::Unlocked) } else { facts::lock_word(text) }
}
