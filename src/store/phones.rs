//! What the pages for phones are made from.

use crate::model::{Location, Ticket};

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
