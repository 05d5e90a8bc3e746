//! Names that people and makers give to values, and what they mean: for formats whose field and entity names are free
//! (ThingsBoard, LoRaWAN codecs, ESPHome, Home Assistant, Homie, Sparkplug). A name that is not known says nothing:
//! counters, thresholds and targets that merely contain a known word must never become a fact.

use crate::model::Fact;

use super::facts::{self, Facts};
use super::scalar::{Scalar, word};

/// What a value with a known name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// State of charge in percent.
    Percent,
    /// "Battery": percent, a word, volts or millivolts.
    Battery,
    /// A battery's volts or millivolts.
    Voltage,
    /// A plain "voltage", which may as well be the mains.
    AnyVoltage,
    Millivolts,
    Low,
    Leak,
    /// "Water": only wet or dry; on and off are a supply.
    Water,
    Tamper,
    Celsius,
    Fahrenheit,
    Dbm,
    /// A word for the bolt.
    Lock,
    /// True when the bolt is out.
    Locked,
    FlowLpm,
    Online,
    UptimeS,
    BootCount,
    MessageCounter,
    Operations,
    VolumeL,
}

/// The longest name that is looked at, in bytes without punctuation.
const NAME_BYTES_MAX: usize = 32;

/// The meaning of a name of lower-case letters and digits.
#[rustfmt::skip]
fn listed(name: &[u8]) -> Option<Meaning> {
    Some(match name {
        b"battery" | b"batt" | b"bat" | b"batterylevel" | b"batlevel" | b"battlevel" | b"batterylife" => Meaning::Battery,
        b"batterypercent" | b"batterypercentage" | b"batterypct" | b"batpercent" | b"batteryremaining" |
        b"batterycharge" | b"batterysoc" | b"stateofcharge" | b"soc" | b"batteryreport" => Meaning::Percent,
        b"batteryvoltage" | b"batteryvoltagev" | b"batteryvolt" | b"batteryvolts" | b"batteryv" |
        b"batvoltage" | b"battvoltage" | b"batvolt" | b"batv" | b"battv" | b"vbat" | b"vbatt" | b"volt" |
        b"volts" | b"vdd" | b"voltagebattery" => Meaning::Voltage,
        b"voltage" => Meaning::AnyVoltage,
        b"batterymv" | b"batmv" | b"battmv" | b"batterymillivolts" | b"batterymillivolt" |
        b"batteryvoltagemv" | b"voltagemv" => Meaning::Millivolts,
        b"batterylow" | b"lowbattery" | b"batlow" | b"lowbat" | b"battlow" | b"lowbatt" | b"lowbatterystatus" |
        b"batterylowstatus" | b"lowbatteryalarm" | b"batterylowalarm" | b"lowbatterywarning" |
        b"batterystatus" | b"batterystate" | b"batterycritical" | b"criticalbattery" => Meaning::Low,
        b"leak" | b"leakage" | b"leaking" | b"waterleak" | b"waterleakage" | b"leakstatus" | b"leakagestatus" |
        b"leakstate" | b"waterleakstatus" | b"waterleakstate" | b"waterleakagestatus" | b"waterleakagestate" |
        b"leakdetected" | b"leakagedetected" | b"waterleakdetected" | b"waterleakdetection" |
        b"leakdetection" | b"leakdetect" | b"leakdetectevent" | b"leakalarm" | b"waterleakalarm" |
        b"leaksensor" | b"waterleaksensor" | b"waterdetected" | b"waterdetection" | b"waterpresence" |
        b"waterpresent" | b"flood" | b"flooded" | b"flooding" | b"floodstatus" | b"floodstate" |
        b"floodalarm" | b"flooddetected" | b"wet" => Meaning::Leak,
        b"water" | b"waterstatus" | b"waterstate" | b"watersensor" => Meaning::Water,
        b"tamper" | b"tampered" | b"tamperstatus" | b"tamperstate" | b"tamperalarm" | b"tamperdetected" |
        b"boxtamper" | b"casetamper" | b"tamperswitch" | b"tamperreport" => Meaning::Tamper,
        b"temperature" | b"temp" | b"temperaturec" | b"tempc" | b"temperaturecelsius" | b"airtemperature" |
        b"ambienttemperature" | b"roomtemperature" | b"sensortemperature" | b"tempcsht" |
        b"temperaturesensor" | b"tempreport" => Meaning::Celsius,
        b"temperaturef" | b"tempf" | b"temperaturefahrenheit" => Meaning::Fahrenheit,
        b"rssi" | b"rssidbm" | b"signaldbm" | b"signal" | b"signalstrength" | b"wifisignal" | b"wifirssi" |
        b"wifisignalstrength" => Meaning::Dbm,
        b"lockstate" | b"lockstatus" | b"lock" | b"doorlock" | b"doorlockstate" | b"doorlockstatus" => Meaning::Lock,
        b"locked" | b"islocked" => Meaning::Locked,
        b"flowlpm" | b"flowlmin" | b"flowratelpm" | b"flowratelmin" => Meaning::FlowLpm,
        b"online" => Meaning::Online,
        b"uptimes" | b"uptimesec" | b"uptimeseconds" => Meaning::UptimeS,
        b"bootcount" | b"rebootcount" | b"powercycles" => Meaning::BootCount,
        b"messagecounter" | b"messagecount" => Meaning::MessageCounter,
        b"operations" | b"lockoperations" => Meaning::Operations,
        b"volumel" | b"totalvolumel" | b"volumeliters" | b"volumelitres" => Meaning::VolumeL,
        _ => return None,
    })
}

/// Words that turn any name into something else: a setting, a history, another place, another medium.
const ESTRANGING: &[&str] = &[
    "target",
    "setpoint",
    "threshold",
    "limit",
    "soil",
    "plant",
    "child",
    "min",
    "max",
    "last",
    "device",
    "chip",
    "cpu",
    "board",
    "esp32",
    "internal",
    "smoke",
    "gas",
    "count",
    "times",
    "duration",
    "enabled",
    "config",
];

/// The meaning of a whole name, and the number of the probe it ends with, if any.
pub(super) fn meaning(name: &str) -> Option<(Meaning, Option<&str>)> {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = Some(&name[plain.len()..]).filter(|n| !n.is_empty());
    known(name.bytes()).map(|m| (m, None)).or_else(|| Some((known(plain.bytes())?, Some(number?))))
}

/// The meaning of an entity's or topic's name by how it ends: `kitchen_sink_battery_voltage`. Some voltage of a node
/// whose parts have names is rarely its battery's.
pub(super) fn meaning_of_entity(name: &str) -> Option<Meaning> {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if words.iter().any(|w| ESTRANGING.iter().any(|e| w.eq_ignore_ascii_case(e))) {
        return None;
    }
    let numbers = words.iter().rev().take_while(|w| w.bytes().all(|b| b.is_ascii_digit())).count();
    let words = &words[..words.len() - numbers];
    let ends = |from: usize| known(words[from..].iter().flat_map(|word| word.bytes()));
    (0..words.len()).find_map(ends).filter(|meaning| *meaning != Meaning::AnyVoltage)
}

fn known(name: impl Iterator<Item = u8>) -> Option<Meaning> {
    let mut folded = [0; NAME_BYTES_MAX];
    let mut length = 0;
    for byte in name.filter(u8::is_ascii_alphanumeric) {
        *folded.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    listed(&folded[..length])
}

/// Adds what the value says under this meaning; a text such as `2.4(low battery)` says two things.
pub(super) fn take(facts: &mut Facts, meaning: Meaning, channel: Option<&str>, value: &Scalar) {
    // Some voltage beside the battery's own is another one (Decentlab DLR2-005: what is measured).
    if meaning == Meaning::AnyVoltage && facts.has(Fact::BatteryMillivolts) {
        return;
    }
    let mut add = |fact| match channel {
        Some(channel) => facts.add_to(channel, fact),
        None => facts.add(fact),
    };
    if matches!(meaning, Meaning::Voltage | Meaning::Battery)
        && let Some((volts, remark)) = value.text().and_then(|text| text.split_once('('))
    {
        add(facts::voltage(&Scalar::plain(volts)));
        return add(remark.to_ascii_lowercase().contains("low").then_some(Fact::BatteryLow(true)));
    }
    add(fact(meaning, value));
}

/// The one fact that a value tells under this meaning.
pub(super) fn fact(meaning: Meaning, value: &Scalar) -> Option<Fact> {
    match meaning {
        Meaning::Percent => facts::percent(value),
        Meaning::Battery => level(value),
        Meaning::Voltage => facts::voltage(value),
        Meaning::AnyVoltage => facts::voltage(value).filter(is_cells),
        Meaning::Millivolts => facts::millivolts(value),
        Meaning::Low => facts::battery_low(value),
        Meaning::Leak => facts::leak(value),
        Meaning::Water => word(value.text()?, &["wet", "leak"], &["dry", "noleak"]).map(Fact::Leak),
        Meaning::Tamper => facts::tamper(value),
        Meaning::Celsius => facts::celsius(value),
        Meaning::Fahrenheit => facts::fahrenheit(value),
        Meaning::Dbm => facts::dbm(value),
        Meaning::Lock => facts::lock(value),
        Meaning::Locked => value.flag().map(facts::locked),
        Meaning::FlowLpm => facts::count(value, Fact::FlowLpm),
        Meaning::Online => facts::online(value),
        Meaning::UptimeS => facts::count(value, Fact::UptimeS),
        Meaning::BootCount => facts::count(value, Fact::BootCount),
        Meaning::MessageCounter => facts::count(value, Fact::MessageCounter),
        Meaning::Operations => facts::count(value, Fact::Operations),
        Meaning::VolumeL => facts::count(value, Fact::VolumeL),
    }
}

/// "Battery" without a unit: above 1000 it is millivolts; 1.5 to 4.5 with a fraction is the voltage of a cell, since no
/// gauge tells tenths of a percent there but many codecs tell volts; else percent or a word. `2.9V` says its unit.
fn level(value: &Scalar) -> Option<Fact> {
    if let Some(with_unit) = facts::volts_with_unit(value) {
        return facts::voltage(&with_unit);
    }
    match value.number() {
        Some(n) if n > 1_000.0 || ((1.5..=4.5).contains(&n) && n.fract() != 0.0) => facts::voltage(value),
        _ => facts::battery(value),
    }
}

/// What a few cells in series can have; mains and 12 V supplies cannot.
fn is_cells(fact: &Fact) -> bool {
    matches!(fact, Fact::BatteryMillivolts(mv) if (1_500.0..=9_600.0).contains(mv))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names() {
        let check = |name, expected| assert_eq!(meaning(name), expected, "{name}");
        check("WATER_LEAK_STATUS", Some((Meaning::Leak, None)));
        check("WaterLeak_2", Some((Meaning::Leak, Some("2"))));
        check("BAT_V", Some((Meaning::Voltage, None)));
        for none in ["WATER_LEAK_TIMES", "waterLeakAlertThreshold", "targetTemperature", "childLock", "batteryType", ""]
        {
            check(none, None);
        }
    }

    #[test]
    fn entity_names_by_their_end() {
        let check = |name, expected| assert_eq!(meaning_of_entity(name), expected, "{name}");
        check("kitchen_sink_leak", Some(Meaning::Leak));
        check("kitchen_leak_battery_voltage", Some(Meaning::Voltage));
        check("kitchen_leak_tamper", Some(Meaning::Tamper));
        check("balcony_battery_mv", Some(Meaning::Millivolts));
        check("water_leak_2", Some(Meaning::Leak));
        for none in
            ["supply_voltage", "soil_leak", "target_temperature", "leak_count", "esp32_temperature", "", "2", "é_ü"]
        {
            check(none, None);
        }
    }

    #[test]
    fn a_battery_without_unit() {
        let check = |n, expected| assert_eq!(level(&Scalar::Number(n)), expected, "{n}");
        check(87.0, Some(Fact::BatteryPercent(87.0)));
        check(3.0, Some(Fact::BatteryPercent(3.0)));
        check(3.6, Some(Fact::BatteryMillivolts(3600.0)));
        check(3216.0, Some(Fact::BatteryMillivolts(3216.0)));
        check(255.0, None);
        let check = |text, expected| assert_eq!(level(&Scalar::plain(text)), expected, "{text}");
        check("3.0V", Some(Fact::BatteryMillivolts(3000.0)));
        check("2950 mV", Some(Fact::BatteryMillivolts(2950.0)));
        check("55 %", Some(Fact::BatteryPercent(55.0)));
        check("V", None);
    }
}
