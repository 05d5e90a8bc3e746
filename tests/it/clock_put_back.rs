//! Our clock was wrong and is put right: nothing waits until the time has caught up, nothing is lost, nothing is sent twice.

use std::collections::HashSet;

use nightporter::clock::Clock;
use nightporter::commit::{Answer, Attempt, Cause, Committer, Item, LEASE_MS, Tried};
use nightporter::decide::Heard;
use nightporter::deliver::carrier::SendOutcome;
use nightporter::model::time::{DAY, HOUR, MINUTE, SECOND};
use nightporter::model::*;
use nightporter::store::{MessageFilter, MessageRow, Page, Store};
use nightporter::wake;
use tokio::sync::mpsc;

use crate::house::{REGISTRY, at, committer, registry};

/// A house whose clock shows this.
struct House {
    store: Store,
    clock: Clock,
    door: Committer,
    attempts: mpsc::Receiver<Attempt>,
}

impl House {
    async fn at(shown: Timestamp) -> Self {
        let store = Store::open("sqlite::memory:").await.expect("opens");
        store.migrate().await.expect("a schema");
        store.import(&registry(&REGISTRY)).await.expect("a registry");
        let clock = Clock::manual(shown);
        let (door, attempts) = committer(&store, &clock, "me");
        Self { store, clock, door, attempts }
    }

    async fn tell(&self, causes: Vec<Cause>) {
        self.door.settle(vec![Item::of(causes)]).await;
    }

    async fn water(&self, key: &str) {
        let readings = vec![Reading::new(Fact::Leak(true))];
        let received_at = self.clock.now();
        let fingerprint = received_at.0.unsigned_abs();
        self.tell(vec![Cause::Heard(key.into(), Heard { readings, received_at, retained: false, fingerprint })]).await;
    }

    /// What time brings now, as the service's own tasks bring it.
    async fn look(&self) {
        for _ in 0..20 {
            let now = self.clock.now();
            let mut causes = wake::due(&self.store, now).await.expect("reads");
            let due = self.store.read().await.expect("reads").due_messages(now, 32).await.expect("messages");
            causes.extend(due.into_iter().map(|due| Cause::MessageDue(Box::new(due))));
            if causes.is_empty() {
                break;
            }
            self.tell(causes).await;
        }
    }

    /// Time goes by, minute by minute, and no carrier can be reached.
    async fn pass(&mut self, minutes: i64) -> Vec<Attempt> {
        let mut made = Vec::new();
        for _ in 0..minutes {
            self.clock.advance(MINUTE);
            self.look().await;
            made.extend(self.answer(&not_sent()).await);
        }
        made
    }

    /// The attempts since the last time, answered so.
    async fn answer(&mut self, outcome: &SendOutcome) -> Vec<Attempt> {
        let mut made = Vec::new();
        while let Ok(attempt) = self.attempts.try_recv() {
            if let Attempt::Send(message, _) = &attempt {
                let (message, answer, at) = (message.clone(), Answer::Sent(outcome.clone()), self.clock.now());
                self.tell(vec![Cause::Tried(Box::new(Tried { message, answer, at }))]).await;
            }
            made.push(attempt);
        }
        made
    }

    async fn put_back(&self, by: Millis) {
        self.clock.set(self.clock.now() - by);
        self.tell(vec![Cause::ClockBack(by)]).await;
        self.look().await;
    }

    async fn messages(&self) -> Vec<MessageRow> {
        let page = Page { limit: 100, after: None };
        let mut tx = self.store.read().await.expect("reads");
        tx.list_messages(&MessageFilter::default(), &page).await.expect("messages")
    }

    async fn templates(&self) -> HashSet<String> {
        self.messages().await.into_iter().filter_map(|m| m.template).collect()
    }
}

fn not_sent() -> SendOutcome {
    SendOutcome::NotSent { detail: "no route".to_owned() }
}

fn taken() -> SendOutcome {
    SendOutcome::Accepted { sid: "SM1".to_owned(), status: MessageStatus::Sent, segments: None }
}

fn is_to_tenant(attempt: &Attempt) -> bool {
    matches!(attempt, Attempt::Send(m, _) if m.template == "leak_tenant")
}

#[tokio::test]
async fn a_leak_goes_on_when_the_clock_that_was_a_day_ahead_is_put_right() {
    let mut house = House::at(at("2026-01-06T02:30:00Z")).await;
    house.water("leak1").await;
    let first = house.answer(&not_sent()).await;
    assert!(first.iter().any(is_to_tenant));
    house.put_back(DAY).await;
    let again = house.answer(&not_sent()).await;
    assert_eq!(again.iter().filter(|a| is_to_tenant(a)).count(), 1, "at once, and once: {again:?}");
    assert!(!house.templates().await.contains("leak_manager"));
    house.pass(12).await;
    assert!(house.templates().await.contains("leak_manager"), "the ladder goes on by the right time");
    let now = house.clock.now();
    for m in house.messages().await {
        assert!(m.created_at <= now, "{:?} of {}", m.template, m.created_at);
    }
}

#[tokio::test]
async fn what_may_be_on_its_way_is_asked_about_before_it_is_sent_again() {
    let mut house = House::at(at("2026-01-06T02:30:00Z")).await;
    house.water("leak1").await;
    while house.attempts.try_recv().is_ok() {}
    house.put_back(DAY).await;
    assert!(house.attempts.try_recv().is_err(), "its lease runs");
    house.clock.advance(LEASE_MS + SECOND);
    house.look().await;
    let next: Vec<Attempt> = std::iter::from_fn(|| house.attempts.try_recv().ok()).collect();
    assert!(next.iter().any(|a| matches!(a, Attempt::Ask(m, _) if m.template == "leak_tenant")), "{next:?}");
    assert!(!next.iter().any(is_to_tenant), "{next:?}");
}

#[tokio::test]
async fn who_was_told_by_a_clock_that_was_ahead_is_not_told_again() {
    let mut house = House::at(at("2026-01-06T02:30:00Z")).await;
    house.water("leak1").await;
    house.answer(&taken()).await;
    let told = house.messages().await.len();
    for _ in 0..3 {
        house.put_back(HOUR).await;
    }
    assert_eq!(house.messages().await.len(), told);
    assert!(!house.answer(&taken()).await.iter().any(is_to_tenant));
}

#[tokio::test]
async fn a_leak_goes_on_when_a_clock_that_was_days_behind_is_put_right() {
    let mut house = House::at(at("2026-01-02T02:30:00Z")).await;
    house.water("leak1").await;
    assert!(house.answer(&not_sent()).await.iter().any(is_to_tenant));
    house.clock.set(at("2026-01-05T02:30:00Z"));
    house.look().await;
    let made = house.pass(3).await;
    let told: HashSet<&str> = made.iter().map(|a| a.message().template.as_str()).collect();
    for template in ["leak_call", "leak_second", "leak_manager"] {
        assert!(told.contains(template), "the text came too late; {template} follows at once: {told:?}");
    }
}
