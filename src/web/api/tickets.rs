//! Tickets and their moves, as they are now.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, NoParams, Paged, Time};
use crate::model::{self, Status, TicketKind};
use crate::store::{Page, TicketFilter, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, one_of, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list).add::<__path_one, _, _>(one).add::<__path_events, _, _>(events)
}

/// One problem being looked after.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ticket {
    id: String,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    #[schema(schema_with = statuses)]
    status: &'static str,
    #[schema(schema_with = severities)]
    severity: &'static str,
    property_id: String,
    #[schema(required)]
    unit_id: Option<String>,
    /// The tenant of the day on which it opened.
    #[schema(required)]
    tenant_id: Option<String>,
    /// The device that told first.
    #[schema(required)]
    device_key: Option<String>,
    /// Every device of the incident, with whether it still shows the problem.
    devices: Vec<TicketDevice>,
    /// The housekeeper who has it, or had it last.
    #[schema(required)]
    assignee: Option<String>,
    /// What was asked for, in the words of who asked; null where a device told.
    #[schema(required)]
    text: Option<String>,
    /// Who signs every text to the tenant about it.
    #[schema(required)]
    sender: Option<String>,
    /// What the tenant answered last: `need_bed`, `inside` (the dead lock opened), `yes` or `no` to what they were asked.
    #[schema(required)]
    answer: Option<String>,
    /// What every tenant of the incident was asked, and what they said.
    questions: Vec<TicketQuestion>,
    /// Of a leak: the unit where the water probably comes from, the highest of the wet floors.
    #[schema(required)]
    likely_source: Option<String>,
    /// Its floor, where the registry tells.
    #[schema(required)]
    source_floor: Option<i32>,
    /// What telemetry must show before it is over, whoever says that it is done: `dry`, `proof` (of a fresh battery) or
    /// `report` (the device speaks again); null where a person's word is enough, and when it is over.
    #[schema(required, schema_with = awaited)]
    waiting_for: Option<&'static str>,
    /// It waits for the operator's word (`/sweep`): nobody is written to before.
    held: bool,
    /// How many photos it has: `/tickets/{id}/photos/0` and so on.
    photos: usize,
    /// How often it was opened again.
    reopened: u32,
    /// When who has it is expected; null where nobody is on the way, or nothing was said and the matter can wait.
    #[schema(required)]
    expected_at: Option<Time>,
    /// What the second step of opening the valve must name, while it is awaited.
    #[schema(required)]
    valve_code: Option<String>,
    /// The times that its steps have, oldest first.
    clocks: Vec<Clock>,
    opened_at: Time,
    /// When it needs attention next.
    #[schema(required)]
    due_at: Option<Time>,
    #[schema(required)]
    resolved_at: Option<Time>,
    /// When it was closed or cancelled.
    #[schema(required)]
    closed_at: Option<Time>,
}

/// A device as a part of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketDevice {
    key: String,
    /// Whether it still shows the problem.
    active: bool,
}

/// What one tenant of an incident was asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketQuestion {
    tenant_id: String,
    /// What: `need_bed`, `replaced` (the battery), `inside` (did the way through the dead lock help?), `close_valve`.
    what: String,
    asked_at: Time,
    /// What they said: `need_bed`, `inside`, `yes` or `no`; null while it is open.
    #[schema(required)]
    answer: Option<String>,
}

impl From<&model::Question> for TicketQuestion {
    fn from(q: &model::Question) -> Self {
        let (tenant_id, what) = (q.tenant_id.0.clone(), q.what.clone());
        Self { tenant_id, what, asked_at: q.asked_at.into(), answer: q.answer.clone() }
    }
}

/// The time that a step has. It stands while the tenant is waited for; of routine matters only service hours count.
#[derive(Debug, Serialize, ToSchema)]
pub struct Clock {
    /// Until somebody takes it (or the tenant is told what to do), until somebody is there, until it is solved.
    #[schema(schema_with = nodes)]
    step: &'static str,
    limit_ms: i64,
    /// When it runs out; null while it stands, and when it is over.
    #[schema(required)]
    due_at: Option<Time>,
    #[schema(required)]
    met_at: Option<Time>,
    #[schema(required)]
    missed_at: Option<Time>,
}

impl From<&model::SlaClock> for Clock {
    fn from(c: &model::SlaClock) -> Self {
        let time = |at: Option<model::Timestamp>| at.map(Time::from);
        let (due_at, met_at, missed_at) = (time(c.due_at), time(c.met_at), time(c.missed_at));
        Self { step: c.node.as_str(), limit_ms: c.limit.0, due_at, met_at, missed_at }
    }
}

fn nodes() -> utoipa::openapi::Object {
    words(&model::Node::ALL.map(model::Node::as_str))
}

pub(super) fn words(words: &[&'static str]) -> utoipa::openapi::Object {
    let known = words.iter().map(|w| serde_json::Value::from(*w));
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(known))
        .build()
}

pub(super) fn kinds() -> utoipa::openapi::Object {
    words(&TicketKind::ALL.map(TicketKind::as_str))
}

pub(super) fn statuses() -> utoipa::openapi::Object {
    words(&Status::WORDS)
}

pub(super) fn severities() -> utoipa::openapi::Object {
    use crate::model::Severity::{Emergency, Routine, Urgent};
    words(&[Routine, Urgent, Emergency].map(crate::model::Severity::as_str))
}

pub(super) fn awaited() -> utoipa::openapi::Object {
    use utoipa::openapi::schema::{SchemaType, Type};
    let mut object = words(&["dry", "proof", "report"]);
    object.schema_type = SchemaType::Array(vec![Type::String, Type::Null]);
    object.enum_values.get_or_insert_default().push(serde_json::Value::Null);
    object
}

impl From<&model::Ticket> for Ticket {
    fn from(t: &model::Ticket) -> Self {
        let (resolved_at, closed_at) = match t.status {
            Status::Resolved { at } => (Some(at), None),
            Status::Closed { resolved_at, at } => (Some(resolved_at), Some(at)),
            Status::Cancelled { at } => (None, Some(at)),
            Status::Open | Status::Offered | Status::Assigned | Status::OnSite => (None, None),
        };
        let visit = t.work.visit.as_ref().filter(|_| t.status == Status::Assigned);
        Self {
            id: t.id.0.clone(),
            kind: t.kind.as_str(),
            status: t.status.as_str(),
            severity: t.severity.as_str(),
            property_id: t.property_id.0.clone(),
            unit_id: t.unit_id.as_ref().map(|u| u.0.clone()),
            tenant_id: t.tenant_id.as_ref().map(|t| t.0.clone()),
            device_key: t.device_key.as_ref().map(|k| k.0.clone()),
            devices: t
                .devices
                .iter()
                .map(|(key, active)| TicketDevice { key: key.0.clone(), active: *active })
                .collect(),
            assignee: t.assignee.as_ref().map(|h| h.0.clone()),
            text: t.text.clone(),
            sender: t.sender.clone(),
            answer: t.answered().map(str::to_owned),
            questions: t.questions.iter().map(TicketQuestion::from).collect(),
            likely_source: t.source.as_ref().map(|s| s.unit_id.0.clone()),
            source_floor: t.source.as_ref().and_then(|s| s.floor),
            waiting_for: crate::decide::awaited(t),
            held: t.held,
            photos: t.photos.len(),
            reopened: t.round,
            expected_at: visit.and_then(|v| v.expected_at).map(Time::from),
            valve_code: t.work.opening.as_ref().map(|o| o.code.clone()),
            clocks: t.work.clocks.iter().map(Clock::from).collect(),
            opened_at: t.opened_at.into(),
            due_at: t.due_at.map(Time::from),
            resolved_at: resolved_at.map(Time::from),
            closed_at: closed_at.map(Time::from),
        }
    }
}

/// One move of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketEvent {
    /// Its number within the ticket, from 0.
    seq: i64,
    at: Time,
    /// What happened, a stable word: `opened`, `step`, `accepted`, `resolved` …
    what: String,
    /// Who: `system`, `device`, `carrier`, `tenant`, `housekeeper:ID`, `user:NAME`.
    actor: String,
    /// Details, by what happened.
    data: serde_json::Value,
}

/// Which tickets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketParams {
    /// Kind of problem.
    #[param(schema_with = kinds)]
    kind: Option<String>,
    /// Where it stands.
    #[param(schema_with = statuses)]
    status: Option<String>,
    /// Key of a device that is part of it.
    device: Option<String>,
    /// Unit id.
    unit: Option<String>,
    /// Property id.
    property: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Tickets, by when they opened, the oldest first.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", operation_id = "list_tickets", params(TicketParams), responses(
    (status = 200, description = "A page of tickets.", body = Paged<Ticket>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem)))]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<TicketParams>,
) -> Answer<Paged<Ticket>> {
    caller.need(Right::Tickets)?;
    let page = page(q.limit, q.after.as_deref())?;
    let filter = TicketFilter {
        kind: one_of("kind", q.kind, &TicketKind::ALL.map(TicketKind::as_str))?,
        status: one_of("status", q.status, &Status::WORDS)?,
        device: q.device,
        unit: q.unit,
        property: q.property,
        properties: caller.properties().map(<[String]>::to_vec),
    };
    let rows = app.store.read().await?.list_tickets(&filter, &page).await?;
    let shape = |t: &model::Ticket| caller.sees_ticket(t).then(|| Ticket::from(t));
    Ok(Paged::of(&rows, page.limit, |t| (t.opened_at.0, &t.id.0), shape))
}

/// One ticket.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", operation_id = "get_ticket",
    params(("id" = String, Path, description = "Ticket id.")), responses(
    (status = 200, description = "The ticket.", body = Ticket),
    (status = 401, description = "No known token.", body = Problem),
    (status = 404, description = "No such ticket in the token's scope.", body = Problem)))]
pub async fn one(State(app): State<AppState>, caller: Caller, Id(id): Id, _: Params<NoParams>) -> Answer<Ticket> {
    caller.need(Right::Tickets)?;
    let mut tx = app.store.read().await?;
    Ok(Json(Ticket::from(&visible(&mut tx, &caller, &id).await?)))
}

/// The ticket, if the caller may see it.
pub async fn visible(tx: &mut Tx, caller: &Caller, id: &str) -> Result<model::Ticket, Problem> {
    let ticket = tx.ticket(id).await?;
    ticket.filter(|t| caller.sees_ticket(t)).ok_or_else(|| Problem::not_found("ticket"))
}

/// A ticket's moves, in order: the audit trail.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/events", tag = "tickets", operation_id = "list_ticket_events",
    params(("id" = String, Path, description = "Ticket id."), super::ListParams), responses(
    (status = 200, description = "A page of moves.", body = Paged<TicketEvent>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 404, description = "No such ticket in the token's scope.", body = Problem)))]
pub async fn events(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    Params(q): Params<super::ListParams>,
) -> Answer<Paged<TicketEvent>> {
    caller.need(Right::Tickets)?;
    let Page { limit, after } = page(q.limit, q.after.as_deref())?;
    let mut tx = app.store.read().await?;
    visible(&mut tx, &caller, &id).await?;
    let mut rows = tx.ticket_events(&id).await?;
    rows.retain(|row| after.as_ref().is_none_or(|(seq, _)| row.0 > *seq));
    rows.truncate(usize::try_from(limit).expect("a limit is small"));
    let shape = |(seq, at, what, actor, data): &(i64, model::Timestamp, String, String, String)| {
        let data = serde_json::from_str(data).unwrap_or_default();
        Some(TicketEvent { seq: *seq, at: (*at).into(), what: what.clone(), actor: actor.clone(), data })
    };
    Ok(Paged::of(&rows, limit, |row| (row.0, ""), shape))
}
