//! The configuration: one struct, read once from TOML and the environment, checked as a whole, secrets redacted.
//!
//! Nothing here opens a connection or keeps state. Unknown keys, wrong values and playbooks that name what does not
//! exist are errors with their place, reported together; nothing is ignored silently.

mod carriers;
mod check;
mod defaults;
mod explain;
mod formats;
mod playbooks;
mod read;
mod sections;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use defaults::defaults_text;
pub(crate) use explain::{nearest, suggest};
pub use playbooks::PlaybookEdit;
pub use read::{ConfigError, ConfigErrors};
pub use sections::*;
pub use values::{BrokerUrl, Secret, Subscription};

use crate::clock::Clock;
use crate::decide::policy::{
    BatteryPolicy, ContactPolicy, DispatchPolicy, GoodwillPolicy, LeakPolicy, Policy, PresencePolicy, RegionHead,
    RewardPolicy, SlaPolicy, SweepPolicy,
};
use crate::decode::Routes;
use crate::model::{PropertyId, TicketKind, Timestamp};

/// Everything that the operator decides, section by section. [`defaults_text`] explains each key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where devices are heard.
    pub mqtt: Mqtt,
    /// What Home Assistant is told.
    pub home_assistant: HomeAssistant,
    /// The built-in broker.
    pub broker: Broker,
    /// Formats of the operator's own.
    pub format: Vec<Spanned<OwnFormat>>,
    /// Where everything is kept.
    pub database: Database,
    /// API and pages.
    pub http: Http,
    /// The carrier.
    pub sms: Sms,
    /// See [`RewardPolicy`].
    pub rewards: RewardPolicy,
    /// See [`GoodwillPolicy`].
    pub goodwill: GoodwillPolicy,
    /// See [`BatteryPolicy`].
    pub battery: BatteryPolicy,
    /// See [`PresencePolicy`].
    pub presence: PresencePolicy,
    /// See [`LeakPolicy`].
    pub leak: LeakPolicy,
    /// See [`SweepPolicy`].
    pub sweep: SweepPolicy,
    /// See [`ContactPolicy`].
    pub contact: ContactPolicy,
    /// See [`DispatchPolicy`].
    pub dispatch: DispatchPolicy,
    /// See [`SlaPolicy`].
    pub sla: SlaPolicy,
    /// See [`RegionHead`]; by the region's name.
    pub region: BTreeMap<String, RegionHead>,
    /// Another clock than the machine's: tests and demo only.
    pub clock: Option<ScaledClock>,
    /// What the operator changed in the built-in playbooks.
    pub playbook: BTreeMap<TicketKind, PlaybookEdit>,
    /// What is different for one property.
    pub property: BTreeMap<PropertyId, PropertySection>,
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
            goodwill: self.goodwill.clone(),
            contact: self.contact.clone(),
            dispatch: self.dispatch.clone(),
            sla: self.sla.clone(),
            routes: self.sms.routes(),
            regions: self.region.clone(),
            presence: self.presence.clone(),
            leak: self.leak.clone(),
            sweep: self.sweep.clone(),
            playbooks,
            property_playbooks,
            property_tones: self.property.iter().filter_map(|(id, p)| Some((id.clone(), p.tones.clone()?))).collect(),
        }
    }

    /// Sections for properties and regions, and subscriptions' properties, that the registry does not know, each with what was probably meant.
    pub fn strangers(&self, properties: &[String], regions: &[String]) -> Vec<String> {
        let unknown = |place: String, what: &str, name: &str, known: &[String]| {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let strange = !known.contains(&name);
            strange.then(|| format!("{place}: the registry has no {what} \"{name}\"; {}", suggest(name, &known)))
        };
        let own = |(id, _): (&PropertyId, _)| unknown(format!("[property.{id}]"), "property", id.as_str(), properties);
        let region = |(name, _): (&String, _)| unknown(format!("[region.{name}]"), "region", name, regions);
        let topic = |(n, subscription): (usize, &Subscription)| {
            let place = format!("mqtt.subscriptions.{n}.property");
            unknown(place, "property", subscription.property.as_ref()?.as_str(), properties)
        };
        let topics = self.mqtt.subscriptions.iter().enumerate().filter_map(topic);
        topics.chain(self.property.iter().filter_map(own)).chain(self.region.iter().filter_map(region)).collect()
    }

    /// The formats that subscriptions pin to their topics, and the operator's own.
    pub fn routes(&self) -> Routes {
        formats::routes(self).expect("formats and subscriptions are checked when they are read")
    }

    /// The clock that the service lives by. One of its own never begins before `newest`, the last thing that is stored: a
    /// restart does not go back in time.
    pub fn clock(&self, newest: Option<Timestamp>) -> Clock {
        let system = Clock::system();
        match &self.clock {
            Some(scaled) => {
                let start = scaled.start.unwrap_or_else(|| system.now());
                Clock::scaled(newest.map_or(start, |newest| newest.max(start)), scaled.speed)
            }
            None => system,
        }
    }
}
