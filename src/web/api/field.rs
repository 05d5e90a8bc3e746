//! Devices from the field: adopting and dismissing those that are held, confirming that one was exchanged, and what was
//! said in a name it may not use. Everything that changes goes through the one door.

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::devices::{Device, about_of};
use super::{Answer, ListParams, NoParams, Paged, Time};
use crate::decide::Refusal;
use crate::model::{self, DeviceKey, DeviceKind, hardware_id};
use crate::registry;
use crate::store::{DeviceRow, Quarantined, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, page};
use crate::web::problem::{Problem, wrong_method};

/// The longest text of a field, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Adds the routes of this file. A device key may hold slashes: percent-encoded or as they are.
pub fn routes(routes: Routes) -> Routes {
    routes
        .add_at::<__path_adopt, _, _>("/api/v1/devices/{*key}", adopt_or_swap)
        .also::<__path_swap>()
        .add_at::<__path_dismiss, _, _>("/api/v1/devices/{*key}", dismiss_one)
        .add::<__path_quarantine, _, _>(quarantine)
}

/// What is decided of a device that is taken into the registry; as in `devices.csv`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The unit it serves.
    unit_id: String,
    /// `lock`, `leak_sensor`, `valve`, `meter` or `gateway`; may be left out where the field proposes one.
    kind: Option<String>,
    /// What people call it; its key when absent.
    name: Option<String>,
    /// The announced one when absent.
    model: Option<String>,
    chemistry: Option<String>,
    cells: Option<String>,
    /// The gateway that it speaks through, a registered device. May be left out where its messages tell it, or it comes
    /// from Zigbee2MQTT (`bridge`), and that gateway is registered at the same property.
    gateway: Option<String>,
    /// For a valve: the unit or device whose pipe it closes.
    valve_for: Option<String>,
}

/// Which device goes by this name from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Its address; the one that was refused last when absent.
    hardware_id: Option<String>,
}

/// What a path below a device wants: its key, and what stands behind that. Only a slash that is not encoded parts them.
pub fn below<'a>(key: &'a str, uri: &Uri) -> (&'a str, Option<&'static str>) {
    let behind = ["/battery", "/adopt", "/swap"].into_iter().find(|end| uri.path().ends_with(end));
    let parted = behind.and_then(|end| Some((key.strip_suffix(end)?, behind)));
    parted.unwrap_or((key, None))
}

/// A path below a device: what it ends with says what is wanted.
async fn adopt_or_swap(
    State(app): State<AppState>,
    caller: Caller,
    Id(key): Id,
    _: Params<NoParams>,
    uri: Uri,
    request: Request,
) -> Response {
    let done = match below(&key, &uri) {
        (key, Some("/adopt")) => match Body::from_request(request, &app).await {
            Ok(Body(adoption)) => adopt(app, caller, key, adoption).await,
            Err(problem) => Err(problem),
        },
        (key, Some("/swap")) => match Body::from_request(request, &app).await {
            Ok(Body(exchange)) => swap(app, caller, key, exchange).await,
            Err(problem) => Err(problem),
        },
        (_, None) => return wrong_method(request.method(), &uri, "DELETE,GET,HEAD"),
        (_, Some(_)) => return wrong_method(request.method(), &uri, "GET,HEAD"),
    };
    done.into_response()
}

/// Takes a held device into the registry, with all that it told so far; water that it shows opens a ticket now. An import
/// of `devices.csv` later replaces what it names and leaves the rest, so a device that stands in no file stays as it is.
#[utoipa::path(post, path = "/api/v1/devices/{key}/adopt", tag = "devices", operation_id = "adopt_device",
    request_body = Adoption, params(("key" = String, Path, description = "Device key, percent-encoded.")), responses(
    (status = 200, description = "The device as it is now.", body = Device),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such device is held. A gateway may be adopted before it has spoken.", body = Problem),
    (status = 409, description = "It is registered already; nothing changed.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong: an unknown unit, no kind …", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn adopt(app: AppState, caller: Caller, key: &str, adoption: Adoption) -> Answer<Device> {
    deciding(&caller)?;
    let mut tx = app.store.read().await?;
    let held = tx.device(key).await?;
    if held.as_ref().is_some_and(|row| row.device.is_some()) {
        return Err(Refusal::Registered.into());
    }
    if held.is_none() && adoption.kind.as_deref() != Some(DeviceKind::Gateway.as_str()) {
        return Err(Refusal::NotHeld.into());
    }
    let device = checked(&mut tx, key, held.as_ref(), adoption).await?;
    drop(tx);
    app.door.adopt(device).await?;
    shown(&app, key).await
}

/// Held devices belong to no property yet: they are for those who see all.
fn deciding(caller: &Caller) -> Result<(), Problem> {
    caller.need(Right::Lead)?;
    if caller.sees(None) {
        return Ok(());
    }
    Err(Problem::forbidden("devices that nobody has registered belong to no property: a token with a scope may not")
        .mend("use an operator's token"))
}

async fn shown(app: &AppState, key: &str) -> Answer<Device> {
    let row = app.store.read().await?.device(key).await?.ok_or_else(|| Problem::not_found("device"))?;
    Ok(Json(Device::from(&row)?))
}

/// The device as the registry takes it, each field checked as an import checks it.
async fn checked(
    tx: &mut Tx,
    key: &str,
    held: Option<&DeviceRow>,
    adoption: Adoption,
) -> Result<model::Device, Problem> {
    let about = held.map(about_of).transpose()?.unwrap_or_default();
    let key = DeviceKey::from(key);
    if !key.is_sound() {
        return Err(Problem::unprocessable("bad-key", "no device can have this name").at("path"));
    }
    let units = tx.load_units(&[&adoption.unit_id]).await?;
    let unit = units.get(adoption.unit_id.as_str()).ok_or_else(|| {
        Problem::unprocessable("unknown-unit", format!("there is no unit \"{}\"", adoption.unit_id))
            .at("field unit_id")
            .mend("give the id of a unit of the registry (units.csv)")
    })?;
    let kind = kind(adoption.kind.as_deref(), about.proposed_kind())?;
    let gateway = match filled(adoption.gateway) {
        Some(key) => Some(gateway(tx, &key).await?),
        None => proposed_gateway(tx, &about, &key, &unit.property_id).await?,
    };
    let valve_for = valve_for(tx, kind, adoption.valve_for).await?;
    Ok(model::Device {
        unit_id: unit.id.clone(),
        property_id: unit.property_id.clone(),
        kind,
        name: word("name", adoption.name)?.unwrap_or_else(|| key.0.clone()),
        model: word("model", adoption.model)?,
        valve_for,
        chemistry: registered("chemistry", adoption.chemistry, registry::chemistry)?,
        cells: registered("cells", adoption.cells, registry::cells)?,
        gateway,
        key,
    })
}

fn kind(said: Option<&str>, proposed: Option<DeviceKind>) -> Result<DeviceKind, Problem> {
    let known = DeviceKind::ALL.map(DeviceKind::as_str).join(", ");
    match said {
        Some(word) => DeviceKind::parse(word).ok_or_else(|| {
            Problem::unprocessable("unknown-kind", format!("\"{word}\" is no kind of device"))
                .at("field kind")
                .mend(format!("known: {known}"))
        }),
        None => proposed.ok_or_else(|| {
            Problem::unprocessable("no-kind", "nothing that it told or that is announced of it says what it is")
                .at("field kind")
                .mend(format!("give one of {known}"))
        }),
    }
}

/// What its messages tell of its gateway, if that is registered there: else its silence would be a matter of its own.
async fn proposed_gateway(
    tx: &mut Tx,
    about: &model::Profile,
    key: &DeviceKey,
    property: &model::PropertyId,
) -> Result<Option<DeviceKey>, Problem> {
    let proposed = about.proposed_gateways(key);
    if proposed.is_empty() {
        return Ok(None);
    }
    let known = tx.load_devices(&proposed.iter().map(DeviceKey::as_str).collect::<Vec<_>>()).await?;
    let fits = |d: &&model::Device| d.kind == DeviceKind::Gateway && d.property_id == *property;
    Ok(proposed.iter().find_map(|key| known.get(key).filter(fits)).map(|d| d.key.clone()))
}

async fn gateway(tx: &mut Tx, key: &str) -> Result<DeviceKey, Problem> {
    let found = tx.load_devices(&[key]).await?.remove(key);
    match found {
        Some(device) if device.kind == DeviceKind::Gateway => Ok(device.key),
        Some(device) => {
            let detail = format!("\"{key}\" is a {}, no gateway", device.kind.as_str());
            Err(Problem::unprocessable("no-gateway", detail).at("field gateway"))
        }
        None => Err(Problem::unprocessable("unknown-device", format!("no device \"{key}\" is registered"))
            .at("field gateway")
            .mend("adopt the gateway first")),
    }
}

async fn valve_for(tx: &mut Tx, kind: DeviceKind, said: Option<String>) -> Result<Option<String>, Problem> {
    let Some(name) = filled(said) else { return Ok(None) };
    let wrong = |detail: String| Err(Problem::unprocessable("bad-valve", detail).at("field valve_for"));
    if kind != DeviceKind::Valve {
        return wrong(format!("belongs to a valve; this is a {}", kind.as_str()));
    }
    let known = !tx.load_units(&[&name]).await?.is_empty() || !tx.load_devices(&[&name]).await?.is_empty();
    if known { Ok(Some(name)) } else { wrong(format!("there is no unit or device \"{name}\"")) }
}

/// A text that is not blank.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// A word of a field, if there is one.
fn word(field: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = filled(text) else { return Ok(None) };
    if text.contains(char::is_control) {
        let problem = Problem::unprocessable("bad-text", "it holds control characters").at(format!("field {field}"));
        return Err(problem.mend("leave them out"));
    }
    text_of(field, &text, 1..=TEXT_CHARS_MAX).map(Some)
}

/// The same, read as the registry reads it.
fn registered(
    field: &str,
    text: Option<String>,
    read: impl Fn(&str) -> Result<String, String>,
) -> Result<Option<String>, Problem> {
    let wrong = |reason| Problem::unprocessable("bad-battery", reason).at(format!("field {field}"));
    word(field, text)?.map(|text| read(&text).map_err(wrong)).transpose()
}

/// Confirms that a registered device was exchanged for another one under the same name: its address is believed from now
/// on, and what was refused for it is forgotten. Its history stays: the name is what the history is of.
#[utoipa::path(post, path = "/api/v1/devices/{key}/swap", tag = "devices", operation_id = "swap_device",
    request_body = Exchange, params(("key" = String, Path, description = "Device key, percent-encoded.")), responses(
    (status = 200, description = "The device as it is now.", body = Device),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such device in the token's scope.", body = Problem),
    (status = 409, description = "No other address was seen, and none is given.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn swap(app: AppState, caller: Caller, key: &str, exchange: Exchange) -> Answer<Device> {
    caller.need(Right::Lead)?;
    let row = app.store.read().await?.device(key).await?;
    let property = row.as_ref().and_then(|row| row.device.as_ref()).map(|d| d.property_id.0.as_str());
    if property.is_none() || !caller.sees(property) {
        return Err(Problem::not_found("device"));
    }
    let id = word("hardware_id", exchange.hardware_id)?.and_then(|id| hardware_id(&id));
    app.door.swap(key.into(), id).await?;
    shown(&app, key).await
}

/// Forgets a held device and all that it told. Should it speak again, it is held anew.
#[utoipa::path(delete, path = "/api/v1/devices/{key}", tag = "devices", operation_id = "dismiss_device",
    params(("key" = String, Path, description = "Device key, percent-encoded.")), responses(
    (status = 204, description = "Forgotten."),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such device is held.", body = Problem),
    (status = 409, description = "It is registered; nothing changed.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn dismiss(app: AppState, caller: Caller, key: &str) -> Result<StatusCode, Problem> {
    deciding(&caller)?;
    app.door.dismiss(key.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn dismiss_one(
    State(app): State<AppState>,
    caller: Caller,
    Id(key): Id,
    _: Params<NoParams>,
    method: Method,
    uri: Uri,
) -> Response {
    match below(&key, &uri) {
        (key, None) => dismiss(app, caller, key).await.into_response(),
        (_, Some("/battery")) => wrong_method(&method, &uri, "GET,HEAD"),
        (_, Some(_)) => wrong_method(&method, &uri, "POST"),
    }
}

/// Messages that may not speak for the device they name, of one device and for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quarantine {
    device_key: String,
    /// `topic`: topic and payload name two devices; `property`: the topic names another property than the registry;
    /// `gateway`: it came through the gateway of others; `id`: its address changed (POST …/swap confirms an exchange).
    reason: String,
    /// What does not agree, for a person.
    detail: String,
    #[schema(required)]
    property_id: Option<String>,
    /// The address that the last one gave.
    #[schema(required)]
    hardware_id: Option<String>,
    first_at: Time,
    last_at: Time,
    /// How many messages.
    messages: i64,
    /// Whether one of them told of water.
    leak: bool,
    /// Where the last one came.
    topic: String,
    /// The beginning of the last one.
    payload: String,
}

impl From<&Quarantined> for Quarantine {
    fn from(q: &Quarantined) -> Self {
        Self {
            device_key: q.device_key.0.clone(),
            reason: q.reason.clone(),
            detail: q.detail.clone(),
            property_id: q.property_id.as_ref().map(|p| p.0.clone()),
            hardware_id: q.hardware_id.clone(),
            first_at: q.first_at.into(),
            last_at: q.last_at.into(),
            messages: q.messages,
            leak: q.leak,
            topic: q.topic.clone(),
            payload: q.payload.clone(),
        }
    }
}

/// What was said in the name of a device and had no effect, by device; the service keeps up to a thousand, those of
/// registered devices and those that told of water before others.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "devices", operation_id = "list_quarantine", params(ListParams), responses(
    (status = 200, description = "A page of the quarantine.", body = Paged<Quarantine>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn quarantine(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<ListParams>,
) -> Answer<Paged<Quarantine>> {
    caller.need(Right::Rejects)?;
    let page = page(q.limit, q.after.as_deref())?;
    let after = page.after.as_ref().and_then(|(_, last)| last.rsplit_once('\n'));
    let rows = app.store.read().await?.list_quarantined(after, page.limit).await?;
    let rows: Vec<(String, Quarantined)> =
        rows.into_iter().map(|q| (format!("{}\n{}", q.device_key, q.reason), q)).collect();
    Ok(Paged::of(&rows, page.limit, |(id, _)| (0, id), |(_, row)| Some(Quarantine::from(row))))
}
