//! What is known of lock and leak-sensor models: batteries, gauges, what opens a dead lock; each fact with its source.
//!
//! Compiled in: `models.csv` and `battery_notes.csv` (made by `tools/catalogue.mjs`) and `facts.toml` (kept by hand) are read
//! once, at first use.
//! A lookup takes whatever a system calls a model and answers only when the name is no other model's too. Never reads a
//! file, never guesses: a fact that no source states is absent, and the registry's own word always comes first.

mod battery;
mod load;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use battery::{CELLS_MAX, Cells, Chemistry, Shape, Size};

use crate::model::{Device, DeviceKind};
use battery::letters;

/// Longer names are none.
const NAME_CHARS_MAX: usize = 128;
/// More words are prose.
const WORDS_MAX: usize = 12;
/// A part of a name says which model it is only when it has a digit and is as long as this.
const PART_LETTERS_MIN: usize = 5;
/// A whole name without its maker is at least as long as this.
const BARE_LETTERS_MIN: usize = 4;

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Who makes it.
    pub maker: String,
    /// The maker's name for it, as Zigbee2MQTT and catalogues write it.
    pub model: String,
    /// What else systems report for it: Zigbee model ids, white labels, product names.
    pub names: Vec<String>,
    /// What it is for.
    pub kind: DeviceKind,
    /// What it runs on.
    pub battery: Option<Battery>,
    /// How its level comes about.
    pub gauge: Option<Gauge>,
    /// How fresh cells go in.
    pub change: Option<Change>,
    /// What opens the door when the battery is dead.
    pub emergency: Option<Emergency>,
    /// Where the model is described, when it is in Zigbee2MQTT's list.
    pub source: Option<String>,
}

/// What a model runs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Battery {
    /// How many of which size.
    pub cells: Cells,
    /// What they must be made of, if a source says or the size leaves no choice.
    pub chemistry: Option<Chemistry>,
    /// Where this is from, URLs.
    pub sources: Vec<String>,
}

/// How a level comes about, on its way to us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// The device tells percents, in steps of this many.
    Percent {
        /// 0.5 by the Zigbee standard, 1 where a device counts whole percents.
        step: f64,
    },
    /// The gateway makes percents of a voltage, along a straight line.
    Voltage {
        /// 0 % at or below, mV.
        empty_mv: u32,
        /// 100 % at or above, mV.
        full_mv: u32,
    },
    /// Only "low" or not.
    Flag,
}

/// See [`Reading`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// How.
    pub reading: Reading,
    /// Where this is from, URLs.
    pub sources: Vec<String>,
}

/// How fresh cells go in, for a person without tools at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
    /// Where this is from, URLs.
    pub sources: Vec<String>,
}

/// What opens the door when the battery is dead.
#[derive(Clone, Debug, PartialEq)]
pub struct Emergency {
    /// The ways, the best first.
    pub ways: Vec<Way>,
    /// Where this is from, URLs.
    pub sources: Vec<String>,
}

/// One way into a dead lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A 9 V battery held to contacts outside.
    NineVolt,
    /// A power bank at a USB-C socket outside.
    UsbC,
    /// A power bank at a micro-USB socket outside.
    MicroUsb,
    /// The mechanical key.
    Key,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::NineVolt, Self::UsbC, Self::MicroUsb, Self::Key];
}

impl Model {
    /// What its cells are made of, if known.
    pub fn chemistry(&self) -> Option<Chemistry> {
        self.battery.as_ref().and_then(|b| b.chemistry)
    }

    /// How many of which size it takes, if known.
    pub fn cells(&self) -> Option<Cells> {
        self.battery.as_ref().map(|b| b.cells)
    }

    /// How its level comes about, if known.
    pub fn gauge(&self) -> Option<Reading> {
        self.gauge.as_ref().map(|g| g.reading)
    }
}

/// Models and the names that lead to them.
struct Catalogue {
    models: Vec<Model>,
    by_name: HashMap<String, usize>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let models = load::models();
    let by_name = index(&models);
    Catalogue { models, by_name }
});

/// Every model, in the order of the files.
pub fn all() -> &'static [Model] {
    &CATALOGUE.models
}

/// The model that a system means by a name: `SJCGQ11LM`, `lumi.lock.acn02`, `Yale YRD256`,
/// `Water leak sensor T1 (SJCGQ12LM)`, `Allegion BE469ZP`. None when nobody or more than one is meant.
pub fn lookup(model: &str) -> Option<&'static Model> {
    if model.chars().nth(NAME_CHARS_MAX).is_some() {
        return None;
    }
    let whole = CATALOGUE.by_name.get(&letters(model));
    let found = whole.copied().or_else(|| parts(model).find_map(|part| CATALOGUE.by_name.get(&part).copied()))?;
    Some(&CATALOGUE.models[found])
}

/// The model of a registered device.
pub fn of(device: &Device) -> Option<&'static Model> {
    device.model.as_deref().and_then(lookup).filter(|model| model.kind == device.kind)
}

/// What a device's cells are made of: the registry's word, else the catalogue's.
pub fn chemistry_of(device: &Device) -> Option<Chemistry> {
    let own = device.chemistry.as_deref();
    let known = || cells_of(device).and_then(|c| c.size.chemistry()).or_else(|| of(device)?.chemistry());
    match own {
        Some(word) => Chemistry::parse(word).or_else(|| cells_of(device)?.size.chemistry()),
        None => known(),
    }
}

/// How many cells of which size a device takes: the registry's word, else the catalogue's.
pub fn cells_of(device: &Device) -> Option<Cells> {
    match &device.cells {
        Some(text) => Cells::parse(text),
        None => of(device)?.cells(),
    }
}

/// Runs of words of a name that may name a model by themselves, the longest first.
fn parts(name: &str) -> impl Iterator<Item = String> {
    let breaks = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '/' | ',' | ';' | '|' | '[' | ']');
    let words: Vec<&str> = name.split(breaks).filter(|w| !w.is_empty()).take(WORDS_MAX).collect();
    let mut runs = Vec::new();
    for length in (1..=words.len()).rev() {
        runs.extend(words.windows(length).map(|run| letters(&run.concat())));
    }
    runs.into_iter().filter(|run| run.chars().count() >= PART_LETTERS_MIN && run.contains(|c: char| c.is_ascii_digit()))
}

/// Names to models. The model's own name outranks another's id, an id a part of a name; a name of two models in one rank
/// leads to neither.
fn index(models: &[Model]) -> HashMap<String, usize> {
    let mut index = HashMap::new();
    for rank in [own_names, other_names, pieces] {
        let mut here: HashMap<String, Option<usize>> = HashMap::new();
        for (n, model) in models.iter().enumerate() {
            for name in rank(model) {
                let maker = letters(&model.maker);
                let bare = Some(letters(&name)).filter(|key| is_distinctive(key) || key.starts_with(&maker));
                for key in bare.into_iter().chain([letters(&format!("{maker}{name}"))]) {
                    let place = here.entry(key).or_insert(Some(n));
                    *place = place.filter(|other| *other == n);
                }
            }
        }
        let sure = here.into_iter().filter_map(|(key, n)| Some((key, n?)));
        sure.for_each(|(key, n)| {
            index.entry(key).or_insert(n);
        });
    }
    index
}

/// Without its maker only a name with a digit and a letter means one model; "Smart Lock" and "905" may be anybody's.
fn is_distinctive(key: &str) -> bool {
    let digit = key.contains(|c: char| c.is_ascii_digit());
    digit
        && key.chars().count() >= BARE_LETTERS_MIN
        && (key.contains(char::is_alphabetic) || key.len() > PART_LETTERS_MIN)
}

fn own_names(model: &Model) -> Vec<String> {
    vec![model.model.clone()]
}

fn other_names(model: &Model) -> Vec<String> {
    model.names.clone()
}

/// `HS1WL/HS3WL` is either.
fn pieces(model: &Model) -> Vec<String> {
    let long = |piece: &&str| letters(piece).len() >= PART_LETTERS_MIN && piece.starts_with(char::is_alphabetic);
    model.model.split('/').filter(long).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
