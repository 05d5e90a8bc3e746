//! A battery's outlook: its track day by day, the forecast made from it, and what its predecessors taught. Decides when
//! a forecast is reason to speak; knows nothing of tickets, and never proves a replacement itself.

use serde::{Deserialize, Serialize};

use super::sample::{About, Sample};
use crate::decide::forecast::{Fleet, Life, Track, Tuning, forecast, is_known};
use crate::model::time::{DAY, HOUR};
use crate::model::{Forecast, Millis, Timestamp};

/// Earlier batteries of the device that are remembered.
const OWN_MAX: usize = 6;
/// A battery that was watched for less is judged by its level alone: two weeks show whether it keeps its kind's pace.
const WATCHED_MS: Millis = 14 * DAY;
/// A forecast must say it on so many days running.
const DAYS_RUNNING: u8 = 2;
/// A battery that fell silent for this long before its successor came had died; shorter is an exchange.
const DIED_SILENT_MS: Millis = 30 * HOUR;
/// … and for so many times its own rhythm.
const DIED_SILENT_RHYTHMS: i64 = 3;
/// By age alone a battery is old this long before a quarter of its kind had ended.
const OLD_AHEAD_MS: Millis = 14 * DAY;
/// The reminder comes when the end is this near.
const NEAR_END_MS: Millis = 5 * DAY;

/// What is expected of a device's battery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outlook {
    /// The battery in service.
    pub track: Track,
    /// What may be its successor, while a replacement is under proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Box<Track>>,
    /// How earlier batteries of this device lived, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<Life>,
    /// The forecast of the last closed day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// Days running on which the end was near enough to speak.
    days: u8,
}

impl Outlook {
    /// Takes in a sample; true when it began a new day, for which there is a new forecast.
    pub fn hear(&mut self, sample: &Sample, rising: bool, about: &About, fleet: &Fleet) -> bool {
        if rising {
            self.next.get_or_insert_default().hear(sample, about);
            return false;
        }
        if !self.track.hear(sample, about) {
            return false;
        }
        let tuning = Tuning::default();
        self.forecast = forecast(&self.track, about, &self.own, fleet, sample.at, &tuning);
        let near = self.forecast.as_ref().is_some_and(|f| f.soon >= tuning.chance && f.sooner >= tuning.chance_sooner);
        self.days = if near { self.days.saturating_add(1) } else { 0 };
        true
    }

    /// Whether enough is known of such batteries, and this one was watched for long enough, for forecasts to decide.
    pub fn decides(&self, about: &About, fleet: &Fleet) -> bool {
        self.track.heard - self.track.born >= WATCHED_MS && is_known(about, &self.own, fleet, &self.track)
    }

    /// Whether it is nearly as old as others of its model, or the device's own, were when they ended.
    pub fn is_old(&self, at: Timestamp, about: &About, fleet: &Fleet) -> bool {
        let age = at - self.track.born;
        fleet.age_of_ends(about, &self.own).is_some_and(|ends| age >= (ends - OLD_AHEAD_MS).max(ends / 2))
    }

    /// The end was near on two days running.
    pub fn is_low(&self) -> bool {
        self.days >= DAYS_RUNNING
    }

    /// When it will be empty, if that is near enough for the one reminder.
    pub fn near_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.forecast.as_ref().map(|f| f.empty_at).filter(|at| *at <= now + NEAR_END_MS)
    }

    /// The battery was replaced: its life is over, its successor's has begun.
    pub fn replaced(&mut self, seen_at: Timestamp, dead: bool) {
        let silent = seen_at - self.track.heard;
        let died = dead || silent > DIED_SILENT_MS.max(self.track.rhythm_ms() * DIED_SILENT_RHYTHMS);
        if let Some(life) = self.track.finish(died) {
            if self.own.len() == OWN_MAX {
                self.own.remove(0);
            }
            self.own.push(life);
        }
        self.track = self.next.take().map_or_else(Track::default, |next| *next);
        self.forecast = None;
        self.days = 0;
    }

    /// It was no replacement.
    pub fn refuted(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::forecast::{FinishedLife, NO_FLEET};

    fn cliffhanger() -> About {
        About { model: Some("Cliffhanger".to_owned()), ..About::UNKNOWN }
    }

    /// The level of a battery that falls silent at 60 % after so many days.
    fn told(day: i64, days: i64) -> Sample {
        let percent = Some((100.0 - 40.0 * day as f64 / days as f64).round());
        Sample { at: Timestamp(day * DAY), percent, ..Sample::default() }
    }

    fn fleet(lives: &[i64]) -> Fleet {
        let mut fleet = Fleet::new();
        for days in lives {
            let mut track = Track::default();
            (0..=*days).for_each(|day| _ = track.hear(&told(day, *days), &cliffhanger()));
            let life = track.finish(true).expect("a life");
            fleet.learn(FinishedLife { device: "lock1".into(), model: "Cliffhanger".to_owned(), life });
        }
        fleet
    }

    /// How many days before its end it is spoken of, if ever.
    fn days_ahead(fleet: &Fleet, days: i64) -> Option<i64> {
        let mut outlook = Outlook::default();
        let speaks = |day: &i64| {
            outlook.hear(&told(*day, days), false, &cliffhanger(), fleet);
            outlook.is_low() && outlook.decides(&cliffhanger(), fleet)
        };
        (0..=days).find(speaks).map(|day| days - day)
    }

    #[test]
    fn a_model_that_dies_at_sixty_percent_is_known_for_it_after_three_in_other_devices() {
        let three = fleet(&[110, 120, 130]);
        for days in [105, 120, 140] {
            let ahead = days_ahead(&three, days);
            assert!(ahead.is_some_and(|ahead| (7..=30).contains(&ahead)), "{days} days: {ahead:?}");
        }
        assert_eq!(days_ahead(&fleet(&[110, 120]), 120), None, "two may be chance");
        assert_eq!(days_ahead(&NO_FLEET, 120), None, "its first never shows less than 60 %");
    }
}
