//! Battery forecast: when a battery will be empty, from lives that have ended. Pure; + − × ÷ only, so that every
//! machine decides alike. Must never read a clock, and never look at a row that is newer than the question.
//!
//! A battery's [`Track`] is its daily summary and the hours at which its level first fell to each [`KNOTS`] level. A
//! finished track is a [`Life`]. [`forecast`] asks every life that it knows — the device's own, the fleet's, the factory's
//! — "you stood here once: how long did you last, stretched to this one's pace?" and weighs the answers by likeness.

mod factory;
mod fleet;
mod level;
mod life;
mod likeness;
mod repute;
mod scale;
mod track;

pub use fleet::{FinishedLife, Fleet, LIVES_MAX, MODELS_MAX, NO_FLEET, is_known};
pub use level::by_volts;
pub use life::Life;
pub use likeness::{Tuning, forecast};
pub use repute::{CAUGHT_FOR, Caught, Repute};
pub use track::{DayRow, Track};

/// Levels, 0–100 % and above for a voltage that a gauge would clip, at which the descent is timed.
pub const KNOTS: [i32; 28] = [
    1200, 1100, 1000, 960, 920, 880, 840, 800, 760, 720, 680, 640, 600, 560, 520, 480, 440, 400, 360, 320, 280, 240,
    200, 160, 120, 80, 40, 0,
];
/// How many there are.
pub const KNOTS_LEN: usize = KNOTS.len();
/// A gauge of steps up to this, per cent, is as good as a fine one.
const FINE_MAX: u8 = 4;
