//! What cannot be used holds up nobody: a topic whose messages never end is set aside, a field that cannot be is counted.

use std::net::{Ipv4Addr, SocketAddr};

use nightporter::store::{Page, Store};

use super::acl::{percent, service};
use crate::broker::client::Client;
use crate::house::{REGISTRY, registry};
use crate::services::{Mosquitto, eventually};
use crate::web::house::SOON;

const FORMAT: &str = r#"
subscriptions = ["nightporter/v1/#", "v1/#"]

[[format]]
name = "acme"
topic = "acme/+"
jq = '''
def f: f;
{device_key: .levels[1], readings: [{kind: "battery_percent", value: .payload.percent}]},
if .payload.loops then f else empty end
'''
"#;

/// How many messages were refused, by code.
async fn refused(store: &Store, code: &str) -> usize {
    let page = Page { limit: 100, after: None };
    let rows = store.read().await.expect("reads").list_rejects(&page).await.expect("reads");
    rows.iter().filter(|(_, reject)| reject.code == code).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_never_ends_is_set_aside_and_a_bad_field_costs_only_itself() {
    let mosquitto = Mosquitto::quick();
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&format!("sqlite://{}", folder.path().join("np.db").display())).await.expect("opens");
    store.migrate().await.expect("migrates");
    store.import(&registry(&REGISTRY)).await.expect("imports");
    let service = service(&mosquitto, folder.path(), &store, FORMAT).await;
    eventually(SOON, "the service is connected", async || service.door.health().broker().is_ok()).await;
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, mosquitto.port()));
    let mut gateway = Client::connect(addr, "gateway").await;
    for n in 1..=8 {
        gateway.publish("acme/leak1", &format!(r#"{{"percent":{n},"loops":true}}"#)).await;
    }
    gateway.publish("acme/leak2", r#"{"percent":66}"#).await;
    eventually(SOON, "what came behind it is read", async || percent(&store, "leak2").await == Some(66.0)).await;
    let kept = async || (refused(&store, "format_limit").await, refused(&store, "format_set_aside").await);
    eventually(SOON, "the rest is kept", async || kept().await.0 + kept().await.1 == 8).await;
    // Two connections may each have one in hand when the fifth is through.
    assert!([(5, 3), (6, 2)].contains(&kept().await), "{:?}", kept().await);
    assert!(percent(&store, "leak1").await.is_some(), "what it put out before it was cut short counts");
    for n in 1..=3 {
        gateway
            .publish(
                "nightporter/v1/oak/lock1/telemetry",
                &format!(r#"{{"battery_percent":130,"leak":"so-so","uptime_s":{n},"battery_millivolts":290{n}}}"#),
            )
            .await;
    }
    gateway.publish("nightporter/v1/oak/lock1/telemetry", r#"{"battery_percent":77}"#).await;
    eventually(SOON, "the lock is heard", async || percent(&store, "lock1").await == Some(77.0)).await;
    assert_eq!(refused(&store, "invalid_field").await, 1, "shown once an hour of each topic");
    gateway.publish("nightporter/v1/oak/lock1/telemetri", r#"{"battery_percent":5}"#).await;
    gateway.publish("v1/devices/me/telemetry", r#"{"water_leak":true}"#).await;
    let nameless = async || refused(&store, "no_device_key").await == 1;
    eventually(SOON, "water that nobody can be said to have told is shown", nameless).await;
    assert_eq!(refused(&store, "wrong_topic").await, 1, "what is said below our own topics by no rule is shown");
    let metrics = service.metrics.to_text();
    for line in [
        r#"nightporter_messages_rejected_total{code="wrong_topic"} 1"#,
        r#"nightporter_topics_set_aside{format="acme"} 1"#,
        r#"nightporter_fields_rejected_total{kind="battery_percent"} 3"#,
        r#"nightporter_fields_rejected_total{kind="leak"} 3"#,
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is missing in\n{metrics}");
    }
    service.stop().await;
}
