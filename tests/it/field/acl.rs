//! The shipped rules of Mosquitto: the service works with them, a device speaks for itself, and for nobody else.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use nightporter::clock::Clock;
use nightporter::config::Config;
use nightporter::decide::DeviceState;
use nightporter::deliver::carrier::Console;
use nightporter::model::Timestamp;
use nightporter::service::{Parts, Service};
use nightporter::store::Store;
use tokio::net::TcpListener;

use crate::broker::client::{Client, options};
use crate::house::{REGISTRY, registry};
use crate::services::{Mosquitto, eventually};
use crate::web::house::SOON;

/// A user's password is its name and `-password`; made by `mosquitto_passwd`.
const PASSWORDS: &str = include_str!("passwords");

/// A service on this broker, with more configuration.
pub(super) async fn service(mosquitto: &Mosquitto, folder: &std::path::Path, store: &Store, more: &str) -> Service {
    let text = format!(
        "[mqtt]\nurl = \"{}\"\nusername = \"nightporter\"\npassword = \"nightporter-password\"\nconnections = 2\n{more}",
        mosquitto.url()
    );
    let clock = Clock::manual(Timestamp::parse_rfc3339("2026-01-05T18:30:00+08:00").expect("an instant"));
    let parts = Parts {
        config: Config::parse(&text, &folder.join("np.toml"), std::iter::empty()).expect("sound"),
        carrier: Arc::new(Console::new(clock.clone(), |_| Ok(()))),
        clock,
        store: store.clone(),
        listener: TcpListener::bind("127.0.0.1:0").await.expect("a port"),
        open_page: false,
    };
    Service::start(parts).await.expect("starts")
}

async fn user(mosquitto: &Mosquitto, name: &str) -> Client {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, mosquitto.port()));
    let mut options = options(addr, &format!("client of {name}"));
    options.set_credentials(name, format!("{name}-password"));
    Client::with(options).await.expect("connects")
}

pub(super) async fn percent(store: &Store, key: &str) -> Option<f64> {
    let mut tx = store.read().await.expect("reads");
    let state = tx.device(key).await.expect("reads")?.state?;
    serde_json::from_str::<DeviceState>(&state).expect("a state").battery.percent
}

/// The service may announce to Home Assistant, and a gateway; a device may not, and nobody else tells of its health.
async fn discovery_is_ours_and_the_gateways(listener: &mut Client, lock: &mut Client, gateway: &mut Client) {
    listener.subscribe("homeassistant/#").await;
    listener.subscribe("nightporter/v1/+/+/health").await;
    lock.publish("homeassistant/binary_sensor/nightporter/running/config", "forged").await;
    lock.publish("nightporter/v1/oak/lock1/health", "forged").await;
    gateway.publish("nightporter/v1/oak/lock1/health", "forged").await;
    gateway.publish("homeassistant/sensor/0x1/battery/config", "{}").await;
    let mut wanted = vec![
        ("homeassistant/binary_sensor/nightporter/running/", "config"),
        ("homeassistant/sensor/nightporter/property_oak", "open_tickets/config"),
        ("homeassistant/sensor/0x1/", "battery/config"),
    ];
    while !wanted.is_empty() {
        let heard = listener.receive().await;
        let topic = String::from_utf8_lossy(&heard.topic);
        assert_ne!(&heard.payload[..], b"forged", "{topic}");
        wanted.retain(|(begin, end)| !(topic.starts_with(begin) && topic.ends_with(end)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_speaks_for_itself_alone_and_the_service_works() {
    let mosquitto = Mosquitto::guarded(PASSWORDS);
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&format!("sqlite://{}", folder.path().join("np.db").display())).await.expect("opens");
    store.migrate().await.expect("migrates");
    store.import(&registry(&REGISTRY)).await.expect("imports");
    let service = service(&mosquitto, folder.path(), &store, "").await;
    eventually(SOON, "the service is connected", async || service.door.health().broker().is_ok()).await;
    let mut listener = user(&mosquitto, "nightporter").await;
    listener.subscribe("nightporter/status").await;
    assert_eq!(listener.take().await, "online", "the service may say so");
    let mut lock = user(&mosquitto, "lock1").await;
    let mut gateway = user(&mosquitto, "zigbee2mqtt").await;
    discovery_is_ours_and_the_gateways(&mut listener, &mut lock, &mut gateway).await;
    lock.publish("nightporter/v1/oak/leak1/telemetry", r#"{"leak":true,"battery_percent":11}"#).await;
    lock.publish("zigbee2mqtt/leak1", r#"{"water_leak":true,"battery":12}"#).await;
    lock.publish("nightporter/v1/elm/lock1/telemetry", r#"{"battery_percent":13}"#).await;
    lock.publish("nightporter/v1/oak/lock1/telemetry", r#"{"battery_percent":77}"#).await;
    gateway.publish("nightporter/v1/oak/leak1/telemetry", r#"{"leak":true,"battery_percent":14}"#).await;
    gateway.publish("zigbee2mqtt/leak2", r#"{"water_leak":false,"battery":66}"#).await;
    eventually(SOON, "what is their own is heard", async || {
        percent(&store, "lock1").await == Some(77.0) && percent(&store, "leak2").await == Some(66.0)
    })
    .await;
    assert_eq!(percent(&store, "leak1").await, None, "nobody else spoke for it");
    let refused = store.read().await.expect("reads").list_quarantined(None, 10).await.expect("reads");
    let refused: Vec<_> = refused.iter().map(|q| (q.device_key.as_str(), q.reason.as_str(), q.messages)).collect();
    assert_eq!(refused, [("lock1", "property", 1)], "the broker cannot know the property; the service does");
    service.stop().await;
}
