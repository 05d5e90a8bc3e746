//! What Home Assistant is told: discovery messages and the states behind them, as plain data.
//!
//! One message for each entity (`PREFIX/COMPONENT/nightporter/ID/config`), which every Home Assistant since 2021 and other
//! systems understand; ids are made of the registry's keys, so they stay. Knows no broker and no database.
//! <https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>

use serde_json::{Value, json};

use crate::catalogue;
use crate::decide::DeviceState;
use crate::decide::detect::battery::Phase;
use crate::model::time::MINUTE;
use crate::model::{Device, DeviceKey, DeviceKind, Ticket, TicketKind, Timestamp, ValveWish, digest};

/// Under which all our discovery topics stand; our own ingest knows them by it.
pub const NODE: &str = "nightporter";
/// Where the service says whether it is there; every entity is available only then.
pub const STATUS_TOPIC: &str = "nightporter/status";
/// "Last seen" moves in steps, so that a talkative device does not fill the broker.
const SEEN_STEP_MS: i64 = 10 * MINUTE;
/// How much of a key stays readable in an id.
const SLUG_CHARS_MAX: usize = 32;

/// A retained message as it should stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub topic: String,
    /// What; never empty.
    pub payload: Vec<u8>,
}

/// A device as Home Assistant needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The registry's entry.
    pub device: Device,
    /// The name of its unit.
    pub unit: String,
    /// What it told.
    pub state: DeviceState,
    /// When it last spoke.
    pub seen_at: Option<Timestamp>,
}

/// The service itself.
pub fn service(prefix: &str) -> Vec<Wanted> {
    let device = json!({ "identifiers": [NODE], "name": "Nightporter", "sw_version": env!("CARGO_PKG_VERSION") });
    let running = json!({
        "name": "Running", "unique_id": "nightporter_running", "device_class": "running",
        "state_topic": STATUS_TOPIC, "payload_on": "online", "payload_off": "offline",
        "entity_category": "diagnostic", "device": device, "origin": origin(),
    });
    vec![config(prefix, "binary_sensor", "running", &running)]
}

/// A property: how many tickets are open.
pub fn property(prefix: &str, id: &str, name: &str, open: usize) -> Vec<Wanted> {
    let topic = format!("nightporter/v1/{}/open_tickets", level(id));
    let entity = json!({
        "name": "Open tickets", "unique_id": format!("nightporter_{}_open_tickets", property_slug(id)),
        "state_topic": topic, "state_class": "measurement", "icon": "mdi:ticket-outline",
        "availability_topic": STATUS_TOPIC, "device": property_device(id, name), "origin": origin(),
    });
    let object = format!("{}_open_tickets", property_slug(id));
    vec![Wanted { topic, payload: open.to_string().into_bytes() }, config(prefix, "sensor", &object, &entity)]
}

/// A device: battery, connection, leak, last seen; only what it has told or must tell.
pub fn device(prefix: &str, known: &Known) -> Vec<Wanted> {
    let key = &known.device.key;
    let topic = format!("nightporter/v1/{}/{}/health", level(known.device.property_id.as_str()), device_slug(key));
    let mut wanted = vec![Wanted { topic: topic.clone(), payload: health(known).to_string().into_bytes() }];
    let about = about(known);
    let mut entity = |component: &str, word: &str, name: &str, own: Value| {
        let object = format!("{}_{word}", device_slug(key));
        let mut entity = json!({
            "name": name, "unique_id": format!("nightporter_{object}"), "state_topic": topic,
            "availability_topic": STATUS_TOPIC, "device": about, "origin": origin(),
        });
        let fields = entity.as_object_mut().expect("an object was made");
        fields.extend(own.as_object().expect("fields are an object").clone());
        wanted.push(config(prefix, component, &object, &entity));
    };
    let binary = |class: &str, field: &str| {
        let template = format!(
            "{{% if value_json.{field} is none %}}None{{% elif value_json.{field} %}}ON{{% else %}}OFF{{% endif %}}"
        );
        json!({ "device_class": class, "value_template": template })
    };
    let diagnostic = |mut own: Value| {
        own["entity_category"] = json!("diagnostic");
        own
    };
    entity("binary_sensor", "connected", "Connected", diagnostic(binary("connectivity", "online")));
    if seen(known).is_some() {
        let at = json!({ "device_class": "timestamp", "value_template": "{{ value_json.last_seen }}" });
        entity("sensor", "last_seen", "Last seen", diagnostic(at));
    }
    if known.device.kind != DeviceKind::Gateway {
        entity("binary_sensor", "battery_low", "Battery low", diagnostic(binary("battery", "battery_low")));
    }
    if known.state.battery.percent.is_some() {
        let level = json!({
            "device_class": "battery", "unit_of_measurement": "%", "state_class": "measurement",
            "value_template": "{{ value_json.battery }}",
        });
        entity("sensor", "battery", "Battery", diagnostic(level));
    }
    if known.device.kind == DeviceKind::LeakSensor || !known.state.leak.probes.is_empty() {
        entity("binary_sensor", "leak", "Leak", binary("moisture", "leak"));
    }
    wanted
}

/// An open ticket: a problem of its device, or of the property; gone with the ticket. Its state is the ticket itself.
pub fn ticket(prefix: &str, ticket: &Ticket, known: Option<&Known>, property_name: &str) -> Wanted {
    let topic = ticket_topic(ticket);
    let name = match ticket.kind {
        TicketKind::Battery => "Battery ticket",
        TicketKind::Leak => "Leak ticket",
        TicketKind::Silent => "Silence ticket",
        TicketKind::Tamper => "Tamper ticket",
        TicketKind::Request => "Request ticket",
    };
    let about = known.map_or_else(|| property_device(ticket.property_id.as_str(), property_name), about);
    let object = format!("ticket_{}", slug(ticket.id.as_str()));
    let entity = json!({
        "name": name, "unique_id": format!("nightporter_{object}"), "device_class": "problem",
        "state_topic": topic, "value_template": "ON", "json_attributes_topic": topic,
        "availability_topic": STATUS_TOPIC, "device": about, "origin": origin(),
    });
    config(prefix, "binary_sensor", &object, &entity)
}

/// Where an open ticket stands, retained.
pub fn ticket_topic(ticket: &Ticket) -> String {
    format!("nightporter/v1/{}/tickets/{}", level(ticket.property_id.as_str()), ticket.id)
}

/// What a valve is told: `{"valve":"close"|"open","at":…,"ticket":…}`.
pub fn valve_command(wish: &ValveWish) -> (String, Vec<u8>) {
    let (property, device) = (level(wish.property_id.as_str()), level(wish.device_key.as_str()));
    let word = if wish.closed { "close" } else { "open" };
    let command = json!({ "valve": word, "at": wish.at.to_rfc3339(), "ticket": wish.ticket_id });
    (format!("nightporter/v1/{property}/{device}/command"), command.to_string().into_bytes())
}

fn config(prefix: &str, component: &str, object: &str, entity: &Value) -> Wanted {
    Wanted { topic: format!("{prefix}/{component}/{NODE}/{object}/config"), payload: entity.to_string().into_bytes() }
}

/// What made the messages; our own ingest passes over what it finds under this name.
fn origin() -> Value {
    json!({ "name": "Nightporter", "sw_version": env!("CARGO_PKG_VERSION") })
}

fn about(known: &Known) -> Value {
    let device = &known.device;
    let via = match &device.gateway {
        Some(gateway) => format!("nightporter_{}", device_slug(gateway)),
        None => format!("nightporter_{}", property_slug(device.property_id.as_str())),
    };
    let mut about = json!({
        "identifiers": [format!("nightporter_{}", device_slug(&device.key))],
        "name": format!("{} {}", known.unit, device.name).trim(), "suggested_area": known.unit, "via_device": via,
    });
    if let Some(model) = &device.model {
        about["model"] = json!(model);
    }
    if let Some(model) = catalogue::of(device) {
        about["manufacturer"] = json!(model.maker);
    }
    about
}

fn property_device(id: &str, name: &str) -> Value {
    json!({ "identifiers": [format!("nightporter_{}", property_slug(id))], "name": name, "via_device": NODE })
}

fn health(known: &Known) -> Value {
    let state = &known.state;
    let seen = seen(known);
    let probes = &state.leak.probes;
    let told = state.battery.percent.is_some() || state.battery.millivolts.is_some() || state.battery.flag.is_some();
    json!({
        "battery": state.battery.percent.map(|p| (p * 10.0).round() / 10.0),
        "battery_low": told.then_some(state.battery.phase != Phase::Fresh),
        "online": seen.map(|_| !state.presence.silent && state.presence.offline_since.is_none()),
        "leak": (!probes.is_empty()).then(|| probes.values().any(|p| p.wet)),
        "last_seen": seen.map(|at| Timestamp(at.0 - at.0.rem_euclid(SEEN_STEP_MS)).to_rfc3339()),
    })
}

fn seen(known: &Known) -> Option<Timestamp> {
    known.seen_at.filter(|at| at.0 > 0)
}

fn property_slug(id: &str) -> String {
    format!("property_{}", slug(id))
}

fn device_slug(key: &DeviceKey) -> String {
    slug(key.as_str())
}

/// Letters, digits and `_`, and enough of a digest that no two are alike.
fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let readable: String = text.chars().take(SLUG_CHARS_MAX).map(plain).collect();
    let digest: String = digest(text).chars().filter(char::is_ascii_alphanumeric).take(10).collect();
    format!("{}_{}", readable.trim_matches('_'), digest.to_ascii_lowercase())
}

/// A level of a topic: wildcards and slashes of an id would be another topic.
fn level(id: &str) -> String {
    id.replace(['/', '+', '#'], "_")
}
