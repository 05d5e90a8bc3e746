//! Requests that came with a key. What is kept first counts; nothing is replaced, and all is forgotten in the end.

use sqlx::Row as _;

use super::Conn;
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};
use crate::store::{KeptRequest, StoreError};

/// So long a key counts at least, as the API promises.
const KEPT_MS: Millis = 30 * DAY;
/// Requests that are forgotten at once.
const FORGOTTEN_MAX: i64 = 100;

/// Keeps a request; of one that is there nothing changes. Those that are too old are forgotten, the oldest first.
pub async fn keep(conn: &mut Conn, key: &str, kept: &KeptRequest, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM requests WHERE key IN (SELECT key FROM requests WHERE at < $1 ORDER BY at, key LIMIT $2)")
        .bind((now - KEPT_MS).0)
        .bind(FORGOTTEN_MAX)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "INSERT INTO requests (key, request, plan, answer, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(&kept.request)
    .bind(&kept.plan)
    .bind(&kept.answer)
    .bind(now.0)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// What is kept under a key.
pub async fn kept(conn: &mut Conn, key: &str) -> Result<Option<KeptRequest>, StoreError> {
    let row = sqlx::query("SELECT request, plan, answer FROM requests WHERE key = $1")
        .bind(key)
        .fetch_optional(&mut *conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(KeptRequest { request: row.try_get(0)?, plan: row.try_get(1)?, answer: row.try_get(2)? }))
}

/// Notes how a request was answered; the first answer stays.
pub async fn answered(conn: &mut Conn, key: &str, answer: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE requests SET answer = $2 WHERE key = $1 AND answer IS NULL")
        .bind(key)
        .bind(answer)
        .execute(&mut *conn)
        .await?;
    Ok(())
}
