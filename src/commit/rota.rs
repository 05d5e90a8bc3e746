//! Who works when, what is done, and what follows for valves, lists and nights. Decides nothing: who may change what was
//! checked by whoever brought it.

use super::batch::Batch;
use super::{Change, RotaChange};
use crate::decide::Changes;
use crate::store::{StoreError, Tx};

impl Batch<'_> {
    /// Calls at night, valves and tasks of a batch.
    pub(super) async fn store_work(&mut self, tx: &mut Tx, changes: &Changes) -> Result<(), StoreError> {
        for (housekeeper, ticket) in &changes.night_calls {
            tx.add_night_call(housekeeper, ticket, self.now).await?;
        }
        for wish in &changes.valves {
            tx.save_valve(wish).await?;
            let property_id = Some(wish.property_id.0.clone());
            self.out.changes.push(Change { kind: "valve", id: wish.device_key.0.clone(), property_id });
        }
        for task in &changes.tasks {
            tx.add_task(task).await?;
            let property_id = Some(task.property_id.0.clone());
            self.out.changes.push(Change { kind: "task", id: task.id.clone(), property_id });
        }
        Ok(())
    }

    /// Swaps of shifts: what is decided from the next batch on knows them.
    pub(super) async fn rota(&mut self, tx: &mut Tx, actor: &str, change: &RotaChange) -> Result<(), StoreError> {
        let (id, changed) = match change {
            RotaChange::Swap(swap) => (&swap.id, tx.add_swap(swap, actor, self.now).await?),
            RotaChange::Cancel(id) => (id, tx.cancel_swap(id, self.now).await?),
            RotaChange::TaskDone(id) => (id, tx.task_done(id, actor, self.now).await?),
        };
        if changed {
            self.out.changes.push(Change { kind: "rota", id: id.clone(), property_id: None });
        }
        Ok(())
    }
}
