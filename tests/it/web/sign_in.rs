//! Signing in with a name and a password: the same refusal for every wrong way, limits, and sessions that end.

use std::time::Duration;

use nightporter::model::time::{DAY, MINUTE};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::house::{House, answer, token};

const PASSWORD: &str = "a lamp at night";

async fn sign_in(house: &House, body: Value) -> Response {
    house.request(Method::POST, "/session").json(&body).send().await.expect("an answer")
}

async fn by_password(house: &House, name: &str, password: &str) -> Response {
    sign_in(house, json!({ "name": name, "password": password })).await
}

/// The cookie of an answer, as a browser sends it back.
fn cookie(response: &Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn board(house: &House, cookie: &str) -> (u16, Value) {
    answer(house.request(Method::GET, "/api/v1/board").header("cookie", cookie).send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_user_sees_what_their_role_allows_and_changes_something_from_the_page_only() {
    let house = House::start().await;
    house.user("anna", "manager", Some("oak"), PASSWORD).await;
    let ticket = house.leak().await;
    let begun = by_password(&house, " anna ", PASSWORD).await;
    assert_eq!(begun.status(), 204);
    let set = begun.headers()["set-cookie"].to_str().expect("text").to_owned();
    for part in ["nightporter_session=ns_", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = cookie(&begun);
    let (status, seen) = board(&house, &cookie).await;
    assert_eq!((status, &seen["items"][0]["id"], &seen["devices"]), (200, &json!(ticket), &json!(3)));
    for (origin, status) in [(None, 401), (Some("https://evil.example"), 401), (Some(house.base.as_str()), 200)] {
        let note = house.request(Method::POST, &format!("/api/v1/tickets/{ticket}/note")).header("cookie", &cookie);
        let note = origin.into_iter().fold(note, |note, origin| note.header("origin", origin));
        let told = note.json(&json!({ "text": "hello" })).send().await.expect("an answer");
        assert_eq!(told.status(), status, "{origin:?}");
    }
    let secret = cookie.split_once('=').expect("a pair").1;
    let bearer = house.request(Method::GET, "/api/v1/board").bearer_auth(secret);
    assert_eq!(bearer.send().await.expect("an answer").status(), 401, "a session is no token");
}

#[tokio::test]
async fn sessions_end_by_signing_out_by_disabling_and_by_time() {
    let house = House::start().await;
    house.user("anna", "reader", None, PASSWORD).await;
    let first = cookie(&by_password(&house, "anna", PASSWORD).await);
    let second = cookie(&by_password(&house, "anna", PASSWORD).await);
    assert_eq!((board(&house, &first).await.0, board(&house, &second).await.0), (200, 200));
    let end = house.request(Method::POST, "/session/end").header("cookie", &first).send().await.expect("an answer");
    assert!(end.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!((board(&house, &first).await.0, board(&house, &second).await.0), (401, 200), "one session, not all");
    let mut tx = house.store.begin().await.expect("begun");
    assert!(tx.disable_user("anna", house.clock.now()).await.expect("disabled"));
    tx.commit().await.expect("committed");
    assert_eq!(board(&house, &second).await.0, 401);
    assert_eq!(by_password(&house, "anna", PASSWORD).await.status(), 401, "as if there were no such name");
    house.user("anna", "reader", None, PASSWORD).await;
    let third = cookie(&by_password(&house, "anna", PASSWORD).await);
    house.clock.advance(29 * DAY);
    assert_eq!(board(&house, &third).await.0, 200);
    house.clock.advance(2 * DAY);
    assert_eq!(board(&house, &third).await.0, 401);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let house = House::start().await;
    let mut quickest = [Duration::MAX; 2];
    let mut said = Vec::new();
    // A machine that is busy may be slow five times in a row, hardly ten times.
    for known in ["anna", "bea", "cleo", "dora", "ella"] {
        house.user(known, "reader", None, PASSWORD).await;
        for (n, name) in [known, "nobody", known, "no one"].into_iter().enumerate().map(|(n, name)| (n % 2, name)) {
            let begun = Instant::now();
            said.push(answer(by_password(&house, name, "not the password").await).await);
            quickest[n] = quickest[n].min(begun.elapsed());
        }
    }
    assert!(said.iter().all(|s| *s == said[0]) && said[0].0 == 401, "{said:?}");
    assert!(quickest[1] * 2 > quickest[0], "a name that is unknown is told by the clock: {quickest:?}");
    for body in [
        json!({}),
        json!({ "name": "anna" }),
        json!({ "password": PASSWORD }),
        json!({ "name": "anna", "password": PASSWORD, "token": token("ops") }),
        json!({ "name": ["anna"], "password": PASSWORD }),
        json!({ "name": "anna\u{0}", "password": PASSWORD }),
    ] {
        assert_eq!(sign_in(&house, body.clone()).await.status(), 422, "{body}");
    }
    for name in ["", "anna\u{1}", "x".repeat(5_000).as_str(), "李伟"] {
        assert_eq!(by_password(&house, name, PASSWORD).await.status(), 401);
    }
    assert_eq!(by_password(&house, "other", &"x".repeat(5_000)).await.status(), 401);
}

#[tokio::test]
async fn who_fails_too_often_has_to_wait_and_a_token_still_opens() {
    let house = House::start().await;
    house.user("anna", "reader", None, PASSWORD).await;
    house.user("bob", "reader", None, PASSWORD).await;
    for _ in 0..5 {
        assert_eq!(by_password(&house, "anna", "not the password").await.status(), 401);
    }
    let refused = by_password(&house, "anna", PASSWORD).await;
    assert_eq!(refused.headers()["retry-after"], "900");
    let (status, problem) = answer(refused).await;
    assert_eq!((status, &problem["type"]), (429, &json!("urn:nightporter:problem:too-many-tries")), "{problem}");
    assert_eq!(by_password(&house, "bob", PASSWORD).await.status(), 204);
    assert_eq!(sign_in(&house, json!({ "token": token("eyes") })).await.status(), 204);
    house.clock.advance(15 * MINUTE);
    assert_eq!(by_password(&house, "anna", PASSWORD).await.status(), 204);
}
