//! DROP Connect: `drop_connect/<hub>/<n>/stat` as JSON, gallons a minute and °F
//! (<https://www.home-assistant.io/integrations/drop_connect/>). `water` tells the supply valve, discovery tells
//! abilities; neither is a leak.

use super::facts::{self, Facts};
use super::scalar::Scalar;
use super::{Message, Outcome, json};
use crate::model::Fact;

const BASES: &[&str] = &["drop_connect"];
/// US liquid gallon in litres, exact.
const LITRES_PER_GALLON: f64 = 3.785_411_784;

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let below = message.below(BASES).unwrap_or(message.topic);
    match below.rsplit_once('/') {
        Some((device, "stat")) if !message.payload.is_empty() && !below.starts_with("discovery/") => {
            Ok(vec![json::fields(message.text()?, take)?.of(device, None)])
        }
        _ => Ok(vec![]),
    }
}

fn take(facts: &mut Facts, key: &str, value: &Scalar) {
    facts.add(match key {
        "leak" => facts::leak(value),
        "battery" => facts::percent(value),
        "temp" => facts::fahrenheit(value),
        "curFlow" => facts::count(value, |gpm| Fact::FlowLpm(gpm * LITRES_PER_GALLON)),
        _ => None,
    });
}
