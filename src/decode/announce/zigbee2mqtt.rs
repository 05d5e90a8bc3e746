//! `bridge/devices`, the retained list of all devices, and the `device` object in states where the operator chose
//! `include_device_information` (<https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>).

use serde_json::Value;

use super::super::zigbee2mqtt::{bridge, kinds_of, name_of};
use super::super::{Decoded, Message};
use super::{DEVICES_MAX, owned, speakers, text, tree};
use crate::model::{Announcement, DeviceKind, PowerSource, hardware_id};

/// How deep composite features are searched.
const FEATURES_DEPTH_MAX: u32 = 4;

pub(super) fn announced(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    match bridge(name_of(message)) {
        Some((bridge, "devices")) => list(message, bridge.strip_suffix("bridge").unwrap_or_default()),
        Some(_) => Vec::new(),
        None => own(message, decoded),
    }
}

/// Every device but the coordinator; `base` stands before the names of an instance with a base topic of its own.
fn list(message: &Message, base: &str) -> Vec<Announcement> {
    let Some(Value::Array(devices)) = tree(message) else { return Vec::new() };
    let device = |device: &Value| {
        let name = text(device, "/friendly_name")?;
        let is_device =
            text(device, "/type") != Some("Coordinator") && device.pointer("/disabled") != Some(&Value::Bool(true));
        is_device.then(|| described(format!("{base}{name}"), device))
    };
    devices.iter().filter_map(device).take(DEVICES_MAX).collect()
}

fn described(key: String, device: &Value) -> Announcement {
    let mut properties = Vec::new();
    let exposes = device.pointer("/definition/exposes").and_then(Value::as_array);
    let types = exposes.map_or(Vec::new(), |exposes| features(exposes, &mut properties, 0));
    Announcement {
        device_key: key.into(),
        id: text(device, "/ieee_address").and_then(hardware_id),
        maker: owned(device, "/definition/vendor").or_else(|| owned(device, "/manufacturer")),
        model: owned(device, "/definition/model").or_else(|| owned(device, "/model_id")),
        power: text(device, "/power_source").and_then(power),
        kind: kind(&types, &properties, text(device, "/definition/description").unwrap_or_default()),
        kinds: kinds_of(&properties).into_iter().map(str::to_owned).collect(),
        ..Announcement::default()
    }
}

/// Collects the properties of all features; the types of the outermost.
fn features<'a>(exposes: &'a [Value], properties: &mut Vec<&'a str>, depth: u32) -> Vec<&'a str> {
    for expose in exposes {
        properties.extend(text(expose, "/property"));
        if let (Some(Value::Array(inner)), true) = (expose.get("features"), depth < FEATURES_DEPTH_MAX) {
            features(inner, properties, depth + 1);
        }
    }
    exposes.iter().filter_map(|e| text(e, "/type")).collect()
}

/// A lock says so. A water valve is a switch that calls itself a valve; a radiator's has a climate. The rest is told by
/// its readings.
fn kind(types: &[&str], properties: &[&str], description: &str) -> Option<DeviceKind> {
    let description = description.to_ascii_lowercase();
    let opens =
        types.contains(&"switch") || properties.iter().any(|p| matches!(*p, "valve" | "valve_state" | "valve_status"));
    if types.contains(&"lock") {
        Some(DeviceKind::Lock)
    } else {
        (opens && !types.contains(&"climate") && description.contains("valve")).then_some(DeviceKind::Valve)
    }
}

fn power(text: &str) -> Option<PowerSource> {
    let text = text.to_ascii_lowercase();
    let is = |word| text.contains(word);
    if is("battery") {
        Some(PowerSource::Battery)
    } else if is("dc source") {
        Some(PowerSource::Dc)
    } else {
        is("mains").then_some(PowerSource::Mains)
    }
}

/// `"device":{"ieeeAddr":…}` within a state. Most installations do not send it: looked for before anything is parsed.
fn own(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    const SHAPE: &[u8] = br#""ieeeAddr""#;
    if !message.payload.windows(SHAPE.len()).any(|w| w == SHAPE) {
        return Vec::new();
    }
    let Some(state) = tree(message) else { return Vec::new() };
    let said = |a| Announcement {
        id: text(&state, "/device/ieeeAddr").and_then(hardware_id),
        maker: owned(&state, "/device/manufacturerName"),
        model: owned(&state, "/device/model"),
        power: text(&state, "/device/powerSource").and_then(power),
        ..a
    };
    speakers(decoded).map(said).filter(|a| a.id.is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn the_list_tells_address_model_power_and_what_each_can_tell() {
        let list = r#"[{"ieee_address":"0x00124b0000000001","type":"Coordinator","friendly_name":"Coordinator"},
            {"ieee_address":"0x00158D0001A2B3C4","type":"EndDevice","friendly_name":"flat7/sink","power_source":"Battery",
             "definition":{"model":"SJCGQ11LM","vendor":"Aqara","description":"Water leak sensor","exposes":[
               {"type":"numeric","property":"battery"},{"type":"binary","property":"water_leak"},{"type":"numeric","property":"linkquality"}]}},
            {"ieee_address":"0x00158d0001a2b3c5","friendly_name":"door","power_source":"Mains (single phase)",
             "definition":{"model":"YRD226","vendor":"Yale","exposes":[{"type":"lock","features":[{"type":"enum","property":"lock_state"}]}]}},
            {"ieee_address":"0x00158d0001a2b3c6","friendly_name":"stop","definition":{"description":"Water valve","exposes":[
               {"type":"switch","features":[{"property":"state"}]},{"type":"binary","property":"water_leak"}]}},
            {"friendly_name":"unknown one","definition":null,"power_source":null},{"type":"EndDevice"},7]"#;
        let told = told("zigbee2mqtt/bridge/devices", list);
        let keys: Vec<&str> = told.iter().map(|a| a.device_key.as_str()).collect();
        assert_eq!(keys, ["flat7/sink", "door", "stop", "unknown one"]);
        let sink = &told[0];
        assert_eq!(sink.id.as_deref(), Some("00158d0001a2b3c4"));
        assert_eq!((sink.maker.as_deref(), sink.model.as_deref()), (Some("Aqara"), Some("SJCGQ11LM")));
        assert_eq!((sink.power, sink.kind), (Some(PowerSource::Battery), None));
        assert_eq!(sink.kinds.iter().map(String::as_str).collect::<Vec<_>>(), ["battery_percent", "leak"]);
        assert_eq!((told[1].kind, told[1].power), (Some(DeviceKind::Lock), Some(PowerSource::Mains)));
        assert!(told[1].kinds.contains("lock_state"));
        assert_eq!(told[2].kind, Some(DeviceKind::Valve));
    }

    #[test]
    fn a_second_instance_has_its_base_in_the_keys_as_its_states_have() {
        let told = told("zigbee2mqtt/floor 1/bridge/devices", r#"[{"friendly_name":"sink"}]"#);
        assert_eq!(told[0].device_key.as_str(), "floor 1/sink");
    }

    #[test]
    fn a_state_with_device_information_tells_its_address() {
        let state = r#"{"water_leak":true,"device":{"ieeeAddr":"0x00158d0001a2b3c4","model":"SJCGQ11LM","powerSource":"Battery"}}"#;
        let told = told("zigbee2mqtt/sink", state);
        assert_eq!((told[0].device_key.as_str(), told[0].id.as_deref()), ("sink", Some("00158d0001a2b3c4")));
        assert_eq!(super::super::tests::told("zigbee2mqtt/sink", r#"{"water_leak":true}"#), []);
    }

    #[test]
    fn a_broken_list_announces_nothing() {
        for list in ["", "{}", "[", "null", "[[[]]]"] {
            assert_eq!(told("zigbee2mqtt/bridge/devices", list), [], "{list}");
        }
    }
}
