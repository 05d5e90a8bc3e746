//! Offers: the job goes to the best circle at once, to a wider one when nobody takes it, and then up: manager, region. Pure.

use serde_json::json;

use super::desk::Desk;
use super::dispatch::{self, Ranked};
use super::people::{Person, person_manager};
use super::plan::{self, Tried, planned};
use super::words;
use crate::model::*;

impl Desk<'_> {
    /// Offers the job to the best; a job that somebody has is pressed for. Nobody there: in need it goes up, otherwise it waits for the next working hour.
    pub(super) fn offer(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let ticket = self.ticket(id);
        let severity = step.severity.unwrap_or(ticket.severity);
        if matches!(ticket.status, Status::Assigned | Status::OnSite) {
            return self.hurry(id, n, step, severity);
        }
        let ranking = self.ranking(ticket, step.skill.as_deref(), severity);
        let size = self.policy.dispatch.group;
        let circle = match step.to {
            Audience::Second => dispatch::next_circle(&ranking, size, severity),
            Audience::OnDuty => dispatch::first_circle(&ranking, 1),
            _ => dispatch::first_circle(&ranking, size),
        };
        let circle = if circle.is_empty() && !ticket.work.off.is_empty() {
            // Those on duty are off: in need others are called at home before it goes up.
            dispatch::next_circle(&ranking, size, severity)
        } else {
            circle
        };
        if circle.is_empty() {
            return self.offer_to_nobody(id, n, step, &ranking);
        }
        let template = step.template.as_deref().and_then(words::template).unwrap_or(offer_template(ticket));
        let people: Vec<Person> = circle.iter().filter_map(|h| self.housekeeper(ticket, h)).collect();
        let tried = self.reach(id, n, step, &people, template);
        if matches!(tried, Tried::Done(StepDone::Sent { .. })) {
            let data = json!({ "to": circle, "ranking": dispatch::explain(&ranking) });
            self.event(id, "offered", "system", data);
            self.mark_offered(id, step);
        }
        tried
    }

    /// Somebody has the job, and nobody else could take it: they hear that it cannot wait any longer, and are expected in
    /// time. What can wait is theirs anyway, and an offer that never reached somebody else says nothing new.
    fn hurry(&mut self, id: &TicketId, n: usize, step: &Step, severity: Severity) -> Tried {
        let ticket = self.ticket(id);
        let is_new = severity > Severity::Routine && ticket.plan[n].tries == 0;
        let person = ticket.assignee.as_ref().and_then(|h| self.housekeeper(ticket, h));
        let Some(person) = person.filter(|_| is_new) else { return self.skip("not_needed") };
        let template = step.template.as_deref().and_then(words::template).unwrap_or(offer_template(ticket));
        let tried = self.reach(id, n, step, &[person], template);
        if matches!(tried, Tried::Done(StepDone::Sent { .. })) {
            let by = self.policy.dispatch.expected_within(severity).map(|span| self.now + span.0);
            let ticket = self.change(id);
            ticket.plan[n].person = ticket.assignee.clone();
            if let Some(visit) = &mut ticket.work.visit {
                visit.expected_at = visit.expected_at.into_iter().chain(by).min();
            }
        }
        tried
    }

    fn offer_to_nobody(&mut self, id: &TicketId, n: usize, step: &Step, ranking: &[Ranked]) -> Tried {
        let ticket = self.ticket(id);
        let Some(place) = self.place(ticket) else { return self.skip("nobody") };
        let severity = step.severity.unwrap_or(ticket.severity);
        let free: Vec<_> = ranking.iter().filter(|r| r.is_free()).map(|r| &r.housekeeper_id).collect();
        let next = self.next_duty(place, &free).filter(|_| severity == Severity::Routine);
        // The region is not called for what those of the next shift can do.
        let goes_up = step.to == Audience::Second && !has_heard(ticket, &person_manager(place).recipient);
        match next {
            Some(at) if !goes_up => return Tried::Later(at),
            _ if step.to == Audience::Second => return self.go_up(id, n, step),
            _ => {}
        }
        let own = step.template.as_deref().and_then(words::template).unwrap_or(offer_template(ticket));
        let template = if ticket.kind == TicketKind::Leak { "leak_manager" } else { own };
        self.tell_above(id, n, step, person_manager(place), template)
    }

    /// Nobody is left to be asked: the manager, unless the playbook is about to tell them by itself, then the region.
    fn go_up(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let ticket = self.ticket(id);
        let Some(place) = self.place(ticket) else { return self.skip("nobody") };
        let template = if ticket.kind == TicketKind::Leak { "leak_manager" } else { "nobody_took" };
        let manager = person_manager(place);
        if has_heard(ticket, &manager.recipient) {
            return match self.region_head(place) {
                Some(head) => self.tell_above(id, n, step, head, template),
                None => self.skip("nobody"),
            };
        }
        let soon = |p: &&PlannedStep| p.step.to == Audience::Manager && p.step.verb == Verb::Text && p.done.is_none();
        match ticket.plan.iter().filter(soon).map(|p| p.at).min() {
            Some(at) => Tried::Later(at.max(self.now) + step.widen_after.unwrap_or_default().0.max(1)),
            None => self.tell_above(id, n, step, manager, template),
        }
    }

    fn tell_above(&mut self, id: &TicketId, n: usize, step: &Step, head: Person, template: &'static str) -> Tried {
        if has_heard(self.ticket(id), &head.recipient) {
            return self.skip("nobody");
        }
        let tried = self.reach(id, n, step, &[head], template);
        if matches!(tried, Tried::Done(StepDone::Sent { .. })) {
            self.mark_offered(id, step);
        }
        tried
    }

    fn mark_offered(&mut self, id: &TicketId, step: &Step) {
        let now = self.now;
        let ticket = self.change(id);
        ticket.work.offered_at.get_or_insert(now);
        if ticket.status == Status::Open {
            ticket.status = Status::Offered;
        }
        if let Some(widen) = step.widen_after {
            ticket.plan.push(planned(wider(step.clone()), now + widen.0));
        }
    }

    /// No text reached this housekeeper: whoever has it by now has seen it elsewhere.
    pub(super) fn not_reached(&mut self, id: &TicketId, housekeeper: &HousekeeperId) {
        let work = &self.ticket(id).work;
        let is_free = matches!(self.ticket(id).status, Status::Open | Status::Offered);
        if is_free && work.asked.contains(housekeeper) && !work.unreached.contains(housekeeper) {
            self.change(id).work.unreached.push(housekeeper.clone());
            self.widen_now(id);
        }
    }

    /// Nobody took it in the time for an answer: the next are asked, and so on, where no step is about to ask them.
    pub(super) fn ask_the_next(&mut self, id: &TicketId, limit: Span) {
        let ticket = self.ticket(id);
        let planned_anyway = ticket.plan.iter().any(is_wider);
        if ticket.status != Status::Offered || ticket.work.asked.is_empty() || planned_anyway {
            return;
        }
        let offer = last_offer(ticket);
        let step = Step { widen_after: offer.widen_after.or(Some(limit)), ..wider(offer) };
        let now = self.now;
        self.change(id).plan.push(planned(step, now));
    }

    /// Everybody who was asked has passed, or was not reached: nobody is waited for any longer.
    pub(super) fn widen_now(&mut self, id: &TicketId) {
        let now = self.now;
        let ticket = self.change(id);
        let work = &ticket.work;
        if !work.asked.iter().all(|asked| work.off.contains(asked) || work.unreached.contains(asked)) {
            return;
        }
        match ticket.plan.iter_mut().find(|p| is_wider(p)) {
            Some(planned) => planned.at = now,
            None => {
                let step = wider(last_offer(ticket));
                ticket.plan.push(planned(step, now));
            }
        }
        self.run_plan(id);
    }

    /// The job is free again: it is offered anew, and nobody who was asked before is left out but those who are off.
    pub(super) fn offer_again(&mut self, id: &TicketId) {
        let now = self.now;
        let ticket = self.change(id);
        ticket.work.ask_anew();
        for step in ticket.plan.iter_mut().filter(|p| p.done.is_none() && p.step.verb == Verb::Offer && p.at > now) {
            if step.step.to == Audience::Second {
                step.done = Some(StepDone::Skipped { at: now, why: "offered_anew".to_owned() });
            }
        }
        let step = Step { to: Audience::Housekeepers, until: Some(Until::Accepted), ..last_offer(ticket) };
        ticket.plan.push(planned(step, now));
    }
}

/// Whether this head has heard of the job; that its gauge lies is no word of that.
fn has_heard(ticket: &Ticket, head: &Recipient) -> bool {
    ticket.plan.iter().any(|p| p.reached(head) && !plan::is_about_gauge(p))
}

/// The same offer to the next circle.
fn wider(offer: Step) -> Step {
    Step { to: Audience::Second, until: Some(Until::Accepted), ..offer }
}

/// An offer to the next circle that is still to come.
fn is_wider(planned: &PlannedStep) -> bool {
    planned.done.is_none() && planned.step.verb == Verb::Offer && planned.step.to == Audience::Second
}

/// The last offer of a ticket, to be made again; the plainest one where there was none.
fn last_offer(ticket: &Ticket) -> Step {
    let offers = ticket.plan.iter().filter(|p| p.step.verb == Verb::Offer && p.done.is_some());
    let last = offers.map(|p| p.step.clone()).next_back();
    let plain = || Step {
        after: Span(0),
        verb: Verb::Offer,
        to: Audience::Housekeepers,
        since: Since::Opened,
        template: None,
        asks: None,
        skill: None,
        widen_after: None,
        until: None,
        severity: None,
    };
    Step { after: Span(0), since: Since::Opened, ..last.unwrap_or_else(plain) }
}

/// How much a ticket mattered at its most: what a housekeeper was asked for urgently is urgent for them.
pub fn urgency(ticket: &Ticket) -> Severity {
    let sent =
        ticket.plan.iter().filter(|p| p.step.verb == Verb::Offer && matches!(p.done, Some(StepDone::Sent { .. })));
    sent.filter_map(|p| p.step.severity).fold(ticket.severity, Severity::max)
}

fn offer_template(ticket: &Ticket) -> &'static str {
    match ticket.kind {
        _ if ticket.device_key.as_ref().is_some_and(DeviceKey::is_broker) => "offer_broker",
        TicketKind::Battery => "offer_battery",
        TicketKind::Leak => "offer_leak",
        TicketKind::Silent if ticket.died => "offer_silent_dead",
        TicketKind::Silent | TicketKind::Tamper => "offer_silent",
        TicketKind::Request => "offer_request",
    }
}
