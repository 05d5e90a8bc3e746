//! What is reached over HTTP.

pub mod twilio_signature;
