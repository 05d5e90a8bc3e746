//! What people open under a key: the same wish under it again leads to the same ticket, also where it had joined one that was
//! there; another wish under it is refused. Decides nothing else.

use serde_json::json;

use crate::decide::desk::Desk;
use crate::decide::{Refusal, Wanted};
use crate::model::{Severity, Ticket, TicketId, digest};
use crate::store::{KeptRequest, StoreError, Tx};

/// Grants a wish, under the lock of its property: of two at one time the second one finds what the first one left.
pub(super) async fn open(
    tx: &mut Tx,
    desk: &mut Desk<'_>,
    (wanted, actor, key): (&Wanted, &str, &str),
) -> Result<Result<Ticket, Refusal>, StoreError> {
    let (name, request) = (format!("open:{key}"), fingerprint(wanted));
    if let Some(kept) = tx.kept_request(&name).await? {
        // Migration 0018 tells those that were kept without their wish.
        if !kept.request.is_empty() && kept.request != request {
            return Ok(Err(Refusal::UsedKey));
        }
        let id = TicketId(kept.answer.unwrap_or_default());
        let ticket = desk.facts.tickets.get(&id).cloned();
        if let Some(ticket) = ticket.or(tx.ticket(id.as_str()).await?) {
            return Ok(Ok(ticket));
        }
    }
    let id = match desk.wanted(wanted, actor, key) {
        Ok(id) => id,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let kept = KeptRequest { request, plan: String::new(), answer: Some(id.0.clone()) };
    tx.keep_request(&name, &kept, desk.now).await?;
    Ok(Ok(desk.facts.tickets[&id].clone()))
}

/// A wish, so that it can be told from another one; nobody's words are kept.
fn fingerprint(wanted: &Wanted) -> String {
    let Wanted { kind, property_id, unit_id, severity, text } = wanted;
    let severity = severity.map(Severity::as_str);
    digest(json!([kind.as_str(), property_id.0, unit_id.as_ref().map(|unit| &unit.0), severity, text]).to_string())
}
