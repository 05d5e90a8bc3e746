//! `nightporter backtest`: a history in, what the service would have done out, as JSON lines in the order of time.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use super::{Count, Failure, listened};
use crate::backtest::read::{Mistakes, Reader};
use crate::decide::Policy;

/// How wide the progress bar is, in characters.
const BAR_WIDTH: usize = 30;

/// Replay a history: when would people have been warned, what would have been paid?
///
/// Each line out is {"device_id","ts","event","predicted_empty_at"?}, event being warned, reminded, replaced, died or
/// forecast, and rests on rows up to its own time only. Bad rows are reported, the others count; then the exit code is 1.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  nightporter backtest readings.csv.gz --devices devices.csv --forecasts > events.jsonl"
)]
pub(super) struct Args {
    /// Histories: CSV or .csv.gz with device_id,ts and any of percent,millivolts,temperature_c,uptime_s,operations
    #[arg(value_name = "CSV", required = true)]
    files: Vec<PathBuf>,
    /// What is known of the devices: CSV with device_id and any of model,chem,quant
    #[arg(long, value_name = "FILE")]
    devices: Option<PathBuf>,
    /// Decide by this configuration instead of the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also print each device's forecast of each day
    #[arg(long)]
    forecasts: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<(), Failure> {
        let policy = match &self.config {
            Some(path) => super::load(path)?.policy(),
            None => Policy::default(),
        };
        let Reader { mut history, mistakes, .. } = self.read()?;
        let bar = Bar { shown: io::stderr().is_terminal() };
        let events = history.replay(&policy, self.forecasts, &|done, of| bar.show("replaying", done, of));
        bar.clear();
        let mut out = BufWriter::new(io::stdout().lock());
        for event in &events {
            let line = serde_json::to_string(event).expect("plain data");
            if let Err(e) = writeln!(out, "{line}") {
                return listened(Err(e));
            }
        }
        listened(out.flush())?;
        complain(&mistakes)
    }

    fn read(&self) -> Result<Reader, Failure> {
        let mut reader = Reader::default();
        if let Some(path) = &self.devices {
            reader.devices(path).map_err(Failure::Failed)?;
        }
        let bar = Bar { shown: io::stderr().is_terminal() };
        for (n, path) in self.files.iter().enumerate() {
            bar.show("reading", n, self.files.len());
            reader.readings(path).map_err(Failure::Failed)?;
        }
        bar.clear();
        Ok(reader)
    }
}

fn complain(mistakes: &Mistakes) -> Result<(), Failure> {
    if mistakes.count == 0 {
        return Ok(());
    }
    let mut lines = mistakes.shown.clone();
    if mistakes.count > lines.len() {
        lines.push("…".to_owned());
    }
    let count = Count(mistakes.count, "bad row was", "bad rows were");
    lines.push(format!("{count} left out; all others were replayed"));
    Err(Failure::Failed(lines.join("\n")))
}

/// A progress bar on a terminal; nothing in a pipe.
struct Bar {
    shown: bool,
}

impl Bar {
    fn show(&self, what: &str, done: usize, of: usize) {
        if self.shown {
            let filled = done * BAR_WIDTH / of.max(1);
            let (full, left) = ("#".repeat(filled), ".".repeat(BAR_WIDTH.saturating_sub(filled)));
            // A terminal that went away is no reason to stop.
            let _ = write!(io::stderr(), "\r{what:<10} [{full}{left}] {:>3} %", done * 100 / of.max(1));
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
