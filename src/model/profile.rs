//! What is known of a device beside the registry: what a gateway announces of it, and how it was heard so far.
//! Never overrules the registry: where the operator has said something, this is only shown beside it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{DeviceKey, DeviceKind, PropertyId, Timestamp};

/// Longest text taken over from an announcement, in characters: makers and models are short.
const TEXT_CHARS_MAX: usize = 120;

/// What feeds a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerSource {
    /// Its own cells.
    Battery,
    /// The mains.
    Mains,
    /// A supply of direct current.
    Dc,
    /// Something outside of it; what is not told.
    External,
}

impl PowerSource {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Battery => "battery",
            Self::Mains => "mains",
            Self::Dc => "dc",
            Self::External => "external",
        }
    }
}

/// What one message says of a device, other than readings: who it is, what it is, whence it speaks. Absent = not said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announcement {
    /// The key under which the device's readings come.
    pub device_key: DeviceKey,
    /// Its address in the payload, in one spelling: see [`hardware_id`].
    pub id: Option<String>,
    /// Topic and payload name two devices: which.
    pub contradiction: Option<String>,
    /// The property that the topic names.
    pub property: Option<PropertyId>,
    /// The gateway that passed it on.
    pub gateway: Option<DeviceKey>,
    /// Any gateway in reach hears this radio (Bluetooth): another one of the same property is as good.
    pub any_gateway: bool,
    /// Who made it.
    pub maker: Option<String>,
    /// The maker's model.
    pub model: Option<String>,
    /// What feeds it.
    pub power: Option<PowerSource>,
    /// What it is for, where the announcement says so outright.
    pub kind: Option<DeviceKind>,
    /// Kinds of readings that it can tell.
    pub kinds: BTreeSet<String>,
}

impl Announcement {
    /// Whether it says anything of the device itself, beyond whence it speaks.
    pub fn describes(&self) -> bool {
        let texts = [&self.id, &self.maker, &self.model];
        texts.iter().any(|t| t.is_some()) || self.power.is_some() || self.kind.is_some() || !self.kinds.is_empty()
    }
}

/// All that is known, one small value for each device that was announced or is held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Its address, as it was at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The maker's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What feeds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerSource>,
    /// What it is for, as announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<DeviceKind>,
    /// The gateway that passed its last message on, where the message tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<DeviceKey>,
    /// Kinds of readings that it can tell or has told.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
    /// While it was held: the topic of its last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// While it was held: the format of its last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// When it was first heard or announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Timestamp>,
    /// While it was held: when its last message came, of whatever age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
    /// Messages heard while it was held.
    pub messages: u64,
}

impl Profile {
    /// Takes over what is said and leaves what is not. An address that is known stays while `id_is_fixed`.
    pub fn learn(&mut self, told: &Announcement, id_is_fixed: bool, now: Timestamp) {
        self.first_at.get_or_insert(now);
        if told.id.is_some() && !(id_is_fixed && self.id.is_some()) {
            self.id = told.id.as_deref().map(bounded);
        }
        for (known, told) in [(&mut self.maker, &told.maker), (&mut self.model, &told.model)] {
            if told.is_some() {
                *known = told.as_deref().map(bounded);
            }
        }
        self.power = told.power.or(self.power);
        self.kind = told.kind.or(self.kind);
        if let Some(gateway) = told.gateway.as_ref().filter(|g| !told.any_gateway && g.is_sound()) {
            self.gateway = Some(gateway.clone());
        }
        self.kinds.extend(told.kinds.iter().cloned());
    }

    /// A message of a device that nobody has registered.
    pub fn hear(&mut self, topic: &str, format: &str, kinds: impl Iterator<Item = &'static str>, now: Timestamp) {
        self.first_at.get_or_insert(now);
        self.last_at = Some(now);
        self.messages += 1;
        if !topic.is_empty() {
            (self.topic, self.format) = (Some(topic.to_owned()), Some(format.to_owned()));
        }
        for kind in kinds {
            if !self.kinds.contains(kind) {
                self.kinds.insert(kind.to_owned());
            }
        }
    }

    /// What it is probably for: as announced, else by what it can tell.
    pub fn proposed_kind(&self) -> Option<DeviceKind> {
        let tells = |kind: &str| self.kinds.contains(kind);
        let by_kinds = [
            (tells("lock_state"), DeviceKind::Lock),
            (tells("leak"), DeviceKind::LeakSensor),
            (tells("volume_l") || tells("flow_lpm"), DeviceKind::Meter),
        ];
        self.kind.or_else(|| by_kinds.into_iter().find_map(|(tells, kind)| tells.then_some(kind)))
    }

    /// The gateways that it probably speaks through, the likeliest first: as told, else Zigbee2MQTT, which speaks of itself as
    /// `bridge`, behind the levels that an instance's base topic has more than usual: `floor 1/bridge` of `floor 1/sink`.
    pub fn proposed_gateways(&self, key: &DeviceKey) -> Vec<DeviceKey> {
        if let Some(gateway) = &self.gateway {
            return vec![gateway.clone()];
        }
        if self.format.as_deref() != Some("zigbee2mqtt") {
            return Vec::new();
        }
        let levels = key.as_str().rmatch_indices('/').map(|(at, _)| &key.as_str()[..=at]);
        levels.chain([""]).map(|base| DeviceKey(format!("{base}bridge"))).collect()
    }
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

/// One spelling of an address: `0x00158D00…`, `00:15:8d:…` and `00158d00…` are one. A text that is no address of six
/// to eight bytes stays as it is, in lower case.
pub fn hardware_id(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let bare = text.strip_prefix("0x").unwrap_or(&text).replace([':', '-'], "");
    let is_address = (12..=16).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_hexdigit());
    Some(if is_address { bare } else { text }).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_told_or_that_of_the_base_topic() {
        let of = |profile: &Profile, key: &str| {
            profile.proposed_gateways(&key.into()).into_iter().map(|g| g.0).collect::<Vec<_>>().join(", ")
        };
        let zigbee = Profile { format: Some("zigbee2mqtt".to_owned()), ..Profile::default() };
        assert_eq!(of(&zigbee, "sink"), "bridge");
        assert_eq!(of(&zigbee, "floor 1/flat/sink"), "floor 1/flat/bridge, floor 1/bridge, bridge");
        assert_eq!(of(&Profile { gateway: Some("zb".into()), ..zigbee }, "a/b"), "zb");
        assert_eq!(of(&Profile::default(), "sink"), "");
    }

    #[test]
    fn an_address_has_one_spelling() {
        for text in ["0x00158D0001A2B3C4", "00:15:8d:00:01:a2:b3:c4", "00-15-8D-00-01-A2-B3-C4", "00158d0001a2b3c4 "] {
            assert_eq!(hardware_id(text).as_deref(), Some("00158d0001a2b3c4"));
        }
        assert_eq!(hardware_id("ShellyFlood-A1B2").as_deref(), Some("shellyflood-a1b2"));
        assert_eq!(hardware_id(" "), None);
    }

    #[test]
    fn what_is_not_said_stays_and_a_fixed_address_does_too() {
        let told = |id: &str, model: Option<&str>| Announcement {
            id: Some(id.to_owned()),
            model: model.map(str::to_owned),
            ..Announcement::default()
        };
        let mut about = Profile::default();
        about.learn(&told("a", Some("SJCGQ11LM")), true, Timestamp(1));
        about.learn(&told("b", None), true, Timestamp(2));
        assert_eq!((about.id.as_deref(), about.model.as_deref()), (Some("a"), Some("SJCGQ11LM")));
        about.learn(&told("b", None), false, Timestamp(3));
        assert_eq!((about.id.as_deref(), about.first_at), (Some("b"), Some(Timestamp(1))));
    }

    #[test]
    fn the_kind_is_proposed_from_what_it_tells() {
        let of = |kinds: &[&str], kind| Profile {
            kinds: kinds.iter().map(|k| (*k).to_owned()).collect(),
            kind,
            ..Profile::default()
        };
        for (kinds, announced, expected) in [
            (vec!["battery_percent", "lock_state"], None, Some(DeviceKind::Lock)),
            (vec!["leak", "temperature_c"], None, Some(DeviceKind::LeakSensor)),
            (vec!["leak"], Some(DeviceKind::Valve), Some(DeviceKind::Valve)),
            (vec!["volume_l"], None, Some(DeviceKind::Meter)),
            (vec!["battery_percent"], None, None),
        ] {
            assert_eq!(of(&kinds, announced).proposed_kind(), expected, "{kinds:?}");
        }
    }
}
