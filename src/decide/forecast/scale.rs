//! A gauge's steps: a life told finely, as a gauge of coarser steps would have shown it. So the two can be compared.

use super::{FINE_MAX, KNOTS, KNOTS_LEN, Life};

/// Knots passed within this many hours were passed before anybody looked.
const FIRST_HOURS: f64 = 38.0;
/// What a coarse gauge shows as full, tenths of a per cent.
const FULL: i32 = 1000;

/// The steps in which a level is told, per cent; 0 is a voltage.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    step: u8,
    /// For each knot the one with which it is passed, and how far on the way to the next one; none where it never is.
    with: [Option<(usize, f64)>; KNOTS_LEN],
}

/// A life as a scale shows it.
pub(super) struct Seen {
    hours: [Option<f64>; KNOTS_LEN],
    /// The lowest knot passed, and the lowest passed when it began.
    pub(super) lowest: usize,
    pub(super) first: usize,
}

impl Seen {
    pub(super) fn passed(&self, knot: usize) -> Option<f64> {
        self.hours.get(knot).copied().flatten()
    }
}

/// The lowest knot that is not below a level, and how far on the way to the next one the level is.
fn between(level: i32) -> Option<(usize, f64)> {
    let above = KNOTS.iter().rposition(|k| *k >= level)?;
    let part =
        KNOTS.get(above + 1).map_or(0.0, |next| f64::from(KNOTS[above] - level) / f64::from(KNOTS[above] - next));
    Some((above, part))
}

impl Scale {
    pub(super) fn of(step: u8) -> Self {
        let half = i32::from(step) * 5;
        let edge = |knot: i32| (knot - half).div_euclid(half * 2) * half * 2 + half;
        let with = |at: usize| match KNOTS[at] {
            _ if step <= FINE_MAX => Some((at, 0.0)),
            knot if knot >= FULL => Some((0, 0.0)),
            knot if knot < half => None,
            knot => between(edge(knot)),
        };
        Self { step, with: std::array::from_fn(with) }
    }

    /// Whether a life was told in coarser steps than these.
    pub(super) fn is_coarser(&self, life: &Life) -> bool {
        life.step > self.step.max(FINE_MAX)
    }

    pub(super) fn see(&self, life: &Life) -> Seen {
        let hours = |knot: usize| match self.with[knot] {
            Some((0, _)) if self.step > FINE_MAX => Some(0.0),
            with => with.and_then(|(with, part)| life.reached(with, part)),
        };
        let hours: [Option<f64>; KNOTS_LEN] = std::array::from_fn(hours);
        let passed = |knot: &Option<f64>| knot.is_some();
        let early = |knot: &Option<f64>| knot.is_some_and(|h| h <= FIRST_HOURS);
        let lowest = hours.iter().rposition(passed).unwrap_or(0);
        Seen { lowest, first: hours.iter().rposition(early).unwrap_or(0), hours }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point a day, told in steps of one per cent.
    fn a_point_a_day() -> Life {
        let passed = KNOTS.iter().map(|k| u16::try_from((1000 - k).max(0) * 24 / 10).expect("hours")).collect();
        Life { hours: 2400, died: true, start: 1000, step: 1, passed }
    }

    #[test]
    fn a_coarse_gauge_changes_halfway_between_its_steps_and_not_at_a_knot() {
        let seen = Scale::of(20).see(&a_point_a_day());
        let at = |percent: i32| KNOTS.iter().position(|k| *k == percent * 10).and_then(|knot| seen.passed(knot));
        assert_eq!(at(12), Some(90.0 * 24.0), "0 is shown from 10 % on");
        assert_eq!(at(32), Some(70.0 * 24.0), "20 from 30 %");
        assert_eq!(at(36), Some(70.0 * 24.0), "and nothing in between");
        assert_eq!(at(8), None, "below, it shows nothing new");
    }

    #[test]
    fn what_was_told_coarsely_is_not_read_between_its_steps() {
        let coarse = Life { step: 20, ..a_point_a_day() };
        let seen = Scale::of(20).see(&coarse);
        assert_eq!(seen.passed(KNOTS_LEN - 4), Some(88.0 * 24.0), "its own word for 12 %");
    }
}
