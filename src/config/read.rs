//! Text and environment in, a typed value or a list of errors with their places out.
//!
//! The document is read again and again, each time without the part that was wrong, so that one run reports all that
//! can be reported. Values of the environment are first taken as text and, where that does not fit, as TOML.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::explain::explain;

/// Variables with this prefix and a double underscore are keys.
const ENV_PREFIX: &str = "NIGHTPORTER_";

/// How many places a variable has: one for each level of its key, and the last for its value.
const PLACES: usize = 16;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// `FILE:LINE:COLUMN`, or the variable of the environment.
    pub place: String,
    /// The key, dotted; empty when the problem is not one key's.
    pub key: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

/// Everything that is wrong with a configuration: in the order of the file, and after it the environment's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let problem = format!("cannot be read: {error}");
        Self(vec![ConfigError { place: path.display().to_string(), key: String::new(), problem }])
    }
}

/// A configuration while it is read: what is left of it, and what was wrong.
pub(super) struct Document<'i> {
    text: &'i str,
    pub(super) path: &'i Path,
    /// As written, to find the places of keys.
    whole: DeTable<'i>,
    /// Without what was wrong.
    sound: DeTable<'i>,
    /// Variables; number n has the spans of [`Document::env_span`].
    env: Vec<Variable<'i>>,
    /// Each with where it begins.
    errors: Vec<(usize, ConfigError)>,
}

struct Variable<'i> {
    name: &'i str,
    value: &'i str,
    tried_as_toml: bool,
}

impl<'i> Document<'i> {
    /// Parses the text and lays the variables over it.
    pub(super) fn new(text: &'i str, path: &'i Path, env: &'i [(String, String)]) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut document =
            Self { text, path, whole: DeTable::new(), sound: table.into_inner(), env: Vec::new(), errors: Vec::new() };
        for error in errors {
            document.report_at(error.span().unwrap_or(0..0), error.message().to_owned());
        }
        for (name, value) in env {
            document.overlay(name, value);
        }
        document.whole = document.sound.clone();
        document
    }

    /// The value; `None` only when nothing could be read at all. The errors are kept, see [`Document::into_errors`].
    pub(super) fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        if !self.errors.is_empty() {
            return None;
        }
        loop {
            let table = Spanned::new(0..self.text.len(), self.sound.clone());
            match T::deserialize(toml::Deserializer::from(table)) {
                Ok(value) => return Some(value),
                Err(error) if self.set_aside(&error) => {}
                Err(_) => return None,
            }
        }
    }

    /// Whether a key is given at all.
    pub(super) fn has(&self, key: &str) -> bool {
        let (section, key) = key.split_once('.').unwrap_or(("", key));
        self.whole.get(section).and_then(|s| s.get_ref().as_table()).is_some_and(|t| t.contains_key(key))
    }

    /// Reports a problem of a key that was read well; nothing more of a key that already has one, be it that the file
    /// of a secret could not be read.
    pub(super) fn report(&mut self, key: &str, problem: impl Into<String>) {
        let same = |rest: &str| rest.is_empty() || rest.starts_with('.') || rest == "_file";
        let told = |e: &ConfigError| e.key.strip_prefix(key).is_some_and(same);
        if self.errors.iter().any(|(_, e)| told(e)) {
            return;
        }
        let mut span = None;
        let mut table = Some(&self.whole);
        for part in key.split('.') {
            let found = table.and_then(|t| t.get_key_value(part));
            span = found
                .map(|(key, value)| if self.env_place(&value.span()).is_some() { value.span() } else { key.span() })
                .or(span);
            table = found.and_then(|(_, value)| value.get_ref().as_table());
        }
        let place = span.as_ref().map_or_else(|| self.path.display().to_string(), |span| self.place(span));
        let error = ConfigError { place, key: key.to_owned(), problem: problem.into() };
        self.errors.push((span.map_or(0, |span| span.start), error));
    }

    /// Reports a problem of what stands at a span.
    pub(super) fn report_at(&mut self, span: Range<usize>, problem: String) {
        let key = find(&self.whole, &span).map(|path| path.join(".")).unwrap_or_default();
        self.report_key_at(key, span, problem);
    }

    /// Reports a problem of what stands at a span, of a key that is known.
    pub(super) fn report_key_at(&mut self, key: String, span: Range<usize>, problem: String) {
        self.errors.push((span.start, ConfigError { place: self.place(&span), key, problem }));
    }

    /// What was wrong.
    pub(super) fn into_errors(mut self) -> Vec<ConfigError> {
        self.errors.sort_by_key(|(start, _)| *start);
        self.errors.into_iter().map(|(_, error)| error).collect()
    }

    /// Lays one variable over the table.
    fn overlay(&mut self, name: &'i str, value: &'i str) {
        let Some(key) = name.strip_prefix(ENV_PREFIX) else { return };
        let parts: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let [above @ .., last] = parts.as_slice() else { return };
        if above.is_empty() {
            return self.warn_of_single_underscore(name, last);
        }
        let index = self.env.len();
        let span = |level: usize| self.env_span(index, level);
        let spans: Vec<_> = (0..above.len()).map(span).collect();
        let (last_span, value_span) = (span(above.len()), span(PLACES - 1));
        self.env.push(Variable { name, value, tried_as_toml: false });
        let mut table = &mut self.sound;
        for (part, span) in above.iter().zip(spans) {
            let key = Spanned::new(span.clone(), part.clone().into());
            let entry = table.entry(key).or_insert_with(|| Spanned::new(span, DeValue::Table(DeTable::new())));
            let DeValue::Table(inner) = entry.get_mut() else {
                return self.report_at(value_span, format!("{part} holds a value in the file, not a table"));
            };
            table = inner;
        }
        table.insert(
            Spanned::new(last_span, last.clone().into()),
            Spanned::new(value_span, DeValue::String(value.into())),
        );
    }

    /// `NIGHTPORTER_DATABASE_URL` would be ignored: say so. Other single names belong to somebody else.
    fn warn_of_single_underscore(&mut self, name: &str, key: &str) {
        let meant =
            super::check::SECTIONS.iter().find_map(|s| key.strip_prefix(s)?.strip_prefix('_').map(|rest| (s, rest)));
        if let Some((section, rest)) = meant {
            let meant = format!("{ENV_PREFIX}{section}__{rest}").to_uppercase();
            let problem = format!("a level takes two underscores: {meant}");
            self.errors.push((usize::MAX, ConfigError { place: name.to_owned(), key: String::new(), problem }));
        }
    }

    /// Takes what an error is about out of the table, or gives it another form. `false` when it cannot be found.
    fn set_aside(&mut self, error: &toml::de::Error) -> bool {
        let Some((span, path)) = error.span().and_then(|s| find(&self.sound, &s).map(|path| (s, path))) else {
            self.report_at(error.span().unwrap_or(0..0), explain(error.message()));
            return false;
        };
        if let Some(value) = self.as_toml(&span) {
            replace(&mut self.sound, &path, value);
            return true;
        }
        self.report_at(span, explain(error.message()));
        remove(&mut self.sound, &path);
        true
    }

    /// The value of the variable at a span read as TOML, once.
    fn as_toml(&mut self, span: &Range<usize>) -> Option<Spanned<DeValue<'i>>> {
        let (index, level) = self.env_place(span)?;
        if level != PLACES - 1 {
            return None;
        }
        let variable = self.env.get_mut(index).filter(|v| !v.tried_as_toml)?;
        variable.tried_as_toml = true;
        DeValue::parse(variable.value).ok().map(|value| moved(value, span))
    }

    /// Variables have spans behind the end of the text, one byte for each level of the key and one for the value.
    fn env_span(&self, index: usize, level: usize) -> Range<usize> {
        let start = self.text.len() + 1 + index * PLACES + level.min(PLACES - 1);
        start..start + 1
    }

    /// Which variable and level a span is; `None` when it lies in the text.
    fn env_place(&self, span: &Range<usize>) -> Option<(usize, usize)> {
        let offset = span.start.checked_sub(self.text.len() + 1)?;
        Some((offset / PLACES, offset % PLACES))
    }

    fn place(&self, span: &Range<usize>) -> String {
        if let Some(variable) = self.env_place(span).and_then(|(index, _)| self.env.get(index)) {
            return variable.name.to_owned();
        }
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        format!("{}:{line}:{column}", self.path.display())
    }
}

/// The deepest key, value or element that a span belongs to: keys, and for elements of lists their number. An element of a list is never entered.
fn find(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let below = match value.get_ref() {
            DeValue::Table(inner) => find(inner, span),
            DeValue::Array(items) => items.iter().position(|item| holds(item, span)).map(|i| vec![i.to_string()]),
            _ => None,
        };
        let here = || (key.span() == *span || covers(&value.span(), span)).then(Vec::new);
        below.or_else(here).map(|mut path| {
            path.insert(0, key.get_ref().to_string());
            path
        })
    })
}

/// Whether a span lies in an element of a list. One written as `[[name]]` has the span of its header alone.
fn holds(item: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let below = |table: &DeTable<'_>| find(table, span).is_some();
    covers(&item.span(), span) || item.get_ref().as_table().is_some_and(below)
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn remove(table: &mut DeTable<'_>, path: &[String]) {
    match path {
        [] => {}
        [last] => drop(table.remove(last.as_str())),
        [first, rest @ ..] => match table.get_mut(first.as_str()).map(Spanned::get_mut) {
            Some(DeValue::Table(inner)) => remove(inner, rest),
            Some(DeValue::Array(items)) => *items = without(items, &rest[0]),
            _ => {}
        },
    }
}

fn without<'i>(items: &DeArray<'i>, index: &str) -> DeArray<'i> {
    items.iter().enumerate().filter(|(i, _)| i.to_string() != index).map(|(_, item)| item.clone()).collect()
}

fn replace<'i>(table: &mut DeTable<'i>, path: &[String], value: Spanned<DeValue<'i>>) {
    match path {
        [] => {}
        [last] => drop(table.insert(Spanned::new(value.span(), last.clone().into()), value)),
        [first, rest @ ..] => {
            if let Some(DeValue::Table(inner)) = table.get_mut(first.as_str()).map(Spanned::get_mut) {
                replace(inner, rest, value);
            }
        }
    }
}

/// The same value with every part at one span.
fn moved<'i>(value: Spanned<DeValue<'i>>, span: &Range<usize>) -> Spanned<DeValue<'i>> {
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| moved(item, span)).collect()),
        DeValue::Table(table) => {
            let entries = table.into_iter();
            let entries = entries.map(|(k, v)| (Spanned::new(span.clone(), k.into_inner()), moved(v, span)));
            DeValue::Table(entries.collect())
        }
        scalar => scalar,
    };
    Spanned::new(span.clone(), value)
}
