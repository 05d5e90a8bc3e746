//! Kill -9 at any instant: no leak is lost, nothing is sent or paid twice. The real program, Mosquitto and HTTP.

use std::time::Duration;

use nightporter::model::Timestamp;
use nightporter::store::{Page, Store};

use crate::program::{Flat, House, Publisher};
use crate::services::{eventually, postgres_database};

/// How often the service is killed, unless `NIGHTPORTER_KILLS` says otherwise.
const KILLS: usize = 20;
/// Flats that have a leak and a new battery in each life of the service.
const FLATS_PER_LIFE: usize = 6;

fn kills() -> usize {
    std::env::var("NIGHTPORTER_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS)
}

/// Instants spread over a life by a fixed generator: the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_instant_it_loses_no_leak_and_sends_and_pays_nothing_twice() {
    survive(None, kills()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql() {
    let database = postgres_database();
    survive(Some(&database.url), kills().div_ceil(4)).await;
}

async fn survive(database: Option<&str>, kills: usize) {
    let flats = flats(kills * FLATS_PER_LIFE);
    let mut house = House::build(&flats, database, "").await;
    let mut publisher = house.publisher("devices");
    let mut dice = Dice(7);
    house.start();
    house.ready().await;
    for life in flats.chunks(FLATS_PER_LIFE) {
        misfortunes(&mut publisher, life).await;
        // Between the first effect and the last: somewhere in the middle of the work.
        let before = house.carrier.taken().len();
        let some = dice.below(8) as usize;
        eventually(Duration::from_secs(30), "work has begun", async || house.carrier.taken().len() >= before + some)
            .await;
        some_time(dice.below(60)).await;
        house.kill();
        publisher.settled().await;
        house.start();
    }
    house.ready().await;
    for flat in &flats {
        eventually(Duration::from_secs(60), &format!("everything for {}", flat.name), async || all_told(&house, flat))
            .await;
    }
    renew_batteries(&mut house, &mut publisher, &flats, &mut dice).await;
    house.stop();
    check_books(&house, database, &flats).await;
    for flat in &flats {
        assert_eq!(counts(&house, flat), (1, 1, 1), "leak, battery and thanks for {}", flat.name);
    }
}

/// Lets the service work on for a moment: the kill comes at an instant that nobody chose.
async fn some_time(ms: u64) {
    let never = tokio::time::timeout(Duration::from_millis(ms), std::future::pending::<()>()).await;
    assert!(never.is_err());
}

/// A leak and a low battery in each flat, among background noise.
async fn misfortunes(publisher: &mut Publisher, life: &[Flat]) {
    for (n, flat) in life.iter().enumerate() {
        let name = &flat.name;
        publisher.publish(format!("zigbee2mqtt/{name}-leak"), r#"{"water_leak":false,"battery":90}"#).await;
        publisher.publish(lock(name), r#"{"battery_percent":60,"boot_count":1}"#).await;
        publisher.publish(format!("zigbee2mqtt/{name}-leak"), r#"{"water_leak":true,"battery":90}"#).await;
        publisher.publish(lock(name), r#"{"battery_percent":18,"boot_count":1}"#).await;
        publisher.publish(lock(name), r#"{"battery_percent":17,"boot_count":1}"#).await;
        for noise in 0..40 {
            publisher
                .publish(format!("zigbee2mqtt/noise-{}", noise % 17), format!(r#"{{"battery":{}}}"#, 40 + n + noise))
                .await;
        }
    }
}

/// New batteries everywhere, proven by a restart of the lock and a second reading, with a kill in the middle.
async fn renew_batteries(house: &mut House, publisher: &mut Publisher, flats: &[Flat], dice: &mut Dice) {
    for (n, flat) in flats.iter().enumerate() {
        publisher.publish(lock(&flat.name), r#"{"battery_percent":100,"boot_count":2}"#).await;
        publisher.publish(lock(&flat.name), r#"{"battery_percent":99,"boot_count":2}"#).await;
        if n % 40 == 39 {
            publisher.settled().await;
            some_time(dice.below(40)).await;
            house.kill();
            house.start();
        }
    }
    publisher.settled().await;
    house.ready().await;
    for flat in flats {
        eventually(Duration::from_secs(60), &format!("thanks for {}", flat.name), async || counts(house, flat).2 >= 1)
            .await;
    }
}

fn lock(name: &str) -> String {
    format!("nightporter/v1/p-{name}/{name}-lock/telemetry")
}

fn flats(count: usize) -> Vec<Flat> {
    (0..count).map(|n| Flat { name: format!("f{n:04}"), phone: format!("+1415556{n:04}") }).collect()
}

/// Texts about the leak, the battery, and thanks.
fn counts(house: &House, flat: &Flat) -> (usize, usize, usize) {
    let texts = |words| house.texts(&flat.phone, words);
    (texts("Water at"), texts("running low"), texts("Thank you"))
}

fn all_told(house: &House, flat: &Flat) -> bool {
    let (leak, battery, _) = counts(house, flat);
    leak >= 1 && battery >= 1
}

/// The database agrees: one ticket of each kind for each flat, one reward each, all accounts together zero.
async fn check_books(house: &House, database: Option<&str>, flats: &[Flat]) {
    let url = database.map_or_else(|| format!("sqlite://{}", house.path("np.db").display()), str::to_owned);
    let store = Store::open(&url).await.expect("the database opens");
    let mut tx = store.read().await.expect("and is read");
    let all = Page { limit: 100_000, after: None };
    let entries = tx.list_entries(&all).await.expect("entries");
    assert_eq!(entries.len(), flats.len(), "one reward for each flat");
    let balance = tx.trial_balance().await.expect("balance");
    assert_eq!(balance.iter().map(|b| b.amount_minor).sum::<i64>(), 0);
    let tickets = tx.list_tickets(&Default::default(), &all).await.expect("tickets");
    assert_eq!(tickets.len(), 2 * flats.len(), "a leak and a battery for each flat");
    assert!(tickets.iter().all(|t| t.opened_at > Timestamp(0)));
}
