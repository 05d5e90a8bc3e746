//! The work on a ticket: who was asked, who was taken off, when the one who has it is expected. And what makes one
//! housekeeper better for a job than another.

use serde::{Deserialize, Serialize};

use super::{HousekeeperId, Millis, Opening, Span, Timestamp};

/// The people's side of a ticket; kept with it, so that it survives every hand-over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Who was asked since the job was last free.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<HousekeeperId>,
    /// Whom of them no text reached: nobody waits for their answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<HousekeeperId>,
    /// Who passed, gave it back, did not come or could not solve it: not asked again in this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<HousekeeperId>,
    /// When the job was first offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_at: Option<Timestamp>,
    /// When somebody first took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// When somebody first was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// The visit that is to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit>,
    /// Since when nobody but the tenant can go on, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// The clocks of this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<SlaClock>,
    /// Which clocks were missed, in any round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Node>,
    /// How long the first answer took, in time that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<Millis>,
    /// Somebody wants the valve open again, and has yet to confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// Its playbook was put off until then: no clock runs before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When the device spoke again after its battery was taken for dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoke_at: Option<Timestamp>,
    /// How many visits failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Work {
    /// The job is offered as if nobody had been asked.
    pub fn ask_anew(&mut self) {
        self.asked.clear();
        self.unreached.clear();
    }

    /// What is kept when the same problem opens the ticket again: nobody was asked yet, the clocks begin anew.
    #[must_use]
    pub fn begin_again(self) -> Self {
        Self { missed: self.missed, answered_ms: self.answered_ms, failed: self.failed, ..Self::default() }
    }
}

/// A step that has a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// Somebody takes it, or the tenant is told what to do.
    Answer,
    /// Somebody is there.
    Arrival,
    /// It is solved.
    Close,
}

impl Node {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Arrival, Self::Close];

    /// The word of API and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Arrival => "arrival",
            Self::Close => "close",
        }
    }
}

/// The time that one step has, and what is used of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaClock {
    /// Which step.
    pub node: Node,
    /// How long it may take, in time that counts.
    pub limit: Span,
    /// What was used of it when it last stood still, milliseconds that count.
    pub used_ms: Millis,
    /// Since when it runs; it stands while that is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it runs out, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When the step was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_at: Option<Timestamp>,
    /// When it had run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<Timestamp>,
}

impl SlaClock {
    /// A clock that has yet to be started.
    pub fn new(node: Node, limit: Span) -> Self {
        Self { node, limit, used_ms: 0, since: None, due_at: None, met_at: None, missed_at: None }
    }
}

/// Somebody has the job and is on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// When they took it.
    pub taken_at: Timestamp,
    /// When they are expected; no clock runs when nothing is said and the matter can wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<Timestamp>,
    /// The tenant was told that time.
    pub promised: bool,
    /// When it had passed, and who has the job was asked about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_at: Option<Timestamp>,
}

/// A place on earth in degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lon: f64,
}

/// Mean radius of the earth, metres.
const EARTH_M: f64 = 6_371_000.0;
/// Farther than this nobody is told apart, metres.
const DISTANCE_M_MAX: f64 = 1_000_000.0;

impl Location {
    /// The distance as the crow flies, metres, on a flat map around the middle of both; right to a per mille within a city.
    /// Only + − × ÷ √, so that every machine ranks alike.
    pub fn distance_m(self, other: Self) -> u32 {
        let radians = std::f64::consts::PI / 180.0;
        let turn = (self.lon - other.lon).abs();
        let across = cos((self.lat + other.lat) / 2.0 * radians) * turn.min(360.0 - turn) * radians;
        let along = (self.lat - other.lat) * radians;
        let metres = EARTH_M * (across * across + along * along).sqrt();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded on the same line")]
        let whole = metres.min(DISTANCE_M_MAX) as u32;
        whole
    }
}

/// The cosine within a quarter turn, by its series.
fn cos(x: f64) -> f64 {
    let x2 = x * x;
    1.0 - x2 / 2.0 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0 * (1.0 - x2 / 56.0)))
}

/// How a housekeeper stands at this moment, beside what the registry says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Jobs that they have.
    pub load: u32,
    /// When they last took an urgent job at night.
    pub night_call_at: Option<Timestamp>,
    /// Where they start from.
    pub location: Option<Location>,
}

/// One housekeeper works another's shift for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftSwap {
    /// Its id.
    pub id: String,
    /// Whose shift.
    pub from: HousekeeperId,
    /// Who works it.
    pub to: HousekeeperId,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}

impl ShiftSwap {
    /// Whether it holds at an instant.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_map() {
        let place = |lat: f64, lon: f64| Location { lat, lon };
        // People's Square to Hongqiao airport; Alexanderplatz to Berlin main station; the same place; across the date line.
        let cases = [
            (place(31.2304, 121.4737), place(31.1979, 121.3363), 13_550),
            (place(52.5219, 13.4132), place(52.5251, 13.3694), 2_990),
            (place(31.2, 121.5), place(31.2, 121.5), 0),
            (place(-17.0, 179.99), place(-17.0, -179.99), 2_127),
        ];
        for (one, other, expected) in cases {
            let found = i64::from(one.distance_m(other));
            assert!((found - expected).abs() <= expected / 50, "{found} m instead of {expected} m");
            assert_eq!(one.distance_m(other), other.distance_m(one));
        }
    }
}
