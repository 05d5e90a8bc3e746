//! Who came with many others: what is found of such devices in their first days was so before, and is no news.

use std::collections::{HashMap, HashSet};

use super::batch::{Batch, Task};
use crate::decide::DeviceState;
use crate::model::time::HOUR;
use crate::model::{DeviceKey, Finding, Timestamp};
use crate::store::{StoreError, Tx};

/// Whether a device that speaks now was never heard before as a registered one.
pub(super) fn is_new(state: &DeviceState) -> bool {
    state.presence.since.is_none()
}

impl Batch<'_> {
    /// Of the devices that something is found of: those that came lately with many others and were so then.
    pub(super) async fn newcomers(&self, tx: &mut Tx, tasks: &[Task<'_>]) -> Result<HashSet<DeviceKey>, StoreError> {
        let asked: Vec<(&str, Option<Timestamp>)> = tasks.iter().filter_map(|task| self.was_so(task)).collect();
        if asked.is_empty() {
            return Ok(HashSet::new());
        }
        let keys: Vec<&str> = asked.iter().map(|(key, _)| *key).collect();
        let sweep = &self.house.policy.sweep;
        let mut with_many: HashMap<i64, bool> = HashMap::new();
        let mut found = HashSet::new();
        for (key, came_at) in tx.newcomers(&keys, self.now - sweep.hold_for.0).await? {
            if asked.iter().any(|(asked, spoke)| *asked == key.as_str() && spoke.is_some_and(|at| at > came_at)) {
                continue;
            }
            let hour = came_at.0.div_euclid(HOUR);
            let many = match with_many.get(&hour) {
                Some(many) => *many,
                None => {
                    let (from, to) = (came_at - sweep.within.0, came_at + sweep.within.0);
                    let least = i64::from(sweep.devices_min);
                    let many = tx.count_newcomers(from, to, least).await? >= least;
                    with_many.insert(hour, many);
                    many
                }
            };
            if many {
                found.insert(key);
            }
        }
        Ok(found)
    }

    /// The device of a finding that may have been so when it came; of a silence with its last word: one that has spoken
    /// since it came was not silent then.
    fn was_so<'t>(&self, task: &'t Task<'_>) -> Option<(&'t str, Option<Timestamp>)> {
        let Task::Found(key, finding) = task else { return None };
        match finding {
            Finding::BatteryLow { .. } => {
                let low = self.states.get(key).is_some_and(|(state, _)| state.battery.found_low);
                low.then_some((key.as_str(), None))
            }
            Finding::Silent { since, .. } => Some((key.as_str(), Some(*since))),
            _ => None,
        }
    }
}
