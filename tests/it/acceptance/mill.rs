//! The outbox alone: texts by the thousand through the real door and store, with a carrier of the test's choice.
//!
//! Time stands between turns; a turn claims what is due, makes the attempts and brings their answers to the door.

use std::sync::Arc;

use nightporter::clock::Clock;
use nightporter::commit::{Attempt, Brakes, Cause, Committer, Item, SendingLimits, Tried};
use nightporter::decide::Policy;
use nightporter::deliver::carrier::Carrier;
use nightporter::deliver::try_once;
use nightporter::model::time::{DAY, HOUR};
use nightporter::model::*;
use nightporter::store::{DueMessage, MessageFilter, MessageRow, Page, Store};

use crate::house;

/// When it all begins.
pub const NOON: Timestamp = Timestamp(1_767_585_600_000);
/// Messages claimed in one turn.
const CLAIMS: i64 = 200;
/// Turns after which it should have come to rest.
const TURNS_MAX: usize = 100_000;

pub struct Mill {
    pub store: Store,
    pub clock: Clock,
    pub committer: Committer,
    carrier: Arc<dyn Carrier>,
    routes: CarrierRoutes,
    limits: SendingLimits,
    lives: u32,
}

impl Mill {
    pub async fn new(carrier: Arc<dyn Carrier>, clock: &Clock) -> Self {
        Self::routed(carrier, CarrierRoutes::default(), clock).await
    }

    /// With more than one carrier.
    pub async fn routed(carrier: Arc<dyn Carrier>, routes: CarrierRoutes, clock: &Clock) -> Self {
        Self::limited(carrier, routes, SendingLimits::default(), clock).await
    }

    /// With limits to what may go out.
    pub async fn limited(
        carrier: Arc<dyn Carrier>,
        routes: CarrierRoutes,
        limits: SendingLimits,
        clock: &Clock,
    ) -> Self {
        let store = Store::open("sqlite::memory:").await.expect("opens");
        store.migrate().await.expect("a schema");
        store.import(&house::registry(&house::REGISTRY)).await.expect("a registry");
        let committer = committer(&store, clock, "owner 0", &routes, limits);
        Self { store, clock: clock.clone(), committer, carrier, routes, limits, lives: 0 }
    }

    /// Puts texts into the outbox: the `n`th has its number in it.
    pub async fn write(&self, texts: std::ops::Range<usize>, severity: Severity) {
        let now = self.clock.now();
        let lasts = if severity == Severity::Emergency { HOUR } else { DAY };
        let texts: Vec<NewMessage> = texts
            .map(|n| NewMessage {
                key: format!("text {n}"),
                recipient: Recipient::Tenant("t1".to_owned()),
                to: E164::parse("+14155550101").expect("a number"),
                channel: Channel::Sms,
                template: "battery_tenant",
                locale: Locale::En,
                body: format!("text {n}"),
                ticket_id: None,
                severity,
                created_at: now,
                expires_at: now + lasts,
            })
            .collect();
        let mut tx = self.store.begin().await.expect("begins");
        tx.add_messages(&texts, 0, "nobody", now, now).await.expect("stored");
        tx.commit().await.expect("committed");
    }

    pub async fn next_at(&self) -> Option<Timestamp> {
        self.store.read().await.expect("reads").next_message_at().await.expect("a time")
    }

    pub async fn due(&self) -> Vec<DueMessage> {
        self.store.read().await.expect("reads").due_messages(self.clock.now(), CLAIMS).await.expect("rows")
    }

    pub async fn commit(&self, causes: Vec<Cause>) -> Vec<Attempt> {
        self.committer.step(&[Item::of(causes)]).await.expect("commits").attempts
    }

    /// Claims what is due; these are the attempts to make.
    pub async fn claim(&self) -> Vec<Attempt> {
        let due = self.due().await;
        self.commit(due.into_iter().map(|due| Cause::MessageDue(Box::new(due))).collect()).await
    }

    pub async fn attempt(&self, attempts: Vec<Attempt>) -> Vec<Tried> {
        let mut tried = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let carrier = self.carrier.named(attempt.carrier()).unwrap_or(&*self.carrier);
            tried.push(try_once(carrier, &self.clock, attempt).await);
        }
        tried
    }

    pub async fn settle(&self, tried: Vec<Tried>) {
        self.commit(tried.into_iter().map(|one| Cause::Tried(Box::new(one))).collect()).await;
    }

    /// The process dies with everything in its hands, and another one takes over.
    pub async fn die(&mut self) {
        self.lives += 1;
        let owner = format!("owner {}", self.lives);
        self.committer = committer(&self.store, &self.clock, &owner, &self.routes, self.limits);
        let mut tx = self.store.begin().await.expect("begins");
        tx.orphan_leases(&owner, self.clock.now()).await.expect("adopted");
        tx.commit().await.expect("committed");
    }

    /// Turns until nothing is due any more. `dies` says after how many attempts of a turn the process dies, if it does.
    pub async fn grind(&mut self, mut dies: impl FnMut(usize) -> Option<usize>) {
        for _ in 0..TURNS_MAX {
            if !self.turn_until(&mut dies).await {
                return;
            }
        }
        panic!("the outbox does not come to rest");
    }

    /// One turn, if anything is due ever; the process may die after so many attempts of it.
    pub async fn turn(&mut self, dies: Option<usize>) -> bool {
        self.turn_until(&mut |attempts| dies.map(|made| made.min(attempts))).await
    }

    async fn turn_until(&mut self, dies: &mut impl FnMut(usize) -> Option<usize>) -> bool {
        let Some(next) = self.next_at().await else { return false };
        self.clock.set(next.max(self.clock.now()));
        let mut attempts = self.claim().await;
        match dies(attempts.len()) {
            Some(made) => {
                attempts.truncate(made);
                self.attempt(attempts).await;
                self.die().await;
            }
            None => {
                let tried = self.attempt(attempts).await;
                self.settle(tried).await;
            }
        }
        true
    }

    pub async fn rows(&self) -> Vec<MessageRow> {
        let all = Page { limit: 1_000_000, after: None };
        self.store.read().await.expect("reads").list_messages(&MessageFilter::default(), &all).await.expect("rows")
    }
}

fn committer(store: &Store, clock: &Clock, owner: &str, routes: &CarrierRoutes, limits: SendingLimits) -> Committer {
    let policy = Policy { routes: routes.clone(), ..Policy::default() };
    Committer { policy: Arc::new(policy), brakes: Brakes::new(limits), ..house::committer(store, clock, owner).0 }
}
