//! The outbox: what is due, what became of it, what is due among devices and tickets.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, Row, at, bad, push_list};
use crate::model::*;
use crate::store::{DueMessage, MessageUpdate, Report, StoreError, Unsettled};

pub(super) const DUE_COLUMNS: &str = "id, status, recipient, phone_to, body, ticket_id, severity, attempts, tried_at, expires_at, channel, \
     locale, template";

/// Messages whose time has come, emergencies first. Nothing is locked: [`claim_message`] is refused to all but the first.
pub async fn due_messages(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<DueMessage>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(DUE_COLUMNS).push(" FROM messages WHERE next_at <= ").push_bind(now.0);
    query.push(" ORDER BY CASE severity WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, next_at, id LIMIT ");
    query.push_bind(limit);
    query.build().fetch_all(&mut *conn).await?.iter().map(due_row).collect()
}

pub(super) fn due_row(row: &Row) -> Result<DueMessage, StoreError> {
    let id: String = row.try_get(0)?;
    let word = |column: usize| row.try_get::<String, _>(column);
    let unreadable = |what: &str| bad("messages", &id, what);
    Ok(DueMessage {
        status: MessageStatus::parse(&word(1)?).ok_or_else(|| unreadable("status"))?,
        recipient: Recipient::parse(&word(2)?).ok_or_else(|| unreadable("recipient"))?,
        to: E164::parse(&word(3)?).ok_or_else(|| unreadable("phone number"))?,
        body: word(4)?,
        ticket_id: row.try_get::<Option<String>, _>(5)?.map(TicketId),
        severity: Severity::parse(&word(6)?).ok_or_else(|| unreadable("severity"))?,
        attempts: row.try_get(7)?,
        tried_at: row.try_get::<Option<i64>, _>(8)?.map(at),
        expires_at: at(row.try_get(9)?),
        channel: Channel::parse(&word(10)?).ok_or_else(|| unreadable("channel"))?,
        locale: row.try_get::<Option<String>, _>(11)?.as_deref().and_then(Locale::parse).unwrap_or_default(),
        template: row.try_get::<Option<String>, _>(12)?.unwrap_or_default(),
        id: MessageId(id.clone()),
    })
}

/// Texts sent between two times that the carrier took and of whose end nothing is known, by when they were sent.
pub async fn unsettled(
    conn: &mut Conn,
    (since, until): (Timestamp, Timestamp),
    after: Option<&(Timestamp, MessageId)>,
    limit: i64,
) -> Result<Vec<Unsettled>, StoreError> {
    let (at_least, id) = after.map_or((since, ""), |(sent_at, id)| (*sent_at, id.0.as_str()));
    let rows = sqlx::query(
        "SELECT m.id, m.sid, m.status, m.sent_at, m.phone_to, m.body, COALESCE(m.tried_at, m.sent_at), a.carrier, m.attempts \
         FROM messages m LEFT JOIN attempts a ON a.message_id = m.id AND a.n = m.attempts \
         WHERE m.status IN ('accepted', 'sent') AND m.direction = 'outbound' \
         AND m.channel = 'sms' AND m.sid IS NOT NULL AND m.sent_at <= $1 AND (m.sent_at > $2 OR (m.sent_at = $2 AND m.id > $3)) \
         ORDER BY m.sent_at, m.id LIMIT $4",
    )
    .bind(until.0)
    .bind(at_least.0)
    .bind(id)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    let read = |row: &Row| {
        let id: String = row.try_get(0)?;
        let status = MessageStatus::parse(&row.try_get::<String, _>(2)?);
        let to = E164::parse(&row.try_get::<String, _>(4)?);
        Ok(Unsettled {
            status: status.ok_or_else(|| bad("messages", &id, "status"))?,
            to: to.ok_or_else(|| bad("messages", &id, "phone number"))?,
            body: row.try_get(5)?,
            tried_at: at(row.try_get(6)?),
            carrier: row.try_get::<Option<String>, _>(7)?.as_deref().and_then(CarrierName::parse),
            attempts: row.try_get(8)?,
            id: MessageId(id),
            sid: row.try_get(1)?,
            sent_at: at(row.try_get(3)?),
        })
    };
    rows.iter().map(read).collect()
}

/// When the outbox has something to do next.
pub async fn next_message_at(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> =
        sqlx::query_scalar("SELECT MIN(next_at) FROM messages WHERE next_at IS NOT NULL").fetch_one(&mut *conn).await?;
    Ok(next.map(at))
}

/// Everything that another owner had in its hands is of unknown fate: for a database that serves one process. What was
/// being sent may have been taken until now, or until the lease ended.
pub async fn orphan_leases(conn: &mut Conn, owner: &str, now: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "UPDATE messages SET tried_at = CASE WHEN status <> 'sending' THEN tried_at WHEN next_at < $1 THEN next_at \
         ELSE $1 END, status = 'unknown', next_at = $1, lease_owner = NULL \
         WHERE status IN ('sending', 'unknown') AND lease_owner IS NOT NULL AND lease_owner <> $2",
    )
    .bind(now.0)
    .bind(owner)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected())
}

/// Records where a message stands. A carrier's status never goes down.
pub async fn update_message(conn: &mut Conn, u: &MessageUpdate) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE messages SET status = $2, status_rank = $3, attempts = $4, next_at = $5, lease_owner = $6, tried_at = $7, \
         sid = COALESCE($8, sid), error_code = $9, error = $10, segments = COALESCE($11, segments), \
         sent_at = COALESCE(sent_at, $12), delivered_at = COALESCE($13, delivered_at) \
         WHERE id = $1 AND status_rank <= $3",
    )
    .bind(&u.id.0)
    .bind(u.status.as_str())
    .bind(u.status.rank())
    .bind(u.attempts)
    .bind(u.next_at.map(|t| t.0))
    .bind(&u.lease_owner)
    .bind(u.tried_at.map(|t| t.0))
    .bind(&u.sid)
    .bind(u.error_code)
    .bind(&u.error)
    .bind(u.segments)
    .bind(u.sent_at.map(|t| t.0))
    .bind(u.delivered_at.map(|t| t.0))
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Claims a message as it was read; false when somebody else was faster.
pub async fn claim_message(
    conn: &mut Conn,
    u: &MessageUpdate,
    was: &DueMessage,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE messages SET status = $2, status_rank = $3, attempts = $4, next_at = $5, lease_owner = $6, tried_at = $7, \
         error = COALESCE($11, error) WHERE id = $1 AND status = $8 AND attempts = $9 AND next_at <= $10",
    )
    .bind(&u.id.0)
    .bind(u.status.as_str())
    .bind(u.status.rank())
    .bind(u.attempts)
    .bind(u.next_at.map(|t| t.0))
    .bind(&u.lease_owner)
    .bind(u.tried_at.map(|t| t.0))
    .bind(was.status.as_str())
    .bind(was.attempts)
    .bind(now.0)
    .bind(&u.error)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records what a carrier reports of a message; `None` when more was known.
pub async fn report(
    conn: &mut Conn,
    id: &MessageId,
    r: &Report,
    now: Timestamp,
) -> Result<Option<DueMessage>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("UPDATE messages SET status = ");
    query.push_bind(r.status.as_str()).push(", status_rank = ").push_bind(r.status.rank());
    query.push(", next_at = NULL, lease_owner = NULL, sid = COALESCE(sid, ").push_bind(r.sid.clone());
    query.push("), error_code = ").push_bind(r.error_code).push(", error = ").push_bind(r.error.clone());
    query.push(", sent_at = COALESCE(sent_at, ").push_bind(now.0).push(")");
    if r.status == MessageStatus::Delivered {
        query.push(", delivered_at = ").push_bind(now.0);
    }
    query.push(" WHERE direction = 'outbound' AND status_rank < ").push_bind(r.status.rank());
    query.push(" AND id = ").push_bind(id.0.clone());
    query.push(" RETURNING ").push(DUE_COLUMNS);
    let row = query.build().fetch_optional(&mut *conn).await?;
    row.as_ref().map(due_row).transpose()
}

/// The words of these messages, by key.
pub async fn bodies(conn: &mut Conn, keys: &[String]) -> Result<HashMap<String, String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT key, body FROM messages WHERE key IN ");
    push_list(&mut query, keys.iter().map(String::as_str));
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The ticket that a call was about; none for a text.
pub async fn ticket_of_call(conn: &mut Conn, message: &str) -> Result<Option<(TicketId, Recipient)>, StoreError> {
    let found = sqlx::query("SELECT ticket_id, recipient FROM messages WHERE id = $1 AND channel = 'voice'")
        .bind(message)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = found else { return Ok(None) };
    let (ticket, to): (Option<String>, String) = (row.try_get(0)?, row.try_get(1)?);
    let to = Recipient::parse(&to).ok_or_else(|| bad("messages", message, "recipient"))?;
    Ok(ticket.map(|id| (TicketId(id), to)))
}

/// Which of these carrier's ids are ours already, of whichever attempt.
pub async fn known_sids(conn: &mut Conn, sids: &[String]) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT sid FROM messages WHERE sid IN ");
    push_list(&mut query, sids.iter().map(String::as_str));
    query.push(" UNION SELECT sid FROM attempts WHERE sid IN ");
    push_list(&mut query, sids.iter().map(String::as_str));
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

/// Devices that need a look.
pub async fn due_devices(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<DeviceKey>, StoreError> {
    let keys: Vec<String> =
        sqlx::query_scalar("SELECT key FROM device_states WHERE due_at <= $1 ORDER BY due_at, key LIMIT $2")
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await?;
    Ok(keys.into_iter().map(DeviceKey).collect())
}

/// Tickets that need attention; those of one unit together, so that their words can be merged.
pub async fn due_tickets(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<TicketId>, StoreError> {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM tickets WHERE due_at <= $1 ORDER BY due_at, unit_id, id LIMIT $2")
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// When a device, ticket or conversation is due next.
pub async fn next_due_at(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(due) FROM (SELECT MIN(due_at) AS due FROM device_states UNION ALL SELECT MIN(due_at) AS due FROM tickets \
         UNION ALL SELECT MIN(due_at) AS due FROM conversations WHERE due_at IS NOT NULL) AS dues",
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(next.map(at))
}
