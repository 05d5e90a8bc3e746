//! All statements. Compiled twice (see `store`): `Conn`, `Db` and `Row` are those of the database at hand.
//!
//! Portable rules: `$1` only in single statements, batches through `QueryBuilder`; BIGINT milliseconds; `CAST`, never
//! `::`; no `now()`; conflicts by `ON CONFLICT`, never by catching.

pub mod access;
pub mod attempts;
pub mod board;
pub mod care;
pub mod clock;
pub mod conversations;
pub mod facts;
pub mod field;
pub mod lives;
pub mod outbox;
pub mod phones;
pub mod read;
pub mod registry;
pub mod requests;
pub mod rota;
pub mod stats;
pub mod sweep;
pub mod tasks;
pub mod write;

use super::{Conn, Db, LOCK, Row};
use crate::model::Timestamp;
use crate::store::StoreError;
use sqlx::QueryBuilder;

/// Rows of one batched statement; ten columns stay below SQLite's 32,766 parameters.
pub const ROWS_MAX: usize = 2_000;

/// Appends `(a, b, c)` as parameters; no items match nothing.
fn push_list<'a>(query: &mut QueryBuilder<Db>, items: impl IntoIterator<Item = &'a str>) {
    query.push("(NULL");
    for item in items {
        query.push(", ").push_bind(item.to_owned());
    }
    query.push(")");
}

fn at(ms: i64) -> Timestamp {
    Timestamp(ms)
}

fn bad(table: &'static str, id: &str, detail: impl ToString) -> StoreError {
    StoreError::Row { table, id: id.to_owned(), detail: detail.to_string() }
}
