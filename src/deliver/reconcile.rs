//! Texts that the carrier took and of whose end nobody told us: the carrier is asked for each by its id.
//!
//! A callback is lost when the service is away for some seconds. What is asked here comes to the door as a report like
//! any other, so that it may be asked twice, late, and by two processes. It must never send anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use tokio::sync::watch;
use tracing::warn;

use super::carrier::{Carrier, CarrierError, Lookup};
use crate::clock::Clock;
use crate::commit::Door;
use crate::model::time::{DAY, MINUTE};
use crate::model::{MessageStatus, Millis, Timestamp};
use crate::store::{Report, Store, StoreError, Unsettled};

/// How often they are looked through, in real time.
const LOOK_EVERY_MS: Millis = 4 * MINUTE;
/// A callback has this long to come by itself.
const CALLBACK_MS: Millis = 2 * MINUTE;
/// Up to this age a text is asked about at every look …
const YOUNG_MS: Millis = 75 * MINUTE;
/// … and up to this one at one look in so many: the first and every sixteenth, about an hour apart.
const OLD_MS: Millis = DAY;
const LOOKS_BETWEEN: u64 = 16;
/// Texts read at once.
const PAGE_MAX: i64 = 200;
/// Questions at the same time.
const QUESTIONS_MAX: usize = 4;

/// Looks through the texts without an end, now and then.
pub struct Reconciler {
    /// Where they are.
    pub store: Store,
    /// Who is asked.
    pub carrier: Arc<dyn Carrier>,
    /// Where what it says goes.
    pub door: Door,
    /// The time.
    pub clock: Clock,
}

impl Reconciler {
    /// Looks until `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let looking = async {
            for look in 0_u64.. {
                if let Err(e) = self.look(look.is_multiple_of(LOOKS_BETWEEN)).await {
                    warn!(error = %e, "reconcile.failed");
                }
                self.clock.sleep_until(self.clock.now() + self.clock.real(LOOK_EVERY_MS)).await;
            }
        };
        tokio::select! {
            () = looking => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Asks about all that are young, or about the old ones too; ends early when the carrier is not there. How many were
    /// asked about.
    pub async fn look(&self, old_too: bool) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let since = now - self.clock.real(if old_too { OLD_MS } else { YOUNG_MS });
        let until = now - self.clock.real(CALLBACK_MS);
        let (mut asked, mut last) = (0, None);
        let away = AtomicBool::new(false);
        loop {
            let page = self.page((since, until), last.as_ref()).await?;
            asked += page.len();
            last = page.last().map(|text| (text.sent_at, text.id.clone()));
            let each = futures_util::stream::iter(&page);
            each.for_each_concurrent(QUESTIONS_MAX, |text| self.ask(text, &away)).await;
            if page.len() < PAGE_MAX as usize || away.load(Ordering::Relaxed) {
                return Ok(asked);
            }
        }
    }

    async fn page(
        &self,
        between: (Timestamp, Timestamp),
        last: Option<&(Timestamp, crate::model::MessageId)>,
    ) -> Result<Vec<Unsettled>, StoreError> {
        self.store.read().await?.unsettled_messages(between, last, PAGE_MAX).await
    }

    async fn ask(&self, text: &Unsettled, away: &AtomicBool) {
        if away.load(Ordering::Relaxed) {
            return;
        }
        let attempt = format!("{}.{}", text.id, text.attempts);
        let sent = Lookup { attempt: &attempt, to: &text.to, body: &text.body, since: text.tried_at };
        let carrier = text.carrier.and_then(|name| self.carrier.named(name)).unwrap_or(&*self.carrier);
        match carrier.follow(&text.sid, sent).await {
            Ok(known) if known.status.rank() > text.status.rank() && known.status != MessageStatus::Received => {
                let error_code = known.error_code.map(i64::from);
                let message_id = Some(text.id.clone());
                let report = Report {
                    sid: text.sid.clone(),
                    message_id,
                    attempt: Some(text.attempts),
                    status: known.status,
                    error_code,
                    error: known.error,
                };
                if self.door.report(report).await.is_err() {
                    away.store(true, Ordering::Relaxed);
                }
            }
            Ok(_) | Err(CarrierError::NotFound | CarrierError::Unreadable(_)) => {}
            Err(_) => away.store(true, Ordering::Relaxed),
        }
    }
}
