//! A carrier in memory that answers as badly as real ones do, by a seed. It remembers what it truly took.
//!
//! It must not know the outbox's rules: it only takes, refuses, stays silent and shows its list late.

use std::sync::Mutex;

use futures_util::future::{BoxFuture, FutureExt};
use nightporter::clock::Clock;
use nightporter::deliver::carrier::{
    Action, Carrier, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, Outgoing, SendOutcome,
};
use nightporter::model::*;

use super::dice::Dice;

/// A list that shows what was taken this late is slower than the outbox waits; a second text is then no mistake.
pub const SLOW_LIST_MS: Millis = 60_000;

/// One text that the carrier took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The carrier's id.
    pub sid: String,
    /// Our id of the message, without the attempt.
    pub message: String,
    /// To whom.
    pub to: E164,
    /// What.
    pub body: String,
    /// When.
    pub at: Timestamp,
    /// When it appears in the list.
    pub shown_at: Timestamp,
}

/// The carrier.
pub struct FakeCarrier {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    dice: Dice,
    healthy: bool,
    taken: Vec<Taken>,
}

impl FakeCarrier {
    /// A carrier with the faults of a seed.
    pub fn new(seed: u64, clock: &Clock) -> Self {
        let state = State { dice: Dice::new(seed, 11), healthy: false, taken: Vec::new() };
        Self { clock: clock.clone(), state: Mutex::new(state) }
    }

    /// No more faults.
    pub fn heal(&self) {
        self.state.lock().expect("no panic inside").healthy = true;
    }

    /// Everything taken from the `from`-th on.
    pub fn taken_since(&self, from: usize) -> Vec<Taken> {
        self.state.lock().expect("no panic inside").taken[from..].to_vec()
    }

    fn answer(&self, text: Outgoing<'_>) -> SendOutcome {
        let mut state = self.state.lock().expect("no panic inside");
        let roll = if state.healthy { 999 } else { state.dice.below(1_000) };
        match roll {
            0..=39 => SendOutcome::Later { after: state.dice.range(500, 5_000), code: Some(20_429) },
            40..=59 => {
                SendOutcome::Refused { code: Some(30_006), detail: "landline".into(), action: Action::OtherChannel }
            }
            60..=89 => SendOutcome::NotSent { detail: "connection refused".into() },
            90..=139 => {
                state.take(text, self.clock.now());
                SendOutcome::Ambiguous { detail: "no answer".into() }
            }
            140..=179 => SendOutcome::Ambiguous { detail: "502".into() },
            180..=184 => SendOutcome::AccountFault { code: Some(20_003), detail: "token".into() },
            _ => {
                let sid = state.take(text, self.clock.now());
                SendOutcome::Accepted { sid, status: MessageStatus::Accepted, segments: Some(1) }
            }
        }
    }

    fn list(&self, lookup: Lookup<'_>) -> Result<Vec<CarrierMessage>, CarrierError> {
        let mut state = self.state.lock().expect("no panic inside");
        if !state.healthy && state.dice.chance(60) {
            return Err(CarrierError::Unreachable("no answer".into()));
        }
        let now = self.clock.now();
        let mine = |t: &&Taken| {
            let same = t.to == *lookup.to && t.body == lookup.body;
            same && t.at >= lookup.since - FIND_SLACK_MS && t.shown_at <= now
        };
        Ok(state.taken.iter().filter(mine).map(shown).collect())
    }
}

impl State {
    fn take(&mut self, text: Outgoing<'_>, at: Timestamp) -> String {
        let sid = format!("SM{:06}", self.taken.len());
        let slow = !self.healthy && self.dice.chance(20);
        let lag = if slow { SLOW_LIST_MS + self.dice.range(1, 60_000) } else { self.dice.range(0, 3_000) };
        let message = text.attempt.split_once('.').map_or(text.attempt, |(id, _)| id).to_owned();
        let (to, body) = (text.to.clone(), text.body.to_owned());
        self.taken.push(Taken { sid: sid.clone(), message, to, body, at, shown_at: at + lag });
        sid
    }
}

fn shown(taken: &Taken) -> CarrierMessage {
    CarrierMessage {
        sid: taken.sid.clone(),
        status: MessageStatus::Accepted,
        error_code: None,
        error: None,
        segments: Some(1),
        created_at: Some(taken.at),
        sent_at: None,
    }
}

impl Carrier for FakeCarrier {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        async move { self.answer(text) }.boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        async move { self.list(lookup) }.boxed()
    }

    fn fetch<'a>(&'a self, _sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        async { Err(CarrierError::NotFound) }.boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        async { Ok(()) }.boxed()
    }
}
