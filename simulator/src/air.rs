//! What may go wrong between a device and the broker. Every fault has a rate; each message meets at most one of them.
//! Only messages that carry a time are delayed or replayed: without one nobody could tell old from new.

use crate::Publish;
use crate::rng::Rng;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Longest delay of a late message, minutes.
pub(crate) const LATE_MINUTES_MAX: i64 = 120;
const HUGE_BYTES: usize = 300_000;
const REPLAY_AGE_HOURS_MIN: i64 = 6;

/// Share of messages (of `drift`: of devices) that meet a fault, each 0–1; off by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    /// Arrives a second time within a minute.
    pub duplicate: f64,
    /// Arrives 5 to 120 minutes late.
    pub late: f64,
    /// Arrives after the device's next message.
    pub out_of_order: f64,
    /// Never arrives.
    pub dropped: f64,
    /// An old state comes again, retained.
    pub retained: f64,
    /// Arrives as truncated JSON, not UTF-8, or 300 kB.
    pub malformed: f64,
    /// Share of devices whose clock drifts: up to 6 minutes a day ahead, half a minute behind.
    pub drift: f64,
    /// Shows a battery of 0, 126 or 255 for one reading.
    pub glitch: f64,
}

impl Faults {
    /// A perfect network.
    pub fn none() -> Self {
        Self::default()
    }

    /// All of them, each rare enough that the building stays playable.
    pub fn all() -> Self {
        Self {
            duplicate: 0.03,
            late: 0.02,
            out_of_order: 0.02,
            dropped: 0.02,
            retained: 0.004,
            malformed: 0.004,
            drift: 0.15,
            glitch: 0.01,
        }
    }

    fn rate(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "duplicate" => &mut self.duplicate,
            "late" => &mut self.late,
            "out_of_order" => &mut self.out_of_order,
            "dropped" => &mut self.dropped,
            "retained" => &mut self.retained,
            "malformed" => &mut self.malformed,
            "drift" => &mut self.drift,
            "glitch" => &mut self.glitch,
            _ => return None,
        })
    }
}

/// `none`, `all`, or `late=0.1,dropped=0.02`.
impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Self::none()),
            "all" => return Ok(Self::all()),
            _ => {}
        }
        let mut faults = Self::none();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{part}: want name=rate"))?;
            let share: f64 = value.parse().map_err(|_| format!("{part}: {value} is no number"))?;
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("{part}: a rate is within 0 and 1"));
            }
            *faults.rate(name).ok_or_else(|| format!("{name} is no fault"))? = share;
        }
        Ok(faults)
    }
}

/// A message on its way, with what it would tell a reader who trusts it.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) publish: Publish,
    pub(crate) device: usize,
    pub(crate) percent: Option<f64>,
    pub(crate) wet: Option<bool>,
    /// On time and for the first time.
    pub(crate) fresh: bool,
    pub(crate) readable: bool,
}

impl Packet {
    fn stale(&self, at: DateTime<Utc>) -> Self {
        let mut copy = self.clone();
        copy.publish.at = at;
        copy.fresh = false;
        copy
    }
}

#[derive(Debug)]
pub(crate) struct Air {
    faults: Faults,
    rng: Rng,
    /// Waiting for the next message of its device.
    held: BTreeMap<usize, Packet>,
    /// An older state of each device, to come again.
    past: BTreeMap<usize, Packet>,
}

impl Air {
    pub(crate) fn new(faults: Faults, rng: Rng) -> Self {
        Self { faults, rng, held: BTreeMap::new(), past: BTreeMap::new() }
    }

    /// What arrives of `packet`, and when (`publish.at`), besides what was held back for it.
    pub(crate) fn send(&mut self, packet: Packet, stamped: bool) -> Vec<Packet> {
        let held = self.held.remove(&packet.device);
        let at = packet.publish.at;
        let mut arrivals = self.fate(packet, stamped);
        if let Some(held) = held {
            arrivals.push(held.stale(at));
        }
        arrivals
    }

    /// A presence message meets only loss.
    pub(crate) fn loses(&mut self) -> bool {
        let share = self.faults.dropped;
        self.rng.chance(share)
    }

    fn fate(&mut self, packet: Packet, stamped: bool) -> Vec<Packet> {
        let at = packet.publish.at;
        let mut dice = self.rng.unit();
        let mut falls = |share: f64| {
            dice -= share;
            dice < 0.0
        };
        let faults = self.faults.clone();
        if falls(faults.dropped) {
            vec![]
        } else if falls(faults.malformed) {
            vec![self.garble(packet)]
        } else if falls(faults.duplicate) {
            let again = packet.stale(at + self.rng.seconds(0.0, if stamped { 60.0 } else { 0.001 }));
            vec![packet, again]
        } else if !stamped {
            vec![packet]
        } else if falls(faults.late) {
            vec![packet.stale(at + self.rng.minutes(5.0, LATE_MINUTES_MAX as f64))]
        } else if falls(faults.out_of_order) {
            self.held.insert(packet.device, packet);
            vec![]
        } else if falls(faults.retained) {
            self.with_replay(packet)
        } else {
            self.remember(&packet);
            vec![packet]
        }
    }

    fn with_replay(&mut self, packet: Packet) -> Vec<Packet> {
        let old = self.past.get(&packet.device).map(|past| {
            let mut old = past.stale(packet.publish.at);
            old.publish.retain = true;
            old
        });
        std::iter::once(packet).chain(old).collect()
    }

    fn remember(&mut self, packet: &Packet) {
        let young = |past: &Packet| packet.publish.at - past.publish.at < TimeDelta::hours(REPLAY_AGE_HOURS_MIN);
        if !self.past.get(&packet.device).is_some_and(young) {
            self.past.insert(packet.device, packet.clone());
        }
    }

    fn garble(&mut self, mut packet: Packet) -> Packet {
        let payload = &mut packet.publish.payload;
        match self.rng.below(3) {
            0 => payload.truncate(payload.len() / 2),
            1 => payload.insert(1, 0xFF),
            _ => {
                payload.pop();
                payload.extend_from_slice(b",\"pad\":\"");
                payload.resize(HUGE_BYTES, b'A');
                payload.extend_from_slice(b"\"}");
            }
        }
        packet.fresh = false;
        packet.readable = false;
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_words() {
        assert_eq!("all".parse(), Ok(Faults::all()));
        assert_eq!("none".parse(), Ok(Faults::none()));
        assert_eq!("late=0.5,glitch=1".parse(), Ok(Faults { late: 0.5, glitch: 1.0, ..Faults::none() }));
        for wrong in ["often", "late=2", "late=x", "rain=0.1"] {
            assert!(wrong.parse::<Faults>().is_err(), "{wrong}");
        }
    }
}
