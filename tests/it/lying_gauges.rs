//! What a model's gauges are known for is presumed of the next of its devices: through the door, from readings to texts.

use nightporter::clock::Clock;
use nightporter::commit::{Attempt, Cause, Committer, Item};
use nightporter::decide::{DeviceState, Heard};
use nightporter::model::time::{DAY, HOUR, MINUTE};
use nightporter::model::*;
use nightporter::store::{MessageFilter, Page, Store, TicketFilter};
use serde_json::json;
use tokio::sync::mpsc;

use crate::house::{REGISTRY, at, committer, registry};

const ALL: Page = Page { limit: 100, after: None };

struct House {
    store: Store,
    clock: Clock,
    door: Committer,
    _attempts: mpsc::Receiver<Attempt>,
}

/// By day, with `locks` more locks of a model, `d1` and so on, in the first apartment.
async fn house(locks: usize, model: &str) -> House {
    let store = Store::open("sqlite::memory:").await.expect("opens");
    store.migrate().await.expect("a schema");
    let more: String = (1..=locks).map(|n| format!("d{n},oak-1,lock,Door {n},{model},,alkaline,4 AA,\n")).collect();
    let files = REGISTRY.map(|(name, text)| {
        let more = if name == "devices.csv" { more.as_str() } else { "" };
        (name, format!("{text}{more}"))
    });
    store.import(&registry(&files)).await.expect("a registry");
    let clock = Clock::manual(at("2026-01-05T02:30:00Z"));
    let (door, attempts) = committer(&store, &clock, "me");
    House { store, clock, door, _attempts: attempts }
}

impl House {
    async fn tell(&self, key: &str, facts: &[Fact]) {
        let now = self.clock.now();
        let readings = facts.iter().map(|fact| Reading::new(fact.clone())).collect();
        let heard = Heard { readings, received_at: now, retained: false, fingerprint: now.0.unsigned_abs() };
        self.door.settle(vec![Item::of(vec![Cause::Heard(key.into(), heard)])]).await;
    }

    /// Readings of a level, some minutes apart.
    async fn shows(&self, key: &str, levels: &[f64]) {
        for level in levels {
            self.clock.advance(5 * MINUTE);
            self.tell(key, &[Fact::BatteryPercent(*level)]).await;
        }
    }

    /// What was written to tenants about a device, what the ticket begins with, and what is known of its gauge.
    async fn of(&self, key: &str) -> (Vec<String>, serde_json::Value, DeviceState) {
        let mut tx = self.store.read().await.expect("reads");
        let filter = TicketFilter { device: Some(key.to_owned()), ..TicketFilter::default() };
        let tickets = tx.list_tickets(&filter, &ALL).await.expect("tickets");
        let state = tx.load_states(&[key]).await.expect("a state").pop().expect("it has spoken");
        let state = serde_json::from_str(&state.state).expect("a state");
        let Some(ticket) = tickets.first() else { return (Vec::new(), serde_json::Value::Null, state) };
        let about = MessageFilter { ticket: Some(ticket.id.0.clone()), ..MessageFilter::default() };
        let messages = tx.list_messages(&about, &ALL).await.expect("messages");
        let to_tenant = messages.into_iter().filter(|m| m.recipient.starts_with("tenant:"));
        let opened = tx.ticket_events(&ticket.id.0).await.expect("events").remove(0).4;
        (to_tenant.filter_map(|m| m.template).collect(), serde_json::from_str(&opened).expect("JSON"), state)
    }
}

#[tokio::test]
async fn what_three_of_a_model_did_is_presumed_of_the_fourth_and_not_after_two() {
    let house = house(5, "Acme One").await;
    for key in ["d1", "d2"] {
        house.shows(key, &[0.9, 0.9, 0.91, 0.9, 0.9]).await;
    }
    house.clock.advance(2 * HOUR);
    house.shows("d4", &[15.0, 14.0]).await;
    let (told, _, state) = house.of("d4").await;
    assert_eq!((told, state.battery.gauge.presumed), (vec!["battery_tenant".to_owned()], vec![]), "two may be chance");
    house.shows("d3", &[0.9, 0.9, 0.91, 0.9, 0.9]).await;
    house.clock.advance(2 * HOUR);
    house.shows("d5", &[1.0]).await;
    let (_, _, state) = house.of("d5").await;
    let presumed: Vec<_> = state.battery.gauge.presumed.iter().map(|e| (e.lie, e.of_model)).collect();
    assert_eq!(presumed, [(Lie::Scale, Some(OfModel { caught: 3, of: 4 }))], "shown before it fools anybody");
    house.shows("d5", &[1.0]).await;
    let (told, opened, _) = house.of("d5").await;
    assert_eq!((told, &opened["gauge"]), (vec![], &json!("scale")));
    assert_eq!(opened["of_model"], json!({ "caught": 3, "of": 4 }));
}

#[tokio::test]
async fn five_percent_with_new_cells_is_a_visit_at_once_where_the_model_is_known_for_it() {
    let house = house(4, "Acme Five").await;
    for _ in 0..23 {
        for key in ["d1", "d2", "d3"] {
            house.tell(key, &[Fact::BatteryPercent(5.0)]).await;
        }
        house.clock.advance(DAY);
    }
    let (told, ..) = house.of("d1").await;
    assert!(told.contains(&"battery_tenant".to_owned()), "the first ones have fooled somebody: {told:?}");
    house.shows("d4", &[5.0, 5.0]).await;
    let (told, opened, state) = house.of("d4").await;
    assert_eq!((told, &opened["gauge"]), (vec![], &json!("empty_and_alive")));
    assert!(state.battery.gauge.is_trusted(), "it has done nothing itself, and is counted for nothing");
}

#[tokio::test]
async fn a_battery_behind_a_gauge_that_will_fall_off_a_cliff_is_looked_at_by_its_age() {
    let house = house(4, "Acme Cliff").await;
    let standing = |day: i64| (100 - day).max(80) as f64;
    let day = async |key: &str, level: f64| {
        house.tell(key, &[Fact::BatteryPercent(level)]).await;
        house.clock.advance(DAY);
    };
    for (key, days) in [("d1", 60), ("d2", 64), ("d3", 68)] {
        for n in 0..days {
            day(key, standing(n)).await;
        }
        house.tell(key, &[Fact::BatteryPercent(0.0)]).await;
        house.clock.advance(12 * HOUR);
        day(key, 0.0).await;
        house.clock.advance(5 * DAY);
        for _ in 0..5 {
            day(key, 100.0).await;
        }
    }
    let mut looked_at = None;
    for n in 0..68 {
        day("d4", standing(n)).await;
        let (told, opened, _) = house.of("d4").await;
        if !opened.is_null() {
            assert_eq!((told, &opened["gauge"], &opened["of_model"]["caught"]), (vec![], &json!("cliff"), &json!(3)));
            looked_at = Some(n);
            break;
        }
    }
    assert!(
        looked_at.is_some_and(|n| (46..=50).contains(&n)),
        "two weeks before the first of three ended: {looked_at:?}"
    );
}

#[tokio::test]
async fn a_voltage_tells_one_percent_from_full_where_the_curve_of_the_model_is_known() {
    let house = house(2, "lock_alk_q1").await;
    for _ in 0..4 {
        house.clock.advance(12 * HOUR);
        house.tell("d1", &[Fact::BatteryPercent(1.0), Fact::BatteryMillivolts(5_900.0)]).await;
        house.tell("d2", &[Fact::BatteryPercent(1.0), Fact::BatteryMillivolts(4_060.0)]).await;
    }
    assert_eq!(house.of("d1").await.1, serde_json::Value::Null, "a full pack, whatever the gauge means by 1");
    assert_eq!(house.of("d2").await.1["percent"], json!(1.0));
}
