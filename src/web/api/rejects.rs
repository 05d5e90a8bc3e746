//! What could not be understood: the newest messages of devices that were kept for inspection. Raw, hence for operators.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, ListParams, Paged, Time};
use crate::store;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// A message that could not be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reject {
    at: Time,
    topic: String,
    /// Why, a stable word.
    code: String,
    /// Why, for a person.
    detail: String,
    /// The beginning of the payload.
    payload: String,
}

/// Messages that could not be understood, the newest first; the service keeps the last thousand.
#[utoipa::path(get, path = "/api/v1/rejects", tag = "service", operation_id = "list_rejects", params(ListParams), responses(
    (status = 200, description = "A page of messages.", body = Paged<Reject>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(State(app): State<AppState>, caller: Caller, Params(q): Params<ListParams>) -> Answer<Paged<Reject>> {
    caller.need(Right::Rejects)?;
    let page = page(q.limit, q.after.as_deref())?;
    let rows = app.store.read().await?.list_rejects(&page).await?;
    let shape = |(_, r): &(String, store::Reject)| {
        Some(Reject {
            at: r.at.into(),
            topic: r.topic.clone(),
            code: r.code.clone(),
            detail: r.detail.clone(),
            payload: r.payload.clone(),
        })
    };
    Ok(Paged::of(&rows, page.limit, |(id, r)| (r.at.0, id), shape))
}
