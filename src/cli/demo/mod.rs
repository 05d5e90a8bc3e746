//! `nightporter demo`: the whole job on one machine with nothing installed, in fast time, worth watching.
//!
//! [`stage`] puts broker, database, service and a simulated building together in a temporary folder; [`play`] lets the
//! building live: its devices speak MQTT, its people read their texts, reply and work; [`watch`] reads from the database
//! what the service made of it, which [`lines`] prints and [`screen`] draws; at the end [`judge`] hands plain facts to
//! the building's own scoreboard. Nothing here decides anything about a ticket, and nothing stays on the machine.

mod folder;
mod judge;
mod keys;
mod lines;
mod panels;
mod people;
mod picture;
mod play;
mod screen;
mod stage;
mod story;
mod talk;
mod watch;
mod wrap;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use nightporter_simulator::Scoreboard;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use self::keys::Key;
use self::lines::Lines;
use self::picture::Picture;
use self::screen::Screen;
use self::stage::Stage;
use self::story::Happening;
use self::watch::Watch;
use super::{Failure, listened};
use crate::model::Span;

/// Apartments without `--units`.
const UNITS: usize = 40;
/// Simulated seconds in a second without `--speed`: an hour a second, so that a battery's story takes about a minute.
const SPEED: f64 = 3_600.0;
/// Beyond, the time between a reading and its commit would no longer be minutes.
const SPEED_MAX: f64 = 20_000.0;
/// How often the screen is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// What people said that waits to be shown.
const SAID_WAITING_MAX: usize = 4_096;

/// Watch the whole job on this machine, with nothing installed: broker, database, a building, its people.
///
/// Nothing is sent to anybody, and nothing stays on the machine.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nightporter demo
  nightporter demo --units 12 --speed 1800
  nightporter demo --for 60s
  nightporter demo --for 60s --json > run.jsonl
  nightporter demo --for 60s --config planned.toml")]
pub(super) struct Args {
    /// Apartments of the building
    #[arg(long, value_name = "N", default_value_t = UNITS, value_parser = units)]
    units: usize,
    /// Simulated seconds per second
    #[arg(long, value_name = "X", default_value_t = SPEED, value_parser = speed)]
    speed: f64,
    /// The same seed makes the same building, with the same bad luck
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Decide by the policies and playbooks of this configuration instead of the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the page is served; without it on port 8080, or on a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Stop after this (real) time with the scoreboard; exit 0 only if every expectation held
    #[arg(long = "for", value_name = "DURATION", value_parser = Span::parse)]
    lasts: Option<Span>,
    /// JSON lines, the scoreboard last
    #[arg(long)]
    json: bool,
}

fn units(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=4_999).contains(n)).ok_or_else(|| "a number from 1 to 4999".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    let fits = |x: &f64| (1.0..=SPEED_MAX).contains(x);
    text.parse().ok().filter(fits).ok_or_else(|| format!("a number from 1 to {SPEED_MAX}"))
}

impl Args {
    /// Which log lines are written: none where the whole terminal is drawn on.
    pub(super) fn logs(&self) -> &'static str {
        if self.is_on_screen() { "off" } else { "warn" }
    }

    fn is_on_screen(&self) -> bool {
        // Some terminals know no size (a recorder, a serial line): lines are read there, a picture is not.
        let has_size = || crossterm::terminal::size().is_ok_and(|(columns, rows)| columns > 0 && rows > 0);
        !self.json && io::stdout().is_terminal() && has_size()
    }

    /// Plays, on all processors: it is a whole service and a building.
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.play())
    }

    /// Sets the stage, plays, judges, clears the stage.
    async fn play(self) -> Result<(), Failure> {
        let mut stage = Stage::set(&self).await?;
        let mut stop = Stop::new(self.lasts)?;
        let ended = perform(&self, &mut stage, &mut stop).await;
        stage.clear().await;
        let Some(board) = ended? else { return Ok(()) };
        listened(Lines { json: self.json }.scoreboard(&board))?;
        if self.lasts.is_some() && board.expectations_held().is_err() {
            return Err(Failure::Failed("not every expectation held".to_owned()));
        }
        Ok(())
    }
}

/// Plays until it is to stop; what came of it, unless nobody reads any more.
async fn perform(args: &Args, stage: &mut Stage, stop: &mut Stop) -> Result<Option<Scoreboard>, Failure> {
    let (said, mut heard) = mpsc::channel(SAID_WAITING_MAX);
    let mut watch =
        Watch::new(stage.store.clone(), stage.people.clone(), stage.service.door.changes(), stage.currency.clone());
    let mut show = Show::new(args, stage)?;
    let playing = stage.play(said);
    let mut draw = interval(DRAW_EVERY);
    draw.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            changed = watch.changed() => if !show.tell(watch.look(changed).await?, stage)? { return Ok(None) },
            Some(one) = heard.recv() => if !show.tell(vec![one], stage)? { return Ok(None) },
            _ = draw.tick(), if show.is_screen() => show.draw(stage, &watch).await?,
            key = show.key() => if key == Key::Quit { break },
            why = stage.broken() => return Err(why),
            () = stop.asked() => break,
        }
    }
    let (building, until) = playing.end().await?;
    Ok(Some(judge::judge(&stage.store, &stage.people, args.speed, &building, until).await?))
}

/// Where everything is shown.
enum Show {
    Screen(Box<Screen>),
    Lines(Lines),
}

impl Show {
    fn new(args: &Args, stage: &Stage) -> Result<Self, Failure> {
        if args.is_on_screen() {
            return Ok(Self::Screen(Box::new(Screen::open(Picture::new(stage, args.speed))?)));
        }
        let lines = Lines { json: args.json };
        lines.begin(stage, args)?;
        Ok(Self::Lines(lines))
    }

    fn is_screen(&self) -> bool {
        matches!(self, Self::Screen(_))
    }

    /// Whether anybody still reads.
    fn tell(&mut self, happenings: Vec<Happening>, stage: &Stage) -> Result<bool, Failure> {
        match self {
            Self::Screen(screen) => happenings.into_iter().for_each(|one| screen.picture.add(one)),
            Self::Lines(lines) => match lines.tell(&happenings, stage) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(false),
                told => told?,
            },
        }
        Ok(true)
    }

    async fn draw(&mut self, stage: &Stage, watch: &Watch) -> Result<(), Failure> {
        let Self::Screen(screen) = self else { return Ok(()) };
        screen.picture.refresh(stage, watch).await?;
        Ok(screen.draw()?)
    }

    /// The next key; never in a pipe.
    async fn key(&mut self) -> Key {
        match self {
            Self::Screen(screen) => screen.key().await,
            Self::Lines(_) => std::future::pending().await,
        }
    }
}

/// Why it ends by itself: its time is over, or a signal.
struct Stop {
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    /// The time begins now.
    fn new(lasts: Option<Span>) -> io::Result<Self> {
        let over: Pin<Box<dyn Future<Output = ()> + Send>> = match lasts {
            Some(span) => Box::pin(tokio::time::sleep(Duration::from_millis(span.0.unsigned_abs()))),
            None => Box::pin(std::future::pending()),
        };
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self { over, interrupt: interrupt?, terminate: terminate?, hangup: hangup? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            () = &mut self.over => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
