//! What carriers report, in any order, more than once, too early, of strangers, or not at all.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, FutureExt};
use nightporter::clock::Clock;
use nightporter::commit::{Cause, Door, Item};
use nightporter::deliver::carrier::{Carrier, CarrierError, CarrierMessage, Lookup, Outgoing, SendOutcome};
use nightporter::deliver::reconcile::Reconciler;
use nightporter::model::time::{HOUR, MINUTE};
use nightporter::model::*;
use nightporter::store::Report;

use super::count;
use super::mill::{Mill, NOON};
use crate::simulation::dice::Dice;

/// Takes everything, and knows what became of it.
struct Honest(Mutex<Vec<MessageStatus>>);

impl Honest {
    fn shows(&self, sid: &str) -> Option<CarrierMessage> {
        let number: usize = sid.strip_prefix("SM")?.parse().ok()?;
        let status = *self.0.lock().expect("no panic").get(number)?;
        let error_code = (status.rank() == MessageStatus::Failed.rank()).then_some(30_007);
        let sid = sid.to_owned();
        Some(CarrierMessage {
            sid,
            status,
            error_code,
            error: None,
            segments: Some(1),
            created_at: None,
            sent_at: None,
        })
    }
}

impl Carrier for Honest {
    fn send<'a>(&'a self, _text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        let mut taken = self.0.lock().expect("no panic");
        taken.push(MessageStatus::Accepted);
        let sid = format!("SM{}", taken.len() - 1);
        let accepted = SendOutcome::Accepted { sid, status: MessageStatus::Accepted, segments: Some(1) };
        std::future::ready(accepted).boxed()
    }

    fn find<'a>(&'a self, _: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn fetch<'a>(&'a self, sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        std::future::ready(self.shows(sid).ok_or(CarrierError::NotFound)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        std::future::ready(Ok(())).boxed()
    }
}

const STATES: [MessageStatus; 5] = [
    MessageStatus::Accepted,
    MessageStatus::Sent,
    MessageStatus::Delivered,
    MessageStatus::Undelivered,
    MessageStatus::Failed,
];

async fn mill(texts: usize) -> (Mill, Arc<Honest>) {
    let clock = Clock::manual(NOON);
    let carrier = Arc::new(Honest(Mutex::new(Vec::new())));
    let mut mill = Mill::new(carrier.clone(), &clock).await;
    mill.write(0..texts, Severity::Routine).await;
    mill.grind(|_| None).await;
    (mill, carrier)
}

fn report(sid: String, status: MessageStatus) -> Cause {
    let error_code = matches!(status, MessageStatus::Undelivered | MessageStatus::Failed).then_some(30_007);
    Cause::Report(Report { sid, message_id: None, attempt: None, status, error_code, error: None })
}

/// R9: any sequence of reports, each up to three times: what remains is the highest of them.
#[tokio::test]
async fn reports_in_any_order_leave_the_highest() {
    let texts = count(1_000, 10_000);
    let (mill, _) = mill(texts).await;
    let sids: Vec<(String, String)> =
        mill.rows().await.into_iter().map(|row| (row.sid.expect("taken"), row.body)).collect();
    let mut dice = Dice::new(9, 91);
    let mut highest = std::collections::HashMap::new();
    let mut causes = Vec::new();
    for (sid, _) in &sids {
        let mut said: Vec<MessageStatus> =
            (0..1 + dice.below(5)).flat_map(|_| vec![*dice.pick(&STATES); 1 + dice.below(3) as usize]).collect();
        for n in (1..said.len()).rev() {
            said.swap(n, dice.below(n as u64 + 1) as usize);
        }
        let most = said.iter().map(|s| s.rank()).max().expect("some").max(MessageStatus::Accepted.rank());
        highest.insert(sid.clone(), most);
        causes.extend(said.into_iter().map(|status| report(sid.clone(), status)));
    }
    let reports = causes.len();
    while !causes.is_empty() {
        let rest = causes.split_off(causes.len().min(700));
        mill.commit(std::mem::replace(&mut causes, rest)).await;
    }
    for row in mill.rows().await {
        let rank = MessageStatus::parse(&row.status).expect("a status").rank();
        assert_eq!(Some(&rank), highest.get(row.sid.as_deref().expect("taken")), "{}", row.id);
    }
    println!("R9: {reports} reports of {texts} texts: the highest remains");
}

/// A text that the network could not deliver goes out again as its error code says; what has arrived never does.
#[tokio::test]
async fn what_did_not_arrive_is_tried_again_and_what_did_arrive_never() {
    let (mut mill, carrier) = mill(2).await;
    let taken = || carrier.0.lock().expect("no panic").len();
    let off = |sid: &str| {
        let (sid, status) = (sid.to_owned(), MessageStatus::Undelivered);
        Cause::Report(Report { sid, message_id: None, attempt: None, status, error_code: Some(30_003), error: None })
    };
    mill.commit(vec![off("SM0"), off("SM1"), off("SM0")]).await;
    assert_eq!(mill.next_at().await, Some(mill.clock.now() + 3 * MINUTE), "the phone is off: in some minutes");
    mill.commit(vec![report("SM1".to_owned(), MessageStatus::Delivered)]).await;
    mill.grind(|_| None).await;
    assert_eq!(taken(), 3, "one has arrived after all");
    // Reports of the first attempt say nothing of the second one.
    mill.commit(vec![off("SM0"), report("SM0".to_owned(), MessageStatus::Sent)]).await;
    for sid in ["SM2", "SM3"] {
        mill.commit(vec![off(sid), off(sid)]).await;
        mill.grind(|_| None).await;
    }
    assert_eq!(taken(), 4, "twice more, as the table says");
    let rows = mill.rows().await;
    let mut ends: Vec<_> = rows.iter().map(|row| (row.status.as_str(), row.error_code)).collect();
    ends.sort_unstable();
    assert_eq!(ends, [("delivered", None), ("undelivered", Some(30_003))]);
    let given_up = rows.iter().find(|row| row.status == "undelivered").expect("one");
    let made = mill.store.read().await.expect("reads").load_attempts(&given_up.id).await.expect("rows");
    assert_eq!(
        made.iter().map(|a| (a.n, a.outcome)).collect::<Vec<_>>(),
        [1, 2, 3].map(|n| (n, AttemptOutcome::Undelivered))
    );
    assert_eq!(made[2].error.as_deref(), Some("the phone is off or out of reach"));
}

/// Never says whether it took a text; asked, it shows that the phone was off.
struct Silent(Mutex<usize>);

impl Carrier for Silent {
    fn send<'a>(&'a self, _text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        *self.0.lock().expect("no panic") += 1;
        std::future::ready(SendOutcome::Ambiguous { detail: "no answer".to_owned() }).boxed()
    }

    fn find<'a>(&'a self, looked: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        let off = CarrierMessage {
            sid: format!("SM-{}", looked.attempt),
            status: MessageStatus::Undelivered,
            error_code: Some(30_003),
            error: None,
            segments: Some(1),
            created_at: None,
            sent_at: None,
        };
        std::future::ready(Ok(vec![off])).boxed()
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        std::future::ready(Err(CarrierError::NotFound)).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        std::future::ready(Ok(())).boxed()
    }
}

/// What the carrier's list shows to have failed is tried again exactly as if the failure had been reported.
#[tokio::test]
async fn what_is_found_failed_when_the_carrier_is_asked_is_tried_again() {
    let carrier = Arc::new(Silent(Mutex::new(0)));
    let mut mill = Mill::new(carrier.clone(), &Clock::manual(NOON)).await;
    mill.write(0..1, Severity::Routine).await;
    mill.grind(|_| None).await;
    assert_eq!(*carrier.0.lock().expect("no panic"), 3, "twice more, as the table says");
    let row = mill.rows().await.remove(0);
    assert_eq!((row.status.as_str(), row.error_code), ("undelivered", Some(30_003)));
    let made = mill.store.read().await.expect("reads").load_attempts(&row.id).await.expect("rows");
    let ends: Vec<_> = made.iter().map(|a| (a.n, a.outcome, a.sid.is_some())).collect();
    assert_eq!(ends, [1, 2, 3].map(|n| (n, AttemptOutcome::Undelivered, true)));
    assert_eq!(made[0].error.as_deref(), Some("the phone is off or out of reach"));
}

/// R10: no report comes; the carrier is asked, and all texts come to their end within five minutes of it.
#[tokio::test]
async fn texts_whose_reports_are_lost_are_asked_about() {
    let texts = count(300, 2_000);
    let (mill, carrier) = mill(texts).await;
    let mut dice = Dice::new(10, 101);
    let ends = [MessageStatus::Delivered, MessageStatus::Delivered, MessageStatus::Undelivered, MessageStatus::Failed];
    carrier.0.lock().expect("no panic").iter_mut().for_each(|status| *status = *dice.pick(&ends));
    // A third of the callbacks come all the same.
    let known: Vec<(String, MessageStatus)> = {
        let taken = carrier.0.lock().expect("no panic");
        taken.iter().enumerate().filter(|(n, _)| n % 3 == 0).map(|(n, s)| (format!("SM{n}"), *s)).collect()
    };
    mill.commit(known.into_iter().map(|(sid, status)| report(sid, status)).collect()).await;
    let (causes, mut incoming) = tokio::sync::mpsc::channel::<Item>(64);
    let door = Door::new(causes, tokio::sync::broadcast::channel(16).0, Arc::default());
    let reconciler =
        Reconciler { store: mill.store.clone(), carrier: carrier.clone(), door, clock: mill.clock.clone() };
    assert_eq!(reconciler.look(false).await.expect("looks"), 0, "callbacks have a while to come by themselves");
    mill.clock.advance(5 * MINUTE);
    let settling = async {
        while let Some(item) = incoming.recv().await {
            mill.committer.settle(vec![item]).await;
        }
    };
    let looking = async {
        let asked = reconciler.look(false).await.expect("looks");
        drop(reconciler);
        asked
    };
    let (asked, ()) = tokio::join!(looking, settling);
    assert_eq!(asked, texts - texts.div_ceil(3), "only those without an end");
    let open = |status: &str| ["accepted", "sent", "queued", "sending", "unknown"].contains(&status);
    let rows = mill.rows().await;
    assert!(rows.iter().all(|row| !open(&row.status)), "all have come to an end");
    let truth = carrier.0.lock().expect("no panic").clone();
    for row in rows {
        let n: usize = row.sid.as_deref().and_then(|sid| sid[2..].parse().ok()).expect("a number");
        assert_eq!(row.status, truth[n].as_str(), "{}", row.id);
        assert_eq!(row.error_code, (row.status == "undelivered").then_some(30_007).or(row.error_code));
    }
    println!("R10: {texts} texts, two of three callbacks lost: all settled at the first look");
}

/// R10: what is old is asked about once an hour for a day, then no more.
#[tokio::test]
async fn old_texts_are_asked_about_now_and_then() {
    let (mill, carrier) = mill(20).await;
    let (causes, _incoming) = tokio::sync::mpsc::channel::<Item>(64);
    let door = Door::new(causes, tokio::sync::broadcast::channel(16).0, Arc::default());
    let reconciler = Reconciler { store: mill.store.clone(), carrier, door, clock: mill.clock.clone() };
    mill.clock.advance(3 * HOUR);
    assert_eq!(reconciler.look(false).await.expect("looks"), 0);
    assert_eq!(reconciler.look(true).await.expect("looks"), 20);
    mill.clock.advance(25 * HOUR);
    assert_eq!(reconciler.look(true).await.expect("looks"), 0);
}

/// R11: the report is there before the answer to the request; strangers' reports change nothing.
#[tokio::test]
async fn a_report_before_its_answer_finds_its_text_and_a_strangers_finds_none() {
    let texts = count(500, 5_000);
    let clock = Clock::manual(NOON);
    let carrier = Arc::new(Honest(Mutex::new(Vec::new())));
    let mill = Mill::new(carrier, &clock).await;
    mill.write(0..texts, Severity::Routine).await;
    loop {
        let tried = mill.attempt(mill.claim().await).await;
        if tried.is_empty() {
            break;
        }
        let early = tried.iter().map(|one| {
            let nightporter::commit::Answer::Sent(SendOutcome::Accepted { sid, .. }) = &one.answer else {
                panic!("it takes everything")
            };
            let message_id = Some(one.message.id.clone());
            let (sid, status) = (sid.clone(), MessageStatus::Delivered);
            Cause::Report(Report { sid, message_id, attempt: Some(1), status, error_code: None, error: None })
        });
        let strangers = (0..10).map(|n| report(format!("SMstranger{n}"), MessageStatus::Failed));
        mill.commit(early.chain(strangers).collect()).await;
        mill.settle(tried).await;
    }
    let rows = mill.rows().await;
    assert_eq!(rows.iter().filter(|row| row.status == "delivered" && row.sid.is_some()).count(), texts);
    println!("R11: {texts} reports before their answers: each found its text");
}
