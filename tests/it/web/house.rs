//! One house for one test: two regions, a few people and devices, and what tests do with them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nightporter::clock::Clock;
use nightporter::commit::{Cause, Item};
use nightporter::config::Config;
use nightporter::decide::Heard;
use nightporter::deliver::carrier::Console;
use nightporter::model::time::MINUTE;
use nightporter::model::{Account, Entry, Fact, Reading, TenantId, Timestamp, Transfer};
use nightporter::registry::Registry;
use nightporter::service::{Parts, Service};
use nightporter::store::{Store, TokenRow, UserRow};
use nightporter::web::token_hash;
use nightporter::web::twilio_signature::sign;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::services::{eventually, free_port};

/// A key with everything that an address must encode.
pub const LOCK: &str = "oak/12B/前门 ö";
/// The leak sensor beside it.
pub const SENSOR: &str = "oak/12B/sink";
/// The secret that signs webhooks.
pub const SECRET: &str = "a-twilio-auth-token-of-a-test";
/// Where the carrier believes that we are.
pub const PUBLIC_URL: &str = "https://care.example.com";
/// Monday evening in Shanghai: nobody's night.
pub const EVENING: &str = "2026-01-05T18:30:00+08:00";
/// How long anything may take.
pub const SOON: Duration = Duration::from_secs(20);

/// The registry of a house.
pub const FILES: [(&str, &str); 5] = [
    (
        "properties.csv",
        "id,region,name,timezone,locale,manager_phone\n\
         oak,north,Oak Court,Asia/Shanghai,zh-CN,+8613900000001\nelm,south,Elm House,Asia/Shanghai,en,+8613900000002\n",
    ),
    ("units.csv", "id,property_id,name,floor\n12b,oak,12B,12\n14c,oak,14C,14\n3a,elm,3A,3\n"),
    (
        "tenants.csv",
        "id,unit_id,name,phone,locale,from,to\nt-oak,12b,Li Wei,+8613800000001,en,2025-01-01,\n\
         t-elm,3a,Ann,+8613800000002,en,2025-01-01,\n",
    ),
    (
        "devices.csv",
        "key,unit_id,kind,name,model,valve_for\noak/12B/前门 ö,12b,lock,Front door,,\noak/12B/sink,12b,leak_sensor,Under the sink,,\n\
         oak/14C/lock,14c,lock,Front door,Kwikset 914,\nelm/3A/sink,3a,leak_sensor,Bathroom,,\n",
    ),
    (
        "housekeepers.csv",
        "id,name,phone,locale,properties,skills,shift\nh-chen,Chen Mei,+8613700000001,zh-CN,oak,lock;plumbing,00:00-24:00\n\
         h-liu,Liu Yang,+8613700000002,zh-CN,oak,lock,00:00-24:00\nh-mo,Mo Ran,+8613700000003,en,elm,plumbing,00:00-24:00\n",
    ),
];

/// Name, role and scope of every token of a house.
pub const TOKENS: [(&str, &str, Option<&str>); 11] = [
    ("ops", "operator", None),
    ("north", "region", Some("north")),
    ("oak", "manager", Some("oak")),
    ("chen", "housekeeper", Some("h-chen")),
    ("mo", "housekeeper", Some("h-mo")),
    ("eyes", "reader", None),
    ("eyes-oak", "reader", Some("oak")),
    ("lost", "manager", None),
    ("home", "tenant", Some("t-oak")),
    ("south", "region", Some("south")),
    ("liu", "housekeeper", Some("h-liu")),
];

/// A running house.
pub struct House {
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// The parts themselves.
    pub service: Service,
    /// Its clock.
    pub clock: Clock,
    /// Its database.
    pub store: Store,
    client: Client,
    heard: Mutex<u64>,
    _folder: TempDir,
}

impl House {
    /// A house that asks everyone for a token.
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    /// A house; `open_page`: as in the demo.
    pub async fn start_with(open_page: bool) -> Self {
        Self::start_configured(open_page, "").await
    }

    /// A house with more in its configuration.
    pub async fn start_configured(open_page: bool, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in FILES {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let url = format!("sqlite://{}", folder.path().join("house.db").display());
        let store = Store::open(&url).await.expect("opened");
        store.migrate().await.expect("migrated");
        store.import(&Registry::read(folder.path()).expect("sound files")).await.expect("imported");
        let clock = Clock::manual(Timestamp::parse_rfc3339(EVENING).expect("an instant"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let carrier = Console::new(clock.clone(), |_| Ok(()));
        let parts = Parts {
            config: config(&folder, more),
            clock: clock.clone(),
            store: store.clone(),
            carrier: Arc::new(carrier),
            listener,
            open_page,
        };
        let service = Service::start(parts).await.expect("started");
        let client = client();
        let house = Self { base, service, clock, store, client, heard: Mutex::new(0), _folder: folder };
        house.create_tokens().await;
        house
    }

    async fn create_tokens(&self) {
        let mut tx = self.store.begin().await.expect("begun");
        for (name, role, scope) in TOKENS {
            let row = TokenRow {
                id: name.to_owned(),
                name: name.to_owned(),
                role: role.to_owned(),
                scope: scope.map(str::to_owned),
            };
            tx.create_token(&row, &token_hash(&token(name)), self.clock.now()).await.expect("created");
        }
        tx.commit().await.expect("committed");
    }

    /// Adds somebody who signs in with a password.
    pub async fn user(&self, name: &str, role: &str, scope: Option<&str>, password: &str) {
        let user = UserRow {
            name: name.to_owned(),
            role: role.to_owned(),
            scope: scope.map(str::to_owned),
            password: nightporter::web::password::hash(password).expect("hashed"),
            created_at: self.clock.now(),
            disabled_at: None,
        };
        let mut tx = self.store.begin().await.expect("begun");
        assert!(tx.add_user(&user).await.expect("added"));
        tx.commit().await.expect("committed");
    }

    /// A device says something; returns when it is committed.
    pub async fn hear(&self, key: &str, fact: Fact) {
        let fingerprint = {
            let mut heard = self.heard.lock().expect("never poisoned");
            *heard += 1;
            *heard
        };
        let heard =
            Heard { readings: vec![Reading::new(fact)], received_at: self.clock.now(), retained: false, fingerprint };
        let (answer, committed) = tokio::sync::oneshot::channel();
        let item = Item { answer: Some(answer), ..Item::of(vec![Cause::Heard(key.into(), heard)]) };
        self.service.door.bring(item).await.expect("the door is open");
        committed.await.expect("answered").expect("committed");
    }

    /// Water in 12B; the ticket's id, once its first texts are out.
    pub async fn leak(&self) -> String {
        self.hear(SENSOR, Fact::Leak(true)).await;
        let ticket = self.ticket_of(SENSOR).await;
        eventually(SOON, "the tenant is told", async || {
            let sent = self.get("ops", &format!("/api/v1/messages?ticket={ticket}&status=delivered")).await;
            sent["items"].as_array().expect("a list").iter().any(|m| m["recipient"] == "tenant:t-oak")
        })
        .await;
        ticket
    }

    /// A low battery in 14C, where nobody rents; the ticket's id.
    pub async fn low_battery(&self, key: &str) -> String {
        for percent in [60.0, 14.0, 13.5] {
            self.hear(key, Fact::BatteryPercent(percent)).await;
            self.clock.advance(5 * MINUTE);
        }
        self.ticket_of(key).await
    }

    /// The id of the newest ticket of a device.
    pub async fn ticket_of(&self, key: &str) -> String {
        let tickets = self.get("ops", &format!("/api/v1/tickets?device={}", encode(key))).await;
        let newest = tickets["items"].as_array().and_then(|items| items.last()).expect("a ticket");
        newest["id"].as_str().expect("an id").to_owned()
    }

    /// A tenant texts; the carrier says so.
    pub async fn writes(&self, sid: &str, from: &str, body: &str) {
        let path = "/webhooks/twilio/inbound";
        let fields = [("MessageSid", sid), ("From", from), ("To", "+15005550006"), ("Body", body)];
        let fields: Vec<(String, String)> = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        let signature = sign(SECRET, &format!("{PUBLIC_URL}{path}"), &fields);
        let request = self.request(Method::POST, path).form(&fields).header("X-Twilio-Signature", signature);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }

    /// Credits a tenant.
    pub async fn credit(&self, tenant: &str, reference: &str, amount_minor: i64) {
        let entry = Entry::transfer(
            Transfer {
                reference: reference.to_owned(),
                at: self.clock.now(),
                reason: "reward_in_time",
                amount_minor,
                currency: "CNY".to_owned(),
                tenant_id: tenant.into(),
                device_key: Some(LOCK.into()),
                ticket_id: None,
            },
            Account::RewardExpense,
            Account::Tenant(TenantId::from(tenant)),
        );
        let mut tx = self.store.begin().await.expect("begun");
        assert!(tx.add_entry(&entry).await.expect("booked"));
        tx.commit().await.expect("committed");
    }

    /// A request with the token of this name ("" = none).
    pub async fn ask(&self, who: &str, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !who.is_empty() {
            request = request.bearer_auth(token(who));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    /// A request of another shape.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// What a GET answers, which must be 200.
    pub async fn get(&self, who: &str, path: &str) -> Value {
        let response = self.ask(who, Method::GET, path, None).await;
        let status = response.status();
        let text = response.text().await.expect("a body");
        assert_eq!(status, StatusCode::OK, "GET {path} as {who}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Status and body of a POST.
    pub async fn post(&self, who: &str, path: &str, body: Value) -> (u16, Value) {
        answer(self.ask(who, Method::POST, path, Some(body)).await).await
    }

    /// Status and problem of a GET.
    pub async fn problem(&self, who: &str, path: &str) -> (u16, Value) {
        answer(self.ask(who, Method::GET, path, None).await).await
    }
}

fn config(folder: &TempDir, more: &str) -> Config {
    let port = free_port();
    let text = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{port}\"\nconnections = 1\n[http]\npublic_url = \"{PUBLIC_URL}\"\n\
         [sms.twilio]\naccount_sid = \"AC{}\"\nauth_token = \"{SECRET}\"\n{more}",
        "0".repeat(32)
    );
    Config::parse(&text, &folder.path().join("house.toml"), std::iter::empty()).expect("sound")
}

fn client() -> Client {
    // The first test installs it; for the others it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(SOON).redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Status and body.
pub async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The secret of a token.
pub fn token(name: &str) -> String {
    format!("np_secret_of_{name}")
}

/// Percent-encodes everything but letters and digits.
pub fn encode(text: &str) -> String {
    let encoded = text.bytes().map(|b| match b {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    });
    encoded.collect()
}
