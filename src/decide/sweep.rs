//! A fleet's first days: what was so when it came waits for the operator, who releases it in doses, so that a fleet of
//! thousands begins with a report and not with hundreds of texts. Must never hold what cannot wait, nor what is news: whoever
//! takes up such a matter, or finds that it has become worse, releases it first. Pure.

use serde_json::json;

use super::desk::Desk;
use crate::model::time::DAY;
use crate::model::*;

impl Desk<'_> {
    /// Whether a ticket that opens now waits: a routine matter of a device that came with many others and was so then.
    pub(super) fn waits(&self, device: &DeviceKey, kind: TicketKind, severity: Severity) -> bool {
        let routine = matches!(kind, TicketKind::Battery | TicketKind::Silent) && severity == Severity::Routine;
        routine && self.facts.newcomers.contains(device)
    }

    /// Its playbook and its clocks begin then; what begins anyway begins no later.
    pub(super) fn release(&mut self, id: &TicketId, actor: &str, at: Timestamp) {
        let now = self.now;
        let sooner = |starts: Timestamp| starts > now && at < starts;
        let ticket = self.ticket(id);
        if !ticket.held && !ticket.work.starts_at.is_some_and(sooner) {
            return;
        }
        let ticket = self.change(id);
        ticket.held = false;
        ticket.work.starts_at = (at > now).then_some(at);
        for planned in ticket.plan.iter_mut().filter(|p| p.done.is_none()) {
            planned.at = match planned.step.since {
                Since::Opened => at + planned.step.after.0,
                Since::BeforeEnd => planned.at.max(at + DAY),
                Since::Died => planned.at,
            };
        }
        self.event(id, "released", actor, json!({ "at": at.to_rfc3339() }));
        self.run_plan(id);
    }

    /// The end is near: what has to be done before it waits no longer.
    pub(super) fn release_before_end(&mut self, id: &TicketId) {
        let now = self.now;
        if self.waits_until(self.ticket(id)).is_some_and(|until| until <= now) {
            self.release(id, "system", now);
        }
    }

    /// Until when a matter can wait for the operator, where its end is foreseen: a day before the first step that counts
    /// from it, because a release leaves the tenant that day.
    pub(super) fn waits_until(&self, ticket: &Ticket) -> Option<Timestamp> {
        let waits = ticket.held || ticket.work.starts_at.is_some_and(|at| at > self.now);
        let before_end = ticket.plan.iter().filter(|p| p.step.since == Since::BeforeEnd && p.done.is_none());
        before_end.map(|p| p.at - DAY).min().filter(|_| waits && ticket.status.is_active())
    }
}
