//! Devices from the field within a batch: who may speak, who is held, and what people decide about those who are.
//!
//! A message that may not speak for its device is quarantined and has no effect; one of a device that nobody has
//! registered is held. Never forgets a registered device.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::batch::{Batch, Task, read_state};
use super::{Cause, Change, Item};
use crate::decide::detect::sample::About;
use crate::decide::identity::{self, Trouble};
use crate::decide::{Heard, Refusal};
use crate::ingest::Origin;
use crate::model::time::DAY;
use crate::model::*;
use crate::store::{Quarantined, StoreError, Tx};

/// Devices that speak without being registered and are held. When there is no room, those that have been silent for
/// [`QUIET_MS`] make it, the longest silent first; else the newcomer is not held, and counted.
const HELD_MAX: usize = 10_000;
/// How long a held device must have been silent to give its place to another.
const QUIET_MS: Millis = 7 * DAY;

/// What a batch knows of devices beside the registry.
#[derive(Default)]
pub(super) struct Field {
    /// As loaded, and as it is now.
    abouts: BTreeMap<DeviceKey, (Profile, Profile)>,
    /// By item: the devices for which it may not speak.
    refused: HashMap<usize, Vec<DeviceKey>>,
    quarantined: BTreeMap<(DeviceKey, &'static str), Quarantined>,
}

impl Field {
    /// Whether an item may not speak for a device.
    pub(super) fn refuses(&self, item: usize, key: &DeviceKey) -> bool {
        self.refused.get(&item).is_some_and(|keys| keys.contains(key))
    }
}

/// Of whom causes and announcements of an item speak.
pub(super) fn devices_of(item: &Item) -> impl Iterator<Item = &str> {
    let spoken = item.causes.iter().filter_map(|cause| match cause {
        Cause::Heard(key, _) | Cause::DeviceDue(key) | Cause::Dismiss(key) | Cause::Swap(key, _) => Some(key.as_str()),
        Cause::Adopt(device) => Some(device.key.as_str()),
        _ => None,
    });
    spoken.chain(announced(item).map(|told| told.device_key.as_str()))
}

fn announced(item: &Item) -> impl Iterator<Item = &Announcement> {
    item.origin.iter().flat_map(|origin| &origin.announced)
}

impl Batch<'_> {
    /// Loads the devices that the items speak of, says who may speak, and holds the strangers among them.
    pub(super) async fn load_devices(&mut self, tx: &mut Tx, items: &[Item]) -> Result<(), StoreError> {
        let keys: HashSet<&str> = items.iter().flat_map(devices_of).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let keys = sorted(keys);
        for row in tx.load_states(&keys).await? {
            self.states.insert(row.key.clone(), read_state(row)?);
        }
        let gateways = items.iter().flat_map(announced).filter_map(|told| Some(told.gateway.as_ref()?.as_str()));
        let with_gateways = sorted(keys.iter().copied().chain(gateways).collect());
        self.devices = tx.load_devices(&with_gateways).await?;
        self.load_abouts(tx, items, &keys).await?;
        self.identify(items);
        self.hold(tx, items, &keys).await
    }

    /// What is known of strangers, and of those of whom something is said now.
    async fn load_abouts(&mut self, tx: &mut Tx, items: &[Item], keys: &[&str]) -> Result<(), StoreError> {
        let strangers = keys.iter().copied().filter(|key| !self.devices.contains_key(*key));
        let described = items.iter().flat_map(announced).filter(|told| told.describes()).map(|a| a.device_key.as_str());
        let swapped = items.iter().flat_map(|i| &i.causes).filter_map(|cause| match cause {
            Cause::Swap(key, _) => Some(key.as_str()),
            _ => None,
        });
        let wanted = sorted(strangers.chain(described).chain(swapped).collect());
        if wanted.is_empty() {
            return Ok(());
        }
        self.field.abouts = wanted.iter().map(|key| (DeviceKey::from(*key), Default::default())).collect();
        for (key, about) in tx.load_abouts(&wanted).await? {
            self.field.abouts.insert(key, (about.clone(), about));
        }
        Ok(())
    }

    /// What items say of devices is learned, or the item may not speak for them.
    fn identify(&mut self, items: &[Item]) {
        for (n, item) in items.iter().enumerate() {
            let Some(origin) = &item.origin else { continue };
            for told in &origin.announced {
                let device = self.devices.get(&told.device_key);
                let about = self.field.abouts.get_mut(&told.device_key).map(|(_, about)| about);
                match identity::trouble(told, device, about.as_deref(), &self.devices) {
                    Some((trouble, why)) => {
                        self.field.refused.entry(n).or_default().push(told.device_key.clone());
                        self.quarantine(item, origin, told, trouble, why);
                    }
                    None => {
                        if let Some(about) = about.filter(|_| told.describes() || device.is_none()) {
                            about.learn(told, device.is_some(), self.now);
                        }
                    }
                }
            }
        }
    }

    fn quarantine(&mut self, item: &Item, origin: &Origin, told: &Announcement, trouble: Trouble, detail: String) {
        let key = &told.device_key;
        let wet = |cause: &Cause| match cause {
            Cause::Heard(of, heard) => of == key && heard.readings.iter().any(|r| r.fact == Fact::Leak(true)),
            _ => false,
        };
        let leak = item.causes.iter().any(wet);
        let property_id = self.devices.get(key).map(|d| d.property_id.clone());
        tracing::warn!(device.key = %key, reason = trouble.as_str(), leak, "identity.quarantined");
        self.house.metrics.messages_quarantined.inc(trouble.as_str());
        let of = property_id.as_ref().map(|p| p.0.clone());
        self.out.changes.push(Change { kind: "quarantine", id: key.0.clone(), property_id: of });
        let row = Quarantined {
            device_key: key.clone(),
            reason: trouble.as_str().to_owned(),
            property_id,
            detail,
            hardware_id: told.id.clone(),
            first_at: self.now,
            last_at: self.now,
            messages: 1,
            leak,
            topic: origin.topic.to_string(),
            payload: origin.sample.to_string(),
        };
        let known = self.field.quarantined.get(&(key.clone(), trouble.as_str()));
        let before = known.map_or((0, false), |q| (q.messages, q.leak));
        let row = Quarantined { messages: row.messages + before.0, leak: row.leak || before.1, ..row };
        self.field.quarantined.insert((key.clone(), trouble.as_str()), row);
    }

    /// A device that nobody has registered is held, up to a limit; a registered one has a state once it has spoken.
    async fn hold(&mut self, tx: &mut Tx, items: &[Item], keys: &[&str]) -> Result<(), StoreError> {
        let known: HashSet<DeviceKey> = self.states.keys().cloned().collect();
        let strangers = self.strangers(items);
        if !strangers.is_empty() {
            let room = self.make_room(tx, strangers.len()).await?;
            self.house.metrics.strangers_dropped.inc_by(strangers.len().saturating_sub(room) as u64);
            self.states.extend(strangers.into_iter().take(room).map(|key| (key, Default::default())));
        }
        for key in keys.iter().copied().filter(|key| self.devices.contains_key(*key)) {
            self.states.entry(key.into()).or_default();
        }
        let first: Vec<&str> =
            keys.iter().copied().filter(|k| !known.contains(*k) && self.states.contains_key(*k)).collect();
        for row in tx.first_states(&first).await? {
            self.states.insert(row.key.clone(), read_state(row)?);
        }
        Ok(())
    }

    /// Who speaks or is announced, is neither registered nor held, and may be held.
    fn strangers(&self, items: &[Item]) -> Vec<DeviceKey> {
        let mut found = HashSet::new();
        for (n, item) in items.iter().enumerate() {
            let heard = item.causes.iter().filter_map(|c| if let Cause::Heard(key, _) = c { Some(key) } else { None });
            let announced = announced(item).filter(|told| told.describes()).map(|told| &told.device_key);
            found.extend(heard.chain(announced).filter(|key| !self.field.refuses(n, key)));
        }
        let new = |key: &&&DeviceKey| {
            !self.devices.contains_key(**key) && !self.states.contains_key(**key) && key.is_holdable()
        };
        let mut new: Vec<DeviceKey> = found.iter().filter(new).map(|key| (*key).clone()).collect();
        new.sort_unstable();
        new
    }

    /// For how many of `wanted` newcomers there is room.
    async fn make_room(&self, tx: &mut Tx, wanted: usize) -> Result<usize, StoreError> {
        let held = usize::try_from(tx.count_held(HELD_MAX as i64).await?).unwrap_or(HELD_MAX);
        let room = HELD_MAX.saturating_sub(held);
        if room >= wanted {
            return Ok(room);
        }
        let quiet = tx.quiet_strangers(self.now - QUIET_MS, (wanted - room) as i64).await?;
        let quiet: Vec<&str> =
            quiet.iter().map(DeviceKey::as_str).filter(|key| !self.states.contains_key(*key)).collect();
        tx.forget_strangers(&quiet).await?;
        Ok(room + quiet.len())
    }

    /// Notes how a stranger was heard.
    pub(super) fn hear_stranger(&mut self, item: &Item, key: &DeviceKey, heard: &Heard) {
        if let Some((_, about)) = self.field.abouts.get_mut(key) {
            let (topic, format) = item.origin.as_ref().map_or(("", ""), |o| (&*o.topic, o.format));
            about.hear(topic, format, heard.readings.iter().map(|r| r.fact.kind()), self.now);
        }
    }

    /// What people decide about a device from the field; whether it was refused.
    pub(super) async fn decide_field(
        &mut self,
        tx: &mut Tx,
        n: usize,
        cause: &Cause,
        tasks: &mut Vec<Task<'_>>,
    ) -> Result<(), StoreError> {
        let done = match cause {
            Cause::Adopt(device) => self.adopt(tx, device, tasks).await?,
            Cause::Dismiss(key) => self.dismiss(tx, key).await?,
            Cause::Swap(key, id) => self.swap(tx, key, id.clone()).await?,
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            self.out.answers.push((n, Err(refusal)));
        }
        Ok(())
    }

    /// A held device becomes a registered one; what it showed while it was held is concluded now. A gateway need not
    /// have spoken: many are quiet until they are gone.
    async fn adopt(
        &mut self,
        tx: &mut Tx,
        device: &Device,
        tasks: &mut Vec<Task<'_>>,
    ) -> Result<Result<(), Refusal>, StoreError> {
        if self.devices.contains_key(&device.key) {
            return Ok(Err(Refusal::Registered));
        }
        if !self.states.contains_key(&device.key) && device.kind != DeviceKind::Gateway {
            return Ok(Err(Refusal::NotHeld));
        }
        tx.register(device).await?;
        self.devices.insert(device.key.clone(), device.clone());
        let battery = About::of(device);
        let fleet = self.fleet.clone();
        let ctx = self.context(Some(&device.property_id), &battery, &fleet);
        let (state, _) = self.states.entry(device.key.clone()).or_default();
        let findings = state.pass(&ctx);
        tasks.extend(findings.into_iter().map(|f| Task::Found(device.key.clone(), f)));
        self.changed(&device.key);
        Ok(Ok(()))
    }

    /// A held device is forgotten; should it speak again, it is held anew.
    async fn dismiss(&mut self, tx: &mut Tx, key: &DeviceKey) -> Result<Result<(), Refusal>, StoreError> {
        if self.devices.contains_key(key) {
            return Ok(Err(Refusal::Registered));
        }
        if self.states.remove(key).is_none() {
            return Ok(Err(Refusal::NotHeld));
        }
        self.field.abouts.remove(key);
        self.field.quarantined.retain(|(of, _), _| of != key);
        tx.forget_strangers(&[key.as_str()]).await?;
        self.changed(key);
        Ok(Ok(()))
    }

    /// Another device goes by this name from now on: the given address, else the one that was refused last.
    async fn swap(
        &mut self,
        tx: &mut Tx,
        key: &DeviceKey,
        id: Option<String>,
    ) -> Result<Result<(), Refusal>, StoreError> {
        if !self.devices.contains_key(key) {
            return Ok(Err(Refusal::NotHeld));
        }
        let refused = self.field.quarantined.get(&(key.clone(), Trouble::Id.as_str()));
        let id = match id.or_else(|| refused.and_then(|q| q.hardware_id.clone())) {
            Some(id) => id,
            None => match tx.refused_id(key.as_str()).await? {
                Some(id) => id,
                None => return Ok(Err(Refusal::NoSwap)),
            },
        };
        self.field.abouts.entry(key.clone()).or_default().1.id = Some(id);
        self.field.quarantined.retain(|(of, _), _| of != key);
        tx.release_quarantined(key.as_str()).await?;
        self.changed(key);
        Ok(Ok(()))
    }

    fn changed(&mut self, key: &DeviceKey) {
        let property_id = self.devices.get(key).map(|d| d.property_id.0.clone());
        self.out.changes.push(Change { kind: "device", id: key.0.clone(), property_id });
    }

    /// Stores what was learned of devices that are registered or held, and what was refused.
    pub(super) async fn store_field(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let there = |key: &DeviceKey| self.devices.contains_key(key) || self.states.contains_key(key);
        let changed = self.field.abouts.iter().filter(|(key, (was, is))| was != is && there(key));
        let changed: Vec<(&DeviceKey, &Profile)> = changed.map(|(key, (_, is))| (key, is)).collect();
        tx.save_abouts(&changed).await?;
        let rows: Vec<&Quarantined> = self.field.quarantined.values().collect();
        tx.save_quarantined(&rows).await
    }
}

fn sorted(keys: HashSet<&str>) -> Vec<&str> {
    let mut keys: Vec<&str> = keys.into_iter().collect();
    keys.sort_unstable();
    keys
}
