//! Time: whoever has become due is brought to the door, and that our clock was put back. It decides nothing.

use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tracing::warn;

use crate::clock::Clock;
use crate::commit::{Cause, Door, Item};
use crate::model::Timestamp;
use crate::model::time::{AHEAD_MIN, MINUTE, SECOND};
use crate::store::{Store, StoreError};

/// Devices, and as many tickets and conversations, brought at once.
const DUE_MAX: i64 = 500;
/// The longest wait between two looks, in real time: another process may have made something due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Brings what is due, until `stop`.
pub async fn run(store: Store, clock: Clock, door: Door, mut stop: watch::Receiver<bool>) {
    let looking = async {
        let mut latest = None;
        loop {
            match step(&store, &clock, &door, &mut latest).await {
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

/// Brings what is due now, and waits until it is committed. Whether there was anything. `latest` is the latest time that
/// our clock has shown, to begin with that of what is stored: a time well before it means that the clock was put back.
pub async fn step(
    store: &Store,
    clock: &Clock,
    door: &Door,
    latest: &mut Option<Timestamp>,
) -> Result<bool, StoreError> {
    let now = clock.now();
    let shown = match *latest {
        Some(shown) => shown,
        None => store.read().await?.newest_at().await?.unwrap_or(now),
    };
    let back = shown - now > AHEAD_MIN;
    let causes = if back { vec![Cause::ClockBack(shown - now)] } else { due(store, now).await? };
    if back {
        warn!(seconds = (shown - now) / SECOND, "clock.put_back");
    }
    *latest = Some(if back { shown } else { shown.max(now) });
    if causes.is_empty() {
        return Ok(false);
    }
    let (answer, settled) = oneshot::channel();
    let brought = door.bring(Item { answer: Some(answer), ..Item::of(causes) }).await;
    let done = brought.is_ok() && settled.await.is_ok();
    if done && back {
        *latest = Some(now);
    }
    Ok(done)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::Health;
    use crate::model::time::DAY;
    use std::sync::Arc;
    use tokio::sync::{broadcast, mpsc};

    #[tokio::test]
    async fn a_clock_that_is_put_back_is_noticed_once_and_a_little_is_no_matter() {
        let store = Store::open("sqlite::memory:").await.expect("opens");
        store.migrate().await.expect("a schema");
        let clock = Clock::manual(Timestamp(400 * DAY));
        let (causes, mut brought) = mpsc::channel::<Item>(8);
        let door = Door::new(causes, broadcast::channel(8).0, Arc::new(Health::default()));
        tokio::spawn(async move {
            while let Some(item) = brought.recv().await {
                assert!(matches!(item.causes[..], [Cause::ClockBack(DAY)]), "{:?}", item.causes);
                let _ = item.answer.expect("it is waited for").send(Ok(None));
            }
        });
        let mut latest = None;
        for (shown, noticed) in [(0, false), (-4_000, false), (DAY, false), (0, true), (0, false), (MINUTE, false)] {
            clock.set(Timestamp(400 * DAY + shown));
            let came = step(&store, &clock, &door, &mut latest).await.expect("reads");
            assert_eq!(came, noticed, "at {shown}");
        }
    }
}
