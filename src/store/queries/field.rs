//! Devices from the field: what was announced of them, who is held, and what was said in a name it may not use.

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, ROWS_MAX, Row, at, bad, push_list};
use crate::model::*;
use crate::store::{Quarantined, StoreError};

/// Rows of the quarantine: registered devices before strangers, those that told of water before others, then the newest.
const QUARANTINE_MAX: i64 = 1_000;

/// What is known of these devices beside the registry; those of which nothing is are left out.
pub async fn abouts(conn: &mut Conn, keys: &[&str]) -> Result<Vec<(DeviceKey, Profile)>, StoreError> {
    let mut out = Vec::new();
    for chunk in keys.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("SELECT key, body FROM device_about WHERE key IN ");
        push_list(&mut query, chunk.iter().copied());
        query.push(" ORDER BY key");
        for row in query.build().fetch_all(&mut *conn).await? {
            let key: String = row.try_get(0)?;
            let body: String = row.try_get(1)?;
            let about = serde_json::from_str(&body).map_err(|e| bad("device_about", &key, e))?;
            out.push((DeviceKey(key), about));
        }
    }
    Ok(out)
}

/// Stores what is known; a key stands in the batch once.
pub async fn save_abouts(conn: &mut Conn, rows: &[(&DeviceKey, &Profile)]) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO device_about (key, model, body) ");
        query.push_values(chunk, |mut row, (key, about)| {
            row.push_bind(key.0.clone()).push_bind(about.model.clone());
            row.push_bind(serde_json::to_string(about).expect("plain data"));
        });
        query.push(" ON CONFLICT (key) DO UPDATE SET model = excluded.model, body = excluded.body");
        query.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Strangers that have not spoken since `before`, the longest silent first.
pub async fn quiet_strangers(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<DeviceKey>, StoreError> {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT s.key FROM device_states s WHERE s.seen_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.key = s.key) ORDER BY s.seen_at, s.key LIMIT $2",
    )
    .bind(before.0)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    Ok(keys.into_iter().map(DeviceKey).collect())
}

/// Forgets strangers with all that they said; a registered device stays as it is.
pub async fn forget_strangers(conn: &mut Conn, keys: &[&str]) -> Result<(), StoreError> {
    for chunk in keys.chunks(ROWS_MAX) {
        for (table, column) in [("device_states", "key"), ("device_about", "key"), ("quarantine", "device_key")] {
            let mut query = QueryBuilder::<Db>::new(format!("DELETE FROM {table} WHERE {column} IN "));
            push_list(&mut query, chunk.iter().copied());
            query.push(format!(" AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.key = {table}.{column})"));
            query.build().execute(&mut *conn).await?;
        }
    }
    Ok(())
}

/// Adds to the quarantine; a device and reason stand in the batch once.
pub async fn quarantine(conn: &mut Conn, rows: &[&Quarantined]) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO quarantine (device_key, reason, property_id, detail, hardware_id, first_at, last_at, messages, leak, topic, payload) ",
        );
        query.push_values(chunk, |mut row, q| {
            row.push_bind(q.device_key.0.clone()).push_bind(q.reason.clone());
            row.push_bind(q.property_id.as_ref().map(|p| p.0.clone()));
            row.push_bind(q.detail.clone()).push_bind(q.hardware_id.clone());
            row.push_bind(q.first_at.0).push_bind(q.last_at.0).push_bind(q.messages).push_bind(q.leak);
            row.push_bind(q.topic.clone()).push_bind(q.payload.clone());
        });
        query.push(
            " ON CONFLICT (device_key, reason) DO UPDATE SET property_id = excluded.property_id, detail = excluded.detail, \
             hardware_id = excluded.hardware_id, last_at = excluded.last_at, messages = quarantine.messages + excluded.messages, \
             leak = quarantine.leak OR excluded.leak, topic = excluded.topic, payload = excluded.payload",
        );
        query.build().execute(&mut *conn).await?;
    }
    if !rows.is_empty() {
        sqlx::query(
            "DELETE FROM quarantine WHERE (device_key, reason) NOT IN (SELECT device_key, reason FROM quarantine \
             ORDER BY CASE WHEN property_id IS NULL THEN 1 ELSE 0 END, CASE WHEN leak THEN 0 ELSE 1 END, last_at DESC, \
             device_key, reason LIMIT $1)",
        )
        .bind(QUARANTINE_MAX)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The quarantine by device and reason, behind the one of `after`.
pub async fn quarantined(
    conn: &mut Conn,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<Quarantined>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT device_key, reason, property_id, detail, hardware_id, first_at, last_at, messages, leak, topic, payload \
         FROM quarantine WHERE 1 = 1",
    );
    if let Some((key, reason)) = after {
        query.push(" AND (device_key > ").push_bind(key.to_owned());
        query.push(" OR (device_key = ").push_bind(key.to_owned());
        query.push(" AND reason > ").push_bind(reason.to_owned()).push("))");
    }
    query.push(" ORDER BY device_key, reason LIMIT ").push_bind(limit);
    query.build().fetch_all(&mut *conn).await?.iter().map(quarantined_row).collect()
}

fn quarantined_row(row: &Row) -> Result<Quarantined, StoreError> {
    Ok(Quarantined {
        device_key: DeviceKey(row.try_get(0)?),
        reason: row.try_get(1)?,
        property_id: row.try_get::<Option<String>, _>(2)?.map(PropertyId),
        detail: row.try_get(3)?,
        hardware_id: row.try_get(4)?,
        first_at: at(row.try_get(5)?),
        last_at: at(row.try_get(6)?),
        messages: row.try_get(7)?,
        leak: row.try_get(8)?,
        topic: row.try_get(9)?,
        payload: row.try_get(10)?,
    })
}

/// The address that a device was last refused for.
pub async fn refused_id(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreError> {
    let id = sqlx::query_scalar("SELECT hardware_id FROM quarantine WHERE device_key = $1 AND reason = 'id'");
    Ok(id.bind(key).fetch_optional(&mut *conn).await?.flatten())
}

/// Forgets what a device was refused for.
pub async fn release(conn: &mut Conn, key: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM quarantine WHERE device_key = $1").bind(key).execute(&mut *conn).await?;
    Ok(())
}
