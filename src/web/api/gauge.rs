//! What the API says of a device's gauge: whether it is to be believed, and the evidence. Must never judge.

use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use crate::decide::detect::battery::BatteryState;
use crate::decide::detect::gauge::Evidence;
use crate::model::OfModel;

/// Whether a gauge is to be believed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gauge {
    /// `trusted`, `presumed` to lie because others of its model do, or `doubted` for what it did itself.
    trust: &'static str,
    /// What speaks against it.
    evidence: Vec<GaugeEvidence>,
    /// What its model is known for: where it says low, nobody is told to act on it.
    presumed: Vec<GaugeEvidence>,
}

/// One reason to doubt a gauge.
#[derive(Debug, Serialize, ToSchema)]
pub struct GaugeEvidence {
    /// `frozen`, `empty_and_alive`, `cliff`, `died_high` or `scale`.
    lie: &'static str,
    /// Since when.
    since: Time,
    /// When it was last seen.
    at: Time,
    /// The level that was shown.
    shown: f64,
    /// What others of its model did, where that is what speaks against it.
    #[schema(required)]
    of_model: Option<GaugeOfModel>,
}

/// How many of a model's gauges were caught with the same lie within two years.
#[derive(Debug, Serialize, ToSchema)]
pub struct GaugeOfModel {
    /// Devices that were caught.
    caught: u32,
    /// Devices of the model that have told something.
    of: u32,
}

impl From<&Evidence> for GaugeEvidence {
    fn from(e: &Evidence) -> Self {
        Self {
            lie: e.lie.as_str(),
            since: e.since.into(),
            at: e.at.into(),
            shown: e.shown,
            of_model: e.of_model.map(|OfModel { caught, of }| GaugeOfModel { caught, of }),
        }
    }
}

impl Gauge {
    /// Nothing when nothing was told of a battery.
    pub(super) fn of(battery: &BatteryState) -> Option<Self> {
        if battery.at.0 <= 0 && battery.gauge.is_trusted() {
            return None;
        }
        let gauge = &battery.gauge;
        let trust = match (gauge.is_trusted(), gauge.presumed.is_empty()) {
            (true, true) => "trusted",
            (true, false) => "presumed",
            (false, _) => "doubted",
        };
        let told = |list: &[Evidence]| list.iter().map(GaugeEvidence::from).collect();
        Some(Self { trust, evidence: told(&gauge.evidence), presumed: told(&gauge.presumed) })
    }
}
