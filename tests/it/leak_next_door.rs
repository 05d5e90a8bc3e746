//! A leak that comes back in another apartment of its incident is for the people of that apartment.

use nightporter::clock::Clock;
use nightporter::commit::{Cause, Item};
use nightporter::decide::{Heard, Wanted};
use nightporter::model::time::{HOUR, MINUTE};
use nightporter::model::*;
use nightporter::store::{MessageFilter, Page, Store, TicketFilter};

use crate::house::{REGISTRY, at, committer, registry};

fn heard(key: &str, wet: bool, clock: &Clock) -> Cause {
    let readings = vec![Reading::new(Fact::Leak(wet))];
    let fingerprint = clock.now().0.unsigned_abs();
    Cause::Heard(key.into(), Heard { readings, received_at: clock.now(), retained: false, fingerprint })
}

/// At half past ten in the morning.
async fn house(files: &[(&'static str, impl AsRef<str>)]) -> (Store, Clock) {
    let store = Store::open("sqlite::memory:").await.expect("opens");
    store.migrate().await.expect("a schema");
    store.import(&registry(files)).await.expect("a registry");
    (store, Clock::manual(at("2026-01-05T02:30:00Z")))
}

/// One sensor more, upstairs.
fn with_a_sink() -> [(&'static str, String); 5] {
    REGISTRY.map(|(name, text)| {
        let more = if name == "devices.csv" { "leak3,oak-2,leak_sensor,Sink,,,lithium,1 CR2450,hub\n" } else { "" };
        (name, format!("{text}{more}"))
    })
}

#[tokio::test]
async fn an_apartment_that_joined_is_part_of_the_incident_for_its_other_sensors_and_for_words() {
    let (store, clock) = house(&with_a_sink()).await;
    let (door, _attempts) = committer(&store, &clock, "me");
    let tell = async |causes| door.settle(vec![Item::of(causes)]).await;
    tell(vec![heard("leak1", true, &clock)]).await;
    clock.advance(2 * MINUTE);
    tell(vec![heard("leak2", true, &clock)]).await;
    clock.advance(HOUR);
    tell(vec![heard("leak3", true, &clock)]).await;
    let words = Wanted {
        kind: TicketKind::Leak,
        property_id: "oak".into(),
        unit_id: Some("oak-2".into()),
        severity: None,
        text: "The ceiling drips".to_owned(),
    };
    tell(vec![Cause::Open(Box::new((words, "user:ops".to_owned(), "key-1".to_owned())))]).await;
    let page = Page { limit: 100, after: None };
    let mut tx = store.read().await.expect("reads");
    let tickets = tx.list_tickets(&TicketFilter::default(), &page).await.expect("tickets");
    let parts: Vec<usize> = tickets.iter().map(|t| t.devices.len()).collect();
    assert_eq!((parts, tickets[0].text.as_deref()), (vec![3], Some("The ceiling drips")));
}

#[tokio::test]
async fn water_that_is_back_one_floor_up_reaches_the_tenant_there() {
    let (store, clock) = house(&REGISTRY).await;
    let (door, _attempts) = committer(&store, &clock, "me");
    let tell = async |causes| door.settle(vec![Item::of(causes)]).await;
    tell(vec![heard("leak1", true, &clock)]).await;
    clock.advance(2 * MINUTE);
    tell(vec![heard("leak2", true, &clock)]).await;
    clock.advance(10 * MINUTE);
    tell(vec![heard("leak1", false, &clock), heard("leak2", false, &clock)]).await;
    clock.advance(HOUR);
    tell(vec![Cause::DeviceDue("leak1".into()), Cause::DeviceDue("leak2".into())]).await;
    clock.advance(HOUR);
    tell(vec![heard("leak2", true, &clock)]).await;

    let page = Page { limit: 100, after: None };
    let mut tx = store.read().await.expect("reads");
    let upstairs = TicketFilter { unit: Some("oak-2".to_owned()), ..TicketFilter::default() };
    let tickets = tx.list_tickets(&upstairs, &page).await.expect("tickets");
    let ticket = tickets.first().expect("a ticket upstairs");
    assert_eq!((ticket.round, ticket.tenant_id.as_ref().map(TenantId::as_str)), (1, Some("t2")));
    assert_eq!(tx.list_tickets(&TicketFilter::default(), &page).await.expect("tickets").len(), 1);
    let to_tenant = MessageFilter { to: Some("+8613912345602".to_owned()), ..MessageFilter::default() };
    let told = tx.list_messages(&to_tenant, &page).await.expect("messages");
    assert_eq!(told.iter().filter_map(|m| m.template.as_deref()).collect::<Vec<_>>(), ["leak_tenant", "leak_tenant"]);
}

#[tokio::test]
async fn two_sensors_of_a_neighbour_in_one_batch_are_one_text() {
    let (store, clock) = house(&with_a_sink()).await;
    let (door, mut attempts) = committer(&store, &clock, "me");
    door.settle(vec![Item::of(vec![heard("leak1", true, &clock)])]).await;
    while attempts.try_recv().is_ok() {}
    clock.advance(2 * MINUTE);
    let both = vec![heard("leak2", true, &clock), heard("leak3", true, &clock)];
    door.settle(both.into_iter().map(|cause| Item::of(vec![cause])).collect()).await;
    let mut sent = Vec::new();
    while let Ok(attempt) = attempts.try_recv() {
        sent.push(attempt.message().id.0.clone());
    }
    let before = sent.len();
    sent.sort();
    sent.dedup();
    assert!(before > 0 && sent.len() == before, "sent twice");
}

#[tokio::test]
async fn an_old_word_of_water_beside_fresh_water_is_part_of_it_and_alone_is_nothing() {
    let (store, clock) = house(&REGISTRY).await;
    let (door, _attempts) = committer(&store, &clock, "me");
    let tell = async |cause| door.settle(vec![Item::of(vec![cause])]).await;
    let kept = |key: &str, clock: &Clock| match heard(key, true, clock) {
        Cause::Heard(key, heard) => Cause::Heard(key, Heard { retained: true, ..heard }),
        other => other,
    };
    let parts = async || {
        let mut tx = store.read().await.expect("reads");
        let tickets = tx.list_tickets(&TicketFilter::default(), &Page { limit: 100, after: None }).await;
        tickets.expect("tickets").iter().map(|t| t.devices.len()).collect::<Vec<_>>()
    };
    tell(kept("leak2", &clock)).await;
    assert_eq!(parts().await, [0; 0]);
    clock.advance(MINUTE);
    tell(heard("leak1", true, &clock)).await;
    clock.advance(MINUTE);
    tell(kept("leak2", &clock)).await;
    assert_eq!(parts().await, [2]);
    clock.advance(HOUR);
    tell(heard("leak2", false, &clock)).await;
    clock.advance(HOUR);
    tell(Cause::DeviceDue("leak2".into())).await;
    let mut tx = store.read().await.expect("reads");
    let tickets = tx.list_tickets(&TicketFilter::default(), &Page { limit: 100, after: None }).await.expect("tickets");
    assert_eq!(tickets[0].devices, [("leak1".into(), true), ("leak2".into(), false)], "it dries like any other");
}
