//! A rise of the gauge that may be a new battery, as long as it is under proof. Must never judge it.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use super::stood::{mean, median};
use crate::model::Timestamp;

/// Where only a fresh battery can be: at least this level, %…
const FRESH_PERCENT: f64 = 85.0;
/// … and at least this far above where the gauge stood.
pub(super) const FRESH_RISE: f64 = 30.0;
/// A reading this part of the rise above the old level, or less, speaks against it.
const FALLS_BELOW: f64 = 0.3;
/// Levels kept of a rise.
const LEVELS_MAX: usize = 8;

/// A rise that may be a new battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rise {
    /// Its first reading.
    pub seen_at: Timestamp,
    /// The last reading before it.
    pub old_at: Timestamp,
    /// Where the gauge stood.
    pub old: f64,
    /// The highest it had stood lately.
    pub back: f64,
    /// Where the voltage had stood lately, mV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_millivolts: Option<f64>,
    /// Levels that held it, the first and the last few.
    pub levels: Vec<f64>,
    /// Voltages meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub millivolts: Vec<f64>,
    /// Mean temperature meanwhile, °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmth: Option<f64>,
    /// Readings that held it.
    pub held: u32,
    /// Readings that fell back.
    pub fell: u32,
    /// Of these, the last in a row.
    pub falling: u32,
    /// Stands where only a fresh battery can be.
    pub fresh: bool,
    /// Said so.
    pub told: bool,
    /// Asked.
    pub asked: bool,
    /// The device restarted shortly before.
    pub restless: bool,
}

impl Rise {
    pub fn level(&self) -> f64 {
        median(&self.levels).expect("a rise has its first level")
    }

    pub fn hold(&mut self, level: f64, s: &Sample) {
        self.held += 1;
        self.falling = 0;
        keep(&mut self.levels, level);
        if let Some(millivolts) = s.millivolts {
            keep(&mut self.millivolts, millivolts);
        }
        if let Some(t) = s.temperature_c {
            self.warmth = Some(mean(self.warmth, t, 0.3));
        }
    }

    pub fn falls(&self, level: f64) -> bool {
        level < self.old + (self.level() - self.old) * FALLS_BELOW
    }
}

/// Stands where only a fresh battery can be.
pub(super) fn is_fresh(level: f64, old: f64) -> bool {
    level >= FRESH_PERCENT && level >= old + FRESH_RISE
}

/// Keeps the first and the last few.
fn keep(values: &mut Vec<f64>, value: f64) {
    if values.len() == LEVELS_MAX {
        values.remove(1);
    }
    values.push(value);
}
