//! MQTT out: every open ticket as a retained message, whether the service is there, and both for Home Assistant.
//!
//! `nightporter/v1/<property>/tickets/<id>` holds the ticket as the API shows it while it is open, and is cleared then;
//! `nightporter/status` is `online`, or `offline` by last will. A projection: lost messages cost nothing, all of it is said
//! anew with every connection, and what is over is found at the broker and cleared. Nothing here decides.

pub mod entities;
mod home_assistant;
mod retained;

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};
use tracing::{debug, warn};

use crate::commit::Door;
use crate::config::{HomeAssistant, Mqtt};
use crate::ingest;
use crate::model::Ticket;
use crate::store::{Page, Store, StoreError, TicketFilter};
use crate::web::TicketView;
use entities::STATUS_TOPIC;
use home_assistant::Announcer;
use retained::Retained;

/// Announcements that may wait for the socket; more are dropped, and said with the next connection.
const PUBLISHES_MAX: usize = 1_024;
/// Tickets read at once.
const PAGE_TICKETS: i64 = 500;
/// Wait after a failed connection.
const RECONNECT: Duration = Duration::from_secs(2);
/// Statuses of tickets that are announced.
const LIVE: [&str; 4] = ["open", "offered", "assigned", "on_site"];

/// Whether a topic is one that the service itself publishes to, and which tells it nothing: tickets, commands, its status,
/// and what Home Assistant is told.
/// What a device called "tickets" says of itself is the device's.
pub fn is_own(topic: &str) -> bool {
    if !topic.starts_with("nightporter/") {
        return topic.ends_with("/config") && topic.rsplit('/').nth(2) == Some(entities::NODE);
    }
    let levels: Vec<&str> = topic.split('/').collect();
    match levels[..] {
        ["nightporter", "status"] => true,
        ["nightporter", "v1", .., "telemetry" | "status"] => false,
        ["nightporter", "v1", _, "open_tickets"] | ["nightporter", "v1", _, _, "health"] => true,
        ["nightporter", "v1", _, "tickets", ..] | ["nightporter", "v1", _, .., "command"] => true,
        _ => false,
    }
}

/// Announces until `stop`.
pub async fn run(mqtt: Mqtt, settings: HomeAssistant, store: Store, door: Door, mut stop: watch::Receiver<bool>) {
    let mut options = match ingest::connect_options(&mqtt, format!("{}-out", mqtt.client_id)).await {
        Ok(options) => options,
        Err(e) => {
            warn!(error = e, "announce.options");
            return drop(stop.wait_for(|stop| *stop).await);
        }
    };
    options.set_clean_start(true).set_last_will(LastWill::new(STATUS_TOPIC, "offline", QoS::AtLeastOnce, true, None));
    let (client, events) = AsyncClient::new(options, PUBLISHES_MAX);
    let link = Link {
        client: &client,
        settings: &settings,
        connected: Notify::new(),
        told: Notify::new(),
        retained: Retained::default(),
    };
    let home = Announcer { client: &client, store: &store, settings: &settings, retained: &link.retained, burst: 0 };
    tokio::select! {
        () = link.keep(events) => {}
        () = announce(&client, &store, &door, &link.connected) => {}
        () = home.run(&door, &link.told) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// The connection, and who waits for news of it.
struct Link<'a> {
    client: &'a AsyncClient,
    settings: &'a HomeAssistant,
    connected: Notify,
    /// Connected and asked for what the broker has, or Home Assistant has started.
    told: Notify,
    retained: Retained,
}

impl Link<'_> {
    async fn keep(&self, mut events: EventLoop) {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => self.connected(),
                Ok(Event::Incoming(Packet::SubAck(_))) => self.told.notify_one(),
                Ok(Event::Incoming(Packet::Publish(publish))) => self.heard(&publish),
                Ok(_) => {}
                Err(e) => {
                    debug!(error = %e, "announce.lost");
                    tokio::time::sleep(RECONNECT).await;
                }
            }
        }
    }

    fn connected(&self) {
        self.retained.forget();
        let filter = |path: String| Filter { nolocal: true, ..Filter::new(path, QoS::AtLeastOnce) };
        if self.client.try_subscribe_many(home_assistant::filters(self.settings).map(filter)).is_err() {
            debug!("announce.subscribe_failed");
        }
        self.connected.notify_one();
    }

    fn heard(&self, publish: &Publish) {
        let Ok(topic) = std::str::from_utf8(&publish.topic) else { return };
        if topic != home_assistant::birth_topic(self.settings) {
            self.retained.heard(topic, &publish.payload);
        } else if *publish.payload == *b"online" && !publish.retain {
            self.retained.doubt();
            self.told.notify_one();
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
                Ok(change) if change.kind == "valve" => valves(client, store, Some(&change.id)).await,
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
    live_tickets(store).await?.iter().for_each(|ticket| say(client, ticket));
    valves(client, store, None).await
}

/// What valves are wanted to be: retained, so that one that was away does it when it is back.
async fn valves(client: &AsyncClient, store: &Store, key: Option<&str>) -> Result<(), StoreError> {
    for wish in store.read().await?.valves(key).await? {
        let (topic, payload) = entities::valve_command(&wish);
        publish(client, topic, payload);
    }
    Ok(())
}

/// Tickets that are announced.
async fn live_tickets(store: &Store) -> Result<Vec<Ticket>, StoreError> {
    let mut live = Vec::new();
    for status in LIVE {
        let filter = TicketFilter { status: Some(status.to_owned()), ..TicketFilter::default() };
        let mut page = Page { limit: PAGE_TICKETS, after: None };
        loop {
            let tickets = store.read().await?.list_tickets(&filter, &page).await?;
            page.after = tickets.last().map(|last| (last.opened_at.0, last.id.0.clone()));
            let full = tickets.len() as i64 == PAGE_TICKETS;
            live.extend(tickets);
            if !full {
                break;
            }
        }
    }
    Ok(live)
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
    publish(client, entities::ticket_topic(ticket), payload);
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
            "nightporter/v1/oak/lock1_0123/health",
            "nightporter/v1/oak/open_tickets",
            "homeassistant/sensor/nightporter/lock1_battery/config",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "nightporter/v1/oak/lock1/telemetry",
            "nightporter/v1/oak/lock1/status",
            "nightporter/v1/oak/tickets/telemetry",
            "nightporter/v2/oak/tickets/t_0123",
            "nightporter/state",
            "homeassistant/sensor/nightporter/config",
            "zigbee2mqtt/nightporter/status",
            "",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
