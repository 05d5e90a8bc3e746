//! One month (or year), step by step: time moves to whatever happens next, what happened goes through the door, the watch looks on.
//!
//! Only this file moves the clock. A crash throws away the committer and everything in its hands; the broker still has
//! what was not acknowledged, the database what was committed.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use nightporter::clock::Clock;
use nightporter::commit::{Attempt, Cause, Committed, Committer, Item, Tried};
use nightporter::decide::Reply;
use nightporter::decode::Routes;
use nightporter::deliver::try_once;
use nightporter::model::*;
use nightporter::store::{Report, Store, StoreError};
use nightporter::wake;
use nightporter_simulator::{Building, Publish, StaffAction};

use super::carrier::FakeCarrier;
use super::dice::Dice;
use super::length::Length;
use super::watch::Watch;
use super::yardsticks::Yardsticks;
use super::{judge, world};
use crate::house;

const START: &str = "2026-01-05T00:00:00Z";
/// Commits of a thousand in which the process dies, in two of three months.
const DEATHS_PER_MILLE: u64 = 2;
/// Messages handed in at once.
const BATCH_MAX: usize = 64;
/// Rounds without time passing that mean that the house does not come to rest.
const ROUNDS_MAX: u32 = 500;
/// Claims at once, as the outbox does.
const CLAIMS_MAX: i64 = 32;

/// What came of a month.
#[derive(Default)]
pub struct Played {
    /// Hash of everything that was done and left.
    pub trace: u64,
    /// Transactions.
    pub steps: u64,
    /// Messages of devices.
    pub messages: u64,
    /// Deaths of the process.
    pub crashes: u64,
    /// Texts that the carrier took.
    pub texts: u64,
    /// Problems that had to be found.
    pub problems: u64,
    /// Credits.
    pub credits: u64,
    /// Housekeepers who were told that somebody was quicker.
    pub too_late: u64,
    /// What the yardsticks are made of.
    pub yardsticks: Yardsticks,
}

/// Something of the world that will reach the house.
#[derive(Clone)]
pub enum Later {
    /// The carrier's answer.
    Answer(Box<Tried>),
    /// The carrier's report.
    Report(Report),
    /// A person's text.
    Text(Reply),
    /// A housekeeper's move.
    Act(StaffAction),
}

/// A month being played.
pub struct Month {
    pub(super) seed: u64,
    pub(super) length: Length,
    pub(super) dice: Dice,
    pub(super) building: Building,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) carrier: FakeCarrier,
    pub(super) watch: Watch,
    pub(super) played: Played,
    /// When another process took over.
    pub(super) deaths: Vec<Timestamp>,
    committer: Committer,
    routes: Routes,
    /// What the broker has not had acknowledged, and what it keeps.
    broker: VecDeque<(Publish, bool)>,
    retained: BTreeMap<String, Publish>,
    later: BTreeMap<(Timestamp, u64), Later>,
    planned: u64,
    until: Timestamp,
    rounds: u32,
    /// When a device or ticket is due next, and a message.
    next: (Option<Timestamp>, Option<Timestamp>),
}

impl Month {
    /// Plays the month of a seed. The error says at which step what was broken.
    pub async fn play(seed: u64, length: Length) -> Result<Played, String> {
        let mut month = Self::begin(seed, length).await;
        let result = month.run().await;
        let (step, now) = (month.played.steps, month.clock.now());
        match result {
            Ok(()) => Ok(month.played),
            Err(e) => Err(format!("step {step} at {now}: {e}")),
        }
    }

    async fn begin(seed: u64, length: Length) -> Self {
        let start: DateTime<Utc> = START.parse().expect("an instant");
        let mut dice = Dice::new(seed, 1);
        let building = Building::new(length.options(seed, start, &mut dice));
        let registry = house::registry(&building.registry());
        let clock = Clock::manual(start.into());
        let store = Store::open("sqlite::memory:").await.expect("opens");
        store.migrate().await.expect("migrates");
        store.import(&registry).await.expect("imports");
        let (committer, _) = house::committer(&store, &clock, "owner 0");
        let mut month = Self {
            seed,
            carrier: FakeCarrier::new(seed, &clock),
            watch: Watch::new(&registry),
            played: Played::default(),
            deaths: Vec::new(),
            committer,
            routes: Routes::default(),
            broker: VecDeque::new(),
            retained: BTreeMap::new(),
            later: BTreeMap::new(),
            planned: 0,
            length,
            until: clock.now() + length.days * time::DAY,
            rounds: 0,
            next: (None, None),
            dice,
            building,
            clock,
            store,
        };
        for (at, reply) in world::stops(&mut month.dice, &registry, month.clock.now()) {
            month.plan(at, Later::Text(reply));
        }
        month
    }

    async fn run(&mut self) -> Result<(), String> {
        while self.clock.now() < self.until {
            self.move_on()?;
            self.listen();
            self.take_in().await?;
            self.look_ahead().await?;
            self.wake().await?;
            self.send_due().await?;
        }
        self.drain().await?;
        judge::judge(self).await
    }

    /// What the database says is due next.
    async fn look_ahead(&mut self) -> Result<(), String> {
        let asked = async {
            let mut tx = self.store.read().await?;
            Ok::<_, StoreError>((tx.next_due_at().await?, tx.next_message_at().await?))
        };
        self.next = asked.await.map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Time goes on to the next event, or a little past it.
    fn move_on(&mut self) -> Result<(), String> {
        let (due, message) = self.next;
        let planned = self.later.first_key_value().map(|((at, _), _)| *at);
        let next = [Some(self.building.next_at().into()), due, message, planned].into_iter().flatten().min();
        let pause = if self.dice.chance(850) { self.dice.range(0, self.length.pause_max()) } else { 0 };
        let now = self.clock.now();
        let then = (next.unwrap_or(self.until).max(now) + pause).min(self.until);
        self.rounds = if then == now { self.rounds + 1 } else { 0 };
        if self.rounds > ROUNDS_MAX {
            return Err("the house does not come to rest".to_owned());
        }
        self.clock.set(then);
        Ok(())
    }

    /// What the building has sent and said meanwhile.
    fn listen(&mut self) {
        let now = self.clock.now().to_utc();
        for publish in self.building.step(now) {
            if publish.retain {
                self.retained.insert(publish.topic.clone(), publish.clone());
            }
            // A broker hands a retained message to those who listen already as an ordinary one.
            self.broker.push_back((publish, false));
        }
        for reply in self.building.replies(now) {
            self.planned += 1;
            let sid = format!("IN{}", self.planned);
            let from = E164::parse(&reply.from).expect("the building's numbers");
            self.plan(reply.at.into(), Later::Text(Reply { from, body: reply.body, sid, about: None }));
        }
        for action in self.building.actions(now) {
            self.plan(action.at.into(), Later::Act(action));
        }
    }

    pub(super) fn plan(&mut self, at: Timestamp, what: Later) {
        self.planned += 1;
        self.later.insert((at, self.planned), what);
    }

    /// Messages of devices, then people and carrier.
    async fn take_in(&mut self) -> Result<(), String> {
        while !self.broker.is_empty() {
            let count = self.broker.len().min(BATCH_MAX);
            let batch: Vec<_> = self.broker.range(..count).cloned().collect();
            let now = self.clock.now();
            let heard = |(publish, retained): &(Publish, bool)| world::causes(publish, *retained, now, &self.routes);
            let items: Vec<Item> = batch.iter().map(heard).map(Item::of).collect();
            let wet = world::wet_devices(&items);
            if self.commit(items).await? {
                self.broker.drain(..count);
                self.played.messages += count as u64;
                self.watch.leaks_are_known(&self.store, &wet, now).await?;
            }
        }
        let now = self.clock.now();
        while let Some(entry) = self.later.first_entry().filter(|e| e.key().0 <= now) {
            let what = entry.remove();
            let Some(cause) = world::cause_of(what.clone(), &self.watch) else { continue };
            if let Later::Report(report) = &what {
                self.watch.reported(report);
            }
            if !self.commit(vec![Item::of(vec![cause])]).await? && !matches!(what, Later::Answer(_)) {
                // Who got no answer tries again.
                let again = self.clock.now() + time::SECOND;
                self.plan(again, what);
            } else if let Later::Text(reply) = &what {
                self.watch.heard_wish(reply);
            }
        }
        Ok(())
    }

    async fn wake(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            if self.next.0.is_none_or(|due| due > self.clock.now()) {
                return Ok(());
            }
            let causes = wake::due(&self.store, self.clock.now()).await.map_err(|e| e.to_string())?;
            self.commit(vec![Item::of(causes)]).await?;
            self.look_ahead().await?;
        }
        Err("what is due stays due".to_owned())
    }

    pub(super) async fn send_due(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            if self.next.1.is_none_or(|due| due > self.clock.now()) {
                return Ok(());
            }
            let due = {
                let mut tx = self.store.read().await.map_err(|e| e.to_string())?;
                tx.due_messages(self.clock.now(), CLAIMS_MAX).await.map_err(|e| e.to_string())?
            };
            self.commit(vec![Item::of(due.into_iter().map(|due| Cause::MessageDue(Box::new(due))).collect())]).await?;
            self.look_ahead().await?;
        }
        Err("messages that are due stay due".to_owned())
    }

    /// One transaction, or a death around it. Whether it was survived.
    async fn commit(&mut self, items: Vec<Item>) -> Result<bool, String> {
        self.played.steps += 1;
        if self.seed.is_multiple_of(3) || !self.dice.chance(DEATHS_PER_MILLE) {
            let committed = self.committer.step(&items).await.map_err(|e| format!("commit: {e}"))?;
            self.watch.look(&self.store, &committed, self.clock.now()).await?;
            world::trace(&mut self.played.trace, &committed, self.clock.now());
            self.played.too_late += world::too_late(&items, &committed);
            self.attempt(committed).await?;
            return Ok(true);
        }
        match self.dice.below(3) {
            0 => {}
            1 => {
                let committed = world::die_within(&self.store, &self.committer, &items, &mut self.dice).await?;
                self.look_after_death(committed).await?;
            }
            _ => {
                let committed = self.committer.step(&items).await.map_err(|e| format!("commit: {e}"))?;
                self.look_after_death(Some(committed)).await?;
            }
        }
        self.die().await?;
        Ok(false)
    }

    async fn look_after_death(&mut self, committed: Option<Committed>) -> Result<(), String> {
        let Some(committed) = committed else { return Ok(()) };
        self.watch.look(&self.store, &committed, self.clock.now()).await
    }

    /// Everything in hand is lost; another process takes over a little later.
    async fn die(&mut self) -> Result<(), String> {
        self.played.crashes += 1;
        self.later.retain(|_, what| !matches!(what, Later::Answer(_)));
        self.clock.advance(self.dice.range(500, 20_000));
        self.deaths.push(self.clock.now());
        let owner = format!("owner {}", self.played.crashes);
        self.committer = house::committer(&self.store, &self.clock, &owner).0;
        let adopted = async {
            let mut tx = self.store.begin().await?;
            tx.orphan_leases(&owner, self.clock.now()).await?;
            tx.commit().await
        };
        adopted.await.map_err(|e| e.to_string())?;
        if self.dice.chance(300) {
            // The session was lost too: the broker sends all that it keeps.
            self.broker.extend(self.retained.values().map(|publish| (publish.clone(), true)));
        }
        Ok(())
    }

    /// Makes the attempts of a committed batch; their answers come later.
    async fn attempt(&mut self, committed: Committed) -> Result<(), String> {
        for attempt in committed.attempts {
            if let Attempt::Send(message, _) = &attempt {
                self.watch.may_be_sent(message, self.clock.now())?;
            }
            let about = attempt.message().ticket_id.clone();
            let tried = try_once(&self.carrier, &self.clock, attempt).await;
            for taken in self.carrier.taken_since(self.watch.taken_count()) {
                let device = self.watch.device_of(about.as_ref());
                self.building.hear(world::to_people(&taken, device));
                if self.dice.chance(800) {
                    let at = taken.at + self.dice.range(2_000, 60_000);
                    let report = world::report(&taken, &mut self.dice);
                    self.plan(at, Later::Report(report));
                }
                self.watch.was_taken(taken)?;
                self.played.texts += 1;
            }
            let at = self.clock.now() + self.dice.range(100, 8_000);
            self.plan(at, Later::Answer(Box::new(tried)));
        }
        Ok(())
    }

    /// The building stands still; the outbox must come to an end.
    async fn drain(&mut self) -> Result<(), String> {
        self.carrier.heal();
        for _ in 0..ROUNDS_MAX * 4 {
            self.look_ahead().await?;
            self.send_due().await?;
            let message = self.next.1;
            let planned = self.later.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = [message, planned].into_iter().flatten().min() else { return Ok(()) };
            self.clock.set(next.max(self.clock.now()));
            self.take_in().await?;
        }
        Err("the outbox does not drain".to_owned())
    }

    /// The end of the month, before the draining.
    pub(super) fn until(&self) -> DateTime<Utc> {
        self.until.to_utc()
    }
}
