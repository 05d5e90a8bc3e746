//! Water: believed at once when wet and fresh, over only after it has stayed dry.
//!
//! Where there is reason for doubt (a sensor nearly empty, one that chatters, short wets at the same hour day after day)
//! it waits for two minutes: dry again within them was nothing, still wet is a leak. A doubt never costs more than that.
//! Must never forget water that nobody has said to be dry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Context, Timed};
use crate::model::time::{DAY, HOUR, MINUTE};
use crate::model::{Doubt, Fact, Finding, Millis, Timestamp};

/// How many probes of one device are told apart; further ones share the last place.
const PROBES_MAX: usize = 16;
/// A probe that was wet within this when its device is registered is wet now: sensors repeat themselves daily.
const UNHEARD_MAX_MS: Millis = DAY;
/// A word of water that is older than this bears no part in water of today.
const UNPROVEN_MAX_MS: Millis = DAY;
/// How long a doubtful wet may dry before it is a leak.
const DOUBT_LASTS: Millis = 2 * MINUTE;
/// Below this a sensor says what it likes, %.
const NEARLY_EMPTY_PERCENT: f64 = 5.0;
/// Wets remembered.
const WETS_MAX: usize = 8;
/// So many wets within `CHATTER_WITHIN` are chatter.
const CHATTER_WETS: usize = 4;
/// See `CHATTER_WETS`.
const CHATTER_WITHIN: Millis = HOUR;
/// A wet that dried within this was short …
const SHORT_WET: Millis = 20 * MINUTE;
/// … and on so many of the days before, at this hour, it is the shower.
const SHOWER_DAYS: usize = 3;
/// How far from the same hour.
const SHOWER_HOUR: Millis = HOUR;

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
    /// Wet, and doubted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<(Doubt, Timestamp)>,
    /// While open and wet: since when, and when that was last said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wet_since: Option<(Timestamp, Timestamp)>,
    /// The last wets that dried: when, and for how long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wets: Vec<(Timestamp, Millis)>,
    /// Somebody cancelled the open leak: once dry, the next wet is another one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dismissed: bool,
    /// A probe that is wet by a word too old to be believed alone, or of unknown age, and of when: of the message in hand.
    #[serde(skip)]
    pub unproven: Option<(String, Timestamp)>,
    /// Since when any probe is wet.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_at: Option<Timestamp>,
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
    /// `charge` is what the sensor's battery shows, %.
    pub(super) fn hear(
        &mut self,
        timed: &[Timed<'_>],
        charge: Option<f64>,
        ctx: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) {
        self.show(timed, ctx);
        self.conclude(charge, ctx.now, findings);
    }

    /// Notes what the probes show, and concludes nothing.
    pub(super) fn show(&mut self, timed: &[Timed<'_>], ctx: &Context<'_>) {
        for t in timed {
            let Fact::Leak(wet) = t.reading.fact else { continue };
            if self.believes(t, ctx) {
                self.unproven = None;
                self.set(channel(t), Probe { wet, at: t.at });
            } else if wet && self.is_last(t) && (t.ageless || t.age <= UNPROVEN_MAX_MS) {
                self.unproven = Some((channel(t), t.at));
            }
        }
    }

    /// Water that was shown before the device was registered, and lately.
    fn is_unheard(&self, ctx: &Context<'_>) -> bool {
        let fresh = |p: &Probe| p.wet && ctx.now - p.at <= UNHEARD_MAX_MS;
        !self.open && self.doubt.is_none() && self.probes.values().any(fresh)
    }

    /// Whether its word bears out another's: wet now, not doubted itself, and by nobody's word something else.
    pub fn bears_out(&self) -> bool {
        self.open && self.is_wet() && self.doubt.is_none() && !self.dismissed
    }

    /// Whether the probe is wet in any place.
    pub fn is_wet(&self) -> bool {
        self.probes.values().any(|p| p.wet)
    }

    /// Old news: a retained message without a time, one older than the bound, or one from before the last.
    fn believes(&self, t: &Timed<'_>, ctx: &Context<'_>) -> bool {
        !t.ageless && t.age <= ctx.policy.leak.stale_after.0 && self.is_last(t)
    }

    fn is_last(&self, t: &Timed<'_>) -> bool {
        self.probes.get(&channel(t)).is_none_or(|last| t.at >= last.at)
    }

    fn set(&mut self, mut name: String, probe: Probe) {
        if self.probes.len() >= PROBES_MAX && !self.probes.contains_key(&name) {
            name = self.probes.keys().next_back().cloned().unwrap_or(name);
        }
        self.probes.insert(name, probe);
    }

    fn conclude(&mut self, charge: Option<f64>, now: Timestamp, findings: &mut Vec<Finding>) {
        if !self.is_wet() {
            return self.dry(now);
        }
        self.dry_since = None;
        self.began_at.get_or_insert(now);
        if self.open {
            self.wet_since.get_or_insert((now, now));
            return;
        }
        let doubt = self.reason_for_doubt(charge, now);
        let since = self.doubt.map_or(now, |(_, since)| since);
        let certain = self.probes.values().filter(|p| p.wet).count() > 1 || now - since >= DOUBT_LASTS;
        match doubt.filter(|_| !certain) {
            Some(doubt) => self.doubt = Some((doubt, since)),
            None => self.begin(now, findings),
        }
    }

    /// Whether water came to it lately and is still there.
    pub fn is_fresh(&self, since: Timestamp) -> bool {
        self.bears_out() && self.wet_since.is_some_and(|(wet, _)| wet >= since)
    }

    /// A doubted or unproven wet that somebody else bears out: a neighbour that is wet, or a meter that never stops.
    pub fn confirm(&mut self, now: Timestamp) -> Option<Finding> {
        let mut findings = Vec::new();
        let unproven = self.unproven.take();
        if (self.doubt.is_some() || unproven.is_some()) && !self.open {
            if let Some((probe, at)) = unproven {
                self.set(probe, Probe { wet: true, at });
                self.began_at.get_or_insert(now);
            }
            self.begin(now, &mut findings);
        }
        findings.pop()
    }

    fn begin(&mut self, now: Timestamp, findings: &mut Vec<Finding>) {
        let doubt = self.doubt.take().map(|(doubt, _)| doubt);
        self.open = true;
        self.wet_since = Some((now, now));
        findings.push(Finding::Leak { doubt });
    }

    fn dry(&mut self, now: Timestamp) {
        self.doubt = None;
        self.wet_since = None;
        if let Some(began) = self.began_at.take() {
            if self.wets.len() == WETS_MAX {
                self.wets.remove(0);
            }
            self.wets.push((began, now - began));
        }
        if std::mem::take(&mut self.dismissed) {
            self.open = false;
            self.dry_since = None;
        }
        if self.open {
            self.dry_since.get_or_insert(now);
        }
    }

    /// The ticket of the open leak was cancelled. What stays wet is asked about later; what dries is over at once.
    pub fn cancelled(&mut self, now: Timestamp) {
        self.dismissed = self.open;
        if !self.is_wet() {
            self.dry(now);
        }
    }

    /// Why a wet may be none. A sensor that has never been wrong is believed at once.
    fn reason_for_doubt(&self, charge: Option<f64>, now: Timestamp) -> Option<Doubt> {
        let lately = self.wets.iter().filter(|(at, lasted)| now - *at < CHATTER_WITHIN && *lasted < DOUBT_LASTS);
        let at_this_hour = |at: Timestamp| {
            let apart = (now - at) % DAY;
            now - at >= DAY / 2 && apart.min(DAY - apart) <= SHOWER_HOUR
        };
        let showers = self.wets.iter().filter(|(at, lasted)| *lasted < SHORT_WET && at_this_hour(*at));
        if charge.is_some_and(|percent| percent <= NEARLY_EMPTY_PERCENT) {
            Some(Doubt::NearlyEmpty)
        } else if lately.count() >= CHATTER_WETS {
            Some(Doubt::Chatters)
        } else if showers.count() >= SHOWER_DAYS {
            Some(Doubt::SameHour)
        } else {
            None
        }
    }

    pub(super) fn pass(&mut self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        if self.is_unheard(ctx) {
            return self.conclude(None, ctx.now, findings);
        }
        if self.due_at(ctx).is_none_or(|due| due > ctx.now) {
            return;
        }
        if self.doubt.is_some() {
            self.begin(ctx.now, findings);
        } else if let Some((since, _)) = self.wet_since {
            self.wet_since = Some((since, ctx.now));
            self.dismissed = false;
            findings.push(Finding::StillWet { since });
        } else {
            self.open = false;
            self.dry_since = None;
            findings.push(Finding::LeakCleared);
        }
    }

    pub(super) fn due_at(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        if let Some((_, since)) = self.doubt {
            return Some(since + DOUBT_LASTS);
        }
        let cleared = self.dry_since.filter(|_| self.open).map(|dry| dry + ctx.leak_clear_after.0);
        let still = self.wet_since.map(|(_, said)| said + ctx.policy.leak.still_wet_after.0);
        cleared.or(still).or_else(|| self.is_unheard(ctx).then_some(ctx.now))
    }
}

fn channel(t: &Timed<'_>) -> String {
    t.reading.channel.clone().unwrap_or_default()
}
