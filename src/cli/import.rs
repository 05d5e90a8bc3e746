//! `nightporter import`: the registry from CSV files into the database; all of it, or nothing and every bad row.

use std::path::PathBuf;

use super::{ConfigArg, Count, Failure, say};
use crate::registry::Registry;

/// Load properties, units, tenants, devices and housekeepers from a folder of CSV files.
///
/// All or nothing: every bad row is reported with file, line, column and reason, and then nothing is stored. Rows
/// replace those of the same id; what the files do not name stays.
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
        Registry::read(&self.dir).map_err(|errors| {
            let mut lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            lines.push(format!("nothing imported: {}", Count(errors.len(), "mistake", "mistakes")));
            Failure::Failed(lines.join("\n"))
        })
    }
}
