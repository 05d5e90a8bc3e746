//! The board: everything that is not over, with the names around it, in one answer. What the page shows.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::tickets::Ticket;
use super::{Answer, NoParams, Time};
use crate::decide::DeviceState;
use crate::model::{Status, TicketId};
use crate::store::{BoardMessageRow, BoardTicketRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// Tickets on the board at most; the counts tell how many there are.
const TICKETS_MAX: i64 = 200;
/// People whose last message is shown with one ticket.
const PEOPLE_OF_ONE_MAX: usize = 6;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_board, _, _>(board)
}

/// Everything that is not over.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    /// The service's own time.
    now: Time,
    /// IANA name of the time zone of the houses, when they share one.
    #[schema(required)]
    timezone: Option<String>,
    /// How many devices are watched.
    devices: i64,
    /// How many tickets are being worked on, by kind.
    counts: BTreeMap<String, i64>,
    /// How many are resolved and not yet closed.
    resolved: i64,
    /// How many wait for the operator's word (`/sweep`), by kind; they stand nowhere else here.
    held: BTreeMap<String, i64>,
    /// Those being worked on, leaks first, then the oldest; then the resolved ones, the latest first. At most 200.
    items: Vec<BoardTicket>,
}

/// A ticket with the names around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardTicket {
    #[serde(flatten)]
    ticket: Ticket,
    #[schema(required)]
    property_name: Option<String>,
    /// IANA name of the property's time zone.
    #[schema(required)]
    timezone: Option<String>,
    #[schema(required)]
    unit_name: Option<String>,
    #[schema(required)]
    device_name: Option<String>,
    #[schema(required)]
    assignee_name: Option<String>,
    /// Battery level of its device, 0–100 %.
    #[schema(required)]
    percent: Option<f64>,
    /// When its device spoke last.
    #[schema(required)]
    seen_at: Option<Time>,
    /// What was sent about it last to each person, the latest six.
    messages: Vec<BoardMessage>,
}

/// A message about a ticket: who, how and what became of it; neither number nor words.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardMessage {
    #[schema(examples("tenant", "housekeeper", "manager"))]
    to: String,
    #[schema(examples("sms", "voice"))]
    channel: String,
    #[schema(required)]
    template: Option<String>,
    status: String,
    /// When the carrier took it; before that, when it was made.
    at: Time,
}

impl From<&BoardMessageRow> for BoardMessage {
    fn from(m: &BoardMessageRow) -> Self {
        Self {
            to: m.recipient.split(':').next().unwrap_or_default().to_owned(),
            channel: m.channel.clone(),
            template: m.template.clone(),
            status: m.status.clone(),
            at: m.sent_at.unwrap_or(m.created_at).into(),
        }
    }
}

/// Everything that is not over, with the names around it.
#[utoipa::path(get, path = "/api/v1/board", tag = "tickets", operation_id = "get_board", responses(
    (status = 200, description = "The board.", body = Board),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn board(State(app): State<AppState>, caller: Caller, _: Params<NoParams>) -> Answer<Board> {
    caller.need(Right::Property)?;
    let mut tx = app.store.read().await?;
    let counted = tx.board_counts(caller.properties()).await?;
    let mut counts = BTreeMap::new();
    let mut resolved = 0;
    for (kind, status, n) in counted {
        if status == "resolved" {
            resolved += n;
        } else {
            *counts.entry(kind).or_default() += n;
        }
    }
    let devices = tx.count_devices(caller.properties()).await?;
    let mut timezones = tx.timezones(caller.properties()).await?;
    let timezone = timezones.pop().filter(|_| timezones.is_empty());
    let held = tx.held_counts(caller.properties()).await?.into_iter().collect();
    let items = items(&mut tx, &caller).await?;
    Ok(Json(Board { now: app.clock.now().into(), timezone, devices, counts, resolved, held, items }))
}

async fn items(tx: &mut Tx, caller: &Caller) -> Result<Vec<BoardTicket>, Problem> {
    let mut rows = tx.board_tickets(caller.properties(), TICKETS_MAX).await?;
    rows.sort_by_key(|row| match row.ticket.status {
        Status::Resolved { at } => (1, -at.0),
        _ => (0, 0),
    });
    let ids: Vec<&str> = rows.iter().map(|row| row.ticket.id.as_str()).collect();
    let people: Vec<&str> = rows.iter().filter_map(|row| row.ticket.assignee.as_ref()).map(|h| h.as_str()).collect();
    let names = tx.housekeeper_names(&people).await?;
    let sent = tx.board_messages(&ids).await?;
    let mut by_ticket: HashMap<&TicketId, Vec<&BoardMessageRow>> = HashMap::new();
    for message in &sent {
        by_ticket.entry(&message.ticket_id).or_default().push(message);
    }
    Ok(rows.iter().map(|row| item(row, &names, by_ticket.get(&row.ticket.id))).collect())
}

fn item(row: &BoardTicketRow, names: &HashMap<String, String>, sent: Option<&Vec<&BoardMessageRow>>) -> BoardTicket {
    let state = row.state.as_ref().and_then(|s| serde_json::from_str::<DeviceState>(s).ok()).unwrap_or_default();
    let sent = sent.map(Vec::as_slice).unwrap_or_default();
    BoardTicket {
        ticket: Ticket::from(&row.ticket),
        property_name: row.property_name.clone(),
        timezone: row.timezone.clone(),
        unit_name: row.unit_name.clone(),
        device_name: row.device_name.clone(),
        assignee_name: row.ticket.assignee.as_ref().and_then(|h| names.get(h.as_str())).cloned(),
        percent: state.battery.percent,
        seen_at: Some(state.seen_at).filter(|at| at.0 > 0).map(Time::from),
        messages: last_to_each(sent),
    }
}

/// The last message to each person, in the order of time.
fn last_to_each(sent: &[&BoardMessageRow]) -> Vec<BoardMessage> {
    let is_last = |n: usize| sent[n + 1..].iter().all(|later| later.recipient != sent[n].recipient);
    let last: Vec<_> = (0..sent.len()).filter(|n| is_last(*n)).map(|n| BoardMessage::from(sent[n])).collect();
    let surplus = last.len().saturating_sub(PEOPLE_OF_ONE_MAX);
    last.into_iter().skip(surplus).collect()
}
