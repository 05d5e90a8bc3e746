//! The page of a tenant's phone: their home and nothing else, words that go the way of a text, the end of the lease.

use nightporter::model::Fact;
use nightporter::model::time::{DAY, MINUTE};
use nightporter::registry::Registry;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{FILES, House, LOCK, SOON, answer, token};
use super::page::{browse, screenshots};
use super::phone::request;
use crate::services::eventually;

async fn home(house: &House) -> Value {
    house.get("home", "/api/v1/home").await
}

/// Says something under a key, about a matter or none; the home as it is then.
async fn say(house: &House, key: &str, text: &str, about: Option<&str>) -> Value {
    let body = json!({ "text": text, "about": about });
    let ask = house.request(Method::POST, "/api/v1/home/words").bearer_auth(token("home"));
    let (status, told) = answer(ask.header("idempotency-key", key).json(&body).send().await.expect("an answer")).await;
    assert_eq!(status, 200, "{text}: {told}");
    told
}

async fn moves(house: &House, id: &str, what: &str) -> usize {
    let events = house.get("oak", &format!("/api/v1/tickets/{id}/events?limit=500")).await;
    events["items"].as_array().expect("a list").iter().filter(|e| e["what"] == what).count()
}

#[tokio::test]
async fn a_tenant_sees_what_is_open_at_their_home_and_says_what_they_need() {
    let house = House::start().await;
    let calm = home(&house).await;
    assert_eq!((&calm["name"], &calm["unit_name"], &calm["matters"]), (&json!("Li Wei"), &json!("12B"), &json!([])));
    let leak = house.leak().await;
    let matter = home(&house).await["matters"][0].clone();
    assert_eq!((&matter["id"], &matter["device_name"]), (&json!(leak), &json!("Under the sink")));
    assert_eq!((&matter["may_say"], &matter["sender"]), (&json!(["bed"]), &json!("Chen Mei")));
    for _ in 0..2 {
        let told = say(&house, "tap-1", "I need a place to stay tonight", Some(&leak)).await;
        assert_eq!((&told["matters"][0]["needs_bed"], &told["matters"][0]["may_say"]), (&json!(true), &json!([])));
    }
    assert_eq!(moves(&house, &leak, "reply").await, 1, "the same key says nothing twice");
    assert_eq!(moves(&house, &leak, "answered").await, 1);
    let (status, _) = house.post("chen", &format!("/api/v1/tickets/{leak}/accept"), json!({})).await;
    assert_eq!(status, 200);
    let matter = home(&house).await["matters"][0].clone();
    assert_eq!((&matter["helper"], &matter["expected_at"]), (&json!("Chen Mei"), &Value::Null), "nothing was promised");
    house.post("chen", &format!("/api/v1/tickets/{leak}/eta"), json!({ "minutes": 15 })).await;
    assert_eq!(home(&house).await["matters"][0]["expected_at"], "2026-01-05T10:45:00.000Z");
}

#[tokio::test]
async fn a_tap_is_about_the_matter_that_it_stands_beside() {
    let house = House::start().await;
    let battery = house.low_battery(LOCK).await;
    let newer = request(&house, "The tap drips").await;
    let seen = house.get("home", "/api/v1/home?lang=en").await;
    let ids: Vec<_> = seen["matters"].as_array().expect("a list").iter().map(|m| m["id"].clone()).collect();
    assert_eq!(ids, [json!(newer), json!(battery)]);
    assert_eq!(seen["matters"][1]["todo"], "put in fresh batteries");
    say(&house, "a", "I have put in new batteries", Some(&battery)).await;
    assert_eq!((moves(&house, &battery, "reply").await, moves(&house, &newer, "reply").await), (1, 0));
    say(&house, "b", "Please send somebody", Some(&battery)).await;
    assert_eq!((moves(&house, &battery, "needs_help").await, moves(&house, &newer, "needs_help").await), (1, 0));
    let body = json!({ "text": "Please send somebody", "about": "t_of_somebody_else" });
    let ask =
        house.request(Method::POST, "/api/v1/home/words").bearer_auth(token("home")).header("idempotency-key", "c");
    let (status, _) = answer(ask.json(&body).send().await.expect("an answer")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_is_not_understood_waits_for_a_human_and_stop_is_stop() {
    let house = House::start().await;
    say(&house, "a", "My cat sits on the sensor, is that bad?", None).await;
    let waiting = house.get("oak", "/api/v1/conversations?waiting=true").await;
    assert_eq!(waiting["items"][0]["messages"][0]["body"], "My cat sits on the sensor, is that bad?");
    let told = say(&house, "b", "STOP SURVEYS", None).await;
    assert_eq!((&told["stopped"], &told["refused"]), (&json!(false), &json!(["survey"])));
    assert_eq!(say(&house, "c", "STOP", None).await["stopped"], true);
    let told = say(&house, "d", "START", None).await;
    assert_eq!((&told["stopped"], &told["refused"]), (&json!(false), &json!([])));
    house.credit("t-oak", "replacement:1", 1_000).await;
    let money = home(&house).await;
    assert_eq!(money["balance"], json!({ "amount_minor": 1000, "currency": "CNY" }));
    assert_eq!(
        (&money["entries"][0]["reason"], &money["entries"][0]["device_key"]),
        (&json!("reward_in_time"), &Value::Null)
    );
}

#[tokio::test]
async fn who_says_too_much_at_once_is_asked_to_wait() {
    let house = House::start().await;
    let send = async |n: usize| {
        let ask = house.request(Method::POST, "/api/v1/home/words").bearer_auth(token("home"));
        let ask = ask.header("idempotency-key", format!("k{n}")).json(&json!({ "text": format!("No. {n}") }));
        ask.send().await.expect("an answer")
    };
    for n in 0..20 {
        assert_eq!(send(n).await.status(), 200, "{n}");
    }
    let refused = send(20).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"900".parse().expect("a header"))
    );
    let (_, problem) = answer(refused).await;
    assert_eq!(problem["mend"], "try again in 15 min");
    let waiting = house.get("oak", "/api/v1/conversations?limit=500").await;
    assert!(!waiting.to_string().contains("No. 20"), "it was not taken");
    house.clock.advance(15 * MINUTE);
    assert_eq!(send(21).await.status(), 200);
}

#[tokio::test]
async fn a_photo_of_the_matter_goes_where_photos_go() {
    let house = House::start().await;
    let leak = house.leak().await;
    let send = async |id: &str, bytes: &'static [u8]| {
        let ask = house.request(Method::POST, &format!("/api/v1/home/matters/{id}/photos")).bearer_auth(token("home"));
        answer(ask.header("content-type", "image/jpeg").body(bytes).send().await.expect("an answer")).await
    };
    for _ in 0..2 {
        let (status, told) = send(&leak, b"\xFF\xD8\xFF\xE0wet").await;
        assert_eq!((status, &told["matters"][0]["photos"]), (200, &json!(1)));
    }
    assert_eq!((send(&leak, b"wet").await.0, send("none", b"\xFF\xD8\xFF").await.0), (422, 404));
    let events = house.get("oak", &format!("/api/v1/tickets/{leak}/events?limit=500")).await;
    let by: Vec<_> = events["items"].as_array().expect("a list").iter().filter(|e| e["what"] == "photo").collect();
    assert_eq!((by.len(), &by[0]["actor"]), (1, &json!("tenant")));
    let seen = house.ask("oak", Method::GET, &format!("/api/v1/tickets/{leak}/photos/0"), None).await;
    assert_eq!(seen.bytes().await.expect("bytes"), b"\xFF\xD8\xFF\xE0wet".as_slice());
}

#[tokio::test]
async fn the_link_ends_with_the_lease() {
    let house = House::start().await;
    let open = async || {
        let page = house.request(Method::GET, &format!("/t/{}", token("home"))).send().await.expect("an answer");
        (page.status().as_u16(), page.text().await.expect("text"))
    };
    let (status, page) = open().await;
    assert!(
        status == 200 && page.contains("/page/home.js") && !page.contains("np_") && !page.contains("Li Wei"),
        "{page}"
    );
    for (path, who) in [("h", "home"), ("t", "chen"), ("t", "ops")] {
        let page = house.request(Method::GET, &format!("/{path}/{}", token(who))).send().await.expect("an answer");
        assert_eq!(page.status(), 404, "/{path}/ for {who}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        let text = text.replace("+8613800000001,en,2025-01-01,\n", "+8613800000001,en,2025-01-01,2026-01-05\n");
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    house.store.import(&Registry::read(folder.path()).expect("sound files")).await.expect("imported");
    assert_eq!(open().await.0, 200, "the last day is theirs");
    house.clock.advance(DAY);
    let (status, page) = open().await;
    assert!(status == 404 && page.contains("no longer good"), "{page}");
    assert_eq!(house.problem("home", "/api/v1/home").await.0, 401);
}

#[tokio::test]
async fn a_tenant_looks_after_their_home_from_a_phone() {
    let house = House::start().await;
    house.credit("t-oak", "replacement:1", 1_000).await;
    let battery = house.low_battery(LOCK).await;
    let leak = house.leak().await;
    let (folder, _kept) = screenshots();
    let heard = async |line: &str| {
        if line == "later" {
            house.clock.advance(MINUTE);
        }
        if line == "ready" {
            house.hear("oak/12B/sink", Fact::Leak(false)).await;
            house.post("oak", &format!("/api/v1/tickets/{leak}/cancel"), json!({ "reason": "a test" })).await;
        }
    };
    let said = browse("tenant.cjs", &[&house.base, &token("home")], &folder, heard).await;
    assert_eq!(said, ["later", "ready", "done"]);
    eventually(SOON, "everything arrived", async || moves(&house, &battery, "photo").await == 1).await;
    assert_eq!(
        (moves(&house, &leak, "answered").await, moves(&house, &battery, "reply").await),
        (1, 3),
        "two taps, and words"
    );
    assert_eq!(moves(&house, &battery, "needs_help").await, 1);
    let waiting = house.get("oak", "/api/v1/conversations?waiting=true").await;
    let texts = waiting["items"][0]["messages"].as_array().expect("a list");
    let free: Vec<_> = texts.iter().filter(|m| m["body"] == "是否可以养猫？").collect();
    assert_eq!(free.len(), 1, "once, though the first try's answer was lost");
}
