//! Who is meant by "the tenant", "the one on duty", "the manager", and when they may be written to. Pure.

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;

use super::desk::{Desk, Place};
use super::dispatch::{Ranked, is_on_duty};
use super::policy::ContactPolicy;
use crate::model::time::{DAY, MINUTE};
use crate::model::*;

/// Somebody who can be written to.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub recipient: Recipient,
    /// Where.
    pub phone: E164,
    /// In which language.
    pub locale: Locale,
}

impl From<&Housekeeper> for Person {
    fn from(h: &Housekeeper) -> Self {
        let recipient = Recipient::Housekeeper(h.id.0.clone());
        Self { recipient, phone: h.phone.clone(), locale: h.locale }
    }
}

impl Desk<'_> {
    pub(super) fn place(&self, ticket: &Ticket) -> Option<&Place> {
        self.facts.places.get(&ticket.property_id)
    }

    /// The people whom a step is for, now; nobody when there is none.
    pub(super) fn audience(&self, ticket: &Ticket, step: &Step) -> Vec<Person> {
        let Some(place) = self.place(ticket) else { return Vec::new() };
        let skill = step.skill.as_deref();
        match step.to {
            Audience::Tenant => self.tenant_of(ticket).map(person_tenant).into_iter().collect(),
            Audience::Housekeepers | Audience::OnDuty => self.on_duty(ticket, skill).into_iter().collect(),
            Audience::Second => self.second(ticket, skill).into_iter().collect(),
            Audience::Manager => vec![person_manager(place)],
            Audience::Region => vec![self.region_head(place).unwrap_or_else(|| person_manager(place))],
        }
    }

    /// A housekeeper of the ticket's property, by id.
    pub(super) fn housekeeper(&self, ticket: &Ticket, id: &HousekeeperId) -> Option<Person> {
        self.place(ticket)?.housekeepers.iter().find(|h| h.id == *id).map(Person::from)
    }

    /// The tenant whom a ticket concerns.
    pub(super) fn tenant_of(&self, ticket: &Ticket) -> Option<&Tenant> {
        let unit = ticket.unit_id.as_ref()?;
        let id = ticket.tenant_id.as_ref()?;
        self.facts.tenants.get(unit)?.iter().find(|t| t.id == *id)
    }

    /// The best of those whose shift it is.
    fn on_duty(&self, ticket: &Ticket, skill: Option<&str>) -> Option<Person> {
        let best = self.ranking(ticket, skill, ticket.severity).into_iter().find(|r| r.on_duty && !r.off)?;
        self.housekeeper(ticket, &best.housekeeper_id)
    }

    /// The next one on duty who has not been asked; off duty in need.
    fn second(&self, ticket: &Ticket, skill: Option<&str>) -> Option<Person> {
        let next = self.ranking(ticket, skill, ticket.severity).into_iter().find(Ranked::is_free)?;
        self.housekeeper(ticket, &next.housekeeper_id)
    }

    /// The head of a property's region, if the operator has named one.
    pub(super) fn region_head(&self, place: &Place) -> Option<Person> {
        let region = &place.property.region;
        let head = self.policy.regions.get(region)?;
        Some(Person { recipient: Recipient::Region(region.clone()), phone: head.phone.clone(), locale: head.locale })
    }

    /// The one who signs: of a matter always the same; at first who has the job, else the host of the house.
    pub(super) fn sender(&self, ticket: &Ticket) -> String {
        let Some(place) = self.place(ticket) else { return String::new() };
        let assignee = ticket.assignee.as_ref().and_then(|id| place.housekeepers.iter().find(|h| h.id == *id));
        let first = || assignee.map_or_else(|| host(place, &self.facts.swaps, self.now), |h| h.name.clone());
        ticket.sender.clone().unwrap_or_else(first)
    }

    /// From now on the matter has one name.
    pub(super) fn named(&mut self, id: &TicketId) {
        let sender = self.sender(self.ticket(id));
        self.change(id).sender = Some(sender);
    }

    /// Who has the job, or had it last.
    pub(super) fn helper(&self, ticket: &Ticket) -> String {
        let who = ticket.assignee.as_ref().or(ticket.work.off.last());
        who.map(|id| self.name_of(ticket, id)).unwrap_or_default()
    }

    /// What a housekeeper of the ticket's property is called.
    pub(super) fn name_of(&self, ticket: &Ticket, id: &HousekeeperId) -> String {
        let person = self.place(ticket).and_then(|p| p.housekeepers.iter().find(|h| h.id == *id));
        person.map(|h| h.name.clone()).unwrap_or_default()
    }
}

/// Who speaks for a house: who is on duty, else any housekeeper, else the house itself.
pub fn host(place: &Place, swaps: &[ShiftSwap], now: Timestamp) -> String {
    let on_duty = place.housekeepers.iter().find(|h| is_on_duty(place, h, swaps, now));
    let someone = on_duty.or(place.housekeepers.first());
    someone.map_or_else(|| place.property.name.clone(), |h| h.name.clone())
}

/// The tenant as somebody who can be written to.
pub fn person_tenant(tenant: &Tenant) -> Person {
    Person { recipient: Recipient::Tenant(tenant.id.0.clone()), phone: tenant.phone.clone(), locale: tenant.locale }
}

/// The manager of a property.
pub fn person_manager(place: &Place) -> Person {
    let property = &place.property;
    Person {
        recipient: Recipient::Manager(property.id.0.clone()),
        phone: property.manager_phone.clone(),
        locale: property.locale,
    }
}

/// The wall clock at a property.
pub fn local(property: &Property, at: Timestamp) -> DateTime<Tz> {
    at.to_utc().with_timezone(&property.timezone)
}

/// Whether it is night at a property: nothing routine reaches a person then.
pub fn is_night(property: &Property, contact: &ContactPolicy, at: Timestamp) -> bool {
    let hour = local(property, at).hour();
    let (from, to) = (contact.night_from_hour, contact.night_to_hour);
    if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
}

/// The first instant from `at` on that is no night; found by quarter hours, so that every zone and change of clocks is right.
pub fn next_morning(property: &Property, contact: &ContactPolicy, at: Timestamp) -> Timestamp {
    let quarter = 15 * MINUTE;
    let first = Timestamp(at.0 - at.0.rem_euclid(quarter) + quarter);
    (0..96).map(|n| first + n * quarter).find(|t| !is_night(property, contact, *t)).unwrap_or(at + DAY)
}

/// The last instant of the day that `at` falls into: when the night begins.
pub fn evening(property: &Property, contact: &ContactPolicy, at: Timestamp) -> Timestamp {
    let quarter = 15 * MINUTE;
    let first = Timestamp(at.0 - at.0.rem_euclid(quarter) + quarter);
    (0..96).map(|n| first + n * quarter).find(|t| is_night(property, contact, *t)).unwrap_or(at + DAY)
}
