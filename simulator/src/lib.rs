//! A seeded building of locks, leak sensors, gateways and people that speaks MQTT, hears SMS and knows the truth.
//!
//! Five sentences: a [`Building`] is a queue of dated events in virtual time. Each event changes the physical world (a
//! battery drains, a pipe bursts, a tenant swaps cells) and may send a message. A message passes the [`Faults`] of the
//! air before it leaves through [`Building::step`]. What physically happened is kept as [`Problem`]s, together with the
//! moment at which enough of it had been delivered to be found. [`Scoreboard::judge`] compares that truth with plain
//! facts gathered outside ([`Observations`]).
//!
//! The library has no clock, no network and no randomness but its seed: same options and same words heard, same trace.
//! It must never depend on the service it tests: it shares no encoder, rule or type with it.

mod air;
mod battery;
mod building;
mod calendar;
mod device;
mod events;
mod incidents;
mod lie;
mod mind;
mod people;
mod registry;
mod rng;
mod score;
mod site;
mod truth;
mod wire;

pub use air::Faults;
pub use battery::{Chemistry, Gauge, quantise};
pub use building::Building;
pub use calendar::ZONE;
pub use lie::Lie;
pub use score::{LieTally, Observations, Rules, Scoreboard, SeenCredit, SeenMessage, SeenTicket, Tally};
pub use truth::{Cause, How, Kind, Problem, Witness};

use chrono::{DateTime, Utc};

/// Which building to play.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything that is chance follows from it.
    pub seed: u64,
    /// Apartments, 1 to 4999; each has a lock and one or two leak sensors, each floor of four a gateway.
    pub units: usize,
    /// The first instant of virtual time.
    pub start: DateTime<Utc>,
    /// Id of the property; also the prefix of every other id and device key.
    pub property_id: String,
    /// What the devices speak.
    pub wire: Wire,
    /// What goes wrong between device and broker.
    pub faults: Faults,
    /// Life of a full lock battery in days (leak sensors: twice that); shorten it for more battery events a month.
    pub life_days: f64,
    /// Least share of its life that a battery has left at the start, 0–1 (most: all); small for a battery event at once.
    pub least_left: f64,
    /// Pipe leaks per apartment and 30 days.
    pub leaks_per_unit_month: f64,
    /// Radio failures per device and 30 days; gateways go down ten times as often.
    pub outages_per_device_month: f64,
    /// Whether in some apartments a tenant moves out and, days later, another one in.
    pub moves: bool,
    /// Share of the locks whose gauge lies, 0–1.
    pub lying: f64,
}

impl Options {
    /// Twelve apartments for a month or so: several batteries run low, a few pipes leak, some devices fall silent; no faults.
    pub fn new(seed: u64, start: DateTime<Utc>) -> Self {
        Self {
            seed,
            units: 12,
            start,
            property_id: "oak".to_owned(),
            wire: Wire::Mixed,
            faults: Faults::none(),
            life_days: 90.0,
            least_left: 0.25,
            leaks_per_unit_month: 0.4,
            outages_per_device_month: 0.08,
            moves: true,
            lying: 0.0,
        }
    }
}

/// The language of the devices. Gateways always speak the native one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `nightporter/v1/<property>/<device>/telemetry`.
    Native,
    /// `zigbee2mqtt/<friendly name>` as Zigbee2MQTT 2 publishes it.
    Zigbee2Mqtt,
    /// Apartments in turn.
    Mixed,
}

impl std::str::FromStr for Wire {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "native" => Ok(Self::Native),
            "zigbee2mqtt" => Ok(Self::Zigbee2Mqtt),
            "mixed" => Ok(Self::Mixed),
            _ => Err(format!("{word} is none of native, zigbee2mqtt, mixed")),
        }
    }
}

/// One MQTT message for the broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Publish {
    /// When it leaves, in virtual time.
    pub at: DateTime<Utc>,
    /// MQTT topic.
    pub topic: String,
    /// Mostly JSON in UTF-8; with faults, anything.
    pub payload: Vec<u8>,
    /// Whether the broker is to keep it.
    pub retain: bool,
    /// MQTT quality of service, 0 or 1.
    pub qos: u8,
}

/// An SMS that the service sent to somebody of this building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When the carrier had it, in virtual time.
    pub at: DateTime<Utc>,
    /// E.164 number it went to; numbers of nobody here are ignored.
    pub to: String,
    /// The words; people look for their apartment and for what it is about.
    pub body: String,
    /// Name of the template, where known: a part of it (`leak_tenant`, `offer_battery`) says what it is about.
    pub template: Option<String>,
    /// Key of the device that it is about, where known (people otherwise guess from the words).
    pub about_device: Option<String>,
}

/// An SMS that somebody of this building sends to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// When it is sent, in virtual time.
    pub at: DateTime<Utc>,
    /// E.164 number of the sender.
    pub from: String,
    /// The words.
    pub body: String,
}

/// What a housekeeper does on their page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Takes the job.
    Accept,
    /// Stands at the door.
    Arrive,
    /// Says that it is done; the physical repair happened before.
    Resolve,
}

/// One move of a housekeeper, for a driver to turn into a call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAction {
    /// When, in virtual time.
    pub at: DateTime<Utc>,
    /// Who, as in `housekeepers.csv`.
    pub housekeeper_id: String,
    /// The device whose ticket is meant, as in `devices.csv`.
    pub about_device: String,
    /// What they do.
    pub verb: Verb,
}
