//! Rewards and redemptions: covered or refused, booked once, and the ledger sums to zero.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, answer, token};

async fn redeem(house: &House, key: Option<&str>, body: Value) -> (u16, Value) {
    let mut request = house.request(Method::POST, "/api/v1/tenants/t-oak/redemptions").bearer_auth(token("oak"));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    answer(request.json(&body).send().await.expect("an answer")).await
}

fn yuan(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "CNY" })
}

#[tokio::test]
async fn a_redemption_is_booked_once_and_only_if_covered() {
    let house = House::start().await;
    assert_eq!(house.get("oak", "/api/v1/tenants/t-oak/rewards").await["balance"], yuan(0));
    house.credit("t-oak", "replacement:1", 1_000).await;
    let (status, first) = redeem(&house, Some("k1"), yuan(400)).await;
    assert_eq!((status, &first["amount"]), (201, &yuan(400)), "{first}");
    assert_eq!(redeem(&house, Some("k1"), yuan(400)).await, (201, first), "the same answer again");
    let cases = [
        (Some("k1"), yuan(401), 409, "idempotency-conflict"),
        (Some("k1"), json!({ "amount_minor": 400, "currency": "EUR" }), 409, "idempotency-conflict"),
        (Some("k2"), yuan(601), 422, "not-covered"),
        (Some("k3"), json!({ "amount_minor": 1, "currency": "EUR" }), 422, "not-covered"),
        (Some("k4"), yuan(0), 422, "bad-amount"),
        (Some("k4"), yuan(-5), 422, "bad-amount"),
        (Some(" "), yuan(1), 400, "idempotency-key"),
        (None, yuan(1), 400, "idempotency-key"),
    ];
    for (key, body, status, word) in cases {
        let (told, problem) = redeem(&house, key, body.clone()).await;
        assert_eq!((told, &problem["type"]), (status, &json!(format!("urn:nightporter:problem:{word}"))), "{body}");
    }
    assert_eq!(redeem(&house, Some("k2"), yuan(600)).await.0, 201, "a refused key is still free");
    let rewards = house.get("oak", "/api/v1/tenants/t-oak/rewards").await;
    assert_eq!(rewards["balance"], yuan(0));
    let amounts: Vec<_> =
        rewards["entries"].as_array().expect("a list").iter().map(|e| &e["amount"]["amount_minor"]).collect();
    assert_eq!(amounts.iter().filter_map(|a| a.as_i64()).sum::<i64>(), 0);
    assert_eq!(amounts.len(), 3);
    let trial = house.get("ops", "/api/v1/ledger/trial-balance").await;
    assert_eq!(trial["total_minor"], 0);
    assert_eq!(trial["accounts"].as_array().map(Vec::len), Some(3));
    assert_eq!(house.problem("oak", "/api/v1/tenants/t-elm/rewards").await.0, 404);
}

#[tokio::test]
async fn many_at_once_never_take_more_than_there_is() {
    let house = House::start().await;
    house.credit("t-oak", "replacement:1", 1_000).await;
    let tries = (0..8).map(|n| {
        let house = &house;
        async move { redeem(house, Some(&format!("k{}", n / 2)), yuan(300)).await.0 }
    });
    let mut told = futures_util::future::join_all(tries).await;
    told.sort_unstable();
    assert_eq!(told, [201, 201, 201, 201, 201, 201, 422, 422], "three keys of four, each asked twice");
    assert_eq!(house.get("ops", "/api/v1/tenants/t-oak/rewards").await["balance"], yuan(100));
}

#[tokio::test]
async fn a_key_of_one_tenant_is_never_another_tenants() {
    let house = House::start().await;
    let mut tx = house.store.begin().await.expect("begun");
    let columns = &["id", "unit_id", "name", "phone", "locale", "from_day", "to_day", "consent"];
    let row = |id: &str| {
        [id, "12b", "Twin", "+8613800000009", "en", "2025-01-01", "", ""].map(|c| Some(c.to_owned())).to_vec()
    };
    let rows: Vec<_> = ["a", "a:b"]
        .map(row)
        .into_iter()
        .map(|mut r| {
            r[6] = None;
            r
        })
        .collect();
    let table = nightporter::store::Table { name: "tenants", columns, integers: &[], reals: &[], keys: 1, rows: &rows };
    tx.put(&table).await.expect("put");
    tx.commit().await.expect("committed");
    house.credit("a", "replacement:1", 1_000).await;
    house.credit("a:b", "replacement:2", 1_000).await;
    let redeem = async |tenant: &str, key: &str| {
        let path = format!("/api/v1/tenants/{}/redemptions", super::house::encode(tenant));
        let request = house.request(Method::POST, &path).bearer_auth(token("ops")).header("idempotency-key", key);
        answer(request.json(&yuan(100)).send().await.expect("an answer")).await
    };
    for (tenant, key) in [("a:b", "c"), ("a", "b:c")] {
        let (status, booked) = redeem(tenant, key).await;
        assert_eq!((status, &booked["tenant_id"]), (201, &json!(tenant)), "{booked}");
        assert_eq!(
            house.get("ops", &format!("/api/v1/tenants/{}/rewards", super::house::encode(tenant))).await["balance"],
            yuan(900)
        );
    }
}
