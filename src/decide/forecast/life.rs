//! A life: how one battery descended, and whether its end was seen. Small enough to keep many.

use serde::{Deserialize, Serialize};

use super::{FINE_MAX, KNOTS, KNOTS_LEN};

/// Knots passed within this many hours were passed before anybody looked.
const FIRST_HOURS: u16 = 38;
/// Not passed.
pub(super) const NEVER: u16 = u16::MAX;

/// How one battery lived: hours from its first reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Hours until it was last heard.
    pub hours: u16,
    /// Whether it ended there by itself; otherwise it was taken out while it still worked.
    pub died: bool,
    /// Its level in the first days, tenths of a per cent.
    pub start: i32,
    /// Step of the levels it was told in, per cent; 0 where a voltage told them.
    #[serde(default)]
    pub step: u8,
    /// Hours until each knot was passed, up to the lowest passed one; [`KNOTS`] in order.
    pub passed: Vec<u16>,
}

impl Life {
    /// When a knot was passed, in hours; none when it never was.
    pub fn passed(&self, knot: usize) -> Option<u16> {
        self.passed.get(knot).copied().filter(|h| *h != NEVER)
    }

    /// When it had gone this part of the way from a knot to the next, in hours. A coarse gauge goes from one to the other at once.
    pub(super) fn reached(&self, knot: usize, part: f64) -> Option<f64> {
        let here = f64::from(self.passed(knot)?);
        let next = f64::from(self.passed(knot + 1).unwrap_or(self.hours));
        Some(if self.step <= FINE_MAX { here + (next - here) * part } else { here })
    }

    /// The lowest knot that it passed; the highest where it passed none.
    pub fn lowest(&self) -> usize {
        self.passed.len().saturating_sub(1)
    }

    /// The knot at which it began.
    pub fn first(&self) -> usize {
        self.passed.iter().take_while(|h| **h <= FIRST_HOURS).count().saturating_sub(1)
    }

    /// Whether its numbers can be those of a battery.
    pub fn is_sound(&self) -> bool {
        let order = self.passed.windows(2).all(|w| w[0] <= w[1]) && self.passed.iter().all(|h| *h <= self.hours);
        order && self.passed.len() <= KNOTS_LEN && (0..=2 * KNOTS[0]).contains(&self.start)
    }
}
