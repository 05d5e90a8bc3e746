//! The time, for everything that is not pure: the machine's own, a faster one (demo), or one that tests move by hand.
//!
//! The only place that reads the wall clock. It must never decide anything; rules are told the time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::model::{Millis, Timestamp};

/// The longest single wait of the system clock, in milliseconds: a wall clock that was set forward is noticed after this.
const SYSTEM_WAIT_MS_MAX: Millis = 10_000;

/// A source of time; cheap to clone, and clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Scaled { start: Timestamp, began: Instant, speed: f64 },
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// Begins at `start` now and runs `speed` times as fast as real time (more than zero).
    pub fn scaled(start: Timestamp, speed: f64) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "a clock runs forward");
        Self(Kind::Scaled { start, began: real_instant(), speed })
    }

    /// Stands at `start` until [`Clock::advance`] or [`Clock::set`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => wall_time(),
            Kind::Scaled { start, began, speed } => *start + scaled_ms(real_instant() - *began, *speed),
            Kind::Manual(time) => *time.borrow(),
        }
    }

    /// Returns when the time is `at` or later; at once when it already is.
    pub async fn sleep_until(&self, at: Timestamp) {
        if let Kind::Manual(time) = &self.0 {
            let reached = time.subscribe().wait_for(|now| *now >= at).await.is_ok();
            return debug_assert!(reached, "the sender lives as long as this clock");
        }
        loop {
            let left = at - self.now();
            if left <= 0 {
                return;
            }
            tokio::time::sleep(self.real_wait(left)).await;
        }
    }

    /// What a span of real time is on this clock: time-outs of the outside world do not run faster because we do.
    pub fn real(&self, span: Millis) -> Millis {
        match self.0 {
            Kind::Scaled { speed, .. } => scaled_ms(Duration::from_millis(span.unsigned_abs()), speed),
            _ => span,
        }
    }

    /// Moves a manual clock forward by `span`, which wakes who sleeps until then.
    pub fn advance(&self, span: Millis) {
        self.set(self.now() + span);
    }

    /// Puts a manual clock at a time. Other clocks cannot be set: that is a mistake of the caller.
    pub fn set(&self, to: Timestamp) {
        let Kind::Manual(time) = &self.0 else { unreachable!("only a manual clock is set") };
        time.send_replace(to);
    }

    /// The real time to wait while `left` passes on this clock.
    fn real_wait(&self, left: Millis) -> Duration {
        match self.0 {
            Kind::Scaled { speed, .. } => Duration::from_secs_f64((left as f64 / speed / 1000.0).clamp(0.001, 1e9)),
            _ => Duration::from_millis(left.min(SYSTEM_WAIT_MS_MAX).unsigned_abs()),
        }
    }
}

fn scaled_ms(passed: Duration, speed: f64) -> Millis {
    (passed.as_secs_f64() * speed * 1000.0) as Millis
}

#[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
fn wall_time() -> Timestamp {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "how much real time has passed, for the scaled clock")]
fn real_instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{DAY, SECOND};

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_it_is_moved() {
        let clock = Clock::manual(Timestamp(1_000));
        clock.sleep_until(Timestamp(1_000)).await;
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(Timestamp(5_000)).await;
                clock.now()
            }
        });
        clock.advance(3_999);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(1);
        assert_eq!(sleeper.await.expect("sleeper"), Timestamp(5_000));
    }

    #[tokio::test]
    async fn a_scaled_clock_lets_a_day_pass_in_a_moment() {
        let start = Timestamp(1_767_551_400_000);
        let clock = Clock::scaled(start, 10_000_000.0);
        clock.sleep_until(start + DAY).await;
        assert!(clock.now() >= start + DAY);
    }

    #[tokio::test]
    async fn the_system_clock_does_not_wait_for_the_past() {
        let clock = Clock::system();
        let before = clock.now();
        clock.sleep_until(before - SECOND).await;
        clock.sleep_until(before + 5).await;
        assert!(clock.now() >= before + 5);
    }
}
