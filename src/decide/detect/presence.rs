//! Silence: a device that has not spoken for longer than its own learned rhythm allows.

use serde::{Deserialize, Serialize};

use super::battery::BatteryState;
use super::{Context, Heard, Timed};
use crate::model::time::DAY;
use crate::model::{Fact, Finding, Millis, Timestamp};

/// Gaps that must have been seen before a rhythm is believed …
const GAPS_KNOWN: u32 = 5;
/// … over at least this long: a lock that is used all morning is quiet at night.
const LEARNED_OVER_MS: Millis = DAY;
/// How slowly the longest gap is forgotten: by time, because a busy hour tells nothing about a quiet one.
const FORGOTTEN_OVER_MS: Millis = 7 * DAY;
/// A device may be silent for this many times its longest recent gap.
const GAPS_ALLOWED: i64 = 3;

/// After the service was away, a device has this part of its time to be heard again: what it said meanwhile may be lost,
/// but a service that is restarted every day must not be deaf to those that speak twice a day.
const HEARD_AGAIN: i64 = 2;
/// Behind a gateway that is back a device has so many sixths of its time, two and a half of its longest gaps: nothing was
/// kept for it meanwhile, and one message lost on the air besides is no silence.
const HEARD_ANEW_SIXTHS: i64 = 5;

/// What is known of a device's rhythm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceState {
    /// The longest recent gap between two messages, slowly forgotten.
    pub gap: Millis,
    /// How many gaps that were listened through it was learned from, up to what is needed.
    pub gaps: u32,
    /// Since when it is learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// It is silent.
    pub silent: bool,
    /// From when it is listened for anew: what kept it from being heard (its gateway) was over then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_from: Option<Timestamp>,
    /// When it was heard again after a silence, or after more than half of the time that it may be quiet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_at: Option<Timestamp>,
    /// It, or its will message, said that it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offline_since: Option<Timestamp>,
    /// It spoke after it was said to be gone, and nobody took the word back: the broker may keep a last will that is over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub word_outlived: bool,
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
        // "Offline" kept by the broker is a last will: it holds until the device speaks. All else that it keeps is old.
        if timed.iter().any(|t| t.reading.fact == Fact::Online(false)) {
            self.word_outlived &= heard.retained;
            if !self.word_outlived {
                self.offline_since.get_or_insert(heard.received_at);
            }
            return;
        }
        if heard.retained {
            return;
        }
        if self.silent || self.is_quiet(seen_at, heard.received_at, ctx) {
            self.back_at = Some(heard.received_at);
        }
        self.learn(heard.received_at, seen_at, ctx);
        // What says nothing else stands where the will stood; "online" among readings leaves the will with the broker.
        let taken_back = !timed.is_empty() && timed.iter().all(|t| t.reading.fact == Fact::Online(true));
        self.word_outlived = !taken_back && (self.word_outlived || self.offline_since.is_some());
        self.offline_since = None;
        if std::mem::take(&mut self.silent) {
            findings.push(Finding::BackOnline);
        }
    }

    /// A gap counts as far as the service listened through it, and only when the device was not silent. Of one that it did
    /// not listen through only a part is known: that can be the longest, but makes no longer one forgotten and no rhythm known.
    fn learn(&mut self, received_at: Timestamp, seen_at: Timestamp, ctx: &Context<'_>) {
        if self.since.is_none() {
            self.since = Some(received_at);
            return;
        }
        if self.silent {
            return;
        }
        let from = seen_at.max(self.listened_from(ctx));
        let gap = (received_at - from).max(0);
        let whole = from == seen_at;
        let past = if whole { gap.min(FORGOTTEN_OVER_MS) } else { 0 };
        let forgotten = self.gap * past / FORGOTTEN_OVER_MS;
        self.gap = gap.max(self.gap - forgotten);
        self.gaps = (self.gaps + u32::from(whole)).min(GAPS_KNOWN);
    }

    pub(super) fn pass(
        &mut self,
        seen_at: Timestamp,
        battery: &BatteryState,
        ctx: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) {
        if self.due_at(seen_at, ctx).is_some_and(|due| due <= ctx.now) {
            self.silent = true;
            let heard_from = self.heard_from.map_or(seen_at, |from| from.max(seen_at));
            let (battery_low, empty) = (battery.is_low(), battery.probably_empty(ctx.now));
            // One that was never heard is known by its last will alone.
            let since = self.offline_since.filter(|_| seen_at == Timestamp::default()).unwrap_or(seen_at);
            findings.push(Finding::Silent { since, heard_from, battery_low, empty });
        }
    }

    pub(super) fn due_at(&self, seen_at: Timestamp, ctx: &Context<'_>) -> Option<Timestamp> {
        if self.silent {
            return None;
        }
        let by_word = self.offline_since.map(|since| since + ctx.policy.presence.offline_grace.0);
        if seen_at == Timestamp::default() {
            return by_word;
        }
        let allowed = self.allowed(seen_at, ctx);
        let by_rhythm = (seen_at + allowed).max(ctx.listening_since + allowed / HEARD_AGAIN);
        let by_rhythm = self.heard_from.map_or(by_rhythm, |from| by_rhythm.max(from + allowed * HEARD_ANEW_SIXTHS / 6));
        Some(by_word.map_or(by_rhythm, |at| at.min(by_rhythm)))
    }

    /// Whether more than half of the time that it may be quiet is over.
    fn is_quiet(&self, seen_at: Timestamp, now: Timestamp, ctx: &Context<'_>) -> bool {
        let known = seen_at != Timestamp::default();
        known && (now - seen_at.max(self.listened_from(ctx))) * 2 > self.allowed(seen_at, ctx)
    }

    /// From when those behind this gateway are listened for anew: from when it was back, or will itself count as silent.
    pub(super) fn known_at(&self, seen_at: Timestamp, ctx: &Context<'_>) -> Option<Timestamp> {
        let due_at = self.due_at(seen_at, ctx).filter(|_| self.is_quiet(seen_at, ctx.now, ctx));
        due_at.max(self.back_at)
    }

    fn listened_from(&self, ctx: &Context<'_>) -> Timestamp {
        self.heard_from.map_or(ctx.listening_since, |from| from.max(ctx.listening_since))
    }

    /// It is not silent yet: it could not be heard before `from`.
    pub(super) fn listen_anew(&mut self, from: Timestamp) {
        self.silent = false;
        self.heard_from = self.heard_from.max(Some(from));
        self.offline_since = self.offline_since.map(|since| since.max(from));
    }

    /// How long it may be silent.
    fn allowed(&self, seen_at: Timestamp, ctx: &Context<'_>) -> Millis {
        let policy = &ctx.policy.presence;
        let learned = self.since.is_some_and(|since| seen_at - since >= LEARNED_OVER_MS);
        if self.gaps < GAPS_KNOWN || !learned {
            return policy.unknown_rhythm.0.max((self.gap * GAPS_ALLOWED).min(policy.most.0));
        }
        (self.gap * GAPS_ALLOWED).clamp(policy.least.0, policy.most.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Policy;
    use crate::decide::detect::DeviceState;
    use crate::model::Reading;
    use crate::model::time::{HOUR, MINUTE};

    /// A lock that is used all day and tells every four hours that it lives: when a silence is found, if at all.
    fn silent_at(hours: &[i64], until: i64) -> Option<i64> {
        let policy = Policy::default();
        let context = |now| Context {
            policy: &policy,
            leak_clear_after: crate::model::Span(HOUR),
            listening_since: Timestamp(1),
            about: &crate::decide::detect::sample::About::UNKNOWN,
            fleet: &crate::decide::forecast::NO_FLEET,
            now,
        };
        let mut state = DeviceState::default();
        let start = Timestamp(1_000);
        for minute in 0..until * 60 {
            let now = start + minute * MINUTE;
            let used = (8..20).contains(&(minute / 60 % 24)) && minute % 7 == 0;
            if hours.contains(&(minute / 60)) && (minute % 240 == 0 || used) {
                let heard = Heard {
                    readings: vec![Reading::new(Fact::SignalDbm(-60.0))],
                    received_at: now,
                    retained: false,
                    fingerprint: minute.unsigned_abs(),
                };
                state.hear(&heard, &context(now));
            }
            if state.pass(&context(now)).iter().any(|f| matches!(f, Finding::Silent { .. })) {
                return Some(minute / 60);
            }
        }
        None
    }

    /// A sensor that speaks every six hours, of which two messages are lost after forty days, and a service that was started
    /// anew every so many hours from one of them on.
    fn found_silent(from: i64, started_every: i64) -> bool {
        let policy = Policy::default();
        let mut state = DeviceState::default();
        (0..40 * 24 + 11).any(|hour| {
            let started = if hour < from { 0 } else { hour.min(954) / started_every * started_every };
            let ctx = Context {
                policy: &policy,
                leak_clear_after: crate::model::Span(HOUR),
                listening_since: Timestamp(started * HOUR + 1),
                about: &crate::decide::detect::sample::About::UNKNOWN,
                fleet: &crate::decide::forecast::NO_FLEET,
                now: Timestamp(1_000 + hour * HOUR),
            };
            if hour % 6 == 0 && hour < 40 * 24 {
                let heard = Heard {
                    readings: vec![Reading::new(Fact::SignalDbm(-60.0))],
                    received_at: ctx.now,
                    retained: false,
                    fingerprint: hour.unsigned_abs(),
                };
                state.hear(&heard, &ctx);
            }
            state.pass(&ctx).iter().any(|f| matches!(f, Finding::Silent { .. }))
        })
    }

    #[test]
    fn a_service_that_is_started_often_forgets_no_rhythm() {
        assert!(!found_silent(240, 1_000));
        assert!(!found_silent(240, 5), "two messages were lost, no more");
    }

    #[test]
    fn a_service_that_never_listened_through_a_gap_knows_no_rhythm() {
        assert!(!found_silent(0, 3));
    }

    #[test]
    fn a_busy_day_does_not_make_the_night_a_silence() {
        let all: Vec<i64> = (0..240).collect();
        assert_eq!(silent_at(&all, 240), None);
        // The longest gap was four hours: after a good eleven it is noticed, by day and by night.
        for last in [97, 108] {
            let until_then: Vec<i64> = (0..last).collect();
            let found = silent_at(&until_then, last + 40).expect("a silence");
            assert!((last + 8..last + 13).contains(&found), "last heard before {last} h, found at {found} h");
        }
    }
}
