//! The HTTP side, from outside: the whole house in process on SQLite, a clock that stands, a carrier that remembers.

mod addresses;
mod api;
mod care;
mod commands;
mod conversations;
mod duties;
mod field;
mod hostile;
pub mod house;
mod money;
mod neighbours;
mod page;
mod phone;
mod roles;
mod schema;
mod sign_in;
mod sweep;
mod tenant;
mod tones;
mod webhooks;
mod words;
mod work;
