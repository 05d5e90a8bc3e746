//! The queue of dated events and the one loop that lets them happen. What each event does stands in `events` (devices),
//! `incidents` (water, radio, power) and `people`. Must never look at a clock: the caller says how late it is.

use crate::air::{Air, Packet};
use crate::device::Device;
use crate::incidents::Leak;
use crate::rng::Rng;
use crate::site::Site;
use crate::truth::{How, Problem};
use crate::{Options, Publish, Reply, StaffAction, device, lie, registry};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Beyond, the phone numbers would run out.
const UNITS_MAX: usize = 4999;

/// Something that will happen. Devices, leaks, problems and people by index.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Heartbeat { device: usize, epoch: u32 },
    Use { device: usize, epoch: u32 },
    Relock { device: usize, epoch: u32 },
    Reboot { device: usize },
    Presence { device: usize, epoch: u32, online: bool },
    Delivery(Box<Packet>),
    Watch { device: usize },
    NextLeak,
    Wet { device: usize, leak: usize },
    WetRepeat { device: usize, turn: u32 },
    Flicker { device: usize, leak: usize },
    WaterStops { leak: usize, how: How },
    Dry { device: usize },
    LeakOver { leak: usize, how: How },
    NextRadioFailure,
    NextPowerCut,
    Back { device: usize, epoch: u32, how: How },
    Swap { device: usize, by_tenant: bool },
    Say(Reply),
    Take { housekeeper: usize, problem: usize, about: String },
    Visit { housekeeper: usize, problem: usize, about: String },
    Act(StaffAction),
}

/// A building in virtual time. See the crate's documentation.
#[derive(Debug)]
pub struct Building {
    pub(crate) options: Options,
    pub(crate) site: Site,
    pub(crate) devices: Vec<Device>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) air: Air,
    pub(crate) leaks: Vec<Leak>,
    pub(crate) truth: Vec<Problem>,
    /// Problems that a housekeeper has accepted.
    pub(crate) taken: BTreeSet<usize>,
    /// Chance of what happens to the building, and of what people do.
    pub(crate) fate: Rng,
    pub(crate) whim: Rng,
    pub(crate) out: Vec<Publish>,
    pub(crate) replies: Vec<Reply>,
    pub(crate) actions: Vec<StaffAction>,
    queue: BTreeMap<(DateTime<Utc>, u64), Event>,
    planned: u64,
    gaps_noted_at: DateTime<Utc>,
}

impl Building {
    /// Draws the building and its first events; nothing has been sent yet.
    pub fn new(options: Options) -> Self {
        let mut options = options;
        options.units = options.units.clamp(1, UNITS_MAX);
        let start = options.start;
        let seed = Rng::new(options.seed);
        let site = Site::draw(&options, &mut seed.fork(1));
        let mut devices = device::draw(&options, &site, &seed.fork(2));
        lie::draw(&mut devices, options.lying, &mut seed.fork(6));
        let mut building = Self {
            now: start,
            air: Air::new(options.faults.clone(), seed.fork(3)),
            fate: seed.fork(4),
            whim: seed.fork(5),
            site,
            devices,
            options,
            leaks: Vec::new(),
            truth: Vec::new(),
            taken: BTreeSet::new(),
            out: Vec::new(),
            replies: Vec::new(),
            actions: Vec::new(),
            queue: BTreeMap::new(),
            planned: 0,
            gaps_noted_at: start,
        };
        building.start_devices();
        (0..building.devices.len()).for_each(|device| building.begin_lie(device));
        building.start_incidents();
        building
    }

    /// The registry as `(file name, CSV text)`, parents before children.
    pub fn registry(&self) -> Vec<(String, String)> {
        registry::files(&self.site, &self.devices)
    }

    /// Ids of all who live here or will, as in `tenants.csv`.
    pub fn tenant_ids(&self) -> Vec<String> {
        self.site.tenants.iter().map(|tenant| tenant.id.clone()).collect()
    }

    /// The next instant at which something happens; step then, or later with less precise delivery.
    pub fn next_at(&self) -> DateTime<Utc> {
        let first = self.queue.first_key_value().map(|((at, _), _)| *at);
        first.unwrap_or(self.now + TimeDelta::days(1)).max(self.now)
    }

    /// Lets everything happen that is due up to and including `now`; what was sent meanwhile, in order of `at`.
    pub fn step(&mut self, now: DateTime<Utc>) -> Vec<Publish> {
        self.advance(now);
        std::mem::take(&mut self.out)
    }

    /// SMS that people have sent up to `now`; each is handed over once.
    pub fn replies(&mut self, now: DateTime<Utc>) -> Vec<Reply> {
        self.advance(now);
        std::mem::take(&mut self.replies)
    }

    /// What housekeepers have done on their page up to `now`; each is handed over once.
    pub fn actions(&mut self, now: DateTime<Utc>) -> Vec<StaffAction> {
        self.advance(now);
        std::mem::take(&mut self.actions)
    }

    /// Everything that went wrong so far, in the order in which it began.
    pub fn truth(&self) -> &[Problem] {
        &self.truth
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        if self.next_at() > now && self.now >= now {
            return;
        }
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(now);
        if self.now - self.gaps_noted_at >= TimeDelta::minutes(1) {
            self.gaps_noted_at = self.now;
            (0..self.devices.len()).for_each(|device| self.note_gap(device));
        }
    }

    /// Plans an event; one of the past happens now.
    pub(crate) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        self.planned += 1;
        self.queue.insert((at.max(self.now), self.planned), event);
    }

    pub(crate) fn plan_in(&mut self, wait: TimeDelta, event: Event) {
        self.plan(self.now + wait, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Heartbeat { device, epoch } => self.heartbeat(device, epoch),
            Event::Use { device, epoch } => self.use_lock(device, epoch),
            Event::Relock { device, epoch } => self.relock(device, epoch),
            Event::Reboot { device } => self.reboot(device),
            Event::Presence { device, epoch, online } => self.presence(device, epoch, online),
            Event::Delivery(packet) => self.deliver(*packet),
            Event::Watch { device } => self.watch(device),
            Event::NextLeak => self.next_leak(),
            Event::Wet { device, leak } => self.wet(device, leak),
            Event::WetRepeat { device, turn } => self.wet_repeat(device, turn),
            Event::Flicker { device, leak } => self.flicker(device, leak),
            Event::WaterStops { leak, how } => self.water_stops(leak, how),
            Event::Dry { device } => self.dry(device),
            Event::LeakOver { leak, how } => self.leak_over(leak, how),
            Event::NextRadioFailure => self.next_radio_failure(),
            Event::NextPowerCut => self.next_power_cut(),
            Event::Back { device, epoch, how } => self.back(device, epoch, how),
            Event::Swap { device, by_tenant } => self.swap(device, by_tenant),
            Event::Say(reply) => self.replies.push(reply),
            Event::Take { housekeeper, problem, about } => self.take(housekeeper, problem, about),
            Event::Visit { housekeeper, problem, about } => self.visit(housekeeper, problem, about),
            Event::Act(action) => self.actions.push(action),
        }
    }
}
