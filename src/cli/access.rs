//! `nightporter token`: who may use the API. A token is shown once and kept only as its hash.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Subcommand;

use super::scope::{self, RoleArg};
use super::{ConfigArg, Failure, complain};
use crate::clock::Clock;
use crate::store::TokenRow;
use crate::web::{Role, token_hash};

/// Bits of randomness in a token, in bytes.
const SECRET_BYTES: usize = 32;

/// Make and end tokens for the API.
#[derive(Subcommand)]
#[command(after_help = "Examples:
  nightporter token create --role operator --name dashboard --config nightporter.toml
  nightporter token revoke --name dashboard --config nightporter.toml")]
pub(super) enum TokenCommand {
    Create(Create),
    Revoke(Revoke),
}

/// Make a token and print it, alone and only this once.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter token create --role operator --name dashboard --config nightporter.toml
  nightporter token create --role manager --scope oak --name front-desk --config nightporter.toml
  nightporter token create --role housekeeper --scope chen --name chens-phone --config nightporter.toml")]
pub(super) struct Create {
    /// What its bearer may do
    #[arg(long)]
    role: RoleArg,
    /// What it is for; `token revoke` ends it by this name
    #[arg(long)]
    name: String,
    /// The region, property, housekeeper or tenant that it is limited to
    #[arg(long, value_name = "ID")]
    scope: Option<String>,
    #[command(flatten)]
    config: ConfigArg,
}

/// End every token of a name, at once.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter token revoke --name dashboard --config nightporter.toml")]
pub(super) struct Revoke {
    /// The name given to `token create`
    #[arg(long)]
    name: String,
    #[command(flatten)]
    config: ConfigArg,
}

impl TokenCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run().await,
            Self::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let role = self.role.0;
        scope::needed(role, self.scope.as_deref())?;
        scope::name(&self.name)?;
        let (config, store) = self.config.open().await?;
        let token = format!("np_{}", hex(&random()?));
        let id = hex(&random()?[..8]);
        let mut tx = store.begin().await?;
        scope::known(&mut tx, role, self.scope.as_deref()).await?;
        if tx.is_live_token(&self.name).await? {
            let taken =
                format!("a live token is called \"{}\" already: choose another name, or revoke it first", self.name);
            return Err(Failure::Failed(taken));
        }
        let row = TokenRow { id, name: self.name, role: role.as_str().to_owned(), scope: self.scope };
        tx.create_token(&row, &token_hash(&token), Clock::system().now()).await?;
        // Before it counts: a token that nobody saw must not be live.
        writeln!(io::stdout(), "{token}")
            .map_err(|e| Failure::Failed(format!("no token was made: it could not be shown ({e})")))?;
        tx.commit().await?;
        store.close().await;
        let page = match role {
            Role::Housekeeper => Some("h"),
            Role::Tenant => Some("t"),
            _ => None,
        };
        if let Some(page) = page {
            // Beside the token, which stays alone on the standard output.
            complain(format_args!("Their page, for them alone: {}/{page}/{token}", config.http.base_url()));
        }
        Ok(())
    }
}

impl Revoke {
    async fn run(self) -> Result<(), Failure> {
        let (_, store) = self.config.open().await?;
        let mut tx = store.begin().await?;
        let ended = tx.revoke_token(&self.name, Clock::system().now()).await?;
        tx.commit().await?;
        store.close().await;
        let none = || Failure::Failed(format!("nothing revoked: no live token is called \"{}\"", self.name));
        if ended == 0 { Err(none()) } else { Ok(()) }
    }
}

fn random() -> Result<[u8; SECRET_BYTES], Failure> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}
