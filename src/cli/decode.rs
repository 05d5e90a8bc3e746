//! `nightporter decode`: messages in as JSON lines, what they mean out as JSON lines, one for one and in order.
//! Needs no file, no database and no network, and never stops at a bad line: that one is answered with an error.

use std::io::{self, BufRead, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{Routes, decode_at};
use crate::model::{DeviceReadings, Fact, Reading, Timestamp};

/// The longest line that is read, in bytes; a longer one is answered with an error and skipped.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads lines `{"id"?,"topic","payload"|"payload_b64","retained"?}` until the end and answers each with
/// `{"id"?,"format","devices":[…]}` or `{"id"?,"error":{"code","detail"}}`. Blank lines are skipped but counted.
/// A payload that is JSON itself instead of a string stands for its text. What a format of the operator's own got wrong
/// beside what was right stands in `error` beside `devices`. A message was received `now` unless it has `received_at`.
///
/// # Errors
/// Only when reading or writing fails.
pub fn run(routes: &Routes, now: Timestamp, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let cut = line.last() != Some(&b'\n') && line.len() as u64 == LINE_BYTES_MAX;
        if cut {
            skip_line(&mut input)?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = if cut { Answer::bad_line(number, "too long") } else { answer(routes, now, number, &line) };
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    let mut rest = Vec::new();
    while input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut rest)? > 0 && rest.last() != Some(&b'\n') {
        rest.clear();
    }
    Ok(())
}

fn answer(routes: &Routes, now: Timestamp, number: u64, line: &[u8]) -> Answer {
    let message: Message = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(e) => return Answer::bad_line(number, &e.to_string()),
    };
    let Message { id, topic, payload, payload_b64, received_at } = message;
    let received_at = match received_at.map(|text| Timestamp::parse_rfc3339(&text)) {
        None => now,
        Some(Some(at)) => at,
        Some(None) => {
            return Answer { id, ..Answer::bad_line(number, "received_at: expected e.g. 2026-01-05T02:30:00Z") };
        }
    };
    let bytes = match (payload, payload_b64) {
        (Some(Value::String(text)), None) => text.into_bytes(),
        (Some(json), None) => json.to_string().into_bytes(),
        (None, Some(text)) => match STANDARD.decode(text) {
            Ok(bytes) => bytes,
            Err(e) => return Answer { id, ..Answer::bad_line(number, &format!("payload_b64: {e}")) },
        },
        _ => return Answer { id, ..Answer::bad_line(number, "needs either `payload` or `payload_b64`") },
    };
    match decode_at(&topic, &bytes, Some(received_at), routes) {
        Ok(decoded) => {
            let devices = decoded.devices.into_iter().map(Device::from).collect();
            let error = decoded.wrong.map(|wrong| Error { code: wrong.code, detail: wrong.detail });
            Answer { id, format: Some(decoded.format), devices: Some(devices), error }
        }
        Err(rejection) => Answer { id, ..Answer::error(rejection.code, rejection.detail) },
    }
}

/// One message in. Other keys (`retained`, notes of a test) are ignored.
#[derive(Deserialize)]
struct Message {
    id: Option<Value>,
    topic: String,
    payload: Option<Value>,
    payload_b64: Option<String>,
    received_at: Option<String>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "snake_case")]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<Vec<Device>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

impl Answer {
    fn bad_line(number: u64, why: &str) -> Self {
        Self::error("invalid_input", format!("line {number}: {why}"))
    }

    fn error(code: &'static str, detail: String) -> Self {
        Self { error: Some(Error { code, detail }), ..Self::default() }
    }
}

#[derive(Serialize)]
struct Error {
    code: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Device {
    device_key: Option<String>,
    readings: Vec<Said>,
}

/// A reading as the contract prints it: its time in RFC 3339.
#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    fact: Fact,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
}

impl From<DeviceReadings> for Device {
    fn from(device: DeviceReadings) -> Self {
        let readings = device.readings.into_iter().map(Said::from).collect();
        Self { device_key: device.device_key.map(|key| key.0), readings }
    }
}

impl From<Reading> for Said {
    fn from(reading: Reading) -> Self {
        Self { fact: reading.fact, at: reading.at.map(|at| at.to_rfc3339()), channel: reading.channel }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &[&str]) {
        let mut output = Vec::new();
        run(&Routes::default(), Timestamp(0), input.as_bytes(), &mut output).expect("memory does not fail");
        let lines: Vec<Value> =
            output.lines().map(|l| serde_json::from_str(&l.expect("text")).expect("JSON")).collect();
        let expected: Vec<Value> = expected.iter().map(|e| serde_json::from_str(e).expect("JSON")).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn answers_line_by_line() {
        let text = r#"{"id":"a","topic":"zigbee2mqtt/x","payload":"{\"water_leak\":true,\"last_seen\":1709382744048}"}
{"id":7,"topic":"zigbee2mqtt/x/availability","payload_b64":"b25saW5l","retained":true}

{"topic":"zigbee2mqtt/x","payload":{"battery":5}}
"#;
        check(
            text,
            &[
                r#"{"id":"a","format":"zigbee2mqtt","devices":[{"device_key":"x","readings":
                    [{"kind":"leak","value":true,"at":"2024-03-02T12:32:24.048Z"}]}]}"#,
                r#"{"id":7,"format":"zigbee2mqtt","devices":[{"device_key":"x","readings":[{"kind":"online","value":true}]}]}"#,
                r#"{"format":"zigbee2mqtt","devices":[{"device_key":"x","readings":[{"kind":"battery_percent","value":5.0}]}]}"#,
            ],
        );
    }

    #[test]
    fn a_bad_line_is_answered_and_the_next_one_too() {
        check(
            "{\"id\":1,\"topic\":\"a\"}\n{\"id\":2,\"topic\":\"foo/bar\",\"payload\":\"hello\"}",
            &[
                r#"{"id":1,"error":{"code":"invalid_input","detail":"line 1: needs either `payload` or `payload_b64`"}}"#,
                r#"{"id":2,"error":{"code":"unknown_format","detail":"no format knows this topic"}}"#,
            ],
        );
        let mut output = Vec::new();
        run(&Routes::default(), Timestamp(0), &b"\xff\n{}"[..], &mut output).expect("memory does not fail");
        let text = String::from_utf8(output).expect("UTF-8");
        assert!(text.starts_with(r#"{"error":{"code":"invalid_input","detail":"line 1: "#), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
