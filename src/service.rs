//! The house put together: starts every part in order, watches them, stops them in order.
//!
//! Clock, database, carrier and socket are handed in, so that tests and the demo run the very same house.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::commit::{Brakes, Change, Committer, Door, Health, Listening, Lives, Trials};
use crate::config::Config;
use crate::decide::Words;
use crate::deliver::carrier::Carrier;
use crate::deliver::reconcile::Reconciler;
use crate::deliver::{ATTEMPTS_WAITING_MAX, Deliver, Outbox, watch_carrier};
use crate::ingest::{Ingest, watch_broker};
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::{announce, model, wake, web};

/// Causes that wait for the door. More than all connections may have unacknowledged, so that none of them ever waits.
const CAUSES_WAITING_MAX: usize = 65_536;
/// Changes that a slow watcher may lag behind.
const CHANGES_WAITING_MAX: usize = 1_024;
/// How long parts may take to stop: one request to the carrier, and a little.
const STOP_MAX: Duration = Duration::from_secs(20);

/// How long what is in hand may wait for a database that is away. It is not lost: nothing of it was acknowledged.
const AWAY_STOP_MAX: Duration = Duration::from_secs(5);
/// Between two looks at whether the database is away.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a house is made of.
pub struct Parts {
    /// The operator's decisions.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The database, its schema up to date.
    pub store: Store,
    /// The carrier.
    pub carrier: Arc<dyn Carrier>,
    /// Where API and pages listen.
    pub listener: TcpListener,
    /// The first page needs no sign-in: demo, on loopback.
    pub open_page: bool,
}

/// A running house.
pub struct Service {
    /// The way in.
    pub door: Door,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    store: Store,
    health: Arc<Health>,
    stop: watch::Sender<bool>,
    parts: JoinSet<&'static str>,
    committer: tokio::task::JoinHandle<()>,
}

impl Service {
    /// Starts all parts.
    pub async fn start(parts: Parts) -> Result<Self, StoreError> {
        let Parts { config, clock, store, carrier, listener, open_page } = parts;
        let (causes, incoming) = mpsc::channel(CAUSES_WAITING_MAX);
        let (attempts, outgoing) = mpsc::channel(ATTEMPTS_WAITING_MAX);
        let (changes, _) = broadcast::channel::<Change>(CHANGES_WAITING_MAX);
        let (stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::default());
        let metrics = Arc::new(Metrics::default());
        let listening = Listening::default();
        let owner = owner();
        adopt_orphans(&store, &owner, &clock).await?;
        health.database_there();
        let door = Door::new(causes, changes.clone(), health.clone());
        let committer = Committer {
            store: store.clone(),
            policy: Arc::new(config.policy()),
            words: Words::new(),
            clock: clock.clone(),
            listening: listening.clone(),
            owner,
            attempts,
            changes,
            health: health.clone(),
            metrics: metrics.clone(),
            lives: Lives::default(),
            trials: Trials::default(),
            brakes: Brakes::new(config.sms.limits()),
        };
        let committer = tokio::spawn(committer.run(incoming));
        let mut parts = JoinSet::new();
        let deliver = Deliver { carrier: carrier.clone(), door: door.clone(), clock: clock.clone() };
        parts.spawn(named("deliver", deliver.run(outgoing, stopping.clone())));
        let outbox =
            Outbox { store: store.clone(), door: door.clone(), clock: clock.clone(), metrics: metrics.clone() };
        parts.spawn(named("outbox", outbox.run(stopping.clone())));
        let reconciler =
            Reconciler { store: store.clone(), carrier: carrier.clone(), door: door.clone(), clock: clock.clone() };
        parts.spawn(named("reconcile", reconciler.run(stopping.clone())));
        parts.spawn(named("carrier", watch_carrier(carrier, door.clone(), stopping.clone())));
        parts.spawn(named("wake", wake::run(store.clone(), clock.clone(), door.clone(), stopping.clone())));
        let connections = config.mqtt.connections.max(1);
        let ingest =
            Ingest::new(config.mqtt.clone(), config.routes(), door.clone(), clock.clone(), listening, metrics.clone());
        let ingest = Arc::new(ingest);
        for n in 0..connections {
            parts.spawn(named("ingest", ingest.clone().run(n, stopping.clone())));
        }
        parts.spawn(named("kept", ingest.read_kept(stopping.clone())));
        let grace = config.presence.broker_grace;
        let watch = watch_broker(config.mqtt.url.clone(), grace, door.clone(), clock.clone(), stopping.clone());
        parts.spawn(named("broker", watch));
        let announce = announce::run(
            config.mqtt.clone(),
            config.home_assistant.clone(),
            store.clone(),
            door.clone(),
            stopping.clone(),
        );
        parts.spawn(named("announce", announce));
        let state = web::AppState::new(&config, store.clone(), door.clone(), clock, metrics.clone(), open_page);
        parts.spawn(named("web", web::serve(listener, state, stopping)));
        Ok(Self { door, metrics, store, health, stop, parts, committer })
    }

    /// Returns when a part has ended by itself, which none should.
    pub async fn watch(&mut self) {
        if let Some(ended) = self.parts.join_next().await {
            warn!(part = ended.unwrap_or("panicked"), "service.part_ended");
        }
    }

    /// Stops taking in, finishes what is under way, commits it, closes the database.
    pub async fn stop(mut self) {
        let began = tokio::time::Instant::now();
        // Nobody listening means all have ended.
        let _ = self.stop.send(true);
        let all = async { while self.parts.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_MAX, all).await.is_err() {
            warn!("service.stop_late");
            self.parts.shutdown().await;
        }
        drop(self.door);
        let too_late = async {
            tokio::time::sleep_until(began + AWAY_STOP_MAX).await;
            while self.health.database().is_ok() && began.elapsed() < STOP_MAX {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            // The last word of a task that panicked is in the log.
            _ = self.committer => self.store.close().await,
            // What still waits for the database would hold its closing up as well; it is whole without.
            () = too_late => warn!("service.commit_late"),
        }
        info!("service.stopped");
    }
}

async fn named(name: &'static str, part: impl Future<Output = ()>) -> &'static str {
    part.await;
    name
}

/// This process, in leases: unlike every other that ever ran on this database.
fn owner() -> String {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("the system has randomness");
    model::digest(random.map(|b| format!("{b:02x}")).concat())
}

/// What a process that died had in its hands is of unknown fate. With several processes, leases run out by themselves.
async fn adopt_orphans(store: &Store, owner: &str, clock: &Clock) -> Result<(), StoreError> {
    if !store.is_exclusive() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    let orphans = tx.orphan_leases(owner, clock.now()).await?;
    tx.commit().await?;
    if orphans > 0 {
        info!(messages = orphans, "outbox.orphans");
    }
    Ok(())
}
