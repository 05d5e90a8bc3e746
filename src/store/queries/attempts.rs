//! Attempts: by which carrier a message went, when, and what came of it. Kept for ever beside the message.

use sqlx::{QueryBuilder, Row as _};

use super::outbox::{DUE_COLUMNS, due_row};
use super::read::{MESSAGE_COLUMNS, message_row};
use super::{Conn, Db, LOCK, ROWS_MAX, Row, at, bad};
use crate::model::time::DAY;
use crate::model::*;
use crate::store::{DueMessage, MessageRow, Report, StoreError};

/// Attempts of one message that are read: the last ones.
const READ_MAX: i64 = 200;
/// No message is sent longer than this after it was made.
const MESSAGE_LASTS_MS: Millis = 2 * DAY;

/// Attempts begin.
pub async fn begin(conn: &mut Conn, begun: &[(MessageId, MadeAttempt)]) -> Result<(), StoreError> {
    for chunk in begun.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO attempts (message_id, n, carrier, began_at, outcome) ");
        query.push_values(chunk, |mut row, (id, attempt)| {
            row.push_bind(id.0.clone()).push_bind(attempt.n).push_bind(attempt.carrier.as_str());
            row.push_bind(attempt.began_at.0).push_bind(attempt.outcome.as_str());
        });
        query.push(" ON CONFLICT (message_id, n) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// How many attempts began since then.
pub async fn since(conn: &mut Conn, since: Timestamp) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM attempts WHERE began_at > $1");
    Ok(count.bind(since.0).fetch_one(&mut *conn).await?)
}

/// What came of an attempt.
pub async fn save(conn: &mut Conn, message: &MessageId, attempt: &MadeAttempt) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE attempts SET ended_at = $3, again_at = $4, outcome = $5, sid = $6, error_code = $7, error = $8 \
         WHERE message_id = $1 AND n = $2",
    )
    .bind(&message.0)
    .bind(attempt.n)
    .bind(attempt.ended_at.map(|t| t.0))
    .bind(attempt.again_at.map(|t| t.0))
    .bind(attempt.outcome.as_str())
    .bind(&attempt.sid)
    .bind(attempt.error_code)
    .bind(&attempt.error)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// The attempts of a message, in their order.
pub async fn of(conn: &mut Conn, message: &MessageId) -> Result<Vec<MadeAttempt>, StoreError> {
    let rows = sqlx::query(
        "SELECT n, carrier, began_at, ended_at, again_at, outcome, sid, error_code, error FROM attempts \
         WHERE message_id = $1 ORDER BY n DESC LIMIT $2",
    )
    .bind(&message.0)
    .bind(READ_MAX)
    .fetch_all(&mut *conn)
    .await?;
    rows.iter().rev().map(|row| attempt(message, row)).collect()
}

fn attempt(message: &MessageId, row: &Row) -> Result<MadeAttempt, StoreError> {
    let unreadable = |what| bad("attempts", message.as_str(), what);
    let time = |column: usize| row.try_get::<Option<i64>, _>(column).map(|t| t.map(at));
    Ok(MadeAttempt {
        n: row.try_get(0)?,
        carrier: CarrierName::parse(row.try_get(1)?).ok_or_else(|| unreadable("carrier"))?,
        began_at: at(row.try_get(2)?),
        ended_at: time(3)?,
        again_at: time(4)?,
        outcome: AttemptOutcome::parse(row.try_get(5)?).ok_or_else(|| unreadable("outcome"))?,
        sid: row.try_get(6)?,
        error_code: row.try_get(7)?,
        error: row.try_get(8)?,
    })
}

/// One message as it stands, locked.
pub async fn lock(conn: &mut Conn, id: &MessageId) -> Result<Option<DueMessage>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(DUE_COLUMNS).push(" FROM messages WHERE direction = 'outbound' AND id = ").push_bind(id.0.clone());
    query.push(LOCK);
    query.build().fetch_optional(&mut *conn).await?.as_ref().map(due_row).transpose()
}

/// The message that a report is about, locked: the one that the carrier knows by this id, now or by an earlier attempt;
/// else the one that the report names.
pub async fn of_report(conn: &mut Conn, r: &Report) -> Result<Option<DueMessage>, StoreError> {
    let known: Option<String> = sqlx::query_scalar(
        "SELECT message_id FROM attempts WHERE sid = $1 UNION ALL SELECT id FROM messages WHERE sid = $1 LIMIT 1",
    )
    .bind(&r.sid)
    .fetch_optional(&mut *conn)
    .await?;
    match known.map(MessageId).or_else(|| r.message_id.clone()) {
        Some(id) => lock(conn, &id).await,
        None => Ok(None),
    }
}

/// A message whose carrier gave up waits for its next attempt; never one that arrived.
pub async fn again(
    conn: &mut Conn,
    id: &MessageId,
    next_at: Timestamp,
    (error_code, error): (Option<i64>, Option<&str>),
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE messages SET status = 'queued', status_rank = 0, next_at = $2, lease_owner = NULL, sid = NULL, \
         sent_at = NULL, error_code = $3, error = $4 WHERE id = $1 AND status_rank < $5",
    )
    .bind(&id.0)
    .bind(next_at.0)
    .bind(error_code)
    .bind(error)
    .bind(MessageStatus::Delivered.rank())
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When the last attempts at these words to this number began that a carrier may have taken, the newest first.
pub async fn said(
    conn: &mut Conn,
    (to, body): (&E164, &str),
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Timestamp>, StoreError> {
    let times: Vec<i64> = sqlx::query_scalar(
        "SELECT a.began_at FROM messages m JOIN attempts a ON a.message_id = m.id \
         WHERE m.phone_to = $1 AND m.created_at > $3 AND m.body = $2 AND m.channel = 'sms' AND a.began_at > $4 \
         AND a.outcome IN ('sending', 'unknown', 'accepted', 'sent', 'delivered', 'undelivered', 'failed') \
         ORDER BY a.began_at DESC LIMIT $5",
    )
    .bind(to.as_str())
    .bind(body)
    .bind((since - MESSAGE_LASTS_MS).0)
    .bind(since.0)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    Ok(times.into_iter().map(at).collect())
}

/// One message, to or from a person, with the property of its ticket.
pub async fn message(conn: &mut Conn, id: &str) -> Result<Option<(MessageRow, Option<String>)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(MESSAGE_COLUMNS).push(" FROM messages WHERE id = ").push_bind(id.to_owned());
    let Some(row) = query.build().fetch_optional(&mut *conn).await? else { return Ok(None) };
    let message = message_row(&row)?;
    let property = sqlx::query_scalar("SELECT property_id FROM tickets WHERE id = $1")
        .bind(&message.ticket_id)
        .fetch_optional(&mut *conn)
        .await?;
    Ok(Some((message, property)))
}
