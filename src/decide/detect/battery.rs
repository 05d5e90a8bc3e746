//! Batteries: low once per episode, fresh again only by a replacement that `proof` has proven (CONTRACT section 7).
//!
//! A device without a gauge but with a "battery low" flag is judged by the flag, as if it showed 10 % or 100 %.

use serde::{Deserialize, Serialize};

use super::gauge::{Evidence, Gauge};
use super::outlook::Outlook;
use super::proof::{Proof, Step};
use super::sample::Sample;
use super::{Context, Timed};
use crate::decide::forecast::by_volts;
use crate::model::time::{DAY, HOUR};
use crate::model::{Fact, Finding, Lie, Millis, Timestamp};

/// Readings that tell the established level.
const RECENT_MAX: usize = 5;
/// At or below this part of the threshold no forecast is waited for …
const FAR_BELOW: f64 = 0.25;
/// … once it has lasted: gauges fall to nothing for half a day and come back.
const FAR_BELOW_LASTS_MS: Millis = DAY;
/// Low is counted anew only after the level was this far above the threshold.
const HYSTERESIS_POINTS: f64 = 5.0;
/// A sudden zero from above this is a glitch until it has lasted: a low battery too must not be called dead for one.
const GLITCH_FROM_PERCENT: f64 = 5.0;
/// How long such a zero must last.
const GLITCH_LASTS_MS: Millis = HOUR;
/// A battery that fell by this over the last readings …
const FALLING_POINTS: f64 = 10.0;
/// … to this or less is on its way to its end.
const FALLING_TO_PERCENT: f64 = 35.0;
/// A flag speaks against a gauge only below this.
const FLAG_BELIEVED_PERCENT: f64 = 50.0;
/// What a flag alone is worth.
const FLAG_LOW_PERCENT: f64 = 10.0;

/// A level that fell by this at once has another battery behind it, or none that works.
const FELL_POINTS: f64 = 20.0;
/// Two batteries changed places when one was found this close in time …
const SWAPPED_WITHIN_MS: Millis = DAY;
/// … and this close in level to where the other was missed.
const SWAPPED_POINTS: f64 = 10.0;

/// A level that fell at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fall {
    /// From where.
    pub from: f64,
    /// When.
    pub at: Timestamp,
}

/// Where a battery stands. Latched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Good.
    #[default]
    Fresh,
    /// Low, and known to be.
    Low,
    /// Empty, and known to be.
    Dead,
}

/// What is known of a device's battery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatteryState {
    /// Last gauge value, 0–100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Last voltage, mV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millivolts: Option<f64>,
    /// Last "battery low" flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<bool>,
    /// Time of the last level.
    pub at: Timestamp,
    /// The last levels that were believed, newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<f64>,
    /// Where it stands.
    pub phase: Phase,
    /// Readings at or below the threshold in a row, up to two.
    pub lows: u8,
    /// Since when the gauge shows an unbelieved zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_since: Option<Timestamp>,
    /// Since when it shows next to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    far_below_since: Option<Timestamp>,
    /// When its level last fell at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fell: Option<Fall>,
    /// Whether it is a new one.
    pub proof: Proof,
    /// Whether its gauge is to be believed.
    pub gauge: Gauge,
    /// Whether its lies were told of, once for a battery.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gauge_told: bool,
    /// What is expected of it.
    pub outlook: Outlook,
    /// It was low when it was first heard: no news.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub found_low: bool,
    /// Whether its end was found near, once for a battery.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub near_end: bool,
}

impl BatteryState {
    /// Low or dead by a gauge whose scale is its own, and not yet replaced.
    pub fn is_low(&self) -> bool {
        self.phase != Phase::Fresh && !self.gauge.has(Lie::Scale)
    }

    /// The last level, where a silence is probably its end: low, falling towards low, expected to be empty by now, or standing
    /// still while the battery was used up.
    pub fn probably_empty(&self, now: Timestamp) -> Option<f64> {
        let level = self.percent.or(self.recent.last().copied())?;
        let fell = self.recent.first().is_some_and(|first| first - level >= FALLING_POINTS);
        let falling = fell && level <= FALLING_TO_PERCENT;
        let expected = self.outlook.forecast.as_ref().is_some_and(|f| f.empty_at <= now);
        (self.is_low() || falling || expected || self.gauge.has(Lie::Frozen)).then_some(level)
    }

    /// Whether what was seen here as a fresh battery at `seen_at` may be the one that another device lost.
    pub fn may_come_from(&self, seen_at: Timestamp, other: &Self) -> bool {
        let (Some(level), Some(fall)) = (self.percent, other.fell) else { return false };
        let apart = (fall.at - seen_at).max(seen_at - fall.at);
        apart <= SWAPPED_WITHIN_MS && (fall.from - level).abs() <= SWAPPED_POINTS
    }

    /// The tenant says that it is done: a witness for a rise, nothing by itself.
    pub fn take_word(&mut self, at: Timestamp) {
        self.proof.take_word(at);
    }

    /// What a device tells that nobody has registered: its history is kept and nothing is concluded. What it would have
    /// been found to be, its next reading finds once somebody has.
    pub(super) fn keep(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>) {
        self.hear(timed, ctx, &mut Vec::new());
        self.phase = Phase::Fresh;
        self.lows = self.lows.min(1);
        self.near_end = false;
        self.gauge_told = false;
    }

    pub(super) fn hear(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let sample = sample(timed);
        if sample.at >= self.at {
            self.gauge.hear(&sample, ctx.fleet.repute.of(ctx.about));
            self.tell_of_gauge(self.gauge.useless().copied(), findings);
        }
        self.judge_rise(&sample, ctx, findings);
        let Some((level, at)) = self.read(timed).filter(|(_, at)| *at >= self.at) else { return };
        if self.at == Timestamp::default() {
            self.found_low = level <= ctx.policy.battery.low_percent;
        }
        self.at = at;
        if self.is_glitch(level, at) {
            return;
        }
        if !self.proof.is_seen() {
            self.settle(level, at, ctx, findings);
        }
        let new_day = self.outlook.hear(&Sample { at, ..sample }, self.proof.rise().is_some(), ctx.about, ctx.fleet);
        if new_day && !self.may_end_at_one(level, at, ctx) {
            self.look_ahead(ctx, findings);
            self.look_at_age(at, ctx, findings);
        }
    }

    /// By a gauge that hides the end somebody looks at the battery at the age at which others of its kind ended.
    fn look_at_age(&mut self, at: Timestamp, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let hides = self.gauge.hides_end(self.outlook.track.born).copied();
        if hides.is_some() && self.phase == Phase::Fresh && self.outlook.is_old(at, ctx.about, ctx.fleet) {
            self.tell_of_gauge(hides, findings);
        }
    }

    fn tell_of_gauge(&mut self, evidence: Option<Evidence>, findings: &mut Vec<Finding>) {
        if let Some(Evidence { lie, since, shown, of_model, .. }) = evidence.filter(|_| !self.gauge_told) {
            self.gauge_told = true;
            findings.push(Finding::GaugeLies { lie, since, shown, of_model });
        }
    }

    fn judge_rise(&mut self, sample: &Sample, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        match self.proof.hear(sample, ctx.about, &ctx.policy.battery) {
            Some(Step::Seen { at, percent }) => {
                findings.push(Finding::ReplacementSeen { at, percent: percent.unwrap_or_default() });
            }
            Some(Step::Proven { seen_at }) => return self.begin_anew(seen_at, findings),
            Some(Step::Refuted) => findings.push(Finding::ReplacementRefuted),
            Some(Step::Unsure { at }) => findings.push(Finding::ReplacementUnsure { at }),
            None => {}
        }
        if self.proof.rise().is_none() {
            self.outlook.refuted();
        }
    }

    /// A new battery: what the old one showed is forgotten.
    fn begin_anew(&mut self, seen_at: Timestamp, findings: &mut Vec<Finding>) {
        self.outlook.replaced(seen_at, self.phase == Phase::Dead);
        self.gauge.replaced(seen_at);
        *self = Self {
            outlook: std::mem::take(&mut self.outlook),
            percent: self.percent,
            millivolts: self.millivolts,
            flag: self.flag,
            at: self.at,
            proof: std::mem::take(&mut self.proof),
            gauge: std::mem::take(&mut self.gauge),
            ..Self::default()
        };
        findings.push(Finding::BatteryReplaced { seen_at });
    }

    /// A new day with a new forecast.
    fn look_ahead(&mut self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        if self.phase == Phase::Fresh && self.outlook.is_low() && self.decides(ctx) {
            self.phase = Phase::Low;
            findings.push(Finding::BatteryLow { percent: self.percent, forecast: self.outlook.forecast.clone() });
        } else if self.phase == Phase::Low
            && !self.near_end
            && let Some(empty_at) = self.outlook.near_end(ctx.now)
        {
            self.near_end = true;
            findings.push(Finding::BatteryNearEnd { empty_at });
        }
    }

    fn decides(&self, ctx: &Context<'_>) -> bool {
        self.outlook.decides(ctx.about, ctx.fleet)
    }

    /// Notes gauge, voltage and flag; the level that this message tells, if any. What may be of any age is shown only as
    /// long as nothing else is known.
    fn read(&mut self, timed: &[Timed<'_>]) -> Option<(f64, Timestamp)> {
        let mut level: Option<(f64, Timestamp)> = None;
        let mut flag = None;
        for t in timed.iter().filter(|t| t.reading.channel.is_none() && t.at >= self.at) {
            match t.reading.fact {
                Fact::BatteryPercent(p) if (0.0..=100.0).contains(&p) => {
                    self.percent = self.percent.filter(|_| t.ageless).or(Some(p));
                    level = (!t.ageless).then_some((p, t.at)).or(level);
                }
                Fact::BatteryMillivolts(mv) => self.millivolts = self.millivolts.filter(|_| t.ageless).or(Some(mv)),
                Fact::BatteryLow(low) if !t.ageless => flag = Some((low, t.at)),
                _ => {}
            }
        }
        if let Some((low, at)) = flag {
            self.flag = Some(low);
            let gauge = level.map(|(p, _)| p).or(self.percent);
            if low && gauge.is_none_or(|p| p <= FLAG_BELIEVED_PERCENT) {
                level = Some((gauge.map_or(FLAG_LOW_PERCENT, |p| p.min(FLAG_LOW_PERCENT)), at));
            } else if gauge.is_none() {
                level = Some((100.0, at));
            }
        }
        level
    }

    /// A zero out of nowhere is not believed until it has lasted.
    fn is_glitch(&mut self, level: f64, at: Timestamp) -> bool {
        let sudden = level == 0.0 && self.established().is_some_and(|l| l > GLITCH_FROM_PERCENT);
        if !sudden {
            self.zero_since = None;
            return false;
        }
        at - *self.zero_since.get_or_insert(at) < GLITCH_LASTS_MS
    }

    /// The median of the last believed levels.
    fn established(&self) -> Option<f64> {
        let mut levels = self.recent.clone();
        levels.sort_by(f64::total_cmp);
        levels.get(levels.len() / 2).copied()
    }

    /// One or a fraction of it, from a gauge that never showed more and of which nothing is known yet: perhaps its scale
    /// ends at 1. A few fractions tell that it does; the device's flag, its voltage, or a day at exactly 1 that it does not.
    fn may_end_at_one(&self, level: f64, at: Timestamp, ctx: &Context<'_>) -> bool {
        let unseen = level > 0.0 && level <= 1.0 && self.recent.iter().all(|l| *l <= 1.0);
        let low_percent = ctx.policy.battery.low_percent;
        let is_empty = || {
            let by_volts = self.millivolts.and_then(|mv| by_volts(mv, ctx.about)).map(|level| level <= low_percent);
            by_volts.unwrap_or_else(|| self.gauge.stays_at_one(at))
        };
        let known = self.flag == Some(true) || self.gauge.known_for(self.outlook.track.born).is_some();
        unseen && !known && !is_empty()
    }

    /// An ordinary reading.
    fn settle(&mut self, level: f64, at: Timestamp, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        if let Some(from) = self.established().filter(|from| *from - level >= FELL_POINTS) {
            self.fell = self.fell.filter(|fell| at - fell.at < SWAPPED_WITHIN_MS).or(Some(Fall { from, at }));
        } else if self.fell.is_some_and(|fell| level >= fell.from - SWAPPED_POINTS) {
            self.fell = None; // its battery is still there: that was one odd reading
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push(level);
        let low_percent = ctx.policy.battery.low_percent;
        if level <= low_percent && !self.may_end_at_one(level, at, ctx) {
            self.lows = (self.lows + 1).min(2);
        } else if level == 1.0 {
            self.lows = self.lows.max(1);
        } else if level >= low_percent + HYSTERESIS_POINTS {
            self.lows = 0;
        }
        self.far_below_since = (level <= low_percent * FAR_BELOW).then(|| self.far_below_since.unwrap_or(at));
        let far_below = self.far_below_since.is_some_and(|since| at - since >= FAR_BELOW_LASTS_MS);
        let told = self.flag == Some(true) || far_below || !self.decides(ctx);
        if self.lows == 2 && self.phase == Phase::Fresh && told {
            self.phase = Phase::Low;
            self.tell_of_gauge(self.gauge.known_for(self.outlook.track.born).copied(), findings);
            findings.push(Finding::BatteryLow { percent: self.percent, forecast: None });
        } else if level == 0.0 && self.phase == Phase::Low {
            self.phase = Phase::Dead;
            findings.push(Finding::BatteryDead);
        }
    }
}

/// What a message tells of the battery.
fn sample(timed: &[Timed<'_>]) -> Sample {
    let mut sample = Sample::default();
    for t in timed.iter().filter(|t| !t.ageless && t.reading.channel.is_none()) {
        match t.reading.fact {
            Fact::BatteryPercent(v) => sample.percent = Some(v),
            Fact::BatteryMillivolts(v) => sample.millivolts = Some(v),
            Fact::BatteryLow(v) => sample.low_flag = Some(v),
            Fact::TemperatureC(v) => sample.temperature_c = Some(v),
            Fact::UptimeS(v) => sample.uptime_s = Some(v),
            Fact::BootCount(v) => sample.boot_count = Some(v),
            Fact::MessageCounter(v) => sample.message_counter = Some(v),
            Fact::Operations(v) => sample.operations = Some(v),
            _ => continue,
        }
        sample.at = sample.at.max(t.at);
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Policy;
    use crate::decide::detect::sample::About;
    use crate::decide::forecast::NO_FLEET;
    use crate::model::time::MINUTE;
    use crate::model::{Reading, Span};

    /// Levels half an hour apart; what is found.
    fn found(levels: &[f64]) -> Vec<Finding> {
        let policy = Policy::default();
        let mut state = BatteryState::default();
        let mut findings = Vec::new();
        for (n, level) in levels.iter().enumerate() {
            let now = Timestamp(1_000) + n as i64 * 30 * MINUTE;
            let ctx = Context {
                policy: &policy,
                leak_clear_after: Span(HOUR),
                listening_since: Timestamp(1),
                about: &About::UNKNOWN,
                fleet: &NO_FLEET,
                now,
            };
            let reading = Reading::new(Fact::BatteryPercent(*level));
            let timed = [Timed { reading: &reading, at: now, ageless: false, age: 0 }];
            state.hear(&timed, &ctx, &mut findings);
        }
        findings
    }

    #[test]
    fn one_zero_is_no_death_of_a_low_battery_but_lasting_ones_are() {
        let low = Finding::BatteryLow { percent: Some(20.0), forecast: None };
        assert_eq!(found(&[20.0, 20.0, 0.0, 20.0, 20.0]), std::slice::from_ref(&low));
        assert_eq!(found(&[20.0, 20.0, 0.0, 0.0, 0.0]), [low, Finding::BatteryDead]);
    }
}
