//! `nightporter migrate`: brings the schema up and says nothing else.

use super::{ConfigArg, Failure};
use crate::store::Store;

/// Bring the database's schema up (`run` does it too, unless database.migrate = false).
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter migrate --config nightporter.toml")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

impl Args {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let config = self.config.load()?;
        let store = Store::open(config.database.url.expose()).await?;
        store.migrate().await?;
        store.close().await;
        Ok(())
    }
}
