//! The rules: facts, policy, a cause and the time in; changes out. Pure: no IO, no clock, no randomness.

pub mod policy;
