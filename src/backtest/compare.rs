//! What a policy would have been worth: its events judged by how each battery truly ended. Two policies over one history
//! stand side by side in these figures. Must never look at anything but events and ends.

use std::collections::BTreeMap;

use serde::Serialize;

use super::playbooks::Effort;
use super::{Battery, Event};
use crate::decide::policy::RewardPolicy;
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};

/// In time is at least this long before the end …
const IN_TIME_MIN_MS: Millis = 7 * DAY;
/// … and at most this.
const IN_TIME_MAX_MS: Millis = 30 * DAY;
/// A message with more than this still to live was false.
const FALSE_MS: Millis = 45 * DAY;
/// Of a battery that was watched for less nothing could be foretold.
const WATCHED_MIN_MS: Millis = 21 * DAY;
/// One device earns at most one reward within this (CONTRACT section 7).
const SAME_DEVICE_MS: Millis = 60 * DAY;
/// A year.
const YEAR_DAYS: f64 = 365.25;

/// What a policy would have been worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Worth {
    /// Which policy: the file it was read from, or `defaults`.
    pub policy: String,
    /// Devices of the history.
    pub devices: usize,
    /// How long they were watched, together.
    pub device_years: f64,
    /// Batteries, those in service at the end included.
    pub batteries: usize,
    /// Batteries that died after three weeks or more in service; the four figures below are of these.
    pub died: usize,
    /// First told 7 to 30 days ahead.
    pub in_time: usize,
    /// First told earlier.
    pub too_early: usize,
    /// First told later, but before the end.
    pub too_late: usize,
    /// Not told.
    pub missed: usize,
    /// First messages with more than 45 days still to live, of all batteries, per device-year.
    pub false_per_year: f64,
    /// First messages and reminders per battery.
    pub messages_per_battery: f64,
    /// Replacements proven.
    pub replaced: usize,
    /// Replacements that would have been paid, if people had acted as they did.
    pub rewarded: usize,
    /// What that would have cost, minor units.
    pub rewards_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the playbooks would have sent over the service's own tickets, by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tickets: BTreeMap<&'static str, Effort>,
}

impl Worth {
    /// Judges what a replay told. `batteries` are those that were found, in the order of their ends.
    pub fn of(policy: String, events: &[Event<'_>], batteries: &[Battery], rewards: &RewardPolicy) -> Self {
        let mut worth = Self { policy, currency: rewards.currency.clone(), ..Self::default() };
        let mut devices: Vec<u32> = batteries.iter().map(|b| b.device).collect();
        devices.sort_unstable();
        devices.dedup();
        worth.devices = devices.len();
        worth.batteries = batteries.len();
        worth.replaced = events.iter().filter(|e| e.event == "replaced").count();
        let messages = events.iter().filter(|e| matches!(e.event, "warned" | "reminded")).count();
        worth.messages_per_battery = ratio(messages, batteries.len() as f64);
        let days: Millis = batteries.iter().map(|b| b.ended_at - b.born).sum();
        worth.device_years = days as f64 / DAY as f64 / YEAR_DAYS;
        let early = batteries.iter().filter(|b| b.warned_at.is_some_and(|at| b.ended_at - at > FALSE_MS)).count();
        worth.false_per_year = ratio(early, worth.device_years);
        batteries.iter().filter(|b| b.died && b.ended_at - b.born >= WATCHED_MIN_MS).for_each(|b| worth.judge(b));
        worth.pay(batteries, rewards);
        worth
    }

    fn judge(&mut self, battery: &Battery) {
        self.died += 1;
        let ahead = battery.warned_at.map(|at| battery.ended_at - at).filter(|ahead| *ahead >= 0);
        *match ahead {
            None => &mut self.missed,
            Some(ahead) if ahead > IN_TIME_MAX_MS => &mut self.too_early,
            Some(ahead) if ahead < IN_TIME_MIN_MS => &mut self.too_late,
            Some(_) => &mut self.in_time,
        } += 1;
    }

    /// In full, or at the late rate, by the times; nothing for what died or was not told of.
    fn pay(&mut self, batteries: &[Battery], rewards: &RewardPolicy) {
        let mut paid: Vec<(u32, Timestamp)> = Vec::new();
        for battery in batteries.iter().filter(|b| !b.died) {
            let (Some(warned_at), Some(replaced_at)) = (battery.warned_at, battery.replaced_at) else { continue };
            let lately = |p: &&(u32, Timestamp)| p.0 == battery.device && replaced_at - p.1 < SAME_DEVICE_MS;
            if paid.iter().rev().any(|p| lately(&p)) {
                continue;
            }
            let in_time = replaced_at - warned_at <= rewards.in_time.0;
            let amount = if in_time { rewards.in_time_minor } else { rewards.late_minor };
            if amount > 0 && amount <= rewards.monthly_cap_minor {
                paid.push((battery.device, replaced_at));
                self.rewarded += 1;
                self.rewards_minor += amount;
            }
        }
    }
}

fn ratio(count: usize, of: f64) -> f64 {
    if of > 0.0 { count as f64 / of } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn battery(device: u32, lived: i64, died: bool, ahead: Option<i64>) -> Battery {
        let ended_at = Timestamp(lived * DAY);
        Battery {
            device,
            born: Timestamp(0),
            warned_at: ahead.map(|days| ended_at - days * DAY),
            ended_at,
            died,
            replaced_at: Some(ended_at),
        }
    }

    #[test]
    fn ends_are_judged_by_when_they_were_told() {
        let batteries = [
            battery(0, 100, true, Some(7)),
            battery(0, 100, true, Some(31)),
            battery(1, 100, true, Some(2)),
            battery(1, 100, true, None),
            battery(2, 10, true, None),
            battery(3, 100, false, Some(60)),
            battery(4, 100, false, Some(1)),
            battery(4, 120, false, Some(1)),
        ];
        let worth = Worth::of("p".to_owned(), &[], &batteries, &RewardPolicy::default());
        assert_eq!((worth.died, worth.in_time, worth.too_early, worth.too_late, worth.missed), (4, 1, 1, 1, 1));
        assert_eq!((worth.devices, worth.batteries), (5, 8));
        assert!((worth.false_per_year - 1.0 / worth.device_years).abs() < 1e-9, "the one told 60 days ahead");
        assert_eq!((worth.rewarded, worth.rewards_minor), (2, 1_500), "late, in time, and not twice in 60 days");
    }
}
