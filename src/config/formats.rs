//! `[[format]]` and the formats that subscriptions pin: checked together, since each may name the other. A format whose
//! topics no subscription brings is subscribed to.

use std::ops::Range;

use toml::Spanned;

use super::explain::nearest;
use super::read::Document;
use super::{Config, OwnFormat, Subscription};
use crate::decode::{self, OwnFormatError, RouteError, Routes, filters_meet, format_names};

/// The most formats of one's own: each is asked for every message.
const FORMATS_MAX: usize = 100;
/// The longest name, in bytes: it labels metrics.
const NAME_BYTES_MAX: usize = 32;

/// The routes of a configuration that was checked.
///
/// # Errors
/// None after [`check`].
pub(super) fn routes(config: &Config) -> Result<Routes, RouteError> {
    let mut routes = Routes::default();
    let formats = config.format.iter().map(Spanned::get_ref);
    for own in formats.filter_map(|f| decode::OwnFormat::new(f.name.get_ref(), f.topic.get_ref(), f.jq.get_ref()).ok())
    {
        routes.teach(own);
    }
    for subscription in &config.mqtt.subscriptions {
        if let Some(format) = &subscription.format {
            routes.pin(&subscription.topic, format.get_ref())?;
        }
        if let Some(property) = &subscription.property {
            routes.place(&subscription.topic, property.clone())?;
        }
    }
    Ok(routes)
}

/// Reports what is wrong with formats, and pins of formats that nobody knows; subscribes to what formats are for.
pub(super) fn check(config: &mut Config, document: &mut Document<'_>) {
    let mut names: Vec<&str> = format_names().collect();
    if config.format.len() > FORMATS_MAX {
        document.report("format", format!("{} formats; the limit is {FORMATS_MAX}", config.format.len()));
    }
    for (n, format) in config.format.iter().map(Spanned::get_ref).enumerate() {
        if let Err(problem) = check_name(format.name.get_ref(), &names) {
            document.report_key_at(format!("format.{n}.name"), format.name.span(), problem);
        }
        match check_format(format) {
            Ok(own) => subscribe(&own, &mut config.mqtt.subscriptions),
            Err((key, span, problem)) => document.report_key_at(format!("format.{n}.{key}"), span, problem),
        }
        names.push(format.name.get_ref());
    }
    for pin in config.mqtt.subscriptions.iter().filter_map(|s| s.format.as_ref()) {
        let name = pin.get_ref();
        if !names.contains(&name.as_str()) {
            let known = || format!("known are {}", names.join(", "));
            let mend = nearest(name, &names).map_or_else(known, |near| format!("did you mean \"{near}\"?"));
            document.report_at(pin.span(), format!("there is no format \"{name}\"; {mend}"));
        }
    }
}

fn check_name(name: &str, taken: &[&str]) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(format!("expected a name of a-z, 0-9 and _, at most {NAME_BYTES_MAX} long"));
    }
    if !taken.contains(&name) {
        return Ok(());
    }
    let built_in = format_names().any(|known| known == name);
    let whose = if built_in { "a built-in format" } else { "another format" };
    Err(format!("{whose} has this name; choose another, e.g. \"{name}_own\""))
}

/// Or the key that is wrong, where it stands, and what is wrong.
fn check_format(format: &OwnFormat) -> Result<decode::OwnFormat, (&'static str, Range<usize>, String)> {
    let (name, topic, jq) = (&format.name, &format.topic, &format.jq);
    decode::OwnFormat::new(name.get_ref(), topic.get_ref(), jq.get_ref()).map_err(|e| match e {
        OwnFormatError::Topic(_) => ("topic", topic.span(), e.to_string()),
        OwnFormatError::Program(_) => ("jq", jq.span(), format!("format \"{}\": {e}", name.get_ref())),
    })
}

/// Listens to what a format reads, unless a subscription brings some of it: then that is what the operator wants.
fn subscribe(own: &decode::OwnFormat, subscriptions: &mut Vec<Subscription>) {
    if !subscriptions.iter().any(|s| filters_meet(own.filter(), &s.topic)) {
        subscriptions.push(Subscription { topic: own.filter().to_owned(), format: None, property: None });
    }
}
