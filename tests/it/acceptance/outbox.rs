//! Doubtful answers, storms of refusals and a carrier that is away: nothing lost, nothing twice, nothing too early.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use nightporter::clock::Clock;
use nightporter::commit::SendingLimits;
use nightporter::deliver::carrier::{
    Carrier, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, Outgoing, SendOutcome,
};
use nightporter::model::time::{MINUTE, SECOND};
use nightporter::model::*;

use super::count;
use super::mill::{Mill, NOON};
use crate::simulation::dice::Dice;

/// Attempts that are made at once before the first answer is there.
const MADE_AT_ONCE: usize = 64;

/// A carrier whose mood is a function, and which remembers what it took.
struct Moody {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    dice: Dice,
    mood: Mood,
    /// What it took: text, when it shows it.
    taken: Vec<(String, Timestamp, Timestamp)>,
    /// The earliest time at which each text may be tried again.
    not_before: HashMap<String, Timestamp>,
    too_early: usize,
    asked: usize,
    order: Vec<String>,
}

#[derive(Clone, Copy)]
enum Mood {
    /// Answers are lost after and before it took the text; its list is late by this much at most.
    Doubtful(Millis),
    /// It wants to be left alone, and says for how long or not.
    Stormy,
    /// As before, always for so long.
    Busy(Millis),
    Away,
    Well,
}

impl Moody {
    fn new(mood: Mood, clock: &Clock, seed: u64) -> Arc<Self> {
        let state = State {
            dice: Dice::new(seed, 61),
            mood,
            taken: Vec::new(),
            not_before: HashMap::new(),
            too_early: 0,
            asked: 0,
            order: Vec::new(),
        };
        Arc::new(Self { clock: clock.clone(), state: Mutex::new(state) })
    }

    fn set(&self, mood: Mood) {
        self.state.lock().expect("no panic").mood = mood;
    }

    fn answer(&self, text: &Outgoing<'_>) -> SendOutcome {
        let now = self.clock.now();
        let mut state = self.state.lock().expect("no panic");
        state.asked += 1;
        if state.not_before.get(text.body).is_some_and(|at| now < *at) {
            state.too_early += 1;
        }
        let roll = state.dice.below(100);
        match state.mood {
            Mood::Doubtful(lag) => {
                let shown_at = now + state.dice.range(0, lag);
                let lost = || SendOutcome::Ambiguous { detail: "no answer".to_owned() };
                match roll {
                    0..30 => {
                        state.taken.push((text.body.to_owned(), now, shown_at));
                        lost()
                    }
                    30..50 => lost(),
                    _ => state.take(text, now),
                }
            }
            Mood::Stormy if roll < 70 => {
                let after = if roll < 40 { state.dice.range(1, 90) * SECOND } else { 0 };
                state.not_before.insert(text.body.to_owned(), now + after);
                SendOutcome::Later { after, code: Some(20_429) }
            }
            Mood::Busy(after) => SendOutcome::Later { after, code: None },
            Mood::Away => SendOutcome::NotSent { detail: "connection refused".to_owned() },
            Mood::Stormy | Mood::Well => state.take(text, now),
        }
    }
}

impl State {
    fn take(&mut self, text: &Outgoing<'_>, now: Timestamp) -> SendOutcome {
        self.order.push(text.body.to_owned());
        self.taken.push((text.body.to_owned(), now, now));
        let sid = format!("SM{}", self.taken.len() - 1);
        SendOutcome::Accepted { sid, status: MessageStatus::Accepted, segments: Some(1) }
    }

    fn times_taken(&self) -> HashMap<&str, usize> {
        let mut times = HashMap::new();
        self.taken.iter().for_each(|(body, ..)| *times.entry(body.as_str()).or_default() += 1);
        times
    }
}

impl Carrier for Moody {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        async move { self.answer(&text) }.boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        let now = self.clock.now();
        let state = self.state.lock().expect("no panic");
        let mine = |(_, (body, at, shown)): &(usize, &(String, Timestamp, Timestamp))| {
            body == lookup.body && *at >= lookup.since - FIND_SLACK_MS && *shown <= now
        };
        let found = state.taken.iter().enumerate().filter(mine).map(|(n, (_, at, _))| CarrierMessage {
            sid: format!("SM{n}"),
            status: MessageStatus::Accepted,
            error_code: None,
            error: None,
            segments: Some(1),
            created_at: Some(*at),
            sent_at: None,
        });
        std::future::ready(Ok(found.collect())).boxed()
    }

    fn fetch<'a>(&'a self, _sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        std::future::ready(Err(CarrierError::NotFound)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        std::future::ready(Ok(())).boxed()
    }
}

async fn all_taken_once(mill: &Mill, carrier: &Moody, texts: usize) {
    let rows = mill.rows().await;
    assert_eq!(rows.iter().filter(|row| row.status == "accepted").count(), texts, "lost");
    let state = carrier.state.lock().expect("no panic");
    let times = state.times_taken();
    assert_eq!((times.len(), times.values().filter(|n| **n > 1).count()), (texts, 0), "lost or twice");
}

/// R6: half of all answers leave it open whether the text was taken, the carrier's list is up to 20 s late, and the process
/// dies now and then in the middle of a turn.
#[tokio::test]
async fn doubtful_answers_lose_nothing_and_send_nothing_twice() {
    let texts = count(1_000, 20_000);
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Doubtful(20 * SECOND), &clock, 6);
    let mut mill = Mill::new(carrier.clone(), &clock).await;
    let mut dice = Dice::new(6, 62);
    for from in (0..texts).step_by(500) {
        mill.write(from..(from + 500).min(texts), Severity::Routine).await;
        let dies = |attempts: usize| {
            let dies = dice.chance(60) && attempts > 0;
            dies.then(|| dice.below(attempts as u64 + 1) as usize)
        };
        mill.grind(dies).await;
    }
    all_taken_once(&mill, &carrier, texts).await;
    println!("R6: {texts} texts, half of the answers doubtful: 0 lost, 0 twice");
}

/// R6, of emergencies: the carrier is asked within five seconds of the doubt, and a second text goes out only when
/// its list has shown nothing by then.
#[tokio::test]
async fn a_doubtful_emergency_is_cleared_up_within_seconds() {
    let texts = count(300, 2_000);
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Doubtful(4 * SECOND), &clock, 7);
    let mut mill = Mill::new(carrier.clone(), &clock).await;
    mill.write(0..texts, Severity::Emergency).await;
    mill.grind(|_| None).await;
    all_taken_once(&mill, &carrier, texts).await;
    let state = carrier.state.lock().expect("no panic");
    let mut shown: HashMap<&str, Timestamp> = HashMap::new();
    state.taken.iter().for_each(|(body, at, _)| *shown.entry(body).or_insert(*at) = *at);
    let latest = shown.values().max().expect("texts").0 - NOON.0;
    assert!(latest <= 10 * 12 * SECOND, "a dozen doubts in a row: {latest} ms");
}

/// R7: seven of ten requests are answered with 429, with and without `Retry-After`.
#[tokio::test]
async fn a_storm_of_429_is_waited_out() {
    let texts = count(500, 5_000);
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Stormy, &clock, 8);
    let mut mill = Mill::new(carrier.clone(), &clock).await;
    mill.write(0..texts, Severity::Routine).await;
    mill.grind(|_| None).await;
    all_taken_once(&mill, &carrier, texts).await;
    let state = carrier.state.lock().expect("no panic");
    assert_eq!(state.too_early, 0, "before Retry-After was over");
    println!("R7: {texts} texts, {} requests: 0 lost, 0 twice, 0 too early", state.asked);
}

/// R7: water does not wait for as long as one answer asks; what is routine does.
#[tokio::test]
async fn an_emergency_does_not_wait_for_an_hour_because_of_one_429() {
    for (severity, most) in [(Severity::Emergency, 15 * SECOND), (Severity::Routine, 60 * MINUTE)] {
        let clock = Clock::manual(NOON);
        let carrier = Moody::new(Mood::Busy(60 * MINUTE), &clock, 12);
        let mut mill = Mill::new(carrier.clone(), &clock).await;
        mill.write(0..1, severity).await;
        mill.turn(None).await;
        carrier.set(Mood::Well);
        mill.grind(|_| None).await;
        all_taken_once(&mill, &carrier, 1).await;
        assert_eq!(clock.now() - NOON, most, "{severity:?}");
    }
}

/// R8: the carrier is away for half an hour while texts pile up: after five failures it is only probed. Then leaks go first,
/// and nothing that expired goes at all.
#[tokio::test]
async fn after_an_outage_leaks_go_first_and_nothing_stale_goes() {
    let (times, texts) = (count(2, 20), count(300, 3_000));
    for time in 0..times {
        let clock = Clock::manual(NOON);
        let carrier = Moody::new(Mood::Away, &clock, time as u64);
        let mut mill = Mill::new(carrier.clone(), &clock).await;
        mill.write(0..texts, Severity::Routine).await;
        mill.write(texts..texts + 30, Severity::Emergency).await;
        let until = NOON + 30 * MINUTE;
        while mill.next_at().await.is_some_and(|next| next < until) {
            clock.set(mill.next_at().await.expect("due").max(clock.now()));
            let tried = mill.attempt(mill.claim().await).await;
            mill.settle(tried).await;
        }
        let asked = carrier.state.lock().expect("no panic").asked;
        assert!((5..=MADE_AT_ONCE + 30 * 60 / 5).contains(&asked), "{asked} requests to a carrier that is away");
        clock.set(until);
        mill.write(texts + 30..texts + 60, Severity::Emergency).await;
        carrier.set(Mood::Well);
        // Everything waits for its next try; from the first moment at which all of it is due, leaks go first.
        clock.advance(10 * MINUTE);
        mill.grind(|_| None).await;
        all_taken_once(&mill, &carrier, texts + 60).await;
        let state = carrier.state.lock().expect("no panic");
        let first: Vec<usize> = state.order[..60].iter().map(|body| body[5..].parse().expect("its number")).collect();
        assert!(first.iter().all(|n| *n >= texts), "leaks first: {first:?}");
    }
    println!("R8: {times} outages of half an hour, {texts} texts each: leaks first, 0 lost, 0 twice");
}

/// R8: no more texts a second than the operator has allowed, no fewer while there are any, and emergencies first.
#[tokio::test]
async fn the_queue_drains_at_the_pace_it_may() {
    let (texts, per_second) = (count(300, 3_000), 10);
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Well, &clock, 10);
    let limits = SendingLimits { per_second, daily_max: 0 };
    let mill = Mill::limited(carrier.clone(), CarrierRoutes::default(), limits, &clock).await;
    mill.write(0..texts, Severity::Routine).await;
    let taken = || carrier.state.lock().expect("no panic").taken.clone();
    while taken().len() < texts + 1 {
        if taken().len() == texts / 2 {
            mill.write(texts..texts + 1, Severity::Emergency).await;
        }
        let tried = mill.attempt(mill.claim().await).await;
        mill.settle(tried).await;
        clock.advance(250);
        assert!(clock.now() - NOON < 10 * MINUTE, "{} of {texts} texts", taken().len());
    }
    let (taken, second) = (taken(), SECOND.unsigned_abs() as usize);
    let took = (clock.now() - NOON) as usize;
    let expected = texts * second / per_second as usize;
    assert!((expected * 95 / 100..=expected * 105 / 100).contains(&took), "{took} ms for {texts} texts");
    let most = taken.windows(per_second as usize * 2 + 1).filter(|w| w[w.len() - 1].1 - w[0].1 < SECOND).count();
    assert_eq!(most, 0, "more than twice as many in a second");
    let leak = taken.iter().position(|(body, ..)| *body == format!("text {texts}")).expect("taken");
    assert!(leak <= texts / 2 + per_second as usize, "the emergency was number {leak}");
    println!("R8: {texts} texts at {per_second} a second in {took} ms");
}

/// S14: what a day may cost is never exceeded, and a fifth of it is there for emergencies whatever else went out.
#[tokio::test]
async fn a_limit_of_a_day_holds_and_keeps_a_fifth_for_emergencies() {
    let most = count(50, 1_000);
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Well, &clock, 11);
    let limits = SendingLimits { per_second: 0, daily_max: most as u32 };
    let mut mill = Mill::limited(carrier.clone(), CarrierRoutes::default(), limits, &clock).await;
    mill.write(0..most * 2, Severity::Routine).await;
    let pass = async |mill: &Mill, minutes: usize| {
        for _ in 0..minutes {
            let tried = mill.attempt(mill.claim().await).await;
            mill.settle(tried).await;
            mill.clock.advance(MINUTE);
        }
    };
    pass(&mill, 60).await;
    let taken = || carrier.state.lock().expect("no panic").taken.len();
    assert_eq!(taken(), most * 4 / 5, "routine texts");
    mill.write(most * 2..most * 3, Severity::Emergency).await;
    pass(&mill, 30).await;
    assert_eq!(taken(), most, "and emergencies");
    mill.die().await;
    pass(&mill, 30).await;
    assert_eq!(taken(), most, "a new process counts what others sent");
    let why = mill.rows().await.into_iter().find(|row| row.status == "queued").and_then(|row| row.error);
    assert!(why.is_some_and(|why| why.contains("sms.daily_max")), "the API says why it waits");
    clock.advance(24 * 60 * MINUTE);
    mill.write(most * 3..most * 3 + 10, Severity::Routine).await;
    mill.grind(|_| None).await;
    assert_eq!(taken(), most + 10, "the next day; what waited has expired");
    println!("S14: {} texts wanted, {most} a day allowed: {most} sent", most * 3);
}

/// R8: what its time has passed for is not sent after the outage either.
#[tokio::test]
async fn what_expired_during_an_outage_is_not_sent() {
    let clock = Clock::manual(NOON);
    let carrier = Moody::new(Mood::Away, &clock, 9);
    let mut mill = Mill::new(carrier.clone(), &clock).await;
    mill.write(0..50, Severity::Emergency).await;
    let tried = mill.attempt(mill.claim().await).await;
    mill.settle(tried).await;
    clock.advance(61 * MINUTE);
    carrier.set(Mood::Well);
    mill.grind(|_| None).await;
    assert!(mill.rows().await.iter().all(|row| row.status == "expired"));
    assert!(carrier.state.lock().expect("no panic").taken.is_empty());
}

/// R7: never more requests at once than there are hands.
#[tokio::test]
async fn requests_at_once_have_a_limit() {
    struct Slow {
        now: AtomicUsize,
        most: AtomicUsize,
        done: AtomicUsize,
    }
    impl Carrier for Slow {
        fn send<'a>(&'a self, _text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
            async move {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                self.now.fetch_sub(1, Ordering::SeqCst);
                let n = self.done.fetch_add(1, Ordering::SeqCst);
                SendOutcome::Accepted { sid: format!("SM{n}"), status: MessageStatus::Accepted, segments: None }
            }
            .boxed()
        }

        fn find<'a>(&'a self, _: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
            std::future::ready(Ok(Vec::new())).boxed()
        }

        fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
            std::future::ready(Err(CarrierError::NotFound)).boxed()
        }

        fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
            std::future::ready(Ok(())).boxed()
        }
    }
    let clock = Clock::manual(NOON);
    let slow = Arc::new(Slow { now: AtomicUsize::new(0), most: AtomicUsize::new(0), done: AtomicUsize::new(0) });
    let mill = Mill::new(slow.clone(), &clock).await;
    mill.write(0..128, Severity::Emergency).await;
    let (causes, mut settled) = tokio::sync::mpsc::channel(1_000);
    let (attempts, waiting) = tokio::sync::mpsc::channel(1_000);
    let changes = tokio::sync::broadcast::channel(16).0;
    let door = nightporter::commit::Door::new(causes, changes, Arc::default());
    let deliver = nightporter::deliver::Deliver { carrier: slow.clone(), door, clock };
    for _ in 0..2 {
        for attempt in mill.claim().await {
            attempts.send(attempt).await.expect("room");
        }
    }
    drop(attempts);
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    deliver.run(waiting, stopping).await;
    let mut answers = 0;
    while settled.try_recv().is_ok() {
        answers += 1;
    }
    let most = slow.most.load(Ordering::SeqCst);
    assert!(answers == 128 && (2..=16).contains(&most), "{answers} answers, {most} at once");
}
