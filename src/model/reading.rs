//! Canonical facts from devices: what a decoder yields, whatever the wire format was.

use serde::{Deserialize, Serialize};

use super::{DeviceKey, Timestamp};

/// What one reading says. Units are in the names (CONTRACT section 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Fact {
    /// State of charge, 0–100 %.
    BatteryPercent(f64),
    /// Battery voltage in millivolts.
    BatteryMillivolts(f64),
    /// The device's own "battery is low" flag.
    BatteryLow(bool),
    /// Water is touching the sensor.
    Leak(bool),
    /// What the lock says of its bolt.
    LockState(LockState),
    /// The case was opened or moved.
    Tamper(bool),
    /// The device (or its will message) says it is connected.
    Online(bool),
    /// Ambient temperature, °C.
    TemperatureC(f64),
    /// Radio signal, dBm.
    SignalDbm(f64),
    /// Water flow, litres a minute.
    FlowLpm(f64),
    /// Witness: seconds since the device booted.
    UptimeS(f64),
    /// Witness: how often the device has booted.
    BootCount(f64),
    /// Witness: messages sent since boot or ever.
    MessageCounter(f64),
    /// Witness: lock movements so far.
    Operations(f64),
    /// Witness: a meter's total in litres.
    VolumeL(f64),
}

impl Fact {
    /// The word of the contract for its kind, e.g. `battery_percent`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BatteryPercent(_) => "battery_percent",
            Self::BatteryMillivolts(_) => "battery_millivolts",
            Self::BatteryLow(_) => "battery_low",
            Self::Leak(_) => "leak",
            Self::LockState(_) => "lock_state",
            Self::Tamper(_) => "tamper",
            Self::Online(_) => "online",
            Self::TemperatureC(_) => "temperature_c",
            Self::SignalDbm(_) => "signal_dbm",
            Self::FlowLpm(_) => "flow_lpm",
            Self::UptimeS(_) => "uptime_s",
            Self::BootCount(_) => "boot_count",
            Self::MessageCounter(_) => "message_counter",
            Self::Operations(_) => "operations",
            Self::VolumeL(_) => "volume_l",
        }
    }
}

/// State of a lock's bolt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// Bolt out.
    Locked,
    /// Bolt in.
    Unlocked,
    /// Bolt moving out.
    Locking,
    /// Bolt moving in.
    Unlocking,
    /// Latch pulled.
    Open,
    /// Latch being pulled.
    Opening,
    /// Bolt stuck.
    Jammed,
    /// Bolt half way.
    NotFullyLocked,
    /// The lock does not know.
    Unknown,
}

/// One canonical fact from one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What it says.
    #[serde(flatten)]
    pub fact: Fact,
    /// When the device says it was so, if the payload names an unambiguous instant. Not trusted beyond a bound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
    /// Which of several probes or accessories, where a message holds two of one kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<String>,
}

impl Reading {
    /// A reading of the device itself without a time of its own.
    pub fn new(fact: Fact) -> Self {
        Self { fact, at: None, channel: None }
    }
}

/// All readings of one device in one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceReadings {
    /// `None` when the message does not name its device.
    pub device_key: Option<DeviceKey>,
    /// In the order of the message, those of the device itself before those of its probes and accessories.
    pub readings: Vec<Reading>,
}
