//! What the service counts of itself, for `/metrics` (OpenMetrics text; every name begins with `nightporter_`).
//!
//! Labels are words of the program, never of a message: no device key, number, name or topic may become one, so the
//! number of series is bounded and nothing private leaks.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of a commit's duration, in seconds.
const COMMIT_SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper bounds of the time from the receipt of a wet reading to the request to the carrier, in seconds.
const LEAK_TO_SEND_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Upper bounds of how many causes one transaction carries.
const BATCH_CAUSES: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 4_000.0];

/// Counters of one kind of thing, told apart by one word of the program.
#[derive(Clone, Debug)]
pub struct Counters {
    label: &'static str,
    family: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Counters {
    fn new(label: &'static str) -> Self {
        Self { label, family: Family::default() }
    }

    /// `n` more of `word`.
    pub fn add(&self, word: &'static str, n: u64) {
        self.family.get_or_create(&[(self.label, word)]).inc_by(n);
    }

    /// One more of `word`.
    pub fn inc(&self, word: &'static str) {
        self.add(word, 1);
    }

    /// How many of `word` so far.
    pub fn get(&self, word: &'static str) -> u64 {
        self.family.get(&[(self.label, word)]).map_or(0, |counter| counter.get())
    }
}

/// How many there are now of things told apart by one word of the program or its configuration.
#[derive(Clone, Debug)]
pub struct Gauges {
    label: &'static str,
    family: Family<[(&'static str, &'static str); 1], Gauge>,
}

impl Gauges {
    fn new(label: &'static str) -> Self {
        Self { label, family: Family::default() }
    }

    /// `word` stands at `n`.
    pub fn set(&self, word: &'static str, n: i64) {
        self.family.get_or_create(&[(self.label, word)]).set(n);
    }
}

/// Everything that is counted. Share it in an `Arc`; counting never blocks for long and never fails.
pub struct Metrics {
    registry: Registry,
    /// Messages from the broker, by format that understood them (`format`).
    pub messages_received: Counters,
    /// Messages that could not be used, by code (`code`).
    pub messages_rejected: Counters,
    /// Fields with a value that none can be, in messages that are good otherwise, by kind of reading (`kind`).
    pub fields_rejected: Counters,
    /// Topics set aside since their messages make a format of the operator's own run out of steps (`format`).
    pub topics_set_aside: Gauges,
    /// Messages that may not speak for the device they name, by rule (`reason`).
    pub messages_quarantined: Counters,
    /// Devices that nobody registered and for which there was no room among those held.
    pub strangers_dropped: Counter,
    /// Readings taken in.
    pub readings: Counter,
    /// Messages acknowledged to the broker.
    pub acks: Counter,
    /// Transactions committed.
    pub commits: Counter,
    /// Transactions that failed and were or will be tried again.
    pub commit_failures: Counter,
    /// Causes per transaction.
    pub batch_causes: Histogram,
    /// Duration of a transaction, seconds.
    pub commit_seconds: Histogram,
    /// From the receipt of a wet reading to the request to the carrier, seconds.
    pub leak_to_send_seconds: Histogram,
    /// Tickets opened, by kind (`kind`).
    pub tickets_opened: Counters,
    /// Messages to people, by each status they reached (`status`).
    pub messages: Counters,
    /// Messages in the outbox that are due or on their way.
    pub outbox_depth: Gauge,
    /// Connections to the broker that are up.
    pub broker_connected: Gauge,
    /// Requests answered, by class of status (`status`: `2xx` …).
    pub http_requests: Counters,
    /// Pages and programs that listen to server-sent events.
    pub http_listeners: Gauge,
    /// Webhooks refused for their signature.
    pub webhooks_refused: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("nightporter"),
            messages_received: Counters::new("format"),
            messages_rejected: Counters::new("code"),
            fields_rejected: Counters::new("kind"),
            topics_set_aside: Gauges::new("format"),
            messages_quarantined: Counters::new("reason"),
            strangers_dropped: Counter::default(),
            readings: Counter::default(),
            acks: Counter::default(),
            commits: Counter::default(),
            commit_failures: Counter::default(),
            batch_causes: Histogram::new(BATCH_CAUSES),
            commit_seconds: Histogram::new(COMMIT_SECONDS),
            leak_to_send_seconds: Histogram::new(LEAK_TO_SEND_SECONDS),
            tickets_opened: Counters::new("kind"),
            messages: Counters::new("status"),
            outbox_depth: Gauge::default(),
            broker_connected: Gauge::default(),
            http_requests: Counters::new("status"),
            http_listeners: Gauge::default(),
            webhooks_refused: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("messages_received", "Messages from the broker, by format", self.messages_received.family.clone());
        r.register("messages_rejected", "Messages of no use, by code", self.messages_rejected.family.clone());
        r.register("fields_rejected", "Fields that cannot be, by kind", self.fields_rejected.family.clone());
        r.register(
            "topics_set_aside",
            "Topics set aside, by format of one's own",
            self.topics_set_aside.family.clone(),
        );
        r.register(
            "messages_quarantined",
            "Messages in another's name, by rule",
            self.messages_quarantined.family.clone(),
        );
        r.register("strangers_dropped", "Unregistered devices without room", self.strangers_dropped.clone());
        r.register("readings", "Readings taken in", self.readings.clone());
        r.register("acks", "Messages acknowledged to the broker", self.acks.clone());
        r.register("commits", "Transactions committed", self.commits.clone());
        r.register("commit_failures", "Transactions that failed", self.commit_failures.clone());
        r.register("batch_causes", "Causes per transaction", self.batch_causes.clone());
        r.register_with_unit("commit", "Duration of a transaction", Unit::Seconds, self.commit_seconds.clone());
        let leak = "Receipt of a wet reading to the request to the carrier";
        r.register_with_unit("leak_to_send", leak, Unit::Seconds, self.leak_to_send_seconds.clone());
        r.register("tickets_opened", "Tickets opened, by kind", self.tickets_opened.family.clone());
        r.register("messages", "Messages to people, by status reached", self.messages.family.clone());
        r.register("outbox_depth", "Messages due or on their way", self.outbox_depth.clone());
        r.register("broker_connected", "Connections to the broker that are up", self.broker_connected.clone());
        r.register("http_requests", "Requests answered, by class of status", self.http_requests.family.clone());
        r.register("http_listeners", "Listeners to server-sent events", self.http_listeners.clone());
        r.register("webhooks_refused", "Webhooks without a valid signature", self.webhooks_refused.clone());
    }

    /// The whole as OpenMetrics text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing into a string does not fail");
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_stands_in_the_text() {
        let metrics = Metrics::default();
        metrics.messages_received.add("zigbee2mqtt", 3);
        metrics.messages_received.inc("zigbee2mqtt");
        metrics.tickets_opened.inc("leak");
        metrics.commit_seconds.observe(0.002);
        metrics.leak_to_send_seconds.observe(0.004);
        metrics.broker_connected.set(4);
        let text = metrics.to_text();
        for line in [
            r#"nightporter_messages_received_total{format="zigbee2mqtt"} 4"#,
            r#"nightporter_tickets_opened_total{kind="leak"} 1"#,
            r#"nightporter_commit_seconds_bucket{le="0.0025"} 1"#,
            "nightporter_leak_to_send_seconds_count 1",
            "nightporter_broker_connected 4",
            "nightporter_commits_total 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
        assert_eq!((metrics.tickets_opened.get("leak"), metrics.tickets_opened.get("silent")), (1, 0));
    }
}
