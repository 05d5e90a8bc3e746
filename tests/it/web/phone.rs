//! The page of a housekeeper's phone: who gets it, what the jobs tell, photos; and all of it in a real Chromium.

use nightporter::model::time::MINUTE;
use nightporter::model::{Fact, PHOTO_BYTES_MAX};
use nightporter::registry::Registry;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::house::{FILES, House, SENSOR, SOON, answer, encode, token};
use super::page::{browse, screenshots};
use crate::services::eventually;

/// A house with an address, a place on the map and something to know at the door.
async fn house() -> House {
    let house = House::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        let text = text
            .replace("locale,manager_phone\n", "locale,manager_phone,address,lat,lon\n")
            .replace("+8613900000001\n", "+8613900000001,1 Oak Lane,31.2304,121.4737\n")
            .replace("+8613900000002\n", "+8613900000002,,,\n")
            .replace("name,floor\n", "name,floor,entry_note\n")
            .replace("12B,12\n", "12B,12,The key is with the porter\n")
            .replace("14C,14\n", "14C,14,\n")
            .replace("3A,3\n", "3A,3,\n");
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    house.store.import(&Registry::read(folder.path()).expect("sound files")).await.expect("imported");
    house
}

async fn jobs(house: &House, who: &str) -> Value {
    house.get(who, "/api/v1/jobs?lang=en").await
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|job| job["ticket_id"].as_str().expect("an id")).collect()
}

async fn step(house: &House, who: &str, id: &str, name: &str, body: Value) {
    let (status, told) = house.post(who, &format!("/api/v1/tickets/{id}/{name}"), body).await;
    assert_eq!(status, 200, "{name} by {who}: {told}");
}

#[tokio::test]
async fn a_housekeeper_sees_what_they_are_asked_and_what_is_theirs_with_all_that_is_needed() {
    let house = house().await;
    let id = house.leak().await;
    let seen = jobs(&house, "chen").await;
    assert_eq!((&seen["name"], ids(&seen["offered"]), ids(&seen["mine"])), (&json!("Chen Mei"), vec![&*id], vec![]));
    let job = &seen["offered"][0];
    let place = ["property_name", "address", "unit_name", "floor", "entry_note", "device_name", "lat", "severity"];
    let expected = json!([
        "Oak Court",
        "1 Oak Lane",
        "12B",
        12,
        "The key is with the porter",
        "Under the sink",
        31.2304,
        "emergency"
    ]);
    assert_eq!(json!(place.map(|field| job[field].clone())), expected);
    assert_eq!(job["tenant"], json!({ "name": "Li Wei", "phone": "+8613800000001" }));
    assert_eq!((&job["moves"], &job["bring"]), (&json!(["accept", "decline"]), &Value::Null));
    for other in ["liu", "mo"] {
        let seen = jobs(&house, other).await;
        assert!(ids(&seen["offered"]).is_empty() && ids(&seen["mine"]).is_empty(), "{other}: {seen}");
    }
    let (status, problem) = house.problem("ops", "/api/v1/jobs").await;
    assert_eq!((status, &problem["detail"]), (403, &json!("these are the jobs of one housekeeper")));
    step(&house, "chen", &id, "accept", json!({})).await;
    let next = async |moves: Value| {
        let seen = jobs(&house, "chen").await;
        assert_eq!((ids(&seen["offered"]), ids(&seen["mine"])), (vec![], vec![&*id]));
        assert_eq!(seen["mine"][0]["moves"], moves, "{seen}");
        seen["mine"][0].clone()
    };
    next(json!(["eta", "arrive", "fail", "decline"])).await;
    step(&house, "chen", &id, "eta", json!({ "minutes": 15 })).await;
    assert_eq!(next(json!(["arrive", "eta", "fail", "decline"])).await["due_at"], "2026-01-05T10:45:00.000Z");
    step(&house, "chen", &id, "arrive", json!({})).await;
    next(json!(["resolve", "fail"])).await;
    step(&house, "chen", &id, "resolve", json!({ "note": "A cap was loose" })).await;
    let waits = next(json!(["fail"])).await;
    assert_eq!((&waits["waiting_for"], waits["said_done_at"].is_string()), (&json!("dry"), true));
    house.hear(SENSOR, Fact::Leak(false)).await;
    house.clock.advance(31 * MINUTE);
    eventually(SOON, "it is over", async || ids(&jobs(&house, "chen").await["done"]) == [&*id]).await;
    assert!(ids(&jobs(&house, "liu").await["done"]).is_empty(), "what others did is theirs");
}

#[tokio::test]
async fn a_job_that_somebody_else_has_shows_nothing() {
    let house = house().await;
    let id = house.leak().await;
    step(&house, "chen", &id, "accept", json!({})).await;
    step(&house, "ops", &id, "reassign", json!({ "housekeeper_id": "h-liu" })).await;
    assert_eq!(ids(&jobs(&house, "liu").await["mine"]), [&*id]);
    let seen = house.get("chen", "/api/v1/jobs").await.to_string();
    assert!(!seen.contains("Li Wei") && !seen.contains(&id), "{seen}");
    assert_eq!(house.problem("chen", &format!("/api/v1/tickets/{id}/photos/0")).await.0, 404);
}

#[tokio::test]
async fn the_link_opens_a_page_without_data_and_only_while_it_is_good() {
    let house = house().await;
    house.leak().await;
    let open = async |token: &str| {
        let page = house.request(Method::GET, &format!("/h/{token}")).header("accept-language", "zh");
        let page = page.send().await.expect("an answer");
        let headers = page.headers().clone();
        (page.status().as_u16(), headers, page.text().await.expect("text"))
    };
    let (status, headers, page) = open(&token("chen")).await;
    assert_eq!(
        (status, &headers["cache-control"], &headers["referrer-policy"]),
        (200, &"no-store".parse().expect("a header"), &"no-referrer".parse().expect("a header"))
    );
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("/page/jobs.js") && !page.contains("{{"), "{page}");
    assert!(!page.contains("np_") && !page.contains("Chen"), "nothing of the house, and no token: {page}");
    for bad in ["np_unknown", "%20", &token("oak"), &token("eyes"), &"x".repeat(600)] {
        let (status, _, page) = open(bad).await;
        assert!(status == 404 && page.contains("这个链接已失效") && page.contains("no longer good"), "{bad}: {page}");
    }
    let mut tx = house.store.begin().await.expect("begun");
    tx.revoke_token("chen", house.clock.now()).await.expect("revoked");
    tx.commit().await.expect("committed");
    assert_eq!(open(&token("chen")).await.0, 404, "revoked");
    assert_eq!(house.problem("chen", "/api/v1/jobs").await.0, 401);
    let counted = house.ask("", Method::GET, "/metrics", None).await.text().await.expect("text");
    assert!(!counted.contains("np_"), "no token becomes a label");
}

async fn upload(house: &House, who: &str, id: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let request = house.request(Method::POST, &format!("/api/v1/tickets/{id}/photos")).bearer_auth(token(who));
    request.header("content-type", kind).body(bytes).send().await.expect("an answer")
}

fn jpeg(n: u8, size: usize) -> Vec<u8> {
    let mut bytes = vec![n; size];
    bytes[..4].copy_from_slice(b"\xFF\xD8\xFF\xE0");
    bytes
}

#[tokio::test]
async fn photos_are_kept_once_up_to_five_and_seen_by_who_sees_the_ticket() {
    let house = house().await;
    let id = house.leak().await;
    let add = async |kind: &str, bytes: Vec<u8>| answer(upload(&house, "chen", &id, kind, bytes).await).await;
    for (kind, bytes, status, word) in [
        ("image/gif", b"GIF89a".to_vec(), 415, "unsupported-media-type"),
        ("application/json", b"{}".to_vec(), 415, "unsupported-media-type"),
        ("image/jpeg", b"{}".to_vec(), 422, "no-picture"),
        ("image/png", jpeg(1, 99), 422, "no-picture"),
        ("image/jpeg", Vec::new(), 422, "no-picture"),
        ("image/jpeg", jpeg(1, PHOTO_BYTES_MAX + 1), 413, "too-large"),
    ] {
        let (told, problem) = add(kind, bytes).await;
        assert!(told == status && problem["type"].as_str().expect("a type").ends_with(word), "{kind}: {problem}");
        assert!(problem["mend"].is_string(), "{problem}");
    }
    let first = jpeg(1, PHOTO_BYTES_MAX);
    for expected in [1, 1] {
        let (status, ticket) = add("image/jpeg", first.clone()).await;
        assert_eq!((status, &ticket["photos"]), (200, &json!(expected)), "the same one twice is one: {ticket}");
    }
    assert_eq!(add("image/png", b"\x89PNG\r\n\x1A\n1".to_vec()).await.1["photos"], 2);
    assert_eq!(add("image/webp", b"RIFF0000WEBP1".to_vec()).await.1["photos"], 3);
    for n in 4..=5 {
        assert_eq!(add("IMAGE/JPEG; a=b", jpeg(n, 99)).await.1["photos"], n);
    }
    let (status, problem) = add("image/jpeg", jpeg(6, 99)).await;
    assert_eq!((status, &problem["detail"]), (422, &json!("this ticket has 5 photos already")));
    let events = house.get("oak", &format!("/api/v1/tickets/{id}/events?limit=500")).await;
    let moves: Vec<_> = events["items"].as_array().expect("a list").iter().filter(|e| e["what"] == "photo").collect();
    assert_eq!((moves.len(), &moves[0]["actor"]), (5, &json!("housekeeper:h-chen")));
    assert_eq!(moves[2]["data"], json!({ "n": 2, "type": "image/webp" }));
    let seen = house.ask("eyes-oak", Method::GET, &format!("/api/v1/tickets/{id}/photos/0"), None).await;
    assert_eq!(
        (seen.status().as_u16(), &seen.headers()["content-type"]),
        (200, &"image/jpeg".parse().expect("a header"))
    );
    assert_eq!(seen.bytes().await.expect("bytes"), first);
    let photo = format!("/api/v1/tickets/{id}/photos/0");
    let seen_by = async |who: &str| house.ask(who, Method::GET, &photo, None).await.status().as_u16();
    assert_eq!(seen_by("chen").await, 404, "a home is not shown to who could take the job");
    assert_eq!(house.post("chen", &format!("/api/v1/tickets/{id}/accept"), json!({})).await.0, 200);
    assert_eq!((seen_by("chen").await, seen_by("liu").await), (200, 404), "but to who has it");
    for (who, n) in [("eyes", "5"), ("eyes", "-1"), ("eyes", "x"), ("mo", "0")] {
        assert_eq!(house.problem(who, &format!("/api/v1/tickets/{id}/photos/{n}")).await.0, 404, "{who} {n}");
    }
    assert_eq!(upload(&house, "mo", &id, "image/jpeg", jpeg(7, 99)).await.status(), 404, "of no ticket of theirs");
    assert_eq!(upload(&house, "eyes", &id, "image/jpeg", jpeg(7, 99)).await.status(), 403, "who only reads");
}

pub async fn request(house: &House, text: &str) -> String {
    let body = json!({ "kind": "request", "property_id": "oak", "unit_id": "12b", "text": text });
    let ask = house
        .request(Method::POST, "/api/v1/tickets")
        .bearer_auth(token("ops"))
        .header("idempotency-key", encode(text));
    let (status, ticket) = answer(ask.json(&body).send().await.expect("an answer")).await;
    assert_eq!(status, 201, "{ticket}");
    ticket["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_job_is_done_from_a_phone() {
    let house = house().await;
    let leak = house.leak().await;
    let tap = request(&house, "The kitchen tap drips, and the light above it flickers.").await;
    request(&house, "门铃不响").await;
    let (folder, _kept) = screenshots();
    let said =
        browse("phone.cjs", &[&house.base, &token("chen"), &token("liu"), &token("ops")], &folder, async |_| {}).await;
    assert_eq!(said, ["done"]);
    let moves = async |id: &str| {
        let events = house.get("oak", &format!("/api/v1/tickets/{id}/events?limit=500")).await;
        let all = events["items"].as_array().expect("a list").clone();
        let by = all.into_iter().filter(|e| e["actor"] == "housekeeper:h-chen");
        by.map(|e| (e["what"].as_str().expect("a word").to_owned(), e["data"].clone())).collect::<Vec<_>>()
    };
    let told = moves(&leak).await;
    let words: Vec<&str> = told.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(words, ["accepted", "expected", "arrived", "photo", "said_done"], "each once, whatever was tapped");
    assert_eq!(told[4].1["note"], "The cap under the sink was loose");
    let told = moves(&tap).await;
    let words: Vec<&str> = told.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(words, ["accepted", "expected", "arrived", "photo", "resolved"]);
}
