//! Devices from the field: held, adopted, and believed only for themselves.

mod acl;
mod aside;
mod door;
mod flow;
