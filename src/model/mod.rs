//! The nouns: plain data that cannot be wrong once built. Pure: no IO, no clock, no randomness.

pub mod device;
pub mod finding;
pub mod ids;
pub mod ledger;
pub mod message;
pub mod people;
pub mod phone;
pub mod reading;
pub mod ticket;
pub mod time;

pub use ids::*;

pub use phone::E164;
pub use reading::*;

pub use time::{Millis, Timestamp};
