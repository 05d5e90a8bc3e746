//! Fields whose value none can be, in messages that are good otherwise: all are counted; the list of rejected messages
//! shows one of each topic an hour, since a device that errs does so in every message.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::decode::allowed;
use crate::model::time::HOUR;
use crate::model::{Millis, Timestamp};

/// Between two that are shown of one topic.
const SHOWN_EVERY_MS: Millis = HOUR;
/// Topics that are remembered; when there are more, all are forgotten and shown once more.
const TOPICS_MAX: usize = 4_096;

/// When a topic's misfits were shown last, by the topic's fingerprint.
#[derive(Debug, Default)]
pub(super) struct Misfits(Mutex<HashMap<u64, Timestamp>>);

impl Misfits {
    /// Whether this one is shown.
    pub(super) fn shows(&self, topic: u64, now: Timestamp) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.get(&topic).is_some_and(|at| now < *at + SHOWN_EVERY_MS) {
            return false;
        }
        if shown.len() >= TOPICS_MAX {
            shown.clear();
        }
        shown.insert(topic, now);
        true
    }
}

/// What was expected, in words.
pub(super) fn expected(kinds: &[&'static str]) -> String {
    let each: Vec<_> = kinds.iter().map(|kind| format!("{kind} is {}", allowed(kind))).collect();
    format!("{}; what the message has there was left out, the rest counts", each.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_shown_once_an_hour_and_many_topics_are_bounded() {
        let misfits = Misfits::default();
        let shows = |topic, minutes: i64| misfits.shows(topic, Timestamp(minutes * 60_000));
        assert_eq!([shows(1, 0), shows(1, 59), shows(2, 59), shows(1, 60)], [true, false, true, true]);
        for topic in 0..20_000 {
            shows(topic, 60);
        }
        assert!(misfits.0.lock().expect("sound").len() <= TOPICS_MAX);
    }
}
