//! The one door: every cause (a message of a device, a due time, a click, a carrier's answer) is decided and stored here.
//!
//! A batch is whatever waits. Its facts are loaded under lock, the pure core decides, one transaction stores all of it;
//! only then are messages acknowledged to the broker, answers given and texts sent. Nothing else writes.

mod batch;
mod brakes;
mod carry;
mod door;
mod field;
mod lives;
mod load;
mod neighbours;
mod outbox;
mod reported;
mod rota;
mod sweep;
mod talk;
mod trials;
mod waits;
mod wishes;

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::{error, warn};

use crate::clock::Clock;
use crate::decide::forecast::FinishedLife;
use crate::decide::{Command, Heard, Policy, Refusal, Reply, Wanted, Words};
use crate::ingest::{Ack, Origin};
use crate::metrics::Metrics;
use crate::model::*;
use crate::store::{DueMessage, Reject, Report, Store, StoreError};

pub use brakes::{Brakes, SendingLimits};
pub use door::{CommandError, Door, Health, Listening};
pub use lives::Lives;
pub use outbox::{Answer, Attempt, LEASE_MS, Tried};
pub use trials::Trials;

/// Causes decided in one transaction at most.
pub const BATCH_MAX: usize = 8_192;
/// How long the door waits before it tries a database again that was away, in milliseconds.
const AWAY_WAIT_MS: std::time::Duration = std::time::Duration::from_millis(250);

/// Something that may change something.
#[derive(Debug)]
pub enum Cause {
    /// A device spoke.
    Heard(DeviceKey, Heard),
    /// A message could not be understood.
    Rejected(Box<Reject>),
    /// A held device is taken into the registry.
    Adopt(Box<Device>),
    /// A held device is forgotten.
    Dismiss(DeviceKey),
    /// A registered device was exchanged for another one: its address, else the one that was refused last.
    Swap(DeviceKey, Option<String>),
    /// A device needs a look.
    DeviceDue(DeviceKey),
    /// The broker has been away since then.
    BrokerAway(DeviceKey, Timestamp),
    /// The broker is there.
    BrokerBack(DeviceKey),
    /// Our clock, ahead of the time by so much until now, was put right.
    ClockBack(Millis),
    /// A ticket needs attention.
    TicketDue(TicketId),
    /// A person wants something of a ticket: who, what.
    Command(TicketId, String, Command),
    /// A person wants something looked after: what, who, under which key.
    Open(Box<(Wanted, String, String)>),
    /// Nobody has answered in a conversation for as long as that may take.
    ConversationDue(ConversationId),
    /// A human answers in a conversation, or finds that nobody needs to.
    Say(ConversationId, Box<Said>),
    /// Somebody changed the rota: who, what.
    Rota(String, RotaChange),
    /// Whoever was called with this message pressed a key.
    Keyed(MessageId, char),
    /// A message's time has come: it is claimed for sending, or for asking the carrier.
    MessageDue(Box<DueMessage>),
    /// The carrier answered, or did not.
    Tried(Box<Tried>),
    /// The carrier reports.
    Report(Report),
    /// A person wrote, to this number of ours.
    Inbound(Box<Reply>, String),
}

/// What a human says in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// An answer: by whom, in which words, under a key that is new for each.
    Answer {
        /// Who.
        actor: String,
        /// What.
        text: String,
        /// The same key again is the same answer.
        key: String,
    },
    /// Nothing: no answer is needed.
    Nothing,
}

/// A change of who works when, or of what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotaChange {
    /// One works another's shift for a while.
    Swap(ShiftSwap),
    /// That is taken back.
    Cancel(String),
    /// A task is done.
    TaskDone(String),
}

/// Causes that belong together, with who waits for them.
#[derive(Debug, Default)]
pub struct Item {
    /// What happened; of one message, one for each device it covers.
    pub causes: Vec<Cause>,
    /// The message behind them, if it was one.
    pub origin: Option<Box<Origin>>,
    /// The broker's message to acknowledge once it is committed.
    pub ack: Option<Ack>,
    /// Who wants to know how it ended.
    pub answer: Option<oneshot::Sender<Result<Option<Ticket>, CommandError>>>,
}

impl Item {
    /// Causes that nobody waits for.
    pub fn of(causes: Vec<Cause>) -> Self {
        Self { causes, ..Self::default() }
    }
}

/// Something that changed, for those who watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `ticket`, `message`, `device`, `quarantine`, `reward`, `rota`, `valve`, `task` or `conversation`.
    pub kind: &'static str,
    /// Which.
    pub id: String,
    /// Where, if that is known.
    pub property_id: Option<String>,
}

/// What a committed batch leads to.
#[derive(Debug, Default)]
pub struct Committed {
    /// Attempts to make now.
    pub attempts: Vec<Attempt>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Batteries that finished.
    pub lives: Vec<FinishedLife>,
    /// How each command of the batch ended, by the number of its item.
    pub answers: Vec<(usize, Result<Ticket, Refusal>)>,
}

/// Decides and stores.
pub struct Committer {
    /// Where everything is kept.
    pub store: Store,
    /// The operator's decisions.
    pub policy: Arc<Policy>,
    /// The words to people.
    pub words: Words,
    /// The time.
    pub clock: Clock,
    /// Since when the house listens without a break.
    pub listening: Listening,
    /// This process, in leases.
    pub owner: String,
    /// Where committed attempts go.
    pub attempts: mpsc::Sender<Attempt>,
    /// Where changes are told.
    pub changes: broadcast::Sender<Change>,
    /// What is away.
    pub health: Arc<Health>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What finished batteries tell.
    pub lives: Lives,
    /// What trials have shown.
    pub trials: Trials,
    /// What holds back from carriers.
    pub brakes: Brakes,
}

impl Committer {
    /// Takes in causes until nobody can send any more.
    pub async fn run(self, mut causes: mpsc::Receiver<Item>) {
        let mut batch = Vec::new();
        while causes.recv_many(&mut batch, BATCH_MAX).await > 0 {
            self.settle(std::mem::take(&mut batch)).await;
        }
    }

    /// Commits a batch, however long the database is away; a cause that no database will ever take is set aside alone.
    pub async fn settle(&self, batch: Vec<Item>) {
        let mut waiting = vec![batch];
        while let Some(mut items) = waiting.pop() {
            match self.step(&items).await {
                Ok(committed) => self.finish(items, committed).await,
                Err(e) if e.is_passing() => {
                    self.metrics.commit_failures.inc();
                    self.health.database_away(&e);
                    tokio::time::sleep(AWAY_WAIT_MS).await;
                    waiting.push(items);
                }
                Err(e) if items.len() > 1 => {
                    warn!(error = %e, items = items.len(), "commit.split");
                    let second = items.split_off(items.len() / 2);
                    waiting.push(second);
                    waiting.push(items);
                }
                Err(e) => self.set_aside(items, &e).await,
            }
        }
    }

    /// One batch, one transaction.
    pub async fn step(&self, items: &[Item]) -> Result<Committed, StoreError> {
        let began = self.clock.now();
        let committed = batch::step(self, items).await?;
        self.metrics.commits.inc();
        self.metrics.batch_causes.observe(items.iter().map(|i| i.causes.len()).sum::<usize>() as f64);
        self.metrics.commit_seconds.observe((self.clock.now() - began) as f64 / 1e3);
        Ok(committed)
    }

    async fn finish(&self, items: Vec<Item>, committed: Committed) {
        self.health.database_there();
        self.lives.learn(committed.lives);
        for attempt in committed.attempts {
            if self.attempts.send(attempt).await.is_err() {
                warn!("deliver.gone");
            }
        }
        let mut answers = committed.answers.into_iter().peekable();
        self.metrics.acks.inc_by(items.iter().filter(|i| i.ack.is_some()).count() as u64);
        for (n, item) in items.into_iter().enumerate() {
            let answer = answers.next_if(|(of, _)| *of == n).map(|(_, answer)| answer);
            item.release(answer.transpose().map_err(CommandError::Refused));
        }
        for change in committed.changes {
            // Nobody watching is no error.
            let _ = self.changes.send(change);
        }
    }

    /// The database will never take this cause: say so loudly, keep it for inspection, go on with its neighbours.
    async fn set_aside(&self, items: Vec<Item>, cause: &StoreError) {
        error!(error = %cause, "commit.set_aside");
        self.metrics.messages_rejected.inc("set_aside");
        let rejects = items.iter().map(|item| Reject {
            at: self.clock.now(),
            topic: String::new(),
            code: "set_aside".to_owned(),
            detail: cause.to_string(),
            payload: item.causes.iter().map(outline).collect::<Vec<_>>().join(" "),
        });
        let rejects: Vec<_> = rejects.collect();
        let kept = async {
            let mut tx = self.store.begin().await?;
            tx.add_rejects(&rejects).await?;
            tx.commit().await
        };
        if let Err(e) = kept.await {
            error!(error = %e, "commit.set_aside_lost");
        }
        for item in items {
            item.release(Err(CommandError::Store(cause.to_string())));
        }
    }
}

impl Item {
    /// It is committed (or set aside): the broker may forget it, who waits is told.
    fn release(self, answer: Result<Option<Ticket>, CommandError>) {
        if let Some(ack) = self.ack {
            ack.release();
        }
        if let Some(waiting) = self.answer {
            // Who asked may have gone.
            let _ = waiting.send(answer);
        }
    }
}

/// A cause in a word, without a person's data.
fn outline(cause: &Cause) -> String {
    match cause {
        Cause::Heard(key, heard) => format!("heard {key} {:?}", heard.readings),
        Cause::Rejected(reject) => format!("rejected {}", reject.code),
        Cause::Adopt(device) => format!("adopt {}", device.key),
        Cause::Dismiss(key) => format!("dismiss {key}"),
        Cause::Swap(key, _) => format!("swap {key}"),
        Cause::DeviceDue(key) => format!("device_due {key}"),
        Cause::BrokerAway(key, _) => format!("broker_away {key}"),
        Cause::BrokerBack(key) => format!("broker_back {key}"),
        Cause::ClockBack(by) => format!("clock_back {by}"),
        Cause::TicketDue(id) => format!("ticket_due {id}"),
        Cause::ConversationDue(id) => format!("conversation_due {id}"),
        Cause::Command(id, _, _) => format!("command {id}"),
        Cause::Open(open) => format!("open {}", open.0.kind.as_str()),
        Cause::Say(id, _) => format!("say {id}"),
        Cause::Rota(_, RotaChange::Swap(swap)) => format!("swap {}", swap.id),
        Cause::Rota(_, RotaChange::TaskDone(id)) => format!("task done {id}"),
        Cause::Rota(_, RotaChange::Cancel(id)) => format!("swap cancelled {id}"),
        Cause::Keyed(id, _) => format!("keyed {id}"),
        Cause::MessageDue(due) => format!("message_due {}", due.id),
        Cause::Tried(tried) => format!("tried {}", tried.message.id),
        Cause::Report(report) => format!("report {}", report.sid),
        Cause::Inbound(reply, _) => format!("inbound {}", reply.sid),
    }
}
