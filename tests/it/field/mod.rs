//! Devices from the field: held, adopted, and believed only for themselves.

mod acl;
mod door;
mod flow;
