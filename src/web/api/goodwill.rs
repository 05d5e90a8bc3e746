//! Goodwill: a small credit with a reason, within the month's budgets.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::tickets::{Ticket, visible};
use super::{Answer, NoParams};
use crate::decide::{Command, Goodwill};
use crate::model::TicketId;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params};
use crate::web::problem::Problem;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_give, _, _>(give)
}

/// A credit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Minor units, more than zero.
    #[schema(minimum = 1, example = 500)]
    amount_minor: i64,
    /// ISO 4217; the currency of rewards.
    #[schema(example = "CNY")]
    currency: String,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Credits the tenant of a matter, inside the monthly budgets of who gives and of who gets. The same key again books nothing
/// again.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/goodwill", tag = "money", operation_id = "give_goodwill",
    params(("id" = String, Path, description = "Ticket id."),
        ("Idempotency-Key" = String, Header, description = "1 to 128 characters, new for each credit.")),
    request_body = Credit, responses(
    (status = 200, description = "Booked, now or before; the ticket as it is.", body = Ticket),
    (status = 400, description = "No usable Idempotency-Key, or no JSON.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such ticket in the token's scope.", body = Problem),
    (status = 409, description = "The key was used for another amount.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong, nobody rents there, or a budget does not cover it.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn give(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    headers: HeaderMap,
    Body(credit): Body<Credit>,
) -> Answer<Ticket> {
    caller.need(Right::Lead)?;
    visible(&mut app.store.read().await?, &caller, &id).await?;
    let key = idempotency::key(&headers)?.to_owned();
    if credit.amount_minor <= 0 {
        let problem = Problem::unprocessable("bad-amount", "a credit is more than zero").at("field amount_minor");
        return Err(problem.mend("give the amount in minor units, e.g. 500 for 5.00"));
    }
    let reason = text_of("reason", &credit.reason, 1..=REASON_CHARS_MAX)?;
    let goodwill = Goodwill { amount_minor: credit.amount_minor, currency: credit.currency, reason, key };
    let ticket = app.door.command(TicketId(id), caller.actor(), Command::Goodwill(goodwill)).await?;
    Ok(Json(Ticket::from(&ticket)))
}
