//! `nightporter run`: the service, until it is told to stop. Every part is started and stopped by `service`.

use std::fs::File;
use std::future::pending;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::info;

use super::{ConfigArg, Failure};
use crate::broker::{Broker, RunningBroker};
use crate::clock::Clock;
use crate::commit::Health;
use crate::config::Config;
use crate::deliver::carrier::twilio::install_tls_provider;
use crate::deliver::carrier::{Aliyun, Carrier, Console, Outgoing, Switchboard, Twilio};
use crate::model::CarrierName;
use crate::service::{Parts, Service};
use crate::store::{Store, StoreError};
use crate::web;

/// How long to wait before an absent database is tried again.
const DATABASE_AGAIN: Duration = Duration::from_secs(2);

/// Run the service: listen to devices, care for what they tell.
///
/// Stops in order on SIGTERM, SIGHUP and Ctrl-C; nothing is lost if it is killed instead.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter run --config nightporter.toml")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

impl Args {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(serve(config))
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    install_tls_provider();
    let listen = config.http.listen;
    let listener =
        TcpListener::bind(listen).await.map_err(|e| Failure::Failed(format!("http.listen {listen}: {e}")))?;
    let mut stop = pin!(told_to_stop());
    let (store, listener) = tokio::select! {
        opened = open(&config, listener) => opened?,
        stopped = &mut stop => return Ok(stopped?),
    };
    let mut broker = start_broker(&config).await?;
    let newest = store.read().await?.newest_at().await?;
    let clock = config.clock(newest);
    let carrier = carrier(&config, &clock)?;
    info!(http = %listen, "service.starting");
    let mut service = Service::start(Parts { config, clock, store, carrier, listener, open_page: false }).await?;
    let ended = tokio::select! {
        stopped = stop => stopped.map_err(Failure::from),
        () = service.watch() => Err(Failure::Failed("a part of the service ended by itself; see the log".to_owned())),
        why = broker_failed(&mut broker) => Err(why),
    };
    service.stop().await;
    match broker {
        Some(broker) => ended.and(broker.shutdown().await.map_err(Failure::from)),
        None => ended,
    }
}

/// SIGTERM, Ctrl-C, or a terminal that is closed; but not that one where whoever started it wants it to go on (`nohup`).
async fn told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    let closed = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => pending().await,
        }
    };
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = closed => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}

/// Whether SIGHUP was ignored when the process began, where the system tells (Linux): the first bit of a mask in hex.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Opens the database. Until it is there, its place is said to be alive and not ready.
async fn open(config: &Config, listener: TcpListener) -> Result<(Store, TcpListener), Failure> {
    let listener = listener.into_std()?;
    let (health, (opened, stop)) = (Arc::new(Health::default()), watch::channel(false));
    let starting = web::serve_starting(TcpListener::from_std(listener.try_clone()?)?, health.clone(), stop);
    tokio::spawn(starting);
    let store = open_store(config, &health).await?;
    // What it still answers it answers beside the service.
    let _ = opened.send(true);
    Ok((store, TcpListener::from_std(listener)?))
}

/// The database, claimed for this process and with its schema; one that is away is waited for.
async fn open_store(config: &Config, health: &Health) -> Result<Store, Failure> {
    let url = config.database.url.expose();
    let store = Store::open(url).await?.claim(url)?;
    while let Err(error) = reach(&store, url).await {
        if !error.is_passing() {
            return Err(error.into());
        }
        health.database_away(&error);
        tokio::time::sleep(DATABASE_AGAIN).await;
    }
    if config.database.migrate {
        store.migrate().await?;
    }
    Ok(store)
}

async fn reach(store: &Store, url: &str) -> Result<(), StoreError> {
    Store::reach(url).await?;
    store.read().await.map(drop)
}

async fn start_broker(config: &Config) -> Result<Option<RunningBroker>, Failure> {
    if !config.broker.enabled {
        return Ok(None);
    }
    Ok(Some(Broker::start(config.broker.options()).await?))
}

async fn broker_failed(broker: &mut Option<RunningBroker>) -> Failure {
    match broker {
        Some(broker) => broker.failed().await.into(),
        None => pending().await,
    }
}

/// The carriers that the configuration names.
fn carrier(config: &Config, clock: &Clock) -> Result<Arc<dyn Carrier>, Failure> {
    let mut carriers: Vec<(CarrierName, Arc<dyn Carrier>)> = Vec::new();
    if let Some(account) = config.sms.account(config.http.public_url.as_deref()) {
        carriers.push((CarrierName::Twilio, Arc::new(Twilio::new(account)?)));
    }
    if let Some(account) = config.sms.aliyun_account() {
        carriers.push((CarrierName::Aliyun, Arc::new(Aliyun::new(account, clock.clone())?)));
    }
    if config.sms.uses(CarrierName::Console) {
        carriers.push((CarrierName::Console, Arc::new(Console::new(clock.clone(), print))));
    }
    Ok(Arc::new(Switchboard::new(carriers)))
}

/// Past the buffer of the standard library: it would keep what nobody takes, and say it again later.
fn print(text: &Outgoing<'_>) -> io::Result<()> {
    let line = format!("{}  {}\n", text.to.as_str(), text.body.replace('\n', " / "));
    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(line.as_bytes())
}
