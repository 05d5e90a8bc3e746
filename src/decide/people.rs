//! Who is meant by "the tenant", "the one on duty", "the manager", and when they may be written to. Pure.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

use super::desk::{Desk, Place};
use super::policy::ContactPolicy;
use crate::model::time::{DAY, HOUR, MINUTE};
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
            Audience::Housekeepers | Audience::OnDuty => {
                on_duty(place, skill, self.now).first().map(|h| Person::from(*h)).into_iter().collect()
            }
            Audience::Second => self.second(ticket, place, skill).into_iter().collect(),
            Audience::Manager | Audience::Region => vec![person_manager(place)],
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

    /// The next one on duty who has not been written to about this ticket; off duty in need.
    fn second(&self, ticket: &Ticket, place: &Place, skill: Option<&str>) -> Option<Person> {
        let asked = |h: &&Housekeeper| !self.was_written_to(ticket, &Person::from(*h).recipient);
        let duty = on_duty(place, skill, self.now);
        duty.into_iter().find(asked).or_else(|| place.housekeepers.iter().find(asked)).map(Person::from)
    }

    pub(super) fn was_written_to(&self, ticket: &Ticket, recipient: &Recipient) -> bool {
        let ids = ticket.plan.iter().filter_map(|p| match &p.done {
            Some(StepDone::Sent { to, .. }) => Some(to),
            _ => None,
        });
        ids.flatten().any(|to| *to == recipient.as_key())
    }

    /// The one who signs: of a matter always the same; at first who has the job, else the host of the house.
    pub(super) fn sender(&self, ticket: &Ticket) -> String {
        let Some(place) = self.place(ticket) else { return String::new() };
        let assignee = ticket.assignee.as_ref().and_then(|id| place.housekeepers.iter().find(|h| h.id == *id));
        let first = || assignee.map_or_else(|| host(place, self.now), |h| h.name.clone());
        ticket.sender.clone().unwrap_or_else(first)
    }

    /// From now on the matter has one name.
    pub(super) fn named(&mut self, id: &TicketId) {
        let sender = self.sender(self.ticket(id));
        self.change(id).sender = Some(sender);
    }
}

/// Who speaks for a house: who is on duty, else any housekeeper, else the house itself.
pub fn host(place: &Place, now: Timestamp) -> String {
    let someone = on_duty(place, None, now).first().copied().or(place.housekeepers.first());
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

/// Those whose shift it is; who has the skill comes first, but a helping hand without it is better than none.
pub fn on_duty<'p>(place: &'p Place, skill: Option<&str>, now: Timestamp) -> Vec<&'p Housekeeper> {
    let local = local(&place.property, now);
    let covers = |h: &&Housekeeper| h.shift.covers(local.weekday(), local.time());
    let mut duty: Vec<_> = place.housekeepers.iter().filter(covers).collect();
    duty.sort_by_key(|h| skill.is_some_and(|s| !h.skills.iter().any(|have| have == s)));
    duty
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

/// When somebody is on duty next, by day: within a week, else now.
pub fn next_duty(place: &Place, contact: &ContactPolicy, skill: Option<&str>, at: Timestamp) -> Option<Timestamp> {
    let first = Timestamp(at.0 - at.0.rem_euclid(HOUR) + HOUR);
    let sound = |t: &Timestamp| !is_night(&place.property, contact, *t) && !on_duty(place, skill, *t).is_empty();
    (0..7 * 24).map(|n| first + n * HOUR).find(sound)
}
