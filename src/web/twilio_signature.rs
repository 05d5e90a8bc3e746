//! Is this webhook from Twilio? Checks the signature over the address and every form field. Pure.
//!
//! Twilio signs the address it called, then each distinct (name, value) in order of name and value, with HMAC-SHA1 and
//! the account's auth token, or with HMAC-SHA256 where `X-Twilio-Webhooks-Signature-Settings` says so. There is no time
//! in it: a replay has a good signature and is stopped by what the message has already become.
//! The address must be made from `public_url`, never from `Host` or a forwarding header, which anyone can set.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// The header that names key and algorithm, when not the auth token with SHA-1: `key=…,algorithm=HMAC_SHA256`.
pub const SETTINGS_HEADER: &str = "x-twilio-webhooks-signature-settings";

/// The secrets that may have signed: the auth token, the secondary one while they are rotated, shared keys.
#[derive(Clone)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Empty ones are left out: anybody could sign with them.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self(secrets.into_iter().filter(|secret| !secret.is_empty()).collect())
    }
}

/// Only how many.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// What was received.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The whole address as Twilio called it (see [`requested_url`]).
    pub url: &'a str,
    /// Every form field, decoded; names may repeat.
    pub params: &'a [(String, String)],
    /// The value of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// The value of [`SETTINGS_HEADER`].
    pub settings: Option<&'a str>,
}

/// The address that Twilio called: our public one, and path with query as they arrived (still percent-encoded).
pub fn requested_url(public_url: &str, path_and_query: &str) -> String {
    format!("{}{path_and_query}", public_url.trim_end_matches('/'))
}

/// True when one of the secrets signed exactly this. Takes the same time for every wrong signature.
pub fn verify(secrets: &Secrets, signed: Signed<'_>) -> bool {
    let (Some(signature), Some(mac)) = (signed.signature, algorithm(signed.settings)) else { return false };
    let fields = fields(signed.params);
    let mut genuine = subtle::Choice::from(0);
    for url in with_and_without_port(signed.url) {
        for secret in &secrets.0 {
            let expected = STANDARD.encode(mac(secret.as_bytes(), &[url.as_bytes(), fields.as_bytes()]));
            genuine |= expected.as_bytes().ct_eq(signature.as_bytes());
        }
    }
    genuine.into()
}

/// Signs as Twilio does, with the auth token and SHA-1: for tests and tools that play Twilio.
pub fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    STANDARD.encode(hmac_of::<Hmac<Sha1>>(token.as_bytes(), &[url.as_bytes(), fields(params).as_bytes()]))
}

type MacOf = fn(&[u8], &[&[u8]]) -> Vec<u8>;

/// SHA-1 unless the header names another; an algorithm that we do not know is no algorithm.
fn algorithm(settings: Option<&str>) -> Option<MacOf> {
    let parts = settings.unwrap_or_default().split(',').filter_map(|part| part.split_once('='));
    let mut named = parts.filter(|(name, _)| name.trim() == "algorithm").map(|(_, value)| value.trim());
    match named.next().filter(|value| !value.is_empty()) {
        None => Some(hmac_of::<Hmac<Sha1>>),
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA1") => Some(hmac_of::<Hmac<Sha1>>),
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA256") => Some(hmac_of::<Hmac<Sha256>>),
        Some(_) => None,
    }
}

fn hmac_of<M: Mac + KeyInit>(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn fields(params: &[(String, String)]) -> String {
    let distinct: BTreeSet<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    distinct.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// Twilio is not consistent about a port in what it signs, so its own libraries take both.
fn with_and_without_port(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match authority.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        Some((host, _)) => [url.to_owned(), format!("{scheme}://{host}{path}")],
        None => {
            let port = if scheme == "https" { 443 } else { 80 };
            [url.to_owned(), format!("{scheme}://{authority}:{port}{path}")]
        }
    }
}
