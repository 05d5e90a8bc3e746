//! Virtual time from the machine's clock, run faster or slower: the only place that looks at one.
#![expect(clippy::disallowed_methods, reason = "the one clock of the simulator; the library is told what time it is")]

use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, Instant};

/// Virtual time that starts at `start` and runs `speed` seconds in a second.
pub(crate) struct Clock {
    start: DateTime<Utc>,
    speed: f64,
    started: Instant,
}

impl Clock {
    /// Starts now; without `start` at the machine's time.
    pub(crate) fn new(start: Option<DateTime<Utc>>, speed: f64) -> Self {
        Self { start: start.unwrap_or_else(Utc::now), speed, started: Instant::now() }
    }

    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.start
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let elapsed_ms = self.started.elapsed().as_secs_f64() * 1000.0 * self.speed;
        self.start + TimeDelta::milliseconds(elapsed_ms as i64)
    }

    /// Real time until `at`, at most `most`.
    pub(crate) fn wait_for(&self, at: DateTime<Utc>, most: Duration) -> Duration {
        let virtual_ms = (at - self.now()).num_milliseconds().max(0) as f64;
        Duration::from_secs_f64(virtual_ms / 1000.0 / self.speed).min(most)
    }
}
