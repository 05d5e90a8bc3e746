//! What the page of a tenant's phone shows of the matters at their home, and what they may say by a tap. Pure; it reads a
//! ticket and changes nothing.

use crate::model::*;

/// Whether a matter is shown to a tenant: one that texts tell them of, and that is not closed.
pub fn is_shown_to(ticket: &Ticket, tenant: &TenantId) -> bool {
    let concerns = ticket.tenant_id.as_ref() == Some(tenant) || ticket.questions.iter().any(|q| q.tenant_id == *tenant);
    let waits = ticket.held && ticket.status == Status::Open;
    let is_over = matches!(ticket.status, Status::Closed { .. } | Status::Cancelled { .. });
    concerns && !waits && !is_over && ticket.kind != TicketKind::Tamper
}

/// Whether a tenant has said that they need a place for the night.
pub fn needs_bed(ticket: &Ticket, tenant: &TenantId) -> bool {
    ticket.question(tenant, "need_bed").is_some_and(|q| q.answer.as_deref() == Some("need_bed"))
}

/// What a tenant may say of it by a tap: `done` (new batteries are in), `help` (somebody is to come, where nobody was asked yet), `bed` (a place for
/// tonight).
pub fn may_say(ticket: &Ticket, tenant: &TenantId) -> Vec<&'static str> {
    match ticket.kind {
        _ if !ticket.status.is_active() => Vec::new(),
        TicketKind::Battery => {
            let all = [("done", ticket.seen_at.is_none()), ("help", ticket.status == Status::Open)];
            all.into_iter().filter(|(_, fits)| *fits).map(|(word, _)| word).collect()
        }
        TicketKind::Leak if !needs_bed(ticket, tenant) => vec!["bed"],
        _ => Vec::new(),
    }
}
