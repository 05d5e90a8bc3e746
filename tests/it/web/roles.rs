//! Every role on every path, as one table; and that a token out of scope sees nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, SENSOR, TOKENS, answer, encode, token};

/// Who asks, in the order of the columns below; the last has no token.
const WHO: [&str; 10] = ["ops", "north", "oak", "chen", "mo", "eyes", "eyes-oak", "lost", "home", ""];

#[tokio::test]
async fn every_role_on_every_path() {
    let house = House::start().await;
    let t = house.leak().await;
    let device = encode(SENSOR);
    let of = |rest: &str| format!("/api/v1/tickets/{t}{rest}");
    // In the order of WHO. A note changes nothing that the rows below depend on; 422 and 400 mean: allowed, but asked wrongly.
    let table: Vec<(&str, String, [u16; 10])> = vec![
        ("GET", "/api/v1/devices".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", format!("/api/v1/devices/{device}"), [200, 200, 200, 403, 403, 200, 200, 404, 403, 401]),
        ("GET", format!("/api/v1/devices/{device}/battery"), [200, 200, 200, 403, 403, 200, 200, 404, 403, 401]),
        ("GET", "/api/v1/catalogue".into(), [200, 200, 200, 200, 200, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/tickets".into(), [200, 200, 200, 200, 200, 200, 200, 200, 403, 401]),
        ("GET", of(""), [200, 200, 200, 200, 404, 200, 200, 404, 403, 401]),
        ("GET", of("/events"), [200, 200, 200, 200, 404, 200, 200, 404, 403, 401]),
        ("GET", "/api/v1/jobs".into(), [403, 403, 403, 200, 200, 403, 403, 403, 403, 401]),
        ("GET", "/api/v1/home".into(), [403, 403, 403, 403, 403, 403, 403, 403, 200, 401]),
        ("POST", "/api/v1/home/words".into(), [403, 403, 403, 403, 403, 403, 403, 403, 400, 401]),
        ("POST", "/api/v1/home/matters/none/photos".into(), [403, 403, 403, 403, 403, 403, 403, 403, 404, 401]),
        ("POST", of("/photos"), [415, 415, 415, 415, 404, 403, 403, 404, 403, 401]),
        ("GET", of("/photos/0"), [404, 404, 404, 404, 404, 404, 404, 404, 403, 401]),
        ("GET", "/api/v1/board".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/sweep".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", "/api/v1/sweep/release".into(), [200, 200, 200, 403, 403, 403, 403, 200, 403, 401]),
        ("GET", "/api/v1/messages".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/messages/m_none".into(), [404, 404, 404, 403, 403, 404, 404, 404, 403, 401]),
        ("GET", "/api/v1/conversations".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", "/api/v1/conversations/c_none/replies".into(), [404, 404, 404, 403, 403, 403, 403, 404, 403, 401]),
        ("POST", "/api/v1/conversations/c_none/settle".into(), [404, 404, 404, 403, 403, 403, 403, 404, 403, 401]),
        ("POST", "/api/v1/tickets".into(), [422, 422, 422, 422, 422, 422, 422, 422, 422, 401]),
        ("POST", of("/goodwill"), [400, 400, 400, 403, 403, 403, 403, 404, 403, 401]),
        ("GET", "/api/v1/praise".into(), [200, 200, 200, 200, 200, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/tenants/t-oak/rewards".into(), [200, 200, 200, 403, 403, 200, 200, 404, 403, 401]),
        ("GET", "/api/v1/ledger/trial-balance".into(), [200, 403, 403, 403, 403, 200, 403, 403, 403, 401]),
        ("GET", "/api/v1/rejects".into(), [200, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
        ("POST", of("/note"), [200, 200, 200, 200, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/decline"), [422, 422, 422, 200, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/arrive"), [409, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/eta"), [409, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/fail"), [409, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/wait"), [200, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("POST", of("/resume"), [200, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("GET", "/api/v1/stats?by=person".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/stats/tickets?measure=closed".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/stats/automation".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/stats/tones".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", of("/valve"), [409, 409, 409, 409, 404, 403, 403, 404, 403, 401]),
        ("GET", "/api/v1/tasks?open=true".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("GET", "/api/v1/valves".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", "/api/v1/tasks/none/done".into(), [404, 404, 404, 403, 403, 403, 403, 404, 403, 401]),
        ("GET", "/api/v1/rota".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", "/api/v1/rota/swaps".into(), [422, 422, 422, 403, 403, 403, 403, 422, 403, 401]),
        ("POST", "/api/v1/rota/swaps/none/cancel".into(), [404, 404, 404, 404, 404, 403, 403, 404, 403, 401]),
        ("GET", "/api/v1/pages/housekeepers/h-chen".into(), [200, 200, 200, 403, 403, 403, 403, 404, 403, 401]),
        ("POST", "/api/v1/pages/tenants/h-nobody".into(), [404, 404, 404, 403, 403, 403, 403, 404, 403, 401]),
        ("DELETE", "/api/v1/pages/tenants/h-nobody".into(), [404, 404, 404, 403, 403, 403, 403, 404, 403, 401]),
        ("POST", of("/reassign"), [422, 422, 422, 403, 403, 403, 403, 404, 403, 401]),
        ("POST", "/api/v1/tenants/t-oak/redemptions".into(), [400, 400, 400, 403, 403, 403, 403, 400, 403, 401]),
        ("GET", "/api/v1/devices?registered=false".into(), [200, 200, 200, 403, 403, 200, 200, 200, 403, 401]),
        ("POST", format!("/api/v1/devices/{device}/adopt"), [409, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
        ("POST", format!("/api/v1/devices/{device}/swap"), [409, 409, 409, 403, 403, 403, 403, 404, 403, 401]),
        ("DELETE", format!("/api/v1/devices/{device}"), [409, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
        ("GET", "/api/v1/quarantine".into(), [200, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
        ("GET", "/healthz".into(), [200; 10]),
        ("GET", "/openapi.json".into(), [200; 10]),
        ("GET", "/metrics".into(), [200; 10]),
    ];
    for (method, path, expected) in table {
        for (who, status) in WHO.into_iter().zip(expected) {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let (told, body) = answer(house.ask(who, method.clone(), &path, body_of(&path)).await).await;
            assert_eq!(told, status, "{method} {path} as \"{who}\": {body}");
        }
    }
    assert_eq!(TOKENS[..9].iter().map(|(name, ..)| *name).collect::<Vec<_>>(), WHO[..9], "in the order of the table");
}

fn body_of(path: &str) -> Option<Value> {
    let body = match path.rsplit('/').next()? {
        "note" | "words" => json!({ "text": "seen" }),
        "release" => json!({ "count": 1 }),
        "decline" | "arrive" | "settle" | "fail" | "cancel" | "wait" | "resume" | "done" => json!({}),
        "replies" => json!({ "text": "on my way" }),
        "valve" => json!({ "action": "close" }),
        "eta" => json!({ "minutes": 5 }),
        "swaps" => json!({ "from_housekeeper_id": "h-nobody", "to_housekeeper_id": "h-nobody",
            "starts_at": "soon", "ends_at": "later" }),
        "adopt" => json!({ "unit_id": "12b" }),
        "swap" | "h-nobody" => json!({}),
        "reassign" => json!({ "housekeeper_id": "h-nobody" }),
        "goodwill" => json!({ "amount_minor": 1, "currency": "CNY", "reason": "wet" }),
        "redemptions" => json!({ "amount_minor": 1, "currency": "CNY" }),
        _ => return None,
    };
    Some(body)
}

#[tokio::test]
async fn lists_hold_only_what_is_in_scope() {
    let house = House::start().await;
    let oak = house.leak().await;
    house.hear("elm/3A/sink", nightporter::model::Fact::Leak(true)).await;
    let elm = house.ticket_of("elm/3A/sink").await;
    for (who, expected) in
        [("ops", vec![&oak, &elm]), ("north", vec![&oak]), ("chen", vec![&oak]), ("mo", vec![&elm]), ("lost", vec![])]
    {
        let tickets = house.get(who, "/api/v1/tickets").await;
        let ids: Vec<_> = tickets["items"].as_array().expect("a list").iter().map(|t| t["id"].as_str()).collect();
        assert!(ids.len() == expected.len() && expected.iter().all(|id| ids.contains(&Some(id.as_str()))), "{who}");
    }
    for (who, path) in [("eyes-oak", "/api/v1/messages"), ("eyes-oak", "/api/v1/devices"), ("oak", "/api/v1/board")] {
        let list = house.get(who, path).await.to_string();
        assert!(list.contains("12b") || list.contains(&oak), "{path}");
        assert!(!list.contains(&elm) && !list.contains("elm"), "{path} as {who} shows elm: {list}");
    }
    // A job that another housekeeper has is no longer shown to the rest.
    let accept = format!("/api/v1/tickets/{oak}/accept");
    assert_eq!(house.post("ops", &accept, json!({ "housekeeper_id": "h-liu" })).await.0, 200);
    assert_eq!(house.problem("chen", &format!("/api/v1/tickets/{oak}")).await.0, 404);
    assert_eq!(house.post("chen", &accept, json!({})).await.0, 409, "it was offered to them");
}

#[tokio::test]
async fn a_revoked_or_forged_token_is_useless_at_once() {
    let house = House::start().await;
    assert_eq!(house.problem("oak", "/api/v1/tickets").await.0, 200);
    let mut tx = house.store.begin().await.expect("begun");
    assert_eq!(tx.revoke_token("oak", house.clock.now()).await.expect("revoked"), 1);
    tx.commit().await.expect("committed");
    assert_eq!(house.problem("oak", "/api/v1/tickets").await.0, 401);
    for header in
        ["Bearer", "Bearer ", "Basic abc", "Bearer np_secret_of_nobody", &format!("Bearer {}", "x".repeat(600))]
    {
        let request = house.request(Method::GET, "/api/v1/tickets").header("authorization", header);
        let response = request.send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), response.headers().contains_key("www-authenticate")),
            (401, true),
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_session_reads_and_never_writes() {
    let house = House::start().await;
    let ticket = house.leak().await;
    let sign_in = |token: String| house.request(Method::POST, "/session").json(&json!({ "token": token }));
    assert_eq!(sign_in("np_wrong".to_owned()).send().await.expect("an answer").status(), 401);
    let foreign = sign_in(token("oak")).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
    let form = house.request(Method::POST, "/session").form(&[("token", token("oak"))]);
    assert_eq!(form.send().await.expect("an answer").status(), 415, "a form of another site cannot sign in");
    let response = sign_in(token("oak")).send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let with = |method, path: &str| house.request(method, path).header("cookie", &cookie);
    assert_eq!(with(Method::GET, "/api/v1/board").send().await.expect("an answer").status(), 200);
    let note = with(Method::POST, &format!("/api/v1/tickets/{ticket}/note")).json(&json!({ "text": "hello" }));
    assert_eq!(note.send().await.expect("an answer").status(), 401);
    let end = with(Method::POST, "/session/end").send().await.expect("an answer");
    assert!(end.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
}

#[tokio::test]
async fn the_demo_is_open_to_this_machine_only_by_its_own_name() {
    let house = House::start_with(true).await;
    let get = |host: &'static str| house.request(Method::GET, "/api/v1/board").header("host", host);
    for (host, status) in [("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:80", 200), ("evil.example.com", 401)] {
        assert_eq!(get(host).send().await.expect("an answer").status().as_u16(), status, "{host}");
    }
    assert_eq!(house.problem("", "/api/v1/rejects").await.0, 403);
    assert_eq!(house.post("", "/api/v1/tickets/x/note", json!({ "text": "hello" })).await.0, 401);
}
