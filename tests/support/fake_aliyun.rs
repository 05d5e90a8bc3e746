//! Alibaba's Short Message Service in the test's own process: SendSms and QuerySendDetails as published, one answer at a
//! time wrong when told to, with every message that it took.
//!
//! It is stricter than Alibaba: an unknown, repeated or missing parameter or header is refused, and so is a signature
//! that does not fit, a used nonce, an old date, a template that is not approved, a variable that is missing or too much.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use nightporter::clock::Clock;
use nightporter::deliver::carrier::aliyun::sign::{authorization, canonical_query, sha256_hex};
use nightporter::deliver::carrier::aliyun::template::Approved;
use nightporter::deliver::carrier::{AliyunAccount, Limits};
use nightporter::model::time::{HOUR, MINUTE};
use nightporter::model::{Locale, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The access key that the fake knows.
pub const KEY_ID: &str = "LTAIfake0123456789";
/// Its secret.
pub const SECRET: &str = "fake-aliyun-secret";
/// The approved signature.
pub const SIGN_NAME: &str = "橡园公寓";
/// The approved template for a leak, and its words.
pub const LEAK: (&str, &str) = ("SMS_100000001", "${unit}的${device}漏水了。—— ${sender}");

const SIGNED: [&str; 6] =
    ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

/// One thing that goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer; nothing is taken.
    Answer(u16, Value),
    /// Taken, but the answer is 500.
    TakenUnsaid,
    /// Not taken, and the answer is 500.
    LostUnsaid,
    /// No answer for so long.
    Silence(Duration),
}

/// A message that the fake took.
#[derive(Clone, Debug)]
pub struct Taken {
    pub phone: String,
    pub out_id: String,
    pub biz_id: String,
    pub params: Value,
    pub at: Timestamp,
    /// 1 waits, 2 failed, 3 arrived.
    pub status: u8,
    pub err_code: String,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    taken: Vec<Taken>,
    nonces: HashSet<String>,
    requests: usize,
}

/// The running fake; stops when dropped.
pub struct FakeAliyun {
    url: String,
    clock: Clock,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for FakeAliyun {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeAliyun {
    /// On a free port of the loopback address.
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound above"));
        let state = Arc::new(Mutex::new(State::default()));
        let app = Router::new().fallback(serve).with_state((state.clone(), clock.clone()));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("serves") });
        Self { url, clock, state, server }
    }

    /// The right account for it, with short time limits.
    pub fn account(&self) -> AliyunAccount {
        let leak = Approved::new(LEAK.0, LEAK.1);
        AliyunAccount {
            access_key_id: KEY_ID.to_owned(),
            access_key_secret: SECRET.to_owned(),
            sign_name: SIGN_NAME.to_owned(),
            templates: BTreeMap::from([((Locale::ZhCn, "leak_tenant".to_owned()), leak)]),
            api_url: self.url.clone(),
            limits: Limits { connect: Duration::from_secs(2), total: Duration::from_millis(800) },
        }
    }

    /// The clock that dates what it takes.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The next request meets this.
    pub fn next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Every message taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    /// Moves the message taken last on.
    pub fn end(&self, status: u8, err_code: &str) {
        let mut state = self.lock();
        let last = state.taken.last_mut().expect("a message");
        (last.status, last.err_code) = (status, err_code.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }
}

type Fakes = (Arc<Mutex<State>>, Clock);

async fn serve(Shared((state, clock)): Shared<Fakes>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let fault = {
        let mut state = state.lock().expect("no test panics while it holds this");
        state.requests += 1;
        state.faults.pop_front()
    };
    let take = || {
        let mut state = state.lock().expect("no test panics while it holds this");
        answer(&mut state, clock.now(), &method, &uri, &headers)
    };
    let (status, body) = match fault {
        None => take(),
        Some(Fault::Answer(status, body)) => (status, body),
        Some(Fault::TakenUnsaid) => {
            take();
            (500, json!({}))
        }
        Some(Fault::LostUnsaid) => (500, json!({})),
        Some(Fault::Silence(time)) => {
            tokio::time::sleep(time).await;
            (200, json!({}))
        }
    };
    let status = axum::http::StatusCode::from_u16(status).expect("a status");
    (status, axum::Json(body)).into_response()
}

fn error(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "Code": code, "Message": "as published", "RequestId": "R", "HostId": "H" }))
}

fn answer(state: &mut State, now: Timestamp, method: &Method, uri: &Uri, headers: &HeaderMap) -> (u16, Value) {
    let Some(params) = query(uri) else { return error(400, "InvalidParameter") };
    if let Some(code) = unsigned(state, now, method, uri, headers, &params) {
        return error(400, code);
    }
    let names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    let get = |name: &str| params.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    match header(headers, "x-acs-action") {
        "SendSms" if names == ["OutId", "PhoneNumbers", "SignName", "TemplateCode", "TemplateParam"] => {
            send(state, now, get)
        }
        "QuerySendDetails" if names == ["CurrentPage", "PageSize", "PhoneNumber", "SendDate"] => list(state, get),
        "SendSms" | "QuerySendDetails" => error(400, "InvalidParameter"),
        _ => error(404, "InvalidAction.NotFound"),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The parameters in their order; none when one comes twice or cannot be read.
fn query(uri: &Uri) -> Option<Vec<(String, String)>> {
    let url = reqwest::Url::parse(&format!("http://h/?{}", uri.query()?)).ok()?;
    let params: Vec<_> = url.query_pairs().into_owned().collect();
    let names: HashSet<&String> = params.iter().map(|(name, _)| name).collect();
    (names.len() == params.len()).then_some(params)
}

/// What is wrong with the signature, the date or the nonce.
fn unsigned(
    state: &mut State,
    now: Timestamp,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    params: &[(String, String)],
) -> Option<&'static str> {
    let ours: HashSet<&str> = headers.keys().map(|k| k.as_str()).filter(|k| k.starts_with("x-acs-")).collect();
    let complete = ours.len() == SIGNED.len() - 1 && SIGNED.iter().all(|name| !header(headers, name).is_empty());
    if method != Method::POST || uri.path() != "/" || !complete || header(headers, "x-acs-version") != "2017-05-25" {
        return Some("InvalidParameter");
    }
    let query: Vec<(&str, String)> = params.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let signed: Vec<(&str, String)> = SIGNED.iter().map(|name| (*name, header(headers, name).to_owned())).collect();
    let given = header(headers, "authorization");
    if !given.contains(&format!("Credential={KEY_ID},")) {
        return Some("InvalidAccessKeyId.NotFound");
    }
    let fits = given == authorization(KEY_ID, SECRET, &canonical_query(&query), &signed);
    if !fits || header(headers, "x-acs-content-sha256") != sha256_hex(b"") {
        return Some("SignatureDoesNotMatch");
    }
    let dated = Timestamp::parse_rfc3339(header(headers, "x-acs-date")).unwrap_or(Timestamp(0));
    if (now - dated).abs() > 15 * MINUTE {
        return Some("InvalidTimeStamp.Expired");
    }
    let new = state.nonces.insert(header(headers, "x-acs-signature-nonce").to_owned());
    (!new).then_some("SignatureNonceUsed")
}

fn send<'a>(state: &mut State, now: Timestamp, get: impl Fn(&str) -> &'a str) -> (u16, Value) {
    let said = |code: &str| (200, json!({ "Code": code, "Message": "as published", "RequestId": "R" }));
    let phone = get("PhoneNumbers");
    if phone.len() != 11 || !phone.starts_with('1') {
        return said("isv.MOBILE_NUMBER_ILLEGAL");
    }
    if get("SignName") != SIGN_NAME {
        return said("isv.SMS_SIGNATURE_ILLEGAL");
    }
    if get("TemplateCode") != LEAK.0 {
        return said("isv.SMS_TEMPLATE_ILLEGAL");
    }
    let Ok(params) = serde_json::from_str::<Value>(get("TemplateParam")) else { return said("isv.INVALID_JSON_PARAM") };
    let given: Option<Vec<&str>> = params.as_object().map(|o| o.keys().map(String::as_str).collect());
    if given.is_none_or(|mut names| {
        names.sort_unstable();
        names != ["device", "sender", "unit"]
    }) {
        return said("isv.TEMPLATE_MISSING_PARAMETERS");
    }
    let biz_id = format!("{}^0", 900_000 + state.taken.len());
    state.taken.push(Taken {
        phone: phone.to_owned(),
        out_id: get("OutId").to_owned(),
        biz_id: biz_id.clone(),
        params,
        at: now,
        status: 1,
        err_code: String::new(),
    });
    (200, json!({ "Code": "OK", "Message": "OK", "RequestId": "R", "BizId": biz_id }))
}

fn list<'a>(state: &State, get: impl Fn(&str) -> &'a str) -> (u16, Value) {
    let number = |name: &str| get(name).parse::<usize>().unwrap_or(0);
    let (size, page) = (number("PageSize"), number("CurrentPage"));
    if !(1..=50).contains(&size) || page == 0 {
        return error(400, "InvalidParameter");
    }
    let local = |at: Timestamp| chrono::DateTime::from_timestamp_millis((at + 8 * HOUR).0).expect("a date");
    let here =
        |m: &&Taken| m.phone == get("PhoneNumber") && local(m.at).format("%Y%m%d").to_string() == get("SendDate");
    let all: Vec<&Taken> = state.taken.iter().filter(here).collect();
    let entry = |m: &&Taken| {
        json!({ "PhoneNum": m.phone, "OutId": m.out_id, "SendStatus": m.status, "ErrCode": m.err_code,
            "SendDate": local(m.at).format("%Y-%m-%d %H:%M:%S").to_string(), "TemplateCode": LEAK.0, "Content": "…" })
    };
    let entries: Vec<Value> = all.iter().rev().skip((page - 1) * size).take(size).map(entry).collect();
    let list = json!({ "SmsSendDetailDTO": entries });
    (200, json!({ "Code": "OK", "Message": "OK", "TotalCount": all.len().to_string(), "SmsSendDetailDTOs": list }))
}
