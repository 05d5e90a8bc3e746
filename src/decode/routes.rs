//! Routes: MQTT topic filters that pin a format where a topic alone is ambiguous, formats of the operator's own, and the
//! property to which topics belong.
//! Matching follows MQTT 5 section 4.7.

use std::sync::Arc;

use super::own::OwnFormat;
use super::{FORMATS, Format, format_names};
use crate::model::PropertyId;

/// Topic filters with their formats, and the operator's own formats: the first pin that matches decides, else the
/// first format of the operator's own.
#[derive(Default)]
pub struct Routes {
    pins: Vec<Route>,
    own: Vec<Route>,
    places: Vec<(String, PropertyId)>,
}

/// One filter and its format.
pub(super) struct Route {
    filter: String,
    pub(super) reader: Reader,
}

/// Who reads a message.
#[derive(Clone)]
pub(super) enum Reader {
    BuiltIn(&'static Format),
    Own(Arc<OwnFormat>),
}

/// Why a route cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No such format.
    #[error("unknown format `{name}`; known are: {known}")]
    UnknownFormat {
        /// As given.
        name: String,
        /// All names, comma-separated.
        known: String,
    },
    /// Not a valid MQTT topic filter.
    #[error("`{0}` is no MQTT topic filter: `+` and `#` stand alone in a level, `#` only at the end")]
    InvalidFilter(String),
}

impl Routes {
    /// Adds a route behind the ones already there. A shared-subscription prefix (`$share/group/`) is ignored.
    ///
    /// # Errors
    /// [`RouteError`] when the filter or the format's name is wrong.
    pub fn pin(&mut self, filter: &str, format: &str) -> Result<(), RouteError> {
        let filter = unshared(filter);
        if !is_filter(filter) {
            return Err(RouteError::InvalidFilter(filter.to_owned()));
        }
        let known = || format_names().collect::<Vec<_>>().join(", ");
        let unknown = || RouteError::UnknownFormat { name: format.to_owned(), known: known() };
        let reader = self.reader(format).ok_or_else(unknown)?;
        self.pins.push(Route { filter: filter.to_owned(), reader });
        Ok(())
    }

    /// Adds a format of the operator's own, with its topics, behind the ones already there.
    pub fn teach(&mut self, format: OwnFormat) {
        self.own.push(Route { filter: format.filter().to_owned(), reader: Reader::Own(Arc::new(format)) });
    }

    /// Says that whatever speaks on these topics stands at this property, behind what was said already.
    ///
    /// # Errors
    /// [`RouteError`] when the filter is wrong.
    pub fn place(&mut self, filter: &str, property: PropertyId) -> Result<(), RouteError> {
        if !is_filter(filter) {
            return Err(RouteError::InvalidFilter(filter.to_owned()));
        }
        self.places.push((filter.to_owned(), property));
        Ok(())
    }

    /// The property at which everything stands that speaks on this topic, where the operator said so.
    pub(super) fn property(&self, topic: &str) -> Option<&PropertyId> {
        self.places.iter().find(|(filter, _)| filter_matches(filter, topic)).map(|(_, property)| property)
    }

    /// A format by its name.
    fn reader(&self, name: &str) -> Option<Reader> {
        let mut own = self.own.iter().map(|route| &route.reader);
        let own = own.find(|r| matches!(r, Reader::Own(own) if own.name() == name));
        own.cloned().or_else(|| FORMATS.iter().find(|f| f.name == name).map(Reader::BuiltIn))
    }

    /// The format of the operator's own that reads this topic, if one does.
    pub fn own_format(&self, topic: &str) -> Option<&'static str> {
        if self.own.is_empty() {
            return None;
        }
        match &self.find(topic)?.reader {
            Reader::Own(own) => Some(own.name()),
            Reader::BuiltIn(_) => None,
        }
    }

    /// The first route whose filter matches.
    pub(super) fn find(&self, topic: &str) -> Option<&Route> {
        self.pins.iter().chain(&self.own).find(|r| filter_matches(&r.filter, topic))
    }
}

impl Route {
    /// The filter's levels before its first wildcard; empty when it begins with one.
    pub(super) fn base(&self) -> &str {
        let wild = self.filter.find(['+', '#']);
        wild.map_or(&*self.filter, |at| self.filter[..at].trim_end_matches('/'))
    }
}

pub(super) fn unshared(filter: &str) -> &str {
    let rest = filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
    rest.map_or(filter, |(_, rest)| rest)
}

/// Whether this is a filter at all.
pub fn is_filter(filter: &str) -> bool {
    let mut levels = filter.split('/').rev();
    let last = levels.next().unwrap_or("");
    let plain = |level: &str| level == "+" || !level.contains(['+', '#', '\0']);
    !filter.is_empty() && (last == "#" || plain(last)) && levels.all(plain)
}

/// Whether an MQTT topic filter matches a topic: `+` is one level, a last `#` is any rest including none, and a
/// leading wildcard does not match topics that begin with `$`.
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut topics = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, topics.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    topics.next().is_none()
}

/// Whether some topic is matched by both filters.
pub fn filters_meet(one: &str, other: &str) -> bool {
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    loop {
        match (ones.next(), others.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some(l), Some(r)) if l == r || l == "+" || r == "+" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, yes: &[&str], no: &[&str]) {
        for topic in yes {
            assert!(filter_matches(filter, topic), "{filter} should match {topic}");
        }
        for topic in no {
            assert!(!filter_matches(filter, topic), "{filter} should not match {topic}");
        }
    }

    #[test]
    fn filters_match_as_mqtt_says() {
        check("flat7/#", &["flat7", "flat7/", "flat7/a/b"], &["flat70/a", "x/flat7/a"]);
        check("a/+/c", &["a/b/c", "a//c"], &["a/c", "a/b/c/d", "a/b"]);
        check("+/b", &["a/b", "/b"], &["$SYS/b", "b"]);
        check("#", &["a", "a/b"], &["$SYS/broker"]);
    }

    #[test]
    fn filters_that_meet() {
        for (one, other) in [("a/+/c", "a/#"), ("a/#", "a"), ("+/b", "a/+"), ("a/b", "a/b"), ("#", "x/y")] {
            assert!(filters_meet(one, other) && filters_meet(other, one), "{one} {other}");
        }
        for (one, other) in [("a/b", "a/c"), ("a/+", "a"), ("a/b/c", "a/+"), ("b/#", "a/#")] {
            assert!(!filters_meet(one, other) && !filters_meet(other, one), "{one} {other}");
        }
    }

    #[test]
    fn a_route_has_a_base_and_a_known_format() {
        let mut routes = Routes::default();
        routes.pin("$share/g/flat7/zb/+/#", "zigbee2mqtt").expect("valid");
        assert_eq!(routes.find("flat7/zb/kitchen").expect("matches").base(), "flat7/zb");
        assert!(matches!(routes.pin("a/#", "zigbee"), Err(RouteError::UnknownFormat { .. })));
        for filter in ["", "a/#/b", "a+/b", "a/b#"] {
            assert!(matches!(routes.pin(filter, "native"), Err(RouteError::InvalidFilter(_))), "{filter}");
        }
    }
}
