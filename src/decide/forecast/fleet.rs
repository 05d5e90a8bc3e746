//! What the operator's own devices tell, by model: how their batteries ended, and how their gauges lie. Bounded; the oldest gives way.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Life, Repute, Track, Tuning, factory};
use crate::decide::detect::sample::About;
use crate::model::time::HOUR;
use crate::model::{DeviceKey, Millis};

/// Finished batteries kept of one model.
pub const LIVES_MAX: usize = 64;
/// Models kept; of more, nothing is learned.
pub const MODELS_MAX: usize = 500;

/// One finished battery, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedLife {
    /// In which device.
    pub device: DeviceKey,
    /// The model of that device.
    pub model: String,
    /// How it lived.
    pub life: Life,
}

/// Finished batteries of the operator, by model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    models: BTreeMap<String, VecDeque<Life>>,
    /// What the gauges of its models are known for.
    pub repute: Repute,
}

/// A fleet that has seen nothing.
pub static NO_FLEET: Fleet = Fleet::new();

/// With fewer lives than this, nothing is said of a device.
pub(super) const LIVES_LEAST: usize = 3;

/// Whether enough is known of such a device's batteries for a forecast to decide: its model in the table or in the
/// fleet, its own earlier batteries, or else its chemistry together with a pace that this battery has shown itself.
pub fn is_known(about: &About, own: &[Life], fleet: &Fleet, track: &Track) -> bool {
    let died = own.iter().filter(|life| life.died).count();
    died + fleet.known(about) >= LIVES_LEAST
        || factory::is_model(about)
        || (track.has_pace() && fleet.lives(about, &Tuning::default()).take(LIVES_LEAST).count() >= LIVES_LEAST)
}

impl Fleet {
    /// A fleet that has seen nothing.
    pub const fn new() -> Self {
        Self { models: BTreeMap::new(), repute: Repute::new() }
    }

    /// Learns from a battery that has died. One that was taken out while it worked tells only its own device something.
    pub fn learn(&mut self, finished: FinishedLife) {
        let FinishedLife { model, life, .. } = finished;
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

    /// The age at which a quarter of such batteries had ended: those of its model, and the device's own.
    pub fn age_of_ends(&self, about: &About, own: &[Life]) -> Option<Millis> {
        let model = about.model.as_deref().and_then(|m| self.models.get(m)).into_iter().flatten();
        let mut ages: Vec<u16> = own.iter().chain(model).filter(|life| life.died).map(|life| life.hours).collect();
        ages.sort_unstable();
        let quarter = ages.get(ages.len().saturating_sub(1) / 4).filter(|_| ages.len() >= LIVES_LEAST)?;
        Some(i64::from(*quarter) * HOUR)
    }

    /// How many finished batteries of such devices are known.
    fn known(&self, about: &About) -> usize {
        about.model.as_deref().and_then(|m| self.models.get(m)).map_or(0, VecDeque::len)
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
