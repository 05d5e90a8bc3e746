//! What truly happened, whether or not anybody noticed. Written by the physics, read by the scoreboard; never by the people.

use crate::lie::Lie;
use chrono::{DateTime, TimeDelta, Utc};

/// The three things that can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Cells that run out.
    Battery,
    /// Water where none should be; one problem for all sensors that one pipe wets.
    Leak,
    /// A device, or a gateway with all behind it, that is not heard.
    Silent,
}

impl Kind {
    /// Every kind, in the order of the scoreboard.
    pub const ALL: [Self; 3] = [Self::Battery, Self::Leak, Self::Silent];

    /// The word for it in tickets.
    pub fn word(self) -> &'static str {
        match self {
            Self::Battery => "battery",
            Self::Leak => "leak",
            Self::Silent => "silent",
        }
    }

    /// The kind with this word; `None` for kinds that the building does not play.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What lies behind a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A battery that is used up.
    Wear,
    /// A leaking pipe.
    Water,
    /// A radio that failed.
    Radio,
    /// A gateway without mains.
    Power,
    /// Silent because the battery is dead; a battery ticket serves as well.
    DeadBattery,
    /// Nothing is wrong but the gauge, which lies: a ticket is no mistake, and need not come before it is evident.
    LyingGauge,
    /// Healthy, but so many messages were lost in the air that a silent ticket would be no mistake.
    Lost,
}

/// How a problem ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The tenant put new cells in.
    ReplacedByTenant,
    /// A housekeeper put new cells in.
    ReplacedByHousekeeper,
    /// A housekeeper repaired it.
    Fixed,
    /// It passed by itself.
    ByItself,
}

/// One thing that went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What is wrong.
    pub kind: Kind,
    /// Why.
    pub cause: Cause,
    /// The device it shows at; of a leak the first sensor.
    pub device_key: String,
    /// Further sensors of the same leak.
    pub also: Vec<String>,
    /// Key of the gateway that it is heard through; `None`: by itself.
    pub gateway: Option<String>,
    /// Id of the unit (of a gateway: the corridor).
    pub unit: String,
    /// Id of the tenant of the day it began (or, when it ended by a replacement, of that day); `None` in a vacant unit.
    pub tenant_id: Option<String>,
    /// Phone of the same.
    pub tenant_phone: Option<String>,
    /// Whether another tenant moves in or out of the unit around then, so that who was to be told is not judged.
    pub tenant_moves: bool,
    /// From here on a ticket is no mistake. Battery: 30 days (and at most 60 %) of its life left, the gauge at 25 %, or
    /// a reading at or below 20 %. Leak: the water reaches the sensor. Silence: the device fails.
    pub started_at: DateTime<Utc>,
    /// From here on the service must know, as enough was delivered, fresh and readable. Battery: the second reading in
    /// a row at or below 20 %. Leak: the first wet. Silence: three times the rhythm after the last message. `None`: not yet.
    pub evident_at: Option<DateTime<Utc>>,
    /// Leak only: the sensor that showed it first, which one below may be while the nearest is off the air.
    pub witness: Option<Witness>,
    /// The last message of any age that shows it (a late wet, for one): a ticket that soon after is no mistake either.
    /// Silence: a message on its way since before it, by which the device seemed to live.
    pub last_sign_at: Option<DateTime<Utc>>,
    /// Battery only: when it would be empty at its usual pace, as of `evident_at`.
    pub empties_at: Option<DateTime<Utc>>,
    /// Battery only: when it was empty.
    pub died_at: Option<DateTime<Utc>>,
    /// Battery only: the gauge has shown 0, which nobody can tell from empty.
    pub shown_empty: bool,
    /// When it was over (battery: replaced; leak: all sensors dry; silence: a message arrived); `None`: still on.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended; `None`: still on.
    pub how: Option<How>,
    /// Battery only: the new cells were used ones, so that nobody need recognise them.
    pub used_cells: bool,
    /// Battery only: how the gauge of the device lies; `None`: it is honest.
    pub lie: Option<Lie>,
    /// How often the device reports when all is well.
    pub rhythm: TimeDelta,
    /// The longest pause between two messages that arrived in the week before: what a service may take for the rhythm.
    pub learnt_gap: TimeDelta,
}

/// The sensor that showed a leak first, and who is to be told for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its key.
    pub device_key: String,
    /// Phone of the tenant of its unit; `None`: nobody lives there.
    pub tenant_phone: Option<String>,
    /// Whether another tenant moves in or out there around then.
    pub tenant_moves: bool,
}

impl Problem {
    /// Whether it shows at this device.
    pub fn concerns(&self, device_key: &str) -> bool {
        self.device_key == device_key || self.also.iter().any(|key| key == device_key)
    }

    /// Phone of who must be told, and whether another tenant moves in or out there around then: of a leak, where the
    /// sensor is that showed it first.
    pub fn to_tell(&self) -> (Option<&str>, bool) {
        match &self.witness {
            Some(witness) => (witness.tenant_phone.as_deref(), witness.tenant_moves),
            None => (self.tenant_phone.as_deref(), self.tenant_moves),
        }
    }

    /// Battery only: replaced while it still had life.
    pub fn replaced_in_time(&self) -> bool {
        matches!(self.how, Some(How::ReplacedByTenant | How::ReplacedByHousekeeper)) && self.died_at.is_none()
    }
}
