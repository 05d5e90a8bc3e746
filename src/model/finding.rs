//! What a detector concluded from readings.

use serde::{Deserialize, Serialize};

use super::{Forecast, Timestamp};

/// One conclusion about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The battery is low, for the first time in this episode.
    BatteryLow {
        /// The level that decided, where a gauge told one.
        percent: Option<f64>,
        /// What is expected, where a forecast decided.
        forecast: Option<Forecast>,
    },
    /// The gauge of this battery is not to be believed: said once for a battery.
    GaugeLies {
        /// What is wrong with it.
        lie: Lie,
        /// Since when.
        since: Timestamp,
        /// The level that it showed.
        shown: f64,
        /// What its model is known for, where nothing of its own speaks for it.
        of_model: Option<OfModel>,
    },
    /// The low battery is about to be empty: once in its life.
    BatteryNearEnd {
        /// When it is thought to be empty.
        empty_at: Timestamp,
    },
    /// The battery died before it was replaced.
    BatteryDead,
    /// The first reading that stands where only a fresh battery can be.
    ReplacementSeen {
        /// When.
        at: Timestamp,
        /// The level seen.
        percent: f64,
    },
    /// What was seen did not last: no replacement.
    ReplacementRefuted,
    /// The level rose and held, but warmth, rest or one step of a coarse scale could have done it: one word of the
    /// tenant decides.
    ReplacementUnsure {
        /// The first reading of the rise.
        at: Timestamp,
    },
    /// A replacement is proven (CONTRACT section 7).
    BatteryReplaced {
        /// When it was first seen.
        seen_at: Timestamp,
    },
    /// Water.
    Leak {
        /// What was held against it, until it had lasted.
        doubt: Option<Doubt>,
    },
    /// Open, and still not dry: said again after each `[leak] still_wet_after`.
    StillWet {
        /// Since when.
        since: Timestamp,
    },
    /// A meter shows a flow that never stops.
    FlowNeverStops {
        /// Since when.
        since: Timestamp,
        /// The least flow meanwhile, litres a minute.
        lpm: f64,
    },
    /// Dry for as long as the playbook asks.
    LeakCleared,
    /// Silent for longer than its own rhythm allows.
    Silent {
        /// When it last spoke.
        since: Timestamp,
        /// From when it was listened for: its last word, or when what kept it from being heard was over.
        heard_from: Timestamp,
        /// Whether its battery was known to be low: then it is probably dead.
        battery_low: bool,
        /// Its last level, %, where that was low, falling or expected to have ended: then it is probably dead.
        empty: Option<f64>,
    },
    /// Speaks again.
    BackOnline,
    /// Somebody opened or moved the case.
    Tamper,
}

impl Finding {
    /// Water may have to join an incident of the property.
    pub fn is_water(&self) -> bool {
        matches!(self, Self::Leak { .. } | Self::StillWet { .. } | Self::FlowNeverStops { .. })
    }
}

/// What is wrong with a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// It does not move, while voltage or movements say that the battery is used up.
    Frozen,
    /// It shows empty for weeks, and the device lives.
    EmptyAndAlive,
    /// It fell from good to empty within two days.
    Cliff,
    /// The device fell silent at a good level, and a new battery woke it.
    DiedHigh,
    /// Its values do not end at 100.
    Scale,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 5] = [Self::Frozen, Self::EmptyAndAlive, Self::Cliff, Self::DiedHigh, Self::Scale];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::EmptyAndAlive => "empty_and_alive",
            Self::Cliff => "cliff",
            Self::DiedHigh => "died_high",
            Self::Scale => "scale",
        }
    }

    /// The lie with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lie| lie.as_str() == word)
    }
}

/// How many of the operator's devices of one model were caught with a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfModel {
    /// So many were caught …
    pub caught: u32,
    /// … of so many that have spoken.
    pub of: u32,
}

/// Why a wet sensor was not believed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its battery is nearly empty.
    NearlyEmpty,
    /// It was wet for moments, several times within the hour.
    Chatters,
    /// It is wet for a short while at this hour on other days too: a shower.
    SameHour,
}
