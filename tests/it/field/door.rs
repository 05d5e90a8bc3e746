//! The door and devices from the field: what is announced, held, adopted, dismissed, quarantined and confirmed.

use nightporter::clock::Clock;
use nightporter::commit::{Cause, Committer, Item};
use nightporter::decide::{DeviceState, Heard};
use nightporter::decode::{Routes, announce, decode};
use nightporter::ingest::Origin;
use nightporter::model::time::{DAY, HOUR, MINUTE};
use nightporter::model::*;
use nightporter::store::{DeviceRow, Page, Quarantined, StateRow, Store, TicketFilter};

use crate::house::{REGISTRY, at, committer, registry};

/// A registry of two properties, and a door that takes one message after another.
struct Site {
    store: Store,
    clock: Clock,
    routes: Routes,
    door: Committer,
    _attempts: tokio::sync::mpsc::Receiver<nightporter::commit::Attempt>,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&format!("sqlite://{}/np.db", folder.path().display())).await.expect("opens");
        store.migrate().await.expect("migrates");
        store.import(&registry(&REGISTRY)).await.expect("imports");
        let clock = Clock::manual(at("2026-01-05T12:00:00+08:00"));
        let (door, attempts) = committer(&store, &clock, "me");
        let mut routes = Routes::default();
        routes.place("zigbee2mqtt_elm/#", "elm".into()).expect("a filter");
        Self { store, clock, routes, door, _attempts: attempts, _folder: folder }
    }

    fn item(&self, topic: &str, payload: &str, retained: bool) -> Item {
        let decoded = decode(topic, payload.as_bytes(), &self.routes).expect("decodes");
        let announced = announce(topic, payload.as_bytes(), &decoded, &self.routes);
        let origin = Origin::new(topic, payload.as_bytes(), decoded.format, announced);
        let named = decoded.devices.into_iter().filter_map(|d| Some((d.device_key?, d.readings)));
        let heard = |readings| Heard {
            readings,
            received_at: self.clock.now(),
            retained,
            fingerprint: payload.len() as u64 ^ self.clock.now().0.unsigned_abs(),
        };
        let causes = named.map(|(key, readings)| Cause::Heard(key, heard(readings))).collect();
        Item { origin: Some(Box::new(origin)), ..Item::of(causes) }
    }

    async fn step(&self, item: Item) -> Result<(), nightporter::decide::Refusal> {
        self.clock.advance(MINUTE);
        let committed = self.door.step(&[item]).await.expect("commits");
        committed.answers.into_iter().next().map_or(Ok(()), |(_, answer)| answer.map(drop))
    }

    async fn say(&self, topic: &str, payload: &str) {
        self.step(self.item(topic, payload, false)).await.expect("nothing is refused");
    }

    async fn say_retained(&self, topic: &str, payload: &str) {
        self.step(self.item(topic, payload, true)).await.expect("nothing is refused");
    }

    async fn adopt(&self, key: &str, kind: DeviceKind) -> Result<(), nightporter::decide::Refusal> {
        let device = Device {
            key: key.into(),
            unit_id: "oak-1".into(),
            property_id: "oak".into(),
            kind,
            name: key.to_owned(),
            model: None,
            valve_for: None,
            chemistry: None,
            cells: None,
            gateway: None,
        };
        self.step(Item::of(vec![Cause::Adopt(Box::new(device))])).await
    }

    async fn device(&self, key: &str) -> Option<DeviceRow> {
        self.store.read().await.expect("reads").device(key).await.expect("reads")
    }

    async fn about(&self, key: &str) -> Profile {
        let text = self.device(key).await.expect("known").about.expect("something is known");
        serde_json::from_str(&text).expect("plain data")
    }

    async fn held(&self) -> Vec<String> {
        let filter = nightporter::store::DeviceFilter::default();
        let rows = self.store.read().await.expect("reads").list_devices(&filter, None, 100).await.expect("reads");
        rows.into_iter().map(|row| row.key.0).collect()
    }

    async fn quarantine(&self) -> Vec<Quarantined> {
        self.store.read().await.expect("reads").list_quarantined(None, 100).await.expect("reads")
    }

    async fn tickets(&self) -> Vec<(TicketKind, String)> {
        let page = Page { limit: 100, after: None };
        let filter = TicketFilter::default();
        let tickets = self.store.read().await.expect("reads").list_tickets(&filter, &page).await.expect("reads");
        tickets.into_iter().map(|t| (t.kind, t.device_key.map_or(String::new(), |k| k.0))).collect()
    }
}

const SINK: &str = r#"[{"ieee_address":"0x00158d0001a2b3c4","type":"EndDevice","friendly_name":"sink","power_source":"Battery",
    "definition":{"model":"SJCGQ11LM","vendor":"Aqara","exposes":[{"property":"water_leak"},{"property":"battery"}]}}]"#;

/// A state of the device with this address.
fn state(address: &str, leak: bool) -> String {
    format!(r#"{{"water_leak":{leak},"battery":64,"device":{{"ieeeAddr":"{address}"}}}}"#)
}

#[tokio::test]
async fn a_stranger_is_held_with_all_that_it_told_and_adopted_with_it() {
    let site = Site::new().await;
    site.say_retained("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#).await;
    site.say_retained("zigbee2mqtt/bridge/devices", SINK).await;
    assert_eq!(site.held().await, ["sink"], "announced, and the bridge is no device");
    site.say("zigbee2mqtt/sink", r#"{"water_leak":true,"battery":64,"linkquality":80}"#).await;
    site.say("zigbee2mqtt/sink", r#"{"water_leak":true,"battery":63,"linkquality":81}"#).await;
    let about = site.about("sink").await;
    assert_eq!((about.maker.as_deref(), about.model.as_deref()), (Some("Aqara"), Some("SJCGQ11LM")));
    assert_eq!((about.topic.as_deref(), about.format.as_deref()), (Some("zigbee2mqtt/sink"), Some("zigbee2mqtt")));
    assert_eq!((about.messages, about.proposed_kind()), (2, Some(DeviceKind::LeakSensor)));
    assert_eq!(site.tickets().await, [], "nothing is concluded of a stranger");
    site.adopt("sink", DeviceKind::LeakSensor).await.expect("adopted");
    assert_eq!(site.tickets().await, [(TicketKind::Leak, "sink".to_owned())], "it is wet now");
    let row = site.device("sink").await.expect("registered");
    let device = row.device.expect("registered");
    assert_eq!(device.model.as_deref(), Some("SJCGQ11LM"), "the operator gave none");
    assert!(row.state.expect("its history").contains("63"));
    assert_eq!(site.adopt("sink", DeviceKind::Lock).await, Err(nightporter::decide::Refusal::Registered));
    assert_eq!(site.adopt("nobody", DeviceKind::Lock).await, Err(nightporter::decide::Refusal::NotHeld));
    site.adopt("bridge", DeviceKind::Gateway).await.expect("a gateway need not have spoken");
}

#[tokio::test]
async fn the_history_of_a_held_device_counts_after_its_adoption() {
    let site = Site::new().await;
    let says = async |percent: u32, uptime: u32| {
        let payload = format!(r#"{{"battery_percent":{percent},"uptime_s":{uptime}}}"#);
        site.say("nightporter/v1/oak/door/telemetry", &payload).await;
        site.clock.advance(DAY);
    };
    for (n, percent) in (0..).zip([40, 35, 30, 25, 19, 18]) {
        says(percent, 1_000 + n * 86_460).await;
    }
    let battery = async || {
        let state = site.device("door").await.expect("known").state.expect("it spoke");
        serde_json::from_str::<DeviceState>(&state).expect("plain data").battery
    };
    let held = battery().await;
    assert_eq!(held.recent, [35.0, 30.0, 25.0, 19.0, 18.0]);
    assert!(!held.is_low() && site.tickets().await.is_empty(), "nothing is concluded of a stranger");
    site.adopt("door", DeviceKind::Lock).await.expect("adopted");
    assert_eq!(battery().await, held, "its history is kept");
    says(17, 600_000).await;
    assert_eq!(
        site.tickets().await,
        [(TicketKind::Battery, "door".to_owned())],
        "the third low reading, not the first"
    );
}

#[tokio::test]
async fn the_rhythm_of_a_held_device_is_known_when_it_is_adopted() {
    let site = Site::new().await;
    for _ in 0..9 {
        site.clock.advance(6 * HOUR - MINUTE);
        site.say("nightporter/v1/oak/door/telemetry", r#"{"battery_percent":90}"#).await;
    }
    site.adopt("door", DeviceKind::Lock).await.expect("adopted");
    let looked_at =
        async || site.step(Item::of(vec![Cause::DeviceDue("door".into())])).await.expect("nothing is refused");
    site.clock.advance(17 * HOUR);
    looked_at().await;
    assert_eq!(site.tickets().await, [], "three times its longest gap");
    site.clock.advance(HOUR);
    looked_at().await;
    assert_eq!(site.tickets().await, [(TicketKind::Silent, "door".to_owned())], "not the fifty hours of a stranger");
}

#[tokio::test]
async fn water_that_ran_while_its_meter_was_held_runs_still_when_it_is_adopted() {
    let site = Site::new().await;
    let runs = async || site.say("nightporter/v1/oak/meter/telemetry", r#"{"flow_lpm":0.5}"#).await;
    for _ in 0..60 {
        site.clock.advance(29 * MINUTE);
        runs().await;
    }
    assert_eq!(site.tickets().await, [], "nothing is concluded of a stranger");
    site.adopt("meter", DeviceKind::Meter).await.expect("adopted");
    site.clock.advance(29 * MINUTE);
    runs().await;
    assert_eq!(site.tickets().await, [(TicketKind::Leak, "meter".to_owned())], "it has never stopped for thirty hours");
}

#[tokio::test]
async fn a_will_that_was_said_before_the_adoption_counts_after_it() {
    let site = Site::new().await;
    site.say("zigbee2mqtt/door", r#"{"battery":90,"lock_state":"locked"}"#).await;
    site.say("zigbee2mqtt/door/availability", r#"{"state":"offline"}"#).await;
    site.adopt("door", DeviceKind::Lock).await.expect("adopted");
    site.clock.advance(HOUR);
    site.step(Item::of(vec![Cause::DeviceDue("door".into())])).await.expect("nothing is refused");
    assert_eq!(site.tickets().await, [(TicketKind::Silent, "door".to_owned())]);
}

#[tokio::test]
async fn an_import_later_agrees_and_its_model_wins() {
    let site = Site::new().await;
    site.say_retained("zigbee2mqtt/bridge/devices", SINK).await;
    site.adopt("sink", DeviceKind::LeakSensor).await.expect("adopted");
    site.store.import(&registry(&REGISTRY)).await.expect("imports");
    let model = async || site.device("sink").await.and_then(|row| row.device).and_then(|d| d.model);
    assert_eq!(model().await.as_deref(), Some("SJCGQ11LM"), "what no file names stays");
    let mut files = REGISTRY;
    files[3].1 = "key,unit_id,kind,name,model,valve_for\nsink,oak-2,leak_sensor,Sink,Acme 1,\n";
    site.store.import(&registry(&files)).await.expect("imports");
    assert_eq!(model().await.as_deref(), Some("Acme 1"), "what the operator says wins");
    site.say_retained("zigbee2mqtt/bridge/devices", SINK).await;
    assert_eq!(model().await.as_deref(), Some("Acme 1"));
}

#[tokio::test]
async fn old_water_from_the_brokers_store_opens_nothing() {
    let site = Site::new().await;
    for topic in ["zigbee2mqtt/leak1", "zigbee2mqtt/leak2"] {
        site.say_retained(topic, r#"{"water_leak":true,"battery":55}"#).await;
        site.say_retained(topic, r#"{"water_leak":true,"last_seen":"2024-02-01T09:00:00Z"}"#).await;
    }
    let open = async |key: &str| {
        let state = site.device(key).await.and_then(|row| row.state).expect("it was heard");
        serde_json::from_str::<DeviceState>(&state).expect("a state").leak.open
    };
    assert!(!open("leak1").await && !open("leak2").await, "those that are registered");
    site.say("zigbee2mqtt/leak2", r#"{"water_leak":true,"last_seen":"2025-11-20T09:00:00Z"}"#).await;
    assert!(!open("leak2").await, "told now, of a month and a half ago");
    site.say_retained("zigbee2mqtt/no time", r#"{"water_leak":true}"#).await;
    site.say_retained("zigbee2mqtt/yesterday", r#"{"water_leak":true,"last_seen":"2026-01-04T09:00:00Z"}"#).await;
    site.say_retained("zigbee2mqtt/last year", r#"{"water_leak":true,"last_seen":"2025-02-01T09:00:00Z"}"#).await;
    site.say_retained("zigbee2mqtt/now", r#"{"water_leak":true,"last_seen":"2026-01-05T04:00:00Z"}"#).await;
    for key in ["no time", "yesterday", "last year", "now"] {
        site.adopt(key, DeviceKind::LeakSensor).await.expect("adopted");
    }
    assert_eq!(site.tickets().await, [(TicketKind::Leak, "now".to_owned())], "the same for those that are adopted");
    site.say_retained("zigbee2mqtt/leak1", r#"{"water_leak":true,"last_seen":"2025-12-31T09:00:00Z"}"#).await;
    assert!(!open("leak1").await, "of days ago, beside fresh water");
    site.say_retained("zigbee2mqtt/leak2", r#"{"water_leak":true,"last_seen":"2026-01-05T04:08:00Z"}"#).await;
    assert!(open("leak2").await, "kept by the broker, and wet now by its own time");
}

#[tokio::test]
async fn a_dismissed_stranger_is_forgotten_and_held_anew_when_it_speaks() {
    let site = Site::new().await;
    site.say("zigbee2mqtt/plug", r#"{"battery":50}"#).await;
    let dismiss = async |key: &str| site.step(Item::of(vec![Cause::Dismiss(key.into())])).await;
    dismiss("plug").await.expect("dismissed");
    assert_eq!((site.held().await.len(), site.device("plug").await), (0, None));
    assert_eq!(dismiss("plug").await, Err(nightporter::decide::Refusal::NotHeld));
    assert_eq!(dismiss("lock1").await, Err(nightporter::decide::Refusal::Registered));
    site.say("zigbee2mqtt/plug", r#"{"battery":49}"#).await;
    assert_eq!(site.about("plug").await.messages, 1);
}

#[tokio::test]
async fn another_device_under_the_same_name_is_quarantined_until_it_is_confirmed() {
    let site = Site::new().await;
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000001", false)).await;
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000002", true)).await;
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000002", true)).await;
    assert_eq!(site.tickets().await, [], "it has no effect");
    let refused = site.quarantine().await;
    let [row] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!((row.device_key.as_str(), row.reason.as_str(), row.messages, row.leak), ("leak1", "id", 2, true));
    assert!(row.detail.contains("00158d0000000001") && row.payload.contains("water_leak"), "{row:?}");
    assert_eq!(site.door.metrics.messages_quarantined.get("id"), 2);
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000001", true)).await;
    assert_eq!(site.tickets().await.len(), 1, "the one that is known is believed");
    site.step(Item::of(vec![Cause::Swap("leak1".into(), None)])).await.expect("confirmed");
    assert_eq!(site.quarantine().await, []);
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000002", false)).await;
    assert_eq!(site.quarantine().await, []);
    site.say("zigbee2mqtt/leak1", &state("0x00158d0000000001", false)).await;
    assert_eq!(site.quarantine().await.len(), 1, "now the first one is the stranger");
    let swap = |key: &str| Item::of(vec![Cause::Swap(key.into(), None)]);
    assert_eq!(site.step(swap("leak2")).await, Err(nightporter::decide::Refusal::NoSwap));
}

#[tokio::test]
async fn nobody_speaks_for_a_device_elsewhere() {
    let site = Site::new().await;
    site.say("nightporter/v1/elm/leak1/telemetry", r#"{"leak":true}"#).await;
    site.say(
        "application/1/device/24e124004bb12cb9/event/up",
        r#"{"deviceInfo":{"devEui":"24e124004bb12cb8"},"object":{"leak":1}}"#,
    )
    .await;
    // The gateway of another property has a base topic of its own.
    site.say("zigbee2mqtt_elm/leak2", r#"{"water_leak":true}"#).await;
    let reasons: Vec<_> = site.quarantine().await.iter().map(|q| (q.device_key.0.clone(), q.reason.clone())).collect();
    let expected = [("24e124004bb12cb9", "topic"), ("leak1", "property"), ("leak2", "property")];
    assert_eq!(reasons, expected.map(|(key, reason)| (key.to_owned(), reason.to_owned())));
    assert_eq!((site.tickets().await.len(), site.held().await.len()), (0, 0));
    site.say("nightporter/v1/oak/leak1/telemetry", r#"{"leak":true}"#).await;
    assert_eq!(site.tickets().await.len(), 1);
}

#[tokio::test]
async fn those_that_are_held_are_bounded_and_the_long_silent_make_room() {
    let site = Site::new().await;
    let now = site.clock.now();
    let row = |n: i64, seen_at| StateRow { key: format!("s{n}").into(), seen_at, due_at: None, state: "{}".to_owned() };
    let rows: Vec<StateRow> = (0..10_000).map(|n| row(n, if n == 7 { now - 8 * DAY } else { now })).collect();
    let mut tx = site.store.begin().await.expect("begins");
    tx.save_states(&rows).await.expect("saves");
    tx.commit().await.expect("commits");
    site.say("zigbee2mqtt/first", r#"{"battery":50}"#).await;
    assert!(
        site.device("first").await.is_some() && site.device("s7").await.is_none(),
        "who was silent for a week goes"
    );
    site.say("zigbee2mqtt/second", r#"{"battery":50}"#).await;
    assert!(site.device("second").await.is_none(), "else there is no room");
    assert_eq!(site.door.metrics.strangers_dropped.get(), 1);
}
