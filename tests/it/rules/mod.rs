//! The rules, told as stories: `check(given, when, then)`. Pure: no database, no waiting; time passes between the lines.
//!
//! A line is `DAY HH:MM who what`, local time of January 2026 in Shanghai. `when` says what devices and people do, `then`
//! everything that comes of it: moves of tickets, texts, money. See [`stage`] for the words.

mod battery;
mod care;
mod conversation;
mod dispatch;
mod duty;
mod gauge;
mod given;
mod incident;
mod jobs;
mod leak;
mod moves;
mod people;
mod playbooks;
mod presence;
mod proof;
mod properties;
mod questions;
mod reward;
mod sla;
mod stage;
mod sweep;
mod tones;
mod water;

pub use stage::Stage;

/// With the house as given (see [`Stage::change`]), when these lines happen, exactly those come of it.
#[track_caller]
fn check(given: &str, when: &str, then: &str) {
    let mut stage = Stage::new();
    lines(given).for_each(|line| stage.change(line));
    lines(when).for_each(|line| stage.act(line));
    let expected: Vec<&str> = lines(then).collect();
    assert!(stage.log == expected, "expected:\n  {}\ncame:\n  {}", expected.join("\n  "), stage.log.join("\n  "));
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
