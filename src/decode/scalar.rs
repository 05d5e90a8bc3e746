//! One value as a device wrote it: a JSON scalar, or the bare text of a topic. Says what the value *is*; what it
//! *means* is the business of `facts`. Unknown, null, empty and NaN are nothing, never false or zero.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value without structure.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    /// Null, an array, an object: nothing that can be a fact.
    Nothing,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// Bare text of a topic; quotes of JSON around it are dropped.
    pub(super) fn plain(text: &'a str) -> Self {
        let text = text.trim();
        let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        Self::Text(Cow::Borrowed(inner))
    }

    /// The number, also when it was written as text (`"80.00"`, `67 %`).
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n).filter(|n| n.is_finite()),
            Self::Text(text) => parse_number(text),
            _ => None,
        }
    }

    /// The truth of `true`, `1`, `on`, `yes`, `y` and their opposites; other words and numbers are not known here.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Number(n) if *n == 0.0 => Some(false),
            Self::Number(n) if *n == 1.0 => Some(true),
            Self::Text(text) => word(text, &["true", "on", "1", "yes", "y"], &["false", "off", "0", "no", "n"]),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'a> From<&'a serde_json::Value> for Scalar<'a> {
    fn from(value: &'a serde_json::Value) -> Self {
        match value {
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => n.as_f64().map_or(Self::Nothing, Self::Number),
            serde_json::Value::String(s) => Self::Text(Cow::Borrowed(s)),
            _ => Self::Nothing,
        }
    }
}

/// True or false by the list in which the text stands, compared without case, blanks and punctuation.
pub(super) fn word(text: &str, yes: &[&str], no: &[&str]) -> Option<bool> {
    let listed = |words: &[&str]| words.iter().any(|w| same_word(text, w));
    if listed(yes) { Some(true) } else { listed(no).then_some(false) }
}

/// Whether the letters and digits of `text` are those of `word`, which is lower case.
pub(super) fn same_word(text: &str, word: &str) -> bool {
    let folded = text.bytes().filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    folded.map(|b| b.to_ascii_lowercase()).eq(word.bytes())
}

fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    text.parse().ok().filter(|n: &f64| numeric && n.is_finite())
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Structure is walked over as scalars, not skipped: so its depth is bounded (127 levels) wherever it stands.
struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(b))
    }
    fn visit_u64<E>(self, n: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(n as f64))
    }
    fn visit_i64<E>(self, n: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(n as f64))
    }
    fn visit_f64<E>(self, n: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(n))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<Scalar>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, Scalar>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

/// An object's key, borrowed where it holds no escape.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
