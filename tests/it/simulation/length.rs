//! How long a building is played, how large it is, and how much goes on in it. Must never look at what came of it.

use chrono::{DateTime, Utc};
use nightporter::model::Millis;
use nightporter_simulator::{Faults, Options};

use super::dice::Dice;

/// How long what happens may wait for the next step, in a month and in a year (which has more to be played at once).
const PAUSE_MS_MAX: (Millis, Millis) = (25_000, 75_000);

/// How long it is played, and with how much going on.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Days.
    pub days: i64,
    /// Apartments; 8 to 12 of a month.
    pub units: Option<usize>,
    /// Share of the locks whose gauge lies.
    pub lying: f64,
}

impl Length {
    /// A month in which as much happens as in a bad year.
    pub const MONTH: Self = Self { days: 30, units: None, lying: 0.15 };

    /// A life and a half of batteries behind gauges all of which lie.
    pub const LIARS: Self = Self { days: 150, units: Some(2), lying: 1.0 };

    /// A year as most are.
    pub fn year(units: usize) -> Self {
        Self { days: 365, units: Some(units), lying: 0.0 }
    }

    /// How long what happens may wait for the next step.
    pub fn pause_max(self) -> Millis {
        if self.units.is_none() { PAUSE_MS_MAX.0 } else { PAUSE_MS_MAX.1 }
    }

    /// The building that is played.
    pub fn options(self, seed: u64, start: DateTime<Utc>, dice: &mut Dice) -> Options {
        let crowded = Options {
            units: 8 + dice.below(5) as usize,
            faults: Faults::all(),
            lying: self.lying,
            ..Options::new(seed, start)
        };
        match self.units {
            None => crowded,
            Some(units) if self.lying > 0.0 => Options { units, outages_per_device_month: 0.02, ..crowded },
            Some(units) => Options {
                units,
                life_days: 300.0,
                leaks_per_unit_month: 0.05,
                outages_per_device_month: 0.01,
                ..crowded
            },
        }
    }
}
