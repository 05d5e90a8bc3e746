//! A fleet's first days: who came when, what waits, who was never heard, whose gauge is doubted.

use nightporter::model::*;
use nightporter::store::StateRow;

use super::{Engine, ticket};
use crate::house::{REGISTRY, registry};

fn keys(names: &[&str]) -> Vec<DeviceKey> {
    names.iter().map(|name| (*name).into()).collect()
}

pub async fn who_came_with_whom_is_counted_up_to_a_limit(db: &Engine) {
    db.write(async |tx| tx.add_newcomers(&keys(&["a", "锁/b", "c"]), Timestamp(100)).await).await;
    db.write(async |tx| tx.add_newcomers(&keys(&["a", "d"]), Timestamp(200)).await).await;
    db.write(async |tx| tx.add_newcomers(&[], Timestamp(300)).await).await;
    let found = db.read(async |tx| tx.newcomers(&["a", "锁/b", "d", "nobody"], Timestamp(100)).await).await;
    let expected = [("a", 100), ("d", 200), ("锁/b", 100)].map(|(key, at)| (DeviceKey::from(key), Timestamp(at)));
    assert_eq!(found, expected, "a came before");
    let late = db.read(async |tx| tx.newcomers(&["a", "d"], Timestamp(150)).await).await;
    assert_eq!(late, [("d".into(), Timestamp(200))]);
    for (from, to, limit, count) in [(0, 100, 10, 3), (0, 100, 2, 2), (101, 300, 10, 1), (201, 300, 10, 0)] {
        let counted = db.read(async |tx| tx.count_newcomers(Timestamp(from), Timestamp(to), limit).await).await;
        assert_eq!(counted, count, "{from} to {to}, up to {limit}");
    }
}

pub async fn what_waits_is_found_within_its_scope_and_stands_on_no_board(db: &Engine) {
    db.registered().await;
    let waits =
        |id: &str, kind, device: &str, unit: &str, at| Ticket { held: true, ..ticket(id, kind, device, unit, at) };
    let low = waits("k1", TicketKind::Battery, "lock1", "oak-1", 2);
    let silent = waits("k2", TicketKind::Silent, "leak1", "oak-1", 1);
    let plain = ticket("k3", TicketKind::Tamper, "lock1", "oak-1", 3);
    db.write(async |tx| tx.save_tickets(&[&low, &silent, &plain]).await).await;
    let (mine, elsewhere) = ([low.property_id.0.clone()], ["nowhere".to_owned()]);
    for (scope, kind, expected) in [
        (None, None, vec!["k2", "k1"]),
        (Some(&mine[..]), Some("battery"), vec!["k1"]),
        (Some(&elsewhere[..]), None, vec![]),
    ] {
        let held = db.read(async |tx| tx.held_tickets(scope, kind, 10).await).await;
        assert_eq!(held.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), expected, "{scope:?} {kind:?}");
    }
    assert_eq!(db.read(async |tx| tx.held_tickets(None, None, 1).await).await, [silent]);
    let counts = db.read(async |tx| tx.held_counts(None).await).await;
    assert_eq!(counts, [("battery".to_owned(), 1), ("silent".to_owned(), 1)]);
    let board = db.read(async |tx| tx.board_tickets(None, 10).await).await;
    assert_eq!(board.iter().map(|row| row.ticket.id.as_str()).collect::<Vec<_>>(), ["k3"]);
    db.write(async |tx| tx.save_tickets(&[&Ticket { held: false, ..low.clone() }]).await).await;
    assert_eq!(db.read(async |tx| tx.held_counts(None).await).await, [("silent".to_owned(), 1)]);
    let state = |key: &str, seen_at, state: &str| StateRow {
        key: key.into(),
        seen_at: Timestamp(seen_at),
        due_at: None,
        state: state.to_owned(),
    };
    let lying = r#"{"battery":{"gauge":{"evidence":[{"lie":"frozen"}]}}}"#;
    db.write(async |tx| tx.save_states(&[state("lock1", 5, lying), state("leak1", 0, "{}")]).await).await;
    assert_eq!(db.read(async |tx| tx.doubted_devices(None, 10).await).await, ["lock1"]);
    db.write(async |tx| tx.save_states(&[state("lock3", 7, "{}")]).await).await;
    let models = async |scope: Option<&[String]>| db.read(async |tx| tx.doubted_models(scope, 10).await).await;
    assert_eq!(models(None).await, [], "models are not registered");
    let named = REGISTRY.map(|(file, text)| (file, text.replace("Front door,,", "Front door,Deadbolt D4,")));
    db.store.import(&registry(&named)).await.expect("imports");
    assert_eq!(models(None).await, [("Deadbolt D4".to_owned(), 2, 1)]);
    assert_eq!(models(Some(&mine)).await, [("Deadbolt D4".to_owned(), 1, 1)]);
    assert_eq!(models(Some(&elsewhere)).await, []);
    let unheard = db.read(async |tx| tx.never_heard(Some(&mine), 10).await).await;
    assert!(unheard.contains(&"leak1".to_owned()) && !unheard.contains(&"lock1".to_owned()), "{unheard:?}");
}
