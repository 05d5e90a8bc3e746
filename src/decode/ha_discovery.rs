//! Home Assistant's discovery and birth messages: configuration that names devices, never telemetry
//! (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>).

use super::{Message, Outcome};

pub(super) fn recognises(message: &Message) -> bool {
    let topic = message.topic;
    topic.starts_with("homeassistant/") && (topic.ends_with("/config") || topic == "homeassistant/status")
}

pub(super) fn decode(_: &Message) -> Outcome {
    Ok(vec![])
}
