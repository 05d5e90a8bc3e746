//! Devices: what the registry says of them and what they told last. Held strangers too: heard, but in no registry.

use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::battery::{Day, Forecast, days};
use super::catalogue::CatalogueModel;
use super::field::below;
use super::gauge::Gauge;
use super::{Answer, NoParams, Paged, Time};
use crate::catalogue;
use crate::decide::DeviceState;
use crate::decide::detect::battery::{BatteryState, Phase};
use crate::model::{DeviceKind, PowerSource, Profile};
use crate::store::{DeviceFilter, DeviceRow, StoreError};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, page};
use crate::web::problem::{Problem, wrong_method};

/// Adds the routes of this file. A device key may hold slashes: percent-encoded or as they are.
pub fn routes(routes: Routes) -> Routes {
    routes
        .add::<__path_list, _, _>(list)
        .add_at::<__path_one, _, _>("/api/v1/devices/{*key}", one_or_battery)
        .also::<__path_battery>()
}

/// A device: the registry's entry and what it told last. What it has not told is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct Device {
    /// Its name in messages.
    key: String,
    /// Whether it is in the registry.
    registered: bool,
    #[schema(required, examples("lock", "leak_sensor", "valve", "meter", "gateway"))]
    kind: Option<&'static str>,
    /// What people call it.
    #[schema(required)]
    name: Option<String>,
    /// As registered, else as announced.
    #[schema(required)]
    model: Option<String>,
    #[schema(required)]
    property_id: Option<String>,
    #[schema(required)]
    unit_id: Option<String>,
    /// The device it speaks through.
    #[schema(required)]
    gateway: Option<String>,
    /// For a valve: whose pipe it closes.
    #[schema(required)]
    valve_for: Option<String>,
    /// The registry's word, else the catalogue's.
    #[schema(required)]
    chemistry: Option<String>,
    /// The registry's word, else the catalogue's.
    #[schema(required)]
    cells: Option<String>,
    /// What the catalogue knows of its model.
    #[schema(required)]
    catalogue: Option<CatalogueModel>,
    /// Battery level, 0–100 %.
    #[schema(required)]
    percent: Option<f64>,
    /// Battery voltage, mV.
    #[schema(required)]
    millivolts: Option<f64>,
    /// Where its battery stands: `fresh`, `low` or `dead`.
    #[schema(required)]
    battery: Option<&'static str>,
    /// Whether its gauge is to be believed, and what speaks against it; null when the device has told nothing of a battery.
    #[schema(required)]
    gauge: Option<Gauge>,
    /// Whether any of its probes is wet.
    #[schema(required)]
    leak: Option<bool>,
    /// What its lock said last.
    #[schema(required)]
    lock_state: Option<serde_json::Value>,
    /// Whether its case is open; null until it has told, and while it is held.
    #[schema(required)]
    tamper: Option<bool>,
    /// °C.
    #[schema(required)]
    temperature_c: Option<f64>,
    /// dBm.
    #[schema(required)]
    signal_dbm: Option<f64>,
    /// It has spoken, is not silent and has not said that it is gone.
    #[schema(required)]
    online: Option<bool>,
    /// Silent for longer than its own rhythm allows.
    #[schema(required)]
    silent: Option<bool>,
    /// When it spoke last.
    #[schema(required)]
    seen_at: Option<Time>,
    /// What is known of it from the field, beside the registry.
    field: Field,
}

/// What a device, or the gateway before it, said of itself; and how it was heard while nobody had registered it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Field {
    /// Who made it, as announced.
    #[schema(required)]
    maker: Option<String>,
    /// The maker's model, as announced.
    #[schema(required)]
    model: Option<String>,
    #[schema(required, examples("battery", "mains", "dc", "external"))]
    power_source: Option<&'static str>,
    /// Its address (IEEE, DevEUI, MAC …), where its messages tell one.
    #[schema(required)]
    hardware_id: Option<String>,
    /// Kinds of readings that it told or is said to be able to tell.
    readings: Vec<String>,
    /// What it probably is, by all of this.
    #[schema(required, examples("lock", "leak_sensor", "valve", "meter"))]
    proposed_kind: Option<&'static str>,
    /// The topic of its last message while it was held.
    #[schema(required)]
    topic: Option<String>,
    /// The format of that message.
    #[schema(required)]
    format: Option<String>,
    /// When it was first heard or announced.
    #[schema(required)]
    first_heard_at: Option<Time>,
    /// When its last message came while it was held, also one that the broker had kept.
    #[schema(required)]
    last_heard_at: Option<Time>,
    /// Messages heard while it was held.
    messages: u64,
}

impl From<Profile> for Field {
    fn from(about: Profile) -> Self {
        Self {
            proposed_kind: about.proposed_kind().map(DeviceKind::as_str),
            maker: about.maker,
            model: about.model,
            power_source: about.power.map(PowerSource::as_str),
            hardware_id: about.id,
            readings: about.kinds.into_iter().collect(),
            topic: about.topic,
            format: about.format,
            first_heard_at: about.first_at.map(Time::from),
            last_heard_at: about.last_at.map(Time::from),
            messages: about.messages,
        }
    }
}

impl Device {
    pub(super) fn from(row: &DeviceRow) -> Result<Self, StoreError> {
        let state = state_of(row)?;
        let about = about_of(row)?;
        let seen = row.seen_at.filter(|at| at.0 > 0);
        let device = row.device.as_ref();
        let probes = &state.leak.probes;
        let silent = state.presence.silent;
        Ok(Self {
            key: row.key.0.clone(),
            registered: device.is_some(),
            kind: device.map(|d| d.kind.as_str()),
            name: device.map(|d| d.name.clone()),
            model: device.map_or(about.model.clone(), |d| d.model.clone()),
            property_id: device.map(|d| d.property_id.0.clone()),
            unit_id: device.map(|d| d.unit_id.0.clone()),
            gateway: device.and_then(|d| d.gateway.as_ref()).map(|g| g.0.clone()),
            valve_for: device.and_then(|d| d.valve_for.clone()),
            chemistry: device
                .and_then(|d| d.chemistry.clone().or_else(|| Some(catalogue::chemistry_of(d)?.as_str().to_owned()))),
            cells: device.and_then(|d| d.cells.clone().or_else(|| Some(catalogue::cells_of(d)?.to_string()))),
            catalogue: device.and_then(catalogue::of).map(CatalogueModel::from),
            percent: state.battery.percent,
            millivolts: state.battery.millivolts,
            battery: seen.and(phase(&state.battery)),
            gauge: Gauge::of(&state.battery),
            leak: (!probes.is_empty()).then(|| probes.values().any(|p| p.wet)),
            lock_state: state.lock.map(|lock| serde_json::to_value(lock).expect("a word")),
            tamper: state.tamper,
            temperature_c: state.temperature_c,
            signal_dbm: state.signal_dbm,
            online: seen.map(|_| !silent && state.presence.offline_since.is_none()),
            silent: seen.map(|_| silent),
            seen_at: seen.map(Time::from),
            field: about.into(),
        })
    }
}

/// Where a battery stands; nothing when nothing was told of it.
fn phase(battery: &BatteryState) -> Option<&'static str> {
    match battery.phase {
        Phase::Fresh if battery.at.0 <= 0 => None,
        Phase::Fresh => Some("fresh"),
        Phase::Low => Some("low"),
        Phase::Dead => Some("dead"),
    }
}

fn state_of(row: &DeviceRow) -> Result<DeviceState, StoreError> {
    let Some(text) = &row.state else { return Ok(DeviceState::default()) };
    serde_json::from_str(text).map_err(|e| StoreError::Row {
        table: "device_states",
        id: row.key.0.clone(),
        detail: e.to_string(),
    })
}

/// What is known of it beside the registry.
pub(super) fn about_of(row: &DeviceRow) -> Result<Profile, StoreError> {
    let Some(text) = &row.about else { return Ok(Profile::default()) };
    serde_json::from_str(text).map_err(|e| StoreError::Row {
        table: "device_about",
        id: row.key.0.clone(),
        detail: e.to_string(),
    })
}

/// What is known of a battery now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Battery {
    /// Whose.
    device_key: String,
    /// `fresh`, `low` (known and being looked after) or `dead`; null when the device has told nothing of it.
    #[schema(required)]
    phase: Option<&'static str>,
    /// Last level told, 0–100 %.
    #[schema(required)]
    percent: Option<f64>,
    /// Last voltage, mV.
    #[schema(required)]
    millivolts: Option<f64>,
    /// The device's own "battery is low", where it has such a flag.
    #[schema(required)]
    low_flag: Option<bool>,
    /// When the last level was read.
    #[schema(required)]
    at: Option<Time>,
    /// The last levels that were believed, newest last, 0–100 %.
    recent: Vec<f64>,
    /// A rise that may be a replacement and is under proof.
    #[schema(required)]
    rise: Option<Rise>,
    /// The last days of the battery in service, oldest first.
    days: Vec<Day>,
    /// When it is expected to be empty; null where too little is known.
    #[schema(required)]
    forecast: Option<Forecast>,
}

/// A rise that may be a new battery, not yet proven to be one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rise {
    /// When it was first seen.
    seen_at: Time,
    /// Its level, 0–100 %.
    level: f64,
    /// Readings that held it so far.
    held: u32,
    /// Readings that fell back.
    fell: u32,
}

impl Battery {
    fn from(row: &DeviceRow) -> Result<Self, StoreError> {
        let battery = state_of(row)?.battery;
        Ok(Self {
            device_key: row.key.0.clone(),
            phase: phase(&battery),
            percent: battery.percent,
            millivolts: battery.millivolts,
            low_flag: battery.flag,
            at: Some(battery.at).filter(|at| at.0 > 0).map(Time::from),
            days: days(&battery.outlook.track),
            forecast: battery.outlook.forecast.map(Forecast::from),
            recent: battery.recent,
            rise: battery.proof.rise().map(|(seen_at, level, held, fell)| Rise {
                seen_at: seen_at.into(),
                level,
                held,
                fell,
            }),
        })
    }
}

/// Which devices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceParams {
    /// Only those in the registry (true), or only those that spoke without being in it (false).
    registered: Option<bool>,
    /// Unit id.
    unit: Option<String>,
    /// Property id.
    property: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Devices, by key.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", operation_id = "list_devices", params(DeviceParams), responses(
    (status = 200, description = "A page of devices.", body = Paged<Device>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<DeviceParams>,
) -> Answer<Paged<Device>> {
    caller.need(Right::Property)?;
    let page = page(q.limit, q.after.as_deref())?;
    let after = page.after.as_ref().map(|(_, key)| key.as_str());
    let strangers = q.unit.is_none() && q.property.is_none() && caller.properties().is_none();
    let properties = caller.properties().map(<[String]>::to_vec);
    let mut filter = DeviceFilter { registered: true, unit: q.unit, property: q.property, properties };
    let mut tx = app.store.read().await?;
    let mut rows = Vec::new();
    if q.registered != Some(false) {
        rows = tx.list_devices(&filter, after, page.limit).await?;
    }
    if q.registered != Some(true) && strangers {
        filter.registered = false;
        rows.extend(tx.list_devices(&filter, after, page.limit).await?);
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows.truncate(usize::try_from(page.limit).expect("a limit is small"));
    let mut broken = Ok(());
    let answer = Paged::of(&rows, page.limit, |row| (0, &row.key.0), |row| keep(Device::from(row), &mut broken));
    broken.map(|()| answer).map_err(Problem::from)
}

/// The first error stays, rows without one go on.
fn keep<T>(shaped: Result<T, StoreError>, broken: &mut Result<(), StoreError>) -> Option<T> {
    shaped.map_err(|e| *broken = Err(e)).ok()
}

/// One device. Its key is percent-encoded: `flat7%2Ffront%20door`.
#[utoipa::path(get, path = "/api/v1/devices/{key}", tag = "devices", operation_id = "get_device",
    params(("key" = String, Path, description = "Device key, percent-encoded.")), responses(
    (status = 200, description = "The device.", body = Device),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such device in the token's scope.", body = Problem)))]
pub async fn one(app: AppState, caller: Caller, key: &str) -> Answer<Device> {
    let row = find(&app, &caller, key).await?;
    Ok(axum::Json(Device::from(&row)?))
}

/// What is known of a device's battery now.
#[utoipa::path(get, path = "/api/v1/devices/{key}/battery", tag = "devices", operation_id = "get_battery",
    params(("key" = String, Path, description = "Device key, percent-encoded.")), responses(
    (status = 200, description = "The battery.", body = Battery),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such device in the token's scope.", body = Problem)))]
pub async fn battery(app: AppState, caller: Caller, key: &str) -> Answer<Battery> {
    let row = find(&app, &caller, key).await?;
    Ok(axum::Json(Battery::from(&row)?))
}

/// Tells the two paths apart by a slash that is not encoded: `a%2Fbattery` is a key, `a/battery` the battery of `a`.
async fn one_or_battery(
    State(app): State<AppState>,
    caller: Caller,
    Id(key): Id,
    _: Params<NoParams>,
    method: Method,
    uri: Uri,
) -> Response {
    match below(&key, &uri) {
        (key, None) => one(app, caller, key).await.into_response(),
        (key, Some("/battery")) => battery(app, caller, key).await.into_response(),
        (_, Some(_)) => wrong_method(&method, &uri, "POST"),
    }
}

async fn find(app: &AppState, caller: &Caller, key: &str) -> Result<DeviceRow, Problem> {
    caller.need(Right::Property)?;
    let row = app.store.read().await?.device(key).await?;
    let property = |row: &DeviceRow| row.device.as_ref().map(|d| d.property_id.0.clone());
    row.filter(|row| caller.sees(property(row).as_deref())).ok_or_else(|| Problem::not_found("device"))
}
