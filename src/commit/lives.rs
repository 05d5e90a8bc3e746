//! What the operator's finished batteries and lying gauges tell, as a snapshot for the detectors: loaded now and then, so that several
//! processes learn from one another, and taught at once by what this one commits. Must never decide.

use std::sync::{Arc, RwLock};

use crate::decide::forecast::{CAUGHT_FOR, FinishedLife, Fleet};
use crate::model::time::HOUR;
use crate::model::{Millis, Timestamp};
use crate::store::{StoreError, Tx};

/// How old the snapshot may become.
const AGE_MAX_MS: Millis = HOUR;

/// The snapshot.
#[derive(Debug, Default)]
pub struct Lives {
    /// The fleet, and when it was loaded.
    held: RwLock<(Arc<Fleet>, Option<Timestamp>)>,
}

impl Lives {
    /// The fleet as known now; loaded when it is old.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn current(&self, tx: &mut Tx, now: Timestamp) -> Result<Arc<Fleet>, StoreError> {
        let (fleet, loaded) = self.held.read().expect("no holder panics").clone();
        if loaded.is_some_and(|at| (0..AGE_MAX_MS).contains(&(now - at))) {
            return Ok(fleet);
        }
        let mut fresh = Fleet::new();
        tx.load_lives().await?.into_iter().for_each(|life| fresh.learn(life));
        let lies = tx.load_lies(now - CAUGHT_FOR).await?;
        lies.into_iter().for_each(|(model, lie, counted)| fresh.repute.learn(model, lie, counted));
        let fresh = Arc::new(fresh);
        *self.held.write().expect("no holder panics") = (fresh.clone(), Some(now));
        Ok(fresh)
    }

    /// Learns from batteries whose end is committed.
    pub fn learn(&self, lives: Vec<FinishedLife>) {
        if lives.is_empty() {
            return;
        }
        let mut held = self.held.write().expect("no holder panics");
        let fleet = Arc::make_mut(&mut held.0);
        lives.into_iter().for_each(|life| fleet.learn(life));
    }
}
