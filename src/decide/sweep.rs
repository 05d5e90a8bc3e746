//! A fleet's first days: what was so when it came waits for the operator, who releases it in doses, so that a fleet of
//! thousands begins with a report and not with hundreds of texts. Must never hold what cannot wait, nor what is news. Pure.

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

    /// Its playbook begins then; released twice, it begins once.
    pub(super) fn release(&mut self, id: &TicketId, actor: &str, at: Timestamp) {
        if !self.ticket(id).held {
            return;
        }
        let ticket = self.change(id);
        ticket.held = false;
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
}
