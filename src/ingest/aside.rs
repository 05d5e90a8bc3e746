//! Topics whose messages make a format of the operator's own run out of its steps again and again: each such message costs
//! as much as thousands of others, and all that wait behind it. They are set aside for a time that grows, and tried again.
//!
//! By topic, so that no other device of the format loses a word. Meanwhile the topic's messages are rejected unread: kept,
//! counted and told like any other. Time is passed in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::warn;

use super::{Ingest, fingerprint};
use crate::decode::{Decoded, FORMAT_LIMIT, Rejection, decode_at};
use crate::model::time::{MINUTE, SECOND};
use crate::model::{Millis, Timestamp};

/// Messages in a row that ran out of steps before their topic is set aside.
const IN_A_ROW: u32 = 5;
/// How long it is set aside at first; the next message behind that time doubles it, if it runs out of steps too.
const FIRST_MS: Millis = 10 * SECOND;
/// The longest that it is set aside.
const LONGEST_MS: Millis = 10 * MINUTE;
/// Topics that are remembered; when there are more, all are tried anew.
const TOPICS_MAX: usize = 4_096;

/// Which topics are set aside, by fingerprint.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<HashMap<u64, Record>>);

#[derive(Clone, Copy, Debug)]
struct Record {
    format: &'static str,
    in_a_row: u32,
    wait_ms: Millis,
    until: Timestamp,
}

impl Ingest {
    /// Decodes, unless the message is for a format of the operator's own and its topic is set aside.
    pub(super) fn decode(&self, topic: &str, payload: &[u8], now: Timestamp) -> Result<Decoded, Rejection> {
        let decoded = |now| decode_at(topic, payload, Some(now), &self.routes);
        let Some(format) = self.routes.own_format(topic) else { return decoded(now) };
        let print = fingerprint(topic.as_bytes(), b"");
        if let Some(until) = self.aside.until(print, now) {
            return Err(Rejection::set_aside(format, until));
        }
        let decoded = decoded(now);
        let wrong = decoded.as_ref().map_or_else(Some, |decoded| decoded.wrong.as_ref());
        if wrong.is_some_and(|wrong| wrong.code == FORMAT_LIMIT) {
            if let Some(until) = self.aside.ran_out(format, print, now) {
                warn!(format, until = until.to_rfc3339(), "ingest.topic_set_aside");
            }
        } else if !self.aside.forgive(print) {
            return decoded;
        }
        self.metrics.topics_set_aside.set(format, self.aside.count(format, now));
        decoded
    }
}

impl Aside {
    fn records(&self) -> MutexGuard<'_, HashMap<u64, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when the topic's messages are not read.
    fn until(&self, topic: u64, now: Timestamp) -> Option<Timestamp> {
        self.records().get(&topic).map(|record| record.until).filter(|until| now < *until)
    }

    /// Notes a message that ran out of steps; the time until which its topic is set aside from now on.
    fn ran_out(&self, format: &'static str, topic: u64, now: Timestamp) -> Option<Timestamp> {
        let mut records = self.records();
        if records.len() >= TOPICS_MAX {
            records.clear();
        }
        let record = records.entry(topic).or_insert(Record { format, in_a_row: 0, wait_ms: FIRST_MS, until: now });
        record.in_a_row += 1;
        if record.in_a_row < IN_A_ROW {
            return None;
        }
        record.until = now + record.wait_ms;
        record.wait_ms = (record.wait_ms * 2).min(LONGEST_MS);
        Some(record.until)
    }

    /// Forgets what was held against a topic; whether there was something.
    fn forgive(&self, topic: u64) -> bool {
        self.records().remove(&topic).is_some()
    }

    /// How many topics of a format are set aside.
    fn count(&self, format: &str, now: Timestamp) -> i64 {
        self.records().values().filter(|r| r.format == format && now < r.until).count() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_set_aside_for_a_time_that_grows_and_one_good_message_forgives_it() {
        let aside = Aside::default();
        let at = |seconds: i64| Timestamp(seconds * SECOND);
        let run_out = |seconds| aside.ran_out("acme", 1, at(seconds)).map(|until| until.0 / SECOND);
        assert_eq!([0, 0, 0, 0, 0].map(run_out), [None, None, None, None, Some(10)]);
        assert_eq!((aside.until(1, at(0)), aside.until(1, at(10))), (Some(at(10)), None));
        assert_eq!((aside.until(2, at(0)), aside.count("acme", at(0)), aside.count("acme", at(10))), (None, 1, 0));
        let longer = [10, 30, 70, 150, 310, 630, 1_230].map(run_out);
        assert_eq!(longer, [30, 70, 150, 310, 630, 1_230, 1_830].map(Some), "never longer than ten minutes");
        assert_eq!((aside.forgive(1), aside.forgive(1)), (true, false));
        assert_eq!(run_out(1_830), None, "forgiven: it counts from the start");
    }

    #[test]
    fn messages_in_between_that_are_read_keep_a_topic_and_many_topics_are_bounded() {
        let aside = Aside::default();
        for _ in 0..20 {
            assert_eq!(aside.ran_out("acme", 1, Timestamp(0)), None);
            assert!(aside.forgive(1));
        }
        for topic in 0..20_000 {
            aside.ran_out("acme", topic, Timestamp(0));
        }
        assert!(aside.records().len() <= TOPICS_MAX);
    }
}
