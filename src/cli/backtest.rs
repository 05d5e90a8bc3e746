//! `nightporter backtest`: a history in, what the service would have done out, as JSON lines in the order of time.

use std::collections::HashMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{Count, Failure, listened};
use crate::backtest::History;
use crate::backtest::compare::Worth;
use crate::backtest::playbooks::efforts;
use crate::backtest::read::{Mistakes, Reader};
use crate::clock::Clock;
use crate::config::Config;
use crate::decide::Policy;
use crate::decide::detect::sample::About;
use crate::model::time::DAY;
use crate::model::{Millis, Property, PropertyId, Ticket, Timestamp};
use crate::store::{DeviceFilter, Store, StoreError};

/// How wide the progress bar is, in characters.
const BAR_WIDTH: usize = 30;
/// How far back tickets are replayed.
const YEAR_MS: Millis = 365 * DAY;
/// Tickets that are replayed at most, the oldest of the year first.
const TICKETS_MAX: i64 = 1_000_000;
/// Devices that are read at once.
const PAGE_ROWS: i64 = 1_000;

/// Replay a history: when would people have been warned, what would have been paid?
///
/// Each line out is {"device_id","ts","event","predicted_empty_at"?}, event being warned, reminded, replaced, died or
/// forecast, and rests on rows up to its own time only. Bad rows are reported, the others count; then the exit code is 1.
/// With --against, two policies stand side by side instead: one line each with how many deaths were told in time, false
/// messages, messages per battery and the rewards; of --own also how many texts, calls and offers their playbooks would have
/// made of the last year's tickets, had people done what they did.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter backtest readings.csv.gz --devices devices.csv --forecasts > events.jsonl
  nightporter backtest readings.csv.gz --devices devices.csv --config now.toml --against planned.toml
  nightporter backtest --own --config now.toml --against planned.toml")]
pub(super) struct Args {
    /// Histories: CSV or .csv.gz with device_id,ts and any of percent,millivolts,temperature_c,uptime_s,operations
    #[arg(value_name = "CSV", required_unless_present = "own", conflicts_with = "own")]
    files: Vec<PathBuf>,
    /// What is known of the devices: CSV with device_id and any of model,chem,quant
    #[arg(long, value_name = "FILE")]
    devices: Option<PathBuf>,
    /// Decide by this configuration instead of the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Decide by this configuration as well, and compare what the two would have been worth
    #[arg(long, value_name = "FILE", conflicts_with = "forecasts")]
    against: Option<PathBuf>,
    /// The history of the service itself, as far as it is kept: the daily levels of batteries and the tickets of the last year,
    /// from --config's database
    #[arg(long, requires = "config")]
    own: bool,
    /// Also print each device's forecast of each day
    #[arg(long)]
    forecasts: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.config.as_deref().map(super::load).transpose()?;
        let (mut history, past, mistakes) = match &config {
            Some(config) if self.own => {
                let store = Store::open(config.database.url.expose()).await?;
                (own_history(&store).await?, Past::read(&store).await?, Mistakes::default())
            }
            _ => {
                let Reader { history, mistakes, .. } = self.read()?;
                (history, Past::default(), mistakes)
            }
        };
        let policy = config.as_ref().map_or_else(Policy::default, Config::policy);
        match &self.against {
            Some(path) => {
                let other = super::load(path)?.policy();
                compare(&mut history, &past, [(self.config.as_deref(), policy), (Some(path.as_path()), other)])?;
            }
            None => self.print_events(&mut history, &policy)?,
        }
        complain(&mistakes)
    }

    fn print_events(&self, history: &mut History, policy: &Policy) -> Result<(), Failure> {
        let bar = Bar { shown: io::stderr().is_terminal() };
        let events = history.replay(policy, self.forecasts, &|done, of| bar.show("replaying", done, of));
        bar.clear();
        let mut out = BufWriter::new(io::stdout().lock());
        for event in &events {
            let line = serde_json::to_string(event).expect("plain data");
            if let Err(e) = writeln!(out, "{line}") {
                return listened(Err(e));
            }
        }
        listened(out.flush())
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

/// One line for each policy, in the order given.
fn compare(history: &mut History, past: &Past, policies: [(Option<&Path>, Policy); 2]) -> Result<(), Failure> {
    let bar = Bar { shown: io::stderr().is_terminal() };
    let mut out = io::stdout().lock();
    for (path, policy) in policies {
        let name = path.map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
        let found = history.replay_all(&policy, false, &|done, of| bar.show("replaying", done, of));
        let mut worth = Worth::of(name, &found.events, &found.batteries, &policy.rewards);
        worth.tickets = efforts(&policy, &past.tickets, &past.properties, past.now);
        bar.clear();
        let line = serde_json::to_string(&worth).expect("plain data");
        listened(writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// The tickets of the last year, of which nothing is left where a file is replayed.
#[derive(Default)]
struct Past {
    tickets: Vec<Ticket>,
    properties: HashMap<PropertyId, Property>,
    now: Timestamp,
}

impl Past {
    async fn read(store: &Store) -> Result<Self, Failure> {
        let mut tx = store.read().await?;
        let now = Clock::system().now();
        let cases = tx.cases(now - YEAR_MS, now, None, TICKETS_MAX).await?;
        let ids = tx.property_ids(None).await?;
        let places = tx.see_places(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let properties = places.into_iter().map(|(id, place)| (id, place.property)).collect();
        Ok(Self { tickets: cases.into_iter().map(|case| case.ticket).collect(), properties, now })
    }
}

/// What the service's own database keeps of its batteries.
async fn own_history(store: &Store) -> Result<History, Failure> {
    let mut tx = store.read().await?;
    let filter = DeviceFilter { registered: true, unit: None, property: None, properties: None };
    let mut history = History::default();
    let mut after: Option<String> = None;
    loop {
        let rows = tx.list_devices(&filter, after.as_deref(), PAGE_ROWS).await?;
        for row in &rows {
            let (Some(device), Some(state)) = (&row.device, &row.state) else { continue };
            let state = serde_json::from_str(state).map_err(|e| StoreError::Row {
                table: "device_states",
                id: row.key.0.clone(),
                detail: e.to_string(),
            })?;
            history.add_own(row.key.as_str(), About::of(device), &state);
        }
        match rows.last() {
            Some(last) => after = Some(last.key.0.clone()),
            None => return Ok(history),
        }
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
