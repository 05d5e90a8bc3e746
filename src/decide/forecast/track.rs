//! A battery's track: its daily summary and when its level first fell to each knot. Bounded, whatever comes.

use serde::{Deserialize, Serialize};

use super::life::NEVER;
use super::{FINE_MAX, KNOTS, KNOTS_LEN, Life, level};
use crate::decide::detect::sample::{About, Sample};
use crate::model::Timestamp;
use crate::model::time::{DAY, HOUR};

/// Different levels of one day that are told apart; beyond, the nearest two become one.
const DISTINCT_MAX: usize = 16;
/// Daily medians over which a fine level is averaged, the farthest ones left out: what wavers between two steps of a gauge
/// tells how far it is on its way from one to the next.
const DAYS_AVERAGED: usize = 7;
/// Daily medians of which the middle one is a coarse gauge's level: against glitches and noise.
const DAYS_MIDDLE: usize = 3;
/// A gauge of steps up to this, per cent, that shows nothing left is believed to mean it.
const EMPTY_STEP_MAX: u8 = 5;
/// A pace has been watched for so many days …
const PACE_DAYS: i64 = 30;
/// … over a fall of so many tenths of a per cent.
const PACE_TENTHS: i32 = 150;
/// Daily rows kept to be shown.
const DAYS_SHOWN_MAX: usize = 21;

/// One closed day, in state as a short list: day, count, lowest, median, highest, mV, temperature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Short", into = "Short")]
pub struct DayRow {
    /// Days since the battery's first reading.
    pub day: u16,
    /// Samples with a level.
    pub count: u16,
    /// Lowest, median and highest level, tenths of a per cent.
    pub levels: [i32; 3],
    /// Last voltage, mV.
    pub millivolts: Option<u16>,
    /// Mean temperature, tenths of °C.
    pub temperature: Option<i16>,
}

type Short = (u16, u16, i32, i32, i32, Option<u16>, Option<i16>);

impl From<Short> for DayRow {
    fn from((day, count, low, median, high, millivolts, temperature): Short) -> Self {
        Self { day, count, levels: [low, median, high], millivolts, temperature }
    }
}

impl From<DayRow> for Short {
    fn from(row: DayRow) -> Self {
        let [low, median, high] = row.levels;
        (row.day, row.count, low, median, high, row.millivolts, row.temperature)
    }
}

/// The current battery of a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    /// Its first reading.
    pub born: Timestamp,
    /// Its last reading.
    pub heard: Timestamp,
    /// Readings so far.
    pub count: u32,
    /// Greatest common divisor of the levels shown: the gauge's step, where nobody has told it.
    pub step: u32,
    /// Step of the levels that are tracked, per cent; 0 where a voltage tells them.
    pub fineness: u8,
    /// The open day, in days since birth.
    day: u16,
    /// Levels of the open day and how often each was told, rising.
    today: Vec<(i32, u16)>,
    /// Last voltage of the open day.
    #[serde(skip_serializing_if = "Option::is_none")]
    millivolts: Option<u16>,
    /// Sum and count of the open day's temperatures.
    heat: (f32, u16),
    /// The last daily medians, newest last.
    medians: Vec<i32>,
    /// Sum and number of the first daily medians.
    start: (i32, u8),
    /// Hours until a fine gauge showed nothing left, if it still does.
    #[serde(skip_serializing_if = "Option::is_none")]
    empty: Option<u16>,
    /// Hours until each knot was passed, up to the lowest passed one.
    pub passed: Vec<u16>,
    /// The last closed days, newest last.
    pub days: Vec<DayRow>,
}

impl Track {
    /// Takes in a sample. True when it is the first of a new day: then there is something new to be said.
    pub fn hear(&mut self, sample: &Sample, about: &About) -> bool {
        if let Some(p) = sample.percent.filter(|p| (0.0..=100.0).contains(p)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0–100")]
            let shown = p as u32;
            self.step = gcd(self.step, shown);
        }
        let step = self.step_of(about);
        let Some((level, fine)) = level::of(sample, about, step) else { return false };
        self.fineness = if fine { 0 } else { u8::try_from(step).unwrap_or(u8::MAX) };
        if self.count == 0 {
            (self.born, self.heard) = (sample.at, sample.at);
        }
        if sample.at < self.heard {
            return false;
        }
        let day = u16::try_from((sample.at - self.born) / DAY).unwrap_or(u16::MAX);
        let closed = day > self.day && !self.today.is_empty();
        if closed {
            self.close();
        }
        self.day = day;
        self.heard = sample.at;
        self.count = self.count.saturating_add(1);
        self.note(level, sample);
        closed
    }

    /// The gauge's step in per cent: told, or learned from what it has shown.
    fn step_of(&self, about: &About) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let told = about.quantum.map(|q| q as u32);
        told.unwrap_or(if self.step <= 50 { self.step } else { 1 }).clamp(1, 50)
    }

    fn note(&mut self, level: i32, sample: &Sample) {
        match self.today.binary_search_by_key(&level, |(l, _)| *l) {
            Ok(found) => self.today[found].1 = self.today[found].1.saturating_add(1),
            Err(place) => self.today.insert(place, (level, 1)),
        }
        if self.today.len() > DISTINCT_MAX {
            merge_nearest(&mut self.today);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        if let Some(mv) = sample.millivolts {
            self.millivolts = Some(mv as u16);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a temperature")]
        if let Some(t) = sample.temperature_c.filter(|t| t.is_finite() && (-60.0..=90.0).contains(t)) {
            self.heat = (self.heat.0 + t as f32, self.heat.1.saturating_add(1));
        }
    }

    /// Closes the open day: its median joins the smoothing, and knots may have been passed in its middle.
    fn close(&mut self) {
        let median = median(&self.today);
        if self.days.len() == DAYS_SHOWN_MAX {
            self.days.remove(0);
        }
        let count = self.today.iter().fold(0_u16, |n, (_, c)| n.saturating_add(*c));
        let ends = (self.today.first(), self.today.last());
        let (low, high) = (ends.0.map_or(median, |e| e.0), ends.1.map_or(median, |e| e.0));
        #[expect(clippy::cast_possible_truncation, reason = "a temperature")]
        let temperature = (self.heat.1 > 0).then(|| (self.heat.0 * 10.0 / f32::from(self.heat.1)) as i16);
        self.days.push(DayRow {
            day: self.day,
            count,
            levels: [low, median, high],
            millivolts: self.millivolts,
            temperature,
        });
        self.today.clear();
        self.heat = (0.0, 0);
        self.millivolts = None;
        self.smooth(median);
    }

    fn smooth(&mut self, median: i32) {
        if self.medians.len() == DAYS_AVERAGED {
            self.medians.remove(0);
        }
        self.medians.push(median);
        if self.start.1 < 3 {
            self.start = (self.start.0 + median, self.start.1 + 1);
        }
        let level = self.level().expect("a median was just added");
        let middle = u16::try_from(i64::from(self.day) * 24 + 12).unwrap_or(NEVER - 1).min(NEVER - 1);
        let nothing = i32::from(self.fineness) * 5;
        let now = self.middle_of_last(DAYS_MIDDLE).expect("a median was just added");
        if (1..=EMPTY_STEP_MAX).contains(&self.fineness) && now <= nothing {
            self.empty.get_or_insert(middle);
        } else {
            self.empty = None;
        }
        while self.passed.len() < KNOTS_LEN && level <= KNOTS[self.passed.len()] {
            self.passed.push(middle);
        }
    }

    /// The smoothed level of the last days, tenths of a per cent.
    pub fn level(&self) -> Option<i32> {
        if self.fineness <= FINE_MAX { self.average() } else { self.middle_of_last(DAYS_MIDDLE) }
    }

    /// The mean of the last days without the farthest ones.
    fn average(&self) -> Option<i32> {
        let mut sorted = self.medians.clone();
        sorted.sort_unstable();
        let left_out = match sorted.len() {
            0..=2 => 0,
            3..=5 => 1,
            _ => 2,
        };
        let kept = &sorted[left_out..sorted.len() - left_out];
        let count = i32::try_from(kept.len()).expect("a week");
        (count > 0).then(|| kept.iter().sum::<i32>().div_euclid(count))
    }

    fn middle_of_last(&self, days: usize) -> Option<i32> {
        let mut sorted = self.medians[self.medians.len().saturating_sub(days)..].to_vec();
        sorted.sort_unstable();
        let n = sorted.len();
        (n > 0).then(|| if n % 2 == 1 { sorted[n / 2] } else { i32::midpoint(sorted[n / 2 - 1], sorted[n / 2]) })
    }

    /// Its level in the first days, tenths of a per cent.
    pub fn start(&self) -> i32 {
        if self.start.1 == 0 { 0 } else { (self.start.0 / i32::from(self.start.1)).clamp(0, KNOTS[0]) }
    }

    /// Whether it has been watched long enough, and fallen far enough, to have a pace of its own.
    pub fn has_pace(&self) -> bool {
        let watched = i64::from(self.day) >= PACE_DAYS;
        watched && self.level().is_some_and(|level| self.start() - level >= PACE_TENTHS)
    }

    /// Whether a fine gauge shows nothing left.
    pub fn is_empty(&self) -> bool {
        self.empty.is_some()
    }

    /// Hours since its first reading.
    pub fn hours(&self, at: Timestamp) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "hours of a battery")]
        let hours = (at - self.born).max(0) as f64 / HOUR as f64;
        hours
    }

    /// What it was, now that it is over: died there, or taken out while it worked. None where too little was seen.
    pub fn finish(&self, died: bool) -> Option<Life> {
        let heard = u16::try_from((self.heard - self.born) / HOUR).unwrap_or(NEVER - 1);
        let (hours, died) = self.empty_at().filter(|empty| *empty < heard).map_or((heard, died), |empty| (empty, true));
        let passed: Vec<u16> = self.passed.iter().map(|h| (*h).min(hours)).collect();
        (!passed.is_empty()).then(|| Life { hours, died, start: self.start(), step: self.fineness, passed })
    }

    /// Hours until its gauge truly showed nothing left: a fine one's word. A coarse one that shows 0 has half a step left,
    /// which lasts half as long as the step before at most.
    fn empty_at(&self) -> Option<u16> {
        if self.empty.is_some() || self.fineness <= FINE_MAX {
            return self.empty;
        }
        let half = i32::from(self.fineness) * 5;
        let at = |level: i32| KNOTS.iter().rposition(|k| *k >= level).and_then(|knot| self.passed.get(knot)).copied();
        let (before, zero) = (at(3 * half)?, at(half)?);
        let step = zero.saturating_sub(before);
        Some(zero.saturating_add(step / 2)).filter(|_| step > 0)
    }

    /// The mean time between its readings, ms.
    pub fn rhythm_ms(&self) -> i64 {
        (self.heard - self.born) / i64::from(self.count.saturating_sub(1).max(1))
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn median(counted: &[(i32, u16)]) -> i32 {
    let total: u32 = counted.iter().map(|(_, n)| u32::from(*n)).sum();
    let mut seen = 0;
    for (place, (level, n)) in counted.iter().enumerate() {
        seen += u32::from(*n);
        if seen * 2 == total {
            return counted.get(place + 1).map_or(*level, |next| i32::midpoint(*level, next.0));
        }
        if seen * 2 > total {
            return *level;
        }
    }
    0
}

/// Two neighbours become one, at the level of the one told more often.
fn merge_nearest(counted: &mut Vec<(i32, u16)>) {
    let nearest = (1..counted.len()).min_by_key(|i| counted[*i].0 - counted[i - 1].0);
    if let Some(i) = nearest {
        let (gone, n) = counted.remove(i);
        let kept = &mut counted[i - 1];
        if n > kept.1 {
            kept.0 = gone;
        }
        kept.1 = kept.1.saturating_add(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A battery whose gauge of 20 % steps showed each of these for so many days.
    fn shown(levels: &[(f64, i64)]) -> Track {
        let about = About { quantum: Some(20.0), ..About::UNKNOWN };
        let days =
            levels.iter().flat_map(|(level, days)| std::iter::repeat_n(*level, usize::try_from(*days).expect("days")));
        let mut track = Track::default();
        for (day, level) in (0..).zip(days) {
            track.hear(&Sample { at: Timestamp(day * DAY), percent: Some(level), ..Sample::default() }, &about);
        }
        track
    }

    #[test]
    fn a_coarse_zero_is_half_a_step_and_what_lives_on_much_longer_tells_nothing_more() {
        let up_to_zero = [(100.0, 10), (80.0, 20), (60.0, 20), (40.0, 20), (20.0, 20)];
        let hours = |days_at_zero| {
            let life = shown(&[&up_to_zero[..], &[(0.0, days_at_zero)]].concat()).finish(false).expect("a life");
            (i64::from(life.hours) / 24, life.died)
        };
        assert_eq!(hours(8), (97, false), "taken out while half a step may have been left");
        assert_eq!(hours(14), (101, true), "half the twenty days of the step before");
        assert_eq!(hours(60), (101, true), "a gauge at nothing for two months");
    }
}
