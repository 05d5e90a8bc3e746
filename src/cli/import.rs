//! `nightporter import`: the registry from CSV files into the database; all of it, or nothing and every bad row.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use super::{ConfigArg, Count, Failure, complain, say};
use crate::registry::{Progress, Registry};

/// How wide the progress bar is, in characters.
const BAR_WIDTH: usize = 30;

/// Load properties, units, tenants, devices and housekeepers from a folder of CSV files.
///
/// All or nothing: every bad row is reported with file, line, column and reason, and then nothing is stored. Rows
/// replace those of the same id; what the files do not name stays. Leases of one unit that overlap are taken and remarked on.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter import registry/ --config nightporter.toml --dry-run")]
pub(super) struct Args {
    /// The folder with properties.csv, units.csv, devices.csv and, if any, tenants.csv and housekeepers.csv
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    config: ConfigArg,
    /// Only check the files; store nothing
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let registry = self.read()?;
        registry.remarks.iter().for_each(|remark| complain(format_args!("{remark}")));
        if self.dry_run {
            self.config.load()?;
            return say(format_args!("would import {registry}"));
        }
        let (_, store) = self.config.open().await?;
        store.import(&registry).await?;
        store.close().await;
        say(format_args!("imported {registry}"))
    }

    fn read(&self) -> Result<Registry, Failure> {
        let bar = Bar::new();
        let read = Registry::read_with(&self.dir, &|progress| bar.show(progress));
        bar.clear();
        read.map_err(|errors| {
            let mut lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            lines.push(format!("nothing imported: {}", Count(errors.len(), "mistake", "mistakes")));
            Failure::Failed(lines.join("\n"))
        })
    }
}

/// A progress bar on a terminal; nothing in a pipe.
struct Bar {
    shown: bool,
}

impl Bar {
    fn new() -> Self {
        Self { shown: io::stderr().is_terminal() }
    }

    fn show(&self, progress: Progress) {
        if self.shown {
            let line = bar(progress);
            // A terminal that went away is no reason to stop.
            let _ = write!(io::stderr(), "\r{line}");
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

fn bar(progress: Progress) -> String {
    let part = progress.bytes_read as f64 / progress.bytes.max(1) as f64;
    let filled = (part * BAR_WIDTH as f64) as usize;
    let (done, left) = ("#".repeat(filled), ".".repeat(BAR_WIDTH.saturating_sub(filled)));
    format!("{:<17} [{done}{left}] {:>3} %", progress.file, (part * 100.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_as_the_file_is_read() {
        let at = |bytes_read, bytes| bar(Progress { file: "units.csv", bytes_read, bytes });
        assert_eq!(at(50, 100), "units.csv         [###############...............]  50 %");
        assert_eq!(at(0, 0), "units.csv         [..............................]   0 %");
        assert_eq!(at(7, 7), "units.csv         [##############################] 100 %");
    }
}
