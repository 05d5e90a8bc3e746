//! The nouns: plain data that cannot be wrong once built. Pure: no IO, no clock, no randomness.

pub mod attempt;
pub mod conversation;
pub mod device;
pub mod finding;
pub mod forecast;
pub mod ids;
pub mod ledger;
pub mod message;
pub mod people;
pub mod phone;
pub mod playbook;
pub mod profile;
pub mod reading;
pub mod segments;
pub mod task;
pub mod ticket;
pub mod time;
pub mod work;

pub use attempt::*;
pub use conversation::*;
pub use device::*;
pub use finding::*;
pub use forecast::*;
pub use ids::*;
pub use ledger::*;
pub use message::*;
pub use people::*;
pub use phone::E164;
pub use playbook::*;
pub use profile::*;
pub use reading::*;
pub use segments::{ROUTINE_PARTS_MAX, segments};
pub use task::*;
pub use ticket::*;
pub use time::{Millis, Timestamp};
pub use work::*;
