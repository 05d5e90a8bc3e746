//! Queries as compiled for SQLite.

/// The database of this compilation.
pub type Db = sqlx::Sqlite;
/// Its connection.
pub type Conn = sqlx::SqliteConnection;
/// Its row.
pub type Row = sqlx::sqlite::SqliteRow;
/// A writer has the whole database: nothing to add to a SELECT.
pub const LOCK: &str = "";

#[path = "queries/mod.rs"]
pub mod queries;
