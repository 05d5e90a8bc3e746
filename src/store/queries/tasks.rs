//! Valves as they are wanted, and tasks of managers.

use sqlx::{QueryBuilder, Row as _};

use super::facts::{DEVICE_COLUMNS, device_row};
use super::read::{page, within};
use super::{Conn, Db, Row, at, bad, push_list};
use crate::model::*;
use crate::store::{Page, StoreError};

/// Valves that are told again with a new connection.
const VALVES_MAX: i64 = 10_000;
const TASK_COLUMNS: &str = "id, ticket_id, property_id, what, from_day, to_day, created_at, done_at, done_by, unit_id";
/// Apartments of risers that are loaded.
const RISER_MAX: i64 = 2_000;

/// The valves of these properties.
pub async fn valves_of(conn: &mut Conn, properties: &[&str]) -> Result<Vec<Device>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(DEVICE_COLUMNS).push(" FROM devices d WHERE d.kind = 'valve' AND d.property_id IN ");
    push_list(&mut query, properties.iter().copied());
    query.push(" ORDER BY d.key");
    query.build().fetch_all(&mut *conn).await?.iter().map(device_row).collect()
}

/// The units above and below these.
pub async fn risers(conn: &mut Conn, units: &[&str]) -> Result<Vec<(PropertyId, UnitId)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT DISTINCT u.property_id, u.id FROM units u JOIN units v ON v.property_id = u.property_id AND v.stack = u.stack \
         WHERE v.id IN ",
    );
    push_list(&mut query, units.iter().copied());
    query.push(" ORDER BY u.id LIMIT ").push_bind(RISER_MAX);
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((PropertyId(row.try_get(0)?), UnitId(row.try_get(1)?)))).collect()
}

/// Stores what a valve is wanted to be.
pub async fn save_valve(conn: &mut Conn, wish: &ValveWish) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO valves (device_key, property_id, closed, ticket_id, actor, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (device_key) DO UPDATE SET property_id = excluded.property_id, closed = excluded.closed, \
         ticket_id = excluded.ticket_id, actor = excluded.actor, at = excluded.at",
    )
    .bind(&wish.device_key.0)
    .bind(&wish.property_id.0)
    .bind(wish.closed)
    .bind(&wish.ticket_id.0)
    .bind(&wish.actor)
    .bind(wish.at.0)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// What valves are wanted to be: all, or one.
pub async fn valves(conn: &mut Conn, key: Option<&str>) -> Result<Vec<ValveWish>, StoreError> {
    let mut query =
        QueryBuilder::<Db>::new("SELECT device_key, property_id, closed, ticket_id, actor, at FROM valves WHERE 1 = 1");
    if let Some(key) = key {
        query.push(" AND device_key = ").push_bind(key.to_owned());
    }
    query.push(" ORDER BY device_key LIMIT ").push_bind(VALVES_MAX);
    let wish = |row: &Row| {
        Ok(ValveWish {
            device_key: DeviceKey(row.try_get(0)?),
            property_id: PropertyId(row.try_get(1)?),
            closed: row.try_get(2)?,
            ticket_id: TicketId(row.try_get(3)?),
            actor: row.try_get(4)?,
            at: at(row.try_get(5)?),
        })
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(wish).collect()
}

/// Puts a task on a list; the same one twice is one.
pub async fn add_task(conn: &mut Conn, task: &Task) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tasks (id, ticket_id, property_id, what, from_day, to_day, created_at, unit_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&task.id)
    .bind(&task.ticket_id.0)
    .bind(&task.property_id.0)
    .bind(&task.what)
    .bind(task.from.to_string())
    .bind(task.to.to_string())
    .bind(task.created_at.0)
    .bind(task.unit_id.as_ref().map(|u| &u.0))
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Notes that a task is done; false when it was, or is none.
pub async fn task_done(conn: &mut Conn, id: &str, actor: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE tasks SET done_at = $1, done_by = $2 WHERE id = $3 AND done_at IS NULL")
        .bind(now.0)
        .bind(actor)
        .bind(id)
        .execute(&mut *conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A page of tasks, by when they were made.
pub async fn tasks(
    conn: &mut Conn,
    properties: Option<&[String]>,
    open: Option<bool>,
    p: &Page,
) -> Result<Vec<Task>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(TASK_COLUMNS).push(" FROM tasks WHERE 1 = 1");
    within(&mut query, "property_id", properties);
    query.push(match open {
        Some(true) => " AND done_at IS NULL",
        Some(false) => " AND done_at IS NOT NULL",
        None => "",
    });
    page(&mut query, "created_at", "id", p);
    query.build().fetch_all(&mut *conn).await?.iter().map(task_row).collect()
}

/// One task.
pub async fn task(conn: &mut Conn, id: &str) -> Result<Option<Task>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(TASK_COLUMNS).push(" FROM tasks WHERE id = ").push_bind(id.to_owned());
    query.build().fetch_optional(&mut *conn).await?.as_ref().map(task_row).transpose()
}

/// Reads [`TASK_COLUMNS`].
fn task_row(row: &Row) -> Result<Task, StoreError> {
    let id: String = row.try_get(0)?;
    let day = |text: String| text.parse().map_err(|_| bad("tasks", &id, format!("date {text}")));
    let (from, to) = (day(row.try_get(4)?)?, day(row.try_get(5)?)?);
    let done_at: Option<i64> = row.try_get(7)?;
    let done_by: Option<String> = row.try_get(8)?;
    Ok(Task {
        ticket_id: TicketId(row.try_get(1)?),
        property_id: PropertyId(row.try_get(2)?),
        unit_id: row.try_get::<Option<String>, _>(9)?.map(UnitId),
        what: row.try_get(3)?,
        from,
        to,
        created_at: at(row.try_get(6)?),
        done: done_at.map(|ms| (at(ms), done_by.unwrap_or_default())),
        id,
    })
}
