//! What a policy's playbooks would have said to whom, over tickets as they went: people are taken to have done what they
//! did, when they did it. What a step does again (a call that nobody answered) counts once; surveys
//! are left out. Must never look at what was truly sent.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::decide::people::{is_night, next_morning};
use crate::decide::plan::{NEVER, lay_out};
use crate::decide::policy::Policy;
use crate::model::*;

/// What the tickets of one kind would have cost people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Tickets.
    pub tickets: usize,
    /// Texts and calls to tenants.
    pub to_tenants: usize,
    /// Texts and offers to housekeepers; an offer counts once, however many are asked.
    pub to_housekeepers: usize,
    /// Texts and calls to managers and heads of region.
    pub to_managers: usize,
}

/// By kind of ticket, what the playbooks of a policy would have sent.
pub fn efforts<'t>(
    policy: &Policy,
    tickets: impl IntoIterator<Item = &'t Ticket>,
    properties: &HashMap<PropertyId, Property>,
    now: Timestamp,
) -> BTreeMap<&'static str, Effort> {
    let mut efforts: BTreeMap<&'static str, Effort> = BTreeMap::new();
    for ticket in tickets {
        let Some(property) = properties.get(&ticket.property_id) else { continue };
        let effort = efforts.entry(ticket.kind.as_str()).or_default();
        effort.tickets += 1;
        for planned in lay_out(&policy.playbook(&property.id, ticket.kind), ticket.opened_at) {
            if !is_sent(policy, ticket, property, &planned, now) {
                continue;
            }
            match planned.step.to {
                Audience::Tenant => effort.to_tenants += 1,
                Audience::Housekeepers | Audience::OnDuty | Audience::Second => effort.to_housekeepers += 1,
                Audience::Manager | Audience::Region => effort.to_managers += 1,
            }
        }
    }
    efforts
}

/// Whether a step would have come to its turn before the matter was over, and been needed.
fn is_sent(policy: &Policy, ticket: &Ticket, property: &Property, planned: &PlannedStep, now: Timestamp) -> bool {
    let step = &planned.step;
    let is_word = matches!(step.verb, Verb::Text | Verb::Call | Verb::Offer);
    if !is_word || (step.to == Audience::Tenant && ticket.tenant_id.is_none()) {
        return false;
    }
    let due = match step.since {
        Since::Opened => planned.at,
        Since::BeforeEnd => ends_at(ticket).map_or(planned.at, |end| end - step.after.0).max(ticket.opened_at),
        // When it died is not kept: it did before the matter was over.
        Since::Died if ticket.died => ticket.opened_at,
        Since::Died => return false,
    };
    let routine = step.severity.unwrap_or(ticket.severity) == Severity::Routine;
    let at_night = routine && is_night(property, &policy.contact, due);
    let at = if at_night { next_morning(property, &policy.contact, due) } else { due };
    let needless = match step.until {
        Some(Until::Accepted) => ticket.work.accepted_at.is_some_and(|accepted| accepted <= at),
        Some(Until::Answered) => ticket.answered().is_some(),
        None => false,
    };
    at < over_at(ticket).unwrap_or(now) && !needless
}

/// When the battery was expected to end, as far as the ticket's own plan tells.
fn ends_at(ticket: &Ticket) -> Option<Timestamp> {
    let before_end = ticket.plan.iter().find(|p| p.step.since == Since::BeforeEnd && p.at < NEVER)?;
    Some(before_end.at + before_end.step.after.0)
}

fn over_at(ticket: &Ticket) -> Option<Timestamp> {
    match ticket.status {
        Status::Resolved { at } | Status::Cancelled { at } => Some(at),
        Status::Closed { resolved_at, .. } => Some(resolved_at),
        Status::Open | Status::Offered | Status::Assigned | Status::OnSite => None,
    }
}
