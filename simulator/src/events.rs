//! What devices do: report, lock and unlock, boot, run empty; and what a delivered message makes evident.
//! People and pipes are elsewhere.

use crate::air::Packet;
use crate::building::{Building, Event};
use crate::device::{Device, DeviceKind, Mute};
use crate::lie::Liar;
use crate::truth::{Cause, Kind, Problem};
use crate::wire::{self, Sample};
use crate::{Wire, calendar};
use chrono::{DateTime, TimeDelta, Utc};

/// A reading at or below this is low, percent.
const LOW_PERCENT: f64 = 20.0;
/// A gauge at or below this justifies a ticket, percent.
const JUSTIFIED_PERCENT: f64 = 25.0;
/// So little life left justifies a ticket, days (and at most half of the life).
const JUSTIFIED_DAYS: f64 = 30.0;
/// … and of it at most this part: two weeks of watching and three of warning make five.
const JUSTIFIED_SHARE: f64 = 0.6;
/// A silence of this many rhythms must be noticed.
const SILENT_RHYTHMS: i32 = 3;
/// Nobody knows the rhythm of a device that was first heard less than this ago …
const UNKNOWN_HOURS: i64 = 25;
/// … and may take it for this.
const UNKNOWN_RHYTHM_HOURS: i64 = 15;
/// Nine quarters of the rhythm: two messages in a row were lost.
const LOST_QUARTERS: i32 = 9;
/// Zigbee2MQTT calls a sleeping device offline after this many hours.
const ZIGBEE_OFFLINE_HOURS: i64 = 25;
/// A broker sends a last will after one and a half keep-alives of a minute.
const WILL_SECONDS: i64 = 90;
/// Reboots per device and hour, without any change of battery.
const REBOOT_HOURS: f64 = 2500.0;

impl Building {
    pub(crate) fn start_devices(&mut self) {
        for device in 0..self.devices.len() {
            let rhythm = self.devices[device].rhythm.num_seconds() as f64;
            let first = self.devices[device].rng.seconds(0.0, rhythm.min(3600.0));
            self.plan_in(first, Event::Heartbeat { device, epoch: 0 });
            let reboot = self.devices[device].rng.waiting(REBOOT_HOURS);
            self.plan_in(reboot, Event::Reboot { device });
            self.plan_use(device);
            self.plan(self.now, Event::Presence { device, epoch: 0, online: true });
        }
    }

    pub(crate) fn heartbeat(&mut self, device: usize, epoch: u32) {
        if self.devices[device].epoch != epoch || !self.look_at_battery(device) {
            return;
        }
        self.send(device);
        let d = &mut self.devices[device];
        let rhythm = d.rhythm.num_seconds() as f64;
        let next = d.rng.seconds(rhythm * 0.95, rhythm * 1.05);
        self.plan_in(next, Event::Heartbeat { device, epoch });
    }

    /// Drains the battery up to now, notes what that means; `false` when the device is dead.
    fn look_at_battery(&mut self, device: usize) -> bool {
        let now = self.now;
        let d = &mut self.devices[device];
        if d.mute == Some(Mute::DeadBattery) {
            return false;
        }
        d.drain(now);
        if d.is_empty() {
            self.die(device);
            return false;
        }
        if self.ticket_justified(device) {
            self.begin_battery(device);
            self.swap_unasked(device);
        }
        true
    }

    fn ticket_justified(&self, device: usize) -> bool {
        let d = &self.devices[device];
        let Some(battery) = &d.battery else { return false };
        let few_days = battery.days_left() <= JUSTIFIED_DAYS && battery.left <= JUSTIFIED_SHARE;
        few_days || d.true_percent(self.now) <= JUSTIFIED_PERCENT
    }

    fn die(&mut self, device: usize) {
        self.begin_battery(device);
        if let Some(problem) = self.devices[device].problems.battery {
            self.truth[problem].died_at = Some(self.now);
        }
        self.fall_silent(device, Mute::DeadBattery, Cause::DeadBattery);
    }

    /// From now on the device sends nothing; its last will or its bridge may say so.
    pub(crate) fn fall_silent(&mut self, device: usize, mute: Mute, cause: Cause) {
        let d = &mut self.devices[device];
        if mute == Mute::DeadBattery {
            d.epoch += 1;
        }
        d.mute = Some(mute);
        let (epoch, heard) = (d.epoch, d.delivered.heard_at);
        let will = match (d.wire, d.kind) {
            (Wire::Zigbee2Mqtt, _) => heard + TimeDelta::hours(ZIGBEE_OFFLINE_HOURS),
            _ => self.now + TimeDelta::seconds(WILL_SECONDS),
        };
        self.plan(will, Event::Presence { device, epoch, online: false });
        self.begin_silent(device, cause, self.now);
        self.plan_watch(device);
    }

    pub(crate) fn begin_battery(&mut self, device: usize) {
        if self.devices[device].problems.battery.is_none() {
            let index = self.begin(Kind::Battery, Cause::Wear, device, self.now);
            self.devices[device].problems.battery = Some(index);
        }
    }

    /// With these cells, a ticket about a gauge that lies is no mistake.
    pub(crate) fn begin_lie(&mut self, device: usize) {
        if self.devices[device].liar.is_some() {
            let index = self.begin(Kind::Battery, Cause::LyingGauge, device, self.now);
            self.devices[device].problems.lie = Some(index);
        }
    }

    fn begin_silent(&mut self, device: usize, cause: Cause, since: DateTime<Utc>) {
        match self.devices[device].problems.silent {
            Some(index) => self.truth[index].cause = cause,
            None => {
                let index = self.begin(Kind::Silent, cause, device, since);
                self.devices[device].problems.silent = Some(index);
            }
        }
    }

    /// Writes a new problem into the truth; returns its index.
    pub(crate) fn begin(&mut self, kind: Kind, cause: Cause, device: usize, at: DateTime<Utc>) -> usize {
        let d = &self.devices[device];
        let gateway = d.kind == DeviceKind::Gateway;
        let unit = if gateway { &self.site.corridors[d.place] } else { &self.site.apartments[d.place] };
        let tenant = if gateway { None } else { self.site.tenant_on(d.place, at) };
        let tenant = tenant.map(|index| &self.site.tenants[index]);
        let is_new = at - self.options.start < TimeDelta::hours(UNKNOWN_HOURS) + d.rhythm;
        let unknown = if is_new { TimeDelta::hours(UNKNOWN_RHYTHM_HOURS) } else { d.rhythm };
        self.truth.push(Problem {
            kind,
            cause,
            device_key: d.key.clone(),
            also: Vec::new(),
            gateway: d.gateway.map(|g| self.devices[g].key.clone()),
            unit: unit.id.clone(),
            tenant_id: tenant.map(|t| t.id.clone()),
            tenant_phone: tenant.map(|t| t.phone.clone()),
            tenant_moves: !gateway && self.site.changes_tenants(d.place),
            started_at: at,
            evident_at: None,
            witness: None,
            last_sign_at: None,
            empties_at: None,
            died_at: None,
            shown_empty: false,
            ended_at: None,
            how: None,
            used_cells: false,
            lie: d.liar.as_ref().filter(|_| kind == Kind::Battery).map(|liar| liar.lie),
            rhythm: d.rhythm,
            learnt_gap: d.delivered.longest_gap(at).max(unknown),
        });
        self.truth.len() - 1
    }

    pub(crate) fn plan_use(&mut self, device: usize) {
        let d = &mut self.devices[device];
        if d.kind != DeviceKind::Lock {
            return;
        }
        let mut at = self.now;
        loop {
            at += d.rng.waiting(24.0 / (2.0 * d.uses_per_day));
            if d.rng.chance(busyness(calendar::hour(at))) {
                break;
            }
        }
        let epoch = d.epoch;
        self.plan(at, Event::Use { device, epoch });
    }

    pub(crate) fn use_lock(&mut self, device: usize, epoch: u32) {
        if self.devices[device].epoch != epoch || !self.look_at_battery(device) {
            return;
        }
        self.turn(device, false);
        let back = self.devices[device].rng.seconds(8.0, 90.0);
        self.plan_in(back, Event::Relock { device, epoch });
        self.plan_use(device);
    }

    pub(crate) fn relock(&mut self, device: usize, epoch: u32) {
        if self.devices[device].epoch == epoch && self.look_at_battery(device) {
            self.turn(device, true);
        }
    }

    fn turn(&mut self, device: usize, locked: bool) {
        let now = self.now;
        let d = &mut self.devices[device];
        d.locked = locked;
        d.operations += 1;
        let temperature = d.temperature_c(now);
        if let Some(battery) = &mut d.battery {
            battery.use_once(temperature);
        }
        self.send(device);
    }

    pub(crate) fn reboot(&mut self, device: usize) {
        let next = self.devices[device].rng.waiting(REBOOT_HOURS);
        self.plan_in(next, Event::Reboot { device });
        if self.devices[device].mute.is_none() {
            self.boot(device);
        }
    }

    /// Starts the device anew: counters restart, its rhythm begins, a lock is used again.
    pub(crate) fn boot(&mut self, device: usize) {
        let now = self.now;
        self.devices[device].boot(now);
        let epoch = self.devices[device].epoch;
        self.plan(now, Event::Presence { device, epoch, online: true });
        self.plan_in(TimeDelta::seconds(5), Event::Heartbeat { device, epoch });
        self.plan_use(device);
        if self.devices[device].wet {
            let turn = self.devices[device].wet_turn;
            self.plan_in(TimeDelta::seconds(6), Event::WetRepeat { device, turn });
        }
    }

    /// Sends the state of the device as it is now, unless nothing can get out.
    pub(crate) fn send(&mut self, device: usize) {
        self.devices[device].sent += 1;
        if self.is_cut_off(device) {
            return;
        }
        let packet = self.sample(device);
        let stamped = self.devices[device].stamped;
        for arrival in self.air.send(packet, stamped) {
            if arrival.publish.at <= self.now {
                self.deliver(arrival);
            } else {
                self.plan(arrival.publish.at, Event::Delivery(Box::new(arrival)));
            }
        }
    }

    pub(crate) fn is_cut_off(&self, device: usize) -> bool {
        let d = &self.devices[device];
        d.mute.is_some() || d.gateway.is_some_and(|gateway| self.devices[gateway].mute.is_some())
    }

    fn sample(&mut self, device: usize) -> Packet {
        let (now, glitch) = (self.now, self.options.faults.glitch);
        let d = &mut self.devices[device];
        let temperature_c = d.temperature_c(now) + d.rng.range(-0.5, 0.5);
        let noise = d.rng.range(-0.7, 0.7);
        let honest = d.battery.as_ref().map(|battery| battery.percent(temperature_c, noise));
        let percent = d.shows(honest, now, temperature_c);
        d.glitched = d.battery.is_some() && !d.glitched && d.rng.chance(glitch);
        let shown = if d.glitched { Some(*d.rng.pick(&[0.0, 126.0, 255.0])) } else { percent };
        let millivolts = d.battery.as_ref().map(|battery| battery.millivolts(temperature_c).round());
        let linkquality = 60 + d.rng.below(120) as u64;
        let sample = Sample { at: now, percent: shown, millivolts, temperature_c, linkquality };
        Packet {
            publish: wire::state(&self.site.property_id, d, &sample),
            device,
            percent: percent.filter(|_| !d.glitched && d.liar.as_ref().is_none_or(Liar::is_true_when_low)),
            wet: (d.kind == DeviceKind::LeakSensor).then_some(d.wet),
            fresh: true,
            readable: true,
        }
    }

    pub(crate) fn presence(&mut self, device: usize, epoch: u32, online: bool) {
        let d = &self.devices[device];
        let sleeps = d.wire != Wire::Zigbee2Mqtt && d.kind == DeviceKind::LeakSensor;
        let true_still = d.epoch == epoch && d.mute.is_none() == online;
        let bridge_up = d.gateway.is_none_or(|gateway| self.devices[gateway].mute.is_none());
        if !sleeps && true_still && bridge_up && !self.air.loses() {
            self.out.push(wire::presence(&self.site.property_id, d, self.now, online));
        }
    }

    /// A message reaches the broker: what the service can know grows.
    pub(crate) fn deliver(&mut self, packet: Packet) {
        let device = packet.device;
        if packet.readable {
            self.note_gap(device);
            self.heard(device);
            self.show_leak(device, &packet);
            if packet.fresh {
                self.show_battery(device, packet.percent);
                self.show_lie(device);
            }
        }
        self.out.push(packet.publish);
    }

    fn heard(&mut self, device: usize) {
        let now = self.now;
        let d = &mut self.devices[device];
        d.delivered.hear(now);
        if d.mute.is_some() {
            if let Some(index) = d.problems.silent {
                self.truth[index].last_sign_at = Some(now);
            }
            self.plan_watch(device);
        } else if let Some(index) = d.problems.silent.take() {
            let problem = &mut self.truth[index];
            problem.ended_at = Some(now);
            problem.how = problem.how.or(Some(crate::How::ByItself));
        }
    }

    fn show_battery(&mut self, device: usize, percent: Option<f64>) {
        let Some(percent) = percent else { return };
        if percent > LOW_PERCENT {
            self.devices[device].delivered.lows = 0;
            return;
        }
        self.begin_battery(device);
        let d = &mut self.devices[device];
        d.delivered.lows = d.delivered.lows.saturating_add(1);
        let days_left = d.battery.as_ref().map_or(0.0, crate::battery::Battery::days_left);
        if let (2.., Some(index)) = (d.delivered.lows, d.problems.battery) {
            let problem = &mut self.truth[index];
            problem.shown_empty |= percent == 0.0;
            problem.evident_at.get_or_insert(self.now);
            problem.empties_at.get_or_insert(self.now + TimeDelta::minutes((days_left * 1440.0) as i64));
        }
    }

    /// A frozen gauge shows that it is one.
    fn show_lie(&mut self, device: usize) {
        let d = &self.devices[device];
        let (Some(liar), Some(battery), Some(index)) = (&d.liar, &d.battery, d.problems.lie) else { return };
        if liar.is_evident(self.now, battery.millivolts(d.temperature_c(self.now))) {
            self.truth[index].evident_at.get_or_insert(self.now);
        }
    }

    /// A healthy device of which so much was lost that a silent ticket would be no mistake.
    pub(crate) fn note_gap(&mut self, device: usize) {
        let d = &self.devices[device];
        let patience = d.delivered.heard_at + d.rhythm * LOST_QUARTERS / 4;
        if self.now > patience && d.problems.silent.is_none() && !self.is_cut_off(device) {
            self.begin_silent(device, Cause::Lost, patience);
        }
    }

    fn silence_due(d: &Device) -> DateTime<Utc> {
        d.delivered.heard_at + d.rhythm * SILENT_RHYTHMS
    }

    fn plan_watch(&mut self, device: usize) {
        let due = Self::silence_due(&self.devices[device]);
        self.plan(due, Event::Watch { device });
    }

    /// Has the silence lasted long enough to be evident? Behind a dead gateway it cannot be told.
    pub(crate) fn watch(&mut self, device: usize) {
        let d = &self.devices[device];
        let (Some(index), Some(_)) = (d.problems.silent, d.mute) else { return };
        let hidden = d.gateway.is_some_and(|gateway| self.devices[gateway].mute.is_some());
        if !hidden && self.now >= Self::silence_due(d) {
            self.truth[index].evident_at.get_or_insert(self.now);
        }
    }

    /// The gateway is back: the silence of the devices behind it counts from now.
    pub(crate) fn restart_watches(&mut self, gateway: usize) {
        for device in 0..self.devices.len() {
            if self.devices[device].gateway == Some(gateway) {
                self.devices[device].delivered.heard_at = self.now;
                self.plan_watch(device);
            }
        }
    }
}

/// Share of the busiest hour at which doors are used, by local hour: mornings and evenings, hardly at night.
fn busyness(hour: f64) -> f64 {
    match hour as u32 {
        0..=5 => 0.03,
        6 | 10..=16 => 0.4,
        7..=9 => 0.9,
        17..=21 => 1.0,
        _ => 0.25,
    }
}
