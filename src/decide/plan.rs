//! Playbooks at work: which step is due, whom it reaches, and what holds it back. Pure.

use serde_json::json;

use super::desk::Desk;
use super::people::{self, Person};
use super::words;
use crate::model::time::{DAY, HOUR};
use crate::model::*;

/// Where nothing better is known, a battery that is low ends after this.
const LOW_LASTS_MS: Millis = 14 * DAY;
/// A step that waits for something that may never come.
pub const NEVER: Timestamp = Timestamp(i64::MAX);
/// After this an emergency text is no longer worth sending.
const EMERGENCY_VALID_MS: Millis = 6 * HOUR;
/// After this an urgent text is no longer worth sending.
const URGENT_VALID_MS: Millis = 4 * HOUR;
/// The question of an unsure replacement.
pub(super) const ASKS_REPLACED: &str = "replaced";
/// Tells the manager of a gauge that lies.
const GAUGE_MANAGER: &str = "gauge_manager";
/// Routine words to one person are put together up to this many parts, two texts of their own: beyond, carriers refuse them.
const MERGED_PARTS_MAX: u32 = 2 * ROUTINE_PARTS_MAX;
/// A routine text that expired unsent is tried again this often.
const TRIES_MAX: u32 = 3;

/// The steps of a playbook with their times.
pub fn lay_out(playbook: &Playbook, opened_at: Timestamp) -> Vec<PlannedStep> {
    let at = |step: &Step| match step.since {
        _ if step.verb == Verb::Survey => NEVER,
        Since::Opened => opened_at + step.after.0,
        Since::BeforeEnd => (opened_at + LOW_LASTS_MS - step.after.0).max(opened_at + DAY),
        Since::Died => NEVER,
    };
    playbook.steps.iter().map(|step| planned(step.clone(), at(step))).collect()
}

pub(super) fn planned(step: Step, at: Timestamp) -> PlannedStep {
    PlannedStep { step, at, done: None, closing: false, tries: 0, refused: false, person: None }
}

/// What the steps of a kind were waiting for has come.
pub fn arm(ticket: &mut Ticket, since: Since) {
    for planned in ticket.plan.iter_mut().filter(|p| p.step.since == since && p.at == NEVER) {
        planned.at = Timestamp(0);
    }
}

/// The end of a battery is expected then: steps before it that are still to come move there.
pub fn expect_end(ticket: &mut Ticket, empty_at: Timestamp) {
    let earliest = ticket.opened_at + DAY;
    for planned in ticket.plan.iter_mut().filter(|p| p.step.since == Since::BeforeEnd && p.done.is_none()) {
        planned.at = (empty_at - planned.step.after.0).max(earliest);
    }
}

/// Puts the thanks at the end of the plan.
pub fn thank(ticket: &mut Ticket) {
    let template = if ticket.reward_minor.is_some() { "battery_thanks" } else { "battery_thanks_plain" };
    ticket.plan.push(PlannedStep { closing: true, ..text_now(Audience::Tenant, template, None) });
}

/// Asks the tenant whether the battery was replaced, unless that was done before.
pub fn ask(ticket: &mut Ticket) {
    if !ticket.plan.iter().any(|p| p.step.asks.as_deref() == Some(ASKS_REPLACED)) {
        ticket.plan.push(text_now(Audience::Tenant, "battery_ask", Some(ASKS_REPLACED)));
    }
}

/// A gauge that lies: what the tenant would be told by it is left out, the playbook's first visit comes now (one is made where
/// it has none), and the manager is told. What is for a battery that died stays.
pub fn visit_instead(plan: &mut Vec<PlannedStep>, now: Timestamp) {
    let is_visit = |p: &PlannedStep| p.step.verb == Verb::Offer && p.step.since != Since::Died;
    for planned in plan.iter_mut().filter(|p| p.done.is_none() && p.step.since != Since::Died) {
        if planned.step.to == Audience::Tenant && planned.step.verb != Verb::Survey {
            planned.done = Some(StepDone::Skipped { at: now, why: "gauge_lies".to_owned() });
        }
    }
    if !plan.iter().any(is_visit) {
        let offer = text_now(Audience::OnDuty, "offer_battery", None).step;
        plan.push(planned(Step { verb: Verb::Offer, skill: Some("lock".to_owned()), ..offer }, now));
    }
    let waiting = plan.iter_mut().filter(|p| is_visit(p) && p.done.is_none());
    if let Some(visit) = waiting.min_by_key(|p| p.at) {
        (visit.step.since, visit.at) = (Since::Opened, now.min(visit.at));
    }
    plan.push(text_now(Audience::Manager, GAUGE_MANAGER, None));
}

/// Whether somebody looks at the battery because its gauge lies.
pub fn is_visit_instead(plan: &[PlannedStep]) -> bool {
    plan.iter().any(is_about_gauge)
}

/// Whether a step tells the manager that a gauge lies.
pub(super) fn is_about_gauge(planned: &PlannedStep) -> bool {
    planned.step.template.as_deref() == Some(GAUGE_MANAGER)
}

/// Asks whoever is on duty, by day, to look at a sensor that never dries; false when that was asked before.
pub fn look(ticket: &mut Ticket) -> bool {
    let asked = |p: &PlannedStep| p.step.template.as_deref() == Some("leak_still_wet");
    if ticket.plan.iter().any(asked) {
        return false;
    }
    let mut planned = text_now(Audience::OnDuty, "leak_still_wet", None);
    planned.step.severity = Some(Severity::Routine);
    ticket.plan.push(planned);
    true
}

/// A text, due now.
pub(super) fn text_now(to: Audience, template: &str, asks: Option<&str>) -> PlannedStep {
    let step = Step {
        after: Span(0),
        verb: Verb::Text,
        to,
        since: Since::Opened,
        template: Some(template.to_owned()),
        asks: asks.map(str::to_owned),
        skill: None,
        widen_after: None,
        until: None,
        severity: None,
    };
    planned(step, Timestamp(0))
}

/// What became of trying a step.
pub(super) enum Tried {
    /// It is over.
    Done(StepDone),
    /// It waits until then.
    Later(Timestamp),
}

impl Desk<'_> {
    /// Does what is due, and notes when the ticket needs attention next.
    pub(super) fn run_plan(&mut self, id: &TicketId) {
        self.run_steps(id);
        if self.keep_clocks(id) {
            self.run_steps(id);
        }
        let ticket = self.ticket(id);
        let next = ticket.plan.iter().filter(|p| self.concerns(id, p) && p.at != NEVER).map(|p| p.at).min();
        let due_at =
            [next, self.close_at(id), self.visit_due(ticket), self.clock_due(ticket), self.waits_until(ticket)];
        self.change(id).due_at = due_at.into_iter().flatten().min();
    }

    fn run_steps(&mut self, id: &TicketId) {
        let mut n = 0;
        while n < self.ticket(id).plan.len() {
            let planned = &self.ticket(id).plan[n];
            if self.concerns(id, planned) && planned.at <= self.now {
                self.run_step(id, n);
            }
            n += 1;
        }
    }

    /// Thanks are for after the resolution, everything else for before.
    fn concerns(&self, id: &TicketId, planned: &PlannedStep) -> bool {
        let status = &self.ticket(id).status;
        let stage = if planned.closing { matches!(status, Status::Resolved { .. }) } else { status.is_active() };
        stage && planned.done.is_none() && !self.ticket(id).held
    }

    fn run_step(&mut self, id: &TicketId, n: usize) {
        let tried = self.try_step(id, n);
        let planned = &mut self.change(id).plan[n];
        let verb = planned.step.verb;
        match tried {
            Tried::Later(at) => planned.at = at,
            Tried::Done(done) => {
                planned.done = Some(done.clone());
                self.note_asked(id, n, &done);
                let data = match &done {
                    StepDone::Sent { messages, to, .. } => {
                        json!({ "do": verb, "how": "sent", "to": to, "messages": messages })
                    }
                    StepDone::Skipped { why, .. } => json!({ "do": verb, "how": "skipped", "why": why }),
                };
                self.event(id, "step", "system", data);
            }
        }
    }

    /// Which housekeepers the job was shown to, and which tenants have a question to answer.
    fn note_asked(&mut self, id: &TicketId, n: usize, done: &StepDone) {
        let StepDone::Sent { to, at, .. } = done else { return };
        let ticket = self.change(id);
        if let Some(what) = ticket.plan[n].step.asks.clone() {
            let tenants = to.iter().filter_map(|key| key.strip_prefix("tenant:"));
            tenants.for_each(|tenant| ticket.ask(&tenant.into(), &what, *at));
        }
        if ticket.plan[n].person.is_none() {
            let people = to.iter().filter_map(|key| key.strip_prefix("housekeeper:"));
            ticket.work.asked.extend(people.map(HousekeeperId::from));
        }
    }

    fn try_step(&mut self, id: &TicketId, n: usize) -> Tried {
        let ticket = self.ticket(id);
        let step = ticket.plan[n].step.clone();
        let needless = match step.until {
            Some(Until::Accepted) => matches!(ticket.status, Status::Assigned | Status::OnSite),
            Some(Until::Answered) => ticket.answered().is_some(),
            None => false,
        };
        if needless {
            return self.skip("not_needed");
        }
        let urgent = step.severity.unwrap_or(ticket.severity) > Severity::Routine && step.since == Since::Opened;
        if ticket.seen_at.is_some() && ticket.kind == TicketKind::Battery && ticket.status.is_active() && !urgent {
            return Tried::Later(self.now + self.policy.battery.proof_hold.0.max(HOUR));
        }
        match step.verb {
            Verb::Text => self.text(id, n, &step),
            Verb::Offer => self.offer(id, n, &step),
            Verb::Survey => self.survey(id, n, &step),
            Verb::Call => self.call(id, n, &step),
            Verb::ValveClose => self.valve_step(id, n, &step),
            Verb::Task => self.task_step(id, n, &step),
        }
    }

    pub(super) fn skip(&self, why: &str) -> Tried {
        Tried::Done(StepDone::Skipped { at: self.now, why: why.to_owned() })
    }

    fn text(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let ticket = self.ticket(id);
        if self.is_outdated(ticket, n) {
            return self.skip("no_longer_so");
        }
        let people = match &ticket.plan[n].person {
            Some(one) if step.to != Audience::Manager => self.housekeeper(ticket, one).into_iter().collect(),
            _ => self.audience(ticket, step),
        };
        let Some(template) = step.template.as_deref().and_then(words::template) else {
            return self.skip("no_template");
        };
        let template = match template {
            "battery_tenant" if !self.would_earn(id) => "battery_tenant_plain",
            template => template,
        };
        if people.is_empty() {
            return self.skip("nobody");
        }
        self.reach(id, n, step, &people, template)
    }

    /// Writes to people, unless night, budget, consent or STOP hold it back.
    pub(super) fn reach(
        &mut self,
        id: &TicketId,
        n: usize,
        step: &Step,
        people: &[Person],
        template: &'static str,
    ) -> Tried {
        let severity = step.severity.unwrap_or(self.ticket(id).severity);
        let severity = if self.ticket(id).plan[n].closing { Severity::Routine } else { severity };
        if let Some(hold) = self.hold(id, severity, people) {
            return hold;
        }
        let (mut messages, mut to) = (Vec::new(), Vec::new());
        for person in people {
            if self.may_reach(id, severity, step.verb, person, template) {
                messages.push(self.compose(id, n, severity, person, template));
                to.push(person.recipient.as_key());
            }
        }
        if messages.is_empty() {
            return self.skip("opted_out");
        }
        Tried::Done(StepDone::Sent { at: self.now, messages, to })
    }

    fn hold(&self, id: &TicketId, severity: Severity, people: &[Person]) -> Option<Tried> {
        let place = self.place(self.ticket(id))?;
        let (property, contact) = (&place.property, &self.policy.contact);
        if severity == Severity::Routine && people::is_night(property, contact, self.now) {
            return Some(Tried::Later(people::next_morning(property, contact, self.now)));
        }
        // The budget spares tenants; who works here is offered every job.
        let full = |p: &Person| {
            let spared = matches!(p.recipient, Recipient::Tenant(_));
            let sent = self.facts.contacts.get(&p.recipient.as_key()).copied().unwrap_or(0);
            spared && sent >= contact.daily_messages_max
        };
        let spent = severity != Severity::Emergency && people.iter().all(full);
        spent.then(|| {
            Tried::Later(people::next_morning(property, contact, people::evening(property, contact, self.now)))
        })
    }

    fn may_reach(&self, id: &TicketId, severity: Severity, verb: Verb, person: &Person, template: &str) -> bool {
        let call = verb == Verb::Call && severity == Severity::Emergency && self.policy.contact.call_after_stop;
        if self.facts.stopped.contains(&person.phone) && !call {
            return false;
        }
        let Recipient::Tenant(_) = person.recipient else { return true };
        let purpose = match template {
            "survey_tenant" => Purpose::Survey,
            "battery_thanks" => Purpose::Reward,
            _ if severity == Severity::Routine => Purpose::Reminder,
            _ => Purpose::Safety,
        };
        let consent = self.tenant_of(self.ticket(id)).map(|t| t.consent);
        consent.is_some_and(|c| c.allows(purpose)) && !self.facts.refused.contains(&(person.phone.clone(), purpose))
    }

    /// Puts one message into the outbox; routine words to one person in one batch become one message, as far as they fit.
    fn compose(
        &mut self,
        id: &TicketId,
        n: usize,
        severity: Severity,
        person: &Person,
        template: &'static str,
    ) -> MessageId {
        self.named(id);
        let body = self.worded(id, n, severity, person, template);
        let channel = if self.ticket(id).plan[n].step.verb == Verb::Call { Channel::Voice } else { Channel::Sms };
        let single = self.policy.routes.wants_templates(&person.phone);
        let alone = |template: &str, channel| single || template == "survey_tenant" || channel == Channel::Voice;
        let with = |other: &NewMessage| format!("{}\n{body}", other.body);
        let mergeable = |m: &&mut NewMessage| {
            let both = severity == Severity::Routine && m.severity == severity && m.recipient == person.recipient;
            both && !alone(template, channel) && !alone(m.template, m.channel) && segments(&with(m)) <= MERGED_PARTS_MAX
        };
        if let Some(other) = self.changes.messages.iter_mut().find(mergeable) {
            other.body = with(other);
            return other.id();
        }
        let ticket = self.ticket(id);
        let key = format!("{id}/{}/{n}/{}/{}", ticket.round, ticket.plan[n].tries, person.recipient.as_key());
        let message = NewMessage {
            key,
            recipient: person.recipient.clone(),
            to: person.phone.clone(),
            channel,
            template,
            locale: person.locale,
            body,
            ticket_id: Some(id.clone()),
            severity,
            created_at: self.now,
            expires_at: self.expiry(id, severity),
        };
        if severity != Severity::Emergency {
            *self.facts.contacts.entry(person.recipient.as_key()).or_default() += 1;
        }
        let message_id = message.id();
        self.changes.messages.push(message);
        message_id
    }

    fn expiry(&self, id: &TicketId, severity: Severity) -> Timestamp {
        match (severity, self.place(self.ticket(id))) {
            (Severity::Routine, Some(place)) => people::evening(&place.property, &self.policy.contact, self.now),
            (Severity::Emergency, _) => self.now + EMERGENCY_VALID_MS,
            _ => self.now + URGENT_VALID_MS,
        }
    }

    /// A message of this ticket was refused: nobody was reached by it, and who is asked next is somebody else.
    pub(super) fn undo_step(&mut self, id: &TicketId, message: &MessageId) {
        let carried = |p: &&mut PlannedStep| matches!(&p.done, Some(StepDone::Sent { messages, .. }) if messages[..] == [message.clone()]);
        if let Some(planned) = self.change(id).plan.iter_mut().find(carried) {
            planned.refused = true;
        }
    }

    /// A message of this ticket expired unsent: a routine step is taken up again the next day.
    pub(super) fn retry_step(&mut self, id: &TicketId, message: &MessageId) {
        let Some(place) = self.place(self.ticket(id)) else { return };
        let again = people::next_morning(&place.property, &self.policy.contact, self.now);
        let carried = |p: &&mut PlannedStep| matches!(&p.done, Some(StepDone::Sent { messages, .. }) if messages.contains(message));
        if let Some(planned) = self.change(id).plan.iter_mut().find(carried)
            && planned.tries < TRIES_MAX
        {
            planned.tries += 1;
            planned.done = None;
            planned.at = again;
        }
        self.run_plan(id);
    }
}
