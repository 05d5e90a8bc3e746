//! A whole house for a test: the built program with its own folder, Mosquitto and fake carrier; it can be killed and
//! started again. Nothing here knows the inside of the service.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};

use crate::fake_carrier::FakeCarrier;
use crate::services::{Mosquitto, eventually, free_port};

/// One flat of the house, in a property of its own, so that no two matters are one.
pub struct Flat {
    /// Its name, in keys and ids.
    pub name: String,
    /// Its tenant's number.
    pub phone: String,
}

/// The program and what it talks to.
pub struct House {
    /// Its broker.
    pub mosquitto: Mosquitto,
    /// Its carrier.
    pub carrier: FakeCarrier,
    /// Its port for HTTP.
    pub http_port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl House {
    /// A house with these flats: each has a leak sensor `<name>-leak` and a lock `<name>-lock`; a housekeeper and a
    /// manager serve all. `extra` goes into the configuration; `database` is a URL, none for SQLite in the folder.
    pub async fn build(flats: &[Flat], database: Option<&str>, extra: &str) -> Self {
        Self::build_with(flats, database, extra, true).await
    }

    /// The same without a single device.
    pub async fn build_bare(flats: &[Flat]) -> Self {
        Self::build_with(flats, None, "", false).await
    }

    async fn build_with(flats: &[Flat], database: Option<&str>, extra: &str, with_devices: bool) -> Self {
        nightporter::deliver::carrier::twilio::install_tls_provider();
        let folder = tempfile::tempdir().expect("folder");
        let house = Self {
            mosquitto: Mosquitto::quick(),
            carrier: FakeCarrier::start().await,
            http_port: free_port(),
            folder,
            child: None,
        };
        house.write_config(database, extra);
        // Under a clock of its own a house stands where that clock's offset is.
        let zone = if extra.contains("[clock]") { "Asia/Shanghai".to_owned() } else { zone_where_it_is_noon() };
        house.write_registry(flats, &zone, with_devices);
        let registry = house.path("registry");
        house.command(&["import", registry.to_str().expect("path")]);
        house
    }

    /// A file of the house.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_config(&self, database: Option<&str>, extra: &str) {
        let account = self.carrier.account();
        let database = database.map_or_else(|| format!("sqlite://{}", self.path("np.db").display()), str::to_owned);
        let text = format!(
            "[mqtt]\nurl = \"{}\"\nsubscriptions = [\"zigbee2mqtt/#\", \"nightporter/v1/#\"]\n[database]\nurl = \"{database}\"\n\
             [http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n[sms]\nprovider = \"twilio\"\n\
             [sms.twilio]\naccount_sid = \"{}\"\nauth_token = \"{}\"\nfrom = \"+15005550006\"\napi_url = \"{}\"\n{extra}\n",
            self.mosquitto.url(),
            account.account_sid,
            account.auth_token,
            self.carrier.url(),
            port = self.http_port,
        );
        std::fs::write(self.path("np.toml"), text).expect("configuration");
    }

    fn write_registry(&self, flats: &[Flat], zone: &str, with_devices: bool) {
        let mut properties = "id,region,name,timezone,locale,manager_phone\n".to_owned();
        let mut units = "id,property_id,name,floor\n".to_owned();
        let mut tenants = "id,unit_id,name,phone,locale,from,to\n".to_owned();
        let mut devices = "key,unit_id,kind,name,model,valve_for\n".to_owned();
        for Flat { name, phone } in flats {
            let _ = writeln!(properties, "p-{name},north,House {name},{zone},en,+14155550100");
            let _ = writeln!(units, "u-{name},p-{name},Flat {name},1");
            let _ = writeln!(tenants, "t-{name},u-{name},Tenant {name},{phone},en,2020-01-01,");
            if with_devices {
                let _ = writeln!(devices, "{name}-leak,u-{name},leak_sensor,Kitchen sink,,");
                let _ = writeln!(devices, "{name}-lock,u-{name},lock,Front door,,");
            }
        }
        let served = flats.iter().map(|f| format!("p-{}", f.name)).collect::<Vec<_>>().join(";");
        let housekeepers = format!(
            "id,name,phone,locale,properties,skills,shift\nh-1,Wang,+14155550101,en,{served},plumbing;lock,00:00-24:00\n"
        );
        let folder = self.path("registry");
        std::fs::create_dir_all(&folder).expect("folder");
        let files = [
            ("properties", properties),
            ("units", units),
            ("tenants", tenants),
            ("devices", devices),
            ("housekeepers", housekeepers),
        ];
        for (file, text) in files {
            std::fs::write(folder.join(format!("{file}.csv")), text).expect("registry");
        }
    }

    /// Runs a command of the program with this house's configuration; what it printed.
    pub fn command(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightporter"));
        let done = command.args(args).arg("--config").arg(self.path("np.toml")).output().expect("the program runs");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    }

    /// Starts the service; it need not be ready yet.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).expect("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightporter"));
        command.arg("run").arg("--config").arg(self.path("np.toml")).stdin(Stdio::null()).stdout(Stdio::null());
        self.child = Some(command.stderr(log).spawn().expect("the program starts"));
    }

    /// Waits until the service says that it is ready.
    pub async fn ready(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.http_port);
        eventually(Duration::from_secs(30), "the service is ready", async || {
            reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// What `/readyz` says.
    pub async fn readyz(&self) -> String {
        let url = format!("http://127.0.0.1:{}/readyz", self.http_port);
        match reqwest::get(&url).await {
            Ok(answer) if !answer.status().is_success() => answer.text().await.unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.http_port);
        reqwest::get(&url).await.expect("an answer").text().await.expect("text")
    }

    /// Kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    /// SIGTERM, and waits for an orderly end.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let told = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(told.success());
        let ended = child.wait().expect("wait");
        assert!(ended.success(), "ended with {ended}; log:\n{}", self.log());
    }

    /// Puts a new database in place of the old one, with the same registry.
    pub fn forget(&mut self) {
        assert!(self.child.is_none(), "it runs");
        for file in ["np.db", "np.db-wal", "np.db-shm"] {
            let gone = std::fs::remove_file(self.path(file));
            assert!(gone.is_ok() || !self.path(file).exists(), "{file} stays");
        }
        self.command(&["import", self.path("registry").to_str().expect("path")]);
    }

    /// The log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A publisher on the house's broker.
    pub fn publisher(&self, id: &str) -> Publisher {
        Publisher::connect(id, self.mosquitto.port())
    }

    /// What the broker holds as retained below a filter, once it holds something that `wanted` accepts.
    pub async fn retained(&self, filter: &str, wanted: impl Fn(&str, &str) -> bool) -> String {
        let mut options = MqttOptions::new("listener", "127.0.0.1", self.mosquitto.port());
        options.set_clean_start(true);
        let (client, mut events) = AsyncClient::new(options, 10);
        client.subscribe(filter, QoS::AtLeastOnce).await.expect("the listener lives");
        let heard = async {
            loop {
                let event = events.poll().await.expect("the broker is there");
                if let Event::Incoming(Packet::Publish(publish)) = event {
                    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                    let payload = String::from_utf8_lossy(&publish.payload).into_owned();
                    if wanted(&topic, &payload) {
                        return payload;
                    }
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), heard).await.expect("it is announced")
    }

    /// How many texts of which the body contains `words` went to a number.
    pub fn texts(&self, phone: &str, words: &str) -> usize {
        self.carrier.taken().iter().filter(|t| t.to == phone && t.body.contains(words)).count()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The test is over either way.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A fixed-offset zone in which it is about noon now: nobody sleeps there.
fn zone_where_it_is_noon() -> String {
    use chrono::Timelike;
    #[expect(clippy::disallowed_methods, reason = "the program under test lives by the machine's clock")]
    let hour = chrono::Utc::now().hour() as i64;
    match 12 - hour {
        0 => "Etc/GMT".to_owned(),
        // POSIX signs: Etc/GMT-3 is three hours ahead.
        ahead => format!("Etc/GMT{:+}", -ahead),
    }
}

/// A client that publishes at QoS 1 and counts what the broker has taken over.
pub struct Publisher {
    client: AsyncClient,
    acked: Arc<AtomicUsize>,
    sent: usize,
}

impl Publisher {
    /// On the broker at this port of the loopback address.
    pub fn connect(id: &str, port: u16) -> Self {
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        options.set_clean_start(true).set_max_packet_size(Some(4 * 1024 * 1024));
        let (client, mut events) = AsyncClient::new(options, 1_000);
        let acked = Arc::new(AtomicUsize::new(0));
        let count = acked.clone();
        tokio::spawn(async move {
            // Ends with the client.
            while let Ok(event) = events.poll().await {
                if matches!(event, Event::Incoming(Packet::PubAck(_))) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self { client, acked, sent: 0 }
    }

    /// Publishes at QoS 1.
    pub async fn publish(&mut self, topic: impl Into<String>, payload: impl Into<Vec<u8>>) {
        self.publish_retained(topic, payload, false).await;
    }

    /// Publishes at QoS 1, retained or not.
    pub async fn publish_retained(&mut self, topic: impl Into<String>, payload: impl Into<Vec<u8>>, retain: bool) {
        self.client.publish(topic.into(), QoS::AtLeastOnce, retain, payload.into()).await.expect("the publisher lives");
        self.sent += 1;
    }

    /// Waits until the broker has taken all of it over.
    pub async fn settled(&self) {
        eventually(Duration::from_secs(30), "the broker has everything", async || {
            self.acked.load(Ordering::Relaxed) >= self.sent
        })
        .await;
    }
}
