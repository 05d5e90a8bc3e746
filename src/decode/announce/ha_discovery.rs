//! Home Assistant's discovery: `homeassistant/<component>/[<node>/]<object>/config` for one entity, and
//! `homeassistant/device/[<node>/]<object>/config` for a device with all of its components, long names or short
//! (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>). The device meant is the one whose readings
//! would come on the entity's state topic; what discovery calls a device has no key of its own.

use serde_json::Value;

use super::super::{Message, Routes, decode};
use super::{text, tree};
use crate::model::{Announcement, DeviceKey, DeviceKind, PowerSource, hardware_id};

pub(super) fn announced(message: &Message, routes: &Routes) -> Vec<Announcement> {
    let component = message.topic.split('/').nth(1).unwrap_or_default();
    let Some(config) = tree(message).filter(|config| !is_ours(config)) else { return Vec::new() };
    let mut told: Vec<Announcement> = Vec::new();
    for entity in entities(component, &config) {
        let Some(key) = device_of(&entity, &config, routes) else { continue };
        let at = told.iter().position(|a| a.device_key == key).unwrap_or_else(|| {
            told.push(of_device(key, &config));
            told.len() - 1
        });
        let told = &mut told[at];
        told.kind = told.kind.or(kind(entity.component));
        told.kinds.extend(reading(&entity).map(str::to_owned));
        if told.kinds.iter().any(|k| k.starts_with("battery_")) {
            told.power = Some(PowerSource::Battery);
        }
    }
    told
}

/// What we announce ourselves (`announce/entities.rs`) is no news to us.
fn is_ours(config: &Value) -> bool {
    let origin = config.get("origin").or_else(|| config.get("o")).unwrap_or(&Value::Null);
    either(origin, "name", "name") == Some("Nightporter")
}

struct Entity<'a> {
    component: &'a str,
    config: &'a Value,
}

/// The entity of the message, or all of a device.
fn entities<'a>(component: &'a str, config: &'a Value) -> Vec<Entity<'a>> {
    if component != "device" {
        return vec![Entity { component, config }];
    }
    let all = config.get("components").or_else(|| config.get("cmps")).and_then(Value::as_object);
    let entity = |config: &'a Value| Some(Entity { component: either(config, "platform", "p")?, config });
    all.into_iter().flat_map(|all| all.values()).filter_map(entity).collect()
}

/// A text under its long or its short name.
fn either<'a>(object: &'a Value, long: &str, short: &str) -> Option<&'a str> {
    let named = |name: &str| object.get(name).and_then(Value::as_str);
    named(long).or_else(|| named(short)).map(str::trim).filter(|text| !text.is_empty())
}

/// The key under which a message on the entity's state topic, else on the whole device's, would be heard.
fn device_of(entity: &Entity<'_>, device: &Value, routes: &Routes) -> Option<DeviceKey> {
    let topic = either(entity.config, "state_topic", "stat_t").or_else(|| either(device, "state_topic", "stat_t"))?;
    let base = text(entity.config, "/~").or_else(|| text(device, "/~")).unwrap_or_default();
    let topic = topic.replace('~', base);
    [&b"{}"[..], b"0", b"on"].into_iter().find_map(|probe| {
        let speaks = decode(&topic, probe, routes).ok()?.devices.into_iter().next()?;
        speaks.device_key.filter(DeviceKey::is_holdable)
    })
}

fn of_device(device_key: DeviceKey, config: &Value) -> Announcement {
    let device = config.get("device").or_else(|| config.get("dev")).unwrap_or(&Value::Null);
    let owned = |long, short| either(device, long, short).map(str::to_owned);
    Announcement {
        device_key,
        id: zigbee_id(device),
        maker: owned("manufacturer", "mf"),
        model: owned("model_id", "mdl_id").or_else(|| owned("model", "mdl")),
        ..Announcement::default()
    }
}

/// Identifiers are free text, and no identity; but Zigbee2MQTT's are the device's address.
fn zigbee_id(device: &Value) -> Option<String> {
    let said = device.get("identifiers").or_else(|| device.get("ids"))?;
    let all = said.as_array().map_or(std::slice::from_ref(said), Vec::as_slice);
    all.iter().find_map(|id| hardware_id(id.as_str()?.strip_prefix("zigbee2mqtt_0x")?))
}

fn kind(component: &str) -> Option<DeviceKind> {
    match component {
        "lock" => Some(DeviceKind::Lock),
        "valve" => Some(DeviceKind::Valve),
        _ => None,
    }
}

/// Which reading an entity stands for, by its device class.
fn reading(entity: &Entity<'_>) -> Option<&'static str> {
    let class = either(entity.config, "device_class", "dev_cla").unwrap_or_default();
    Some(match (entity.component, class) {
        ("lock", _) => "lock_state",
        ("binary_sensor", "moisture") => "leak",
        ("binary_sensor", "battery") => "battery_low",
        ("binary_sensor", "tamper") => "tamper",
        ("binary_sensor", "connectivity") => "online",
        ("sensor", "battery") => "battery_percent",
        ("sensor", "temperature") => "temperature_c",
        ("sensor", "signal_strength") => "signal_dbm",
        ("sensor", "volume_flow_rate") => "flow_lpm",
        ("sensor", "water") => "volume_l",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn an_entity_tells_the_device_of_its_state_topic() {
        let config = r#"{"device_class":"moisture","state_topic":"zigbee2mqtt/kitchen leak","unique_id":"x",
            "device":{"identifiers":["zigbee2mqtt_0x00158d0001a2b3c4"],"manufacturer":"Aqara","model":"Water leak sensor","model_id":"SJCGQ11LM"}}"#;
        let told = told("homeassistant/binary_sensor/0x00158d0001a2b3c4/water_leak/config", config);
        assert_eq!((told.len(), told[0].device_key.as_str()), (1, "kitchen leak"));
        assert_eq!((told[0].maker.as_deref(), told[0].model.as_deref()), (Some("Aqara"), Some("SJCGQ11LM")));
        assert_eq!(told[0].id.as_deref(), Some("00158d0001a2b3c4"));
        assert!(told[0].kinds.contains("leak"));
    }

    #[test]
    fn a_device_with_short_names_and_a_base_is_told_whole() {
        let config = r#"{"~":"shellies/shellyflood-1","dev":{"ids":"abc","mf":"Shelly","mdl":"Flood"},"o":{"name":"x"},
            "cmps":{"a":{"p":"binary_sensor","dev_cla":"moisture","stat_t":"~/sensor/flood"},
                    "b":{"p":"sensor","dev_cla":"battery","stat_t":"~/sensor/battery"}}}"#;
        let told = told("homeassistant/device/shellyflood-1/config", config);
        assert_eq!((told.len(), told[0].device_key.as_str()), (1, "shellyflood-1"));
        assert_eq!((told[0].id.as_deref(), told[0].power), (None, Some(PowerSource::Battery)));
        assert_eq!(told[0].kinds.iter().map(String::as_str).collect::<Vec<_>>(), ["battery_percent", "leak"]);
    }

    #[test]
    fn what_names_no_device_of_ours_announces_nothing() {
        for config in ["", "{}", r#"{"state_topic":"foo/bar"}"#, r#"{"state_topic":"zigbee2mqtt/bridge/state"}"#] {
            assert_eq!(told("homeassistant/sensor/x/config", config), [], "{config}");
        }
    }
}
