//! A fleet that comes: a report instead of texts, released in doses; what cannot wait and what is news never waits.

use nightporter::model::Fact;
use nightporter::model::time::{DAY, MINUTE};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, LOCK, SENSOR, SOON, answer, token};
use super::page::{browse, screenshots};
use crate::services::eventually;

/// Two devices that are low when they come, with a third one.
async fn fleet() -> House {
    let house = House::start_configured(false, "[sweep]\ndevices_min = 3\n").await;
    for percent in [15.0, 14.0, 13.0] {
        for key in [LOCK, SENSOR] {
            house.hear(key, Fact::BatteryPercent(percent)).await;
        }
        house.hear("elm/3A/sink", Fact::BatteryPercent(percent + 50.0)).await;
        house.clock.advance(5 * MINUTE);
    }
    house
}

async fn texts(house: &House) -> usize {
    let messages = house.get("ops", "/api/v1/messages").await;
    messages["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn what_a_fleet_brings_along_is_a_report_and_goes_out_in_doses() {
    let house = fleet().await;
    let report = house.get("oak", "/api/v1/sweep").await;
    let told = |name: &str| report[name].as_i64().expect("a count");
    assert_eq!((told("low"), told("silent")), (2, 0), "{report}");
    assert_eq!(report["unknown"], json!(["oak/14C/lock"]));
    assert_eq!((&report["lying"], &report["lying_models"]), (&json!([]), &json!([])));
    assert_eq!(report["items"][0]["held"], json!(true));
    let board = house.get("oak", "/api/v1/board").await;
    assert_eq!((&board["held"], &board["items"]), (&json!({ "battery": 2 }), &json!([])), "{board}");
    assert_eq!(house.get("north", "/api/v1/sweep").await["low"], json!(2));
    house.clock.advance(30 * MINUTE);
    assert_eq!(texts(&house).await, 0);
    let (status, answer) = house.post("oak", "/api/v1/sweep/release", json!({ "count": 2, "per_day": 1 })).await;
    assert_eq!(
        (status, answer["released"].as_array().map(Vec::len), &answer["left"]),
        (200, Some(2), &json!(0)),
        "{answer}"
    );
    eventually(SOON, "the first of them is told", async || texts(&house).await == 1).await;
    house.clock.advance(DAY);
    eventually(SOON, "the second a day later", async || texts(&house).await >= 2).await;
    let first = answer["released"][0].as_str().expect("an id");
    let events = house.get("oak", &format!("/api/v1/tickets/{first}/events")).await;
    let moves: Vec<&Value> = events["items"].as_array().expect("a list").iter().map(|e| &e["what"]).collect();
    assert!(moves.starts_with(&[&json!("opened"), &json!("released"), &json!("step")]), "{moves:?}");
}

#[tokio::test]
async fn water_and_news_never_wait() {
    let house = fleet().await;
    house.leak().await;
    let before = texts(&house).await;
    house.low_battery("oak/14C/lock").await;
    let report = house.get("ops", "/api/v1/sweep").await;
    assert_eq!((&report["low"], &report["unknown"]), (&json!(2), &json!([])), "it fell while it was watched: {report}");
    assert_eq!(house.get("ops", "/api/v1/board").await["counts"], json!({ "battery": 1, "leak": 1 }));
    assert!(before > 0);
    house.hear("elm/3A/sink", Fact::Online(false)).await;
    house.clock.advance(30 * MINUTE);
    eventually(SOON, "what has spoken since it came and is silent now is news", async || {
        house.get("ops", "/api/v1/board").await["counts"]["silent"] == json!(1)
    })
    .await;
    assert_eq!(house.get("ops", "/api/v1/sweep").await["silent"], json!(0));
}

#[tokio::test]
async fn a_wrong_dose_releases_nothing() {
    let house = fleet().await;
    for (body, status) in [
        (json!({ "count": 0 }), 422),
        (json!({ "count": 501 }), 422),
        (json!({ "count": 1, "per_day": 0 }), 422),
        (json!({ "count": 1, "kind": "leak" }), 422),
        (json!({ "count": 1, "property": "elm" }), 403),
        (json!({}), 422),
    ] {
        let (told, problem) = house.post("oak", "/api/v1/sweep/release", body.clone()).await;
        assert_eq!(told, status, "{body}: {problem}");
    }
    assert_eq!(house.get("oak", "/api/v1/sweep").await["low"], json!(2));
    // Few that come are no fleet.
    let house = House::start().await;
    house.hear(LOCK, Fact::BatteryPercent(15.0)).await;
    house.hear(LOCK, Fact::BatteryPercent(14.0)).await;
    assert_eq!(house.get("ops", "/api/v1/sweep").await["low"], json!(0));
    eventually(SOON, "the tenant is told", async || texts(&house).await == 1).await;
}

#[tokio::test]
async fn a_dose_under_a_key_is_given_once() {
    let house = fleet().await;
    let release = async |key: &str, body: Value| {
        let request = house.request(Method::POST, "/api/v1/sweep/release").bearer_auth(token("oak"));
        answer(request.header("Idempotency-Key", key).json(&body).send().await.expect("an answer")).await
    };
    let dose = json!({ "count": 1 });
    let (first, again) = tokio::join!(release("dose-1", dose.clone()), release("dose-1", dose.clone()));
    assert_eq!((first.0, first.1["released"].as_array().map(Vec::len)), (200, Some(1)), "{}", first.1);
    assert_eq!(first, again, "two at one time");
    assert_eq!(release("dose-1", dose.clone()).await, first, "and later");
    assert_eq!(house.get("oak", "/api/v1/sweep").await["low"], json!(1), "one waits still");
    let (status, problem) = release("dose-1", json!({ "count": 2 })).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:nightporter:problem:idempotency-conflict")), "{problem}");
    assert_eq!(release(&"k".repeat(129), dose.clone()).await.0, 400);
    assert_eq!(release("dose-2", dose).await.1["left"], json!(0));
}

#[tokio::test]
async fn a_release_whose_answer_was_lost_is_tried_again_from_the_page_and_done_once() {
    let house = fleet().await;
    let (folder, _kept) = screenshots();
    let said = browse("sweep.cjs", &[&house.base, &token("ops")], &folder, async |_: &str| {}).await;
    assert_eq!(said, ["done"]);
    assert_eq!(house.get("ops", "/api/v1/sweep").await["low"], json!(1));
}
