//! Praise: kind words of tenants, shown to those they are for and to who leads them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Paged, Time};
use crate::decide::desk;
use crate::store::PraiseFilter;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// Kind words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Praise {
    housekeeper_id: String,
    property_id: String,
    ticket_id: String,
    at: Time,
    /// In the tenant's words.
    words: String,
}

impl From<&desk::Praise> for Praise {
    fn from(p: &desk::Praise) -> Self {
        Self {
            housekeeper_id: p.housekeeper_id.0.clone(),
            property_id: p.property_id.0.clone(),
            ticket_id: p.ticket_id.0.clone(),
            at: p.at.into(),
            words: p.words.clone(),
        }
    }
}

/// Whose praise.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PraiseParams {
    /// Housekeeper id; a housekeeper's own token sees its own only.
    housekeeper: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Kind words of tenants, the oldest first.
#[utoipa::path(get, path = "/api/v1/praise", tag = "messages", operation_id = "list_praise", params(PraiseParams), responses(
    (status = 200, description = "A page of kind words.", body = Paged<Praise>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem)))]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<PraiseParams>,
) -> Answer<Paged<Praise>> {
    caller.need(Right::Tickets)?;
    let page = page(q.limit, q.after.as_deref())?;
    let housekeeper = caller.housekeeper().map(str::to_owned).or(q.housekeeper);
    let filter = PraiseFilter { housekeeper, properties: caller.properties().map(<[String]>::to_vec) };
    let rows = app.store.read().await?.list_praise(&filter, &page).await?;
    Ok(Paged::of(&rows, page.limit, |p| (p.at.0, &p.ticket_id.0), |p| Some(Praise::from(p))))
}
