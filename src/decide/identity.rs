//! Whether a message may speak for the device it names: topic, payload and registry must agree. Pure.
//!
//! Only what is said can be wrong: a format that tells no address, property or gateway is believed. What fails has no
//! effect and is kept for inspection; docs/decisions/0006 gives the reasons of each rule and where it can be wrong.

use std::collections::HashMap;

use crate::model::{Announcement, Device, DeviceKey, DeviceKind, Profile};

/// Which rule a message breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Topic and payload name two devices.
    Topic,
    /// The topic names another property than the registry.
    Property,
    /// It came through the gateway of others.
    Gateway,
    /// Its address is another one than it was at first: another device under the same name.
    Id,
}

impl Trouble {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Property => "property",
            Self::Gateway => "gateway",
            Self::Id => "id",
        }
    }
}

/// What is wrong with what a message says of a device, and in words. `devices` holds the gateways that it may name.
pub fn trouble(
    told: &Announcement,
    device: Option<&Device>,
    about: Option<&Profile>,
    devices: &HashMap<DeviceKey, Device>,
) -> Option<(Trouble, String)> {
    if let Some(contradiction) = &told.contradiction {
        return Some((Trouble::Topic, contradiction.clone()));
    }
    let device = device?;
    let checks = [
        (Trouble::Property, wrong_property(told, device)),
        (Trouble::Gateway, wrong_gateway(told, device, devices)),
        (Trouble::Id, wrong_id(told, about)),
    ];
    checks.into_iter().find_map(|(trouble, why)| Some((trouble, why?)))
}

fn wrong_property(told: &Announcement, device: &Device) -> Option<String> {
    let said = told.property.as_ref().filter(|said| **said != device.property_id)?;
    Some(format!("the topic names property \"{said}\"; the device is registered at \"{}\"", device.property_id))
}

/// A gateway that nobody has registered proves nothing. Where any gateway in reach hears the radio, another one of the
/// same property is as good as the one that is registered.
fn wrong_gateway(told: &Announcement, device: &Device, devices: &HashMap<DeviceKey, Device>) -> Option<String> {
    let through = devices.get(told.gateway.as_ref()?).filter(|g| g.kind == DeviceKind::Gateway)?;
    let at_home = through.property_id == device.property_id;
    let is_own = device.gateway.as_ref().is_none_or(|own| *own == through.key);
    let fine = at_home && (is_own || told.any_gateway);
    (!fine).then(|| {
        let own = device.gateway.as_ref().map_or("one of its own property", DeviceKey::as_str);
        format!("it came through the gateway \"{}\"; the device is registered behind {own}", through.key)
    })
}

/// Until a device is registered the newest address counts; from then on it stays until an operator confirms another.
fn wrong_id(told: &Announcement, about: Option<&Profile>) -> Option<String> {
    let (said, known) = told.id.as_ref().zip(about?.id.as_ref())?;
    (said != known).then(|| format!("its address is {said}, and was {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(key: &str, kind: DeviceKind, property: &str, gateway: Option<&str>) -> Device {
        Device {
            key: key.into(),
            unit_id: "u".into(),
            property_id: property.into(),
            kind,
            name: key.to_owned(),
            model: None,
            valve_for: None,
            chemistry: None,
            cells: None,
            gateway: gateway.map(DeviceKey::from),
        }
    }

    fn check(told: &Announcement, gateway: Option<&str>, about: Option<&Profile>, expected: Option<Trouble>) {
        let gateways = ["hub-a", "hub-b", "hub-elm"].map(|key| {
            let property = if key == "hub-elm" { "elm" } else { "oak" };
            (DeviceKey::from(key), device(key, DeviceKind::Gateway, property, None))
        });
        let sink = device("sink", DeviceKind::LeakSensor, "oak", gateway);
        let found = trouble(told, Some(&sink), about, &HashMap::from(gateways));
        assert_eq!(found.map(|(trouble, _)| trouble), expected, "{told:?}");
    }

    #[test]
    fn a_device_speaks_at_its_own_property() {
        let at = |property: &str| Announcement { property: Some(property.into()), ..Announcement::default() };
        check(&at("oak"), None, None, None);
        check(&at("elm"), None, None, Some(Trouble::Property));
    }

    #[test]
    fn a_gateway_speaks_for_the_devices_behind_it() {
        let through = |gateway: &str, any| Announcement {
            gateway: Some(gateway.into()),
            any_gateway: any,
            ..Announcement::default()
        };
        for (gateway, any, registered, expected) in [
            ("hub-a", false, Some("hub-a"), None),
            ("hub-b", false, Some("hub-a"), Some(Trouble::Gateway)),
            ("hub-b", true, Some("hub-a"), None),
            ("hub-elm", true, Some("hub-a"), Some(Trouble::Gateway)),
            ("hub-elm", true, None, Some(Trouble::Gateway)),
            ("hub-b", false, None, None),
            ("nobody knows it", false, Some("hub-a"), None),
        ] {
            check(&through(gateway, any), registered, None, expected);
        }
    }

    #[test]
    fn an_address_stays_and_what_tells_none_is_believed() {
        let said = |id: Option<&str>| Announcement { id: id.map(str::to_owned), ..Announcement::default() };
        let known = Profile { id: Some("aa".to_owned()), ..Profile::default() };
        check(&said(Some("aa")), None, Some(&known), None);
        check(&said(Some("bb")), None, Some(&known), Some(Trouble::Id));
        check(&said(None), None, Some(&known), None);
        check(&said(Some("bb")), None, Some(&Profile::default()), None);
    }

    #[test]
    fn a_stranger_can_only_contradict_itself() {
        let told = Announcement { contradiction: Some("two names".to_owned()), ..Announcement::default() };
        assert_eq!(trouble(&told, None, None, &HashMap::new()).map(|(t, _)| t), Some(Trouble::Topic));
        let told = Announcement { id: Some("bb".to_owned()), property: Some("elm".into()), ..Announcement::default() };
        let known = Profile { id: Some("aa".to_owned()), ..Profile::default() };
        assert_eq!(trouble(&told, None, Some(&known), &HashMap::new()), None);
    }
}
