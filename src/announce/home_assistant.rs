//! Keeps what Home Assistant finds at the broker true: after each connection, its own birth message, a change of a ticket,
//! and every half minute for what devices told. Publishes changes alone, at a bounded rate; clears what is over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tracing::{debug, warn};

use super::entities::{self, Known, NODE, Wanted};
use super::live_tickets;
use super::retained::Retained;
use crate::commit::Door;
use crate::config::HomeAssistant;
use crate::model::{DeviceKey, Ticket, UnitId};
use crate::store::{DeviceFilter, DeviceRow, Store, StoreError};

/// How often devices are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// Changes within this are one …
const PAUSE: Duration = Duration::from_secs(1);
/// … and longer for each device, so that looking at many takes no more of the machine than looking at few.
const PAUSE_DEVICE: Duration = Duration::from_millis(10);
/// Devices looked at in one go.
const PAGE_DEVICES: i64 = 50;
/// Between two goes: what is urgent has the machine.
const PAGE_PAUSE: Duration = Duration::from_millis(30);
/// So many messages, then a pause for the broker and for Home Assistant: 200 a second.
const BURST: usize = 20;
/// See [`BURST`].
const BURST_PAUSE: Duration = Duration::from_millis(100);
/// One Home Assistant is not for more; the rest is not announced.
const DEVICES_MAX: u32 = 10_000;

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
            let devices = self.sweep().await.unwrap_or_else(|e| {
                debug!(error = %e, "announce.failed");
                0
            });
            tokio::time::sleep(PAUSE + PAUSE_DEVICE * devices).await;
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

    /// Everything as it should be; how many devices there are.
    async fn sweep(&mut self) -> Result<u32, StoreError> {
        self.retained.begin();
        let tickets = live_tickets(self.store).await?;
        tickets.iter().for_each(|ticket| self.retained.keep(&entities::ticket_topic(ticket)));
        let devices = if self.settings.discovery { self.announce(&tickets).await? } else { 0 };
        for topic in self.retained.leftovers() {
            self.publish(topic, Vec::new()).await;
        }
        Ok(devices)
    }

    /// Parents before children: service, properties, devices, tickets.
    async fn announce(&mut self, tickets: &[Ticket]) -> Result<u32, StoreError> {
        let prefix = self.settings.prefix.clone();
        let names = self.store.read().await?.property_names().await?;
        self.say(entities::service(&prefix)).await;
        let mut open: BTreeMap<&str, usize> = names.keys().map(|id| (id.as_str(), 0)).collect();
        for ticket in tickets {
            *open.entry(ticket.property_id.as_str()).or_default() += 1;
        }
        for (id, open) in open {
            self.say(entities::property(&prefix, id, names.get(id).map_or(id, String::as_str), open)).await;
        }
        let mut concerned: HashMap<&DeviceKey, Option<Known>> =
            tickets.iter().filter_map(|t| Some((t.device_key.as_ref()?, None))).collect();
        let devices = self.devices(&prefix, &mut concerned).await?;
        for ticket in tickets {
            let known = ticket.device_key.as_ref().and_then(|key| concerned.get(key)?.as_ref());
            let property = ticket.property_id.as_str();
            let name = names.get(property).map_or(property, String::as_str);
            self.say(vec![entities::ticket(&prefix, ticket, known, name)]).await;
        }
        Ok(devices)
    }

    /// Registered devices, a few at a time, a gateway before the first one behind it; those that tickets are about are
    /// kept. How many there are.
    async fn devices(
        &mut self,
        prefix: &str,
        concerned: &mut HashMap<&DeviceKey, Option<Known>>,
    ) -> Result<u32, StoreError> {
        let filter = DeviceFilter { registered: true, unit: None, property: None, properties: None };
        let (mut count, mut after, mut gateways) = (0, None::<String>, HashSet::new());
        loop {
            let mut tx = self.store.read().await?;
            let rows = tx.list_devices(&filter, after.as_deref(), PAGE_DEVICES).await?;
            let mut before = Vec::new();
            for gateway in rows.iter().filter_map(|row| row.device.as_ref()?.gateway.as_ref()) {
                if gateways.insert(gateway.clone()) {
                    before.extend(tx.device(gateway.as_str()).await?);
                }
            }
            let all = || before.iter().chain(&rows);
            let ids: Vec<&str> = all().filter_map(|r| r.device.as_ref()).map(|d| d.unit_id.as_str()).collect();
            let units = if ids.is_empty() { HashMap::new() } else { tx.load_units(&ids).await? };
            drop(tx);
            let name = |id: &UnitId| units.get(id).map(|u| u.name.clone()).unwrap_or_default();
            for known in all().filter_map(|row| known(row, name)) {
                self.say(entities::device(prefix, &known)).await;
                if let Some(place) = concerned.get_mut(&known.device.key) {
                    *place = Some(known);
                }
            }
            count += rows.len() as u32;
            match rows.last().filter(|_| rows.len() as i64 == PAGE_DEVICES) {
                Some(row) if count < DEVICES_MAX => after = Some(row.key.0.clone()),
                Some(_) => {
                    warn!(devices = DEVICES_MAX, "announce.too_many_devices");
                    return Ok(count);
                }
                None => return Ok(count),
            }
            tokio::time::sleep(PAGE_PAUSE).await;
        }
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
