//! Who wrote, which question a text answers, and what the answers lead to. Pure.
//!
//! The question asked last to a person that is still open is the one that a bare "1" answers. Of one incident each tenant
//! answers for themselves.

use serde_json::json;

use super::desk::Desk;
use super::intent::{Asked, Intent};
use super::people::{local, person_manager};
use super::plan::ASKS_REPLACED;
use crate::model::*;

/// The question whether a tenant needs a place to stay.
pub(super) const ASKS_BED: &str = "need_bed";
/// The question that the words of a dead lock ask: did it help?
pub(super) const ASKS_INSIDE: &str = "inside";
/// The question how it was.
const ASKS_SCORE: &str = "score";

/// A question that somebody has yet to answer.
pub(super) struct OpenQuestion {
    asked_at: Timestamp,
    /// In which matter.
    pub(super) ticket_id: TicketId,
    what: String,
}

impl OpenQuestion {
    /// What gives a bare word its meaning. A "1" that may be meant for anything else has none.
    pub(super) fn asked(&self) -> Asked {
        match &*self.what {
            ASKS_BED => Asked::Bed,
            ASKS_REPLACED => Asked::Replaced,
            ASKS_SCORE => Asked::Score,
            _ => Asked::Nothing,
        }
    }

    /// Whether a text of this meaning answers it.
    pub(super) fn is_answered_by(&self, intent: Intent) -> bool {
        match &*self.what {
            ASKS_BED => matches!(intent, Intent::NeedBed | Intent::No),
            ASKS_REPLACED => matches!(intent, Intent::Done | Intent::No),
            ASKS_INSIDE => matches!(intent, Intent::Done | Intent::NeedHelp | Intent::LockedOut),
            ASKS_SCORE => intent == Intent::Score,
            _ => false,
        }
    }
}

impl Desk<'_> {
    /// Whether a tenancy holds today.
    pub(super) fn rents(&self, tenant: &Tenant) -> bool {
        let property = self.facts.units.get(&tenant.unit_id).and_then(|u| self.facts.places.get(&u.property_id));
        property.is_some_and(|place| tenant.rents_on(local(&place.property, self.now).date_naive()))
    }

    /// Tenancies of a number, of today or of any day.
    fn tenancies(&self, phone: &E164) -> impl Iterator<Item = &Tenant> {
        self.facts.tenants.values().flatten().filter(move |t| t.phone == *phone)
    }

    /// Whose number it is: who rents today and whom the matter concerns most.
    pub(super) fn renter(&self, phone: &E164, matter: Option<&TicketId>) -> Option<Tenant> {
        let ticket = matter.map(|id| self.ticket(id));
        let asked = |t: &Tenant| ticket.is_some_and(|m| m.questions.iter().any(|q| q.tenant_id == t.id));
        let concerned = |t: &Tenant| ticket.is_some_and(|m| m.unit_id.as_ref() == Some(&t.unit_id));
        let today = self.tenancies(phone).filter(|t| self.rents(t));
        today.min_by_key(|t| (!asked(t), !concerned(t), t.id.clone())).cloned()
    }

    /// Whose number it was last, or will be.
    pub(super) fn known_by(&self, phone: &E164) -> Option<Tenant> {
        self.tenancies(phone).max_by_key(|t| (t.from, t.id.clone())).cloned()
    }

    /// Whether a matter is one of a home that this number has left.
    pub(super) fn has_left(&self, phone: &E164, id: &TicketId) -> bool {
        let mut there =
            self.tenancies(phone).filter(|t| Some(&t.unit_id) == self.ticket(id).unit_id.as_ref()).peekable();
        there.peek().is_some() && !there.any(|t| self.rents(t))
    }

    /// The question that was asked last to who rents with this number, and is still open.
    pub(super) fn open_question(&self, phone: &E164, tickets: &[TicketId]) -> Option<OpenQuestion> {
        let own = |tenant: &TenantId| self.tenancies(phone).any(|t| t.id == *tenant && self.rents(t));
        tickets.iter().flat_map(|id| self.open_of(id, own)).max_by_key(|q| q.asked_at)
    }

    fn open_of(&self, id: &TicketId, own: impl Fn(&TenantId) -> bool) -> Vec<OpenQuestion> {
        let ticket = self.ticket(id);
        let open = |what: &str, asked_at| OpenQuestion { asked_at, ticket_id: id.clone(), what: what.to_owned() };
        if ticket.status.is_active() {
            let own = ticket.questions.iter().filter(|q| q.answer.is_none() && own(&q.tenant_id));
            return own.map(|q| open(&q.what, q.asked_at)).collect();
        }
        let survey = ticket.survey.as_ref().filter(|_| self.awaits_mark(ticket));
        let survey = survey.filter(|_| ticket.tenant_id.as_ref().is_some_and(own));
        survey.map(|s| open(ASKS_SCORE, s.asked_at)).into_iter().collect()
    }

    /// The manager is told at once, and once of each tenant.
    pub(super) fn needs_bed(&mut self, id: &TicketId, tenant: &Tenant) {
        if self.ticket(id).question(&tenant.id, ASKS_BED).is_some_and(|q| q.answer.as_deref() == Some(ASKS_BED)) {
            return;
        }
        let now = self.now;
        self.change(id).answer(&tenant.id, ASKS_BED, ASKS_BED, now);
        self.event(id, "answered", "tenant", json!({ "need_bed": true, "tenant_id": tenant.id }));
        self.add_task(id, "bed", Some(tenant));
        self.answer(id, tenant, "bed_coming");
        let Some(manager) = self.place(self.ticket(id)).map(person_manager) else { return };
        self.tell_of(id, tenant, &manager, "bed_manager");
    }

    /// They need no bed.
    pub(super) fn needs_no_bed(&mut self, id: &TicketId, tenant: &Tenant) {
        if self.ticket(id).question(&tenant.id, ASKS_BED).is_none_or(|q| q.answer.is_none()) {
            let now = self.now;
            self.change(id).answer(&tenant.id, ASKS_BED, "no", now);
            self.event(id, "answered", "tenant", json!({ "need_bed": false, "tenant_id": tenant.id }));
        }
    }

    /// No to what they were asked; to nothing that was asked it says nothing.
    pub(super) fn said_no(&mut self, id: &TicketId, tenant: &Tenant) {
        let ticket = self.ticket(id);
        if ticket.is_asked(&tenant.id, ASKS_BED) {
            self.needs_no_bed(id, tenant);
        } else if ticket.is_asked(&tenant.id, ASKS_REPLACED) {
            let now = self.now;
            self.change(id).answer(&tenant.id, ASKS_REPLACED, "no", now);
            self.event(id, "answered", "tenant", json!({ "replaced": false, "tenant_id": tenant.id }));
        }
    }

    /// The tenant's word: a fresh battery is proven sooner by it, a request is over, a door that opened needs nobody at night.
    pub(super) fn said_done(&mut self, id: &TicketId, tenant: &Tenant) {
        if self.is_inside(id, tenant) {
            return;
        }
        let (ticket, now) = (self.ticket(id), self.now);
        let key = ticket.device_key.clone();
        match ticket.kind {
            TicketKind::Battery => self.changes.words_given.extend(key),
            TicketKind::Request => return self.resolve(id, "tenant", json!({})),
            _ => {}
        }
        if self.ticket(id).is_asked(&tenant.id, ASKS_REPLACED) {
            self.change(id).answer(&tenant.id, ASKS_REPLACED, "yes", now);
        }
        self.event(id, "said_done", "tenant", json!({ "tenant_id": tenant.id }));
    }
}
