//! Who is best for a job, and why: shift, rest, skill, load and distance, in an order that can be told in words. Pure.
//!
//! It ranks and never writes to anybody; `plan` asks those whom it names.

use chrono::Datelike;
use serde_json::{Value, json};

use super::desk::{Desk, Place};
use super::offers::urgency;
use super::people::{is_night, local};
use crate::model::time::HOUR;
use crate::model::*;

/// Housekeepers that one ranking names.
const RANKED_MAX: usize = 20;

/// One housekeeper in a ranking, with everything that decided their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Who.
    pub housekeeper_id: HousekeeperId,
    /// It is their shift, their own or one they took over.
    pub on_duty: bool,
    /// Until when they rest after a call at night.
    pub resting_until: Option<Timestamp>,
    /// They have the skill that is asked for, or none is.
    pub skilled: bool,
    /// Jobs that they have.
    pub load: u32,
    /// How far they start from the property, where the registry tells both.
    pub distance_m: Option<u32>,
    /// They passed, gave it back or did not come in this round.
    pub off: bool,
    /// They were asked already.
    pub asked: bool,
}

impl Ranked {
    /// Smaller comes first. In an emergency who is near comes before who is free.
    fn key(&self, severity: Severity) -> impl Ord + use<> {
        let distance = u64::from(self.distance_m.unwrap_or(u32::MAX));
        let load = u64::from(self.load);
        let last = if severity == Severity::Emergency { (distance, load) } else { (load, distance) };
        (!self.on_duty, self.resting_until.is_some(), !self.skilled, last)
    }

    /// Those of one tier are asked together.
    fn tier(&self) -> (bool, bool, bool) {
        (self.on_duty, self.resting_until.is_none(), self.skilled)
    }

    /// Neither off nor asked.
    pub(super) fn is_free(&self) -> bool {
        !self.off && !self.asked
    }

    fn explain(&self, place: usize) -> Value {
        json!({
            "place": place, "housekeeper_id": self.housekeeper_id, "on_duty": self.on_duty, "skilled": self.skilled,
            "resting_until": self.resting_until.map(Timestamp::to_rfc3339), "load": self.load,
            "distance_m": self.distance_m, "off": self.off, "asked": self.asked,
        })
    }
}

/// The ranking as the audit trail keeps it.
pub(super) fn explain(ranking: &[Ranked]) -> Value {
    ranking.iter().take(RANKED_MAX).enumerate().map(|(n, r)| r.explain(n + 1)).collect()
}

/// Who is asked first: on duty, those who are alike with the best of them; who rests only when nobody else is there.
pub(super) fn first_circle(ranking: &[Ranked], size: usize) -> Vec<HousekeeperId> {
    let mut free = ranking.iter().filter(|r| r.is_free() && r.on_duty).peekable();
    let Some(tier) = free.peek().map(|r| r.tier()) else { return Vec::new() };
    free.take_while(|r| r.tier() == tier).take(size).map(|r| r.housekeeper_id.clone()).collect()
}

/// Who is asked when the first do not answer: the rest of those on duty, and where it cannot wait, those at home.
pub(super) fn next_circle(ranking: &[Ranked], size: usize, severity: Severity) -> Vec<HousekeeperId> {
    let mut free = ranking.iter().filter(|r| r.is_free()).peekable();
    let Some(on_duty) = free.peek().map(|r| r.on_duty) else { return Vec::new() };
    if !on_duty && severity == Severity::Routine {
        return Vec::new();
    }
    free.take_while(|r| r.on_duty == on_duty).take(size).map(|r| r.housekeeper_id.clone()).collect()
}

/// Whether it is somebody's shift: their own unless a colleague works it, or a colleague's that they work.
pub fn is_on_duty(place: &Place, h: &Housekeeper, swaps: &[ShiftSwap], at: Timestamp) -> bool {
    let local = local(&place.property, at);
    let covers = |h: &Housekeeper| h.shift.covers(local.weekday(), local.time());
    let holding = || swaps.iter().filter(|s| s.holds(at));
    let gave = || holding().any(|s| s.from == h.id);
    let theirs = |s: &ShiftSwap| place.housekeepers.iter().any(|other| other.id == s.from && covers(other));
    (covers(h) && !gave()) || holding().any(|s| s.to == h.id && theirs(s))
}

impl Desk<'_> {
    /// Everybody who serves the ticket's property, the best first.
    pub(super) fn ranking(&self, ticket: &Ticket, skill: Option<&str>, severity: Severity) -> Vec<Ranked> {
        let Some(place) = self.place(ticket) else { return Vec::new() };
        let mut ranking: Vec<_> = place.housekeepers.iter().map(|h| self.rank(ticket, place, h, skill)).collect();
        ranking.sort_by_cached_key(|r| (r.key(severity), r.housekeeper_id.clone()));
        ranking
    }

    fn rank(&self, ticket: &Ticket, place: &Place, h: &Housekeeper, skill: Option<&str>) -> Ranked {
        let standing = self.facts.standings.get(&h.id).copied().unwrap_or_default();
        let rest = self.policy.dispatch.rest_after_night_call.0;
        let rested = standing.night_call_at.map(|at| at + rest);
        Ranked {
            housekeeper_id: h.id.clone(),
            on_duty: self.is_on_duty(place, h, self.now),
            resting_until: rested.filter(|until| *until > self.now),
            skilled: skill.is_none_or(|s| h.skills.iter().any(|have| have == s)),
            load: standing.load,
            distance_m: place.location.zip(standing.location).map(|(a, b)| a.distance_m(b)),
            off: ticket.work.off.contains(&h.id) || self.facts.stopped.contains(&h.phone),
            asked: ticket.work.asked.contains(&h.id),
        }
    }

    /// See [`is_on_duty`].
    pub(super) fn is_on_duty(&self, place: &Place, h: &Housekeeper, at: Timestamp) -> bool {
        is_on_duty(place, h, &self.facts.swaps, at)
    }

    /// When one of these is on duty next, by day: within a week.
    pub(super) fn next_duty(&self, place: &Place, free: &[&HousekeeperId]) -> Option<Timestamp> {
        let first = Timestamp(self.now.0 - self.now.0.rem_euclid(HOUR) + HOUR);
        let mine = || place.housekeepers.iter().filter(|h| free.contains(&&h.id));
        let somebody = |at: Timestamp| mine().any(|h| self.is_on_duty(place, h, at));
        let sound = |at: &Timestamp| !is_night(&place.property, &self.policy.contact, *at) && somebody(*at);
        (0..7 * 24).map(|n| first + n * HOUR).find(sound)
    }

    /// Somebody took an urgent job at night: it counts, and they rest afterwards.
    pub(super) fn note_night_call(&mut self, id: &TicketId, housekeeper: &HousekeeperId) {
        let ticket = self.ticket(id);
        let Some(place) = self.place(ticket) else { return };
        if urgency(ticket) == Severity::Routine || !is_night(&place.property, &self.policy.contact, self.now) {
            return;
        }
        let now = self.now;
        self.facts.standings.entry(housekeeper.clone()).or_default().night_call_at = Some(now);
        self.changes.night_calls.push((housekeeper.clone(), id.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(id: &str) -> Ranked {
        let (on_duty, skilled) = (true, true);
        let housekeeper_id = id.into();
        Ranked {
            housekeeper_id,
            on_duty,
            resting_until: None,
            skilled,
            load: 0,
            distance_m: None,
            off: false,
            asked: false,
        }
    }

    fn order(severity: Severity, mut all: Vec<Ranked>) -> String {
        all.sort_by_cached_key(|r| (r.key(severity), r.housekeeper_id.clone()));
        all.iter().map(|r| r.housekeeper_id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_reason_outweighs_those_behind_it() {
        let all = || {
            vec![
                Ranked { on_duty: false, distance_m: Some(1), ..ranked("home") },
                Ranked { resting_until: Some(Timestamp(9)), distance_m: Some(1), ..ranked("resting") },
                Ranked { skilled: false, distance_m: Some(1), ..ranked("unskilled") },
                Ranked { load: 2, distance_m: Some(100), ..ranked("busy-near") },
                Ranked { load: 0, distance_m: Some(9_000), ..ranked("free-far") },
                ranked("free-unknown"),
            ]
        };
        let rest = "unskilled resting home";
        assert_eq!(order(Severity::Routine, all()), format!("free-far free-unknown busy-near {rest}"));
        assert_eq!(order(Severity::Emergency, all()), format!("busy-near free-far free-unknown {rest}"));
    }

    #[test]
    fn circles_widen_and_never_ask_twice() {
        let resting = Ranked { resting_until: Some(Timestamp(9)), ..ranked("d") };
        let home = Ranked { on_duty: false, ..ranked("e") };
        let mut all = vec![ranked("a"), ranked("b"), ranked("c"), resting, home];
        let mut asked = |circle: Vec<HousekeeperId>| {
            all.iter_mut().for_each(|r| r.asked |= circle.contains(&r.housekeeper_id));
            (circle.iter().map(|h| h.as_str()).collect::<Vec<_>>().join(" "), all.clone())
        };
        let (first, all) = asked(first_circle(&[ranked("a"), ranked("b"), ranked("c")], 2));
        assert_eq!(first, "a b");
        let (second, all) = asked(next_circle(&all, 2, Severity::Routine));
        assert_eq!(second, "c d", "who rests is asked when nobody else is left");
        assert_eq!(next_circle(&all, 2, Severity::Routine), [], "nobody is called at home for what can wait");
        assert_eq!(next_circle(&all, 2, Severity::Emergency), ["e".into()]);
        let off = Ranked { off: true, ..ranked("a") };
        assert_eq!(first_circle(&[off, ranked("b")], 3), ["b".into()]);
    }
}
