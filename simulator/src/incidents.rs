//! What befalls the building: leaking pipes, failing radios, gateways without mains. People react in `people`.

use crate::air::Packet;
use crate::building::{Building, Event};
use crate::device::{DeviceKind, Mute};
use crate::site::UNITS_PER_FLOOR;
use crate::truth::{Cause, How, Kind, Witness};
use chrono::{DateTime, TimeDelta, Utc};

/// A wet sensor says so again every so often.
const WET_REPEAT_MINUTES: i64 = 5;
const MONTH_HOURS: f64 = 720.0;
/// Gateways lose power this many times as often as a radio fails.
const POWER_CUTS_PER_RADIO_FAILURE: f64 = 10.0;
/// Nothing but leaks happens before the service can have learnt a rhythm.
const QUIET_DAYS: i64 = 3;

/// One pipe that leaks.
#[derive(Debug, Clone)]
pub(crate) struct Leak {
    unit: usize,
    running: bool,
    /// All sensors that the water reached or will reach.
    sensors: Vec<usize>,
    problem: Option<usize>,
    over: bool,
}

impl Building {
    pub(crate) fn start_incidents(&mut self) {
        self.plan_next_leak();
        let radio = self.fate.waiting(self.radio_mean_hours());
        self.plan_in(TimeDelta::days(QUIET_DAYS) + radio, Event::NextRadioFailure);
        let power = self.fate.waiting(self.power_mean_hours());
        self.plan_in(TimeDelta::days(QUIET_DAYS) + power, Event::NextPowerCut);
    }

    fn radio_mean_hours(&self) -> f64 {
        MONTH_HOURS / (self.options.outages_per_device_month * self.devices.len() as f64)
    }

    fn power_mean_hours(&self) -> f64 {
        let gateways = self.site.corridors.len() as f64;
        MONTH_HOURS / (self.options.outages_per_device_month * POWER_CUTS_PER_RADIO_FAILURE * gateways)
    }

    fn plan_next_leak(&mut self) {
        let mean = MONTH_HOURS / (self.options.leaks_per_unit_month * self.devices_units());
        let wait = self.fate.waiting(mean);
        self.plan_in(wait, Event::NextLeak);
    }

    fn devices_units(&self) -> f64 {
        self.site.apartments.len() as f64
    }

    fn sensors_of(&self, unit: usize) -> Vec<usize> {
        let here = |&index: &usize| {
            let d = &self.devices[index];
            d.kind == DeviceKind::LeakSensor && d.place == unit
        };
        (0..self.devices.len()).filter(here).collect()
    }

    /// A pipe bursts somewhere where the floor is dry and the neighbours' too.
    pub(crate) fn next_leak(&mut self) {
        self.plan_next_leak();
        let unit = self.fate.below(self.site.apartments.len());
        let stack = |other: usize| other % UNITS_PER_FLOOR;
        let busy = self.leaks.iter().any(|leak| !leak.over && stack(leak.unit) == stack(unit));
        if busy {
            return;
        }
        let leak = self.leaks.len();
        let mut sensors = self.sensors_of(unit);
        sensors.truncate(if self.fate.chance(0.5) { 1 } else { 2 });
        for (turn, &device) in sensors.iter().enumerate() {
            let wait = if turn == 0 { self.fate.minutes(0.5, 2.0) } else { self.fate.minutes(2.5, 8.0) };
            self.plan_in(wait, Event::Wet { device, leak });
        }
        if unit >= UNITS_PER_FLOOR && self.fate.chance(0.35) {
            let below = self.sensors_of(unit - UNITS_PER_FLOOR)[0];
            let wait = self.fate.minutes(2.5, 4.5);
            self.plan_in(wait, Event::Wet { device: below, leak });
            sensors.push(below);
        }
        self.leaks.push(Leak { unit, running: true, sensors, problem: None, over: false });
        let lasts = if self.fate.chance(0.3) { self.fate.hours(0.5, 5.0) } else { self.fate.hours(16.0, 30.0) };
        self.plan_in(lasts, Event::WaterStops { leak, how: How::ByItself });
    }

    pub(crate) fn wet(&mut self, device: usize, leak: usize) {
        if !self.leaks[leak].running {
            return;
        }
        let problem = self.leak_problem(device, leak);
        let d = &mut self.devices[device];
        d.problems.leak = Some(problem);
        d.wet = true;
        d.wet_turn += 1;
        let turn = d.wet_turn;
        self.send(device);
        self.plan_in(TimeDelta::minutes(WET_REPEAT_MINUTES), Event::WetRepeat { device, turn });
        if self.fate.chance(0.15) {
            let wait = self.fate.minutes(3.0, 20.0);
            self.plan_in(wait, Event::Flicker { device, leak });
        }
    }

    /// The one problem of the leak; begins it at its first sensor.
    fn leak_problem(&mut self, device: usize, leak: usize) -> usize {
        let index = match self.leaks[leak].problem {
            Some(index) => index,
            None => self.begin(Kind::Leak, Cause::Water, device, self.now),
        };
        self.leaks[leak].problem = Some(index);
        let key = &self.devices[device].key;
        let problem = &mut self.truth[index];
        if !problem.concerns(key) {
            problem.also.push(key.clone());
        }
        index
    }

    pub(crate) fn wet_repeat(&mut self, device: usize, turn: u32) {
        let d = &self.devices[device];
        if d.wet && d.wet_turn == turn {
            self.send(device);
            self.plan_in(TimeDelta::minutes(WET_REPEAT_MINUTES), Event::WetRepeat { device, turn });
        }
    }

    /// The puddle moves: dry for some minutes, then wet again, all one leak.
    pub(crate) fn flicker(&mut self, device: usize, leak: usize) {
        if self.leaks[leak].running && self.devices[device].wet {
            self.devices[device].wet = false;
            self.send(device);
            let wait = self.fate.minutes(2.0, 8.0);
            self.plan_in(wait, Event::Wet { device, leak });
        }
    }

    pub(crate) fn water_stops(&mut self, leak: usize, how: How) {
        if !self.leaks[leak].running {
            return;
        }
        self.leaks[leak].running = false;
        let mut last = self.now;
        for device in self.leaks[leak].sensors.clone() {
            if self.devices[device].wet {
                let dry_at = self.now + self.fate.minutes(5.0, 20.0);
                self.plan(dry_at, Event::Dry { device });
                last = last.max(dry_at);
            }
        }
        self.plan(last, Event::LeakOver { leak, how });
    }

    /// Stops the pipe that made this problem.
    pub(crate) fn stop_leak_of(&mut self, problem: usize) {
        if let Some(leak) = self.leaks.iter().position(|leak| leak.problem == Some(problem)) {
            self.water_stops(leak, How::Fixed);
        }
    }

    pub(crate) fn dry(&mut self, device: usize) {
        self.devices[device].wet = false;
        self.send(device);
    }

    pub(crate) fn leak_over(&mut self, leak: usize, how: How) {
        self.leaks[leak].over = true;
        for device in self.leaks[leak].sensors.clone() {
            self.devices[device].problems.leak = None;
        }
        if let Some(index) = self.leaks[leak].problem {
            self.truth[index].ended_at = Some(self.now);
            self.truth[index].how = Some(how);
        }
    }

    /// What a delivered message of a leak sensor shows; a late one only leaves a sign.
    pub(crate) fn show_leak(&mut self, device: usize, packet: &Packet) {
        if packet.wet != Some(true) {
            return;
        }
        let now = self.now;
        let open = self.devices[device].problems.leak;
        let key = &self.devices[device].key;
        let of_this = |p: &crate::Problem| p.kind == Kind::Leak && p.concerns(key);
        let index = open.or_else(|| self.truth.iter().rposition(of_this));
        let Some(index) = index else { return };
        let place = self.devices[device].place;
        let witness = Witness {
            device_key: key.clone(),
            tenant_phone: self.site.tenant_on(place, now).map(|tenant| self.site.tenants[tenant].phone.clone()),
            tenant_moves: self.site.changes_tenants(place),
        };
        let problem = &mut self.truth[index];
        problem.last_sign_at = Some(now);
        if packet.fresh {
            problem.evident_at.get_or_insert(now);
            problem.witness.get_or_insert(witness);
        }
    }

    pub(crate) fn next_radio_failure(&mut self) {
        let wait = self.fate.waiting(self.radio_mean_hours());
        self.plan_in(wait, Event::NextRadioFailure);
        let device = self.fate.below(self.devices.len());
        let d = &self.devices[device];
        if d.kind == DeviceKind::Gateway || d.mute.is_some() || d.wet {
            return;
        }
        let rhythm_hours = d.rhythm.num_minutes() as f64 / 60.0;
        let lasts = self.fate.hours(rhythm_hours * 5.0, rhythm_hours * 5.0 + 72.0);
        self.silence_for(device, Mute::Radio, Cause::Radio, lasts);
    }

    pub(crate) fn next_power_cut(&mut self) {
        let wait = self.fate.waiting(self.power_mean_hours());
        self.plan_in(wait, Event::NextPowerCut);
        let gateway = self.fate.below(self.site.corridors.len());
        if self.devices[gateway].mute.is_none() {
            let lasts = self.fate.hours(0.1, 8.0);
            self.silence_for(gateway, Mute::Power, Cause::Power, lasts);
        }
    }

    fn silence_for(&mut self, device: usize, mute: Mute, cause: Cause, lasts: TimeDelta) {
        self.fall_silent(device, mute, cause);
        let epoch = self.devices[device].epoch;
        self.plan_in(lasts, Event::Back { device, epoch, how: How::ByItself });
    }

    /// Radio or mains work again, unless the battery has died meanwhile.
    pub(crate) fn back(&mut self, device: usize, epoch: u32, how: How) {
        let d = &mut self.devices[device];
        if d.epoch != epoch || !matches!(d.mute, Some(Mute::Radio | Mute::Power)) {
            return;
        }
        let power = d.mute == Some(Mute::Power);
        d.mute = None;
        if let Some(index) = d.problems.silent {
            self.truth[index].how = Some(how);
        }
        if power {
            self.restart_watches(device);
        }
        self.boot(device);
    }

    /// Whether the problem is still there for somebody to mend.
    pub(crate) fn is_on(&self, problem: usize) -> bool {
        self.truth[problem].ended_at.is_none()
    }

    /// When a repair that starts now lets the people say that it is done.
    pub(crate) fn work_done_at(&mut self, kind: Kind) -> DateTime<Utc> {
        let wait = if kind == Kind::Leak { self.whim.minutes(25.0, 40.0) } else { self.whim.minutes(8.0, 20.0) };
        self.now + wait
    }
}
