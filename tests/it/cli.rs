//! The program as its users call it: what it prints, where, and how it exits.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nightporter::clock::Clock;
use nightporter::model::time::DAY;
use nightporter::model::{Status, Ticket, TicketKind};
use nightporter::store::Store;
use serde_json::json;
use sqlx::Row;

use crate::services::{eventually, free_port};

mod accounts;
mod database;
mod logs;
mod running;

/// What a call of the program came to.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn nightporter(args: &[&str], stdin: &str) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightporter"))
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(stdin.as_bytes()).expect("it reads or has ended");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder with a configuration and a registry.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        home.write("np.toml", config);
        let files = [
            (
                "properties.csv",
                "id,region,name,timezone,locale,manager_phone\noak,east,Oak Court,Asia/Shanghai,zh-CN,+8613900000000\n",
            ),
            ("units.csv", "id,property_id,name,floor\n12a,oak,12A,12\n"),
            ("tenants.csv", "id,unit_id,name,phone,locale,from,to\nt1,12a,Li Wei,+8613912345678,zh-CN,2025-03-01,\n"),
            ("devices.csv", "key,unit_id,kind,name,model,valve_for\n\"flat7, front\",12a,lock,Front door,,\n"),
            (
                "housekeepers.csv",
                "id,name,phone,locale,properties,skills,shift\nh1,Wang,+8613911111111,zh-CN,oak,lock,00:00-24:00\n",
            ),
        ];
        files.iter().for_each(|(name, text)| home.write(name, text));
        home
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("written");
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Calls the program with the folder and the configuration for `DIR` and `FILE`.
    fn call(&self, args: &[&str]) -> Outcome {
        let (dir, file) = (self.path().display().to_string(), self.path().join("np.toml").display().to_string());
        let args = args.iter().map(|arg| match *arg {
            "DIR" => dir.as_str(),
            "FILE" => file.as_str(),
            other => other,
        });
        nightporter(&args.collect::<Vec<_>>(), "")
    }

    async fn database(&self) -> sqlx::SqlitePool {
        let url = format!("sqlite://{}", self.path().join("nightporter.db").display());
        sqlx::SqlitePool::connect(&url).await.expect("the database is there")
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands: [&[&str]; 16] = [
        &[],
        &["run"],
        &["check"],
        &["migrate"],
        &["import"],
        &["decode"],
        &["export"],
        &["demo"],
        &["token"],
        &["token", "create"],
        &["token", "revoke"],
        &["user"],
        &["user", "add"],
        &["user", "list"],
        &["user", "disable"],
        &["openapi"],
    ];
    for command in commands {
        let help = nightporter(&[command, &["--help"]].concat(), "");
        assert_eq!(help.code, Some(0), "{command:?}");
        assert!(help.stdout.contains("Example"), "{command:?}: {}", help.stdout);
        assert!(help.stdout.contains("nightporter "), "{command:?}");
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let home = Home::new("");
    let cases: [&[&str]; 10] = [
        &["dance"],
        &["run"],
        &["check"],
        &["import", "DIR"],
        &["export", "secrets", "--config", "FILE", "--format", "csv"],
        &["token", "create", "--role", "king", "--name", "x", "--config", "FILE"],
        &["token", "create", "--role", "manager", "--name", "x", "--config", "FILE"],
        &["token", "create", "--role", "operator", "--scope", "oak", "--name", "x", "--config", "FILE"],
        &["user", "add", "--role", "housekeeper", "--name", "x", "--config", "FILE"],
        &["user", "add", "--role", "reader", "--name", "x", "--password", "secret", "--config", "FILE"],
    ];
    for case in cases {
        let outcome = home.call(case);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{case:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_bad_configuration_is_told_by_every_command() {
    let home = Home::new("[mqtt]\nconections = 4\n");
    let cases: [&[&str]; 6] = [
        &["run", "--config", "FILE"],
        &["check", "--config", "FILE"],
        &["migrate", "--config", "FILE"],
        &["import", "DIR", "--config", "FILE", "--dry-run"],
        &["decode", "--config", "FILE"],
        &["token", "revoke", "--name", "x", "--config", "FILE"],
    ];
    for case in cases {
        let outcome = home.call(case);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{case:?}");
        let told = "np.toml:2:1: mqtt.conections: unknown key; did you mean \"connections\"?\n";
        assert!(outcome.stderr.ends_with(told), "{case:?}: {}", outcome.stderr);
    }
}

#[test]
fn the_printed_defaults_are_a_configuration() {
    let printed = nightporter(&["check", "--print-defaults"], "");
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let home = Home::new(&printed.stdout);
    assert_eq!(home.call(&["migrate", "--config", "FILE"]).code, Some(0));
}

#[test]
fn openapi_prints_the_document() {
    let printed = nightporter(&["openapi"], "");
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let document: serde_json::Value = serde_json::from_str(&printed.stdout).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
}

#[test]
fn decode_needs_nothing_and_takes_routes_from_a_configuration() {
    let line = "{\"id\":1,\"topic\":\"flat7/lock\",\"payload\":{\"battery\":5}}\n";
    let alone = nightporter(&["decode"], &line.replace("flat7", "zigbee2mqtt"));
    assert_eq!((alone.code, alone.stderr.as_str()), (Some(0), ""));
    assert!(alone.stdout.contains("\"format\":\"zigbee2mqtt\""), "{}", alone.stdout);

    let home = Home::new("[mqtt]\nsubscriptions = [{ topic = 'flat7/#', format = 'zigbee2mqtt' }]\n");
    let config = home.path().join("np.toml").display().to_string();
    let routed = nightporter(&["decode", "--config", &config], line);
    assert!(routed.stdout.contains("\"format\":\"zigbee2mqtt\""), "{}", routed.stdout);
}

#[tokio::test]
async fn import_is_all_or_nothing_and_may_be_repeated() {
    let home = Home::new("");
    let dry = home.call(&["import", "DIR", "--config", "FILE", "--dry-run"]);
    let counts = "1 properties, 1 units, 1 tenants, 1 devices, 1 housekeepers\n";
    assert_eq!((dry.code, dry.stdout), (Some(0), format!("would import {counts}")));
    assert!(!home.path().join("nightporter.db").exists(), "a dry run touches no database");

    for _ in 0..2 {
        let done = home.call(&["import", "DIR", "--config", "FILE"]);
        assert_eq!((done.code, done.stdout), (Some(0), format!("imported {counts}")), "{}", done.stderr);
    }
    home.write("units.csv", "id,property_id,name,floor\n12a,oak,12A,twelve\n12b,elm,12B,12\n");
    let refused = home.call(&["import", "DIR", "--config", "FILE"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let lines = [
        "units.csv:2: floor: \"twelve\" is no floor; a whole number expected, e.g. 3, 0 or -1",
        "units.csv:3: property_id: no property \"elm\" in properties.csv",
        "nothing imported: 2 mistakes",
    ];
    assert_eq!(refused.stderr.lines().collect::<Vec<_>>(), lines);

    let rows =
        sqlx::query("SELECT u.floor, p.property_id, h.shift FROM units u, housekeeper_properties p, housekeepers h")
            .fetch_all(&home.database().await)
            .await
            .expect("rows");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<i64, _>(0), 12);
    assert_eq!(rows[0].get::<String, _>(1), "oak");
    assert_eq!(rows[0].get::<String, _>(2), "00:00-24:00");
}

#[test]
fn export_prints_what_was_imported() {
    let home = Home::new("");
    assert_eq!(home.call(&["import", "DIR", "--config", "FILE"]).code, Some(0));
    let csv = home.call(&["export", "devices", "--config", "FILE", "--format", "csv"]);
    let expected = "key,registered,property_id,unit_id,kind,name,model,chemistry,cells,gateway,seen_at\n\
                    \"flat7, front\",true,oak,12a,lock,Front door,,,,,\n";
    assert_eq!((csv.code, csv.stdout.as_str()), (Some(0), expected));
    let json = home.call(&["export", "devices", "--config", "FILE", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json[0]["key"], "flat7, front");
    for what in ["tickets", "messages", "ledger"] {
        let empty = home.call(&["export", what, "--config", "FILE", "--format", "json"]);
        assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), "[]\n"), "{what}: {}", empty.stderr);
    }
}

#[tokio::test]
async fn a_changed_playbook_is_laid_beside_the_present_one_over_the_services_own_tickets() {
    let home = Home::new("");
    assert_eq!(home.call(&["import", "DIR", "--config", "FILE"]).code, Some(0));
    let store =
        Store::open(&format!("sqlite://{}", home.0.path().join("nightporter.db").display())).await.expect("opens");
    let opened_at = Clock::system().now() - 20 * DAY;
    let ticket = Ticket {
        opened_at,
        property_id: "oak".into(),
        unit_id: Some("12a".into()),
        status: Status::Resolved { at: opened_at + 11 * DAY },
        ..crate::store::ticket("k1", TicketKind::Battery, "flat7, front", "oak-1", 0)
    };
    let mut tx = store.begin().await.expect("begins");
    tx.save_tickets(&[&ticket]).await.expect("saved");
    tx.commit().await.expect("committed");
    let steps: String = (0..30)
        .map(|day| {
            let step = "do = 'text'\nto = 'tenant'\ntemplate = 'battery_reminder'";
            format!("[[playbook.battery.steps]]\nafter = '{day}d'\n{step}\n")
        })
        .collect();
    home.write("planned.toml", &steps);
    let planned = home.0.path().join("planned.toml").display().to_string();
    let told = home.call(&["backtest", "--own", "--config", "FILE", "--against", &planned]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let lines: Vec<serde_json::Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let battery =
        |n: usize| (&lines[n]["tickets"]["battery"]["tickets"], &lines[n]["tickets"]["battery"]["to_tenants"]);
    assert_eq!((battery(0), battery(1)), ((&json!(1), &json!(2)), (&json!(1), &json!(11))), "{}", told.stdout);
}

#[test]
fn check_says_in_plain_words_what_is_wrong() {
    let (broker, carrier) = (free_port(), free_port());
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let http = other.local_addr().expect("bound");
    let home = Home::new(&format!(
        "[http]\nlisten = '{http}'\n[mqtt]\nurl = 'mqtt://127.0.0.1:{broker}'\n[database]\nurl = 'sqlite://nowhere/np.db'\n[sms]\nprovider = 'twilio'\n\
         [sms.twilio]\naccount_sid = 'AC1'\nauth_token = 'hush'\nfrom = '+15005550006'\napi_url = 'http://127.0.0.1:{carrier}'\n"
    ));
    let checked = home.call(&["check", "--config", "FILE"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(1), "4 things are wrong\n"));
    let lines: Vec<_> = checked.stdout.lines().collect();
    assert_eq!(lines[0], "configuration: sound");
    let refused = format!("broker: WRONG: mqtt://127.0.0.1:{broker}: nothing listens there");
    assert!(lines[1].starts_with(&refused), "{}", lines[1]);
    assert!(lines[2].starts_with("database: WRONG: there is no folder "), "{}", lines[2]);
    assert!(lines[3].starts_with("carrier: WRONG: carrier unreachable"), "{}", lines[3]);
    assert!(lines[4].starts_with(&format!("http: WRONG: {http} is taken by another program")), "{}", lines[4]);
}

#[test]
fn check_passes_where_all_is_well() {
    let http = free_port();
    let home = Home::new(&format!(
        "[broker]\nenabled = true\nlisten = '127.0.0.1:1883'\n[http]\nlisten = '127.0.0.1:{http}'\n"
    ));
    let first = home.call(&["check", "--config", "FILE"]);
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    assert!(first.stdout.contains("nightporter.db will be created"), "{}", first.stdout);
    assert!(!home.path().join("nightporter.db").exists(), "check changes nothing");
    assert_eq!(home.call(&["migrate", "--config", "FILE"]).code, Some(0));
    let second = home.call(&["check", "--config", "FILE"]);
    assert!(second.stdout.contains("database: reachable, schema ready"), "{}", second.stdout);
}

#[tokio::test]
async fn run_serves_until_it_is_told_to_stop() {
    let (broker, http) = (free_port(), free_port());
    let home = Home::new(&format!(
        "[broker]\nenabled = true\nlisten = '127.0.0.1:{broker}'\n[mqtt]\nurl = 'mqtt://127.0.0.1:{broker}'\n\
         [http]\nlisten = '127.0.0.1:{http}'\n"
    ));
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightporter"))
        .args(["run", "--config"])
        .arg(home.path().join("np.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let deadline = Duration::from_secs(30);
    eventually(deadline, "it listens", async || TcpStream::connect(("127.0.0.1", http)).is_ok()).await;
    eventually(deadline, "its broker listens", async || TcpStream::connect(("127.0.0.1", broker)).is_ok()).await;

    let checked = home.call(&["check", "--config", "FILE"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
    let taken = format!("http: 127.0.0.1:{http} is taken by a nightporter that is running");
    assert!(checked.stdout.contains(&taken), "{}", checked.stdout);
    let second = home.call(&["run", "--config", "FILE"]);
    assert_eq!(second.code, Some(1), "a second one on the same address");
    assert!(second.stderr.contains(&format!("http.listen 127.0.0.1:{http}")), "{}", second.stderr);

    let kill = Command::new("kill").arg(child.id().to_string()).status().expect("kill exists");
    assert!(kill.success());
    eventually(deadline, "it stops", async || child.try_wait().expect("a child").is_some()).await;
    let output = child.wait_with_output().expect("ended");
    let log = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]), "{log}");
    assert!(!log.contains('\u{1b}'), "no colours in a pipe: {log}");
}
