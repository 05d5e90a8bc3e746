//! What a value means: the rules that all formats share (fixtures' README, "Rules"), and the list a message fills.
//! A value outside what is possible is no fact; nothing is ever guessed into range.

use crate::model::{DeviceKey, DeviceReadings, Fact, LockState, Reading, Timestamp};

use super::kinds::{or_misfit, or_odd_word};
use super::scalar::{Scalar, same_word, word};

/// Cells of a door lock or sensor lie far below; mains and counters far above.
const MILLIVOLTS_MAX: f64 = 60_000.0;
/// Volts above this are mains or nonsense, up to [`MILLIVOLTS_FROM`].
const VOLTS_MAX: f64 = 60.0;
/// A voltage above this is already in millivolts.
const MILLIVOLTS_FROM: f64 = 1_000.0;

/// State of charge, only within 0–100 %.
pub(super) fn percent(value: &Scalar) -> Option<Fact> {
    or_misfit("battery_percent", value, whole_percent(value))
}

fn whole_percent(value: &Scalar) -> Option<Fact> {
    value.number().filter(|n| (0.0..=100.0).contains(n)).map(Fact::BatteryPercent)
}

/// A battery's voltage in volts or millivolts; the size of the number tells which.
pub(super) fn voltage(value: &Scalar) -> Option<Fact> {
    let number = value.number().or_else(|| volts_with_unit(value)?.number());
    or_odd_word("battery_millivolts", value, number.and_then(of_cells))
}

/// The volts of a text that says so itself: `2.9V`, `2950 mV`.
pub(super) fn volts_with_unit(value: &Scalar) -> Option<Scalar<'static>> {
    let text = value.text()?.trim().strip_suffix(['V', 'v'])?;
    let (text, per_volt) = text.strip_suffix(['m', 'M']).map_or((text, 1.0), |text| (text, 1_000.0));
    Some(Scalar::Number(Scalar::plain(text).number()? / per_volt))
}

fn of_cells(n: f64) -> Option<Fact> {
    let millivolts = if n > MILLIVOLTS_FROM { n } else { n * 1_000.0 };
    let possible = n > 0.0 && (n <= VOLTS_MAX || n > MILLIVOLTS_FROM) && millivolts <= MILLIVOLTS_MAX;
    possible.then_some(Fact::BatteryMillivolts(millivolts))
}

/// A voltage whose unit is millivolts by definition.
pub(super) fn millivolts(value: &Scalar) -> Option<Fact> {
    let fact = value.number().filter(|n| *n > 0.0 && *n <= MILLIVOLTS_MAX).map(Fact::BatteryMillivolts);
    or_misfit("battery_millivolts", value, fact)
}

/// "Battery is low", as a flag or as a word for the level.
pub(super) fn battery_low(value: &Scalar) -> Option<Fact> {
    let fact = value.flag().or_else(|| low_word(value.text()?)).map(Fact::BatteryLow);
    or_odd_word("battery_low", value, fact)
}

/// A level in percent, or in a word, which only tells whether it is low.
pub(super) fn battery(value: &Scalar) -> Option<Fact> {
    let fact = whole_percent(value).or_else(|| low_word(value.text()?).map(Fact::BatteryLow));
    or_misfit("battery_percent", value, fact)
}

fn low_word(text: &str) -> Option<bool> {
    let low = &["low", "critical", "verylow", "empty", "warn", "warning"];
    word(text, low, &["normal", "medium", "middle", "high", "full", "ok", "good"])
}

/// Water at the sensor, as a flag or as a word.
pub(super) fn leak(value: &Scalar) -> Option<Fact> {
    let fact = value.flag().or_else(|| leak_word(value.text()?)).map(Fact::Leak);
    or_misfit("leak", value, fact)
}

fn leak_word(text: &str) -> Option<bool> {
    const WET: &[&str] = &[
        "wet",
        "leak",
        "leaking",
        "leakage",
        "alarm",
        "detected",
        "waterleak",
        "flood",
        "waterleakageyes",
        "waterpresent",
        // How much (Quandify CubicMeter, `leakState`).
        "medium",
        "large",
    ];
    const DRY: &[&str] =
        &["dry", "noleak", "noleakage", "normal", "clear", "ok", "notdetected", "waterleakageno", "waternotpresent"];
    word(text, WET, DRY)
}

/// The case was opened or moved, as a flag or as a word.
pub(super) fn tamper(value: &Scalar) -> Option<Fact> {
    let yes = &["detected", "tamper", "tampered", "alarm", "open", "uninstalled"];
    let no = &["clear", "ok", "normal", "notdetected", "closed", "none", "installed"];
    let tampered = || word(value.text()?, yes, no);
    or_misfit("tamper", value, value.flag().or_else(tampered).map(Fact::Tamper))
}

/// Connected or not, as a flag or as a word.
pub(super) fn online(value: &Scalar) -> Option<Fact> {
    let said = || word(value.text()?, &["online", "connected", "alive"], &["offline", "disconnected", "dead"]);
    or_odd_word("online", value, value.flag().or_else(said).map(Fact::Online))
}

/// Ambient temperature in °C; what no home and no cellar ever had is a sensor's way to say "unknown".
pub(super) fn celsius(value: &Scalar) -> Option<Fact> {
    let fact = value.number().filter(|n| (-100.0..=250.0).contains(n)).map(Fact::TemperatureC);
    or_misfit("temperature_c", value, fact)
}

/// Ambient temperature told in °F.
pub(super) fn fahrenheit(value: &Scalar) -> Option<Fact> {
    celsius(&Scalar::Number((value.number()? - 32.0) / 1.8))
}

/// A bolt of which only "locked or not" is told.
pub(super) fn locked(locked: bool) -> Fact {
    Fact::LockState(if locked { LockState::Locked } else { LockState::Unlocked })
}

/// Signal in dBm: always negative for a receiver, and never below its noise.
pub(super) fn dbm(value: &Scalar) -> Option<Fact> {
    let fact = value.number().filter(|n| (-200.0..0.0).contains(n)).map(Fact::SignalDbm);
    or_odd_word("signal_dbm", value, fact)
}

/// A count or total that can only be zero or more.
pub(super) fn count(value: &Scalar, fact: fn(f64) -> Fact) -> Option<Fact> {
    or_misfit(fact(0.0).kind(), value, value.number().filter(|n| *n >= 0.0).map(fact))
}

/// A word for the bolt.
pub(super) fn lock(value: &Scalar) -> Option<Fact> {
    or_odd_word("lock_state", value, value.text().and_then(lock_word).map(Fact::LockState))
}

/// The words for a bolt that are the same in most systems.
pub(super) fn lock_word(text: &str) -> Option<LockState> {
    const WORDS: &[(&str, LockState)] = &[
        ("locked", LockState::Locked),
        ("unlocked", LockState::Unlocked),
        ("locking", LockState::Locking),
        ("unlocking", LockState::Unlocking),
        ("open", LockState::Open),
        ("opening", LockState::Opening),
        ("jammed", LockState::Jammed),
        ("notfullylocked", LockState::NotFullyLocked),
    ];
    WORDS.iter().find(|(w, _)| same_word(text, w)).map(|(_, state)| *state)
}

/// Epoch seconds or milliseconds (from 1e11 on); nothing before 2000 or after 2100 is an instant.
pub(super) fn epoch(n: f64) -> Option<Timestamp> {
    let millis = if n >= 1e11 { n } else { n * 1_000.0 };
    (946_684_800_000.0..4_102_444_800_000.0).contains(&millis).then_some(Timestamp(millis.round() as i64))
}

/// ISO 8601 with its offset, or an epoch number, also as text; local times name no instant.
pub(super) fn instant(value: &Scalar) -> Option<Timestamp> {
    match value {
        Scalar::Text(text) => {
            Timestamp::parse_rfc3339(text).or_else(|| offset_time(text)).or_else(|| epoch(value.number()?))
        }
        _ => epoch(value.number()?),
    }
}

/// The time of a message, by a field that is nothing else.
pub(super) fn at(value: &Scalar) -> Option<Timestamp> {
    or_misfit("at", value, instant(value))
}

/// `2024-02-03T04:05:06+0100` and the same with a blank, as `strftime` writes it.
fn offset_time(text: &str) -> Option<Timestamp> {
    let parsed = |format| chrono::DateTime::parse_from_str(text, format).ok();
    let time = parsed("%Y-%m-%dT%H:%M:%S%.f%z").or_else(|| parsed("%Y-%m-%d %H:%M:%S%.f%z"))?;
    Some(Timestamp(time.timestamp_millis()))
}

/// The facts of one device in one message. A fact named twice counts as it was said last, as JSON has it.
#[derive(Default)]
pub(super) struct Facts {
    readings: Vec<Reading>,
}

impl Facts {
    /// Adds a fact of the device itself, if there is one.
    pub(super) fn add(&mut self, fact: Option<Fact>) {
        self.add_reading(fact, None);
    }

    /// Adds a fact of one of several probes or accessories.
    pub(super) fn add_to(&mut self, channel: &str, fact: Option<Fact>) {
        self.add_reading(fact, Some(channel));
    }

    fn add_reading(&mut self, fact: Option<Fact>, channel: Option<&str>) {
        let Some(fact) = fact else { return };
        let kind = std::mem::discriminant(&fact);
        let same = |r: &&mut Reading| std::mem::discriminant(&r.fact) == kind && r.channel.as_deref() == channel;
        match self.readings.iter_mut().find(same) {
            Some(reading) => reading.fact = fact,
            None => {
                if self.readings.capacity() == 0 {
                    self.readings.reserve_exact(8);
                }
                self.readings.push(Reading { fact, at: None, channel: channel.map(str::to_owned) });
            }
        }
    }

    /// Whether a fact of this kind is already there.
    pub(super) fn has(&self, kind: fn(f64) -> Fact) -> bool {
        let kind = std::mem::discriminant(&kind(0.0));
        self.readings.iter().any(|r| std::mem::discriminant(&r.fact) == kind)
    }

    /// Drops what does not count after all.
    pub(super) fn retain(&mut self, counts: impl Fn(&Fact) -> bool) {
        self.readings.retain(|r| counts(&r.fact));
    }

    /// Closes the list: all facts at one instant, of one device; its own before those of its probes.
    pub(super) fn of(mut self, device: impl Into<DeviceKey>, at: Option<Timestamp>) -> DeviceReadings {
        self.readings.iter_mut().for_each(|r| r.at = at);
        self.readings.sort_by_key(|r| r.channel.is_some());
        DeviceReadings { device_key: Some(device.into()), readings: self.readings }
    }
}

/// A device that spoke without a fact, or whose facts are elsewhere.
pub(super) fn silent(device: &str) -> Vec<DeviceReadings> {
    single(device, None)
}

/// One device with at most one fact and no time of its own: what a plain topic says.
pub(super) fn single(device: &str, fact: Option<Fact>) -> Vec<DeviceReadings> {
    let mut facts = Facts::default();
    facts.add(fact);
    vec![facts.of(device, None)]
}
