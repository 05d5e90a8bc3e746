//! `nightporter user`: people who sign in with a name and a password. A password is read from the terminal, a file or a
//! pipe, never from the command line; it is kept only as its hash and never printed.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::scope::{self, RoleArg};
use super::{ConfigArg, Failure, say};
use crate::clock::Clock;
use crate::store::UserRow;
use crate::web::Role;
use crate::web::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, hash};

/// Add, list and disable people who sign in with a name and a password.
#[derive(Subcommand)]
#[command(after_help = "Examples:
  nightporter user add --name anna --role manager --scope oak --config nightporter.toml
  nightporter user list --config nightporter.toml
  nightporter user disable --name anna --config nightporter.toml")]
pub(super) enum UserCommand {
    Add(Add),
    List(List),
    Disable(Disable),
}

/// Add a user. Asks for the password on a terminal; in a pipe it is read from stdin.
///
/// Somebody who was disabled can be added again, with a new password.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter user add --name anna --role manager --scope oak --config nightporter.toml
  pass show nightporter/anna | nightporter user add --name anna --role operator --config nightporter.toml
  nightporter user add --name anna --role reader --password-file anna.txt --config nightporter.toml")]
pub(super) struct Add {
    /// The name to sign in with
    #[arg(long)]
    name: String,
    /// What they may do
    #[arg(long)]
    role: RoleArg,
    /// The region, property or housekeeper that they are limited to
    #[arg(long, value_name = "ID")]
    scope: Option<String>,
    /// Read the password from this file instead
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArg,
}

/// List every user; passwords and their hashes are never shown.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter user list --config nightporter.toml
  nightporter user list --json --config nightporter.toml")]
pub(super) struct List {
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArg,
}

/// Disable a user and end their sessions, at once.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter user disable --name anna --config nightporter.toml")]
pub(super) struct Disable {
    /// The name they sign in with
    #[arg(long)]
    name: String,
    #[command(flatten)]
    config: ConfigArg,
}

impl UserCommand {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(add) => add.run().await,
            Self::List(list) => list.run().await,
            Self::Disable(disable) => disable.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let role = self.role.0;
        if role == Role::Tenant {
            let instead = "a tenant has a page and no password: see `nightporter token create --role tenant`";
            return Err(Failure::Usage(instead.to_owned()));
        }
        scope::needed(role, self.scope.as_deref())?;
        scope::name(&self.name)?;
        let (_, store) = self.config.open().await?;
        scope::known(&mut store.read().await?, role, self.scope.as_deref()).await?;
        let password = hash(&password(self.password_file.as_deref())?)?;
        let user = UserRow {
            name: self.name,
            role: role.as_str().to_owned(),
            scope: self.scope,
            password,
            created_at: Clock::system().now(),
            disabled_at: None,
        };
        let mut tx = store.begin().await?;
        let added = tx.add_user(&user).await?;
        tx.commit().await?;
        store.close().await;
        let taken = || format!("there is a user \"{}\" already: choose another name, or disable them first", user.name);
        if added { say(format_args!("added {}", user.name)) } else { Err(Failure::Failed(taken())) }
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let (_, store) = self.config.open().await?;
        let users = store.read().await?.users().await?;
        store.close().await;
        if self.json {
            return users.iter().try_for_each(|user| say(as_json(user)));
        }
        let rows: Vec<[String; 5]> = users.iter().map(as_row).collect();
        let head = ["NAME", "ROLE", "SCOPE", "SINCE", "STATE"].map(str::to_owned);
        let width = |n: usize| rows.iter().chain([&head]).map(|row| row[n].chars().count()).max().unwrap_or_default();
        let widths = [0, 1, 2, 3, 4].map(width);
        for row in [&head].into_iter().chain(&rows) {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            say(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn as_row(user: &UserRow) -> [String; 5] {
    let since = user.created_at.to_rfc3339();
    let day = since.split('T').next().unwrap_or_default().to_owned();
    let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
    let scope = user.scope.clone().unwrap_or_else(|| "-".to_owned());
    [user.name.clone(), user.role.clone(), scope, day, state.to_owned()]
}

fn as_json(user: &UserRow) -> serde_json::Value {
    serde_json::json!({
        "name": user.name,
        "role": user.role,
        "scope": user.scope,
        "created_at": user.created_at.to_rfc3339(),
        "disabled_at": user.disabled_at.map(|at| at.to_rfc3339()),
    })
}

impl Disable {
    async fn run(self) -> Result<(), Failure> {
        let (_, store) = self.config.open().await?;
        let mut tx = store.begin().await?;
        let disabled = tx.disable_user(&self.name, Clock::system().now()).await?;
        tx.commit().await?;
        store.close().await;
        let none = || format!("nobody disabled: there is no active user \"{}\"", self.name);
        if disabled { Ok(()) } else { Err(Failure::Failed(none())) }
    }
}

/// The password: from a file, typed in twice, or from a pipe.
fn password(file: Option<&Path>) -> Result<String, Failure> {
    let given = match file {
        Some(file) => {
            bounded(std::fs::File::open(file).map_err(|e| cannot_read(file, &e))?).map_err(|e| cannot_read(file, &e))?
        }
        None if io::stdin().is_terminal() => typed_twice()?,
        None => bounded(io::stdin().lock())?,
    };
    let password = given.strip_suffix('\n').map_or(given.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let wrong = |what: String| Err(Failure::Failed(format!("the password {what}; nothing was stored")));
    if password.len() > PASSWORD_BYTES_MAX {
        return wrong(format!("is longer than {PASSWORD_BYTES_MAX} bytes"));
    }
    if password.contains(char::is_control) {
        return wrong("is more than one line, or holds control characters".to_owned());
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return wrong(format!("is shorter than {PASSWORD_CHARS_MIN} characters"));
    }
    Ok(password.to_owned())
}

fn cannot_read(file: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("--password-file {}: {error}", file.display()))
}

/// A little more than a password may have, so that a longer one is noticed.
fn bounded(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(PASSWORD_BYTES_MAX as u64 + 3).read_to_string(&mut text)?;
    Ok(text)
}

fn typed_twice() -> Result<String, Failure> {
    let (first, again) = (typed("Password: ")?, typed("Again: ")?);
    if first == again { Ok(first) } else { Err(Failure::Failed("the two are not the same".to_owned())) }
}

/// A line typed on the terminal, which does not show it.
fn typed(prompt: &str) -> Result<String, Failure> {
    write!(io::stderr(), "{prompt}")?;
    let raw = Raw::on()?;
    let line = hidden_line();
    drop(raw);
    writeln!(io::stderr())?;
    line
}

fn hidden_line() -> Result<String, Failure> {
    let mut line = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if key.kind == KeyEventKind::Release => {}
            KeyCode::Char('c' | 'd') if control => {
                return Err(Failure::Failed("given up; nothing was stored".to_owned()));
            }
            KeyCode::Enter => return Ok(line),
            KeyCode::Backspace => drop(line.pop()),
            KeyCode::Char(c) if line.len() <= PASSWORD_BYTES_MAX => line.push(c),
            _ => {}
        }
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Raw;

impl Raw {
    fn on() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that went away shows nothing either.
        let _ = disable_raw_mode();
    }
}
