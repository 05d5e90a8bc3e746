//! Texts of tenants over the webhook, who waits for a human, and the answer over the API; tickets that people open.

use nightporter::model::time::{DAY, MINUTE};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, SENSOR, SOON, answer, token};
use crate::services::eventually;

async fn post(house: &House, who: &str, path: &str, key: &str, body: Value) -> (u16, Value) {
    let request = house.request(Method::POST, path).bearer_auth(token(who)).header("Idempotency-Key", key).json(&body);
    answer(request.send().await.expect("an answer")).await
}

const ANN: &str = "+8613800000001";

#[tokio::test]
async fn what_nobody_understood_is_answered_by_a_human_once_and_in_the_same_name() {
    let house = House::start().await;
    let ticket = house.leak().await;
    house.writes("SM1", ANN, "My cat sits on it, is that bad?").await;
    house.writes("SM2", "+8613855555555", "who are you?").await;
    let waiting = house.get("oak", "/api/v1/conversations?waiting=true").await;
    let one = waiting["items"][0].clone();
    assert_eq!(waiting["items"].as_array().expect("a list").len(), 1, "a stranger has no conversation: {waiting}");
    assert_eq!(
        (&one["ticket_id"], &one["why"], &one["tenant_id"]),
        (&json!(ticket), &json!("question"), &json!("t-oak"))
    );
    let names = ["tenant_name", "unit_name", "property_name"].map(|name| one[name].as_str().unwrap_or_default());
    assert_eq!(names, ["Li Wei", "12B", "Oak Court"]);
    let texts = one["messages"].as_array().expect("a list");
    assert!(texts.len() >= 2 && texts.iter().any(|m| m["intent"] == "question"), "{one}");
    assert_eq!(house.get("south", "/api/v1/conversations").await["items"], json!([]), "another region sees nothing");
    let path = format!("/api/v1/conversations/{}/replies", one["id"].as_str().expect("an id"));
    for _ in 0..2 {
        let (status, told) = post(&house, "oak", &path, "key-1", json!({ "text": "Not at all." })).await;
        assert_eq!((status, &told["waiting_since"]), (200, &Value::Null), "{told}");
    }
    assert_eq!(post(&house, "chen", &path, "key-2", json!({ "text": "hi" })).await.0, 403);
    assert_eq!(post(&house, "south", &path, "key-2", json!({ "text": "hi" })).await.0, 404);
    assert_eq!(post(&house, "oak", &path, "key-2", json!({ "text": " " })).await.0, 422);
    let (status, problem) = post(&house, "oak", &path, "key-2", json!({ "text": "详见https://a.cn/b。" })).await;
    let told = [&problem["type"], &problem["detail"]].map(|t| t.as_str().unwrap_or_default().to_owned());
    assert!(status == 422 && told[0].ends_with("no-links") && told[1].contains("+86"), "{problem}");
    assert_eq!(house.post("oak", &path, json!({ "text": "hi" })).await.0, 400, "no key");
    let sent = house.get("oak", &format!("/api/v1/messages?ticket={ticket}")).await;
    let by_hand: Vec<_> =
        sent["items"].as_array().expect("a list").iter().filter(|m| m["template"] == "human").collect();
    let sender = one["sender"].as_str().expect("a name");
    assert!(by_hand.len() == 1 && by_hand[0]["body"] == format!("Not at all. - {sender}"), "{by_hand:?}");
    for key in ["key-5", "key-6"] {
        assert_eq!(post(&house, "oak", &path, key, json!({ "text": "Not at all." })).await.0, 200);
    }
    eventually(SOON, "the third one of the same words is not sent to +86, and says why", async || {
        let sent = house.get("oak", &format!("/api/v1/messages?ticket={ticket}&status=expired")).await;
        let all = sent["items"].as_array().expect("a list");
        all.len() == 1 && all[0]["error"].as_str().expect("why").contains("twice within 24 hours")
    })
    .await;
    house.writes("SM3", ANN, "STOP").await;
    assert_eq!(post(&house, "oak", &path, "key-3", json!({ "text": "one more" })).await.0, 409);
}

#[tokio::test]
async fn who_answers_is_told_meaning_by_meaning() {
    let config = "[contact]\npeople_share = 0.5\ndaily_messages_max = 100\n";
    let house = House::start_configured(false, config).await;
    for n in 0..20 {
        house.writes(&format!("SM{n}"), ANN, "Please send somebody").await;
        let all = house.get("oak", "/api/v1/tickets?kind=request").await;
        let open =
            all["items"].as_array().expect("a list").iter().find(|t| t["status"] != "cancelled").expect("a request");
        house.writes(&format!("SM{n}a"), ANN, "I will do it tomorrow").await;
        house.writes(&format!("SM{n}b"), ANN, "I will do it tomorrow").await;
        let cancel = format!("/api/v1/tickets/{}/cancel", open["id"].as_str().expect("an id"));
        assert_eq!(house.post("oak", &cancel, json!({ "reason": "no need" })).await.0, 200);
    }
    let told = house.get("ops", "/api/v1/stats/automation").await;
    assert_eq!(told, json!({ "people_share": 0.5, "items": [] }), "people have a week to say how it was");
    let waiting = house.get("oak", "/api/v1/conversations?waiting=true").await;
    assert_eq!(waiting["items"][0]["why"], "later", "of twenty the lot fell on one at least");
    let path = format!("/api/v1/conversations/{}/replies", waiting["items"][0]["id"].as_str().expect("an id"));
    assert_eq!(post(&house, "oak", &path, "key-1", json!({ "text": "Thank you!" })).await.0, 200);
    house.clock.advance(8 * DAY);
    let told = house.get("ops", "/api/v1/stats/automation").await;
    let later = &told["items"][0];
    let counts = ["automation", "people"].map(|side| later[side]["quick"]["of"].as_i64().expect("a number"));
    assert_eq!((&later["intent"], counts[0] + counts[1]), (&json!("later"), 40), "{told}");
    assert!(counts.iter().all(|n| (8..=32).contains(n) && n % 2 == 0), "one lot for a matter: {counts:?}");
    assert_eq!((&later["people"]["quick"]["rate"], &later["off"]), (&json!(1.0), &Value::Null));
    assert_eq!(house.get("south", "/api/v1/stats/automation").await["items"], json!([]));
}

#[tokio::test]
async fn a_word_of_water_is_one_leak_with_the_sensors_and_what_nobody_reads_is_told() {
    let house = House::start().await;
    house.writes("SM1", ANN, "there is water coming through the ceiling").await;
    let leaks =
        async || house.get("ops", "/api/v1/tickets?kind=leak").await["items"].as_array().expect("a list").clone();
    let first = leaks().await;
    assert_eq!((first.len(), &first[0]["severity"], &first[0]["tenant_id"]), (1, &json!("emergency"), &json!("t-oak")));
    house.hear(SENSOR, nightporter::model::Fact::Leak(true)).await;
    house.writes("SM2", ANN, "more water!").await;
    assert_eq!(leaks().await.len(), 1, "the open one has it");
    house.writes("SM3", ANN, "hmm").await;
    house.clock.advance(31 * MINUTE);
    let told = async || house.get("ops", "/api/v1/messages?to=%2B8613900000001").await["items"].clone();
    eventually(SOON, "the manager is told that nobody has answered", async || {
        told().await.as_array().expect("a list").iter().any(|m| m["template"] == "waiting_manager")
    })
    .await;
}

#[tokio::test]
async fn a_conversation_that_needs_no_answer_is_put_down() {
    let house = House::start().await;
    house.leak().await;
    house.writes("SM1", ANN, "hmm").await;
    let one = house.get("oak", "/api/v1/conversations?waiting=true").await["items"][0].clone();
    let path = format!("/api/v1/conversations/{}/settle", one["id"].as_str().expect("an id"));
    assert_eq!(house.post("oak", &path, json!({})).await.0, 200);
    assert_eq!(house.get("oak", "/api/v1/conversations?waiting=true").await["items"], json!([]));
    assert_eq!(
        house.get("oak", "/api/v1/conversations?waiting=false").await["items"].as_array().expect("a list").len(),
        1
    );
}

#[tokio::test]
async fn people_open_tickets_of_their_own_and_a_key_makes_one() {
    let house = House::start().await;
    let body =
        json!({ "kind": "request", "property_id": "oak", "unit_id": "12b", "text": "The window does not close" });
    let (status, first) = post(&house, "oak", "/api/v1/tickets", "key-1", body.clone()).await;
    assert_eq!((status, &first["kind"], &first["tenant_id"]), (201, &json!("request"), &json!("t-oak")), "{first}");
    let (status, again) = post(&house, "oak", "/api/v1/tickets", "key-1", body.clone()).await;
    assert_eq!((status, &again["id"]), (201, &first["id"]));
    let other = [
        ("kind", json!("tamper")),
        ("unit_id", Value::Null),
        ("severity", json!("urgent")),
        ("text", json!("The tap drips")),
    ];
    for (field, value) in other {
        let mut wish = body.clone();
        wish[field] = value;
        is_used_up(post(&house, "oak", "/api/v1/tickets", "key-1", wish).await);
    }
    for (who, field, value, expected) in [
        ("oak", "kind", json!("battery"), 422),
        ("oak", "unit_id", json!("3a"), 422),
        ("oak", "severity", json!("huge"), 422),
        ("oak", "text", json!(""), 422),
        ("oak", "property_id", json!("elm"), 403),
        ("eyes", "text", json!("x"), 403),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let (status, problem) = post(&house, who, "/api/v1/tickets", "key-2", wrong).await;
        assert_eq!(status, expected, "{field}: {problem}");
    }
    let id = first["id"].as_str().expect("an id");
    eventually(SOON, "the housekeeper is told what is asked", async || {
        let sent = house.get("ops", &format!("/api/v1/messages?ticket={id}")).await;
        sent["items"].as_array().expect("a list").iter().any(|m| m["body"].as_str().expect("text").contains("window"))
    })
    .await;
}

#[tokio::test]
async fn water_that_joined_a_ticket_leads_to_it_under_its_key_whatever_became_of_it() {
    let house = House::start().await;
    let leak = house.leak().await;
    let body = json!({ "kind": "leak", "property_id": "oak", "unit_id": "12b", "text": "Water in the kitchen" });
    let (status, joined) = post(&house, "oak", "/api/v1/tickets", "wet-1", body.clone()).await;
    assert_eq!((status, &joined["id"]), (201, &json!(leak)), "{joined}");
    let cancelled = house.post("oak", &format!("/api/v1/tickets/{leak}/cancel"), json!({ "reason": "mopped" })).await;
    assert_eq!(cancelled.0, 200, "{}", cancelled.1);
    let (status, again) = post(&house, "oak", "/api/v1/tickets", "wet-1", body.clone()).await;
    assert_eq!((status, &again["id"], &again["status"]), (201, &json!(leak), &json!("cancelled")), "{again}");
    let mut ceiling = body.clone();
    ceiling["text"] = json!("Water from the ceiling");
    is_used_up(post(&house, "oak", "/api/v1/tickets", "wet-1", ceiling).await);
    let (_, other) = post(&house, "oak", "/api/v1/tickets", "wet-2", body).await;
    assert_ne!(other["id"], json!(leak), "a new key is a new matter");
}

/// It says what is wrong, where, and how to mend it.
fn is_used_up((status, problem): (u16, Value)) {
    assert_eq!((status, &problem["type"]), (409, &json!("urn:nightporter:problem:idempotency-conflict")), "{problem}");
    assert_eq!(
        (&problem["where"], &problem["mend"]),
        (&json!("header Idempotency-Key"), &json!("send a new key")),
        "{problem}"
    );
}

#[tokio::test]
async fn of_two_wishes_under_one_key_one_is_granted_and_a_forgotten_key_still_tells_them_apart() {
    let house = House::start().await;
    let wish = |text: &str| json!({ "kind": "request", "property_id": "oak", "unit_id": "12b", "text": text });
    let open = async |key: &str, text: &str| post(&house, "oak", "/api/v1/tickets", key, wish(text)).await;
    let texts = ["The window does not close", "The tap drips"];
    let both: [_; 2] = tokio::join!(open("key-1", texts[0]), open("key-1", texts[1])).into();
    let granted = both.iter().position(|(status, _)| *status == 201).expect("one is granted");
    let (first, second) = (both[granted].1["id"].clone(), both[1 - granted].clone());
    is_used_up(second);
    house.clock.advance(31 * DAY);
    assert_eq!(open("key-2", "The door creaks").await.0, 201, "what is old is forgotten with it");
    let (status, again) = open("key-1", texts[granted]).await;
    assert_eq!((status, again["id"].clone()), (201, first), "{again}");
    house.clock.advance(31 * DAY);
    assert_eq!(open("key-3", "The door creaks").await.0, 201);
    is_used_up(open("key-1", texts[1 - granted]).await);
}
