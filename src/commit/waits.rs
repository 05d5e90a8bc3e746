//! How long the outbox waits: between two attempts, and until a carrier's list proves something. Pure.

use crate::deliver::carrier::CarrierError;
use crate::model::time::{HOUR, MINUTE, SECOND};
use crate::model::{Millis, Severity, Timestamp};
use crate::store::DueMessage;

/// How long a carrier may take to show an emergency text that it took.
pub(super) const SHOWN_AFTER_EMERGENCY_MS: Millis = 5 * SECOND;
/// How long a carrier may take to show any other text that it took.
const SHOWN_AFTER_MS: Millis = 30 * SECOND;
/// The longest wait between two attempts of an emergency text.
const BACKOFF_EMERGENCY_MAX_MS: Millis = 15 * SECOND;
/// The longest wait between two attempts of any other text.
const BACKOFF_MAX_MS: Millis = 10 * MINUTE;
/// How long the queue waits after the account was at fault.
pub(super) const ACCOUNT_WAIT_MS: Millis = 30 * SECOND;

/// Doubles with each attempt, spread by the message's own id so that a thousand do not come back at once.
pub(super) fn backoff(m: &DueMessage) -> Millis {
    let doublings = m.attempts.clamp(1, 16) - 1;
    let longest = if m.severity == Severity::Emergency { BACKOFF_EMERGENCY_MAX_MS } else { BACKOFF_MAX_MS };
    let wait = (SECOND << doublings).min(longest);
    (wait / 2 + spread(m, wait / 2)).min(HOUR)
}

/// A part of a span, by the message's own id.
fn spread(m: &DueMessage, span: Millis) -> Millis {
    span * m.id.0.bytes().fold(0_i64, |sum, b| (sum * 31 + i64::from(b)) % 256) / 256
}

/// Why a message that is due has to wait, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Until when.
    pub until: Timestamp,
    /// Why, for a person.
    pub why: &'static str,
}

impl Held {
    /// The carrier is away until its next probe: an emergency is the probe, the others do not all come at once.
    pub(super) fn away(m: &DueMessage, probe_at: Timestamp, real: impl Fn(Millis) -> Millis) -> Self {
        let wait = if m.severity == Severity::Emergency { 0 } else { spread(m, MINUTE) };
        let until = (probe_at + real(wait)).min(m.expires_at);
        Self { until, why: "the carrier cannot be reached; it is tried every few seconds" }
    }
}

/// How long a carrier may take to show a message that it took.
pub(super) fn shown_after(m: &DueMessage) -> Millis {
    if m.severity == Severity::Emergency { SHOWN_AFTER_EMERGENCY_MS } else { SHOWN_AFTER_MS }
}

/// When a carrier is first asked.
pub(super) fn ask_after(m: &DueMessage, soon: Millis) -> Millis {
    soon.min(shown_after(m))
}

/// How long a carrier that is busy (429, `Retry-After`) is left alone: as it asks, but water does not wait for an hour
/// because of one answer.
pub(super) fn later(m: &DueMessage, asked: Millis) -> Millis {
    if m.severity == Severity::Emergency { asked.min(BACKOFF_EMERGENCY_MAX_MS) } else { asked }
}

/// When a carrier that had no answer is asked again.
pub(super) fn ask_again(m: &DueMessage, error: &CarrierError) -> Millis {
    match error {
        CarrierError::Later { after } => later(m, (*after).max(SECOND)),
        CarrierError::AccountFault { .. } => ACCOUNT_WAIT_MS,
        _ => 2 * SECOND,
    }
}
