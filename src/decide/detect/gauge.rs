//! Gauges that lie: evidence, per device, that its battery level is not to be believed. Must never change what the gauge told.
//!
//! Five lies are known from the field: frozen (60 % with empty cells), low for ever (1 % for weeks with new cells, 5 % until
//! a restart), a cliff (80 % to 0 over night), dead while it showed 75 %, and a scale read wrongly (0–200 or 0–1). A flat level alone is no lie (lithium stands at 100 % for a year): the voltage, the movements or the end must
//! contradict it; or its model is known for that lie (`forecast::Repute`), which stands in for the second witness.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
pub use crate::model::Lie;
use crate::model::time::DAY;
use crate::model::{Millis, OfModel, Timestamp};

/// A level that has not moved for this long …
const FROZEN_FOR: Millis = 30 * DAY;
/// … is frozen when the voltage fell by this part meanwhile: of a fine gauge, of one that may be coarse (a step of 20 % is
/// 7 % of an alkaline pack's volts, and the weather moves it too) …
const FROZEN_VOLTS: [f64; 2] = [0.04, 0.12];
/// … or the lock moved so often.
const FROZEN_OPERATIONS: [f64; 2] = [1_500.0, 4_000.0];
/// A gauge that has gone by this or less at once is fine.
const FINE_POINTS: f64 = 5.0;
/// Of a model that is known for it, a level that has not moved for this long is frozen without more: of a fine gauge, and of
/// one that may be coarse (a step of 20 % of a pack that lasts a year takes ten weeks).
const FROZEN_BY_MODEL: [Millis; 2] = [30 * DAY, 90 * DAY];
/// At its ends a gauge stands still without a lie: more volts than full look like full, fewer than empty like empty.
const FULL_PERCENT: f64 = 100.0;
/// No battery lasts this long at `EMPTY_PERCENT` or less: one that never showed more, one that came there step by step (a
/// pack that lasts a year spends its last weeks there) …
const EMPTY_FOR: [Millis; 2] = [21 * DAY, 90 * DAY];
/// See `EMPTY_FOR`.
const EMPTY_PERCENT: f64 = 5.0;
/// A fall of this many points …
const CLIFF_POINTS: f64 = 50.0;
/// … to this or less …
const CLIFF_TO_PERCENT: f64 = 10.0;
/// … within this is a cliff, when two readings stand below it and only a new battery ends it.
const CLIFF_WITHIN: Millis = 2 * DAY;
/// A silence this long before a new battery was its death …
const GONE_FOR: Millis = 4 * DAY;
/// … unless it is too long ago to tell …
const GONE_MAX: Millis = 42 * DAY;
/// … and this level or more was a lie.
const DIED_HIGH_PERCENT: f64 = 40.0;
/// What locks send for "not known".
const UNKNOWN_LEVELS: [f64; 2] = [126.0, 255.0];
/// The end of a scale of half points.
const HALF_POINTS_MAX: f64 = 200.0;
/// Readings that make a scale.
const SCALE_READINGS: u32 = 5;
/// What shows 1 and never anything else for this long is taken to mean 1 %.
const ONE_LASTS: Millis = DAY;

/// One reason to doubt a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What.
    pub lie: Lie,
    /// Since when.
    pub since: Timestamp,
    /// When it was last seen.
    pub at: Timestamp,
    /// The level that was shown.
    pub shown: f64,
    /// What its model is known for, where nothing of its own speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_model: Option<OfModel>,
    /// Whether it is counted in what its model is known for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    counted: bool,
}

/// What is known of a device's gauge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gauge {
    /// The level of the last readings, and since when it has not moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    stands: Option<Stands>,
    /// The highest level lately, and when: where a cliff would begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<(f64, Timestamp)>,
    /// Readings at the foot of what may be a cliff.
    fallen: u32,
    /// A fall that is a cliff if nothing but a new battery ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fall: Option<Fall>,
    /// Whether it was seen to go by small steps.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fine: bool,
    /// Whether this battery showed more than empty on two readings running.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    full_once: bool,
    /// Since when it shows empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    empty_since: Option<Timestamp>,
    /// The last level told and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<(f64, Timestamp)>,
    /// The level before a long silence, and when that began.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<(f64, Timestamp)>,
    /// Readings beyond 100, or below one, in a row.
    scaled: u32,
    /// One for each lie at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What its model is known for, since when that is so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presumed: Vec<Evidence>,
}

/// From a good level to the foot of what may be a cliff.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Fall {
    high: f64,
    since: Timestamp,
    at: Timestamp,
    /// When it was more than half of the way up again: glitches come back, a battery is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risen_at: Option<Timestamp>,
}

/// A level that does not move, and what else was told when it began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stands {
    level: f64,
    since: Timestamp,
    millivolts: Option<f64>,
    operations: Option<f64>,
    /// Whether the last reading was a zero elsewhere, which may be a glitch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    zero: bool,
}

impl Gauge {
    /// Nothing speaks against it.
    pub fn is_trusted(&self) -> bool {
        self.evidence.is_empty()
    }

    /// The lie for which its battery has to be looked at now: by its gauge nobody will learn when it ends.
    pub fn useless(&self) -> Option<&Evidence> {
        self.evidence.iter().find(|e| matches!(e.lie, Lie::Frozen | Lie::EmptyAndAlive))
    }

    /// What it, or else its model, is known for since before this battery.
    pub fn known_for(&self, born: Timestamp) -> Option<&Evidence> {
        let own = self.useless().or_else(|| self.evidence.iter().find(|e| e.lie == Lie::Scale || e.since < born));
        own.or_else(|| self.presumed.iter().find(|e| self.may_tell(e.lie)))
    }

    /// What it, or else its model, is known for that will keep the end of this battery from being told.
    pub fn hides_end(&self, born: Timestamp) -> Option<&Evidence> {
        let own = self.evidence.iter().find(|e| e.lie == Lie::Cliff && e.since < born);
        own.or_else(|| self.presumed.iter().find(|e| matches!(e.lie, Lie::Cliff | Lie::Frozen)))
    }

    /// Whether what it shows now may be this lie: a frozen one says nothing new, and one that came down from a good level
    /// is not empty for ever.
    fn may_tell(&self, lie: Lie) -> bool {
        match lie {
            Lie::Frozen => false,
            Lie::EmptyAndAlive => self.empty_since.is_some() && !self.full_once,
            Lie::Cliff | Lie::DiedHigh | Lie::Scale => true,
        }
    }

    /// Whether it was caught with this lie.
    pub fn has(&self, lie: Lie) -> bool {
        self.evidence.iter().any(|e| e.lie == lie)
    }

    /// Whether it has shown 1 and nothing else for so long that it means 1 %.
    pub fn stays_at_one(&self, at: Timestamp) -> bool {
        self.scaled == 0 && self.empty_since.is_some_and(|since| at - since >= ONE_LASTS)
    }

    /// Lies of its own that are not counted yet in what its model is known for; now they are.
    pub fn count(&mut self) -> Vec<Lie> {
        let new = self.evidence.iter_mut().filter(|e| e.of_model.is_none() && !e.counted);
        let count = |e: &mut Evidence| {
            e.counted = true;
            e.lie
        };
        new.map(count).collect()
    }

    /// Takes in a sample, in the order of time. `of_model` is what is presumed of its model.
    pub fn hear(&mut self, s: &Sample, of_model: &[(Lie, OfModel)]) {
        let Some(told) = s.percent.filter(|p| !UNKNOWN_LEVELS.contains(p)) else { return };
        self.presume(of_model, told, s.at);
        self.look_at_scale(told, s.at);
        if (0.0..=100.0).contains(&told) {
            let last = self.last.replace((told, s.at));
            if let Some((before, _)) = last {
                self.fine |= before != told && (before - told).abs() <= FINE_POINTS;
                self.full_once |= before > EMPTY_PERCENT && told > EMPTY_PERCENT;
            }
            self.gone = last.filter(|(_, at)| s.at - *at >= GONE_FOR).or(self.gone);
            self.look_at_rest(told, s);
            self.look_at_empty(told, s.at);
            self.look_at_cliff(told, s.at);
        }
    }

    /// A new battery: what stood still or was empty is over, and what the gauge once did is not.
    /// `seen_at` is its first reading.
    pub fn replaced(&mut self, seen_at: Timestamp) {
        let died = self.gone.filter(|(level, at)| *level >= DIED_HIGH_PERCENT && seen_at - *at < GONE_MAX);
        if let Some((level, at)) = died {
            self.note(Lie::DiedHigh, (at, seen_at), level, None);
        }
        let fall = self.fall.take().filter(|fall| fall.risen_at.is_none_or(|at| seen_at - at < CLIFF_WITHIN));
        if let Some(fall) = fall {
            self.note(Lie::Cliff, (fall.since, fall.at), fall.high, None);
        }
        self.evidence.retain(|e| matches!(e.lie, Lie::Cliff | Lie::DiedHigh | Lie::Scale));
        *self = Self { evidence: std::mem::take(&mut self.evidence), fine: self.fine, ..Self::default() };
    }

    fn presume(&mut self, of_model: &[(Lie, OfModel)], shown: f64, at: Timestamp) {
        let since = |lie: Lie| self.presumed.iter().find(|e| e.lie == lie).map_or(at, |e| e.since);
        let presumed = of_model.iter().map(|&(lie, of)| {
            let since = since(lie);
            Evidence { lie, since, at, shown, of_model: Some(of), counted: false }
        });
        self.presumed = presumed.collect();
    }

    /// Exactly 1 is an end of a scale that ends there, and of one that ends at 100: it says nothing of which it is.
    fn look_at_scale(&mut self, told: f64, at: Timestamp) {
        let beyond = told > 100.0 && told <= HALF_POINTS_MAX || told > 0.0 && told < 1.0;
        self.scaled = match beyond {
            true => self.scaled.saturating_add(1),
            false if told == 1.0 => self.scaled,
            false => 0,
        };
        if self.scaled >= SCALE_READINGS {
            self.note(Lie::Scale, (at, at), told, None);
        }
    }

    fn look_at_rest(&mut self, level: f64, s: &Sample) {
        let now = Stands { level, since: s.at, millivolts: s.millivolts, operations: s.operations, zero: false };
        let presumed = self.presumed.iter().find(|e| e.lie == Lie::Frozen).and_then(|e| e.of_model);
        let glitch = |stands: &mut Stands| level == 0.0 && !std::mem::replace(&mut stands.zero, true);
        if self.stands.as_mut().is_some_and(|stands| stands.level != level && glitch(stands)) {
            return;
        }
        let Some(stands) = self.stands.as_mut().filter(|stands| stands.level == level) else {
            self.withdraw(Lie::Frozen);
            self.stands = Some(now);
            return;
        };
        stands.zero = false;
        stands.millivolts = stands.millivolts.or(s.millivolts);
        stands.operations = stands.operations.or(s.operations);
        let coarse = usize::from(!self.fine);
        let volts =
            stands.millivolts.zip(s.millivolts).is_some_and(|(was, is)| is <= was * (1.0 - FROZEN_VOLTS[coarse]));
        let moved = stands.operations.zip(s.operations).is_some_and(|(was, is)| is - was >= FROZEN_OPERATIONS[coarse]);
        let (since, rested) = (stands.since, s.at - stands.since);
        let by_model = presumed.filter(|_| rested >= FROZEN_BY_MODEL[coarse]);
        let own = rested >= FROZEN_FOR && (volts || moved);
        if 0.0 < level && level < FULL_PERCENT && (own || by_model.is_some()) {
            self.note(Lie::Frozen, (since, s.at), level, by_model.filter(|_| !own));
        }
    }

    fn look_at_empty(&mut self, level: f64, at: Timestamp) {
        if level > EMPTY_PERCENT {
            self.empty_since = None;
            return self.withdraw(Lie::EmptyAndAlive);
        }
        let since = *self.empty_since.get_or_insert(at);
        if at - since >= EMPTY_FOR[usize::from(self.full_once)] {
            self.note(Lie::EmptyAndAlive, (since, at), level, None);
        }
    }

    fn look_at_cliff(&mut self, level: f64, at: Timestamp) {
        let (high, high_at) = self.high.unwrap_or((level, at));
        let fell = high - level >= CLIFF_POINTS && level <= CLIFF_TO_PERCENT;
        self.fallen = if fell && at - high_at <= CLIFF_WITHIN { self.fallen + 1 } else { 0 };
        if self.fallen >= 2 {
            self.fall = Some(Fall { high, since: high_at, at, risen_at: None });
        }
        if let Some(fall) = self.fall.as_mut().filter(|fall| level > fall.high / 2.0) {
            fall.risen_at.get_or_insert(at);
        }
        if self.fallen == 0 && (level >= high || at - high_at > CLIFF_WITHIN || !fell) {
            self.high = Some((level, at));
        }
    }

    fn note(&mut self, lie: Lie, (since, at): (Timestamp, Timestamp), shown: f64, of_model: Option<OfModel>) {
        match self.evidence.iter_mut().find(|e| e.lie == lie) {
            Some(known) => (known.at, known.shown, known.of_model) = (at, shown, known.of_model.and(of_model)),
            None => self.evidence.push(Evidence { lie, since, at, shown, of_model, counted: false }),
        }
    }

    fn withdraw(&mut self, lie: Lie) {
        self.evidence.retain(|e| e.lie != lie);
    }
}

#[cfg(test)]
mod tests;
