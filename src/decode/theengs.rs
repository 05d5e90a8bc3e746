//! Theengs Gateway and OpenMQTTGateway, Bluetooth: `<base>/<gateway>/BTtoMQTT[/<MAC>]` as JSON, the gateway's own
//! `…/LWT` and `…/SYStoMQTT` (<https://decoder.theengs.io/>, <https://docs.openmqttgateway.com/>). Temperatures come
//! twice, in °C and °F; an undecoded advertisement tells nothing, not even when its name does.

use super::facts::{self, Facts, single};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::{DeviceReadings, Fact};

pub(super) fn recognises(message: &Message) -> bool {
    let topic = message.topic;
    ["/BTtoMQTT", "/SYStoMQTT", "/undecoded", "/commands/MQTTto"].iter().any(|level| topic.contains(level))
        || topic.ends_with("/LWT")
}

pub(super) fn decode(message: &Message) -> Outcome {
    if message.payload.is_empty() || message.topic.contains("/commands/") {
        return Ok(vec![]);
    }
    if let Some(gateway) = message.topic.strip_suffix("/LWT") {
        return Ok(single(last(gateway), facts::online(&Scalar::plain(message.text()?))));
    }
    if let Some(gateway) = message.topic.strip_suffix("/SYStoMQTT") {
        return Ok(vec![json::fields(message.text()?, take_gateway)?.of(last(gateway), None)]);
    }
    match message.topic.split_once("/BTtoMQTT") {
        Some((_, mac)) => Ok(json::fields(message.text()?, Heard::take)?.finish(mac.trim_start_matches('/'))),
        None => Ok(vec![]),
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn take_gateway(facts: &mut Facts, key: &str, value: &Scalar) {
    facts.add(match key.to_ascii_lowercase().as_str() {
        "rssi" => facts::dbm(value),
        "uptime" => facts::count(value, Fact::UptimeS),
        _ => None,
    });
}

/// One advertisement.
#[derive(Default)]
struct Heard {
    id: Option<String>,
    facts: Facts,
    celsius: Option<Fact>,
    fahrenheit: Option<Fact>,
}

impl Heard {
    fn take(&mut self, key: &str, value: &Scalar) {
        match key {
            "id" => self.id = value.text().map(str::to_owned),
            "tempc" => self.celsius = facts::celsius(value),
            "tempf" => self.fahrenheit = facts::fahrenheit(value),
            "rssi" => self.facts.add(facts::dbm(value)),
            "batt" => self.facts.add(facts::percent(value)),
            "volt" => self.facts.add(facts::voltage(value)),
            "lowbatt" => self.facts.add(facts::battery_low(value)),
            "leak" | "water_leak" => self.facts.add(facts::leak(value)),
            "tamper" => self.facts.add(facts::tamper(value)),
            _ => {}
        }
    }

    /// The payload's id, else the address in the topic.
    fn finish(mut self, mac: &str) -> Vec<DeviceReadings> {
        self.facts.add(self.celsius.or(self.fahrenheit));
        let id = self.id.unwrap_or_else(|| mac.to_owned());
        if id.is_empty() { vec![] } else { vec![self.facts.of(id, None)] }
    }
}
