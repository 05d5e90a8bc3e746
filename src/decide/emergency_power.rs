//! A tenant before a lock that is dead: how to get in goes out at once, at any hour; somebody is sent if it does not help. Pure.

use serde_json::json;

use super::conversation::Reply;
use super::desk::Desk;
use super::plan;
use super::questions::ASKS_INSIDE;
use super::requests::{Wanted, offer_at};
use crate::model::time::MINUTE;
use crate::model::*;

/// Somebody is sent when the tenant has not said within this that they are in.
const HELPS_WITHIN_MS: Millis = 10 * MINUTE;

impl Desk<'_> {
    /// The words for the lock of their door, at once; for who stands there still, somebody. False without a lock.
    pub(super) fn locked_out(&mut self, tenant: &Tenant, open: Option<&TicketId>, reply: &Reply) -> bool {
        if open.is_some_and(|id| self.still_outside(id, tenant)) {
            return true;
        }
        let Some(id) =
            open.filter(|id| self.lock_of(id).is_some()).cloned().or_else(|| self.lock_ticket(tenant, reply))
        else {
            return false;
        };
        self.event(&id, "locked_out", "tenant", json!({}));
        let now = self.now;
        self.release(&id, "tenant", now);
        let ticket = self.change(&id);
        ticket.ask(&tenant.id, ASKS_INSIDE, now);
        let mut words = plan::text_now(Audience::Tenant, "battery_dead_tenant", Some(ASKS_INSIDE));
        words.step.severity = Some(Severity::Emergency);
        let mut offer = offer_at(now + HELPS_WITHIN_MS, Some("offer_battery_dead"), Some(Severity::Urgent));
        offer.step.until = Some(Until::Answered);
        ticket.plan.extend([words, offer]);
        self.run_plan(&id);
        true
    }

    /// The lock that a ticket is about.
    pub(super) fn lock_of(&self, id: &TicketId) -> Option<&Device> {
        let device = self.ticket(id).device_key.as_ref().and_then(|key| self.facts.devices.get(key))?;
        Some(device).filter(|d| d.kind == DeviceKind::Lock)
    }

    /// The open ticket of the tenant's lock, else a new one.
    fn lock_ticket(&mut self, tenant: &Tenant, reply: &Reply) -> Option<TicketId> {
        let locks = self.facts.devices.values().filter(|d| d.unit_id == tenant.unit_id && d.kind == DeviceKind::Lock);
        let lock = locks.min_by(|a, b| a.key.cmp(&b.key))?.clone();
        let kinds = [TicketKind::Battery, TicketKind::Silent, TicketKind::Request];
        if let Some(id) = kinds.into_iter().find_map(|kind| self.active(&lock.key, kind)) {
            return Some(id);
        }
        let wanted = Wanted {
            kind: TicketKind::Request,
            property_id: lock.property_id.clone(),
            unit_id: Some(lock.unit_id.clone()),
            severity: Some(Severity::Urgent),
            text: reply.body.clone(),
        };
        Some(self.begin(&wanted, Some(&lock.key), "tenant", &reply.sid))
    }

    /// The words did not help: somebody is sent now. False when the tenant was told no such words, or is in.
    pub(super) fn still_outside(&mut self, id: &TicketId, tenant: &Tenant) -> bool {
        let now = self.now;
        if !self.ticket(id).is_asked(&tenant.id, ASKS_INSIDE) {
            return false;
        }
        self.event(id, "still_outside", "tenant", json!({}));
        let waits = |p: &&mut PlannedStep| {
            p.step.until == Some(Until::Answered) && p.step.verb == Verb::Offer && p.done.is_none()
        };
        if let Some(offer) = self.change(id).plan.iter_mut().find(waits) {
            offer.at = now;
            self.answer(id, tenant, "help_coming");
        }
        self.run_plan(id);
        true
    }

    /// The door opened: nobody is woken; a request is looked after by day, when fresh cells go in.
    pub(super) fn is_inside(&mut self, id: &TicketId, tenant: &Tenant) -> bool {
        if !self.ticket(id).is_asked(&tenant.id, ASKS_INSIDE) {
            return false;
        }
        let now = self.now;
        let ticket = self.change(id);
        ticket.answer(&tenant.id, ASKS_INSIDE, ASKS_INSIDE, now);
        if ticket.kind == TicketKind::Request {
            ticket.plan.push(offer_at(now, Some("offer_battery"), Some(Severity::Routine)));
        }
        self.event(id, "answered", "tenant", json!({ "inside": true }));
        self.run_plan(id);
        true
    }
}
