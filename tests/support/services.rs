//! Real services for the integration tests: a private Mosquitto, a fresh PostgreSQL database, and waiting for a condition.
//!
//! Never skips: without the variables that `tests/run` sets, a test that needs a service fails and says so. Never
//! touches a service it did not start, nor a database it did not create.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// How often a condition is looked at again.
const POLL_MS: u64 = 10;
/// How long a service may take to start or to stop.
const SERVICE_SECONDS_MAX: u64 = 20;

/// Waits until `condition` holds; fails the test with `what` when it does not within `deadline`.
pub async fn eventually(deadline: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let polled = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
        }
    };
    let held = tokio::time::timeout(deadline, polled).await;
    assert!(held.is_ok(), "not within {deadline:?}: {what}");
}

/// The same outside an async runtime, for services.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let polls_max = SERVICE_SECONDS_MAX * 1000 / POLL_MS;
    let held = (0..polls_max).any(|_| {
        let held = condition();
        if !held {
            std::thread::sleep(Duration::from_millis(POLL_MS));
        }
        held
    });
    assert!(held, "not within {SERVICE_SECONDS_MAX} s: {what}");
}

/// What `tests/run` says about a service.
fn from_test_runner(name: &str) -> String {
    let value = std::env::var(name).unwrap_or_default();
    assert!(!value.is_empty(), "{name} is not set: run `tests/run`, or `tests/run -- cargo test …` for a part");
    value
}

/// A port of the loopback address that is free now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound above").port()
}

/// A Mosquitto of this test alone, with the configuration that Nightporter ships: it keeps sessions, queued and
/// retained messages over [`Mosquitto::kill`]. Anonymous, on loopback. Dropped = killed, its folder removed.
pub struct Mosquitto {
    folder: TempDir,
    port: u16,
    /// Writes its state after each change: survives its own kill, and takes about 100 messages a second.
    durable: bool,
    /// Lets in whom the shipped rules let in, by these passwords.
    passwords: Option<&'static str>,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts one on a free port and returns when it accepts connections.
    pub fn start() -> Self {
        Self::start_as(true, None)
    }

    /// The same, with the shipped rules of who may say what, and these names and passwords.
    pub fn guarded(passwords: &'static str) -> Self {
        Self::start_as(true, Some(passwords))
    }

    /// The same, but fast, with its state in memory, and taking packets of any size: for tests that do not kill the broker.
    pub fn quick() -> Self {
        Self::start_as(false, None)
    }

    fn start_as(durable: bool, passwords: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut mosquitto = Self { folder, port: free_port(), durable, passwords, child: None };
        mosquitto.restart();
        mosquitto
    }

    /// The port on 127.0.0.1; the same for the whole life of the value.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// For `[mqtt] url`.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Orderly stop (SIGTERM), as a machine that shuts down; state is written.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let terminate = format!("kill -TERM {}", child.id());
        let sent = Command::new("sh").args(["-c", &terminate]).status().expect("sh runs");
        assert!(sent.success(), "Mosquitto was gone before it was stopped");
        wait_until("Mosquitto stops", || child.try_wait().expect("own child").is_some());
    }

    /// Kill -9: what was not yet written is lost.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("own child");
            child.wait().expect("own child");
        }
    }

    /// Starts it on the same port with what it kept, after [`Self::stop`] or [`Self::kill`] (kills a running one).
    pub fn restart(&mut self) {
        self.kill();
        let path = self.folder.path().join("mosquitto.conf");
        let mut configuration = test_configuration(self.folder.path(), self.port, self.durable);
        if let Some(passwords) = self.passwords {
            configuration = configuration.replace("allow_anonymous true", &self.guard(passwords));
        }
        fs::write(&path, configuration).expect("own folder");
        let log = fs::File::create(self.folder.path().join("log")).expect("own folder");
        let child = Command::new(from_test_runner("NIGHTPORTER_TEST_MOSQUITTO"))
            .arg("-c")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = self.child.insert(child.expect("Mosquitto starts"));
        wait_until("Mosquitto accepts connections", || {
            let ended = child.try_wait().expect("own child");
            assert!(ended.is_none(), "Mosquitto ended at once: {}", read_log(self.folder.path()));
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
    }
}

impl Mosquitto {
    /// Writes the shipped rules and the passwords; the lines that name them.
    fn guard(&self, passwords: &str) -> String {
        let place = |name: &str| self.folder.path().join(name);
        for (name, text) in [("acl", include_str!("../../docs/mosquitto/nightporter.acl")), ("passwords", passwords)] {
            fs::write(place(name), text).expect("own folder");
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(place(name), private).expect("own file");
        }
        let (acl, passwords) = (place("acl"), place("passwords"));
        format!("allow_anonymous false\npassword_file {}\nacl_file {}", passwords.display(), acl.display())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read_log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// The shipped configuration with this test's own place: port, folder, nobody to log in.
fn test_configuration(folder: &Path, port: u16, durable: bool) -> String {
    let shipped = include_str!("../../docs/mosquitto/nightporter.conf");
    let of_the_place = ["listener", "allow_anonymous", "password_file", "acl_file", "persistence_location"];
    let kept = shipped.lines().filter(|line| {
        let key = line.split_whitespace().next().unwrap_or("#");
        !key.starts_with('#')
            && !of_the_place.contains(&key)
            && (durable || !(key.starts_with("autosave") || key == "max_packet_size"))
    });
    let folder = folder.display();
    let own = [
        format!("listener {port} 127.0.0.1"),
        "allow_anonymous true".into(),
        "user root".into(), // started by root, it would else change to a user who may not write here
        format!("persistence_location {folder}/"),
        format!("pid_file {folder}/mosquitto.pid"), // for `tests/run`, should this process be killed
        "log_dest stderr".into(),
    ];
    let lines: Vec<String> = kept.map(str::to_owned).chain(own).collect();
    lines.join("\n") + "\n"
}

/// A PostgreSQL database of this test alone. Dropped = dropped, whoever is still connected.
pub struct Database {
    /// For `[database] url`.
    pub url: String,
    name: String,
}

/// A fresh, empty database on the server of `tests/run`.
pub fn postgres_database() -> Database {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("nightporter_test_{}_{count}", std::process::id());
    on_server(format!("CREATE DATABASE {name}"));
    let server = server_url();
    let (base, _) = server.rsplit_once('/').expect("a URL that names a database");
    Database { url: format!("{base}/{name}"), name }
}

impl Drop for Database {
    fn drop(&mut self) {
        on_server(format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The PostgreSQL that `tests/run` started, and its first database.
pub fn server_url() -> String {
    from_test_runner("NIGHTPORTER_TEST_POSTGRES")
}

/// One statement on the server, from anywhere: also from `drop`, in or outside a runtime.
fn on_server(statement: String) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut server = PgConnection::connect(&server_url()).await.expect("PostgreSQL");
            server.execute(AssertSqlSafe(statement)).await.expect("a right to make databases");
            server.close().await.expect("an open connection");
        });
    };
    std::thread::spawn(run).join().expect("the statement ran");
}
