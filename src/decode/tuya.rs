//! tuya-mqtt: `tuya/<device>/status`, raw data points under `…/DPS/…` and friendly topics of templates
//! (<https://github.com/TheAgentK/tuya-mqtt>). A numbered data point means what the device's schema says, which is not
//! in the message: nothing may be guessed from it.

use super::facts::{self, single};
use super::scalar::Scalar;
use super::{Message, Outcome};

const BASES: &[&str] = &["tuya"];

pub(super) fn recognises(message: &Message) -> bool {
    message.below(BASES).is_some()
}

pub(super) fn decode(message: &Message) -> Outcome {
    let Some((device, path)) = message.below(BASES).and_then(|below| below.split_once('/')) else { return Ok(vec![]) };
    if message.payload.is_empty() || path.ends_with("command") {
        return Ok(vec![]);
    }
    match path {
        "status" => Ok(single(device, facts::online(&Scalar::plain(message.text()?)))),
        _ => Ok(facts::silent(device)),
    }
}
