//! Bytes in, readings out, or a typed rejection. Pure: no IO, no clock, no randomness; never panics.
//!
//! One file per format. A format is recognised by topic and shape, or pinned to a topic filter by a route.

use crate::model::DeviceReadings;

/// The largest payload that is looked at, in bytes; a larger one is rejected before it is parsed.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// What one message said.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The format that understood it, e.g. `zigbee2mqtt`.
    pub format: &'static str,
    /// One entry for each device that the message covers; empty readings for messages that are no telemetry.
    pub devices: Vec<DeviceReadings>,
}

/// Why a message could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// Stable code: `invalid_json`, `invalid_utf8`, `payload_too_large`, `invalid_protobuf`, `unsupported_encoding`, `unknown_format`.
    pub code: &'static str,
    /// What and where, for a person.
    pub detail: String,
}
