//! One batch: load, detect, decide, store, in this order, in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::field::Field;
use super::{Cause, Change, Committed, Committer, Item, Said};
use super::{sweep, wishes};
use crate::decide::desk::{Changes, Desk};
use crate::decide::detect::sample::About;
use crate::decide::forecast::{Caught, FinishedLife, Fleet};
use crate::decide::{Command, Context, DeviceState, Outcome, Reply, Wanted};
use crate::model::*;
use crate::store::{Reject, StateRow, StoreError, Tx};

/// Messages that could not be understood, kept of one batch.
const REJECTS_BATCH_MAX: usize = 50;
/// What the core is asked to do, in the order of the causes.
pub(super) enum Task<'a> {
    Found(DeviceKey, Finding),
    TicketDue(&'a TicketId),
    Command(usize, &'a TicketId, &'a str, &'a Command),
    Outcome(Outcome),
    Reply(&'a Reply, Vec<TicketId>, Vec<(PropertyId, UnitId)>),
    Open(usize, &'a Wanted, &'a str, &'a str),
    Say(usize, Conversation, &'a Said),
    Waits(Conversation),
    Keyed(usize, TicketId, TenantId, char),
}

/// See [`Committer::step`].
pub(super) async fn step(house: &Committer, items: &[Item]) -> Result<Committed, StoreError> {
    let now = house.clock.now();
    let mut tx = house.store.begin().await?;
    let mut batch = Batch {
        house,
        now,
        states: BTreeMap::new(),
        devices: HashMap::new(),
        field: Field::default(),
        begun: Vec::new(),
        sent_lately: None,
        came: Vec::new(),
        fleet: house.lives.current(&mut tx, now).await?,
        caught: Vec::new(),
        moved: Vec::new(),
        out: Committed::default(),
    };
    batch.load_devices(&mut tx, items).await?;
    batch.load_broker(&mut tx, items).await?;
    let mut tasks = batch.collect(&mut tx, items).await?;
    batch.confirm(&mut tx, &mut tasks).await?;
    batch.confirm_old(&mut tx, &mut tasks).await?;
    tx.add_newcomers(&batch.came, now).await?;
    let changes = batch.decide(&mut tx, tasks).await?;
    batch.store(&mut tx, items, changes).await?;
    tx.commit().await?;
    batch.out.answers.sort_by_key(|(n, _)| *n);
    Ok(batch.out)
}

pub(super) struct Batch<'a> {
    pub(super) house: &'a Committer,
    pub(super) now: Timestamp,
    /// States of the devices of this batch, with when they were due so far.
    pub(super) states: BTreeMap<DeviceKey, (Box<DeviceState>, Option<Timestamp>)>,
    pub(super) devices: HashMap<DeviceKey, Device>,
    pub(super) field: Field,
    /// Attempts that begin with this batch.
    pub(super) begun: Vec<(MessageId, MadeAttempt)>,
    /// Messages sent within the last day, once that is counted.
    pub(super) sent_lately: Option<i64>,
    /// Registered devices that are heard for the first time.
    came: Vec<DeviceKey>,
    pub(super) fleet: Arc<Fleet>,
    /// Gauges that were caught lying.
    caught: Vec<Caught>,
    /// Messages that are new or stand elsewhere now, with their tickets.
    pub(super) moved: Vec<(MessageId, Option<TicketId>)>,
    pub(super) out: Committed,
}

impl<'a> Batch<'a> {
    /// The broker stands in no registry; the first property looks after it.
    async fn load_broker(&mut self, tx: &mut Tx, items: &[Item]) -> Result<(), StoreError> {
        let brokers = items.iter().flat_map(|i| &i.causes).filter_map(|cause| match cause {
            Cause::BrokerAway(key, _) | Cause::BrokerBack(key) => Some(key),
            _ => None,
        });
        for key in brokers {
            if let Some(property) = tx.first_property().await? {
                self.devices.insert(key.clone(), Device::broker(key.clone(), property));
            }
        }
        Ok(())
    }

    /// Runs the detectors and settles the outbox; what is left is for the core.
    async fn collect<'i>(&mut self, tx: &mut Tx, items: &'i [Item]) -> Result<Vec<Task<'i>>, StoreError> {
        let mut tasks = Vec::new();
        for (n, item) in items.iter().enumerate() {
            for cause in &item.causes {
                match cause {
                    Cause::Heard(key, _) if self.field.refuses(n, key) => {}
                    Cause::Heard(..) | Cause::DeviceDue(_) => self.detect(item, cause, &mut tasks),
                    Cause::Adopt(_) | Cause::Dismiss(_) | Cause::Swap(..) => {
                        self.decide_field(tx, n, cause, &mut tasks).await?;
                    }
                    Cause::BrokerAway(key, since) => {
                        tasks.push(Task::Found(
                            key.clone(),
                            Finding::Silent { since: *since, heard_from: *since, battery_low: false, empty: None },
                        ));
                    }
                    Cause::BrokerBack(key) => tasks.push(Task::Found(key.clone(), Finding::BackOnline)),
                    Cause::Rejected(_) => {}
                    Cause::ClockBack(by) => self.put_clock_back(tx, *by).await?,
                    Cause::TicketDue(id) => tasks.push(Task::TicketDue(id)),
                    Cause::Command(id, actor, command) => tasks.push(Task::Command(n, id, actor, command)),
                    Cause::Open(open) => tasks.push(Task::Open(n, &open.0, &open.1, &open.2)),
                    Cause::Keyed(id, key) => {
                        if let Some((ticket, Recipient::Tenant(who))) = tx.ticket_of_call(id.as_str()).await? {
                            tasks.push(Task::Keyed(n, ticket, TenantId(who), *key));
                        }
                    }
                    Cause::ConversationDue(id) => tasks.extend(tx.conversation(id.as_str()).await?.map(Task::Waits)),
                    Cause::Say(id, said) => self.said(tx, n, id, said, &mut tasks).await?,
                    Cause::MessageDue(due) => self.claim(tx, due, &mut tasks).await?,
                    Cause::Tried(tried) => self.settle(tx, tried, &mut tasks).await?,
                    Cause::Report(report) => self.report(tx, report, &mut tasks).await?,
                    Cause::Rota(actor, change) => self.rota(tx, actor, change).await?,
                    Cause::Inbound(reply, to) => self.inbound(tx, reply, to, &mut tasks).await?,
                }
            }
        }
        Ok(tasks)
    }

    pub(super) fn context<'c>(&self, property: Option<&PropertyId>, about: &'c About, fleet: &'c Fleet) -> Context<'c>
    where
        'a: 'c,
    {
        let policy = &*self.house.policy;
        let nowhere = PropertyId::default();
        let leak_clear_after = policy.leak_clear_after(property.unwrap_or(&nowhere));
        let listening_since = self.house.listening.since(self.now);
        Context { policy, leak_clear_after, listening_since, about, fleet, now: self.now }
    }

    fn detect(&mut self, item: &Item, cause: &Cause, tasks: &mut Vec<Task<'_>>) {
        let (Cause::Heard(key, _) | Cause::DeviceDue(key)) = cause else { return };
        let device = self.devices.get(key);
        let about = device.map_or(About::UNKNOWN, About::of);
        let fleet = self.fleet.clone();
        let ctx = self.context(device.map(|d| &d.property_id), &about, &fleet);
        let Some((state, _)) = self.states.get_mut(key) else { return };
        if device.is_some() && matches!(cause, Cause::Heard(..)) && sweep::is_new(state) {
            self.came.push(key.clone());
        }
        let findings = match (cause, device) {
            (Cause::Heard(_, heard), Some(_)) => state.hear(heard, &ctx),
            (Cause::Heard(_, heard), None) => {
                state.hold(heard, &ctx);
                self.hear_stranger(item, key, heard);
                Vec::new()
            }
            (_, Some(_)) => state.pass(&ctx),
            (_, None) => Vec::new(),
        };
        self.catch(key, about.model.as_ref());
        self.learn(key, about.model, &findings);
        tasks.extend(findings.into_iter().map(|f| Task::Found(key.clone(), f)));
    }

    /// Lies that a gauge was caught with join what is known of its model.
    fn catch(&mut self, key: &DeviceKey, model: Option<&String>) {
        let (Some(model), Some((state, _))) = (model, self.states.get_mut(key)) else { return };
        let caught = |lie| Caught { device: key.clone(), model: model.clone(), lie };
        self.caught.extend(state.battery.gauge.count().into_iter().map(caught));
    }

    /// A battery that has just been replaced joins what is known of its model, if it died by itself.
    fn learn(&mut self, key: &DeviceKey, model: Option<String>, findings: &[Finding]) {
        if !findings.iter().any(|f| matches!(f, Finding::BatteryReplaced { .. })) {
            return;
        }
        let own = self.states.get(key).and_then(|(state, _)| state.battery.outlook.own.last());
        let finished = model.zip(own.filter(|life| life.died).cloned());
        self.out.lives.extend(finished.map(|(model, life)| FinishedLife { device: key.clone(), model, life }));
    }

    async fn decide(
        &mut self,
        tx: &mut Tx,
        tasks: Vec<Task<'_>>,
    ) -> Result<(BTreeMap<TicketId, Ticket>, Changes), StoreError> {
        if tasks.is_empty() {
            return Ok(Default::default());
        }
        let facts = self.load_facts(tx, &tasks).await?;
        let mut desk = Desk::new(facts, &self.house.policy, &self.house.words, self.now);
        for task in tasks {
            match task {
                Task::Found(key, finding) => desk.found(&key, &finding),
                Task::TicketDue(id) => desk.ticket_due(id),
                Task::Outcome(outcome) => desk.outcome(&outcome),
                Task::Reply(reply, tickets, _) => desk.reply(reply, &tickets),
                Task::Keyed(n, ticket, tenant, key) => {
                    if desk.keyed(&ticket, &tenant, key) {
                        self.out.answers.push((n, Ok(desk.facts.tickets[&ticket].clone())));
                    }
                }
                Task::Open(n, wanted, actor, key) => {
                    let done = wishes::open(tx, &mut desk, (wanted, actor, key)).await?;
                    self.out.answers.push((n, done));
                }
                Task::Waits(conversation) => desk.conversation_due(&conversation.phone),
                Task::Say(n, conversation, said) => {
                    let done = match said {
                        Said::Answer { actor, text, key } => desk.say(&conversation.id, actor, text, key),
                        Said::Nothing => desk.leave(&conversation.id),
                    };
                    self.out.answers.extend(done.err().map(|refusal| (n, Err(refusal))));
                }
                Task::Command(n, id, actor, command) => {
                    let done = desk.command(id, actor, command).map(|()| desk.facts.tickets[id].clone());
                    self.out.answers.push((n, done));
                }
            }
        }
        self.store_talk(tx, &desk).await?;
        Ok((desk.facts.tickets, desk.changes))
    }

    pub(super) fn found_device(&self, task: &Task<'_>) -> Option<&Device> {
        match task {
            Task::Found(key, _) => self.devices.get(key),
            _ => None,
        }
    }

    async fn store(
        &mut self,
        tx: &mut Tx,
        items: &[Item],
        decided: (BTreeMap<TicketId, Ticket>, Changes),
    ) -> Result<(), StoreError> {
        let (tickets, mut changes) = decided;
        self.tell_devices(tx, &changes).await?;
        let rows = self.state_rows();
        tx.save_states(&rows).await?;
        self.store_field(tx).await?;
        let changed: Vec<&Ticket> = changes.tickets.iter().filter_map(|id| tickets.get(id)).collect();
        tx.save_tickets(&changed).await?;
        tx.add_events(&changes.events).await?;
        self.send(tx, &mut changes).await?;
        tx.begin_attempts(&self.begun).await?;
        self.moved.extend(changes.messages.iter().map(|m| (m.id(), m.ticket_id.clone())));
        for (id, ticket) in &self.moved {
            self.out.changes.push(change("message", &id.0, ticket.as_ref(), &tickets));
        }
        for entry in &changes.entries {
            if tx.add_entry(entry).await? {
                self.out.changes.push(change("reward", &entry.tenant_id.0, entry.ticket_id.as_ref(), &tickets));
            }
        }
        self.store_work(tx, &changes).await?;
        for wish in &changes.wishes {
            tx.save_wish(wish, self.now).await?;
        }
        let rejects = items.iter().flat_map(|i| &i.causes).filter_map(|c| match c {
            Cause::Rejected(reject) => Some(Reject::clone(reject)),
            _ => None,
        });
        let rejects: Vec<_> = rejects.take(REJECTS_BATCH_MAX).collect();
        tx.add_rejects(&rejects).await?;
        tx.add_lives(&self.out.lives, self.now).await?;
        tx.save_caught(&self.caught, self.now).await?;
        self.out.changes.extend(changed.iter().map(|t| change("ticket", &t.id.0, Some(&t.id), &tickets)));
        for event in changes.events.iter().filter(|e| e.what == "opened") {
            self.house.metrics.tickets_opened.inc(tickets[&event.ticket_id].kind.as_str());
        }
        Ok(())
    }

    /// What was decided about devices becomes part of their states.
    async fn tell_devices(&mut self, tx: &mut Tx, changes: &Changes) -> Result<(), StoreError> {
        let keys = changes.words_given.iter().chain(changes.heard_anew.iter().map(|(key, _)| key));
        let keys = keys.chain(&changes.leaks_cancelled);
        let unknown: Vec<&str> = keys.filter(|key| !self.states.contains_key(*key)).map(DeviceKey::as_str).collect();
        for row in tx.load_states(&unknown).await? {
            self.states.insert(row.key.clone(), read_state(row)?);
        }
        // Only a registered device is due at some time.
        let missing: Vec<&str> = unknown.into_iter().filter(|key| !self.devices.contains_key(*key)).collect();
        self.devices.extend(tx.load_devices(&missing).await?);
        for key in &changes.words_given {
            if let Some((state, _)) = self.states.get_mut(key) {
                state.battery.take_word(self.now);
            }
        }
        for key in &changes.leaks_cancelled {
            if let Some((state, _)) = self.states.get_mut(key) {
                state.leak.cancelled(self.now);
            }
        }
        for (key, from) in &changes.heard_anew {
            if let Some((state, _)) = self.states.get_mut(key) {
                state.listen_anew(*from);
            }
        }
        Ok(())
    }

    /// Rows to store. A device that is due earlier than needed is looked at in vain once, which is cheaper than moving
    /// its place in the index with every message.
    fn state_rows(&self) -> Vec<StateRow> {
        let row = |(key, (state, was_due)): (&DeviceKey, &(Box<DeviceState>, Option<Timestamp>))| {
            let ctx = self.context(self.devices.get(key).map(|d| &d.property_id), &About::UNKNOWN, &self.fleet);
            let due = self.devices.contains_key(key).then(|| state.due_at(&ctx)).flatten();
            let kept = was_due.filter(|was| *was > self.now && due.is_some_and(|due| *was <= due));
            StateRow {
                key: key.clone(),
                seen_at: state.seen_at,
                due_at: kept.or(due),
                state: serde_json::to_string(state).expect("a state is plain data"),
            }
        };
        self.states.iter().map(row).collect()
    }
}

/// Something that changed, with where its ticket is.
fn change(kind: &'static str, id: &str, ticket: Option<&TicketId>, tickets: &BTreeMap<TicketId, Ticket>) -> Change {
    let property_id = ticket.and_then(|id| tickets.get(id)).map(|t| t.property_id.0.clone());
    Change { kind, id: id.to_owned(), property_id }
}

pub(super) fn read_state(row: StateRow) -> Result<(Box<DeviceState>, Option<Timestamp>), StoreError> {
    let state = serde_json::from_str::<Box<DeviceState>>(&row.state).map_err(|e| StoreError::Row {
        table: "device_states",
        id: row.key.0.clone(),
        detail: e.to_string(),
    })?;
    Ok((state, row.due_at))
}
