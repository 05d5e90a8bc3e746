//! The desk: all facts that a batch of causes needs, and all changes it leads to. Pure.
//!
//! The committer lays the facts on the desk, the rules work on it, the committer stores the changes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::automation::Off;
use super::policy::Policy;
use super::tones::Lost;
use super::words::Words;
use crate::model::*;

/// A property with the people who serve it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The property.
    pub property: Property,
    /// Where it is, if the registry tells.
    pub location: Option<Location>,
    /// Its housekeepers, in the order of their ids.
    pub housekeepers: Vec<Housekeeper>,
}

/// A reward that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// To whom.
    pub tenant_id: TenantId,
    /// For which device.
    pub device_key: Option<DeviceKey>,
    /// When.
    pub at: Timestamp,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// A device behind a gateway, as far as its silence is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Which.
    pub key: DeviceKey,
    /// When it last spoke.
    pub seen_at: Timestamp,
    /// When it will count as silent.
    pub due_at: Option<Timestamp>,
}

/// What is known when a batch is decided: loaded under lock, for the devices, tickets and people of the batch.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Properties by id.
    pub places: HashMap<PropertyId, Place>,
    /// How its housekeepers stand.
    pub standings: HashMap<HousekeeperId, Standing>,
    /// Shifts that colleagues work for each other, those of the past left out.
    pub swaps: Vec<ShiftSwap>,
    /// Valves of the properties with water.
    pub valves: Vec<Device>,
    /// Units where a sensor is wet or a flow never stops; loaded when a valve is to be opened.
    pub wet: HashSet<UnitId>,
    /// Units by id.
    pub units: HashMap<UnitId, Unit>,
    /// Tenancies by unit.
    pub tenants: HashMap<UnitId, Vec<Tenant>>,
    /// Registered devices by key.
    pub devices: HashMap<DeviceKey, Device>,
    /// Tickets that are active, or resolved and not yet closed, and those that a cause names.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// Routine and urgent messages of the last 24 hours, by recipient.
    pub contacts: HashMap<String, u32>,
    /// Numbers that said STOP.
    pub stopped: HashSet<E164>,
    /// Purposes that a number does not want to be written to about.
    pub refused: HashSet<(E164, Purpose)>,
    /// Conversations with those who wrote.
    pub conversations: HashMap<E164, Conversation>,
    /// What humans have answered under the keys of this batch: the bodies of messages by key.
    pub said: HashMap<String, String>,
    /// When people were last asked how it was, as far as that is a week ago at most; loaded when somebody may be asked.
    pub surveyed: HashMap<String, Timestamp>,
    /// When people were last told who we are, as far as that is an hour ago at most; loaded when somebody writes.
    pub helped: HashMap<String, Timestamp>,
    /// Goodwill of the last months by these agents and to these tenants; loaded when more is to be given.
    pub given: Vec<Given>,
    /// Rewards of the last 60 days to these tenants and for these devices.
    pub paid: Vec<Paid>,
    /// Devices by gateway.
    pub behind: HashMap<DeviceKey, Vec<Behind>>,
    /// From when those behind a gateway are listened for anew, by its own rhythm; loaded when one of them is silent.
    pub known_at: HashMap<DeviceKey, Timestamp>,
    /// Devices whose fresh battery may be the one that their neighbour of the same unit lost.
    pub swapped: HashSet<DeviceKey>,
    /// What automation is worse at than people.
    pub automation_off: Arc<Off>,
    /// Tones that are not tried any more.
    pub lost_tones: Arc<Lost>,
    /// Devices that came lately with many others, and were then as they are found now.
    pub newcomers: HashSet<DeviceKey>,
}

/// A number's wish to be written to, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose.
    pub phone: E164,
    /// STOP (true) or START (false).
    pub stop: bool,
    /// For which purpose; for all when absent.
    pub purpose: Option<Purpose>,
    /// In which words.
    pub words: String,
    /// In which text: the carrier's id of it, or who else said so.
    pub source: String,
}

/// Kind words for who had a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Praise {
    /// About which matter.
    pub ticket_id: TicketId,
    /// For whom.
    pub housekeeper_id: HousekeeperId,
    /// Where.
    pub property_id: PropertyId,
    /// When.
    pub at: Timestamp,
    /// In which words.
    pub words: String,
}

/// A goodwill credit, beside its entry in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The entry's reference.
    pub reference: String,
    /// Who gave it.
    pub actor: String,
    /// To whom.
    pub tenant_id: TenantId,
    /// When.
    pub at: Timestamp,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Why.
    pub reason: String,
}

/// What was understood of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understanding {
    /// The carrier's id of the text.
    pub sid: String,
    /// The matter that it belongs to.
    pub ticket_id: Option<TicketId>,
    /// The word of its meaning.
    pub intent: &'static str,
    /// How sure, 0–100.
    pub confidence: u8,
    /// Whether automation could look after it.
    pub able: bool,
    /// Whether a human looks after it; nothing where it is nobody's.
    pub by_people: Option<bool>,
}

/// What is to be stored, all in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Tickets that changed.
    pub tickets: BTreeSet<TicketId>,
    /// Their moves.
    pub events: Vec<TicketEvent>,
    /// Messages to send.
    pub messages: Vec<NewMessage>,
    /// Money.
    pub entries: Vec<Entry>,
    /// STOP and START.
    pub wishes: Vec<Wish>,
    /// Tickets whose survey changed.
    pub surveys: BTreeSet<TicketId>,
    /// Kind words.
    pub praise: Vec<Praise>,
    /// Goodwill, beside its entries.
    pub given: Vec<Given>,
    /// What was understood of texts.
    pub understood: Vec<Understanding>,
    /// Numbers whose texts a human has answered, or found to need no answer.
    pub answered: BTreeSet<E164>,
    /// Numbers whose conversation changed.
    pub conversations: BTreeSet<E164>,
    /// What valves are wanted to be.
    pub valves: Vec<ValveWish>,
    /// What managers have to do.
    pub tasks: Vec<Task>,
    /// Photos, each with its number within the ticket.
    pub photos: Vec<(TicketId, i64, Photo)>,
    /// Who took an urgent job at night.
    pub night_calls: Vec<(HousekeeperId, TicketId)>,
    /// Devices whose tenant says that the battery is replaced.
    pub words_given: Vec<DeviceKey>,
    /// Devices whose leak somebody has cancelled.
    pub leaks_cancelled: Vec<DeviceKey>,
    /// Devices whose silence counts from a time on: what kept them from being heard was over then.
    pub heard_anew: Vec<(DeviceKey, Timestamp)>,
}

/// Facts, changes, policy and time, for the rules to work on.
pub struct Desk<'a> {
    /// What is known; kept up to date with the changes.
    pub facts: Facts,
    /// What is to be stored.
    pub changes: Changes,
    /// The operator's decisions.
    pub policy: &'a Policy,
    /// The words.
    pub words: &'a Words,
    /// Now.
    pub now: Timestamp,
}

impl<'a> Desk<'a> {
    /// A desk with these facts on it.
    pub fn new(facts: Facts, policy: &'a Policy, words: &'a Words, now: Timestamp) -> Self {
        let mut desk = Self { facts, changes: Changes::default(), policy, words, now };
        desk.put_back();
        desk
    }

    /// What a ticket notes and plans from when our clock was ahead of the time goes back by as much: nothing waits until the
    /// time has caught up.
    fn put_back(&mut self) {
        let now = self.now;
        let ahead = |t: &&Ticket| t.changed_at - now > time::AHEAD_MIN;
        for ticket in self.facts.tickets.values().filter(ahead).cloned().collect::<Vec<_>>() {
            let by = ticket.changed_at - now;
            *self.change(&ticket.id) = time::with_instants(&ticket, |at| if at > now { at - by } else { at });
            self.event(&ticket.id, "clock_put_back", "system", json!({ "seconds": by / time::SECOND }));
        }
    }

    /// The ticket, which must be on the desk.
    pub(super) fn ticket(&self, id: &TicketId) -> &Ticket {
        self.facts.tickets.get(id).expect("the ticket was loaded or opened in this batch")
    }

    /// The ticket, to be changed and stored.
    pub(super) fn change(&mut self, id: &TicketId) -> &mut Ticket {
        self.changes.tickets.insert(id.clone());
        let ticket = self.facts.tickets.get_mut(id).expect("the ticket was loaded or opened in this batch");
        ticket.changed_at = self.now;
        ticket
    }

    /// Records a move of a ticket.
    pub(super) fn event(&mut self, id: &TicketId, what: &'static str, actor: &str, data: serde_json::Value) {
        let at = self.now;
        let ticket = self.change(id);
        let seq = ticket.events;
        ticket.events += 1;
        self.changes.events.push(TicketEvent { ticket_id: id.clone(), seq, at, what, actor: actor.to_owned(), data });
    }

    /// The tenant who rents a unit on the local day of an instant.
    pub(super) fn tenant_on(&self, unit: &UnitId, property: &PropertyId, at: Timestamp) -> Option<&Tenant> {
        let place = self.facts.places.get(property)?;
        let date = at.to_utc().with_timezone(&place.property.timezone).date_naive();
        self.facts.tenants.get(unit)?.iter().find(|t| t.rents_on(date))
    }
}
