//! HTTP as every carrier's client speaks it: one request is one request, with hard time limits.
//!
//! No redirects, no retries. An error never has the address in it: addresses hold numbers.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, Url, redirect, retry};

/// The longest answer that is read, in bytes: a page of the longest texts fits twice.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// An idle connection is given up after so long, in seconds: before common load balancers (60) do, as a text that is
/// written into a connection just being closed has an ambiguous fate.
const IDLE_S_MAX: u64 = 50;

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until connected (name, TCP and TLS).
    pub connect: Duration,
    /// From begin to the last byte of the answer. Longer than `connect`, or an unreachable carrier looks ambiguous.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(15) }
    }
}

/// The set-up cannot work; says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAccount(pub(super) String);

/// Makes *ring* the process's TLS provider unless there is one already. TLS clients cannot be built before.
pub fn install_tls_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster: then there is one, which is all we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// A client that sends `headers` with every request.
pub(super) fn client(limits: Limits, headers: HeaderMap) -> Result<Client, BadAccount> {
    install_tls_provider();
    Client::builder()
        .user_agent(concat!("nightporter/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(IDLE_S_MAX))
        .build()
        .map_err(|error| BadAccount(format!("no HTTPS client: {}", reason(error))))
}

/// One request and the whole of its answer: status, headers, body.
pub(super) async fn exchange(request: RequestBuilder) -> reqwest::Result<(u16, HeaderMap, Vec<u8>)> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok((status, headers, body(response).await?))
}

/// At most [`ANSWER_BYTES_MAX`]; a longer answer is cut off and then does not read as JSON.
async fn body(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() <= ANSWER_BYTES_MAX {
        let Some(chunk) = response.chunk().await? else { break };
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The chain of causes in words, without the address: a list's address has a number in it.
pub(super) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// A configured address, as far as its form goes.
pub(super) fn parse_base(key: &str, text: &str) -> Result<Url, BadAccount> {
    let url = Url::parse(text).map_err(|error| BadAccount(format!("{key} is not an address: {error}")))?;
    let sound = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
    sound.then_some(url).ok_or_else(|| BadAccount(format!("{key} must be like https://host[:port][/path]")))
}

/// The address of a path below another one.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}
