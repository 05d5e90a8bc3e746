//! Time: whoever has become due is brought to the door. It decides nothing.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tracing::warn;

use crate::clock::Clock;
use crate::commit::{Cause, Door, Item};
use crate::model::Timestamp;
use crate::model::time::MINUTE;
use crate::store::{Store, StoreError};

/// Devices, and as many tickets and conversations, brought at once.
const DUE_MAX: i64 = 500;
/// The longest wait between two looks, in real time: another process may have made something due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Brings what is due, until `stop`.
pub async fn run(store: Store, clock: Clock, door: Door, mut stop: watch::Receiver<bool>) {
    let looking = async {
        loop {
            match step(&store, &clock, &door).await {
                Ok(true) => {}
                Ok(false) => rest(&store, &clock).await,
                Err(e) => {
                    warn!(error = %e, "wake.failed");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    };
    tokio::select! {
        () = looking => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Brings what is due now, and waits until it is committed. Whether there was anything.
pub async fn step(store: &Store, clock: &Clock, door: &Door) -> Result<bool, StoreError> {
    let causes = due(store, clock.now()).await?;
    if causes.is_empty() {
        return Ok(false);
    }
    let (answer, settled) = oneshot::channel();
    let brought = door.bring(Item { answer: Some(answer), ..Item::of(causes) }).await;
    Ok(brought.is_ok() && settled.await.is_ok())
}

/// What is due: tickets after devices, so that what a device says is known when its ticket is looked at.
pub async fn due(store: &Store, now: Timestamp) -> Result<Vec<Cause>, StoreError> {
    let mut tx = store.read().await?;
    let devices = tx.due_devices(now, DUE_MAX).await?;
    let tickets = tx.due_tickets(now, DUE_MAX).await?;
    let waiting = tx.due_conversations(now, DUE_MAX).await?;
    let causes = devices.into_iter().map(Cause::DeviceDue).chain(tickets.into_iter().map(Cause::TicketDue));
    Ok(causes.chain(waiting.into_iter().map(Cause::ConversationDue)).collect())
}

/// Waits until something is due, or for a while.
async fn rest(store: &Store, clock: &Clock) {
    let next = async {
        let mut tx = store.read().await?;
        tx.next_due_at().await
    };
    let latest = clock.now() + MINUTE;
    let until = next.await.ok().flatten().map_or(latest, |next| next.min(latest));
    tokio::select! {
        () = clock.sleep_until(until) => {}
        () = tokio::time::sleep(LOOK_EVERY) => {}
    }
}
