//! The sweep: what a fleet brought along when it came. A report, and the operator's word that releases it in doses.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tickets::Ticket;
use super::{Answer, NoParams, Time};
use crate::commit::CommandError;
use crate::decide::Command;
use crate::model::time::DAY;
use crate::model::{TicketId, TicketKind, Timestamp};
use crate::store::{KeptRequest, StoreError, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::Body;
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// Rows of each list of the report.
const SHOWN_MAX: i64 = 500;
/// Tickets released by one word.
const DOSE_MAX: u32 = 500;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_sweep, _, _>(sweep).add::<__path_release, _, _>(release)
}

/// What a fleet brought along when it came: nobody is written to about it before it is released.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sweep {
    /// The service's own time.
    now: Time,
    /// Batteries that were low when they came and wait.
    low: i64,
    /// Devices that fell silent in their first days and wait.
    silent: i64,
    /// Devices whose battery gauge is not to be believed; at most 500.
    lying: Vec<String>,
    /// The same by model, the worst first; at most 500.
    lying_models: Vec<LyingModel>,
    /// Registered devices that nobody has heard; at most 500.
    unknown: Vec<String>,
    /// The tickets that wait, the oldest first; at most 500.
    items: Vec<Ticket>,
}

/// The tickets of a dose, and when each begins.
type Chosen = Vec<(TicketId, Timestamp)>;

/// A model with gauges that are not to be believed.
#[derive(Debug, Serialize, ToSchema)]
pub struct LyingModel {
    /// Maker and model, as registered.
    model: String,
    /// Devices of it that have told something.
    devices: i64,
    /// How many of them are not to be believed.
    lying: i64,
}

impl From<(String, i64, i64)> for LyingModel {
    fn from((model, devices, lying): (String, i64, i64)) -> Self {
        Self { model, devices, lying }
    }
}

/// How much is released.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// So many tickets, the oldest first: 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    count: u32,
    /// So many of them a day, the first today; all today when absent.
    #[schema(minimum = 1)]
    per_day: Option<u32>,
    /// `battery` or `silent`; both when absent.
    kind: Option<String>,
    /// Of this property only.
    property: Option<String>,
}

/// What was released.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Released {
    /// Ticket ids, the first to begin first.
    released: Vec<String>,
    /// How many still wait in the token's scope.
    left: i64,
}

/// What a fleet brought along when it came.
#[utoipa::path(get, path = "/api/v1/sweep", tag = "tickets", operation_id = "get_sweep", responses(
    (status = 200, description = "The report.", body = Sweep),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn sweep(State(app): State<AppState>, caller: Caller, _: Params<NoParams>) -> Answer<Sweep> {
    caller.need(Right::Property)?;
    let mut tx = app.store.read().await?;
    let counts = tx.held_counts(caller.properties()).await?;
    let of = |kind: TicketKind| counts.iter().find(|(k, _)| k == kind.as_str()).map_or(0, |(_, n)| *n);
    let items = tx.held_tickets(caller.properties(), None, SHOWN_MAX).await?;
    Ok(Json(Sweep {
        now: app.clock.now().into(),
        low: of(TicketKind::Battery),
        silent: of(TicketKind::Silent),
        lying: tx.doubted_devices(caller.properties(), SHOWN_MAX).await?,
        lying_models: tx
            .doubted_models(caller.properties(), SHOWN_MAX)
            .await?
            .into_iter()
            .map(LyingModel::from)
            .collect(),
        unknown: tx.never_heard(caller.properties(), SHOWN_MAX).await?,
        items: items.iter().map(Ticket::from).collect(),
    }))
}

/// Releases a dose: the playbooks of these tickets begin, now or on the day that is theirs. The same key and body again get the
/// same answer.
#[utoipa::path(post, path = "/api/v1/sweep/release", tag = "tickets", operation_id = "release_sweep", request_body = Dose,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 characters, new for each dose: sent again with it, the same dose releases nothing more. It counts for 30 days.")), responses(
    (status = 200, description = "What was released.", body = Released),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 409, description = "The key was used for another dose.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not all were stored: some may be released. What still waits is in the report.", body = Problem)))]
pub async fn release(
    State(app): State<AppState>,
    caller: Caller,
    _: Params<NoParams>,
    headers: HeaderMap,
    Body(dose): Body<Dose>,
) -> Answer<Released> {
    caller.need(Right::Lead)?;
    check(&caller, &dose)?;
    let released = match idempotency::key_if_any(&headers)? {
        Some(key) => once(&app, &caller, &dose, &format!("release:{}/{key}", caller.actor())).await?,
        None => {
            let chosen = chosen(&mut app.store.read().await?, app.clock.now(), &caller, &dose).await?;
            carry_out(&app, &caller, &chosen).await?
        }
    };
    Ok(Json(released))
}

/// A dose under its key: its tickets are chosen once, released until all are, and answered alike ever after.
async fn once(app: &AppState, caller: &Caller, dose: &Dose, key: &str) -> Result<Released, Problem> {
    let request = to_json(dose);
    let kept = begun(app, caller, dose, key).await?;
    if kept.request != request {
        return Err(Problem::used_key("this Idempotency-Key was used for another dose"));
    }
    if let Some(answer) = &kept.answer {
        return from_json(key, answer);
    }
    let released = carry_out(app, caller, &from_json::<Chosen>(key, &kept.plan)?).await?;
    let mut tx = app.store.begin().await?;
    tx.answer_request(key, &to_json(&released)).await?;
    let answer = tx.kept_request(key).await?.and_then(|kept| kept.answer);
    tx.commit().await?;
    // Two at one time answer alike: with what was noted first.
    answer.map_or(Ok(released), |answer| from_json(key, &answer))
}

/// What is kept under a key; a new one is given its tickets.
async fn begun(app: &AppState, caller: &Caller, dose: &Dose, key: &str) -> Result<KeptRequest, Problem> {
    let mut tx = app.store.begin().await?;
    if let Some(kept) = tx.kept_request(key).await? {
        return Ok(kept);
    }
    let now = app.clock.now();
    let plan = to_json(&chosen(&mut tx, now, caller, dose).await?);
    let kept = KeptRequest { request: to_json(dose), plan, answer: None };
    tx.keep_request(key, &kept, now).await?;
    let kept = tx.kept_request(key).await?.unwrap_or(kept);
    tx.commit().await?;
    Ok(kept)
}

/// The tickets of a dose, and when each begins.
async fn chosen(tx: &mut Tx, now: Timestamp, caller: &Caller, dose: &Dose) -> Result<Chosen, Problem> {
    let own = dose.property.as_ref().map(std::slice::from_ref).or(caller.properties());
    let held = tx.held_tickets(own, dose.kind.as_deref(), i64::from(dose.count)).await?;
    let days = |n: usize| dose.per_day.map_or(0, |per_day| n as i64 / i64::from(per_day));
    Ok(held.into_iter().enumerate().map(|(n, ticket)| (ticket.id, now + days(n) * DAY)).collect())
}

/// Releases them. Of those that were released before nothing changes.
async fn carry_out(app: &AppState, caller: &Caller, chosen: &Chosen) -> Result<Released, Problem> {
    let words =
        chosen.iter().map(|(id, at)| app.door.command(id.clone(), caller.actor(), Command::Release { at: *at }));
    let mut released = Vec::new();
    for done in join_all(words).await {
        match done {
            Ok(ticket) => released.push(ticket.id.0),
            // It was over in the meantime: nothing is left to be released.
            Err(CommandError::Refused(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    let left = left(&mut app.store.read().await?, caller).await?;
    Ok(Released { released, left })
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

fn from_json<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, Problem> {
    let bad = |e: serde_json::Error| StoreError::Row { table: "requests", id: key.to_owned(), detail: e.to_string() };
    serde_json::from_str(text).map_err(|e| bad(e).into())
}

async fn left(tx: &mut Tx, caller: &Caller) -> Result<i64, Problem> {
    Ok(tx.held_counts(caller.properties()).await?.iter().map(|(_, n)| n).sum())
}

fn check(caller: &Caller, dose: &Dose) -> Result<(), Problem> {
    if !(1..=DOSE_MAX).contains(&dose.count) {
        let detail = format!("{} is not between 1 and {DOSE_MAX}", dose.count);
        return Err(Problem::unprocessable("bad-dose", detail).at("field count"));
    }
    if dose.per_day == Some(0) {
        return Err(Problem::unprocessable("bad-dose", "none a day is never").at("field per_day").mend("1 or more"));
    }
    let waits = [TicketKind::Battery, TicketKind::Silent].map(TicketKind::as_str);
    if dose.kind.as_deref().is_some_and(|kind| !waits.contains(&kind)) {
        let detail = "only batteries and silences wait";
        return Err(Problem::unprocessable("bad-kind", detail).at("field kind").mend("`battery` or `silent`"));
    }
    match &dose.property {
        Some(property) if !caller.sees(Some(property.as_str())) => {
            Err(Problem::forbidden("this property is not in the scope"))
        }
        _ => Ok(()),
    }
}
