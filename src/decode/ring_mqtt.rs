//! ring-mqtt: `ring/<location>/<category>/<device>/<entity>/state`, `…/status`
//! (<https://github.com/tsightler/ring-mqtt>, devices/*.js). Freeze, smoke and motion are no leak.

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::Fact;

const BASES: &[&str] = &["ring"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let levels: Vec<&str> = message.below(BASES).unwrap_or(message.topic).split('/').collect();
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    let value = || message.text().map(Scalar::plain);
    match levels.as_slice() {
        [_, _, device, "status"] => Ok(single(device, facts::online(&value()?))),
        [_, _, device, "info", "state"] => Ok(vec![json::fields(message.text()?, take)?.of(*device, None)]),
        [_, _, device, entity, "state"] => Ok(single(device, fact(entity, &value()?))),
        [_, _, device, _, "attributes"] => Ok(facts::silent(device)),
        _ => Ok(vec![]),
    }
}

fn fact(entity: &str, value: &Scalar) -> Option<Fact> {
    match entity {
        "flood" | "moisture" => facts::leak(value),
        "lock" => facts::lock_word(value.text()?).map(Fact::LockState),
        "tamper" => facts::tamper(value),
        "battery" => facts::percent(value),
        "temperature" => facts::celsius(value),
        "wireless" => facts::dbm(value),
        _ => None,
    }
}

/// Ring's own times are when its cloud heard the device; they are left out.
fn take(facts: &mut Facts, key: &str, value: &Scalar) {
    facts.add(match key {
        "batteryLevel" | "batteryLife" => facts::percent(value),
        "batteryStatus" => facts::battery_low(value),
        "tamperStatus" => facts::tamper(value),
        "wirelessSignal" => facts::dbm(value),
        _ => None,
    });
}
