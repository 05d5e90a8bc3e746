//! The built-in MQTT broker: for a hub without a broker of its own, and for the demo.
//!
//! A thin shell around crate `mqtt5` (why that one, and what it keeps and loses: `docs/decisions/0001-embedded-broker.md`).
//! Speaks MQTT 5 and 3.1.1. Nothing outside this folder may name `mqtt5`; nothing in it may know devices or tickets.

mod access;
mod tls;

pub use access::User;
pub use tls::Tls;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::config::{AuthConfig, BrokerConfig, RateLimitConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerShutdownHandle, DynamicStorage, MqttBroker};
use thiserror::Error;
use tokio::task::JoinHandle;

/// Clients at once.
const CLIENTS_MAX: usize = 2_000;
/// The largest message, packet included.
const PACKET_BYTES_MAX: usize = 256 * 1024;
/// Messages kept for one client that is away; beyond, its oldest are dropped.
const QUEUED_MAX: usize = 100_000;
/// The same in bytes.
const QUEUED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Topics with a retained message; beyond, a new one is refused.
const RETAINED_MAX: usize = 50_000;
/// Subscriptions of one client.
const SUBSCRIPTIONS_MAX: usize = 1_000;
/// Messages sent to one client and not yet acknowledged: its own Receive Maximum, up to this.
const INFLIGHT_MAX: u16 = 1_000;
/// A session that nobody came back for is dropped after this.
const SESSION_EXPIRY: Duration = Duration::from_secs(14 * 24 * 3600);
/// One attempt to write what is queued; the crate itself gives up, silently, after 5 s.
const FLUSH_ATTEMPT: Duration = Duration::from_secs(4);
/// How often that is tried when the broker stops: 50,000 queued messages took 12 s.
const FLUSH_ATTEMPTS_MAX: usize = 30;

/// How the broker is to run. The default: anyone on this machine, any free port, nothing kept.
#[derive(Clone)]
pub struct BrokerOptions {
    /// Where devices connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where sessions, queued and retained messages outlive a restart; none: in memory only.
    pub data_dir: Option<PathBuf>,
    /// Who may log in; empty: anyone, without a name.
    pub users: Vec<User>,
    /// Anyone may connect from other machines too. Without it, no users and an address that is not loopback is an error.
    pub allow_anonymous: bool,
    /// `listen` speaks TLS.
    pub tls: Option<Tls>,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen, data_dir: None, users: Vec::new(), allow_anonymous: false, tls: None }
    }
}

/// Why the broker does not run.
#[derive(Debug, Error)]
pub enum BrokerError {
    /// A stranger could open tickets and close valves.
    #[error(
        "the built-in broker would let anyone on {0} publish without a name: give it users, listen on 127.0.0.1, or set \
         allow_anonymous = true"
    )]
    Open(SocketAddr),
    /// Users have a meaning only when nobody is let in without a name.
    #[error("the built-in broker has users and allow_anonymous = true: choose one")]
    OpenAndUsers,
    /// The address is taken, or not one of this machine.
    #[error("the built-in broker cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// Certificate or key.
    #[error("TLS of the built-in broker: {0}")]
    Tls(String),
    /// From the crate: the storage folder, mostly.
    #[error("the built-in broker: {0}")]
    Broker(String),
}

fn from_crate(error: mqtt5::error::MqttError) -> BrokerError {
    BrokerError::Broker(error.to_string())
}

/// Starts brokers.
pub struct Broker;

impl Broker {
    /// Starts one and returns when it accepts connections.
    ///
    /// # Errors
    /// [`BrokerError`]: open to strangers, address taken, certificate or storage folder unusable.
    pub async fn start(options: BrokerOptions) -> Result<RunningBroker, BrokerError> {
        refuse_strangers(&options)?;
        // Behind TLS the broker itself is on a private port of this machine.
        let plain = if options.tls.is_some() { BrokerOptions::default().listen } else { options.listen };
        probe(plain).await?;
        let broker = MqttBroker::with_config(config(&options, plain)).await.map_err(from_crate)?;
        let broker = broker.with_auth_provider(Arc::new(access::Access::new(options.users)));
        let plain = broker.local_addr().ok_or_else(|| BrokerError::Broker("no address".to_owned()))?;
        let mut running = RunningBroker::spawn(broker, plain);
        running.until_ready().await?;
        if let Some(tls) = &options.tls {
            running.tls = Some(tls::Front::start(tls, options.listen, running.own_addr()).await?);
        }
        Ok(running)
    }
}

fn refuse_strangers(options: &BrokerOptions) -> Result<(), BrokerError> {
    match (options.users.is_empty(), options.allow_anonymous) {
        (true, false) if !options.listen.ip().is_loopback() => Err(BrokerError::Open(options.listen)),
        (false, true) => Err(BrokerError::OpenAndUsers),
        _ => Ok(()),
    }
}

/// The crate only warns when an address is taken, in words for its own command line.
async fn probe(addr: SocketAddr) -> Result<(), BrokerError> {
    let listener = tokio::net::TcpListener::bind(addr).await;
    listener.map(drop).map_err(|error| BrokerError::Listen(addr, error))
}

fn config(options: &BrokerOptions, plain: SocketAddr) -> BrokerConfig {
    let storage = match &options.data_dir {
        Some(folder) => StorageConfig::new().with_base_dir(folder.clone()),
        None => StorageConfig::new().with_backend(StorageBackend::Memory),
    };
    BrokerConfig {
        max_retained_messages: RETAINED_MAX,
        max_retained_message_size: PACKET_BYTES_MAX,
        max_subscriptions_per_client: SUBSCRIPTIONS_MAX,
        max_outbound_inflight: INFLIGHT_MAX,
        server_receive_maximum: Some(INFLIGHT_MAX),
        topic_alias_maximum: 64,
        sys_topics_enabled: false,
        // Off: it locks out an address after five wrong passwords, and one address is often a whole building.
        auth_config: AuthConfig {
            rate_limit: RateLimitConfig { enabled: false, ..RateLimitConfig::default() },
            ..AuthConfig::default()
        },
        ..BrokerConfig::new()
            .with_bind_address(plain)
            .with_max_clients(CLIENTS_MAX)
            .with_max_packet_size(PACKET_BYTES_MAX)
            .with_session_expiry(SESSION_EXPIRY)
            .with_storage(
                storage
                    .with_max_queued_messages_per_client(QUEUED_MAX)
                    .with_max_queued_bytes_per_client(QUEUED_BYTES_MAX),
            )
    }
}

/// A broker that accepts connections. Dropped, it stops too, but what it had not yet written is lost: [`Self::shutdown`].
pub struct RunningBroker {
    plain: SocketAddr,
    tls: Option<tls::Front>,
    stop: BrokerShutdownHandle,
    ready: tokio::sync::watch::Receiver<bool>,
    task: Option<JoinHandle<Result<(), BrokerError>>>,
}

impl RunningBroker {
    fn spawn(mut broker: MqttBroker, plain: SocketAddr) -> Self {
        let (stop, ready) = (broker.shutdown_handle(), broker.ready_receiver());
        let task = tokio::spawn(async move {
            broker.run().await.map_err(from_crate)?;
            match broker.storage() {
                Some(storage) => flush(&storage).await,
                None => Ok(()),
            }
        });
        Self { plain, tls: None, stop, ready, task: Some(task) }
    }

    async fn until_ready(&mut self) -> Result<(), BrokerError> {
        let ready = self.ready.wait_for(|ready| *ready).await.is_ok();
        if ready { Ok(()) } else { Err(self.failed().await) }
    }

    /// Where devices connect.
    pub fn addr(&self) -> SocketAddr {
        self.tls.as_ref().map_or(self.plain, |front| front.addr)
    }

    /// Where this process itself connects: on this machine, never TLS.
    pub fn own_addr(&self) -> SocketAddr {
        let ip = match self.plain.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        SocketAddr::new(ip, self.plain.port())
    }

    /// Waits until the broker ends without having been told to, and says why. For whoever watches it.
    pub async fn failed(&mut self) -> BrokerError {
        self.ended().await.err().unwrap_or_else(|| BrokerError::Broker("stopped".to_owned()))
    }

    /// Disconnects everyone and returns when everything acknowledged is in the storage folder.
    ///
    /// # Errors
    /// When the broker had already ended, or what was queued could not be written.
    pub async fn shutdown(mut self) -> Result<(), BrokerError> {
        self.tls = None;
        self.stop.shutdown();
        self.ended().await
    }

    async fn ended(&mut self) -> Result<(), BrokerError> {
        let Some(task) = &mut self.task else { return Err(BrokerError::Broker("had already ended".to_owned())) };
        let result = task.await;
        self.task = None;
        result.unwrap_or_else(|panic| Err(BrokerError::Broker(panic.to_string())))
    }
}

impl Drop for RunningBroker {
    fn drop(&mut self) {
        self.stop.shutdown();
    }
}

/// The crate's own flush at the stop comes before the last clients have handed back what they did not acknowledge, and
/// it ends unsaid after 5 s. So once more, until one attempt is done in time.
async fn flush(storage: &DynamicStorage) -> Result<(), BrokerError> {
    for _ in 0..FLUSH_ATTEMPTS_MAX {
        if let Ok(flushed) = tokio::time::timeout(FLUSH_ATTEMPT, storage.shutdown()).await {
            return flushed.map_err(from_crate);
        }
    }
    Err(BrokerError::Broker("not everything queued could be written in time".to_owned()))
}
