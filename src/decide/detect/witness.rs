//! The witnesses of a replacement: restarts that a device tells of, and the tenant's word. Must never conclude by itself.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};

/// A restart is a witness only where the device did not restart within this before: two devices under one name seem to
/// restart all day, and so does one that is failing.
const CALM_MS: Millis = DAY;

/// What witnesses said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Witnesses {
    /// Uptime, boots and messages, as last told.
    told: [Option<f64>; 3],
    /// The last restart (boot counter up, uptime or message counter down) and the one before.
    #[serde(skip_serializing_if = "is_none")]
    restarted_at: [Option<Timestamp>; 2],
    /// When one of them last told that there was no restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    ran_on_at: Option<Timestamp>,
    /// When the tenant last said that it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    word_at: Option<Timestamp>,
}

fn is_none(restarts: &[Option<Timestamp>; 2]) -> bool {
    restarts[0].is_none()
}

impl Witnesses {
    pub fn hear(&mut self, s: &Sample) {
        // What was long on its way tells a little less than was told before it: from a restart on it is much less.
        let anew = |was, is| is < was / 2.0;
        let restarted: [fn(f64, f64) -> bool; 3] = [anew, |was, is| is > was, anew];
        let now = [s.uptime_s, s.boot_count, s.message_counter];
        for ((told, is), restarted) in self.told.iter_mut().zip(now).zip(restarted) {
            let Some(is) = is else { continue };
            match told.replace(is) {
                Some(was) if !restarted(was, is) => self.ran_on_at = Some(s.at),
                Some(_) if self.restarted_at[0] != Some(s.at) => {
                    self.restarted_at = [Some(s.at), self.restarted_at[0]];
                }
                _ => {}
            }
        }
    }

    pub fn take_word(&mut self, at: Timestamp) {
        self.word_at = Some(at);
    }

    /// A restart since an instant.
    pub fn restarted_since(&self, at: Timestamp) -> bool {
        self.restarted_at[0].is_some_and(|last| last > at)
    }

    /// The tenant's word since an instant.
    pub fn word_since(&self, at: Timestamp) -> bool {
        self.word_at.is_some_and(|word| word > at)
    }

    /// Told since an instant that it did not restart.
    pub fn ran_on_since(&self, at: Timestamp) -> bool {
        self.ran_on_at.is_some_and(|told| told >= at)
    }

    /// Whether it restarted shortly before an instant: then another restart says nothing.
    pub fn was_restless(&self, at: Timestamp) -> bool {
        self.restarted_at.iter().flatten().any(|restart| *restart <= at && at - *restart < CALM_MS)
    }

    /// What is still true of a new battery.
    pub fn begin_anew(&self) -> Self {
        Self { told: self.told, ..Self::default() }
    }
}
