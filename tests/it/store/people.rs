//! What people send and may: STOP and START, texts, budgets, tokens; and what could not be understood.

use nightporter::decide::desk::Wish;
use nightporter::model::*;
use nightporter::store::{Page, Reject, TokenRow};

use super::{Engine, message, phone, ticket};

pub async fn stop_and_start_are_kept(db: &Engine) {
    let wish = async |number: &str, stop: bool| {
        let words = if stop { "退订" } else { "START" }.to_owned();
        let wish = Wish { phone: phone(number), stop, purpose: None, words, source: "SM1".to_owned() };
        db.write(async |tx| tx.save_wish(&wish, Timestamp(1)).await).await;
    };
    let stopped = async || {
        let mut numbers: Vec<String> = db
            .read(async |tx| tx.load_stopped(&["+14155550101", "+14155550103", "+14155550199"]).await)
            .await
            .iter()
            .map(|p| p.as_str().to_owned())
            .collect();
        numbers.sort();
        numbers
    };
    assert!(stopped().await.is_empty());
    wish("+14155550101", true).await;
    wish("+14155550101", true).await;
    wish("+14155550103", true).await;
    assert_eq!(stopped().await, ["+14155550101", "+14155550103"]);
    wish("+14155550101", false).await;
    assert_eq!(stopped().await, ["+14155550103"]);
}

pub async fn a_text_from_a_person_is_taken_once(db: &Engine) {
    db.registered().await;
    let open = ticket("k1", TicketKind::Battery, "lock1", "oak-1", 1);
    let over = Ticket {
        status: Status::Cancelled { at: Timestamp(3) },
        ..ticket("k3", TicketKind::Leak, "leak1", "oak-1", 1)
    };
    let newer = ticket("k2", TicketKind::Leak, "leak1", "oak-1", 1);
    let untold = ticket("k0", TicketKind::Request, "a", "oak-1", 6);
    let elsewhere = ticket("k9", TicketKind::Request, "b", "elm-1", 6);
    db.write(async |tx| tx.save_tickets(&[&open, &over, &newer, &untold, &elsewhere]).await).await;
    let about = |key: &str, ticket: &str, at| NewMessage {
        ticket_id: Some(ticket.into()),
        ..message(key, Severity::Routine, at)
    };
    let to_staff = NewMessage { recipient: Recipient::Housekeeper("h1".into()), ..about("d", "k4", 4) };
    let all = [about("a", "k1", 1), about("b", "k2", 2), about("c", "k3", 3), to_staff];
    db.write(async |tx| tx.add_messages(&all, 0, "me", Timestamp(5), Timestamp(9)).await).await;
    let meant_on =
        async |day: &str| db.read(async |tx| tx.tickets_of_phone("+14155550101", Timestamp(0), day).await).await;
    let meant = meant_on("2026-01-05").await;
    let expected = ["k2", "k1", "k0"].map(TicketId::from);
    assert_eq!(
        meant, expected,
        "not over, the newest first, as a tenant; a request of their home that nobody wrote of, last"
    );
    assert_eq!(meant_on("2020-01-05").await, expected[..2], "they do not live there yet");
    let from = phone("+14155550101");
    let take = async |sid: &str| {
        db.write(async |tx| tx.add_inbound(&from, "+15005550006", "换好了", sid, meant.first(), Timestamp(7)).await)
            .await
    };
    assert!(take("SM1").await);
    assert!(!take("SM1").await, "carriers deliver twice");
    assert!(take("SM2").await);
}

pub async fn budgets_count_what_was_sent_lately(db: &Engine) {
    let to = |who: Recipient, key: &str, severity, at| NewMessage { recipient: who, ..message(key, severity, at) };
    let tenant = || Recipient::Tenant("t1".into());
    let all = [
        to(tenant(), "old", Severity::Routine, 10),
        to(tenant(), "a", Severity::Routine, 11),
        to(tenant(), "b", Severity::Urgent, 12),
        to(tenant(), "leak", Severity::Emergency, 13),
        to(Recipient::Manager("oak".into()), "c", Severity::Urgent, 14),
    ];
    db.write(async |tx| tx.add_messages(&all, 0, "me", Timestamp(5), Timestamp(9)).await).await;
    let who = ["tenant:t1", "manager:oak", "housekeeper:h1"].map(str::to_owned);
    let mut counts: Vec<_> =
        db.read(async |tx| tx.load_contacts(&who, Timestamp(10)).await).await.into_iter().collect();
    counts.sort();
    assert_eq!(counts, [("manager:oak".to_owned(), 1), ("tenant:t1".to_owned(), 2)], "no emergency, nothing older");
}

pub async fn tokens_live_until_they_are_revoked(db: &Engine) {
    let token = |id: &str, name: &str| TokenRow {
        id: id.to_owned(),
        name: name.to_owned(),
        role: "manager".to_owned(),
        scope: Some("oak".to_owned()),
    };
    for (id, name) in [("1", "front desk"), ("2", "front desk"), ("3", "other")] {
        db.write(async |tx| tx.create_token(&token(id, name), &format!("hash{id}"), Timestamp(1)).await).await;
    }
    let live = async |hash: &str| db.read(async |tx| tx.token(hash).await).await;
    assert_eq!(live("hash1").await, Some(token("1", "front desk")));
    assert_eq!(live("nothing").await, None);
    let revoke = async || db.write(async |tx| tx.revoke_token("front desk", Timestamp(2)).await).await;
    assert_eq!((revoke().await, revoke().await), (2, 0));
    assert_eq!(live("hash2").await, None);
    assert_eq!(live("hash3").await, Some(token("3", "other")));
    let mut tx = db.begin().await;
    assert!(tx.create_token(&token("4", "thief"), "hash3", Timestamp(3)).await.is_err(), "a secret is one token's");
}

pub async fn rejects_are_kept_up_to_a_limit(db: &Engine) {
    let reject = |n: i64| Reject {
        at: Timestamp(n),
        topic: "zigbee2mqtt/x".to_owned(),
        code: "invalid_json".to_owned(),
        detail: "expected value".to_owned(),
        payload: format!("{{{n} 锁"),
    };
    let many: Vec<Reject> = (0..1_010).map(reject).collect();
    db.write(async |tx| tx.add_rejects(&many[..600]).await).await;
    db.write(async |tx| tx.add_rejects(&many[500..]).await).await;
    db.write(async |tx| tx.add_rejects(&[]).await).await;
    let (mut kept, mut page) = (Vec::new(), Page { limit: 300, after: None });
    loop {
        let rows = db.read(async |tx| tx.list_rejects(&page).await).await;
        let Some((id, last)) = rows.last().cloned() else { break };
        kept.extend(rows.into_iter().map(|(_, reject)| reject));
        page.after = Some((last.at.0, id));
    }
    let newest: Vec<Reject> = many[10..].iter().rev().cloned().collect();
    assert!(kept == newest, "the newest 1,000, newest first; got {} from {:?}", kept.len(), kept.first());
}
