//! The only SQL. One text of queries, compiled once for SQLite and once for PostgreSQL; chosen by the URL alone.
//!
//! Writers go through one [`Tx`]: everything that a batch of causes leads to is committed together or not at all.

mod asked;
mod import;
mod open;
mod phones;
mod postgres;
mod reports;
mod rows;
mod sqlite;
mod tx;

pub use asked::*;
pub use open::{Store, StoreError};
pub use phones::*;
pub use reports::*;
pub use rows::*;
pub use tx::Tx;
