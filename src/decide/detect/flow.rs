//! Water that never stops: a meter that shows flow for longer than its household ever lets it run is a leak without a sensor.
//!
//! Hours are not asked for: a household that sleeps stops its water, so what never stops runs through the night. Over when
//! the flow has stopped. Must never judge a meter that speaks too seldom to tell.

use serde::{Deserialize, Serialize};

use super::{Context, Timed};
use crate::model::time::{DAY, HOUR, MINUTE};
use crate::model::{Fact, Finding, Millis, Timestamp};

/// Below this nothing runs, l/min: a litre an hour.
const RUNS_LPM: f64 = 0.017;
/// Readings further apart say nothing about the time between them.
const GAP_MAX: Millis = 2 * HOUR;
/// A run is told by at least so many readings.
const READINGS_MIN: u32 = 6;
/// Longer than the longest run of the household by this …
const LONGER_TIMES: Millis = 2;
/// … but no more than this is ever asked for.
const NEVER_STOPS_MAX: Millis = DAY;
/// The longest run is forgotten over this.
const FORGOTTEN_OVER: Millis = 14 * DAY;
/// Stopped for so long: over.
const STOPPED_FOR: Millis = 10 * MINUTE;

/// What is known of a meter's flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowState {
    /// The last reading.
    at: Timestamp,
    /// Last total, litres.
    #[serde(skip_serializing_if = "Option::is_none")]
    volume_l: Option<(f64, Timestamp)>,
    /// Since when water runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Readings of this run.
    readings: u32,
    /// The least flow of this run, l/min: what never stops.
    least_lpm: f64,
    /// The household's longest run, slowly forgotten.
    longest: Millis,
    /// It never stops.
    pub open: bool,
    /// While open: since when it has stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Timestamp>,
}

impl FlowState {
    /// Nothing was heard of any flow.
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn hear(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let own = |t: &&Timed<'_>| !t.ageless && t.reading.channel.is_none() && t.at >= self.at;
        let mut told = None;
        for t in timed.iter().filter(own) {
            match t.reading.fact {
                Fact::FlowLpm(lpm) => told = Some((lpm, t.at)),
                Fact::VolumeL(total) => {
                    let before = self.volume_l.replace((total, t.at));
                    told = told.or_else(|| rate(before?, (total, t.at)).map(|lpm| (lpm, t.at)));
                }
                _ => {}
            }
        }
        let Some((lpm, at)) = told else { return };
        let gap = at - std::mem::replace(&mut self.at, at);
        if gap > GAP_MAX && !self.open {
            (self.since, self.readings) = (None, 0);
        }
        if lpm > RUNS_LPM { self.runs(lpm, at, ctx, findings) } else { self.stops(at, findings) }
    }

    /// Of a meter that nobody has registered: its history is kept, nothing is concluded.
    pub(super) fn keep(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>) {
        self.hear(timed, ctx, &mut Vec::new());
        self.open = false;
    }

    fn runs(&mut self, lpm: f64, at: Timestamp, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        self.stopped_at = None;
        self.readings = self.readings.saturating_add(1);
        let since = *self.since.get_or_insert(at);
        self.least_lpm = if since == at { lpm } else { self.least_lpm.min(lpm) };
        let asked = (self.longest * LONGER_TIMES).max(ctx.policy.leak.flow_never_stops.0).min(NEVER_STOPS_MAX);
        if !self.open && self.readings >= READINGS_MIN && at - since >= asked {
            self.open = true;
            findings.push(Finding::FlowNeverStops { since, lpm: self.least_lpm });
        }
    }

    fn stops(&mut self, at: Timestamp, findings: &mut Vec<Finding>) {
        if self.open {
            if at - *self.stopped_at.get_or_insert(at) >= STOPPED_FOR {
                *self = Self { at, volume_l: self.volume_l, longest: self.longest, ..Self::default() };
                findings.push(Finding::LeakCleared);
            }
            return;
        }
        if let Some(since) = self.since.take() {
            let run = at - since;
            let forgotten = self.longest * run.min(FORGOTTEN_OVER) / FORGOTTEN_OVER;
            self.longest = run.max(self.longest - forgotten);
        }
        self.readings = 0;
    }
}

/// The mean flow between two totals; none where they are too far apart or the counter began anew.
fn rate(before: (f64, Timestamp), now: (f64, Timestamp)) -> Option<f64> {
    let (litres, span) = (now.0 - before.0, now.1 - before.1);
    (litres >= 0.0 && span > 0 && span <= GAP_MAX).then(|| litres / (span as f64 / MINUTE as f64))
}
