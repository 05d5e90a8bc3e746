//! wyzesense2mqtt: `wyzesense2mqtt/[sensor/]<MAC>` as JSON and `…/status`
//! (<https://github.com/raetha/wyzesense2mqtt>). A leak sensor has its body and, where plugged in, a probe.

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::{DeviceReadings, Fact, Timestamp};

const BASES: &[&str] = &["wyzesense2mqtt"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).unwrap_or(message.topic);
    let below = below.strip_prefix("sensor/").unwrap_or(below);
    if message.payload.is_empty() {
        return Ok(vec![]);
    }
    match below.split_once('/') {
        None => Ok(vec![json::fields(message.text()?, Sensor::take)?.finish(below)]),
        Some((device, "status")) if !matches!(device, "hub" | "remote" | "bridge") => {
            Ok(single(device, facts::online(&Scalar::plain(message.text()?))))
        }
        _ => Ok(vec![]),
    }
}

#[derive(Default)]
struct Sensor {
    facts: Facts,
    at: Option<Timestamp>,
    is_leak: bool,
    state: Option<Fact>,
    probe: Option<Fact>,
    unplugged: bool,
}

impl Sensor {
    fn take(&mut self, key: &str, value: &Scalar) {
        match key {
            "timestamp" => self.at = facts::instant(value),
            "sensor_type" => self.is_leak |= value.text() == Some("leak"),
            "device_class" => self.is_leak |= value.text() == Some("moisture"),
            "state" => self.state = facts::leak(value),
            "probe_state" => self.probe = facts::leak(value),
            "probe_available" => self.unplugged = value.flag() == Some(false),
            "battery" => self.facts.add(facts::percent(value)),
            "signal_strength" => self.facts.add(facts::dbm(value)),
            "temperature" => self.facts.add(facts::celsius(value)),
            _ => {}
        }
    }

    fn finish(mut self, device: &str) -> DeviceReadings {
        if self.is_leak {
            self.facts.add(self.state);
            self.facts.add_to("probe", self.probe.filter(|_| !self.unplugged));
        }
        self.facts.of(device, self.at)
    }
}
