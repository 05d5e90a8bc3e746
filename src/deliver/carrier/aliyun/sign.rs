//! Alibaba Cloud's signature, version 3 (ACS3-HMAC-SHA256), for APIs of the RPC kind: every parameter is in the query, the
//! path is `/`, the body is empty. Pure.
//!
//! Source: Alibaba Cloud, "V3 request structure and signature"; checked against Alibaba's Python library (tests/it/oracles.rs).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The name of the algorithm.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The query in the one form that is signed, by name; it is sent in the same form.
pub fn canonical_query(params: &[(&str, String)]) -> String {
    let mut params: Vec<_> = params.iter().collect();
    params.sort_by_key(|(name, _)| *name);
    let pairs = params.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The header `Authorization` of a POST without a body; `headers` are all that are signed, their names in lower case.
pub fn authorization(key_id: &str, secret: &str, query: &str, headers: &[(&str, String)]) -> String {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort_by_key(|(name, _)| *name);
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let signed = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let request = format!("POST\n/\n{query}\n{lines}\n{signed}\n{}", sha256_hex(b""));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{ALGORITHM}\n{}", sha256_hex(request.as_bytes())).as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    format!("{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}")
}

/// Percent-encoding of RFC 3986: everything but letters, digits and `-_.~`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes everything");
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
