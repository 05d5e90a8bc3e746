//! Nightporter: proactive care for rented homes with smart locks and leak sensors.
//!
//! ```text
//!  devices ─MQTT─▶ ingest ─▶ decode ─▶ engine ───────────────▶ commit (one transaction) ─▶ acknowledge
//!                                      load state, the PURE      states · tickets · events     to the broker
//!  people ─web/SMS─▶ commands ───────▶ core decides ───────────▶ messages · ledger
//!  clock ──▶ "who is due?" ──────────▶                                │
//!                                                                     ▼
//!                                               deliver: sends what is due, records every outcome
//! ```
//!
//! Three ways in (a device speaks, a person speaks, time passes), one core that decides, one transaction that
//! commits, one way out. `model`, `decode` and `decide` are pure.

pub mod announce;
pub mod backtest;
pub mod broker;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod commit;
pub mod config;
pub mod decide;
pub mod decode;
pub mod deliver;
pub mod ingest;
pub mod metrics;
pub mod model;
pub mod registry;
pub mod service;
pub mod store;
pub mod wake;
pub mod web;
