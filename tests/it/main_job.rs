//! The main job, end to end, in fast time: real Zigbee2MQTT messages through a real Mosquitto into the real program;
//! what the tenant is texted, what the ledger holds, where the tickets stand.

use std::time::Duration;

use nightporter::model::{DeviceKey, Ticket, TicketKind};
use nightporter::store::{Page, Store, TicketFilter};

use crate::program::{Flat, House, Publisher};
use crate::services::eventually;

/// Ten virtual minutes a second: nine in the morning in Beijing, and the night is far.
const MORNING: &str = "[clock]\nstart = \"2026-01-05T09:00:00+08:00\"\nspeed = 600.0\n";
/// A virtual hour a second, from the evening on.
const EVENING: &str = "[clock]\nstart = \"2026-01-05T21:30:00+08:00\"\nspeed = 3600.0\n";
const MANAGER: &str = "+14155550100";
const HOUSEKEEPER: &str = "+14155550101";
const TENANT: &str = "+14155560001";
const SOON: Duration = Duration::from_secs(20);

async fn house(clock: &str) -> (House, Publisher) {
    let flat = Flat { name: "12B".to_owned(), phone: TENANT.to_owned() };
    let mut house = House::build(&[flat], None, clock).await;
    house.start();
    house.ready().await;
    let publisher = house.publisher("devices");
    (house, publisher)
}

async fn tickets(house: &House, kind: TicketKind) -> Vec<Ticket> {
    let store = Store::open(&format!("sqlite://{}", house.path("np.db").display())).await.expect("database");
    let mut tx = store.read().await.expect("read");
    let filter = TicketFilter { kind: Some(kind.as_str().to_owned()), ..TicketFilter::default() };
    tx.list_tickets(&filter, &Page { limit: 100, after: None }).await.expect("tickets")
}

async fn status(house: &House, kind: TicketKind) -> Vec<&'static str> {
    tickets(house, kind).await.iter().map(|t| t.status.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leak_is_told_at_once_escalated_closed_on_proof_and_opened_again() {
    let (mut house, mut publisher) = house(MORNING).await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":false,"battery":71.5,"linkquality":158}"#).await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true,"battery":71.5,"linkquality":155}"#).await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true,"battery":71.5,"linkquality":150}"#).await;
    eventually(SOON, "tenant and housekeeper are told", async || {
        house.texts(TENANT, "Water at") == 1 && house.texts(HOUSEKEEPER, "Leak!") == 1
    })
    .await;
    let ticket = house.retained("nightporter/v1/p-12B/tickets/+", |_, payload| payload.contains("\"leak\"")).await;
    assert!(ticket.contains("\"severity\":\"emergency\"") && ticket.contains("12B-leak"), "{ticket}");
    house.retained("nightporter/status", |_, payload| payload == "online").await;
    eventually(SOON, "the manager is told after ten minutes", async || {
        house.texts(MANAGER, "nobody") + house.texts(MANAGER, "no housekeeper") == 1
    })
    .await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":false,"battery":71.5,"linkquality":151}"#).await;
    eventually(SOON, "dry for half an hour", async || status(&house, TicketKind::Leak).await == ["resolved"]).await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true,"battery":71.5,"linkquality":152}"#).await;
    eventually(SOON, "the same ticket again", async || {
        matches!(status(&house, TicketKind::Leak).await[..], ["open" | "offered"])
            && house.texts(TENANT, "Water at") == 2
    })
    .await;
    let counted = house.metrics().await;
    assert!(counted.contains("format=\"zigbee2mqtt\"") && !counted.contains("format=\"native\""), "{counted}");
    assert!(!counted.contains("nightporter_messages_rejected_total{"), "what it says itself is no message: {counted}");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_battery_waits_for_the_morning_and_a_proven_new_one_is_paid_once() {
    let (mut house, mut publisher) = house(EVENING).await;
    for percent in ["21.5", "19.5", "20.5", "19", "19", "20.5", "18.5"] {
        let payload = format!(r#"{{"battery":{percent},"state":"LOCK","lock_state":"locked","linkquality":60}}"#);
        publisher.publish("zigbee2mqtt/12B-lock", payload).await;
    }
    eventually(SOON, "one ticket", async || !status(&house, TicketKind::Battery).await.is_empty()).await;
    eventually(SOON, "one text", async || house.texts(TENANT, "running low") == 1).await;
    eventually(SOON, "the carrier's word is stored", async || {
        tickets(&house, TicketKind::Battery).await[0].told_at.is_some()
    })
    .await;
    let sent_at = tickets(&house, TicketKind::Battery).await[0].told_at.expect("told").to_utc();
    let hour_in_beijing = (chrono::Timelike::hour(&sent_at) + 8) % 24;
    assert!((8..21).contains(&hour_in_beijing), "texted at {hour_in_beijing} o'clock");
    // A fresh level, heard now and then over a virtual day and a half.
    let mut n = 0;
    eventually(Duration::from_secs(60), "proven", async || {
        n += 1;
        publisher.publish("zigbee2mqtt/12B-lock", format!(r#"{{"battery":99.5,"linkquality":{n}}}"#)).await;
        publisher.settled().await;
        status(&house, TicketKind::Battery).await == ["resolved"]
    })
    .await;
    eventually(SOON, "thanked", async || house.texts(TENANT, "Thank you") == 1).await;
    assert_eq!(house.texts(TENANT, "running low"), 1);
    // A machine that is slow may be seen as a tenant who is: two virtual days are 48 seconds.
    let paid = tickets(&house, TicketKind::Battery).await[0].reward_minor;
    assert!(matches!(paid, Some(1000 | 500)), "{paid:?}");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_says_good_bye_is_silent_and_back_again() {
    let (mut house, mut publisher) = house(MORNING).await;
    publisher.publish("nightporter/v1/p-12B/12B-leak/telemetry", r#"{"leak":false,"battery_percent":81}"#).await;
    publisher.publish_retained("nightporter/v1/p-12B/12B-leak/status", "offline", true).await;
    eventually(SOON, "silent", async || status(&house, TicketKind::Silent).await.len() == 1).await;
    publisher.publish("nightporter/v1/p-12B/12B-leak/telemetry", r#"{"leak":false,"battery_percent":80}"#).await;
    eventually(SOON, "back", async || status(&house, TicketKind::Silent).await == ["resolved"]).await;
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_messages_are_kept_for_inspection_and_cost_no_neighbour() {
    let (mut house, mut publisher) = house(MORNING).await;
    let hostile: [&[u8]; 7] = [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"[1,2",
        b"{\"water_leak\":tru",
        b"\0\0\0",
        b"{\"battery\":1e999,\"water_leak\":\"maybe\"}",
    ];
    for (n, payload) in hostile.iter().enumerate() {
        publisher.publish(format!("zigbee2mqtt/stranger-{n}"), *payload).await;
    }
    publisher.publish("zigbee2mqtt/12B-leak", vec![b' '; 257 * 1024]).await;
    publisher.publish("zigbee2mqtt/12B-leak", vec![b'['; 100 * 1024]).await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "the neighbour is heard", async || house.texts(TENANT, "Water at") == 1).await;
    let store = Store::open(&format!("sqlite://{}", house.path("np.db").display())).await.expect("database");
    let rejects =
        store.read().await.expect("read").list_rejects(&Page { limit: 100, after: None }).await.expect("rejects");
    let codes: Vec<&str> = rejects.iter().map(|(_, r)| r.code.as_str()).collect();
    for code in ["invalid_json", "invalid_utf8", "payload_too_large"] {
        assert!(codes.contains(&code), "{code} among {codes:?}");
    }
    house.stop();
}

/// The real messages of the fixtures, all at once: nothing falls over, and a leak after them is told.
#[tokio::test(flavor = "multi_thread")]
async fn all_real_messages_pass_and_a_leak_after_them_is_told() {
    use base64::Engine as _;
    let (mut house, mut publisher) = house(MORNING).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/payloads");
    let text = std::fs::read_to_string(format!("{folder}/zigbee2mqtt.jsonl"))
        .or_else(|_| std::fs::read_to_string(format!("{folder}/dev/zigbee2mqtt.jsonl")))
        .expect("fixtures");
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a fixture is JSON");
        let payload = match (line["payload"].as_str(), line["payload_b64"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(code)) => base64::engine::general_purpose::STANDARD.decode(code).expect("base64"),
            (None, None) => Vec::new(),
        };
        publisher.publish_retained(line["topic"].as_str().expect("topic"), payload, line["retained"] == true).await;
    }
    publisher.settled().await;
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at") == 1).await;
    house.stop();
}

/// Broker, database and carrier away: `readyz` says which, work waits, nothing is lost, it recovers alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_is_named_and_nothing_is_lost() {
    // Were the lock's silence noticed while nobody can hear it, its ticket would open before the broker's.
    let presence = "[presence]\nunknown_rhythm = \"20m\"\nleast = \"20m\"\nbroker_grace = \"40m\"\n";
    let (mut house, mut publisher) = house(&format!("{presence}{MORNING}")).await;
    publisher.publish("zigbee2mqtt/12B-lock", r#"{"battery":90}"#).await;
    publisher.settled().await;
    house.mosquitto.stop();
    eventually(SOON, "the broker is missed", async || house.readyz().await.contains("broker")).await;
    eventually(SOON, "people are told", async || house.texts(HOUSEKEEPER, "message broker") == 1).await;
    let silent = tickets(&house, TicketKind::Silent).await;
    assert!(silent.len() == 1 && silent[0].device_key.as_ref().is_some_and(DeviceKey::is_broker), "{silent:?}");
    house.kill();
    house.start();
    house.mosquitto.restart();
    house.ready().await;
    eventually(SOON, "its ticket is resolved", async || {
        let mut silent = tickets(&house, TicketKind::Silent).await;
        silent.retain(|t| t.device_key.as_ref().is_some_and(DeviceKey::is_broker));
        silent.len() == 1 && silent[0].status.as_str() == "resolved"
    })
    .await;
    assert_eq!(house.texts(HOUSEKEEPER, "message broker"), 1, "told once, whoever restarts");
    let mut publisher = house.publisher("devices-again");
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at") == 1).await;
    house.kill();
    house.retained("nightporter/status", |_, payload| payload == "offline").await;
}

/// The broker keeps what is not committed: it is acknowledged after the commit, never before.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_commit_it_hears_of_the_leak_again() {
    let (mut house, mut publisher) = house(MORNING).await;
    let store = Store::open(&format!("sqlite://{}", house.path("np.db").display())).await.expect("the database opens");
    let in_the_way = store.begin().await.expect("nobody else may write");
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "a commit was tried", async || {
        let metrics = house.metrics().await;
        metrics.lines().any(|l| l.starts_with("nightporter_commit_failures_total ") && !l.ends_with(" 0"))
    })
    .await;
    let ready = house.readyz().await;
    assert!(ready.contains(r#""database":{"ok":false"#), "it can be read, and nothing can be stored: {ready}");
    house.kill();
    drop(in_the_way);
    store.close().await;
    house.start();
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at") == 1).await;
}

/// Somebody else holds the file: an orderly end waits for seconds, not for ever, and loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_holds_the_end_up_for_seconds_only() {
    let (mut house, mut publisher) = house(MORNING).await;
    let store = Store::open(&format!("sqlite://{}", house.path("np.db").display())).await.expect("the database opens");
    let in_the_way = store.begin().await.expect("nobody else may write");
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "a commit was tried", async || house.readyz().await.contains(r#""database":{"ok":false"#)).await;
    let told_at = tokio::time::Instant::now();
    house.stop();
    let took = told_at.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}\n{}", house.log());
    drop(in_the_way);
    store.close().await;
    house.start();
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at") == 1).await;
    house.stop();
}

/// What is written to a file that nobody finds again is lost: it is noticed, told, and nothing more is acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_deleted_under_the_service_acknowledges_nothing_more() {
    let (mut house, mut publisher) = house(MORNING).await;
    assert_eq!(house.readyz().await, "");
    std::fs::remove_file(house.path("np.db")).expect("it was there");
    assert!(house.readyz().await.contains("deleted or replaced"), "told without any message");
    std::fs::write(house.path("np.db"), "").expect("another file");
    publisher.publish("zigbee2mqtt/12B-leak", r#"{"water_leak":true}"#).await;
    eventually(SOON, "it is logged", async || {
        house.log().lines().any(|line| line.contains("health.away") && line.contains("deleted or replaced"))
    })
    .await;
    assert!(house.readyz().await.contains("deleted or replaced"));
    house.stop();
    house.forget();
    house.start();
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at") == 1).await;
    house.stop();
}

/// A sensor may be wet before anybody has entered it into the registry: held, and told as soon as it is known.
#[tokio::test(flavor = "multi_thread")]
async fn water_told_before_the_registration_is_not_lost() {
    let (mut house, mut publisher) = house(MORNING).await;
    publisher.publish("zigbee2mqtt/new leak", r#"{"water_leak":true}"#).await;
    publisher.settled().await;
    let devices = house.path("registry").join("devices.csv");
    let known = std::fs::read_to_string(&devices).expect("registry");
    std::fs::write(&devices, format!("{known}new leak,u-12B,leak_sensor,Boiler,,\n")).expect("registry");
    let folder = house.path("registry");
    house.command(&["import", folder.to_str().expect("path")]);
    eventually(SOON, "the leak is told", async || house.texts(TENANT, "Water at Boiler") == 1).await;
    house.stop();
}
