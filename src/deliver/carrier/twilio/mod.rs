//! Twilio's Messages API: create, list and fetch; and its Calls API (`calls`): create and list. Nothing else of it.
//!
//! One request is one request: no redirects, no retries. Time-outs are hard. It must never put a number, a text or the
//! token into an error, a `Debug` output or an address other than `api_url`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};

pub use super::http::install_tls_provider;
use super::http::{self, BadAccount, Limits, below, parse_base, reason};
use super::{Calling, Carrier, CarrierError, CarrierMessage, Lookup, Outgoing, SendOutcome};
pub use calls::{VOICE_PATH, escaped, say};

mod answer;
mod calls;

use answer::{Answer, Page};

/// Twilio's own address.
pub const API_URL: &str = "https://api.twilio.com";
/// The path of status callbacks below `public_url`.
pub const STATUS_PATH: &str = "/webhooks/twilio/status";
/// Twilio's bounds for `ValidityPeriod`, in seconds.
pub const VALIDITY_S: std::ops::RangeInclusive<u32> = 1..=36_000;

/// Entries asked for in one page of the list.
const PAGE_ENTRIES: usize = 50;
/// Pages read for one question; the newest come first, so what was sent a moment ago is on the first.
pub const PAGES_MAX: usize = 5;

/// Who the text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A number of the account, or an alphanumeric sender id.
    From(String),
    /// The SID of a Messaging Service, which picks the number.
    Service(String),
}

/// What is needed to speak for an account.
#[derive(Clone)]
pub struct TwilioAccount {
    /// `AC…`.
    pub account_sid: String,
    /// The secret.
    pub auth_token: String,
    /// Who texts come from.
    pub sender: Sender,
    /// [`API_URL`], or another one for tests and regions.
    pub api_url: String,
    /// Where Twilio reaches us, for status callbacks; none are asked for without it.
    pub public_url: Option<String>,
    /// Time limits.
    pub limits: Limits,
}

/// Without the secret.
impl fmt::Debug for TwilioAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioAccount")
            .field("account_sid", &self.account_sid)
            .field("api_url", &self.api_url)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// A client for one account, with a pool of kept-alive connections.
pub struct Twilio {
    http: Client,
    messages: Url,
    account: TwilioAccount,
    status_callback: Option<Url>,
    public: Option<Url>,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Twilio").field(&self.account).finish()
    }
}

impl Twilio {
    /// Checks the account's form and builds the client; sends nothing (see [`Carrier::ping`]).
    pub fn new(account: TwilioAccount) -> Result<Self, BadAccount> {
        let sid_is_plain = account.account_sid.bytes().all(|b| b.is_ascii_alphanumeric());
        if account.account_sid.is_empty() || !sid_is_plain {
            return Err(BadAccount("account_sid must be letters and digits (AC…)".to_owned()));
        }
        let api = parse_base("api_url", &account.api_url)?;
        let messages = below(&api, &format!("/2010-04-01/Accounts/{}/Messages", account.account_sid));
        let public = account.public_url.as_deref().map(|url| parse_base("public_url", url)).transpose()?;
        let status_callback = public.as_ref().map(|url| below(url, STATUS_PATH));
        Ok(Self { http: client(&account)?, messages, account, status_callback, public })
    }

    async fn create(&self, text: Outgoing<'_>) -> SendOutcome {
        let form = self.form(&text);
        let request = self.http.post(self.list_url().as_str()).form(&form);
        match exchange(request).await {
            Ok(answer) => answer.into_outcome(),
            Err(error) if error.is_builder() || error.is_connect() => SendOutcome::NotSent { detail: reason(error) },
            Err(error) => SendOutcome::Ambiguous { detail: reason(error) },
        }
    }

    fn form(&self, text: &Outgoing<'_>) -> Vec<(&'static str, String)> {
        let sender = match &self.account.sender {
            Sender::From(number) => ("From", number.clone()),
            Sender::Service(sid) => ("MessagingServiceSid", sid.clone()),
        };
        let valid_for_s = text.valid_for_s.clamp(*VALIDITY_S.start(), *VALIDITY_S.end());
        let mut form = vec![
            ("To", text.to.as_str().to_owned()),
            sender,
            ("Body", text.body.to_owned()),
            ("ValidityPeriod", valid_for_s.to_string()),
        ];
        if let Some(callback) = &self.status_callback {
            let mut callback = callback.clone();
            callback.query_pairs_mut().append_pair("a", text.attempt);
            form.push(("StatusCallback", callback.into()));
        }
        form
    }

    /// Walks the list from the newest until it is older than what is looked for, or [`PAGES_MAX`] are read.
    async fn search(&self, lookup: Lookup<'_>) -> Result<Vec<CarrierMessage>, CarrierError> {
        let mut found = Vec::new();
        let mut next = Some(self.first_page(Some(lookup.to.as_str()), PAGE_ENTRIES));
        for _ in 0..PAGES_MAX {
            let Some(url) = next.take() else { break };
            let page = Page::read(&self.ask(url).await?)?;
            found.extend(page.matching(&lookup));
            if page.reaches_before(&lookup) {
                break;
            }
            next = page.next.as_deref().map(|path| self.next_page(path)).transpose()?;
        }
        Ok(found)
    }

    fn list_url(&self) -> Url {
        let mut url = self.messages.clone();
        url.set_path(&format!("{}.json", self.messages.path()));
        url
    }

    fn first_page(&self, to: Option<&str>, entries: usize) -> Url {
        let mut url = self.list_url();
        url.query_pairs_mut().extend_pairs(to.map(|to| ("To", to))).append_pair("PageSize", &entries.to_string());
        url
    }

    /// Twilio names the next page by a path; one that leads to another host is not followed, as it would get the token.
    fn next_page(&self, path: &str) -> Result<Url, CarrierError> {
        let url = self.messages.join(path).ok().filter(|url| url.origin() == self.messages.origin());
        url.ok_or_else(|| CarrierError::Unreadable("the next page lies elsewhere".to_owned()))
    }

    async fn read(&self, sid: &str) -> Result<CarrierMessage, CarrierError> {
        if sid.is_empty() || !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(CarrierError::NotFound);
        }
        let mut url = self.messages.clone();
        url.set_path(&format!("{}/{sid}.json", self.messages.path()));
        answer::message(&self.ask(url).await?).ok_or_else(|| CarrierError::Unreadable("not a message".to_owned()))
    }

    async fn ask(&self, url: Url) -> Result<serde_json::Value, CarrierError> {
        match exchange(self.http.get(url)).await {
            Ok(answer) => answer.into_value(),
            Err(error) => Err(CarrierError::Unreachable(reason(error))),
        }
    }
}

impl Carrier for Twilio {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome> {
        self.create(text).boxed()
    }

    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        self.search(lookup).boxed()
    }

    fn call<'a>(&'a self, call: Calling<'a>) -> BoxFuture<'a, SendOutcome> {
        self.ring(call).boxed()
    }

    fn find_call<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        self.search_calls(lookup).boxed()
    }

    fn fetch<'a>(&'a self, sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        self.read(sid).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>> {
        async { self.ask(self.first_page(None, 1)).await.map(drop) }.boxed()
    }
}

fn client(account: &TwilioAccount) -> Result<Client, BadAccount> {
    let credentials = STANDARD.encode(format!("{}:{}", account.account_sid, account.auth_token));
    let mut authorization =
        HeaderValue::try_from(format!("Basic {credentials}")).expect("base64 is always a header value");
    authorization.set_sensitive(true);
    http::client(account.limits, HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
}

async fn exchange(request: RequestBuilder) -> reqwest::Result<Answer> {
    let (status, headers, body) = http::exchange(request).await?;
    Ok(Answer::new(status, &headers, &body))
}
