//! A job that goes to another housekeeper: who gets it and who had it are told, each once. Pure.

use super::plan::text_now;
use crate::model::*;

/// Puts the words to both sides at the end of the plan. What was still held of an earlier change is never said; who has
/// not heard of that change needs no word of this one either.
pub fn hand_over(ticket: &mut Ticket, had: Option<HousekeeperId>, to: &HousekeeperId, now: Timestamp) {
    let mut unheard = Vec::new();
    for step in ticket.plan.iter_mut().filter(|p| is_for_one(p) && p.done.is_none()) {
        step.done = Some(StepDone::Skipped { at: now, why: "handed_over".to_owned() });
        unheard.extend(step.person.clone());
    }
    let theirs = (Some(to.clone()), job_template(ticket.kind));
    for (person, template) in [theirs, (had, "job_given_away")] {
        if person.as_ref().is_some_and(|person| !unheard.contains(person)) {
            ticket.plan.push(PlannedStep { person, ..text_now(Audience::OnDuty, template, None) });
        }
    }
}

/// Words to one housekeeper; those to the manager about one are none.
fn is_for_one(planned: &PlannedStep) -> bool {
    planned.person.is_some() && planned.step.to != Audience::Manager
}

fn job_template(kind: TicketKind) -> &'static str {
    match kind {
        TicketKind::Battery => "job_battery",
        TicketKind::Leak => "job_leak",
        TicketKind::Silent => "job_silent",
        TicketKind::Tamper => "job_tamper",
        TicketKind::Request => "job_request",
    }
}
