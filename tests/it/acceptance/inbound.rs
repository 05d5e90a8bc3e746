//! Texts from people: delivered again and again, late, after a restart, and from numbers that nobody knows.

use nightporter::clock::Clock;
use nightporter::commit::{Cause, Item};
use nightporter::decide::{Heard, Reply};
use nightporter::deliver::carrier::Console;
use nightporter::model::time::{DAY, MINUTE, SECOND};
use nightporter::model::*;

use super::count;
use super::mill::{Mill, NOON};
use crate::simulation::dice::Dice;

const OURS: &str = "+15005550006";
const WORDS: [&str; 14] = [
    "1",
    "yes",
    "no thanks",
    "done",
    "换好了",
    "需要",
    "不用,谢谢",
    "STOP",
    "START",
    "HELP",
    "thank you!",
    "10 great",
    "明天再换",
    "who are you",
];

async fn house(clock: &Clock) -> Mill {
    let console = Console::new(clock.clone(), |_| Ok(()));
    let mill = Mill::new(std::sync::Arc::new(console), clock).await;
    for (key, fact) in [("leak1", Fact::Leak(true)), ("lock1", Fact::Tamper(true))] {
        let readings = vec![Reading::new(fact)];
        let heard = Heard { readings, received_at: clock.now(), retained: false, fingerprint: 1 };
        mill.commit(vec![Cause::Heard(key.into(), heard)]).await;
    }
    mill
}

fn text(sid: usize, from: &str, body: &str) -> Cause {
    let from = E164::parse(from).expect("a number");
    Cause::Inbound(
        Box::new(Reply { from, body: body.to_owned(), sid: format!("IN{sid}"), about: None }),
        OURS.to_owned(),
    )
}

/// Everything that is kept of texts and of what they did.
async fn kept(mill: &Mill) -> Vec<String> {
    let texts = mill.rows().await;
    let mut kept: Vec<String> =
        texts.into_iter().map(|m| format!("{} {} {} {}", m.id, m.direction, m.to, m.body)).collect();
    let mut tx = mill.store.read().await.expect("reads");
    let all = nightporter::store::Page { limit: 1_000_000, after: None };
    for ticket in tx.list_tickets(&Default::default(), &all).await.expect("tickets") {
        for (seq, at, what, actor, data) in tx.ticket_events(&ticket.id.0).await.expect("events") {
            kept.push(format!("{} {seq} {at} {what} {actor} {data}", ticket.id));
        }
        kept.push(format!("{} {:?} {:?}", ticket.id, ticket.status, ticket.questions));
    }
    for phone in ["+14155550101", "+8613912345602", "+14155550103"] {
        kept.extend(tx.consents(phone).await.expect("consents").into_iter().map(|c| format!("{phone} {c:?}")));
    }
    kept
}

/// R12 and S2: each text comes up to five times, at once, later, after a restart, seconds to thirty days afterwards. It is
/// as if each had come once.
#[tokio::test]
async fn a_text_that_comes_again_has_come_once() {
    let texts = count(300, 5_000);
    let people = ["+14155550101", "+8613912345602", "+14155550103"];
    let mut dice = Dice::new(12, 121);
    let said: Vec<(&str, &str)> = (0..texts).map(|_| (*dice.pick(&people), *dice.pick(&WORDS))).collect();
    let (once, again) = (Clock::manual(NOON), Clock::manual(NOON));
    let (plain, mut noisy) = (house(&once).await, house(&again).await);
    let mut replays = 0;
    for (n, (from, body)) in said.iter().enumerate() {
        once.advance(2 * MINUTE);
        again.advance(2 * MINUTE);
        plain.commit(vec![text(n, from, body)]).await;
        let copies = 1 + dice.below(5) as usize;
        replays += copies - 1;
        let items: Vec<Item> = (0..copies).map(|_| Item::of(vec![text(n, from, body)])).collect();
        noisy.committer.step(&items).await.expect("commits");
        if dice.chance(300) {
            let old = dice.below(n as u64 + 1) as usize;
            noisy.commit(vec![text(old, said[old].0, said[old].1)]).await;
            replays += 1;
        }
        if dice.chance(20) {
            noisy.die().await;
        }
    }
    for after in [SECOND, 7 * DAY, 30 * DAY] {
        again.advance(after);
        for (n, (from, body)) in said.iter().enumerate().take(count(50, 700)) {
            noisy.commit(vec![text(n, from, body)]).await;
            replays += 1;
        }
    }
    let (first, second) = (kept(&plain).await, kept(&noisy).await);
    let differs = first.iter().zip(&second).find(|(a, b)| a != b);
    assert!(first.len() == second.len() && differs.is_none(), "{} and {}: {differs:?}", first.len(), second.len());
    println!("R12, S2: {texts} texts, {replays} replays: no second effect");
}

/// S3: strangers guess words, codes and marks: nothing moves, each number hears little, and every text is kept.
#[tokio::test]
async fn strangers_move_nothing_and_hear_little() {
    let texts = count(500, 10_000);
    let clock = Clock::manual(NOON);
    let mill = house(&clock).await;
    let tickets = || async {
        let kept = kept(&mill).await;
        kept.into_iter().filter(|line| line.starts_with("t_")).collect::<Vec<_>>()
    };
    let before = tickets().await;
    let mut dice = Dice::new(3, 31);
    let mut numbers = std::collections::HashSet::new();
    for n in 0..texts {
        clock.advance(SECOND);
        let from = format!("+1415777{:04}", dice.below(1 + texts as u64 / 20));
        let guess = format!("{}", dice.below(10_000));
        let body = if dice.chance(400) { &guess } else { *dice.pick(&WORDS) };
        mill.commit(vec![text(n, &from, body)]).await;
        numbers.insert(from);
    }
    assert_eq!(tickets().await, before, "a stranger moved a ticket");
    let rows = mill.rows().await;
    assert_eq!(rows.iter().filter(|m| m.direction == "inbound").count(), texts, "each is kept");
    for number in &numbers {
        let heard = rows.iter().filter(|m| m.direction == "outbound" && m.to == *number).count();
        assert!(heard <= 5, "{heard} answers to a stranger");
    }
    println!("S3: {texts} texts of {} strangers: 0 effects", numbers.len());
}

/// S14: a machine that answers everything, and a stranger who texts all night, cost a bounded number of texts a day.
#[tokio::test]
async fn a_machine_that_answers_everything_is_not_talked_to_all_day() {
    let clock = Clock::manual(NOON);
    let mut mill = house(&clock).await;
    mill.grind(|_| None).await;
    let (mut heard, mut sent) = (0, 0);
    for n in 0..count(200, 1_000) {
        clock.advance(MINUTE);
        for (number, body) in [
            ("+14155550101", "Thank you for your message. I am away until Monday."),
            ("+14155550101", "HELP"),
            ("+14157770001", "HELP"),
            ("+14157770002", "Win a prize, reply now"),
        ] {
            mill.commit(vec![text(heard, number, body)]).await;
            heard += 1;
        }
        if n % 10 == 0 {
            mill.grind(|_| None).await;
        }
    }
    for number in ["+14155550101", "+14157770001", "+14157770002"] {
        let to = mill.rows().await.iter().filter(|m| m.direction == "outbound" && m.to == number).count();
        sent = sent.max(to);
    }
    let days = 1 + count(200, 1_000) / (24 * 60);
    assert!(sent <= 10 * days, "{sent} texts to one number in {days} days, for {heard} received");
    println!("S14: {heard} texts of machines: at most {sent} to a number");
}
