//! Puts everything together in one temporary folder and on loopback, and takes it away again.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use nightporter_simulator::{Building, Faults, Options};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Args;
use super::folder::Folder;
use super::people::People;
use super::play::{Cast, Playing, Text};
use super::story::Happening;
use crate::broker::{Broker, BrokerOptions, RunningBroker};
use crate::cli::Failure;
use crate::clock::Clock;
use crate::config::{BrokerUrl, Config, ScaledClock, Secret};
use crate::deliver::carrier::Console;
use crate::model::Timestamp;
use crate::registry::Registry;
use crate::service::{Parts, Service};
use crate::store::Store;

/// A Monday morning in Shanghai, 07:30: the day begins, nobody is written to for another half an hour.
const START: (i32, u32, u32, u32, u32) = (2026, 1, 4, 23, 30);
/// Life of a lock's battery, days; a real one lasts a year, but nobody watches that long.
const LIFE_DAYS: f64 = 20.0;
/// The emptiest batteries at the start have this share of their life left: some are low at once.
const LEAST_LEFT: f64 = 0.12;
/// Pipe leaks per apartment and 30 days: far more than in any house that stands.
const LEAKS_PER_UNIT_MONTH: f64 = 1.5;
/// Where the page is, if the port is free.
const PAGE_PORT: u16 = 8_080;
/// Texts that wait to be heard.
const TEXTS_WAITING_MAX: usize = 4_096;
/// How long the service may take to reach the broker.
const READY_MAX: Duration = Duration::from_secs(20);
/// How often that is looked at.
const READY_LOOK: Duration = Duration::from_millis(5);

/// Everything that is there for one run.
pub(super) struct Stage {
    /// Who is who.
    pub(super) people: Arc<People>,
    /// Where the page is.
    pub(super) page: String,
    /// The time.
    pub(super) clock: Clock,
    /// What the service keeps.
    pub(super) store: Store,
    /// The service.
    pub(super) service: Service,
    /// What rewards are in.
    pub(super) currency: String,
    broker: RunningBroker,
    cast: Option<Cast>,
    /// Last: everything else stands in it.
    _folder: Folder,
}

impl Stage {
    /// Starts everything; returns when the service hears the broker.
    pub(super) async fn set(args: &Args) -> Result<Self, Failure> {
        let folder = Folder::new()?;
        let listener = listener(args.listen).await?;
        let listen = listener.local_addr()?;
        let broker = Broker::start(BrokerOptions::default()).await?;
        let start = start();
        let building = Building::new(options(args, start));
        let registry = registry(&building, folder.path())?;
        let database = format!("sqlite://{}", folder.path().join("nightporter.db").display());
        let store = Store::open(&database).await?.claim(&database)?;
        store.migrate().await?;
        store.import(&registry).await?;
        let config = config(args, &broker, listen, &database, start)?;
        let currency = config.rewards.currency.clone();
        let clock = Clock::scaled(start.into(), args.speed);
        let (texts, heard) = mpsc::channel(TEXTS_WAITING_MAX);
        let parts = Parts {
            config,
            clock: clock.clone(),
            store: store.clone(),
            carrier: Arc::new(carrier(clock.clone(), texts)),
            listener,
            open_page: listen.ip().is_loopback(),
        };
        let service = Service::start(parts).await?;
        let people = Arc::new(People::new(&registry));
        let cast = Cast {
            building,
            clock: clock.clone(),
            store: store.clone(),
            door: service.door.clone(),
            people: people.clone(),
            broker: broker.own_addr(),
            texts: heard,
        };
        let page = format!("http://{listen}/");
        let mut stage =
            Self { people, page, clock, store, service, currency, broker, cast: Some(cast), _folder: folder };
        stage.ready().await?;
        Ok(stage)
    }

    /// Lets the building live; what people say is told to `said`.
    pub(super) fn play(&mut self, said: mpsc::Sender<Happening>) -> Playing {
        let cast = self.cast.take().expect("a run is played once");
        Playing::begin(cast, said)
    }

    /// Returns when something that must run does not any more.
    pub(super) async fn broken(&mut self) -> Failure {
        tokio::select! {
            error = self.broker.failed() => error.into(),
            () = self.service.watch() => Failure::Failed("a part of the service has ended".to_owned()),
        }
    }

    /// Stops everything, in order, and leaves nothing behind.
    pub(super) async fn clear(self) {
        self.service.stop().await;
        if let Err(e) = self.broker.shutdown().await {
            tracing::warn!(error = %e, "demo.broker");
        }
    }

    async fn ready(&mut self) -> Result<(), Failure> {
        let door = self.service.door.clone();
        let there = async {
            while door.health().broker().is_err() {
                tokio::time::sleep(READY_LOOK).await;
            }
        };
        tokio::select! {
            done = tokio::time::timeout(READY_MAX, there) => {
                done.map_err(|_| Failure::Failed("the service does not reach the broker".to_owned()))
            }
            why = self.broken() => Err(why),
        }
    }
}

fn start() -> DateTime<Utc> {
    let (year, month, day, hour, minute) = START;
    Utc.with_ymd_and_hms(year, month, day, hour, minute, 0).single().expect("a valid instant")
}

fn options(args: &Args, start: DateTime<Utc>) -> Options {
    Options {
        units: args.units,
        faults: Faults::all(),
        life_days: LIFE_DAYS,
        least_left: LEAST_LEFT,
        leaks_per_unit_month: LEAKS_PER_UNIT_MONTH,
        ..Options::new(args.seed, start)
    }
}

/// As asked; without a wish the usual port, or a free one.
async fn listener(wish: Option<SocketAddr>) -> Result<TcpListener, Failure> {
    if let Some(addr) = wish {
        let bound = TcpListener::bind(addr).await;
        return bound.map_err(|e| Failure::Failed(format!("cannot listen on {addr}: {e}")));
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PAGE_PORT)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}

/// The building's own files, read as any operator's.
fn registry(building: &Building, folder: &Path) -> Result<Registry, Failure> {
    let folder = folder.join("registry");
    std::fs::create_dir(&folder)?;
    for (name, text) in building.registry() {
        std::fs::write(folder.join(name), text)?;
    }
    let wrong = |errors: Vec<crate::registry::RowError>| {
        Failure::Failed(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    Registry::read(&folder).map_err(wrong)
}

fn config(
    args: &Args,
    broker: &RunningBroker,
    listen: SocketAddr,
    database: &str,
    start: DateTime<Utc>,
) -> Result<Config, Failure> {
    let mut config = match &args.config {
        Some(path) => policies(super::super::load(path)?),
        None => Config::default(),
    };
    // The building has stood there all along; only the clock is new.
    config.sweep.devices_min = u32::MAX;
    let addr = broker.own_addr();
    config.mqtt.url = BrokerUrl { tls: false, host: addr.ip().to_string(), port: addr.port() };
    // One connection keeps the order of a device's messages, which here are milliseconds apart.
    config.mqtt.connections = 1;
    config.database.url = Secret::new(database);
    config.http.listen = listen;
    config.clock = Some(ScaledClock { start: Some(start.into()), speed: args.speed });
    Ok(config)
}

/// What a configuration decides wherever it is: not its broker, database, carrier, properties and regions.
fn policies(of: Config) -> Config {
    Config {
        battery: of.battery,
        contact: of.contact,
        dispatch: of.dispatch,
        goodwill: of.goodwill,
        leak: of.leak,
        playbook: of.playbook,
        presence: of.presence,
        rewards: of.rewards,
        sla: of.sla,
        ..Config::default()
    }
}

/// Hands texts to the building; what nobody takes is lost, as with any phone that is off.
fn carrier(clock: Clock, texts: mpsc::Sender<Text>) -> Console {
    let at = clock.clone();
    Console::new(clock, move |text| {
        let text = Text {
            at: Timestamp::to_utc(at.now()),
            attempt: text.attempt.to_owned(),
            to: text.to.as_str().to_owned(),
            body: text.body.to_owned(),
        };
        if texts.try_send(text).is_err() {
            tracing::warn!("demo.text_lost");
        }
        Ok(())
    })
}
