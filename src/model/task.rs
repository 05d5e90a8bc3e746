//! What follows from a ticket beside texts and visits: a valve that is wanted shut, a task on a manager's list.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{DeviceKey, PropertyId, TicketId, Timestamp, UnitId};

/// What a valve is wanted to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValveWish {
    /// Which valve.
    pub device_key: DeviceKey,
    /// Where.
    pub property_id: PropertyId,
    /// Shut, or open again.
    pub closed: bool,
    /// In which matter.
    pub ticket_id: TicketId,
    /// Who wants it.
    pub actor: String,
    /// Since when.
    pub at: Timestamp,
}

/// Somebody wants a valve open again and has yet to confirm it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What the second step must name.
    pub code: String,
    /// Until when.
    pub until: Timestamp,
}

/// Something that a manager has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// In which matter.
    pub ticket_id: TicketId,
    /// Where.
    pub property_id: PropertyId,
    /// In or for which unit.
    pub unit_id: Option<UnitId>,
    /// What, a stable word: `bed`, or the template of the playbook's step.
    pub what: String,
    /// From which local day.
    pub from: NaiveDate,
    /// To which local day; for a bed the day of leaving.
    pub to: NaiveDate,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was done, and by whom.
    pub done: Option<(Timestamp, String)>,
}
