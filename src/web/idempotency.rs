//! The header Idempotency-Key: by what a repeated request is known. What is kept under a key is its user's business.

use axum::http::HeaderMap;

use super::problem::Problem;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 128;

/// The key of a request that must have one.
pub fn key(headers: &HeaderMap) -> Result<&str, Problem> {
    key_if_any(headers)?.ok_or_else(|| bad("there is no Idempotency-Key"))
}

/// The key of a request that may have one.
pub fn key_if_any(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().map_err(|_| bad("the Idempotency-Key is not ASCII"))?.trim();
    let fits = !key.is_empty() && key.len() <= KEY_BYTES_MAX;
    if fits { Ok(Some(key)) } else { Err(bad("the Idempotency-Key must have 1 to 128 characters")) }
}

fn bad(detail: &str) -> Problem {
    Problem::bad_request("idempotency-key", detail)
        .at("header Idempotency-Key")
        .mend("send a new one, e.g. a UUID, with each new request, and the same one when you repeat it")
}
