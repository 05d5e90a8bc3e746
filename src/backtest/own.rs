//! The service's own history, as far as it is kept: when each battery's level first fell to each knot, for the battery in
//! service and the device's last six, laid out as one reading a day. Must never guess what a device did between.

use super::{History, Row};
use crate::decide::DeviceState;
use crate::decide::detect::sample::About;
use crate::decide::forecast::{KNOTS, Life};
use crate::model::Timestamp;
use crate::model::time::{DAY, HOUR};

/// A battery that died was silent for so long before its successor came: how long in truth is not kept.
const SILENT_DAYS: i64 = 5;
/// Gauges end here, per cent.
const FULL: f64 = 100.0;

impl History {
    /// Adds what is known of a device's batteries.
    pub fn add_own(&mut self, name: &str, about: About, state: &DeviceState) {
        let outlook = &state.battery.outlook;
        let track = &outlook.track;
        let Some(current) = track.finish(false).filter(|_| track.born.0 > 0) else { return };
        let device = u32::try_from(self.devices.len()).expect("fewer devices than 2^32 fit into memory");
        self.devices.push((name.to_owned(), about));
        self.lay_out(device, &current, track.born);
        let mut next = track.born;
        for life in outlook.own.iter().rev() {
            let pause = if life.died { SILENT_DAYS } else { 1 };
            let born = next - pause * DAY - i64::from(life.hours) * HOUR;
            self.lay_out(device, life, born);
            next = born;
        }
    }

    /// One reading a day of a battery's life.
    fn lay_out(&mut self, device: u32, life: &Life, born: Timestamp) {
        for day in 0..=i64::from(life.hours) / 24 {
            #[expect(clippy::cast_possible_truncation, reason = "a level")]
            let percent = shown(life, (day * 24) as f64) as f32;
            let values = [percent, f32::NAN, f32::NAN];
            self.rows.push(Row { device, at: born + day * DAY, values, witnesses: [f64::NAN; 2] });
        }
    }
}

/// What the gauge showed so many hours into a life: between the knots a line, in the gauge's own steps.
fn shown(life: &Life, hours: f64) -> f64 {
    let point = |n: usize| life.passed(n).map(|at| (f64::from(at), f64::from(KNOTS[n]) / 10.0));
    let passed: Vec<(f64, f64)> = (life.first()..life.passed.len()).filter_map(point).collect();
    let begins = (0.0, f64::from(life.start) / 10.0);
    let before = passed.iter().rev().find(|p| p.0 <= hours).copied().unwrap_or(begins);
    let level = match passed.iter().find(|p| p.0 > hours) {
        Some(after) => before.1 + (after.1 - before.1) * (hours - before.0) / (after.0 - before.0).max(1.0),
        None => before.1,
    };
    let step = f64::from(life.step.max(1));
    let steps = if life.step > 4 { ((level - step / 2.0) / step).round() } else { (level / step).round() };
    (steps * step).clamp(0.0, FULL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::detect::sample::Sample;

    #[test]
    fn a_descent_is_laid_out_as_it_was_kept() {
        let mut state = DeviceState::default();
        let born = Timestamp(1_000 * DAY);
        for day in 0..95 {
            let sample =
                Sample { at: born + day * DAY, percent: Some(f64::from(95 - day as i32)), ..Sample::default() };
            state.battery.outlook.hear(&sample, false, &About::UNKNOWN, &crate::decide::forecast::NO_FLEET);
        }
        let old = state.battery.outlook.track.finish(true).expect("a life");
        state.battery.outlook.own.push(old);
        let mut history = History::default();
        history.add_own("a", About::UNKNOWN, &state);
        history.rows.sort_by_key(|row| row.at);
        assert_eq!(history.rows.len(), 2 * 95);
        assert_eq!(history.rows[95].at, born);
        assert_eq!(born - history.rows[94].at, SILENT_DAYS * DAY);
        for (day, row) in history.rows[95..].iter().enumerate().skip(8).take(80) {
            let off = (row.values[0] - (95 - day as i32) as f32).abs();
            assert!(off <= 5.0, "day {day}: {} is off by {off}", row.values[0]);
        }
    }
}
