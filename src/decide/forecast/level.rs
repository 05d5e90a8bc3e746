//! One level from whatever a message tells: a fine one from the voltage where the model's curve is known, else the
//! gauge's; of a coarse one the upper edge of its step. Tenths of a per cent.

use crate::decide::detect::sample::{About, Sample};

use super::{FINE_MAX, factory};

/// No level is above this: fresh lithium in place of alkaline shows more volts than the gauge's 100 %.
const LEVEL_MAX: f64 = 160.0;
/// No level is below this.
const LEVEL_MIN: f64 = -20.0;

/// The level that a sample tells, tenths of a per cent, and whether a voltage told it; none when it tells none that can
/// be true.
pub(super) fn of(sample: &Sample, about: &About, step: u32) -> Option<(i32, bool)> {
    let volts = sample.millivolts.filter(|mv| *mv > 0.0 && *mv < 60_000.0);
    if let (Some(mv), Some(curve)) = (volts, factory::curve(about)) {
        return Some((tenths(along(curve, mv)), true));
    }
    let percent = sample.percent.filter(|p| (0.0..=100.0).contains(p))?;
    let edge = if percent < 100.0 && step > u32::from(FINE_MAX) { f64::from(step) / 2.0 } else { 0.0 };
    Some((tenths(percent + edge), false))
}

/// The level that a voltage alone tells, per cent, where the model's curve is known.
pub fn by_volts(millivolts: f64, about: &About) -> Option<f64> {
    factory::curve(about).filter(|_| millivolts > 0.0).map(|curve| along(curve, millivolts))
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn tenths(percent: f64) -> i32 {
    (percent.clamp(LEVEL_MIN, LEVEL_MAX) * 10.0 + 0.5 + 1_000.0) as i32 - 1_000
}

/// Linear between the points of a curve, and on beyond its ends. Points are (mV, per cent), rising.
fn along(curve: &[(f64, f64)], mv: f64) -> f64 {
    let last = curve.len() - 1;
    let upper = curve.iter().position(|(x, _)| mv < *x).unwrap_or(last).clamp(1, last);
    let ((x0, y0), (x1, y1)) = (curve[upper - 1], curve[upper]);
    y0 + (mv - x0) * (y1 - y0) / (x1 - x0)
}
