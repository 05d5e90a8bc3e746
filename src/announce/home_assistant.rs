//! Keeps what Home Assistant finds at the broker true: after each connection, its own birth message, a change of a ticket,
//! and every half minute for what devices told. Publishes changes alone, at a bounded rate; clears what is over.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tracing::{debug, warn};

use super::entities::{self, Known, NODE, Wanted};
use super::retained::Retained;
use super::{PAGE_TICKETS, live_tickets};
use crate::commit::Door;
use crate::config::HomeAssistant;
use crate::model::{DeviceKind, Ticket, UnitId};
use crate::store::{DeviceFilter, DeviceRow, Store, StoreError};

/// How often devices are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// Changes within this are one.
const PAUSE: Duration = Duration::from_secs(1);
/// So many messages, then a pause for the broker and for Home Assistant: 1,000 a second.
const BURST: usize = 100;
/// See [`BURST`].
const BURST_PAUSE: Duration = Duration::from_millis(100);
/// One Home Assistant is not for more; the rest is not announced.
const DEVICES_MAX: usize = 10_000;

/// What the broker is asked for: what it retains of ours, and Home Assistant's birth message.
pub fn filters(settings: &HomeAssistant) -> [String; 5] {
    [
        format!("{}/+/{NODE}/+/config", settings.prefix),
        "nightporter/v1/+/+/health".to_owned(),
        "nightporter/v1/+/open_tickets".to_owned(),
        "nightporter/v1/+/tickets/+".to_owned(),
        birth_topic(settings),
    ]
}

/// Where Home Assistant says that it has started.
pub fn birth_topic(settings: &HomeAssistant) -> String {
    format!("{}/status", settings.prefix)
}

/// One connection's work.
pub struct Announcer<'a> {
    /// Where to.
    pub client: &'a AsyncClient,
    /// Where everything is kept.
    pub store: &'a Store,
    /// The operator's decisions.
    pub settings: &'a HomeAssistant,
    /// What the broker has.
    pub retained: &'a Retained,
    /// Messages since the last pause.
    pub burst: usize,
}

impl Announcer<'_> {
    /// Until the service stops. `told`: there is a connection, or Home Assistant has started.
    pub async fn run(mut self, door: &Door, told: &Notify) {
        told.notified().await;
        loop {
            let mut changes = door.changes();
            if let Err(e) = self.sweep().await {
                debug!(error = %e, "announce.failed");
            }
            tokio::time::sleep(PAUSE).await;
            let ticket = async {
                loop {
                    match changes.recv().await {
                        Ok(change) if change.kind != "ticket" => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => return,
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = told.notified() => {}
                () = ticket => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Everything as it should be.
    async fn sweep(&mut self) -> Result<(), StoreError> {
        self.retained.begin();
        let tickets = live_tickets(self.store).await?;
        tickets.iter().for_each(|ticket| self.retained.keep(&entities::ticket_topic(ticket)));
        if self.settings.discovery {
            self.announce(&tickets).await?;
        }
        for topic in self.retained.leftovers() {
            self.publish(topic, Vec::new()).await;
        }
        Ok(())
    }

    /// Parents before children: service, properties, gateways, devices, tickets.
    async fn announce(&mut self, tickets: &[Ticket]) -> Result<(), StoreError> {
        let prefix = self.settings.prefix.clone();
        let devices = self.devices().await?;
        let names = self.store.read().await?.property_names().await?;
        self.say(entities::service(&prefix)).await;
        let mut open: BTreeMap<&str, usize> = names.keys().map(|id| (id.as_str(), 0)).collect();
        for ticket in tickets {
            *open.entry(ticket.property_id.as_str()).or_default() += 1;
        }
        for (id, open) in open {
            self.say(entities::property(&prefix, id, names.get(id).map_or(id, String::as_str), open)).await;
        }
        for known in &devices {
            self.say(entities::device(&prefix, known)).await;
        }
        let by_key: HashMap<_, _> = devices.iter().map(|known| (&known.device.key, known)).collect();
        for ticket in tickets {
            let known = ticket.device_key.as_ref().and_then(|key| by_key.get(key).copied());
            let property = ticket.property_id.as_str();
            let name = names.get(property).map_or(property, String::as_str);
            self.say(vec![entities::ticket(&prefix, ticket, known, name)]).await;
        }
        Ok(())
    }

    /// Registered devices, gateways first.
    async fn devices(&self) -> Result<Vec<Known>, StoreError> {
        let filter = DeviceFilter { registered: true, unit: None, property: None, properties: None };
        let (mut devices, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut tx = self.store.read().await?;
            let rows = tx.list_devices(&filter, after.as_deref(), PAGE_TICKETS).await?;
            let ids: Vec<&str> = rows.iter().filter_map(|r| r.device.as_ref()).map(|d| d.unit_id.as_str()).collect();
            let units = if ids.is_empty() { HashMap::new() } else { tx.load_units(&ids).await? };
            let name = |id: &UnitId| units.get(id).map(|u| u.name.clone()).unwrap_or_default();
            devices.extend(rows.iter().filter_map(|row| known(row, name)));
            let last = rows.last().filter(|_| rows.len() as i64 == PAGE_TICKETS);
            match last {
                Some(row) if devices.len() < DEVICES_MAX => after = Some(row.key.0.clone()),
                Some(_) => {
                    warn!(devices = DEVICES_MAX, "announce.too_many_devices");
                    break;
                }
                None => break,
            }
        }
        devices.sort_by_key(|known| known.device.kind != DeviceKind::Gateway);
        Ok(devices)
    }

    async fn say(&mut self, wanted: Vec<Wanted>) {
        for Wanted { topic, payload } in wanted {
            if self.retained.want(&topic, &payload) {
                self.publish(topic, payload).await;
            }
        }
    }

    async fn publish(&mut self, topic: String, payload: Vec<u8>) {
        // Only a client whose connection task is gone refuses, and then we are stopping.
        if self.client.publish(topic, QoS::AtLeastOnce, true, payload).await.is_err() {
            debug!("announce.dropped");
        }
        self.burst += 1;
        if self.burst.is_multiple_of(BURST) {
            tokio::time::sleep(BURST_PAUSE).await;
        }
    }
}

/// What the API would say of it too; a state that cannot be read counts as nothing told.
fn known(row: &DeviceRow, unit: impl Fn(&UnitId) -> String) -> Option<Known> {
    let device = row.device.clone()?;
    let state = row.state.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Some(Known { unit: unit(&device.unit_id), device, state, seen_at: row.seen_at })
}
