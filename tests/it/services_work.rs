//! The services that the other tests stand on do what those tests need.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, Row};

use crate::services::{Mosquitto, eventually, postgres_database};

#[test]
fn mosquitto_stops_dies_and_comes_back_on_its_port() {
    let mut mosquitto = Mosquitto::start();
    let port = mosquitto.port();
    let is_up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert_eq!(mosquitto.url(), format!("mqtt://127.0.0.1:{port}"));
    mosquitto.stop();
    assert!(!is_up());
    mosquitto.restart();
    assert!(is_up());
    mosquitto.kill();
    assert!(!is_up());
    mosquitto.restart();
    assert!(is_up());
    drop(mosquitto);
    assert!(!is_up());
}

#[tokio::test]
async fn a_database_is_fresh_and_gone_afterwards() {
    let [one, other] = [postgres_database(), postgres_database()];
    let mut connection = PgConnection::connect(&one.url).await.expect("connects");
    connection.execute("CREATE TABLE t (a BIGINT)").await.expect("creates");
    let mut neighbour = PgConnection::connect(&other.url).await.expect("connects");
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 't'";
    let row = sqlx::query(tables).fetch_one(&mut neighbour).await.expect("counts");
    assert_eq!(row.get::<i64, _>(0), 0);
    let url = one.url.clone();
    drop(one);
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn eventually_looks_until_it_holds() {
    let mut looks = 0;
    eventually(Duration::from_secs(5), "three looks", async || {
        looks += 1;
        looks == 3
    })
    .await;
}
