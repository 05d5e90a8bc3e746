//! What the page shows at a glance: problems with the names around them, in few statements however many there are.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use super::facts::ticket_row;
use super::read::within;
use super::{Conn, Db, Row, at, push_list};
use crate::model::TicketId;
use crate::store::{BoardMessageRow, BoardTicketRow, StoreError};

/// Messages that are looked at for one board.
const MESSAGES_MAX: i64 = 2_000;

/// Tickets that are not over, those in work first, leaks before everything, then the oldest.
pub async fn tickets(
    conn: &mut Conn,
    properties: Option<&[String]>,
    limit: i64,
) -> Result<Vec<BoardTicketRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT t.id, t.body, p.name, p.timezone, u.name, d.name, s.state FROM tickets t \
         LEFT JOIN properties p ON p.id = t.property_id LEFT JOIN units u ON u.id = t.unit_id \
         LEFT JOIN devices d ON d.key = t.device_key LEFT JOIN device_states s ON s.key = t.device_key \
         WHERE t.status IN ('open', 'offered', 'assigned', 'on_site', 'resolved') AND NOT (t.held AND t.status = 'open')",
    );
    within(&mut query, "t.property_id", properties);
    query.push(
        " ORDER BY CASE t.status WHEN 'resolved' THEN 1 ELSE 0 END, CASE t.kind WHEN 'leak' THEN 0 ELSE 1 END, \
         t.opened_at, t.id LIMIT ",
    );
    query.push_bind(limit);
    query.build().fetch_all(&mut *conn).await?.iter().map(board_row).collect()
}

fn board_row(row: &Row) -> Result<BoardTicketRow, StoreError> {
    Ok(BoardTicketRow {
        ticket: ticket_row(row)?,
        property_name: row.try_get(2)?,
        timezone: row.try_get(3)?,
        unit_name: row.try_get(4)?,
        device_name: row.try_get(5)?,
        state: row.try_get(6)?,
    })
}

/// What was last sent about these tickets, the oldest first.
pub async fn messages(conn: &mut Conn, tickets: &[&str]) -> Result<Vec<BoardMessageRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT ticket_id, recipient, channel, template, status, created_at, sent_at FROM messages \
         WHERE direction = 'outbound' AND ticket_id IN ",
    );
    push_list(&mut query, tickets.iter().copied());
    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(MESSAGES_MAX);
    let message = |row: &Row| {
        Ok(BoardMessageRow {
            ticket_id: TicketId(row.try_get(0)?),
            recipient: row.try_get(1)?,
            channel: row.try_get(2)?,
            template: row.try_get(3)?,
            status: row.try_get(4)?,
            created_at: at(row.try_get(5)?),
            sent_at: row.try_get::<Option<i64>, _>(6)?.map(at),
        })
    };
    query.build().fetch_all(&mut *conn).await?.iter().rev().map(message).collect()
}

/// The names of housekeepers.
pub async fn housekeeper_names(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<String, String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT id, name FROM housekeepers WHERE id IN ");
    push_list(&mut query, ids.iter().copied());
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// How many tickets of each kind and status are not over.
pub async fn counts(conn: &mut Conn, properties: Option<&[String]>) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT t.kind, t.status, COUNT(*) FROM tickets t WHERE t.status NOT IN ('closed', 'cancelled') AND NOT (t.held AND t.status = 'open')",
    );
    within(&mut query, "t.property_id", properties);
    query.push(" GROUP BY t.kind, t.status ORDER BY t.kind, t.status");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The time zones of the properties.
pub async fn timezones(conn: &mut Conn, properties: Option<&[String]>) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT DISTINCT p.timezone FROM properties p WHERE 1 = 1");
    within(&mut query, "p.id", properties);
    query.push(" ORDER BY p.timezone");
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

/// How many devices are watched.
pub async fn devices(conn: &mut Conn, properties: Option<&[String]>) -> Result<i64, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM devices d WHERE 1 = 1");
    within(&mut query, "d.property_id", properties);
    Ok(query.build_query_scalar().fetch_one(&mut *conn).await?)
}
