//! The carrier's webhooks: without its signature nothing happens; with it, messages and replies move tickets.

use nightporter::model::E164;
use nightporter::store::MessageFilter;
use nightporter::web::twilio_signature::sign;
use reqwest::Method;
use serde_json::json;

use super::house::{House, PUBLIC_URL, SECRET, answer};

fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn call(house: &House, path: &str, fields: &[(String, String)], signature: Option<String>) -> (u16, String) {
    let mut request = house.request(Method::POST, path).form(fields);
    if let Some(signature) = signature {
        request = request.header("X-Twilio-Signature", signature);
    }
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("text"))
}

async fn signed(house: &House, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let fields = form(fields);
    call(house, path, &fields, Some(sign(SECRET, &format!("{PUBLIC_URL}{path}"), &fields))).await
}

#[tokio::test]
async fn a_report_moves_its_message_and_never_backwards() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let message = house.get("ops", &format!("/api/v1/messages?ticket={ticket}")).await["items"][0].clone();
    let id = message["id"].as_str().expect("an id");
    let path = format!("/webhooks/twilio/status?a={id}.1");
    let sid = format!("console-{id}.1");
    let failed = [("MessageSid", sid.as_str()), ("MessageStatus", "failed"), ("ErrorCode", "30003")];
    assert_eq!(signed(&house, &path, &failed).await.0, 204);
    let now = house.get("ops", &format!("/api/v1/messages?ticket={ticket}")).await["items"][0]["status"].clone();
    assert_eq!(now, "delivered", "delivered is more than failed");
    let shown = house.get("ops", &format!("/api/v1/messages/{id}")).await;
    assert_eq!((&shown["id"], &shown["status"]), (&message["id"], &now));
    let [attempt] = &shown["attempts"].as_array().expect("attempts")[..] else { panic!("one: {shown}") };
    let told = ["n", "carrier", "outcome", "sid"].map(|key| attempt[key].clone());
    assert_eq!(told, [json!(1), json!("console"), json!("delivered"), json!(sid)]);
    assert!(attempt["ended_at"].as_str() >= attempt["began_at"].as_str());
    for (sid, word) in [("SM_of_somebody_else", "delivered"), (sid.as_str(), "teleported"), ("", "sent")] {
        assert_eq!(signed(&house, &path, &[("MessageSid", sid), ("MessageStatus", word)]).await.0, 204, "{sid} {word}");
    }
}

#[tokio::test]
async fn a_reply_reaches_its_ticket_once() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let reply = [("MessageSid", "SM1"), ("From", "+8613800000001"), ("To", "+15005550006"), ("Body", "是 &=+ ö")];
    for _ in 0..2 {
        let (status, body) = signed(&house, "/webhooks/twilio/inbound", &reply).await;
        assert_eq!((status, body.ends_with("<Response/>")), (200, true));
    }
    let yes = [("MessageSid", "SM2"), ("From", "+8613800000001"), ("To", "+15005550006"), ("Body", "yes")];
    assert_eq!(signed(&house, "/webhooks/twilio/inbound", &yes).await.0, 200);
    let events = house.get("ops", &format!("/api/v1/tickets/{ticket}/events")).await;
    let replies = events["items"].as_array().expect("a list").iter().filter(|e| e["what"] == "reply").count();
    assert_eq!(replies, 2);
    assert_eq!(house.get("ops", &format!("/api/v1/tickets/{ticket}")).await["answer"], "need_bed");
    let received = house.get("ops", "/api/v1/messages?status=received").await;
    let bodies: Vec<_> = received["items"].as_array().expect("a list").iter().map(|m| &m["body"]).collect();
    assert!(bodies.len() == 2 && bodies.contains(&&json!("是 &=+ ö")), "{bodies:?}");
    let nobody = [("MessageSid", "SM3"), ("From", "anonymous"), ("Body", "hello")];
    assert_eq!(signed(&house, "/webhooks/twilio/inbound", &nobody).await.0, 200);
}

#[tokio::test]
async fn without_a_valid_signature_nothing_happens() {
    let house = House::start().await;
    house.leak().await;
    let fields = form(&[("MessageSid", "SM1"), ("From", "+8613800000001"), ("To", "+15005550006"), ("Body", "STOP")]);
    let path = "/webhooks/twilio/inbound";
    let url = format!("{PUBLIC_URL}{path}");
    let good = sign(SECRET, &url, &fields);
    let other = form(&[("MessageSid", "SM1"), ("From", "+8613800000001"), ("To", "+15005550006"), ("Body", "stop")]);
    for (fields, path, signature) in [
        (&fields, path, None),
        (&fields, path, Some(String::new())),
        (&fields, path, Some(sign("another secret", &url, &fields))),
        (&fields, path, Some(sign("", &url, &fields))),
        (&fields, path, Some(sign(SECRET, &format!("{}{path}", house.base), &fields))),
        (&fields, "/webhooks/twilio/inbound?x=1", Some(good.clone())),
        (&fields, "/webhooks/twilio/status", Some(good.clone())),
        (&other, path, Some(good.clone())),
    ] {
        assert_eq!(call(&house, path, fields, signature.clone()).await.0, 403, "{path} {signature:?}");
    }
    let forged = house.request(Method::POST, path).header("X-Forwarded-Host", "care.example.com").form(&fields);
    assert_eq!(answer(forged.send().await.expect("an answer")).await.0, 403);
    let mut tx = house.store.read().await.expect("begun");
    let received = MessageFilter { status: Some("received".to_owned()), ..MessageFilter::default() };
    let page = nightporter::store::Page { limit: 10, after: None };
    assert!(tx.list_messages(&received, &page).await.expect("read").is_empty());
    assert!(tx.load_stopped(&["+8613800000001"]).await.expect("read").is_empty());
    assert_eq!(house.service.metrics.webhooks_refused.get(), 9);
    drop(tx);
    assert_eq!(call(&house, path, &fields, Some(good)).await.0, 200, "and with it, it does");
    let mut tx = house.store.read().await.expect("begun");
    let number = E164::parse("+8613800000001").expect("a number");
    assert!(tx.load_stopped(&[number.as_str()]).await.expect("read").contains(&number));
}

#[tokio::test]
async fn a_webhook_is_a_bounded_form() {
    let house = House::start().await;
    let big = form(&[("Body", &"x".repeat(70_000))]);
    assert_eq!(call(&house, "/webhooks/twilio/inbound", &big, None).await.0, 413);
    let json = house.request(Method::POST, "/webhooks/twilio/status").json(&json!({ "MessageSid": "SM1" }));
    assert_eq!(answer(json.send().await.expect("an answer")).await.0, 415);
    assert_eq!(answer(house.ask("", Method::GET, "/webhooks/twilio/status", None).await).await.0, 405);
}

#[tokio::test]
async fn a_signed_form_loses_the_character_that_not_every_database_takes() {
    let house = House::start().await;
    let ticket = house.leak().await;
    for sid in ["SM\0one", "SMone", "SMo\0ne"] {
        let reply = [("MessageSid", sid), ("From", "+8613800000001"), ("To", "+1500\u{0}5550006"), ("Body", "a\0b")];
        assert_eq!(signed(&house, "/webhooks/twilio/inbound", &reply).await.0, 200);
    }
    let events = house.get("ops", &format!("/api/v1/tickets/{ticket}/events")).await;
    let items = events["items"].as_array().expect("a list").iter().filter(|e| e["what"] == "reply");
    let replies: Vec<_> = items.map(|e| &e["data"]["sid"]).collect();
    assert_eq!(replies, ["SMone"], "one text, told three times");
}
