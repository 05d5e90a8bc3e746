//! MQTT out: every open ticket as a retained message, and whether the service is there.
//!
//! `nightporter/v1/<property>/tickets/<id>` holds the ticket as the API shows it while it is open, and is cleared then; `nightporter/status` is `online`, or `offline` by last will. A projection: lost messages cost nothing,
//! all of it is said anew with every connection. Nothing here decides.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};
use tracing::{debug, warn};

use crate::commit::Door;
use crate::config::Mqtt;
use crate::ingest;
use crate::model::Ticket;
use crate::store::{Page, Store, StoreError, TicketFilter};
use crate::web::TicketView;

/// Where the service says whether it is there.
const STATUS_TOPIC: &str = "nightporter/status";
/// Announcements that may wait for the socket; more are dropped, and said with the next connection.
const PUBLISHES_MAX: usize = 1_024;
/// Tickets read at once.
const PAGE_TICKETS: i64 = 500;
/// Wait after a failed connection.
const RECONNECT: Duration = Duration::from_secs(2);
/// Statuses of tickets that are announced.
const LIVE: [&str; 4] = ["open", "offered", "assigned", "on_site"];

/// Whether a topic is one that the service itself publishes to, and which tells it nothing: tickets, commands, its status.
/// What a device called "tickets" says of itself is the device's.
pub fn is_own(topic: &str) -> bool {
    if !topic.starts_with("nightporter/") {
        return false;
    }
    let levels: Vec<&str> = topic.split('/').collect();
    match levels[..] {
        ["nightporter", "status"] => true,
        ["nightporter", "v1", .., "telemetry" | "status"] => false,
        ["nightporter", "v1", _, "tickets", ..] | ["nightporter", "v1", _, .., "command"] => true,
        _ => false,
    }
}

/// Announces until `stop`.
pub async fn run(mqtt: Mqtt, store: Store, door: Door, mut stop: watch::Receiver<bool>) {
    let mut options = match ingest::connect_options(&mqtt, format!("{}-out", mqtt.client_id)).await {
        Ok(options) => options,
        Err(e) => {
            warn!(error = e, "announce.options");
            return drop(stop.wait_for(|stop| *stop).await);
        }
    };
    options.set_clean_start(true).set_last_will(LastWill::new(STATUS_TOPIC, "offline", QoS::AtLeastOnce, true, None));
    let (client, events) = AsyncClient::new(options, PUBLISHES_MAX);
    let connected = Notify::new();
    tokio::select! {
        () = keep_connected(events, &connected) => {}
        () = announce(&client, &store, &door, &connected) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn keep_connected(mut events: EventLoop, connected: &Notify) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => connected.notify_one(),
            Ok(_) => {}
            Err(e) => {
                debug!(error = %e, "announce.lost");
                tokio::time::sleep(RECONNECT).await;
            }
        }
    }
}

/// Everything with each connection and whenever changes were missed, else what changed.
async fn announce(client: &AsyncClient, store: &Store, door: &Door, connected: &Notify) {
    let mut changes = door.changes();
    loop {
        let said = tokio::select! {
            () = connected.notified() => all(client, store).await,
            change = changes.recv() => match change {
                Ok(change) if change.kind == "ticket" => one(client, store, &change.id).await,
                Ok(_) => Ok(()),
                Err(RecvError::Lagged(_)) => all(client, store).await,
                Err(RecvError::Closed) => return,
            },
        };
        if let Err(e) = said {
            debug!(error = %e, "announce.failed");
        }
    }
}

async fn all(client: &AsyncClient, store: &Store) -> Result<(), StoreError> {
    publish(client, STATUS_TOPIC.to_owned(), b"online".to_vec());
    for status in LIVE {
        let filter = TicketFilter { status: Some(status.to_owned()), ..TicketFilter::default() };
        let mut page = Page { limit: PAGE_TICKETS, after: None };
        loop {
            let tickets = store.read().await?.list_tickets(&filter, &page).await?;
            tickets.iter().for_each(|ticket| say(client, ticket));
            let Some(last) = tickets.last().filter(|_| tickets.len() as i64 == PAGE_TICKETS) else { break };
            page.after = Some((last.opened_at.0, last.id.0.clone()));
        }
    }
    Ok(())
}

async fn one(client: &AsyncClient, store: &Store, id: &str) -> Result<(), StoreError> {
    if let Some(ticket) = store.read().await?.ticket(id).await? {
        say(client, &ticket);
    }
    Ok(())
}

fn say(client: &AsyncClient, ticket: &Ticket) {
    let over = !ticket.status.is_active();
    let view = || serde_json::to_vec(&TicketView::from(ticket)).expect("a ticket is plain data");
    let payload = if over { Vec::new() } else { view() };
    // Wildcards and slashes of an id would be another topic.
    let property = ticket.property_id.as_str().replace(['/', '+', '#'], "_");
    publish(client, format!("nightporter/v1/{property}/tickets/{}", ticket.id), payload);
}

fn publish(client: &AsyncClient, topic: String, payload: Vec<u8>) {
    if client.try_publish(topic, QoS::AtLeastOnce, true, payload).is_err() {
        debug!("announce.dropped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_topics_are_told_from_devices() {
        for own in [
            STATUS_TOPIC,
            "nightporter/v1/oak/tickets/t_0123",
            "nightporter/v1/oak/tickets",
            "nightporter/v1/oak/valve1/command",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "nightporter/v1/oak/lock1/telemetry",
            "nightporter/v1/oak/lock1/status",
            "nightporter/v1/oak/tickets/telemetry",
            "nightporter/v2/oak/tickets/t_0123",
            "nightporter/state",
            "zigbee2mqtt/nightporter/status",
            "",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
