//! The door on each database: what is away is waited for, what is poisoned is set aside alone, two doors lose nothing.

use std::time::Duration;

use nightporter::clock::Clock;
use nightporter::commit::{Cause, Item};
use nightporter::decide::{DeviceState, Heard};
use nightporter::model::time::DAY;
use nightporter::model::*;
use nightporter::store::{Page, Store, TicketFilter};
use sqlx::AssertSqlSafe;
use tokio::sync::oneshot;

use super::{Engine, ids};
use crate::house::{at, committer};
use crate::services::eventually;

fn heard(key: &str, fact: Fact, clock: &Clock, fingerprint: u64) -> Cause {
    let readings = vec![Reading::new(fact)];
    Cause::Heard(key.into(), Heard { readings, received_at: clock.now(), retained: false, fingerprint })
}

pub(super) async fn execute(store: &Store, statements: &[&str]) {
    for statement in statements {
        let statement = AssertSqlSafe((*statement).to_owned());
        match store {
            Store::Sqlite { writer, .. } => drop(sqlx::query(statement).execute(writer).await.expect("runs")),
            Store::Postgres(pool) => drop(sqlx::query(statement).execute(pool).await.expect("runs")),
        }
    }
}

/// The engine says that it cannot now, as a full disk or a server that shuts down does.
async fn go_away(store: &Store) {
    let statements: &[&str] = match store {
        // Like a full disk; SQLite ends the transaction by itself, and the connection must not be stuck in it.
        Store::Sqlite { .. } => &["PRAGMA max_page_count = 1"],
        Store::Postgres(_) => &[
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '57P03'; END $$",
            "CREATE TRIGGER away BEFORE INSERT ON ticket_events FOR EACH ROW EXECUTE FUNCTION away()",
        ],
    };
    execute(store, statements).await;
}

async fn come_back(store: &Store) {
    let statements: &[&str] = match store {
        Store::Sqlite { .. } => &["PRAGMA max_page_count = 1000000"],
        Store::Postgres(_) => &["DROP TRIGGER away ON ticket_events"],
    };
    execute(store, statements).await;
}

async fn open_tickets(db: &Engine) -> Vec<String> {
    let filter = TicketFilter::default();
    let rows = db.read(async |tx| tx.list_tickets(&filter, &Page { limit: 100, after: None }).await).await;
    ids(&rows.iter().filter_map(|t| t.device_key.clone()).collect::<Vec<_>>())
}

async fn set_aside(db: &Engine) -> Vec<String> {
    let rows = db.read(async |tx| tx.list_rejects(&Page { limit: 9, after: None }).await).await;
    rows.into_iter().map(|(_, reject)| reject.payload).collect()
}

pub async fn a_commit_is_tried_again_while_the_database_is_away(db: &Engine) {
    db.registered().await;
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    let (door, mut attempts) = committer(&db.store, &clock, "me");
    go_away(&db.store).await;
    let (answer, mut settled) = oneshot::channel();
    // Larger than the free room of the last page.
    let pad = Reading { channel: Some("x".repeat(20_000)), ..Reading::new(Fact::Leak(true)) };
    let mut cause = heard("leak1", Fact::Leak(true), &clock, 1);
    if let Cause::Heard(_, heard) = &mut cause {
        heard.readings.push(pad);
    }
    let item = Item { answer: Some(answer), ..Item::of(vec![cause]) };
    let settle = door.settle(vec![item]);
    let outage = async {
        eventually(Duration::from_secs(20), "a try", async || door.metrics.commit_failures.get() >= 1).await;
        assert!(settled.try_recv().is_err(), "nobody is told before it is committed");
        assert!(door.health.database().is_err(), "and the house knows why");
        come_back(&db.store).await;
    };
    tokio::join!(settle, outage);
    assert!(matches!(settled.try_recv(), Ok(Ok(None))), "told");
    assert_eq!(open_tickets(db).await, ["leak1"]);
    assert_eq!(door.health.database(), Ok(()));
    assert!(set_aside(db).await.is_empty());
    assert!(attempts.try_recv().is_ok(), "the tenant is written to");
}

pub async fn a_poisoned_cause_is_set_aside_alone(db: &Engine) {
    db.registered().await;
    let statements: &[&str] = match &db.store {
        Store::Sqlite { .. } => &[
            "CREATE TRIGGER poison BEFORE INSERT ON device_states WHEN NEW.key = 'lock1' BEGIN SELECT RAISE(ABORT, 'poison'); END",
        ],
        Store::Postgres(_) => &[
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$",
            "CREATE TRIGGER poison BEFORE INSERT ON device_states FOR EACH ROW WHEN (NEW.key = 'lock1') EXECUTE FUNCTION poison()",
        ],
    };
    execute(&db.store, statements).await;
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    let (door, _attempts) = committer(&db.store, &clock, "me");
    let (answer, mut settled) = oneshot::channel();
    let lock = Item { answer: Some(answer), ..Item::of(vec![heard("lock1", Fact::BatteryPercent(50.0), &clock, 1)]) };
    let leak = |key: &str| Item::of(vec![heard(key, Fact::Leak(true), &clock, 2)]);
    door.settle(vec![leak("leak1"), lock, leak("hub"), Item::of(vec![heard("lock3", Fact::Tamper(true), &clock, 3)])])
        .await;
    let mut opened = open_tickets(db).await;
    opened.sort();
    assert_eq!(opened, ["hub", "leak1", "lock3"], "its neighbours are not lost");
    let aside = set_aside(db).await;
    assert!(aside.len() == 1 && aside[0].contains("heard lock1"), "{aside:?}");
    assert!(matches!(settled.try_recv(), Ok(Err(_))), "who brought it is told");
}

/// Two processes, the first two messages of one device: the second must see what the first made of it.
pub async fn first_words_of_a_device_through_two_doors_are_both_kept(db: &Engine) {
    db.registered().await;
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    for key in ["leak1", "leak2", "lock1", "lock3"] {
        let (one, _a) = committer(&db.store, &clock, "one");
        let (two, _b) = committer(&db.store, &clock, "two");
        let wet = vec![Item::of(vec![heard(key, Fact::Leak(true), &clock, 1)])];
        let low = vec![Item::of(vec![heard(key, Fact::BatteryPercent(15.0), &clock, 2)])];
        tokio::join!(one.settle(wet), two.settle(low));
        let row = db.write(async |tx| tx.load_states(&[key]).await).await.remove(0);
        let state: DeviceState = serde_json::from_str(&row.state).expect("a state");
        assert!(state.leak.open && state.battery.percent == Some(15.0), "{key}: {state:?}");
    }
    assert!(set_aside(db).await.is_empty());
}

pub async fn who_stays_silent_when_its_gateway_is_back_is_looked_at_again(db: &Engine) {
    db.registered().await;
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    let (door, _attempts) = committer(&db.store, &clock, "me");
    let mut n = 0;
    let mut says = |key: &str, online| {
        n += 1;
        Item::of(vec![heard(key, Fact::Online(online), &clock, n)])
    };
    let due = async |key: &str| db.read(async |tx| tx.load_states(&[key]).await).await[0].due_at;
    door.settle(vec![says("hub", true), says("leak1", true), says("leak2", true)]).await;
    door.settle(vec![says("hub", false), says("leak1", false)]).await;
    clock.advance(DAY);
    for key in ["hub", "leak1"] {
        door.settle(vec![Item::of(vec![Cause::DeviceDue(key.into())])]).await;
    }
    assert_eq!((open_tickets(db).await, due("leak1").await), (vec!["hub".to_owned()], None), "one ticket for both");
    door.settle(vec![says("hub", true)]).await;
    assert!(due("leak1").await.is_some(), "it has yet to be heard, and until when is known");
}

pub async fn a_batch_that_fails_leaves_nothing(db: &Engine) {
    db.registered().await;
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    let (door, _attempts) = committer(&db.store, &clock, "me");
    execute(&db.store, &["ALTER TABLE messages RENAME TO lost"]).await;
    let items = [Item::of(vec![heard("leak1", Fact::Leak(true), &clock, 1)])];
    assert!(door.step(&items).await.is_err(), "the outbox is gone");
    assert!(open_tickets(db).await.is_empty(), "no ticket without its messages");
    assert!(db.write(async |tx| tx.load_states(&["leak1"]).await).await.is_empty());
    execute(&db.store, &["ALTER TABLE lost RENAME TO messages"]).await;
    let committed = door.step(&items).await.expect("commits");
    assert!(!committed.attempts.is_empty());
    assert_eq!(open_tickets(db).await, ["leak1"]);
}
