//! Gauges that lie: evidence, per device, that its battery level is not to be believed. Must never change what the gauge told.
//!
//! Five lies are known from the field: frozen (60 % with empty cells), low for ever (1 % for weeks with new cells, 5 % until
//! a restart), a cliff (80 % to 0 over night), dead while it showed 75 %, and a scale read wrongly (0–200 or 0–1). A flat level alone is no lie (lithium stands at 100 % for a year): the voltage, the movements or the end must contradict it.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
pub use crate::model::Lie;
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};

/// A level that has not moved for this long …
const FROZEN_FOR: Millis = 30 * DAY;
/// … is frozen when the voltage fell by this part meanwhile: of a fine gauge, of one that may be coarse (a step of 20 % is
/// 7 % of an alkaline pack's volts, and the weather moves it too) …
const FROZEN_VOLTS: [f64; 2] = [0.04, 0.12];
/// … or the lock moved so often.
const FROZEN_OPERATIONS: [f64; 2] = [1_500.0, 4_000.0];
/// A gauge that has gone by this or less at once is fine.
const FINE_POINTS: f64 = 5.0;
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
/// … within this is a cliff, when two readings stand below it.
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
}

/// A level that does not move, and what else was told when it began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stands {
    level: f64,
    since: Timestamp,
    millivolts: Option<f64>,
    operations: Option<f64>,
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

    /// What it is known for since before this battery.
    pub fn known_for(&self, born: Timestamp) -> Option<&Evidence> {
        self.useless().or_else(|| self.evidence.iter().find(|e| e.lie == Lie::Scale || e.since < born))
    }

    /// Takes in a sample, in the order of time.
    pub fn hear(&mut self, s: &Sample) {
        let Some(told) = s.percent.filter(|p| !UNKNOWN_LEVELS.contains(p)) else { return };
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
            self.note(Lie::DiedHigh, at, seen_at, level);
        }
        self.evidence.retain(|e| matches!(e.lie, Lie::Cliff | Lie::DiedHigh | Lie::Scale));
        *self = Self { evidence: std::mem::take(&mut self.evidence), fine: self.fine, ..Self::default() };
    }

    fn look_at_scale(&mut self, told: f64, at: Timestamp) {
        let beyond = told > 100.0 && told <= HALF_POINTS_MAX || told > 0.0 && told < 1.0;
        self.scaled = if beyond { self.scaled.saturating_add(1) } else { 0 };
        if self.scaled >= SCALE_READINGS {
            self.note(Lie::Scale, at, at, told);
        }
    }

    fn look_at_rest(&mut self, level: f64, s: &Sample) {
        let now = Stands { level, since: s.at, millivolts: s.millivolts, operations: s.operations };
        let Some(stands) = self.stands.as_mut().filter(|stands| stands.level == level) else {
            self.withdraw(Lie::Frozen);
            self.stands = Some(now);
            return;
        };
        stands.millivolts = stands.millivolts.or(s.millivolts);
        stands.operations = stands.operations.or(s.operations);
        let coarse = usize::from(!self.fine);
        let volts =
            stands.millivolts.zip(s.millivolts).is_some_and(|(was, is)| is <= was * (1.0 - FROZEN_VOLTS[coarse]));
        let moved = stands.operations.zip(s.operations).is_some_and(|(was, is)| is - was >= FROZEN_OPERATIONS[coarse]);
        let since = stands.since;
        if s.at - since >= FROZEN_FOR && 0.0 < level && level < FULL_PERCENT && (volts || moved) {
            self.note(Lie::Frozen, since, s.at, level);
        }
    }

    fn look_at_empty(&mut self, level: f64, at: Timestamp) {
        if level > EMPTY_PERCENT {
            self.empty_since = None;
            return self.withdraw(Lie::EmptyAndAlive);
        }
        let since = *self.empty_since.get_or_insert(at);
        if at - since >= EMPTY_FOR[usize::from(self.full_once)] {
            self.note(Lie::EmptyAndAlive, since, at, level);
        }
    }

    fn look_at_cliff(&mut self, level: f64, at: Timestamp) {
        let (high, high_at) = self.high.unwrap_or((level, at));
        let fell = high - level >= CLIFF_POINTS && level <= CLIFF_TO_PERCENT;
        self.fallen = if fell && at - high_at <= CLIFF_WITHIN { self.fallen + 1 } else { 0 };
        if self.fallen >= 2 {
            self.note(Lie::Cliff, high_at, at, high);
        }
        if self.fallen == 0 && (level >= high || at - high_at > CLIFF_WITHIN || !fell) {
            self.high = Some((level, at));
        }
    }

    fn note(&mut self, lie: Lie, since: Timestamp, at: Timestamp, shown: f64) {
        match self.evidence.iter_mut().find(|e| e.lie == lie) {
            Some(known) => (known.at, known.shown) = (at, shown),
            None => self.evidence.push(Evidence { lie, since, at, shown }),
        }
    }

    fn withdraw(&mut self, lie: Lie) {
        self.evidence.retain(|e| e.lie != lie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR;

    /// What is held against a gauge after levels so many hours apart; beside each stand voltage and operations.
    fn lies(apart: i64, levels: impl IntoIterator<Item = (f64, f64, f64)>) -> Vec<Lie> {
        let mut gauge = Gauge::default();
        for (n, (level, millivolts, operations)) in (1_i64..).zip(levels) {
            gauge.hear(&Sample {
                at: Timestamp(n * apart * HOUR),
                percent: Some(level),
                millivolts: Some(millivolts),
                operations: Some(operations),
                ..Sample::default()
            });
        }
        gauge.evidence.iter().map(|e| e.lie).collect()
    }

    fn steady(level: f64, count: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        std::iter::repeat_n((level, 6000.0, 0.0), count)
    }

    #[test]
    fn stuck_at_sixty_with_empty_cells() {
        // zigbee2mqtt #6425: the voltage tells what the gauge does not, or the movements do.
        assert_eq!(lies(24, (0..60).map(|n| (60.0, 6000.0 - f64::from(n) * 15.0, 0.0))), [Lie::Frozen]);
        assert_eq!(lies(24, (0..60).map(|n| (60.0, 6000.0, f64::from(n) * 80.0))), [Lie::Frozen]);
        assert_eq!(lies(24, steady(100.0, 400)), [], "lithium at rest");
        let full = (0..60).map(|n| (100.0, 6800.0 - f64::from(n) * 15.0, 0.0));
        assert_eq!(lies(24, full), [], "more volts than the gauge has room for");
    }

    #[test]
    fn a_step_of_a_coarse_gauge_is_no_frozen_one() {
        let falling = |n: i32| 6000.0 - f64::from(n) * 7.0;
        assert_eq!(lies(24, (0..60).map(|n| (60.0, falling(n), 0.0))), [], "7 % of the volts may be one step");
        let fine = (0..5).map(|n| (65.0 - f64::from(n), 6000.0, 0.0));
        assert_eq!(lies(24, fine.chain((0..60).map(|n| (60.0, falling(n), 0.0)))), [Lie::Frozen], "not of a fine one");
    }

    #[test]
    fn one_percent_for_weeks_with_new_cells() {
        // lock-manager #41, com.switchbot #77.
        assert_eq!(lies(24, steady(1.0, 40)), [Lie::EmptyAndAlive]);
        assert_eq!(lies(24, steady(5.0, 40).chain(steady(90.0, 1))), [], "until the restart");
        assert_eq!(lies(24, steady(4.0, 14)), [], "two weeks are possible");
        let slow = || (0..19).map(|n| (f64::from(95 - 5 * n), 6000.0, 0.0));
        assert_eq!(lies(72, slow().chain(steady(4.0, 20))), [], "two months at the end of a slow descent");
        assert_eq!(lies(72, slow().chain(steady(4.0, 32))), [Lie::EmptyAndAlive], "three are none");
    }

    #[test]
    fn eighty_to_zero_over_night() {
        // airbnk_mqtt #30; one zero between good readings is a glitch (nuki_hub #121).
        assert_eq!(lies(6, steady(80.0, 20).chain(steady(0.0, 3))), [Lie::Cliff]);
        let glitches = (0..100).map(|n| (if n % 9 == 4 { 0.0 } else { 63.0 }, 6000.0, 0.0));
        assert_eq!(lies(6, glitches), []);
        assert_eq!(lies(24, (0..100).map(|n| (f64::from(100 - n), 6000.0, 0.0))), [], "a slow end");
    }

    #[test]
    fn half_points_and_fractions_are_a_scale_and_126_is_not() {
        assert_eq!(lies(6, steady(174.0, 6)), [Lie::Scale]);
        assert_eq!(lies(6, steady(0.87, 6)), [Lie::Scale]);
        assert_eq!(lies(6, steady(126.0, 20).chain(steady(255.0, 20))), []);
    }

    #[test]
    fn dead_while_it_showed_75_percent() {
        // home-assistant core #166117.
        let mut gauge = Gauge::default();
        let at = |day: i64| Timestamp(day * DAY);
        let mut hear = |day: i64, level: f64| {
            gauge.hear(&Sample { at: at(day), percent: Some(level), ..Sample::default() });
            gauge.evidence.len()
        };
        assert_eq!((1..30).map(|day| hear(day, 75.0)).max(), Some(0));
        assert_eq!(hear(40, 100.0) + hear(41, 100.0), 0, "until the new battery is proven");
        gauge.replaced(at(40));
        assert_eq!(gauge.evidence.iter().map(|e| (e.lie, e.shown)).collect::<Vec<_>>(), [(Lie::DiedHigh, 75.0)]);
        gauge.replaced(at(400));
        assert_eq!(gauge.evidence.len(), 1, "what it once did is kept, and nothing is added");
    }
}
