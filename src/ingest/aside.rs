//! Formats of the operator's own that run out of their steps again and again: each such message costs as much as ten
//! thousand others, and all that wait behind it. They are set aside for a time that grows, and tried again.
//!
//! While a format is set aside its messages are rejected unread: kept, counted and told like any other. Time is passed in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::warn;

use super::Ingest;
use crate::decode::{Decoded, FORMAT_LIMIT, Rejection, decode_at};
use crate::model::time::{HOUR, MINUTE};
use crate::model::{Millis, Timestamp};

/// Messages in a row that ran out of steps before a format is set aside.
const IN_A_ROW: u32 = 5;
/// How long it is set aside at first; the next message behind that time doubles it, if it runs out of steps too.
const FIRST_MS: Millis = MINUTE;
/// The longest that it is set aside.
const LONGEST_MS: Millis = HOUR;

/// Which formats are set aside, by name.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<HashMap<&'static str, Record>>);

#[derive(Clone, Copy, Debug)]
struct Record {
    in_a_row: u32,
    wait_ms: Millis,
    until: Timestamp,
}

impl Ingest {
    /// Decodes, unless the format is one of the operator's own that is set aside.
    pub(super) fn decode(&self, topic: &str, payload: &[u8], now: Timestamp) -> Result<Decoded, Rejection> {
        let Some(own) = self.routes.own_format(topic) else {
            return decode_at(topic, payload, Some(now), &self.routes);
        };
        if let Some(until) = self.aside.until(own, now) {
            return Err(Rejection::set_aside(own, until));
        }
        let decoded = decode_at(topic, payload, Some(now), &self.routes);
        let wrong = decoded.as_ref().map_or_else(Some, |decoded| decoded.wrong.as_ref());
        let until = self.aside.note(own, wrong.is_some_and(|wrong| wrong.code == FORMAT_LIMIT), now);
        self.metrics.formats_set_aside.set(own, i64::from(until.is_some()));
        if let Some(until) = until {
            warn!(format = own, until = until.to_rfc3339(), "ingest.format_set_aside");
        }
        decoded
    }
}

impl Aside {
    fn records(&self) -> MutexGuard<'_, HashMap<&'static str, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when the format's messages are not read.
    fn until(&self, format: &str, now: Timestamp) -> Option<Timestamp> {
        self.records().get(format).map(|record| record.until).filter(|until| now < *until)
    }

    /// Notes whether a message ran out of steps; the time until which its format is set aside from now on.
    fn note(&self, format: &'static str, ran_out: bool, now: Timestamp) -> Option<Timestamp> {
        let mut records = self.records();
        if !ran_out {
            records.remove(format);
            return None;
        }
        let record = records.entry(format).or_insert(Record { in_a_row: 0, wait_ms: FIRST_MS, until: now });
        record.in_a_row += 1;
        if record.in_a_row < IN_A_ROW {
            return None;
        }
        record.until = now + record.wait_ms;
        record.wait_ms = (record.wait_ms * 2).min(LONGEST_MS);
        Some(record.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_set_aside_for_a_time_that_grows_and_one_good_message_forgives_it() {
        let aside = Aside::default();
        let at = |minutes: i64| Timestamp(minutes * MINUTE);
        let run_out = |minutes| aside.note("acme", true, at(minutes)).map(|until| until.0 / MINUTE);
        assert_eq!([0, 0, 0, 0, 0].map(run_out), [None, None, None, None, Some(1)]);
        assert_eq!((aside.until("acme", at(0)), aside.until("acme", at(1))), (Some(at(1)), None));
        assert_eq!(aside.until("other", at(0)), None);
        assert_eq!([1, 3, 7, 15, 31, 63].map(run_out), [Some(3), Some(7), Some(15), Some(31), Some(63), Some(123)]);
        assert_eq!(run_out(123), Some(183), "never longer than an hour");
        assert_eq!(aside.note("acme", false, at(183)), None);
        assert_eq!(run_out(183), None, "forgiven: it counts from the start");
    }

    #[test]
    fn messages_in_between_that_are_read_keep_a_format() {
        let aside = Aside::default();
        for _ in 0..20 {
            assert_eq!(aside.note("acme", true, Timestamp(0)), None);
            assert_eq!(aside.note("acme", false, Timestamp(0)), None);
        }
    }
}
