//! The hour on the wall of the building: Asia/Shanghai, +08:00 all year (no daylight saving since 1991).
//! Must never read a clock; times come in as UTC.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};

/// IANA name of the zone the building stands in.
pub const ZONE: &str = "Asia/Shanghai";
const OFFSET_SECONDS: i32 = 8 * 3600;

fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(OFFSET_SECONDS).expect("eight hours are a valid offset");
    at.with_timezone(&zone)
}

/// Local hour of the day with its fraction, `0.0..24.0`.
pub(crate) fn hour(at: DateTime<Utc>) -> f64 {
    f64::from(local(at).time().num_seconds_from_midnight()) / 3600.0
}

pub(crate) fn date(at: DateTime<Utc>) -> NaiveDate {
    local(at).date_naive()
}

/// Year and month of the local calendar, for caps that count by the month.
pub(crate) fn month(at: DateTime<Utc>) -> (i32, u32) {
    let date = date(at);
    (date.year(), date.month())
}

/// Whether routine messages may reach a person: 08:00 to 21:00 local.
pub(crate) fn is_day(at: DateTime<Utc>) -> bool {
    (8.0..21.0).contains(&hour(at))
}

/// `at` itself when people are up (08:00–22:00), else the next morning at eight.
pub(crate) fn next_waking(at: DateTime<Utc>) -> DateTime<Utc> {
    let hour = hour(at);
    let wait = if hour < 8.0 {
        8.0 - hour
    } else if hour < 22.0 {
        0.0
    } else {
        32.0 - hour
    };
    at + TimeDelta::seconds((wait * 3600.0) as i64)
}

/// Air at a front door in °C: the season and the time of day, without noise.
pub(crate) fn temperature_c(at: DateTime<Utc>) -> f64 {
    let season = (f64::from(local(at).ordinal()) - 15.0) / 365.0 * std::f64::consts::TAU;
    let day = (hour(at) - 15.0) / 24.0 * std::f64::consts::TAU;
    17.0 - 9.0 * season.cos() + 3.0 * day.cos()
}
