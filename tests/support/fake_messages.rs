//! What the fake carrier answers when nothing goes wrong: Twilio's rules for creating, listing and fetching messages.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{ACCOUNT_SID, AUTH_TOKEN, Received, State, Taken};

const CREATE_NAMES: [&str; 25] = [
    "To",
    "StatusCallback",
    "ApplicationSid",
    "MaxPrice",
    "ProvideFeedback",
    "Attempt",
    "ValidityPeriod",
    "ForceDelivery",
    "ContentRetention",
    "AddressRetention",
    "SmartEncoded",
    "PersistentAction",
    "TrafficType",
    "ShortenUrls",
    "ScheduleType",
    "SendAt",
    "SendAsMms",
    "ContentVariables",
    "RiskCheck",
    "From",
    "FallbackFrom",
    "MessagingServiceSid",
    "Body",
    "MediaUrl",
    "ContentSid",
];
const CALL_NAMES: [&str; 12] = [
    "To",
    "From",
    "Method",
    "FallbackUrl",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "Timeout",
    "MachineDetection",
    "TimeLimit",
    "Url",
    "Twiml",
];
const LIST_NAMES: [&str; 8] = ["To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"];
/// The numbers that fail for Twilio's test credentials, with the code.
const BAD_RECIPIENTS: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];
const BAD_SENDERS: [(&str, u32); 3] = [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];

type Pairs = [(String, String)];
type Refusal = (u16, u32, &'static str);

/// Status and body for a request; a creation is remembered only when `takes`.
pub(super) fn answer(state: &mut State, request: &Received, takes: bool) -> (u16, Value) {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let Some(rest) = path.strip_prefix("/2010-04-01/Accounts/") else { return refuse(NOT_FOUND) };
    let Some((account, rest)) = rest.split_once('/') else { return refuse(NOT_FOUND) };
    if account != ACCOUNT_SID || !authorized(request) {
        return refuse((401, 20003, "Authenticate"));
    }
    match (request.method.as_str(), rest) {
        ("POST", "Messages.json") => create(state, &request.form, takes),
        ("POST", "Calls.json") => ring(state, &request.form, takes),
        ("GET", "Calls.json") => calls(state, query, &request.target),
        ("GET", "Messages.json") => list(state, query, &request.target),
        ("GET", one) => fetch(state, one),
        _ => refuse((405, 20004, "Method not allowed")),
    }
}

const NOT_FOUND: Refusal = (404, 20404, "The requested resource was not found");

fn refuse((status, code, message): Refusal) -> (u16, Value) {
    (status, error(status, code, message))
}

/// Twilio's error body.
pub(super) fn error(status: u16, code: u32, message: &str) -> Value {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    json!({"code": code, "message": message, "more_info": more_info, "status": status})
}

/// Names and values of a form or query.
pub(super) fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    let query = String::from_utf8_lossy(encoded);
    let url = reqwest::Url::parse(&format!("http://form/?{}", query.replace('#', "%23")));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

fn authorized(request: &Received) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}")));
    request.headers.get("authorization").is_some_and(|given| given.as_bytes() == expected.as_bytes())
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
}

/// Every name is known and, but for the lists among them, there once.
fn names_fit(pairs: &Pairs, known: &[&str]) -> bool {
    let mut seen = BTreeSet::new();
    pairs.iter().all(|(name, _)| {
        known.contains(&name.as_str())
            && (seen.insert(name) || ["MediaUrl", "PersistentAction"].contains(&name.as_str()))
    })
}

fn create(state: &mut State, form: &Pairs, takes: bool) -> (u16, Value) {
    if let Some(refusal) = objection(form) {
        return refuse(refusal);
    }
    let message = Taken {
        sid: format!("SM{:016x}{:016x}", state.roll(), state.roll()),
        created_at: state.settings.clock.now(),
        at: Instant::now(),
        to: value(form, "To").to_owned(),
        from: value(form, "From").to_owned(),
        service: value(form, "MessagingServiceSid").to_owned(),
        body: value(form, "Body").to_owned(),
        callback: value(form, "StatusCallback").to_owned(),
        validity_s: value(form, "ValidityPeriod").parse().unwrap_or(36_000),
        status: if value(form, "From").is_empty() { "accepted" } else { "queued" },
        error_code: None,
    };
    let answer = resource(&message);
    if takes {
        state.taken.push(message);
    }
    (201, answer)
}

fn objection(form: &Pairs) -> Option<Refusal> {
    let [to, from, service, body] = ["To", "From", "MessagingServiceSid", "Body"].map(|name| value(form, name));
    let marked =
        |list: &[(&str, u32)], number: &str| list.iter().find(|(bad, _)| *bad == number).map(|(_, code)| *code);
    if !names_fit(form, &CREATE_NAMES) {
        return Some((400, 20001, "Unknown or repeated parameter"));
    }
    let checks = [
        (to.is_empty(), 21604, "A 'To' phone number is required."),
        (from.is_empty() && service.is_empty(), 21603, "A 'From' phone number is required."),
        (body.is_empty(), 21602, "Message body is required."),
        (body.chars().count() > 1600, 21617, "The concatenated message body exceeds the 1600 character limit"),
        (!validity_fits(value(form, "ValidityPeriod")), 90007, "ValidityPeriod is out of range"),
        (!callback_fits(value(form, "StatusCallback")), 21609, "The 'StatusCallback' URL is not a valid URL."),
        (!number_fits(to), 21211, "The 'To' number is not a valid phone number."),
    ];
    let failed = checks.into_iter().find(|(wrong, ..)| *wrong).map(|(_, code, message)| (400, code, message));
    let magic = || marked(&BAD_RECIPIENTS, to).or_else(|| marked(&BAD_SENDERS, from));
    failed.or_else(|| magic().map(|code| (400, code, "A number of the test credentials that always fails")))
}

/// A call is taken as a message is; its words are TwiML.
fn ring(state: &mut State, form: &Pairs, takes: bool) -> (u16, Value) {
    let [to, from, twiml] = ["To", "From", "Twiml"].map(|name| value(form, name));
    if !names_fit(form, &CALL_NAMES) || !number_fits(to) || from.is_empty() || twiml.is_empty() || twiml.len() > 4_000 {
        return refuse((400, 21201, "A call needs To, From and Twiml, and knows no other names"));
    }
    let call = Taken {
        sid: format!("CA{:016x}{:016x}", state.roll(), state.roll()),
        created_at: state.settings.clock.now(),
        at: Instant::now(),
        to: to.to_owned(),
        from: from.to_owned(),
        service: String::new(),
        body: twiml.to_owned(),
        callback: value(form, "StatusCallback").to_owned(),
        validity_s: 0,
        status: "queued",
        error_code: None,
    };
    let answer = call_resource(&call);
    if takes {
        state.taken.push(call);
    }
    (201, answer)
}

fn calls(state: &State, query: &str, target: &str) -> (u16, Value) {
    let asked = pairs(query.as_bytes());
    if !names_fit(&asked, &["To", "From", "Status", "PageSize", "Page", "PageToken"]) {
        return refuse((400, 20001, "Unknown or repeated parameter"));
    }
    let size = value(&asked, "PageSize").parse().unwrap_or(50_usize).clamp(1, 1000);
    let mine = |call: &&Taken| call.sid.starts_with("CA") && ["", call.to.as_str()].contains(&value(&asked, "To"));
    let visible = state.taken.iter().rev().filter(|call| call.at.elapsed() >= state.settings.list_lag);
    let shown: Vec<Value> = visible.filter(mine).take(size).map(call_resource).collect();
    let end = shown.len().saturating_sub(1);
    (
        200,
        json!({
            "calls": shown, "page": 0, "page_size": size, "start": 0, "end": end, "first_page_uri": target,
            "next_page_uri": null, "previous_page_uri": null, "uri": target,
        }),
    )
}

/// The call as Twilio shows it.
fn call_resource(call: &Taken) -> Value {
    let date = call.created_at.to_utc().format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    json!({
        "account_sid": ACCOUNT_SID, "answered_by": null, "api_version": "2010-04-01", "caller_name": null,
        "date_created": date, "date_updated": date, "direction": "outbound-api", "duration": null, "end_time": null,
        "forwarded_from": null, "from": call.from, "parent_call_sid": null, "phone_number_sid": null, "price": null,
        "price_unit": "USD", "sid": call.sid, "start_time": null, "status": call.status, "subresource_uris": {},
        "to": call.to, "uri": format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{}.json", call.sid),
    })
}

fn validity_fits(seconds: &str) -> bool {
    seconds.is_empty() || seconds.parse().is_ok_and(|seconds: u32| (1..=36_000).contains(&seconds))
}

fn callback_fits(url: &str) -> bool {
    url.is_empty() || reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn number_fits(to: &str) -> bool {
    let digits = to.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

fn list(state: &State, query: &str, target: &str) -> (u16, Value) {
    let asked = pairs(query.as_bytes());
    if !names_fit(&asked, &LIST_NAMES) || asked.iter().any(|(name, _)| name.starts_with("DateSent")) {
        // What the fake takes is never marked as sent at a date, so nobody may think that it filters by one.
        return refuse((400, 20001, "Unknown, repeated or unsupported parameter"));
    }
    let [to, from, token] = ["To", "From", "PageToken"].map(|name| value(&asked, name));
    let size = value(&asked, "PageSize").parse().unwrap_or(50_usize).clamp(1, 1000);
    let page: usize = value(&asked, "Page").parse().unwrap_or(0);
    let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    let texts = state.taken.iter().rev().filter(|message| message.sid.starts_with("SM"));
    let visible = texts.filter(|message| message.at.elapsed() >= state.settings.list_lag);
    let all: Vec<&Taken> = visible.filter(|message| fits(to, &message.to) && fits(from, &message.from)).collect();
    // A page goes on after the last message of the one before, whatever has come in since.
    let after = token.strip_prefix("PA").map(|sid| all.iter().position(|message| message.sid == sid));
    let start = after.map_or(page * size, |found| found.map_or(all.len(), |at| at + 1));
    let shown: Vec<&Taken> = all.iter().skip(start).take(size).copied().collect();
    let next = (start + shown.len() < all.len()).then(|| next_page(&asked, page + 1, &shown));
    (200, page_body(&shown, page, size, next, target))
}

fn next_page(asked: &Pairs, page: usize, shown: &[&Taken]) -> String {
    let mut url =
        reqwest::Url::parse(&format!("http://x/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json")).expect("sound");
    let kept = asked.iter().filter(|(name, _)| !name.starts_with("Page") || name == "PageSize");
    let last = shown.last().map_or("", |message| &message.sid);
    url.query_pairs_mut()
        .extend_pairs(kept)
        .append_pair("Page", &page.to_string())
        .append_pair("PageToken", &format!("PA{last}"));
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

fn page_body(shown: &[&Taken], page: usize, size: usize, next: Option<String>, target: &str) -> Value {
    let messages: Vec<Value> = shown.iter().map(|message| resource(message)).collect();
    let start = page * size;
    json!({
        "messages": messages, "page": page, "page_size": size, "start": start,
        "end": (start + messages.len()).saturating_sub(1), "first_page_uri": target, "next_page_uri": next,
        "previous_page_uri": null, "uri": target,
    })
}

fn fetch(state: &State, rest: &str) -> (u16, Value) {
    let sid = rest.strip_prefix("Messages/").and_then(|rest| rest.strip_suffix(".json"));
    let found = state.taken.iter().find(|message| Some(message.sid.as_str()) == sid);
    found.map_or_else(|| refuse(NOT_FOUND), |message| (200, resource(message)))
}

/// The message as Twilio shows it.
fn resource(message: &Taken) -> Value {
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{}", message.sid);
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let date = message.created_at.to_utc().format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let segments = if message.service.is_empty() { segments(&message.body) } else { 0 };
    json!({
        "account_sid": ACCOUNT_SID, "api_version": "2010-04-01", "body": message.body, "date_created": date,
        "date_sent": null, "date_updated": date, "direction": "outbound-api", "error_code": message.error_code,
        "error_message": null, "from": given(&message.from), "messaging_service_sid": given(&message.service),
        "num_media": "0", "num_segments": segments.to_string(), "price": null, "price_unit": "USD",
        "sid": message.sid, "status": message.status, "subresource_uris": {"media": format!("{uri}/Media.json")},
        "to": message.to, "uri": format!("{uri}.json"),
    })
}

/// Roughly: ASCII as GSM-7, all else as UCS-2.
fn segments(body: &str) -> usize {
    let (units, one, many) =
        if body.is_ascii() { (body.len(), 160, 153) } else { (body.encode_utf16().count(), 70, 67) };
    if units <= one { 1 } else { units.div_ceil(many) }
}

/// The form of a status callback.
pub(super) fn callback_form(message: &Taken) -> Vec<(String, String)> {
    let code = message.error_code.map(|code| ("ErrorCode", code.to_string()));
    let always = [
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", message.from.clone()),
        ("MessageSid", message.sid.clone()),
        ("MessageStatus", message.status.to_owned()),
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", message.status.to_owned()),
        ("To", message.to.clone()),
    ];
    always.into_iter().chain(code).map(|(name, value)| (name.to_owned(), value)).collect()
}
