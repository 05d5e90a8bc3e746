//! Visits: who took a job is expected. Late, not there, given back or failed: the tenant hears it first, the next one is
//! asked by itself. Pure.

use serde_json::{Value, json};

use super::commands::{Refusal, wrong};
use super::desk::Desk;
use super::offers::urgency;
use super::plan::text_now;
use crate::model::time::MINUTE;
use crate::model::*;

/// Times that a tenant is told of one ticket; later changes are kept and not said.
const PROMISES_MAX: usize = 3;
/// Words to the tenant about a visit. The last of them counts.
const VISIT_WORDS: [&str; 4] = ["visit_eta", "visit_late", "visit_changed", "visit_failed"];

impl Desk<'_> {
    /// Somebody took the job: from now on they are expected.
    pub(super) fn expect(&mut self, id: &TicketId) {
        let now = self.now;
        let within = self.policy.dispatch.expected_within(urgency(self.ticket(id)));
        let work = &mut self.change(id).work;
        work.accepted_at.get_or_insert(now);
        let expected_at = within.map(|span| now + span.0);
        work.visit = Some(Visit { taken_at: now, expected_at, promised: false, late_at: None });
    }

    /// Others who were asked for what cannot wait need not go, and are told so.
    pub(super) fn tell_others(&mut self, id: &TicketId) {
        let ticket = self.ticket(id);
        let urgent = urgency(ticket) > Severity::Routine;
        let ticket = self.change(id);
        let asked = std::mem::take(&mut ticket.work.asked);
        let waits = |h: &HousekeeperId| ticket.assignee.as_ref() != Some(h) && !ticket.work.off.contains(h);
        for person in asked.into_iter().filter(|h| urgent && waits(h)).collect::<Vec<_>>() {
            let told = PlannedStep { person: Some(person), ..text_now(Audience::OnDuty, "job_given_away", None) };
            ticket.plan.push(told);
        }
    }

    /// Who has the job says when they will be there; the tenant is told.
    pub(super) fn eta(&mut self, id: &TicketId, actor: &str, minutes: u32) -> Result<(), Refusal> {
        let at = self.now + i64::from(minutes) * MINUTE;
        let ticket = self.ticket(id);
        if ticket.status != Status::Assigned {
            return Err(wrong(ticket, ": only who is on the way has a time"));
        }
        let promises = ticket.plan.iter().filter(|p| p.step.template.as_deref() == Some("visit_eta")).count();
        let promised = ticket.tenant_id.is_some() && promises < PROMISES_MAX;
        let ticket = self.change(id);
        let visit =
            ticket.work.visit.get_or_insert(Visit { taken_at: at, expected_at: None, promised: false, late_at: None });
        (visit.expected_at, visit.late_at) = (Some(at), None);
        visit.promised |= promised;
        if promised {
            ticket.plan.push(text_now(Audience::Tenant, "visit_eta", None));
        }
        self.event(id, "expected", actor, json!({ "at": at.to_rfc3339() }));
        self.run_plan(id);
        Ok(())
    }

    /// Who has the job cannot go after all.
    pub(super) fn hand_back(&mut self, id: &TicketId, actor: &str) {
        self.take_off(id, actor, "handed_back", "visit_changed", json!({}));
    }

    /// Somebody was there, or on the way, and it could not be solved: the next visit is arranged by itself.
    pub(super) fn fail(&mut self, id: &TicketId, actor: &str, reason: &str) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        if !matches!(ticket.status, Status::Assigned | Status::OnSite) {
            return Err(wrong(ticket, ": nobody has it"));
        }
        self.change(id).work.failed += 1;
        self.take_off(id, actor, "failed", "visit_failed", json!({ "reason": reason }));
        Ok(())
    }

    /// The job is free again. In this order: the tenant, whom it concerns, then those who are asked next.
    fn take_off(&mut self, id: &TicketId, actor: &str, what: &'static str, template: &str, mut data: Value) {
        let urgent = urgency(self.ticket(id)) > Severity::Routine;
        let ticket = self.change(id);
        let who = ticket.assignee.take();
        let promised = ticket.work.visit.take().is_some_and(|visit| visit.promised);
        ticket.status = Status::Open;
        ticket.work.off.extend(who.clone());
        if urgent || promised || what == "failed" {
            ticket.plan.push(text_now(Audience::Tenant, template, None));
        }
        if what == "no_show" {
            ticket.plan.push(PlannedStep { person: who.clone(), ..text_now(Audience::OnDuty, "job_given_away", None) });
            ticket
                .plan
                .push(PlannedStep { person: who.clone(), ..text_now(Audience::Manager, "missed_manager", None) });
        }
        data["housekeeper_id"] = json!(who);
        self.event(id, what, actor, data);
        self.offer_again(id);
        self.run_plan(id);
    }

    /// Whether words about a visit, held back over night, are no longer so: it went otherwise, or there are newer ones.
    pub(super) fn is_outdated(&self, ticket: &Ticket, n: usize) -> bool {
        let words = |p: &PlannedStep| p.step.template.as_deref().is_some_and(|t| VISIT_WORDS.contains(&t));
        let has_newer = || ticket.plan[n + 1..].iter().any(|p| p.done.is_none() && words(p));
        let planned = &ticket.plan[n];
        let visit = ticket.work.visit.as_ref().filter(|_| ticket.status == Status::Assigned);
        let is_late = visit.is_some_and(|v| v.late_at.is_some());
        match planned.step.template.as_deref() {
            Some("visit_eta") => has_newer() || visit.and_then(|v| v.expected_at).is_none_or(|at| at < self.now),
            Some("visit_late") => has_newer() || !is_late,
            Some("visit_changed") => has_newer() || matches!(ticket.status, Status::Assigned | Status::OnSite),
            Some("visit_failed") => has_newer() || ticket.status == Status::OnSite,
            Some("missed_manager") => matches!(ticket.status, Status::Assigned | Status::OnSite),
            Some("overdue_arrival") => ticket.status != Status::Assigned || planned.person != ticket.assignee,
            Some("late_housekeeper") => !is_late || planned.person != ticket.assignee,
            _ => false,
        }
    }

    /// When whoever has the job must be looked after next; not while the tenant is waited for.
    pub(super) fn visit_due(&self, ticket: &Ticket) -> Option<Timestamp> {
        let runs = ticket.status == Status::Assigned && ticket.work.waiting_since.is_none();
        let visit = ticket.work.visit.as_ref().filter(|_| runs)?;
        match visit.late_at {
            Some(late_at) => Some(late_at + self.policy.dispatch.no_show_after.0),
            None => visit.expected_at,
        }
    }

    /// The time has passed: they are asked, and the tenant is told; when that did not help, the job goes to others.
    pub(super) fn watch_visit(&mut self, id: &TicketId) {
        let now = self.now;
        if self.visit_due(self.ticket(id)).is_none_or(|due| due > now) {
            return;
        }
        let ticket = self.change(id);
        let Some(visit) = &mut ticket.work.visit else { return };
        if visit.late_at.is_some() {
            return self.take_off(id, "system", "no_show", "visit_changed", json!({}));
        }
        visit.late_at = Some(now);
        let expected = visit.expected_at.map(Timestamp::to_rfc3339);
        let person = ticket.assignee.clone();
        ticket.plan.push(text_now(Audience::Tenant, "visit_late", None));
        ticket
            .plan
            .push(PlannedStep { person: person.clone(), ..text_now(Audience::OnDuty, "late_housekeeper", None) });
        self.event(id, "late", "system", json!({ "housekeeper_id": person, "expected_at": expected }));
    }
}
