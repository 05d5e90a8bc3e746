//! Who may use the API.

use sqlx::Row as _;

use super::Conn;
use crate::model::Timestamp;
use crate::store::{StoreError, TokenRow};

/// Stores a new token by the hash of its secret.
pub async fn create_token(conn: &mut Conn, token: &TokenRow, hash: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO tokens (id, name, role, scope, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&token.id)
        .bind(&token.name)
        .bind(&token.role)
        .bind(&token.scope)
        .bind(hash)
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Ends a token by its name. How many there were.
pub async fn revoke_token(conn: &mut Conn, name: &str, now: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query("UPDATE tokens SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL")
        .bind(name)
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    Ok(done.rows_affected())
}

/// The live token with this hash.
pub async fn token(conn: &mut Conn, hash: &str) -> Result<Option<TokenRow>, StoreError> {
    let row = sqlx::query("SELECT id, name, role, scope FROM tokens WHERE hash = $1 AND revoked_at IS NULL")
        .bind(hash)
        .fetch_optional(&mut *conn)
        .await?;
    row.map(|row| {
        Ok(TokenRow { id: row.try_get(0)?, name: row.try_get(1)?, role: row.try_get(2)?, scope: row.try_get(3)? })
    })
    .transpose()
}
