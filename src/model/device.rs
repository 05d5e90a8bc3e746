//! Devices as the registry knows them.

use serde::{Deserialize, Serialize};

use super::{DeviceKey, PropertyId, UnitId};

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// A door lock.
    Lock,
    /// A water sensor.
    LeakSensor,
    /// A valve that can close a pipe.
    Valve,
    /// A water meter.
    Meter,
    /// A gateway or hub; other devices may speak through it.
    Gateway,
}

impl DeviceKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 5] = [Self::Lock, Self::LeakSensor, Self::Valve, Self::Meter, Self::Gateway];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::LeakSensor => "leak_sensor",
            Self::Valve => "valve",
            Self::Meter => "meter",
            Self::Gateway => "gateway",
        }
    }

    /// Reads the word of the contract.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// What the key of the broker itself begins with. No device can speak under it: `$` is the broker's own.
const BROKER_KEY: &str = "$broker/";

impl DeviceKey {
    /// The broker at an address, as the device that all others stand behind.
    pub fn of_broker(address: &str) -> Self {
        Self(format!("{BROKER_KEY}{address}"))
    }

    /// Whether this is the broker itself.
    pub fn is_broker(&self) -> bool {
        self.0.starts_with(BROKER_KEY)
    }
}

/// A registered device and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name in messages.
    pub key: DeviceKey,
    /// The unit it serves.
    pub unit_id: UnitId,
    /// The property of that unit.
    pub property_id: PropertyId,
    /// What it is for.
    pub kind: DeviceKind,
    /// What people call it, e.g. "Front door".
    pub name: String,
    /// Maker and model, if known.
    pub model: Option<String>,
    /// For a valve: the unit or sensor whose pipe it closes.
    pub valve_for: Option<String>,
    /// Battery chemistry, if known.
    pub chemistry: Option<String>,
    /// Battery type and count, e.g. "4 AA", if known.
    pub cells: Option<String>,
    /// The gateway that it speaks through, if any.
    pub gateway: Option<DeviceKey>,
}

impl Device {
    /// The broker as a device: a gateway of no unit. Its ticket is kept by `property_id`.
    pub fn broker(key: DeviceKey, property_id: PropertyId) -> Self {
        Self {
            unit_id: UnitId::default(),
            property_id,
            kind: DeviceKind::Gateway,
            name: format!("MQTT {}", key.0.trim_start_matches(BROKER_KEY)),
            model: None,
            valve_for: None,
            chemistry: None,
            cells: None,
            gateway: None,
            key,
        }
    }
}
