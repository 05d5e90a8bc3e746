//! A month with a service that knows the truth: it must pass the scoreboard, and one that does nothing must not.
#![expect(clippy::unwrap_used, reason = "tests")]

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use nightporter_simulator::{
    Building, Faults, How, Kind, Message, Observations, Options, Problem, Scoreboard, SeenCredit, SeenMessage,
    SeenTicket, Verb,
};
use std::collections::{BTreeMap, BTreeSet};

const DAY_STAFF: &str = "+8613800008000";
const NIGHT_STAFF: &str = "+8613800008002";

/// Opens a ticket the moment a problem is evident, texts whom it should, pays what is due.
struct Oracle {
    building: Building,
    seen: Observations,
    /// Ticket of each problem.
    tickets: BTreeMap<usize, usize>,
    asked: BTreeMap<usize, DateTime<Utc>>,
    settled: BTreeSet<usize>,
}

impl Oracle {
    fn play(seed: u64, days: i64) -> (Vec<Problem>, Observations, DateTime<Utc>, Vec<Verb>) {
        let start: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
        let building = Building::new(Options { faults: Faults::all(), ..Options::new(seed, start) });
        let mut oracle = Self {
            building,
            seen: Observations::default(),
            tickets: BTreeMap::new(),
            asked: BTreeMap::new(),
            settled: BTreeSet::new(),
        };
        let (until, mut verbs) = (start + TimeDelta::days(days), Vec::new());
        while oracle.building.next_at() <= until {
            let now = oracle.building.next_at();
            oracle.building.step(now);
            verbs.extend(oracle.building.actions(now).into_iter().map(|action| action.verb));
            for (index, problem) in oracle.unsettled() {
                oracle.look(index, &problem, now);
            }
        }
        (oracle.building.truth().to_vec(), oracle.seen, until, verbs)
    }

    /// Problems that somebody must or may still do something about.
    fn unsettled(&self) -> Vec<(usize, Problem)> {
        let all = self.building.truth().iter().enumerate();
        let live = |(index, p): &(usize, &Problem)| match p.ended_at {
            None => p.evident_at.is_some(),
            Some(_) => self.tickets.contains_key(index) && !self.settled.contains(index),
        };
        all.filter(live).map(|(index, problem)| (index, problem.clone())).collect()
    }

    fn look(&mut self, index: usize, problem: &Problem, now: DateTime<Utc>) {
        if problem.evident_at.is_some() && !self.tickets.contains_key(&index) && problem.ended_at.is_none() {
            self.tickets.insert(index, self.seen.tickets.len());
            let device_key = problem.device_key.clone();
            self.seen.tickets.push(SeenTicket {
                kind: problem.kind,
                device_key,
                opened_at: now,
                resolved_at: None,
                status: "open".to_owned(),
            });
            if problem.kind != Kind::Battery {
                [DAY_STAFF, NIGHT_STAFF].into_iter().for_each(|to| self.text(to, problem, now));
            }
        }
        let Some(&ticket) = self.tickets.get(&index) else { return };
        let local_hour = (now + TimeDelta::hours(8)).hour();
        let may = problem.kind == Kind::Leak || (problem.kind == Kind::Battery && (8..21).contains(&local_hour));
        if let (true, Some(phone), None) =
            (may && problem.ended_at.is_none(), problem.to_tell().0, self.asked.get(&index))
        {
            self.asked.insert(index, now);
            self.text(phone, problem, now);
        }
        if let Some(ended_at) = problem.ended_at {
            self.seen.tickets[ticket].resolved_at.get_or_insert(ended_at);
            self.settle(index, problem, ended_at);
        }
    }

    fn text(&mut self, to: &str, problem: &Problem, at: DateTime<Utc>) {
        let template = Some(problem.kind.word().to_owned());
        let about_device = Some(problem.device_key.clone());
        self.seen.messages.push(SeenMessage {
            to: to.to_owned(),
            template: template.clone(),
            kind: None,
            device_key: about_device.clone(),
            created_at: at,
            sent_at: Some(at),
        });
        self.building.hear(Message { at, to: to.to_owned(), body: String::new(), template, about_device });
    }

    fn settle(&mut self, index: usize, problem: &Problem, ended_at: DateTime<Utc>) {
        let first = self.settled.insert(index);
        let earned = problem.how == Some(How::ReplacedByTenant) && problem.replaced_in_time();
        if let (true, true, Some(asked), Some(tenant)) = (first, earned, self.asked.get(&index), &problem.tenant_id) {
            let had: i64 = self.seen.credits.iter().filter(|c| &c.tenant == tenant).map(|c| c.amount_minor).sum();
            let amount_minor = if ended_at - *asked <= TimeDelta::hours(48) { 1000 } else { 500 };
            if had + amount_minor <= 2000 {
                let device_key = Some(problem.device_key.clone());
                self.seen.credits.push(SeenCredit { tenant: tenant.clone(), device_key, amount_minor, at: ended_at });
            }
        }
    }
}

#[test]
fn a_service_that_knows_the_truth_meets_every_expectation() {
    let mut credits = 0;
    for seed in 0..10 {
        let (truth, seen, until, verbs) = Oracle::play(seed, 45);
        let board = Scoreboard::judge(&truth, &seen, until);
        assert_eq!(board.expectations_held(), Ok(()), "seed {seed}\n{board}");
        assert!(Kind::ALL.iter().map(|&kind| board.of(kind).happened).sum::<usize>() > 3, "seed {seed}\n{board}");
        let count = |verb| verbs.iter().filter(|&&v| v == verb).count();
        assert!(count(Verb::Accept) >= count(Verb::Arrive) && count(Verb::Arrive) >= count(Verb::Resolve));
        credits += board.credits_right;
    }
    assert!(credits > 25, "{credits} credits");
}

#[test]
fn a_service_that_does_nothing_misses_everything() {
    let (truth, _, until, _) = Oracle::play(1, 30);
    let board = Scoreboard::judge(&truth, &Observations::default(), until);
    let evident = truth.iter().filter(|p| p.evident_at.is_some()).count();
    let judged: usize = board.tallies.iter().map(|tally| tally.missed + tally.open).sum();
    assert_eq!(judged, evident);
    assert!(board.expectations_held().is_err());
}
