//! Silence: a device that has not spoken for longer than its own learned rhythm allows.

use serde::{Deserialize, Serialize};

use super::{Context, Heard, Timed};
use crate::model::{Fact, Finding, Millis, Timestamp};

/// Gaps that must have been seen before a rhythm is believed.
const GAPS_KNOWN: u32 = 5;
/// A device may be silent for this many times its longest recent gap.
const GAPS_ALLOWED: i64 = 3;

/// What is known of a device's rhythm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceState {
    /// The longest recent gap between two messages, slowly forgotten.
    pub gap: Millis,
    /// How many gaps it was learned from, up to what is needed.
    pub gaps: u32,
    /// It is silent.
    pub silent: bool,
    /// It, or its will message, said that it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline_since: Option<Timestamp>,
}

impl PresenceState {
    pub(super) fn hear(
        &mut self,
        timed: &[Timed<'_>],
        heard: &Heard,
        seen_at: Timestamp,
        ctx: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) {
        if heard.retained {
            return;
        }
        if timed.iter().any(|t| t.reading.fact == Fact::Online(false)) {
            self.offline_since.get_or_insert(heard.received_at);
            return;
        }
        self.learn(heard.received_at, seen_at, ctx);
        self.offline_since = None;
        if std::mem::take(&mut self.silent) {
            findings.push(Finding::BackOnline);
        }
    }

    /// A gap counts only when the service listened all through it and the device was not silent.
    fn learn(&mut self, received_at: Timestamp, seen_at: Timestamp, ctx: &Context<'_>) {
        if seen_at < ctx.listening_since || self.silent {
            return;
        }
        let gap = received_at - seen_at;
        self.gap = gap.max(self.gap - self.gap / 32);
        self.gaps = (self.gaps + 1).min(GAPS_KNOWN);
    }

    pub(super) fn pass(
        &mut self,
        seen_at: Timestamp,
        battery_low: bool,
        ctx: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) {
        if self.due_at(seen_at, ctx).is_some_and(|due| due <= ctx.now) {
            self.silent = true;
            findings.push(Finding::Silent { since: seen_at, battery_low });
        }
    }

    pub(super) fn due_at(&self, seen_at: Timestamp, ctx: &Context<'_>) -> Option<Timestamp> {
        if self.silent || seen_at == Timestamp::default() {
            return None;
        }
        let quiet_since = seen_at.max(ctx.listening_since);
        let by_rhythm = quiet_since + self.allowed(ctx);
        let by_word = self.offline_since.map(|since| since + ctx.policy.presence.offline_grace.0);
        Some(by_word.map_or(by_rhythm, |at| at.min(by_rhythm)))
    }

    /// How long it may be silent.
    fn allowed(&self, ctx: &Context<'_>) -> Millis {
        let policy = &ctx.policy.presence;
        if self.gaps < GAPS_KNOWN {
            return policy.unknown_rhythm.0;
        }
        (self.gap * GAPS_ALLOWED).clamp(policy.least.0, policy.most.0)
    }
}
