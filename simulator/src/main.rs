//! `nightporter-simulator`: plays a building against any broker. Reads the command line and calls; nothing else.

mod player;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use nightporter_simulator::{Building, Faults, Options, Wire};
use player::Play;
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays a building of smart devices and people against an MQTT broker.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  nightporter-simulator --units 12 --seed 7 --registry registry/
  nightporter-simulator --units 12 --seed 7 --broker mqtt://127.0.0.1:1883 --faults all
  nightporter-simulator --broker mqtt://127.0.0.1:1883 --start 2026-01-05T00:00:00Z --speed 3600 --for 30d \\
      --api http://127.0.0.1:8080 --token-file token"
)]
struct Cli {
    /// Broker to publish to: mqtt://[user@]host[:port]
    #[arg(long, value_name = "URL", required_unless_present = "registry")]
    broker: Option<String>,
    /// File with the password for the broker
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Apartments
    #[arg(long, default_value_t = 12)]
    units: usize,
    /// The same seed gives the same building and the same fate
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Id of the property, and prefix of every other id
    #[arg(long, default_value = "oak", value_name = "ID")]
    property: String,
    /// Virtual time to start at; the service under test must run by the same clock [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<DateTime<Utc>>,
    /// Virtual seconds in a second
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Virtual time to play, such as 90m, 12h or 30d [default: for ever]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    lasts: Option<TimeDelta>,
    /// What the devices speak: native, zigbee2mqtt or mixed
    #[arg(long, default_value = "mixed")]
    wire: Wire,
    /// none, all, or rates such as late=0.1,dropped=0.02
    #[arg(long, default_value = "none")]
    faults: Faults,
    /// Life of a full lock battery in days
    #[arg(long, default_value_t = 90.0, value_name = "DAYS")]
    life_days: f64,
    /// Share of the locks whose gauge lies, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share)]
    lying: f64,
    /// Write the registry (CSV) into this folder and exit
    #[arg(long, value_name = "DIR", conflicts_with = "broker")]
    registry: Option<PathBuf>,
    /// API of the service: people hear its messages, and at the end it is judged
    #[arg(long, value_name = "URL", requires = "token_file")]
    api: Option<String>,
    /// File with a token for the API
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print the scoreboard as JSON
    #[arg(long)]
    json: bool,
}

impl Cli {
    fn options(&self) -> Options {
        Options {
            units: self.units,
            property_id: self.property.clone(),
            wire: self.wire,
            faults: self.faults.clone(),
            life_days: self.life_days,
            lying: self.lying,
            ..Options::new(self.seed, self.start.unwrap_or(DateTime::UNIX_EPOCH))
        }
    }

    fn play(self) -> Result<bool, String> {
        let mut options = self.options();
        if let Some(folder) = &self.registry {
            options.start = player::start(self.start);
            player::write_registry(&Building::new(options), folder)?;
            return Ok(true);
        }
        let secret =
            |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
        let token = self.token_file.as_ref().map(secret).transpose()?;
        let password = self.password_file.as_ref().map(secret).transpose()?;
        let play = Play {
            broker: self.broker.unwrap_or_default(),
            client_id: format!("nightporter-simulator-{}-{}", self.property, self.seed),
            password: password.map(|text| text.trim().to_owned()),
            api: self.api.zip(token.map(|text| text.trim().to_owned())),
            start: self.start,
            speed: self.speed,
            lasts: self.lasts,
            json: self.json,
        };
        player::play(play, options)
    }
}

fn main() -> ExitCode {
    match Cli::parse().play() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    if speed > 0.0 && speed <= 1e6 { Ok(speed) } else { Err("a speed is above 0 and at most 1000000".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share is from 0 to 1".to_owned()) }
}

fn duration(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("{text} is no duration such as 45s, 90m, 12h or 30d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let span = count.checked_mul(seconds).and_then(TimeDelta::try_seconds).filter(|span| *span > TimeDelta::zero());
    span.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert_eq!(duration("90m"), Ok(TimeDelta::minutes(90)));
        assert!(["", "h", "1w", "0d", "-3h", "9é"].iter().all(|text| duration(text).is_err()));
        assert!(share("1.1").is_err() && share("many").is_err() && share("0.2").is_ok());
        assert!(speed("0").is_err() && speed("nan").is_err() && speed("3600").is_ok());
    }
}
