//! What is known before the first battery of a fleet has died: typical lives by model and chemistry, and gauge curves.
//!
//! Read once from `factory.txt`, which says where each line comes from.

use std::sync::LazyLock;

use super::{Life, Tuning};
use crate::decide::detect::sample::{About, Chemistry};

/// The table; see its head.
const TEXT: &str = include_str!("factory.txt");

struct Model {
    name: String,
    chemistry: Chemistry,
    /// (mV, per cent), rising.
    curve: Vec<(f64, f64)>,
    lives: Vec<(Life, f64)>,
}

static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| read(TEXT).expect("the built-in table is well formed"));

fn model(about: &About) -> Option<&'static Model> {
    let name = about.model.as_deref()?;
    MODELS.iter().find(|m| m.name == name)
}

/// Whether the table knows this model.
pub(super) fn is_model(about: &About) -> bool {
    model(about).is_some()
}

/// How this model's gauge follows its voltage, where that is known: (mV, per cent), rising, at least two points.
pub(super) fn curve(about: &About) -> Option<&'static [(f64, f64)]> {
    model(about).map(|m| m.curve.as_slice()).filter(|c| c.len() >= 2)
}

/// Typical lives with their worth: of the model itself, else of its chemistry, the less the more the fleet knows.
pub(super) fn lives(about: &About, known: usize, t: &Tuning) -> impl Iterator<Item = (&'static Life, f64)> {
    let own = model(about);
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let stranger = t.stranger * 8.0 / (8.0 + known as f64);
    MODELS.iter().flat_map(move |m| {
        let worth = match own {
            Some(own) if own.name == m.name => 1.0,
            Some(_) => 0.0,
            None if Some(m.chemistry) == about.chemistry && m.curve.is_empty() => stranger / t.stranger,
            None if Some(m.chemistry) == about.chemistry => stranger,
            None => 0.0,
        };
        m.lives.iter().filter(move |_| worth > 0.0).map(move |(life, weight)| (life, worth * weight))
    })
}

fn read(text: &str) -> Option<Vec<Model>> {
    let mut models: Vec<Model> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let mut words = line.split(' ');
        match words.next()? {
            "model" => models.push(Model {
                name: words.next()?.to_owned(),
                chemistry: Chemistry::parse(words.next()?)?,
                curve: Vec::new(),
                lives: Vec::new(),
            }),
            "curve" => {
                let point =
                    |word: &str| word.split_once(':').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
                models.last_mut()?.curve = words.map(point).collect::<Option<_>>()?;
            }
            "life" => {
                let weight = words.next()?.parse().ok()?;
                let hours = words.next()?.parse().ok()?;
                let start = words.next()?.parse().ok()?;
                let step = words.next()?.parse().ok()?;
                let passed = words.map(|w| w.parse().ok()).collect::<Option<_>>()?;
                models.last_mut()?.lives.push((Life { hours, died: true, start, step, passed }, weight));
            }
            _ => return None,
        }
    }
    models.iter().all(|m| m.lives.iter().all(|(life, _)| life.is_sound())).then_some(models)
}
