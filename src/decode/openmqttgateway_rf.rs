//! OpenMQTTGateway, radio codes: `<base>/<gateway>/433toMQTT` and its like. A bare code means what its owner knows of
//! the remote or sensor that sent it; nothing may be guessed (an operator teaches it with a format of their own).

use super::{Message, Outcome};

/// The receivers that yield codes without meaning.
const RECEIVERS: &[&str] =
    &["433toMQTT", "PilighttoMQTT", "RFtoMQTT", "SRFBtoMQTT", "RF2toMQTT", "IRtoMQTT", "MULTI_433toMQTT"];

pub(super) fn recognises(message: &Message) -> bool {
    let is_receiver = |level: &str| RECEIVERS.contains(&level);
    message.topic.split('/').any(is_receiver)
}

pub(super) fn decode(_: &Message) -> Outcome {
    Ok(vec![])
}
