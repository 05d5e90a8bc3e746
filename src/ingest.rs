//! MQTT in: a few connections in one persistent, shared subscription; each message is decoded and brought to the door.
//!
//! A message is acknowledged only when what it caused is committed. Rules that were measured: subscribe on every
//! connection; after an error forget what the client still buffers and never acknowledge across connections; never
//! let the connection wait for somebody who waits for it. What the broker retains is read beside it ([`kept`]).

mod aside;
mod connect;
mod kept;
mod misfits;
mod rival;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish, RetainForwardRule, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};

use crate::announce::is_own;
use crate::clock::Clock;
use crate::commit::{Cause, CommandError, Door, Item, Listening};
use crate::config::{BrokerUrl, Mqtt};
use crate::decide::Heard;
use crate::decode::{Routes, announce};
use crate::metrics::Metrics;
use crate::model::{Announcement, DeviceKey, Span, Timestamp};
use crate::store::Reject;
use aside::Aside;
pub use connect::connect_options;
use misfits::Misfits;
use rival::{Ended, Rival};

/// Unacknowledged messages of all connections (MQTT 5 Receive Maximum); it overrides the broker's own window.
const RECEIVE_MAX: usize = 16_000;
/// Acknowledgements that may wait for the socket: more than there are packet ids, so that none ever waits.
const REQUESTS_MAX: usize = 65_536;
/// First wait after a failed connection; doubles up to the longest.
const RECONNECT_FIRST: Duration = Duration::from_millis(100);
/// Longest wait between two connections.
const RECONNECT_MAX: Duration = Duration::from_secs(5);
/// Between two looks at whether the broker is there.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How much of a topic is kept beside it, in bytes.
const TOPIC_BYTES_MAX: usize = 1_024;
/// How much of an unintelligible payload is kept, in bytes.
const REJECT_BYTES_MAX: usize = 512;
/// Of readings that nobody can be said to have told (ThingsBoard's `v1/devices/me`, where the connection is the device).
const NAMELESS: &str = "nothing in the message names its device; use a topic that does, or a format of your own";

/// What a connection shares with the messages that came through it.
#[derive(Debug)]
struct Link {
    client: AsyncClient,
    epoch: AtomicU64,
}

/// The right to acknowledge one message, on the connection through which it came and on no other.
#[derive(Debug)]
pub struct Ack {
    link: Arc<Link>,
    epoch: u64,
    pkid: u16,
}

impl Ack {
    /// Acknowledges. After the connection was lost it does nothing: the broker sends the message again.
    pub fn release(self) {
        if self.link.epoch.load(Ordering::Acquire) != self.epoch {
            return;
        }
        let publish = Publish { pkid: self.pkid, qos: QoS::AtLeastOnce, ..Publish::default() };
        if self.link.client.try_ack(&publish).is_err() {
            debug!("ingest.ack_lost");
        }
    }
}

/// The message behind an item, and what it says of its devices besides readings. It keeps nothing of the connection's
/// buffers alive: thousands of messages wait for their commit.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Its topic, as it may be stored.
    pub topic: Box<str>,
    /// The beginning of its payload, as it may be stored: only of messages that may be refused, for what they announce.
    pub sample: Box<str>,
    /// The format that understood it.
    pub format: &'static str,
    /// Who the devices are, as far as it says.
    pub announced: Vec<Announcement>,
}

impl Origin {
    /// Of a message in a format.
    pub fn new(topic: &str, payload: &[u8], format: &'static str, announced: Vec<Announcement>) -> Self {
        let topic = storable(&topic.as_bytes()[..topic.len().min(TOPIC_BYTES_MAX)]);
        let kept = if announced.is_empty() { 0 } else { payload.len().min(REJECT_BYTES_MAX) };
        Self { topic: topic.into(), sample: storable(&payload[..kept]).into(), format, announced }
    }
}

/// Text as far as it is text; PostgreSQL takes no zero byte.
fn storable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

/// What every connection needs.
pub struct Ingest {
    /// Broker, subscriptions and credentials.
    pub mqtt: Mqtt,
    /// Formats pinned to topics.
    pub routes: Routes,
    /// Where messages go.
    pub door: Door,
    /// The time.
    pub clock: Clock,
    /// Since when we listen.
    pub listening: Listening,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How many connections are up.
    pub up: AtomicUsize,
    /// What the broker keeps is to be read.
    unread: Notify,
    aside: Aside,
    misfits: Misfits,
}

impl Ingest {
    /// Everything for a service.
    pub fn new(
        mqtt: Mqtt,
        routes: Routes,
        door: Door,
        clock: Clock,
        listening: Listening,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (up, unread, aside, misfits) = Default::default();
        Self { mqtt, routes, door, clock, listening, metrics, up, unread, aside, misfits }
    }

    /// Connection `n` of all, until `stop`.
    pub async fn run(self: Arc<Self>, n: usize, mut stop: watch::Receiver<bool>) {
        let options = match connect::options(&self.mqtt, n).await {
            Ok(options) => options,
            Err(e) => return self.set_broker(Err(e)),
        };
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        let link = Arc::new(Link { client: client.clone(), epoch: AtomicU64::new(0) });
        let (is_up, unread, wait, rival) = (false, n == 0, RECONNECT_FIRST, Rival::default());
        let connection = Connection { ingest: &self, n, link, events, is_up, unread, wait, rival };
        tokio::select! {
            () = connection.run() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    fn set_broker(&self, state: Result<(), String>) {
        self.door.health().set_broker(&self.mqtt.url.to_string(), state);
    }

    fn went_up(&self, session_present: bool) {
        let was_up = self.up.fetch_add(1, Ordering::Relaxed);
        if was_up == 0 {
            self.listening.begin(self.clock.now());
        }
        self.metrics.broker_connected.set(was_up as i64 + 1);
        self.set_broker(Ok(()));
        info!(session_present, connections = was_up + 1, "ingest.connected");
    }

    fn went_down(&self) {
        let left = self.up.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        self.metrics.broker_connected.set(left as i64);
        if left == 0 {
            self.listening.end();
        }
    }
}

/// Brings it to the door when the broker has been away for longer than `grace`, and when it is there again, until `stop`.
pub async fn watch_broker(url: BrokerUrl, grace: Span, door: Door, clock: Clock, mut stop: watch::Receiver<bool>) {
    let key = DeviceKey::of_broker(&format!("{}:{}", url.host, url.port));
    let watching = async {
        let mut away_since = None;
        let mut told = None; // whether the door knows of it: at first it is not known what an earlier process told
        loop {
            let now = clock.now();
            let since = if door.health().broker().is_ok() { None } else { Some(*away_since.get_or_insert(now)) };
            let cause = match since {
                None if told != Some(false) => Some(Cause::BrokerBack(key.clone())),
                Some(since) if told != Some(true) && now - since >= grace.0 => {
                    Some(Cause::BrokerAway(key.clone(), since))
                }
                _ => None,
            };
            away_since = since;
            if let Some(cause) = cause {
                told = Some(since.is_some());
                if door.bring(Item::of(vec![cause])).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    };
    tokio::select! {
        () = watching => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// One connection to the broker.
struct Connection<'a> {
    ingest: &'a Ingest,
    n: usize,
    link: Arc<Link>,
    events: EventLoop,
    is_up: bool,
    /// The first of all has what the broker keeps read, at the start of the service and of a session.
    unread: bool,
    wait: Duration,
    rival: Rival,
}

impl Connection<'_> {
    async fn run(mut self) {
        loop {
            let done = match self.events.poll().await {
                Ok(Event::Incoming(Packet::Publish(publish))) => self.publish(publish).await,
                Ok(Event::Incoming(Packet::ConnAck(ack))) => self.connected(ack.session_present),
                Ok(Event::Incoming(Packet::SubAck(ack))) => self.subscribed(&ack.return_codes),
                Ok(_) => Ok(()),
                Err(e) => {
                    self.lost(e.to_string()).await;
                    Ok(())
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn connected(&mut self, session_present: bool) -> Result<(), CommandError> {
        self.is_up = true;
        self.unread |= self.n == 0 && !session_present;
        self.rival.let_in();
        self.ingest.went_up(session_present);
        let filters = self.ingest.mqtt.subscriptions.iter().map(|s| filter(&self.ingest.mqtt, &s.topic));
        if self.link.client.try_subscribe_many(filters.collect::<Vec<_>>()).is_err() {
            warn!("ingest.subscribe_failed");
        }
        Ok(())
    }

    fn subscribed(&mut self, codes: &[SubscribeReasonCode]) -> Result<(), CommandError> {
        if std::mem::take(&mut self.unread) {
            self.ingest.unread.notify_one();
        }
        if codes.iter().any(|code| !matches!(code, SubscribeReasonCode::Success(_))) {
            let why = format!("the broker refuses a subscription: {codes:?}");
            self.ingest.set_broker(Err(why));
        }
        Ok(())
    }

    /// Nothing of the old connection may reach the new one: neither buffered messages nor acknowledgements.
    async fn lost(&mut self, mut why: String) {
        self.events.state.events.clear();
        self.link.epoch.fetch_add(1, Ordering::AcqRel);
        if std::mem::take(&mut self.is_up) {
            self.ingest.went_down();
            match self.rival.ended(&self.ingest.mqtt, (self.n, &why)) {
                Ended::Steady => self.wait = RECONNECT_FIRST,
                Ended::Soon => {}
                Ended::ByARival(words) => why = words,
            }
        }
        if self.ingest.up.load(Ordering::Relaxed) == 0 {
            self.ingest.set_broker(Err(why));
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(RECONNECT_MAX);
    }

    async fn publish(&mut self, publish: Publish) -> Result<(), CommandError> {
        let epoch = self.link.epoch.load(Ordering::Acquire);
        let ack = (publish.pkid != 0).then(|| Ack { link: self.link.clone(), epoch, pkid: publish.pkid });
        let item = self.ingest.item(&publish);
        if item.causes.is_empty() && item.origin.is_none() && ack.is_none() {
            return Ok(());
        }
        self.ingest.door.bring(Item { ack, ..item }).await
    }
}

impl Ingest {
    /// A message as an item of the door: what it says and of whom, or that it cannot be understood; nothing of our own words.
    fn item(&self, publish: &Publish) -> Item {
        let received_at = self.clock.now();
        let Ok(topic) = std::str::from_utf8(&publish.topic) else {
            let detail = "the topic is not UTF-8".to_owned();
            return Item::of(vec![self.reject(received_at, "", "invalid_utf8", detail, publish)]);
        };
        if is_own(topic) {
            return Item::default();
        }
        let decoded = match self.decode(topic, &publish.payload, received_at) {
            Ok(decoded) => decoded,
            Err(e) => return Item::of(vec![self.reject(received_at, topic, e.code, e.detail, publish)]),
        };
        let announced = announce(topic, &publish.payload, &decoded, &self.routes);
        let format = decoded.format;
        self.metrics.messages_received.inc(format);
        let fingerprint = fingerprint(&publish.topic, &publish.payload);
        let mut causes = Vec::with_capacity(decoded.devices.len() + usize::from(decoded.wrong.is_some()));
        let unnamed = decoded.devices.iter().any(|d| d.device_key.is_none() && !d.readings.is_empty());
        for device in decoded.devices {
            let Some(key) = device.device_key else { continue };
            self.metrics.readings.inc_by(device.readings.len() as u64);
            let heard = Heard { readings: device.readings, received_at, retained: publish.retain, fingerprint };
            causes.push(Cause::Heard(key, heard));
        }
        causes.extend(unnamed.then(|| self.reject(received_at, topic, "no_device_key", NAMELESS.to_owned(), publish)));
        causes.extend(decoded.wrong.map(|e| self.reject(received_at, topic, e.code, e.detail, publish)));
        causes.extend(self.misfit(received_at, topic, &decoded.misfits, publish));
        let speaks = !causes.is_empty() || !announced.is_empty();
        let origin = speaks.then(|| Box::new(Origin::new(topic, &publish.payload, format, announced)));
        Item { origin, ..Item::of(causes) }
    }

    /// Counts fields that cannot be; now and then one is kept to be looked at.
    fn misfit(&self, at: Timestamp, topic: &str, kinds: &[&'static str], publish: &Publish) -> Option<Cause> {
        kinds.iter().for_each(|kind| self.metrics.fields_rejected.inc(kind));
        let shown = !kinds.is_empty() && self.misfits.shows(fingerprint(&publish.topic, b""), at);
        shown.then(|| self.reject(at, topic, "invalid_field", misfits::expected(kinds), publish))
    }

    fn reject(&self, at: Timestamp, topic: &str, code: &'static str, detail: String, publish: &Publish) -> Cause {
        self.metrics.messages_rejected.inc(code);
        let sample = &publish.payload[..publish.payload.len().min(REJECT_BYTES_MAX)];
        let payload = String::from_utf8_lossy(sample).replace('\0', "\u{fffd}");
        let topic: String = topic.chars().filter(|c| *c != '\0').take(256).collect();
        Cause::Rejected(Box::new(Reject { at, topic, code: code.to_owned(), detail, payload }))
    }
}

/// FNV-1a: tells re-delivered bytes from new ones; nothing that an enemy could gain from a collision.
fn fingerprint(topic: &[u8], payload: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    topic.iter().chain(&[0]).chain(payload).fold(0xcbf2_9ce4_8422_2325, step)
}

fn filter(mqtt: &Mqtt, topic: &str) -> Filter {
    let path = if mqtt.connections > 1 { format!("$share/{}/{topic}", mqtt.share_group) } else { topic.to_owned() };
    Filter { retain_forward_rule: RetainForwardRule::Never, ..Filter::new(path, QoS::AtLeastOnce) }
}
