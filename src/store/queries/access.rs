//! Who may use the API.

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, LOCK};
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

/// The properties of a region.
pub async fn properties_of_region(conn: &mut Conn, region: &str) -> Result<Vec<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT id FROM properties WHERE region = $1 ORDER BY id");
    Ok(query.bind(region).fetch_all(&mut *conn).await?)
}

/// The properties that a housekeeper serves.
pub async fn properties_of_housekeeper(conn: &mut Conn, id: &str) -> Result<Vec<String>, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT property_id FROM housekeeper_properties WHERE housekeeper_id = $1 ORDER BY property_id",
    );
    Ok(query.bind(id).fetch_all(&mut *conn).await?)
}

/// The property in which a tenant rents; none for an unknown tenant.
pub async fn property_of_tenant(conn: &mut Conn, id: &str) -> Result<Option<String>, StoreError> {
    let query =
        sqlx::query_scalar("SELECT u.property_id FROM tenants t JOIN units u ON u.id = t.unit_id WHERE t.id = $1");
    Ok(query.bind(id).fetch_optional(&mut *conn).await?)
}

/// Locks a tenant, so that what they redeem is decided one after another.
pub async fn lock_tenant(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM tenants WHERE id = ");
    query.push_bind(id.to_owned()).push(LOCK);
    query.build().fetch_optional(&mut *conn).await?;
    Ok(())
}
