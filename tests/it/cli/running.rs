//! The service as a process: what it says while something is away from its very start, and how it ends.

use std::process::Child;

use tokio::net::TcpListener;

use super::*;
use crate::program::Publisher;
use crate::services::{Mosquitto, postgres_database};

const SOON: Duration = Duration::from_secs(30);

/// `nightporter run` in a folder of its own, with its log in a file.
struct Running {
    home: Home,
    http: u16,
    child: Child,
}

impl Running {
    /// With this configuration behind `[http]`, begun by `sh -c` with these words before it, its output to this file.
    fn start(config: &str, before: &str, stdout: Stdio) -> Self {
        nightporter::deliver::carrier::twilio::install_tls_provider();
        let http = free_port();
        let home = Home::new(&format!("[http]\nlisten = '127.0.0.1:{http}'\n{config}"));
        home.write("devices.csv", "key,unit_id,kind,name,model,valve_for\nsink,12a,leak_sensor,Sink,,\n");
        if !config.contains("postgres") {
            let imported = home.call(&["import", "DIR", "--config", "FILE"]);
            assert_eq!(imported.code, Some(0), "{}", imported.stderr);
        }
        let log = std::fs::File::create(home.path().join("log")).expect("a file");
        let child = Command::new("sh")
            .args(["-c", &format!("{before} exec \"$0\" run --config \"$1\""), env!("CARGO_BIN_EXE_nightporter")])
            .arg(home.path().join("np.toml"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdout(stdout)
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Self { home, http, child }
    }

    async fn answer(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}{path}", self.http)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    async fn alive(&self) {
        eventually(SOON, "it is alive", async || self.answer("/healthz").await == Some((200, "ok\n".to_owned()))).await;
    }

    /// Waits until `/readyz` has these words in it, and gives all of them.
    async fn readyz(&self, words: &str) -> (u16, String) {
        let said = async || self.answer("/readyz").await.filter(|(_, text)| text.contains(words));
        eventually(SOON, words, async || said().await.is_some()).await;
        said().await.expect("as a moment ago")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).expect("a log")
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill exists");
        assert!(told.success());
    }

    async fn ends(&mut self) -> Option<i32> {
        eventually(SOON, "it ends", async || self.child.try_wait().expect("a child").is_some()).await;
        self.child.wait().expect("ended").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn own_broker() -> (u16, String) {
    let port = free_port();
    (port, format!("[broker]\nenabled = true\nlisten = '127.0.0.1:{port}'\n[mqtt]\nurl = 'mqtt://127.0.0.1:{port}'\n"))
}

/// A server that is not there yet: whoever asks is told so, and it goes on by itself once it is there.
#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_waited_for_and_told() {
    let (database, port) = (postgres_database(), free_port());
    let (before, name) = database.url.rsplit_once('/').expect("a URL");
    let (scheme, place) = before.rsplit_once("//").expect("a URL");
    let (user, server) = place.rsplit_once('@').unwrap_or(("postgres", place));
    let (_, broker) = own_broker();
    let url = format!("{scheme}//{user}@127.0.0.1:{port}/{name}");
    let mut service = Running::start(&format!("[database]\nurl = '{url}'\n{broker}"), "", Stdio::null());
    service.alive().await;
    let (status, ready) = service.readyz("nothing listens there").await;
    assert!(status == 503 && ready.contains(r#""database":{"ok":false"#), "{status} {ready}");
    assert_eq!(service.answer("/api/v1/tickets").await.map(|(status, _)| status), Some(503));
    assert_eq!(service.log().matches("nothing listens there").count(), 1, "{}", service.log());
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("as free as before");
    let server = server.to_owned();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(&server).await.expect("PostgreSQL");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    assert_eq!(service.readyz(r#""ready":true"#).await.0, 200, "{}", service.log());
    assert_eq!(service.answer("/api/v1/tickets").await.map(|(status, _)| status), Some(401), "everything is served");
    service.signal("TERM");
    assert_eq!(service.ends().await, Some(0), "{}", service.log());
}

#[tokio::test]
async fn a_database_that_is_away_holds_no_end_up() {
    let (_, broker) = own_broker();
    let url = format!("postgres://127.0.0.1:{}/np", free_port());
    let mut service = Running::start(&format!("[database]\nurl = '{url}'\n{broker}"), "", Stdio::null());
    service.alive().await;
    service.signal("TERM");
    assert_eq!(service.ends().await, Some(0), "{}", service.log());
}

/// A terminal that is closed ends it in order; `nohup` keeps it from that.
#[tokio::test]
async fn a_hangup_ends_it_in_order_unless_it_was_to_be_ignored() {
    let mut service = Running::start(&own_broker().1, "", Stdio::null());
    service.readyz(r#""ready":true"#).await;
    service.signal("HUP");
    assert_eq!(service.ends().await, Some(0), "{}", service.log());
    assert!(service.log().contains("service.stopped"), "{}", service.log());

    let mut service = Running::start(&own_broker().1, "trap '' HUP;", Stdio::null());
    service.readyz(r#""ready":true"#).await;
    service.signal("HUP");
    service.readyz(r#""ready":true"#).await;
    service.signal("TERM");
    assert_eq!(service.ends().await, Some(0), "{}", service.log());
}

/// The first broker that a house ever has may be absent, or let nobody in: one line says which and why.
#[tokio::test]
async fn a_broker_that_was_never_there_is_told_once() {
    let guarded = Mosquitto::guarded("");
    let nobody = format!("mqtt://127.0.0.1:{}", free_port());
    for (url, why) in [(nobody, "Connection refused"), (guarded.url(), "NotAuthorized")] {
        let mut service = Running::start(&format!("[mqtt]\nurl = '{url}'\n"), "", Stdio::null());
        let (status, ready) = service.readyz(why).await;
        assert!(status == 503 && ready.contains(r#""broker":{"ok":false"#), "{status} {ready}");
        service.signal("TERM");
        assert_eq!(service.ends().await, Some(0), "{}", service.log());
        let log = service.log();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("health.away")).collect();
        assert!(matches!(lines[..], [line] if line.contains(&url) && line.contains(why)), "{log}");
    }
}

/// Two clients of one name throw each other off for ever: that is named.
#[tokio::test]
async fn a_rival_of_the_same_client_id_is_named() {
    let broker = Mosquitto::quick();
    let port = broker.port();
    let mut service = Running::start(&format!("[mqtt]\nurl = '{}'\n", broker.url()), "", Stdio::null());
    service.readyz(r#""ready":true"#).await;
    let rival = tokio::spawn(async move {
        let (_client, mut events) =
            rumqttc::v5::AsyncClient::new(rumqttc::v5::MqttOptions::new("nightporter", "127.0.0.1", port), 1);
        loop {
            // Thrown off, it comes back at once.
            let _ = events.poll().await;
        }
    });
    eventually(SOON, "it is named", async || service.log().contains("ingest.thrown_off")).await;
    rival.abort();
    let log = service.log();
    assert_eq!(log.matches("ingest.thrown_off").count(), 1, "{log}");
    assert!(log.contains("mqtt.client_id") && log.contains("each needs one of its own"), "{log}");
    service.signal("TERM");
    assert_eq!(service.ends().await, Some(0), "{log}");
}

/// What could not be printed was not sent: it waits, and says why.
#[tokio::test]
async fn a_text_that_cannot_be_printed_is_tried_again() {
    let (port, broker) = own_broker();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device of Linux");
    let mut service = Running::start(&broker, "", full.into());
    service.readyz(r#""ready":true"#).await;
    let mut publisher = Publisher::connect("sensor", port);
    publisher.publish("nightporter/v1/oak/sink/telemetry", r#"{"leak":true}"#).await;
    let database = service.home.database().await;
    eventually(SOON, "its texts wait", async || {
        let row = sqlx::query("SELECT status, error FROM messages WHERE attempts > 1 ORDER BY id LIMIT 1");
        let Some(row) = row.fetch_optional(&database).await.expect("reads") else { return false };
        let error: Option<String> = row.get("error");
        let queued = ["queued", "sending"].contains(&row.get::<String, _>("status").as_str());
        queued && error.is_some_and(|why| why.contains("could not be printed"))
    })
    .await;
    assert!(service.readyz("could not be printed").await.1.contains(r#""carrier":{"ok":false"#));
    let sent = sqlx::query("SELECT COUNT(*) AS n FROM messages WHERE sent_at IS NOT NULL OR delivered_at IS NOT NULL");
    assert_eq!(sent.fetch_one(&database).await.expect("reads").get::<i64, _>("n"), 0);
    database.close().await;
    service.signal("TERM");
    assert_eq!(service.ends().await, Some(0), "{}", service.log());
}
