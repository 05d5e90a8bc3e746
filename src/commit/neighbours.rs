//! What the other devices of a unit tell of one: whether its doubted water is true, whether its fresh battery is one that
//! another lost, and whether it is dry enough for a valve to be opened. The rules stand in `detect`; here the states are
//! laid side by side.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::batch::{Batch, Task, read_state};
use crate::decide::{Command, DeviceState, Facts};
use crate::model::{DeviceKey, Finding, UnitId};
use crate::store::{StoreError, Tx};

/// The states of a unit's devices, by key.
type Neighbours = HashMap<UnitId, Vec<(DeviceKey, Box<DeviceState>)>>;

impl Batch<'_> {
    /// Doubted water that a neighbour bears out is a leak now.
    pub(super) async fn confirm(&mut self, tx: &mut Tx, tasks: &mut Vec<Task<'_>>) -> Result<(), StoreError> {
        let doubted: Vec<DeviceKey> = self
            .states
            .iter()
            .filter(|(_, (state, _))| state.leak.doubt.is_some())
            .map(|(key, _)| key.clone())
            .collect();
        let neighbours = self.neighbours(tx, &doubted).await?;
        for key in doubted {
            let unit = self.devices.get(&key).map(|d| d.unit_id.clone()).unwrap_or_default();
            let others = neighbours.get(&unit).map(Vec::as_slice).unwrap_or_default();
            let bears_out = |other: &(DeviceKey, Box<DeviceState>)| {
                let now = self.states.get(&other.0).map_or(&other.1, |(state, _)| state);
                other.0 != key && (now.leak.bears_out() || now.flow.open)
            };
            if others.iter().any(bears_out)
                && let Some((state, _)) = self.states.get_mut(&key)
                && let Some(finding) = state.leak.confirm(self.now)
            {
                tasks.push(Task::Found(key, finding));
            }
        }
        Ok(())
    }

    /// Water by an old word, or one of unknown age, beside water that came lately to its apartment or riser is part of it.
    pub(super) async fn confirm_old(&mut self, tx: &mut Tx, tasks: &mut Vec<Task<'_>>) -> Result<(), StoreError> {
        let unproven = |(key, (state, _)): (&DeviceKey, &(Box<DeviceState>, _))| {
            let unit = self.devices.get(key).filter(|_| state.leak.unproven.is_some()).map(|d| d.unit_id.clone());
            unit.filter(|unit| *unit != UnitId::default()).map(|unit| (key.clone(), unit))
        };
        let since = self.now - self.house.policy.leak.riser_window.0;
        for (key, unit) in self.states.iter().filter_map(unproven).collect::<Vec<_>>() {
            let riser = tx.risers(&[unit.as_str()]).await?;
            let units: BTreeSet<&UnitId> = riser.iter().map(|(_, unit)| unit).chain([&unit]).collect();
            let here = self
                .states
                .iter()
                .filter(|(key, _)| self.devices.get(*key).is_some_and(|d| units.contains(&d.unit_id)));
            let mut fresh = here.into_iter().any(|(_, (state, _))| state.leak.is_fresh(since));
            let names: Vec<&str> = units.iter().map(|unit| unit.as_str()).collect();
            for (_, row) in tx.unit_states(&names).await? {
                fresh |= !self.states.contains_key(&row.key) && read_state(row)?.0.leak.is_fresh(since);
            }
            let state = self.states.get_mut(&key).filter(|_| fresh);
            let finding = state.and_then(|(state, _)| state.leak.confirm(self.now));
            tasks.extend(finding.map(|finding| Task::Found(key, finding)));
        }
        Ok(())
    }

    /// Devices of these tasks whose fresh battery may be the one that their neighbour lost.
    pub(super) async fn swapped(&self, tx: &mut Tx, tasks: &[Task<'_>]) -> Result<HashSet<DeviceKey>, StoreError> {
        let replaced = tasks.iter().filter_map(|task| match task {
            Task::Found(key, Finding::BatteryReplaced { seen_at }) => Some((key, *seen_at)),
            _ => None,
        });
        let replaced: Vec<_> = replaced.collect();
        let keys: Vec<DeviceKey> = replaced.iter().map(|(key, _)| (*key).clone()).collect();
        let neighbours = self.neighbours(tx, &keys).await?;
        let mut swapped = HashSet::new();
        for (key, seen_at) in replaced {
            let (Some(device), Some((own, _))) = (self.devices.get(key), self.states.get(key)) else { continue };
            let others = neighbours.get(&device.unit_id).map(Vec::as_slice).unwrap_or_default();
            let lost = |other: &(DeviceKey, Box<DeviceState>)| {
                let now = self.states.get(&other.0).map_or(&other.1, |(state, _)| state);
                other.0 != *key && own.battery.may_come_from(seen_at, &now.battery)
            };
            if others.iter().any(lost) {
                swapped.insert(key.clone());
            }
        }
        Ok(swapped)
    }

    /// Where water is, of the apartments whose valves are to be opened.
    pub(super) async fn wet_units(
        &self,
        tx: &mut Tx,
        tasks: &[Task<'_>],
        facts: &Facts,
    ) -> Result<HashSet<UnitId>, StoreError> {
        let opened = tasks.iter().filter_map(|task| match task {
            Task::Command(_, id, _, Command::OpenValve { .. }) => facts.tickets.get(*id),
            _ => None,
        });
        let units: BTreeSet<&str> = opened.flat_map(|t| facts.units_of(t)).map(|unit| unit.as_str()).collect();
        let units: Vec<&str> = units.into_iter().collect();
        let mut wet = HashSet::new();
        if !units.is_empty() {
            for (unit, row) in tx.unit_states(&units).await? {
                let key = row.key.clone();
                let stored = read_state(row)?.0;
                let state = self.states.get(&key).map_or(&stored, |(state, _)| state);
                if state.leak.is_wet() || state.flow.open {
                    wet.insert(unit);
                }
            }
        }
        Ok(wet)
    }

    async fn neighbours(&self, tx: &mut Tx, keys: &[DeviceKey]) -> Result<Neighbours, StoreError> {
        let units: BTreeSet<&str> =
            keys.iter().filter_map(|key| self.devices.get(key)).map(|d| d.unit_id.as_str()).collect();
        let mut out = Neighbours::new();
        if !units.is_empty() {
            let units: Vec<&str> = units.into_iter().collect();
            for (unit, row) in tx.unit_states(&units).await? {
                let key = row.key.clone();
                out.entry(unit).or_default().push((key, read_state(row)?.0));
            }
        }
        Ok(out)
    }
}
