//! JSON as devices write it. Strict where a guess could lie, tolerant where a good field would be lost: a number too
//! large for a double (`1e999`) becomes null instead of costing the whole message.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use serde_json::Value;

use super::Rejection;
use super::scalar::{Key, Scalar};

/// Feeds each field of an object to `take`, in order and without a tree; structure below the first level is skipped.
/// JSON that is no object has no fields.
pub(super) fn fields<T: Default>(text: &str, take: fn(&mut T, &str, &Scalar)) -> Result<T, Rejection> {
    parse(text, || Fields { into: T::default(), take })
}

/// The whole tree, for formats that nest; deeper than 127 levels is rejected.
pub(super) fn tree(text: &str) -> Result<Value, Rejection> {
    parse(text, || std::marker::PhantomData::<Value>)
}

fn parse<S, T>(text: &str, seed: impl Fn() -> S) -> Result<T, Rejection>
where
    S: for<'de> DeserializeSeed<'de, Value = T>,
{
    read(text, seed()).or_else(|first| match without_huge_numbers(text) {
        Cow::Owned(tamed) => read(&tamed, seed()).map_err(|_| invalid(&first)),
        Cow::Borrowed(_) => Err(invalid(&first)),
    })
}

fn read<T>(text: &str, seed: impl for<'de> DeserializeSeed<'de, Value = T>) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut json)?;
    json.end().map(|()| value)
}

struct Fields<T> {
    into: T,
    take: fn(&mut T, &str, &Scalar),
}

impl<'de, T> DeserializeSeed<'de> for Fields<T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<T, A::Error> {
        while let Some((Key(key), value)) = map.next_entry()? {
            (self.take)(&mut self.into, &key, &value);
        }
        Ok(self.into)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        while seq.next_element::<Scalar>()?.is_some() {}
        Ok(self.into)
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(self.into)
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(self.into)
    }
    fn visit_u64<E>(self, _: u64) -> Result<T, E> {
        Ok(self.into)
    }
    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(self.into)
    }
    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(self.into)
    }
    fn visit_str<E>(self, _: &str) -> Result<T, E> {
        Ok(self.into)
    }
}

fn invalid(error: &serde_json::Error) -> Rejection {
    Rejection::new("invalid_json", format!("line {} column {}", error.line(), error.column()))
}

/// The same text with `null` for each number that no double can hold.
fn without_huge_numbers(text: &str) -> Cow<'_, str> {
    let mut tamed = String::new();
    let (mut kept, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => string_end(bytes, at),
            b'-' | b'0'..=b'9' => number_end(bytes, at),
            _ => at + 1,
        };
        if end > at + 4 && bytes[at] != b'"' && text[at..end].parse::<f64>().is_ok_and(f64::is_infinite) {
            tamed.push_str(&text[kept..at]);
            tamed.push_str("null");
            kept = end;
        }
        at = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    tamed.push_str(&text[kept..]);
    Cow::Owned(tamed)
}

/// The index behind the string that opens at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => return i + 1,
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
    bytes.len()
}

fn number_end(bytes: &[u8], at: usize) -> usize {
    let more = |b: &u8| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    bytes[at..].iter().position(more).map_or(bytes.len(), |n| at + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_numbers_become_null_and_nothing_else_changes() {
        let text = r#"{"a":1e999,"b":"1e999 \" 1e999","c":[-1E400,2]}"#;
        assert_eq!(without_huge_numbers(text), r#"{"a":null,"b":"1e999 \" 1e999","c":[null,2]}"#);
        assert!(matches!(without_huge_numbers(r#"{"a":1e9}"#), Cow::Borrowed(_)));
        assert!(matches!(without_huge_numbers("\"\\"), Cow::Borrowed(_)));
    }
}
