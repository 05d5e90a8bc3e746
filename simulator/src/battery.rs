//! Batteries: share of life left → millivolts → what a device's gauge shows. Curves after published discharge data
//! (28 real alkaline packs; makers' sheets for Li/FeS2, Li-ion and CR2032). Knows nothing of devices, people or messages.

use chrono::{DateTime, Utc};

/// What the cells are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chemistry {
    /// AA or AAA alkaline: a slope all the way, steep at the end.
    Alkaline,
    /// AA Li/FeS2: flat at 1.5 V until nine tenths are used, then a cliff.
    LithiumIron,
    /// Rechargeable Li-ion pack.
    LithiumIon,
    /// CR2032 coin, Li-MnO2: nearly flat at 2.9 V, ends within weeks.
    Coin,
}

/// Points `(share of life left, volts of one cell)` from full to empty.
type Curve = &'static [(f64, f64)];

const ALKALINE: Curve =
    &[(1.0, 1.58), (0.76, 1.45), (0.56, 1.40), (0.33, 1.35), (0.19, 1.325), (0.09, 1.30), (0.03, 1.20), (0.0, 1.05)];
const LITHIUM_IRON: Curve =
    &[(1.0, 1.74), (0.96, 1.53), (0.50, 1.50), (0.12, 1.46), (0.06, 1.36), (0.02, 1.15), (0.0, 0.9)];
const LITHIUM_ION: Curve = &[(1.0, 4.17), (0.8, 3.97), (0.5, 3.76), (0.2, 3.60), (0.1, 3.47), (0.03, 3.2), (0.0, 3.0)];
const COIN: Curve = &[(1.0, 3.10), (0.95, 2.96), (0.5, 2.89), (0.2, 2.78), (0.1, 2.60), (0.04, 2.40), (0.0, 2.0)];

impl Chemistry {
    /// The word for it in `devices.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alkaline => "alkaline",
            Self::LithiumIron => "lifes2",
            Self::LithiumIon => "liion",
            Self::Coin => "limno2",
        }
    }

    /// What one cell of it is called in a shop.
    pub(crate) fn cell(self) -> &'static str {
        match self {
            Self::Alkaline => "AA",
            Self::LithiumIron => "AA", // its chemistry stands beside it
            Self::LithiumIon => "Li-ion pack",
            Self::Coin => "CR2032",
        }
    }

    fn curve(self) -> Curve {
        match self {
            Self::Alkaline => ALKALINE,
            Self::LithiumIron => LITHIUM_IRON,
            Self::LithiumIon => LITHIUM_ION,
            Self::Coin => COIN,
        }
    }

    /// Volts of one resting cell at 20 °C with this share of its life left (clamped to 0–1).
    pub fn cell_volts(self, left: f64) -> f64 {
        interpolate(self.curve(), left)
    }

    /// What a gauge that only sees volts takes for empty and for full.
    fn gauge_ends(self) -> (f64, f64) {
        match self {
            Self::Alkaline => (1.18, 1.52),
            Self::LithiumIron => (1.20, 1.52),
            Self::LithiumIon => (3.30, 4.12),
            Self::Coin => (2.35, 3.0),
        }
    }
}

/// `curve` falls from left to right; between points a straight line, beyond the ends the end.
fn interpolate(curve: Curve, left: f64) -> f64 {
    let left = left.clamp(0.0, 1.0);
    for pair in curve.windows(2) {
        let ((x1, y1), (x0, y0)) = (pair[0], pair[1]);
        if left >= x0 {
            return y0 + (y1 - y0) * (left - x0) / (x1 - x0);
        }
    }
    curve.last().map_or(0.0, |end| end.1)
}

/// How a device comes to a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Counts the charge that was drawn: follows the share of life left.
    Charge,
    /// A straight line between an empty and a full voltage, as most firmware does it.
    Volts,
}

/// The nearest step of a coarse scale, within 0–100.
pub fn quantise(percent: f64, step: f64) -> f64 {
    ((percent / step).round() * step).clamp(0.0, 100.0)
}

/// One set of cells in one device.
#[derive(Debug, Clone)]
pub(crate) struct Battery {
    pub(crate) chemistry: Chemistry,
    pub(crate) cells: u8,
    pub(crate) gauge: Gauge,
    /// Step of the reported percentage: 0.5, 1, 5 or 20.
    pub(crate) step: f64,
    /// Life of a full set at 20 °C and usual use, in days.
    pub(crate) life_days: f64,
    /// Share of life left, 1 = new, 0 = empty.
    pub(crate) left: f64,
    /// Share of the drain that comes from use rather than from standing by.
    pub(crate) use_share: f64,
    /// Uses a day for which `life_days` holds.
    pub(crate) uses_per_day: f64,
    pub(crate) as_of: DateTime<Utc>,
}

impl Battery {
    /// Standing by from `as_of` until `now`; cold costs up to a third more.
    pub(crate) fn drain(&mut self, now: DateTime<Utc>, temperature_c: f64) {
        let days = (now - self.as_of).num_milliseconds().max(0) as f64 / 86_400_000.0;
        let cold = 1.0 + 0.012 * (20.0 - temperature_c).clamp(0.0, 28.0);
        self.take(days * (1.0 - self.use_share) * cold);
        self.as_of = now;
    }

    /// One locking or unlocking.
    pub(crate) fn use_once(&mut self, temperature_c: f64) {
        let frost = 1.0 + 0.02 * (10.0 - temperature_c).clamp(0.0, 25.0);
        self.take(self.use_share / self.uses_per_day.max(0.1) * frost);
    }

    fn take(&mut self, days: f64) {
        self.left = (self.left - days / self.life_days).max(0.0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left <= 0.0
    }

    /// Days until empty at usual use and 20 °C.
    pub(crate) fn days_left(&self) -> f64 {
        self.left * self.life_days
    }

    /// Resting voltage of the pack: the curve and +0.3 mV/K per cell.
    pub(crate) fn millivolts(&self, temperature_c: f64) -> f64 {
        let cell = self.chemistry.cell_volts(self.left) * 1000.0 + 0.3 * (temperature_c - 20.0);
        cell * f64::from(self.cells)
    }

    /// What the gauge shows, with `noise` in points added before the scale is made coarse.
    pub(crate) fn percent(&self, temperature_c: f64, noise: f64) -> f64 {
        let exact = match self.gauge {
            Gauge::Charge => self.left * 100.0,
            Gauge::Volts => self.percent_by_volts(temperature_c),
        };
        quantise(exact.clamp(0.0, 100.0) + noise, self.step)
    }

    fn percent_by_volts(&self, temperature_c: f64) -> f64 {
        let (empty, full) = self.chemistry.gauge_ends();
        let volts = self.millivolts(temperature_c) / 1000.0 / f64::from(self.cells);
        (volts - empty) / (full - empty) * 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Chemistry; 4] = [Chemistry::Alkaline, Chemistry::LithiumIron, Chemistry::LithiumIon, Chemistry::Coin];

    #[test]
    fn every_curve_falls_from_full_to_empty() {
        for chemistry in ALL {
            for thousandth in 1..=1000 {
                let (more, less) = (f64::from(thousandth) / 1000.0, f64::from(thousandth - 1) / 1000.0);
                assert!(chemistry.cell_volts(more) > chemistry.cell_volts(less), "{chemistry:?} at {more}");
            }
        }
    }

    #[test]
    fn alkaline_passes_through_the_measured_points() {
        for (left, volts) in [(0.76, 1.45), (0.56, 1.40), (0.33, 1.35), (0.19, 1.325), (0.09, 1.30)] {
            assert!((Chemistry::Alkaline.cell_volts(left) - volts).abs() < 1e-9);
        }
    }

    #[test]
    fn lithium_iron_is_flat_then_falls_off_a_cliff() {
        let curve = |left| Chemistry::LithiumIron.cell_volts(left);
        let flat = curve(0.9) - curve(0.2);
        let cliff = curve(0.1) - curve(0.0);
        assert!(flat < 0.06 && cliff > 0.4, "flat {flat}, cliff {cliff}");
        let slope = Chemistry::Alkaline.cell_volts(0.9) - Chemistry::Alkaline.cell_volts(0.2);
        assert!(slope > 3.0 * flat, "alkaline tells more on the way: {slope}");
    }

    #[test]
    fn scales_are_quantised() {
        for (percent, step, shown) in [
            (47.3, 1.0, 47.0),
            (47.3, 0.5, 47.5),
            (47.3, 5.0, 45.0),
            (47.3, 20.0, 40.0),
            (130.0, 20.0, 100.0),
            (-3.0, 1.0, 0.0),
        ] {
            assert_eq!(quantise(percent, step), shown, "{percent} in steps of {step}");
        }
    }

    #[test]
    fn a_battery_lasts_about_its_life_and_cold_shortens_it() {
        let days_at = |temperature: f64| {
            let start = DateTime::<Utc>::UNIX_EPOCH;
            let mut battery = Battery {
                chemistry: Chemistry::Alkaline,
                cells: 4,
                gauge: Gauge::Charge,
                step: 1.0,
                life_days: 60.0,
                left: 1.0,
                use_share: 0.5,
                uses_per_day: 8.0,
                as_of: start,
            };
            let mut hours = 0;
            while !battery.is_empty() {
                hours += 3;
                battery.drain(start + chrono::TimeDelta::hours(hours), temperature);
                battery.use_once(temperature);
            }
            hours / 24
        };
        assert!((59..=61).contains(&days_at(20.0)), "{}", days_at(20.0));
        assert!(days_at(-5.0) < 50);
    }
}
