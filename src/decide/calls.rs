//! Calls: a step that rings until somebody presses a key, and what the key means. Pure.

use serde_json::json;

use super::desk::Desk;
use super::plan::Tried;
use super::words;
use crate::model::time::MINUTE;
use crate::model::*;

/// Who did not press a key is called again after this.
const AGAIN_AFTER_MS: Millis = 3 * MINUTE;
/// Calls of one ticket and round at most.
const CALLS_MAX: usize = 3;

impl Desk<'_> {
    /// Rings; as long as nobody has answered or taken the job, again a little later.
    pub(super) fn call(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let ticket = self.ticket(id);
        let leak = (ticket.kind == TicketKind::Leak && step.to == Audience::Tenant).then_some("leak_call");
        let Some(template) = step.template.as_deref().or(leak).and_then(words::template) else {
            return self.skip("no_template");
        };
        let calls = ticket.plan.iter().filter(|p| p.step.verb == Verb::Call && p.done.is_some()).count();
        if calls > 0 && matches!(ticket.status, Status::Assigned | Status::OnSite) {
            return self.skip("not_needed");
        }
        let people = self.audience(ticket, step);
        if people.is_empty() {
            return self.skip("nobody");
        }
        let again = PlannedStep { at: self.now + AGAIN_AFTER_MS, ..ticket.plan[n].clone() };
        let tried = self.reach(id, n, step, &people, template);
        let rang = matches!(tried, Tried::Done(StepDone::Sent { .. }));
        if rang && step.until.is_some() && calls + 1 < CALLS_MAX {
            self.change(id).plan.push(again);
        }
        tried
    }

    /// A text about an emergency came to nothing for good: its tenant is called at once, not at the call's own time.
    pub(super) fn call_instead(&mut self, id: &TicketId, recipient: &Recipient) {
        let (now, ticket) = (self.now, self.ticket(id));
        let theirs = ticket.tenant_id.as_ref().is_some_and(|t| *recipient == Recipient::Tenant(t.0.clone()));
        let waits = |p: &PlannedStep| p.step.verb == Verb::Call && p.step.to == Audience::Tenant && p.done.is_none();
        if !theirs || ticket.severity != Severity::Emergency || !ticket.plan.iter().any(|p| waits(p) && p.at > now) {
            return;
        }
        self.change(id).plan.iter_mut().filter(|p| waits(p) && p.at > now).for_each(|p| p.at = now);
        self.run_plan(id);
    }

    /// A tenant pressed a key while we called them. A voice mailbox presses none. Whether the key answered the question:
    /// what is promised to them depends on it.
    pub fn keyed(&mut self, id: &TicketId, tenant: &TenantId, key: char) -> bool {
        let Some(ticket) = self.facts.tickets.get(id) else { return false };
        let tenant = self.facts.tenants.values().flatten().find(|t| t.id == *tenant).cloned();
        let Some(tenant) = tenant.filter(|_| ticket.kind == TicketKind::Leak && ticket.status.is_active()) else {
            return false;
        };
        self.event(id, "keyed", "tenant", json!({ "key": key.to_string() }));
        match key {
            '1' => self.needs_bed(id, &tenant),
            '2' => self.needs_no_bed(id, &tenant),
            _ => {}
        }
        self.run_plan(id);
        matches!(key, '1' | '2')
    }
}
