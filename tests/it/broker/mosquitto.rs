//! The shipped configuration of Mosquitto keeps what the service needs of a broker.

use std::net::{Ipv4Addr, SocketAddr};

use super::client::Client;
use crate::services::Mosquitto;

/// More than the 1,000 that Mosquitto keeps by default.
const BACKLOG: usize = 1_050;

#[tokio::test]
async fn killed_with_a_backlog_mosquitto_has_all_but_what_it_acknowledged_last() {
    let mut mosquitto = Mosquitto::start();
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, mosquitto.port()));
    let mut service = Client::connect(addr, "service").await;
    service.subscribe("home/#").await;
    service.disconnect().await;
    let mut device = Client::connect(addr, "device").await;
    let sent: Vec<String> = (0..BACKLOG).map(|n| format!("{n:04}")).collect();
    for payload in &sent {
        device.publish("home/leak", payload).await;
    }
    device.publish("home/leak", "last: its acknowledgement may come before it is written").await;
    mosquitto.kill();
    mosquitto.restart();
    let mut service = Client::connect(addr, "service").await;
    assert!(service.session_present);
    for payload in &sent {
        assert_eq!(service.take().await, *payload);
    }
}
