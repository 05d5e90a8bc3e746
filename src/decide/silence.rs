//! Silence to tickets: whose it is (a gateway's, a battery's, the device's own), and who is listened for anew. Pure.

use serde_json::json;

use super::desk::{Behind, Desk};
use super::plan;
use crate::model::*;

/// With this many silent devices behind it, and more than half of them, a gateway counts as silent itself.
const BEHIND_SILENT_MIN: usize = 3;

impl Desk<'_> {
    /// A silent device is a matter of its own only if neither its gateway nor its battery explains it.
    pub(super) fn silent(
        &mut self,
        device: &Device,
        since: Timestamp,
        heard_from: Timestamp,
        battery_low: bool,
        empty: Option<f64>,
    ) {
        let gateway = device.gateway.as_ref().and_then(|key| self.facts.devices.get(key)).cloned();
        if let Some(gateway) = gateway {
            if self.is_gateway_silent(&gateway.key) {
                return self.silent_behind(&gateway, device, since);
            }
            if let Some(at) = self.gateway_known_at(&gateway.key).filter(|at| *at > heard_from) {
                return self.changes.heard_anew.push((device.key.clone(), at));
            }
        }
        let of_battery = |t: &Ticket| battery_low || plan::is_visit_instead(&t.plan);
        let battery = self.active(&device.key, TicketKind::Battery).filter(|id| of_battery(self.ticket(id)));
        // Somebody was there, or fresh cells wait for their proof: the silence has another cause.
        let changed = battery.as_ref().map(|id| self.ticket(id)).is_some_and(|t| t.visited || t.seen_at.is_some());
        match battery.filter(|_| !changed) {
            Some(_) if battery_low => self.battery_dead(device),
            Some(id) => self.silent_before_visit(device, &id, since, empty),
            None => _ = self.open_silent(device, since, empty.filter(|_| !changed)),
        }
    }

    /// Somebody is on the way because its gauge lies: the same visit finds out why it is silent, and what is probably dead is
    /// taken for dead.
    fn silent_before_visit(&mut self, device: &Device, id: &TicketId, since: Timestamp, empty: Option<f64>) {
        self.event(id, "silent", "device", silence(since, empty));
        if empty.is_some() {
            self.battery_dead(device);
        }
    }

    fn silent_behind(&mut self, gateway: &Device, device: &Device, since: Timestamp) {
        let Some(id) = self.open_silent(gateway, since, None) else { return };
        let behind = self.change(&id);
        if !behind.devices.iter().any(|(key, _)| *key == device.key) {
            behind.devices.push((device.key.clone(), true));
        }
    }

    /// `empty` is the last level of a battery that is probably dead, %.
    fn open_silent(&mut self, device: &Device, since: Timestamp, empty: Option<f64>) -> Option<TicketId> {
        if let Some(id) = self.active(&device.key, TicketKind::Silent) {
            return Some(id);
        }
        let severity = (device.kind == DeviceKind::Gateway).then_some(Severity::Urgent);
        self.open(device, TicketKind::Silent, severity, Some(since), silence(since, empty))
    }

    fn is_gateway_silent(&self, gateway: &DeviceKey) -> bool {
        if self.active(gateway, TicketKind::Silent).is_some() {
            return true;
        }
        let behind = self.facts.behind.get(gateway).map(Vec::as_slice).unwrap_or_default();
        let overdue = |b: &&Behind| b.due_at.is_none_or(|due| due <= self.now);
        let silent = behind.iter().filter(overdue).count();
        silent >= BEHIND_SILENT_MIN && silent * 2 > behind.len()
    }

    /// From when those behind a gateway have their time anew: when its silence was over, or by its own rhythm.
    fn gateway_known_at(&self, gateway: &DeviceKey) -> Option<Timestamp> {
        let silences = self.facts.tickets.values().filter(|t| t.kind == TicketKind::Silent);
        let own = silences.filter(|t| t.device_key.as_ref() == Some(gateway));
        let back = own.filter_map(|t| if let Status::Resolved { at } = t.status { Some(at) } else { None });
        back.max().max(self.facts.known_at.get(gateway).copied())
    }

    pub(super) fn back_online(&mut self, device: &Device) {
        if let Some(id) = self.active(&device.key, TicketKind::Battery) {
            if self.ticket(&id).died {
                self.change(&id).work.spoke_at = Some(self.now);
            }
            if plan::is_visit_instead(&self.ticket(&id).plan) {
                self.event(&id, "back_online", "device", json!({}));
            }
        }
        if let Some(id) = self.active(&device.key, TicketKind::Silent) {
            self.silence_over(&id, device, json!({ "proof": "back_online" }));
        }
        if let Some(gateway) = &device.gateway
            && let Some(id) = self.active(gateway, TicketKind::Silent)
            && self.ticket(&id).devices.iter().any(|(key, _)| *key == device.key)
        {
            self.silence_over(&id, device, json!({ "proof": "back_online", "device_key": device.key }));
        }
    }

    /// Who else was part of it has yet to be heard.
    fn silence_over(&mut self, id: &TicketId, back: &Device, data: serde_json::Value) {
        let others = self.ticket(id).devices.iter().map(|(key, _)| key).filter(|key| **key != back.key);
        let others: Vec<_> = others.map(|key| (key.clone(), self.now)).collect();
        self.changes.heard_anew.extend(others);
        self.resolve(id, "device", data);
    }
}

/// A silence, as a ticket's history keeps it.
fn silence(since: Timestamp, empty: Option<f64>) -> serde_json::Value {
    let mut data = json!({ "since": since.to_rfc3339() });
    if let Some(percent) = empty {
        data["battery"] = json!({ "probably": "dead", "percent": percent });
    }
    data
}
