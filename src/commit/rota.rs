//! Changes of who works when. Decides nothing: who may change what was checked by whoever brought it.

use super::batch::Batch;
use super::{Change, RotaChange};
use crate::store::{StoreError, Tx};

impl Batch<'_> {
    /// Swaps of shifts: what is decided from the next batch on knows them.
    pub(super) async fn rota(&mut self, tx: &mut Tx, actor: &str, change: &RotaChange) -> Result<(), StoreError> {
        let (id, changed) = match change {
            RotaChange::Swap(swap) => (&swap.id, tx.add_swap(swap, actor, self.now).await?),
            RotaChange::Cancel(id) => (id, tx.cancel_swap(id, self.now).await?),
        };
        if changed {
            self.out.changes.push(Change { kind: "rota", id: id.clone(), property_id: None });
        }
        Ok(())
    }
}
