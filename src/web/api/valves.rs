//! Valves as they are wanted: which one, since when, in which matter. They are turned by `POST /tickets/{id}/valve`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Time};
use crate::model::ValveWish;
use crate::store::Tx;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// The longest answer: valves that were ever turned, of all properties.
const VALVES_MAX: usize = 500;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// Valves, by key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Valves {
    /// At most 500.
    items: Vec<Valve>,
}

/// A valve as it is wanted to be; it was told so by MQTT, and is told again when it comes back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Valve {
    device_key: String,
    /// What people call it; null for one that left the registry.
    #[schema(required)]
    name: Option<String>,
    /// Where it is; null for one that left the registry.
    #[schema(required)]
    unit_id: Option<String>,
    /// Null where the registry no longer knows it; so is the one below.
    #[schema(required)]
    unit_name: Option<String>,
    property_id: String,
    #[schema(required)]
    property_name: Option<String>,
    /// Wanted shut (true), or open again.
    closed: bool,
    since: Time,
    /// In which matter.
    ticket_id: String,
    /// Who wants it: `system`, `user:NAME`, `housekeeper:ID`, `tenant:ID`.
    actor: String,
}

/// Which valves.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ValveParams {
    /// Those wanted shut (true), or those opened again.
    closed: Option<bool>,
}

/// Valves that were turned, as they are wanted to be now.
#[utoipa::path(get, path = "/api/v1/valves", tag = "tickets", operation_id = "list_valves", params(ValveParams), responses(
    (status = 200, description = "The valves.", body = Valves),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(State(app): State<AppState>, caller: Caller, Params(q): Params<ValveParams>) -> Answer<Valves> {
    caller.need(Right::Property)?;
    let mut tx = app.store.read().await?;
    let mut wishes = tx.valves(None).await?;
    wishes.retain(|w| caller.sees(Some(w.property_id.as_str())) && q.closed.is_none_or(|closed| w.closed == closed));
    wishes.truncate(VALVES_MAX);
    Ok(Json(Valves { items: named(&mut tx, wishes).await? }))
}

async fn named(tx: &mut Tx, wishes: Vec<ValveWish>) -> Result<Vec<Valve>, Problem> {
    let properties: Vec<&str> = wishes.iter().map(|w| w.property_id.as_str()).collect();
    let devices = tx.valves_of(&properties).await?;
    let ids: Vec<&str> = devices.iter().map(|d| d.unit_id.as_str()).collect();
    let (units, properties) = (tx.load_units(&ids).await?, tx.property_names().await?);
    let shown = |w: &ValveWish| {
        let device = devices.iter().find(|d| d.key == w.device_key);
        Valve {
            device_key: w.device_key.0.clone(),
            name: device.map(|d| d.name.clone()),
            unit_id: device.map(|d| d.unit_id.0.clone()),
            unit_name: device.and_then(|d| units.get(&d.unit_id)).map(|u| u.name.clone()),
            property_id: w.property_id.0.clone(),
            property_name: properties.get(w.property_id.as_str()).cloned(),
            closed: w.closed,
            since: w.at.into(),
            ticket_id: w.ticket_id.0.clone(),
            actor: w.actor.clone(),
        }
    };
    Ok(wishes.iter().map(shown).collect())
}
