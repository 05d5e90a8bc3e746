//! Gauges that lie: what a lock shows in place of what is so. Drawn from a stream of chance of its own, so that all else of
//! a building stays as it is. Knows nothing of messages or people.

use crate::battery::{Battery, quantise};
use crate::device::{Device, DeviceKind};
use crate::rng::Rng;
use chrono::{DateTime, TimeDelta, Utc};

/// What a gauge that falls off a cliff shows until then, percent.
const CLIFF_FROM_PERCENT: f64 = 80.0;
/// So little is left of the life when it falls.
const CLIFF_AT_LEFT: f64 = 0.015;
/// What one that is low for ever shows, percent.
const LOW_FOR_EVER_PERCENT: f64 = 5.0;
/// A gauge that stood still for this long …
const STOOD_DAYS: i64 = 33;
/// … while this part of the voltage went, shows that it does not follow its cells.
const VOLTS_GONE: f64 = 0.14;

/// How a gauge lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// It follows its cells down to a level and stays there until they are empty.
    Frozen,
    /// It stays high until next to nothing is left, then shows nothing.
    Cliff,
    /// It shows 5 % with new cells and with old ones.
    LowForEver,
    /// It tells shares of one and not of a hundred.
    Fraction,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 4] = [Self::Frozen, Self::Cliff, Self::LowForEver, Self::Fraction];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Cliff => "cliff",
            Self::LowForEver => "low for ever",
            Self::Fraction => "fraction",
        }
    }
}

/// A gauge that lies.
#[derive(Debug, Clone)]
pub(crate) struct Liar {
    pub(crate) lie: Lie,
    /// Where a frozen one stays, percent.
    stays_at: f64,
    /// Since when it stands still there, and the millivolts of that time.
    stood: Option<(DateTime<Utc>, f64)>,
}

impl Liar {
    /// What is shown in place of an honest level.
    pub(crate) fn shows(&mut self, percent: f64, battery: &Battery, at: DateTime<Utc>, millivolts: f64) -> f64 {
        match self.lie {
            Lie::Frozen => {
                let stands = percent <= self.stays_at;
                self.stood = if stands { self.stood.or(Some((at, millivolts))) } else { None };
                percent.max(self.stays_at)
            }
            Lie::Cliff if battery.left <= CLIFF_AT_LEFT => 0.0,
            Lie::Cliff => percent.max(CLIFF_FROM_PERCENT),
            Lie::LowForEver => LOW_FOR_EVER_PERCENT,
            Lie::Fraction => percent / 100.0,
        }
    }

    /// Whether a level that it shows as low is low.
    pub(crate) fn is_true_when_low(&self) -> bool {
        matches!(self.lie, Lie::Frozen | Lie::Cliff)
    }

    /// Whether anybody who kept its readings can see that it stands still while its cells are used up.
    pub(crate) fn is_evident(&self, at: DateTime<Utc>, millivolts: f64) -> bool {
        let gone = |(since, was): (DateTime<Utc>, f64)| {
            at - since >= TimeDelta::days(STOOD_DAYS) && millivolts <= was * (1.0 - VOLTS_GONE)
        };
        self.stood.is_some_and(gone)
    }

    /// New cells are in.
    pub(crate) fn begin_anew(&mut self) {
        self.stood = None;
    }
}

/// Makes this share of the locks lie.
pub(crate) fn draw(devices: &mut [Device], share: f64, rng: &mut Rng) {
    for device in devices.iter_mut().filter(|d| d.kind == DeviceKind::Lock) {
        let Some(battery) = &device.battery else { continue };
        if rng.chance(share) {
            let stays_at = quantise(rng.range(35.0, 75.0), battery.step).max(40.0);
            device.liar = Some(Liar { lie: *rng.pick(&Lie::ALL), stays_at, stood: None });
        }
    }
}
