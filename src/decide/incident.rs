//! Which water is one incident: a sensor's, a unit's, or a riser's within the window of the last that became wet. Must never
//! lead to two open tickets that share an apartment. Pure.

use super::desk::{Desk, Facts};
use crate::model::*;

impl Desk<'_> {
    /// The leak ticket that a wet sensor belongs to: the open one that it or its unit is part of, the latest of its riser
    /// within the window, or the last one that is resolved and not yet closed. Where a part of that one has meanwhile
    /// become part of an open one, it is that.
    pub(super) fn incident(&self, device: &Device) -> Option<TicketId> {
        let (active, resolved): (Vec<&Ticket>, Vec<&Ticket>) = self.leaks().partition(|t| t.status.is_active());
        let part = |t: &&&Ticket| t.devices.iter().any(|(key, _)| *key == device.key);
        let at_home = |t: &&&Ticket| self.is_in(t, &device.unit_id);
        let riser = || active.iter().filter(|t| self.spreads_to(t, &device.unit_id)).max_by_key(|t| t.wet_at());
        let open = active.iter().find(part).or_else(|| active.iter().find(at_home)).or_else(riser);
        let found = open.or_else(|| {
            let last = resolved.iter().filter(|t| part(t) || at_home(t)).max_by_key(|t| t.wet_at())?;
            let units = self.facts.units_of(last);
            active.iter().find(|t| units.iter().any(|unit| self.is_in(t, unit))).or(Some(last))
        });
        found.map(|t| t.id.clone())
    }

    /// The open leak ticket that a unit is part of.
    pub(super) fn incident_in(&self, unit: &UnitId) -> Option<TicketId> {
        self.leaks().find(|t| t.status.is_active() && self.is_in(t, unit)).map(|t| t.id.clone())
    }

    /// The open leak ticket whose water may have come to a unit, the latest.
    pub(super) fn incident_near(&self, unit: &UnitId) -> Option<TicketId> {
        let near = self.leaks().filter(|t| t.status.is_active() && self.spreads_to(t, unit));
        near.max_by_key(|t| t.wet_at()).map(|t| t.id.clone())
    }

    /// Leak tickets that are open, or resolved and not yet closed.
    fn leaks(&self) -> impl Iterator<Item = &Ticket> {
        let live = |t: &&Ticket| t.status.is_active() || matches!(t.status, Status::Resolved { .. });
        self.facts.tickets.values().filter(|t| t.kind == TicketKind::Leak).filter(live)
    }

    fn is_in(&self, ticket: &Ticket, unit: &UnitId) -> bool {
        self.facts.units_of(ticket).contains(&unit)
    }

    /// Whether water of the incident may have come to a unit: above or below one of its own, within the window.
    fn spreads_to(&self, ticket: &Ticket, unit: &UnitId) -> bool {
        let riser = |id: &UnitId| {
            let unit = self.facts.units.get(id)?;
            unit.stack.as_ref().map(|stack| (&unit.property_id, stack))
        };
        let own = riser(unit);
        let lately = self.now - ticket.wet_at() <= self.policy.leak.riser_window.0;
        lately && own.is_some() && self.facts.units_of(ticket).into_iter().any(|unit| riser(unit) == own)
    }
}

impl Facts {
    /// The apartments of a matter: where it was first, and those of all its devices.
    pub fn units_of<'t>(&'t self, ticket: &'t Ticket) -> Vec<&'t UnitId> {
        let devices = ticket.devices.iter().filter_map(|(key, _)| self.devices.get(key));
        let all = ticket.unit_id.iter().chain(devices.map(|d| &d.unit_id));
        all.filter(|unit| **unit != UnitId::default()).collect()
    }
}
