//! What only shows when the whole configuration is read: ranges, keys that need or exclude each other, secrets in
//! files, playbooks. Every problem is reported at the key that should be changed.

use std::path::{Path, PathBuf};

use super::read::Document;
use super::values::{BrokerUrl, Secret, host_of, is_loopback};
use super::{Broker, BrokerUser, Config, Mqtt, carriers, formats, playbooks};
use crate::model::{CarrierName, E164};

/// The sections of the file, to tell a variable with one underscore too few from somebody else's.
pub(super) const SECTIONS: [&str; 18] = [
    "mqtt",
    "home_assistant",
    "broker",
    "database",
    "http",
    "sms",
    "rewards",
    "goodwill",
    "battery",
    "presence",
    "leak",
    "contact",
    "dispatch",
    "sla",
    "region",
    "clock",
    "playbook",
    "property",
];

/// The most connections to one broker.
const CONNECTIONS_MAX: usize = 64;

/// The most housekeepers that are asked at once.
const GROUP_MAX: usize = 20;

/// The longest file that is taken for a secret, in bytes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Makes the configuration whole (secrets from files, paths) and reports what is wrong with it.
pub(super) fn check(config: &mut Config, document: &mut Document<'_>) {
    resolve_secrets(config, document);
    resolve_paths(config, document);
    formats::check(config, document);
    meet_own_broker(config);
    check_mqtt(config, document);
    check_broker(config, document);
    check_database(config, document);
    check_twilio(config, document);
    carriers::check_aliyun(config, document);
    carriers::check_routes(config, document);
    check_rewards(config, document);
    check_thresholds(config, document);
    check_clock(config, document);
    for (kind, edit) in &config.playbook {
        playbooks::check(*kind, edit, document);
    }
    for (kind, edit) in config.property.values().flat_map(|p| &p.playbook) {
        playbooks::check(*kind, edit, document);
    }
}

/// The built-in broker is where the service connects to, unless it is told otherwise.
fn meet_own_broker(config: &mut Config) {
    let Broker { enabled, listen, cert_file, .. } = &config.broker;
    if *enabled && cert_file.is_none() && config.mqtt.url == Mqtt::default().url {
        let host = if listen.ip().is_unspecified() { "127.0.0.1".to_owned() } else { listen.ip().to_string() };
        config.mqtt.url = BrokerUrl { tls: false, host, port: listen.port() };
    }
}

fn resolve_secrets(config: &mut Config, document: &mut Document<'_>) {
    for user in &mut config.broker.users {
        let span = user.span();
        if let Err(problem) = resolve_user(user.get_mut(), document.path) {
            document.report_at(span, problem);
        }
    }
    let mqtt = config.mqtt.password_file.take();
    if let Some(secret) = secret(document, "mqtt.password", config.mqtt.password.is_some(), mqtt) {
        config.mqtt.password = Some(secret);
    }
    let twilio = config.sms.twilio.auth_token_file.take();
    if let Some(secret) = secret(document, "sms.twilio.auth_token", config.sms.twilio.auth_token.is_some(), twilio) {
        config.sms.twilio.auth_token = Some(secret);
    }
    let aliyun = &mut config.sms.aliyun;
    let file = aliyun.access_key_secret_file.take();
    if let Some(secret) = secret(document, "sms.aliyun.access_key_secret", aliyun.access_key_secret.is_some(), file) {
        aliyun.access_key_secret = Some(secret);
    }
    let url = config.database.url_file.take();
    if let Some(secret) = secret(document, "database.url", document.has("database.url"), url) {
        config.database.url = secret;
    }
}

/// The trimmed content of a secret's file; `None` when there is none or it is an error, which is then reported.
fn secret(document: &mut Document<'_>, key: &str, given: bool, file: Option<PathBuf>) -> Option<Secret> {
    let file = file?;
    let file_key = format!("{key}_file");
    if given {
        document.report(&file_key, format!("{key} is given too; keep one of them"));
        return None;
    }
    match read_secret(&beside(document.path, &file)) {
        Ok(secret) => Some(secret),
        Err(problem) => {
            document.report(&file_key, format!("{}: {problem}", file.display()));
            None
        }
    }
}

/// Gives a broker's user their password.
fn resolve_user(user: &mut BrokerUser, config_file: &Path) -> Result<(), String> {
    user.password = match (user.password.take(), user.password_file.take()) {
        (Some(_), Some(_)) => return Err("password and password_file are given; keep one of them".to_owned()),
        (None, None) => return Err("the user needs a password_file (or a password)".to_owned()),
        (Some(password), None) => Some(password),
        (None, Some(file)) => {
            let read = read_secret(&beside(config_file, &file));
            Some(read.map_err(|problem| format!("{}: {problem}", file.display()))?)
        }
    };
    Ok(())
}

fn read_secret(file: &Path) -> Result<Secret, String> {
    let size = std::fs::metadata(file).map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > SECRET_BYTES_MAX {
        return Err(format!("longer than {SECRET_BYTES_MAX} bytes; that is no secret"));
    }
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}"))?;
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(Secret::new(text.trim()))
}

/// Relative paths count from the folder of the configuration file.
fn beside(config_file: &Path, path: &Path) -> PathBuf {
    config_file.parent().unwrap_or(Path::new("")).join(path)
}

fn resolve_paths(config: &mut Config, document: &Document<'_>) {
    let (mqtt, broker) = (&mut config.mqtt, &mut config.broker);
    let ours = [&mut mqtt.ca_file, &mut mqtt.client_cert_file, &mut mqtt.client_key_file];
    let brokers = [&mut broker.cert_file, &mut broker.key_file, &mut broker.client_ca_file];
    for file in ours.into_iter().chain(brokers).flatten() {
        *file = beside(document.path, file);
    }
    config.broker.data_dir = beside(document.path, &config.broker.data_dir);
    if let Some(file) = config.database.url.expose().strip_prefix("sqlite://").filter(|f| !f.starts_with(":memory:")) {
        config.database.url = Secret::new(format!("sqlite://{}", beside(document.path, Path::new(file)).display()));
    }
}

fn check_mqtt(config: &Config, document: &mut Document<'_>) {
    let mqtt = &config.mqtt;
    if !(1..=CONNECTIONS_MAX).contains(&mqtt.connections) {
        document.report("mqtt.connections", format!("expected 1 to {CONNECTIONS_MAX}"));
    }
    if mqtt.client_id.is_empty() {
        document.report("mqtt.client_id", "is empty; the broker keeps the session under this name");
    }
    if mqtt.share_group.is_empty() || mqtt.share_group.contains(['/', '+', '#']) {
        document.report("mqtt.share_group", "expected a name without / + #");
    }
    if mqtt.subscriptions.is_empty() {
        document.report("mqtt.subscriptions", "is empty; nothing would be heard");
    }
    if mqtt.password.is_some() && mqtt.username.is_none() {
        document.report("mqtt.password", "needs a username");
    }
    let prefix = &config.home_assistant.prefix;
    if prefix.is_empty() || prefix.contains(['+', '#']) || prefix.starts_with('/') || prefix.ends_with('/') {
        document.report("home_assistant.prefix", "expected a topic without + #, e.g. \"homeassistant\"");
    }
    check_tls_files(config, document);
}

fn check_tls_files(config: &Config, document: &mut Document<'_>) {
    let mqtt = &config.mqtt;
    let files = [
        ("mqtt.ca_file", &mqtt.ca_file),
        ("mqtt.client_cert_file", &mqtt.client_cert_file),
        ("mqtt.client_key_file", &mqtt.client_key_file),
    ];
    for (key, file) in given(&files) {
        if mqtt.url.tls {
            check_readable(key, file, document);
        } else {
            document.report(key, "is used with an mqtts:// url only");
        }
    }
    check_pair(
        "mqtt.client_cert_file",
        "mqtt.client_key_file",
        (&mqtt.client_cert_file, &mqtt.client_key_file),
        document,
    );
    if mqtt.client_cert_file.is_some() && mqtt.ca_file.is_none() {
        document.report("mqtt.client_cert_file", "needs ca_file: who is trusted is then said too");
    }
}

fn check_broker(config: &Config, document: &mut Document<'_>) {
    let broker = &config.broker;
    let files = [
        ("broker.cert_file", &broker.cert_file),
        ("broker.key_file", &broker.key_file),
        ("broker.client_ca_file", &broker.client_ca_file),
    ];
    for (key, file) in given(&files) {
        check_readable(key, file, document);
    }
    check_pair("broker.cert_file", "broker.key_file", (&broker.cert_file, &broker.key_file), document);
    if broker.client_ca_file.is_some() && broker.cert_file.is_none() {
        document.report("broker.client_ca_file", "needs cert_file and key_file");
    }
    if broker.allow_anonymous && !broker.users.is_empty() {
        document.report("broker.allow_anonymous", "users are given too; choose one");
    }
    if broker.enabled && broker.users.is_empty() && !broker.allow_anonymous && !broker.listen.ip().is_loopback() {
        let mend = "give [[broker.users]], listen on 127.0.0.1, or set allow_anonymous = true";
        document.report("broker.enabled", format!("anyone on {} could publish without a name: {mend}", broker.listen));
    }
}

fn given<'a>(files: &'a [(&'a str, &'a Option<PathBuf>)]) -> impl Iterator<Item = (&'a str, &'a Path)> {
    files.iter().filter_map(|(key, file)| Some((*key, file.as_deref()?)))
}

fn check_readable(key: &str, file: &Path, document: &mut Document<'_>) {
    if let Err(e) = std::fs::File::open(file) {
        document.report(key, format!("{}: cannot be read: {e}", file.display()));
    }
}

/// A certificate and its key come together.
fn check_pair(cert: &str, key: &str, given: (&Option<PathBuf>, &Option<PathBuf>), document: &mut Document<'_>) {
    let name = |dotted: &str| dotted.rsplit('.').next().unwrap_or_default().to_owned();
    match given {
        (Some(_), None) => document.report(cert, format!("needs {}", name(key))),
        (None, Some(_)) => document.report(key, format!("needs {}", name(cert))),
        _ => {}
    }
}

fn check_database(config: &Config, document: &mut Document<'_>) {
    let url = config.database.url.expose();
    let known = ["sqlite://", "sqlite::memory:", "postgres://", "postgresql://"];
    if !known.iter().any(|start| url.starts_with(start)) {
        let expected = "expected \"sqlite://FILE\" or \"postgres://user:password@host/database\"";
        document.report("database.url", format!("not the URL of a database; {expected}"));
    }
}

fn check_twilio(config: &mut Config, document: &mut Document<'_>) {
    let like = ("https://api.twilio.com", "the auth token");
    carriers::check_api_url("sms.twilio.api_url", &mut config.sms.twilio.api_url, like, document);
    if !config.sms.uses(CarrierName::Twilio) {
        return;
    }
    let twilio = &config.sms.twilio;
    if !twilio.account_sid.starts_with("AC") {
        document.report("sms.twilio.account_sid", "expected the account's SID, AC…");
    }
    if twilio.auth_token.is_none() {
        document.report("sms.twilio.auth_token", "is missing; give auth_token_file (or auth_token)");
    }
    match (&twilio.from, &twilio.messaging_service_sid) {
        (Some(from), None) if is_sender(from) => {}
        (Some(_), None) => {
            document
                .report("sms.twilio.from", "expected a number such as \"+15005550006\", a short code or a sender name");
        }
        (None, Some(sid)) if sid.starts_with("MG") => {}
        (None, Some(_)) => document.report("sms.twilio.messaging_service_sid", "expected the service's SID, MG…"),
        (None, None) => document.report("sms.twilio.from", "is missing; give from or messaging_service_sid"),
        (Some(_), Some(_)) => {
            document.report("sms.twilio.from", "messaging_service_sid is given too; keep one of them")
        }
    }
}

/// E.164, a short code, or an alphanumeric sender name of up to 11 characters.
fn is_sender(from: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == ' ';
    E164::parse(from).is_some() || ((3..=11).contains(&from.len()) && from.chars().all(name))
}

fn check_rewards(config: &Config, document: &mut Document<'_>) {
    let rewards = &config.rewards;
    let code = &rewards.currency;
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        document.report("rewards.currency", format!("\"{code}\" is no currency; expected e.g. \"CNY\""));
    }
    let amounts = [
        ("rewards.in_time_minor", rewards.in_time_minor),
        ("rewards.late_minor", rewards.late_minor),
        ("rewards.monthly_cap_minor", rewards.monthly_cap_minor),
    ];
    for (key, _) in amounts.into_iter().filter(|(_, amount)| *amount < 0) {
        document.report(key, "expected 0 or more (minor units, e.g. fen)");
    }
}

fn check_thresholds(config: &Config, document: &mut Document<'_>) {
    if !(0.0..=100.0).contains(&config.battery.low_percent) {
        document.report("battery.low_percent", "expected 0 to 100");
    }
    if config.battery.proof_readings < 1 {
        document.report("battery.proof_readings", "expected 1 or more");
    }
    let hours = [
        ("contact.night_from_hour", config.contact.night_from_hour),
        ("contact.night_to_hour", config.contact.night_to_hour),
    ];
    for (key, _) in hours.into_iter().filter(|(_, hour)| *hour > 23) {
        document.report(key, "expected an hour, 0 to 23");
    }
    if !(0.0..=0.5).contains(&config.contact.people_share) {
        document.report("contact.people_share", "expected 0 to 0.5");
    }
    let tones = config.property.iter().filter_map(|(id, p)| Some((format!("property.{id}.tones"), p.tones.as_ref()?)));
    let tones = std::iter::once(("contact.tones".to_owned(), &config.contact.tones)).chain(tones);
    for (key, _) in tones.filter(|(_, tones)| tones.is_empty()) {
        document.report(&key, "expected at least one of plain, warm, playful, rhyming");
    }
    if !(1..=GROUP_MAX).contains(&config.dispatch.group) {
        document.report("dispatch.group", format!("expected 1 to {GROUP_MAX}"));
    }
    if config.sla.to_hour > 24 || config.sla.from_hour >= config.sla.to_hour {
        document.report("sla.to_hour", "expected an hour after sla.from_hour, 24 at most");
    }
    let budgets = [
        ("goodwill.agent_monthly_minor", config.goodwill.agent_monthly_minor),
        ("goodwill.tenant_monthly_minor", config.goodwill.tenant_monthly_minor),
    ];
    for (key, _) in budgets.into_iter().filter(|(_, minor)| *minor < 0) {
        document.report(key, "expected 0 or more (minor units, e.g. fen)");
    }
    if config.presence.least > config.presence.most {
        document.report("presence.least", "is more than presence.most");
    }
}

fn check_clock(config: &Config, document: &mut Document<'_>) {
    let Some(clock) = &config.clock else { return };
    if !(clock.speed.is_finite() && clock.speed > 0.0) {
        document.report("clock.speed", "expected a number above 0");
    }
    let is_real = |carrier: CarrierName| {
        let api_url = match carrier {
            CarrierName::Console => return false,
            CarrierName::Aliyun => &config.sms.aliyun.api_url,
            CarrierName::Twilio => &config.sms.twilio.api_url,
        };
        !host_of(api_url).is_some_and(|host| is_loopback(&host))
    };
    if config.sms.routes().all().into_iter().any(is_real) {
        document.report("clock", "tests only: people would be texted at the wrong time; take [clock] out");
    }
}
