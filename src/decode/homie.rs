//! The Homie convention, versions 2 to 5: `homie/<device>/<node>/<property>` with plain values, attributes behind `$`
//! (<https://homieiot.github.io/specification/>). Version 5 has its number as a level before the device. What a
//! property measures is known by the names of its node and itself.

use super::facts::{self, single};
use super::scalar::Scalar;
use super::vocabulary;
use super::{Message, Outcome};
use crate::model::Fact;

const BASES: &[&str] = &["homie"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).unwrap_or(message.topic);
    let below = below.strip_prefix("5/").unwrap_or(below);
    let Some((device, path)) = below.split_once('/') else { return Ok(vec![]) };
    let is_command = path.ends_with("/set") || path.ends_with("/$target");
    if message.payload.is_empty() || device.starts_with('$') || is_command {
        return Ok(vec![]);
    }
    let value = Scalar::plain(message.text()?);
    Ok(single(device, if path.contains('$') { attribute(path, &value) } else { property(path, &value) }))
}

/// A sleeping device is not offline. `$stats/signal` is a percentage.
fn attribute(path: &str, value: &Scalar) -> Option<Fact> {
    match path {
        "$state" => match value.text()? {
            "ready" | "alert" => Some(Fact::Online(true)),
            "lost" | "disconnected" => Some(Fact::Online(false)),
            _ => None,
        },
        "$online" => facts::online(value),
        "$stats/battery" => facts::percent(value),
        "$stats/supply" => facts::voltage(value),
        "$stats/uptime" => facts::count(value, Fact::UptimeS),
        _ => None,
    }
}

fn property(path: &str, value: &Scalar) -> Option<Fact> {
    vocabulary::fact(vocabulary::meaning_of_entity(path)?, value)
}
