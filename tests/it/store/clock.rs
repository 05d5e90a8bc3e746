//! A clock that was ahead of the time is put back: what was noted by it goes back, what waits is looked at.

use nightporter::model::*;
use nightporter::store::{MessageFilter, Page, StateRow};

use super::{Engine, ids, message, ticket};

const NOW: Timestamp = Timestamp(100);
const BY: Millis = 1_000;

async fn put_back(db: &Engine) {
    db.write(async |tx| tx.put_clock_back(NOW, BY, Timestamp(120)).await).await;
}

pub async fn what_waits_is_sent_now_and_what_may_be_on_its_way_keeps_its_lease(db: &Engine) {
    let all =
        [("on_its_way", 1_090), ("waits", 1_095), ("old", 50)].map(|(key, at)| message(key, Severity::Routine, at));
    let [on_its_way, waits, old] = [0, 1, 2].map(|n| all[n].id());
    db.write(async |tx| tx.add_messages(&all, 1, "me", Timestamp(1_096), Timestamp(1_116)).await).await;
    let begun = MadeAttempt::begin(1, CarrierName::Twilio, Timestamp(1_096));
    let waiting = MadeAttempt { again_at: Some(Timestamp(5_000)), ..begun.clone() };
    db.write(async |tx| tx.begin_attempts(&[(on_its_way.clone(), begun), (waits.clone(), waiting.clone())]).await)
        .await;
    db.write(async |tx| tx.save_attempt(&waits, &waiting).await).await;
    put_back(db).await;
    let due = async |now| {
        let mut due = db.read(async |tx| tx.due_messages(Timestamp(now), 9).await).await;
        due.sort_by_key(|m| m.expires_at);
        due
    };
    let now = due(119).await;
    assert_eq!(ids(&now.iter().map(|m| &m.id).collect::<Vec<_>>()), [old.as_str(), waits.as_str()]);
    assert_eq!(now.iter().map(|m| m.expires_at.0).collect::<Vec<_>>(), [1_000_050, 1_000_095], "no earlier, no later");
    assert_eq!(due(120).await.len(), 3, "its lease has ended");
    let page = Page { limit: 9, after: None };
    let rows = db.read(async |tx| tx.list_messages(&MessageFilter::default(), &page).await).await;
    let mut created: Vec<i64> = rows.iter().map(|m| m.created_at.0).collect();
    created.sort_unstable();
    assert_eq!(created, [50, 90, 95]);
    let made = async |id: &MessageId| db.read(async |tx| tx.load_attempts(id).await).await.remove(0);
    assert_eq!((made(&on_its_way).await.began_at, made(&waits).await.again_at), (Timestamp(96), Some(NOW)));
}

pub async fn devices_tickets_and_conversations_do_not_wait_for_the_time_to_catch_up(db: &Engine) {
    let row = |key: &str, seen_at: i64, due_at: i64| StateRow {
        key: key.into(),
        seen_at: Timestamp(seen_at),
        due_at: Some(Timestamp(due_at)),
        state: "{}".to_owned(),
    };
    let rows = [row("ahead", 1_090, 2_000), row("sound", 90, 2_000)];
    db.write(async |tx| tx.save_states(&rows).await).await;
    let planned = Ticket { due_at: Some(Timestamp(2_000)), ..ticket("k", TicketKind::Leak, "ahead", "oak-1", 1_090) };
    db.write(async |tx| tx.save_tickets(&[&planned]).await).await;
    let number = E164::parse("+14155550101").expect("a number");
    let conversation = Conversation {
        id: Conversation::id_of(&number),
        phone: number,
        tenant_id: "t1".into(),
        unit_id: "oak-1".into(),
        property_id: "oak".into(),
        ticket_id: None,
        sender: "陈".to_owned(),
        waiting_since: Some(Timestamp(1_090)),
        why: None,
        due_at: Some(Timestamp(1_150)),
        last_at: Timestamp(1_095),
    };
    db.write(async |tx| tx.save_conversation(&conversation).await).await;
    put_back(db).await;
    assert_eq!(ids(&db.read(async |tx| tx.due_devices(NOW, 9).await).await), ["ahead"]);
    assert_eq!(ids(&db.read(async |tx| tx.due_tickets(NOW, 9).await).await), ["k"]);
    let kept = db.read(async |tx| tx.conversation(conversation.id.as_str()).await).await.expect("kept");
    let times = (kept.waiting_since, kept.due_at, kept.last_at);
    assert_eq!(times, (Some(Timestamp(90)), Some(Timestamp(150)), Timestamp(95)));
}
