//! The work side from outside: why somebody was asked, who works when, the four rates and the tickets behind them.

use nightporter::model::time::{HOUR, MINUTE};
use nightporter::model::{Task, Timestamp};
use nightporter::registry::Registry;
use nightporter::store::Store;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{FILES, House, SOON};
use crate::services::eventually;

/// The moves of a ticket with this name.
async fn moves(house: &House, id: &str, what: &str) -> Vec<Value> {
    let events = house.get("oak", &format!("/api/v1/tickets/{id}/events?limit=500")).await;
    let all = events["items"].as_array().expect("a list").iter();
    all.filter(|e| e["what"] == what).map(|e| e["data"].clone()).collect()
}

#[tokio::test]
async fn an_offer_tells_why_and_a_job_given_back_goes_on() {
    let house = House::start().await;
    let id = house.leak().await;
    let offers = moves(&house, &id, "offered").await;
    assert_eq!(offers[0]["to"], json!(["h-chen"]), "the one with the skill");
    let places = offers[0]["ranking"].as_array().expect("a ranking");
    assert_eq!((&places[0]["skilled"], &places[1]["skilled"]), (&json!(true), &json!(false)));
    assert_eq!((&places[1]["housekeeper_id"], &places[1]["place"]), (&json!("h-liu"), &json!(2)));
    let (status, ticket) = house.post("chen", &format!("/api/v1/tickets/{id}/accept"), json!({})).await;
    assert_eq!((status, &ticket["assignee"]), (200, &json!("h-chen")));
    assert!(ticket["expected_at"].is_string(), "{ticket}");
    let steps: Vec<_> = ticket["clocks"].as_array().expect("clocks").iter().map(|c| c["step"].clone()).collect();
    assert_eq!(steps, ["answer", "close", "arrival"]);
    assert!(ticket["clocks"][0]["met_at"].is_string() && ticket["clocks"][2]["due_at"].is_string(), "{ticket}");
    let (status, ticket) = house.post("chen", &format!("/api/v1/tickets/{id}/decline"), json!({})).await;
    assert_eq!((status, &ticket["status"], &ticket["assignee"]), (200, &json!("offered"), &Value::Null));
    assert_eq!(moves(&house, &id, "offered").await.last().expect("again")["to"], json!(["h-liu"]));
}

#[tokio::test]
async fn a_swap_reaches_no_further_than_its_maker_sees_and_is_heard_where_it_holds() {
    let house = House::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        let text = text.replace("+8613700000002,zh-CN,oak,", "+8613700000002,zh-CN,oak;elm,");
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    house.store.import(&Registry::read(folder.path()).expect("sound files")).await.expect("imported");
    let mut listener = house.ask("oak", Method::GET, "/api/v1/events", None).await;
    let swap = json!({ "from_housekeeper_id": "h-liu", "to_housekeeper_id": "h-chen",
        "starts_at": "2026-01-05T18:00:00+08:00", "ends_at": "2026-01-06T08:00:00+08:00" });
    let (status, problem) = house.post("oak", "/api/v1/rota/swaps", swap.clone()).await;
    assert_eq!(status, 403, "it would hold at elm too: {problem}");
    let (status, made) = house.post("ops", "/api/v1/rota/swaps", swap).await;
    assert_eq!(status, 200, "{made}");
    let cancel = format!("/api/v1/rota/swaps/{}/cancel", made["id"].as_str().expect("an id"));
    assert_eq!(house.post("oak", &cancel, json!({})).await.0, 403);
    let hears = async {
        let mut heard = String::new();
        while !heard.contains("event: rota") || !heard.ends_with("\n\n") {
            let piece = listener.chunk().await.expect("readable").expect("not at its end");
            heard += &String::from_utf8_lossy(&piece);
        }
        heard
    };
    let heard = tokio::time::timeout(SOON, hears).await.expect("a manager hears of it");
    assert!(heard.contains("\"property_id\":\"oak\"") && !heard.contains("elm"), "{heard}");
}

#[tokio::test]
async fn the_rota_shows_who_works_and_a_swap_moves_the_shift() {
    let house = House::start().await;
    let rota = house.get("oak", "/api/v1/rota").await;
    let ids: Vec<_> = rota["items"].as_array().expect("a list").iter().map(|h| h["housekeeper_id"].clone()).collect();
    assert_eq!(ids, ["h-chen", "h-liu"], "of their own property only");
    assert_eq!((&rota["items"][0]["on_duty"], &rota["items"][0]["night_calls"]), (&json!(true), &json!(0)));
    let swap = json!({ "from_housekeeper_id": "h-chen", "to_housekeeper_id": "h-liu",
        "starts_at": "2026-01-05T18:00:00+08:00", "ends_at": "2026-01-06T08:00:00+08:00" });
    for (who, body, expected) in [
        ("mo", swap.clone(), 403),
        ("south", swap.clone(), 404),
        (
            "oak",
            json!({ "from_housekeeper_id": "h-chen", "to_housekeeper_id": "h-mo",
            "starts_at": "2026-01-05T18:00:00+08:00", "ends_at": "2026-01-06T08:00:00+08:00" }),
            404,
        ),
        (
            "oak",
            json!({ "from_housekeeper_id": "h-chen", "to_housekeeper_id": "h-liu",
            "starts_at": "2026-01-05T18:00:00+08:00", "ends_at": "2026-01-05T08:00:00+08:00" }),
            422,
        ),
    ] {
        let (status, problem) = house.post(who, "/api/v1/rota/swaps", body).await;
        assert_eq!(status, expected, "{who}: {problem}");
    }
    let (status, made) = house.post("chen", "/api/v1/rota/swaps", swap.clone()).await;
    assert_eq!(status, 200, "{made}");
    let (_, again) = house.post("oak", "/api/v1/rota/swaps", swap).await;
    assert_eq!(again["id"], made["id"]);
    let rota = house.get("oak", "/api/v1/rota?property=oak").await;
    assert_eq!((&rota["items"][0]["on_duty"], &rota["swaps"][0]["id"]), (&json!(false), &made["id"]));
    let turns = &rota["properties"][0]["turns"];
    let expected = json!([
        { "housekeeper_id": "h-liu", "from": null, "until": null },
        { "housekeeper_id": "h-chen", "from": "2026-01-06T00:00:00.000Z", "until": null },
    ]);
    assert_eq!(
        (&rota["properties"][0]["timezone"], turns),
        (&json!("Asia/Shanghai"), &expected),
        "the swap is counted in"
    );
    let id = house.leak().await;
    assert_eq!(moves(&house, &id, "offered").await[0]["to"], json!(["h-liu"]), "it is their shift now");
    let cancel = format!("/api/v1/rota/swaps/{}/cancel", made["id"].as_str().expect("an id"));
    assert_eq!(house.post("mo", &cancel, json!({})).await.0, 403);
    assert_eq!(house.post("chen", &cancel, json!({})).await.0, 200);
    assert_eq!(house.post("chen", &cancel, json!({})).await.0, 404);
    assert_eq!(house.get("oak", "/api/v1/rota").await["swaps"], json!([]));
}

async fn survey(house: &House, ticket: &str, score: i64) {
    let Store::Sqlite { writer, .. } = &house.store else { unreachable!("on SQLite") };
    let row = "INSERT INTO surveys (ticket_id, asked_at, score, answered_at) VALUES ($1, 1, $2, 2)";
    sqlx::query(row).bind(ticket).bind(score).execute(writer).await.expect("stored");
}

#[tokio::test]
async fn the_rates_count_and_every_number_opens_down_to_its_tickets() {
    let house = House::start().await;
    let id = house.leak().await;
    house.clock.advance(5 * MINUTE);
    let of = |rest: &str| format!("/api/v1/tickets/{id}/{rest}");
    for step in ["accept", "arrive"] {
        assert_eq!(house.post("chen", &of(step), json!({})).await.0, 200, "{step}");
    }
    house.hear("elm/3A/sink", nightporter::model::Fact::Leak(true)).await;
    let elm = house.ticket_of("elm/3A/sink").await;
    house.clock.advance(25 * HOUR);
    eventually(SOON, "the times of both are up", async || {
        let stats = house.get("ops", "/api/v1/stats?by=property").await;
        let items = stats["items"].as_array().expect("a list").clone();
        items.len() == 2 && items.iter().all(|i| i["closed_on_time"]["of"] != 0)
    })
    .await;
    survey(&house, &id, 9).await;
    let stats = house.get("ops", "/api/v1/stats?by=property").await;
    let oak = stats["items"].as_array().expect("a list").iter().find(|i| i["key"] == "oak").expect("oak");
    assert_eq!((&oak["rank"], &oak["name"], &oak["tickets"]), (&json!(1), &json!("Oak Court"), &json!(1)));
    let rate = |item: &Value, name: &str| (item[name]["met"].clone(), item[name]["of"].clone());
    assert_eq!(rate(oak, "answered_within_hour"), (json!(1), json!(1)));
    assert_eq!((rate(oak, "closed_on_time"), rate(oak, "closed")), ((json!(0), json!(1)), (json!(0), json!(1))));
    assert_eq!((rate(oak, "closed_satisfied"), &oak["nps"]["answers"]), ((json!(0), json!(0)), &json!(1)));
    let group = house.get("ops", "/api/v1/stats").await["items"][0].clone();
    assert_eq!(group["answered_within_hour"]["met"], 1);
    let link = group["answered_within_hour"]["tickets"].as_str().expect("a link").to_owned();
    let ids = async |rest: &str| {
        let list = house.get("ops", &format!("{link}{rest}")).await;
        list["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|t| t["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("&cause=leak").await, [id.clone(), elm.clone()]);
    assert_eq!((ids("&met=true").await, ids("&met=false&cause=leak").await), (vec![id.clone()], vec![elm]));
    let people = house.get("ops", "/api/v1/stats?by=person").await;
    assert_eq!((&people["items"][0]["key"], &people["items"][0]["name"]), (&json!("h-chen"), &json!("Chen Mei")));
    let top = &people["causes"][0];
    assert_eq!((&top["cause"], &top["count"], &top["before"]), (&json!("leak"), &json!(1), &json!(0)));
    let last = people["causes"].as_array().and_then(|all| all.last()).expect("causes");
    assert_eq!(last["cumulative"], 1.0);
    let behind = house.get("ops", top["tickets"].as_str().expect("a link")).await;
    assert_eq!(behind["items"].as_array().map(Vec::len), Some(1));
    let theirs = house.get("south", "/api/v1/stats?by=property").await;
    assert_eq!(theirs["items"].as_array().map(Vec::len), Some(1), "of their region only: {theirs}");
    let before = house.get("ops", "/api/v1/stats?from=2025-01-01&to=2025-12-31").await;
    assert_eq!(
        (before["items"].as_array().map(Vec::len), before["causes"].as_array().map(Vec::len)),
        (Some(0), Some(0))
    );
    for bad in ["by=nobody", "from=soon", "from=2026-02-01&to=2026-01-01", "since=2026-01-01"] {
        assert_eq!(house.problem("ops", &format!("/api/v1/stats?{bad}")).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn tasks_come_in_pages_that_hold_each_once() {
    let house = House::start().await;
    let mut tx = house.store.begin().await.expect("begins");
    for n in 0..5_i64 {
        let task = Task {
            id: format!("task-{n}"),
            ticket_id: "k".into(),
            property_id: if n == 4 { "elm".into() } else { "oak".into() },
            unit_id: None,
            what: "bed".to_owned(),
            from: "2026-01-05".parse().expect("a day"),
            to: "2026-01-06".parse().expect("a day"),
            created_at: Timestamp(n / 2),
            done: None,
        };
        tx.add_task(&task).await.expect("kept");
    }
    tx.commit().await.expect("committed");
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = house.get("oak", &format!("/api/v1/tasks?open=true&limit=2{after}")).await;
        seen.extend(page["items"].as_array().expect("a list").iter().map(|t| t["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, (0..4).map(|n| json!(format!("task-{n}"))).collect::<Vec<_>>());
    assert_eq!(house.problem("oak", "/api/v1/tasks?after=x").await.0, 400);
    let (status, done) = house.post("oak", "/api/v1/tasks/task-0/done", json!({})).await;
    assert_eq!((status, done["done_at"].is_string()), (200, true), "{done}");
    assert_eq!(house.post("oak", "/api/v1/tasks/task-4/done", json!({})).await.0, 404, "another property's");
}
