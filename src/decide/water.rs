//! Water that a tenant speaks of: it opens a leak or joins the one that is open, at any hour. Pure.

use super::conversation::Reply;
use super::desk::Desk;
use super::intent::{Intent, Understood};
use super::people::person_tenant;
use super::policy::{LEAK_CLEAR_AFTER, Policy};
use super::questions::ASKS_BED;
use super::requests::Wanted;
use crate::model::*;

impl Policy {
    /// How long a leak must be dry at a property.
    pub fn leak_clear_after(&self, property: &PropertyId) -> Span {
        let own = self.property_playbooks.get(property).and_then(|p| p.get(&TicketKind::Leak));
        let playbook = own.or_else(|| self.playbooks.get(&TicketKind::Leak));
        playbook.and_then(|p| p.clear_after).unwrap_or(LEAK_CLEAR_AFTER)
    }
}

impl Desk<'_> {
    /// Acts on a word of water, whatever else the text says. The leak that has it, and whether anybody else must look.
    pub(super) fn water(
        &mut self,
        tenant: &Tenant,
        matter: Option<&TicketId>,
        understood: &Understood,
        reply: &Reply,
    ) -> Option<(TicketId, bool)> {
        let unit = self.facts.units.get(&tenant.unit_id)?.clone();
        let wanted = Wanted {
            kind: TicketKind::Leak,
            property_id: unit.property_id,
            unit_id: Some(unit.id.clone()),
            severity: Some(Severity::Emergency),
            text: reply.body.clone(),
        };
        let told = self.leak_told(tenant);
        let is_told = told.is_some();
        let id = match told.or_else(|| self.incident_near(&unit.id)) {
            Some(id) => self.reported(id, &wanted, "tenant"),
            None => {
                let id = self.open_by_word(&wanted, "tenant", &format!("water/{}", reply.sid));
                self.change(&id).source.get_or_insert(Source { unit_id: unit.id, floor: unit.floor });
                id
            }
        };
        if !is_told {
            self.tell_of_water(&id, tenant);
        }
        match understood.intent {
            Intent::NeedBed => self.needs_bed(&id, tenant),
            Intent::LockedOut | Intent::Score => _ = self.act(tenant, matter, understood, reply),
            _ => {}
        }
        // Who hears of it only now is told all by the words of the leak.
        let settled = !is_told || self.needs_help(tenant, Some(&id), reply);
        Some((id, settled))
    }

    /// The open leak that a tenant was told of: of their home, or one that they have spoken of before.
    fn leak_told(&self, tenant: &Tenant) -> Option<TicketId> {
        let asked = |t: &&Ticket| t.questions.iter().any(|q| q.tenant_id == tenant.id);
        let leaks = || self.facts.tickets.values().filter(|t| t.kind == TicketKind::Leak && t.status.is_active());
        self.incident_in(&tenant.unit_id).or_else(|| leaks().find(asked).map(|t| t.id.clone()))
    }

    /// Who speaks of a neighbour's water is told what a neighbour whose sensor is wet is told, once a round.
    fn tell_of_water(&mut self, id: &TicketId, tenant: &Tenant) {
        let ticket = self.ticket(id);
        if ticket.unit_id.as_ref() == Some(&tenant.unit_id) {
            return;
        }
        let key = format!("{id}/{}/leak_tenant/{}", ticket.round, person_tenant(tenant).recipient.as_key());
        let now = self.now;
        self.change(id).ask(&tenant.id, ASKS_BED, now);
        self.tell_tenant(id, tenant, "leak_tenant", key);
    }
}
