//! `nightporter decode`: messages in as JSON lines, what they mean out as JSON lines, one for one and in order.
//! Needs no file, no database and no network, and never stops at a bad line: that one is answered with an error.

use std::io::{self, BufRead, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::decode::{Routes, allowed, decode_at};
use crate::model::{DeviceReadings, Fact, Reading, Timestamp};

/// The longest line that is read, in bytes; a longer one is answered with an error and skipped.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads lines `{"id"?,"topic","payload"|"payload_b64","retained"?}` until the end and answers each with
/// `{"id"?,"format","devices":[…]}` or `{"id"?,"error":{"code","detail"}}`. Blank lines are skipped but counted.
/// Fields whose value none can be stand in `ignored`, by the kind of reading, with what was expected.
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
    let mut fields = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Answer::bad_line(number, "expected an object {\"topic\", \"payload\" or \"payload_b64\"}"),
        Err(e) => return Answer::bad_line(number, &not_json(&e)),
    };
    let id = fields.remove("id");
    let message = match Message::read(fields, now) {
        Ok(message) => message,
        Err(why) => return Answer { id, ..Answer::bad_line(number, &why) },
    };
    match decode_at(&message.topic, &message.payload, Some(message.received_at), routes) {
        Ok(decoded) => {
            let devices = decoded.devices.into_iter().map(Device::from).collect();
            let error = decoded.wrong.map(|wrong| Error { code: wrong.code, detail: wrong.detail });
            let ignored = decoded.misfits.iter().map(|kind| Ignored { kind, expected: allowed(kind) }).collect();
            Answer { id, format: Some(decoded.format), devices: Some(devices), ignored, error }
        }
        Err(rejection) => Answer { id, ..Answer::error(rejection.code, rejection.detail) },
    }
}

/// What the parser found, without the line it counts: each of ours is one.
fn not_json(e: &serde_json::Error) -> String {
    let told = e.to_string();
    let what = told.rsplit_once(" at line ").map_or(&*told, |(what, _)| what);
    // The parser's word for null, true and false.
    format!("not JSON: {}, column {}", what.replace("expected ident", "expected a value"), e.column())
}

/// One message in. Other keys (`retained`, notes of a test) are ignored.
struct Message {
    topic: String,
    payload: Vec<u8>,
    received_at: Timestamp,
}

impl Message {
    fn read(mut fields: serde_json::Map<String, Value>, now: Timestamp) -> Result<Self, String> {
        let mut text = |name: &str| match fields.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name}: expected a text")),
        };
        let topic = text("topic")?.ok_or("topic: is missing")?;
        let base64 = text("payload_b64")?;
        let received_at = text("received_at")?.map_or(Some(now), |text| Timestamp::parse_rfc3339(&text));
        let payload = match (fields.remove("payload").filter(|json| !json.is_null()), base64) {
            (Some(Value::String(text)), None) => text.into_bytes(),
            (Some(json), None) => json.to_string().into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|e| format!("payload_b64: is no base64: {e}"))?,
            (None, None) => return Err("needs either `payload` or `payload_b64`".to_owned()),
            (Some(_), Some(_)) => return Err("needs either `payload` or `payload_b64`, not both".to_owned()),
        };
        let received_at = received_at.ok_or("received_at: expected e.g. 2026-01-05T02:30:00Z")?;
        Ok(Self { topic, payload, received_at })
    }
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<Ignored>,
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

/// A field whose value none can be.
#[derive(Serialize)]
struct Ignored {
    kind: &'static str,
    expected: &'static str,
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
        check(
            "[1]\n{\"topic\":5}\n{\"id\":3,\"topic\":\"a\",\"payload\":1,\"payload_b64\":\"\"}\n{\"topic\":\"a\" \"b\"}\nnonsense",
            &[
                r#"{"error":{"code":"invalid_input","detail":"line 1: expected an object {\"topic\", \"payload\" or \"payload_b64\"}"}}"#,
                r#"{"error":{"code":"invalid_input","detail":"line 2: topic: expected a text"}}"#,
                r#"{"id":3,"error":{"code":"invalid_input","detail":"line 3: needs either `payload` or `payload_b64`, not both"}}"#,
                r#"{"error":{"code":"invalid_input","detail":"line 4: not JSON: expected `,` or `}`, column 14"}}"#,
                r#"{"error":{"code":"invalid_input","detail":"line 5: not JSON: expected a value, column 2"}}"#,
            ],
        );
        check(
            r#"{"topic":"nightporter/v1/oak/x/telemetry","payload":{"leak":true,"battery_percent":130}}"#,
            &[r#"{"format":"native","devices":[{"device_key":"x","readings":[{"kind":"leak","value":true}]}],
                "ignored":[{"kind":"battery_percent","expected":"a number from 0 to 100"}]}"#],
        );
        let mut output = Vec::new();
        run(&Routes::default(), Timestamp(0), &b"\xff\n{}"[..], &mut output).expect("memory does not fail");
        let text = String::from_utf8(output).expect("UTF-8");
        assert!(text.starts_with(r#"{"error":{"code":"invalid_input","detail":"line 1: "#), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
