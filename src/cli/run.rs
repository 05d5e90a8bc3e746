//! `nightporter run`: the service, until it is told to stop. Every part is started and stopped by `service`.

use std::future::pending;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::{ConfigArg, Failure};
use crate::broker::{Broker, RunningBroker};
use crate::clock::Clock;
use crate::config::Config;
use crate::deliver::carrier::twilio::install_tls_provider;
use crate::deliver::carrier::{Aliyun, Carrier, Console, Outgoing, Switchboard, Twilio};
use crate::model::CarrierName;
use crate::service::{Parts, Service};
use crate::store::Store;

/// How long to wait before an absent database is tried again.
const DATABASE_AGAIN: Duration = Duration::from_secs(2);

/// Run the service: listen to devices, care for what they tell.
///
/// Stops in order on SIGTERM and Ctrl-C; nothing is lost if it is killed instead.
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
    let store = tokio::select! {
        store = open_store(&config) => store?,
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

async fn told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}

/// The database, claimed for this process and with its schema; one that is away is waited for.
async fn open_store(config: &Config) -> Result<Store, Failure> {
    let url = config.database.url.expose();
    let store = Store::open(url).await?.claim(url)?;
    while let Err(error) = store.read().await {
        if !error.is_passing() {
            return Err(error.into());
        }
        warn!(%error, "database.away");
        tokio::time::sleep(DATABASE_AGAIN).await;
    }
    if config.database.migrate {
        store.migrate().await?;
    }
    Ok(store)
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

/// Nobody may be reading; the service goes on.
fn print(text: &Outgoing<'_>) {
    let _ = writeln!(io::stdout(), "{}  {}", text.to.as_str(), text.body.replace('\n', " / "));
}
