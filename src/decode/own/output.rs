//! What a program of the operator's put out, held against what a reading can be. Nothing is guessed: what is wrong is
//! told with its place and what is allowed there, and never with the value itself.

use super::value::{Object, Val};
use crate::decode::facts;
use crate::decode::kinds::KINDS;
use crate::decode::scalar::Scalar;
use crate::model::{DEVICE_KEY_BYTES_MAX, DeviceKey, DeviceReadings, Fact, LockState, Reading};

/// The longest name of a channel, in bytes.
const CHANNEL_BYTES_MAX: usize = 64;

/// One output as a device's readings. What is wrong in it goes to `wrong`, each with its place; readings that are right
/// are kept beside those that are not. An output that is null says nothing.
pub(super) fn device(output: &Val, n: usize, wrong: &mut Vec<String>) -> Option<DeviceReadings> {
    let place = format!("output {}", n + 1);
    let object = match output {
        Val::Null => return None,
        Val::Obj(object) => object,
        _ => {
            wrong.push(format!("{place}: expected an object {{device_key, readings}}"));
            return None;
        }
    };
    unknown_keys(object, &["device_key", "readings"], &place, wrong);
    let key = object.get("device_key").and_then(Val::as_text).map(DeviceKey::from).filter(DeviceKey::is_sound);
    let Some(key) = key else {
        let expected = format!("a text of 1 to {DEVICE_KEY_BYTES_MAX} bytes without < > and control characters");
        wrong.push(format!("{place}.device_key: expected {expected}"));
        return None;
    };
    let items = match object.get("readings") {
        Some(Val::Arr(items)) => items.as_slice(),
        None | Some(Val::Null) => &[],
        Some(_) => {
            wrong.push(format!("{place}.readings: expected a list"));
            &[]
        }
    };
    let mut readings = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match reading(item, &format!("{place}.readings[{i}]"), wrong) {
            Ok(reading) => readings.extend(reading),
            Err(problem) => wrong.push(problem),
        }
    }
    readings.sort_by_key(|r| r.channel.is_some());
    Some(DeviceReadings { device_key: Some(key), readings })
}

/// A value that is null is no reading.
fn reading(item: &Val, place: &str, wrong: &mut Vec<String>) -> Result<Option<Reading>, String> {
    let Val::Obj(object) = item else { return Err(format!("{place}: expected an object {{kind, value}}")) };
    unknown_keys(object, &["kind", "value", "at", "channel"], place, wrong);
    let known = || KINDS.map(|(kind, _)| kind).join(", ");
    let kind = object.get("kind").and_then(Val::as_text);
    let kind = kind.ok_or_else(|| format!("{place}.kind: expected one of {}", known()))?;
    let found = KINDS.iter().find(|(name, _)| *name == kind);
    let (kind, allowed) =
        found.ok_or_else(|| format!("{place}.kind: no kind of reading; expected one of {}", known()))?;
    let value = match object.get("value") {
        None => return Err(format!("{place}.value: is missing; {kind} is {allowed}")),
        Some(Val::Null) => return Ok(None),
        Some(value) => value,
    };
    let fact = fact(kind, value).ok_or_else(|| format!("{place}.value: {kind} is {allowed}"))?;
    let at = match object.get("at") {
        None | Some(Val::Null) => None,
        Some(at) => {
            let expected = "expected a time such as 2026-01-05T02:30:00Z, or seconds or milliseconds since 1970";
            let instant = scalar(at).and_then(|at| facts::instant(&at));
            if instant.is_none() {
                wrong.push(format!("{place}.at: {expected}"));
            }
            instant
        }
    };
    let channel = match object.get("channel") {
        None | Some(Val::Null) => None,
        Some(Val::Str(text)) if (1..=CHANNEL_BYTES_MAX).contains(&text.len()) => Some(text.to_string()),
        Some(_) => return Err(format!("{place}.channel: expected a text of 1 to {CHANNEL_BYTES_MAX} bytes")),
    };
    Ok(Some(Reading { fact, at, channel }))
}

fn unknown_keys(object: &Object, known: &[&str], place: &str, wrong: &mut Vec<String>) {
    if object.keys().any(|key| !known.contains(&&**key)) {
        wrong.push(format!("{place}: has other keys than {}", known.join(", ")));
    }
}

fn fact(kind: &str, value: &Val) -> Option<Fact> {
    let number = || value.as_num().map(Scalar::Number);
    let flag = || if let Val::Bool(b) = value { Some(*b) } else { None };
    let count = |fact: fn(f64) -> Fact| facts::count(&number()?, fact);
    match kind {
        "battery_percent" => facts::percent(&number()?),
        "battery_millivolts" => facts::millivolts(&number()?),
        "battery_low" => flag().map(Fact::BatteryLow),
        "leak" => flag().map(Fact::Leak),
        "lock_state" => lock_state(value.as_text()?).map(Fact::LockState),
        "tamper" => flag().map(Fact::Tamper),
        "online" => flag().map(Fact::Online),
        "temperature_c" => facts::celsius(&number()?),
        "signal_dbm" => facts::dbm(&number()?),
        "flow_lpm" => count(Fact::FlowLpm),
        "uptime_s" => count(Fact::UptimeS),
        "boot_count" => count(Fact::BootCount),
        "message_counter" => count(Fact::MessageCounter),
        "operations" => count(Fact::Operations),
        "volume_l" => count(Fact::VolumeL),
        _ => None,
    }
}

fn lock_state(word: &str) -> Option<LockState> {
    if word == "unknown" { Some(LockState::Unknown) } else { facts::lock_word(word) }
}

fn scalar(value: &Val) -> Option<Scalar<'_>> {
    match value {
        Val::Num(n) => Some(Scalar::Number(*n)),
        Val::Str(text) => Some(Scalar::Text((&**text).into())),
        _ => None,
    }
}
