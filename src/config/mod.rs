//! The configuration: one struct, read once from TOML and the environment, checked as a whole, secrets redacted.
//!
//! Nothing here opens a connection or keeps state. Unknown keys, wrong values and playbooks that name what does not
//! exist are errors with their place, reported together; nothing is ignored silently.

mod check;
mod defaults;
mod explain;
mod playbooks;
mod read;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

pub use defaults::defaults_text;
pub(crate) use explain::{nearest, suggest};
pub use playbooks::PlaybookEdit;
pub use read::{ConfigError, ConfigErrors};
pub use values::{BrokerUrl, Secret, Subscription};

use crate::clock::Clock;
use crate::decide::policy::{BatteryPolicy, ContactPolicy, LeakPolicy, Policy, PresencePolicy, RewardPolicy};
use crate::decode::Routes;
use crate::model::{PropertyId, TicketKind, Timestamp};

/// Everything that the operator decides, section by section. [`defaults_text`] explains each key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where devices are heard.
    pub mqtt: Mqtt,
    /// The built-in broker.
    pub broker: Broker,
    /// Formats of the operator's own; refused in this version.
    pub format: Vec<Spanned<OwnFormat>>,
    /// Where everything is kept.
    pub database: Database,
    /// API and pages.
    pub http: Http,
    /// The carrier.
    pub sms: Sms,
    /// See [`RewardPolicy`].
    pub rewards: RewardPolicy,
    /// See [`BatteryPolicy`].
    pub battery: BatteryPolicy,
    /// See [`PresencePolicy`].
    pub presence: PresencePolicy,
    /// See [`LeakPolicy`].
    pub leak: LeakPolicy,
    /// See [`ContactPolicy`].
    pub contact: ContactPolicy,
    /// Another clock than the machine's: tests and demo only.
    pub clock: Option<ScaledClock>,
    /// What the operator changed in the built-in playbooks.
    pub playbook: BTreeMap<TicketKind, PlaybookEdit>,
    /// What is different for one property.
    pub property: BTreeMap<PropertyId, PropertySection>,
}

/// `[mqtt]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// Where the broker is, and whether by TLS.
    pub url: BrokerUrl,
    /// A stable id; connection n of several adds `-n`.
    pub client_id: String,
    /// With `password`.
    pub username: Option<String>,
    /// From `password` or `password_file`.
    pub password: Option<Secret>,
    password_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// This service's own certificate, PEM.
    pub client_cert_file: Option<PathBuf>,
    /// Its key, PEM.
    pub client_key_file: Option<PathBuf>,
    /// How many connections; more than one share the subscription.
    pub connections: usize,
    /// The name of the shared subscription.
    pub share_group: String,
    /// What is listened to.
    pub subscriptions: Vec<Subscription>,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            url: BrokerUrl { tls: false, host: "127.0.0.1".to_owned(), port: 1883 },
            client_id: "nightporter".to_owned(),
            username: None,
            password: None,
            password_file: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            connections: 4,
            share_group: "nightporter".to_owned(),
            subscriptions: ["zigbee2mqtt/#", "shellies/#", "v3/+/devices/+/up", "nightporter/v1/#"]
                .map(|topic| Subscription { topic: topic.to_owned(), format: None })
                .to_vec(),
        }
    }
}

/// `[broker]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// Whether `run` starts it.
    pub enabled: bool,
    /// Where it listens.
    #[serde(deserialize_with = "values::listen")]
    pub listen: SocketAddr,
    /// Where it keeps sessions and retained messages over a restart.
    pub data_dir: PathBuf,
}

impl Default for Broker {
    fn default() -> Self {
        let listen = SocketAddr::from(([0, 0, 0, 0], 1883));
        Self { enabled: false, listen, data_dir: PathBuf::from("nightporter-broker") }
    }
}

/// `[[format]]`: parsed, so that the error is about what matters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFormat {
    /// How routes call it.
    pub name: String,
    /// Which topics it reads.
    pub topic: String,
    /// How a message becomes readings.
    pub jq: String,
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://FILE` or `postgres://user:password@host/db`; from `url` or `url_file`.
    pub url: Secret,
    url_file: Option<PathBuf>,
    /// Whether `run` brings the schema up.
    pub migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: Secret::new("sqlite://nightporter.db"), url_file: None, migrate: true }
    }
}

/// `[http]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where API and pages listen.
    #[serde(deserialize_with = "values::listen")]
    pub listen: SocketAddr,
    /// How people and the carrier reach it, without a slash at the end; signatures of webhooks cover it.
    #[serde(deserialize_with = "values::public_url")]
    pub public_url: Option<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), public_url: None }
    }
}

/// `[sms]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sms {
    /// Who carries messages.
    pub provider: Provider,
    /// The account, when the provider is Twilio.
    pub twilio: Twilio,
}

/// Who carries messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Printed, never sent.
    #[default]
    Console,
    /// Twilio.
    Twilio,
}

/// `[sms.twilio]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Twilio {
    /// `AC…`
    pub account_sid: String,
    /// From `auth_token` or `auth_token_file`.
    pub auth_token: Option<Secret>,
    auth_token_file: Option<PathBuf>,
    /// The sender: a number in E.164, a short code or a sender name.
    pub from: Option<String>,
    /// The sender, when a messaging service chooses it: `MG…`
    pub messaging_service_sid: Option<String>,
    /// Where the API is, without a slash at the end.
    pub api_url: String,
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            account_sid: String::new(),
            auth_token: None,
            auth_token_file: None,
            from: None,
            messaging_service_sid: None,
            api_url: "https://api.twilio.com".to_owned(),
        }
    }
}

/// `[clock]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScaledClock {
    /// The time at the start; absent = the machine's.
    #[serde(deserialize_with = "values::instant")]
    pub start: Option<Timestamp>,
    /// Seconds that pass in one real second.
    pub speed: f64,
}

impl Default for ScaledClock {
    fn default() -> Self {
        Self { start: None, speed: 1.0 }
    }
}

/// `[property.ID]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PropertySection {
    /// What this property changes in the playbooks of all.
    pub playbook: BTreeMap<TicketKind, PlaybookEdit>,
}

impl Config {
    /// Reads the file, lays the environment over it and checks the whole. Relative paths count from the file's folder.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place and how to mend it.
    pub fn load(path: &Path, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(path).map_err(|e| ConfigErrors::unreadable(path, &e))?;
        Self::parse(&text, path, env)
    }

    /// As [`Config::load`], from text that stands in (or as if in) the file `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        let env: Vec<_> = env.collect();
        let mut document = read::Document::new(text, path, &env);
        let config = document.read::<Self>().map(|mut config| {
            check::check(&mut config, &mut document);
            config
        });
        let errors = document.into_errors();
        config.filter(|_| errors.is_empty()).ok_or(ConfigErrors(errors))
    }

    /// What the rules are told, with every playbook as it then applies.
    pub fn policy(&self) -> Policy {
        let (playbooks, property_playbooks) = playbooks::resolve(&self.playbook, &self.property);
        Policy {
            battery: self.battery.clone(),
            rewards: self.rewards.clone(),
            contact: self.contact.clone(),
            presence: self.presence.clone(),
            leak: self.leak.clone(),
            playbooks,
            property_playbooks,
        }
    }

    /// The formats that subscriptions pin to their topics.
    pub fn routes(&self) -> Routes {
        let mut routes = Routes::default();
        let pinned = self.mqtt.subscriptions.iter().filter_map(|s| s.format.as_ref().map(|f| (&s.topic, f)));
        for (topic, format) in pinned {
            routes.pin(topic, format).expect("subscriptions are checked when they are read");
        }
        routes
    }

    /// The clock that the service lives by.
    pub fn clock(&self) -> Clock {
        let system = Clock::system();
        match &self.clock {
            Some(scaled) => Clock::scaled(scaled.start.unwrap_or_else(|| system.now()), scaled.speed),
            None => system,
        }
    }
}

impl Http {
    /// How it is reached: `public_url`, else the address it listens on.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}
