//! What ChirpStack and The Things Stack share: the object that a device's codec made of an uplink, and the gateways
//! that heard it. Codecs are written by makers and operators, so names are free; see `vocabulary`.

use serde_json::{Map, Value};

use crate::model::{DeviceReadings, Fact, Timestamp};

use super::facts::{self, Facts};
use super::scalar::Scalar;
use super::vocabulary::{self, Meaning};

/// How deep a codec's object is searched.
const DEPTH_MAX: u32 = 4;

/// One uplink, gathered.
pub(super) struct Uplink {
    /// What the uplink says of its own time.
    pub(super) now: Facts,
    /// Stored measurements that a device sends later, with their own times.
    past: Vec<(Facts, Timestamp)>,
    at: Option<Timestamp>,
}

impl Uplink {
    /// Nothing said yet.
    pub(super) fn new(at: Option<Timestamp>) -> Self {
        Self { now: Facts::default(), past: Vec::new(), at }
    }

    /// Reads a codec's object. `port` helps with the one device whose codec names its leak flag `status`.
    pub(super) fn take_object(&mut self, object: &Value, port: Option<u64>) {
        let Value::Object(fields) = object else { return };
        if port == Some(106) && fields.contains_key("temperatureBoard") {
            return self.take_browan(fields);
        }
        // Dragino's status message tells volts, whole ones too.
        if fields.contains_key("SENSOR_MODEL") {
            return self.now.add(fields.get("battery").or(fields.get("BAT")).and_then(|v| facts::voltage(&v.into())));
        }
        self.take_fields(fields, 0);
        self.take_radio_bridge(fields);
        for entries in fields.values().filter_map(Value::as_array) {
            self.take_history(entries);
        }
        if let Some(messages) = fields.get("messages").and_then(Value::as_array) {
            self.take_sensecap(messages, 0);
        }
        if let Some(Value::String(event)) = fields.get("event") {
            let wet = event.split(',').any(|e| matches!(e.trim(), "water_leak_alert" | "water_leak"));
            self.now.add(wet.then_some(Fact::Leak(true)));
        }
    }

    /// Radio Bridge names each message by what happened, and says it below that name (radio_bridge_packet_decoder.js).
    fn take_radio_bridge(&mut self, fields: &Map<String, Value>) {
        let event = |name: &str| fields.get(name)?.get("Event").map(Scalar::from);
        match fields.get("Type").and_then(Value::as_str) {
            Some("WATER") => self.now.add(event("Water").as_ref().and_then(facts::leak)),
            Some("TAMPER") => self.now.add(event("Tamper").as_ref().and_then(facts::tamper)),
            _ => {}
        }
    }

    /// Browan TBWL100: `status` bit 0 is water, `battery` is volts.
    fn take_browan(&mut self, fields: &Map<String, Value>) {
        let number = |name: &str| fields.get(name).map(Scalar::from);
        self.now.add(number("battery").as_ref().and_then(facts::voltage));
        let wet = fields.get("status").and_then(Value::as_u64).map(|bits| Fact::Leak(bits & 1 == 1));
        self.now.add(wet);
        self.now.add(number("temperature").as_ref().and_then(facts::celsius));
    }

    /// An array of objects with times of their own is a history; without, it says nothing that can be placed.
    fn take_history(&mut self, entries: &[Value]) {
        for fields in entries.iter().filter_map(Value::as_object) {
            let Some(at) = time(fields) else { continue };
            let mut then = Uplink::new(Some(at));
            then.take_fields(fields, DEPTH_MAX);
            self.past.push((then.now, at));
        }
    }

    /// SenseCAP tells a list of messages, the newer codecs a list of lists; each names what it measured by a number
    /// (lorawan-devices, vendor/sensecap; chirpstack-device-profiles, seeed-technology-co-ltd).
    fn take_sensecap(&mut self, messages: &[Value], depth: u32) {
        for message in messages {
            match message {
                Value::Array(inner) if depth == 0 => self.take_sensecap(inner, 1),
                Value::Object(message) => {
                    let at = time(message);
                    sensecap(message).for_each(|fact| self.remember(Some(fact), at));
                }
                _ => {}
            }
        }
    }

    fn take_fields(&mut self, fields: &Map<String, Value>, depth: u32) {
        for (name, value) in fields {
            match (vocabulary::meaning(name), value) {
                (Some((meaning, channel)), Value::Object(wrapped))
                    if wrapped.contains_key("value") || wrapped.contains_key("data") =>
                {
                    self.take_wrapped(meaning, channel, wrapped);
                }
                (_, Value::Object(nested)) if depth < DEPTH_MAX && !is_setting(name) => {
                    self.take_fields(nested, depth + 1)
                }
                (Some((meaning, channel)), scalar) => take_named(&mut self.now, name, meaning, channel, scalar),
                (None, _) => {}
            }
        }
    }

    /// `{"value":3.1,"unit":"V"}` and `{"data":230,"unit":"V"}` stand for the value itself, `{"value","time"}` for one
    /// of that time.
    fn take_wrapped(&mut self, meaning: Meaning, channel: Option<&str>, wrapped: &Map<String, Value>) {
        let Some(inner) = wrapped.get("value").or_else(|| wrapped.get("data")).map(Scalar::from) else { return };
        match time(wrapped) {
            Some(at) => {
                let mut then = Facts::default();
                vocabulary::take(&mut then, meaning, channel, &inner);
                self.past.push((then, at));
            }
            None => vocabulary::take(&mut self.now, meaning, channel, &inner),
        }
    }

    /// A fact that the network server remembers, with its own time.
    pub(super) fn remember(&mut self, fact: Option<Fact>, at: Option<Timestamp>) {
        let Some(at) = at else { return self.now.add(fact) };
        let mut then = Facts::default();
        then.add(fact);
        self.past.push((then, at));
    }

    /// The strongest gateway's signal; `gateways` are objects with `rssi` in dBm.
    pub(super) fn take_signal(&mut self, gateways: Option<&Value>) {
        let each = gateways.and_then(Value::as_array).into_iter().flatten();
        let heard = each.filter_map(|g| g.get("rssi").or_else(|| g.get("channel_rssi"))?.as_f64());
        let strongest = heard.filter(|dbm| *dbm < 0.0).max_by(f64::total_cmp);
        self.now.add(strongest.and_then(|dbm| facts::dbm(&Scalar::Number(dbm))));
    }

    /// Closes the uplink.
    pub(super) fn of(self, device: &str) -> DeviceReadings {
        let mut all = self.now.of(device, self.at);
        for (facts, at) in self.past {
            all.readings.extend(facts.of(device, Some(at)).readings);
        }
        all
    }
}

/// What one of SenseCAP's messages says: `{"type":"upload_battery","battery":100}`, `{"Battery(%)":100}`, or measurement
/// 3000 (battery, %) or 4097 (air, °C).
fn sensecap(message: &Map<String, Value>) -> impl Iterator<Item = Fact> {
    let said = |name: &str| message.get(name).map(Scalar::from);
    let measured = |id: f64| {
        let is_it = said("measurementId").and_then(|is| is.number()) == Some(id);
        said("measurementValue").filter(|_| is_it)
    };
    let battery = said("battery").or_else(|| said("Battery(%)")).or_else(|| measured(3_000.0));
    let air = measured(4_097.0);
    [battery.as_ref().and_then(facts::percent), air.as_ref().and_then(facts::celsius)].into_iter().flatten()
}

fn take_named(facts: &mut Facts, name: &str, meaning: Meaning, channel: Option<&str>, value: &Value) {
    // ELSYS tells a water level 0–255 under this name; anything but zero is water.
    if let (Meaning::Leak, "waterleak", Some(level)) = (meaning, name, value.as_f64()) {
        return facts.add((level >= 0.0).then_some(Fact::Leak(level > 0.0)));
    }
    vocabulary::take(facts, meaning, channel, &Scalar::from(value));
}

/// An object's own time, under one of its usual names.
fn time(fields: &Map<String, Value>) -> Option<Timestamp> {
    let said = ["timestamp", "time", "ts"].iter().find_map(|key| fields.get(*key))?;
    facts::instant(&Scalar::from(said))
}

fn is_setting(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["config", "setting", "threshold", "target", "alarm_"].iter().any(|word| name.contains(word))
}
