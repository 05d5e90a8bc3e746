//! What ChirpStack and The Things Stack share: the object that a device's codec made of an uplink, and the gateways
//! that heard it. Codecs are written by makers and operators, so names are free; see `vocabulary`.

use serde_json::{Map, Value};

use crate::model::{DeviceReadings, Fact, Timestamp};

use super::facts::{self, Facts};
use super::scalar::Scalar;
use super::vocabulary;

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
        take_fields(&mut self.now, fields, 0);
        for entries in fields.values().filter_map(Value::as_array) {
            self.take_history(entries);
        }
        if let Some(Value::String(event)) = fields.get("event") {
            let wet = event.split(',').any(|e| matches!(e.trim(), "water_leak_alert" | "water_leak"));
            self.now.add(wet.then_some(Fact::Leak(true)));
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
            let time = ["timestamp", "time", "ts"].iter().find_map(|key| fields.get(*key));
            let Some(at) = time.and_then(|t| facts::instant(&Scalar::from(t))) else { continue };
            let mut facts = Facts::default();
            take_fields(&mut facts, fields, 1);
            self.past.push((facts, at));
        }
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

fn take_fields(facts: &mut Facts, fields: &Map<String, Value>, depth: u32) {
    for (name, value) in fields {
        match (vocabulary::meaning(name), value) {
            (Some((meaning, channel)), Value::Object(wrapped)) => match unwrap(wrapped) {
                Some(inner) => vocabulary::take(facts, meaning, channel, &inner),
                None if depth < DEPTH_MAX => take_fields(facts, wrapped, depth + 1),
                None => {}
            },
            (Some((meaning, channel)), scalar) => take_named(facts, name, meaning, channel, scalar),
            (None, Value::Object(nested)) if depth < DEPTH_MAX && !is_setting(name) => {
                take_fields(facts, nested, depth + 1);
            }
            (None, _) => {}
        }
    }
}

fn take_named(facts: &mut Facts, name: &str, meaning: vocabulary::Meaning, channel: Option<&str>, value: &Value) {
    // ELSYS tells a water level 0–255 under this name; anything but zero is water.
    if let (vocabulary::Meaning::Leak, "waterleak", Some(level)) = (meaning, name, value.as_f64()) {
        return facts.add((level >= 0.0).then_some(Fact::Leak(level > 0.0)));
    }
    vocabulary::take(facts, meaning, channel, &Scalar::from(value));
}

/// `{"value":3.1,"unit":"V"}` and `{"data":230,"unit":"V"}` stand for the value itself.
fn unwrap(object: &Map<String, Value>) -> Option<Scalar<'_>> {
    let inner = object.get("value").or_else(|| object.get("data"))?;
    (!inner.is_object() && !inner.is_array()).then(|| Scalar::from(inner))
}

fn is_setting(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["config", "setting", "threshold", "target", "alarm_"].iter().any(|word| name.contains(word))
}
