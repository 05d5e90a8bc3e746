//! The addresses of people's own pages, `/h/<token>` and `/t/<token>`: who leads where they work or live makes, renews and ends
//! them. One person has one; it is shown once and kept as its hash. Must never send it to anybody.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, NoParams, Nothing, Time};
use crate::model::digest;
use crate::store::{TokenRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right, Role, token_hash};
use crate::web::body::Body;
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;
use crate::web::session::random;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_one, _, _>(one).add::<__path_make, _, _>(make).add::<__path_end, _, _>(end)
}

/// Whose page it is, in the path of a request: `housekeepers/{id}` or `tenants/{id}`.
#[derive(Debug)]
pub struct Whose {
    role: Role,
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Whose {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await.map(|path| path.0).ok();
        let whose = path.and_then(|(people, id)| {
            let role = match people.as_str() {
                "housekeepers" => Role::Housekeeper,
                "tenants" => Role::Tenant,
                _ => return None,
            };
            Some(Self { role, id })
        });
        whose.ok_or_else(nobody)
    }
}

/// The address of a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageAddress {
    /// Since when they have the one that opens now; null where they have none.
    #[schema(required)]
    made_at: Option<Time>,
    /// The address itself: told once, by the answer that made it. Whoever has it sees what they see.
    #[schema(required)]
    address: Option<String>,
}

/// Whether somebody has an address.
#[utoipa::path(get, path = "/api/v1/pages/{people}/{id}", tag = "people", operation_id = "get_page_address",
    params(("people" = String, Path, description = "`housekeepers` or `tenants`."), ("id" = String, Path, description = "Whose.")),
    responses(
    (status = 200, description = "Since when they have one.", body = PageAddress),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or they work outside the token's scope too.", body = Problem),
    (status = 404, description = "Nobody of this name in the token's scope.", body = Problem)))]
pub async fn one(
    State(app): State<AppState>,
    caller: Caller,
    whose: Whose,
    _: Params<NoParams>,
) -> Answer<PageAddress> {
    caller.need(Right::Lead)?;
    let mut tx = app.store.read().await?;
    reachable(&mut tx, &caller, &whose).await?;
    let made_at = tx.live_token_of(whose.role.as_str(), &whose.id).await?;
    Ok(Json(PageAddress { made_at: made_at.map(Time::from), address: None }))
}

/// Makes an address, or another one: every older one of theirs ends. So a request that is repeated leaves one that opens, the
/// one that was answered last.
#[utoipa::path(post, path = "/api/v1/pages/{people}/{id}", tag = "people", operation_id = "make_page_address",
    params(("people" = String, Path, description = "`housekeepers` or `tenants`."), ("id" = String, Path, description = "Whose.")),
    request_body = Nothing, responses(
    (status = 200, description = "The address, told only now.", body = PageAddress),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or they work outside the token's scope too.", body = Problem),
    (status = 404, description = "Nobody of this name in the token's scope.", body = Problem),
    (status = 409, description = "They do not rent now: the address would open nothing.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn make(
    State(app): State<AppState>,
    caller: Caller,
    whose: Whose,
    _: Params<NoParams>,
    _: Body<Nothing>,
) -> Answer<PageAddress> {
    caller.need(Right::Lead)?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    reachable(&mut tx, &caller, &whose).await?;
    if whose.role == Role::Tenant && !tx.home_of(&whose.id).await?.is_some_and(|home| home.is_rented(now)) {
        let problem =
            Problem::new(StatusCode::CONFLICT, "no-lease", "Nothing to open", "this tenant does not rent now");
        return Err(problem.mend("make it while the lease runs"));
    }
    let (role, scope) = (whose.role.as_str(), &whose.id);
    tx.end_tokens_of(role, scope, now).await?;
    let token = random("np_");
    let hash = token_hash(&token);
    let row = TokenRow {
        id: digest(&hash),
        name: format!("page of {role} {scope} by {}", caller.actor()),
        role: role.to_owned(),
        scope: Some(scope.clone()),
    };
    tx.create_token(&row, &hash, now).await?;
    tx.commit().await?;
    let folder = if whose.role == Role::Tenant { "t" } else { "h" };
    Ok(Json(PageAddress { made_at: Some(now.into()), address: Some(format!("{}/{folder}/{token}", app.base_url)) }))
}

/// Ends every address of theirs at once, and every other token that was made for them. Twice is once.
#[utoipa::path(delete, path = "/api/v1/pages/{people}/{id}", tag = "people", operation_id = "end_page_address",
    params(("people" = String, Path, description = "`housekeepers` or `tenants`."), ("id" = String, Path, description = "Whose.")),
    responses(
    (status = 200, description = "They have none.", body = PageAddress),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or they work outside the token's scope too.", body = Problem),
    (status = 404, description = "Nobody of this name in the token's scope.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn end(
    State(app): State<AppState>,
    caller: Caller,
    whose: Whose,
    _: Params<NoParams>,
) -> Answer<PageAddress> {
    caller.need(Right::Lead)?;
    let mut tx = app.store.begin().await?;
    reachable(&mut tx, &caller, &whose).await?;
    tx.end_tokens_of(whose.role.as_str(), &whose.id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(PageAddress { made_at: None, address: None }))
}

fn nobody() -> Problem {
    Problem::not_found("housekeeper or tenant")
}

/// Goes on only with somebody whose whole page is about what the caller sees.
async fn reachable(tx: &mut Tx, caller: &Caller, whose: &Whose) -> Result<(), Problem> {
    let properties = match whose.role {
        Role::Tenant => tx.property_of_tenant(&whose.id).await?.into_iter().collect(),
        _ => tx.properties_of_housekeeper(&whose.id).await?,
    };
    if !properties.iter().any(|p| caller.sees(Some(p))) {
        return Err(nobody());
    }
    if !properties.iter().all(|p| caller.sees(Some(p))) {
        let detail = "this housekeeper works outside the token's scope too, and their page shows all of it";
        return Err(Problem::forbidden(detail).mend("ask somebody whose scope has all of their properties"));
    }
    Ok(())
}
