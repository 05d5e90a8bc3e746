//! Values of the configuration that are more than text: parsed at the edge, so that inside they cannot be wrong.
//!
//! Messages say what is expected; none of them repeats what might be a secret.

use std::fmt;
use std::net::SocketAddr;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, de};
use toml::Spanned;

use crate::decode::{RouteError, is_filter};
use crate::model::{PropertyId, Timestamp};

/// Text that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("expected text in quotes")),
        }
    }
}

/// Where a broker is: `mqtt://host:1883` or `mqtts://host:8883`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BrokerUrl {
    /// Whether by TLS.
    pub tls: bool,
    /// Name or address.
    pub host: String,
    /// 1883, or 8883 with TLS, unless given.
    pub port: u16,
}

impl BrokerUrl {
    /// Reads the forms above. The error says what is expected.
    pub fn parse(url: &str) -> Result<Self, String> {
        let expected = "expected e.g. \"mqtt://127.0.0.1:1883\" or \"mqtts://broker.example.com\"";
        let (tls, rest) = match url.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => return Err(format!("not the URL of a broker; {expected}")),
        };
        if rest.contains('@') {
            return Err("holds a user name; use the keys username and password_file instead".to_owned());
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let default = if tls { 8883 } else { 1883 };
        let (host, port) = split_port(authority, default).ok_or_else(|| format!("no host and port; {expected}"))?;
        Ok(Self { tls, host, port })
    }
}

impl TryFrom<String> for BrokerUrl {
    type Error = String;
    fn try_from(url: String) -> Result<Self, String> {
        Self::parse(&url)
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

/// Splits `host`, `host:port` or `[v6]:port`.
fn split_port(authority: &str, default: u16) -> Option<(String, u16)> {
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':')?)),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(default), |p| p.parse().ok().filter(|p| *p > 0))?;
    let sound = !host.is_empty() && !host.contains(['/', '?', '#', ' ']);
    sound.then(|| (host.to_owned(), port))
}

/// One entry of `subscriptions`: a topic filter, or `{ topic, format, property }` where the format is pinned, or what speaks there
/// stands at one property, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// An MQTT topic filter.
    pub topic: String,
    /// The format of everything that arrives there, if pinned.
    pub format: Option<Spanned<String>>,
    /// The property at which everything stands that speaks there, if it is one.
    pub property: Option<PropertyId>,
}

impl Subscription {
    /// Checks the filter. The format's name is checked when all formats have been read.
    fn new(route: Route) -> Result<Self, String> {
        let Route { topic, format, property } = route;
        if topic.starts_with("$share/") {
            return Err("leave $share/… out; share_group does that".to_owned());
        }
        if !is_filter(&topic) {
            return Err(RouteError::InvalidFilter(topic).to_string());
        }
        if property.as_ref().is_some_and(|property| property.as_str().trim().is_empty()) {
            return Err("property is empty; expected the id of a property, as in properties.csv".to_owned());
        }
        Ok(Self { topic, format, property })
    }
}

impl<'de> Deserialize<'de> for Subscription {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubscriptionVisitor)
    }
}

struct SubscriptionVisitor;

impl<'de> Visitor<'de> for SubscriptionVisitor {
    type Value = Subscription;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a topic filter or { topic = \"…\", format = \"…\", property = \"…\" }")
    }

    fn visit_str<E: Error>(self, topic: &str) -> Result<Subscription, E> {
        Subscription::new(Route { topic: topic.to_owned(), format: None, property: None }).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Subscription, A::Error> {
        let route = Route::deserialize(de::value::MapAccessDeserializer::new(map))?;
        if route.format.is_none() && route.property.is_none() {
            return Err(A::Error::custom("expected a format, a property or both beside the topic"));
        }
        Subscription::new(route).map_err(A::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    topic: String,
    format: Option<Spanned<String>>,
    property: Option<PropertyId>,
}

/// Reads an address to listen on.
pub(super) fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom(format!("\"{text}\" is no address and port; expected e.g. \"127.0.0.1:8080\"")))
}

/// Reads how the service is reached from outside.
pub(super) fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if host.is_none_or(|h| h.trim_matches('/').is_empty()) || text.contains(['?', '#', ' ']) {
        let what = format!("\"{text}\" is no web address; expected e.g. \"https://care.example.com\"");
        return Err(D::Error::custom(what));
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

/// Reads an instant in RFC 3339.
pub(super) fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = "expected e.g. \"2026-01-05T02:30:00+08:00\"";
    let at = Timestamp::parse_rfc3339(&text);
    at.map(Some).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no instant with an offset; {expected}")))
}

/// Whether a host names this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The host of `https://host:port/path`, or `None` when it is no such URL.
pub(super) fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    split_port(authority, 443).map(|(host, _)| host).filter(|h| !h.contains('@'))
}
