//! Home Assistant's MQTT discovery, from the other side: what stands at a real Mosquitto is what Home Assistant 2026.2.3
//! accepts, it follows devices and tickets, and it goes when they go. And Home Assistant's own code (2024.3.3, the newest that
//! runs on this machine's Python) reads every message and says which state it makes of it.
//!
//! The lists are of `homeassistant/components/{mqtt,sensor,binary_sensor}` of the package `homeassistant` 2026.2.3
//! (Apache-2.0): `mqtt/schemas.py`, `mqtt/discovery.py`, `sensor/const.py`, `binary_sensor/__init__.py`.

use std::collections::BTreeMap;
use std::time::Duration;

use nightporter::announce::entities::{self, Known};
use nightporter::decide::DeviceState;
use nightporter::decode::{Routes, announce, decode};
use nightporter::model::{Device, DeviceKind, Timestamp};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

use crate::oracles::{ask, from_runner};
use crate::program::{Flat, House};
use crate::services::eventually;

const SOON: Duration = Duration::from_secs(30);
const CLOCK: &str = "[clock]\nstart = \"2026-01-05T09:00:00+08:00\"\nspeed = 600.0\n";
const TENANT: &str = "+14155560001";

/// `MQTT_ENTITY_COMMON_SCHEMA`, `MQTT_BASE_SCHEMA` and what a read-only platform adds, as far as we might use it.
const COMMON: [&str; 22] = [
    "availability_mode",
    "availability_template",
    "availability_topic",
    "default_entity_id",
    "device",
    "enabled_by_default",
    "encoding",
    "entity_category",
    "entity_picture",
    "expire_after",
    "force_update",
    "icon",
    "json_attributes_template",
    "json_attributes_topic",
    "name",
    "origin",
    "payload_available",
    "payload_not_available",
    "qos",
    "state_topic",
    "unique_id",
    "value_template",
];
const DEVICE: [&str; 13] = [
    "configuration_url",
    "connections",
    "hw_version",
    "identifiers",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "serial_number",
    "suggested_area",
    "sw_version",
    "via_device",
    "via_device_id",
];
const ORIGIN: [&str; 3] = ["name", "support_url", "sw_version"];
const BINARY_SENSOR: [&str; 4] = ["device_class", "off_delay", "payload_off", "payload_on"];
const SENSOR: [&str; 6] = [
    "device_class",
    "last_reset_value_template",
    "options",
    "state_class",
    "suggested_display_precision",
    "unit_of_measurement",
];
const BINARY_CLASSES: [&str; 5] = ["battery", "connectivity", "moisture", "problem", "running"];

fn only(value: &Value, known: &[&[&str]], what: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object"));
    for key in object.keys() {
        assert!(known.iter().any(|list| list.contains(&key.as_str())), "{what}: Home Assistant knows no {key}");
    }
}

/// `TOPIC_MATCHER` of `mqtt/discovery.py`: `component/[node/]object/config` of letters, digits, `_` and `-`.
fn component<'a>(prefix: &str, topic: &'a str) -> &'a str {
    let levels: Vec<&str> =
        topic.strip_prefix(prefix).and_then(|t| t.strip_prefix('/')).expect("the prefix").split('/').collect();
    let plain =
        |level: &&&str| !level.is_empty() && level.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    assert!(levels.len() == 4 && levels[3] == "config", "{topic}");
    assert_eq!(levels[1..3].iter().filter(plain).count(), 2, "{topic}");
    levels[0]
}

/// As strict as Home Assistant: unknown keys, classes, units and topics are errors.
fn check(prefix: &str, topic: &str, payload: &[u8]) -> Value {
    let config: Value = serde_json::from_slice(payload).expect("JSON");
    let class = config["device_class"].as_str();
    match component(prefix, topic) {
        "binary_sensor" => {
            only(&config, &[&COMMON, &BINARY_SENSOR], topic);
            assert!(class.is_some_and(|class| BINARY_CLASSES.contains(&class)), "{topic}: {class:?}");
        }
        "sensor" => {
            only(&config, &[&COMMON, &SENSOR], topic);
            let unit = config["unit_of_measurement"].as_str();
            let allowed = matches!((class, unit), (Some("battery"), Some("%")) | (Some("timestamp") | None, None));
            assert!(allowed, "{topic}: {class:?} in {unit:?}");
            let state = config["state_class"].as_str();
            assert!(
                matches!((class, state), (Some("timestamp"), None) | (_, Some("measurement"))),
                "{topic}: {state:?}"
            );
        }
        other => panic!("{topic}: no component {other}"),
    }
    only(&config["device"], &[&DEVICE], topic);
    only(&config["origin"], &[&ORIGIN], topic);
    assert_eq!(config["origin"]["name"], "Nightporter");
    assert!(config["unique_id"].as_str().is_some_and(|id| !id.is_empty()), "{topic}");
    assert!(config["device"]["identifiers"].as_array().is_some_and(|ids| ids.iter().all(Value::is_string)), "{topic}");
    assert!([Value::Null, json!("diagnostic")].contains(&config["entity_category"]), "{topic}");
    for key in ["state_topic", "availability_topic", "json_attributes_topic"] {
        let topic = config[key].as_str();
        assert!(topic.is_none_or(|t| !t.is_empty() && !t.contains(['+', '#', '\0'])), "{topic:?}");
    }
    config
}

fn known(key: &str, kind: DeviceKind, state: Value) -> Known {
    let device = Device {
        key: key.into(),
        unit_id: "12b".into(),
        property_id: "oak/1".into(),
        kind,
        name: "Front door".into(),
        model: Some("Kwikset 914".to_owned()),
        valve_for: None,
        chemistry: None,
        cells: None,
        gateway: Some("hub".into()),
    };
    let state: DeviceState = serde_json::from_value(state).expect("a state");
    Known { device, unit: "12B".to_owned(), state, seen_at: Timestamp::parse_rfc3339("2026-01-05T10:07:31Z") }
}

#[test]
fn every_message_is_one_that_home_assistant_accepts_and_we_pass_over() {
    let mut wanted = entities::service("homeassistant");
    wanted.extend(entities::property("homeassistant", "oak/1", "橡树公寓", 3));
    for key in ["oak/12B/前门 ö", "x", "a_b", "a/b", &"k".repeat(200)] {
        for kind in DeviceKind::ALL {
            wanted.extend(entities::device("homeassistant", &known(key, kind, json!({}))));
        }
    }
    let mut ids = BTreeMap::new();
    for message in &wanted {
        let decoded = decode(&message.topic, &message.payload, &Routes::default()).expect("known to us");
        assert_eq!(decoded.devices, [], "{}", message.topic);
        let told = announce(&message.topic, &message.payload, &decoded, &Routes::default());
        assert_eq!(told, [], "{}", message.topic);
        if message.topic.starts_with("homeassistant/") {
            let id = check("homeassistant", &message.topic, &message.payload)["unique_id"].to_string();
            let other = ids.insert(id, &message.topic);
            assert!(other.is_none_or(|other| *other == message.topic), "{other:?} and {}", message.topic);
        }
    }
    let health = entities::device("homeassistant", &known("x", DeviceKind::Lock, json!({}))).swap_remove(0);
    let health: Value = serde_json::from_slice(&health.payload).expect("JSON");
    assert_eq!(health["last_seen"], "2026-01-05T10:00:00.000Z", "in steps");
    let unheard = Known { seen_at: None, ..known("x", DeviceKind::Gateway, json!({})) };
    let unheard = entities::device("homeassistant", &unheard).swap_remove(0);
    let unheard: Value = serde_json::from_slice(&unheard.payload).expect("JSON");
    assert_eq!(unheard["online"], Value::Null, "a gateway that was adopted before it spoke is not offline");
    assert_eq!(
        (&health["battery"], &health["battery_low"]),
        (&Value::Null, &Value::Null),
        "nothing told, nothing said"
    );
}

/// The state that Home Assistant itself shows for each entity, by its `unique_id`: its own schema takes the whole message,
/// its own entity reads the state, and neither has anything to complain of.
fn in_home_assistant(messages: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Value> {
    let text = |payload: &Vec<u8>| String::from_utf8(payload.clone()).expect("UTF-8");
    let mut ids = Vec::new();
    let mut cases = Vec::new();
    for (topic, payload) in messages.iter().filter(|(topic, _)| topic.ends_with("/config")) {
        let config: Value = serde_json::from_slice(payload).expect("JSON");
        let state = messages.get(config["state_topic"].as_str().expect("a state topic")).map(text);
        cases.push(json!(["homeassistant", topic, text(payload), state.expect("a state behind it")]));
        ids.push(config["unique_id"].as_str().expect("an id").to_owned());
    }
    let python_path = from_runner("NIGHTPORTER_HOME_ASSISTANT");
    let answers = ask("python3", "home_assistant.py", &[("PYTHONPATH", &python_path)], &json!(cases));
    let shown = answers.into_iter().zip(&cases).map(|(answer, case)| {
        assert_eq!((&answer["dropped"], &answer["warnings"]), (&json!([]), &json!([])), "{answer}\n{case}");
        answer["state"].clone()
    });
    ids.into_iter().zip(shown).collect()
}

fn shown(states: &BTreeMap<String, Value>, suffix: &str) -> Value {
    let mut found = states.iter().filter(|(id, _)| id.ends_with(suffix)).map(|(_, state)| state.clone());
    let state = found.next().unwrap_or_else(|| panic!("no {suffix} in {states:?}"));
    assert!(found.next().is_none(), "one {suffix} in {states:?}");
    state
}

#[test]
fn home_assistant_itself_shows_what_devices_told() {
    let seen = json!("2026-01-05T10:00:00+00:00");
    let rows = [
        (json!({}), [json!("on"), Value::Null, Value::Null], None),
        (
            json!({ "battery": { "percent": 71.46, "phase": "fresh" }, "leak": { "probes": { "": { "wet": true, "at": 1 } } } }),
            [json!("on"), json!("off"), json!("on")],
            Some(json!("71.5")),
        ),
        (
            json!({ "battery": { "percent": 9.0, "phase": "low" }, "leak": { "probes": { "a": { "wet": false, "at": 1 } } },
                "presence": { "silent": true } }),
            [json!("off"), json!("on"), json!("off")],
            Some(json!("9.0")),
        ),
        (
            json!({ "battery": { "percent": 0.0, "phase": "dead" }, "presence": { "offline_since": 5 } }),
            [json!("off"), json!("on"), Value::Null],
            Some(json!("0.0")),
        ),
    ];
    for (state, expected, battery) in rows {
        let mut said =
            entities::device("homeassistant", &known("12B/漏水 sink", DeviceKind::LeakSensor, state.clone()));
        said.extend(entities::service("homeassistant"));
        said.extend(entities::property("homeassistant", "oak/1", "橡树公寓", 3));
        let mut messages: BTreeMap<_, _> = said.into_iter().map(|m| (m.topic, m.payload)).collect();
        messages.insert("nightporter/status".to_owned(), b"online".to_vec());
        let states = in_home_assistant(&messages);
        let of_device = ["_connected", "_battery_low", "_leak"].map(|entity| shown(&states, entity));
        assert_eq!(of_device, expected, "{state}");
        assert_eq!((shown(&states, "_last_seen"), shown(&states, "_running")), (seen.clone(), json!("on")));
        assert_eq!(shown(&states, "_open_tickets"), json!("3"));
        assert_eq!(states.iter().find(|(id, _)| id.ends_with("_battery")).map(|(_, s)| s.clone()), battery, "{state}");
    }
}

/// What a client that comes now is given as retained below a filter, until nothing more comes for a moment.
struct Watcher {
    port: u16,
}

impl Watcher {
    async fn retained(&self, filter: &str) -> BTreeMap<String, Vec<u8>> {
        let mut options = MqttOptions::new("watcher", "127.0.0.1", self.port);
        options.set_clean_session(true).set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::new(options, 10);
        client.subscribe(filter, QoS::AtLeastOnce).await.expect("it lives");
        // What was asked for before comes before this echo.
        let mut held = BTreeMap::new();
        let all = async {
            loop {
                match events.poll().await.expect("the broker is there") {
                    Event::Incoming(Packet::SubAck(_)) => {
                        client.subscribe("watcher/echo", QoS::AtLeastOnce).await.expect("it lives");
                        client.publish("watcher/echo", QoS::AtLeastOnce, false, "x").await.expect("it lives");
                    }
                    Event::Incoming(Packet::Publish(p)) if p.topic == "watcher/echo" => return,
                    Event::Incoming(Packet::Publish(p)) if p.retain => drop(held.insert(p.topic, p.payload.to_vec())),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(SOON, all).await.expect("the broker answers");
        held
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_tickets_appear_change_and_go() {
    let flat = Flat { name: "12B".to_owned(), phone: TENANT.to_owned() };
    let mut house = House::build(&[flat], None, CLOCK).await;
    // A door whose key comes before that of its gateway.
    let devices = "key,unit_id,kind,name,model,valve_for,gateway\n12B-hub,u-12B,gateway,Hub,,,\n12B-back,u-12B,lock,Back door,,,12B-hub\n";
    std::fs::write(house.path("registry/devices.csv"), devices).expect("registry");
    house.command(&["import", house.path("registry").to_str().expect("path")]);
    let mut publisher = house.publisher("devices");
    let stale = "homeassistant/binary_sensor/nightporter/ticket_gone/config";
    let others = "homeassistant/sensor/elsewhere/config";
    publisher.publish_retained(stale, r#"{"state_topic":"nightporter/v1/p-12B/tickets/gone"}"#, true).await;
    publisher.publish_retained("nightporter/v1/p-12B/tickets/gone", r#"{"id":"gone"}"#, true).await;
    publisher.publish_retained(others, r#"{"state_topic":"elsewhere"}"#, true).await;
    house.start();
    house.ready().await;
    let watcher = Watcher { port: house.mosquitto.port() };
    let leak =
        |held: &BTreeMap<String, Vec<u8>>| held.keys().any(|t| t.contains("12b_leak_") && t.ends_with("_leak/config"));
    eventually(SOON, "devices appear, what is over goes", async || {
        let held = watcher.retained("homeassistant/#").await;
        leak(&held) && !held.contains_key(stale) && held.contains_key(others)
    })
    .await;
    for (topic, payload) in watcher.retained("homeassistant/+/nightporter/+/config").await {
        let config = check("homeassistant", &topic, &payload);
        let state = config["state_topic"].as_str().expect("a state topic");
        eventually(SOON, state, async || watcher.retained(state).await.contains_key(state)).await;
    }
    eventually(SOON, "the ticket of an earlier life is cleared", async || {
        !watcher.retained("nightporter/v1/+/tickets/+").await.contains_key("nightporter/v1/p-12B/tickets/gone")
    })
    .await;

    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true,"battery":71.5}"#).await;
    let health = async || {
        let held = watcher.retained("nightporter/v1/p-12B/+/health").await;
        let told = held.into_iter().find(|(topic, _)| topic.contains("12b_leak"));
        told.map_or(Value::Null, |(_, payload)| serde_json::from_slice(&payload).expect("JSON"))
    };
    eventually(SOON, "wet", async || {
        let h = health().await;
        h["leak"] == json!(true) && h["battery"] == json!(71.5)
    })
    .await;
    let tickets = async || {
        let held = watcher.retained("homeassistant/binary_sensor/nightporter/+/config").await;
        held.into_iter().filter(|(topic, _)| topic.contains("/ticket_")).collect::<Vec<_>>()
    };
    eventually(SOON, "a ticket appears", async || tickets().await.len() == 1).await;
    let (topic, payload) = tickets().await.swap_remove(0);
    let ticket = check("homeassistant", &topic, &payload);
    assert_eq!((&ticket["name"], &ticket["device_class"]), (&json!("Leak ticket"), &json!("problem")));
    eventually(SOON, "one is open", async || {
        watcher.retained("nightporter/v1/p-12B/open_tickets").await.into_values().next() == Some(b"1".to_vec())
    })
    .await;

    let mut messages = watcher.retained("homeassistant/+/nightporter/+/config").await;
    messages.extend(watcher.retained("nightporter/#").await);
    let states = in_home_assistant(&messages);
    let (open, leak) = (states.keys().find(|id| id.contains("ticket_")).expect("a ticket"), "_leak");
    assert_eq!(
        (&states[open], shown(&states, leak), shown(&states, "_running")),
        (&json!("on"), json!("on"), json!("on"))
    );
    assert_eq!((shown(&states, "_battery"), shown(&states, "_open_tickets")), (json!("71.5"), json!("1")));

    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":false,"battery":71.5}"#).await;
    eventually(SOON, "dry for half an hour: resolved, and gone", async || tickets().await.is_empty()).await;

    // Home Assistant starts: everything is said again.
    let mut options = MqttOptions::new("home-assistant", "127.0.0.1", house.mosquitto.port());
    options.set_clean_session(true).set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("homeassistant/+/nightporter/+/config", QoS::AtLeastOnce).await.expect("it lives");
    let mut said = Vec::new();
    let said_again = async {
        loop {
            match events.poll().await.expect("the broker is there") {
                Event::Incoming(Packet::SubAck(_)) => {
                    client.publish("homeassistant/status", QoS::AtLeastOnce, false, "online").await.expect("it lives");
                }
                Event::Incoming(Packet::Publish(p)) if !p.retain => {
                    said.push(p.topic);
                    if said.last().is_some_and(|topic| topic.ends_with("_leak/config")) {
                        return;
                    }
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(SOON, said_again).await.expect("said again after the birth message");
    let first =
        |key: &str| said.iter().position(|topic| topic.contains(key)).unwrap_or_else(|| panic!("{key}: {said:?}"));
    assert!(first("/12b_hub_") < first("/12b_back_"), "the gateway that it hangs below comes first: {said:?}");
    house.stop();
}
