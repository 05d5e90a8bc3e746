//! Water: believed at once when wet and fresh, over only after it has stayed dry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Context, Timed};
use crate::model::time::DAY;
use crate::model::{Fact, Finding, Millis, Timestamp};

/// How many probes of one device are told apart; further ones share the last place.
const PROBES_MAX: usize = 16;

/// A probe that was wet within this when its device is registered is wet now: sensors repeat themselves daily.
const UNHEARD_MAX_MS: Millis = DAY;

/// What is known of a device's water probes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeakState {
    /// Per probe: wet or dry, and since which reading.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub probes: BTreeMap<String, Probe>,
    /// A leak is open.
    pub open: bool,
    /// While open: since when all probes are dry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_since: Option<Timestamp>,
}

/// One water probe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Water touches it.
    pub wet: bool,
    /// The time of the reading that said so.
    pub at: Timestamp,
}

impl LeakState {
    pub(super) fn hear(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        self.show(timed, ctx);
        self.conclude(ctx.now, findings);
    }

    /// Notes what the probes show, and concludes nothing.
    pub(super) fn show(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>) {
        for t in timed {
            if let Fact::Leak(wet) = t.reading.fact
                && self.believes(t, ctx)
            {
                self.set(t, wet);
            }
        }
    }

    /// Water that was shown before the device was registered, and lately.
    fn is_unheard(&self, ctx: &Context<'_>) -> bool {
        let fresh = |p: &Probe| p.wet && ctx.now - p.at <= UNHEARD_MAX_MS;
        !self.open && self.probes.values().any(fresh)
    }

    /// Whether the probe is wet in any place.
    pub fn is_wet(&self) -> bool {
        self.probes.values().any(|p| p.wet)
    }

    /// Old news: a retained message without a time, one older than the bound, or one from before the last.
    fn believes(&self, t: &Timed<'_>, ctx: &Context<'_>) -> bool {
        let last = self.probes.get(&channel(t)).map(|p| p.at);
        !t.ageless && t.age <= ctx.policy.leak.stale_after.0 && last.is_none_or(|last| t.at >= last)
    }

    fn set(&mut self, t: &Timed<'_>, wet: bool) {
        let mut name = channel(t);
        if self.probes.len() >= PROBES_MAX && !self.probes.contains_key(&name) {
            name = self.probes.keys().next_back().cloned().unwrap_or(name);
        }
        self.probes.insert(name, Probe { wet, at: t.at });
    }

    fn conclude(&mut self, now: Timestamp, findings: &mut Vec<Finding>) {
        if self.is_wet() {
            self.dry_since = None;
            if !self.open {
                self.open = true;
                findings.push(Finding::Leak);
            }
        } else if self.open && self.dry_since.is_none() {
            self.dry_since = Some(now);
        }
    }

    pub(super) fn pass(&mut self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        if self.is_unheard(ctx) {
            return self.conclude(ctx.now, findings);
        }
        if self.due_at(ctx).is_some_and(|due| due <= ctx.now) {
            self.open = false;
            self.dry_since = None;
            findings.push(Finding::LeakCleared);
        }
    }

    pub(super) fn due_at(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        let cleared = self.dry_since.filter(|_| self.open).map(|dry| dry + ctx.leak_clear_after.0);
        cleared.or_else(|| self.is_unheard(ctx).then_some(ctx.now))
    }
}

fn channel(t: &Timed<'_>) -> String {
    t.reading.channel.clone().unwrap_or_default()
}
