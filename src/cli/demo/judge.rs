//! Plain facts out of the database for the building's own scoreboard. It knows no rule of the service.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use nightporter_simulator::{Building, Kind, Observations, Rules, Scoreboard, SeenCredit, SeenMessage, SeenTicket};

use super::people::People;
use super::watch::all_tickets;
use crate::model::{Status, Ticket, TicketKind, Timestamp};
use crate::store::{MessageFilter, MessageRow, Page, Store, StoreError, Tx};

/// Messages read at once.
const PAGE: i64 = 500;
/// How far, in real time, reading, deciding and sending may lag behind the building: on a machine that does other things too.
const LAG_MS: f64 = 1_000.0;

/// Compares what truly happened up to `until` with what the database holds.
pub(super) async fn judge(
    store: &Store,
    people: &People,
    speed: f64,
    building: &Building,
    until: DateTime<Utc>,
) -> Result<Scoreboard, StoreError> {
    let mut tx = store.read().await?;
    let tickets = all_tickets(&mut tx).await?;
    let about: HashMap<&str, &Ticket> = tickets.iter().map(|t| (t.id.as_str(), t)).collect();
    let messages = messages(&mut tx).await?.iter().filter_map(|m| seen_message(m, &about)).collect();
    let credits = credits(&mut tx, people).await?;
    let seen = Observations {
        tickets: tickets.iter().filter_map(seen_ticket).collect(),
        messages,
        credits,
        restarts: Vec::new(),
    };
    let rules = Rules::default();
    let slack = rules.slack + TimeDelta::milliseconds((LAG_MS * speed) as i64);
    Ok(Scoreboard::judge_by(&Rules { slack, ..rules }, building.truth(), &seen, until))
}

fn kind(kind: TicketKind) -> Option<Kind> {
    Kind::parse(kind.as_str())
}

fn seen_ticket(ticket: &Ticket) -> Option<SeenTicket> {
    let resolved_at = match ticket.status {
        Status::Resolved { at } | Status::Cancelled { at } => Some(at),
        Status::Closed { resolved_at, .. } => Some(resolved_at),
        Status::Open | Status::Offered | Status::Assigned | Status::OnSite => None,
    };
    Some(SeenTicket {
        kind: kind(ticket.kind)?,
        device_key: ticket.device_key.as_ref()?.0.clone(),
        opened_at: ticket.opened_at.to_utc(),
        resolved_at: resolved_at.map(Timestamp::to_utc),
        status: ticket.status.as_str().to_owned(),
    })
}

fn seen_message(row: &MessageRow, about: &HashMap<&str, &Ticket>) -> Option<SeenMessage> {
    let ticket = row.ticket_id.as_deref().and_then(|id| about.get(id));
    (row.direction == "outbound").then(|| SeenMessage {
        to: row.to.clone(),
        template: row.template.clone(),
        kind: ticket.and_then(|t| kind(t.kind)),
        device_key: ticket.and_then(|t| t.device_key.as_ref()).map(|key| key.0.clone()),
        created_at: row.created_at.to_utc(),
        sent_at: row.sent_at.map(Timestamp::to_utc),
    })
}

async fn messages(tx: &mut Tx) -> Result<Vec<MessageRow>, StoreError> {
    let mut all: Vec<MessageRow> = Vec::new();
    loop {
        let after = all.last().map(|m| (m.created_at.0, m.id.0.clone()));
        let page = tx.list_messages(&MessageFilter::default(), &Page { limit: PAGE, after }).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn credits(tx: &mut Tx, people: &People) -> Result<Vec<SeenCredit>, StoreError> {
    let mut credits = Vec::new();
    for tenant in people.tenant_ids() {
        let (_, entries) = tx.rewards(tenant).await?;
        credits.extend(entries.into_iter().filter(|e| e.amount_minor > 0).map(|e| SeenCredit {
            tenant: e.tenant_id,
            device_key: e.device_key,
            amount_minor: e.amount_minor,
            at: e.at.to_utc(),
        }));
    }
    Ok(credits)
}
