//! What the operator's own finished batteries tell, by model. Bounded; the oldest gives way.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Life, Tuning, factory};
use crate::decide::detect::sample::About;

/// Finished batteries kept of one model.
pub const LIVES_MAX: usize = 64;
/// Models kept; of more, nothing is learned.
pub const MODELS_MAX: usize = 500;

/// One finished battery, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedLife {
    /// The model of its device.
    pub model: String,
    /// How it lived.
    pub life: Life,
}

/// Finished batteries of the operator, by model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    models: BTreeMap<String, VecDeque<Life>>,
}

/// A fleet that has seen nothing.
pub static NO_FLEET: Fleet = Fleet::new();

/// With fewer lives than this, nothing is said of a device.
pub(super) const LIVES_LEAST: usize = 3;

/// Whether enough is known of such a device's batteries for a forecast to decide.
pub fn is_known(about: &About, own: &[Life], fleet: &Fleet) -> bool {
    let tuning = Tuning::default();
    let died = |life: &Life| usize::from(life.died);
    let own: usize = own.iter().map(died).sum();
    own >= LIVES_LEAST || fleet.lives(about, &tuning).take(LIVES_LEAST).count() >= LIVES_LEAST
}

impl Fleet {
    /// A fleet that has seen nothing.
    pub const fn new() -> Self {
        Self { models: BTreeMap::new() }
    }

    /// Learns from a battery that has died. One that was taken out while it worked tells only its own device something.
    pub fn learn(&mut self, finished: FinishedLife) {
        let FinishedLife { model, life } = finished;
        if !life.died || !life.is_sound() || (self.models.len() >= MODELS_MAX && !self.models.contains_key(&model)) {
            return;
        }
        let lives = self.models.entry(model).or_default();
        if lives.len() == LIVES_MAX {
            lives.pop_front();
        }
        lives.push_back(life);
    }

    /// How many finished batteries are known.
    pub fn len(&self) -> usize {
        self.models.values().map(VecDeque::len).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Lives that may tell something of such a device, with their worth and where they come from (1 fleet, 2 factory).
    pub(super) fn lives<'a>(&'a self, about: &'a About, t: &'a Tuning) -> impl Iterator<Item = (&'a Life, f64, usize)> {
        let model = about.model.as_deref().and_then(|m| self.models.get(m));
        let known = model.map_or(0, VecDeque::len);
        let fleet = model.into_iter().flatten().map(|life| (life, t.fleet, 1));
        let factory = factory::lives(about, known, t).map(|(life, worth)| (life, worth, 2));
        fleet.chain(factory)
    }
}
