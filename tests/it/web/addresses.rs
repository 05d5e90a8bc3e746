//! The addresses of people's own pages: made, renewed and ended by who leads there.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PUBLIC_URL, answer};
use nightporter::store::Store;

const CHEN: &str = "/api/v1/pages/housekeepers/h-chen";
const TENANT: &str = "/api/v1/pages/tenants/t-oak";

/// Makes an address; the path of the page.
async fn made(house: &House, who: &str, of: &str) -> String {
    let (status, made) = house.post(who, of, json!({})).await;
    assert_eq!((status, &made["made_at"]), (200, &json!("2026-01-05T10:30:00.000Z")), "{made}");
    let address = made["address"].as_str().expect("an address");
    address.strip_prefix(PUBLIC_URL).expect("an address of ours").to_owned()
}

async fn opens(house: &House, path: &str) -> bool {
    house.ask("", Method::GET, path, None).await.status() == 200
}

async fn end(house: &House, who: &str, of: &str) -> (u16, Value) {
    answer(house.ask(who, Method::DELETE, of, None).await).await
}

#[tokio::test]
async fn an_address_opens_one_page_until_it_is_renewed_or_ended() {
    let house = House::start().await;
    let none = json!({ "made_at": null, "address": null });
    for (of, folder, by_command) in [(CHEN, "/h/np_", "chen"), (TENANT, "/t/np_", "home")] {
        let first = made(&house, "oak", of).await;
        assert!(first.starts_with(folder) && opens(&house, &first).await, "{first}");
        assert_eq!(house.problem(by_command, "/api/v1/jobs").await.0, 401, "what the command made for them has ended");
        let told = house.get("ops", of).await;
        assert_eq!(told, json!({ "made_at": "2026-01-05T10:30:00.000Z", "address": null }), "told once");
        let second = made(&house, "north", of).await;
        assert_eq!((opens(&house, &first).await, opens(&house, &second).await), (false, true), "one at a time");
        for _ in 0..2 {
            assert_eq!(end(&house, "oak", of).await, (200, none.clone()), "twice is once");
        }
        assert!(!opens(&house, &second).await);
        assert_eq!(house.get("oak", of).await, none);
    }
}

#[tokio::test]
async fn only_who_sees_all_that_a_page_shows_has_its_address() {
    let house = House::start().await;
    let Store::Sqlite { writer, .. } = &house.store else { unreachable!("on SQLite") };
    for change in [
        "INSERT INTO housekeeper_properties (housekeeper_id, property_id) VALUES ('h-mo', 'oak')",
        "UPDATE tenants SET to_day = '2025-12-31' WHERE id = 't-elm'",
    ] {
        sqlx::query(change).execute(writer).await.expect("stored");
    }
    let page = "/api/v1/pages";
    for (who, of, expected) in [
        ("south", CHEN.to_owned(), 404),
        ("south", TENANT.to_owned(), 404),
        ("oak", format!("{page}/tenants/t-elm"), 404),
        ("ops", format!("{page}/tenants/t-elm"), 409),
        ("ops", format!("{page}/tenants/nobody"), 404),
        ("ops", format!("{page}/managers/oak"), 404),
        ("oak", format!("{page}/housekeepers/h-mo"), 403),
        ("chen", CHEN.to_owned(), 403),
        ("home", TENANT.to_owned(), 403),
    ] {
        let (status, problem) = house.post(who, &of, json!({})).await;
        assert_eq!(status, expected, "{who} {of}: {problem}");
    }
    assert_eq!(end(&house, "south", CHEN).await.0, 404);
    assert_eq!(end(&house, "oak", &format!("{page}/housekeepers/h-mo")).await.0, 403);
    assert_eq!(house.problem("mo", "/api/v1/jobs").await.0, 200, "nothing was ended");
}
