//! What people open under a key: the same key again leads to the same ticket, also where the wish had joined one that was
//! there. Decides nothing.

use super::batch::{Batch, Task};
use crate::decide::Wanted;
use crate::model::TicketId;
use crate::store::{KeptRequest, StoreError, Tx};

/// A wish as it comes: what, who, under which key.
type Wish = (Wanted, String, String);

/// Under what a wish is kept.
fn name(key: &str) -> String {
    format!("open:{key}")
}

impl Batch<'_> {
    /// A wish that joined a ticket before is answered with it, whatever became of it; any other is to be decided.
    pub(super) async fn wished<'i>(
        &mut self,
        tx: &mut Tx,
        n: usize,
        (wanted, actor, key): &'i Wish,
        tasks: &mut Vec<Task<'i>>,
    ) -> Result<(), StoreError> {
        let joined = tx.kept_request(&name(key)).await?.and_then(|kept| kept.answer);
        let ticket = match joined {
            Some(id) => tx.ticket(&id).await?,
            None => None,
        };
        match ticket {
            Some(ticket) => self.out.answers.push((n, Ok(ticket))),
            None => tasks.push(Task::Open(n, wanted, actor, key)),
        }
        Ok(())
    }

    /// Keeps where wishes went that made no ticket of their own.
    pub(super) async fn keep_joined(&mut self, tx: &mut Tx, joined: &[(&str, TicketId)]) -> Result<(), StoreError> {
        for (key, id) in joined {
            let kept = KeptRequest { request: String::new(), plan: String::new(), answer: Some(id.0.clone()) };
            tx.keep_request(&name(key), &kept, self.now).await?;
        }
        Ok(())
    }
}
