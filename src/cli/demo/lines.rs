//! Plain lines for a pipe, or JSON lines for a program: no colours, no control characters.

use std::io::{self, Write};

use nightporter_simulator::Scoreboard;
use serde_json::json;

use super::Args;
use super::stage::Stage;
use super::story::Happening;
use crate::decide::people::local;

/// Writes to stdout.
pub(super) struct Lines {
    /// JSON instead of words.
    pub(super) json: bool,
}

impl Lines {
    /// Says what is to be seen.
    pub(super) fn begin(&self, stage: &Stage, args: &Args) -> io::Result<()> {
        let Args { units, speed, seed, .. } = args;
        let name = &stage.people.property.name;
        if self.json {
            let object = json!({"event": "begin", "property": name, "units": units, "speed": speed, "seed": seed,
                "page": stage.page});
            return write([object.to_string()]);
        }
        write([format!("{name}: {units} units, {speed} simulated seconds a second, seed {seed}; page {}", stage.page)])
    }

    /// One line for each.
    pub(super) fn tell(&self, happenings: &[Happening], stage: &Stage) -> io::Result<()> {
        write(happenings.iter().map(|one| {
            if self.json {
                return one.to_json().to_string();
            }
            let at = local(&stage.people.property, one.at).format("%a %d %b %H:%M");
            format!("{at}  {}", one.to_line())
        }))
    }

    /// How it went.
    pub(super) fn scoreboard(&self, board: &Scoreboard) -> io::Result<()> {
        if self.json {
            let mut object = board.to_json();
            object["event"] = json!("scoreboard");
            return write([object.to_string()]);
        }
        write([String::new(), board.to_string()])?;
        let notes = board.notes.iter().map(|note| format!("! {note}"));
        write(notes)
    }
}

fn write(lines: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
