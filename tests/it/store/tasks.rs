//! Valves as they are wanted, and tasks of managers.

use nightporter::model::*;
use nightporter::store::Page;

use super::Engine;

pub async fn valves_are_kept_as_they_are_wanted(db: &Engine) {
    db.registered().await;
    let insert = "INSERT INTO devices (key, unit_id, property_id, kind, name, valve_for) \
                  VALUES ('valve1', 'oak-1', 'oak', 'valve', 'Main', 'oak-1')";
    super::door::execute(&db.store, &[insert]).await;
    let valves = db.read(async |tx| tx.valves_of(&["oak", "elm"]).await).await;
    assert_eq!(
        valves.iter().map(|d| (d.key.as_str(), d.valve_for.as_deref())).collect::<Vec<_>>(),
        [("valve1", Some("oak-1"))]
    );
    let wish = |key: &str, closed, at| ValveWish {
        device_key: key.into(),
        property_id: "oak".into(),
        closed,
        ticket_id: "k1".into(),
        actor: "system".into(),
        at: Timestamp(at),
    };
    for wish in [wish("valve1", true, 1), wish("valve2", true, 2), wish("valve1", false, 3)] {
        db.write(async |tx| tx.save_valve(&wish).await).await;
    }
    let all = db.read(async |tx| tx.valves(None).await).await;
    assert_eq!(all, [wish("valve1", false, 3), wish("valve2", true, 2)], "the last wish counts");
    assert_eq!(db.read(async |tx| tx.valves(Some("valve2")).await).await, [wish("valve2", true, 2)]);
    let riser = db.read(async |tx| tx.risers(&["oak-1", "elm-1"]).await).await;
    assert_eq!(riser, [("oak".into(), "oak-1".into()), ("oak".into(), "oak-2".into())], "no stack, no riser");
}

pub async fn tasks_are_listed_until_done(db: &Engine) {
    let day = |text: &str| text.parse().expect("a day");
    let task = |id: &str, property: &str, at| Task {
        id: id.to_owned(),
        ticket_id: "k1".into(),
        property_id: property.into(),
        unit_id: (property == "oak").then(|| "oak-1".into()),
        what: "bed".to_owned(),
        from: day("2026-01-05"),
        to: day("2026-01-06"),
        created_at: Timestamp(at),
        done: None,
    };
    let (a, b) = (task("a", "oak", 1), task("b", "elm", 2));
    for task in [&a, &b, &a] {
        db.write(async |tx| tx.add_task(task).await).await;
    }
    let list = async |properties: Option<&[String]>, open, limit, after: Option<&Task>| {
        let page = Page { limit, after: after.map(|t| (t.created_at.0, t.id.clone())) };
        db.read(async |tx| tx.list_tasks(properties, open, &page).await).await
    };
    assert_eq!(list(None, None, 9, None).await, [a.clone(), b.clone()]);
    assert_eq!(list(None, None, 1, None).await, std::slice::from_ref(&a));
    assert_eq!(list(None, None, 9, Some(&a)).await, std::slice::from_ref(&b));
    assert_eq!(list(Some(&["oak".to_owned()]), None, 9, None).await, std::slice::from_ref(&a));
    let done = async |id: &str| db.write(async |tx| tx.task_done(id, "user:lead", Timestamp(9)).await).await;
    assert!(done("b").await && !done("b").await && !done("c").await);
    let b = Task { done: Some((Timestamp(9), "user:lead".to_owned())), ..b };
    assert_eq!(list(None, Some(true), 9, None).await, [a]);
    assert_eq!(list(None, Some(false), 9, None).await, std::slice::from_ref(&b));
    assert_eq!(db.read(async |tx| tx.task("b").await).await, Some(b));
    assert_eq!(db.read(async |tx| tx.task("c").await).await, None);
}
