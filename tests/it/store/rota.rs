//! Who works when and how much they had; and of many who take one job at one instant, exactly one has it.
//!
//! `NIGHTPORTER_ACCEPTS` says how many jobs are fought for on each database (5 by default, 500 for a thorough run).

use std::collections::HashMap;
use std::sync::Arc;

use nightporter::clock::Clock;
use nightporter::commit::{Attempt, Cause, CommandError, Committer, Item, Trials};
use nightporter::decide::stats::Share;
use nightporter::decide::tones::Heeded;
use nightporter::decide::{Command, Policy, Refusal};
use nightporter::model::time::{DAY, HOUR};
use nightporter::model::*;
use nightporter::store::{MessageFilter, Page};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Engine, ticket};
use crate::house::{REGISTRY, at, committer, registry};

pub async fn loads_night_calls_and_swaps_are_counted(db: &Engine) {
    db.registered().await;
    let place = db.read(async |tx| tx.see_places(&["oak", "nowhere"]).await).await.remove("oak").expect("oak");
    assert_eq!(place.location, Some(Location { lat: 31.2, lon: 121.5 }));
    let job = |id: &str, device: &str, status: Status| Ticket {
        status,
        assignee: Some("h1".into()),
        ..ticket(id, TicketKind::Battery, device, "oak-1", 1)
    };
    let over = Status::Resolved { at: Timestamp(5) };
    let jobs = [job("k1", "a", Status::Assigned), job("k2", "b", Status::OnSite), job("k3", "c", over)];
    db.write(async |tx| tx.save_tickets(&jobs.iter().collect::<Vec<_>>()).await).await;
    let (h1, k1) = (HousekeeperId::from("h1"), TicketId::from("k1"));
    for at in [10, 10, 20] {
        db.write(async |tx| tx.add_night_call(&h1, &k1, Timestamp(at)).await).await;
    }
    let standings = db.read(async |tx| tx.load_standings(&["oak"]).await).await;
    let expected = Standing { load: 2, night_call_at: Some(Timestamp(20)), location: None };
    assert_eq!(standings, HashMap::from([(h1, expected), ("h2".into(), Standing::default())]));
    assert_eq!(db.read(async |tx| tx.load_standings(&["elm"]).await).await.len(), 1);
    let calls = async |since| db.read(async |tx| tx.night_calls(&["h1", "h2"], Timestamp(since)).await).await;
    assert_eq!(calls(0).await, HashMap::from([("h1".to_owned(), 2)]));
    assert_eq!(calls(11).await, HashMap::from([("h1".to_owned(), 1)]));
    assert_eq!(calls(21).await, HashMap::new());
    assert_eq!(db.read(async |tx| tx.property_ids(None).await).await, ["elm", "oak"]);
    assert_eq!(db.read(async |tx| tx.property_ids(Some(&["oak".to_owned()])).await).await, ["oak"]);
}

pub async fn tickets_of_a_period_are_counted_with_what_is_around_them(db: &Engine) {
    db.registered().await;
    let of = |id: &str, device: &str, unit: &str, at: i64| ticket(id, TicketKind::Battery, device, unit, at);
    let all = [of("k1", "lock1", "oak-1", 10), of("k2", "gone", "oak-1", 20), of("k3", "lock3", "elm-1", 30)];
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    let survey = "INSERT INTO surveys (ticket_id, asked_at, score, answered_at) VALUES ('k1', 1, 9, 2)";
    super::door::execute(&db.store, &[survey]).await;
    let oak = ["oak".to_owned()];
    let found = async |from, to, properties: Option<&[String]>, limit| {
        let cases = db.read(async |tx| tx.cases(Timestamp(from), Timestamp(to), properties, limit).await).await;
        cases.into_iter().map(|c| (c.ticket.id.0, c.region, c.score)).collect::<Vec<_>>()
    };
    let row = |id: &str, region: &str, score| (id.to_owned(), region.to_owned(), score);
    let (k1, k2, k3) = (row("k1", "east", Some(9)), row("k2", "east", None), row("k3", "west", None));
    assert_eq!(found(0, 99, None, 9).await, [k1.clone(), k2.clone(), k3.clone()]);
    assert_eq!(found(11, 30, None, 9).await, std::slice::from_ref(&k2), "from on, before to");
    assert_eq!(found(0, 99, Some(&oak), 9).await, [k1.clone(), k2]);
    assert_eq!((found(0, 99, None, 1).await, found(40, 99, None, 9).await), (vec![k1], vec![]));
}

pub async fn tones_are_counted_by_language_and_property(db: &Engine) {
    db.registered().await;
    let of = |id: &str, unit: &str, at: i64, tone, replied| Ticket {
        tone,
        replied,
        tenant_id: Some(format!("tenant {id}").as_str().into()),
        status: Status::Closed { at: Timestamp(at), resolved_at: Timestamp(at) },
        ..ticket(id, TicketKind::Request, id, unit, at)
    };
    let warm = Some((Locale::En, Tone::Warm));
    let all = [
        of("k1", "oak-1", 10, warm, true),
        of("k2", "oak-1", 20, warm, false),
        of("k3", "oak-1", 30, Some((Locale::ZhCn, Tone::Plain)), false),
        of("k4", "elm-1", 40, warm, false),
        of("k5", "elm-1", 50, None, true),
    ];
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    let survey = |id: &str, score| {
        format!("INSERT INTO surveys (ticket_id, asked_at, score, answered_at) VALUES ('{id}', 1, {score}, 2)")
    };
    super::door::execute(&db.store, &[&survey("k1", "7"), &survey("k2", "6"), &survey("k4", "NULL")]).await;
    let count = async |from, to, properties: Option<&[String]>| {
        db.read(async |tx| tx.tone_trials(Timestamp(from), Timestamp(to), properties).await).await
    };
    let share = |met, of| Share { met, of };
    let came = |heeded, satisfied| Heeded { heeded, satisfied };
    let oak = ((Locale::En, "oak".into()), [(Tone::Warm, came(share(1, 2), share(1, 2)))].into());
    let chinese = ((Locale::ZhCn, "oak".into()), [(Tone::Plain, came(share(0, 1), share(0, 0)))].into());
    let elm = ((Locale::En, "elm".into()), [(Tone::Warm, came(share(0, 1), share(0, 0)))].into());
    assert_eq!(count(0, 99, None).await, [oak.clone(), chinese.clone(), elm].into());
    assert_eq!(count(0, 99, Some(&["oak".to_owned()])).await, [oak, chinese].into());
    assert_eq!(count(50, 99, None).await, [].into(), "what was said in no tone counts for none");
    let answered = Ticket { replied: true, ..all[3].clone() };
    db.write(async |tx| tx.save_tickets(&[&answered]).await).await;
    let elm = ((Locale::En, "elm".into()), [(Tone::Warm, came(share(1, 1), share(0, 0)))].into());
    assert_eq!(count(40, 41, None).await, [elm].into(), "the latest word counts");
    let mine = |t: &Ticket| Ticket { tenant_id: Some("one".into()), ..t.clone() };
    let two = [mine(&all[0]), mine(&all[1])];
    db.write(async |tx| tx.save_tickets(&two.iter().collect::<Vec<_>>()).await).await;
    let oak = ((Locale::En, "oak".into()), [(Tone::Warm, came(share(1, 1), share(0, 1)))].into());
    assert_eq!(count(0, 29, None).await, [oak].into(), "one tenant, who did it in half of their matters and gave 6.5");
}

/// Nobody who tries nothing is asked for anything; what is counted holds for an hour.
pub async fn what_lost_is_counted_once_an_hour_where_several_tones_are_tried(db: &Engine) {
    db.registered().await;
    let now = at("2026-01-05T12:00:00Z");
    let of = |n: u32| Ticket {
        tone: Some((Locale::En, if n.is_multiple_of(2) { Tone::Warm } else { Tone::Plain })),
        replied: !n.is_multiple_of(2),
        tenant_id: Some(format!("t{n}").as_str().into()),
        status: Status::Closed { at: now - 8 * DAY, resolved_at: now - 8 * DAY },
        ..ticket(&format!("k{n}"), TicketKind::Request, &format!("d{n}"), "oak-1", (now - 9 * DAY).0)
    };
    let all: Vec<Ticket> = (0..200).map(of).collect();
    let (trials, one) = (Trials::default(), Policy::default());
    let mut several = Policy::default();
    several.property_tones.insert("elm".into(), vec![Tone::Plain, Tone::Warm]);
    let lost = async |policy: &Policy, now| {
        let lost = db.read(async |tx| trials.lost_tones(tx, policy, now).await).await;
        lost.keys().copied().collect::<Vec<_>>()
    };
    assert_eq!(lost(&several, now).await, [], "nothing was said yet");
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    assert_eq!((lost(&several, now + HOUR - 1).await, lost(&one, now + HOUR).await), (vec![], vec![]));
    assert_eq!(lost(&several, now + HOUR).await, [(Locale::En, Tone::Warm)]);
    assert_eq!(lost(&several, now + 180 * DAY).await, [], "tried again after half a year");
}

pub async fn swaps_hold_until_they_end_or_are_taken_back(db: &Engine) {
    let swap = |id: &str, from: &str, to: &str, ends_at| ShiftSwap {
        id: id.to_owned(),
        from: from.into(),
        to: to.into(),
        starts_at: Timestamp(100),
        ends_at: Timestamp(ends_at),
    };
    let (one, two) = (swap("s1", "h1", "h2", 200), swap("s2", "h3", "h1", 300));
    let add = async |swap: &ShiftSwap| db.write(async |tx| tx.add_swap(swap, "user:lead", Timestamp(1)).await).await;
    assert!(add(&one).await && add(&two).await && !add(&one).await, "twice is once");
    let of = async |who: &str, now| db.read(async |tx| tx.load_swaps(&[who], Timestamp(now)).await).await;
    assert_eq!(of("h1", 150).await, [one.clone(), two.clone()]);
    assert_eq!(of("h1", 200).await, std::slice::from_ref(&two), "the first is over");
    assert_eq!(of("h2", 150).await, std::slice::from_ref(&one));
    let cancel = async |id: &str| db.write(async |tx| tx.cancel_swap(id, Timestamp(2)).await).await;
    assert!(cancel("s1").await && !cancel("s1").await && !cancel("s9").await);
    assert_eq!(of("h2", 150).await, []);
    let find = async |id: &str, now| db.read(async |tx| tx.swap(id, Timestamp(now)).await).await;
    assert_eq!((find("s1", 150).await, find("s2", 150).await, find("s2", 300).await), (None, Some(two), None));
    assert!(add(&one).await, "taken back, it can be agreed again");
    assert_eq!(of("h2", 150).await, [one]);
}

/// Housekeepers who fight for a job.
const RIVALS: usize = 16;

/// A house of two processes with many housekeepers; what they send is swallowed.
async fn two_doors(db: &Engine, clock: &Clock) -> [Arc<Committer>; 2] {
    let mut files = REGISTRY.map(|(name, text)| (name, text.to_owned()));
    let line = |n: usize| format!("r{n:02},Rival {n},+86138000090{n:02},en,oak,plumbing,00:00-24:00\n");
    files[4].1 = format!("id,name,phone,locale,properties,skills,shift\n{}", (0..RIVALS).map(line).collect::<String>());
    db.store.import(&registry(&files)).await.expect("imports");
    ["one", "two"].map(|owner| {
        let (committer, attempts) = committer(&db.store, clock, owner);
        tokio::spawn(swallow(attempts));
        Arc::new(committer)
    })
}

async fn swallow(mut attempts: mpsc::Receiver<Attempt>) {
    while attempts.recv().await.is_some() {}
}

async fn take(door: Arc<Committer>, id: TicketId, rival: usize) -> (usize, Result<Option<Ticket>, CommandError>) {
    let who = format!("r{rival:02}");
    let (answer, settled) = oneshot::channel();
    let cause = Cause::Command(id, format!("housekeeper:{who}"), Command::Accept(who.as_str().into()));
    door.settle(vec![Item { answer: Some(answer), ..Item::of(vec![cause]) }]).await;
    (rival, settled.await.expect("answered"))
}

pub async fn of_many_who_take_a_job_at_one_instant_exactly_one_has_it(db: &Engine) {
    let jobs = std::env::var("NIGHTPORTER_ACCEPTS").map_or(5, |n| n.parse().expect("a number"));
    let clock = Clock::manual(at("2026-01-05T18:30:00Z"));
    let doors = two_doors(db, &clock).await;
    for job in 0..jobs {
        let id = TicketId(format!("job{job}"));
        let asked: Vec<HousekeeperId> = (0..RIVALS).map(|n| HousekeeperId(format!("r{n:02}"))).collect();
        let free = Ticket {
            severity: Severity::Emergency,
            status: Status::Offered,
            work: Work { asked, ..Work::default() },
            ..ticket(id.as_str(), TicketKind::Leak, &format!("d{job}"), "oak-1", clock.now().0)
        };
        db.write(async |tx| tx.save_tickets(&[&free]).await).await;
        let mut rivals = JoinSet::new();
        (0..RIVALS).for_each(|n| drop(rivals.spawn(take(doors[n % 2].clone(), id.clone(), n))));
        let answers = rivals.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.is_ok());
        assert_eq!((won.len(), lost.len()), (1, RIVALS - 1), "job {job}");
        for (_, answer) in lost {
            let refused =
                CommandError::Refused(Refusal::WrongMove { status: "assigned", hint: ": somebody else has it" });
            assert_eq!(answer.expect_err("lost"), refused);
        }
        let winner = format!("r{:02}", won[0].0);
        one_winner(db, &id, &winner).await;
        clock.advance(time::DAY);
    }
}

/// The ticket, its moves, the texts and the calls at night all know one winner.
async fn one_winner(db: &Engine, id: &TicketId, winner: &str) {
    let taken = db.read(async |tx| tx.ticket(id.as_str()).await).await.expect("the job");
    assert_eq!((taken.status, taken.assignee), (Status::Assigned, Some(winner.into())));
    let moves = db.read(async |tx| tx.ticket_events(id.as_str()).await).await;
    assert_eq!(moves.iter().filter(|(_, _, what, ..)| what == "accepted").count(), 1);
    let filter = MessageFilter { ticket: Some(id.0.clone()), ..MessageFilter::default() };
    let told = db.read(async |tx| tx.list_messages(&filter, &Page { limit: 99, after: None }).await).await;
    let need_not = |m: &&nightporter::store::MessageRow| m.template.as_deref() == Some("job_given_away");
    assert_eq!(told.iter().filter(need_not).count(), RIVALS - 1, "the others are told");
    assert!(told.iter().filter(need_not).all(|m| m.recipient != format!("housekeeper:{winner}")));
}
