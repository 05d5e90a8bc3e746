//! Findings to tickets: at most one active ticket per device and kind, one incident per riser, one for a gateway and all behind it. Pure.

use serde_json::json;

use super::desk::Desk;
use super::plan;
use crate::model::time::DAY;
use crate::model::*;

/// A resolved ticket is closed after this where its playbook says nothing.
const CLOSE_AFTER: Span = Span(DAY);
/// A flow that never stops and is at least this is an emergency, l/min.
const POURS_LPM: f64 = 2.0;

impl Desk<'_> {
    /// Takes in what a detector concluded about a registered device.
    pub fn found(&mut self, key: &DeviceKey, finding: &Finding) {
        let Some(device) = self.facts.devices.get(key).cloned() else { return };
        match finding {
            Finding::BatteryLow { percent, forecast } => self.battery_low(&device, *percent, forecast.as_ref()),
            Finding::GaugeLies { lie, since, shown, of_model } => {
                self.gauge_lies(&device, gauge_data(*lie, *since, *shown, *of_model));
            }
            Finding::BatteryNearEnd { empty_at } => self.battery_near_end(&device, *empty_at),
            Finding::BatteryDead => self.battery_dead(&device),
            Finding::ReplacementSeen { at, percent } => self.replacement_seen(&device, *at, *percent),
            Finding::ReplacementRefuted => self.replacement_refuted(&device),
            Finding::ReplacementUnsure { at } => self.replacement_unsure(&device, *at),
            Finding::BatteryReplaced { seen_at } => self.battery_replaced(&device, *seen_at),
            Finding::Leak { doubt } => self.leak(&device, None, doubt.map_or(json!({}), |why| json!({ "doubt": why }))),
            Finding::StillWet { since } => self.still_wet(&device, *since),
            Finding::FlowNeverStops { since, lpm } => self.never_stops(&device, *since, *lpm),
            Finding::LeakCleared => self.leak_cleared(&device),
            Finding::Silent { since, heard_from, battery_low, empty } => {
                self.silent(&device, *since, *heard_from, *battery_low, *empty);
            }
            Finding::BackOnline => self.back_online(&device),
            Finding::Tamper => self.tamper(&device),
        }
    }

    fn battery_low(&mut self, device: &Device, percent: Option<f64>, forecast: Option<&Forecast>) {
        let Some(forecast) = forecast else {
            self.open(device, TicketKind::Battery, None, None, json!({ "percent": percent }));
            return;
        };
        let (earliest, latest) = (forecast.earliest.to_rfc3339(), forecast.latest.to_rfc3339());
        let empty_at = forecast.empty_at.to_rfc3339();
        let why = json!({ "percent": percent, "empty_at": empty_at, "earliest": earliest, "latest": latest, "because": forecast.because });
        if self.open(device, TicketKind::Battery, None, None, why).is_some() {
            self.battery_near_end(device, forecast.empty_at);
        }
    }

    /// By this gauge nothing is said to the tenant any more: whoever is on duty looks at the battery, the manager hears why.
    fn gauge_lies(&mut self, device: &Device, data: serde_json::Value) {
        let Some(id) = self.active(&device.key, TicketKind::Battery) else {
            self.open(device, TicketKind::Battery, None, None, data);
            return;
        };
        let now = self.now;
        plan::visit_instead(&mut self.change(&id).plan, now);
        self.event(&id, "gauge_lies", "device", data);
        self.run_plan(&id);
    }

    /// The end of a low battery is known better now: what waits for it waits for that day.
    fn battery_near_end(&mut self, device: &Device, empty_at: Timestamp) {
        let Some(id) = self.active(&device.key, TicketKind::Battery) else { return };
        plan::expect_end(self.change(&id), empty_at);
        self.release_before_end(&id);
        self.run_plan(&id);
    }

    pub(super) fn battery_dead(&mut self, device: &Device) {
        let Some(id) = self.active(&device.key, TicketKind::Battery) else { return };
        if !self.ticket(&id).died {
            self.change(&id).died = true;
            self.event(&id, "died", "device", json!({}));
            self.release(&id, "device", self.now);
            if plan::is_visit_instead(&self.ticket(&id).plan) {
                // Who was asked when it could wait is asked anew.
                self.change(&id).work.ask_anew();
            }
            plan::arm(self.change(&id), Since::Died);
            self.run_plan(&id);
        }
    }

    fn replacement_seen(&mut self, device: &Device, at: Timestamp, percent: f64) {
        if let Some(id) = self.active(&device.key, TicketKind::Battery) {
            self.change(&id).seen_at = Some(at);
            self.event(&id, "replacement_seen", "device", json!({ "percent": percent, "at": at.to_rfc3339() }));
        }
    }

    fn replacement_refuted(&mut self, device: &Device) {
        if let Some(id) = self.active(&device.key, TicketKind::Battery) {
            self.change(&id).seen_at = None;
            self.event(&id, "replacement_refuted", "device", json!({}));
            self.run_plan(&id);
        }
    }

    /// What is unsure asks the tenant for one word, once a ticket.
    fn replacement_unsure(&mut self, device: &Device, at: Timestamp) {
        if let Some(id) = self.active(&device.key, TicketKind::Battery) {
            self.event(&id, "replacement_unsure", "device", json!({ "at": at.to_rfc3339() }));
            plan::ask(self.change(&id));
            self.run_plan(&id);
        }
    }

    fn battery_replaced(&mut self, device: &Device, seen_at: Timestamp) {
        let Some(id) = self.active(&device.key, TicketKind::Battery) else { return };
        self.change(&id).seen_at = Some(seen_at);
        self.resolve(&id, "device", json!({ "proof": "battery_replaced", "seen_at": seen_at.to_rfc3339() }));
        self.reward(&id, seen_at);
        plan::thank(self.change(&id));
        self.run_plan(&id);
    }

    fn leak(&mut self, device: &Device, severity: Option<Severity>, mut data: serde_json::Value) {
        let Some(id) = self.incident(device) else {
            let source = Source { unit_id: device.unit_id.clone(), floor: self.floor_of(&device.unit_id) };
            data["likely_source"] = json!(source);
            if let Some(id) = self.open(device, TicketKind::Leak, severity, None, data) {
                self.change(&id).source = Some(source);
            }
            return;
        };
        let (now, valves) = (self.now, self.valves_of(self.ticket(&id)));
        let ticket = self.change(&id);
        ticket.wet_at = Some(now);
        match ticket.devices.iter_mut().find(|(key, _)| *key == device.key) {
            Some(entry) => entry.1 = true,
            None => ticket.devices.push((device.key.clone(), true)),
        }
        self.find_source(&id, device);
        let severity = severity.unwrap_or(self.policy.playbook(&device.property_id, TicketKind::Leak).severity);
        if matches!(self.ticket(&id).status, Status::Resolved { .. }) {
            self.change(&id).severity = self.ticket(&id).severity.max(severity);
            self.reopen(&id, device);
        } else {
            let source = &self.ticket(&id).source;
            let data = json!({ "device_key": device.key, "unit_id": device.unit_id, "likely_source": source });
            self.event(&id, "joined", "device", data);
            self.worsen(&id, severity);
            self.tell_neighbour(&id, device);
            self.shut_more(&id, &valves);
            self.warn_below(&id);
        }
    }

    /// What began as a trickle is a flood now: its playbook begins anew, and its offer presses who has the job already.
    pub(super) fn worsen(&mut self, id: &TicketId, severity: Severity) {
        if severity <= self.ticket(id).severity {
            return;
        }
        let now = self.now;
        let playbook = self.policy.playbook(&self.ticket(id).property_id, TicketKind::Leak);
        let ticket = self.change(id);
        (ticket.severity, ticket.round) = (severity, ticket.round + 1);
        ticket.plan = plan::lay_out(&playbook, now);
        self.event(id, "worsened", "device", json!({ "severity": severity }));
        self.run_plan(id);
    }

    fn floor_of(&self, unit: &UnitId) -> Option<i32> {
        self.facts.units.get(unit).and_then(|u| u.floor)
    }

    /// Water runs down: the highest of the wet floors is the likely source.
    fn find_source(&mut self, id: &TicketId, device: &Device) {
        let floor = self.floor_of(&device.unit_id);
        let known = self.ticket(id).source.as_ref().and_then(|s| s.floor);
        if known.is_none() || floor > known {
            self.change(id).source = Some(Source { unit_id: device.unit_id.clone(), floor });
        }
    }

    /// A sensor that does not dry: in an open ticket somebody is asked to look at it, once; without one (it was cancelled)
    /// it is a leak again.
    fn still_wet(&mut self, device: &Device, since: Timestamp) {
        let data = json!({ "device_key": device.key, "since": since.to_rfc3339() });
        let Some(id) = self.active(&device.key, TicketKind::Leak) else {
            return self.leak(device, None, json!({ "still_wet_since": since.to_rfc3339() }));
        };
        if self.now - since >= self.policy.leak.look_after.0 && plan::look(self.change(&id)) {
            self.event(&id, "still_wet", "device", data);
            self.run_plan(&id);
        }
    }

    /// A trickle can wait for the day; a burst pipe cannot.
    fn never_stops(&mut self, device: &Device, since: Timestamp, lpm: f64) {
        let severity = (lpm < POURS_LPM).then_some(Severity::Urgent);
        self.leak(device, severity, json!({ "flow_lpm": lpm, "since": since.to_rfc3339() }));
    }

    fn leak_cleared(&mut self, device: &Device) {
        let Some(id) = self.active(&device.key, TicketKind::Leak) else { return };
        let ticket = self.change(&id);
        for entry in ticket.devices.iter_mut().filter(|(key, _)| *key == device.key) {
            entry.1 = false;
        }
        if ticket.devices.iter().all(|(_, wet)| !wet) {
            self.resolve(&id, "device", json!({ "proof": "leak_cleared" }));
        } else {
            self.event(&id, "dry", "device", json!({ "device_key": device.key }));
        }
    }

    fn tamper(&mut self, device: &Device) {
        self.open(device, TicketKind::Tamper, None, None, json!({}));
    }

    /// The active ticket of a kind that a device is the reason of, or a part of.
    pub(super) fn active(&self, key: &DeviceKey, kind: TicketKind) -> Option<TicketId> {
        let part = |t: &&Ticket| {
            let own = t.device_key.as_ref() == Some(key);
            t.kind == kind
                && t.status.is_active()
                && (own || (kind == TicketKind::Leak && t.devices.iter().any(|(k, _)| k == key)))
        };
        self.facts.tickets.values().find(part).map(|t| t.id.clone())
    }

    /// Opens a ticket for a device, unless one of the kind is active; does at once what its playbook wants at once.
    pub(super) fn open(
        &mut self,
        device: &Device,
        kind: TicketKind,
        severity: Option<Severity>,
        since: Option<Timestamp>,
        data: serde_json::Value,
    ) -> Option<TicketId> {
        self.facts.places.get(&device.property_id)?;
        if self.active(&device.key, kind).is_some() {
            return None;
        }
        let playbook = self.policy.playbook(&device.property_id, kind);
        let now = self.now;
        let id = TicketId(format!("t_{}", digest(format!("{}|{}|{}", kind.as_str(), device.key, now.0))));
        let tenant_id = self.tenant_on(&device.unit_id, &device.property_id, now).map(|t| t.id.clone());
        let severity = severity.unwrap_or(playbook.severity);
        let held = self.waits(&device.key, kind, severity);
        let mut plan = plan::lay_out(&playbook, now);
        if data.get("gauge").is_some() {
            plan::visit_instead(&mut plan, now);
        }
        let ticket = Ticket {
            id: id.clone(),
            kind,
            severity,
            property_id: device.property_id.clone(),
            unit_id: (device.unit_id != UnitId::default()).then(|| device.unit_id.clone()),
            tenant_id,
            device_key: Some(device.key.clone()),
            devices: vec![(device.key.clone(), true)],
            status: Status::Open,
            assignee: None,
            opened_at: now,
            since,
            due_at: None,
            held,
            plan,
            told_at: None,
            seen_at: None,
            died: kind == TicketKind::Silent && data.get("battery").is_some(),
            visited: false,
            reward_minor: None,
            questions: Vec::new(),
            source: None,
            wet_at: None,
            survey: None,
            photos: Vec::new(),
            tone: None,
            replied: false,
            sender: None,
            text: None,
            round: 0,
            work: Work::default(),
            changed_at: now,
            events: 0,
        };
        self.facts.tickets.insert(id.clone(), ticket);
        self.event(&id, "opened", "device", data);
        self.run_plan(&id);
        Some(id)
    }

    /// Ends the work on a ticket; it is closed later, unless the problem returns.
    pub(super) fn resolve(&mut self, id: &TicketId, actor: &str, data: serde_json::Value) {
        let at = self.now;
        let ticket = self.change(id);
        ticket.status = Status::Resolved { at };
        super::survey::arm(ticket, at);
        self.event(id, "resolved", actor, data);
        self.keep_clocks(id);
        self.run_plan(id);
    }

    /// When a resolved ticket is closed; until then the same problem reopens it.
    pub(super) fn close_at(&self, id: &TicketId) -> Option<Timestamp> {
        let ticket = self.ticket(id);
        let Status::Resolved { at } = ticket.status else { return None };
        let playbook = self.policy.playbook(&ticket.property_id, ticket.kind);
        Some(at + playbook.close_after.unwrap_or(CLOSE_AFTER).0)
    }

    /// The problem is back, perhaps next door: the same ticket, its playbook from the start, for the people of where it is now.
    fn reopen(&mut self, id: &TicketId, device: &Device) {
        let (property, kind, now) = (self.ticket(id).property_id.clone(), self.ticket(id).kind, self.now);
        let playbook = self.policy.playbook(&property, kind);
        let tenant_id = self.tenant_on(&device.unit_id, &property, now).map(|t| t.id.clone());
        let ticket = self.change(id);
        ticket.device_key = Some(device.key.clone());
        ticket.unit_id = Some(device.unit_id.clone());
        ticket.tenant_id = tenant_id;
        ticket.status = Status::Open;
        ticket.round += 1;
        ticket.since = Some(now);
        ticket.questions.clear();
        ticket.survey = ticket.survey.take().filter(|s| s.score.is_some());
        ticket.plan = plan::lay_out(&playbook, now);
        ticket.work = std::mem::take(&mut ticket.work).begin_again();
        self.event(id, "reopened", "device", json!({ "device_key": device.key, "unit_id": device.unit_id }));
        self.run_plan(id);
    }

    /// Time has come for a ticket: a step is due, or it is to be closed.
    pub fn ticket_due(&mut self, id: &TicketId) {
        let Some(ticket) = self.facts.tickets.get(id) else { return };
        if ticket.due_at.is_none_or(|due| due > self.now) {
            // It was brought too early, after the clock was put back: its time is stored anew.
            self.change(id);
            return;
        }
        self.watch_visit(id);
        self.release_before_end(id);
        self.run_plan(id);
        let Status::Resolved { at: resolved_at } = self.ticket(id).status else { return };
        if self.close_at(id).is_some_and(|at| at <= self.now) {
            let now = self.now;
            let ticket = self.change(id);
            ticket.status = Status::Closed { resolved_at, at: now };
            ticket.due_at = None;
            self.event(id, "closed", "system", json!({}));
        }
    }
}

/// The evidence against a gauge, as the ticket's history keeps it.
fn gauge_data(lie: Lie, since: Timestamp, shown: f64, of_model: Option<OfModel>) -> serde_json::Value {
    let mut data = json!({ "gauge": lie, "since": since.to_rfc3339(), "shown": shown });
    if let Some(of_model) = of_model {
        data["of_model"] = json!(of_model);
    }
    data
}
