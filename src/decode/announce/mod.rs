//! What a message says of its devices besides readings: address, maker, model, power source, property, gateway.
//!
//! Pure, and apart from the readings: a mistake here costs a proposal, never a leak. One file for each family of
//! formats; a format that says nothing of the kind has none. Judges nothing: whether it may be so is `decide::identity`.

mod ha_discovery;
mod lorawan;
mod zigbee2mqtt;

use serde_json::Value;

use super::message::Message;
use super::{Decoded, Routes, json, native, tasmota};
use crate::model::{Announcement, DeviceKey, PropertyId, hardware_id};

/// Devices taken from one message at most.
const DEVICES_MAX: usize = 2_000;
/// The largest announcement that is looked at, in bytes: a Zigbee network of 200 devices describes itself in one.
const ANNOUNCEMENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the message behind `decoded` announces. Broken announcements announce nothing.
pub fn announce(topic: &str, payload: &[u8], decoded: &Decoded, routes: &Routes) -> Vec<Announcement> {
    let message = Message { topic, payload, base: routes.find(topic).map(|r| r.base()) };
    let mut told = match decoded.format {
        "zigbee2mqtt" => zigbee2mqtt::announced(&message, decoded),
        "ha_discovery" => ha_discovery::announced(&message, routes),
        "chirpstack" => lorawan::chirpstack(&message, decoded),
        "tts" => lorawan::tts(&message, decoded),
        "thingpark" => lorawan::thingpark(&message, decoded),
        "native" => of_property(&message, decoded),
        "theengs" => of_bluetooth(&message, decoded),
        "tasmota" => behind_bridge(&message, decoded),
        "shelly_gen2" => by_sender(&message, decoded),
        _ => Vec::new(),
    };
    if let Some(property) = routes.property(topic) {
        stand_at(property, &mut told, decoded);
    }
    told.retain(|a| a.device_key.is_sound());
    told.truncate(DEVICES_MAX);
    told
}

/// Whoever spoke or was told of stands at the property of the topic, unless its message names one itself.
fn stand_at(property: &PropertyId, told: &mut Vec<Announcement>, decoded: &Decoded) {
    let silent = |a: &Announcement| told.iter().all(|told| told.device_key != a.device_key);
    let others: Vec<Announcement> = speakers(decoded).filter(silent).collect();
    told.extend(others);
    for unplaced in told.iter_mut().filter(|a| a.property.is_none()) {
        unplaced.property = Some(property.clone());
    }
}

/// The devices that spoke, each with nothing said of it yet.
fn speakers(decoded: &Decoded) -> impl Iterator<Item = Announcement> {
    let keys = decoded.devices.iter().filter_map(|d| d.device_key.clone());
    keys.map(|device_key| Announcement { device_key, ..Announcement::default() })
}

fn tree(message: &Message) -> Option<Value> {
    let small = message.payload.len() <= ANNOUNCEMENT_BYTES_MAX;
    json::tree(std::str::from_utf8(message.payload).ok().filter(|_| small)?).ok()
}

/// A text below an object, if there is one.
fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn owned(object: &Value, path: &str) -> Option<String> {
    text(object, path).map(str::to_owned)
}

/// The native topic names the property.
fn of_property(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    let property = native::property(message.topic);
    speakers(decoded).map(|a| Announcement { property: property.map(Into::into), ..a }).collect()
}

/// Bluetooth through Theengs or OpenMQTTGateway: topic and payload both name the address.
fn of_bluetooth(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    let Some((gateway, mac)) = message.topic.split_once("/BTtoMQTT") else { return Vec::new() };
    let Some(body) = tree(message) else { return Vec::new() };
    let (topic_id, id) = (hardware_id(mac.trim_start_matches('/')), text(&body, "/id").and_then(hardware_id));
    let contradiction = contradiction(topic_id.as_deref(), id.as_deref());
    let gateway = gateway.rsplit('/').next().map(DeviceKey::from);
    let said = |a| Announcement {
        contradiction: contradiction.clone(),
        gateway: gateway.clone(),
        any_gateway: true,
        maker: owned(&body, "/brand"),
        model: owned(&body, "/model_id").or_else(|| owned(&body, "/model")),
        ..a
    };
    speakers(decoded).map(said).collect()
}

/// Topic and payload name a device each, and not the same.
fn contradiction(topic: Option<&str>, payload: Option<&str>) -> Option<String> {
    let (topic, payload) = topic.zip(payload)?;
    (topic != payload).then(|| format!("the topic names {topic:?}, the payload {payload:?}"))
}

/// Zigbee and LoRaWAN devices behind a Tasmota bridge come on the bridge's topic.
fn behind_bridge(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    let behind = |a: Announcement| {
        let bridge = tasmota::bridge(message.topic, a.device_key.as_str())?;
        (bridge != a.device_key.as_str()).then(|| Announcement { gateway: Some(bridge.as_str().into()), ..a })
    };
    speakers(decoded).filter_map(behind).collect()
}

/// A Shelly's notifications name their sender, whatever the topic's prefix was changed to.
fn by_sender(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    let body = message.topic.ends_with("/events/rpc").then(|| tree(message)).flatten();
    let id = body.as_ref().and_then(|body| hardware_id(text(body, "/src")?));
    speakers(decoded).filter(|_| id.is_some()).map(|a| Announcement { id: id.clone(), ..a }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Routes, decode};
    use super::*;

    /// What a message announces.
    pub(super) fn told(topic: &str, payload: &str) -> Vec<Announcement> {
        let decoded = decode(topic, payload.as_bytes(), &Routes::default()).expect("decodes");
        announce(topic, payload.as_bytes(), &decoded, &Routes::default())
    }

    #[test]
    fn a_native_topic_names_the_property() {
        let told = told("nightporter/v1/oak/lock-1/telemetry", r#"{"leak":true}"#);
        assert_eq!((told[0].device_key.as_str(), &told[0].property), ("lock-1", &Some("oak".into())));
    }

    #[test]
    fn a_topic_may_belong_to_a_property() {
        let mut routes = Routes::default();
        routes.place("zigbee2mqtt_elm/#", "elm".into()).expect("a filter");
        let told = |topic: &str, payload: &str| {
            let decoded = decode(topic, payload.as_bytes(), &routes).expect("decodes");
            let told = announce(topic, payload.as_bytes(), &decoded, &routes).into_iter();
            told.map(|a| format!("{} {}", a.device_key, a.property.map_or_else(String::new, |p| p.0)))
                .collect::<Vec<_>>()
        };
        assert_eq!(told("zigbee2mqtt_elm/sink", r#"{"water_leak":true}"#), ["sink elm"]);
        assert_eq!(told("zigbee2mqtt_elm/bridge/devices", r#"[{"friendly_name":"sink"}]"#), ["sink elm"]);
        assert_eq!(told("zigbee2mqtt/sink", r#"{"water_leak":true}"#), Vec::<String>::new());
    }

    #[test]
    fn a_bluetooth_device_speaks_under_its_own_address_through_a_gateway() {
        let own = told(
            "home/hall/BTtoMQTT/582D3433AADF",
            r#"{"id":"58:2D:34:33:AA:DF","brand":"Xiaomi","model_id":"LYWSDCGQ"}"#,
        );
        assert_eq!((own[0].contradiction.as_deref(), own[0].model.as_deref()), (None, Some("LYWSDCGQ")));
        assert_eq!((&own[0].gateway, own[0].any_gateway), (&Some("hall".into()), true));
        let other = told("home/hall/BTtoMQTT/582D3433AADF", r#"{"id":"11:22:33:44:55:66","leak":1}"#);
        assert!(other[0].contradiction.is_some());
    }

    #[test]
    fn a_device_behind_a_tasmota_bridge_comes_through_it() {
        let payload = r#"{"ZbReceived":{"0x8F20":{"Device":"0x8F20","Name":"Kitchen","Water":1,"Endpoint":1}}}"#;
        let told = told("tele/zbbridge_1/SENSOR", payload);
        assert_eq!((told[0].device_key.as_str(), &told[0].gateway), ("Kitchen", &Some("zbbridge_1".into())));
        assert_eq!(self::told("tele/plug/STATE", r#"{"UptimeSec":5}"#), []);
        // SetOption89 and 112 or not, another FullTopic; SetOption125 leaves the bridge out.
        for (topic, bridge) in [
            ("tele/zbbridge_1/8F20/SENSOR", Some("zbbridge_1")),
            ("tele/zbbridge_1/Kitchen_1/SENSOR", Some("zbbridge_1")),
            ("tasmota/zbbridge_1/Kitchen/tele/SENSOR", Some("tasmota/zbbridge_1")),
            ("tele/8F20_1/SENSOR", None),
            ("tele/Kitchen/SENSOR", None),
        ] {
            let told = self::told(topic, payload);
            assert_eq!(told.first().and_then(|a| a.gateway.as_ref()).map(|g| g.as_str()), bridge, "{topic}");
        }
    }

    #[test]
    fn a_shelly_names_itself() {
        let payload =
            r#"{"src":"shellyfloodg4-a1b2c3d4e5f6","method":"NotifyStatus","params":{"flood:0":{"alarm":true}}}"#;
        assert_eq!(told("flat7/flood/events/rpc", payload)[0].id.as_deref(), Some("shellyfloodg4-a1b2c3d4e5f6"));
    }
}
