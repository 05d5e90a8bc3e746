//! `nightporter check`: is the configuration sound, do broker, database and carrier answer, is the address free? In plain words.
//!
//! Changes nothing: it sends no message, subscribes to nothing and creates no table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet};
use rumqttc::v5::{ConnectionError, Event, EventLoop};
use tokio::net::TcpListener;

use super::{Count, Failure, load, say};
use crate::clock::Clock;
use crate::config::{Config, defaults_text};
use crate::deliver::carrier::twilio::install_tls_provider;
use crate::deliver::carrier::{Aliyun, Carrier, CarrierError, Twilio};
use crate::ingest::connect_options;
use crate::store::{Store, StoreError, Tx};

/// How long anybody may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Check the configuration, then try broker, database, SMS account and the address to listen on.
///
/// Says in plain words what is wrong; exits with 1 if anything is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter check --config nightporter.toml
  nightporter check --print-defaults > nightporter.toml")]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", required_unless_present = "print_defaults")]
    config: Option<PathBuf>,
    /// Print every key with its default and meaning, and the built-in playbooks, as a configuration to start from
    #[arg(long)]
    print_defaults: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.print_defaults {
            say(defaults_text().trim_end())?;
        }
        match &self.config {
            Some(path) => try_out(&load(path)?).await,
            None => Ok(()),
        }
    }
}

/// Tries everything that the service depends on and prints a line for each; fails when any of them does.
async fn try_out(config: &Config) -> Result<(), Failure> {
    say("configuration: sound")?;
    install_tls_provider();
    let tried = [
        ("broker", try_broker(config).await),
        ("database", try_database(config).await),
        ("carrier", try_carrier(config).await),
        ("http", try_http(config).await),
    ];
    for (what, result) in &tried {
        match result {
            Ok(found) => say(format_args!("{what}: {found}"))?,
            Err(wrong) => say(format_args!("{what}: WRONG: {wrong}"))?,
        }
    }
    let wrong = tried.iter().filter(|(_, result)| result.is_err()).count();
    if wrong == 0 { Ok(()) } else { Err(Failure::Failed(format!("{} wrong", Count(wrong, "thing is", "things are")))) }
}

async fn try_broker(config: &Config) -> Result<String, String> {
    let url = &config.mqtt.url;
    if config.broker.enabled {
        return Ok(format!("the built-in one, started by `run` on {}", config.broker.listen));
    }
    // A client id of its own and no session: the service, which may be running, is not disturbed.
    let mut options = connect_options(&config.mqtt, format!("{}-check", config.mqtt.client_id)).await?;
    options.set_clean_start(true);
    let mut events = EventLoop::new(options, 1);
    let answer = async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok(()),
                Ok(_) => {}
                Err(e) => return Err(broker_fault(&e)),
            }
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())));
    answer.map(|()| format!("{url} lets us in")).map_err(|why| format!("{url}: {why}"))
}

fn broker_fault(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword) => {
            "user name or password is wrong (mqtt.username, mqtt.password)".to_owned()
        }
        ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized) => {
            "not allowed in; does it want a user name (mqtt.username, mqtt.password)?".to_owned()
        }
        ConnectionError::ConnectionRefused(code) => format!("refuses the connection: {code:?}"),
        ConnectionError::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            "nothing listens there; is the broker running, are host and port of mqtt.url right?".to_owned()
        }
        ConnectionError::Io(e) => e.to_string(),
        other => other.to_string(),
    }
}

async fn try_database(config: &Config) -> Result<String, String> {
    let url = config.database.url.expose();
    if let Some(file) = url.strip_prefix("sqlite://").and_then(|rest| rest.split('?').next()) {
        let file = Path::new(file);
        if !file.starts_with(":memory:") && !file.exists() {
            let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let there = parent.is_dir();
            let missing = || format!("there is no folder {} for {}", parent.display(), file.display());
            return there.then(|| format!("{} will be created", file.display())).ok_or_else(missing);
        }
    }
    Store::reach(url).await.map_err(|e| in_words(&e))?;
    let store = Store::open(url).await.map_err(|e| in_words(&e))?;
    store.try_to_write().await.map_err(|e| in_words(&e))?;
    let mut tx = store.read().await.map_err(|e| in_words(&e))?;
    let schema = tx.ticket_counts().await;
    let strangers = strangers(config, &mut tx).await;
    drop(tx);
    store.close().await;
    match schema {
        Ok(_) if !strangers.is_empty() => Err(format!("configuration and registry differ: {}", strangers.join("; "))),
        Ok(_) => Ok("reachable, schema ready".to_owned()),
        Err(e) if e.is_passing() => Err(in_words(&e)),
        Err(_) if config.database.migrate => Ok("reachable; `run` will bring its schema up".to_owned()),
        Err(_) => Err("the schema is not up: run `nightporter migrate`".to_owned()),
    }
}

/// Sections of the configuration for places that were never imported; nothing can be said before the first import.
async fn strangers(config: &Config, tx: &mut Tx) -> Vec<String> {
    let (Ok(properties), Ok(regions)) = (tx.property_ids(None).await, tx.scopes("region").await) else {
        return Vec::new();
    };
    if properties.is_empty() { Vec::new() } else { config.strangers(&properties, &regions) }
}

/// The line says already that it is the database.
fn in_words(error: &StoreError) -> String {
    let words = error.to_string();
    words.strip_prefix("database: ").map_or(words.clone(), str::to_owned)
}

async fn try_carrier(config: &Config) -> Result<String, String> {
    let mut tried = Vec::new();
    if let Some(account) = config.sms.aliyun_account() {
        let carrier = Aliyun::new(account, Clock::system()).map_err(|e| e.to_string())?;
        tried.push(("Aliyun", "Aliyun knows the access key", carrier.ping().await));
    }
    if let Some(account) = config.sms.account(config.http.public_url.as_deref()) {
        let carrier = Twilio::new(account).map_err(|e| e.to_string())?;
        tried.push(("Twilio", "Twilio knows the account", carrier.ping().await));
    }
    if tried.is_empty() {
        return Ok("console: texts are printed, none is sent".to_owned());
    }
    let several = tried.len() > 1;
    let in_words = |(name, fine, answer): (&str, &str, Result<(), CarrierError>)| match answer {
        Ok(()) => Ok(fine.to_owned()),
        Err(wrong) if several => Err(format!("{name}: {wrong}")),
        Err(wrong) => Err(wrong.to_string()),
    };
    let (fine, wrong): (Vec<_>, Vec<_>) = tried.into_iter().map(in_words).partition(Result::is_ok);
    let joined = |all: Vec<Result<String, String>>| {
        all.into_iter().map(|one| one.unwrap_or_else(|w| w)).collect::<Vec<_>>().join("; ")
    };
    if wrong.is_empty() { Ok(joined(fine)) } else { Err(joined(wrong)) }
}

/// Whether API and pages can listen where they are to; a service that does so already is no fault.
async fn try_http(config: &Config) -> Result<String, String> {
    let listen = config.http.listen;
    match TcpListener::bind(listen).await {
        Ok(_) => Ok(format!("{listen} is free")),
        Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => match who_listens(listen).await.as_deref() {
            Some("Nightporter") => {
                Ok(format!("{listen} is taken by a nightporter that is running: the service itself?"))
            }
            _ => Err(format!("{listen} is taken by another program; stop it, or choose another http.listen")),
        },
        Err(e) => Err(format!("cannot listen on {listen}: {e}")),
    }
}

/// The title of the API that answers there, if one does.
async fn who_listens(listen: SocketAddr) -> Option<String> {
    let host = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().ok()?;
    let url = format!("http://{}/openapi.json", SocketAddr::new(host, listen.port()));
    let document: serde_json::Value = client.get(url).send().await.ok()?.json().await.ok()?;
    document["info"]["title"].as_str().map(str::to_owned)
}
