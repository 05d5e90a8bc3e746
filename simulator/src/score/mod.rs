//! The scoreboard: what truly happened against plain facts gathered outside. It reads no state of the service and
//! shares no rule with it; it is lenient exactly where the contract is, and `Rules` says how much.

mod credits;
mod lies;
mod report;
mod tickets;

use crate::mind;
use crate::truth::{Kind, Problem};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A ticket as seen from outside.
#[derive(Debug, Clone)]
pub struct SeenTicket {
    /// What it is about; leave out tickets of other kinds.
    pub kind: Kind,
    /// The device it names.
    pub device_key: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was resolved, if it is.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The word of its status; `cancelled` is no resolution.
    pub status: String,
}

/// Templates of words that ask for nothing.
const ASK_NOTHING: [&str; 2] = ["thanks", "survey"];

/// A message to a person as seen from outside.
#[derive(Debug, Clone)]
pub struct SeenMessage {
    /// E.164 number.
    pub to: String,
    /// Name of the template, if known; it tells the kind (`offer_leak`) when `kind` does not.
    pub template: Option<String>,
    /// Kind of the ticket it belongs to, if known.
    pub kind: Option<Kind>,
    /// Device of the ticket it belongs to, if known.
    pub device_key: Option<String>,
    /// When the service wrote it.
    pub created_at: DateTime<Utc>,
    /// When the carrier had it; `None` = not (yet), or not known.
    pub sent_at: Option<DateTime<Utc>>,
}

impl SeenMessage {
    fn kind(&self) -> Option<Kind> {
        self.kind.or_else(|| mind::kind_of_template(self.template.as_deref()?))
    }

    /// Whether it asks for anything, as thanks do not.
    fn asks(&self) -> bool {
        !ASK_NOTHING.iter().any(|word| self.template.as_ref().is_some_and(|template| template.contains(word)))
    }

    fn when(&self) -> DateTime<Utc> {
        self.sent_at.unwrap_or(self.created_at)
    }

    fn may_concern(&self, problem: &Problem) -> bool {
        let device = self.device_key.as_ref().is_none_or(|key| problem.concerns(key));
        device && self.kind().is_none_or(|kind| kind == problem.kind)
    }
}

/// Money credited to a tenant as seen from outside.
#[derive(Debug, Clone)]
pub struct SeenCredit {
    /// Id or phone of the tenant.
    pub tenant: String,
    /// Device whose replacement is paid, if known.
    pub device_key: Option<String>,
    /// Minor units of the currency.
    pub amount_minor: i64,
    /// When it was credited.
    pub at: DateTime<Utc>,
}

/// Everything gathered outside.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// All tickets of the kinds that the building plays.
    pub tickets: Vec<SeenTicket>,
    /// All messages to people.
    pub messages: Vec<SeenMessage>,
    /// All credits to tenants (no redemptions).
    pub credits: Vec<SeenCredit>,
    /// When the service was started again: from then on it listens anew.
    pub restarts: Vec<DateTime<Utc>>,
}

/// What the contract promises, and how much an observer may lag behind.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Added to every limit: how far transport and polling may lag, in virtual time (a second at speed 3600 is an hour).
    pub slack: TimeDelta,
    /// A leak is found within this after the first fresh wet was delivered; later is late.
    pub leak_within: TimeDelta,
    /// A battery is found within this after its second low reading; later is late.
    pub battery_within: TimeDelta,
    /// … or by this long before it is empty, where a forecast may decide; whichever is later.
    pub battery_ahead: TimeDelta,
    /// A silence is found within this after three and a half times the rhythm that could be learnt; later is late.
    pub silent_within: TimeDelta,
    /// A tenant is told of a leak within this after it became evident.
    pub leak_told_within: TimeDelta,
    /// A tenant is told of a battery within this after it became evident (a night, and a full budget of the day).
    pub battery_told_within: TimeDelta,
    /// Replaced within this after the first message: paid in full.
    pub in_time: TimeDelta,
    /// The full rate, minor units.
    pub in_time_minor: i64,
    /// The late rate, minor units.
    pub late_minor: i64,
    /// Most that a tenant is credited in a month, minor units.
    pub monthly_cap_minor: i64,
    /// A device is paid for once within this.
    pub once_within: TimeDelta,
    /// Proof takes this long at least.
    pub proof_hold: TimeDelta,
    /// Proof takes this many readings.
    pub proof_readings: i32,
    /// With one set of cells that are good, a tenant whose gauge shows 5 % from the first is asked so often at most, and
    /// one whose gauge lies otherwise never.
    pub needless_texts_max: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            slack: TimeDelta::seconds(30),
            leak_within: TimeDelta::minutes(2),
            battery_within: TimeDelta::hours(24),
            battery_ahead: TimeDelta::days(14),
            silent_within: TimeDelta::minutes(10),
            leak_told_within: TimeDelta::minutes(5),
            battery_told_within: TimeDelta::hours(48),
            in_time: TimeDelta::hours(48),
            in_time_minor: 1000,
            late_minor: 500,
            monthly_cap_minor: 2000,
            once_within: TimeDelta::days(60),
            proof_hold: TimeDelta::hours(12),
            proof_readings: 4,
            needless_texts_max: 2,
        }
    }
}

impl Rules {
    /// Until when a ticket for an evident problem is not late.
    fn found_by(&self, problem: &Problem, evident_at: DateTime<Utc>) -> DateTime<Utc> {
        let forecast = problem.empties_at.map(|at| at - self.battery_ahead).filter(|at| *at > evident_at);
        let evident_at = forecast.unwrap_or(evident_at);
        let within = match problem.kind {
            Kind::Battery => self.battery_within,
            Kind::Leak => self.leak_within,
            Kind::Silent => self.silent_after(problem) - problem.rhythm * 3 + self.silent_within,
        };
        evident_at + within + self.slack
    }

    /// How long a device may be silent: three and a half of the longest gaps that could be learnt.
    fn silent_after(&self, problem: &Problem) -> TimeDelta {
        problem.learnt_gap * 7 / 2
    }
}

/// The count of one kind of problem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Problems that the service had to find.
    pub happened: usize,
    /// Found in time.
    pub found: usize,
    /// Found, but later than `Rules` allow.
    pub late: usize,
    /// Not found although there was time.
    pub missed: usize,
    /// Too young at the end to be judged, or over before it had to be found.
    pub open: usize,
    /// Tickets without a problem.
    pub false_tickets: usize,
    /// Second tickets beside an open one for the same problem.
    pub duplicates: usize,
    /// Tickets resolved while the problem was still on.
    pub closed_early: usize,
    /// Found, but the tenant was told late or never.
    pub untold: usize,
    /// Messages to people.
    pub messages: usize,
}

/// What came of gauges that lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LieTally {
    /// Locks with such a gauge.
    pub gauges: usize,
    /// How often one of them died.
    pub died: usize,
    /// How often a battery ticket (a visit, or one by age) was open by then.
    pub announced: usize,
    /// Battery tickets about cells that were good.
    pub false_alarms: usize,
    /// Texts that asked a tenant for cells while theirs were good.
    pub needless_texts: usize,
}

/// The judgement of one run.
#[derive(Debug, Clone, Default)]
pub struct Scoreboard {
    /// Per kind, in the order of `Kind::ALL`.
    pub tallies: [Tally; 3],
    /// Gauges that lie.
    pub lies: LieTally,
    /// Credits that were earned, in the right amount.
    pub credits_right: usize,
    /// Wrong credits (and owed ones that never came) by what is wrong with them.
    pub credits_wrong: BTreeMap<&'static str, usize>,
    /// Routine messages to tenants between 21:00 and 08:00 local.
    pub night_messages: usize,
    /// One line for everything that is wrong, with device and time; no names, no phones.
    pub notes: Vec<String>,
}

impl Scoreboard {
    /// Judges a run that ended at `until` by the rules of the contract.
    pub fn judge(truth: &[Problem], seen: &Observations, until: DateTime<Utc>) -> Self {
        Self::judge_by(&Rules::default(), truth, seen, until)
    }

    /// Judges by other limits, for an observer who lags or a service configured otherwise.
    pub fn judge_by(rules: &Rules, truth: &[Problem], seen: &Observations, until: DateTime<Utc>) -> Self {
        let mut board = Self::default();
        let case = Case { rules, truth, seen, until };
        tickets::judge(&case, &mut board);
        credits::judge(&case, &mut board);
        lies::judge(&case, &mut board);
        board
    }

    /// The count of one kind.
    pub fn of(&self, kind: Kind) -> &Tally {
        &self.tallies[kind as usize]
    }

    /// `Ok` when nothing was missed, late, false, doubled, closed too early, untold, at night or paid wrongly; else why.
    pub fn expectations_held(&self) -> Result<(), Vec<String>> {
        if self.notes.is_empty() { Ok(()) } else { Err(self.notes.clone()) }
    }

    fn tally(&mut self, kind: Kind) -> &mut Tally {
        &mut self.tallies[kind as usize]
    }

    fn note(&mut self, what: &str, kind: Kind, device_key: &str, at: DateTime<Utc>) {
        self.notes.push(format!("{} {what}: {device_key} at {}", kind.word(), at.format("%Y-%m-%dT%H:%M:%SZ")));
    }
}

/// What is judged: the arguments of `judge_by`.
#[derive(Clone, Copy)]
struct Case<'a> {
    rules: &'a Rules,
    truth: &'a [Problem],
    seen: &'a Observations,
    until: DateTime<Utc>,
}
