//! QoS 1, sessions, retained messages, last wills and shared subscriptions.

use nightporter::broker::{BrokerOptions, RunningBroker};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::LastWill;

use super::client::{Client, options, text};
use super::start;

/// A broker, the service (subscribed to `filter`, then gone for now) and a device.
async fn with_absent_service(filter: &str) -> (RunningBroker, Client) {
    let broker = start(BrokerOptions::default()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    assert!(!service.session_present);
    service.subscribe(filter).await;
    service.disconnect().await;
    let device = Client::connect(broker.addr(), "device").await;
    (broker, device)
}

#[tokio::test]
async fn what_came_while_the_service_was_away_waits_in_order() {
    let (broker, mut device) = with_absent_service("home/#").await;
    let sent: Vec<String> = (0..2_000).map(|n| format!("{n:04}")).collect();
    for payload in &sent {
        device.send("home/leak", payload, false);
    }
    for _ in &sent {
        device.acknowledged().await;
    }
    let mut service = Client::connect(broker.addr(), "service").await;
    assert!(service.session_present);
    for payload in &sent {
        assert_eq!(service.take().await, *payload);
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let (broker, mut device) = with_absent_service("home/#").await;
    let mut service = Client::connect(broker.addr(), "service").await;
    for payload in ["1", "2", "3"] {
        device.publish("home/leak", payload).await;
    }
    assert_eq!(service.take().await, "1");
    assert_eq!(text(&service.receive().await), "2");
    service.disconnect().await;
    let mut service = Client::connect(broker.addr(), "service").await;
    assert_eq!(service.take_many(2).await, ["2", "3"]);
}

#[tokio::test]
async fn a_retained_message_greets_who_comes_later_until_it_is_cleared() {
    let broker = start(BrokerOptions::default()).await;
    let mut device = Client::connect(broker.addr(), "device").await;
    device.publish_as("home/lock/status", "online", true).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    service.subscribe("home/+/status").await;
    let greeting = service.receive().await;
    assert_eq!((greeting.retain, text(&greeting).as_str()), (true, "online"));
    device.publish_as("home/lock/status", "", true).await;
    let mut late = Client::connect(broker.addr(), "late").await;
    late.subscribe("home/+/status").await;
    device.publish("home/lock/status", "after").await;
    assert_eq!(late.take().await, "after");
}

#[tokio::test]
async fn a_device_that_vanishes_leaves_its_last_will() {
    let broker = start(BrokerOptions::default()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    service.subscribe("home/+/status").await;
    let mut mortal = options(broker.addr(), "device");
    mortal.set_last_will(LastWill::new("home/lock/status", "offline", QoS::AtLeastOnce, true, None));
    let device = Client::with(mortal).await.expect("connects");
    device.vanish().await;
    assert_eq!(service.take().await, "offline");
}

/// What ended rumqttd 0.20: its router panics when the last member goes with messages unacknowledged.
#[tokio::test]
async fn the_last_member_of_a_shared_subscription_may_vanish_with_messages_in_hand() {
    let broker = start(BrokerOptions::default()).await;
    let mut device = Client::connect(broker.addr(), "device").await;
    let filter = "$share/nightporter/home/#";
    let mut members = Vec::new();
    for name in ["service-1", "service-2"] {
        let mut member = Client::connect(broker.addr(), name).await;
        member.subscribe(filter).await;
        members.push(member);
    }
    let sent: Vec<String> = (0..100).map(|n| format!("{n:03}")).collect();
    for payload in &sent {
        device.publish("home/leak", payload).await;
    }
    for mut member in members {
        member.receive().await;
        member.vanish().await;
    }
    device.publish("home/leak", "100").await;
    let mut one = Client::connect(broker.addr(), "service-1").await;
    let mut other = Client::connect(broker.addr(), "service-2").await;
    assert!(one.session_present && other.session_present);
    let mut payloads = std::collections::BTreeSet::new();
    while payloads.len() < sent.len() + 1 {
        tokio::select! {
            payload = one.take() => payloads.insert(payload),
            payload = other.take() => payloads.insert(payload),
        };
    }
    assert!(payloads.iter().eq(sent.iter().chain(["100".to_owned()].iter())));
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_its_sender_and_nobody_else() {
    let broker = start(BrokerOptions::default()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    service.subscribe("home/#").await;
    let careless = Client::connect(broker.addr(), "careless").await;
    careless.send("home/lock", &"x".repeat(300 * 1024), false);
    careless.cut().await;
    let mut device = Client::connect(broker.addr(), "device").await;
    device.publish("home/lock", &"y".repeat(200 * 1024)).await;
    assert_eq!(service.take().await.len(), 200 * 1024);
}

#[tokio::test]
async fn a_stopped_broker_disconnects_everyone_and_frees_its_port() {
    let broker = start(BrokerOptions::default()).await;
    let addr = broker.addr();
    let device = Client::connect(addr, "device").await;
    broker.shutdown().await.expect("stops");
    device.cut().await;
    let again = start(BrokerOptions { listen: addr, ..BrokerOptions::default() }).await;
    assert_eq!(again.addr(), addr);
}
