//! Devices from the field: what is known beside the registry, who is held, what was said in another's name.

use nightporter::model::*;
use nightporter::store::{Quarantined, StateRow};

use super::{Engine, ids};

fn state(key: &str, seen_at: i64) -> StateRow {
    StateRow { key: key.into(), seen_at: Timestamp(seen_at), due_at: None, state: "{}".to_owned() }
}

fn about(model: &str) -> Profile {
    Profile { model: Some(model.to_owned()), id: Some("aa".to_owned()), ..Profile::default() }
}

fn refused(key: &str, reason: &str, property: Option<&str>, at: i64, leak: bool) -> Quarantined {
    Quarantined {
        device_key: key.into(),
        reason: reason.to_owned(),
        property_id: property.map(PropertyId::from),
        detail: "why".to_owned(),
        hardware_id: (reason == "id").then(|| format!("id of {at}")),
        first_at: Timestamp(at),
        last_at: Timestamp(at),
        messages: 1,
        leak,
        topic: "t".to_owned(),
        payload: "p".to_owned(),
    }
}

pub async fn what_is_known_beside_the_registry_is_kept_and_never_overrules_it(db: &Engine) {
    db.registered().await;
    let keys: [DeviceKey; 2] = ["lock1".into(), "stranger".into()];
    for model in ["M0", "M1"] {
        let about = about(model);
        db.write(async |tx| tx.save_abouts(&[(&keys[0], &about), (&keys[1], &about)]).await).await;
    }
    let known = db.read(async |tx| tx.load_abouts(&["lock1", "stranger", "nobody"]).await).await;
    assert_eq!(known, [("lock1".into(), about("M1")), ("stranger".into(), about("M1"))]);
    let model = async || db.read(async |tx| tx.load_devices(&["lock1"]).await).await["lock1"].model.clone();
    assert_eq!(model().await.as_deref(), Some("M1"), "the operator said none");
    let mut lock = db.read(async |tx| tx.load_devices(&["lock1"]).await).await.remove("lock1").expect("registered");
    lock.model = Some("Own".to_owned());
    db.write(async |tx| tx.register(&lock).await).await;
    assert_eq!(model().await.as_deref(), Some("Own"));
    let row = db.read(async |tx| tx.device("lock1").await).await.expect("registered");
    assert!(row.about.expect("announced").contains("M1"));
}

pub async fn strangers_are_forgotten_with_all_they_said_and_registered_ones_never(db: &Engine) {
    db.registered().await;
    let (stranger, lock): (DeviceKey, DeviceKey) = ("x1".into(), "lock1".into());
    db.write(async |tx| {
        tx.save_states(&[state("x1", 5), state("x2", 9), state("x3", 1), state("lock1", 0)]).await?;
        tx.save_abouts(&[(&stranger, &about("M")), (&lock, &about("M"))]).await?;
        tx.save_quarantined(&[&refused("x1", "topic", None, 1, false), &refused("lock1", "id", Some("oak"), 1, false)])
            .await
    })
    .await;
    let quiet = async |before, limit| db.read(async |tx| tx.quiet_strangers(Timestamp(before), limit).await).await;
    assert_eq!(ids(&quiet(9, 10).await), ["x3", "x1"]);
    assert_eq!(ids(&quiet(9, 1).await), ["x3"]);
    db.write(async |tx| tx.forget_strangers(&["x1", "lock1"]).await).await;
    assert_eq!(ids(&quiet(99, 10).await), ["x3", "x2"]);
    let left = db.read(async |tx| tx.load_abouts(&["x1", "lock1"]).await).await;
    assert_eq!(left, [("lock1".into(), about("M"))]);
    let left = db.read(async |tx| tx.list_quarantined(None, 9).await).await;
    assert_eq!(left.iter().map(|q| q.device_key.as_str()).collect::<Vec<_>>(), ["lock1"]);
}

pub async fn the_quarantine_has_one_row_for_a_device_and_reason_and_a_limit(db: &Engine) {
    for (at, leak) in [(1, false), (2, true), (3, false)] {
        db.write(async |tx| tx.save_quarantined(&[&refused("lock1", "id", Some("oak"), at, leak)]).await).await;
    }
    let rows = db.read(async |tx| tx.list_quarantined(None, 9).await).await;
    let whole =
        Quarantined { first_at: Timestamp(1), messages: 3, leak: true, ..refused("lock1", "id", Some("oak"), 3, true) };
    assert_eq!(rows, [whole]);
    let id = async || db.read(async |tx| tx.refused_id("lock1").await).await;
    assert_eq!(id().await.as_deref(), Some("id of 3"));
    let flood: Vec<_> = (0..1_200).map(|n| refused(&format!("x{n:04}"), "topic", None, 10 + n, n < 3)).collect();
    db.write(async |tx| tx.save_quarantined(&flood.iter().collect::<Vec<_>>()).await).await;
    let rows = db.read(async |tx| tx.list_quarantined(None, 5_000).await).await;
    assert_eq!(rows.len(), 1_000);
    assert_eq!(
        ids(&rows.iter().map(|q| &q.device_key).take(5).collect::<Vec<_>>()),
        ["lock1", "x0000", "x0001", "x0002", "x0204"]
    );
    let next = db.read(async |tx| tx.list_quarantined(Some(("lock1", "id")), 2).await).await;
    assert_eq!(ids(&next.iter().map(|q| &q.device_key).collect::<Vec<_>>()), ["x0000", "x0001"]);
    db.write(async |tx| tx.release_quarantined("lock1").await).await;
    assert_eq!(id().await, None);
}
