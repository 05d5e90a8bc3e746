//! The outbox: one message for an intent, claims that hold, a fate that is only ever better known.

use std::collections::BTreeMap;

use nightporter::model::*;
use nightporter::store::{DueMessage, MessageFilter, MessageUpdate, Page, Report, Store, Unsettled};

use super::{Engine, message, phone, ticket};

const ME: &str = "me";

fn update(id: &MessageId, status: MessageStatus) -> MessageUpdate {
    MessageUpdate {
        id: id.clone(),
        status,
        attempts: 1,
        next_at: None,
        lease_owner: None,
        tried_at: None,
        sid: None,
        error_code: None,
        error: None,
        segments: None,
        sent_at: None,
        delivered_at: None,
    }
}

fn claim(due: &DueMessage, lease_ends: i64) -> MessageUpdate {
    MessageUpdate {
        attempts: due.attempts + 1,
        next_at: Some(Timestamp(lease_ends)),
        lease_owner: Some(ME.to_owned()),
        tried_at: Some(Timestamp(1)),
        ..update(&due.id, MessageStatus::Sending)
    }
}

async fn add(db: &Engine, messages: &[NewMessage], claimed: usize) {
    db.write(async |tx| tx.add_messages(messages, claimed, ME, Timestamp(5), Timestamp(60)).await).await;
}

async fn due(db: &Engine, now: i64, limit: i64) -> Vec<DueMessage> {
    db.read(async |tx| tx.due_messages(Timestamp(now), limit).await).await
}

fn names(due: &[DueMessage]) -> Vec<&str> {
    due.iter().map(|d| d.body.trim_start_matches("words of ")).collect()
}

async fn statuses(db: &Engine) -> BTreeMap<String, String> {
    let page = Page { limit: 100, after: None };
    let rows = db.read(async |tx| tx.list_messages(&MessageFilter::default(), &page).await).await;
    rows.into_iter().map(|r| (r.body.trim_start_matches("words of ").to_owned(), r.status)).collect()
}

pub async fn an_intent_becomes_one_message(db: &Engine) {
    let (a, b, c) =
        (message("a", Severity::Routine, 1), message("b", Severity::Routine, 1), message("c", Severity::Routine, 1));
    add(db, &[a.clone(), b.clone()], 1).await;
    let again = NewMessage { body: "other words".to_owned(), ..b.clone() };
    add(db, &[again.clone(), c.clone()], 0).await;
    add(db, std::slice::from_ref(&again), 1).await;
    let mut known =
        db.read(async |tx| tx.known_messages(&[a.clone(), again, message("d", Severity::Routine, 1)]).await).await;
    known.sort();
    assert_eq!(known, ["a", "b"]);
    let expected = [("a", "sending"), ("b", "queued"), ("c", "queued")];
    assert_eq!(statuses(db).await, expected.map(|(k, s)| (k.to_owned(), s.to_owned())).into());
    let by_name = |mut due: Vec<DueMessage>| {
        due.sort_by(|a, b| a.body.cmp(&b.body));
        due
    };
    assert_eq!(
        names(&by_name(due(db, 10, 9).await)),
        ["b", "c"],
        "what is claimed at birth is not due before its lease ends"
    );
    let all = by_name(due(db, 60, 9).await);
    assert_eq!(names(&all), ["a", "b", "c"]);
    assert_eq!((all[0].status, all[0].attempts, all[0].tried_at), (MessageStatus::Sending, 1, Some(Timestamp(5))));
    assert_eq!(
        all[1],
        DueMessage {
            id: b.id(),
            status: MessageStatus::Queued,
            recipient: b.recipient,
            to: b.to,
            channel: Channel::Sms,
            locale: Locale::En,
            template: b.template.to_owned(),
            body: b.body,
            ticket_id: b.ticket_id,
            severity: b.severity,
            attempts: 0,
            tried_at: None,
            expires_at: b.expires_at,
        }
    );
}

pub async fn emergencies_are_due_first_and_in_parts(db: &Engine) {
    assert_eq!(db.read(async |tx| tx.next_message_at().await).await, None);
    let all = [
        message("routine", Severity::Routine, 1),
        message("later", Severity::Emergency, 9),
        message("urgent", Severity::Urgent, 3),
        message("leak", Severity::Emergency, 5),
    ];
    add(db, &all, 0).await;
    assert_eq!(db.read(async |tx| tx.next_message_at().await).await, Some(Timestamp(1)));
    assert_eq!(names(&due(db, 5, 9).await), ["leak", "urgent", "routine"]);
    assert_eq!(names(&due(db, 9, 2).await), ["leak", "later"]);
}

pub async fn a_claim_holds_only_for_what_was_read(db: &Engine) {
    add(db, &[message("a", Severity::Routine, 1)], 0).await;
    let [read] = &due(db, 1, 9).await[..] else { panic!("one is due") };
    let claimed =
        async |now: i64| db.write(async |tx| tx.claim_message(&claim(read, 60), read, Timestamp(now)).await).await;
    assert!(!claimed(0).await, "not before its time");
    assert!(claimed(1).await);
    assert!(!claimed(1).await, "who read the same comes too late");
    let [expired] = &due(db, 60, 9).await[..] else { panic!("the lease has run out") };
    assert_eq!((expired.status, expired.attempts), (MessageStatus::Sending, 1));
}

/// Takes what is due, in parts, until nothing is; the ids of what it could claim.
async fn claim_all(store: Store) -> Vec<String> {
    let mut mine = Vec::new();
    loop {
        let mut tx = store.begin().await.expect("begins");
        let due = tx.due_messages(Timestamp(10), 7).await.expect("read");
        if due.is_empty() {
            return mine;
        }
        for message in &due {
            if tx.claim_message(&claim(message, 60), message, Timestamp(10)).await.expect("claimed or not") {
                mine.push(message.id.0.clone());
            }
        }
        tx.commit().await.expect("commits");
    }
}

pub async fn two_claimers_never_claim_the_same(db: &Engine) {
    let all: Vec<NewMessage> = (0..200).map(|n| message(&format!("m{n}"), Severity::Routine, 1)).collect();
    add(db, &all, 0).await;
    let claimers: Vec<_> = (0..3).map(|_| tokio::spawn(claim_all(db.store.clone()))).collect();
    let mut claimed = Vec::new();
    for claimer in claimers {
        claimed.extend(claimer.await.expect("ends"));
    }
    // A claimer that saw only rows locked by others has ended early; nobody may have claimed twice, and nothing is lost.
    claimed.extend(claim_all(db.store.clone()).await);
    let count = claimed.len();
    claimed.sort();
    claimed.dedup();
    assert_eq!((claimed.len(), count), (200, 200));
}

pub async fn a_status_never_goes_down(db: &Engine) {
    let m = message("a", Severity::Routine, 1);
    add(db, std::slice::from_ref(&m), 0).await;
    let set = async |u: MessageUpdate| db.write(async |tx| tx.update_message(&u).await).await;
    let accepted = MessageUpdate {
        sid: Some("SM1".into()),
        sent_at: Some(Timestamp(20)),
        segments: Some(2),
        ..update(&m.id(), MessageStatus::Accepted)
    };
    assert!(set(accepted).await);
    assert!(!set(MessageUpdate { next_at: Some(Timestamp(1)), ..update(&m.id(), MessageStatus::Queued) }).await);
    assert!(!set(update(&m.id(), MessageStatus::Unknown)).await);
    let delivered = MessageUpdate {
        delivered_at: Some(Timestamp(30)),
        sent_at: Some(Timestamp(25)),
        ..update(&m.id(), MessageStatus::Delivered)
    };
    assert!(set(delivered).await);
    assert!(!set(update(&m.id(), MessageStatus::Failed)).await);
    assert!(!set(update(&MessageId("m_nowhere".into()), MessageStatus::Failed)).await);
    assert!(due(db, 1_000_000, 9).await.is_empty(), "it is done");
    let row = &db
        .read(async |tx| tx.list_messages(&MessageFilter::default(), &Page { limit: 9, after: None }).await)
        .await[0];
    assert_eq!((row.status.as_str(), row.sid.as_deref(), row.segments), ("delivered", Some("SM1"), Some(2)));
    assert_eq!(
        (row.sent_at, row.delivered_at),
        (Some(Timestamp(20)), Some(Timestamp(30))),
        "the first time it was sent"
    );
}

fn report(sid: &str, message_id: Option<MessageId>, status: MessageStatus) -> Report {
    let (sid, error_code) = (sid.to_owned(), Some(30_003));
    Report { sid, message_id, attempt: Some(1), status, error_code, error: Some("the phone is off".to_owned()) }
}

pub async fn reports_find_their_message(db: &Engine) {
    let (a, b) = (message("a", Severity::Routine, 1), message("b", Severity::Routine, 1));
    add(db, &[a.clone(), b.clone()], 2).await;
    let accepted = MessageUpdate { sid: Some("SM1".into()), ..update(&a.id(), MessageStatus::Accepted) };
    db.write(async |tx| tx.update_message(&accepted).await).await;
    let report = async |sid: &str, message_id: Option<MessageId>, status| {
        let report = report(sid, message_id, status);
        let about = db.read(async |tx| tx.message_of_report(&report).await).await?;
        db.write(async |tx| tx.save_report(&about.id, &report, Timestamp(40)).await).await.map(|m| m.id)
    };
    assert_eq!(report("SM1", None, MessageStatus::Delivered).await, Some(a.id()));
    assert_eq!(report("SM1", None, MessageStatus::Sent).await, None, "older than what is known");
    assert_eq!(report("SM1", None, MessageStatus::Delivered).await, None, "again");
    assert_eq!(report("SM9", None, MessageStatus::Sent).await, None, "not ours");
    assert_eq!(report("SM2", Some(b.id()), MessageStatus::Undelivered).await, Some(b.id()), "whose answer was lost");
    let sids = ["SM1", "SM2", "SM3"].map(str::to_owned);
    let mut known = db.read(async |tx| tx.known_sids(&sids).await).await;
    known.sort();
    assert_eq!(known, ["SM1", "SM2"]);
    assert!(due(db, 1_000_000, 9).await.is_empty(), "a report ends the sending");
}

pub async fn attempts_are_kept_beside_their_message(db: &Engine) {
    let (a, b) = (message("a", Severity::Routine, 1), message("b", Severity::Routine, 1));
    add(db, &[a.clone(), b.clone()], 2).await;
    let first = |m: &NewMessage| (m.id(), MadeAttempt::begin(1, CarrierName::Aliyun, Timestamp(5)));
    let second = (a.id(), MadeAttempt::begin(2, CarrierName::Twilio, Timestamp(9)));
    db.write(async |tx| tx.begin_attempts(&[first(&a), first(&b), second.clone()]).await).await;
    db.write(async |tx| tx.begin_attempts(&[first(&a)]).await).await;
    let since = async |at| db.read(async |tx| tx.attempts_since(Timestamp(at)).await).await;
    assert_eq!((since(4).await, since(5).await, since(9).await), (3, 1, 0));
    let failed = MadeAttempt {
        ended_at: Some(Timestamp(7)),
        again_at: Some(Timestamp(8)),
        outcome: AttemptOutcome::Undelivered,
        sid: Some("SM1".to_owned()),
        error_code: Some(30_003),
        error: Some("the phone is off".to_owned()),
        ..first(&a).1
    };
    db.write(async |tx| tx.save_attempt(&a.id(), &failed).await).await;
    let of = async |id: MessageId| db.read(async |tx| tx.load_attempts(&id).await).await;
    assert_eq!(of(a.id()).await, [failed, second.1]);
    assert_eq!(of(b.id()).await, [first(&b).1]);
    assert_eq!(of(MessageId("m_nowhere".into())).await, []);
    let late = report("SM1", None, MessageStatus::Delivered);
    let about = db.read(async |tx| tx.message_of_report(&late).await).await;
    assert_eq!(about.map(|m| m.id), Some(a.id()), "by the id of an earlier attempt");
    let known = db.read(async |tx| tx.known_sids(&["SM1".to_owned()]).await).await;
    assert_eq!(known, ["SM1"]);
    let said = async |body: &str, since: i64, limit: i64| {
        db.read(async |tx| tx.load_said((&a.to, body), Timestamp(since), limit).await).await
    };
    assert_eq!(said(&a.body, 0, 9).await, [Timestamp(9), Timestamp(5)]);
    assert_eq!((said(&a.body, 5, 9).await, said(&a.body, 0, 1).await), (vec![Timestamp(9)], vec![Timestamp(9)]));
    assert_eq!(said("other words", 0, 9).await, []);
}

pub async fn what_a_carrier_gave_up_waits_for_its_next_attempt_and_what_arrived_never(db: &Engine) {
    let oak = ticket("k1", TicketKind::Battery, "lock1", "oak-1", 1);
    db.registered().await.write(async |tx| tx.save_tickets(&[&oak]).await).await;
    let m = message("a", Severity::Routine, 1);
    add(db, std::slice::from_ref(&m), 1).await;
    let gave_up = MessageUpdate {
        sid: Some("SM1".into()),
        sent_at: Some(Timestamp(6)),
        ..update(&m.id(), MessageStatus::Undelivered)
    };
    db.write(async |tx| tx.update_message(&gave_up).await).await;
    let why = (Some(30_003), Some("the phone is off"));
    let again = async || db.write(async |tx| tx.send_again(&m.id(), Timestamp(50), why).await).await;
    assert!(again().await);
    let [waiting] = &due(db, 50, 9).await[..] else { panic!("it is due") };
    assert_eq!((waiting.status, waiting.attempts), (MessageStatus::Queued, 1));
    let locked = db.write(async |tx| tx.lock_message(&m.id()).await).await;
    assert_eq!(locked.as_ref(), Some(waiting));
    let (row, property) = db.read(async |tx| tx.message(m.id().as_str()).await).await.expect("it is there");
    assert_eq!((row.sid, row.sent_at, row.error.as_deref()), (None, None, why.1));
    assert_eq!(property.as_deref(), Some("oak"));
    assert!(db.read(async |tx| tx.message("m_nowhere").await).await.is_none());
    let late = report("SM1", Some(m.id()), MessageStatus::Delivered);
    assert!(db.write(async |tx| tx.save_report(&m.id(), &late, Timestamp(60)).await).await.is_some());
    assert!(!again().await, "it arrived");
    assert!(due(db, 1_000_000, 9).await.is_empty());
}

pub async fn texts_without_an_end_are_found_by_when_they_were_sent(db: &Engine) {
    use MessageStatus::*;
    let states = [("a", Accepted, 10), ("b", Sent, 20), ("c", Delivered, 20), ("d", Accepted, 20), ("e", Failed, 30)];
    for (name, status, sent_at) in states {
        let m = message(name, Severity::Routine, 1);
        add(db, std::slice::from_ref(&m), 1).await;
        let sid = Some(format!("SM{name}"));
        let update = MessageUpdate { sid, sent_at: Some(Timestamp(sent_at)), ..update(&m.id(), status) };
        assert!(db.write(async |tx| tx.update_message(&update).await).await);
    }
    add(db, &[message("f", Severity::Routine, 1)], 1).await;
    let between = async |since: i64, until: i64, limit: i64| {
        let between = (Timestamp(since), Timestamp(until));
        let mut all = Vec::new();
        loop {
            let last: Option<(Timestamp, MessageId)> = all.last().map(|t: &Unsettled| (t.sent_at, t.id.clone()));
            let page = db.read(async |tx| tx.unsettled_messages(between, last.as_ref(), limit).await).await;
            if page.is_empty() {
                let mut names: Vec<_> = all.into_iter().map(|t| (t.sid, t.status)).collect();
                names.sort_by(|a, b| a.0.cmp(&b.0));
                return names;
            }
            all.extend(page);
        }
    };
    let named = |name: &str, status| (format!("SM{name}"), status);
    assert_eq!(between(0, 100, 1).await, [named("a", Accepted), named("b", Sent), named("d", Accepted)]);
    assert_eq!(between(11, 100, 10).await, [named("b", Sent), named("d", Accepted)]);
    assert_eq!(between(0, 19, 10).await, [named("a", Accepted)]);
}

pub async fn leases_of_the_dead_become_unknown(db: &Engine) {
    add(db, &[message("mine", Severity::Routine, 1), message("waiting", Severity::Routine, 1)], 1).await;
    let orphans = async |owner: &str| db.write(async |tx| tx.orphan_leases(owner, Timestamp(7)).await).await;
    assert_eq!(orphans(ME).await, 0, "my own lease");
    assert_eq!(orphans("the next").await, 1);
    assert_eq!(orphans("the next").await, 0, "once");
    let found = due(db, 7, 9).await;
    let status = |name: &str| found.iter().find(|d| d.body.ends_with(name)).map(|d| (d.status, d.attempts));
    assert_eq!(status("mine"), Some((MessageStatus::Unknown, 1)));
    let mine = found.iter().find(|d| d.body.ends_with("mine")).expect("found");
    assert_eq!(mine.tried_at, Some(Timestamp(7)), "it may have been taken until its sender died");
    assert_eq!(status("waiting"), Some((MessageStatus::Queued, 0)));
}

pub async fn lists_of_messages_are_filtered_and_paged(db: &Engine) {
    let oak = ticket("k1", TicketKind::Battery, "lock1", "oak-1", 1);
    let elm = ticket("k2", TicketKind::Battery, "lock3", "elm-1", 1);
    db.write(async |tx| tx.save_tickets(&[&oak, &elm]).await).await;
    let other =
        NewMessage { to: phone("+14155550103"), ticket_id: Some("k2".into()), ..message("c", Severity::Routine, 2) };
    add(db, &[message("a", Severity::Routine, 1), message("b", Severity::Routine, 1), other], 0).await;
    let list = async |filter: MessageFilter, limit, after: Option<(i64, String)>| {
        db.read(async |tx| tx.list_messages(&filter, &Page { limit, after }).await).await
    };
    let first = list(MessageFilter::default(), 2, None).await;
    let after = first.last().map(|r| (r.created_at.0, r.id.0.clone()));
    let rest = list(MessageFilter::default(), 2, after).await;
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert_eq!(
        (rest[0].to.as_str(), rest[0].template.as_deref(), rest[0].direction.as_str()),
        ("+14155550103", Some("battery_tenant"), "outbound")
    );
    let some = |text: &str| Some(text.to_owned());
    for (filter, count) in [
        (MessageFilter { to: some("+14155550101"), ..Default::default() }, 2),
        (MessageFilter { ticket: some("k2"), ..Default::default() }, 1),
        (MessageFilter { status: some("queued"), ..Default::default() }, 3),
        (MessageFilter { status: some("sent"), ..Default::default() }, 0),
        (MessageFilter { properties: Some(vec!["elm".into()]), ..Default::default() }, 1),
        (MessageFilter { properties: Some(vec![]), ..Default::default() }, 0),
    ] {
        assert_eq!(list(filter.clone(), 9, None).await.len(), count, "{filter:?}");
    }
}
