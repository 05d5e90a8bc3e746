//! Deterministic simulation: a month of a building, all faults on, through the real decoders, door, outbox and rules.
//!
//! One thread, a clock moved by hand, no waiting: the same seed plays the same month. `NIGHTPORTER_SEEDS` says how many
//! seeds (200 for a thorough run, 6 by default), `NIGHTPORTER_SEED` plays one. A failure names its seed and step.
//! `gauges` plays `NIGHTPORTER_LIARS` buildings in which every lock's gauge lies. `year` plays a whole year, less crowded: `NIGHTPORTER_YEARS` and `NIGHTPORTER_UNITS` say how many and how large.

mod carrier;
pub mod dice;
mod judge;
mod length;
mod month;
mod watch;
mod world;
mod yardsticks;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use length::Length;
use month::{Month, Played};
use yardsticks::Yardsticks;

/// Seeds of an ordinary test run.
const SEEDS: u64 = 6;
/// Share of a year's batteries that are found a week ahead, and false battery tickets for each device: the targets of the forecast.
const IN_TIME_LEAST: f64 = 0.78;
const FALSE_A_YEAR_MOST: f64 = 0.20;
/// Apartments of the year of an ordinary test run.
const UNITS: u64 = 1;
/// One month in so many is played twice, and must leave the same trace.
const TWICE_EVERY: u64 = 10;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn play(seed: u64, length: Length) -> Result<Played, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime
        .block_on(Month::play(seed, length))
        .map_err(|e| format!("seed {seed}, {e}\n  again: NIGHTPORTER_SEED={seed} cargo test --test it simulation"))
}

fn play_and_repeat(seed: u64, length: Length) -> Result<Played, String> {
    let played = play(seed, length)?;
    let twice = length.units.is_none() && seed.is_multiple_of(TWICE_EVERY);
    if twice && play(seed, length)?.trace != played.trace {
        return Err(format!("seed {seed} left another trace when played again"));
    }
    Ok(played)
}

/// Plays seeds on all cores, each on one thread.
fn play_all(seeds: std::ops::Range<u64>, length: Length) -> (Vec<Played>, Vec<String>) {
    let next = AtomicU64::new(seeds.start);
    let (played, failed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            match play_and_repeat(seed, length) {
                Ok(p) => played.lock().unwrap_or_else(PoisonError::into_inner).push(p),
                Err(e) => {
                    eprintln!("{e}");
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push(e);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let inner = |m: Mutex<Vec<String>>| m.into_inner().unwrap_or_else(PoisonError::into_inner);
    (played.into_inner().unwrap_or_else(PoisonError::into_inner), inner(failed))
}

/// Plays them, prints the figures, and fails for every promise that was not kept.
fn keep_every_promise(seeds: std::ops::Range<u64>, length: Length) -> Vec<Played> {
    let (played, mut failed) = play_all(seeds, length);
    let sum = |of: fn(&Played) -> u64| played.iter().map(of).sum::<u64>();
    println!(
        "{} times {} days: {} transactions, {} messages of devices, {} crashes, {} texts, {} problems, {} credits",
        played.len(),
        length.days,
        sum(|p| p.steps),
        sum(|p| p.messages),
        sum(|p| p.crashes),
        sum(|p| p.texts),
        sum(|p| p.problems),
        sum(|p| p.credits),
    );
    println!("{}", Yardsticks::sum(played.iter().map(|p| &p.yardsticks)));
    failed.sort();
    assert!(failed.is_empty(), "{} seeds failed\n{}", failed.len(), failed.join("\n"));
    played
}

#[test]
fn every_month_keeps_every_promise() {
    let seeds = match number("NIGHTPORTER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("NIGHTPORTER_SEEDS").unwrap_or(SEEDS),
    };
    let several = seeds.end - seeds.start >= SEEDS;
    let played = keep_every_promise(seeds, Length::MONTH);
    let busy = |of: fn(&Played) -> u64| played.iter().any(|p| of(p) > 0);
    let all = busy(|p| p.problems) && busy(|p| p.crashes) && busy(|p| p.texts) && busy(|p| p.too_late);
    assert!(all || !several, "something must have happened");
}

#[test]
fn gauges_that_lie_lock_nobody_out_unannounced_once_they_show_it() {
    let first = number("NIGHTPORTER_SEED").unwrap_or(0);
    let played = keep_every_promise(first..first + number("NIGHTPORTER_LIARS").unwrap_or(1), Length::LIARS);
    assert!(played.iter().any(|p| p.problems > 0), "something must have happened");
}

#[test]
fn a_year_keeps_every_promise() {
    let first = number("NIGHTPORTER_SEED").unwrap_or(0);
    let units = number("NIGHTPORTER_UNITS").unwrap_or(UNITS) as usize;
    let years = first..first + number("NIGHTPORTER_YEARS").unwrap_or(1);
    let played = keep_every_promise(years, Length::year(units));
    assert!(played.iter().any(|p| p.problems > 0), "something must have happened");
    let all = Yardsticks::sum(played.iter().map(|p| &p.yardsticks));
    assert!(all.batteries_in_time() >= IN_TIME_LEAST && all.false_batteries() <= FALSE_A_YEAR_MOST, "{all}");
}
