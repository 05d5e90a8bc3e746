//! Paths and query parameters, read strictly: what is not known is an error that names the nearest known word.
//!
//! Nothing is ignored silently: a misspelt filter would otherwise show everything. No text with control characters gets
//! further than this: no id holds any, and not every database takes them.

use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;

use super::body::{types_of, word_of};
use super::problem::Problem;
use crate::store::Page;

/// Rows of a page when nothing is said.
pub const LIMIT_DEFAULT: i64 = 50;
/// Rows of a page at most.
pub const LIMIT_MAX: i64 = 500;
/// The largest body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How much of a wrong value is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// The query of a request as `T`, whose documented parameters are the only ones known.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: IntoParams + DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let documented = T::into_params(|| None);
        let given = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| unreadable())?.0;
        for (n, (name, value)) in given.iter().enumerate() {
            let Some(parameter) = documented.iter().find(|p| p.name == *name) else {
                let known: Vec<&str> = documented.iter().map(|p| p.name.as_str()).collect();
                return Err(unknown_parameter(name, &known));
            };
            if given[..n].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::bad_request("repeated-parameter", format!("\"{name}\" is given twice"))
                    .at(format!("query parameter {name}"))
                    .mend("give it once"));
            }
            fits(parameter, value)?;
        }
        Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|_| unreadable())
    }
}

fn unreadable() -> Problem {
    Problem::bad_request("bad-query", "the query cannot be read").at("query").mend("send NAME=VALUE&NAME=VALUE")
}

/// Whether a value is of the documented type.
fn fits(parameter: &Parameter, value: &str) -> Result<(), Problem> {
    let shape = serde_json::to_value(&parameter.schema).expect("a schema is plain data");
    let types = types_of(&shape);
    let wanted = types.iter().find(|t| **t != "null").copied().unwrap_or("string");
    let fits = match wanted {
        "integer" => value.parse::<i64>().is_ok(),
        "boolean" => matches!(value, "true" | "false"),
        _ => !value.contains(char::is_control),
    };
    if fits {
        return Ok(());
    }
    let shown: String = value.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect();
    let about = parameter.description.clone().unwrap_or_default();
    Err(Problem::bad_request("bad-value", format!("\"{shown}\" is not {}", word_of(wanted)))
        .at(format!("query parameter {}", parameter.name))
        .mend(format!("give {}: {about}", word_of(wanted))))
}

/// The id in the path of a request.
#[derive(Debug)]
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<String>::from_request_parts(parts, state).await.map(|path| Self(path.0)).map_err(|_| bad_path())
    }
}

/// Lets no path further whose text is not UTF-8 or holds control characters, whatever stands behind it.
pub async fn sound_path(request: Request, next: Next) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8();
    if path.is_ok_and(|path| !path.contains(char::is_control)) {
        return next.run(request).await;
    }
    bad_path().into_response()
}

fn bad_path() -> Problem {
    Problem::bad_request("bad-path", "what stands in the path is no text without control characters")
        .at("path")
        .mend("percent-encode an id as UTF-8")
}

fn unknown_parameter(name: &str, known: &[&str]) -> Problem {
    let problem = Problem::bad_request("unknown-parameter", format!("there is no query parameter \"{name}\" here"))
        .at(format!("query parameter {name}"));
    match nearest(name, known) {
        _ if known.is_empty() => problem.mend("leave it out: there are none here"),
        Some(near) => problem.mend(format!("did you mean \"{near}\"? known: {}", known.join(", "))),
        None => problem.mend(format!("known: {}", known.join(", "))),
    }
}

/// The known word that a misspelt one was probably meant to be.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |k: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), k);
    known.iter().copied().min_by_key(distance).filter(|k| distance(k) <= 1 + k.len() / 3)
}

/// A parameter that must be one of these words.
pub fn one_of(name: &str, value: Option<String>, known: &[&str]) -> Result<Option<String>, Problem> {
    let Some(value) = value else { return Ok(None) };
    if known.contains(&value.as_str()) {
        return Ok(Some(value));
    }
    let guess = nearest(&value, known).map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
    Err(Problem::bad_request("unknown-word", format!("\"{value}\" is no {name}"))
        .at(format!("query parameter {name}"))
        .mend(format!("{guess}known: {}", known.join(", "))))
}

/// Reads `limit` and `after` of a list by time and id. The page asks for one row more than is shown: whether it is
/// there tells whether another page follows.
pub fn page(limit: Option<i64>, after: Option<&str>) -> Result<Page, Problem> {
    let limit = limit_of(limit)? + 1;
    let after = after.map(|cursor| read_cursor(cursor).ok_or_else(bad_cursor)).transpose()?;
    Ok(Page { limit, after })
}

fn limit_of(limit: Option<i64>) -> Result<i64, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request("bad-limit", format!("limit {limit} is out of range"))
        .at("query parameter limit")
        .mend(format!("give 1 to {LIMIT_MAX}")))
}

fn bad_cursor() -> Problem {
    Problem::bad_request("bad-cursor", "this is no cursor of ours")
        .at("query parameter after")
        .mend("give \"next\" of the page before, unchanged; leave it out for the first page")
}

/// The opaque cursor behind a row.
pub fn cursor(ms: i64, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{ms}:{id}"))
}

fn read_cursor(cursor: &str) -> Option<(i64, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (ms, id) = text.split_once(':').filter(|(_, id)| !id.contains(char::is_control))?;
    Some((ms.parse().ok()?, id.to_owned()))
}

/// 415.
pub fn unsupported(wanted: &str) -> Problem {
    let detail = format!("the body must be {wanted}");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Wrong kind of body", detail)
        .at("header Content-Type")
        .mend(format!("send \"Content-Type: {wanted}\""))
}

/// 413.
pub fn too_large() -> Problem {
    let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail).at("body").mend("send less")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_were() {
        for (ms, id) in [(0, ""), (1_767_551_400_000, "t_ab:cd"), (-5, "flat7/前门 ö")] {
            assert_eq!(read_cursor(&cursor(ms, id)), Some((ms, id.to_owned())));
        }
        for bad in ["", "!", "YWJj", "MTIz", "MTphAGI"] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_misspelt_word_is_recognised_and_nonsense_is_not() {
        let known = ["kind", "status", "device", "unit", "property", "limit", "after"];
        for (word, meant) in
            [("stauts", Some("status")), ("Kind", Some("kind")), ("devices", Some("device")), ("xyzzyx", None)]
        {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }

    #[test]
    fn limits_are_bound() {
        assert_eq!(limit_of(None), Ok(LIMIT_DEFAULT));
        assert_eq!(limit_of(Some(LIMIT_MAX)), Ok(LIMIT_MAX));
        for bad in [0, -1, LIMIT_MAX + 1] {
            assert!(limit_of(Some(bad)).is_err(), "{bad}");
        }
    }
}
