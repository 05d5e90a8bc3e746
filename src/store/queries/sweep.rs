//! A fleet's first days: when devices were first heard, and what waits for the operator's word.

use sqlx::{QueryBuilder, Row as _};

use super::facts::ticket_row;
use super::read::within;
use super::{Conn, Db, ROWS_MAX, at, push_list};
use crate::model::{DeviceKey, Ticket, Timestamp};
use crate::store::StoreError;

/// Registered devices were heard; of those that were heard before, nothing changes.
pub async fn add(conn: &mut Conn, keys: &[DeviceKey], now: Timestamp) -> Result<(), StoreError> {
    for chunk in keys.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO newcomers (key, at) ");
        query.push_values(chunk, |mut row, key| {
            row.push_bind(key.0.clone()).push_bind(now.0);
        });
        query.push(" ON CONFLICT (key) DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Which of these were first heard since an instant, and when.
pub async fn since(conn: &mut Conn, keys: &[&str], from: Timestamp) -> Result<Vec<(DeviceKey, Timestamp)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT key, at FROM newcomers WHERE at >= ");
    query.push_bind(from.0).push(" AND key IN ");
    push_list(&mut query, keys.iter().copied());
    query.push(" ORDER BY key");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get::<String, _>(0)?.into(), at(row.try_get(1)?)))).collect()
}

/// How many devices were first heard between two instants, counted up to a limit.
pub async fn count(conn: &mut Conn, from: Timestamp, to: Timestamp, limit: i64) -> Result<i64, StoreError> {
    let text = "SELECT COUNT(*) FROM (SELECT key FROM newcomers WHERE at >= $1 AND at <= $2 LIMIT $3) AS came";
    Ok(sqlx::query_scalar(text).bind(from.0).bind(to.0).bind(limit).fetch_one(&mut *conn).await?)
}

/// Tickets that wait, the oldest first.
pub async fn held(
    conn: &mut Conn,
    properties: Option<&[String]>,
    kind: Option<&str>,
    limit: i64,
) -> Result<Vec<Ticket>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT t.id, t.body FROM tickets t WHERE t.held AND t.status = 'open'");
    within(&mut query, "t.property_id", properties);
    if let Some(kind) = kind {
        query.push(" AND t.kind = ").push_bind(kind.to_owned());
    }
    query.push(" ORDER BY t.opened_at, t.id LIMIT ").push_bind(limit);
    query.build().fetch_all(&mut *conn).await?.iter().map(ticket_row).collect()
}

/// How many tickets wait, by kind.
pub async fn held_counts(conn: &mut Conn, properties: Option<&[String]>) -> Result<Vec<(String, i64)>, StoreError> {
    let mut query =
        QueryBuilder::<Db>::new("SELECT t.kind, COUNT(*) FROM tickets t WHERE t.held AND t.status = 'open'");
    within(&mut query, "t.property_id", properties);
    query.push(" GROUP BY t.kind ORDER BY t.kind");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Registered devices that nobody has heard, gateways left out: many never speak in their own name.
pub async fn never_heard(
    conn: &mut Conn,
    properties: Option<&[String]>,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT d.key FROM devices d LEFT JOIN device_states s ON s.key = d.key \
         WHERE d.kind <> 'gateway' AND COALESCE(s.seen_at, 0) = 0",
    );
    within(&mut query, "d.property_id", properties);
    query.push(" ORDER BY d.key LIMIT ").push_bind(limit);
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

/// A gauge against which there is evidence.
const DOUBTED: &str = "s.state LIKE '%\"evidence\":[{%'";

/// Of each model with a doubted gauge: how many devices have told something, and how many of their gauges are doubted.
pub async fn doubted_models(
    conn: &mut Conn,
    properties: Option<&[String]>,
    limit: i64,
) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let doubted = format!("COUNT(CASE WHEN {DOUBTED} THEN 1 END)");
    let mut query = QueryBuilder::<Db>::new(format!(
        "SELECT d.model, COUNT(*), {doubted} FROM devices d JOIN device_states s ON s.key = d.key \
         WHERE d.model IS NOT NULL AND s.seen_at > 0"
    ));
    within(&mut query, "d.property_id", properties);
    query.push(format!(" GROUP BY d.model HAVING {doubted} > 0 ORDER BY {doubted} DESC, d.model LIMIT "));
    let rows = query.push_bind(limit).build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// Registered devices with evidence against their gauge.
pub async fn doubted(conn: &mut Conn, properties: Option<&[String]>, limit: i64) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(format!(
        "SELECT d.key FROM devices d JOIN device_states s ON s.key = d.key WHERE {DOUBTED}"
    ));
    within(&mut query, "d.property_id", properties);
    query.push(" ORDER BY d.key LIMIT ").push_bind(limit);
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}
