//! What the service made of it: reads tickets and their moves from the database as they change. Writes nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::people::People;
use super::story::Happening;
use crate::commit::Change;
use crate::model::{Ticket, TicketId};
use crate::store::{Page, Store, StoreError, TicketFilter, Tx};

/// Tickets read at once when changes were missed.
const PAGE: i64 = 500;

/// Follows the tickets.
pub(super) struct Watch {
    store: Store,
    people: Arc<People>,
    changes: broadcast::Receiver<Change>,
    currency: String,
    /// How many moves of each ticket were told.
    told: HashMap<TicketId, i64>,
    /// The tickets that somebody is looking after.
    active: HashMap<TicketId, Ticket>,
}

/// Which tickets changed.
pub(super) enum Changed {
    /// These.
    Some(BTreeSet<TicketId>),
    /// Too many to say.
    Any,
}

impl Watch {
    /// Begins with nothing told.
    pub(super) fn new(
        store: Store,
        people: Arc<People>,
        changes: broadcast::Receiver<Change>,
        currency: String,
    ) -> Self {
        Self { store, people, changes, currency, told: HashMap::new(), active: HashMap::new() }
    }

    /// The tickets that somebody is looking after.
    pub(super) fn active(&self) -> impl Iterator<Item = &Ticket> {
        self.active.values()
    }

    /// How many tickets there are.
    pub(super) fn tickets(&self) -> usize {
        self.told.len()
    }

    /// Waits until something changes.
    pub(super) async fn changed(&mut self) -> Changed {
        let mut ids = BTreeSet::new();
        match self.changes.recv().await {
            Ok(change) => note(&mut ids, change),
            Err(RecvError::Lagged(_)) => return Changed::Any,
            Err(RecvError::Closed) => std::future::pending().await,
        }
        loop {
            match self.changes.try_recv() {
                Ok(change) => note(&mut ids, change),
                Err(TryRecvError::Lagged(_)) => return Changed::Any,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Changed::Some(ids),
            }
        }
    }

    /// What happened to these tickets since the last look, in the order of time.
    pub(super) async fn look(&mut self, changed: Changed) -> Result<Vec<Happening>, StoreError> {
        let mut tx = self.store.read().await?;
        let tickets = match changed {
            Changed::Some(ids) => some(&mut tx, &ids).await?,
            Changed::Any => all_tickets(&mut tx).await?,
        };
        let mut happenings = Vec::new();
        for ticket in tickets {
            let told = self.told.entry(ticket.id.clone()).or_default();
            if *told < ticket.events {
                let moves = tx.ticket_events(ticket.id.as_str()).await?;
                let new = moves.iter().filter(|one| one.0 >= *told);
                happenings.extend(new.filter_map(|one| Happening::of(&ticket, one, &self.people, &self.currency)));
                *told = ticket.events;
            }
            if ticket.status.is_active() {
                self.active.insert(ticket.id.clone(), ticket);
            } else {
                self.active.remove(&ticket.id);
            }
        }
        happenings.sort_by_key(|one| one.at);
        Ok(happenings)
    }
}

fn note(ids: &mut BTreeSet<TicketId>, change: Change) {
    if change.kind == "ticket" {
        ids.insert(TicketId(change.id));
    }
}

async fn some(tx: &mut Tx, ids: &BTreeSet<TicketId>) -> Result<Vec<Ticket>, StoreError> {
    let mut tickets = Vec::new();
    for id in ids {
        tickets.extend(tx.ticket(id.as_str()).await?);
    }
    Ok(tickets)
}

/// Every ticket that there is.
pub(super) async fn all_tickets(tx: &mut Tx) -> Result<Vec<Ticket>, StoreError> {
    let mut all: Vec<Ticket> = Vec::new();
    loop {
        let after = all.last().map(|t| (t.opened_at.0, t.id.0.clone()));
        let page = tx.list_tickets(&TicketFilter::default(), &Page { limit: PAGE, after }).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
