//! When one of two ways of doing a thing is certainly better: shares compared property by property. Pure.

use super::stats::Share;
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};

/// How far back a trial looks: what lost longer ago is tried again.
const TRIAL_MS: Millis = 180 * DAY;
/// What is younger is not counted: people need time to answer.
const YOUNG_MS: Millis = 7 * DAY;
/// Standard errors at which a difference is certain, although it is looked at every hour.
pub const CERTAIN_Z: f64 = 4.0;
/// Answers that each side must have.
const ANSWERS_MIN: u32 = 100;

/// From when until before when what happened is counted.
pub fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    (now - TRIAL_MS, now - YOUNG_MS)
}

/// How much larger the first share is than the second, property by property (Mantel-Haenszel): the difference, and in how
/// many standard errors (Cochran's test). Nothing with too few answers on one side.
pub fn difference(pairs: impl Iterator<Item = (Share, Share)>) -> Option<(f64, f64)> {
    let (mut sides, mut weights, mut sum, mut excess, mut variance) = ([0, 0], 0.0, 0.0, 0.0, 0.0);
    for (a, b) in pairs.filter(|(a, b)| a.of > 0 && b.of > 0) {
        sides = [sides[0] + a.of, sides[1] + b.of];
        let (of_a, of_b) = (f64::from(a.of), f64::from(b.of));
        let (met, all) = (f64::from(a.met) + f64::from(b.met), of_a + of_b);
        let weight = of_a * of_b / all;
        weights += weight;
        sum += weight * (f64::from(a.met) / of_a - f64::from(b.met) / of_b);
        excess += f64::from(a.met) - of_a * met / all;
        variance += of_a * of_b * met * (all - met) / (all * all * (all - 1.0));
    }
    let enough = sides.iter().all(|of| *of >= ANSWERS_MIN) && variance > 0.0;
    enough.then(|| (sum / weights, excess / variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ways that do equally well, looked at after every tenant for two thousand tenants, two hundred times over.
    #[test]
    fn equals_are_not_told_apart_however_often_they_are_looked_at() {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut chance = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % 100 < 60
        };
        let mut dropped = 0;
        for _ in 0..200 {
            let mut sides = [Share::default(); 2];
            let wrong = (0..2_000).any(|n| {
                let side = &mut sides[n % 2];
                *side = Share { met: side.met + u32::from(chance()), of: side.of + 1 };
                difference([(sides[0], sides[1])].into_iter()).is_some_and(|(_, z)| z.abs() >= CERTAIN_Z)
            });
            dropped += u32::from(wrong);
        }
        assert!(dropped <= 1, "{dropped} of 200 trials of equals ended in a loss");
    }
}
