//! Locks, leak sensors and gateways: what they are, and the physical state they are in. Says nothing about how it is sent.

use crate::battery::{Battery, Chemistry, Gauge};
use crate::calendar;
use crate::lie::{Liar, Lie};
use crate::rng::Rng;
use crate::site::{Site, UNITS_PER_FLOOR};
use crate::{Options, Wire};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// How long a pause between two messages is remembered.
const PAUSES_DAYS: i64 = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceKind {
    Lock,
    LeakSensor,
    Gateway,
}

impl DeviceKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::LeakSensor => "leak_sensor",
            Self::Gateway => "gateway",
        }
    }
}

/// Why a device says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mute {
    DeadBattery,
    Radio,
    /// A gateway without mains.
    Power,
}

/// What the service can know of a device: only what was delivered.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    /// The last message of any age, or the return of the gateway.
    pub(crate) heard_at: DateTime<Utc>,
    arrived_at: DateTime<Utc>,
    /// End and length of the pauses of a week.
    pauses: VecDeque<(DateTime<Utc>, TimeDelta)>,
    /// Fresh readings at or below 20 % in a row.
    pub(crate) lows: u8,
}

impl Delivered {
    fn new(at: DateTime<Utc>) -> Self {
        Self { heard_at: at, arrived_at: at, pauses: VecDeque::new(), lows: 0 }
    }

    pub(crate) fn hear(&mut self, at: DateTime<Utc>) {
        let pause = at - self.arrived_at;
        (self.heard_at, self.arrived_at) = (at, at);
        self.pauses.retain(|(ended, length)| *length > pause && *ended > at - TimeDelta::days(PAUSES_DAYS));
        self.pauses.push_back((at, pause));
    }

    pub(crate) fn longest_gap(&self, at: DateTime<Utc>) -> TimeDelta {
        let recent = self.pauses.iter().filter(|(ended, _)| *ended > at - TimeDelta::days(PAUSES_DAYS));
        recent.map(|(_, length)| *length).max().unwrap_or_default()
    }
}

/// Indices into the truth of what is wrong now.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenProblems {
    pub(crate) battery: Option<usize>,
    pub(crate) leak: Option<usize>,
    pub(crate) silent: Option<usize>,
    /// A gauge that lies, with these cells.
    pub(crate) lie: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) key: String,
    pub(crate) kind: DeviceKind,
    /// Apartment, or for a gateway the corridor, by index.
    pub(crate) place: usize,
    pub(crate) gateway: Option<usize>,
    pub(crate) name: String,
    pub(crate) model: String,
    /// `Native` or `Zigbee2Mqtt`, never `Mixed`.
    pub(crate) wire: Wire,
    /// Whether messages carry a time.
    pub(crate) stamped: bool,
    /// Whether a native device tells uptime, boots, counters.
    pub(crate) witnesses: bool,
    pub(crate) battery: Option<Battery>,
    pub(crate) liar: Option<Liar>,
    pub(crate) rhythm: TimeDelta,
    pub(crate) uses_per_day: f64,
    /// Seconds a day by which its clock runs ahead (behind when negative); 0 = right.
    pub(crate) drift_s_per_day: f64,
    /// When its clock was last right.
    pub(crate) clock_set_at: DateTime<Utc>,
    pub(crate) rng: Rng,
    pub(crate) locked: bool,
    pub(crate) wet: bool,
    /// Raised at every edge to wet, so that the repeats of an older one stop.
    pub(crate) wet_turn: u32,
    /// Whether the last sample was a glitch; two never follow each other.
    pub(crate) glitched: bool,
    pub(crate) mute: Option<Mute>,
    /// Raised at every boot and death, so that events planned before are void.
    pub(crate) epoch: u32,
    pub(crate) booted_at: DateTime<Utc>,
    pub(crate) boots: u32,
    pub(crate) sent: u64,
    pub(crate) operations: u64,
    pub(crate) delivered: Delivered,
    pub(crate) problems: OpenProblems,
    /// Someone has already made up their mind to change the cells.
    pub(crate) swap_planned: bool,
}

impl Device {
    pub(crate) fn temperature_c(&self, at: DateTime<Utc>) -> f64 {
        let outside = calendar::temperature_c(at);
        if self.kind == DeviceKind::Lock { outside } else { 21.0 + (outside - 17.0) * 0.2 }
    }

    pub(crate) fn boot(&mut self, at: DateTime<Utc>) {
        self.epoch += 1;
        self.boots += 1;
        self.booted_at = at;
        self.sent = 0;
        self.locked = true;
    }

    /// What the gauge shows without noise, 0–100; mains shows 100.
    pub(crate) fn true_percent(&self, at: DateTime<Utc>) -> f64 {
        let temperature = self.temperature_c(at);
        self.battery.as_ref().map_or(100.0, |battery| battery.percent(temperature, 0.0))
    }

    /// What the gauge shows in place of an honest level.
    pub(crate) fn shows(&mut self, honest: Option<f64>, at: DateTime<Utc>, temperature_c: f64) -> Option<f64> {
        let (Some(percent), Some(battery), Some(liar)) = (honest, &self.battery, &mut self.liar) else { return honest };
        Some(liar.shows(percent, battery, at, battery.millivolts(temperature_c)))
    }

    /// Whether who lives there believes that its cells are used up.
    pub(crate) fn seems_low(&self) -> bool {
        self.problems.battery.is_some() || self.liar.as_ref().is_some_and(|liar| liar.lie == Lie::LowForEver)
    }

    pub(crate) fn drain(&mut self, at: DateTime<Utc>) {
        let temperature = self.temperature_c(at);
        if let Some(battery) = &mut self.battery {
            battery.drain(at, temperature);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.battery.as_ref().is_some_and(Battery::is_empty)
    }
}

/// All devices: gateways first, one a floor, then lock and leak sensors of each apartment.
pub(crate) fn draw(options: &Options, site: &Site, rng: &Rng) -> Vec<Device> {
    let mut draw = Draw { options, rng: rng.clone(), devices: Vec::new() };
    for floor in 0..site.corridors.len() {
        draw.gateway(floor);
    }
    for (unit, apartment) in site.apartments.iter().enumerate() {
        draw.lock(unit, &apartment.name);
        let sensors = 1 + usize::from(draw.rng.chance(0.4));
        for place in 0..sensors {
            draw.leak_sensor(unit, &apartment.name, place);
        }
    }
    draw.devices
}

struct Draw<'a> {
    options: &'a Options,
    rng: Rng,
    devices: Vec<Device>,
}

impl Draw<'_> {
    fn gateway(&mut self, floor: usize) {
        let key = format!("{}-gw-{}", self.options.property_id, floor + 1);
        let mut device = self.device(key, DeviceKind::Gateway, floor, "Gateway", "Hub G1");
        device.rhythm = TimeDelta::minutes(20);
        self.devices.push(device);
    }

    fn lock(&mut self, unit: usize, door: &str) {
        let property = &self.options.property_id;
        let key = match self.wire_of(unit) {
            Wire::Zigbee2Mqtt => format!("{property}-{door}/front_door"),
            _ => format!("{property}-{door}-lock"),
        };
        let (model, chemistry, cells, gauge, step) = *self.rng.pick(&LOCKS);
        let mut device = self.device(key, DeviceKind::Lock, unit, "Front door", model);
        device.uses_per_day = self.rng.range(4.0, 12.0);
        device.battery = Some(self.battery((chemistry, cells, gauge, step), 1.0, 0.5));
        device.rhythm = TimeDelta::hours(*self.rng.pick(&[1, 2, 4]));
        self.devices.push(device);
    }

    fn leak_sensor(&mut self, unit: usize, door: &str, place: usize) {
        let property = &self.options.property_id;
        let (room, native, friendly) = [("Kitchen", "leak", "kitchen leak"), ("Bathroom", "leak2", "卫生间")][place];
        let key = match self.wire_of(unit) {
            Wire::Zigbee2Mqtt => format!("{property}-{door}/{friendly}"),
            _ => format!("{property}-{door}-{native}"),
        };
        let (model, chemistry, cells, gauge, step) = *self.rng.pick(&SENSORS);
        let mut device = self.device(key, DeviceKind::LeakSensor, unit, room, model);
        device.battery = Some(self.battery((chemistry, cells, gauge, step), 2.0, 0.0));
        device.rhythm = TimeDelta::hours(*self.rng.pick(&[1, 2, 6]));
        self.devices.push(device);
    }

    fn wire_of(&self, unit: usize) -> Wire {
        match self.options.wire {
            Wire::Mixed if unit.is_multiple_of(2) => Wire::Zigbee2Mqtt,
            Wire::Mixed => Wire::Native,
            one => one,
        }
    }

    fn battery(&mut self, make: Make, life: f64, use_share: f64) -> Battery {
        let (chemistry, cells, gauge, step) = make;
        Battery {
            chemistry,
            cells,
            gauge,
            step,
            life_days: self.options.life_days * life * self.rng.range(0.8, 1.2),
            left: self.rng.range(self.options.least_left, 1.0),
            use_share,
            uses_per_day: 2.0 * 8.0,
            as_of: self.options.start,
        }
    }

    fn device(&mut self, key: String, kind: DeviceKind, place: usize, name: &str, model: &str) -> Device {
        let number = self.devices.len() as u64;
        let drifts = self.rng.chance(self.options.faults.drift);
        let mains = kind == DeviceKind::Gateway;
        Device {
            key,
            kind,
            place,
            gateway: (!mains).then_some(place / UNITS_PER_FLOOR),
            name: name.to_owned(),
            model: model.to_owned(),
            wire: if mains { Wire::Native } else { self.wire_of(place) },
            stamped: self.rng.chance(0.85),
            witnesses: mains || self.rng.chance(0.8),
            battery: None,
            liar: None,
            rhythm: TimeDelta::hours(1),
            uses_per_day: 0.0,
            drift_s_per_day: if drifts { self.rng.range(-30.0, 360.0) } else { 0.0 },
            clock_set_at: self.options.start,
            rng: self.rng.fork(1000 + number),
            locked: true,
            wet: false,
            wet_turn: 0,
            glitched: false,
            mute: None,
            epoch: 0,
            booted_at: self.options.start - self.rng.hours(1.0, 900.0),
            boots: 1 + self.rng.below(9) as u32,
            sent: self.rng.below(5000) as u64,
            operations: self.rng.below(9000) as u64,
            delivered: Delivered::new(self.options.start),
            problems: OpenProblems::default(),
            swap_planned: false,
        }
    }
}

type Make = (Chemistry, u8, Gauge, f64);

const LOCKS: [(&str, Chemistry, u8, Gauge, f64); 5] = [
    ("Deadbolt D4", Chemistry::Alkaline, 4, Gauge::Volts, 1.0),
    ("Deadbolt D4 Coarse", Chemistry::Alkaline, 4, Gauge::Volts, 20.0),
    ("Latch L2", Chemistry::LithiumIron, 4, Gauge::Charge, 0.5),
    ("Mortise M8", Chemistry::Alkaline, 8, Gauge::Charge, 5.0),
    ("Slim S1", Chemistry::LithiumIon, 1, Gauge::Volts, 1.0),
];

const SENSORS: [(&str, Chemistry, u8, Gauge, f64); 3] = [
    ("Drop W1", Chemistry::Coin, 1, Gauge::Volts, 0.5),
    ("Drop W1 Coarse", Chemistry::Coin, 1, Gauge::Charge, 5.0),
    ("Pool P2", Chemistry::Alkaline, 2, Gauge::Volts, 1.0),
];
