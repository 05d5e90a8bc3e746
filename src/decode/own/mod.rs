//! Formats of the operator's own: a topic filter and a jq program that turns a message into readings
//! (docs/FORMATS.md). A program sees its message and nothing else, and is cut short when it takes too many steps.

mod algebra;
mod meter;
mod natives;
mod output;
mod program;
mod regex;
mod value;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::routes::{is_filter, unshared};
use super::{FORMAT_LIMIT, Message, Rejection, json};
use crate::model::{DeviceReadings, Timestamp};
use meter::Cut;
use program::{Failed, Program};
use value::Val;

pub use meter::STEPS_MAX;
pub use program::ProgramFault;

/// The most faults of one message's outputs that are told.
const FAULTS_MAX: usize = 3;

/// A format of the operator's own, ready to read.
pub struct OwnFormat {
    name: &'static str,
    filter: String,
    /// The names of levels, and where they stand.
    names: Vec<(String, usize)>,
    program: Program,
}

/// Why a format of one's own cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnFormatError {
    /// Its topic.
    #[error("`{0}` is no topic filter: `+`, `{{name}}` and `#` stand alone in a level, `#` only at the end")]
    Topic(String),
    /// Its program.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Program(Vec<ProgramFault>),
}

/// What a format made of a message. With a rejection, the readings are those that were right all the same.
pub(super) struct Said {
    pub(super) devices: Vec<DeviceReadings>,
    pub(super) wrong: Option<Rejection>,
}

/// What a program put out so far, kept outside of the run: it may be cut short at any step.
#[derive(Default)]
struct Taken {
    outputs: usize,
    devices: Vec<DeviceReadings>,
    wrong: Vec<String>,
}

impl Taken {
    fn of(taken: &Mutex<Self>) -> MutexGuard<'_, Self> {
        taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnFormat {
    /// A format by its name, the filter of its topics (in which `{word}` is a `+` with a name), and its program.
    ///
    /// # Errors
    /// [`OwnFormatError`] for the topic or the program.
    ///
    /// The name labels metrics for as long as the process lives: a few bytes for each reading of a configuration.
    pub fn new(name: &str, topic: &str, jq: &str) -> Result<Self, OwnFormatError> {
        let (filter, names) = named_levels(unshared(topic));
        if !is_filter(&filter) || filter.contains(['{', '}']) {
            return Err(OwnFormatError::Topic(topic.to_owned()));
        }
        let program = Program::compile(jq).map_err(OwnFormatError::Program)?;
        Ok(Self { name: Box::leak(name.into()), filter, names, program })
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The topics it reads, as MQTT knows filters.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Reads a message. What the program put out before it failed counts.
    pub(super) fn decode(&self, message: &Message, received_at: Option<Timestamp>) -> Result<Said, Rejection> {
        message.check_size()?;
        if message.payload.is_empty() {
            return Ok(Said { devices: vec![], wrong: None });
        }
        let taken = Mutex::new(Taken::default());
        let ran = meter::run(|| {
            *Taken::of(&taken) = Taken::default();
            let take = |value: &Val| {
                let mut wrong = Vec::new();
                let n = Taken::of(&taken).outputs;
                let device = output::device(value, n, &mut wrong);
                let mut taken = Taken::of(&taken);
                taken.outputs += 1;
                taken.devices.extend(device);
                taken.wrong.extend(wrong);
            };
            self.program.run(self.input(message, received_at), take).map_err(|failed| self.rejection(&failed))
        });
        let failed = ran.map_err(|cut| self.rejection(&Failed::Cut(cut))).flatten().err();
        let Taken { devices, wrong, .. } = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Said { devices, wrong: failed.or_else(|| self.faults(wrong)) })
    }

    /// What is wrong with outputs, the first few of it.
    fn faults(&self, wrong: Vec<String>) -> Option<Rejection> {
        let more = wrong.len().saturating_sub(FAULTS_MAX);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let told: Vec<_> = wrong.into_iter().take(FAULTS_MAX).collect();
        let detail = format!("{}: {}{more}", self.name, told.join("; "));
        (!told.is_empty()).then(|| Rejection::new("format_output", detail))
    }

    /// `{topic, levels, names, payload, payload_b64?, received_at}`.
    fn input(&self, message: &Message, received_at: Option<Timestamp>) -> Val {
        let levels: Vec<&str> = message.topic.split('/').collect();
        let names = self.names.iter().filter_map(|(name, at)| Some((name.as_str().into(), text(levels.get(*at)?))));
        let payload = match message.text() {
            Ok(words) => json::tree(words).map_or_else(|_| text(words), |tree| Val::input(&tree)),
            Err(_) => Val::Null,
        };
        let mut input = BTreeMap::from([
            ("topic".into(), text(message.topic)),
            ("names".into(), Val::object(names.collect())),
            ("levels".into(), levels.iter().map(|level| text(level)).collect()),
            ("payload".into(), payload),
            ("received_at".into(), received_at.map_or(Val::Null, |at| text(&at.to_rfc3339()))),
        ]);
        if std::str::from_utf8(message.payload).is_err() {
            input.insert("payload_b64".into(), text(&STANDARD.encode(message.payload)));
        }
        Val::object(input)
    }

    fn rejection(&self, failed: &Failed) -> Rejection {
        let name = self.name;
        match failed {
            Failed::Cut(Cut::Steps) => {
                let why = format!(
                    "{name}: cut short after {STEPS_MAX} steps; does the program end, and is the list bounded?"
                );
                Rejection::new(FORMAT_LIMIT, why)
            }
            Failed::Cut(Cut::Depth) => Rejection::new(FORMAT_LIMIT, format!("{name}: cut short, nested too deep")),
            Failed::Cut(Cut::Crash) => {
                Rejection::new("format_failed", format!("{name}: the program broke the interpreter"))
            }
            Failed::Raised(why) => Rejection::new("format_failed", format!("{name}: {}", brief(why))),
        }
    }
}

fn text(text: &str) -> Val {
    Val::Str(text.into())
}

/// An error that a program raised may quote a message at length.
fn brief(why: &str) -> String {
    const CHARS_MAX: usize = 160;
    why.chars().take(CHARS_MAX).collect()
}

/// `a/{unit}/b` is the filter `a/+/b`, in which level 1 is called `unit`.
fn named_levels(topic: &str) -> (String, Vec<(String, usize)>) {
    let mut names = Vec::new();
    let levels = topic.split('/').enumerate().map(|(at, level)| {
        let name = level.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let is_word = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        match name.filter(is_word) {
            Some(name) => {
                names.push((name.to_owned(), at));
                "+"
            }
            None => level,
        }
    });
    let filter = levels.collect::<Vec<_>>().join("/");
    (filter, names)
}
