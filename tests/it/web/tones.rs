//! Tones that are tried against each other: what came of them is told, and what has certainly lost is not said any more.

use nightporter::model::time::DAY;
use nightporter::model::{Locale, Status, Ticket, TicketKind, Tone};
use nightporter::store::TicketScope;
use serde_json::json;

use super::house::{House, LOCK};

const TRIED: &str = "[contact]\ntones = [\"plain\"]\n[property.oak]\ntones = [\"warm\", \"playful\"]\n";

/// The ticket of a lock whose battery runs low, with its tone.
async fn low(house: &House) -> Ticket {
    let id = house.low_battery(LOCK).await;
    let scope = TicketScope { ids: vec![&id], ..TicketScope::default() };
    let mut found = house.store.read().await.expect("begun").load_tickets(&scope).await.expect("loaded");
    found.remove(id.as_str()).expect("the ticket")
}

#[tokio::test]
async fn a_tone_that_certainly_lost_is_not_said_any_more_and_the_reason_is_told() {
    let house = House::start_configured(false, TRIED).await;
    assert_eq!(house.get("ops", "/api/v1/stats/tones").await, json!({ "items": [] }));
    let first = low(&house).await;
    let (locale, loser) = first.tone.expect("two are tried");
    let winner = if loser == Tone::Warm { Tone::Playful } else { Tone::Warm };
    assert_eq!(locale, Locale::En);

    let house = House::start_configured(false, TRIED).await;
    let opened_at = house.clock.now() - 30 * DAY;
    let past = |n: usize| {
        let tone = if n.is_multiple_of(2) { loser } else { winner };
        let resolved_at = opened_at + DAY;
        Ticket {
            id: format!("k{n:03}").as_str().into(),
            kind: TicketKind::Request,
            tenant_id: Some(format!("t{n:03}").as_str().into()),
            device_key: None,
            devices: Vec::new(),
            status: Status::Closed { at: resolved_at, resolved_at },
            opened_at,
            due_at: None,
            tone: Some((locale, tone)),
            replied: n % 10 < if tone == winner { 10 } else { 6 },
            ..first.clone()
        }
    };
    let past: Vec<Ticket> = (0..300).map(past).collect();
    let mut tx = house.store.begin().await.expect("begun");
    tx.save_tickets(&past.iter().collect::<Vec<_>>()).await.expect("saved");
    tx.commit().await.expect("committed");

    let told = house.get("ops", "/api/v1/stats/tones").await;
    let item = |tone: Tone| {
        let items = told["items"].as_array().expect("a list");
        items.iter().find(|i| i["tone"] == tone.as_str()).expect("the tone").clone()
    };
    let (lost, won) = (item(loser), item(winner));
    assert_eq!((&lost["heeded"], &lost["locale"]), (&json!({ "rate": 0.6, "met": 90, "of": 150 }), &json!("en")));
    assert_eq!((&won["heeded"]["rate"], &won["lost"]), (&json!(1.0), &json!(null)));
    assert_eq!((&lost["lost"]["to"], &lost["lost"]["measure"]), (&json!(winner.as_str()), &json!("heeded")));
    assert!(lost["lost"]["standard_errors"].as_f64().expect("a number") > 4.0, "{lost}");
    assert_eq!(house.get("south", "/api/v1/stats/tones").await, json!({ "items": [] }), "what one may see");
    assert_eq!(low(&house).await.tone, Some((locale, winner)), "the same tenant now hears the other");
}
