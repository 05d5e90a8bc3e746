//! The rules: facts, policy, a cause and the time in; changes out. Pure: no IO, no clock, no randomness.
//!
//! `identity` says whether a message may speak for its device; `detect` turns readings into findings; `tickets` turns findings into tickets; `plan` walks their playbooks;
//! `commands`, `conversation` and `outcomes` take what people and carriers say. All of them work on one [`Desk`].

pub mod automation;
mod calls;
pub mod cells;
pub mod commands;
pub mod conversation;
pub mod desk;
mod details;
pub mod detect;
pub mod dispatch;
pub mod duty;
mod emergency_power;
pub mod forecast;
pub mod goodwill;
mod hand_over;
pub mod homes;
pub mod identity;
mod incident;
pub mod intent;
pub mod jobs;
mod links;
mod offers;
pub mod outcomes;
pub mod people;
mod photos;
pub mod plan;
pub mod policy;
mod questions;
pub mod requests;
mod reward;
mod silence;
mod sla;
pub mod stats;
mod survey;
mod sweep;
mod tickets;
pub mod tones;
pub mod trial;
mod valves;
mod visits;
mod waiting;
mod water;
pub mod words;

pub use commands::{Command, Refusal, awaited};
pub use conversation::Reply;
pub use desk::{Changes, Desk, Facts};
pub use detect::{Context, DeviceState, Heard};
pub use goodwill::Goodwill;
pub use outcomes::Outcome;
pub use policy::Policy;
pub use requests::Wanted;
pub use words::Words;
