//! What can be wrong with `[sms]`: who carries messages, and the accounts they have.

use super::Config;
use super::explain::suggest;
use super::read::Document;
use super::values::{host_of, is_loopback};
use crate::decide::Words;
use crate::decide::words::{OTHER_TEMPLATES, TEMPLATES};
use crate::model::{CarrierName, Locale};

/// A carrier's address, and what must not go there unencrypted.
pub(super) fn check_api_url(key: &str, url: &mut String, (like, what): (&str, &str), document: &mut Document<'_>) {
    url.truncate(url.trim_end_matches('/').len());
    match host_of(url) {
        None => document.report(key, format!("no web address; expected e.g. \"{like}\"")),
        Some(host) if url.starts_with("http://") && !is_loopback(&host) => {
            document.report(key, format!("would send {what} unencrypted; use https://"));
        }
        Some(_) => {}
    }
}

/// `[sms.routes]`: codes of countries, each with the carriers that are tried there in turn.
pub(super) fn check_routes(config: &Config, document: &mut Document<'_>) {
    for (code, carriers) in &config.sms.routes {
        let key = format!("sms.routes.{code}");
        let digits = code.strip_prefix('+').unwrap_or_default();
        if !matches!(digits.len(), 1..=7) || digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            document.report(&key, "expected a country calling code, e.g. \"+86\"");
        }
        let twice = carriers.iter().enumerate().find(|(n, carrier)| carriers[..*n].contains(carrier));
        if carriers.is_empty() {
            document.report(&key, "names no carrier; give one or more, e.g. [\"aliyun\", \"twilio\"]");
        } else if let Some((_, carrier)) = twice {
            document.report(&key, format!("names {} twice; each carrier has one place in the order", carrier.as_str()));
        } else if carriers.contains(&CarrierName::Console) {
            document.report(&key, "console prints and sends nothing: nobody there would be reached; take it out");
        } else if carriers.contains(&CarrierName::Aliyun) && !digits.starts_with("86") {
            document.report(&key, "Aliyun takes numbers of mainland China (+86) only; take it out here");
        }
    }
    if config.sms.provider == CarrierName::Console && !config.sms.routes.is_empty() {
        let mend = "give the carrier of all other numbers, \"twilio\" or \"aliyun\"";
        document.report("sms.provider", format!("texts to numbers outside [sms.routes] would only be printed; {mend}"));
    }
}

/// `[sms.aliyun]`: templates are checked whenever they are given, the account when it is used.
pub(super) fn check_aliyun(config: &mut Config, document: &mut Document<'_>) {
    let aliyun = &mut config.sms.aliyun;
    let like = ("https://dysmsapi.aliyuncs.com", "numbers and texts");
    check_api_url("sms.aliyun.api_url", &mut aliyun.api_url, like, document);
    let words = Words::new();
    for (locale, codes) in &aliyun.templates {
        for (name, code) in codes {
            check_template(&words, *locale, name, code, document);
        }
    }
    if !config.sms.uses(CarrierName::Aliyun) {
        return;
    }
    let aliyun = &config.sms.aliyun;
    if aliyun.access_key_id.is_empty() {
        document.report("sms.aliyun.access_key_id", "is missing; give the access key's id, LTAI…");
    }
    if aliyun.access_key_secret.is_none() {
        document
            .report("sms.aliyun.access_key_secret", "is missing; give access_key_secret_file (or access_key_secret)");
    }
    if aliyun.sign_name.is_empty() || aliyun.sign_name.contains(['【', '】']) {
        document.report("sms.aliyun.sign_name", "expected the approved signature, without brackets 【】");
    }
    if aliyun.templates.values().all(|codes| codes.is_empty()) {
        let mend = "give the codes of your approved templates, e.g. [sms.aliyun.templates.zh-CN] leak_tenant = \"SMS_123456789\"";
        document.report("sms.aliyun.templates", format!("is missing: Aliyun sends approved templates only; {mend}"));
    }
}

fn check_template(words: &Words, locale: Locale, name: &str, code: &str, document: &mut Document<'_>) {
    let key = format!("sms.aliyun.templates.{}.{name}", locale.as_str());
    if words.outline(locale, name).is_none() {
        let known: Vec<&str> = TEMPLATES.iter().chain(OTHER_TEMPLATES).copied().collect();
        document.report(&key, format!("there are no words \"{name}\"; {}", suggest(name, &known)));
    }
    if !code.strip_prefix("SMS_").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        document.report(&key, "expected the code of an approved template, SMS_ and a number");
    }
}
