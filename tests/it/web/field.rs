//! Devices from the field over the API: what is shown of a held one, adopting it, and every way of doing it wrongly.

use nightporter::model::Fact;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, LOCK, SENSOR, answer, encode};

/// A key with a slash.
const NEW: &str = "oak/14C/sink";

async fn adopt(house: &House, who: &str, key: &str, body: Value) -> (u16, Value) {
    house.post(who, &format!("/api/v1/devices/{}/adopt", encode(key)), body).await
}

async fn dismiss(house: &House, who: &str, key: &str) -> u16 {
    let path = format!("/api/v1/devices/{}", encode(key));
    answer(house.ask(who, Method::DELETE, &path, None).await).await.0
}

#[tokio::test]
async fn a_held_device_is_shown_adopted_and_its_water_told() {
    let house = House::start().await;
    house.hear(NEW, Fact::Leak(true)).await;
    house.hear(NEW, Fact::BatteryPercent(55.0)).await;
    let held = house.get("ops", "/api/v1/devices?registered=false").await;
    let field = &held["items"][0]["field"];
    assert_eq!((&held["items"][0]["key"], &field["messages"]), (&json!(NEW), &json!(2)));
    assert_eq!(
        (&field["readings"], &field["proposed_kind"]),
        (&json!(["battery_percent", "leak"]), &json!("leak_sensor"))
    );
    assert!(field["first_heard_at"].is_string() && field["last_heard_at"].is_string());
    let body = json!({ "unit_id": "14c", "name": "Kitchen", "model": "Acme", "cells": "1 CR2450" });
    let (status, device) = adopt(&house, "ops", NEW, body).await;
    assert_eq!(status, 200, "{device}");
    assert_eq!(
        (&device["kind"], &device["property_id"], &device["name"]),
        (&json!("leak_sensor"), &json!("oak"), &json!("Kitchen"))
    );
    assert_eq!(
        (&device["model"], &device["cells"], &device["percent"]),
        (&json!("Acme"), &json!("1 CR2450"), &json!(55.0))
    );
    assert!(!house.ticket_of(NEW).await.is_empty());
    assert_eq!(house.get("ops", "/api/v1/devices?registered=false").await["items"], json!([]));
}

#[tokio::test]
async fn adopting_wrongly_changes_nothing_and_says_how_to_mend() {
    let house = House::start().await;
    house.hear(NEW, Fact::BatteryPercent(55.0)).await;
    for (body, status, place) in [
        (json!({ "unit_id": "nowhere", "kind": "lock" }), 422, "field unit_id"),
        (json!({ "unit_id": "14c" }), 422, "field kind"),
        (json!({ "unit_id": "14c", "kind": "toaster" }), 422, "field kind"),
        (json!({ "unit_id": "14c", "kind": "lock", "gateway": "nobody" }), 422, "field gateway"),
        (json!({ "unit_id": "14c", "kind": "lock", "gateway": SENSOR }), 422, "field gateway"),
        (json!({ "unit_id": "14c", "kind": "lock", "valve_for": "14c" }), 422, "field valve_for"),
        (json!({ "unit_id": "14c", "kind": "lock", "chemistry": "plutonium" }), 422, "field chemistry"),
        (json!({ "unit_id": "14c", "kind": "lock", "cells": "-4" }), 422, "field cells"),
        (json!({ "unit_id": "14c", "kind": "lock", "name": "x".repeat(201) }), 422, "field name"),
        (json!({ "kind": "lock" }), 422, "field unit_id"),
    ] {
        let (told, problem) = adopt(&house, "ops", NEW, body.clone()).await;
        assert_eq!((told, problem["where"].as_str()), (status, Some(place)), "{body}: {problem}");
    }
    let lock = json!({ "unit_id": "14c", "kind": "lock" });
    for (who, key, status) in
        [("ops", LOCK, 409), ("ops", "nobody", 404), ("oak", NEW, 403), ("eyes", NEW, 403), ("", NEW, 401)]
    {
        assert_eq!(adopt(&house, who, key, lock.clone()).await.0, status, "{who} {key}");
    }
    for (who, key, status) in
        [("ops", LOCK, 409), ("ops", "nobody", 404), ("oak", NEW, 403), ("eyes", NEW, 403), ("", NEW, 401)]
    {
        assert_eq!(dismiss(&house, who, key).await, status, "{who} {key}");
    }
    assert_eq!(house.get("ops", "/api/v1/devices?registered=false").await["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(dismiss(&house, "ops", NEW).await, 204);
    assert_eq!(house.get("ops", "/api/v1/devices?registered=false").await["items"], json!([]));
    assert_eq!(adopt(&house, "ops", "hub", json!({ "unit_id": "14c", "kind": "gateway" })).await.0, 200);
}

#[tokio::test]
async fn an_exchange_is_confirmed_by_those_who_lead_there() {
    let house = House::start().await;
    let path = format!("/api/v1/devices/{}/swap", encode(SENSOR));
    for (who, status) in [("ops", 409), ("oak", 409), ("lost", 404), ("eyes", 403), ("", 401)] {
        assert_eq!(house.post(who, &path, json!({})).await.0, status, "{who}");
    }
    let (status, device) = house.post("oak", &path, json!({ "hardware_id": "0x00158D0001A2B3C4" })).await;
    assert_eq!((status, &device["field"]["hardware_id"]), (200, &json!("00158d0001a2b3c4")));
    assert_eq!(house.get("ops", "/api/v1/quarantine").await["items"], json!([]));
    let (status, _) = house.problem("eyes", "/api/v1/quarantine").await;
    assert_eq!(status, 403, "raw payloads are for operators");
}

#[tokio::test]
async fn a_wrong_method_below_a_device_is_told_with_those_that_are_possible() {
    let house = House::start().await;
    let device = format!("/api/v1/devices/{}", encode(SENSOR));
    let cases = [
        ("POST", "", "DELETE,GET,HEAD"),
        ("POST", "/battery", "GET,HEAD"),
        ("DELETE", "/battery", "GET,HEAD"),
        ("GET", "/adopt", "POST"),
        ("DELETE", "/adopt", "POST"),
        ("GET", "/swap", "POST"),
        ("DELETE", "/swap", "POST"),
    ];
    for (method, below, allowed) in cases {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let response = house.ask("ops", method.clone(), &format!("{device}{below}"), Some(json!({}))).await;
        let allow = response.headers().get("allow").and_then(|a| a.to_str().ok()).unwrap_or_default().to_owned();
        let (status, problem) = answer(response).await;
        let told = (status, problem["type"].as_str().unwrap_or_default(), allow.as_str());
        assert_eq!(told, (405, "urn:nightporter:problem:method-not-allowed", allowed), "{method} {below}: {problem}");
    }
    let encoded = format!("{device}%2Fadopt");
    assert_eq!(house.problem("ops", &encoded).await.0, 404, "a key of its own, which no device has");
}
