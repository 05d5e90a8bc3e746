//! The way out: what leaves the house for a person or a device.

pub mod carrier;
