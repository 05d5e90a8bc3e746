//! What would have happened: a history of readings through the service's own detectors, in the order of time. Holds no
//! rule of its own, and shows a detector no row that is newer than the one it is at.

pub mod compare;
mod own;
pub mod playbooks;
pub mod read;

use serde::Serialize;

use crate::decide::detect::sample::About;
use crate::decide::forecast::{FinishedLife, Fleet};
use crate::decide::{Context, DeviceState, Heard, Policy};
use crate::model::time::{HOUR, MINUTE};
use crate::model::{Because, Fact, Finding, Forecast, Reading, Span, Timestamp};

/// A device is looked at so often between two of its rows at most.
const LOOKS_MAX: usize = 8;
/// Rows between two words about the progress.
const PROGRESS_ROWS: usize = 10_000;
/// How long a leak would have to be dry; histories of batteries have none.
const LEAK_CLEAR_AFTER: Span = Span(30 * MINUTE);

/// One row of a history. What it does not tell is not a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Which device, by its place in [`History::devices`].
    pub device: u32,
    /// When.
    pub at: Timestamp,
    /// `percent`, `millivolts`, `temperature_c`.
    pub values: [f32; 3],
    /// `uptime_s`, `operations`.
    pub witnesses: [f64; 2],
}

/// A history to be replayed.
#[derive(Debug, Default)]
pub struct History {
    /// Devices by name, with what is known of them.
    pub devices: Vec<(String, About)>,
    /// Rows in any order.
    pub rows: Vec<Row>,
}

/// Something that would have happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event<'a> {
    /// To which device.
    pub device_id: &'a str,
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub ts: Timestamp,
    /// `warned`, `reminded`, `replaced`, `died` or `forecast`.
    pub event: &'static str,
    /// The predicted day, where one was told.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_rfc3339")]
    pub predicted_empty_at: Option<Timestamp>,
    /// Why the first message was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
}

fn rfc3339<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339())
}

fn maybe_rfc3339<S: serde::Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, to),
        None => to.serialize_none(),
    }
}

/// A battery as a replay found it, with how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Battery {
    /// Which device, by its place in [`History::devices`].
    pub device: u32,
    /// Its first reading.
    pub born: Timestamp,
    /// When its first message would have been sent.
    pub warned_at: Option<Timestamp>,
    /// When it died or was exchanged; of one still in service, its last reading.
    pub ended_at: Timestamp,
    /// Whether it ended by itself.
    pub died: bool,
    /// When its successor was first seen.
    pub replaced_at: Option<Timestamp>,
}

/// What a replay found.
#[derive(Debug, Default)]
pub struct Replayed<'a> {
    /// What would have happened, by time.
    pub events: Vec<Event<'a>>,
    /// The batteries, those that ended first; then those in service.
    pub batteries: Vec<Battery>,
}

impl History {
    /// As [`History::replay_all`], the events alone.
    pub fn replay(&mut self, policy: &Policy, forecasts: bool, progress: &dyn Fn(usize, usize)) -> Vec<Event<'_>> {
        self.replay_all(policy, forecasts, progress).events
    }

    /// Replays it. Batteries that finished on the way are learned from. Events come sorted by time.
    pub fn replay_all(&mut self, policy: &Policy, forecasts: bool, progress: &dyn Fn(usize, usize)) -> Replayed<'_> {
        self.rows.sort_by_key(|row| (row.at, row.device));
        let mut replay = Replay {
            policy,
            forecasts,
            began: self.rows.first().map_or(Timestamp(0), |row| row.at),
            devices: &self.devices,
            states: vec![(DeviceState::default(), false); self.devices.len()],
            warned: vec![None; self.devices.len()],
            batteries: Vec::new(),
            fleet: Fleet::new(),
            events: Vec::new(),
        };
        for (n, row) in self.rows.iter().enumerate() {
            if n % PROGRESS_ROWS == 0 {
                progress(n, self.rows.len());
            }
            replay.take(row);
        }
        if let Some(last) = self.rows.last() {
            (0..self.devices.len()).for_each(|device| replay.pass(device, last.at));
        }
        (0..self.devices.len()).for_each(|device| replay.in_service(device));
        let Replay { mut events, batteries, .. } = replay;
        events.sort_by_key(|e| e.ts);
        Replayed { events, batteries }
    }
}

struct Replay<'a, 'p> {
    policy: &'p Policy,
    forecasts: bool,
    began: Timestamp,
    devices: &'a [(String, About)],
    /// With whether the battery in service is known to have died.
    states: Vec<(DeviceState, bool)>,
    /// When the battery in service was first told of.
    warned: Vec<Option<Timestamp>>,
    batteries: Vec<Battery>,
    fleet: Fleet,
    events: Vec<Event<'a>>,
}

impl Replay<'_, '_> {
    /// Time passes for a device, then it speaks.
    fn take(&mut self, row: &Row) {
        let device = row.device as usize;
        self.pass(device, row.at);
        let heard =
            Heard { readings: readings(row), received_at: row.at, retained: false, fingerprint: fingerprint(row) };
        let outlook = &self.states[device].0.battery.outlook;
        let (before, born) = (outlook.forecast.as_ref().map(|f| f.at), outlook.track.born);
        let ctx = context(self.policy, self.began, &self.devices[device].1, &self.fleet, row.at);
        let findings = self.states[device].0.hear(&heard, &ctx);
        self.tell(device, row.at, &findings);
        if let Some(seen_at) = findings.iter().find_map(replaced) {
            self.ended(device, born, seen_at);
        }
        let forecast = self.states[device].0.battery.outlook.forecast.clone();
        if let Some(forecast) = forecast.filter(|f| self.forecasts && Some(f.at) != before) {
            self.event(device, row.at, "forecast", Some(&forecast), false);
        }
    }

    /// Looks at a device whenever it is due, up to a time.
    fn pass(&mut self, device: usize, until: Timestamp) {
        for _ in 0..LOOKS_MAX {
            let about = &self.devices[device].1;
            let state = &mut self.states[device].0;
            let Some(due) = state.due_at(&context(self.policy, self.began, about, &self.fleet, until)) else { return };
            if due > until {
                return;
            }
            let findings = state.pass(&context(self.policy, self.began, about, &self.fleet, due));
            self.tell(device, due, &findings);
        }
    }

    fn tell(&mut self, device: usize, at: Timestamp, findings: &[Finding]) {
        for finding in findings {
            let forecast = self.states[device].0.battery.outlook.forecast.clone();
            match finding {
                Finding::BatteryLow { .. } => {
                    self.warned[device] = Some(at);
                    self.event(device, at, "warned", forecast.as_ref(), true);
                }
                Finding::BatteryNearEnd { .. } => self.event(device, at, "reminded", forecast.as_ref(), false),
                Finding::BatteryDead | Finding::Silent { battery_low: true, .. } if !self.states[device].1 => {
                    self.states[device].1 = true;
                    self.event(device, at, "died", None, false);
                }
                Finding::BatteryReplaced { .. } => {
                    self.states[device].1 = false;
                    self.event(device, at, "replaced", None, false);
                    self.learn(device);
                }
                _ => {}
            }
        }
    }

    /// The battery that began at `born` is over: when and how, its device remembers.
    fn ended(&mut self, device: usize, born: Timestamp, seen_at: Timestamp) {
        let warned_at = self.warned[device].take();
        let Some(life) = self.states[device].0.battery.outlook.own.last() else { return };
        let ended_at = if life.died { (born + i64::from(life.hours) * HOUR).min(seen_at) } else { seen_at };
        let place = u32::try_from(device).expect("rows name devices by u32");
        let battery = Battery { device: place, born, warned_at, ended_at, died: life.died, replaced_at: Some(seen_at) };
        self.batteries.push(battery);
    }

    /// The battery that is still there when the history ends.
    fn in_service(&mut self, device: usize) {
        let track = &self.states[device].0.battery.outlook.track;
        if track.count > 0 {
            let place = u32::try_from(device).expect("rows name devices by u32");
            self.batteries.push(Battery {
                device: place,
                born: track.born,
                warned_at: self.warned[device],
                ended_at: track.heard,
                died: track.is_empty(),
                replaced_at: None,
            });
        }
    }

    /// The battery that has just been replaced joins what is known of its model.
    fn learn(&mut self, device: usize) {
        let Some(model) = self.devices[device].1.model.clone() else { return };
        if let Some(life) = self.states[device].0.battery.outlook.own.last().cloned() {
            let device = self.devices[device].0.as_str().into();
            self.fleet.learn(FinishedLife { device, model, life });
        }
    }

    fn event(&mut self, device: usize, ts: Timestamp, event: &'static str, forecast: Option<&Forecast>, why: bool) {
        self.events.push(Event {
            device_id: &self.devices[device].0,
            ts,
            event,
            predicted_empty_at: forecast.map(|f| f.empty_at),
            because: forecast.filter(|_| why).map(|f| f.because),
        });
    }
}

fn replaced(finding: &Finding) -> Option<Timestamp> {
    match finding {
        Finding::BatteryReplaced { seen_at } => Some(*seen_at),
        _ => None,
    }
}

fn context<'a>(
    policy: &'a Policy,
    began: Timestamp,
    about: &'a About,
    fleet: &'a Fleet,
    now: Timestamp,
) -> Context<'a> {
    Context { policy, leak_clear_after: LEAK_CLEAR_AFTER, listening_since: began, about, fleet, now }
}

fn readings(row: &Row) -> Vec<Reading> {
    let [percent, millivolts, temperature] = row.values.map(f64::from);
    let [uptime, operations] = row.witnesses;
    let facts = [
        Fact::BatteryPercent(percent),
        Fact::BatteryMillivolts(millivolts),
        Fact::TemperatureC(temperature),
        Fact::UptimeS(uptime),
        Fact::Operations(operations),
    ];
    let told = [percent, millivolts, temperature, uptime, operations];
    facts.into_iter().zip(told).filter(|(_, value)| value.is_finite()).map(|(fact, _)| Reading::new(fact)).collect()
}

/// The same row again is the same message (FNV-1a over its numbers).
fn fingerprint(row: &Row) -> u64 {
    let values = row.values.iter().map(|v| u64::from(v.to_bits()));
    let witnesses = row.witnesses.iter().map(|v| v.to_bits());
    let parts = [row.at.0.cast_unsigned()].into_iter().chain(values).chain(witnesses);
    parts.fold(0xcbf2_9ce4_8422_2325, |hash, part| (hash ^ part).wrapping_mul(0x0000_0100_0000_01b3))
}
