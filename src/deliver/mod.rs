//! The way out: what leaves the house for a person.
//!
//! The outbox is a table. [`Outbox`] claims what is due and brings the claim to the door; committed claims come back as
//! attempts, which [`Deliver`] makes with the carrier, bringing every outcome to the door in turn. Neither decides.

pub mod carrier;
pub mod reconcile;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tracing::warn;

use crate::clock::Clock;
use crate::commit::{Answer, Attempt, Cause, Door, Item, Tried};
use crate::metrics::Metrics;
use crate::model::time::{MINUTE, SECOND};
use crate::model::{CarrierName, Channel};
use crate::store::{DueMessage, Store, StoreError};
use carrier::{Calling, Carrier, Lookup, Outgoing, SendOutcome, each};

/// Attempts that are committed and wait for a free hand.
pub const ATTEMPTS_WAITING_MAX: usize = 64;
/// Requests to the carrier at the same time.
const REQUESTS_MAX: usize = 16;
/// Messages claimed at once.
const CLAIMS_MAX: i64 = 32;
/// The longest wait between two looks into the outbox, in real time.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often the carrier is asked whether it is there while all is well: before an idle connection is dropped (50 s).
const PING_EVERY: Duration = Duration::from_secs(40);
/// How often while it is not.
const PING_AGAIN: Duration = Duration::from_secs(3);

/// Makes attempts.
pub struct Deliver {
    /// To whom.
    pub carrier: Arc<dyn Carrier>,
    /// Where outcomes go.
    pub door: Door,
    /// The time.
    pub clock: Clock,
}

impl Deliver {
    /// Makes every attempt that comes, some at the same time; on `stop` those under way are finished.
    pub async fn run(self, mut attempts: mpsc::Receiver<Attempt>, mut stop: watch::Receiver<bool>) {
        let hands = Arc::new(Semaphore::new(REQUESTS_MAX));
        let this = Arc::new(self);
        loop {
            let attempt = tokio::select! {
                attempt = attempts.recv() => attempt,
                _ = stop.wait_for(|stop| *stop) => None,
            };
            let Some(attempt) = attempt else { break };
            let hand = hands.clone().acquire_owned().await.expect("the semaphore is never closed");
            let this = this.clone();
            tokio::spawn(async move {
                this.attempt(attempt).await;
                drop(hand);
            });
        }
        // Those under way hold the hands.
        let _all = hands.acquire_many(REQUESTS_MAX as u32).await;
    }

    /// One attempt; its outcome is brought to the door.
    pub async fn attempt(&self, attempt: Attempt) {
        let name = attempt.carrier();
        let carrier = self.carrier.named(name);
        let tried = try_once(carrier.unwrap_or(&*self.carrier), &self.clock, attempt).await;
        self.note_health(carrier.map(|_| name), &tried.answer);
        if self.door.bring(Item::of(vec![Cause::Tried(Box::new(tried))])).await.is_err() {
            warn!("deliver.outcome_lost");
        }
    }

    fn note_health(&self, name: Option<CarrierName>, answer: &Answer) {
        let state = match answer {
            Answer::Sent(SendOutcome::Accepted { .. } | SendOutcome::Refused { .. }) | Answer::Found(Ok(_)) => Ok(()),
            Answer::Sent(SendOutcome::NotSent { detail } | SendOutcome::AccountFault { detail, .. }) => {
                Err(detail.clone())
            }
            Answer::Found(Err(e)) => Err(e.to_string()),
            Answer::Sent(_) => return,
        };
        self.door.health().set_carrier(name, state);
    }
}

/// Asks or sends, once.
pub async fn try_once(carrier: &dyn Carrier, clock: &Clock, attempt: Attempt) -> Tried {
    match attempt {
        Attempt::Send(message, _) => {
            let id = format!("{}.{}", message.id, message.attempts);
            let left_ms = message.expires_at - clock.now();
            let valid_for_s = u32::try_from(left_ms / SECOND).unwrap_or(0).clamp(60, 36_000);
            if message.channel == Channel::Voice {
                let call = Calling { attempt: &id, to: &message.to, body: &message.body, locale: message.locale };
                let answer = Answer::Sent(carrier.call(call).await);
                return Tried { message, answer, at: clock.now() };
            }
            let (template, locale) = (message.template.as_str(), message.locale);
            let text = Outgoing { attempt: &id, to: &message.to, body: &message.body, template, locale, valid_for_s };
            let answer = Answer::Sent(carrier.send(text).await);
            Tried { message, answer, at: clock.now() }
        }
        Attempt::Ask(message, _) => {
            let at = clock.now();
            let since = message.tried_at.unwrap_or(at);
            let id = format!("{}.{}", message.id, message.attempts);
            let lookup = Lookup { attempt: &id, to: &message.to, body: &message.body, since };
            let found = match message.channel {
                Channel::Sms => carrier.find(lookup).await,
                Channel::Voice => carrier.find_call(lookup).await,
            };
            let answer = Answer::Found(found);
            Tried { message, answer, at }
        }
    }
}

/// Claims what is due.
pub struct Outbox {
    /// Where the table is.
    pub store: Store,
    /// Where claims go.
    pub door: Door,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Outbox {
    /// Claims what is due, until `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let claiming = async {
            loop {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => self.rest().await,
                    Err(e) => {
                        warn!(error = %e, "outbox.failed");
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                }
            }
        };
        tokio::select! {
            () = claiming => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Brings what is due to the door and waits until it is committed. Whether there is more to do at once.
    pub async fn step(&self) -> Result<bool, StoreError> {
        let due = self.due().await?;
        self.metrics.outbox_depth.set(due.len() as i64);
        if due.is_empty() {
            return Ok(false);
        }
        let (answer, settled) = oneshot::channel();
        let causes = due.into_iter().map(|due| Cause::MessageDue(Box::new(due))).collect();
        let brought = self.door.bring(Item { answer: Some(answer), ..Item::of(causes) }).await;
        Ok(brought.is_ok() && settled.await.is_ok() && !self.door.is_busy_sending())
    }

    async fn due(&self) -> Result<Vec<DueMessage>, StoreError> {
        self.store.read().await?.due_messages(self.clock.now(), CLAIMS_MAX).await
    }

    async fn rest(&self) {
        let next = async { self.store.read().await?.next_message_at().await };
        let latest = self.clock.now() + MINUTE;
        let until = next.await.ok().flatten().map_or(latest, |next| next.min(latest));
        let due_already = until <= self.clock.now();
        tokio::select! {
            () = self.clock.sleep_until(until), if !due_already => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Asks each carrier now and then whether it is there, until `stop`; keeps its connection warm.
pub async fn watch_carrier(carrier: Arc<dyn Carrier>, door: Door, mut stop: watch::Receiver<bool>) {
    let watching = async {
        loop {
            let mut wait = PING_EVERY;
            for (name, one) in each(&*carrier) {
                let state = one.ping().await.map_err(|e| e.to_string());
                wait = if state.is_ok() { wait } else { PING_AGAIN };
                door.health().set_carrier(name, state);
            }
            tokio::time::sleep(wait).await;
        }
    };
    tokio::select! {
        () = watching => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
