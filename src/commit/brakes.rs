//! What holds a process back from its carriers: a carrier that fails again and again is only probed, and no more texts go
//! out a second than it may have. Kept in memory: a new process learns it anew. Must never decide what becomes of a message.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::outbox::Answer;
use crate::deliver::carrier::SendOutcome;
use crate::model::time::SECOND;
use crate::model::{CarrierName, Millis, Severity, Timestamp};

/// Requests that fail one after another until their carrier is taken to be away.
const FAILURES_MAX: u32 = 5;
/// How often a carrier that is away is tried.
const PROBE_EVERY_MS: Millis = 5 * SECOND;

/// `[sms]`: how much may go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendingLimits {
    /// Messages a second from one process; 0 is no limit.
    pub per_second: u32,
    /// Messages within any 24 hours, a fifth of them kept for emergencies; 0 is no limit.
    pub daily_max: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Brakes {
    limits: SendingLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    circuits: BTreeMap<CarrierName, Circuit>,
    bucket: Bucket,
}

/// How a carrier has answered lately.
#[derive(Clone, Copy, Debug, Default)]
struct Circuit {
    /// Failures since it last answered.
    failures: u32,
    /// The next probe, while it is away; until then after it has come back only emergencies go.
    probe_at: Timestamp,
}

/// Requests that may begin: one second's worth at most, so that a pause is not made up for.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// In thousandths of a request.
    level: i64,
    filled_at: Option<Timestamp>,
}

impl Brakes {
    /// Within these limits.
    pub fn new(limits: SendingLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// How many more messages may go out after so many within a day; a fifth is kept for emergencies.
    pub(super) fn left_today(&self, sent: i64, severity: Severity) -> usize {
        let most = i64::from(self.limits.daily_max);
        let most = if severity == Severity::Emergency { most } else { most * 4 / 5 };
        usize::try_from(most - sent).unwrap_or(0)
    }

    /// Whether messages of a day are limited.
    pub(super) fn is_rationed(&self) -> bool {
        self.limits.daily_max > 0
    }

    /// What was learned by a clock that was wrong is learned anew.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    /// From when on a carrier may have a message: at once, but for one that is away. When it is back, emergencies that were
    /// waiting go first.
    pub(super) fn not_before(&self, carrier: CarrierName, severity: Severity) -> Timestamp {
        let circuit = self.state().circuits.get(&carrier).copied().unwrap_or_default();
        let at_once = circuit.failures < FAILURES_MAX && severity == Severity::Emergency;
        if at_once { Timestamp(0) } else { circuit.probe_at }
    }

    /// How many requests may begin now.
    pub(super) fn room(&self, now: Timestamp, real: impl Fn(Millis) -> Millis) -> usize {
        let per_second = self.limits.per_second;
        if per_second == 0 {
            return usize::MAX;
        }
        let bucket = &mut self.state().bucket;
        let (full, second) = (i64::from(per_second) * 1_000, real(SECOND).max(1));
        let passed = bucket.filled_at.map_or(second, |at| (now - at).clamp(0, second));
        let gained = full * passed / second;
        // A span too short for a thousandth is not lost: it is counted with the next one.
        if gained > 0 || bucket.filled_at.is_none() {
            (bucket.level, bucket.filled_at) = ((bucket.level + gained).min(full), Some(now));
        }
        usize::try_from(bucket.level / 1_000).unwrap_or(0)
    }

    /// A request begins. One to a carrier that is away is the probe of the next seconds.
    pub(super) fn begin(&self, carrier: CarrierName, now: Timestamp, real: impl Fn(Millis) -> Millis) {
        let mut state = self.state();
        state.bucket.level = (state.bucket.level - 1_000).max(0);
        let circuit = state.circuits.entry(carrier).or_default();
        if circuit.failures >= FAILURES_MAX {
            circuit.probe_at = now + real(PROBE_EVERY_MS);
        }
    }

    /// What came of a request: whoever answers anything that makes sense is there.
    pub(super) fn heard(&self, carrier: CarrierName, answer: &Answer, now: Timestamp, real: impl Fn(Millis) -> Millis) {
        let Answer::Sent(outcome) = answer else { return };
        let mut state = self.state();
        let circuit = state.circuits.entry(carrier).or_default();
        match outcome {
            SendOutcome::NotSent { .. } | SendOutcome::Ambiguous { .. } => {
                circuit.failures += 1;
                if circuit.failures == FAILURES_MAX {
                    circuit.probe_at = now + real(PROBE_EVERY_MS);
                }
            }
            _ if now < circuit.probe_at => circuit.failures = 0,
            _ => *circuit = Circuit::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CarrierName::{Aliyun, Twilio};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn same(ms: Millis) -> Millis {
        ms
    }

    #[test]
    fn who_fails_five_times_is_probed_until_it_answers() {
        let brakes = Brakes::default();
        let away = Answer::Sent(SendOutcome::NotSent { detail: "refused".to_owned() });
        let full = Answer::Sent(SendOutcome::Later { after: SECOND, code: None });
        let (emergency, routine) = (Severity::Emergency, Severity::Routine);
        let (at_once, first) = (Timestamp(0), NOW + PROBE_EVERY_MS);
        let second = first + PROBE_EVERY_MS;
        (0..4).for_each(|_| brakes.heard(Twilio, &away, NOW, same));
        assert_eq!(brakes.not_before(Twilio, routine), at_once);
        brakes.heard(Twilio, &away, NOW, same);
        assert_eq!((brakes.not_before(Twilio, emergency), brakes.not_before(Aliyun, routine)), (first, at_once));
        brakes.begin(Twilio, first, same);
        assert_eq!(brakes.not_before(Twilio, emergency), second, "one probe at a time");
        brakes.heard(Twilio, &away, first, same);
        assert_eq!(brakes.not_before(Twilio, emergency), second);
        brakes.heard(Twilio, &full, first + SECOND, same);
        assert_eq!(brakes.not_before(Twilio, emergency), at_once, "who is busy is there");
        assert_eq!(brakes.not_before(Twilio, routine), second, "emergencies first");
        brakes.heard(Twilio, &full, second, same);
        assert_eq!(brakes.not_before(Twilio, routine), at_once);
    }

    #[test]
    fn so_many_begin_in_a_second_and_a_pause_is_not_made_up_for() {
        let brakes = Brakes::new(SendingLimits { per_second: 10, daily_max: 0 });
        let begin_all = |at: Timestamp| {
            let room = brakes.room(at, same);
            (0..room).for_each(|_| brakes.begin(Twilio, at, same));
            room
        };
        assert_eq!((begin_all(NOW), begin_all(NOW)), (10, 0));
        let begun: usize = (1..=240).map(|n| begin_all(NOW + n * 250)).sum();
        assert_eq!(begun, 600, "a minute");
        assert_eq!(begin_all(NOW + 3_600 * SECOND), 10);
        let begun: usize = (1..=3_000).map(|ms| begin_all(NOW + 3_600 * SECOND + ms)).sum();
        assert_eq!(begun, 30, "looked at every millisecond");
        assert_eq!(Brakes::default().room(NOW, same), usize::MAX);
    }

    #[test]
    fn a_fifth_of_a_day_is_kept_for_emergencies() {
        let brakes = Brakes::new(SendingLimits { per_second: 0, daily_max: 11 });
        let left = |sent| (brakes.left_today(sent, Severity::Urgent), brakes.left_today(sent, Severity::Emergency));
        assert_eq!([0, 7, 8, 10, 11, 12].map(left), [(8, 11), (1, 4), (0, 3), (0, 1), (0, 0), (0, 0)]);
    }
}
