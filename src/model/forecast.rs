//! What is expected of a battery, and why.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// When a battery will be empty, and why that is thought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// When it was made.
    pub at: Timestamp,
    /// The middle of what is thought possible.
    pub empty_at: Timestamp,
    /// One in ten ends before.
    pub earliest: Timestamp,
    /// One in ten ends after.
    pub latest: Timestamp,
    /// The chance to be empty within three weeks, 0–1.
    pub soon: f64,
    /// The chance to be empty within ten days, 0–1.
    #[serde(default)]
    pub sooner: f64,
    /// Why.
    pub because: Because,
}

/// What a forecast rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Because {
    /// The level of the last days, 0–100 %.
    pub level: f64,
    /// How fast it falls, percentage points a day, over the recent descent; none before there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_day: Option<f64>,
    /// Days since it first stood at this level.
    pub days_here: f64,
    /// The level at which the most alike lives ended, 0–100 %.
    pub ends_at: f64,
    /// Lives asked: own earlier batteries of this device, the fleet's, the factory's.
    pub lives: [u16; 3],
}
