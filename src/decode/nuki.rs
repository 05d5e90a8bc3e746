//! Nuki's own MQTT API: `nuki/<hex id>/<topic>` with plain numbers and booleans
//! (<https://developer.nuki.io/page/nuki-smart-lock-mqtt-api-1-4/9>). Actions and their events are intentions, never
//! the state; the door sensor is no lock.

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome};
use crate::model::{Fact, LockState};

const BASES: &[&str] = &["nuki"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some_and(fits)
}

/// Whether a device of Nuki's stands first: its id in hexadecimal.
pub(super) fn fits(below: &str) -> bool {
    let id = below.split('/').next().unwrap_or_default();
    (6..=8).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit())
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).unwrap_or(message.topic);
    let Some((device, topic)) = below.split_once('/') else { return Ok(vec![]) };
    if message.payload.is_empty() || matches!(topic, "lockAction" | "lock" | "unlock") {
        return Ok(vec![]);
    }
    let value = Scalar::plain(message.text()?);
    Ok(match topic {
        "keypadBatteryCritical" => accessory(device, "keypad", &value),
        "doorsensorBatteryCritical" => accessory(device, "doorsensor", &value),
        _ => single(device, fact(topic, &value)),
    })
}

fn fact(topic: &str, value: &Scalar) -> Option<Fact> {
    match topic {
        "state" => state(value.number()?).map(Fact::LockState),
        "batteryCritical" => facts::battery_low(value),
        "batteryChargeState" => facts::percent(value),
        "connected" => facts::online(value),
        _ => None,
    }
}

fn accessory(device: &str, channel: &str, value: &Scalar) -> Vec<crate::model::DeviceReadings> {
    let mut facts = Facts::default();
    facts.add_to(channel, facts::battery_low(value));
    vec![facts.of(device, None)]
}

/// Lock states of the Bridge API; 0 (uncalibrated), 253 (boot run) and 255 (undefined) tell nothing.
fn state(number: f64) -> Option<LockState> {
    const STATES: &[(f64, LockState)] = &[
        (1.0, LockState::Locked),
        (2.0, LockState::Unlocking),
        (3.0, LockState::Unlocked),
        (4.0, LockState::Locking),
        (5.0, LockState::Open),
        (6.0, LockState::Unlocked),
        (7.0, LockState::Opening),
        (254.0, LockState::Jammed),
    ];
    STATES.iter().find(|(n, _)| *n == number).map(|(_, state)| *state)
}
