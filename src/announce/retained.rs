//! What the broker retains of ours, as far as it told us: so that only changes are published, and what is over is cleared.
//!
//! The broker is the memory: with each connection it sends what it has, a restart of ours forgets nothing.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard};

/// Topics remembered; beyond, changes are still published, but leftovers are not found.
const TOPICS_MAX: usize = 200_000;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Retained {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Content and the last sweep that wanted it, by topic.
    topics: HashMap<String, (u64, u64)>,
    sweep: u64,
}

impl Retained {
    /// A new connection: nothing is known yet.
    pub fn forget(&self) {
        self.lock().topics.clear();
    }

    /// Everything is to be said anew.
    pub fn doubt(&self) {
        self.lock().topics.values_mut().for_each(|held| held.0 = 0);
    }

    /// The broker has this.
    pub fn heard(&self, topic: &str, payload: &[u8]) {
        let mut inner = self.lock();
        if payload.is_empty() {
            inner.topics.remove(topic);
        } else if inner.topics.len() < TOPICS_MAX {
            // It may have come after this sweep looked for what should be there: the next one judges it.
            let sweep = inner.sweep;
            inner.topics.insert(topic.to_owned(), (hash(payload), sweep));
        }
    }

    /// A sweep begins.
    pub fn begin(&self) {
        self.lock().sweep += 1;
    }

    /// This should be there; whether it must be published.
    pub fn want(&self, topic: &str, payload: &[u8]) -> bool {
        let mut inner = self.lock();
        let held = (hash(payload), inner.sweep);
        if inner.topics.len() >= TOPICS_MAX && !inner.topics.contains_key(topic) {
            return true;
        }
        inner.topics.insert(topic.to_owned(), held).is_none_or(|before| before.0 != held.0)
    }

    /// This should be there, and somebody else sees to it.
    pub fn keep(&self, topic: &str) {
        let mut inner = self.lock();
        let sweep = inner.sweep;
        if let Some(held) = inner.topics.get_mut(topic) {
            held.1 = sweep;
        }
    }

    /// What this sweep did not want; forgotten, because it is cleared now.
    pub fn leftovers(&self) -> Vec<String> {
        let mut inner = self.lock();
        let sweep = inner.sweep;
        let over: Vec<String> =
            inner.topics.iter().filter(|(_, held)| held.1 < sweep).map(|(t, _)| t.clone()).collect();
        inner.topics.retain(|_, held| held.1 >= sweep);
        over
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no one panics while holding it")
    }
}

fn hash(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    // 0 is what nobody has said.
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_published_and_only_what_is_over_is_cleared() {
        let retained = Retained::default();
        retained.heard("old", b"1");
        retained.heard("same", b"1");
        retained.heard("kept", b"1");
        retained.begin();
        assert!(!retained.want("same", b"1") && retained.want("new", b"1"));
        retained.keep("kept");
        retained.heard("late", b"1");
        assert_eq!(retained.leftovers(), ["old"]);
        retained.begin();
        assert!(retained.want("same", b"2") && !retained.want("new", b"1"));
        retained.doubt();
        assert!(retained.want("same", b"2"), "said anew");
        retained.heard("late", b"");
        assert_eq!(retained.leftovers(), ["kept"]);
    }
}
