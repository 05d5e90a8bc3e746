//! Zigbee2MQTT: `<base>/<friendly name>` with a JSON state, `…/availability`, and single attributes below the name
//! when the operator chose attribute output (<https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>).
//! Property names are those of zigbee-herdsman-converters. Commands and `bridge/*` are no telemetry, except the
//! bridge's own state. Never guesses a half-percent battery scale.

use crate::model::{DeviceReadings, Fact, LockState, Timestamp};

use super::facts::{self, Facts, single};
use super::scalar::{Scalar, word};
use super::{Message, Outcome, json, nested};

const BASE: &str = "zigbee2mqtt";

/// The usual base topic, and second instances beside it (`zigbee2mqtt_garage/…`, `z2m/…`).
pub(super) fn recognises(message: &Message) -> bool {
    message.topic.starts_with(BASE) || message.topic.starts_with("z2m")
}

/// Below another level: `home/zigbee2mqtt/…`. What Home Assistant names after the bridge is not meant.
pub(super) fn recognises_nested(message: &Message) -> bool {
    let is_said = || name_of(message).contains('/') || message.payload.trim_ascii_start().starts_with(b"{");
    nested::has_level(message.topic, BASE) && !message.topic.starts_with("homeassistant/") && is_said()
}

/// Other base topics: `home/zigbee2mqtt_2/…`, or any whose JSON carries the link quality that Zigbee2MQTT adds itself.
pub(super) fn recognises_elsewhere(message: &Message) -> bool {
    const SHAPE: &[u8] = br#""linkquality""#;
    message.topic.contains("/zigbee2mqtt") || message.payload.windows(SHAPE.len()).any(|w| w == SHAPE)
}

pub(super) fn decode(message: &Message) -> Outcome {
    let name = name_of(message);
    if message.payload.is_empty() || name.is_empty() || is_command(name) {
        return Ok(vec![]);
    }
    if let Some((bridge, rest)) = bridge(name) {
        return if rest == "state" { availability(bridge, message) } else { Ok(vec![]) };
    }
    if let Some(device) = name.strip_suffix("/availability") {
        return availability(device, message);
    }
    let text = message.text()?;
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => {
            let state = json::fields(text, State::take)?;
            Ok(vec![state.finish(name)])
        }
        _ => attribute(name, text),
    }
}

/// The topic below its base: everything behind the first level named like Zigbee2MQTT, else behind the first level.
pub(super) fn name_of<'a>(message: &Message<'a>) -> &'a str {
    if let Some(below) = message.below(&[BASE]) {
        return below;
    }
    let mut rest = message.topic;
    while let Some((level, below)) = rest.split_once('/') {
        if level.starts_with(BASE) || level.starts_with("z2m") {
            return below;
        }
        rest = below;
    }
    message.topic.split_once('/').map_or("", |(_, below)| below)
}

/// What Zigbee2MQTT itself says below `bridge`.
const OF_THE_BRIDGE: &[&str] = &[
    "state",
    "info",
    "devices",
    "groups",
    "definitions",
    "converters",
    "extensions",
    "logging",
    "log",
    "event",
    "health",
    "config",
    "networkmap",
    "request",
    "response",
    "availability",
];

/// The bridge and what it says: `bridge/state`, also of an instance whose base topic has a level more than we know of
/// (`zigbee2mqtt/floor 1`). A device may have a level of that name, but not with these behind it.
pub(super) fn bridge(name: &str) -> Option<(&str, &str)> {
    if let "bridge" = name {
        return Some((name, ""));
    }
    let from = if name.starts_with("bridge/") { 0 } else { name.find("/bridge/")? + 1 };
    let end = from + "bridge".len();
    let rest = &name[end + 1..];
    let first = rest.split('/').next().unwrap_or_default();
    (from == 0 || OF_THE_BRIDGE.contains(&first)).then_some((&name[..end], rest))
}

/// `<name>/set`, `<name>/get` and the same with an attribute behind.
fn is_command(name: &str) -> bool {
    let mut levels = name.rsplit('/');
    let verb = |level: Option<&str>| matches!(level, Some("set" | "get"));
    verb(levels.next()) || verb(levels.next())
}

/// `{"state":"online"}`, or the bare word of older versions.
fn availability(device: &str, message: &Message) -> Outcome {
    let text = message.text()?;
    let said = match text.trim_start().as_bytes().first() {
        Some(b'{') => json::fields(text, |said: &mut Option<Fact>, key, value| {
            if key == "state" {
                *said = facts::online(value);
            }
        })?,
        _ => facts::online(&Scalar::plain(text)),
    };
    Ok(single(device, said))
}

/// Attribute output: `<name>/<attribute>` with the bare value. Text on the name itself is a broken state.
fn attribute(name: &str, text: &str) -> Outcome {
    let Some((device, key)) = name.rsplit_once('/') else {
        return Ok(vec![json::fields(text, State::take)?.finish(name)]);
    };
    let mut state = State::default();
    state.take(key, &Scalar::plain(text));
    Ok(vec![state.finish(device)])
}

/// What one state message says, gathered property by property.
#[derive(Default)]
struct State {
    facts: Facts,
    at: Option<Timestamp>,
    voltage: Option<Fact>,
    metered: bool,
    bolt: Bolt,
    alarm: Option<bool>,
    alarm_of: AlarmOf,
}

/// What a sensor that can be told to cry at water or at its absence was told: a dry tank is no leak.
#[derive(Default, PartialEq)]
enum AlarmOf {
    #[default]
    Unsaid,
    Water,
    Absence,
}

/// `lock_state` is the bolt. `state` echoes the last command and counts only where no `lock_state` is said at all.
#[derive(Default)]
enum Bolt {
    #[default]
    Unsaid,
    Echo(LockState),
    Said(Option<Fact>),
}

impl State {
    fn take(&mut self, key: &str, value: &Scalar) {
        match key {
            "last_seen" => self.at = facts::instant(value),
            "voltage" | "battery_voltage" => self.voltage = facts::voltage(value),
            "current" | "power" | "energy" => self.metered |= value.number().is_some(),
            "lock_state" => self.bolt = Bolt::Said(facts::lock(value)),
            "lock_status" => self.bolt = Bolt::Said(lock_status(value)),
            "alarm_status" => self.alarm = word(value.text().unwrap_or_default(), &["alarm"], &["normal"]),
            "mode" | "alarm_mode" => self.take_mode(value),
            "state" => self.take_echo(value),
            _ => match fact(key, value) {
                Some(fact) => self.facts.add(fact),
                None => self.take_part(key, value),
            },
        }
    }

    fn take_echo(&mut self, value: &Scalar) {
        let echo = match value.text() {
            Some("LOCK") => LockState::Locked,
            Some("UNLOCK") => LockState::Unlocked,
            _ => return,
        };
        if !matches!(self.bolt, Bolt::Said(_)) {
            self.bolt = Bolt::Echo(echo);
        }
    }

    /// Lincukoo SZW08's `mode`, NOUS E13's `alarm_mode`; those of others say nothing here.
    fn take_mode(&mut self, value: &Scalar) {
        match value.text() {
            Some("leakage" | "water_presence") => self.alarm_of = AlarmOf::Water,
            Some("shortage" | "water_absence") => self.alarm_of = AlarmOf::Absence,
            _ => {}
        }
    }

    /// Properties of one probe, wire or input: `water_leak_alarm_1`, `input_1_leak_detect_7`, `battery_low_1`.
    fn take_part(&mut self, key: &str, value: &Scalar) {
        if let Some(part) = key.strip_prefix("water_leak_") {
            let probe = part.strip_prefix("alarm_").filter(|n| is_number(n));
            if let Some(part) = probe.or(Some(part).filter(|p| p.starts_with("wire_") || p.starts_with("zone_"))) {
                self.facts.add_to(part, facts::leak(value));
            }
        } else if let Some((input, _)) = key.split_once("_leak_detect_") {
            self.facts.add_to(input, facts::leak(value));
        } else if let Some((input, _)) = key.split_once("_battery_low_") {
            self.facts.add_to(input, facts::battery_low(value));
        } else if key.strip_prefix("battery_low_").is_some_and(is_number) {
            self.facts.add(facts::battery_low(value));
        } else if let Some(part) = key.strip_prefix("battery_").filter(|n| is_number(n.trim_start_matches('l'))) {
            self.facts.add_to(part, facts::percent(value));
        }
    }

    /// The voltage of a device that meters power is the mains.
    fn finish(mut self, device: &str) -> DeviceReadings {
        self.facts.add(self.voltage.filter(|_| !self.metered));
        self.facts.add(match self.bolt {
            Bolt::Unsaid => None,
            Bolt::Echo(state) => Some(Fact::LockState(state)),
            Bolt::Said(fact) => fact,
        });
        match self.alarm_of {
            AlarmOf::Unsaid => {}
            AlarmOf::Water => self.facts.add(self.alarm.map(Fact::Leak)),
            AlarmOf::Absence => self.facts.retain(|fact| !matches!(fact, Fact::Leak(_))),
        }
        self.facts.of(device, self.at)
    }
}

/// Which kinds of readings these properties would tell: those that the decoder itself makes of a likely value.
pub(super) fn kinds_of(properties: &[&str]) -> Vec<&'static str> {
    let mut state = State::default();
    for property in properties {
        let likely = match *property {
            "lock_state" => Scalar::plain("locked"),
            "mode" => Scalar::plain("leakage"),
            "alarm_status" => Scalar::plain("normal"),
            _ => Scalar::Number(1.0),
        };
        state.take(property, &likely);
    }
    state.finish("any").readings.iter().map(|r| r.fact.kind()).collect()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What a property of the device itself says; `None` when its name is not one of these.
fn fact(key: &str, value: &Scalar) -> Option<Option<Fact>> {
    Some(match key {
        "battery" | "battpercentage" => facts::battery(value),
        "battery_low" | "battery_state" | "battery_status" | "battery_level" => facts::battery_low(value),
        "water_leak" | "water_leakage_state" => facts::leak(value),
        "tamper" | "tamper_alarm" => facts::tamper(value),
        "temperature" => facts::celsius(value),
        "flow" => facts::count(value, |cubic_metres_h| Fact::FlowLpm(cubic_metres_h * 1_000.0 / 60.0)),
        "power_outage_count" | "reboot_count" => facts::count(value, Fact::BootCount),
        _ => return None,
    })
}

/// EasyIoT's lock: 0 is locked, 1 unlocked.
fn lock_status(value: &Scalar) -> Option<Fact> {
    match value.number() {
        Some(0.0) => Some(facts::locked(true)),
        Some(1.0) => Some(facts::locked(false)),
        _ => facts::lock(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Routes, decode};
    use crate::model::{Fact, LockState};

    /// The key and the facts of one message.
    fn facts_of(topic: &str, payload: &str) -> Vec<(String, Vec<Fact>)> {
        let devices = decode(topic, payload.as_bytes(), &Routes::default()).expect("decodes").devices;
        let key = |k: Option<crate::model::DeviceKey>| k.map(|k| k.0).unwrap_or_default();
        devices.into_iter().map(|d| (key(d.device_key), d.readings.into_iter().map(|r| r.fact).collect())).collect()
    }

    fn check(topic: &str, payload: &str, device: &str, facts: &[Fact]) {
        assert_eq!(facts_of(topic, payload), [(device.to_owned(), facts.to_vec())], "{topic} {payload}");
    }

    #[test]
    fn states() {
        check(
            "zigbee2mqtt/a/b",
            r#"{"battery":"80.00","voltage":3.1}"#,
            "a/b",
            &[Fact::BatteryPercent(80.0), Fact::BatteryMillivolts(3100.0)],
        );
        check("zigbee2mqtt/x", r#"{"battery":1e999,"water_leak":true}"#, "x", &[Fact::Leak(true)]);
        check("zigbee2mqtt/x", r#"{"voltage":231,"current":0,"battery":200}"#, "x", &[]);
        check("zigbee2mqtt/x", r#"{"state":"UNLOCK","lock_state":null}"#, "x", &[]);
        check("zigbee2mqtt/x", r#"{"state":"LOCK"}"#, "x", &[Fact::LockState(LockState::Locked)]);
        check("zigbee2mqtt/x", r#"{"battery":20,"battery":21}"#, "x", &[Fact::BatteryPercent(21.0)]);
    }

    #[test]
    fn attribute_output_and_availability() {
        check("zigbee2mqtt/a/b/battery", "97", "a/b", &[Fact::BatteryPercent(97.0)]);
        check("zigbee2mqtt/a/water_leak", "true", "a", &[Fact::Leak(true)]);
        check("zigbee2mqtt/a/availability", "offline", "a", &[Fact::Online(false)]);
        check("zigbee2mqtt/bridge/state", "online", "bridge", &[Fact::Online(true)]);
    }

    #[test]
    fn other_base_topics() {
        check("zigbee2mqtt_garage/a/b", r#"{"battery":5}"#, "a/b", &[Fact::BatteryPercent(5.0)]);
        check("home/zigbee2mqtt/a/b", r#"{"battery":5}"#, "a/b", &[Fact::BatteryPercent(5.0)]);
        check("zb/a/b", r#"{"linkquality":5,"battery":5}"#, "a/b", &[Fact::BatteryPercent(5.0)]);
        let mut routes = Routes::default();
        routes.pin("flat7/zb/#", "zigbee2mqtt").expect("valid");
        let decoded = decode("flat7/zb/lock", br#"{"battery":5}"#, &routes).expect("decodes");
        assert_eq!(decoded.devices[0].device_key.as_ref().map(|k| k.as_str()), Some("lock"));
    }

    #[test]
    fn commands_and_the_bridge_are_no_telemetry() {
        for topic in [
            "zigbee2mqtt/a/set",
            "zigbee2mqtt/a/set/state",
            "zigbee2mqtt/a/get",
            "zigbee2mqtt/bridge/devices",
            "zigbee2mqtt/bridge",
            "zigbee2mqtt/bridge/request/device/remove",
            "zigbee2mqtt/floor 1/bridge/devices",
            "zigbee2mqtt/floor 1/bridge/event",
            "zigbee2mqtt",
            "zigbee2mqtt/",
        ] {
            assert_eq!(facts_of(topic, r#"{"battery":5}"#), [], "{topic}");
        }
        assert_eq!(facts_of("zigbee2mqtt/a", ""), []);
        check("zigbee2mqtt/floor 1/bridge/state", "online", "floor 1/bridge", &[Fact::Online(true)]);
        check("zigbee2mqtt/the bridge/leak", r#"{"water_leak":true}"#, "the bridge/leak", &[Fact::Leak(true)]);
    }

    #[test]
    fn a_name_that_no_device_has_is_rejected() {
        let long = format!("zigbee2mqtt/{}", "x".repeat(201));
        for topic in ["zigbee2mqtt/<script>alert(1)</script>", "zigbee2mqtt/a\u{7}b", "zigbee2mqtt/ ", &long] {
            let told = decode(topic, br#"{"battery":5}"#, &Routes::default());
            assert_eq!(told.expect_err("no name").code, "invalid_device_key", "{topic}");
        }
    }
}
