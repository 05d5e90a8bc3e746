//! Who works when, what is done, and what follows for valves, lists and nights. Decides nothing: who may change what was
//! checked by whoever brought it.

use super::batch::Batch;
use super::{Change, RotaChange};
use crate::decide::Changes;
use crate::model::ShiftSwap;
use crate::store::{StoreError, Tx};

impl Batch<'_> {
    /// Calls at night, valves and tasks of a batch.
    pub(super) async fn store_work(&mut self, tx: &mut Tx, changes: &Changes) -> Result<(), StoreError> {
        for (housekeeper, ticket) in &changes.night_calls {
            tx.add_night_call(housekeeper, ticket, self.now).await?;
        }
        for (ticket, n, photo) in &changes.photos {
            tx.add_photo(ticket, *n, photo, self.now).await?;
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

    /// Swaps of shifts, and tasks that are done: what is decided from the next batch on knows them.
    pub(super) async fn rota(&mut self, tx: &mut Tx, actor: &str, change: &RotaChange) -> Result<(), StoreError> {
        match change {
            RotaChange::Swap(swap) => {
                if tx.add_swap(swap, actor, self.now).await? {
                    self.rota_changed(tx, swap).await?;
                }
            }
            RotaChange::Cancel(id) => {
                let swap = tx.swap(id, self.now).await?;
                if let (Some(swap), true) = (swap, tx.cancel_swap(id, self.now).await?) {
                    self.rota_changed(tx, &swap).await?;
                }
            }
            RotaChange::TaskDone(id) => {
                if tx.task_done(id, actor, self.now).await? {
                    let done = tx.task(id).await?;
                    let changes = done.into_iter().map(|task| ("task", task.id, task.property_id.0));
                    self.out.changes.extend(changes.map(changed));
                }
            }
        }
        Ok(())
    }

    /// A swap holds wherever its giver works: each of these properties is told.
    async fn rota_changed(&mut self, tx: &mut Tx, swap: &ShiftSwap) -> Result<(), StoreError> {
        let properties = tx.properties_of_housekeeper(swap.from.as_str()).await?;
        let changes = properties.into_iter().map(|property| ("rota", swap.id.clone(), property));
        self.out.changes.extend(changes.map(changed));
        Ok(())
    }
}

fn changed((kind, id, property): (&'static str, String, String)) -> Change {
    Change { kind, id, property_id: Some(property) }
}
