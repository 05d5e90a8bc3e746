//! Conversations, the proof of STOP, and what was understood of texts.

use nightporter::decide::automation::{Handled, QUICK_MS};
use nightporter::decide::desk::{Understanding, Wish};
use nightporter::decide::intent::Intent;
use nightporter::decide::stats::Share;
use nightporter::model::*;
use nightporter::store::{ConversationFilter, MessageFilter, Page};

use super::{Engine, message, phone, ticket};

fn conversation(number: &str, last_at: i64, waiting_since: Option<i64>) -> Conversation {
    let phone = phone(number);
    Conversation {
        id: Conversation::id_of(&phone),
        phone,
        tenant_id: "t1".into(),
        unit_id: "oak-1".into(),
        property_id: "oak".into(),
        ticket_id: Some("k1".into()),
        sender: "陈".to_owned(),
        waiting_since: waiting_since.map(Timestamp),
        why: waiting_since.map(|_| "unknown".to_owned()),
        due_at: waiting_since.map(|at| Timestamp(at + 10)),
        last_at: Timestamp(last_at),
    }
}

pub async fn a_number_leads_home_and_to_the_locks_there(db: &Engine) {
    let db = db.registered().await;
    let homes = db.read(async |tx| tx.homes_of_phone("+14155550101").await).await;
    assert_eq!(homes, [("oak".into(), "oak-1".into())]);
    assert!(db.read(async |tx| tx.homes_of_phone("+14155559999").await).await.is_empty());
    let locks = db.read(async |tx| tx.locks_of_units(&["oak-1", "nowhere"]).await).await;
    assert_eq!(locks.iter().map(|d| (d.key.as_str(), d.kind)).collect::<Vec<_>>(), [("lock1", DeviceKind::Lock)]);
}

pub async fn conversations_are_kept_listed_and_paged(db: &Engine) {
    let (a, b) = (conversation("+14155550101", 5, None), conversation("+14155550103", 4, Some(4)));
    for one in [&a, &b] {
        db.write(async |tx| tx.save_conversation(one).await).await;
    }
    let a = Conversation { waiting_since: Some(Timestamp(6)), why: Some("question".to_owned()), ..a };
    db.write(async |tx| tx.save_conversation(&a).await).await;
    assert_eq!(db.read(async |tx| tx.conversation(a.id.as_str()).await).await.as_ref(), Some(&a));
    assert_eq!(db.read(async |tx| tx.conversation("c_none").await).await, None);
    let loaded = db.read(async |tx| tx.load_conversations(&["+14155550103", "+14155559999"]).await).await;
    assert_eq!(loaded.into_values().collect::<Vec<_>>(), std::slice::from_ref(&b));
    let names = db.read(async |tx| tx.names_of_conversations(&[a.id.as_str(), "c_none"]).await).await;
    assert_eq!(names, [(a.id.0.clone(), [None, None, None])].into(), "gone from the registry");
    db.registered().await;
    let names = db.read(async |tx| tx.names_of_conversations(&[a.id.as_str()]).await).await;
    assert_eq!(names[a.id.as_str()].each_ref().map(Option::is_some), [true; 3], "{names:?}");
    let due = async |now| db.read(async |tx| tx.due_conversations(Timestamp(now), 9).await).await;
    assert_eq!((due(13).await, due(14).await), (vec![], vec![b.id.clone()]));
    assert_eq!(db.read(async |tx| tx.next_due_at().await).await, Some(Timestamp(14)));
    let list = async |filter: ConversationFilter, after| {
        let page = Page { limit: 10, after };
        db.read(async |tx| tx.list_conversations(&filter, &page).await).await
    };
    let waiting = ConversationFilter { waiting: Some(true), ..ConversationFilter::default() };
    assert_eq!(list(waiting.clone(), None).await, [b.clone(), a.clone()]);
    assert_eq!(list(waiting, Some((4, b.id.0.clone()))).await, std::slice::from_ref(&a));
    let elsewhere = ConversationFilter { properties: Some(vec!["elm".to_owned()]), ..ConversationFilter::default() };
    assert!(list(elsewhere, None).await.is_empty());
    let from = phone("+14155550101");
    db.write(async |tx| tx.add_inbound(&from, "+15005550006", "hm", "SM1", None, Timestamp(7)).await).await;
    let meant = Understanding {
        sid: "SM1".to_owned(),
        ticket_id: Some("k1".into()),
        intent: "unknown",
        confidence: 40,
        able: false,
        by_people: Some(true),
    };
    db.write(async |tx| tx.save_understanding(&meant).await).await;
    let manager = NewMessage {
        to: from.clone(),
        recipient: Recipient::Manager("m1".to_owned()),
        ticket_id: None,
        ..message("manager", Severity::Routine, 8)
    };
    db.write(async |tx| tx.add_messages(&[manager], 0, "me", Timestamp(8), Timestamp(9)).await).await;
    db.write(async |tx| tx.save_tickets(&[&ticket("k1", TicketKind::Leak, "leak1", "oak-1", 1)]).await).await;
    let texts =
        async |scope: Option<&[String]>| db.read(async |tx| tx.last_texts("+14155550101", scope, 5).await).await;
    assert!(texts(Some(&["elm".to_owned()])).await.is_empty(), "a text about another property's ticket");
    assert_eq!(texts(Some(&["oak".to_owned()])).await.len(), 1);
    let texts = texts(None).await;
    let shown: Vec<_> = texts.iter().map(|m| (m.intent.as_deref(), m.confidence, m.ticket_id.as_deref())).collect();
    assert_eq!(shown, [(Some("unknown"), Some(40), Some("k1"))]);
    let of_ticket = MessageFilter { ticket: Some("k1".to_owned()), ..MessageFilter::default() };
    let page = Page { limit: 10, after: None };
    assert_eq!(db.read(async |tx| tx.list_messages(&of_ticket, &page).await).await.len(), 1);
}

pub async fn who_looked_after_a_text_is_counted_with_what_came_of_it(db: &Engine) {
    let (ann, ben) = (phone("+14155550101"), phone("+14155550103"));
    let tickets =
        [ticket("k1", TicketKind::Request, "a", "oak-1", 1), ticket("k2", TicketKind::Request, "b", "elm-1", 1)];
    db.write(async |tx| tx.save_tickets(&tickets.iter().collect::<Vec<_>>()).await).await;
    let write = async |from: &E164, sid: &str, on: Option<&str>, able, by_people, at| {
        let ticket_id = on.map(TicketId::from);
        let meant = Understanding { sid: sid.to_owned(), ticket_id, intent: "later", confidence: 90, able, by_people };
        db.write(async |tx| {
            tx.add_inbound(from, "+15005550006", "later", sid, None, Timestamp(at)).await?;
            tx.save_understanding(&meant).await
        })
        .await;
    };
    write(&ann, "SM1", Some("k1"), true, Some(false), 10).await;
    write(&ann, "SM1b", Some("k1"), true, Some(false), 11).await;
    write(&ann, "SM2", Some("k1"), true, Some(true), 20).await;
    write(&ben, "SM3", Some("k2"), true, Some(true), 30).await;
    write(&ben, "SM4", Some("k2"), false, Some(true), 40).await;
    write(&ben, "SM5", None, true, Some(false), 50).await;
    write(&ben, "SM6", Some("k2"), false, None, 60).await;
    let survey = "INSERT INTO surveys (ticket_id, asked_at, score, answered_at) VALUES ('k1', 1, 8, 15)";
    super::door::execute(&db.store, &[survey]).await;
    db.write(async |tx| tx.note_answered(ann.as_str(), Timestamp(21)).await).await;
    db.write(async |tx| tx.note_answered(ben.as_str(), Timestamp(31 + QUICK_MS)).await).await;
    db.write(async |tx| tx.note_answered(ann.as_str(), Timestamp(99 + QUICK_MS)).await).await;
    let count = async |from, to, properties: Option<&[String]>| {
        db.read(async |tx| tx.automation_trials(Timestamp(from), Timestamp(to), properties).await).await
    };
    let side = |quick: (u32, u32), satisfied: (u32, u32)| {
        let share = |(met, of)| Share { met, of };
        Handled { quick: share(quick), satisfied: share(satisfied) }
    };
    let later = |property: &str, sides| ((Intent::Later, PropertyId::from(property)), sides);
    let oak = later("oak", [side((2, 2), (1, 1)), side((1, 1), (0, 0))]);
    let elm = later("elm", [Handled::default(), side((0, 1), (0, 0))]);
    assert_eq!(
        count(0, 99, None).await,
        [oak.clone(), elm].into(),
        "the mark came after the first two texts and counts once"
    );
    assert_eq!(count(0, 99, Some(&["oak".to_owned()])).await, [oak].into());
    let elm = later("elm", [Handled::default(), side((0, 1), (0, 0))]);
    assert_eq!(count(21, 40, None).await, [elm].into());
}

pub async fn every_stop_is_proven_and_counts_for_its_purpose(db: &Engine) {
    let wish = async |stop: bool, purpose: Option<Purpose>, words: &str, at: i64| {
        let source = format!("SM{at}");
        let wish = Wish { phone: phone("+14155550101"), stop, purpose, words: words.to_owned(), source };
        db.write(async |tx| tx.save_wish(&wish, Timestamp(at)).await).await;
    };
    let refused = async || {
        let refused = db.read(async |tx| tx.load_refused(&["+14155550101", "+14155550103"]).await).await;
        refused.into_iter().map(|(_, purpose)| purpose).collect::<Vec<_>>()
    };
    wish(true, Some(Purpose::Survey), "no more surveys", 1).await;
    assert_eq!(refused().await, [Purpose::Survey]);
    assert!(db.read(async |tx| tx.load_stopped(&["+14155550101"]).await).await.is_empty(), "only of surveys");
    wish(true, None, "退订", 2).await;
    assert_eq!(db.read(async |tx| tx.load_stopped(&["+14155550101"]).await).await.len(), 1);
    wish(false, None, "START", 3).await;
    assert!(refused().await.is_empty(), "START is for all");
    let proof = db.read(async |tx| tx.consents("+14155550101").await).await;
    let proof: Vec<_> = proof.iter().map(|(at, p, given, words, sid)| (at.0, &**p, *given, &**words, &**sid)).collect();
    assert_eq!(
        proof,
        [
            (1, "survey", false, "no more surveys", "SM1"),
            (2, "all", false, "退订", "SM2"),
            (3, "all", true, "START", "SM3")
        ]
    );
}
