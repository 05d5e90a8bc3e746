//! Alibaba Cloud's Short Message Service (Dysmsapi 2017-05-25) for mainland China: SendSms and QuerySendDetails, no more.
//!
//! It takes no words, only approved templates. One request is one request; time-outs are hard. It must never put a
//! number, a text or the secret into an error or a `Debug` output, or send anything to a number outside mainland China.

use std::collections::BTreeMap;
use std::fmt;

use chrono::DateTime;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde_json::Value;

use super::http::{self, BadAccount, Limits, parse_base, reason};
use super::{Action, Carrier, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, Outgoing, SendOutcome};
use crate::clock::Clock;
use crate::model::time::{DAY, HOUR};
use crate::model::{E164, Locale, Timestamp};

mod answer;
pub mod codes;
pub mod sign;
pub mod template;

use answer::Answer;
use template::Approved;

/// Alibaba's own address.
pub const API_URL: &str = "https://dysmsapi.aliyuncs.com";
/// The version of the API.
pub const VERSION: &str = "2017-05-25";
/// Entries asked for in one page of the list: Alibaba's limit.
const PAGE_ENTRIES: usize = 50;
/// Pages read of one day.
const PAGES_MAX: usize = 5;
/// A number that is asked about only to see whether we are known.
const NOBODY: &str = "13800138000";

/// What is needed to speak for an account.
#[derive(Clone)]
pub struct AliyunAccount {
    /// The access key, `LTAI…`.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: String,
    /// The approved signature, without brackets.
    pub sign_name: String,
    /// The approved templates, by our name and language.
    pub templates: BTreeMap<(Locale, String), Approved>,
    /// [`API_URL`], or another one for tests.
    pub api_url: String,
    /// Time limits.
    pub limits: Limits,
}

/// Without the secret.
impl fmt::Debug for AliyunAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AliyunAccount")
            .field("access_key_id", &self.access_key_id)
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

/// A client for one account, with a pool of kept-alive connections.
#[derive(Debug)]
pub struct Aliyun {
    http: Client,
    api: Url,
    host: String,
    account: AliyunAccount,
    clock: Clock,
}

impl Aliyun {
    /// Checks the account's form and builds the client; sends nothing (see [`Carrier::ping`]). The clock dates requests.
    pub fn new(account: AliyunAccount, clock: Clock) -> Result<Self, BadAccount> {
        let api = parse_base("api_url", &account.api_url)?;
        let name = api.host_str().unwrap_or_default();
        let host = api.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self { http: http::client(account.limits, HeaderMap::new())?, api, host, account, clock })
    }

    async fn create(&self, text: Outgoing<'_>) -> SendOutcome {
        let params = match self.message(&text) {
            Ok(params) => params,
            Err(detail) => return SendOutcome::Refused { code: None, detail, action: Action::OtherChannel },
        };
        match self.exchange("SendSms", &params).await {
            Ok(answer) => answer.into_outcome(),
            Err(error) if error.is_builder() || error.is_connect() => SendOutcome::NotSent { detail: reason(error) },
            Err(error) => SendOutcome::Ambiguous { detail: reason(error) },
        }
    }

    /// The parameters of a text; an error when it has no approved template, or goes abroad.
    fn message(&self, text: &Outgoing<'_>) -> Result<Vec<(&'static str, String)>, String> {
        let Some(number) = national(text.to) else {
            return Err("Aliyun is set up for numbers of mainland China only".to_owned());
        };
        let key = (text.locale, text.template.to_owned());
        let Some(approved) = self.account.templates.get(&key) else {
            let locale = text.locale.as_str();
            return Err(format!("[sms.aliyun.templates.{locale}] has no code for \"{}\"", text.template));
        };
        let Some(variables) = approved.variables(text.body) else {
            return Err(format!("the words are not those of the template \"{}\"", text.template));
        };
        Ok(vec![
            ("PhoneNumbers", number.to_owned()),
            ("SignName", self.account.sign_name.clone()),
            ("TemplateCode", approved.code.clone()),
            ("TemplateParam", Value::Object(variables).to_string()),
            ("OutId", text.attempt.to_owned()),
        ])
    }

    /// Every attempt of a message that the carrier knows of, on the days in Beijing that it may be dated by.
    async fn search(&self, lookup: Lookup<'_>) -> Result<Vec<CarrierMessage>, CarrierError> {
        let Some(number) = national(lookup.to) else { return Ok(Vec::new()) };
        let mut days = vec![beijing_day(lookup.since - FIND_SLACK_MS), beijing_day(lookup.since + HOUR)];
        days.dedup();
        let mut found = Vec::new();
        for day in days {
            for page in 1..=PAGES_MAX {
                let (entries, ours) = answer::details(&self.details(number, &day, page).await?, lookup.attempt)?;
                found.extend(ours);
                if entries < PAGE_ENTRIES {
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn details(&self, number: &str, day: &str, page: usize) -> Result<Value, CarrierError> {
        let params = [
            ("PhoneNumber", number.to_owned()),
            ("SendDate", day.to_owned()),
            ("PageSize", PAGE_ENTRIES.to_string()),
            ("CurrentPage", page.to_string()),
        ];
        match self.exchange("QuerySendDetails", &params).await {
            Ok(answer) => answer.into_value(),
            Err(error) => Err(CarrierError::Unreachable(reason(error))),
        }
    }

    async fn exchange(&self, action: &str, params: &[(&str, String)]) -> reqwest::Result<Answer> {
        let query = sign::canonical_query(params);
        let headers = [
            ("host", self.host.clone()),
            ("x-acs-action", action.to_owned()),
            ("x-acs-content-sha256", sign::sha256_hex(b"")),
            ("x-acs-date", utc(self.clock.now()).format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("x-acs-signature-nonce", nonce()),
            ("x-acs-version", VERSION.to_owned()),
        ];
        let AliyunAccount { access_key_id, access_key_secret, .. } = &self.account;
        let authorization = sign::authorization(access_key_id, access_key_secret, &query, &headers);
        let mut url = self.api.clone();
        url.set_path("/");
        url.set_query(Some(&query));
        let request = self.http.post(url).header("authorization", authorization);
        let request = headers.into_iter().skip(1).fold(request, |r, (name, value)| r.header(name, value));
        let (status, _, body) = http::exchange(request).await?;
        Ok(Answer::new(status, &body))
    }
}

impl Carrier for Aliyun {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        self.create(text).boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        self.search(lookup).boxed()
    }

    /// It makes no calls, so it has none.
    fn find_call<'a>(&'a self, _: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        ready(Ok(Vec::new())).boxed()
    }

    /// Its id alone finds nothing: the list goes by number and day (see [`Carrier::follow`]).
    fn fetch<'a>(&'a self, _sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        ready(Err(CarrierError::NotFound)).boxed()
    }

    /// This attempt, or the one whose id in the list it is known by here.
    fn follow<'a>(&'a self, sid: &'a str, sent: Lookup<'a>) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        async move {
            let mut found = self.search(sent).await?;
            found.retain(|m| m.sid == sent.attempt || m.sid == sid);
            let found = found.into_iter().max_by_key(|m| m.status.rank());
            found.map(|m| CarrierMessage { sid: sid.to_owned(), ..m }).ok_or(CarrierError::NotFound)
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        async { self.details(NOBODY, &beijing_day(self.clock.now()), 1).await.map(drop) }.boxed()
    }
}

/// A number of mainland China without its country code.
fn national(number: &E164) -> Option<&str> {
    number.as_str().strip_prefix("+86").filter(|digits| digits.len() == 11)
}

/// The day in Beijing, as `yyyyMMdd`.
fn beijing_day(at: Timestamp) -> String {
    utc(at + 8 * HOUR).format("%Y%m%d").to_string()
}

fn utc(at: Timestamp) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(at.0.clamp(0, 100_000 * DAY)).expect("within the calendar")
}

/// Unlike that of every other request.
fn nonce() -> String {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("the system has randomness");
    random.map(|byte| format!("{byte:02x}")).concat()
}
