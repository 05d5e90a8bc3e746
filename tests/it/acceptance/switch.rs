//! Two carriers for one country: whatever they answer, no text is taken twice, and none waits while another could take it.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use nightporter::clock::Clock;
use nightporter::commit::Cause;
use nightporter::deliver::carrier::{
    Action, Carrier, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, Outgoing, SendOutcome, Switchboard,
};
use nightporter::model::time::{DAY, HOUR, MINUTE, SECOND};
use nightporter::model::*;
use nightporter::store::Report;

use super::count;
use super::mill::{Mill, NOON};
use crate::simulation::dice::Dice;

/// A text that one of the two took.
struct Taken {
    body: String,
    at: Timestamp,
    shown_at: Timestamp,
    /// Its carrier has said that it came to nothing.
    over: bool,
}

/// What both carriers together have taken.
#[derive(Default)]
struct Book {
    taken: Vec<Taken>,
    twice: usize,
}

impl Book {
    fn take(&mut self, body: &str, at: Timestamp, lag: Millis) -> String {
        self.twice += usize::from(self.taken.iter().any(|t| t.body == body && !t.over));
        self.taken.push(Taken { body: body.to_owned(), at, shown_at: at + lag, over: false });
        format!("SM{}", self.taken.len() - 1)
    }
}

/// A carrier with a mood of its own: `answers` of ten, what it says.
struct Fickle {
    name: CarrierName,
    clock: Clock,
    book: Arc<Mutex<Book>>,
    dice: Mutex<Dice>,
    mine: Mutex<Vec<usize>>,
    mood: Box<dyn Fn(u64) -> Mood + Send + Sync>,
    requests: Mutex<Vec<Timestamp>>,
}

#[derive(Clone, Copy)]
enum Mood {
    Takes,
    TakesUnsaid,
    LostUnsaid,
    Says(Action),
    Busy,
    Away,
    Fault,
}

/// Everything that a carrier may answer.
fn any(roll: u64) -> Mood {
    match roll {
        0..25 => Mood::Takes,
        25..40 => Mood::TakesUnsaid,
        40..50 => Mood::LostUnsaid,
        50..60 => Mood::Says(Action::OtherChannel),
        60..65 => Mood::Says(Action::FlagNumber),
        65..72 => Mood::Says(Action::Retry { after: MINUTE, times: 2 }),
        72..82 => Mood::Busy,
        82..94 => Mood::Away,
        _ => Mood::Fault,
    }
}

impl Fickle {
    fn answer(&self, text: &Outgoing<'_>) -> SendOutcome {
        let (now, mut dice) = (self.clock.now(), self.dice.lock().expect("no panic"));
        self.requests.lock().expect("no panic").push(now);
        let detail = format!("{} says no", self.name.as_str());
        let take = |lag| {
            let mut book = self.book.lock().expect("no panic");
            self.mine.lock().expect("no panic").push(book.taken.len());
            book.take(text.body, now, lag)
        };
        match (self.mood)(dice.below(100)) {
            Mood::Takes => SendOutcome::Accepted { sid: take(0), status: MessageStatus::Accepted, segments: Some(1) },
            Mood::TakesUnsaid => {
                take(dice.range(0, 4 * SECOND));
                SendOutcome::Ambiguous { detail }
            }
            Mood::LostUnsaid => SendOutcome::Ambiguous { detail },
            Mood::Says(action) => SendOutcome::Refused { code: None, detail, action },
            Mood::Busy => SendOutcome::Later { after: dice.range(1, 30) * SECOND, code: None },
            Mood::Away => SendOutcome::NotSent { detail },
            Mood::Fault => SendOutcome::AccountFault { code: None, detail },
        }
    }

    fn shows(&self, lookup: Lookup<'_>) -> Vec<CarrierMessage> {
        let (now, book) = (self.clock.now(), self.book.lock().expect("no panic"));
        let mine = self.mine.lock().expect("no panic");
        let all = mine.iter().map(|n| (*n, &book.taken[*n]));
        let wanted =
            all.filter(|(_, t)| t.body == lookup.body && t.at >= lookup.since - FIND_SLACK_MS && t.shown_at <= now);
        let shown = wanted.map(|(n, t)| CarrierMessage {
            sid: format!("SM{n}"),
            status: MessageStatus::Accepted,
            error_code: None,
            error: None,
            segments: Some(1),
            created_at: Some(t.at),
            sent_at: None,
        });
        shown.collect()
    }
}

impl Carrier for Fickle {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        async move { self.answer(&text) }.boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        std::future::ready(Ok(self.shows(lookup))).boxed()
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        std::future::ready(Err(CarrierError::NotFound)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        std::future::ready(Ok(())).boxed()
    }
}

struct House {
    mill: Mill,
    book: Arc<Mutex<Book>>,
    carriers: [Arc<Fickle>; 2],
}

type Moods = [fn(u64) -> Mood; 2];

async fn house(seed: u64, moods: Moods) -> House {
    let clock = Clock::manual(NOON);
    let book = Arc::<Mutex<Book>>::default();
    let names = [CarrierName::Aliyun, CarrierName::Twilio];
    let carriers = [0, 1].map(|n| {
        let (dice, mine, requests) = (Mutex::new(Dice::new(seed, 70 + n as u64)), Mutex::default(), Mutex::default());
        let (name, clock, book, mood) = (names[n], clock.clone(), book.clone(), Box::new(moods[n]));
        Arc::new(Fickle { name, clock, book, dice, mine, mood, requests })
    });
    let all = carriers.clone().map(|c| (c.name, c as Arc<dyn Carrier>));
    let by_code = ["+1", "+86"].map(|code| (code.to_owned(), names.to_vec())).into();
    let routes = CarrierRoutes { by_code, ..CarrierRoutes::default() };
    let mill = Mill::routed(Arc::new(Switchboard::new(all)), routes, &clock).await;
    House { mill, book, carriers }
}

/// Reports of what was taken: some arrived, some came to nothing; some reports come twice, late and in any order.
fn reports(book: &mut Book, dice: &mut Dice) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (n, taken) in book.taken.iter_mut().enumerate() {
        let (status, code) = match dice.below(40) {
            0..4 => (MessageStatus::Delivered, None),
            4..6 => (MessageStatus::Undelivered, Some(30_003)),
            6..8 => (MessageStatus::Failed, None),
            8 => (MessageStatus::Undelivered, Some(30_005)),
            9 => (MessageStatus::Sent, None),
            _ => continue,
        };
        taken.over |= matches!(status, MessageStatus::Undelivered | MessageStatus::Failed);
        let sid = format!("SM{n}");
        let word = (code == Some(30_005)).then(|| "INVALID_NUMBER".to_owned());
        causes.push(Cause::Report(Report {
            sid,
            message_id: None,
            attempt: None,
            status,
            error_code: code,
            error: word,
        }));
    }
    causes
}

/// Random answers of two carriers, deaths of the process, reports in any order: never is a text taken by anybody while one
/// that was taken may still arrive; and every text comes to an end.
#[tokio::test]
async fn two_carriers_never_both_have_a_text() {
    let (seeds, texts) = (count(12, 200) as u64, 25);
    let mut by_second = 0;
    for seed in 0..seeds {
        let House { mut mill, book, carriers } = house(seed, [any, any]).await;
        let severity = if seed % 2 == 0 { Severity::Emergency } else { Severity::Routine };
        mill.write(0..texts, severity).await;
        let mut dice = Dice::new(seed, 73);
        for _ in 0..60 {
            let dies = dice.chance(100).then_some(dice.below(5) as usize);
            mill.turn(dies).await;
            if dice.chance(500) {
                let causes = reports(&mut book.lock().expect("no panic"), &mut dice);
                mill.commit(causes).await;
            }
        }
        mill.grind(|_| None).await;
        let rows = mill.rows().await;
        let book = book.lock().expect("no panic");
        assert_eq!(book.twice, 0, "seed {seed}: taken while an earlier one might arrive");
        by_second += carriers[1].mine.lock().expect("no panic").len();
        for row in rows {
            assert!(!["queued", "sending", "unknown"].contains(&row.status.as_str()), "seed {seed}: {}", row.status);
            let taken = book.taken.iter().any(|t| t.body == row.body && !t.over);
            assert!(!taken || row.sid.is_some(), "seed {seed}: {} was taken and nobody knows", row.body);
        }
    }
    assert!(by_second > 0, "nobody ever changed the carrier");
    println!("{seeds} seeds of {texts} texts, two carriers: {by_second} by the second one, 0 twice");
}

/// An emergency does not wait for a carrier while the other one was not tried.
#[tokio::test]
async fn an_emergency_goes_to_the_other_carrier_at_the_same_instant() {
    let noes: [fn(u64) -> Mood; 4] =
        [|_| Mood::Busy, |_| Mood::Away, |_| Mood::Fault, |_| Mood::Says(Action::Retry { after: MINUTE, times: 3 })];
    for no in noes {
        let House { mut mill, carriers, .. } = house(1, [no, |_| Mood::Takes]).await;
        mill.write(0..3, Severity::Emergency).await;
        mill.turn(None).await;
        mill.turn(None).await;
        assert!(mill.rows().await.iter().all(|row| row.status == "accepted"));
        assert_eq!(*carriers[1].requests.lock().expect("no panic"), [NOON; 3]);
        let row = &mill.rows().await[0];
        let made = mill.store.read().await.expect("reads").load_attempts(&row.id).await.expect("rows");
        let by: Vec<_> = made.iter().map(|a| (a.n, a.carrier, a.outcome.rank())).collect();
        assert_eq!(by, [(1, CarrierName::Aliyun, 0), (2, CarrierName::Twilio, 1)]);
        assert_eq!(made[0].again_at.is_some(), made[0].outcome != AttemptOutcome::Refused);
    }
}

/// What nobody knows of stays with its carrier until that has said no, however many others there are.
#[tokio::test]
async fn a_doubtful_text_waits_for_its_own_carrier() {
    let House { mut mill, carriers, .. } = house(2, [|_| Mood::LostUnsaid, |_| Mood::Takes]).await;
    mill.write(0..1, Severity::Emergency).await;
    mill.turn(None).await;
    mill.turn(None).await;
    assert!(carriers[1].requests.lock().expect("no panic").is_empty(), "it may have been taken");
    mill.grind(|_| None).await;
    let asked = carriers[1].requests.lock().expect("no panic").clone();
    assert_eq!(asked, [NOON + 5 * SECOND], "the list has had its time and shows nothing");
}

/// Networks of mainland China take the same words twice a day: the third one waits, or says why it never went.
#[tokio::test]
async fn the_same_words_go_to_mainland_china_twice_a_day() {
    let House { mut mill, carriers, .. } = house(3, [|_| Mood::Takes, |_| Mood::Takes]).await;
    let text = |n: usize, to: &str, lasts: Millis| NewMessage {
        key: format!("{to} {n}"),
        recipient: Recipient::Tenant("t1".to_owned()),
        to: E164::parse(to).expect("a number"),
        channel: Channel::Sms,
        template: "leak_tenant",
        locale: Locale::ZhCn,
        body: "漏水".to_owned(),
        ticket_id: None,
        severity: Severity::Routine,
        created_at: NOON + n as Millis,
        expires_at: NOON + lasts,
    };
    let chinese = (0..4).map(|n| text(n, "+8613900000000", if n == 3 { 6 * HOUR } else { 2 * DAY }));
    let texts: Vec<_> = chinese.chain((4..8).map(|n| text(n, "+14155550101", DAY))).collect();
    let mut tx = mill.store.begin().await.expect("begins");
    tx.add_messages(&texts, 0, "nobody", NOON, NOON).await.expect("stored");
    tx.commit().await.expect("committed");
    mill.clock.advance(MINUTE);
    let first = mill.clock.now();
    mill.turn(None).await;
    let rows = mill.rows().await;
    let status = |n: usize| rows[n].status.as_str();
    assert_eq!([0, 1, 2, 3].map(status), ["accepted", "accepted", "queued", "expired"]);
    assert_eq!([4, 5, 6, 7].map(status), ["accepted"; 4], "elsewhere nobody counts");
    for n in [2, 3] {
        assert!(rows[n].error.as_deref().expect("a reason").contains("twice within 24 hours"));
    }
    assert_eq!(mill.next_at().await, Some(first + DAY));
    mill.grind(|_| None).await;
    assert_eq!(mill.rows().await[2].status, "accepted");
    assert_eq!(carriers[0].requests.lock().expect("no panic").len(), 7);
}
