//! Valves that are shut, as managers see them; and the whole of it, with the rota, in a real Chromium.

use nightporter::model::Fact;
use nightporter::model::time::MINUTE;
use nightporter::store::Store;
use serde_json::json;

use super::house::{House, SENSOR, SOON, token};
use super::page::{browse, screenshots};
use crate::services::eventually;

/// A house in which 12B has a valve, and water; the leak's id.
async fn house() -> (House, String) {
    let house = House::start().await;
    let Store::Sqlite { writer, .. } = &house.store else { unreachable!("on SQLite") };
    let valve = "INSERT INTO devices (key, unit_id, property_id, kind, name, valve_for) \
                 VALUES ('oak/12B/valve', '12b', 'oak', 'valve', 'Main tap', '12b')";
    sqlx::query(valve).execute(writer).await.expect("stored");
    let leak = house.leak().await;
    (house, leak)
}

#[tokio::test]
async fn valves_that_are_shut_are_listed_with_their_matter() {
    let (house, leak) = house().await;
    let turn = async |body| house.post("oak", &format!("/api/v1/tickets/{leak}/valve"), body).await;
    assert_eq!(house.get("oak", "/api/v1/valves").await, json!({ "items": [] }));
    assert_eq!(turn(json!({ "action": "close" })).await.0, 200);
    let valve = |closed, since: &str| {
        json!({ "device_key": "oak/12B/valve", "name": "Main tap", "unit_id": "12b", "unit_name": "12B", "property_id": "oak",
            "property_name": "Oak Court", "closed": closed, "since": since, "ticket_id": leak, "actor": "user:oak" })
    };
    let shut = valve(true, "2026-01-05T10:30:00.000Z");
    assert_eq!(house.get("eyes-oak", "/api/v1/valves?closed=true").await["items"], json!([shut]));
    for who in ["lost", "south"] {
        assert_eq!(house.get(who, "/api/v1/valves").await["items"], json!([]), "{who} sees no oak");
    }
    assert_eq!(turn(json!({ "action": "open" })).await.0, 409, "water is there");
    dry(&house).await;
    let (_, asked) = turn(json!({ "action": "open" })).await;
    assert_eq!(turn(json!({ "action": "open", "confirm": asked["valve_code"] })).await.0, 200);
    assert_eq!(house.get("oak", "/api/v1/valves?closed=true").await["items"], json!([]));
    assert_eq!(house.get("oak", "/api/v1/valves").await["items"], json!([valve(false, "2026-01-05T11:01:00.000Z")]));
    assert_eq!(house.problem("oak", "/api/v1/valves?closed=maybe").await.0, 400);
}

/// The sink dries, and stays so until the leak is resolved.
async fn dry(house: &House) {
    house.hear(SENSOR, Fact::Leak(false)).await;
    house.clock.advance(31 * MINUTE);
    eventually(SOON, "the leak is resolved", async || {
        house.get("ops", "/api/v1/tickets?kind=leak").await["items"][0]["status"] == "resolved"
    })
    .await;
}

#[tokio::test]
async fn managers_open_a_valve_in_two_steps_and_swap_shifts() {
    let (house, leak) = house().await;
    assert_eq!(house.post("ops", &format!("/api/v1/tickets/{leak}/valve"), json!({ "action": "close" })).await.0, 200);
    let (folder, _kept) = screenshots();
    let said = browse("duties.cjs", &[&house.base, &token("eyes"), &token("ops")], &folder, async |line: &str| {
        if line == "wet" {
            dry(&house).await;
        }
    })
    .await;
    assert_eq!(said, ["wet", "done"]);
    assert_eq!(house.get("ops", "/api/v1/valves?closed=true").await["items"], json!([]));
    assert_eq!(house.get("ops", "/api/v1/rota").await["swaps"], json!([]), "made and taken back");
}
