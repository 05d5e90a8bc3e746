//! Which tones have lost, as a snapshot for the rules: counted anew now and then, so that several processes come to the
//! same. Must never decide what is said.

use std::sync::{Arc, RwLock};

use crate::decide::Policy;
use crate::decide::tones::{Lost, TRIAL_MS, YOUNG_MS, lost};
use crate::model::time::HOUR;
use crate::model::{Millis, Timestamp};
use crate::store::{StoreError, Tx};

/// How old the snapshot may become.
const AGE_MAX_MS: Millis = HOUR;

/// The snapshot.
#[derive(Debug, Default)]
pub struct Tones {
    /// What has lost, and when that was counted.
    held: RwLock<(Arc<Lost>, Option<Timestamp>)>,
}

impl Tones {
    /// What has lost as known now; counted when that is old, and only where several tones are tried.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn lost(&self, tx: &mut Tx, policy: &Policy, now: Timestamp) -> Result<Arc<Lost>, StoreError> {
        let (held, counted) = self.held.read().expect("no holder panics").clone();
        let fresh = counted.is_some_and(|at| (0..AGE_MAX_MS).contains(&(now - at)));
        if fresh || !policy.tries_tones() {
            return Ok(held);
        }
        let counted = Arc::new(lost(&tx.trials(now - TRIAL_MS, now - YOUNG_MS, None).await?));
        *self.held.write().expect("no holder panics") = (counted.clone(), Some(now));
        Ok(counted)
    }
}
