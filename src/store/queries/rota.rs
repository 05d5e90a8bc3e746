//! Who works when, and how much they had of it: loads, calls at night, swaps of shifts.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use super::facts::location;
use super::{Conn, Db, Row, at, push_list};
use crate::model::*;
use crate::store::StoreError;

/// Swaps that are looked at.
const SWAPS_MAX: i64 = 1_000;

/// How the housekeepers of these properties stand.
pub async fn standings(conn: &mut Conn, properties: &[&str]) -> Result<HashMap<HousekeeperId, Standing>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT h.id, h.lat, h.lon, \
         (SELECT COUNT(*) FROM tickets t WHERE t.assignee = h.id AND t.status IN ('assigned', 'on_site')), \
         (SELECT MAX(n.at) FROM night_calls n WHERE n.housekeeper_id = h.id) \
         FROM housekeepers h WHERE h.id IN (SELECT hp.housekeeper_id FROM housekeeper_properties hp WHERE hp.property_id IN ",
    );
    push_list(&mut query, properties.iter().copied());
    query.push(")");
    let standing = |row: &Row| {
        let load: i64 = row.try_get(3)?;
        Ok((
            HousekeeperId(row.try_get(0)?),
            Standing {
                load: u32::try_from(load).unwrap_or(u32::MAX),
                night_call_at: row.try_get::<Option<i64>, _>(4)?.map(at),
                location: location(row, 1)?,
            },
        ))
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(standing).collect()
}

/// Swaps of these people that are not over, the earliest first.
pub async fn swaps(conn: &mut Conn, people: &[&str], now: Timestamp) -> Result<Vec<ShiftSwap>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT id, from_id, to_id, starts_at, ends_at FROM shift_swaps WHERE cancelled_at IS NULL AND ends_at > ",
    );
    query.push_bind(now.0).push(" AND (from_id IN ");
    push_list(&mut query, people.iter().copied());
    query.push(" OR to_id IN ");
    push_list(&mut query, people.iter().copied());
    query.push(") ORDER BY starts_at, id LIMIT ").push_bind(SWAPS_MAX);
    query.build().fetch_all(&mut *conn).await?.iter().map(swap_row).collect()
}

fn swap_row(row: &Row) -> Result<ShiftSwap, StoreError> {
    Ok(ShiftSwap {
        id: row.try_get(0)?,
        from: HousekeeperId(row.try_get(1)?),
        to: HousekeeperId(row.try_get(2)?),
        starts_at: at(row.try_get(3)?),
        ends_at: at(row.try_get(4)?),
    })
}

/// Counts a call at night.
pub async fn night_call(
    conn: &mut Conn,
    housekeeper: &HousekeeperId,
    ticket: &TicketId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO night_calls (housekeeper_id, ticket_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(&housekeeper.0)
        .bind(&ticket.0)
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Calls at night of each of these people since an instant; who had none is left out.
pub async fn night_calls(
    conn: &mut Conn,
    people: &[&str],
    since: Timestamp,
) -> Result<HashMap<String, i64>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT housekeeper_id, COUNT(*) FROM night_calls WHERE at >= ");
    query.push_bind(since.0).push(" AND housekeeper_id IN ");
    push_list(&mut query, people.iter().copied());
    query.push(" GROUP BY housekeeper_id");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Has one work another's shift; false when the same stands already.
pub async fn add_swap(conn: &mut Conn, swap: &ShiftSwap, actor: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO shift_swaps (id, from_id, to_id, starts_at, ends_at, actor, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET cancelled_at = NULL, actor = excluded.actor \
         WHERE shift_swaps.cancelled_at IS NOT NULL",
    )
    .bind(&swap.id)
    .bind(&swap.from.0)
    .bind(&swap.to.0)
    .bind(swap.starts_at.0)
    .bind(swap.ends_at.0)
    .bind(actor)
    .bind(now.0)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a swap back; false when there is none.
pub async fn cancel_swap(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE shift_swaps SET cancelled_at = $1 WHERE id = $2 AND cancelled_at IS NULL")
        .bind(now.0)
        .bind(id)
        .execute(&mut *conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A swap that is not over.
pub async fn swap(conn: &mut Conn, id: &str, now: Timestamp) -> Result<Option<ShiftSwap>, StoreError> {
    let row = sqlx::query(
        "SELECT id, from_id, to_id, starts_at, ends_at FROM shift_swaps WHERE id = $1 AND cancelled_at IS NULL AND ends_at > $2",
    )
    .bind(id)
    .bind(now.0)
    .fetch_optional(&mut *conn)
    .await?;
    row.as_ref().map(swap_row).transpose()
}

/// The ids of these properties, of all when nothing is said, in order.
pub async fn property_ids(conn: &mut Conn, properties: Option<&[String]>) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM properties WHERE 1 = 1");
    if let Some(properties) = properties {
        query.push(" AND id IN ");
        push_list(&mut query, properties.iter().map(String::as_str));
    }
    query.push(" ORDER BY id");
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}
