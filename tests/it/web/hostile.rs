//! Hostile input: whatever is sent, the answer is a problem that says what, where and how to mend, and nothing changes.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::house::{House, answer, encode, token};

const REDEEM: &str = "/api/v1/tenants/t-oak/redemptions";

/// A redemption with this body, as it is.
async fn redeem(house: &House, path: &str, key: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = house.request(Method::POST, path).bearer_auth(token("ops")).header("idempotency-key", key);
    checked(request.header("content-type", "application/json").body(body).send().await.expect("an answer")).await
}

/// Status and problem; every refusal is told as one.
async fn checked(response: Response) -> (u16, Value) {
    let kind = response.headers().get("content-type").and_then(|k| k.to_str().ok()).unwrap_or_default().to_owned();
    let (status, body) = answer(response).await;
    if status >= 400 {
        assert_eq!(kind, "application/problem+json", "{status}: {body}");
        for field in ["type", "title", "detail"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {body}");
        }
        let text = body.to_string();
        for inside in ["eserialize", "serde", "sqlx", "target type", "expected struct"] {
            assert!(!text.contains(inside), "\"{inside}\" is a word from inside: {text}");
        }
    }
    (status, body)
}

#[tokio::test]
async fn a_redemption_takes_nothing_but_money_of_the_balance() {
    let house = House::start().await;
    house.credit("t-oak", "replacement:1", 1_000).await;
    let cases: [(&str, u16, &str); 16] = [
        (r#"{"amount_minor":-400,"currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":-9223372036854775808,"currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":9223372036854775807,"currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":92233720368547758070,"currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":4e2,"currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":"400","currency":"CNY"}"#, 422, "field amount_minor"),
        (r#"{"amount_minor":400}"#, 422, "field currency"),
        (r#"{"amount_minor":400,"currency":"元"}"#, 422, "field currency"),
        (r#"{"amount_minor":400,"currency":"C\u0000Y"}"#, 422, "field currency"),
        (r#"{"amount_minor":400,"currency":"CNY","tenant_id":"t-elm"}"#, 422, "field tenant_id"),
        (r#"{"amount_minor":400,"amount_minor":1,"currency":"CNY"}"#, 422, "body"),
        ("[400]", 422, "body"),
        ("", 400, "body"),
        ("{\"amount_minor\":400", 400, "body"),
        ("\u{0}", 400, "body"),
        ("null", 422, "body"),
    ];
    for (n, (body, status, place)) in cases.into_iter().enumerate() {
        let (told, problem) = redeem(&house, REDEEM, &format!("k{n}"), body).await;
        assert_eq!((told, &problem["where"]), (status, &json!(place)), "{body}: {problem}");
    }
    let deep = "[".repeat(50_000);
    assert_eq!(redeem(&house, REDEEM, "deep", deep).await.0, 400);
    assert_eq!(redeem(&house, REDEEM, "huge", "x".repeat(1 << 20)).await.0, 413);
    assert_eq!(redeem(&house, REDEEM, "latin", b"{\"currency\":\"\xff\"}".to_vec()).await.0, 400);
    assert_eq!(redeem(&house, REDEEM, &"k".repeat(129), "{}").await.0, 422, "the body first");
    let sound = r#"{"amount_minor":1,"currency":"CNY"}"#;
    assert_eq!(redeem(&house, REDEEM, &"k".repeat(129), sound).await.0, 400);
    for tenant in ["李伟", "t-oak/../t-elm", "t-oak'; DROP TABLE tenants;--", "%", "t-oak "] {
        let path = format!("/api/v1/tenants/{}/redemptions", encode(tenant));
        assert_eq!(redeem(&house, &path, "k", sound).await.0, 404, "{tenant}");
    }
    let rewards = house.get("ops", "/api/v1/tenants/t-oak/rewards").await;
    assert_eq!(
        (&rewards["balance"]["amount_minor"], rewards["entries"].as_array().map(Vec::len)),
        (&json!(1_000), Some(1))
    );
    assert_eq!(house.get("ops", "/api/v1/ledger/trial-balance").await["total_minor"], 0);
}

#[tokio::test]
async fn paths_and_queries_of_any_bytes_are_refused_kindly() {
    let house = House::start().await;
    let cases = [
        ("/api/v1/tickets/%00", 400, "path"),
        ("/api/v1/tickets/%FF", 400, "path"),
        ("/api/v1/tickets/%0A/events", 400, "path"),
        ("/api/v1/devices/%FF", 400, "path"),
        ("/api/v1/devices/a%00b/battery", 400, "path"),
        ("/api/v1/tenants/%00/rewards", 400, "path"),
        ("/api/v1/tickets?unit=%00", 400, "query parameter unit"),
        ("/api/v1/messages?to=%2B86%00", 400, "query parameter to"),
        ("/api/v1/devices?limit=abc", 400, "query parameter limit"),
        ("/api/v1/devices?limit=99999999999999999999", 400, "query parameter limit"),
        ("/api/v1/devices?limit=", 400, "query parameter limit"),
        ("/api/v1/devices?registered=yes", 400, "query parameter registered"),
        // 1:a NUL b
        ("/api/v1/tickets?after=MTphAGI", 400, "query parameter after"),
        ("/api/v1/tickets?%00=1", 400, "query parameter \u{0}"),
    ];
    for (path, status, place) in cases {
        let (told, problem) = checked(house.ask("ops", Method::GET, path, None).await).await;
        assert_eq!((told, &problem["where"]), (status, &json!(place)), "{path}: {problem}");
        assert!(problem["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{path}: {problem}");
    }
    let unknown = ["/api/v1/tickets/李伟", "/api/v1/devices/锁%20ö", "/api/v1/tenants/%F0%9F%92%A7/rewards"];
    for path in unknown {
        assert_eq!(checked(house.ask("ops", Method::GET, path, None).await).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn wrong_bodies_of_every_move_change_nothing() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let path = format!("/api/v1/tickets/{ticket}");
    let before = (house.get("ops", &path).await, house.get("ops", &format!("{path}/events")).await);
    for verb in ["accept", "decline", "arrive", "resolve", "reassign", "note", "cancel"] {
        for body in
            ["[]", "7", "\"x\"", "{\"nonsense\":1}", "{", "{\"housekeeper_id\":7,\"text\":7,\"note\":{},\"reason\":[]}"]
        {
            let request = house.request(Method::POST, &format!("{path}/{verb}")).bearer_auth(token("ops"));
            let request = request.header("content-type", "application/json; charset=utf-8").body(body);
            let (status, problem) = checked(request.send().await.expect("an answer")).await;
            assert!([400, 422].contains(&status), "{verb} {body}: {status} {problem}");
        }
    }
    for (verb, body) in [
        ("accept", json!({ "housekeeper_id": "h-\u{0}" })),
        ("reassign", json!({ "housekeeper_id": "李伟" })),
        ("resolve", json!({ "note": "x".repeat(2_001) })),
        ("cancel", json!({ "reason": "水".repeat(2_001) })),
    ] {
        let (status, problem) = house.post("ops", &format!("{path}/{verb}"), body).await;
        assert_eq!(status, 422, "{verb}: {problem}");
    }
    assert_eq!((house.get("ops", &path).await, house.get("ops", &format!("{path}/events")).await), before);
}

#[tokio::test]
async fn no_text_in_a_body_holds_a_nul() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let wish = json!({ "kind": "request", "property_id": "oak", "unit_id": "12\u{0}b", "text": "x" });
    for (path, body, place) in [
        ("/api/v1/tickets".to_owned(), wish, "field unit_id"),
        (format!("/api/v1/tickets/{ticket}/note"), json!({ "text": "a\u{0}b" }), "field text"),
        (format!("/api/v1/tickets/{ticket}/accept"), json!({ "housekeeper_id": "\u{0}" }), "field housekeeper_id"),
        ("/api/v1/sweep/release".to_owned(), json!({ "count": 1, "property": "oak\u{0}" }), "field property"),
    ] {
        let (status, problem) = checked(house.ask("ops", Method::POST, &path, Some(body)).await).await;
        assert_eq!((status, &problem["where"]), (422, &json!(place)), "{path}: {problem}");
    }
}

#[tokio::test]
async fn no_path_holds_what_no_id_holds() {
    let house = House::start().await;
    let cases = [
        (Method::DELETE, "/api/v1/devices/%00"),
        (Method::POST, "/api/v1/devices/%00/swap"),
        (Method::POST, "/api/v1/devices/a%00b/adopt"),
        (Method::POST, "/api/v1/devices/%FF/adopt"),
        (Method::POST, "/api/v1/devices/%FF/swap"),
        (Method::GET, "/api/v1/devices/a%0Db"),
        (Method::POST, "/api/v1/tickets/%00/accept"),
        (Method::GET, "/api/v1/tickets/%C3%28/photos/0"),
        (Method::GET, "/api/v1/pages/tenants/%7F"),
        (Method::GET, "/h/%FF"),
    ];
    for (method, path) in cases {
        let body = (method == Method::POST).then(|| json!({}));
        let (status, problem) = checked(house.ask("ops", method.clone(), path, body).await).await;
        assert_eq!((status, &problem["type"]), (400, &json!("urn:nightporter:problem:bad-path")), "{method} {path}");
        assert_eq!(problem["where"], "path");
    }
    assert_eq!(house.problem("ops", "/api/v1/devices/%E5%89%8D%25%2B%zz").await.0, 404, "a name like any other");
}
