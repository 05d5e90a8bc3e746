//! What the API answers: devices, tickets, messages, events, health; and every way of asking wrongly.

use nightporter::model::Fact;
use nightporter::model::time::{HOUR, MINUTE};
use nightporter::store::Reject;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{House, LOCK, SENSOR, SOON, answer, encode, token};
use crate::services::eventually;

fn ids(page: &Value, field: &str) -> Vec<String> {
    page["items"].as_array().expect("a list").iter().map(|i| i[field].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn devices_say_what_they_told_and_strangers_are_shown() {
    let house = House::start().await;
    house.hear(LOCK, Fact::BatteryPercent(87.5)).await;
    house.hear(SENSOR, Fact::Leak(false)).await;
    house.hear("stranger/1", Fact::Leak(false)).await;
    let all = house.get("ops", "/api/v1/devices").await;
    assert_eq!(
        ids(&all, "key"),
        ["elm/3A/sink", LOCK, SENSOR, "oak/14C/lock", "stranger/1"].map(str::to_owned).sorted()
    );
    for (query, expected) in [
        ("registered=false", vec!["stranger/1"]),
        ("registered=true&unit=12b", vec![SENSOR, LOCK]),
        ("property=elm", vec!["elm/3A/sink"]),
        ("unit=nowhere", vec![]),
    ] {
        let page = house.get("ops", &format!("/api/v1/devices?{query}")).await;
        assert_eq!(ids(&page, "key"), expected.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>(), "{query}");
    }
    for path in [encode(LOCK), "oak/12B/%E5%89%8D%E9%97%A8%20%C3%B6".to_owned()] {
        let lock = house.get("ops", &format!("/api/v1/devices/{path}")).await;
        assert_eq!((&lock["key"], &lock["percent"], &lock["online"]), (&json!(LOCK), &json!(87.5), &json!(true)));
        assert_eq!((&lock["leak"], &lock["battery"], &lock["unit_id"]), (&Value::Null, &json!("fresh"), &json!("12b")));
        assert_eq!(lock["gauge"], json!({ "trust": "trusted", "evidence": [], "presumed": [] }));
        let battery = house.get("ops", &format!("/api/v1/devices/{path}/battery")).await;
        assert_eq!((&battery["device_key"], &battery["recent"]), (&json!(LOCK), &json!([87.5])));
    }
    assert_eq!(house.problem("ops", "/api/v1/devices/oak%2Fbattery").await.0, 404);
    assert_eq!(house.problem("ops", "/api/v1/devices/nobody/battery").await.0, 404);
}

#[tokio::test]
async fn a_gauge_that_lies_is_shown_with_the_evidence() {
    let house = House::start().await;
    for half_points in 170..176 {
        house.hear(LOCK, Fact::BatteryPercent(f64::from(half_points))).await;
    }
    let lock = house.get("ops", &format!("/api/v1/devices/{}", encode(LOCK))).await;
    assert_eq!(lock["gauge"]["trust"], json!("doubted"), "{lock}");
    assert_eq!(
        (&lock["gauge"]["evidence"][0]["lie"], &lock["gauge"]["evidence"][0]["shown"]),
        (&json!("scale"), &json!(175.0))
    );
}

trait Sorted {
    fn sorted(self) -> Vec<String>;
}
impl<const N: usize> Sorted for [String; N] {
    fn sorted(mut self) -> Vec<String> {
        self.sort();
        self.to_vec()
    }
}

#[tokio::test]
async fn what_was_never_heard_is_null() {
    let house = House::start().await;
    let fields = ["online", "silent", "battery", "tamper", "seen_at", "percent", "leak"];
    let told = async |key: &str| {
        let device = house.get("ops", &format!("/api/v1/devices/{}", encode(key))).await;
        fields.map(|field| device[field].clone())
    };
    assert_eq!(told(SENSOR).await, fields.map(|_| Value::Null));
    let battery = house.get("ops", &format!("/api/v1/devices/{}/battery", encode(SENSOR))).await;
    assert_eq!((&battery["phase"], &battery["at"]), (&Value::Null, &Value::Null));
    house.hear(SENSOR, Fact::Leak(false)).await;
    let heard = told(SENSOR).await;
    assert_eq!(
        heard[..4],
        [json!(true), json!(false), Value::Null, Value::Null],
        "of its battery and its case nothing"
    );
    house.hear(SENSOR, Fact::BatteryPercent(80.0)).await;
    assert_eq!(told(SENSOR).await[2], json!("fresh"));
}

#[tokio::test]
async fn pages_hold_every_row_once() {
    let house = House::start().await;
    for n in 0..7 {
        house.hear(&format!("stranger/{n}"), Fact::Leak(false)).await;
    }
    let whole = ids(&house.get("ops", "/api/v1/devices").await, "key");
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = house.get("ops", &format!("/api/v1/devices?limit=2{next}")).await;
        seen.extend(ids(&page, "key"));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&after={cursor}");
    }
    assert_eq!(seen, whole);
    for (rows, more) in [(whole.len(), false), (whole.len() - 1, true)] {
        let page = house.get("ops", &format!("/api/v1/devices?limit={rows}")).await;
        assert_eq!((page["next"].is_string(), ids(&page, "key").len()), (more, rows), "no page that is empty follows");
    }
    let ticket = house.leak().await;
    let events = format!("/api/v1/tickets/{ticket}/events");
    let count = house.get("ops", &events).await["items"].as_array().expect("a list").len();
    for path in ["/api/v1/tickets?limit=1".to_owned(), format!("{events}?limit={count}")] {
        assert_eq!(house.get("ops", &path).await["next"], Value::Null, "{path}");
    }
}

#[tokio::test]
async fn tickets_are_filtered_and_tell_their_story() {
    let house = House::start().await;
    let leak = house.leak().await;
    let battery = house.low_battery("oak/14C/lock").await;
    for (query, expected) in [
        ("", vec![&leak, &battery]),
        ("kind=leak", vec![&leak]),
        ("kind=battery&status=open", vec![&battery]),
        ("unit=12b", vec![&leak]),
        ("property=oak&limit=1", vec![&leak]),
        ("property=elm", vec![]),
        ("device=oak%2F12B%2Fsink", vec![&leak]),
    ] {
        let page = house.get("ops", &format!("/api/v1/tickets?{query}")).await;
        assert_eq!(ids(&page, "id"), expected.into_iter().cloned().collect::<Vec<_>>(), "{query}");
    }
    let ticket = house.get("ops", &format!("/api/v1/tickets/{leak}")).await;
    assert_eq!(
        (&ticket["kind"], &ticket["severity"], &ticket["tenant_id"]),
        (&json!("leak"), &json!("emergency"), &json!("t-oak"))
    );
    assert_eq!(ticket["opened_at"], "2026-01-05T10:30:00.000Z");
    let events = house.get("ops", &format!("/api/v1/tickets/{leak}/events")).await;
    assert_eq!(events["items"][0]["what"], "opened");
    let first = house.get("ops", &format!("/api/v1/tickets/{leak}/events?limit=1")).await;
    let rest = format!("/api/v1/tickets/{leak}/events?after={}", first["next"].as_str().expect("more"));
    let rest = house.get("ops", &rest).await;
    assert_eq!((&first["items"][0]["seq"], &rest["items"][0]["seq"]), (&json!(0), &json!(1)));
    let to = house.get("ops", "/api/v1/messages?to=+8613800000001").await;
    assert_eq!(to["items"][0]["ticket_id"], json!(leak));
    let board = house.get("oak", "/api/v1/board").await;
    assert_eq!((&board["items"][0]["id"], &board["items"][0]["unit_name"]), (&json!(leak), &json!("12B")));
    assert_eq!((&board["counts"], &board["devices"]), (&json!({ "leak": 1, "battery": 1 }), &json!(3)));
}

#[tokio::test]
async fn asking_wrongly_is_told_what_where_and_how_to_mend() {
    let house = House::start().await;
    let long = format!("/api/v1/tickets?after={}", "x".repeat(50));
    for (path, status, word, mend) in [
        ("/api/v1/tickets?stauts=open", 400, "unknown-parameter", "did you mean \"status\""),
        ("/api/v1/tickets?status=opne", 400, "unknown-word", "did you mean \"open\""),
        ("/api/v1/tickets?kind=fire", 400, "unknown-word", "battery, leak, silent, tamper, request"),
        ("/api/v1/tickets?kind=leak&kind=leak", 400, "repeated-parameter", "once"),
        ("/api/v1/messages?status=gone", 400, "unknown-word", "delivered"),
        ("/api/v1/devices?registered=perhaps", 400, "bad-value", "true or false: Only those in the registry"),
        ("/api/v1/devices?limit=many", 400, "bad-value", "a whole number: Rows of the page, 1 to 500"),
        ("/api/v1/devices?limit=0", 400, "bad-limit", "1 to 500"),
        ("/api/v1/devices?limit=501", 400, "bad-limit", "1 to 500"),
        ("/api/v1/board?x=1", 400, "unknown-parameter", "none here"),
        (long.as_str(), 400, "bad-cursor", "unchanged"),
        ("/api/v1/tickets/t_none", 404, "not-found", ""),
        ("/api/v1/tickets/t_none/events", 404, "not-found", ""),
        ("/api/v1/tenants/none/rewards", 404, "not-found", ""),
        ("/api/v2/tickets", 404, "no-such-path", "/openapi.json"),
        ("/api/v1/tickets/t_none/accept", 405, "method-not-allowed", "Allow"),
    ] {
        let response = house.ask("ops", Method::GET, path, None).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        let (told, problem) = answer(response).await;
        assert_eq!((told, &problem["type"]), (status, &json!(format!("urn:nightporter:problem:{word}"))), "{path}");
        assert_eq!(problem["status"], json!(status));
        assert!(problem["mend"].as_str().unwrap_or_default().contains(mend), "{path}: {problem}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_json_of_the_right_shape() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let path = format!("/api/v1/tickets/{ticket}/note");
    let send = |kind: &'static str, body: String| {
        let request = house.request(Method::POST, &path).bearer_auth(token("ops")).header("content-type", kind);
        async move { answer(request.body(body).send().await.expect("an answer")).await }
    };
    for (kind, body, status, word) in [
        ("application/json", "{\"text\":".to_owned(), 400, "bad-json"),
        ("application/json", "{\"text\":7}".to_owned(), 422, "bad-field"),
        ("application/json", "{}".to_owned(), 422, "bad-field"),
        ("application/json", "{\"text\":\"a\",\"txet\":1}".to_owned(), 422, "bad-field"),
        ("application/json", "{\"text\":\" \"}".to_owned(), 422, "empty"),
        ("application/json", json!({ "text": "x".repeat(2_001) }).to_string(), 422, "too-long"),
        ("application/json", json!({ "text": "x".repeat(70_000) }).to_string(), 413, "too-large"),
        ("text/plain", "hello".to_owned(), 415, "unsupported-media-type"),
    ] {
        let (told, problem) = send(kind, body).await;
        assert_eq!((told, &problem["type"]), (status, &json!(format!("urn:nightporter:problem:{word}"))), "{problem}");
    }
    let events = house.get("ops", &format!("/api/v1/tickets/{ticket}/events")).await;
    assert!(events["items"].as_array().expect("a list").iter().all(|e| e["what"] != "note"), "nothing was noted");
}

/// The next piece of a stream.
async fn chunk(response: &mut reqwest::Response) -> String {
    let bytes = response.chunk().await.expect("readable").expect("not at its end");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn what_changes_is_heard_by_those_who_may_know() {
    let house = House::start().await;
    let listen = async |who: &str| {
        let mut response = house.ask(who, Method::GET, "/api/v1/events", None).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(chunk(&mut response).await.contains("event: hello"));
        response
    };
    let mut mine = listen("oak").await;
    let mut others = listen("mo").await;
    house.hear(SENSOR, Fact::Leak(true)).await;
    let mut heard = String::new();
    while !heard.contains("event: ticket") {
        heard += &chunk(&mut mine).await;
    }
    assert!(heard.contains("\"property_id\":\"oak\""), "{heard}");
    house.hear("elm/3A/sink", Fact::Leak(true)).await;
    let first = chunk(&mut others).await;
    assert!(first.contains("\"property_id\":\"elm\"") && !first.contains("oak"), "{first}");
    assert!(!first.contains("event: message"), "a housekeeper reads no messages: {first}");
    let metrics = house.ask("", Method::GET, "/metrics", None).await.text().await.expect("text");
    assert!(metrics.contains("nightporter_http_listeners 2"), "{metrics}");
    drop((mine, others));
    eventually(SOON, "listeners are let go", async || {
        house.hear(SENSOR, Fact::Leak(true)).await;
        house.service.metrics.http_listeners.get() == 0
    })
    .await;
    house.service.stop().await;
}

#[tokio::test]
async fn messages_and_rewards_are_heard_where_they_are() {
    let house = House::start().await;
    let mut listeners = Vec::new();
    for who in ["oak", "south"] {
        let mut response = house.ask(who, Method::GET, "/api/v1/events", None).await;
        assert!(chunk(&mut response).await.contains("event: hello"));
        listeners.push(response);
    }
    for percent in [60.0, 15.0, 14.0] {
        house.hear(LOCK, Fact::BatteryPercent(percent)).await;
        house.clock.advance(5 * MINUTE);
    }
    eventually(SOON, "the tenant is told", async || {
        let sent = house.get("ops", "/api/v1/messages?status=delivered").await;
        !sent["items"].as_array().expect("a list").is_empty()
    })
    .await;
    for _ in 0..5 {
        house.clock.advance(4 * HOUR);
        house.hear(LOCK, Fact::BatteryPercent(100.0)).await;
    }
    house.hear("elm/3A/sink", Fact::Leak(true)).await;
    for (response, own, last) in listeners.iter_mut().zip(["oak", "elm"]).map(|(r, own)| (r, own, "event: message")) {
        let mut heard = String::new();
        while !heard.contains(last) || (own == "oak" && !heard.contains("event: reward")) {
            heard += &chunk(response).await;
        }
        for data in heard.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "{}") {
            let change: Value = serde_json::from_str(data).expect("JSON");
            assert_eq!(change["property_id"], json!(own), "{change}");
        }
    }
}

#[tokio::test]
async fn health_says_which_part_is_away() {
    let house = House::start().await;
    assert_eq!(house.ask("", Method::GET, "/healthz", None).await.status(), StatusCode::OK);
    eventually(SOON, "the carrier is asked", async || {
        house.problem("", "/readyz").await.1["carrier"]["ok"] == json!(true)
    })
    .await;
    let (status, ready) = house.problem("", "/readyz").await;
    assert_eq!((status, &ready["ready"], &ready["database"]["ok"]), (503, &json!(false), &json!(true)));
    assert!(!ready["broker"]["reason"].as_str().expect("a reason").is_empty(), "no broker runs in this test");
    house.service.door.health().set_broker("mqtt://127.0.0.1:1883", Ok(()));
    house.store.close().await;
    let (status, ready) = house.problem("", "/readyz").await;
    assert_eq!((status, &ready["database"]["ok"]), (503, &json!(false)));
    let (status, problem) = house.problem("ops", "/api/v1/tickets").await;
    assert_eq!((status, &problem["type"]), (503, &json!("urn:nightporter:problem:unavailable")));
}

#[tokio::test]
async fn rejects_are_kept_for_operators_the_newest_first() {
    let house = House::start().await;
    let reject = |n: i64| Reject {
        at: house.clock.now() + n,
        topic: format!("zigbee2mqtt/{n}"),
        code: "not_json".to_owned(),
        detail: "expected value".to_owned(),
        payload: "<xml/>".to_owned(),
    };
    let mut tx = house.store.begin().await.expect("begun");
    tx.add_rejects(&[reject(0), reject(1), reject(2)]).await.expect("kept");
    tx.commit().await.expect("committed");
    let first = house.get("ops", "/api/v1/rejects?limit=2").await;
    assert_eq!(ids(&first, "topic"), ["zigbee2mqtt/2", "zigbee2mqtt/1"]);
    let rest = format!("/api/v1/rejects?limit=2&after={}", first["next"].as_str().expect("more"));
    assert_eq!(ids(&house.get("ops", &rest).await, "topic"), ["zigbee2mqtt/0"]);
}

#[tokio::test]
async fn the_catalogue_tells_what_it_knows_and_from_where() {
    let house = House::start().await;
    let lock = house.get("ops", "/api/v1/devices/oak%2F14C%2Flock").await;
    assert_eq!((&lock["model"], &lock["cells"]), (&json!("Kwikset 914"), &json!("4 AA")));
    assert_eq!((&lock["chemistry"], &lock["catalogue"]["maker"]), (&json!("alkaline"), &json!("Kwikset")));
    assert!(lock["catalogue"]["battery"]["sources"][0].as_str().is_some_and(|url| url.starts_with("https://")));
    let unknown = house.get("ops", &format!("/api/v1/devices/{}", encode(LOCK))).await;
    assert_eq!((&unknown["cells"], &unknown["catalogue"]), (&Value::Null, &Value::Null));

    let found = house.get("ops", "/api/v1/catalogue?model=Xiaomi%20lumi.sensor_wleak.aq1").await;
    assert_eq!((&found["items"][0]["model"], &found["next"]), (&json!("SJCGQ11LM"), &Value::Null));
    assert_eq!(found["items"][0]["gauge"]["full_mv"], 3_000);
    assert_eq!(house.get("ops", "/api/v1/catalogue?model=nonesuch").await["items"], json!([]));
    let (mut models, mut next) = (Vec::new(), String::new());
    loop {
        let page = house.get("ops", &format!("/api/v1/catalogue?limit=100{next}")).await;
        models.extend(ids(&page, "model"));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&after={cursor}");
    }
    assert_eq!(models.len(), nightporter::catalogue::all().len());
}
