//! What the other devices of a flat tell of one: doubted water that is true, a battery that only changed places.

use nightporter::model::Fact;
use nightporter::model::time::{DAY, HOUR, MINUTE};
use serde_json::json;

use super::house::{House, LOCK, SENSOR};

#[tokio::test]
async fn a_nearly_empty_sensor_is_believed_at_once_beside_a_wet_one() {
    let house = House::start_configured(false, "").await;
    let counts = async || house.get("ops", "/api/v1/board").await["counts"]["leak"].clone();
    house.hear("elm/3A/sink", Fact::BatteryPercent(4.0)).await;
    house.clock.advance(MINUTE);
    house.hear("elm/3A/sink", Fact::Leak(true)).await;
    assert_eq!(counts().await, json!(null), "alone it is doubted");
    house.hear(SENSOR, Fact::BatteryPercent(4.0)).await;
    house.clock.advance(MINUTE / 2);
    house.hear(LOCK, Fact::Leak(true)).await;
    house.hear(SENSOR, Fact::Leak(true)).await;
    let ticket = house.get("ops", &format!("/api/v1/tickets/{}", house.ticket_of(SENSOR).await)).await;
    assert_eq!(ticket["devices"].as_array().map(Vec::len), Some(2), "at once, and one incident: {ticket}");
}

#[tokio::test]
async fn batteries_that_changed_places_are_not_paid() {
    // The other has the old one for good; its own all along; its own, with one odd reading.
    for (other_shows, why) in [([15.0, 15.0], "swapped"), ([93.0, 93.0], ""), ([15.0, 93.0], "")] {
        let house = House::start_configured(false, "").await;
        for _ in 0..6 {
            house.hear(LOCK, Fact::BatteryPercent(15.0)).await;
            house.hear(SENSOR, Fact::BatteryPercent(93.0)).await;
            house.clock.advance(2 * HOUR);
        }
        let ticket = house.ticket_of(LOCK).await;
        house.clock.advance(DAY);
        for n in 0..6_usize {
            house.hear(LOCK, Fact::BatteryPercent(93.0)).await;
            house.hear(SENSOR, Fact::BatteryPercent(other_shows[n.min(1)])).await;
            house.clock.advance(4 * HOUR);
        }
        let events = house.get("ops", &format!("/api/v1/tickets/{ticket}/events")).await;
        let events = events["items"].as_array().expect("a list");
        assert!(events.iter().any(|e| e["what"] == "resolved"), "it is a better battery: {events:?}");
        let refused = events.iter().find(|e| e["what"] == "not_rewarded").map(|e| e["data"]["why"].clone());
        assert_eq!(refused.unwrap_or(json!("")), json!(why), "{events:?}");
    }
}
