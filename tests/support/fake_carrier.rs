//! Twilio's Messages API in the test's own process: creates, lists and fetches as Twilio does, goes wrong when told to,
//! and remembers every request.
//!
//! It is stricter than Twilio: an unknown or repeated name in a form or a query is refused, so that a spelling mistake
//! shows. It shares no code with the service but the plain types and the signature (which Twilio's vectors pin).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, Method, Request, Response};
use axum::serve::IncomingStream;
use nightporter::clock::Clock;
use nightporter::deliver::carrier::{Limits, Sender, TwilioAccount};
use nightporter::model::Timestamp;
use nightporter::web::twilio_signature::{SIGNATURE_HEADER, sign};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[path = "cuttable.rs"]
mod cuttable;
#[path = "fake_messages.rs"]
mod messages;

use cuttable::{CuttableListener, Scissors};

/// The account that the fake knows.
pub const ACCOUNT_SID: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Its token.
pub const AUTH_TOKEN: &str = "fake-auth-token-0123456789abcdef";
/// The sender that always works (Twilio's test credentials).
pub const GOOD_SENDER: &str = "+15005550006";

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Is the message taken nevertheless?
    pub accepts: bool,
    /// What the client sees of it.
    pub shows: Shows,
}

/// What a client sees of a fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Shows {
    /// This answer: status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// So many bytes of the proper answer, then a reset.
    Reset(usize),
    /// Nothing for so long, then a reset.
    Silence(Duration),
}

impl Fault {
    /// 429, with `Retry-After` if given.
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let headers = retry_after.map(|value| ("Retry-After", value.to_owned()));
        let body = messages::error(429, 20429, "Too Many Requests").to_string();
        Self { accepts: false, shows: Shows::Answer(429, headers.into_iter().collect(), body) }
    }

    /// An error answer with Twilio's code; nothing is taken.
    pub fn error(status: u16, code: u32) -> Self {
        let body = messages::error(status, code, "as the test wants").to_string();
        Self { accepts: false, shows: Shows::Answer(status, Vec::new(), body) }
    }

    /// Reset without having taken it.
    pub fn reset_before() -> Self {
        Self { accepts: false, shows: Shows::Reset(0) }
    }

    /// Taken, and then reset before a byte of the answer.
    pub fn reset_after() -> Self {
        Self { accepts: true, shows: Shows::Reset(0) }
    }

    /// Silent for `time`.
    pub fn hold(time: Duration, accepts: bool) -> Self {
        Self { accepts, shows: Shows::Silence(time) }
    }

    /// The same, but the message is taken.
    pub fn accepting(self) -> Self {
        Self { accepts: true, ..self }
    }
}

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// When its body was complete.
    pub at: Instant,
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decoded; empty for other bodies than forms.
    pub form: Vec<(String, String)>,
    /// The number of the connection that it came on, from 1.
    pub connection: u64,
    /// The fault that it met.
    pub fault: Option<Fault>,
}

/// One message that the fake took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// `SM…`.
    pub sid: String,
    /// When, as dated in the resource (the clock of [`Settings`]).
    pub created_at: Timestamp,
    /// When, for the list's lag.
    pub at: Instant,
    /// `To`.
    pub to: String,
    /// `From`, empty with a Messaging Service.
    pub from: String,
    /// `MessagingServiceSid`, or empty.
    pub service: String,
    /// `Body`.
    pub body: String,
    /// `StatusCallback`, or empty.
    pub callback: String,
    /// `ValidityPeriod` in seconds.
    pub validity_s: u32,
    /// Twilio's word for its state.
    pub status: &'static str,
    /// Why it failed.
    pub error_code: Option<u32>,
}

/// How the fake behaves unless a script says otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Dates what it takes.
    pub clock: Clock,
    /// For message ids and rates.
    pub seed: u64,
    /// Shares of creations (0 to 1, in sum at most 1) that meet a fault.
    pub rates: Vec<(f64, Fault)>,
    /// What was taken is listed only after so long.
    pub list_lag: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { clock: Clock::system(), seed: 1, rates: Vec::new(), list_lag: Duration::ZERO }
    }
}

/// The running fake; stops when dropped.
pub struct FakeCarrier {
    url: String,
    shared: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

struct State {
    settings: Settings,
    dice: u64,
    creations: VecDeque<Option<Fault>>,
    questions: VecDeque<Option<Fault>>,
    received: Vec<Received>,
    taken: Vec<Taken>,
    peers: Vec<std::net::SocketAddr>,
}

/// A status callback, ready to be posted, or to be tampered with first.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Where to.
    pub url: String,
    /// The form.
    pub params: Vec<(String, String)>,
    /// Over both.
    pub signature: String,
}

impl FakeCarrier {
    /// On a free port of the loopback address, flawless.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// With behaviour of your own.
    pub async fn start_with(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound above"));
        let shared = Arc::new(Mutex::new(State::new(settings)));
        let app = Router::new().fallback(serve).with_state(shared.clone());
        let app = app.into_make_service_with_connect_info::<Line>();
        let server = tokio::spawn(async move { axum::serve(CuttableListener(listener), app).await.expect("serves") });
        Self { url, shared, server }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The right account for it, with short time limits.
    pub fn account(&self) -> TwilioAccount {
        TwilioAccount {
            account_sid: ACCOUNT_SID.to_owned(),
            auth_token: AUTH_TOKEN.to_owned(),
            sender: Sender::From(GOOD_SENDER.to_owned()),
            api_url: self.url.clone(),
            public_url: Some("https://care.example.com".to_owned()),
            limits: Limits { connect: Duration::from_secs(2), total: Duration::from_secs(10) },
        }
    }

    /// The next creation without a script of its own meets this fault.
    pub fn next(&self, fault: Fault) {
        self.lock().creations.push_back(Some(fault));
    }

    /// So many creations without a fault, then whatever follows in the script.
    pub fn next_good(&self, count: usize) {
        self.lock().creations.extend(std::iter::repeat_n(None, count));
    }

    /// The next list or fetch without a script of its own meets this fault.
    pub fn next_question(&self, fault: Fault) {
        self.lock().questions.push_back(Some(fault));
    }

    /// Changes the behaviour from now on.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.lock().settings);
    }

    /// Every request so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// Every message taken so far, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// Moves a message on, and makes the callback that Twilio would post (if one was asked for), signed.
    pub fn report(&self, sid: &str, status: &'static str, error_code: Option<u32>) -> Option<Callback> {
        let mut state = self.lock();
        let message = state.taken.iter_mut().find(|message| message.sid == sid).expect("a message of this fake");
        (message.status, message.error_code) = (status, error_code);
        let url = message.callback.clone();
        (!url.is_empty()).then(|| Callback::signed(url, messages::callback_form(message)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().expect("no test panics while it holds this")
    }
}

impl Drop for FakeCarrier {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Callback {
    /// Signs with the fake's token.
    pub fn signed(url: String, params: Vec<(String, String)>) -> Self {
        let signature = sign(AUTH_TOKEN, &url, &params);
        Self { url, params, signature }
    }

    /// Posts it, to `base` (`http://127.0.0.1:PORT`) instead of the host in its address; the status of the answer.
    pub async fn post(&self, base: &str) -> u16 {
        let signed_for = reqwest::Url::parse(&self.url).expect("an address");
        let mut url = reqwest::Url::parse(base).expect("an address").join(signed_for.path()).expect("a path");
        url.set_query(signed_for.query());
        let request = reqwest::Client::new().post(url).header(SIGNATURE_HEADER, &self.signature);
        request.form(&self.params).send().await.expect("an answer").status().as_u16()
    }
}

impl State {
    fn new(settings: Settings) -> Self {
        let dice = settings.seed;
        let [creations, questions] = [VecDeque::new(), VecDeque::new()];
        Self { settings, dice, creations, questions, received: Vec::new(), taken: Vec::new(), peers: Vec::new() }
    }

    /// SplitMix64.
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The fault of the next request: the script's, else by rate.
    fn fault(&mut self, method: &Method) -> Option<Fault> {
        if method != Method::POST {
            return self.questions.pop_front().flatten();
        }
        if let Some(scripted) = self.creations.pop_front() {
            return scripted;
        }
        let mut point = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut rates = self.settings.rates.iter();
        let hit = rates.find(|(share, _)| {
            point -= share;
            point < 0.0
        });
        hit.map(|(_, fault)| fault.clone())
    }

    fn connection(&mut self, peer: std::net::SocketAddr) -> u64 {
        let known = self.peers.iter().rposition(|known| *known == peer);
        let index = known.unwrap_or_else(|| {
            self.peers.push(peer);
            self.peers.len() - 1
        });
        index as u64 + 1
    }
}

/// What is known of the connection that a request comes on.
#[derive(Clone)]
struct Line {
    scissors: Scissors,
    peer: std::net::SocketAddr,
}

impl Connected<IncomingStream<'_, CuttableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        Self { peer: *stream.remote_addr(), scissors: stream.io().scissors() }
    }
}

async fn serve(
    Shared(shared): Shared<Arc<Mutex<State>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let target = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let (fault, (status, answer)) = {
        let mut state = shared.lock().expect("no test panics while it holds this");
        let (fault, connection) = (state.fault(&parts.method), state.connection(line.peer));
        let received = Received {
            at: Instant::now(),
            method: parts.method,
            target,
            headers: parts.headers,
            form: messages::pairs(&body),
            connection,
            fault: fault.clone(),
        };
        state.received.push(received.clone());
        let takes = fault.as_ref().is_none_or(|fault| fault.accepts);
        (fault, messages::answer(&mut state, &received, takes))
    };
    match fault.map(|fault| fault.shows) {
        None => json_answer(status, &answer),
        Some(Shows::Answer(status, headers, body)) => plain_answer(status, headers, body),
        Some(Shows::Reset(bytes)) => cut(&line, bytes, status, &answer),
        Some(Shows::Silence(time)) => {
            tokio::time::sleep(time).await;
            cut(&line, 0, status, &answer)
        }
    }
}

fn cut(line: &Line, bytes: usize, status: u16, answer: &Value) -> Response<Body> {
    line.scissors.cut_after(bytes);
    json_answer(status, answer)
}

fn json_answer(status: u16, answer: &Value) -> Response<Body> {
    plain_answer(status, Vec::new(), answer.to_string())
}

fn plain_answer(status: u16, headers: Vec<(&'static str, String)>, body: String) -> Response<Body> {
    let answer = Response::builder().status(status).header("Content-Type", "application/json");
    let answer = headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value));
    answer.body(Body::from(body)).expect("a sound answer")
}
