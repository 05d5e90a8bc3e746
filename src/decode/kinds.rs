//! What each kind of reading can be, in words, and which kinds a message gave a value that none can be.
//!
//! A misfit costs nothing but itself: the message's other readings count. It is noted where the value is judged
//! (`facts`), by kind only, for the message that this thread is decoding; what says nothing (null, "unknown", a sensor's
//! way to say so) is none.

use std::cell::Cell;

use super::scalar::{Scalar, word};
use crate::model::Fact;

/// The kinds of readings, and what each may be.
pub(super) const KINDS: [(&str, &str); 15] = [
    ("battery_percent", "a number from 0 to 100"),
    ("battery_millivolts", "a number above 0, up to 60000"),
    ("battery_low", "true or false"),
    ("leak", "true or false"),
    ("lock_state", "locked, unlocked, locking, unlocking, open, opening, jammed, not_fully_locked or unknown"),
    ("tamper", "true or false"),
    ("online", "true or false"),
    ("temperature_c", "a number from -100 to 250"),
    ("signal_dbm", "a number from -200 to below 0"),
    ("flow_lpm", "a number, 0 or more"),
    ("uptime_s", "a number, 0 or more"),
    ("boot_count", "a number, 0 or more"),
    ("message_counter", "a number, 0 or more"),
    ("operations", "a number, 0 or more"),
    ("volume_l", "a number, 0 or more"),
];

/// The time of a message is no reading, and may be as wrong as one: then the readings are of when they were received.
const AT: (&str, &str) =
    ("at", "a time from 2000 to 2100, RFC 3339 with its offset, or an epoch in seconds or milliseconds");

/// Every field that may be a misfit.
fn fields() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    KINDS.iter().chain([&AT])
}

/// What a kind of reading, or a message's `at`, can be, in words.
pub fn allowed(kind: &str) -> &'static str {
    fields().find(|(name, _)| *name == kind).map_or("", |(_, allowed)| allowed)
}

/// Numbers by which sensors say that they do not know.
const UNKNOWN: &[f64] = &[-1.0, 127.0, 127.5, 255.0, 999.0, 65_535.0];

thread_local! {
    /// A bit for each of [`fields`].
    static MISFITS: Cell<u16> = const { Cell::new(0) };
}

/// Before a message is decoded.
pub(super) fn forget_misfits() {
    MISFITS.set(0);
}

/// The kinds of the message that was just decoded.
pub(super) fn misfits() -> Vec<&'static str> {
    match MISFITS.get() {
        0 => Vec::new(),
        noted => fields().enumerate().filter(|(n, _)| noted & 1 << n != 0).map(|(_, (kind, _))| *kind).collect(),
    }
}

/// Hands `fact` on, and notes that `value` should have been one.
pub(super) fn or_misfit<T>(kind: &str, value: &Scalar, fact: Option<T>) -> Option<T> {
    if fact.is_none() && !says_nothing(value) {
        let bit = fields().position(|(name, _)| *name == kind).map_or(0, |n| 1 << n);
        MISFITS.set(MISFITS.get() | bit);
    }
    fact
}

/// As [`or_misfit`], where a number out of range may be another scale or another thing: only words are noted.
pub(super) fn or_odd_word(kind: &str, value: &Scalar, fact: Option<Fact>) -> Option<Fact> {
    if value.number().is_some() { fact } else { or_misfit(kind, value, fact) }
}

fn says_nothing(value: &Scalar) -> bool {
    const WORDS: &[&str] =
        &["", "null", "unknown", "unavailable", "undefined", "none", "nan", "na", "uncalibrated", "notavailable"];
    match value {
        Scalar::Nothing => true,
        Scalar::Bool(_) => false,
        Scalar::Number(n) => !n.is_finite() || UNKNOWN.contains(n),
        Scalar::Text(text) => word(text, WORDS, &[]).is_some() || value.number().is_some_and(|n| UNKNOWN.contains(&n)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Routes, decode};

    fn check(topic: &str, payload: &str, expected: &[&str]) {
        let decoded = decode(topic, payload.as_bytes(), &Routes::default()).expect("decodes");
        assert_eq!(decoded.misfits, expected, "{topic} {payload}");
    }

    #[test]
    fn a_value_that_none_can_be_is_noted_and_costs_nothing_else() {
        let native = "nightporter/v1/oak/x/telemetry";
        check(
            native,
            r#"{"battery_percent":130,"leak":"perhaps","uptime_s":-5,"lock_state":"ajar","online":true}"#,
            &["battery_percent", "leak", "lock_state", "uptime_s"],
        );
        check(native, r#"{"battery_percent":null,"leak":"unknown","tamper":"","temperature_c":[]}"#, &[]);
        check(native, r#"{"battery_percent":80,"leak":false}"#, &[]);
        for at in [r#""yesterday""#, r#""2026-01-05T02:30:00""#, "12", "true"] {
            check(native, &format!(r#"{{"leak":true,"at":{at}}}"#), &["at"]);
        }
        for at in [r#""2026-01-05T02:30:00Z""#, "1767580200", "null", r#""""#] {
            check(native, &format!(r#"{{"leak":true,"at":{at}}}"#), &[]);
        }
        check("zigbee2mqtt/x", r#"{"battery":150,"water_leak":true}"#, &["battery_percent"]);
        check("tele/zb/SENSOR", r#"{"ZbReceived":{"0x1":{"BatteryPercentage":130,"Water":1}}}"#, &["battery_percent"]);
        check("v3/a/devices/d/up", r#"{"uplink_message":{"decoded_payload":{"leak":"perhaps"}}}"#, &["leak"]);
    }

    #[test]
    fn what_says_nothing_or_something_else_is_no_misfit() {
        check("zigbee2mqtt/x", r#"{"battery":255,"voltage":231,"lock_state":null,"battery_level":57}"#, &[]);
        check("zigbee2mqtt/x", r#"{"battery":"low"}"#, &[]);
        check("n/sensor/rssi/state", "12", &[]);
    }
}
