//! Instants and spans. UTC milliseconds inside; RFC 3339 and local wall time only at the edge.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A span of time in milliseconds.
pub type Millis = i64;

/// One second in milliseconds.
pub const SECOND: Millis = 1_000;
/// One minute in milliseconds.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: Millis = 60 * MINUTE;
/// One day in milliseconds.
pub const DAY: Millis = 24 * HOUR;
/// What was noted so much later than now is no disorder: our own clock was ahead of the time, and is right again.
pub const AHEAD_MIN: Millis = 5 * SECOND;

/// Whole numbers above this are instants, where data is looked through for them: no span or count is as large.
const INSTANT_MIN: i64 = 1_000_000_000_000;

/// A UTC instant in milliseconds since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses RFC 3339 with an offset; `None` when the text is no unambiguous instant.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self(t.timestamp_millis()))
    }

    /// RFC 3339 in UTC with milliseconds, as the API writes it.
    pub fn to_rfc3339(self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The same instant as chrono's type, clamped to what that can hold.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// The same value with other instants. It knows an instant by its size: a whole number of the milliseconds since 2001 or
/// more.
///
/// # Panics
/// For what is no plain data.
#[must_use]
pub fn with_instants<T: Serialize + DeserializeOwned>(value: &T, change: impl Fn(Timestamp) -> Timestamp) -> T {
    fn walk(value: &mut Value, change: &impl Fn(Timestamp) -> Timestamp) {
        match value {
            Value::Number(n) => {
                if let Some(at) = n.as_i64().filter(|n| *n > INSTANT_MIN) {
                    *value = change(Timestamp(at)).0.into();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            Value::Object(fields) => fields.values_mut().for_each(|field| walk(field, change)),
            _ => {}
        }
    }
    let mut plain = serde_json::to_value(value).expect("plain data");
    walk(&mut plain, &change);
    serde_json::from_value(plain).expect("what it was made of")
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

impl Sub for Timestamp {
    type Output = Millis;
    fn sub(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(t: DateTime<Utc>) -> Self {
        Self(t.timestamp_millis())
    }
}
