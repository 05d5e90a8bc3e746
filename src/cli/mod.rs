//! The commands, one file each: what they read, what they print, how they exit. No rule of the service lives here.

pub mod decode;
