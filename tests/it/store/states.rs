//! What devices told: one row a device, who is due, who is a stranger, who is behind a gateway.

use nightporter::model::*;
use nightporter::store::{DeviceFilter, StateRow};

use super::{Engine, ids};

fn state(key: &str, seen_at: i64, due_at: Option<i64>) -> StateRow {
    StateRow {
        key: key.into(),
        seen_at: Timestamp(seen_at),
        due_at: due_at.map(Timestamp),
        state: format!("{{\"of\":\"{key}\"}}"),
    }
}

pub async fn states_are_kept_and_replaced(db: &Engine) {
    db.write(async |tx| tx.save_states(&[state("b", 1, None), state("锁/a", 2, Some(9))]).await).await;
    db.write(async |tx| tx.save_states(&[state("b", 5, Some(7))]).await).await;
    db.write(async |tx| tx.save_states(&[]).await).await;
    let rows = db.write(async |tx| tx.load_states(&["锁/a", "b", "nowhere"]).await).await;
    assert_eq!(rows, [state("b", 5, Some(7)), state("锁/a", 2, Some(9))]);
}

pub async fn first_states_leave_what_is_there(db: &Engine) {
    db.write(async |tx| tx.save_states(&[state("a", 1, Some(9))]).await).await;
    let rows = db.write(async |tx| tx.first_states(&["a", "b"]).await).await;
    if db.store.is_exclusive() {
        assert_eq!(rows, [], "one writer has nobody to wait for");
    } else {
        let new = StateRow { key: "b".into(), seen_at: Timestamp(0), due_at: None, state: "{}".to_owned() };
        assert_eq!(rows, [state("a", 1, Some(9)), new]);
    }
}

pub async fn more_rows_than_one_statement_takes(db: &Engine) {
    let rows: Vec<StateRow> = (0..4_100).map(|n| state(&format!("d{n:05}"), n, None)).collect();
    db.write(async |tx| tx.save_states(&rows).await).await;
    let keys: Vec<&str> = rows.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(db.write(async |tx| tx.load_states(&keys).await).await, rows);
}

pub async fn devices_are_due_in_order_and_in_parts(db: &Engine) {
    assert_eq!(db.read(async |tx| tx.next_due_at().await).await, None);
    let rows = [state("late", 0, Some(30)), state("b", 0, Some(10)), state("a", 0, Some(10)), state("never", 0, None)];
    db.write(async |tx| tx.save_states(&rows).await).await;
    let due = async |now, limit| ids(&db.read(async |tx| tx.due_devices(Timestamp(now), limit).await).await);
    assert_eq!(due(9, 10).await, Vec::<String>::new());
    assert_eq!(due(10, 10).await, ["a", "b"]);
    assert_eq!(due(30, 2).await, ["a", "b"], "a part");
    assert_eq!(due(30, 9).await, ["a", "b", "late"]);
    assert_eq!(db.read(async |tx| tx.next_due_at().await).await, Some(Timestamp(10)));
}

pub async fn strangers_are_counted_and_listed(db: &Engine) {
    db.registered().await;
    let rows = [state("x1", 1, None), state("lock1", 2, None), state("x2", 3, None), state("x3", 4, None)];
    db.write(async |tx| tx.save_states(&rows).await).await;
    assert_eq!(db.read(async |tx| tx.count_held(10).await).await, 3);
    assert_eq!(db.read(async |tx| tx.count_held(2).await).await, 2, "counted up to a limit");
    let list = async |registered: bool, filter: DeviceFilter, after: Option<&str>, limit| {
        let filter = DeviceFilter { registered, ..filter };
        let rows = db.read(async |tx| tx.list_devices(&filter, after, limit).await).await;
        ids(&rows.iter().map(|r| &r.key).collect::<Vec<_>>())
    };
    let all = DeviceFilter::default;
    assert_eq!(list(false, all(), None, 2).await, ["x1", "x2"]);
    assert_eq!(list(false, all(), Some("x2"), 2).await, ["x3"]);
    assert_eq!(list(true, all(), None, 9).await, ["hub", "leak1", "leak2", "lock1", "lock3"]);
    assert_eq!(list(true, DeviceFilter { unit: Some("oak-1".into()), ..all() }, None, 9).await, ["leak1", "lock1"]);
    assert_eq!(list(true, DeviceFilter { property: Some("elm".into()), ..all() }, None, 9).await, ["lock3"]);
    let mine = |p: &[&str]| DeviceFilter { properties: Some(p.iter().map(|p| (*p).to_owned()).collect()), ..all() };
    assert_eq!(list(true, mine(&["elm"]), None, 9).await, ["lock3"]);
    assert_eq!(list(true, mine(&[]), None, 9).await, Vec::<String>::new(), "who may see nothing sees nothing");
    let one = async |key: &str| db.read(async |tx| tx.device(key).await).await;
    let (known, held) = (one("lock1").await.expect("registered"), one("x2").await.expect("held"));
    assert_eq!((known.device.map(|d| d.name), known.seen_at), (Some("Front door".to_owned()), Some(Timestamp(2))));
    assert_eq!((held.device, held.state.as_deref()), (None, Some("{\"of\":\"x2\"}")));
    assert_eq!(one("hub").await.expect("registered").state, None, "registered, never heard");
    assert!(one("nowhere").await.is_none());
}

pub async fn devices_behind_a_gateway(db: &Engine) {
    db.registered().await;
    let rows = [state("lock1", 5, Some(50)), state("leak1", 6, None), state("lock3", 7, Some(70))];
    db.write(async |tx| tx.save_states(&rows).await).await;
    let behind = db.read(async |tx| tx.load_behind(&["hub", "nowhere"]).await).await;
    assert_eq!(behind.len(), 1);
    let seen: Vec<_> = behind["hub"].iter().map(|b| (b.key.as_str(), b.seen_at.0, b.due_at.map(|t| t.0))).collect();
    assert_eq!(seen, [("leak1", 6, None), ("lock1", 5, Some(50))], "those that have spoken");
}

pub async fn states_of_a_unit(db: &Engine) {
    db.registered().await;
    let row = |key: &str| StateRow { key: key.into(), seen_at: Timestamp(1), due_at: None, state: "{}".to_owned() };
    db.write(async |tx| tx.save_states(&[row("lock1"), row("leak1"), row("stranger")]).await).await;
    let found = db.read(async |tx| tx.unit_states(&["oak-1", "nowhere"]).await).await;
    let keys: Vec<_> = found.iter().map(|(unit, row)| (unit.as_str(), row.key.as_str())).collect();
    assert!(keys.contains(&("oak-1", "lock1")) && keys.contains(&("oak-1", "leak1")), "{keys:?}");
    assert!(keys.iter().all(|(unit, key)| *unit == "oak-1" && *key != "stranger"), "{keys:?}");
}
