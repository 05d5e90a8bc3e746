//! Plays a building against a real broker and, if asked, judges a real service by its API.

mod api;
mod broker;
mod clock;
mod http;

use api::Api;
use broker::Broker;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use nightporter_simulator::{Building, Kind, Options, Rules, Scoreboard};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often the service is asked for new messages, and the longest sleep, in real time.
const POLL: Duration = Duration::from_secs(1);

/// What to play, beside the building itself.
pub(crate) struct Play {
    pub(crate) broker: String,
    pub(crate) client_id: String,
    pub(crate) password: Option<String>,
    pub(crate) api: Option<(String, String)>,
    pub(crate) start: Option<DateTime<Utc>>,
    pub(crate) speed: f64,
    pub(crate) lasts: Option<TimeDelta>,
    pub(crate) json: bool,
}

/// When a building starts: as told, else now.
pub(crate) fn start(told: Option<DateTime<Utc>>) -> DateTime<Utc> {
    Clock::new(told, 1.0).start()
}

/// Writes the registry files into a folder, made if need be.
pub(crate) fn write_registry(building: &Building, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for (name, text) in building.registry() {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Plays until the time is over; whether every expectation held (without an API nothing is expected).
pub(crate) fn play(play: Play, options: Options) -> Result<bool, String> {
    let clock = Clock::new(play.start, play.speed);
    let mut building = Building::new(Options { start: clock.start(), ..options });
    let mut broker = Broker::connect(&play.broker, &play.client_id, play.password)?;
    let mut api = play.api.map(|(url, token)| Api::new(url, token));
    let until = play.lasts.map(|lasts| clock.start() + lasts);
    let mut asked_at = clock.start();
    let between_asks = TimeDelta::milliseconds((POLL.as_millis() as f64 * play.speed) as i64);
    loop {
        let now = until.map_or(clock.now(), |until| clock.now().min(until));
        for message in building.step(now) {
            broker.publish(message)?;
        }
        if let Some(api) = api.as_mut().filter(|_| now - asked_at >= between_asks) {
            asked_at = now;
            hear(&mut building, api);
        }
        if until.is_some_and(|until| now >= until) {
            break;
        }
        thread::sleep(clock.wait_for(building.next_at(), POLL));
    }
    if !broker.drain() {
        return Err("the broker has not acknowledged everything".to_owned());
    }
    finish(&building, api.as_ref(), clock.now(), between_asks, play.json)
}

fn hear(building: &mut Building, api: &mut Api) {
    match api.new_messages() {
        Ok(messages) => messages.into_iter().for_each(|message| building.hear(message)),
        Err(error) => eprintln!("service: {error}"),
    }
}

fn finish(
    building: &Building,
    api: Option<&Api>,
    now: DateTime<Utc>,
    lag: TimeDelta,
    json: bool,
) -> Result<bool, String> {
    let Some(api) = api else {
        for kind in Kind::ALL {
            let happened = building.truth().iter().filter(|p| p.kind == kind && p.evident_at.is_some()).count();
            println!("{:<10}{happened:>6}", kind.word());
        }
        return Ok(true);
    };
    let seen = api.observations(&building.tenant_ids())?;
    let rules = Rules { slack: Rules::default().slack + lag * 2, ..Rules::default() };
    let board = Scoreboard::judge_by(&rules, building.truth(), &seen, now);
    if json {
        println!("{}", board.to_json());
    } else {
        println!("{board}");
    }
    board.notes.iter().for_each(|note| eprintln!("{note}"));
    Ok(board.expectations_held().is_ok())
}
