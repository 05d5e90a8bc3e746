//! The integration tests: one binary, so that it links once. A file here for each subject.

#[path = "../support/services.rs"]
mod services;

mod config;
mod services_work;
