//! Detectors: readings and the passing of time in, findings out. One file per concern. Pure.
//!
//! A device's whole state is one small value, loaded and stored with each batch. An episode is latched: flapping, a
//! warm afternoon, a reboot or a re-delivered message neither opens nor closes it.

pub mod battery;
pub mod flow;
pub mod gauge;
pub mod leak;
pub mod outlook;
pub mod presence;
pub mod proof;
mod rise;
pub mod sample;
mod stood;
mod witness;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::forecast::Fleet;
use super::policy::Policy;
use crate::model::time::{self, DAY, HOUR, MINUTE, SECOND};
use crate::model::{Fact, Finding, LockState, Millis, Reading, Span, Timestamp};

use battery::BatteryState;
use flow::FlowState;
use leak::LeakState;
use presence::PresenceState;
use sample::About;

/// A message that was on its way for longer than this tells of then and not of now.
const LATE_MS: Millis = 10 * MINUTE;
/// A claimed time this far ahead of the receipt is a wrong clock, and the receipt counts.
const AHEAD_MAX_MS: Millis = 5 * MINUTE;
/// A claimed time this far behind the receipt is no age, but a clock that has lost its time (1970, 2000), and the receipt
/// counts.
const BEHIND_MAX_MS: Millis = 400 * DAY;
/// A device clock that is behind by up to this is learned; what is older is old.
const LAG_LEARNED_MAX_MS: Millis = 6 * HOUR;
/// How fast the learned lag may grow with each message (a drifting clock).
const LAG_GROWTH_MS: Millis = 10 * MINUTE;
/// Two messages so far apart by our clock, and as far by the device's own, show that it goes; what comes late in a heap does not.
const PACE_MIN_MS: Millis = 30 * SECOND;
/// How much the two may differ: seconds are cut off, and messages take their time.
const PACE_ERROR_MS: Millis = 5 * SECOND;
/// Identical bytes from one device within this are one message, delivered again.
const ECHO_WINDOW_MS: Millis = MINUTE;
/// In place of the time of an echo: it came from the broker's store. The same bytes said live are news all the same.
const FROM_STORE: Timestamp = Timestamp(0);
/// What the broker kept for longer than this tells of no tampering of now.
const KEPT_MAX_MS: Millis = HOUR;
/// How many recent messages are remembered to recognise a re-delivery.
const ECHOES_MAX: usize = 4;

/// What the detectors know of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceState {
    /// When its last live message was received.
    pub seen_at: Timestamp,
    /// How far its clock is behind ours, learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<Millis>,
    /// The newest time that it told, by its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// Since it speaks of times before that: the first of them, and when it was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<(Timestamp, Timestamp)>,
    /// Fingerprints of the last messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub echoes: Vec<(u64, Timestamp)>,
    /// Its battery.
    pub battery: BatteryState,
    /// Its water probes.
    pub leak: LeakState,
    /// Its flow, where it is a meter.
    #[serde(skip_serializing_if = "FlowState::is_unknown")]
    pub flow: FlowState,
    /// Its rhythm.
    pub presence: PresenceState,
    /// Whether its case is open, once it has said so or the contrary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tamper: Option<bool>,
    /// What its lock said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockState>,
    /// Last temperature, °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    /// Last signal, dBm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal_dbm: Option<f64>,
}

/// One message of one device, as received.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What it said.
    pub readings: Vec<Reading>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether the broker sent it from its store: then it may be of any age.
    pub retained: bool,
    /// A fingerprint of topic and payload.
    pub fingerprint: u64,
}

/// What the detectors are told besides the message.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The operator's decisions.
    pub policy: &'a Policy,
    /// How long a leak must be dry (the playbook of the property).
    pub leak_clear_after: Span,
    /// Since when the service has been listening without a break: nobody is silent while nobody listens.
    pub listening_since: Timestamp,
    /// What is known of the device's battery beforehand.
    pub about: &'a About,
    /// What the operator's finished batteries tell.
    pub fleet: &'a Fleet,
    /// Now.
    pub now: Timestamp,
}

/// One reading with what is known of its age.
#[derive(Clone, Copy, Debug)]
pub struct Timed<'a> {
    /// What it says.
    pub reading: &'a Reading,
    /// When it was so, by our clock as well as can be told.
    pub at: Timestamp,
    /// Whether it may be of any age: retained, without a time of its own.
    pub ageless: bool,
    /// How old it was when received.
    pub age: Millis,
}

/// A message that is older than what its device has told since: it was on its way meanwhile, and is no sign of life now.
fn is_late(timed: &[Timed<'_>]) -> bool {
    !timed.is_empty() && timed.iter().all(|t| t.reading.at.is_some() && t.age > LATE_MS)
}

impl DeviceState {
    /// Takes in one message. A message that was taken in before changes nothing.
    pub fn hear(&mut self, heard: &Heard, ctx: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let heard = self.in_order(heard);
        let Some(timed) = self.take_in(&heard, ctx, &mut findings) else { return findings };
        self.battery.hear(&timed, ctx, &mut findings);
        self.leak.hear(&timed, self.battery.percent, ctx, &mut findings);
        self.flow.hear(&timed, ctx, &mut findings);
        findings
    }

    /// Takes in a message of a device that nobody has registered: what it shows and its rhythm are kept, nothing is
    /// concluded.
    pub fn hold(&mut self, heard: &Heard, ctx: &Context<'_>) {
        let heard = self.in_order(heard);
        let Some(timed) = self.take_in(&heard, ctx, &mut Vec::new()) else { return };
        self.tamper = None;
        self.battery.keep(&timed, ctx);
        self.leak.show(&timed, ctx);
        self.flow.keep(&timed, ctx);
    }

    /// Whether it is news, how old it is, and what it says of the device's rhythm.
    fn take_in<'a>(
        &mut self,
        heard: &'a Heard,
        ctx: &Context<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<Vec<Timed<'a>>> {
        if self.is_echo(heard) {
            return None;
        }
        self.follow_its_clock(heard);
        let told_before = self.told_at;
        let timed: Vec<Timed<'_>> = heard.readings.iter().map(|r| self.time(r, heard)).collect();
        let late = !heard.retained && self.told_at == told_before && is_late(&timed);
        if !late {
            self.presence.hear(&timed, heard, self.seen_at, ctx, findings);
        }
        self.note(&timed, heard.retained, findings);
        if !heard.retained && !late {
            self.seen_at = self.seen_at.max(heard.received_at);
        }
        Some(timed)
    }

    /// A message is received after those before it. Where our clock says otherwise it was ahead of the time: by a little, two
    /// processes disagree; by more it was put right, and nothing that is known of the device may be later than now.
    fn in_order<'h>(&mut self, heard: &'h Heard) -> Cow<'h, Heard> {
        self.not_ahead(heard.received_at);
        if heard.received_at >= self.seen_at {
            return Cow::Borrowed(heard);
        }
        Cow::Owned(Heard { received_at: self.seen_at, ..heard.clone() })
    }

    /// A device's own clock may be put back, by minutes or by days; then all that it says is "older" than what it said. What
    /// was only late comes alone or in a heap, while a clock goes on at the pace of ours. So the second word in a row from
    /// before the last one tells, and from it on the device is believed by the clock that it has now.
    fn follow_its_clock(&mut self, heard: &Heard) {
        let claimed = heard.readings.iter().filter_map(|r| r.at).max();
        let (Some(claimed), Some(told), false) = (claimed, self.told_at, heard.retained) else { return };
        let received = heard.received_at;
        if claimed > told || claimed < received - BEHIND_MAX_MS {
            self.behind = None;
            return;
        }
        let (first, since) = *self.behind.get_or_insert((claimed, received));
        if ((received - since) - (claimed - first)).abs() > PACE_ERROR_MS {
            self.behind = Some((claimed, received));
        } else if received - since >= PACE_MIN_MS {
            (self.told_at, self.lag, self.behind) = (Some(claimed), Some((received - claimed).max(0)), None);
        }
    }

    /// What was noted while our clock was ahead is of just now; the order of what the device told by its own is learned anew.
    fn not_ahead(&mut self, now: Timestamp) {
        if self.seen_at - now <= time::AHEAD_MIN {
            return;
        }
        (self.told_at, self.lag, self.behind) = (None, None, None);
        self.echoes.clear();
        *self = time::with_instants(self, |at| at.min(now - 1));
    }

    /// Lets time pass.
    pub fn pass(&mut self, ctx: &Context<'_>) -> Vec<Finding> {
        self.not_ahead(ctx.now);
        let mut findings = Vec::new();
        self.leak.pass(ctx, &mut findings);
        self.presence.pass(self.seen_at, &self.battery, ctx, &mut findings);
        findings
    }

    /// Its silence counts from `from`: before, it could not be heard.
    pub fn listen_anew(&mut self, from: Timestamp) {
        self.presence.listen_anew(from);
    }

    /// When it needs a look without having spoken.
    pub fn due_at(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        [self.leak.due_at(ctx), self.presence.due_at(self.seen_at, ctx)].into_iter().flatten().min()
    }

    /// From when those behind this gateway are listened for anew, as far as its own rhythm tells.
    pub fn known_at(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        self.presence.known_at(self.seen_at, ctx)
    }

    /// The same bytes again: at once, from the broker's store, or at any time when they tell their own. "Wet" after
    /// something else is believed anew even so: better a leak that is looked at twice than one that is taken for dry.
    /// What the broker kept weighs less than the same word said live, so it makes no echo of that; and a last will is the
    /// same each time.
    fn is_echo(&mut self, heard: &Heard) -> bool {
        if heard.retained && heard.readings.iter().any(|r| r.fact == Fact::Online(false)) {
            return false;
        }
        let lasting = heard.retained || heard.readings.iter().any(|r| r.at.is_some());
        let wet = heard.readings.iter().any(|r| r.fact == Fact::Leak(true));
        if wet && !lasting && self.echoes.last().is_some_and(|(newest, _)| *newest != heard.fingerprint) {
            self.echoes.clear();
        }
        let known = self.echoes.iter().any(|&(fingerprint, at)| {
            let kept = at == FROM_STORE && !heard.retained;
            fingerprint == heard.fingerprint && !kept && (lasting || heard.received_at - at <= ECHO_WINDOW_MS)
        });
        if !known {
            self.echoes.retain(|(fingerprint, _)| *fingerprint != heard.fingerprint);
            if self.echoes.len() == ECHOES_MAX {
                self.echoes.remove(0);
            }
            self.echoes.push((heard.fingerprint, if heard.retained { FROM_STORE } else { heard.received_at }));
        }
        known
    }

    /// Weighs a claimed time: ahead of us is a wrong clock; behind us by a steady amount is a slow one; more is age.
    /// From the broker's store a time that cannot be is no news either: it may be of last year.
    /// Only news tells how slow: what comes late or again would make the clock seem slower, and itself newer than it is.
    fn time<'a>(&mut self, reading: &'a Reading, heard: &Heard) -> Timed<'a> {
        let received = heard.received_at;
        let sound = |at: &Timestamp| *at <= received + AHEAD_MAX_MS && *at >= received - BEHIND_MAX_MS;
        let Some(claimed) = reading.at.filter(sound) else {
            return Timed { reading, at: received, ageless: heard.retained, age: 0 };
        };
        let behind = (received - claimed).max(0);
        if heard.retained {
            return Timed { reading, at: claimed, ageless: false, age: behind };
        }
        let lag = match self.lag {
            None => behind.min(LAG_LEARNED_MAX_MS),
            Some(lag) if self.told_at.is_some_and(|told| claimed <= told) => behind.min(lag),
            Some(lag) => behind.min((lag + LAG_GROWTH_MS).min(LAG_LEARNED_MAX_MS).max(lag)),
        };
        if self.told_at.is_none_or(|told| claimed > told) {
            self.told_at = Some(claimed);
            self.lag = Some(lag);
        }
        Timed { reading, at: (claimed + lag).min(received), ageless: false, age: behind - lag }
    }

    /// Facts that need no detector of their own; of what the broker kept, what was told since the device last spoke.
    fn note(&mut self, timed: &[Timed<'_>], retained: bool, findings: &mut Vec<Finding>) {
        let seen_at = self.seen_at;
        let is_news = |t: &&Timed<'_>| !t.ageless && (!retained || t.at > seen_at);
        for t in timed.iter().filter(is_news) {
            match t.reading.fact {
                Fact::LockState(state) => self.lock = Some(state),
                Fact::TemperatureC(value) => self.temperature_c = Some(value),
                Fact::SignalDbm(value) => self.signal_dbm = Some(value),
                Fact::Tamper(_) if retained && t.age > KEPT_MAX_MS => {}
                Fact::Tamper(open) => {
                    if open && self.tamper != Some(true) {
                        findings.push(Finding::Tamper);
                    }
                    self.tamper = Some(open);
                }
                _ => {}
            }
        }
    }
}
