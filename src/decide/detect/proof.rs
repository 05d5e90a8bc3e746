//! Has somebody put in a new battery? Seen, proven or refuted from samples alone (CONTRACT section 7).
//!
//! A rise is measured against where the gauge *stood*: the second highest of its last readings, so that neither one good
//! reading among bad ones nor two devices under one name raise or lower it. How high it stood, and when last, is kept for
//! a month: warmth, rest and the steps of a coarse scale bring a battery back to where it was, only a new one higher. What
//! holds and is still in doubt is `Unsure`: ask, do not guess. Must never look at tickets.

use serde::{Deserialize, Serialize};

use super::rise::{FRESH_RISE, Rise, is_fresh};
use super::sample::{About, Sample};
use super::stood::{self, Stood, gcd, mean, median};
use super::witness::Witnesses;
use crate::decide::policy::BatteryPolicy;
use crate::model::time::{DAY, HOUR};
use crate::model::{Millis, Timestamp};

/// A rise of less is noise on any scale, points.
const RISE_MIN: f64 = 9.0;
/// What stands lower is no battery worth proving, however far it rose.
const PROVEN_PERCENT: f64 = 35.0;
/// What the gauge showed within this is where warmth or rest may bring it back to.
const COMES_BACK: Millis = 5 * DAY;
/// Above where it came from within `COMES_BACK` by this much: not a mere return.
const ABOVE_RETURN: f64 = 5.0;
/// A scale with steps of this many points is coarse: one step may be a hair's breadth.
const COARSE_STEP: f64 = 10.0;
/// A rise of less is not worth a question.
const ASK_RISE: f64 = 20.0;
/// A learned step is no larger than this.
const STEP_MAX: f64 = 25.0;
/// One step of a coarse scale counts only when the gauge had not stood there for this long.
const ONE_STEP_UNSTOOD: Millis = stood::KEPT_MS;
/// The voltage agrees with a rise when it went up by this part, and contradicts a small one when by less than half of it.
const VOLTS_AGREE: f64 = 0.01;
/// Points that each kelvin of warmth may add.
const POINTS_PER_KELVIN: f64 = 1.0;
/// A rise that is not proven within this is where the gauge now stands.
const PENDING_MAX: Millis = 7 * DAY;
/// A sudden zero is a glitch until it has lasted this long.
const ZERO_LASTS: Millis = HOUR;
/// A zero after this or less is not sudden.
const ZERO_FROM: f64 = 5.0;
/// Fewer readings tell nothing, but that a battery is low.
const RECENT_MIN: usize = 3;
/// What a flag alone is worth, low or not.
const FLAG_LEVELS: [f64; 2] = [10.0, 100.0];
/// A flag speaks against a gauge only up to this.
const FLAG_BELIEVED: f64 = 50.0;

/// What a sample led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The first reading that stands where only a fresh battery can be.
    Seen {
        /// When.
        at: Timestamp,
        /// The level.
        percent: Option<f64>,
    },
    /// A replacement, proven; smaller rises are proven without having been `Seen`.
    Proven {
        /// The first reading of the new battery.
        seen_at: Timestamp,
    },
    /// What was seen did not last.
    Refuted,
    /// It rose and held, but warmth, rest or one step of a coarse scale could have done it. Once a rise: ask the tenant.
    Unsure {
        /// The first reading of the rise.
        at: Timestamp,
    },
}

/// Whether a device's battery is a new one: a small value that hears every sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Proof {
    /// The time of the last level.
    at: Timestamp,
    /// The first level of this battery.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<Timestamp>,
    /// How high the gauge stood, %.
    level: Stood,
    /// How high the voltage stood, mV.
    millivolts: Stood,
    /// The largest step that makes every level seen, points.
    step: u32,
    /// The device has a gauge, not just a flag.
    gauge: bool,
    /// Mean temperature lately, °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    warmth: Option<f64>,
    /// Since when the gauge shows an unbelieved zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    zero_since: Option<Timestamp>,
    /// Under proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    rise: Option<Rise>,
    /// When something seen was last refuted.
    #[serde(skip_serializing_if = "Option::is_none")]
    refuted_at: Option<Timestamp>,
    /// Restarts, and the tenant's word.
    witnesses: Witnesses,
}

impl Proof {
    /// Takes in a sample, each once: the caller knows what was delivered again. An older one than the last changes
    /// nothing; several at one instant are several (what waited for a connection comes at once).
    pub fn hear(&mut self, s: &Sample, about: &About, policy: &BatteryPolicy) -> Option<Step> {
        if s.at < self.at {
            return None;
        }
        self.witnesses.hear(s);
        let level = self.level_of(s)?;
        let old_at = std::mem::replace(&mut self.at, s.at);
        if self.is_glitch(level, s.at) {
            return None;
        }
        self.step = gcd(self.step, level as u32);
        match self.rise.take() {
            Some(rise) => self.follow(rise, level, old_at, s, about, policy),
            None => self.look(level, old_at, s, policy),
        }
    }

    /// The tenant says that it is done: a witness for a rise, nothing by itself.
    pub fn take_word(&mut self, at: Timestamp) {
        self.witnesses.take_word(at);
    }

    /// The rise that is under proof: its first reading, its level, readings that held it and that fell back.
    pub fn rise(&self) -> Option<(Timestamp, f64, u32, u32)> {
        self.rise.as_ref().map(|rise| (rise.seen_at, rise.level(), rise.held, rise.fell))
    }

    /// Something stands where only a fresh battery can be, and is not yet proven or refuted.
    pub fn is_seen(&self) -> bool {
        self.rise.as_ref().is_some_and(|rise| rise.fresh)
    }

    /// The level that a sample tells; a flag alone is a gauge of two steps.
    fn level_of(&mut self, s: &Sample) -> Option<f64> {
        let percent = s.percent.filter(|p| (0.0..=100.0).contains(p));
        self.gauge |= percent.is_some();
        match (percent, s.low_flag) {
            (Some(p), Some(true)) if p <= FLAG_BELIEVED => Some(p.min(FLAG_LEVELS[0])),
            (Some(p), _) => Some(p),
            (None, Some(low)) if !self.gauge => Some(FLAG_LEVELS[usize::from(!low)]),
            (None, _) => None,
        }
    }

    /// A zero out of nowhere is not believed until it has lasted.
    fn is_glitch(&mut self, level: f64, at: Timestamp) -> bool {
        if level > 0.0 || median(&self.level.recent).is_none_or(|usual| usual <= ZERO_FROM) {
            self.zero_since = None;
            return false;
        }
        at - *self.zero_since.get_or_insert(at) < ZERO_LASTS
    }

    /// Is this the beginning of a rise?
    fn look(&mut self, level: f64, old_at: Timestamp, s: &Sample, policy: &BatteryPolicy) -> Option<Step> {
        let old = self.old_level(policy).filter(|old| level >= old + RISE_MIN);
        let Some(old) = old else {
            self.settle(level, s);
            return None;
        };
        let lately = s.at - COMES_BACK;
        let back = self.level.highest_since(lately).unwrap_or(old);
        self.begin((old, back, self.millivolts.highest_since(lately)), level, old_at, s)
    }

    /// A rise begins here, from where the gauge and the voltage stood.
    fn begin(
        &mut self,
        (old, back, old_millivolts): (f64, f64, Option<f64>),
        level: f64,
        old_at: Timestamp,
        s: &Sample,
    ) -> Option<Step> {
        let fresh = is_fresh(level, old);
        let told = fresh && self.refuted_at.is_none_or(|at| at < s.at - COMES_BACK);
        let mut rise = Rise {
            seen_at: s.at,
            old_at,
            old,
            back,
            old_millivolts,
            levels: Vec::new(),
            millivolts: Vec::new(),
            warmth: None,
            held: 0,
            fell: 0,
            falling: 0,
            fresh,
            told,
            asked: false,
            restless: self.witnesses.was_restless(old_at),
        };
        rise.hold(level, s);
        self.rise = Some(rise);
        told.then_some(Step::Seen { at: s.at, percent: Some(level) })
    }

    /// Where the old battery stands. Once it is low, its last two readings tell.
    fn old_level(&self, policy: &BatteryPolicy) -> Option<f64> {
        let last: Vec<f64> = self.level.recent.iter().rev().take(2).copied().collect();
        let low = last.len() == 2 && last.iter().all(|l| *l <= policy.low_percent);
        if low {
            return last.into_iter().reduce(f64::max);
        }
        self.level.stands().filter(|_| self.level.recent.len() >= RECENT_MIN)
    }

    /// A rise is under proof: this reading holds it or speaks against it.
    fn follow(
        &mut self,
        mut rise: Rise,
        level: f64,
        old_at: Timestamp,
        s: &Sample,
        about: &About,
        policy: &BatteryPolicy,
    ) -> Option<Step> {
        if !rise.fresh && is_fresh(level, rise.old) {
            // A mild day had begun it: the new battery stands here.
            return self.begin((rise.old, rise.back, rise.old_millivolts), level, old_at, s);
        }
        if rise.falls(level) {
            rise.fell += 1;
            rise.falling += 1;
            if rise.falling < 2 && rise.fell * 2 <= rise.held + 1 {
                self.rise = Some(rise);
                return None;
            }
            return self.give_up(&rise, Some(level), s);
        }
        rise.hold(level, s);
        if self.is_proven(&rise, s.at, about, policy) {
            self.begin_anew(&rise, s.at);
            return Some(Step::Proven { seen_at: rise.seen_at });
        }
        let held = has_held(&rise, s.at, policy);
        if held && s.at - rise.seen_at > PENDING_MAX {
            return self.give_up(&rise, None, s);
        }
        let ask = held && !rise.asked && rise.level() >= rise.old + ASK_RISE;
        let at = rise.seen_at;
        rise.asked |= ask;
        self.rise = Some(rise);
        ask.then_some(Step::Unsure { at })
    }

    fn is_proven(&self, rise: &Rise, at: Timestamp, about: &About, policy: &BatteryPolicy) -> bool {
        let restarted = !rise.restless && self.witnesses.restarted_since(rise.old_at);
        let witnessed = restarted || self.witnesses.word_since(rise.old_at);
        if rise.fresh && rise.fell == 0 && rise.held >= 2 && witnessed {
            return true;
        }
        has_held(rise, at, policy) && self.is_new(rise, witnessed, about, policy)
    }

    /// The witnesses of a rise that has held, weighed together.
    fn is_new(&self, rise: &Rise, witnessed: bool, about: &About, policy: &BatteryPolicy) -> bool {
        let level = rise.level();
        let (up, above_return) = (level - rise.old, level - rise.old.max(rise.back));
        let warmer = rise.warmth.zip(self.warmth).map_or(0.0, |(now, before)| (now - before).max(0.0));
        let least = RISE_MIN + warmer * POINTS_PER_KELVIN;
        if up < least || level < PROVEN_PERCENT {
            return false;
        }
        if witnessed {
            return true;
        }
        if self.witnesses.ran_on_since(rise.seen_at) && !rise.fresh {
            return false;
        }
        let volts = rise.old_millivolts.zip(median(&rise.millivolts)).map(|(was, is)| (is - was) / was);
        if volts.is_some_and(|v| v >= VOLTS_AGREE) {
            return true;
        }
        let step = about.quantum.unwrap_or(f64::from(self.step).min(STEP_MAX));
        if step >= COARSE_STEP && up < 1.5 * step {
            let stood_at = self.level.last_at(level).or(self.first_at);
            return volts.is_none() && stood_at.is_some_and(|at| rise.seen_at - at >= ONE_STEP_UNSTOOD);
        }
        if volts.is_some_and(|v| v < VOLTS_AGREE / 2.0) && up < FRESH_RISE {
            return false;
        }
        let warned = rise.fresh && rise.fell == 0 && rise.old <= policy.low_percent && !self.level.jumps(FRESH_RISE);
        above_return >= least || above_return >= ABOVE_RETURN && up >= least + ABOVE_RETURN || warned
    }

    /// A new battery: what the old one showed is forgotten.
    fn begin_anew(&mut self, rise: &Rise, at: Timestamp) {
        *self = Self {
            at,
            first_at: Some(rise.seen_at),
            step: self.step,
            gauge: self.gauge,
            warmth: self.warmth,
            witnesses: self.witnesses.begin_anew(),
            ..Self::default()
        };
        self.note(rise, at);
    }

    fn give_up(&mut self, rise: &Rise, level: Option<f64>, s: &Sample) -> Option<Step> {
        self.note(rise, s.at);
        if let Some(level) = level {
            self.settle(level, s);
        }
        if rise.fresh {
            self.refuted_at = Some(s.at);
        }
        rise.told.then_some(Step::Refuted)
    }

    fn note(&mut self, rise: &Rise, at: Timestamp) {
        rise.levels.iter().for_each(|level| self.level.hear(*level, at, 1.0));
        rise.millivolts.iter().for_each(|mv| self.millivolts.hear(*mv, at, mv * VOLTS_AGREE / 5.0));
    }

    /// An ordinary reading.
    fn settle(&mut self, level: f64, s: &Sample) {
        self.first_at.get_or_insert(s.at);
        self.level.hear(level, s.at, 1.0);
        if let Some(mv) = s.millivolts {
            self.millivolts.hear(mv, s.at, mv * VOLTS_AGREE / 5.0);
        }
        if let Some(t) = s.temperature_c {
            self.warmth = Some(mean(self.warmth, t, 0.2));
        }
    }
}

fn has_held(rise: &Rise, at: Timestamp, policy: &BatteryPolicy) -> bool {
    rise.held >= policy.proof_readings && at - rise.seen_at >= policy.proof_hold.0
}
