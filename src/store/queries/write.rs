//! Storing what a batch led to. Every statement is idempotent or asserts what it did.

use sqlx::QueryBuilder;

use super::{Conn, Db, ROWS_MAX, push_list};
use crate::decide::desk::Wish;
use crate::model::*;
use crate::store::{Reject, StateRow, StoreError};

/// Unintelligible messages that are kept.
const REJECTS_MAX: i64 = 1_000;

/// Stores states; a key stands in the batch once.
pub async fn states(conn: &mut Conn, rows: &[StateRow]) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO device_states (key, seen_at, due_at, state) ");
        query.push_values(chunk, |mut row, s| {
            row.push_bind(s.key.0.clone());
            row.push_bind(s.seen_at.0);
            row.push_bind(s.due_at.map(|t| t.0));
            row.push_bind(s.state.clone());
        });
        query.push(
            " ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at, due_at = excluded.due_at, state = excluded.state",
        );
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Stores tickets and which devices are part of them.
pub async fn tickets(conn: &mut Conn, tickets: &[&Ticket]) -> Result<(), StoreError> {
    for chunk in tickets.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO tickets (id, kind, status, property_id, unit_id, device_key, opened_at, due_at, assignee, held, tone, tone_locale, \
             tone_tenant, heeded, body) ",
        );
        query.push_values(chunk, |mut row, t| {
            row.push_bind(t.id.0.clone());
            row.push_bind(t.kind.as_str());
            row.push_bind(t.status.as_str());
            row.push_bind(t.property_id.0.clone());
            row.push_bind(t.unit_id.as_ref().map(|u| u.0.clone()));
            row.push_bind(t.device_key.as_ref().map(|k| k.0.clone()));
            row.push_bind(t.opened_at.0);
            row.push_bind(t.due_at.map(|d| d.0));
            row.push_bind(t.assignee.as_ref().map(|h| h.0.clone()));
            row.push_bind(t.held);
            row.push_bind(t.tone.map(|(_, tone)| tone.as_str()));
            row.push_bind(t.tone.map(|(locale, _)| locale.as_str()));
            row.push_bind(t.tone.and(t.tenant_id.as_ref()).map(|tenant| tenant.0.clone()));
            row.push_bind(t.is_heeded());
            row.push_bind(serde_json::to_string(t).expect("a ticket is plain data"));
        });
        query.push(
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status, unit_id = excluded.unit_id, \
             device_key = excluded.device_key, opened_at = excluded.opened_at, due_at = excluded.due_at, assignee = excluded.assignee, held = excluded.held, \
             tone = excluded.tone, tone_locale = excluded.tone_locale, tone_tenant = excluded.tone_tenant, heeded = excluded.heeded, \
             body = excluded.body",
        );
        query.build().execute(&mut *conn).await?;
    }
    let parts: Vec<_> = tickets.iter().flat_map(|t| t.devices.iter().map(|(key, _)| (key, &t.id))).collect();
    for chunk in parts.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO ticket_devices (device_key, ticket_id) ");
        query.push_values(chunk, |mut row, (key, id)| {
            row.push_bind(key.0.clone());
            row.push_bind(id.0.clone());
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Adds moves to tickets.
pub async fn events(conn: &mut Conn, events: &[TicketEvent]) -> Result<(), StoreError> {
    for chunk in events.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO ticket_events (ticket_id, seq, at, what, actor, data) ");
        query.push_values(chunk, |mut row, e| {
            row.push_bind(e.ticket_id.0.clone());
            row.push_bind(e.seq);
            row.push_bind(e.at.0);
            row.push_bind(e.what);
            row.push_bind(e.actor.clone());
            row.push_bind(e.data.to_string());
        });
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Puts messages into the outbox. Those that are `claimed` belong to `owner` at once, until `lease_ends`.
pub async fn messages(
    conn: &mut Conn,
    messages: &[NewMessage],
    claimed: usize,
    owner: &str,
    now: Timestamp,
    lease_ends: Timestamp,
) -> Result<(), StoreError> {
    for (first, chunk) in messages.chunks(1_000).enumerate().map(|(n, c)| (n * 1_000, c)) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO messages (id, key, direction, channel, recipient, phone_to, phone_from, body, template, locale, ticket_id, \
             severity, status, status_rank, attempts, next_at, lease_owner, tried_at, expires_at, created_at, segments) ",
        );
        query.push_values(chunk.iter().enumerate(), |mut row, (n, m)| {
            let mine = first + n < claimed;
            let status = if mine { MessageStatus::Sending } else { MessageStatus::Queued };
            row.push_bind(m.id().0).push_bind(m.key.clone()).push_bind("outbound");
            row.push_bind(m.channel.as_str());
            row.push_bind(m.recipient.as_key()).push_bind(m.to.as_str().to_owned()).push_bind("");
            row.push_bind(m.body.clone()).push_bind(m.template).push_bind(m.locale.as_str());
            row.push_bind(m.ticket_id.as_ref().map(|t| t.0.clone())).push_bind(m.severity.as_str());
            row.push_bind(status.as_str()).push_bind(status.rank()).push_bind(i64::from(mine));
            row.push_bind(Some(if mine { lease_ends.0 } else { m.created_at.0 }));
            row.push_bind(mine.then(|| owner.to_owned())).push_bind(mine.then_some(now.0));
            row.push_bind(m.expires_at.0).push_bind(m.created_at.0).push_bind(m.segments().map(i64::from));
        });
        query.push(" ON CONFLICT (key) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Which of these messages are in the outbox already: the same intent, decided a second time.
pub async fn known_messages(conn: &mut Conn, messages: &[NewMessage]) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT key FROM messages WHERE key IN ");
    push_list(&mut query, messages.iter().map(|m| m.key.as_str()));
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

/// Books an entry with its postings; what is booked already under its reference stays as it is. Whether it was new.
pub async fn entry(conn: &mut Conn, entry: &Entry) -> Result<bool, StoreError> {
    let booked = sqlx::query(
        "INSERT INTO ledger_entries (reference, at, reason, currency, amount_minor, tenant_id, device_key, ticket_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (reference) DO NOTHING",
    )
    .bind(&entry.reference)
    .bind(entry.at.0)
    .bind(entry.reason)
    .bind(&entry.currency)
    .bind(entry.amount_minor())
    .bind(&entry.tenant_id.0)
    .bind(entry.device_key.as_ref().map(|k| &k.0))
    .bind(entry.ticket_id.as_ref().map(|t| &t.0))
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if booked == 0 {
        return Ok(false);
    }
    for posting in entry.postings() {
        sqlx::query("INSERT INTO ledger_postings (reference, account, amount_minor) VALUES ($1, $2, $3)")
            .bind(&entry.reference)
            .bind(posting.account.name())
            .bind(posting.amount_minor)
            .execute(&mut *conn)
            .await?;
    }
    Ok(true)
}

/// Records STOP or START: the proof, and for all purposes the present state.
pub async fn wish(conn: &mut Conn, wish: &Wish, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO consents (phone, purpose, at, source, given, words) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind(wish.phone.as_str())
    .bind(wish.purpose.map_or("all", Purpose::as_str))
    .bind(now.0)
    .bind(&wish.source)
    .bind(!wish.stop)
    .bind(&wish.words)
    .execute(&mut *conn)
    .await?;
    if wish.purpose.is_some() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO opt_outs (phone, stopped, at, words) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (phone) DO UPDATE SET stopped = excluded.stopped, at = excluded.at, words = excluded.words",
    )
    .bind(wish.phone.as_str())
    .bind(wish.stop)
    .bind(now.0)
    .bind(&wish.words)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Records a text that a person sent. Whether it was new: carriers deliver twice.
pub async fn inbound(
    conn: &mut Conn,
    from: &E164,
    to: &str,
    body: &str,
    sid: &str,
    ticket: Option<&TicketId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = format!("inbound/{sid}");
    let rows = sqlx::query(
        "INSERT INTO messages (id, key, direction, channel, recipient, phone_to, phone_from, body, ticket_id, severity, status, \
         status_rank, attempts, expires_at, sid, created_at) \
         VALUES ($1, $2, 'inbound', 'sms', 'service', $3, $4, $5, $6, 'emergency', 'received', 5, 0, $7, $8, $7) \
         ON CONFLICT DO NOTHING",
    )
    .bind(format!("m_{}", digest(&key)))
    .bind(&key)
    .bind(to)
    .bind(from.as_str())
    .bind(body)
    .bind(ticket.map(|t| &t.0))
    .bind(now.0)
    .bind(sid)
    .execute(&mut *conn)
    .await?;
    Ok(rows.rows_affected() == 1)
}

/// Keeps messages that could not be understood, the newest up to a limit.
pub async fn rejects(conn: &mut Conn, rejects: &[Reject]) -> Result<(), StoreError> {
    for chunk in rejects.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO rejects (id, at, topic, code, detail, payload) ");
        query.push_values(chunk, |mut row, r| {
            row.push_bind(digest(format!("{}|{}|{}", r.at.0, r.topic, r.payload)));
            row.push_bind(r.at.0);
            row.push_bind(r.topic.clone()).push_bind(r.code.clone());
            row.push_bind(r.detail.clone()).push_bind(r.payload.clone());
        });
        query.push(" ON CONFLICT (id) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    if !rejects.is_empty() {
        sqlx::query("DELETE FROM rejects WHERE id NOT IN (SELECT id FROM rejects ORDER BY at DESC, id LIMIT $1)")
            .bind(REJECTS_MAX)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
