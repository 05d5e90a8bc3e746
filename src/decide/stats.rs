//! The four service rates, what tenants said, and what made most of the work: one fold over tickets. Pure.
//!
//! It counts what tickets hold and decides nothing; a number that it tells can be opened down to the tickets it counted.

use std::collections::BTreeMap;

use crate::model::time::HOUR;
use crate::model::*;

/// From this score on a tenant counts as satisfied, of 10: neither a detractor nor silent.
pub const SATISFIED_FROM: i64 = 7;
/// Standard errors on both sides of an interval of 95 %.
const Z_95: f64 = 1.96;

/// One ticket with what is known around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The ticket.
    pub ticket: Ticket,
    /// The region of its property.
    pub region: String,
    /// The model of its device.
    pub model: Option<String>,
    /// What the tenant said afterwards, 0 to 10.
    pub score: Option<i64>,
}

/// One of the four rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Somebody took it, or the tenant was told what to do, within an hour that counts.
    Answered,
    /// Resolved before its time was up.
    OnTime,
    /// Resolved at all.
    Closed,
    /// Resolved, and the tenant said 7 or more.
    Satisfied,
}

impl Measure {
    /// Every rate, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Answered, Self::OnTime, Self::Closed, Self::Satisfied];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered_within_hour",
            Self::OnTime => "closed_on_time",
            Self::Closed => "closed",
            Self::Satisfied => "closed_satisfied",
        }
    }

    /// Whether a case meets it; nothing where it does not count, or not yet.
    pub fn of(self, case: &Case) -> Option<bool> {
        let ticket = &case.ticket;
        let over = match ticket.status {
            Status::Cancelled { .. } => return None,
            Status::Resolved { .. } | Status::Closed { .. } => true,
            _ => false,
        };
        match self {
            Self::Answered => answered(ticket, over),
            Self::OnTime => {
                let missed = ticket.work.missed.contains(&Node::Close);
                (over || missed).then_some(!missed)
            }
            Self::Closed => Some(over),
            Self::Satisfied => case.score.filter(|_| over).map(|score| score >= SATISFIED_FROM),
        }
    }
}

/// By its clock; a ticket without one (older, or the clock is turned off) by the first of the times it holds.
fn answered(ticket: &Ticket, over: bool) -> Option<bool> {
    if let Some(ms) = ticket.work.answered_ms {
        return Some(ms <= HOUR);
    }
    let waits = ticket.work.clocks.iter().any(|c| c.node == Node::Answer && c.met_at.is_none());
    if waits || !ticket.work.clocks.is_empty() {
        let missed = ticket.work.missed.contains(&Node::Answer);
        return (missed || over).then_some(!missed);
    }
    let first = [ticket.told_at, ticket.work.accepted_at].into_iter().flatten().min();
    first.map(|at| at - ticket.opened_at <= HOUR).or(over.then_some(true))
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that meet it.
    pub met: u32,
    /// Those that count.
    pub of: u32,
}

impl std::ops::Add for Share {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { met: self.met + other.met, of: self.of + other.of }
    }
}

impl Share {
    /// 0 to 1; nothing of none.
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.met) / f64::from(self.of))
    }

    fn count(&mut self, met: Option<bool>) {
        self.of += u32::from(met.is_some());
        self.met += u32::from(met == Some(true));
    }
}

/// Net promoter score: those who say 9 or 10 less those who say 6 or less, −100 to 100, with its interval of 95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nps {
    promoters: u32,
    detractors: u32,
    /// How many answered.
    pub answers: u32,
}

impl Nps {
    fn add(&mut self, score: i64) {
        self.answers += 1;
        self.promoters += u32::from(score >= 9);
        self.detractors += u32::from(score <= 6);
    }

    /// Score, low and high end; nothing where nobody answered.
    pub fn score(self) -> Option<(f64, f64, f64)> {
        let n = f64::from(self.answers);
        let (up, down) = (f64::from(self.promoters) / n, f64::from(self.detractors) / n);
        let mean = up - down;
        let width = Z_95 * ((up + down - mean * mean).max(0.0) / n).sqrt();
        let bound = |x: f64| 100.0 * x.clamp(-1.0, 1.0);
        (self.answers > 0).then(|| (bound(mean), bound(mean - width), bound(mean + width)))
    }
}

/// How one region, property or person stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standings {
    /// Tickets that were opened.
    pub tickets: u32,
    /// The four rates, in the order of [`Measure::ALL`].
    pub shares: [Share; 4],
    /// What tenants said.
    pub nps: Nps,
}

impl Standings {
    fn add(&mut self, case: &Case) {
        self.tickets += 1;
        for (share, measure) in self.shares.iter_mut().zip(Measure::ALL) {
            share.count(measure.of(case));
        }
        case.score.into_iter().for_each(|score| self.nps.add(score));
    }

    /// The mean of the rates that there are: what the ranking goes by.
    pub fn mean(&self) -> Option<f64> {
        let rates: Vec<f64> = self.shares.iter().filter_map(|s| s.rate()).collect();
        #[expect(clippy::cast_precision_loss, reason = "at most four")]
        let n = rates.len() as f64;
        (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / n)
    }
}

/// What tickets are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// All regions together.
    Group,
    /// Each region.
    Region,
    /// Each property.
    Property,
    /// Each housekeeper who had the job last.
    Person,
}

impl By {
    /// The words of the contract.
    pub const WORDS: [&'static str; 4] = ["group", "region", "property", "person"];

    /// Reads the word of the contract.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Group, Self::Region, Self::Property, Self::Person]
            .into_iter()
            .zip(Self::WORDS)
            .find(|(_, w)| *w == word)
            .map(|(by, _)| by)
    }

    /// Under which name a case counts; none where nobody had it.
    pub fn key(self, case: &Case) -> Option<String> {
        match self {
            Self::Group => Some("group".to_owned()),
            Self::Region => Some(case.region.clone()),
            Self::Property => Some(case.ticket.property_id.0.clone()),
            Self::Person => case.ticket.assignee.as_ref().map(|h| h.0.clone()),
        }
    }
}

/// Everybody's standings, the best first; who has no rate yet comes last.
pub fn rank(cases: &[Case], by: By) -> Vec<(String, Standings)> {
    let mut all: BTreeMap<String, Standings> = BTreeMap::new();
    for case in cases {
        if let Some(key) = by.key(case) {
            all.entry(key).or_default().add(case);
        }
    }
    let mut all: Vec<_> = all.into_iter().collect();
    let mean = |standings: &Standings| standings.mean().unwrap_or(-1.0);
    all.sort_by(|(_, a), (_, b)| mean(b).total_cmp(&mean(a)).then(b.tickets.cmp(&a.tickets)));
    all
}

/// What made work: a device model at a property, and what was wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The device's model, where it is known.
    pub model: Option<String>,
    /// Where.
    pub property_id: String,
    /// What: `battery_low`, `battery_dead`, `leak`, `silent`, `silent_dead`, `tamper`, `request`.
    pub what: &'static str,
}

impl Cause {
    /// The cause of a case.
    pub fn of(case: &Case) -> Self {
        let ticket = &case.ticket;
        let what = match ticket.kind {
            TicketKind::Battery if ticket.died => "battery_dead",
            TicketKind::Battery => "battery_low",
            TicketKind::Silent if ticket.died => "silent_dead",
            kind => kind.as_str(),
        };
        Self { model: case.model.clone(), property_id: ticket.property_id.0.clone(), what }
    }
}

/// Causes with how often each was there, now and before, the most frequent first.
pub fn causes(cases: &[Case], before: &[Case]) -> Vec<(Cause, u32, u32)> {
    let mut counts: BTreeMap<Cause, (u32, u32)> = BTreeMap::new();
    cases.iter().for_each(|case| counts.entry(Cause::of(case)).or_default().0 += 1);
    before.iter().for_each(|case| counts.entry(Cause::of(case)).or_default().1 += 1);
    let mut all: Vec<_> = counts.into_iter().map(|(cause, (now, then))| (cause, now, then)).collect();
    all.sort_by_key(|(_, now, then)| std::cmp::Reverse((*now, *then)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nps(scores: &[i64]) -> Nps {
        let mut nps = Nps::default();
        scores.iter().for_each(|s| nps.add(*s));
        nps
    }

    #[test]
    fn promoters_less_detractors_with_an_interval() {
        assert_eq!(nps(&[]).score(), None);
        assert_eq!(nps(&[10, 10]).score(), Some((100.0, 100.0, 100.0)));
        assert_eq!(nps(&[8, 7]).score(), Some((0.0, 0.0, 0.0)));
        let (score, low, high) = nps(&[10, 9, 8, 6, 0, 10, 9, 9, 7, 3]).score().expect("answers");
        // 5 promoters and 3 detractors of 10: 20, ± 196 × √((0.8 − 0.04) / 10).
        assert!(
            (score - 20.0).abs() < 1e-9 && (low + 34.03).abs() < 0.01 && (high - 74.03).abs() < 0.01,
            "{low} {high}"
        );
    }

    #[test]
    fn a_share_of_none_is_no_rate() {
        let mut share = Share::default();
        assert_eq!(share.rate(), None);
        [Some(true), None, Some(false), Some(true), Some(true)].into_iter().for_each(|met| share.count(met));
        assert_eq!(share.rate(), Some(0.75));
    }
}
