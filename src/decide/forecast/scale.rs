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
    /// For each knot the one with which it is passed; none where it is never passed.
    with: [Option<usize>; KNOTS_LEN],
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

impl Scale {
    pub(super) fn of(step: u8) -> Self {
        let half = i32::from(step) * 5;
        let edge = |knot: i32| (knot - half).div_euclid(half * 2) * half * 2 + half;
        let with = |at: usize| match KNOTS[at] {
            _ if step <= FINE_MAX => Some(at),
            knot if knot >= FULL => Some(0),
            knot if knot < half => None,
            knot => KNOTS.iter().rposition(|k| *k >= edge(knot)),
        };
        Self { step, with: std::array::from_fn(with) }
    }

    /// Whether a life was told in coarser steps than these.
    pub(super) fn is_coarser(&self, life: &Life) -> bool {
        life.step > self.step.max(FINE_MAX)
    }

    pub(super) fn see(&self, life: &Life) -> Seen {
        let hours = |knot: usize| match self.with[knot] {
            Some(0) if self.step > FINE_MAX => Some(0.0),
            with => with.and_then(|with| life.passed(with)).map(f64::from),
        };
        let hours: [Option<f64>; KNOTS_LEN] = std::array::from_fn(hours);
        let passed = |knot: &Option<f64>| knot.is_some();
        let early = |knot: &Option<f64>| knot.is_some_and(|h| h <= FIRST_HOURS);
        let lowest = hours.iter().rposition(passed).unwrap_or(0);
        Seen { lowest, first: hours.iter().rposition(early).unwrap_or(0), hours }
    }
}
