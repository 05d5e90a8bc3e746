//! Queries as compiled for PostgreSQL.

/// The database of this compilation.
pub type Db = sqlx::Postgres;
/// Its connection.
pub type Conn = sqlx::PgConnection;
/// Its row.
pub type Row = sqlx::postgres::PgRow;
/// Rows that are read in order to be changed are locked.
pub const LOCK: &str = " FOR UPDATE";

#[expect(clippy::duplicate_mod, reason = "one text, two databases: see docs/decisions")]
#[path = "queries/mod.rs"]
pub mod queries;
