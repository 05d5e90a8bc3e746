//! Rewards (CONTRACT section 7): only for a proven replacement, once, in full or at the late rate, never past the cap. Pure.

use chrono::Datelike;
use serde_json::json;

use super::desk::{Desk, Paid};
use super::people;
use crate::model::time::{DAY, HOUR};
use crate::model::*;

/// One device earns at most one reward within this.
const SAME_DEVICE_MS: Millis = 60 * DAY;

/// Fresh cells are seen within this after the device speaks again.
const FRESH_SEEN_MS: Millis = HOUR;

impl Desk<'_> {
    /// Credits the tenant of the day on which the replacement was seen, or records why not.
    pub(super) fn reward(&mut self, id: &TicketId, seen_at: Timestamp) {
        let ticket = self.ticket(id);
        let told_at = ticket.told_at.or_else(|| on_its_way(ticket));
        match self.owed(id, seen_at, told_at) {
            Ok((tenant, reason, amount_minor)) => self.credit(id, tenant, reason, amount_minor),
            Err(why) => self.event(id, "not_rewarded", "system", json!({ "why": why })),
        }
    }

    /// Whether a replacement at once would be paid, as far as that is known: else no text may promise it.
    pub(super) fn would_earn(&self, id: &TicketId) -> bool {
        self.owed(id, self.now, Some(self.now)).is_ok()
    }

    fn owed(
        &self,
        id: &TicketId,
        seen_at: Timestamp,
        told_at: Option<Timestamp>,
    ) -> Result<(TenantId, &'static str, i64), &'static str> {
        let (ticket, policy) = (self.ticket(id), &self.policy.rewards);
        let (Some(unit), Some(device)) = (&ticket.unit_id, &ticket.device_key) else { return Err("no_unit") };
        let tenant = self.tenant_on(unit, &ticket.property_id, seen_at).ok_or("no_tenant")?;
        // What spoke again with the old cells was not dead; fresh ones are seen as soon as they speak.
        let lived = ticket.work.spoke_at.is_some_and(|at| seen_at - at > FRESH_SEEN_MS);
        if ticket.died && !lived {
            return Err("died");
        }
        if ticket.visited {
            return Err("visited");
        }
        if self.facts.swapped.contains(device) {
            return Err("swapped");
        }
        if !tenant.consent.reward || self.facts.refused.contains(&(tenant.phone.clone(), Purpose::Reward)) {
            return Err("no_consent");
        }
        let told_at = told_at.ok_or("not_told")?;
        if ticket.tenant_id.as_ref() != Some(&tenant.id) {
            return Err("tenant_changed");
        }
        let recent = |p: &Paid| p.device_key.as_ref() == Some(device) && self.now - p.at < SAME_DEVICE_MS;
        if self.facts.paid.iter().any(recent) {
            return Err("paid_lately");
        }
        let in_time = seen_at - told_at <= policy.in_time.0;
        let (reason, amount) =
            if in_time { ("reward_in_time", policy.in_time_minor) } else { ("reward_late", policy.late_minor) };
        if amount <= 0 {
            return Err("no_reward");
        }
        if self.paid_this_month(&tenant.id, &ticket.property_id) + amount > policy.monthly_cap_minor {
            return Err("cap");
        }
        Ok((tenant.id.clone(), reason, amount))
    }

    fn paid_this_month(&self, tenant: &TenantId, property: &PropertyId) -> i64 {
        let Some(place) = self.facts.places.get(property) else { return 0 };
        let month = |at: Timestamp| {
            let local = people::local(&place.property, at);
            (local.year(), local.month())
        };
        let now = month(self.now);
        self.facts.paid.iter().filter(|p| p.tenant_id == *tenant && month(p.at) == now).map(|p| p.amount_minor).sum()
    }

    fn credit(&mut self, id: &TicketId, tenant_id: TenantId, reason: &'static str, amount_minor: i64) {
        let device_key = self.ticket(id).device_key.clone();
        let transfer = Transfer {
            reference: format!("replacement:{id}"),
            at: self.now,
            reason,
            amount_minor,
            currency: self.policy.rewards.currency.clone(),
            tenant_id: tenant_id.clone(),
            device_key: device_key.clone(),
            ticket_id: Some(id.clone()),
        };
        let entry = Entry::transfer(transfer, Account::RewardExpense, Account::Tenant(tenant_id.clone()));
        self.facts.paid.push(Paid { tenant_id: tenant_id.clone(), device_key, at: self.now, amount_minor });
        self.changes.entries.push(entry);
        self.change(id).reward_minor = Some(amount_minor);
        self.event(
            id,
            "rewarded",
            "system",
            json!({ "tenant_id": tenant_id, "reason": reason, "amount_minor": amount_minor }),
        );
    }
}

/// When the first text to the tenant went out, while the carrier's word for it is still awaited: a crash or a carrier
/// that is slow to answer must not cost the tenant the reward.
fn on_its_way(ticket: &Ticket) -> Option<Timestamp> {
    let to_tenant = ticket.plan.iter().filter(|p| p.step.to == Audience::Tenant && p.step.verb == Verb::Text);
    let to_tenant = to_tenant.filter(|p| !p.refused);
    let sent = |p: &PlannedStep| match &p.done {
        Some(StepDone::Sent { at, .. }) => Some(*at),
        _ => None,
    };
    to_tenant.filter_map(sent).min()
}
