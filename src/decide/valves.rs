//! Valves and tasks: what a playbook or a person wants done beside texts and visits. Closing is one step; opening again is
//! two, and never while water is there. Pure.

use chrono::Days;
use serde_json::json;

use super::commands::{Refusal, awaited, wrong};
use super::desk::Desk;
use super::people;
use super::plan::{Tried, planned};
use super::words;
use crate::model::time::MINUTE;
use crate::model::*;

/// How long the first step of opening a valve waits for the second.
const CONFIRM_MS: Millis = 5 * MINUTE;
/// Characters of the code that the second step names.
const CODE_CHARS: usize = 6;

impl Desk<'_> {
    /// The valves that shut off the water of a ticket: of its units, or of one of its sensors.
    pub(super) fn valves_of(&self, ticket: &Ticket) -> Vec<DeviceKey> {
        let units = self.facts.units_of(ticket);
        let fits = |d: &&Device| {
            d.valve_for.as_deref().is_some_and(|of| {
                let unit = units.iter().any(|unit| unit.as_str() == of);
                unit || ticket.devices.iter().any(|(key, _)| key.as_str() == of)
            })
        };
        let here = self.facts.valves.iter().filter(|d| d.property_id == ticket.property_id);
        here.filter(fits).map(|d| d.key.clone()).collect()
    }

    /// Shuts the valve at once, or asks somebody first where the step has a question.
    pub(super) fn valve_step(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let valves = self.valves_of(self.ticket(id));
        if valves.is_empty() {
            return self.skip("no_valve");
        }
        if step.asks.is_some() {
            let people = self.audience(self.ticket(id), step);
            let template = step.template.as_deref().and_then(words::template).unwrap_or("valve_ask");
            return if people.is_empty() { self.skip("nobody") } else { self.reach(id, n, step, &people, template) };
        }
        let to = valves.iter().map(|key| format!("valve:{key}")).collect();
        self.want_valves(id, valves, true, "system");
        Tried::Done(StepDone::Sent { at: self.now, messages: Vec::new(), to })
    }

    /// Water has come to another apartment: what was done about the valves that were known, is done about its own.
    pub(super) fn shut_more(&mut self, id: &TicketId, known: &[DeviceKey]) {
        let more: Vec<DeviceKey> =
            self.valves_of(self.ticket(id)).into_iter().filter(|key| !known.contains(key)).collect();
        let done = |p: &&PlannedStep| p.step.verb == Verb::ValveClose && p.done.is_some();
        let Some(step) = self.ticket(id).plan.iter().find(done).filter(|_| !more.is_empty()).cloned() else { return };
        if step.step.asks.is_none() {
            return self.want_valves(id, more, true, "system");
        }
        let now = self.now;
        self.change(id).plan.push(planned(step.step, now));
        self.run_plan(id);
    }

    fn want_valves(&mut self, id: &TicketId, valves: Vec<DeviceKey>, closed: bool, actor: &str) {
        let (at, property_id) = (self.now, self.ticket(id).property_id.clone());
        let what = if closed { "valve_closed" } else { "valve_opened" };
        self.event(id, what, actor, json!({ "valves": valves }));
        let wish = |device_key| {
            let (property_id, ticket_id, actor) = (property_id.clone(), id.clone(), actor.to_owned());
            ValveWish { device_key, property_id, closed, ticket_id, actor, at }
        };
        self.changes.valves.extend(valves.into_iter().map(wish));
    }

    /// A person shuts the valve.
    pub(super) fn close_valve(&mut self, id: &TicketId, actor: &str) -> Result<(), Refusal> {
        let valves = self.valves_of(self.ticket(id));
        if valves.is_empty() {
            return Err(Refusal::NoValve);
        }
        self.change(id).work.opening = None;
        self.want_valves(id, valves, true, actor);
        Ok(())
    }

    /// A person wants the valve open again: the first step gives a code, the second names it.
    pub(super) fn open_valve(&mut self, id: &TicketId, actor: &str, confirm: Option<&str>) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        let valves = self.valves_of(ticket);
        if valves.is_empty() {
            return Err(Refusal::NoValve);
        }
        let is_wet = |unit: &&UnitId| self.facts.wet.contains(*unit);
        if awaited(ticket) == Some("dry") || self.facts.units_of(ticket).iter().any(is_wet) {
            return Err(wrong(ticket, " and water is still there"));
        }
        let Some(code) = confirm else {
            let code = digest(format!("open|{id}|{}|{actor}", self.now.0))[..CODE_CHARS].to_owned();
            let until = self.now + CONFIRM_MS;
            self.change(id).work.opening = Some(Opening { code, until });
            self.event(id, "valve_opening", actor, json!({ "until": until.to_rfc3339() }));
            return Ok(());
        };
        let asked = ticket.work.opening.as_ref();
        if !asked.is_some_and(|o| o.code == code && self.now < o.until) {
            return Err(wrong(ticket, ": confirm with the code of the first step, within five minutes"));
        }
        self.change(id).work.opening = None;
        self.want_valves(id, valves, false, actor);
        Ok(())
    }

    /// Puts a task on the manager's list and tells whom the step is for.
    pub(super) fn task_step(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let people = self.audience(self.ticket(id), step);
        let Some(template) = step.template.as_deref().and_then(words::template) else {
            return self.skip("no_template");
        };
        if people.is_empty() {
            return self.skip("nobody");
        }
        let tried = self.reach(id, n, step, &people, template);
        if matches!(tried, Tried::Done(StepDone::Sent { .. })) {
            self.add_task(id, template, None);
        }
        tried
    }

    /// A task from today to tomorrow, local to the property; once a round, and where it is for one tenant, of each.
    pub(super) fn add_task(&mut self, id: &TicketId, what: &str, tenant: Option<&Tenant>) {
        let ticket = self.ticket(id);
        let Some(place) = self.place(ticket) else { return };
        let from = people::local(&place.property, self.now).date_naive();
        let task = Task {
            id: format!(
                "k_{}",
                digest(format!("{id}|{}|{what}|{}", ticket.round, tenant.map_or("", |t| t.id.as_str())))
            ),
            ticket_id: id.clone(),
            property_id: ticket.property_id.clone(),
            unit_id: tenant.map(|t| t.unit_id.clone()).or_else(|| ticket.unit_id.clone()),
            what: what.to_owned(),
            from,
            to: from + Days::new(1),
            created_at: self.now,
            done: None,
        };
        self.event(id, "task", "system", json!({ "what": what, "from": task.from, "to": task.to }));
        self.changes.tasks.push(task);
    }

    /// Water is on two floors of a riser: whoever lives below the upper one and does not know of it yet is warned before it
    /// reaches them, whichever of the two was heard first.
    pub(super) fn warn_below(&mut self, id: &TicketId) {
        let (facts, ticket) = (&self.facts, self.ticket(id));
        let source = ticket.source.as_ref().and_then(|source| facts.units.get(&source.unit_id));
        let Some(source) = source.filter(|u| u.stack.is_some() && u.floor.is_some()) else { return };
        let below = |u: &&Unit| {
            u.property_id == source.property_id
                && u.stack == source.stack
                && u.floor.is_some()
                && u.floor < source.floor
        };
        let (wet, mut dry): (Vec<&Unit>, Vec<&Unit>) =
            facts.units.values().filter(below).partition(|u| facts.units_of(ticket).contains(&&u.id));
        if wet.is_empty() {
            return;
        }
        dry.sort_by(|a, b| a.id.cmp(&b.id));
        let dry: Vec<UnitId> = dry.into_iter().map(|u| u.id.clone()).collect();
        dry.iter().for_each(|unit| self.warn(id, unit));
    }

    fn warn(&mut self, id: &TicketId, unit: &UnitId) {
        let property = self.ticket(id).property_id.clone();
        let Some(tenant) = self.tenant_on(unit, &property, self.now).cloned() else { return };
        let key = format!("{id}/{}/leak_below/{}", self.ticket(id).round, tenant.id);
        self.tell_tenant(id, &tenant, "leak_below", key);
    }
}
