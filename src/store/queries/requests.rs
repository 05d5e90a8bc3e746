//! Requests that came with a key. What is kept first counts; nothing is ever replaced.

use sqlx::Row as _;

use super::Conn;
use crate::model::Timestamp;
use crate::store::{KeptRequest, StoreError};

/// Keeps a request; of one that is there nothing changes.
pub async fn keep(conn: &mut Conn, key: &str, kept: &KeptRequest, now: Timestamp) -> Result<(), StoreError> {
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
