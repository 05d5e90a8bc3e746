//! One message as every format sees it: topic, payload, and where the format's own topics begin. Never owns bytes.

use super::{PAYLOAD_BYTES_MAX, Rejection};

/// One MQTT message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The full topic.
    pub topic: &'a str,
    /// The bytes, not yet looked at.
    pub payload: &'a [u8],
    /// The levels of the matching route's filter before its first wildcard: where the format's own topics begin.
    pub base: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// The payload as text, without a byte order mark.
    pub(super) fn text(&self) -> Result<&'a str, Rejection> {
        self.check_size()?;
        let text = std::str::from_utf8(self.payload)
            .map_err(|e| Rejection::new("invalid_utf8", format!("at byte {}", e.valid_up_to())))?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Rejects what is too large to be looked at.
    pub(super) fn check_size(&self) -> Result<(), Rejection> {
        if self.payload.len() <= PAYLOAD_BYTES_MAX {
            return Ok(());
        }
        let detail = format!("{} bytes; the limit is {PAYLOAD_BYTES_MAX}", self.payload.len());
        Err(Rejection::new("payload_too_large", detail))
    }

    /// The topic below its base: the route's, else the first of `bases` that it starts with.
    pub(super) fn below(&self, bases: &[&str]) -> Option<&'a str> {
        self.base.into_iter().chain(bases.iter().copied()).find_map(|base| strip_level(self.topic, base))
    }
}

/// `rest` of `base/rest`; all of `topic` when `base` is empty.
pub(super) fn strip_level<'a>(topic: &'a str, base: &str) -> Option<&'a str> {
    if base.is_empty() { Some(topic) } else { topic.strip_prefix(base)?.strip_prefix('/') }
}
