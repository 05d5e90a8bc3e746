//! What people do with a ticket over the API: the moves of the state machine, and wrong ones that change nothing.

use nightporter::model::Fact;
use nightporter::model::time::MINUTE;
use serde_json::{Value, json};

use super::house::{House, SENSOR, SOON};
use crate::services::eventually;

async fn act(house: &House, who: &str, ticket: &str, verb: &str, body: Value) -> (u16, Value) {
    house.post(who, &format!("/api/v1/tickets/{ticket}/{verb}"), body).await
}

#[tokio::test]
async fn a_leak_is_taken_reached_and_resolved() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let (status, accepted) = act(&house, "chen", &ticket, "accept", json!({})).await;
    assert_eq!((status, &accepted["status"], &accepted["assignee"]), (200, &json!("assigned"), &json!("h-chen")));
    assert_eq!(act(&house, "chen", &ticket, "accept", json!({})).await.0, 200, "saying so twice is no harm");
    let (status, refused) = act(&house, "oak", &ticket, "accept", json!({ "housekeeper_id": "h-liu" })).await;
    assert_eq!((status, &refused["type"]), (409, &json!("urn:nightporter:problem:wrong-move")));
    assert_eq!(act(&house, "chen", &ticket, "accept", json!({ "housekeeper_id": "h-liu" })).await.0, 403);
    let (status, there) = act(&house, "chen", &ticket, "arrive", json!({})).await;
    assert_eq!((status, &there["status"]), (200, &json!("on_site")));
    let (status, said) = act(&house, "chen", &ticket, "resolve", json!({ "note": "new seal" })).await;
    assert_eq!((status, &said["status"], &said["waiting_for"]), (200, &json!("on_site"), &json!("dry")));
    house.hear(SENSOR, Fact::Leak(false)).await;
    house.clock.advance(31 * MINUTE);
    eventually(SOON, "dry for as long as the playbook asks", async || {
        let ticket = house.get("chen", &format!("/api/v1/tickets/{ticket}")).await;
        ticket["status"] == "resolved" && ticket["resolved_at"].is_string() && ticket["waiting_for"].is_null()
    })
    .await;
    let events = house.get("oak", &format!("/api/v1/tickets/{ticket}/events")).await;
    let events = events["items"].as_array().expect("a list");
    let moves: Vec<_> = events.iter().filter(|e| e["actor"] == "housekeeper:h-chen").map(|e| &e["what"]).collect();
    assert_eq!(moves, ["accepted", "arrived", "said_done"]);
}

#[tokio::test]
async fn a_wrong_move_changes_nothing() {
    let house = House::start().await;
    let ticket = house.leak().await;
    assert_eq!(act(&house, "ops", &ticket, "cancel", json!({ "reason": "a test" })).await.1["status"], "cancelled");
    let path = format!("/api/v1/tickets/{ticket}");
    let before = (house.get("ops", &path).await, house.get("ops", &format!("{path}/events")).await);
    for (verb, body) in [
        ("accept", json!({ "housekeeper_id": "h-chen" })),
        ("decline", json!({ "housekeeper_id": "h-chen" })),
        ("arrive", json!({})),
        ("resolve", json!({})),
        ("reassign", json!({ "housekeeper_id": "h-chen" })),
        ("cancel", json!({})),
    ] {
        let (status, problem) = act(&house, "ops", &ticket, verb, body).await;
        assert_eq!(status, 409, "{verb}: {problem}");
        assert!(problem["detail"].as_str().expect("a detail").contains("cancelled"), "{problem}");
    }
    assert_eq!((house.get("ops", &path).await, house.get("ops", &format!("{path}/events")).await), before);
    assert_eq!(
        act(&house, "ops", &ticket, "note", json!({ "text": "all good" })).await.0,
        200,
        "a note is always possible"
    );
}

#[tokio::test]
async fn a_lead_hands_over_and_strangers_are_refused() {
    let house = House::start().await;
    let ticket = house.leak().await;
    assert_eq!(
        act(&house, "oak", &ticket, "reassign", json!({ "housekeeper_id": "h-liu" })).await.1["assignee"],
        "h-liu"
    );
    let (status, problem) = act(&house, "oak", &ticket, "reassign", json!({ "housekeeper_id": "h-mo" })).await;
    assert_eq!((status, &problem["where"]), (422, &json!("field housekeeper_id")), "not of this property");
    assert_eq!(act(&house, "oak", "t_none", "arrive", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_battery_said_to_be_replaced_waits_for_proof() {
    let house = House::start().await;
    let ticket = house.low_battery("oak/14C/lock").await;
    assert_eq!(act(&house, "oak", &ticket, "accept", json!({ "housekeeper_id": "h-chen" })).await.0, 200);
    let (status, said) = act(&house, "chen", &ticket, "resolve", json!({})).await;
    assert_eq!((status, &said["status"], &said["waiting_for"]), (200, &json!("assigned"), &json!("proof")));
}

#[tokio::test]
async fn only_who_was_asked_can_pass() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let events = format!("/api/v1/tickets/{ticket}/events");
    let before = house.get("ops", &events).await;
    let (status, problem) = act(&house, "ops", &ticket, "decline", json!({ "housekeeper_id": "h-liu" })).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:nightporter:problem:wrong-move")), "{problem}");
    assert_eq!(house.get("ops", &events).await, before, "nothing was noted");
    assert_eq!(act(&house, "chen", &ticket, "decline", json!({})).await.0, 200);
}

#[tokio::test]
async fn who_was_offered_a_job_is_told_that_it_is_taken_and_nobody_else_learns_of_it() {
    let house = House::start().await;
    let ticket = house.leak().await;
    assert_eq!(act(&house, "ops", &ticket, "accept", json!({ "housekeeper_id": "h-liu" })).await.0, 200);
    for (verb, words) in [("accept", "somebody else has it"), ("decline", "it is taken")] {
        let (status, problem) = act(&house, "chen", &ticket, verb, json!({})).await;
        assert_eq!(
            (status, &problem["type"]),
            (409, &json!("urn:nightporter:problem:wrong-move")),
            "{verb}: {problem}"
        );
        assert!(problem["detail"].as_str().expect("a detail").contains(words), "{problem}");
        assert_eq!(act(&house, "mo", &ticket, verb, json!({})).await.0, 404, "{verb}: not of this property");
    }
    for (verb, body) in
        [("arrive", json!({})), ("note", json!({ "text": "seen" })), ("valve", json!({ "action": "close" }))]
    {
        assert_eq!(act(&house, "chen", &ticket, verb, body).await.0, 404, "{verb}: it is not theirs");
    }
    assert_eq!(house.get("ops", &format!("/api/v1/tickets/{ticket}")).await["assignee"], "h-liu");
    let other = house.low_battery("oak/14C/lock").await;
    assert_eq!(act(&house, "oak", &other, "accept", json!({ "housekeeper_id": "h-chen" })).await.0, 200);
    let path = format!("/api/v1/messages?ticket={other}&to=%2B8613700000002");
    assert_eq!(house.get("ops", &path).await["items"], json!([]), "nobody offered it to h-liu");
    assert_eq!(act(&house, "liu", &other, "accept", json!({})).await.0, 404);
}

#[tokio::test]
async fn only_what_waits_goes_on() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let events = format!("/api/v1/tickets/{ticket}/events");
    for (verb, body) in [("accept", json!({})), ("arrive", json!({}))] {
        let before = house.get("ops", &events).await;
        let (status, problem) = act(&house, "ops", &ticket, "resume", json!({})).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:nightporter:problem:wrong-move")), "{problem}");
        assert!(problem["detail"].as_str().expect("a detail").ends_with("the tenant is not waited for"), "{problem}");
        assert_eq!(house.get("ops", &events).await, before, "nothing was noted");
        assert_eq!(act(&house, "chen", &ticket, verb, body).await.0, 200);
    }
    assert_eq!(act(&house, "chen", &ticket, "resume", json!({})).await.0, 409, "on site");
    assert_eq!(act(&house, "chen", &ticket, "wait", json!({ "reason": "key" })).await.0, 200);
    assert_eq!(act(&house, "chen", &ticket, "resume", json!({})).await.0, 200);
}
