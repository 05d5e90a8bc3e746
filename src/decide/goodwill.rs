//! Goodwill: a small credit with a reason, inside the month's budget of who gives it and of who gets it. Pure.

use chrono::Datelike;
use serde_json::json;

use super::Refusal;
use super::desk::{Desk, Given};
use super::people;
use crate::model::*;

/// A credit that somebody who works here wants to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodwill {
    /// How much, in minor units, more than zero.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Why, in words.
    pub reason: String,
    /// New for each credit of one giver; the same one again is the same credit.
    pub key: String,
}

impl Goodwill {
    /// Under what it is booked.
    pub fn reference(&self, id: &TicketId, actor: &str) -> String {
        format!("goodwill:{id}:{actor}:{}", self.key)
    }
}

impl Desk<'_> {
    /// Credits the tenant of a matter, once for each key.
    pub(super) fn goodwill(&mut self, id: &TicketId, actor: &str, wanted: &Goodwill) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        let tenant = ticket.tenant_id.clone().ok_or(Refusal::NoTenant)?;
        let reference = wanted.reference(id, actor);
        if let Some(given) = self.facts.given.iter().find(|g| g.reference == reference) {
            return if given.amount_minor == wanted.amount_minor { Ok(()) } else { Err(Refusal::UsedKey) };
        }
        if wanted.currency != self.policy.rewards.currency {
            return Err(Refusal::Currency(self.policy.rewards.currency.clone()));
        }
        let left = self.goodwill_left(&ticket.property_id, actor, &tenant);
        if wanted.amount_minor > left {
            return Err(Refusal::OverBudget { left_minor: left });
        }
        let transfer = Transfer {
            reference: reference.clone(),
            at: self.now,
            reason: "goodwill",
            amount_minor: wanted.amount_minor,
            currency: wanted.currency.clone(),
            tenant_id: tenant.clone(),
            device_key: None,
            ticket_id: Some(id.clone()),
        };
        self.changes.entries.push(Entry::transfer(transfer, Account::GoodwillExpense, Account::Tenant(tenant.clone())));
        let given = Given {
            reference,
            actor: actor.to_owned(),
            tenant_id: tenant,
            at: self.now,
            amount_minor: wanted.amount_minor,
            reason: wanted.reason.clone(),
        };
        self.changes.given.push(given.clone());
        self.facts.given.push(given);
        self.event(id, "goodwill", actor, json!({ "amount_minor": wanted.amount_minor, "reason": wanted.reason }));
        Ok(())
    }

    /// What may still be given this month, local to the property: the lesser of both budgets.
    fn goodwill_left(&self, property: &PropertyId, actor: &str, tenant: &TenantId) -> i64 {
        let Some(place) = self.facts.places.get(property) else { return 0 };
        let month = |at: Timestamp| {
            let local = people::local(&place.property, at);
            (local.year(), local.month())
        };
        let this_month = |g: &&Given| month(g.at) == month(self.now);
        let sum = |whose: &dyn Fn(&Given) -> bool| -> i64 {
            self.facts.given.iter().filter(this_month).filter(|g| whose(g)).map(|g| g.amount_minor).sum()
        };
        let policy = &self.policy.goodwill;
        let by_agent = policy.agent_monthly_minor - sum(&|g| g.actor == actor);
        let to_tenant = policy.tenant_monthly_minor - sum(&|g| g.tenant_id == *tenant);
        by_agent.min(to_tenant).max(0)
    }
}
