//! The commands, one file each: what they read, what they print, how they exit. No rule of the service lives here.
//!
//! Results go to stdout, logs and complaints to stderr. Exit codes: 0 done, 1 the thing asked for failed, 2 wrong usage.

mod access;
mod backtest;
mod check;
pub mod decode;
mod demo;
mod export;
mod import;
mod migrate;
pub mod openapi;
mod run;
mod scope;
mod user;

use std::fmt;
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::config::Config;
use crate::decode::Routes;
use crate::store::Store;

/// Which log lines are written, e.g. `info,nightporter=debug`.
const LOG_VARIABLE: &str = "NIGHTPORTER_LOG";
/// What is written unless that says otherwise.
const LOG_DEFAULT: &str = "info,sqlx=warn,mqtt5=warn";

/// Care for rented homes with smart locks and leak sensors: acts before the problem, closes on proof.
#[derive(Parser)]
#[command(name = "nightporter", version, after_help = "Example:\n  nightporter check --config nightporter.toml")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Run(run::Args),
    Check(check::Args),
    Migrate(migrate::Args),
    Import(import::Args),
    Decode(DecodeArgs),
    Backtest(backtest::Args),
    Export(export::Args),
    #[command(subcommand)]
    User(user::UserCommand),
    #[command(subcommand)]
    Token(access::TokenCommand),
    /// Print the OpenAPI document of the API
    #[command(after_help = "Example:\n  nightporter openapi > nightporter.json")]
    Openapi,
}

/// Tell what MQTT messages mean: JSON lines in, JSON lines out.
///
/// A line in is {"topic", "payload" or "payload_b64"} with an optional "id". Needs no file, database or network.
#[derive(clap::Args)]
#[command(after_help = r#"Example:
  echo '{"topic":"zigbee2mqtt/lock","payload":"{\"battery\":87}"}' | nightporter decode"#)]
struct DecodeArgs {
    /// Apply the routes and formats of this configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The configuration that a command works with.
#[derive(clap::Args)]
struct ConfigArg {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl ConfigArg {
    fn load(&self) -> Result<Config, Failure> {
        load(&self.config)
    }

    /// The configuration and its database, with the schema brought up unless that is turned off.
    async fn open(&self) -> Result<(Config, Store), Failure> {
        let config = self.load()?;
        let store = Store::open(config.database.url.expose()).await?;
        if config.database.migrate {
            store.migrate().await?;
        }
        Ok((config, store))
    }
}

fn load(path: &std::path::Path) -> Result<Config, Failure> {
    let env =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(path, env)?)
}

/// Why a command did not do what was asked.
enum Failure {
    /// It was asked wrongly.
    Usage(String),
    /// It could not be done: what to say, possibly in several lines.
    Failed(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Reads the command line, does what it says and tells how that went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logs(cli.command.logs());
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(what)) => Cli::command().error(ErrorKind::ValueValidation, what).exit(),
        Err(Failure::Failed(what)) => {
            complain(what);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => args.run(),
        Command::Run(args) => args.run(),
        Command::Check(args) => wait_for(args.run()),
        Command::Migrate(args) => wait_for(args.run()),
        Command::Import(args) => wait_for(args.run()),
        Command::Decode(args) => args.run(),
        Command::Backtest(args) => wait_for(args.run()),
        Command::Export(args) => wait_for(args.run()),
        Command::User(command) => wait_for(command.run()),
        Command::Token(command) => wait_for(command.run()),
        Command::Openapi => listened(openapi::run(&mut io::stdout().lock())),
    }
}

impl DecodeArgs {
    fn run(&self) -> Result<(), Failure> {
        let routes = match &self.config {
            Some(path) => load(path)?.routes(),
            None => Routes::default(),
        };
        let now = Clock::system().now();
        listened(decode::run(&routes, now, BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock())))
    }
}

/// Prints a line of the result.
fn say(line: impl fmt::Display) -> Result<(), Failure> {
    listened(writeln!(io::stdout(), "{line}"))
}

/// A reader that went away (`| head`) is no failure.
fn listened(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Runs a command that waits for other machines.
fn wait_for(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(command)
}

impl Command {
    /// Which log lines are written where [`LOG_VARIABLE`] says nothing.
    fn logs(&self) -> &'static str {
        match self {
            Self::Demo(args) => args.logs(),
            _ => LOG_DEFAULT,
        }
    }
}

/// To the standard error, where anybody reads it: nothing that is done depends on that.
fn complain(what: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

/// A line that cannot be written, be it that the disk is full, is lost and costs nothing else.
fn start_logs(default: &str) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let colours = io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr);
    logs.log_internal_errors(false).init();
}

/// `1 unit`, `2 units`.
struct Count(usize, &'static str, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { self.1 } else { self.2 })
    }
}
