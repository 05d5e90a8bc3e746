//! What the gauges of a model are known for: which lies are presumed of each of its devices. Must never count what was
//! itself presumed.

use std::collections::BTreeMap;

use super::MODELS_MAX;
use crate::decide::detect::sample::About;
use crate::model::time::DAY;
use crate::model::{DeviceKey, Lie, Millis, OfModel};

/// So many devices of a model must have been caught with the same lie: two may share a bad pair of cells or a cold door …
const CAUGHT_LEAST: u32 = 3;
/// … and one in so many of those that have spoken: a lock-out that nobody saw coming costs more than five visits, so from
/// one in five on a visit in place of the gauge is the cheaper mistake.
const ONE_IN: u32 = 5;
/// Who was caught longer ago than this no longer counts: a maker may have mended it.
pub const CAUGHT_FOR: Millis = 730 * DAY;

/// A device whose gauge was caught with a lie, by evidence of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Which device.
    pub device: DeviceKey,
    /// Its model.
    pub model: String,
    /// What it did.
    pub lie: Lie,
}

/// What is presumed of the gauges of the operator's models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repute {
    models: BTreeMap<String, Vec<(Lie, OfModel)>>,
}

impl Repute {
    /// Nothing is presumed.
    pub const fn new() -> Self {
        Self { models: BTreeMap::new() }
    }

    /// How many of a model were caught with a lie; too few, or too small a share, tell nothing of the others.
    pub fn learn(&mut self, model: String, lie: Lie, counted: OfModel) {
        let enough = counted.caught >= CAUGHT_LEAST && counted.caught.saturating_mul(ONE_IN) >= counted.of;
        if enough && (self.models.len() < MODELS_MAX || self.models.contains_key(&model)) {
            self.models.entry(model).or_default().push((lie, counted));
        }
    }

    /// What is presumed of such a device's gauge.
    pub fn of(&self, about: &About) -> &[(Lie, OfModel)] {
        about.model.as_deref().and_then(|model| self.models.get(model)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_and_one_in_five_and_not_on_less() {
        for (caught, of, presumed) in [(2, 2, false), (3, 3, true), (3, 15, true), (3, 16, false), (40, 200, true)] {
            let mut repute = Repute::new();
            repute.learn("D4".to_owned(), Lie::Frozen, OfModel { caught, of });
            let about = About { model: Some("D4".to_owned()), ..About::UNKNOWN };
            assert_eq!(!repute.of(&about).is_empty(), presumed, "{caught} of {of}");
            assert_eq!(repute.of(&About::UNKNOWN), [], "of no model nothing");
        }
    }
}
