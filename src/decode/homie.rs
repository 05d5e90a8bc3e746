//! The Homie convention, versions 2 to 5: `homie/<device>/<node>/<property>` with plain values, attributes behind `$`
//! (<https://homieiot.github.io/specification/>). Version 5 has its number as a level before the device, and lets the
//! first level, the domain, be any. What a property measures is known by the names of its node and itself.

use super::facts::{self, single};
use super::scalar::Scalar;
use super::vocabulary;
use super::{Message, Outcome};
use crate::model::Fact;

const BASES: &[&str] = &["homie"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

/// Whether this can stand below the base: a device, and something of it.
pub(super) fn fits(below: &str) -> bool {
    below.contains('/')
}

/// Version 5 under another domain: `<domain>/5/<device>/<node>/<property>` or an attribute; only what would be read, so
/// that nobody else's topic with a 5 in it is taken away.
pub(super) fn recognises_domain(message: &Message) -> bool {
    let Some((device, path)) = of_domain(message.topic).and_then(|below| below.split_once('/')) else { return false };
    let is_id =
        |id: &str| !id.is_empty() && id.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit());
    let attributes = ["$state", "$description", "$log", "$alert"];
    let is_attribute = attributes.contains(&path.split('/').next().unwrap_or_default());
    let is_property = || {
        let (node, property) = path.split_once('/').unwrap_or_default();
        let named = device.bytes().any(|b| b.is_ascii_lowercase()) && is_id(node) && is_id(property);
        named && vocabulary::meaning_of_entity(path).is_some()
    };
    is_id(device) && (is_attribute || is_property())
}

/// What stands below `<domain>/5/`.
fn of_domain(topic: &str) -> Option<&str> {
    topic.split_once('/')?.1.strip_prefix("5/")
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).or_else(|| of_domain(message.topic)).unwrap_or(message.topic);
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
