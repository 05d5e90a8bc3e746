//! What trials have shown, as snapshots for the rules: counted anew now and then, so that several processes come to the
//! same. Must never decide what is said.

use std::sync::{Arc, RwLock};

use crate::decide::Policy;
use crate::decide::automation::{Off, off};
use crate::decide::tones::{Lost, lost};
use crate::decide::trial::window;
use crate::model::time::HOUR;
use crate::model::{Millis, Timestamp};
use crate::store::{StoreError, Tx};

/// How old a snapshot may become.
const AGE_MAX_MS: Millis = HOUR;

/// The snapshots.
#[derive(Debug, Default)]
pub struct Trials {
    tones: Snapshot<Lost>,
    automation: Snapshot<Off>,
}

/// What was counted, and when.
#[derive(Debug, Default)]
struct Snapshot<T>(RwLock<(Arc<T>, Option<Timestamp>)>);

impl<T> Snapshot<T> {
    /// What is held, and whether it is to be counted again.
    fn held(&self, now: Timestamp) -> (Arc<T>, bool) {
        let (held, counted) = self.0.read().expect("no holder panics").clone();
        (held, !counted.is_some_and(|at| (0..AGE_MAX_MS).contains(&(now - at))))
    }

    fn hold(&self, counted: T, now: Timestamp) -> Arc<T> {
        let counted = Arc::new(counted);
        *self.0.write().expect("no holder panics") = (counted.clone(), Some(now));
        counted
    }
}

impl Trials {
    /// Tones that have lost, counted only where several are tried.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lost_tones(&self, tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<Arc<Lost>, StoreError> {
        let (held, is_old) = self.tones.held(now);
        if !is_old || !policy.tries_tones() {
            return Ok(held);
        }
        let (from, to) = window(now);
        Ok(self.tones.hold(lost(&tx.tone_trials(from, to, None).await?), now))
    }

    /// What automation is worse at than people, counted only where people answer a share.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn automation_off(&self, tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<Arc<Off>, StoreError> {
        let (held, is_old) = self.automation.held(now);
        if !is_old || policy.contact.people_share <= 0.0 {
            return Ok(held);
        }
        let (from, to) = window(now);
        Ok(self.automation.hold(off(&tx.automation_trials(from, to, None).await?), now))
    }
}
