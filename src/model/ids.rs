//! Identities: one type each, so that a tenant's id cannot be passed for a unit's.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

ids! {
    /// Names a device as its messages do, e.g. `flat7/front door`.
    DeviceKey,
    /// One building or complex with one hub.
    PropertyId,
    /// One apartment.
    UnitId,
    /// A person who rents.
    TenantId,
    /// A member of the field staff.
    HousekeeperId,
    /// One care ticket; made from what it is about, so that a replay makes the same one.
    TicketId,
    /// The texts between the service and one number.
    ConversationId,
    /// One message to or from a person; made from its idempotency key.
    MessageId,
}

/// The longest device key that is accepted, in bytes.
pub const DEVICE_KEY_BYTES_MAX: usize = 200;

impl DeviceKey {
    /// Whether it can be the name of a device: not blank, not too long, and nothing in it that no gateway lets people
    /// write (control characters, angle brackets). What is not sound is never held, nor taken into the registry.
    pub fn is_sound(&self) -> bool {
        let key = &self.0;
        let odd = |c: char| c.is_control() || matches!(c, '<' | '>');
        !key.trim().is_empty() && key.len() <= DEVICE_KEY_BYTES_MAX && !key.contains(odd)
    }

    /// Why nobody may register a device of this name, where it is sound all the same: it could not stand in a topic of
    /// its own, or would be taken for something else there.
    pub fn flaw(&self) -> Option<&'static str> {
        let key = &self.0;
        if key.contains(['+', '#']) {
            return Some("holds + or #, which MQTT keeps for topic filters");
        }
        if key.starts_with('$') {
            return Some("begins with $, which brokers keep for themselves");
        }
        let dots = key.split('/').any(|level| matches!(level, "." | ".."));
        dots.then_some("has a level that is only dots, which no device has in its name")
    }

    /// Whether a stranger of this name may be held for adoption: `bridge` is Zigbee2MQTT itself, not a device.
    pub fn is_holdable(&self) -> bool {
        self.0 != "bridge" && !self.0.ends_with("/bridge")
    }
}
