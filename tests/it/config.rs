//! The configuration: what each text means, what each mistake is told, and that secrets stay secret.

use std::path::Path;

use nightporter::config::{BrokerUrl, Config, Secret, Subscription, defaults_text};
use nightporter::decide::policy::builtin_playbook;
use nightporter::decide::words::TEMPLATES;
use nightporter::model::CarrierName;
use nightporter::model::{Audience, PropertyId, Severity, Span, TicketKind};

fn parse_env(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Config::parse(text, Path::new("np.toml"), env).map_err(|e| e.to_string())
}

pub fn parse(text: &str) -> Config {
    parse_env(text, &[]).expect("a sound configuration")
}

/// The text is refused with exactly these lines.
pub fn refused(text: &str, env: &[(&str, &str)], lines: &[&str]) {
    let told = parse_env(text, env).expect_err("a refusal");
    assert_eq!(told.lines().collect::<Vec<_>>(), lines, "for:\n{text}\n{env:?}");
}

#[test]
fn the_service_meets_its_own_broker_unless_it_is_told_otherwise() {
    let url = |text: &str| parse_env(text, &[]).expect("sound").mqtt.url.to_string();
    assert_eq!(url("[broker]\nenabled = true\nlisten = '127.0.0.1:21883'"), "mqtt://127.0.0.1:21883");
    assert_eq!(
        url("[broker]\nenabled = true\nlisten = '0.0.0.0:1884'\nallow_anonymous = true"),
        "mqtt://127.0.0.1:1884"
    );
    let elsewhere = "[mqtt]\nurl = 'mqtt://hub.local:1883'\n[broker]\nenabled = true\nlisten = '127.0.0.1:21883'";
    assert_eq!(url(elsewhere), "mqtt://hub.local:1883");
    assert_eq!(url("[broker]\nlisten = '127.0.0.1:21883'"), "mqtt://127.0.0.1:1883", "it is not started");
}

#[test]
fn sections_for_unknown_places_name_the_nearest() {
    let text = "[mqtt]\nsubscriptions = ['a', { topic = 'b', property = 'oak' }, { topic = 'c', property = 'elmm' }]\n\
        [property.oka.playbook.leak]\nseverity = \"urgent\"\n[property.elm]\n[region.eas]\nphone = \"+8613800000000\"";
    let config = Config::parse(text, Path::new("np.toml"), std::iter::empty()).expect("sound by itself");
    let known = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        config.strangers(&known(&["elm", "oak"]), &known(&["east", "west"])),
        [
            "mqtt.subscriptions.2.property: the registry has no property \"elmm\"; did you mean \"elm\"?",
            "[property.oka]: the registry has no property \"oka\"; did you mean \"oak\"?",
            "[region.eas]: the registry has no region \"eas\"; did you mean \"east\"?",
        ]
    );
    assert!(config.strangers(&known(&["elm", "elmm", "oak", "oka"]), &known(&["eas"])).is_empty());
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(parse(""), Config::default());
}

#[test]
fn the_printed_defaults_read_back_to_the_defaults() {
    let mut printed = parse(&defaults_text());
    assert_eq!(printed.policy(), Config::default().policy());
    for kind in TicketKind::ALL {
        assert_eq!(printed.policy().playbook(&PropertyId::from("x"), kind), builtin_playbook(kind));
        assert!(printed.playbook.contains_key(&kind), "{kind:?} is printed");
    }
    printed.playbook.clear();
    assert_eq!(printed, Config::default());
}

#[test]
fn the_printed_defaults_with_every_comment_taken_off_hold_only_known_keys() {
    let is_key =
        |line: &str| line.split_once(" = ").is_some_and(|(k, _)| k.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    let uncommented = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if is_key(rest) || rest.starts_with('[') && !rest.contains("ID") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<_> = defaults_text().lines().map(uncommented).collect();
    let told = parse_env(&text.join("\n"), &[]).expect_err("files that do not exist");
    assert!(!told.contains("unknown key"), "{told}");
    assert!(told.contains("auth_token_file") && told.contains("mqtt.password_file"), "{told}");
}

#[test]
fn the_contract_example_is_understood() {
    let config = parse(
        r#"
        [mqtt]
        url = "mqtts://broker.example.com"
        connections = 2
        subscriptions = ["zigbee2mqtt/#", { topic = "flat7/#", format = "native" }]
        [database]
        url = "postgres://user:secret@host/db"
        [http]
        public_url = "https://care.example.com/"
        [sms]
        provider = "twilio"
        [sms.twilio]
        account_sid = "AC1"
        auth_token = "hush"
        from = "+15005550006"
        api_url = "http://127.0.0.1:9/"
        [battery]
        low_percent = 25
        [clock]
        start = "2026-01-05T02:30:00+08:00"
        speed = 3600.0
        [playbook.leak]
        clear_after = "10m"
        [property.oak.playbook.leak]
        severity = "urgent"
        steps = [{ after = "0s", do = "text", to = "manager", template = "leak_manager" }]
        "#,
    );
    assert_eq!(config.mqtt.url, BrokerUrl { tls: true, host: "broker.example.com".to_owned(), port: 8883 });
    let route = Subscription {
        topic: "flat7/#".to_owned(),
        format: Some(toml::Spanned::new(0..0, "native".to_owned())),
        property: None,
    };
    assert_eq!(config.mqtt.subscriptions[1], route);
    assert_eq!(config.http.base_url(), "https://care.example.com");
    assert_eq!(config.sms.provider, CarrierName::Twilio);
    assert_eq!(config.sms.twilio.api_url, "http://127.0.0.1:9");
    assert!((config.battery.low_percent - 25.0).abs() < f64::EPSILON);
    let all = config.policy().playbook(&PropertyId::from("elm"), TicketKind::Leak);
    assert_eq!((all.clear_after, all.steps.len()), (Some(Span(600_000)), 6), "an edit keeps what it does not name");
    let oak = config.policy().playbook(&PropertyId::from("oak"), TicketKind::Leak);
    assert_eq!((oak.clear_after, oak.severity), (Some(Span(600_000)), Severity::Urgent));
    assert_eq!(oak.steps[0].to, Audience::Manager);
    assert!(config.clock(None).now().to_rfc3339().starts_with("2026-01-04T18:"));
}

#[test]
fn each_mistake_is_told_with_its_place_and_how_to_mend_it() {
    let cases: &[(&str, &[&str])] = &[
        ("[mqtt]\nconections = 4", &[r#"np.toml:2:1: mqtt.conections: unknown key; did you mean "connections"?"#]),
        ("[databse]\nurl = 'x'", &[r#"np.toml:1:2: databse: unknown key; did you mean "database"?"#]),
        ("[clock]\nwarp = 9", &["np.toml:2:1: clock.warp: unknown key; known are start, speed"]),
        ("mqtt = 3", &["np.toml:1:8: mqtt: expected a table, found integer 3"]),
        (
            "[mqtt]\nconnections = 'four'",
            &[r#"np.toml:2:15: mqtt.connections: expected a whole number, 0 or more, found string "four""#],
        ),
        (
            "[mqtt]\nconnections = -1",
            &["np.toml:2:15: mqtt.connections: expected a whole number, 0 or more, found integer -1"],
        ),
        ("[mqtt]\nconnections = 0", &["np.toml:2:1: mqtt.connections: expected 1 to 64"]),
        (
            "[mqtt]\nurl = 'tcp://h'",
            &[
                r#"np.toml:2:7: mqtt.url: not the URL of a broker; expected e.g. "mqtt://127.0.0.1:1883" or "mqtts://broker.example.com""#,
            ],
        ),
        (
            "[mqtt]\nurl = 'mqtt://me:hush@h'",
            &["np.toml:2:7: mqtt.url: holds a user name; use the keys username and password_file instead"],
        ),
        (
            "[broker]\nenabled = true",
            &[
                "np.toml:2:1: broker.enabled: anyone on 0.0.0.0:1883 could publish without a name: give [[broker.users]], listen on 127.0.0.1, or set allow_anonymous = true",
            ],
        ),
        (
            "[broker]\nallow_anonymous = true\n[[broker.users]]\nname = 'hub'",
            &[
                "np.toml:2:1: broker.allow_anonymous: users are given too; choose one",
                "np.toml:3:1: broker.users.0: the user needs a password_file (or a password)",
            ],
        ),
        ("[mqtt]\nca_file = 'ca.pem'", &["np.toml:2:1: mqtt.ca_file: is used with an mqtts:// url only"]),
        (
            "[mqtt]\nsubscriptions = ['a/#/b']",
            &[
                "np.toml:2:18: mqtt.subscriptions.0: `a/#/b` is no MQTT topic filter: `+` and `#` stand alone in a level, `#` only at the end",
            ],
        ),
        (
            "[http]\nlisten = ':8080'",
            &[r#"np.toml:2:10: http.listen: ":8080" is no address and port; expected e.g. "127.0.0.1:8080""#],
        ),
        (
            "[database]\nurl = 'mysql://u:hush@h/d'",
            &[
                r#"np.toml:2:1: database.url: not the URL of a database; expected "sqlite://FILE" or "postgres://user:password@host/database""#,
            ],
        ),
        (
            "[sms]\nprovider = 'twillio'",
            &[r#"np.toml:2:12: sms.provider: unknown word "twillio"; did you mean "twilio"?"#],
        ),
        (
            "[sms]\nprovider = 'twilio'",
            &[
                "np.toml:1:2: sms.twilio.account_sid: expected the account's SID, AC…",
                "np.toml:1:2: sms.twilio.auth_token: is missing; give auth_token_file (or auth_token)",
                "np.toml:1:2: sms.twilio.from: is missing; give from or messaging_service_sid",
            ],
        ),
        (
            "[sms]\nprovider = 'twilio'\n[sms.twilio]\naccount_sid = 'AC1'\nfrom = '+15005550006'\nauth_token_file = 'gone'",
            &["np.toml:6:1: sms.twilio.auth_token_file: gone: cannot be read: No such file or directory (os error 2)"],
        ),
        (
            "[sms.twilio]\napi_url = 'http://example.com'",
            &["np.toml:2:1: sms.twilio.api_url: would send the auth token unencrypted; use https://"],
        ),
        (
            "[rewards]\nin_time = 48\ncurrency = 'yuan'",
            &[
                "np.toml:2:11: rewards.in_time: expected text in quotes, found integer 48",
                r#"np.toml:3:1: rewards.currency: "yuan" is no currency; expected e.g. "CNY""#,
            ],
        ),
        (
            "[contact]\ntones = []\npeople_share = 0.9\n[property.oak]\ntones = ['warn']\n[property.elm]\ntones = []",
            &[
                "np.toml:2:1: contact.tones: expected at least one of plain, warm, playful, rhyming",
                "np.toml:3:1: contact.people_share: expected 0 to 0.5",
                r#"np.toml:5:10: property.oak.tones.0: unknown word "warn"; did you mean "warm"?"#,
                "np.toml:7:1: property.elm.tones: expected at least one of plain, warm, playful, rhyming",
            ],
        ),
        (
            "[battery]\nlow_percent = 120\nproof_hold = '12 hours'",
            &[
                "np.toml:2:1: battery.low_percent: expected 0 to 100",
                r#"np.toml:3:14: battery.proof_hold: "12 hours" is no duration; expected e.g. "30s", "5m", "48h" or "2d""#,
            ],
        ),
        ("[mqtt", &["np.toml:1:6: unclosed table, expected `]`"]),
        ("[mqtt]\nurl = mqtt", &["np.toml:2:7: string values must be quoted, expected literal string"]),
    ];
    for (text, lines) in cases {
        refused(text, &[], lines);
    }
}

#[test]
fn every_bad_subscription_is_told() {
    let text = "[mqtt]\nsubscriptions = ['a', { topic = 'b', format = 'shelly' }, '$share/g/x', 'a/#/b']";
    let unknown = r#"np.toml:2:47: mqtt.subscriptions.1: there is no format "shelly"; did you mean "shelly_gen2"?"#;
    let shared = "np.toml:2:59: mqtt.subscriptions.2: leave $share/… out; share_group does that";
    let filter = "np.toml:2:73: mqtt.subscriptions.3: `a/#/b` is no MQTT topic filter: `+` and `#` stand alone in a level, \
                  `#` only at the end";
    refused(text, &[], &[unknown, shared, filter]);
}

#[test]
fn playbooks_name_only_what_exists() {
    let step = |step: &str| format!("[playbook.leak]\nsteps = [\n  {step},\n]");
    let cases = [
        (
            "{ after = '0s', do = 'txt', to = 'tenant' }",
            r#"np.toml:3:24: playbook.leak.steps.0: unknown word "txt"; did you mean "text"?"#,
        ),
        (
            "{ after = '0s', do = 'call', to = 'tenent' }",
            r#"np.toml:3:37: playbook.leak.steps.0: unknown word "tenent"; did you mean "tenant"?"#,
        ),
        ("{ do = 'call', to = 'tenant' }", r#"np.toml:3:3: playbook.leak.steps.0: the key "after" is missing"#),
        (
            "{ after = '0s', do = 'call', to = 'tenant', until = 'anwsered' }",
            r#"np.toml:3:55: playbook.leak.steps.0: unknown word "anwsered"; did you mean "answered"?"#,
        ),
        (
            "{ after = '0s', do = 'text', to = 'tenant', template = 'leak_tenent' }",
            r#"np.toml:3:3: playbook.leak.steps.0: unknown template "leak_tenent"; did you mean "leak_tenant"?"#,
        ),
        (
            "{ after = '0s', do = 'text', to = 'tenant' }",
            "np.toml:3:3: playbook.leak.steps.0: a step that texts needs a template",
        ),
        (
            "{ after = '0s', do = 'offer', to = 'on_duty', skill = 'plumber' }",
            r#"np.toml:3:3: playbook.leak.steps.0: unknown skill "plumber"; did you mean "plumbing"?"#,
        ),
        (
            "{ after = '0s', do = 'call', to = 'tenant', since = 'died' }",
            r#"np.toml:3:3: playbook.leak.steps.0: since = "before_end" and "died" belong to the battery playbook"#,
        ),
    ];
    for (text, line) in cases {
        refused(&step(text), &[], &[line]);
    }
    refused(
        "[playbook.leek]\nseverity = 'urgent'",
        &[],
        &[r#"np.toml:1:11: playbook.leek: unknown word "leek"; did you mean "leak"?"#],
    );
    refused(
        "[[playbook.leak.steps]]\nafter = '0s'\ndo = 'txt'\nto = 'tenant'",
        &[],
        &[r#"np.toml:3:6: playbook.leak.steps.0: unknown word "txt"; did you mean "text"?"#],
    );
    let known = TEMPLATES.join(", ");
    let line = format!("np.toml:2:10: property.oak.playbook.leak.steps.0: unknown template \"x\"; known are {known}");
    let text = "[property.oak.playbook.leak]\nsteps = [{ after = '0s', do = 'text', to = 'tenant', template = 'x' }]";
    refused(text, &[], &[&line]);
}

#[test]
fn a_faster_clock_is_refused_where_people_would_be_texted() {
    let twilio =
        "[sms]\nprovider = 'twilio'\n[sms.twilio]\naccount_sid = 'AC1'\nauth_token = 'hush'\nfrom = '+15005550006'\n";
    let line = "np.toml:7:2: clock: tests only: people would be texted at the wrong time; take [clock] out";
    refused(&format!("{twilio}[clock]\nspeed = 60"), &[], &[line]);
    parse(&format!("{twilio}api_url = 'http://localhost:8000'\n[clock]\nspeed = 60"));
    parse("[clock]\nspeed = 60");
    refused("[clock]\nspeed = 0", &[], &["np.toml:2:1: clock.speed: expected a number above 0"]);
}

#[test]
fn the_environment_overrides_the_file() {
    let env = [
        ("NIGHTPORTER_DATABASE__URL", "sqlite:///srv/np.db"),
        ("NIGHTPORTER_MQTT__CONNECTIONS", "8"),
        ("NIGHTPORTER_MQTT__CLIENT_ID", "12"),
        ("NIGHTPORTER_MQTT__SUBSCRIPTIONS", r#"["a/#", {topic = "b/#", format = "native"}]"#),
        ("NIGHTPORTER_DATABASE__MIGRATE", "false"),
        ("NIGHTPORTER_SMS__TWILIO__FROM", "+15005550006"),
        ("NIGHTPORTER_LOG", "debug"),
        ("NIGHTPORTER_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ];
    let config = parse_env("[database]\nurl = 'sqlite://other.db'", &env).expect("sound");
    assert_eq!(config.database.url, Secret::new("sqlite:///srv/np.db"));
    assert_eq!((config.mqtt.connections, config.mqtt.client_id.as_str()), (8, "12"));
    assert_eq!(config.mqtt.subscriptions.len(), 2);
    assert!(!config.database.migrate);
    assert_eq!(config.sms.twilio.from.as_deref(), Some("+15005550006"));
}

#[test]
fn mistakes_of_the_environment_name_the_variable() {
    let cases = [
        ("NIGHTPORTER_MQTT__CONECTIONS", "4", r#"mqtt.conections: unknown key; did you mean "connections"?"#),
        (
            "NIGHTPORTER_MQTT__CONNECTIONS",
            "four",
            r#"mqtt.connections: expected a whole number, 0 or more, found string "four""#,
        ),
        ("NIGHTPORTER_MQTT__CONNECTIONS", "0", "mqtt.connections: expected 1 to 64"),
        ("NIGHTPORTER_DATABSE__URL", "x", r#"databse: unknown key; did you mean "database"?"#),
        ("NIGHTPORTER_DATABASE_URL", "x", "a level takes two underscores: NIGHTPORTER_DATABASE__URL"),
    ];
    for (name, value, problem) in cases {
        refused("", &[(name, value)], &[&format!("{name}: {problem}")]);
    }
}

#[test]
fn secrets_come_from_files_and_are_never_printed() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("token"), "  hush-file\n").expect("written");
    std::fs::write(dir.path().join("empty"), "\n").expect("written");
    let path = dir.path().join("np.toml");
    let load = |text: &str| Config::parse(text, &path, std::iter::empty()).map_err(|e| e.to_string());
    let config = load(
        "[mqtt]\nusername = 'u'\npassword = 'hush-mqtt'\n[sms.twilio]\nauth_token_file = 'token'\n[database]\nurl = 'postgres://u:hush-db@h/d'",
    )
    .expect("sound");
    assert_eq!(config.sms.twilio.auth_token.as_ref().map(Secret::expose), Some("hush-file"));
    assert!(!format!("{config:?} {config:#?}").contains("hush"), "{config:?}");

    let both = load("[mqtt]\nusername = 'u'\npassword = 'hush'\npassword_file = 'token'").expect_err("both");
    assert!(both.ends_with("np.toml:4:1: mqtt.password_file: mqtt.password is given too; keep one of them"), "{both}");
    assert!(load("[mqtt]\nusername = 'u'\npassword_file = 'empty'").expect_err("empty").ends_with("empty: is empty"));
    assert!(load("[mqtt]\nusername = 'u'\npassword_file = 'nowhere'").is_err());
    for leak in [
        "[mqtt]\npassword = 4711",
        "[mqtt]\npassword = 'hush4711'",
        "[database]\nurl = 'mysql://u:hush4711@h'",
        "[mqtt]\nurl = 'mqtt://u:hush4711@h'",
        "[sms.twilio]\nauth_token = ['hush4711']",
    ] {
        let told = load(leak).expect_err("refused");
        assert!(!told.contains("4711"), "{told}");
    }
}

#[test]
fn relative_paths_count_from_the_folder_of_the_file() {
    let parse = |text: &str| Config::parse(text, Path::new("/etc/np/np.toml"), std::iter::empty()).expect("sound");
    assert_eq!(parse("").database.url.expose(), "sqlite:///etc/np/nightporter.db");
    assert_eq!(parse("[database]\nurl = 'sqlite:///srv/np.db'").database.url.expose(), "sqlite:///srv/np.db");
    assert_eq!(parse("[database]\nurl = 'sqlite://:memory:'").database.url.expose(), "sqlite://:memory:");
    assert_eq!(parse("").broker.data_dir, Path::new("/etc/np/nightporter-broker"));
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let told = Config::load(Path::new("/nowhere/np.toml"), std::iter::empty()).expect_err("no file").to_string();
    assert!(told.starts_with("/nowhere/np.toml: cannot be read: "), "{told}");
}
