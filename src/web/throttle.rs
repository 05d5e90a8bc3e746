//! How often somebody may fail to sign in: by name and address together, by address, by name; and how often somebody may say
//! something on their page: by name alone, since a house shares an address. Time is passed in.
//!
//! Only the connection's own address counts; a header can say anything. Behind a proxy all share one address, hence its
//! wider limit. In memory: a restart forgets, an attacker cannot cause one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use crate::model::time::MINUTE;
use crate::model::{Millis, Timestamp};

/// Failures are counted for so long from the first one.
const WINDOW_MS: Millis = 15 * MINUTE;
/// Failures of one name from one address.
const BOTH_MAX: u32 = 5;
/// Failures from one address, and of one name.
const ONE_MAX: u32 = 50;
/// What one person says on their page.
const SAID_MAX: u32 = 20;
/// Names and addresses that are remembered; while it is full, nobody new may try.
const KEYS_MAX: usize = 30_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Both(String, IpAddr),
    Address(IpAddr),
    Name(String),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    until: Timestamp,
}

/// Who failed, or said something, how often.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<Key, Failures>>);

impl Throttle {
    /// Counts an attempt as failed, until [`Throttle::succeeded`]: many at once are no way around. An attempt too many is
    /// refused with how long to wait.
    pub fn begin(&self, name: &str, address: IpAddr, now: Timestamp) -> Result<(), Millis> {
        self.count(&keys(name, address), now)
    }

    /// Counts something that was said, unless it is too much; then how long to wait.
    pub fn says(&self, name: &str, now: Timestamp) -> Result<(), Millis> {
        self.count(&[(Key::Name(name.to_owned()), SAID_MAX)], now)
    }

    fn count(&self, keys: &[(Key, u32)], now: Timestamp) -> Result<(), Millis> {
        let mut known = self.0.lock().expect("no one panics while holding it");
        if known.len() + keys.len() > KEYS_MAX {
            known.retain(|_, f| f.until > now);
        }
        if known.len() + keys.len() > KEYS_MAX {
            return Err(WINDOW_MS);
        }
        let full = |(key, most): &(Key, u32)| known.get(key).filter(|f| f.until > now && f.count >= *most).copied();
        if let Some(until) = keys.iter().filter_map(full).map(|f| f.until).max() {
            return Err(until - now);
        }
        for (key, _) in keys {
            let failures = known.entry(key.clone()).or_insert(Failures { count: 0, until: now + WINDOW_MS });
            if failures.until <= now {
                *failures = Failures { count: 0, until: now + WINDOW_MS };
            }
            failures.count += 1;
        }
        Ok(())
    }

    /// The attempt was none: the name starts anew from this address.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        let mut known = self.0.lock().expect("no one panics while holding it");
        for (key, most) in keys(name, address) {
            if most == BOTH_MAX {
                known.remove(&key);
            } else if let Some(failures) = known.get_mut(&key) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
    }
}

fn keys(name: &str, address: IpAddr) -> [(Key, u32); 3] {
    let address = network(address);
    [
        (Key::Both(name.to_owned(), address), BOTH_MAX),
        (Key::Address(address), ONE_MAX),
        (Key::Name(name.to_owned()), ONE_MAX),
    ]
}

/// A customer has a whole /64 of IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn five_failures_of_a_name_from_an_address_and_then_a_wait() {
        let throttle = Throttle::default();
        let at = |name: &str, from: &str, now| throttle.begin(name, address(from), now);
        for _ in 0..BOTH_MAX {
            assert_eq!(at("ann", "192.0.2.1", NOW), Ok(()));
        }
        assert_eq!(at("ann", "192.0.2.1", NOW + MINUTE), Err(WINDOW_MS - MINUTE));
        assert_eq!(at("ann", "::ffff:192.0.2.1", NOW), Err(WINDOW_MS), "the same address in other words");
        assert_eq!((at("bob", "192.0.2.1", NOW), at("ann", "192.0.2.2", NOW)), (Ok(()), Ok(())));
        assert_eq!(at("ann", "192.0.2.1", NOW + WINDOW_MS), Ok(()), "over");
    }

    #[test]
    fn who_signs_in_starts_anew() {
        let throttle = Throttle::default();
        for _ in 0..200 {
            assert_eq!(throttle.begin("ann", address("192.0.2.1"), NOW), Ok(()));
            throttle.succeeded("ann", address("192.0.2.1"));
        }
    }

    #[test]
    fn one_address_and_one_name_have_a_limit_of_their_own() {
        let throttle = Throttle::default();
        let names = (0..100).filter(|n| throttle.begin(&n.to_string(), address("2001:db8::1"), NOW).is_ok());
        assert_eq!(names.count(), ONE_MAX as usize);
        let same_network = throttle.begin("new", address("2001:db8::ffff"), NOW);
        assert_eq!(same_network, Err(WINDOW_MS));
        let addresses = (0..100).filter(|n| throttle.begin("ann", address(&format!("192.0.2.{n}")), NOW).is_ok());
        assert_eq!(addresses.count(), ONE_MAX as usize);
    }

    #[test]
    fn so_much_is_said_in_a_quarter_of_an_hour_and_no_more() {
        let throttle = Throttle::default();
        let said = |name: &str, now| throttle.says(name, now);
        assert_eq!((0..100).filter(|_| said("t-1", NOW).is_ok()).count(), SAID_MAX as usize);
        assert_eq!((said("t-1", NOW + MINUTE), said("t-2", NOW)), (Err(WINDOW_MS - MINUTE), Ok(())));
        assert_eq!(said("t-1", NOW + WINDOW_MS), Ok(()), "over");
    }

    #[test]
    fn memory_is_bounded_and_what_is_over_makes_room() {
        let throttle = Throttle::default();
        let from = |n: u32| IpAddr::from(std::net::Ipv4Addr::from(n << 8));
        let taken = (0..20_000).filter(|n| throttle.begin(&n.to_string(), from(*n), NOW).is_ok()).count();
        assert!(taken < 20_000 && throttle.0.lock().expect("sound").len() <= KEYS_MAX, "{taken}");
        assert_eq!(throttle.begin("late", address("192.0.2.1"), NOW + WINDOW_MS), Ok(()));
    }
}
