//! Loading the facts that a batch needs in order to be decided, under the lock of their properties.

use std::collections::{HashMap, HashSet};

use super::Said;
use super::batch::{Batch, Task, read_state};
use crate::decide::desk::{Desk, Facts};
use crate::decide::detect::DeviceState;
use crate::decide::detect::sample::About;
use crate::decide::intent::is_water;
use crate::decide::{Command, Wanted};
use crate::model::time::{DAY, HOUR};
use crate::model::*;
use crate::store::{StoreError, TicketScope, Tx};

/// How far back rewards are looked at.
const PAID_SINCE_MS: Millis = 62 * DAY;
/// How far back it is known who was told who we are.
const HELPED_SINCE_MS: Millis = HOUR;
/// How far back it is known who was asked how it was.
const SURVEYED_SINCE_MS: Millis = 8 * DAY;

impl Batch<'_> {
    /// Everything that the tasks may need, under the lock of their properties.
    pub(super) async fn load_facts(&mut self, tx: &mut Tx, tasks: &[Task<'_>]) -> Result<Facts, StoreError> {
        let found: Vec<&Device> = tasks.iter().filter_map(|t| self.found_device(t)).collect();
        let wished: Vec<TicketId> = tasks.iter().filter_map(wished).collect();
        let ids = tasks.iter().flat_map(tickets_named).chain(&wished).map(|id| id.as_str()).collect::<HashSet<_>>();
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut properties: HashSet<String> = found.iter().map(|d| d.property_id.0.clone()).collect();
        if !ids.is_empty() {
            properties.extend(tx.properties_of_tickets(&ids).await?);
        }
        let mut homes: Vec<(PropertyId, UnitId)> = tasks.iter().flat_map(homes).collect();
        let phones: HashSet<&str> = tasks.iter().filter_map(number).map(E164::as_str).collect();
        properties.extend(homes.iter().map(|(property, _)| property.0.clone()));
        let mut properties: Vec<&str> = properties.iter().map(String::as_str).collect();
        properties.sort_unstable();
        let places = tx.load_places(&properties).await?;
        let gateways = found.iter().filter_map(|d| d.gateway.as_ref()).map(|g| g.as_str());
        let at_home = |d: &&Device| d.kind == DeviceKind::Lock && homes.iter().any(|(_, unit)| d.unit_id == *unit);
        let locks = self.devices.values().filter(at_home).map(|d| d.key.as_str());
        let of_devices = found.iter().map(|d| d.key.as_str()).chain(gateways.clone()).chain(locks);
        let of_devices: HashSet<&str> = of_devices.collect();
        let water = |t: &&Task| matches!(t, Task::Found(_, f) if f.is_water());
        let wet = tasks.iter().filter(water).filter_map(|t| self.found_device(t));
        let wet: Vec<&Device> = wet.collect();
        let wet_units: HashSet<&str> = wet.iter().map(|d| d.unit_id.as_str()).collect();
        let spoken: Vec<PropertyId> = tasks.iter().flat_map(spoken_water).collect();
        let leaks_of = wet.iter().map(|d| &d.property_id).chain(&spoken);
        let leaks_of: HashSet<&str> = leaks_of.map(PropertyId::as_str).collect();
        let silent = tasks
            .iter()
            .filter(|t| matches!(t, Task::Found(_, Finding::Silent { .. })))
            .filter_map(|t| self.found_device(t));
        let silent_gateways: HashSet<&str> = silent.filter_map(|d| d.gateway.as_ref()).map(|g| g.as_str()).collect();
        let scope = TicketScope { ids, devices: sorted(of_devices), leaks_of: sorted(leaks_of) };
        let tickets = tx.load_tickets(&scope).await?;
        let standings = tx.load_standings(&properties).await?;
        let people: Vec<&str> = standings.keys().map(HousekeeperId::as_str).collect();
        let swaps = tx.load_swaps(&people, self.now).await?;
        let leaks = tickets.values().filter(|t| t.kind == TicketKind::Leak);
        let dry = wet_units.is_empty() && spoken.is_empty() && leaks.count() == 0;
        let valves = if dry { Vec::new() } else { tx.valves_of(&properties).await? };
        if !wet_units.is_empty() {
            homes.extend(tx.risers(&sorted(wet_units)).await?);
        }
        let behind = if silent_gateways.is_empty() {
            HashMap::new()
        } else {
            tx.load_behind(&sorted(silent_gateways.clone())).await?
        };
        let known_at = self.known_at(tx, sorted(silent_gateways)).await?;
        let of_battery = |f: &Finding| matches!(f, Finding::BatteryReplaced { .. } | Finding::BatteryLow { .. });
        let paid = tasks.iter().any(|t| matches!(t, Task::Found(_, finding) if of_battery(finding)));
        let gateways: Vec<String> = gateways.map(str::to_owned).collect();
        let conversations =
            if phones.is_empty() { HashMap::new() } else { tx.load_conversations(&sorted(phones)).await? };
        let given: Vec<(&str, String)> = tasks.iter().filter_map(giving).collect();
        let newcomers = self.newcomers(tx, tasks).await?;
        let swapped = self.swapped(tx, tasks).await?;
        let keys: Vec<String> = tasks.iter().filter_map(saying).collect();
        let said = if keys.is_empty() { HashMap::new() } else { tx.load_bodies(&keys).await? };
        let about = Facts { said, conversations, newcomers, swapped, ..Facts::default() };
        let facts = Facts { places, standings, swaps, valves, tickets, behind, known_at, ..about };
        let mut facts = self.complete(tx, facts, gateways, &homes, &given, paid).await?;
        facts.wet = self.wet_units(tx, tasks, &facts).await?;
        let (trials, policy) = (&self.house.trials, &self.house.policy);
        facts.lost_tones = trials.lost_tones(tx, policy, self.now).await?;
        facts.automation_off = trials.automation_off(tx, policy, self.now).await?;
        Ok(facts)
    }

    /// From when those behind these gateways are listened for anew.
    async fn known_at(&self, tx: &mut Tx, gateways: Vec<&str>) -> Result<HashMap<DeviceKey, Timestamp>, StoreError> {
        let (here, missing): (Vec<&str>, Vec<&str>) =
            gateways.into_iter().partition(|key| self.states.contains_key(*key));
        let fleet = self.fleet.clone();
        let ctx = self.context(None, &About::UNKNOWN, &fleet);
        let mut out = HashMap::new();
        let mut note = |key: &str, state: &DeviceState| {
            out.extend(state.known_at(&ctx).map(|at| (DeviceKey(key.to_owned()), at)));
        };
        here.iter().for_each(|key| note(key, &self.states[*key].0));
        if !missing.is_empty() {
            for row in tx.load_states(&missing).await? {
                let key = row.key.clone();
                note(key.as_str(), &read_state(row)?.0);
            }
        }
        Ok(out)
    }

    /// Devices, units, tenants and what was sent and paid to them.
    async fn complete(
        &mut self,
        tx: &mut Tx,
        mut facts: Facts,
        gateways: Vec<String>,
        homes: &[(PropertyId, UnitId)],
        given: &[(&str, String)],
        paid: bool,
    ) -> Result<Facts, StoreError> {
        let first = facts.tickets.values().filter_map(|t| t.device_key.as_ref());
        let leaks = facts.tickets.values().filter(|t| t.kind == TicketKind::Leak);
        let named = first.chain(leaks.flat_map(|t| t.devices.iter().map(|(key, _)| key))).map(|k| k.0.clone());
        let missing: HashSet<String> =
            named.chain(gateways).filter(|k| !self.devices.contains_key(k.as_str())).collect();
        if !missing.is_empty() {
            let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
            self.devices.extend(tx.load_devices(&missing).await?);
        }
        for ticket in facts.tickets.values() {
            if let Some(key) = ticket.device_key.as_ref().filter(|key| key.is_broker()) {
                self.devices.insert(key.clone(), Device::broker(key.clone(), ticket.property_id.clone()));
            }
        }
        facts.devices = self.devices.clone();
        let ticket_units = facts.tickets.values().filter_map(|t| t.unit_id.as_ref());
        let units = facts.devices.values().map(|d| &d.unit_id).chain(ticket_units).chain(homes.iter().map(|(_, u)| u));
        let units: HashSet<&str> = units.map(|u| u.as_str()).collect();
        let units = sorted(units);
        facts.units = tx.load_units(&units).await?;
        facts.tenants = tx.load_tenants(&units).await?;
        let (recipients, mut phones) = contacts_of(&facts);
        phones.extend(self.house.policy.regions.values().map(|head| head.phone.as_str().to_owned()));
        facts.contacts = tx.load_contacts(&recipients, self.now - DAY).await?;
        let phones: Vec<&str> = phones.iter().map(String::as_str).collect();
        facts.stopped = tx.load_stopped(&phones).await?;
        facts.refused = tx.load_refused(&phones).await?;
        let waits = |p: &PlannedStep| p.step.verb == Verb::Survey && p.done.is_none();
        if facts.tickets.values().any(|t| t.plan.iter().any(waits)) {
            facts.surveyed = tx.load_last_sent("survey_tenant", &recipients, self.now - SURVEYED_SINCE_MS).await?;
        }
        if !homes.is_empty() {
            facts.helped = tx.load_last_sent("about_us", &recipients, self.now - HELPED_SINCE_MS).await?;
        }
        if !given.is_empty() {
            let tenants: Vec<&str> = facts.tenants.values().flatten().map(|t| t.id.as_str()).collect();
            let agents = sorted(given.iter().map(|(actor, _)| *actor).collect());
            let references: Vec<&str> = given.iter().map(|(_, reference)| &**reference).collect();
            facts.given = tx.load_given(&agents, &tenants, &references, self.now - PAID_SINCE_MS).await?;
        }
        let promises = |p: &PlannedStep| p.step.template.as_deref() == Some("battery_tenant") && p.done.is_none();
        if paid || facts.tickets.values().any(|t| t.plan.iter().any(promises)) {
            let tenants: Vec<&str> = facts.tenants.values().flatten().map(|t| t.id.as_str()).collect();
            let devices: Vec<&str> = facts.devices.keys().map(DeviceKey::as_str).collect();
            facts.paid = tx.load_paid(&tenants, &devices, self.now - PAID_SINCE_MS).await?;
        }
        Ok(facts)
    }
}

fn tickets_named<'t>(task: &'t Task<'_>) -> Vec<&'t TicketId> {
    match task {
        Task::TicketDue(id) | Task::Command(_, id, _, _) => vec![id],
        Task::Outcome(outcome) => vec![&outcome.ticket_id],
        Task::Reply(_, tickets, _) => tickets.iter().collect(),
        Task::Say(_, conversation, _) => conversation.ticket_id.iter().collect(),
        Task::Keyed(_, id, ..) => vec![id],
        Task::Found(..) | Task::Open(..) | Task::Waits(_) => Vec::new(),
    }
}

/// The ticket that a wish leads to, or has led to before.
fn wished(task: &Task<'_>) -> Option<TicketId> {
    if let Task::Open(_, _, _, key) = task { Some(Wanted::ticket_id(key)) } else { None }
}

/// The properties where a person says that water is.
fn spoken_water(task: &Task<'_>) -> Vec<PropertyId> {
    match task {
        Task::Open(_, wanted, ..) if wanted.kind == TicketKind::Leak => vec![wanted.property_id.clone()],
        Task::Reply(reply, _, homes) if is_water(&reply.body) => homes.iter().map(|(id, _)| id.clone()).collect(),
        _ => Vec::new(),
    }
}

/// Property and unit of those who write, are written to, or want something.
fn homes(task: &Task<'_>) -> Vec<(PropertyId, UnitId)> {
    match task {
        Task::Reply(_, _, homes) => homes.clone(),
        Task::Say(_, c, _) | Task::Waits(c) => vec![(c.property_id.clone(), c.unit_id.clone())],
        Task::Open(_, wanted, ..) => {
            vec![(wanted.property_id.clone(), wanted.unit_id.clone().unwrap_or_default())]
        }
        _ => Vec::new(),
    }
}

/// Who wants to give goodwill, and under what it would be booked.
fn giving<'t>(task: &Task<'t>) -> Option<(&'t str, String)> {
    let Task::Command(_, id, actor, Command::Goodwill(wanted)) = task else { return None };
    Some((actor, wanted.reference(id, actor)))
}

/// Under which key a human answers.
fn saying(task: &Task<'_>) -> Option<String> {
    let Task::Say(_, conversation, Said::Answer { key, .. }) = task else { return None };
    Some(Desk::said_key(&conversation.id, key))
}

/// The number that a conversation is with.
fn number<'t>(task: &'t Task<'_>) -> Option<&'t E164> {
    match task {
        Task::Reply(reply, ..) => Some(&reply.from),
        Task::Say(_, conversation, _) | Task::Waits(conversation) => Some(&conversation.phone),
        _ => None,
    }
}

/// Everybody who may be written to, and their numbers.
fn contacts_of(facts: &Facts) -> (Vec<String>, Vec<String>) {
    let tenants = facts.tenants.values().flatten().map(|t| (Recipient::Tenant(t.id.0.clone()), &t.phone));
    let staff = facts.places.values().flat_map(|p| &p.housekeepers);
    let staff = staff.map(|h| (Recipient::Housekeeper(h.id.0.clone()), &h.phone));
    let managers =
        facts.places.values().map(|p| (Recipient::Manager(p.property.id.0.clone()), &p.property.manager_phone));
    let all = tenants.chain(staff).chain(managers);
    all.map(|(recipient, phone)| (recipient.as_key(), phone.as_str().to_owned())).unzip()
}

fn sorted(items: HashSet<&str>) -> Vec<&str> {
    let mut items: Vec<&str> = items.into_iter().collect();
    items.sort_unstable();
    items
}
