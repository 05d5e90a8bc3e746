//! The handle through which causes come in, and what the rest of the house may know: health, changes, since when we listen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Cause, Change, Item, RotaChange, Said};
use crate::decide::{Command, Refusal, Reply, Wanted};
use crate::model::*;
use crate::store::{Report, StoreError};

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The rules refuse it.
    #[error("{0}")]
    Refused(Refusal),
    /// It could not be stored.
    #[error("{0}")]
    Store(String),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
}

/// The way in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    causes: mpsc::Sender<Item>,
    changes: broadcast::Sender<Change>,
    health: Arc<Health>,
}

impl Door {
    /// A door in front of a committer.
    pub fn new(causes: mpsc::Sender<Item>, changes: broadcast::Sender<Change>, health: Arc<Health>) -> Self {
        Self { causes, changes, health }
    }

    /// Hands causes in; waits while the house is full.
    pub async fn bring(&self, item: Item) -> Result<(), CommandError> {
        self.causes.send(item).await.map_err(|_| CommandError::Stopping)
    }

    /// Carries out a person's wish; the ticket as it is then.
    pub async fn command(&self, id: TicketId, actor: String, command: Command) -> Result<Ticket, CommandError> {
        let ticket = self.settled(Cause::Command(id, actor, command)).await?;
        ticket.ok_or(CommandError::Refused(Refusal::NoTicket))
    }

    /// Opens a ticket in a person's words; the same key again finds the same ticket.
    pub async fn open(&self, wanted: Wanted, actor: String, key: String) -> Result<Ticket, CommandError> {
        let ticket = self.settled(Cause::Open(Box::new((wanted, actor, key)))).await?;
        ticket.ok_or(CommandError::Refused(Refusal::NoTicket))
    }

    /// A human answers in a conversation; returns once it is committed.
    pub async fn say(&self, id: ConversationId, said: Said) -> Result<(), CommandError> {
        self.settled(Cause::Say(id, Box::new(said))).await.map(drop)
    }

    /// Takes a held device into the registry; returns once it is committed.
    pub async fn adopt(&self, device: Device) -> Result<(), CommandError> {
        self.settled(Cause::Adopt(Box::new(device))).await.map(drop)
    }

    /// Forgets a held device.
    pub async fn dismiss(&self, key: DeviceKey) -> Result<(), CommandError> {
        self.settled(Cause::Dismiss(key)).await.map(drop)
    }

    /// Takes another device for the one of this name: the given address, else the one that was refused last.
    pub async fn swap(&self, key: DeviceKey, id: Option<String>) -> Result<(), CommandError> {
        self.settled(Cause::Swap(key, id)).await.map(drop)
    }

    /// Changes who works when; returns once it is committed.
    pub async fn rota(&self, actor: String, change: RotaChange) -> Result<(), CommandError> {
        self.settled(Cause::Rota(actor, change)).await.map(drop)
    }

    /// A task is done; returns once it is committed.
    pub async fn finish_task(&self, id: String, actor: String) -> Result<(), CommandError> {
        self.rota(actor, RotaChange::TaskDone(id)).await
    }

    /// Takes in a carrier's report; returns once it is committed.
    pub async fn report(&self, report: Report) -> Result<(), CommandError> {
        self.settled(Cause::Report(report)).await.map(drop)
    }

    /// Takes in a text from a person to the number `to`; returns once it is committed.
    pub async fn inbound(&self, reply: Reply, to: String) -> Result<(), CommandError> {
        self.settled(Cause::Inbound(Box::new(reply), to)).await.map(drop)
    }

    /// Whoever was called with this message pressed a key; returns once it is committed, with whether it answered the question.
    pub async fn keyed(&self, id: MessageId, key: char) -> Result<bool, CommandError> {
        self.settled(Cause::Keyed(id, key)).await.map(|ticket| ticket.is_some())
    }

    async fn settled(&self, cause: Cause) -> Result<Option<Ticket>, CommandError> {
        let (answer, settled) = oneshot::channel();
        self.bring(Item { answer: Some(answer), ..Item::of(vec![cause]) }).await?;
        settled.await.map_err(|_| CommandError::Stopping)?
    }

    /// What changes from now on. A slow watcher loses the oldest.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Tells those who watch of a change that did not come through the door.
    pub fn announce(&self, change: Change) {
        // Nobody watching is no error.
        let _ = self.changes.send(change);
    }

    /// Whether the sender has its hands full: then claiming waits.
    pub fn is_busy_sending(&self) -> bool {
        self.health.busy_sending.load(Ordering::Relaxed)
    }

    /// Whether broker, database and carrier are there.
    pub fn health(&self) -> &Health {
        &self.health
    }
}

/// Whether broker, database and carrier are there, each with the reason when not.
#[derive(Debug)]
pub struct Health {
    broker: Mutex<Result<(), String>>,
    database: Mutex<Result<(), String>>,
    /// By name; one alone has none. Empty until one was reached.
    carriers: Mutex<BTreeMap<Option<CarrierName>, Result<(), String>>>,
    busy_sending: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        let starting = || Mutex::new(Err(NOT_YET.to_owned()));
        let (carriers, busy_sending) = (Mutex::default(), AtomicBool::new(false));
        Self { broker: starting(), database: starting(), carriers, busy_sending }
    }
}

impl Health {
    /// The broker's state.
    pub fn broker(&self) -> Result<(), String> {
        get(&self.broker)
    }

    /// The database's state.
    pub fn database(&self) -> Result<(), String> {
        get(&self.database)
    }

    /// The carriers' state: of several, who is away and why.
    pub fn carrier(&self) -> Result<(), String> {
        let carriers = self.carriers.lock().expect("no one panics while holding it");
        let away = carriers.iter().filter_map(|(name, state)| Some(named(*name, state.as_ref().err()?)));
        let away: Vec<String> = away.collect();
        match (carriers.is_empty(), away.is_empty()) {
            (true, _) => Err(NOT_YET.to_owned()),
            (_, true) => Ok(()),
            _ => Err(away.join("; ")),
        }
    }

    /// Notes the state of the broker at `host:port`.
    pub fn set_broker(&self, at: &str, state: Result<(), String>) {
        set(&self.broker, state, "broker", Some(at));
    }

    /// Notes a carrier's state.
    pub fn set_carrier(&self, name: Option<CarrierName>, state: Result<(), String>) {
        let mut carriers = self.carriers.lock().expect("no one panics while holding it");
        let now = carriers.entry(name).or_insert_with(|| Err(NOT_YET.to_owned()));
        // Each request to it may fail in words of its own: the first of them are logged.
        let known = state.is_err() && now.as_ref().is_err_and(|why| why != NOT_YET);
        if known { *now = state } else { change(now, state, name.map_or("carrier", CarrierName::as_str), None) }
    }

    pub(super) fn set_busy_sending(&self, busy: bool) {
        self.busy_sending.store(busy, Ordering::Relaxed);
    }

    /// The database did not answer.
    pub fn database_away(&self, error: &StoreError) {
        set(&self.database, Err(error.to_string()), "database", None);
    }

    /// The database has just answered.
    pub fn database_there(&self) {
        set(&self.database, Ok(()), "database", None);
    }
}

/// Before anything was reached.
const NOT_YET: &str = "not reached yet";

fn named(carrier: Option<CarrierName>, why: &str) -> String {
    carrier.map_or_else(|| why.to_owned(), |name| format!("{}: {why}", name.as_str()))
}

fn get(part: &Mutex<Result<(), String>>) -> Result<(), String> {
    part.lock().expect("no one panics while holding it").clone()
}

fn set(part: &Mutex<Result<(), String>>, state: Result<(), String>, name: &'static str, at: Option<&str>) {
    change(&mut part.lock().expect("no one panics while holding it"), state, name, at);
}

/// A change is logged, and so is another reason; a repetition is not.
fn change(now: &mut Result<(), String>, state: Result<(), String>, part: &'static str, at: Option<&str>) {
    match (&*now, &state) {
        (Err(_), Ok(())) => tracing::info!(part, at, "health.there"),
        (Err(was), Err(why)) if was == why => {}
        (_, Err(why)) => tracing::warn!(part, at, why, "health.away"),
        (Ok(()), Ok(())) => {}
    }
    *now = state;
}

/// Since when the service listens without a break: nobody is silent while nobody listens.
#[derive(Clone, Debug, Default)]
pub struct Listening(Arc<AtomicI64>);

/// Not a time: nobody listens.
const DEAF: i64 = 0;

impl Listening {
    /// The connection is there.
    pub fn begin(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::Relaxed);
    }

    /// The connection is lost.
    pub fn end(&self) {
        self.0.store(DEAF, Ordering::Relaxed);
    }

    /// It began at the latest now: the clock that said otherwise was ahead of the time.
    pub(super) fn not_after(&self, now: Timestamp) {
        self.0.fetch_min(now.0, Ordering::Relaxed);
    }

    /// Since when, seen from `now`: while nobody listens, it begins at the earliest now.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        match self.0.load(Ordering::Relaxed) {
            DEAF => now,
            at => Timestamp(at),
        }
    }
}
