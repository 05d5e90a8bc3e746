//! `nightporter token`: who may use the API. A token is shown once and kept only as its hash.

use std::fmt::Write;

use clap::{Subcommand, ValueEnum};

use super::{ConfigArg, Failure, say};
use crate::clock::Clock;
use crate::store::TokenRow;
use crate::web::token_hash;

/// Bits of randomness in a token, in bytes.
const SECRET_BYTES: usize = 32;

/// Make and end tokens for the API.
#[derive(Subcommand)]
pub(super) enum TokenCommand {
    Create(Create),
    Revoke(Revoke),
}

/// Make a token and print it, alone and only this once.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  nightporter token create --role operator --name dashboard --config nightporter.toml"
)]
pub(super) struct Create {
    /// What its bearer may do
    #[arg(long)]
    role: Role,
    /// What it is for; `token revoke` ends it by this name
    #[arg(long)]
    name: String,
    /// The region, property or housekeeper that it is limited to
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Everything, everywhere
    Operator,
    /// One region
    Region,
    /// One property
    Manager,
    /// The jobs of one housekeeper
    Housekeeper,
    /// Reads only; everywhere, or within the scope
    Reader,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Region => "region",
            Self::Manager => "manager",
            Self::Housekeeper => "housekeeper",
            Self::Reader => "reader",
        }
    }

    fn check_scope(self, scope: Option<&str>) -> Result<(), Failure> {
        match (self, scope) {
            (Self::Operator, Some(_)) => {
                Err(Failure::Usage("an operator is not limited: leave --scope out".to_owned()))
            }
            (Self::Region, None) => Err(Failure::Usage("--role region needs --scope REGION".to_owned())),
            (Self::Manager, None) => Err(Failure::Usage("--role manager needs --scope PROPERTY".to_owned())),
            (Self::Housekeeper, None) => Err(Failure::Usage("--role housekeeper needs --scope HOUSEKEEPER".to_owned())),
            _ => Ok(()),
        }
    }
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
        self.role.check_scope(self.scope.as_deref())?;
        let (_, store) = self.config.open().await?;
        let token = format!("np_{}", hex(&random()?));
        let id = hex(&random()?[..8]);
        let row = TokenRow { id, name: self.name, role: self.role.as_str().to_owned(), scope: self.scope };
        let mut tx = store.begin().await?;
        tx.create_token(&row, &token_hash(&token), Clock::system().now()).await?;
        tx.commit().await?;
        store.close().await;
        say(token)
    }
}

impl Revoke {
    async fn run(self) -> Result<(), Failure> {
        let (_, store) = self.config.open().await?;
        let mut tx = store.begin().await?;
        let ended = tx.revoke_token(&self.name, Clock::system().now()).await?;
        tx.commit().await?;
        store.close().await;
        if ended == 0 { Err(Failure::Failed(format!("no live token is called \"{}\"", self.name))) } else { Ok(()) }
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
