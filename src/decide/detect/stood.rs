//! Where a gauge stands and how high it lately stood: what a rise is measured against. Must never judge a rise.
//!
//! It stands at the second highest of its last readings: one good reading among bad ones does not raise that, and bad
//! ones among good, or another device under the same name, do not lower it.

use serde::{Deserialize, Serialize};

use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};

/// How long it is remembered where it stood.
pub(super) const KEPT_MS: Millis = 30 * DAY;
/// Readings that tell where the gauge stands.
const RECENT_MAX: usize = 8;
/// Steps kept of how high it stood.
const STOOD_MAX: usize = 10;

/// How high a value stood and when last: falling values, rising times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Stood {
    /// The last values, newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<f64>,
    /// A value, and when it last stood at least there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<(f64, Timestamp)>,
}

impl Stood {
    pub fn hear(&mut self, value: f64, at: Timestamp, same: f64) {
        if self.recent.len() == RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push(value);
        let stands = self.stands().unwrap_or(value);
        let mut level = stands;
        while let Some(&(last, _)) = self.steps.last().filter(|(last, _)| *last <= stands + same) {
            level = level.max(last);
            self.steps.pop();
        }
        self.steps.push((level, at));
        while self.steps.len() > STOOD_MAX
            || self.steps.len() > 1 && self.steps.first().is_some_and(|(_, last)| at - *last > KEPT_MS)
        {
            self.steps.remove(0);
        }
    }

    /// The second highest of the last values; of very few, the highest.
    pub fn stands(&self) -> Option<f64> {
        let mut sorted = self.recent.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted.get(usize::from(sorted.len() >= 3)).copied()
    }

    /// The highest since an instant, or where it stood before.
    pub fn highest_since(&self, from: Timestamp) -> Option<f64> {
        self.steps.iter().find(|(_, at)| *at >= from).or(self.steps.last()).map(|(value, _)| *value)
    }

    /// When it last stood at least here.
    pub fn last_at(&self, value: f64) -> Option<Timestamp> {
        self.steps.iter().rev().find(|(stood, _)| *stood >= value).map(|(_, at)| *at)
    }

    /// Jumped up by this much among the last values: one more jump is no news.
    pub fn jumps(&self, by: f64) -> bool {
        self.recent.windows(2).any(|w| w[1] - w[0] >= by)
    }
}

/// The middle one; of an even number, the upper.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// A running mean, to a hundredth: so that it is read as it was written.
pub(super) fn mean(old: Option<f64>, value: f64, weight: f64) -> f64 {
    let mean = old.map_or(value, |old| old + (value - old) * weight);
    (mean * 100.0).round() / 100.0
}

/// The greatest common divisor.
pub(super) fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR;

    /// Values twelve hours apart.
    fn stood(values: &[f64]) -> (Stood, Timestamp) {
        let mut stood = Stood::default();
        let mut at = Timestamp(HOUR);
        for value in values {
            at = at + 12 * HOUR;
            stood.hear(*value, at, 1.0);
        }
        (stood, at)
    }

    #[test]
    fn one_good_reading_among_bad_ones_moves_nothing_and_two_devices_stand_at_the_higher() {
        assert_eq!(stood(&[20.0, 20.0, 100.0, 20.0]).0.stands(), Some(20.0));
        assert_eq!(stood(&[30.0, 90.0, 31.0, 90.0, 30.0, 91.0]).0.stands(), Some(90.0));
        assert_eq!(stood(&[40.0]).0.stands(), Some(40.0));
    }

    #[test]
    fn how_high_and_when_last_is_kept_for_a_month_in_few_steps() {
        let falling: Vec<f64> = (0..80).map(|n| 90.0 - f64::from(n)).collect();
        let (stood, at) = stood(&falling);
        assert!(stood.steps.len() <= STOOD_MAX && stood.recent.len() == RECENT_MAX);
        // Steps of a point are one: 18 and 17.
        assert_eq!(stood.highest_since(at), Some(18.0));
        assert!(stood.highest_since(at - 2 * DAY).expect("known") >= 20.0);
        assert!(stood.last_at(95.0).is_none() && stood.last_at(18.0).is_some());
    }
}
