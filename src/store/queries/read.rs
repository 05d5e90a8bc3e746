//! Lists and single rows for the API and exports. Pages run from the oldest to the newest by (time, id).

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row as _};

use super::facts::{DEVICE_COLUMNS, device_row, ticket_row};
use super::{Conn, Db, Row, at, bad, push_list};
use crate::model::*;
use crate::store::{
    BalanceRow, DeviceFilter, DeviceRow, EntryRow, MessageFilter, MessageRow, Page, Reject, StoreError, TicketFilter,
};

/// Keeps to one value; all when absent.
pub(super) fn filter(query: &mut QueryBuilder<Db>, column: &str, value: Option<&String>) {
    if let Some(value) = value {
        query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
    }
}

/// Keeps to these properties; all when absent.
pub(super) fn within(query: &mut QueryBuilder<Db>, column: &str, properties: Option<&[String]>) {
    if let Some(properties) = properties {
        query.push(" AND ").push(column).push(" IN ");
        push_list(query, properties.iter().map(String::as_str));
    }
}

/// Where a page begins and ends.
pub(super) fn page(query: &mut QueryBuilder<Db>, time: &str, id: &str, page: &Page) {
    if let Some((ms, last)) = &page.after {
        query.push(format!(" AND ({time} > ")).push_bind(*ms).push(format!(" OR ({time} = ")).push_bind(*ms);
        query.push(format!(" AND {id} > ")).push_bind(last.clone()).push("))");
    }
    query.push(format!(" ORDER BY {time}, {id} LIMIT ")).push_bind(page.limit);
}

/// Tickets, by when they opened.
pub async fn tickets(conn: &mut Conn, f: &TicketFilter, p: &Page) -> Result<Vec<Ticket>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT t.id, t.body FROM tickets t WHERE 1 = 1");
    filter(&mut query, "t.kind", f.kind.as_ref());
    filter(&mut query, "t.status", f.status.as_ref());
    filter(&mut query, "t.unit_id", f.unit.as_ref());
    filter(&mut query, "t.property_id", f.property.as_ref());
    within(&mut query, "t.property_id", f.properties.as_deref());
    if let Some(device) = &f.device {
        query
            .push(" AND t.id IN (SELECT ticket_id FROM ticket_devices WHERE device_key = ")
            .push_bind(device.clone())
            .push(")");
    }
    page(&mut query, "t.opened_at", "t.id", p);
    query.build().fetch_all(&mut *conn).await?.iter().map(ticket_row).collect()
}

/// One ticket.
pub async fn ticket(conn: &mut Conn, id: &str) -> Result<Option<Ticket>, StoreError> {
    let row =
        sqlx::query("SELECT t.id, t.body FROM tickets t WHERE t.id = $1").bind(id).fetch_optional(&mut *conn).await?;
    row.as_ref().map(ticket_row).transpose()
}

/// A ticket's moves: sequence, time, what, who, details as JSON.
pub async fn events(
    conn: &mut Conn,
    ticket: &str,
) -> Result<Vec<(i64, Timestamp, String, String, String)>, StoreError> {
    let rows = sqlx::query("SELECT seq, at, what, actor, data FROM ticket_events WHERE ticket_id = $1 ORDER BY seq")
        .bind(ticket)
        .fetch_all(&mut *conn)
        .await?;
    let event =
        |row: &Row| Ok((row.try_get(0)?, at(row.try_get(1)?), row.try_get(2)?, row.try_get(3)?, row.try_get(4)?));
    rows.iter().map(event).collect()
}

/// The columns of a message, as [`message_row`] reads them.
pub(super) const MESSAGE_COLUMNS: &str = "id, direction, channel, recipient, phone_to, phone_from, body, status, ticket_id, \
     template, sid, error_code, created_at, sent_at, delivered_at, segments, intent, confidence, error";

/// Messages, by when they were made.
pub async fn messages(conn: &mut Conn, f: &MessageFilter, p: &Page) -> Result<Vec<MessageRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(MESSAGE_COLUMNS).push(" FROM messages WHERE 1 = 1");
    filter(&mut query, "ticket_id", f.ticket.as_ref());
    filter(&mut query, "status", f.status.as_ref());
    filter(&mut query, "phone_to", f.to.as_ref());
    if f.properties.is_some() {
        query.push(" AND ticket_id IN (SELECT t.id FROM tickets t WHERE 1 = 1");
        within(&mut query, "t.property_id", f.properties.as_deref());
        query.push(")");
    }
    page(&mut query, "created_at", "id", p);
    query.build().fetch_all(&mut *conn).await?.iter().map(message_row).collect()
}

/// Reads [`MESSAGE_COLUMNS`].
pub(super) fn message_row(row: &Row) -> Result<MessageRow, StoreError> {
    let time = |column: usize| row.try_get::<Option<i64>, _>(column).map(|t| t.map(at));
    Ok(MessageRow {
        id: MessageId(row.try_get(0)?),
        direction: row.try_get(1)?,
        channel: row.try_get(2)?,
        recipient: row.try_get(3)?,
        to: row.try_get(4)?,
        from: row.try_get(5)?,
        body: row.try_get(6)?,
        status: row.try_get(7)?,
        ticket_id: row.try_get(8)?,
        template: row.try_get(9)?,
        sid: row.try_get(10)?,
        error_code: row.try_get(11)?,
        created_at: at(row.try_get(12)?),
        sent_at: time(13)?,
        delivered_at: time(14)?,
        segments: row.try_get(15)?,
        intent: row.try_get(16)?,
        confidence: row.try_get(17)?,
        error: row.try_get(18)?,
    })
}

/// Devices by key: registered ones, or those that spoke without being registered.
pub async fn devices(
    conn: &mut Conn,
    f: &DeviceFilter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<DeviceRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(DEVICE_COLUMNS).push(", s.key, s.state, s.seen_at, a.body FROM ");
    let key = if f.registered { "d.key" } else { "s.key" };
    query.push(if f.registered {
        "devices d LEFT JOIN device_states s ON s.key = d.key LEFT JOIN device_about a ON a.key = d.key WHERE 1 = 1"
    } else {
        "device_states s LEFT JOIN devices d ON d.key = s.key LEFT JOIN device_about a ON a.key = s.key WHERE d.key IS NULL"
    });
    filter(&mut query, "d.unit_id", f.unit.as_ref());
    filter(&mut query, "d.property_id", f.property.as_ref());
    within(&mut query, "d.property_id", f.properties.as_deref());
    if let Some(after) = after {
        query.push(format!(" AND {key} > ")).push_bind(after.to_owned());
    }
    query.push(format!(" ORDER BY {key} LIMIT ")).push_bind(limit);
    query.build().fetch_all(&mut *conn).await?.iter().map(device_state_row).collect()
}

/// The names of all properties, by id.
pub async fn property_names(conn: &mut Conn) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sqlx::query("SELECT id, name FROM properties").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// One device, registered or only heard.
pub async fn device(conn: &mut Conn, key: &str) -> Result<Option<DeviceRow>, StoreError> {
    for (from, on) in [
        ("devices d LEFT JOIN device_states s ON s.key = d.key", "d.key"),
        ("device_states s LEFT JOIN devices d ON d.key = s.key", "s.key"),
    ] {
        let mut query = QueryBuilder::<Db>::new("SELECT ");
        query.push(DEVICE_COLUMNS).push(", s.key, s.state, s.seen_at, a.body FROM ").push(from);
        query.push(format!(" LEFT JOIN device_about a ON a.key = {on}"));
        query.push(format!(" WHERE {on} = ")).push_bind(key.to_owned());
        if let Some(row) = query.build().fetch_optional(&mut *conn).await? {
            return device_state_row(&row).map(Some);
        }
    }
    Ok(None)
}

fn device_state_row(row: &Row) -> Result<DeviceRow, StoreError> {
    let registered: Option<String> = row.try_get(0)?;
    let heard: Option<String> = row.try_get(10)?;
    let key = registered.clone().or(heard).ok_or_else(|| bad("devices", "", "no key"))?;
    Ok(DeviceRow {
        key: DeviceKey(key),
        device: registered.is_some().then(|| device_row(row)).transpose()?,
        state: row.try_get(11)?,
        seen_at: row.try_get::<Option<i64>, _>(12)?.map(at),
        about: row.try_get(13)?,
    })
}

/// What was credited to or redeemed by a tenant, and the balance.
pub async fn rewards(conn: &mut Conn, tenant: &str) -> Result<(i64, Vec<EntryRow>), StoreError> {
    let rows = sqlx::query(
        "SELECT e.reference, e.at, e.reason, p.amount_minor, e.currency, e.tenant_id, e.device_key, e.ticket_id \
         FROM ledger_entries e JOIN ledger_postings p ON p.reference = e.reference \
         WHERE e.tenant_id = $1 AND p.account = $2 ORDER BY e.at, e.reference",
    )
    .bind(tenant)
    .bind(Account::Tenant(TenantId(tenant.to_owned())).name())
    .fetch_all(&mut *conn)
    .await?;
    let entries: Vec<EntryRow> = rows.iter().map(entry_row).collect::<Result<_, _>>()?;
    Ok((entries.iter().map(|e| e.amount_minor).sum(), entries))
}

fn entry_row(row: &Row) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        reference: row.try_get(0)?,
        at: at(row.try_get(1)?),
        reason: row.try_get(2)?,
        amount_minor: row.try_get(3)?,
        currency: row.try_get(4)?,
        tenant_id: row.try_get(5)?,
        device_key: row.try_get(6)?,
        ticket_id: row.try_get(7)?,
    })
}

/// The entry of a reference.
pub async fn entry(conn: &mut Conn, reference: &str) -> Result<Option<EntryRow>, StoreError> {
    let row = sqlx::query(
        "SELECT reference, at, reason, amount_minor, currency, tenant_id, device_key, ticket_id FROM ledger_entries \
         WHERE reference = $1",
    )
    .bind(reference)
    .fetch_optional(&mut *conn)
    .await?;
    row.as_ref().map(entry_row).transpose()
}

/// All entries of the ledger, by time.
pub async fn entries(conn: &mut Conn, p: &Page) -> Result<Vec<EntryRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT reference, at, reason, amount_minor, currency, tenant_id, device_key, ticket_id FROM ledger_entries WHERE 1 = 1",
    );
    page(&mut query, "at", "reference", p);
    query.build().fetch_all(&mut *conn).await?.iter().map(entry_row).collect()
}

/// The sum of every account; all together zero.
pub async fn trial_balance(conn: &mut Conn) -> Result<Vec<BalanceRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.account, e.currency, CAST(SUM(p.amount_minor) AS BIGINT) FROM ledger_postings p \
         JOIN ledger_entries e ON e.reference = p.reference GROUP BY p.account, e.currency ORDER BY p.account, e.currency",
    )
    .fetch_all(&mut *conn)
    .await?;
    let balance = |row: &Row| {
        Ok(BalanceRow { account: row.try_get(0)?, currency: row.try_get(1)?, amount_minor: row.try_get(2)? })
    };
    rows.iter().map(balance).collect()
}

/// Whether a tenant is known.
pub async fn tenant_exists(conn: &mut Conn, id: &str) -> Result<bool, StoreError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT id FROM tenants WHERE id = $1").bind(id).fetch_optional(&mut *conn).await?;
    Ok(found.is_some())
}

/// Messages that could not be understood with their ids, the newest first.
pub async fn rejects(conn: &mut Conn, p: &Page) -> Result<Vec<(String, Reject)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT at, topic, code, detail, payload, id FROM rejects WHERE 1 = 1");
    if let Some((ms, last)) = &p.after {
        query.push(" AND (at < ").push_bind(*ms).push(" OR (at = ").push_bind(*ms);
        query.push(" AND id > ").push_bind(last.clone()).push("))");
    }
    query.push(" ORDER BY at DESC, id LIMIT ").push_bind(p.limit);
    let reject = |row: &Row| {
        let reject = Reject {
            at: at(row.try_get(0)?),
            topic: row.try_get(1)?,
            code: row.try_get(2)?,
            detail: row.try_get(3)?,
            payload: row.try_get(4)?,
        };
        Ok((row.try_get(5)?, reject))
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(reject).collect()
}

/// How many tickets of each kind and status there are.
pub async fn ticket_counts(conn: &mut Conn) -> Result<Vec<(String, String, i64)>, StoreError> {
    let rows = sqlx::query("SELECT kind, status, COUNT(*) FROM tickets GROUP BY kind, status ORDER BY kind, status")
        .fetch_all(&mut *conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
