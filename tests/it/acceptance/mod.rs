//! What must hold in numbers: texts, reports, replies, ladders, clocks, money and forgeries by the thousand.
//!
//! Every run plays a tenth or less; `NIGHTPORTER_FULL=1` plays all of it and prints what was counted. The
//! numbers of a full run stand in docs/RELIABILITY.md.

mod clocks;
mod forged;
mod inbound;
mod injected;
mod ladder;
mod ledger;
mod mill;
mod outbox;
mod reports;
mod switch;

/// How many: a few in every run, all of them in a full one.
fn count(few: usize, all: usize) -> usize {
    if std::env::var_os("NIGHTPORTER_FULL").is_some() { all } else { few }
}
