//! Bytes in, readings out, or a typed rejection. Pure: no IO, no clock, no randomness; never panics.
//!
//! One file per format. A format is recognised by topic and shape, or pinned to a topic filter by a route. To add
//! one: a file with `recognises` and `decode`, its row in [`FORMATS`], its messages in `tests/fixtures/payloads`.
//! Never judged here: the retained flag, the age of a message, whether the device is registered or may say this.

mod announce;
mod facts;
mod json;
mod kinds;
mod message;
mod nested;
mod own;
mod routes;
mod scalar;

mod lorawan;
mod protobuf;
mod vocabulary;

mod chirpstack;
mod drop;
mod esphome;
mod ha_discovery;
mod ha_statestream;
mod homie;
mod native;
mod nuki;
mod nuki_hub;
mod openmqttgateway_rf;
mod ring_mqtt;
mod rtl_433;
mod shelly_gen1;
mod shelly_gen2;
mod smartthings;
mod sparkplug_b;
mod tasmota;
mod theengs;
mod thingpark;
mod thingsboard;
mod tts;
mod tuya;
mod wyzesense;
mod zigbee2mqtt;
mod zwave_js_ui;

pub use announce::announce;
pub use kinds::allowed;
pub use own::{OwnFormat, OwnFormatError, ProgramFault, STEPS_MAX};
pub use routes::{RouteError, Routes, filters_meet, is_filter};

use message::Message;

use crate::model::{DEVICE_KEY_BYTES_MAX, DeviceKey, DeviceReadings, Timestamp};
use routes::Reader;

/// The largest payload that is looked at, in bytes; a larger one is rejected before it is parsed.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// What one message said.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The format that understood it, e.g. `zigbee2mqtt`.
    pub format: &'static str,
    /// One entry for each device that spoke; its readings may be empty (it is alive and said nothing that matters here).
    /// No entry at all for commands, configuration, logs and cleared topics: nobody spoke.
    pub devices: Vec<DeviceReadings>,
    /// What else a format of the operator's own put out and is no reading; `devices` is right all the same.
    pub wrong: Option<Rejection>,
    /// Kinds of readings for which the message has a value that none can be, e.g. a battery of 130 %.
    pub misfits: Vec<&'static str>,
}

/// Why a message could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// Stable code: `invalid_json`, `invalid_utf8`, `payload_too_large`, `invalid_protobuf`, `unsupported_encoding`,
    /// `invalid_device_key`, `wrong_topic`, `unknown_format`; of formats of the operator's own `format_limit`,
    /// `format_failed`, `format_output`, `format_set_aside`.
    pub code: &'static str,
    /// What and where, for a person. Never a part of the payload, unless the operator's own program says it.
    pub detail: String,
}

/// The code of a program that ran out of its steps.
pub const FORMAT_LIMIT: &str = "format_limit";

impl Rejection {
    /// Of a message that nobody reads for now: those before it on its topic made the format run out of steps.
    pub fn set_aside(format: &str, until: Timestamp) -> Self {
        let detail = format!(
            "{format}: the topic is set aside until {}, its messages ran out of steps again and again; does the program end, and is the list bounded?",
            until.to_rfc3339()
        );
        Self::new("format_set_aside", detail)
    }

    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// What a format's decoder yields.
type Outcome = Result<Vec<DeviceReadings>, Rejection>;

/// One wire format: its name, how it is told from the others, and how it is read.
struct Format {
    name: &'static str,
    recognises: fn(&Message) -> bool,
    decode: fn(&Message) -> Outcome,
}

/// All formats; the first that recognises a message decodes it.
static FORMATS: &[Format] = &[
    Format { name: "zigbee2mqtt", recognises: zigbee2mqtt::recognises, decode: zigbee2mqtt::decode },
    Format { name: "native", recognises: native::recognises, decode: native::decode },
    Format { name: "chirpstack", recognises: chirpstack::recognises, decode: chirpstack::decode },
    Format { name: "tts", recognises: tts::recognises, decode: tts::decode },
    Format { name: "thingpark", recognises: thingpark::recognises, decode: thingpark::decode },
    Format { name: "sparkplug_b", recognises: sparkplug_b::recognises, decode: sparkplug_b::decode },
    Format { name: "thingsboard", recognises: thingsboard::recognises, decode: thingsboard::decode },
    Format { name: "ha_discovery", recognises: ha_discovery::recognises, decode: ha_discovery::decode },
    Format { name: "tasmota", recognises: tasmota::recognises, decode: tasmota::decode },
    Format { name: "shelly_gen1", recognises: shelly_gen1::recognises, decode: shelly_gen1::decode },
    Format { name: "homie", recognises: homie::recognises, decode: homie::decode },
    Format { name: "smartthings", recognises: smartthings::recognises, decode: smartthings::decode },
    Format { name: "ring_mqtt", recognises: ring_mqtt::recognises, decode: ring_mqtt::decode },
    Format { name: "tuya", recognises: tuya::recognises, decode: tuya::decode },
    Format { name: "drop", recognises: drop::recognises, decode: drop::decode },
    Format { name: "wyzesense", recognises: wyzesense::recognises, decode: wyzesense::decode },
    Format { name: "nuki", recognises: nuki::recognises, decode: nuki::decode },
    Format { name: "nuki_hub", recognises: nuki_hub::recognises, decode: nuki_hub::decode },
    Format { name: "rtl_433", recognises: rtl_433::recognises, decode: rtl_433::decode },
    Format {
        name: "openmqttgateway_rf",
        recognises: openmqttgateway_rf::recognises,
        decode: openmqttgateway_rf::decode,
    },
    Format { name: "zwave_js_ui", recognises: zwave_js_ui::recognises, decode: zwave_js_ui::decode },
    Format { name: "theengs", recognises: theengs::recognises, decode: theengs::decode },
    Format { name: "shelly_gen2", recognises: shelly_gen2::recognises, decode: shelly_gen2::decode },
    Format { name: "zigbee2mqtt", recognises: zigbee2mqtt::recognises_nested, decode: zigbee2mqtt::decode },
    Format { name: "ha_statestream", recognises: ha_statestream::recognises, decode: ha_statestream::decode },
    Format { name: "esphome", recognises: esphome::recognises, decode: esphome::decode },
];

/// How a format is told by its payload's shape, asked only when no row of [`FORMATS`] and no nested base knows the topic.
static BY_SHAPE: &[Format] = &[
    Format { name: "zigbee2mqtt", recognises: zigbee2mqtt::recognises_elsewhere, decode: zigbee2mqtt::decode },
    Format { name: "zwave_js_ui", recognises: zwave_js_ui::recognises_elsewhere, decode: zwave_js_ui::decode },
    Format { name: "tts", recognises: tts::recognises_v2, decode: tts::decode },
    Format { name: "chirpstack", recognises: chirpstack::recognises_elsewhere, decode: chirpstack::decode },
    Format { name: "thingpark", recognises: thingpark::recognises_bare, decode: thingpark::decode },
    Format { name: "shelly_gen2", recognises: shelly_gen2::recognises_elsewhere, decode: shelly_gen2::decode },
    Format { name: "esphome", recognises: esphome::recognises_elsewhere, decode: esphome::decode },
    Format { name: "nuki_hub", recognises: nuki_hub::recognises_elsewhere, decode: nuki_hub::decode },
    Format { name: "homie", recognises: homie::recognises_domain, decode: homie::decode },
    Format { name: "rtl_433", recognises: rtl_433::recognises_elsewhere, decode: rtl_433::decode },
];

/// The names that a route may pin, each once.
pub fn format_names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().enumerate().filter(|(i, f)| FORMATS[..*i].iter().all(|g| g.name != f.name)).map(|(_, f)| f.name)
}

/// A key is sound, or absent.
fn is_named(device: &DeviceReadings) -> bool {
    device.device_key.as_ref().is_none_or(DeviceKey::is_sound)
}

/// Reads one message. A route that matches the topic decides the format; otherwise the first format that recognises it.
///
/// # Errors
/// A [`Rejection`] when no format knows the message or its payload is broken; one unusable field in an otherwise good
/// message only loses that field.
pub fn decode(topic: &str, payload: &[u8], routes: &Routes) -> Result<Decoded, Rejection> {
    decode_at(topic, payload, None, routes)
}

/// As [`decode`]; formats of the operator's own are told when the message was received.
///
/// # Errors
/// As [`decode`].
pub fn decode_at(
    topic: &str,
    payload: &[u8],
    received_at: Option<Timestamp>,
    routes: &Routes,
) -> Result<Decoded, Rejection> {
    let route = routes.find(topic);
    let mut message = Message { topic, payload, base: route.map(|r| r.base()) };
    kinds::forget_misfits();
    let format = match route.map(|r| &r.reader) {
        Some(Reader::Own(own)) => {
            let said = own.decode(&message, received_at)?;
            let nothing = said.devices.iter().all(|device| device.readings.is_empty());
            return match said.wrong {
                Some(wrong) if nothing => Err(wrong),
                wrong => Ok(Decoded { format: own.name(), devices: said.devices, wrong, misfits: vec![] }),
            };
        }
        Some(Reader::BuiltIn(format)) => Some(*format),
        None => FORMATS.iter().find(|f| (f.recognises)(&message)),
    };
    let format = match format.map(|format| (format, message.base)).or_else(|| nested::find(topic)) {
        Some((format, base)) => {
            message.base = base;
            format
        }
        None => BY_SHAPE
            .iter()
            .find(|f| (f.recognises)(&message))
            .ok_or_else(|| Rejection::new("unknown_format", "no format knows this topic"))?,
    };
    let mut devices = (format.decode)(&message)?;
    let spoke = !devices.is_empty();
    devices.retain(is_named);
    if spoke && devices.is_empty() {
        let detail = format!("blank, more than {DEVICE_KEY_BYTES_MAX} bytes, or with < > or control characters");
        return Err(Rejection::new("invalid_device_key", detail));
    }
    Ok(Decoded { format: format.name, devices, wrong: None, misfits: kinds::misfits() })
}
