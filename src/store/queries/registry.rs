//! The registry: an import replaces what it names and leaves the rest.

use sqlx::QueryBuilder;

use super::{Conn, Db, ROWS_MAX};
use crate::store::{StoreError, Table};

/// Inserts or replaces the rows of one table.
pub async fn put(conn: &mut Conn, table: &Table<'_>) -> Result<(), StoreError> {
    for chunk in table.rows.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new(format!("INSERT INTO {} ({}) ", table.name, table.columns.join(", ")));
        query.push_values(chunk, |mut out, row| {
            for (column, value) in table.columns.iter().zip(row) {
                if table.integers.contains(column) {
                    out.push_bind(value.as_ref().and_then(|v| v.parse::<i64>().ok()));
                } else if table.reals.contains(column) {
                    out.push_bind(value.as_ref().and_then(|v| v.parse::<f64>().ok()));
                } else {
                    out.push_bind(value.clone());
                }
            }
        });
        let (keys, rest) = table.columns.split_at(table.keys);
        let set: Vec<String> = rest.iter().map(|c| format!("{c} = excluded.{c}")).collect();
        if set.is_empty() {
            query.push(" ON CONFLICT DO NOTHING");
        } else {
            query.push(format!(" ON CONFLICT ({}) DO UPDATE SET {}", keys.join(", "), set.join(", ")));
        }
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Forgets which properties these housekeepers serve, before it is said anew.
pub async fn forget_housekeepers(conn: &mut Conn, ids: &[&str]) -> Result<(), StoreError> {
    for chunk in ids.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("DELETE FROM housekeeper_properties WHERE housekeeper_id IN ");
        super::push_list(&mut query, chunk.iter().copied());
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Has a look taken at devices that spoke before they were registered: they may have told of water.
pub async fn look_at_registered(conn: &mut Conn) -> Result<u64, StoreError> {
    let done =
        sqlx::query("UPDATE device_states SET due_at = 0 WHERE due_at IS NULL AND key IN (SELECT key FROM devices)")
            .execute(&mut *conn)
            .await?;
    Ok(done.rows_affected())
}
