//! With a folder to keep it in, an orderly stop loses nothing that was acknowledged.

use std::path::Path;

use nightporter::broker::Broker;
use nightporter::broker::{BrokerError, BrokerOptions, RunningBroker};

use super::client::{Client, text};
use super::start;

async fn start_in(folder: &Path) -> RunningBroker {
    start(BrokerOptions { data_dir: Some(folder.to_owned()), ..BrokerOptions::default() }).await
}

#[tokio::test]
async fn sessions_queues_and_retained_messages_survive_an_orderly_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = start_in(folder.path()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    service.subscribe("home/#").await;
    service.disconnect().await;
    let mut device = Client::connect(broker.addr(), "device").await;
    device.publish_as("home/lock/status", "online", true).await;
    let sent: Vec<String> = (0..3_000).map(|n| format!("{n:04}")).collect();
    for payload in &sent {
        device.send("home/leak", payload, false);
    }
    for _ in &sent {
        device.acknowledged().await;
    }
    broker.shutdown().await.expect("stops"); // at once: nothing has had time to settle

    let broker = start_in(folder.path()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    assert!(service.session_present);
    assert_eq!(service.take().await, "online");
    for payload in &sent {
        assert_eq!(service.take().await, *payload);
    }
    let mut late = Client::connect(broker.addr(), "late").await;
    late.subscribe("home/lock/#").await;
    assert_eq!(late.take().await, "online");
}

#[tokio::test]
async fn what_a_connected_service_had_in_hand_comes_again_after_an_orderly_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = start_in(folder.path()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    service.subscribe("home/#").await;
    let mut device = Client::connect(broker.addr(), "device").await;
    let sent: Vec<String> = (0..500).map(|n| format!("{n:03}")).collect();
    for payload in &sent {
        device.send("home/leak", payload, false);
    }
    for _ in &sent {
        device.acknowledged().await;
    }
    assert_eq!(text(&service.receive().await), "000");
    broker.shutdown().await.expect("stops");
    service.cut().await;

    let broker = start_in(folder.path()).await;
    let mut service = Client::connect(broker.addr(), "service").await;
    assert_eq!(service.take_many(sent.len()).await, sent);
}

#[tokio::test]
async fn two_brokers_cannot_share_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let _one = start_in(folder.path()).await;
    let other = BrokerOptions { data_dir: Some(folder.path().to_owned()), ..BrokerOptions::default() };
    let refused = Broker::start(other).await.err().expect("refused");
    assert!(matches!(&refused, BrokerError::Broker(why) if why.contains("in use")), "{refused}");
}
