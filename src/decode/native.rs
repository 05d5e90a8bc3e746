//! Nightporter's own format (CONTRACT section 4): `nightporter/v1/<property>/<device>/telemetry` and `…/status`.
//! Commands, tickets and the service's own status share the tree and are no telemetry.

use crate::model::{Fact, LockState, Timestamp};

use super::facts::{self, Facts, single};
use super::scalar::{Scalar, same_word};
use super::{Message, Outcome, Rejection, json};

const BASE: &str = "nightporter";

pub(super) fn recognises(message: &Message) -> bool {
    message.below(&[BASE]).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    let Some((_, device, leaf)) = levels(message.topic)? else { return Ok(vec![]) };
    match leaf {
        "status" => Ok(single(device, facts::online(&Scalar::plain(message.text()?)))),
        "telemetry" => {
            let Telemetry { facts, at } = telemetry(message)?;
            Ok(vec![facts.of(device, at)])
        }
        _ => Ok(vec![]),
    }
}

/// Property, device and leaf, where a device speaks. Below another base than our own, which a route names, they are the
/// last three levels; below our own nobody else has anything to say.
fn levels(topic: &str) -> Result<Option<(&str, &str, &str)>, Rejection> {
    let Some((_, below)) = topic.split_once("nightporter/v1/") else {
        let mut levels = topic.rsplit('/');
        let three = levels.next().zip(levels.next()).zip(levels.next());
        return Ok(three.map(|((leaf, device), property)| (property, device, leaf)));
    };
    match below.split('/').collect::<Vec<_>>()[..] {
        [property, device, leaf @ ("telemetry" | "status")] => Ok(Some((property, device, leaf))),
        [.., "telemetry" | "status"] => Err(wrong_topic()),
        [_, "open_tickets"] | [_, "tickets", ..] | [_, _, "health"] | [_, .., "command"] => Ok(None),
        _ => Err(wrong_topic()),
    }
}

fn wrong_topic() -> Rejection {
    Rejection::new("wrong_topic", "a device speaks on nightporter/v1/<property>/<device>/<telemetry|status>")
}

/// The property that a topic names.
pub(super) fn property(topic: &str) -> Option<&str> {
    levels(topic).ok().flatten().map(|(property, ..)| property)
}

fn telemetry(message: &Message) -> Result<Telemetry, Rejection> {
    let text = message.text()?;
    if text.trim_start().starts_with('{') {
        return json::fields(text, Telemetry::take);
    }
    Err(Rejection::new("invalid_json", "telemetry is a JSON object"))
}

#[derive(Default)]
struct Telemetry {
    facts: Facts,
    at: Option<Timestamp>,
}

impl Telemetry {
    fn take(&mut self, key: &str, value: &Scalar) {
        self.facts.add(match key {
            "battery_percent" => facts::percent(value),
            "battery_millivolts" => facts::millivolts(value),
            "battery_low" => facts::battery_low(value),
            "leak" => facts::leak(value),
            "lock_state" => lock_state(value),
            "tamper" => facts::tamper(value),
            "online" => facts::online(value),
            "temperature_c" => facts::celsius(value),
            "signal_dbm" => facts::dbm(value),
            "flow_lpm" => facts::count(value, Fact::FlowLpm),
            "uptime_s" => facts::count(value, Fact::UptimeS),
            "boot_count" => facts::count(value, Fact::BootCount),
            "message_counter" => facts::count(value, Fact::MessageCounter),
            "operations" => facts::count(value, Fact::Operations),
            "volume_l" => facts::count(value, Fact::VolumeL),
            "at" => {
                self.at = facts::at(value);
                None
            }
            _ => None,
        });
    }
}

/// The words of the contract; here even `unknown` is a statement.
fn lock_state(value: &Scalar) -> Option<Fact> {
    match value.text() {
        Some(text) if same_word(text, "unknown") => Some(Fact::LockState(LockState::Unknown)),
        _ => facts::lock(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Routes, decode};
    use crate::model::{Fact, LockState, Timestamp};

    fn facts_of(topic: &str, payload: &str) -> Vec<Fact> {
        let decoded = decode(topic, payload.as_bytes(), &Routes::default()).expect("decodes");
        assert_eq!(decoded.format, "native");
        decoded.devices.into_iter().flat_map(|d| d.readings).map(|r| r.fact).collect()
    }

    #[test]
    fn telemetry_with_its_time_and_witnesses() {
        let payload = br#"{"battery_percent":87,"leak":false,"boot_count":3,"x":{"y":1},"at":"2026-01-05T02:30:00Z"}"#;
        let decoded = decode("nightporter/v1/oak/lock-1/telemetry", payload, &Routes::default()).expect("decodes");
        let device = &decoded.devices[0];
        assert_eq!(device.device_key.as_ref().map(|k| k.as_str()), Some("lock-1"));
        let at = Timestamp::parse_rfc3339("2026-01-05T02:30:00Z");
        assert!(device.readings.iter().all(|r| r.at == at));
        let facts: Vec<_> = device.readings.iter().map(|r| r.fact.clone()).collect();
        assert_eq!(facts, [Fact::BatteryPercent(87.0), Fact::Leak(false), Fact::BootCount(3.0)]);
    }

    #[test]
    fn a_topic_with_other_levels_names_no_device() {
        for topic in ["nightporter/v1/oak/a/b/telemetry", "nightporter/v1/telemetry", "nightporter/v1/oak/status"] {
            let told = decode(topic, br#"{"leak":true}"#, &Routes::default());
            assert_eq!(told.expect_err("no device").code, "wrong_topic", "{topic}");
        }
        for topic in ["nightporter/v1/oak/x/telemetri", "nightporter/v1/oak/x", "nightporter/v1/oak", "nightporter/v1/"]
        {
            let told = decode(topic, br#"{"leak":true}"#, &Routes::default());
            assert_eq!(told.expect_err("nobody's word").code, "wrong_topic", "{topic}");
            assert_eq!(decode(topic, b"", &Routes::default()).expect("cleared").devices, [], "{topic}");
        }
        let mut routes = Routes::default();
        routes.pin("site/np/+/+/telemetry", "native").expect("valid");
        let told = decode("site/np/oak/x/telemetry", br#"{"leak":true}"#, &routes).expect("decodes");
        assert_eq!(told.devices[0].device_key, Some("x".into()));
    }

    #[test]
    fn one_bad_field_does_not_cost_the_leak() {
        let payload = r#"{"battery_percent":"??","temperature_c":[],"uptime_s":-1,"leak":true,"lock_state":"unknown"}"#;
        let facts = [Fact::Leak(true), Fact::LockState(LockState::Unknown)];
        assert_eq!(facts_of("nightporter/v1/oak/x/telemetry", payload), facts);
    }

    #[test]
    fn status_and_what_is_not_telemetry() {
        assert_eq!(facts_of("nightporter/v1/oak/x/status", "offline"), [Fact::Online(false)]);
        for topic in ["nightporter/v1/oak/x/command", "nightporter/v1/oak/tickets/t1", "nightporter/status"] {
            assert_eq!(facts_of(topic, r#"{"leak":true}"#), [], "{topic}");
        }
        let bad = decode("nightporter/v1/oak/x/telemetry", b"[1]", &Routes::default());
        assert_eq!(bad.expect_err("not an object").code, "invalid_json");
    }
}
