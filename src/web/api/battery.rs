//! A battery's last days and its forecast, as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use crate::decide::forecast::{DayRow, Track};
use crate::model;
use crate::model::Timestamp;
use crate::model::time::DAY;

/// One day of a battery.
#[derive(Debug, Serialize, ToSchema)]
pub struct Day {
    /// When it began: days are counted from the battery's first reading.
    from: Time,
    /// Readings with a level.
    count: u16,
    /// Lowest level, per cent: a voltage may tell more than the gauge's 100.
    min: f64,
    /// Middle level.
    median: f64,
    /// Highest level.
    max: f64,
    /// Last voltage, mV.
    #[schema(required)]
    millivolts: Option<u16>,
    /// Mean temperature, °C.
    #[schema(required)]
    temperature_c: Option<f64>,
}

/// When a battery is expected to be empty, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forecast {
    /// When this was found.
    at: Time,
    /// The middle of what is thought possible.
    empty_at: Time,
    /// One in ten ends before.
    earliest: Time,
    /// One in ten ends after.
    latest: Time,
    /// The chance to be empty within three weeks, 0–1.
    soon: f64,
    /// What it rests on.
    because: Because,
}

/// What a forecast rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Because {
    /// The level of the last days, per cent.
    level: f64,
    /// Percentage points a day over the recent descent; null before there is one.
    #[schema(required)]
    per_day: Option<f64>,
    /// Days since it first stood at this level.
    days_here: f64,
    /// Where the most alike batteries ended, per cent.
    ends_at: f64,
    /// Finished batteries of this device that were asked.
    own: u16,
    /// Of the operator's other devices of the model.
    fleet: u16,
    /// Of the built-in table.
    factory: u16,
}

/// The last days of the battery in service, oldest first.
pub(super) fn days(track: &Track) -> Vec<Day> {
    track.days.iter().map(|row| Day::from(track.born, row)).collect()
}

impl Day {
    fn from(born: Timestamp, row: &DayRow) -> Self {
        let [min, median, max] = row.levels.map(|tenths| f64::from(tenths) / 10.0);
        Self {
            from: (born + i64::from(row.day) * DAY).into(),
            count: row.count,
            min,
            median,
            max,
            millivolts: row.millivolts,
            temperature_c: row.temperature.map(|tenths| f64::from(tenths) / 10.0),
        }
    }
}

impl From<model::Forecast> for Forecast {
    fn from(f: model::Forecast) -> Self {
        let model::Because { level, per_day, days_here, ends_at, lives: [own, fleet, factory] } = f.because;
        Self {
            at: f.at.into(),
            empty_at: f.empty_at.into(),
            earliest: f.earliest.into(),
            latest: f.latest.into(),
            soon: f.soon,
            because: Because { level, per_day, days_here, ends_at, own, fleet, factory },
        }
    }
}
