//! The watch: after every transaction, what must always hold. It reads the database and what the carrier took, nothing else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Timelike;
use nightporter::commit::Committed;
use nightporter::decide::{DeviceState, Reply};
use nightporter::model::*;
use nightporter::registry::Registry;
use nightporter::store::{DueMessage, MessageFilter, Page, Report, Store, StoreError};
use nightporter_simulator::{StaffAction, Verb};

use super::carrier::{SLOW_LIST_MS, Taken};

/// Routine and urgent texts that one tenant may be sent within a day.
const DAILY_MAX: usize = 4;
/// A wet that there is reason to doubt is a leak after this, and whatever the process needs to wake up.
const DOUBTED_MOST_MS: Millis = 5 * time::MINUTE;
/// A device is paid for once within this.
const SAME_DEVICE_MS: Millis = 60 * time::DAY;

/// What was seen so far.
pub struct Watch {
    tickets: BTreeMap<TicketId, Ticket>,
    taken: Vec<Taken>,
    /// Texts that came to nothing, and the carrier has said so.
    given_up: BTreeSet<String>,
    /// First request of each message that is no emergency: recipient, when.
    asked: BTreeMap<MessageId, (String, Timestamp)>,
    stopped: BTreeSet<String>,
    ever_stopped: BTreeSet<String>,
    entries: usize,
    phones: BTreeMap<String, String>,
}

type Broken = Result<(), String>;

fn stored<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|e| format!("store: {e}"))
}

fn unless(holds: bool, what: impl FnOnce() -> String) -> Broken {
    if holds { Ok(()) } else { Err(what()) }
}

impl Watch {
    /// A watch over a building.
    pub fn new(registry: &Registry) -> Self {
        let phone_of = |t: &Tenant| (t.phone.as_str().to_owned(), t.unit_id.0.clone());
        Self {
            tickets: BTreeMap::new(),
            taken: Vec::new(),
            given_up: BTreeSet::new(),
            asked: BTreeMap::new(),
            stopped: BTreeSet::new(),
            ever_stopped: BTreeSet::new(),
            entries: 0,
            phones: registry.tenants.iter().map(phone_of).collect(),
        }
    }

    /// After a transaction.
    pub async fn look(&mut self, store: &Store, committed: &Committed, now: Timestamp) -> Broken {
        for change in &committed.changes {
            match change.kind {
                "ticket" => self.ticket_changed(store, &change.id).await?,
                "reward" => self.ledger_is_sound(store, now).await?,
                _ => {}
            }
        }
        Ok(())
    }

    async fn ticket_changed(&mut self, store: &Store, id: &str) -> Broken {
        let mut tx = stored(store.read().await)?;
        let ticket = stored(tx.ticket(id).await)?.ok_or_else(|| format!("ticket {id} is gone"))?;
        let events = stored(tx.ticket_events(id).await)?;
        unless(events.len() as i64 == ticket.events, || {
            format!("{id}: {} moves, {} counted", events.len(), ticket.events)
        })?;
        match self.tickets.get(&ticket.id) {
            Some(before) => {
                goes_forward(before, &ticket)?;
                let since = usize::try_from(before.events).unwrap_or_default();
                let accepted = events.iter().skip(since).filter(|(_, _, what, ..)| what == "accepted").count();
                let most = if before.status == Status::Assigned { ticket.round - before.round } else { 1 };
                unless(accepted <= most as usize, || format!("{id}: accepted by two"))?;
            }
            None if ticket.kind == TicketKind::Leak => self.is_told(&ticket, &mut tx).await?,
            None => {}
        }
        self.tickets.insert(ticket.id.clone(), ticket.clone());
        self.is_only_one(&ticket)
    }

    /// Of a leak the tenant is told in the transaction that opened it.
    async fn is_told(&self, ticket: &Ticket, tx: &mut nightporter::store::Tx) -> Broken {
        let Some(tenant) = &ticket.tenant_id else { return Ok(()) };
        let filter = MessageFilter { ticket: Some(ticket.id.0.clone()), ..MessageFilter::default() };
        let messages = stored(tx.list_messages(&filter, &Page { limit: 50, after: None }).await)?;
        let to_tenant = messages.iter().any(|m| m.recipient == format!("tenant:{tenant}"));
        let stopped =
            ticket.plan.iter().any(|p| matches!(&p.done, Some(StepDone::Skipped { why, .. }) if why == "opted_out"));
        unless(to_tenant || stopped, || format!("{}: a leak without a text to its tenant", ticket.id))
    }

    /// At most one active ticket for a device and kind; of leaks also as a part.
    fn is_only_one(&self, ticket: &Ticket) -> Broken {
        if !ticket.status.is_active() {
            return Ok(());
        }
        let same = |t: &&Ticket| t.id != ticket.id && t.kind == ticket.kind && t.status.is_active();
        for other in self.tickets.values().filter(same) {
            let another = ticket.device_key.is_none() || other.device_key != ticket.device_key;
            unless(another, || {
                let kind = ticket.kind.as_str();
                format!("{} and {} are one {kind} of {:?}", ticket.id, other.id, ticket.device_key)
            })?;
            let shared = ticket.kind == TicketKind::Leak
                && ticket.devices.iter().any(|(key, _)| other.devices.iter().any(|(k, _)| k == key));
            unless(!shared && (ticket.kind != TicketKind::Leak || other.unit_id != ticket.unit_id), || {
                format!("{} and {} are one incident", ticket.id, other.id)
            })?;
        }
        Ok(())
    }

    async fn ledger_is_sound(&mut self, store: &Store, now: Timestamp) -> Broken {
        let mut tx = stored(store.read().await)?;
        let sum: i64 = stored(tx.trial_balance().await)?.iter().map(|row| row.amount_minor).sum();
        unless(sum == 0, || format!("the ledger is {sum} off"))?;
        let entries = stored(tx.list_entries(&Page { limit: 10_000, after: None }).await)?;
        unless(entries.len() >= self.entries, || "an entry is gone".to_owned())?;
        self.entries = entries.len();
        for (n, entry) in entries.iter().enumerate() {
            unless(entry.at <= now && entry.amount_minor > 0, || format!("{} is odd", entry.reference))?;
            let again = entries[..n].iter().any(|e| {
                e.ticket_id == entry.ticket_id || (e.device_key == entry.device_key && entry.at - e.at < SAME_DEVICE_MS)
            });
            unless(!again, || format!("{}: paid twice", entry.reference))?;
        }
        Ok(())
    }

    /// A device that is believed to be wet is part of an active leak ticket, and shown there as wet.
    pub async fn leaks_are_known(&self, store: &Store, devices: &[DeviceKey], now: Timestamp) -> Broken {
        if devices.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = devices.iter().map(DeviceKey::as_str).collect();
        let rows = stored(stored(store.begin().await)?.load_states(&keys).await)?;
        for row in rows {
            let state: DeviceState = serde_json::from_str(&row.state).map_err(|e| e.to_string())?;
            let part = |t: &&Ticket| t.devices.iter().any(|(key, wet)| *key == row.key && *wet);
            let known = self.tickets.values().any(|t| t.kind == TicketKind::Leak && t.status.is_active() && part(&t));
            unless(known || !state.leak.open, || format!("{} is wet and nobody knows", row.key))?;
            let doubted = state.leak.doubt.is_some_and(|(_, since)| now - since <= DOUBTED_MOST_MS);
            unless(state.leak.open || doubted || !state.leak.is_wet(), || {
                format!("{} is wet and not open: {:?}", row.key, state.leak)
            })?;
        }
        Ok(())
    }

    /// Before a request to the carrier.
    pub fn may_be_sent(&mut self, message: &DueMessage, now: Timestamp) -> Broken {
        let hour = now.to_utc().with_timezone(&chrono_tz::Asia::Shanghai).hour();
        let day = (8..21).contains(&hour);
        unless(day || message.severity != Severity::Routine, || format!("{} is routine, and it is night", message.id))?;
        unless(now < message.expires_at, || format!("{} has expired", message.id))?;
        unless(!self.stopped.contains(message.to.as_str()), || format!("{} goes to who said STOP", message.id))?;
        if message.severity == Severity::Emergency {
            return Ok(());
        }
        let recipient = message.recipient.as_key();
        self.asked.entry(message.id.clone()).or_insert((recipient.clone(), now));
        let lately = self.asked.values().filter(|(to, at)| *to == recipient && now - *at < time::DAY).count();
        let tenant = matches!(message.recipient, Recipient::Tenant(_));
        unless(!tenant || lately <= DAILY_MAX, || format!("{}: {lately} texts in a day", message.id))
    }

    /// The carrier took a text: once for each message, unless its list was slower than anybody can wait.
    pub fn was_taken(&mut self, taken: Taken) -> Broken {
        let before = self.taken.iter().find(|t| t.message == taken.message && !self.given_up.contains(&t.sid));
        let again = before.filter(|t| t.shown_at - t.at < SLOW_LIST_MS).map(|t| t.sid.clone());
        let sid = taken.sid.clone();
        self.taken.push(taken);
        again.map_or(Ok(()), |first| Err(format!("{sid} is the same text as {first}")))
    }

    /// Of a text that came to nothing the same words may go out again.
    pub fn reported(&mut self, report: &Report) {
        if report.status == MessageStatus::Undelivered {
            self.given_up.insert(report.sid.clone());
        }
    }

    /// How many texts were taken so far.
    pub fn taken_count(&self) -> usize {
        self.taken.len()
    }

    /// What a ticket is about.
    pub fn device_of(&self, id: Option<&TicketId>) -> Option<(TicketKind, String)> {
        let ticket = self.tickets.get(id?)?;
        Some((ticket.kind, ticket.device_key.as_ref()?.0.clone()))
    }

    /// Somebody said STOP or START, and it is committed.
    pub fn heard_wish(&mut self, reply: &Reply) {
        let phone = reply.from.as_str().to_owned();
        match reply.body.as_str() {
            "STOP" => {
                self.ever_stopped.insert(phone.clone());
                self.stopped.insert(phone)
            }
            "START" => self.stopped.remove(&phone),
            _ => false,
        };
    }

    /// The ticket that a housekeeper's move is about: theirs, or for taking one the latest that they were asked for, free or
    /// not.
    pub fn ticket_for(&self, action: &StaffAction) -> Option<TicketId> {
        let about =
            |t: &&Ticket| t.status.is_active() && t.devices.iter().any(|(key, _)| key.as_str() == action.about_device);
        let theirs = |t: &&Ticket| t.assignee.as_ref().is_some_and(|h| h.as_str() == action.housekeeper_id);
        let asked = |t: &Ticket| t.work.asked.iter().any(|h| h.as_str() == action.housekeeper_id);
        let mine = self.tickets.values().filter(about).filter(|t| action.verb == Verb::Accept || theirs(t));
        mine.max_by_key(|t| (asked(t), t.opened_at, std::cmp::Reverse(&t.id))).map(|t| t.id.clone())
    }

    /// Units of those who ever said STOP: nobody there need have been told.
    pub fn silenced_units(&self) -> Vec<&String> {
        self.ever_stopped.iter().filter_map(|phone| self.phones.get(phone)).collect()
    }
}

/// A ticket's past does not change.
fn goes_forward(before: &Ticket, after: &Ticket) -> Broken {
    let id = &after.id;
    let over = matches!(before.status, Status::Closed { .. } | Status::Cancelled { .. });
    unless(!over || before.status == after.status, || format!("{id}: came back from {:?}", before.status))?;
    unless(after.events >= before.events && after.round >= before.round, || format!("{id}: lost a move"))?;
    unless(after.opened_at == before.opened_at && after.kind == before.kind, || format!("{id}: is another"))?;
    unless(before.told_at.is_none() || after.told_at == before.told_at, || format!("{id}: told again"))?;
    unless(before.reward_minor.is_none() || after.reward_minor == before.reward_minor, || {
        format!("{id}: other reward")
    })?;
    unless(!before.died || after.died, || format!("{id}: rose from the dead"))?;
    unless(after.devices.len() >= before.devices.len(), || format!("{id}: lost a device"))
}
