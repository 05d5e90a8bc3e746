//! The sections of the file, key by key, with their defaults. What a key means to an operator stands in `defaults.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::playbooks::PlaybookEdit;
use super::values::{self, BrokerUrl, Secret, Subscription};
use crate::broker::{BrokerOptions, Tls, User};
use crate::commit::SendingLimits;
use crate::decide::Words;
use crate::deliver::carrier::aliyun::template::Approved;
use crate::deliver::carrier::{AliyunAccount, Limits, Sender, TwilioAccount};
use crate::model::{CarrierName, CarrierRoutes, Locale, TicketKind, Timestamp, Tone};

/// `[mqtt]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// Where the broker is, and whether by TLS.
    pub url: BrokerUrl,
    /// A stable id, of this service alone: a broker ends the connection of another client of the same name. Connection n of
    /// several adds `-n`.
    pub client_id: String,
    /// With `password`.
    pub username: Option<String>,
    /// From `password` or `password_file`.
    pub password: Option<Secret>,
    pub(super) password_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// This service's own certificate, PEM.
    pub client_cert_file: Option<PathBuf>,
    /// Its key, PEM.
    pub client_key_file: Option<PathBuf>,
    /// How many connections; more than one share the subscription, and no longer keep the order of a device's messages.
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
            connections: 1,
            share_group: "nightporter".to_owned(),
            subscriptions: ["zigbee2mqtt/#", "shellies/#", "v3/+/devices/+/up", "nightporter/v1/#"]
                .map(|topic| Subscription { topic: topic.to_owned(), format: None, property: None })
                .to_vec(),
        }
    }
}

/// `[home_assistant]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HomeAssistant {
    /// Whether devices, open tickets and the service are announced; turned off, what was announced is cleared.
    pub discovery: bool,
    /// Its discovery prefix, one or more levels of a topic.
    pub prefix: String,
}

impl Default for HomeAssistant {
    fn default() -> Self {
        Self { discovery: true, prefix: "homeassistant".to_owned() }
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
    /// Whether anyone on the network may connect without a name.
    pub allow_anonymous: bool,
    /// Its certificate, PEM: then it speaks TLS.
    pub cert_file: Option<PathBuf>,
    /// The certificate's key, PEM.
    pub key_file: Option<PathBuf>,
    /// Whoever connects must show a certificate signed by one of these, PEM.
    pub client_ca_file: Option<PathBuf>,
    /// Who may log in.
    pub users: Vec<Spanned<BrokerUser>>,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from(([0, 0, 0, 0], 1883)),
            data_dir: PathBuf::from("nightporter-broker"),
            allow_anonymous: false,
            cert_file: None,
            key_file: None,
            client_ca_file: None,
            users: Vec::new(),
        }
    }
}

/// `[[broker.users]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerUser {
    /// The user name.
    pub name: String,
    /// From `password` or `password_file`.
    pub password: Option<Secret>,
    pub(super) password_file: Option<PathBuf>,
    /// Topic filters that the user keeps to; absent = every topic.
    pub topics: Option<Vec<String>>,
}

impl Broker {
    /// What the broker is started with.
    pub fn options(&self) -> BrokerOptions {
        let user = |user: &Spanned<BrokerUser>| {
            let BrokerUser { name, password, topics, .. } = user.get_ref();
            let user =
                User::new(name, password.as_ref().expect("a user without a password is refused when it is read"));
            topics.as_ref().map_or(user.clone(), |topics| user.only(topics.iter().cloned()))
        };
        let files = self.cert_file.clone().zip(self.key_file.clone());
        BrokerOptions {
            listen: self.listen,
            data_dir: Some(self.data_dir.clone()),
            users: self.users.iter().map(user).collect(),
            allow_anonymous: self.allow_anonymous,
            tls: files.map(|(cert_file, key_file)| Tls {
                cert_file,
                key_file,
                client_ca_file: self.client_ca_file.clone(),
            }),
        }
    }
}

/// `[[format]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFormat {
    /// How routes call it.
    pub name: Spanned<String>,
    /// Which topics it reads.
    pub topic: Spanned<String>,
    /// How a message becomes readings.
    pub jq: Spanned<String>,
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://FILE` or `postgres://user:password@host/db`; from `url` or `url_file`.
    pub url: Secret,
    pub(super) url_file: Option<PathBuf>,
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
    /// Who carries messages to numbers of which `routes` says nothing.
    pub provider: CarrierName,
    /// By country calling code: who carries messages there, the first one first.
    pub routes: BTreeMap<String, Vec<CarrierName>>,
    /// Messages a second from one process; 0 is no limit.
    pub messages_per_second: u32,
    /// Messages within any 24 hours; 0 is no limit.
    pub daily_max: u32,
    /// The account, when Twilio carries messages.
    pub twilio: Twilio,
    /// The account, when Aliyun carries messages.
    pub aliyun: Aliyun,
}

/// `[sms.twilio]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Twilio {
    /// `AC…`
    pub account_sid: String,
    /// From `auth_token` or `auth_token_file`.
    pub auth_token: Option<Secret>,
    pub(super) auth_token_file: Option<PathBuf>,
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

/// `[sms.aliyun]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aliyun {
    /// `LTAI…`
    pub access_key_id: String,
    /// From `access_key_secret` or `access_key_secret_file`.
    pub access_key_secret: Option<Secret>,
    pub(super) access_key_secret_file: Option<PathBuf>,
    /// The approved signature, without brackets.
    pub sign_name: String,
    /// Where the API is, without a slash at the end.
    pub api_url: String,
    /// The codes of the approved templates, by language and by our name for the words.
    pub templates: BTreeMap<Locale, BTreeMap<String, String>>,
}

impl Default for Aliyun {
    fn default() -> Self {
        Self {
            access_key_id: String::new(),
            access_key_secret: None,
            access_key_secret_file: None,
            sign_name: String::new(),
            api_url: "https://dysmsapi.aliyuncs.com".to_owned(),
            templates: BTreeMap::new(),
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
    /// In which tones routine words are said here, in place of `contact.tones`.
    pub tones: Option<Vec<Tone>>,
    /// What this property changes in the playbooks of all.
    pub playbook: BTreeMap<TicketKind, PlaybookEdit>,
}

impl Sms {
    /// Which carriers take messages to which numbers.
    pub fn routes(&self) -> CarrierRoutes {
        CarrierRoutes { provider: self.provider, by_code: self.routes.clone() }
    }

    /// How much may go out.
    pub fn limits(&self) -> SendingLimits {
        SendingLimits { per_second: self.messages_per_second, daily_max: self.daily_max }
    }

    /// Whether a carrier takes any.
    pub fn uses(&self, carrier: CarrierName) -> bool {
        self.routes().all().contains(&carrier)
    }

    /// The account that texts are sent by; none when they are only printed.
    pub fn account(&self, public_url: Option<&str>) -> Option<TwilioAccount> {
        let Twilio { account_sid, auth_token, from, messaging_service_sid, api_url, .. } = &self.twilio;
        let sender = match (from, messaging_service_sid) {
            (Some(from), _) => Sender::From(from.clone()),
            (None, service) => Sender::Service(service.clone().unwrap_or_default()),
        };
        self.uses(CarrierName::Twilio).then(|| TwilioAccount {
            account_sid: account_sid.clone(),
            auth_token: auth_token.as_ref().map_or_else(String::new, |t| t.expose().to_owned()),
            sender,
            api_url: api_url.clone(),
            public_url: public_url.map(str::to_owned),
            limits: Limits::default(),
        })
    }

    /// The account at Alibaba Cloud, if texts are sent by it.
    pub fn aliyun_account(&self) -> Option<AliyunAccount> {
        let Aliyun { access_key_id, access_key_secret, sign_name, api_url, templates, .. } = &self.aliyun;
        let words = Words::new();
        let all = templates.iter().flat_map(|(locale, codes)| codes.iter().map(|(name, code)| (*locale, name, code)));
        let approved = all.filter_map(|(locale, name, code)| {
            Some(((locale, name.clone()), Approved::new(code, &words.outline(locale, name)?)))
        });
        self.uses(CarrierName::Aliyun).then(|| AliyunAccount {
            access_key_id: access_key_id.clone(),
            access_key_secret: access_key_secret.as_ref().map_or_else(String::new, |s| s.expose().to_owned()),
            sign_name: sign_name.clone(),
            templates: approved.collect(),
            api_url: api_url.clone(),
            limits: Limits::default(),
        })
    }
}

impl Http {
    /// How it is reached: `public_url`, else the address it listens on.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}
