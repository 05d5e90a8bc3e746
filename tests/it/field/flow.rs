//! Zigbee2MQTT's own flow brings a fresh hub from nothing to a registered building: what it keeps in the broker first
//! (bridge, devices, availability, states of any age), then what devices say; adopted through the API alone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::program::{Flat, House};
use crate::services::eventually;
use crate::web::house::{SOON, encode};

const TENANT: &str = "+14155560001";

/// The hub as its operator sees it.
struct Api {
    base: String,
    token: String,
    client: reqwest::Client,
}

impl Api {
    fn of(house: &House) -> Self {
        let token = house.command(&["token", "create", "--role", "operator", "--name", "ops"]).trim().to_owned();
        Self { base: format!("http://127.0.0.1:{}/api/v1", house.http_port), token, client: reqwest::Client::new() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let (status, page) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().expect("a list").clone()
    }

    async fn held(&self) -> Vec<String> {
        let items = self.items("/devices?registered=false").await;
        items.iter().map(|d| d["key"].as_str().expect("a key").to_owned()).collect()
    }

    async fn adopt(&self, key: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, &format!("/devices/{}/adopt", encode(key)), Some(body)).await
    }
}

/// One entry of `bridge/devices`.
fn listed(n: u8, name: &str, model: &str, vendor: &str, exposes: Value) -> Value {
    json!({
        "ieee_address": format!("0x00158d00000000{n:02x}"), "type": "EndDevice", "network_address": 1000 + u32::from(n),
        "supported": true, "disabled": false, "friendly_name": name, "description": null, "endpoints": {},
        "definition": { "source": "native", "model": model, "vendor": vendor, "description": format!("{vendor} {model}"),
            "exposes": exposes, "options": [], "supports_ota": false },
        "power_source": "Battery", "interview_completed": true, "interviewing": false,
    })
}

fn devices() -> Value {
    let numeric = |p: &str| json!({ "type": "numeric", "name": p, "property": p, "access": 1 });
    let leak = json!([numeric("battery"), { "type": "binary", "name": "water_leak", "property": "water_leak", "value_on": true,
        "value_off": false }, numeric("voltage"), numeric("linkquality")]);
    let lock = json!([{ "type": "lock", "features": [{ "type": "binary", "name": "state", "property": "state" },
        { "type": "enum", "name": "lock_state", "property": "lock_state" }] }, numeric("battery"), numeric("linkquality")]);
    json!([
        { "ieee_address": "0x00124b0000000001", "type": "Coordinator", "friendly_name": "Coordinator", "definition": null },
        listed(1, "12B/sink", "SJCGQ11LM", "Aqara", leak.clone()),
        listed(2, "12B/front door", "YRD226HA2619", "Yale", lock),
        listed(3, "12B/cellar", "SJCGQ11LM", "Aqara", leak.clone()),
        listed(4, "12B/boiler", "SJCGQ11LM", "Aqara", leak),
    ])
}

/// Now, and 40 days ago, as Zigbee2MQTT writes `last_seen`.
fn times() -> (String, String) {
    #[expect(clippy::disallowed_methods, reason = "the program under test lives by the machine's clock")]
    let now = chrono::Utc::now();
    (now.to_rfc3339(), (now - chrono::Duration::days(40)).to_rfc3339())
}

/// What the broker keeps while nobody listens, and what Zigbee2MQTT says at its start.
fn kept() -> Vec<(&'static str, String)> {
    let (now, long_ago) = times();
    let online = r#"{"state":"online"}"#.to_owned();
    vec![
        ("zigbee2mqtt/bridge/state", online.clone()),
        (
            "zigbee2mqtt/bridge/info",
            json!({ "version": "2.1.3", "config": { "mqtt": {} }, "permit_join": false }).to_string(),
        ),
        ("zigbee2mqtt/bridge/devices", devices().to_string()),
        ("zigbee2mqtt/bridge/groups", "[]".to_owned()),
        ("zigbee2mqtt/bridge/definitions", "{}".to_owned()),
        ("zigbee2mqtt/12B/sink/availability", online.clone()),
        ("zigbee2mqtt/12B/front door/availability", online),
        ("zigbee2mqtt/12B/cellar", json!({ "water_leak": true, "battery": 70, "last_seen": long_ago }).to_string()),
        ("zigbee2mqtt/12B/boiler", json!({ "water_leak": true, "battery": 70, "last_seen": now }).to_string()),
        ("zigbee2mqtt/12B/front door", json!({ "battery": 64, "lock_state": "locked", "state": "LOCK" }).to_string()),
        (
            "homeassistant/binary_sensor/0x00158d0000000001/water_leak/config",
            json!({ "device_class": "moisture", "state_topic": "zigbee2mqtt/12B/sink" }).to_string(),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_hub_becomes_a_registered_building() {
    let flat = Flat { name: "12B".to_owned(), phone: TENANT.to_owned() };
    let mut house = House::build_bare(&[flat]).await;
    let mut zigbee = house.publisher("zigbee2mqtt");
    for (topic, payload) in kept() {
        zigbee.publish_retained(topic, payload, true).await;
    }
    zigbee.settled().await;
    house.start();
    house.ready().await;
    let api = Api::of(&house);
    let expected = ["12B/boiler", "12B/cellar", "12B/front door", "12B/sink"];
    eventually(SOON, "all devices are held, and nothing else", async || api.held().await == expected).await;
    zigbee.publish("zigbee2mqtt/12B/sink", r#"{"water_leak":false,"battery":64,"linkquality":90}"#).await;
    zigbee.publish("zigbee2mqtt/bridge/logging", r#"{"level":"info","message":"x"}"#).await;
    let door = async || api.ask(Method::GET, &format!("/devices/{}", encode("12B/front door")), None).await.1;
    eventually(SOON, "its states are heard", async || door().await["field"]["messages"] == 2).await;
    let front = door().await;
    assert_eq!(front["field"]["proposed_kind"], "lock", "{front}");
    assert_eq!((&front["field"]["maker"], &front["model"]), (&json!("Yale"), &json!("YRD226HA2619")));
    assert_eq!((&front["field"]["power_source"], &front["lock_state"]), (&json!("battery"), &Value::Null), "{front}");
    assert_eq!(api.adopt("12B/sink", json!({ "unit_id": "nowhere" })).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let bridge = api.adopt("bridge", json!({ "unit_id": "u-12B", "kind": "gateway" })).await;
    assert_eq!(bridge.0, StatusCode::OK, "{bridge:?}");
    for key in expected {
        let (status, adopted) = api.adopt(key, json!({ "unit_id": "u-12B" })).await;
        assert_eq!(status, StatusCode::OK, "{adopted}");
        assert_eq!(adopted["gateway"], "bridge", "its silence explains theirs: {adopted}");
        assert_eq!(adopted["kind"], if key == "12B/front door" { "lock" } else { "leak_sensor" });
    }
    assert_eq!(api.held().await, Vec::<String>::new());
    eventually(SOON, "the boiler's water is told", async || house.texts(TENANT, "Water at 12B/boiler") == 1).await;
    let leaks = api.items("/tickets?kind=leak").await;
    assert!(leaks.len() == 1 && leaks[0]["device_key"] == "12B/boiler", "the cellar was wet 40 days ago: {leaks:?}");
    for percent in [21, 19, 22, 18, 17, 16] {
        zigbee
            .publish("zigbee2mqtt/12B/front door", json!({ "battery": percent, "lock_state": "locked" }).to_string())
            .await;
    }
    eventually(SOON, "the low battery is known", async || api.items("/tickets?kind=battery").await.len() == 1).await;
    zigbee.publish("zigbee2mqtt/12B/sink", r#"{"water_leak":true,"battery":64,"linkquality":88}"#).await;
    let of_sink = format!("/tickets?kind=leak&device={}", encode("12B/sink"));
    eventually(SOON, "a leak of an adopted sensor counts", async || api.items(&of_sink).await.len() == 1).await;
    house.stop();
}

/// A subscription that outlived the database is not given again what the broker keeps, and a shared one never is.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_learns_at_its_first_start_what_the_broker_keeps() {
    for connections in [1, 2] {
        let mut house = House::build_bare(&[Flat { name: "12B".to_owned(), phone: TENANT.to_owned() }]).await;
        let several = format!("[mqtt]\nconnections = {connections}\n");
        let config = std::fs::read_to_string(house.path("np.toml")).expect("configuration");
        std::fs::write(house.path("np.toml"), config.replace("[mqtt]\n", &several)).expect("configuration");
        let mut zigbee = house.publisher("zigbee2mqtt");
        zigbee.publish_retained("zigbee2mqtt/bridge/devices", devices().to_string(), true).await;
        zigbee.settled().await;
        for start in ["with a new session", "with the session of another database"] {
            house.start();
            house.ready().await;
            let api = Api::of(&house);
            eventually(SOON, start, async || api.held().await.len() == 4).await;
            let sink = api.ask(Method::GET, &format!("/devices/{}", encode("12B/sink")), None).await.1;
            assert_eq!(
                (&sink["model"], &sink["field"]["messages"]),
                (&json!("SJCGQ11LM"), &json!(0)),
                "{start}: {sink}"
            );
            house.stop();
            house.forget();
        }
    }
}
