//! Tickets that a person opens: what they ask for, or what they saw before a device did. Pure.

use serde_json::json;

use super::Refusal;
use super::desk::Desk;
use super::plan;
use crate::model::*;

/// What a person wants looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `request`, `leak` or `tamper`: what needs no device.
    pub kind: TicketKind,
    /// Where.
    pub property_id: PropertyId,
    /// In which unit; the whole property when absent.
    pub unit_id: Option<UnitId>,
    /// How much it matters; the playbook's own when absent.
    pub severity: Option<Severity>,
    /// In their words.
    pub text: String,
}

impl Desk<'_> {
    /// Somebody who works here opens a ticket; the unit must be one of the property. Of water there the open ticket has it.
    /// A key that opened a ticket leads to it; for something else it is refused.
    pub fn wanted(&mut self, wanted: &Wanted, actor: &str, key: &str) -> Result<TicketId, Refusal> {
        let at_home = |unit: &UnitId| self.facts.units.get(unit).is_some_and(|u| u.property_id == wanted.property_id);
        if !self.facts.places.contains_key(&wanted.property_id) || !wanted.unit_id.as_ref().is_none_or(at_home) {
            return Err(Refusal::NoPlace);
        }
        if let Some(ticket) = self.facts.tickets.get(&Wanted::ticket_id(key)) {
            return if wanted.is_of(ticket) { Ok(ticket.id.clone()) } else { Err(Refusal::UsedKey) };
        }
        let unit = wanted.unit_id.as_ref().filter(|_| wanted.kind == TicketKind::Leak);
        match unit.and_then(|unit| self.incident_in(unit)) {
            Some(id) => Ok(self.reported(id, wanted, actor)),
            None => Ok(self.open_by_word(wanted, actor, key)),
        }
    }

    /// Water that a sensor knows of already: the words are kept with it, and what they say to be worse is.
    pub(super) fn reported(&mut self, id: TicketId, wanted: &Wanted, actor: &str) -> TicketId {
        if self.ticket(&id).text.as_ref() != Some(&wanted.text) {
            self.change(&id).text = Some(wanted.text.clone());
            self.event(&id, "reported", actor, json!({ "text": wanted.text }));
            self.worsen(&id, self.severity_of(wanted));
        }
        id
    }

    /// Opens a ticket in a person's words and does what is due at once. `key` names the wish: the same one again finds the
    /// ticket that is there.
    pub fn open_by_word(&mut self, wanted: &Wanted, actor: &str, key: &str) -> TicketId {
        let id = self.begin(wanted, None, actor, key);
        if self.ticket(&id).events == 1 {
            let playbook = self.policy.playbook(&wanted.property_id, wanted.kind);
            let now = self.now;
            self.change(&id).plan = plan::lay_out(&playbook, now);
            self.run_plan(&id);
        }
        id
    }

    fn severity_of(&self, wanted: &Wanted) -> Severity {
        wanted.severity.unwrap_or_else(|| self.policy.playbook(&wanted.property_id, wanted.kind).severity)
    }

    /// A ticket without a plan; the one that is there, if the wish was heard before.
    pub(super) fn begin(&mut self, wanted: &Wanted, device: Option<&DeviceKey>, actor: &str, key: &str) -> TicketId {
        let id = Wanted::ticket_id(key);
        if self.facts.tickets.contains_key(&id) {
            return id;
        }
        let severity = self.severity_of(wanted);
        let tenant = wanted.unit_id.as_ref().and_then(|unit| self.tenant_on(unit, &wanted.property_id, self.now));
        let ticket = Ticket {
            id: id.clone(),
            kind: wanted.kind,
            severity,
            property_id: wanted.property_id.clone(),
            unit_id: wanted.unit_id.clone(),
            tenant_id: tenant.map(|t| t.id.clone()),
            device_key: device.cloned(),
            devices: device.map(|key| (key.clone(), true)).into_iter().collect(),
            status: Status::Open,
            assignee: None,
            opened_at: self.now,
            since: None,
            due_at: None,
            plan: Vec::new(),
            told_at: None,
            seen_at: None,
            died: false,
            visited: false,
            reward_minor: None,
            questions: Vec::new(),
            source: None,
            wet_at: None,
            survey: None,
            photos: Vec::new(),
            tone: None,
            replied: false,
            sender: None,
            text: Some(wanted.text.clone()),
            held: false,
            round: 0,
            work: Work::default(),
            changed_at: self.now,
            events: 0,
        };
        self.facts.tickets.insert(id.clone(), ticket);
        self.event(&id, "opened", actor, json!({ "text": wanted.text }));
        id
    }
}

/// An offer to whoever is on duty, from a time on.
pub(super) fn offer_at(at: Timestamp, template: Option<&str>, severity: Option<Severity>) -> PlannedStep {
    let mut offer = PlannedStep { at, ..plan::text_now(Audience::OnDuty, "", None) };
    offer.step = Step { verb: Verb::Offer, template: template.map(str::to_owned), severity, ..offer.step };
    offer
}

/// The next offer of a ticket is due now; one is added where none is to come and none was made.
pub(super) fn offer_now(ticket: &mut Ticket, now: Timestamp) {
    let offered = matches!(ticket.status, Status::Offered);
    let next =
        ticket.plan.iter_mut().find(|p| p.step.verb == Verb::Offer && p.done.is_none() && p.step.until.is_none());
    match next {
        _ if offered => {}
        Some(offer) => offer.at = now,
        None => ticket.plan.push(offer_at(now, None, None)),
    }
}

impl Wanted {
    /// Whether this is what a ticket was opened for. Its severity may have changed since.
    fn is_of(&self, ticket: &Ticket) -> bool {
        let place = ticket.property_id == self.property_id && ticket.unit_id == self.unit_id;
        place && ticket.kind == self.kind && ticket.text.as_ref() == Some(&self.text)
    }

    /// The id of the ticket that a wish leads to.
    pub fn ticket_id(key: &str) -> TicketId {
        TicketId(format!("t_{}", digest(format!("wish|{key}"))))
    }
}
