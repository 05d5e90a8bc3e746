//! What people do when they hear something: tenants swap batteries and answer, housekeepers take jobs and repair.
//! They know only what they were told and what they see on the spot.

use crate::building::{Building, Event};
use crate::device::{DeviceKind, Mute};
use crate::mind;
use crate::site::{Habit, Locale, Tenant};
use crate::truth::{Cause, How, Kind};
use crate::{Message, Reply, StaffAction, Verb, calendar};
use chrono::{DateTime, TimeDelta, Utc};

/// Gauge at which somebody who cares changes cells without being asked, percent.
const CARING_PERCENT: f64 = 30.0;
const USED_CELLS_SHARE: f64 = 0.08;

impl Building {
    /// Somebody here receives an SMS; what they do about it comes later, through `step`, `replies` and `actions`.
    pub fn hear(&mut self, message: Message) {
        let housekeeper = self.site.housekeepers.iter().position(|h| h.phone == message.to);
        let tenant = self.site.tenants.iter().position(|t| t.phone == message.to);
        let Some(kind) = mind::matter(&message) else { return };
        match (housekeeper, tenant) {
            (Some(housekeeper), _) => self.housekeeper_hears(housekeeper, kind, &message),
            (_, Some(tenant)) => self.tenant_hears(tenant, kind, &message),
            _ => {}
        }
    }

    fn tenant_hears(&mut self, tenant: usize, kind: Kind, message: &Message) {
        let heard_at = message.at.max(self.now);
        let unit = self.site.tenants[tenant].unit;
        if self.site.tenant_on(unit, heard_at) != Some(tenant) {
            return;
        }
        match kind {
            Kind::Battery => self.plan_swaps(tenant, heard_at),
            Kind::Leak => self.answer_leak(tenant, heard_at),
            Kind::Silent => {}
        }
    }

    /// Makes up the tenant's mind about every device of theirs that needs cells.
    fn plan_swaps(&mut self, tenant: usize, heard_at: DateTime<Utc>) {
        let Tenant { unit, habit, .. } = self.site.tenants[tenant];
        let needs = |&index: &usize| {
            let d = &self.devices[index];
            d.kind != DeviceKind::Gateway && d.place == unit && d.seems_low() && !d.swap_planned
        };
        for device in (0..self.devices.len()).filter(needs).collect::<Vec<_>>() {
            self.devices[device].swap_planned = true;
            let wait = match habit {
                Habit::InTime => self.whim.hours(2.0, 28.0),
                Habit::Unasked => self.whim.hours(1.0, 10.0),
                Habit::Late => self.whim.hours(70.0, 190.0),
                Habit::Never => {
                    self.maybe_claim(tenant, heard_at);
                    continue;
                }
            };
            let at = calendar::next_waking(heard_at + wait);
            self.plan(at, Event::Swap { device, by_tenant: true });
        }
    }

    /// Some who do nothing say that they did.
    fn maybe_claim(&mut self, tenant: usize, heard_at: DateTime<Utc>) {
        if self.whim.chance(0.3) {
            let at = calendar::next_waking(heard_at + self.whim.hours(1.0, 5.0));
            self.say(tenant, at, "换好了", "done");
        }
    }

    fn answer_leak(&mut self, tenant: usize, heard_at: DateTime<Utc>) {
        if !self.whim.chance(0.6) {
            return;
        }
        let at = heard_at + self.whim.minutes(0.5, 9.0);
        if self.whim.chance(0.35) {
            let digit = self.whim.chance(0.3);
            self.say(tenant, at, if digit { "1" } else { "需要" }, if digit { "1" } else { "yes" });
        } else {
            self.say(tenant, at, "不用,谢谢", "no thanks");
        }
    }

    fn say(&mut self, tenant: usize, at: DateTime<Utc>, chinese: &str, english: &str) {
        let tenant = &self.site.tenants[tenant];
        let body = if tenant.locale == Locale::Chinese { chinese } else { english };
        let reply = Reply { at, from: tenant.phone.clone(), body: body.to_owned() };
        self.plan(at, Event::Say(reply));
    }

    /// A tenant who looks after the devices changes cells before anybody asks.
    pub(crate) fn swap_unasked(&mut self, device: usize) {
        let d = &self.devices[device];
        let low = d.true_percent(self.now) <= CARING_PERCENT;
        let tenant = self.site.tenant_on(d.place, self.now);
        let cares = tenant.is_some_and(|index| self.site.tenants[index].habit == Habit::Unasked);
        if low && cares && !d.swap_planned {
            self.devices[device].swap_planned = true;
            let at = calendar::next_waking(self.now + self.whim.hours(3.0, 40.0));
            self.plan(at, Event::Swap { device, by_tenant: true });
        }
    }

    /// New (or used) cells: the gauge jumps, the device boots.
    pub(crate) fn swap(&mut self, device: usize, by_tenant: bool) {
        let tenant = self.site.tenant_on(self.devices[device].place, self.now);
        let problems = &self.devices[device].problems;
        let index = problems.battery.or(problems.lie);
        let moved_out = by_tenant && tenant.is_none();
        let Some(index) = index.filter(|_| !moved_out) else {
            self.devices[device].swap_planned = false;
            return;
        };
        let used = by_tenant && self.whim.chance(USED_CELLS_SHARE);
        self.fit_cells(device, used);
        self.renew_lie(device);
        let problem = &mut self.truth[index];
        problem.ended_at = Some(self.now);
        problem.how = Some(if by_tenant { How::ReplacedByTenant } else { How::ReplacedByHousekeeper });
        problem.used_cells = used;
        let tenant_now = tenant.map(|index| &self.site.tenants[index]);
        problem.tenant_id = tenant_now.map(|t| t.id.clone());
        problem.tenant_phone = tenant_now.map(|t| t.phone.clone());
        if let (Some(tenant), true) = (tenant, by_tenant && self.whim.chance(0.5)) {
            let at = self.now + self.whim.minutes(2.0, 20.0);
            self.say(tenant, at, "换好了", "done");
        }
    }

    /// The gauge that lies goes on with other cells.
    fn renew_lie(&mut self, device: usize) {
        if let Some(index) = self.devices[device].problems.lie.take() {
            self.truth[index].ended_at = Some(self.now);
            self.truth[index].how = Some(How::ByItself);
        }
        if let Some(liar) = &mut self.devices[device].liar {
            liar.begin_anew();
        }
        self.begin_lie(device);
    }

    fn fit_cells(&mut self, device: usize, used: bool) {
        let left = if used { self.whim.range(0.5, 0.8) } else { self.whim.range(0.98, 1.0) };
        let now = self.now;
        let d = &mut self.devices[device];
        if let Some(battery) = &mut d.battery {
            battery.left = left;
            battery.as_of = now;
        }
        d.problems.battery = None;
        d.delivered.lows = 0;
        d.swap_planned = false;
        let radio_failed = d.mute == Some(Mute::Radio);
        d.mute = if radio_failed { d.mute } else { None };
        if let (Some(index), false) = (d.problems.silent, radio_failed) {
            self.truth[index].how = Some(How::Fixed);
        }
        self.boot(device);
    }

    fn housekeeper_hears(&mut self, housekeeper: usize, kind: Kind, message: &Message) {
        let heard_at = message.at.max(self.now);
        let ignores = self.whim.chance(0.08);
        if ignores || !self.site.housekeepers[housekeeper].on_duty(heard_at) {
            return;
        }
        if let Some(problem) = self.problem_meant(kind, message) {
            let about = message.about_device.clone().unwrap_or_else(|| self.truth[problem].device_key.clone());
            let at = heard_at + self.whim.minutes(0.5, 6.0);
            self.plan(at, Event::Take { housekeeper, problem, about });
        }
    }

    /// The open problem that the message can mean: its device, else the door it names, else the oldest of its kind.
    fn problem_meant(&self, kind: Kind, message: &Message) -> Option<usize> {
        let open = |&index: &usize| {
            let problem = &self.truth[index];
            let dead = kind == Kind::Battery && problem.cause == Cause::DeadBattery;
            problem.ended_at.is_none() && (problem.kind == kind || dead) && !self.taken.contains(&index)
        };
        let open: Vec<usize> = (0..self.truth.len()).filter(open).collect();
        if let Some(key) = &message.about_device {
            return open.into_iter().find(|&index| self.truth[index].concerns(key));
        }
        let named = |index: &&usize| mind::names_door(&message.body, self.door_of(&self.truth[**index].unit));
        open.iter().find(named).or(open.first()).copied()
    }

    fn door_of<'a>(&'a self, unit_id: &'a str) -> &'a str {
        let mut all = self.site.apartments.iter().chain(&self.site.corridors);
        all.find(|unit| unit.id == unit_id).map_or(unit_id, |unit| &unit.name)
    }

    pub(crate) fn take(&mut self, housekeeper: usize, problem: usize, about: String) {
        if !self.is_on(problem) {
            return;
        }
        self.act(housekeeper, &about, Verb::Accept, self.now);
        if !self.taken.insert(problem) {
            // Somebody was quicker, and whoever presses next is told so.
            return;
        }
        let travel = self.whim.minutes(20.0, 60.0);
        self.plan_in(travel, Event::Visit { housekeeper, problem, about });
    }

    /// On the spot: arrives, mends what is still broken, says when it is done.
    pub(crate) fn visit(&mut self, housekeeper: usize, problem: usize, about: String) {
        self.act(housekeeper, &about, Verb::Arrive, self.now);
        let kind = self.truth[problem].kind;
        if self.is_on(problem) {
            self.mend(problem);
        }
        let done = self.work_done_at(kind);
        self.act(housekeeper, &about, Verb::Resolve, done);
        self.taken.remove(&problem);
    }

    fn mend(&mut self, problem: usize) {
        let key = &self.truth[problem].device_key;
        let Some(device) = self.devices.iter().position(|d| &d.key == key) else { return };
        let soon = self.now + TimeDelta::minutes(5);
        let epoch = self.devices[device].epoch;
        match (self.truth[problem].kind, self.devices[device].mute) {
            (Kind::Leak, _) => self.stop_leak_of(problem),
            (Kind::Battery, _) | (_, Some(Mute::DeadBattery)) => {
                self.plan(soon, Event::Swap { device, by_tenant: false })
            }
            (Kind::Silent, _) => self.plan(soon, Event::Back { device, epoch, how: How::Fixed }),
        }
    }

    fn act(&mut self, housekeeper: usize, about: &str, verb: Verb, at: DateTime<Utc>) {
        let housekeeper_id = self.site.housekeepers[housekeeper].id.clone();
        self.plan(at, Event::Act(StaffAction { at, housekeeper_id, about_device: about.to_owned(), verb }));
    }
}
