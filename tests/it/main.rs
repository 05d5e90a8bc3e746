//! The integration tests: one binary, so that it links once. A file here for each subject.

#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/corpus.rs"]
mod corpus;
#[path = "../support/fake_aliyun.rs"]
mod fake_aliyun;
#[path = "../support/fake_carrier.rs"]
mod fake_carrier;
#[path = "../support/house.rs"]
mod house;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/services.rs"]
mod services;

mod acceptance;
mod broker;
mod carrier_aliyun;
mod carrier_contract;
mod carrier_outcomes;
mod carrier_questions;
mod carrier_signature;
mod carrier_twilio_rs;
mod cli;
mod clock_put_back;
mod config;
mod config_carriers;
mod config_formats;
mod conversation;
mod crash;
mod decode_documented;
mod decode_fuzz;
mod decode_own;
mod decode_score;
mod decode_topics;
mod decode_variants;
mod demo;
mod field;
mod forecast;
mod formats_doc;
mod home_assistant;
mod import;
mod leak_next_door;
mod lying_gauges;
mod main_job;
mod oracles;
mod purity;
mod rules;
mod services_work;
mod simulation;
mod store;
mod texts;
mod web;
