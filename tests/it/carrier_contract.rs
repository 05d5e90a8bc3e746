//! Our client's requests and the fake carrier's answers keep to Twilio's published OpenAPI document, as an independent
//! judge sees it: Prism, a validating proxy between the two (fixtures/twilio/README.md says how the document was tightened).
//!
//! Never skips: without Prism it fails and says how to get it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nightporter::deliver::carrier::{
    Calling, Carrier, CarrierError, Limits, Lookup, Outgoing, SendOutcome, Sender, Twilio, TwilioAccount,
};
use nightporter::model::{E164, Locale, Timestamp};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::carrier_outcomes::{client, number, send};
use crate::fake_carrier::{ACCOUNT_SID, AUTH_TOKEN, FakeCarrier, Fault, GOOD_SENDER, Received, Shows};
use crate::services::{eventually, free_port};

const DOCUMENT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/twilio/twilio_v2010_messages_calls.strict.json");
const SEED: u64 = 20_261_122;
const TEXTS: usize = 200;
const CALLS: usize = 60;

/// The proxy before one fake; stopped when dropped.
struct Prism {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Prism {
    async fn before(fake: &FakeCarrier) -> Self {
        let program = std::env::var("NIGHTPORTER_PRISM").unwrap_or_default();
        assert!(
            !program.is_empty(),
            "NIGHTPORTER_PRISM is not set: run `tests/run -- cargo test --test it carrier_contract`"
        );
        let (folder, port) = (TempDir::new().expect("a folder"), free_port());
        let log = File::create(folder.path().join("log")).expect("a file");
        let mut command = Command::new("node");
        command.args([
            program.as_str(),
            "proxy",
            "--errors",
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            DOCUMENT,
            fake.url(),
        ]);
        let errors = log.try_clone().expect("a file");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().expect("node starts");
        let prism = Self { folder, port, child };
        let listening = async || prism.log().contains("Prism is listening");
        eventually(Duration::from_secs(60), "Prism listens", listening).await;
        prism
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("the log")
    }

    /// What it objected to, in requests and in answers alike.
    fn objections(&self) -> Vec<String> {
        self.log().lines().filter(|line| line.contains("terminated with error")).map(str::to_owned).collect()
    }

    fn account(&self, fake: &FakeCarrier) -> TwilioAccount {
        let limits = Limits { connect: Duration::from_secs(5), total: Duration::from_secs(30) };
        TwilioAccount { api_url: self.url(), limits, ..fake.account() }
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn text(&mut self) -> String {
        let alphabet: Vec<char> =
            "abc XYZ 019 漏水了请回复 🚰🔋 éüñ +&=%#?;/\\\"'<>{}[]~|€^\n\r\t\u{200d}".chars().collect();
        let length = self.pick(&[1, 2, 20, 70, 71, 160, 161, 400, 1600]);
        (0..length).map(|_| self.pick(&alphabet)).collect()
    }

    fn number(&mut self) -> E164 {
        let digits: String = (0..self.pick(&[6, 9, 12, 14])).map(|_| self.pick(&['0', '3', '7', '9'])).collect();
        E164::parse(&format!("+{}{digits}", self.pick(&[1, 4, 8]))).expect("a number")
    }

    fn client(&mut self, account: &TwilioAccount) -> Twilio {
        let service = Sender::Service("MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".to_owned());
        let sender = self.pick(&[Sender::From(GOOD_SENDER.to_owned()), service]);
        let public_url =
            self.pick(&[None, account.public_url.clone(), Some("https://night.example:8443/porter/".to_owned())]);
        client(TwilioAccount { sender, public_url, ..account.clone() })
    }

    fn fault(&mut self) -> Option<Fault> {
        let faults = [
            Fault::error(400, 21211),
            Fault::error(401, 20003),
            Fault::error(404, 20404),
            Fault::too_many(Some("1")),
            Fault::error(500, 20500),
            Fault::error(503, 20503),
        ];
        (self.below(6) == 0).then(|| self.pick(&faults))
    }
}

fn is_expected(outcome: &SendOutcome, fault: Option<&Fault>) -> bool {
    let status = fault.map(|fault| match fault.shows {
        Shows::Answer(status, ..) => status,
        Shows::Reset(_) | Shows::Silence(_) => 0,
    });
    match outcome {
        SendOutcome::Accepted { .. } => status.is_none(),
        SendOutcome::Refused { code, .. } => status == Some(400) && *code == Some(21211),
        SendOutcome::AccountFault { .. } => matches!(status, Some(401 | 404)),
        SendOutcome::Later { after, .. } => status == Some(429) && *after == 1_000,
        SendOutcome::Ambiguous { .. } => matches!(status, Some(500 | 503)),
        SendOutcome::NotSent { .. } => false,
    }
}

/// One text, and for some of them the questions that follow.
async fn one_round(dice: &mut Dice, fake: &FakeCarrier, account: &TwilioAccount) {
    let (twilio, to, body, fault) = (dice.client(account), dice.number(), dice.text(), dice.fault());
    fault.clone().map_or_else(|| fake.next_good(1), |fault| fake.next(fault));
    let attempt = format!("m_{:032x}", dice.below(usize::MAX));
    let valid_for_s = dice.pick(&[0, 1, 120, 3_600, 36_000, u32::MAX]);
    let outcome = twilio
        .send(Outgoing {
            attempt: &attempt,
            to: &to,
            body: &body,
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s,
        })
        .await;
    assert!(is_expected(&outcome, fault.as_ref()), "{fault:?}: {outcome:?}");
    if let SendOutcome::Accepted { sid, .. } = outcome {
        let found =
            twilio.find(Lookup { attempt: "m.1", to: &to, body: &body, since: Timestamp(0) }).await.expect("an answer");
        assert!(found.iter().any(|message| message.sid == sid), "{body:?}");
        assert_eq!(twilio.fetch(&sid).await.expect("known").sid, sid);
    }
}

/// One call: its words come back from the TwiML as they were, whatever they hold.
async fn one_call(dice: &mut Dice, fake: &FakeCarrier, account: &TwilioAccount) {
    let twilio = client(account.clone());
    let (to, words) = (dice.number(), dice.text());
    let body = format!("</Say><Dial>+1900</Dial>{}", words.chars().take(200).collect::<String>());
    let locale = dice.pick(&[Locale::En, Locale::ZhCn]);
    let attempt = format!("m_{:032x}.1", dice.below(usize::MAX));
    let outcome = twilio.call(Calling { attempt: &attempt, to: &to, body: &body, locale }).await;
    if to.is_mainland_china() {
        assert!(matches!(outcome, SendOutcome::Refused { .. }), "{outcome:?}");
        return;
    }
    let SendOutcome::Accepted { sid, .. } = outcome else { panic!("{outcome:?}") };
    let twiml = fake.taken().into_iter().find(|call| call.sid == sid).expect("taken").body;
    let said = twiml.split("<Say").nth(1).and_then(|s| s.split_once('>')).and_then(|(_, s)| s.split_once("</Say>"));
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    let said = plain.into_iter().fold(said.expect("words").0.to_owned(), |text, (from, to)| text.replace(from, to));
    assert_eq!(said, body.replace(['\n', '\r', '\t'], " "), "{twiml}");
    assert_eq!(twiml.matches("<Dial").count(), 0);
    let found = twilio
        .find_call(Lookup { attempt: "m.1", to: &to, body: &body, since: Timestamp(0) })
        .await
        .expect("an answer");
    assert!(found.iter().any(|call| call.sid == sid));
}

#[tokio::test]
async fn calls_keep_to_the_contract() {
    let fake = FakeCarrier::start().await;
    let prism = Prism::before(&fake).await;
    let (account, mut dice) = (prism.account(&fake), Dice(SEED));
    for _ in 0..CALLS {
        one_call(&mut dice, &fake, &account).await;
    }
    let silent = client(TwilioAccount { public_url: None, ..account.clone() });
    let call = Calling { attempt: "a", to: &number(), body: "wet", locale: Locale::En };
    assert!(matches!(silent.call(call).await, SendOutcome::Refused { .. } | SendOutcome::Accepted { .. }));
    let service = Sender::Service("MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".to_owned());
    let nameless = client(TwilioAccount { sender: service, ..account });
    assert!(matches!(nameless.call(call).await, SendOutcome::Refused { .. }), "a service cannot call");
    assert_eq!(prism.objections(), Vec::<String>::new(), "seed {SEED}");
}

#[tokio::test]
async fn requests_and_answers_keep_to_the_contract() {
    let fake = FakeCarrier::start().await;
    let prism = Prism::before(&fake).await;
    let (account, mut dice) = (prism.account(&fake), Dice(SEED));
    for _ in 0..TEXTS {
        one_round(&mut dice, &fake, &account).await;
    }
    let twilio = client(account);
    for body in (0..120).map(|n| format!("paging {n}")) {
        twilio
            .send(Outgoing {
                attempt: &body,
                to: &number(),
                body: &body,
                template: "leak_tenant",
                locale: Locale::En,
                valid_for_s: 60,
            })
            .await;
    }
    let oldest = twilio.find(Lookup { attempt: "m.1", to: &number(), body: "paging 0", since: Timestamp(0) }).await;
    assert_eq!(oldest.expect("an answer").len(), 1, "on the third page");
    twilio.ping().await.expect("there");
    assert_eq!(twilio.fetch("SM00000000000000000000000000000000").await, Err(CarrierError::NotFound));
    let distinct =
        fake.received().into_iter().map(|Received { method, target, form, .. }| (method.to_string(), target, form));
    let distinct = distinct.collect::<BTreeSet<_>>().len();
    assert!(distinct >= 2 * TEXTS, "{distinct} different requests");
    assert_eq!(prism.objections(), Vec::<String>::new(), "seed {SEED}");
    let seen = prism.log().matches("Request received").count();
    assert_eq!(seen, fake.received().len(), "the proxy saw all of them");
}

/// A form as a client that gets it wrong would send it.
struct Wrong {
    what: &'static str,
    method: Method,
    path: &'static str,
    form: Vec<(&'static str, &'static str)>,
    status: u16,
}

fn wrong_requests() -> Vec<Wrong> {
    let good = [("To", "+8613800138000"), ("From", GOOD_SENDER), ("Body", "x"), ("ValidityPeriod", "60")];
    let form = |what, name, value: Option<&'static str>, status| {
        let mut form: Vec<_> = good.into_iter().filter(|(given, _)| *given != name).collect();
        form.extend(value.map(|value| (name, value)));
        Wrong { what, method: Method::POST, path: "Messages.json", form, status }
    };
    let get = |what, path, status| Wrong { what, method: Method::GET, path, form: Vec::new(), status };
    vec![
        form("no number", "To", None, 422),
        form("a number that is none", "To", Some("13800138000"), 422),
        form("no sender", "From", None, 422),
        form("no words", "Body", None, 422),
        form("empty words", "Body", Some(""), 422),
        form("time in words", "ValidityPeriod", Some("soon"), 422),
        form("time out of range", "ValidityPeriod", Some("36001"), 422),
        form("callback that is no address", "StatusCallback", Some("not an address"), 422),
        form("unknown name in the form (found by the fake)", "Boddy", Some("x"), 400),
        Wrong { what: "empty form", method: Method::POST, path: "Messages.json", form: Vec::new(), status: 422 },
        Wrong { what: "wrong method", method: Method::PUT, path: "Messages.json", form: good.to_vec(), status: 405 },
        get("page too long", "Messages.json?PageSize=5000", 422),
        get("id that is none", "Messages/SM1.json", 422),
        get("unknown name in the query (found by the fake)", "Messages.json?DateSent_gt=2026-08-20", 400),
    ]
}

#[tokio::test]
async fn what_breaks_the_contract_is_caught() {
    let fake = FakeCarrier::start().await;
    let prism = Prism::before(&fake).await;
    let base = format!("{}/2010-04-01/Accounts/{ACCOUNT_SID}", prism.url());
    nightporter::deliver::carrier::twilio::install_tls_provider();
    let http = reqwest::Client::new();
    for Wrong { what, method, path, form, status } in wrong_requests() {
        let request = http.request(method.clone(), format!("{base}/{path}")).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
        let request = if method == Method::GET { request } else { request.form(&form) };
        assert_eq!(request.send().await.expect("an answer").status(), status, "{what}");
    }
    let json = http.post(format!("{base}/Messages.json")).json(&json!({"To": "+8613800138000"}));
    assert_eq!(json.basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN)).send().await.expect("an answer").status(), 422, "JSON");
    let nameless = http.get(format!("{base}/Messages.json")).send().await.expect("an answer");
    assert_eq!(nameless.status(), 401, "no credentials");
    assert!(fake.taken().is_empty());

    let before = prism.objections().len();
    let twilio = client(prism.account(&fake));
    for answer in [json!({"sid": "SM1"}), json!({"status": "teleported"}), json!({"num_segments": 1}), json!([])] {
        fake.next(Fault { accepts: true, shows: Shows::Answer(201, Vec::new(), answer.to_string()) });
        let outcome = send(&twilio, "a").await;
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{answer}: {outcome:?}");
    }
    let caught = async || prism.objections().len() >= before + 4;
    crate::services::eventually(std::time::Duration::from_secs(20), "wrong answers are caught too", caught).await;
}
