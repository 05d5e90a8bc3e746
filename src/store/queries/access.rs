//! Who may use the API and the page: tokens, users, their sessions.

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, LOCK, Row, at};
use crate::config::Secret;
use crate::model::Timestamp;
use crate::store::{StoreError, TokenRow, UserRow};

/// Ids that a scope may be, and users: as many as are read at once.
const LIST_MAX: i64 = 10_000;
/// Sessions of one user; the oldest ends when another begins.
const SESSIONS_MAX: i64 = 20;
const USER_COLUMNS: &str = "u.name, u.role, u.scope, u.password, u.created_at, u.disabled_at";

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

/// Ends every token that is for this person or place; the person is locked, so that two who make one leave one.
pub async fn end_tokens_of(conn: &mut Conn, role: &str, scope: &str, now: Timestamp) -> Result<u64, StoreError> {
    let mut lock = QueryBuilder::<Db>::new(match role {
        "tenant" => "SELECT id FROM tenants WHERE id = ",
        _ => "SELECT id FROM housekeepers WHERE id = ",
    });
    lock.push_bind(scope.to_owned()).push(LOCK);
    lock.build().fetch_optional(&mut *conn).await?;
    let done = sqlx::query("UPDATE tokens SET revoked_at = $3 WHERE role = $1 AND scope = $2 AND revoked_at IS NULL")
        .bind(role)
        .bind(scope)
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    Ok(done.rows_affected())
}

/// Since when this person or place has a live token; of several the newest counts.
pub async fn live_token_of(conn: &mut Conn, role: &str, scope: &str) -> Result<Option<Timestamp>, StoreError> {
    let query =
        sqlx::query_scalar("SELECT MAX(created_at) FROM tokens WHERE role = $1 AND scope = $2 AND revoked_at IS NULL");
    let made: Option<i64> = query.bind(role).bind(scope).fetch_one(&mut *conn).await?;
    Ok(made.map(at))
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

/// Whether a live token has this name.
pub async fn is_live_token(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM tokens WHERE name = $1 AND revoked_at IS NULL");
    let live: i64 = query.bind(name).fetch_one(&mut *conn).await?;
    Ok(live > 0)
}

/// Every id that a scope of this kind may be: `region`, `property`, `tenant`, else `housekeeper`.
pub async fn scopes(conn: &mut Conn, kind: &str) -> Result<Vec<String>, StoreError> {
    let query = sqlx::query_scalar(match kind {
        "region" => "SELECT DISTINCT region FROM properties ORDER BY region LIMIT $1",
        "property" => "SELECT id FROM properties ORDER BY id LIMIT $1",
        "tenant" => "SELECT id FROM tenants ORDER BY id LIMIT $1",
        _ => "SELECT id FROM housekeepers ORDER BY id LIMIT $1",
    });
    Ok(query.bind(LIST_MAX).fetch_all(&mut *conn).await?)
}

/// Stores a user; one who was disabled begins anew. False when the name is taken.
pub async fn add_user(conn: &mut Conn, user: &UserRow) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO users (name, role, scope, password, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, scope = excluded.scope, password = excluded.password, \
         created_at = excluded.created_at, disabled_at = NULL WHERE users.disabled_at IS NOT NULL",
    )
    .bind(&user.name)
    .bind(&user.role)
    .bind(&user.scope)
    .bind(user.password.expose())
    .bind(user.created_at.0)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every user, by name.
pub async fn users(conn: &mut Conn) -> Result<Vec<UserRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(format!("SELECT {USER_COLUMNS} FROM users u ORDER BY u.name LIMIT "));
    query.push_bind(LIST_MAX);
    query.build().fetch_all(&mut *conn).await?.iter().map(user_row).collect()
}

/// A user who may sign in.
pub async fn user(conn: &mut Conn, name: &str) -> Result<Option<UserRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(format!("SELECT {USER_COLUMNS} FROM users u WHERE u.disabled_at IS NULL"));
    query.push(" AND u.name = ").push_bind(name.to_owned());
    query.build().fetch_optional(&mut *conn).await?.as_ref().map(user_row).transpose()
}

fn user_row(row: &Row) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        name: row.try_get(0)?,
        role: row.try_get(1)?,
        scope: row.try_get(2)?,
        password: Secret::new(row.try_get::<String, _>(3)?),
        created_at: at(row.try_get(4)?),
        disabled_at: row.try_get::<Option<i64>, _>(5)?.map(at),
    })
}

/// Disables a user and ends their sessions. False when there is no such user, or they are disabled.
pub async fn disable_user(conn: &mut Conn, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE users SET disabled_at = $2 WHERE name = $1 AND disabled_at IS NULL")
        .bind(name)
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query("DELETE FROM sessions WHERE user_name = $1").bind(name).execute(&mut *conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Begins a session by the hash of its secret; those that are over are forgotten, and the oldest of too many.
pub async fn begin_session(
    conn: &mut Conn,
    hash: &str,
    user: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now.0).execute(&mut *conn).await?;
    sqlx::query(
        "DELETE FROM sessions WHERE user_name = $1 AND hash NOT IN \
         (SELECT hash FROM sessions WHERE user_name = $1 ORDER BY created_at DESC, hash LIMIT $2)",
    )
    .bind(user)
    .bind(SESSIONS_MAX - 1)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO sessions (hash, user_name, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(hash)
        .bind(user)
        .bind(now.0)
        .bind(until.0)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Whose session this is; nobody's when it is over or its user disabled.
pub async fn session(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<Option<UserRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(format!(
        "SELECT {USER_COLUMNS} FROM sessions s JOIN users u ON u.name = s.user_name WHERE u.disabled_at IS NULL AND s.hash = "
    ));
    query.push_bind(hash.to_owned()).push(" AND s.expires_at > ").push_bind(now.0);
    query.build().fetch_optional(&mut *conn).await?.as_ref().map(user_row).transpose()
}

/// Ends a session.
pub async fn end_session(conn: &mut Conn, hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE hash = $1").bind(hash).execute(&mut *conn).await?;
    Ok(())
}
