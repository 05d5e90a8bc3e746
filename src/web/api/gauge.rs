//! What the API says of a device's gauge: whether it is to be believed, and the evidence. Must never judge.

use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use crate::decide::detect::battery::BatteryState;

/// Whether a gauge is to be believed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gauge {
    /// `trusted` or `doubted`.
    trust: &'static str,
    /// What speaks against it.
    evidence: Vec<GaugeEvidence>,
}

/// One reason to doubt a gauge.
#[derive(Debug, Serialize, ToSchema)]
pub struct GaugeEvidence {
    /// `frozen`, `empty_and_alive`, `cliff`, `died_high` or `scale`.
    lie: serde_json::Value,
    /// Since when.
    since: Time,
    /// When it was last seen.
    at: Time,
    /// The level that was shown.
    shown: f64,
}

impl Gauge {
    /// Nothing when nothing was told of a battery.
    pub(super) fn of(battery: &BatteryState) -> Option<Self> {
        if battery.at.0 <= 0 && battery.gauge.is_trusted() {
            return None;
        }
        let evidence = battery.gauge.evidence.iter().map(|e| GaugeEvidence {
            lie: serde_json::to_value(e.lie).expect("a word"),
            since: e.since.into(),
            at: e.at.into(),
            shown: e.shown,
        });
        let trust = if battery.gauge.is_trusted() { "trusted" } else { "doubted" };
        Some(Self { trust, evidence: evidence.collect() })
    }
}
