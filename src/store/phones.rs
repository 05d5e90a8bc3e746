//! What the pages for phones are made from.

use crate::model::{Location, PropertyId, Tenant, Ticket, Timestamp};

/// A ticket with the place that somebody goes to.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// The ticket.
    pub ticket: Ticket,
    /// What its property is called.
    pub property_name: String,
    /// IANA name of the property's time zone.
    pub timezone: String,
    /// Where the property is, in words.
    pub address: Option<String>,
    /// Where it is on the map.
    pub location: Option<Location>,
    /// What its unit is called.
    pub unit_name: Option<String>,
    /// The unit's floor.
    pub floor: Option<i64>,
    /// What to know at the door of the unit.
    pub entry_note: Option<String>,
}

/// A tenancy with the place that it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeRow {
    /// The tenancy.
    pub tenant: Tenant,
    /// What its unit is called.
    pub unit_name: String,
    /// Its property.
    pub property_id: PropertyId,
    /// What the property is called.
    pub property_name: String,
    /// The property's time zone.
    pub timezone: chrono_tz::Tz,
}

impl HomeRow {
    /// Whether they rent it at an instant, by the days of the property.
    pub fn is_rented(&self, at: Timestamp) -> bool {
        self.tenant.rents_on(at.to_utc().with_timezone(&self.timezone).date_naive())
    }
}
