//! Tickets that people open: a request, or water or a tamper that somebody saw before a device did.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::NoParams;
use super::tickets::Ticket;
use crate::decide::Wanted;
use crate::model::{Severity, TicketKind};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// The longest description, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_create, _, _>(create)
}

/// What is to be looked after.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// `request`, `leak` or `tamper`; batteries and silence are noticed by the devices themselves.
    kind: String,
    property_id: String,
    /// The whole property when absent.
    unit_id: Option<String>,
    /// `routine`, `urgent` or `emergency`; the playbook's own when absent.
    severity: Option<String>,
    /// In the words of who asks; 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Opens a ticket: its playbook begins at once. The same key and body again answer with the same ticket.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", operation_id = "create_ticket",
    params(("Idempotency-Key" = String, Header, description = "1 to 128 characters, new for each ticket; it counts for 30 days.")),
    request_body = NewTicket, responses(
    (status = 201, description = "The ticket, opened now or before.", body = Ticket),
    (status = 400, description = "No usable Idempotency-Key, or no JSON.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or not at this property.", body = Problem),
    (status = 409, description = "The key was used for another ticket; nothing changed.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn create(
    State(app): State<AppState>,
    caller: Caller,
    _: Params<NoParams>,
    headers: HeaderMap,
    Body(new): Body<NewTicket>,
) -> Result<(StatusCode, Json<Ticket>), Problem> {
    caller.need(Right::Work)?;
    let key = idempotency::key(&headers)?;
    let wanted = read(new)?;
    if !caller.sees(Some(wanted.property_id.as_str())) {
        return Err(Problem::forbidden("this property is outside the token's scope").at("field property_id"));
    }
    let key = format!("{}/{}/{key}", wanted.property_id, caller.actor());
    let ticket = app.door.open(wanted, caller.actor(), key).await?;
    Ok((StatusCode::CREATED, Json(Ticket::from(&ticket))))
}

fn read(new: NewTicket) -> Result<Wanted, Problem> {
    let wrong = |field: &str, mend: &str| {
        Problem::unprocessable("bad-field", format!("{field} is none that is possible here"))
            .at(format!("field {field}"))
            .mend(mend)
    };
    let kind = TicketKind::parse(&new.kind)
        .filter(|kind| matches!(kind, TicketKind::Request | TicketKind::Leak | TicketKind::Tamper))
        .ok_or_else(|| wrong("kind", "give request, leak or tamper"))?;
    let severity = match new.severity.as_deref() {
        None => None,
        Some(word) => {
            Some(Severity::parse(word).ok_or_else(|| wrong("severity", "give routine, urgent or emergency"))?)
        }
    };
    let text = text_of("text", &new.text, 1..=TEXT_CHARS_MAX)?;
    let unit_id = new.unit_id.filter(|unit| !unit.is_empty()).map(Into::into);
    Ok(Wanted { kind, property_id: new.property_id.into(), unit_id, severity, text })
}
