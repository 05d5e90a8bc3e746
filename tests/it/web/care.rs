//! After the fix over HTTP: goodwill within its budgets, praise for whom it is, and the keys that people press.

use nightporter::model::time::MINUTE;
use nightporter::web::twilio_signature::sign;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PUBLIC_URL, SECRET, SOON, answer, token};
use crate::services::eventually;

async fn post(house: &House, who: &str, path: &str, key: &str, body: Value) -> (u16, Value) {
    let request = house.request(Method::POST, path).bearer_auth(token(who)).header("Idempotency-Key", key).json(&body);
    answer(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn goodwill_is_booked_once_and_within_the_month() {
    let house = House::start().await;
    let path = format!("/api/v1/tickets/{}/goodwill", house.leak().await);
    let credit = |amount: i64| json!({ "amount_minor": amount, "currency": "CNY", "reason": "the carpet got wet" });
    for _ in 0..2 {
        assert_eq!(post(&house, "oak", &path, "a", credit(6_000)).await.0, 200);
    }
    assert_eq!(post(&house, "oak", &path, "a", credit(1)).await.0, 409);
    let (status, problem) = post(&house, "ops", &path, "b", credit(5_000)).await;
    assert_eq!((status, &problem["type"]), (422, &json!("urn:nightporter:problem:over-budget")), "{problem}");
    assert!(problem["detail"].as_str().expect("text").contains("4000"), "{problem}");
    for (who, body, expected) in [
        ("oak", credit(0), 422),
        ("oak", json!({ "amount_minor": 1, "currency": "EUR", "reason": "x" }), 422),
        ("oak", json!({ "amount_minor": 1, "currency": "CNY", "reason": " " }), 422),
        ("chen", credit(1), 403),
        ("south", credit(1), 404),
    ] {
        let (status, problem) = post(&house, who, &path, "c", body).await;
        assert_eq!(status, expected, "{who}: {problem}");
    }
    let rewards = house.get("oak", "/api/v1/tenants/t-oak/rewards").await;
    assert_eq!(
        (&rewards["balance"]["amount_minor"], &rewards["entries"][0]["reason"]),
        (&json!(6_000), &json!("goodwill"))
    );
    assert_eq!(house.get("ops", "/api/v1/ledger/trial-balance").await["total_minor"], 0);
}

#[tokio::test]
async fn praise_is_seen_by_whom_it_is_for() {
    let house = House::start().await;
    let ticket = house.leak().await;
    assert_eq!(house.post("chen", &format!("/api/v1/tickets/{ticket}/accept"), json!({})).await.0, 200);
    assert_eq!(house.post("chen", &format!("/api/v1/tickets/{ticket}/arrive"), json!({})).await.0, 200);
    let fields = [
        ("MessageSid", "SM1"),
        ("From", "+8613800000001"),
        ("To", "+15005550006"),
        ("Body", "Thank you, so kind and quick!"),
    ];
    assert_eq!(signed(&house, "/webhooks/twilio/inbound", &fields).await.0, 200);
    let own = house.get("chen", "/api/v1/praise").await;
    assert_eq!(own["items"][0]["words"], "Thank you, so kind and quick!", "{own}");
    assert_eq!(house.get("oak", "/api/v1/praise?housekeeper=h-liu").await["items"], json!([]));
    assert_eq!(
        house.get("mo", "/api/v1/praise?housekeeper=h-chen").await["items"],
        json!([]),
        "a housekeeper sees their own"
    );
}

async fn signed(house: &House, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let fields: Vec<(String, String)> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let signature = sign(SECRET, &format!("{PUBLIC_URL}{path}"), &fields);
    let request = house.request(Method::POST, path).form(&fields).header("X-Twilio-Signature", signature);
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("text"))
}

#[tokio::test]
async fn a_key_pressed_in_a_call_answers_for_its_ticket_and_a_forged_one_does_nothing() {
    let house = House::start().await;
    let ticket = house.leak().await;
    house.clock.advance(2 * MINUTE);
    let mut call = None;
    eventually(SOON, "the tenant is called", async || {
        let sent = house.get("ops", &format!("/api/v1/messages?ticket={ticket}")).await;
        let items = sent["items"].as_array().expect("a list").clone();
        call = items.into_iter().find(|m| m["channel"] == "voice" && m["status"] == "delivered");
        call.is_some()
    })
    .await;
    let call = call.expect("found");
    assert_eq!((&call["template"], &call["segments"]), (&json!("leak_call"), &Value::Null));
    let path = format!("/webhooks/twilio/voice?a={}.1&l=zh-CN", call["id"].as_str().expect("an id"));
    let pressed = [("CallSid", "CA1"), ("CallStatus", "in-progress"), ("Digits", "1")];
    let forged = house.request(Method::POST, &path).form(&pressed);
    assert_eq!(forged.send().await.expect("an answer").status(), 403);
    assert_eq!(house.get("ops", &format!("/api/v1/tickets/{ticket}")).await["answer"], Value::Null);
    for _ in 0..2 {
        let (status, twiml) = signed(&house, &path, &pressed).await;
        assert!(status == 200 && twiml.starts_with("<Response><Say language=\"zh-CN\">"), "{twiml}");
    }
    assert_eq!(house.get("ops", &format!("/api/v1/tickets/{ticket}")).await["answer"], "need_bed");
    let promise = signed(&house, &path, &pressed).await.1;
    assert!(promise.contains("住处"), "{promise}");
    for (path, digits) in [(&*path, ""), (&*path, "9"), ("/webhooks/twilio/voice?a=m_none.1&l=zh-CN", "1")] {
        let (_, goodbye) = signed(&house, path, &[("CallSid", "CA1"), ("Digits", digits)]).await;
        assert!(goodbye.contains("再见") && !goodbye.contains("住处") && !goodbye.contains("短信"), "{goodbye}");
    }
    let over = json!({ "reason": "a mistake" });
    assert_eq!(house.post("ops", &format!("/api/v1/tickets/{ticket}/cancel"), over).await.0, 200);
    let (_, goodbye) = signed(&house, &path, &pressed).await;
    assert!(
        goodbye.contains("再见") && !goodbye.contains("住处"),
        "nobody finds a bed for a matter that is over: {goodbye}"
    );
    let machine = [("CallSid", "console-x"), ("CallStatus", "completed"), ("AnsweredBy", "machine_start")];
    assert_eq!(signed(&house, &path, &machine).await.0, 200);
    let nobody = [("CallSid", "CA2"), ("CallStatus", "teleported")];
    assert_eq!(signed(&house, "/webhooks/twilio/voice?a=m_none.1", &nobody).await, (200, NO_WORDS.to_owned()));
}

const NO_WORDS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";
