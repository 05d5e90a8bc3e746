//! The pages: for managers at `/`, for a housekeeper's phone at `/h/<token>`, for a tenant's at `/t/<token>`. Documents, styles and scripts from this
//! binary; nothing from other hosts.
//!
//! The server chooses the first language and hands out the files; everything that is shown, the script reads from the
//! API with the rights of the session, or of the token in the path. No data of the house is ever in these files, and no
//! token in anything but the path.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::AppState;
use super::access::{Role, identify, is_open, is_token};
use super::problem::Problem;
use crate::model::{Locale, digest};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/app.js");
const ADDRESSES: &str = include_str!("page/addresses.js");
const ASK: &str = include_str!("page/ask.js");
const FIGURES: &str = include_str!("page/figures.js");
const LETTERS: &str = include_str!("page/letters.js");
const MOVES: &str = include_str!("page/moves.js");
const ROTA: &str = include_str!("page/rota.js");
const VALVES: &str = include_str!("page/valves.js");
const WORDS: &str = include_str!("page/words.js");
const PHONE: &str = include_str!("page/phone.html");
const PHONE_STYLE: &str = include_str!("page/phone.css");
const PHONE_SCRIPT: &str = include_str!("page/phone.js");
const PHONE_WORDS: &str = include_str!("page/phone-words.js");
const JOBS: &str = include_str!("page/jobs.js");
const HOME: &str = include_str!("page/home.js");
const GONE: &str = include_str!("page/gone.html");
const ICON: &str = include_str!("page/icon.svg");

/// Only our own files, no inline script, nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the page and its files.
pub fn routes(router: Router<AppState>) -> Router<AppState> {
    let file = |kind: &'static str, text: &'static str| {
        get(move |headers: HeaderMap| async move { file(&headers, kind, text) })
    };
    router
        .route("/", get(page))
        .route("/page/style.css", file("text/css; charset=utf-8", STYLE))
        .route("/page/app.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/page/addresses.js", file("text/javascript; charset=utf-8", ADDRESSES))
        .route("/page/ask.js", file("text/javascript; charset=utf-8", ASK))
        .route("/page/figures.js", file("text/javascript; charset=utf-8", FIGURES))
        .route("/page/letters.js", file("text/javascript; charset=utf-8", LETTERS))
        .route("/page/moves.js", file("text/javascript; charset=utf-8", MOVES))
        .route("/page/rota.js", file("text/javascript; charset=utf-8", ROTA))
        .route("/page/valves.js", file("text/javascript; charset=utf-8", VALVES))
        .route("/page/words.js", file("text/javascript; charset=utf-8", WORDS))
        .route("/page/icon.svg", file("image/svg+xml", ICON))
        .route("/h/{token}", get(jobs))
        .route("/t/{token}", get(home))
        .route("/page/phone.css", file("text/css; charset=utf-8", PHONE_STYLE))
        .route("/page/phone.js", file("text/javascript; charset=utf-8", PHONE_SCRIPT))
        .route("/page/phone-words.js", file("text/javascript; charset=utf-8", PHONE_WORDS))
        .route("/page/jobs.js", file("text/javascript; charset=utf-8", JOBS))
        .route("/page/home.js", file("text/javascript; charset=utf-8", HOME))
}

async fn page(State(app): State<AppState>, parts: Parts) -> Response {
    let language = language(&parts.headers).as_str();
    let open = if is_open(&app, &parts) { "true" } else { "false" };
    document(StatusCode::OK, language, PAGE.replace("{{open}}", open))
}

/// The page of a housekeeper's phone: the same for everybody, without data. A token that opens nothing gets kind words.
async fn jobs(State(app): State<AppState>, headers: HeaderMap, token: Path<String>) -> Result<Response, Problem> {
    phone(&app, &headers, &token, Role::Housekeeper, PHONE.replace("{{script}}", "jobs")).await
}

/// The page of a tenant's phone, alike.
async fn home(State(app): State<AppState>, headers: HeaderMap, token: Path<String>) -> Result<Response, Problem> {
    phone(&app, &headers, &token, Role::Tenant, PHONE.replace("{{script}}", "home")).await
}

async fn phone(
    app: &AppState,
    headers: &HeaderMap,
    token: &str,
    role: Role,
    html: String,
) -> Result<Response, Problem> {
    let caller = if is_token(token) { identify(app, token).await? } else { None };
    let language = language(headers).as_str();
    Ok(match caller.filter(|caller| caller.role() == role) {
        Some(_) => document(StatusCode::OK, language, html),
        None => document(StatusCode::NOT_FOUND, language, GONE.to_owned()),
    })
}

fn document(status: StatusCode, language: &'static str, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::VARY, "Accept-Language, Cookie"),
        (header::CONTENT_LANGUAGE, language),
    ];
    (status, headers, html.replace("{{lang}}", language)).into_response()
}

/// A file that a browser may keep as long as it asks whether it is still the same.
fn file(headers: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = format!("\"{}\"", digest(text));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    let about =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    match known {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, text).into_response(),
    }
}

/// The language chosen on the page, else the one that the browser likes best.
fn language(headers: &HeaderMap) -> Locale {
    let text = |name| headers.get(name).and_then(|v: &axum::http::HeaderValue| v.to_str().ok()).unwrap_or_default();
    let chosen = text(header::COOKIE).split(';').find_map(|pair| pair.trim().strip_prefix("nightporter_lang="));
    if let Some(locale) = chosen.and_then(Locale::parse) {
        return locale;
    }
    let mut liked: Vec<(f32, Locale)> = text(header::ACCEPT_LANGUAGE).split(',').filter_map(liking).collect();
    liked.sort_by(|a, b| b.0.total_cmp(&a.0));
    liked.first().map_or(Locale::En, |(_, locale)| *locale)
}

/// One entry of Accept-Language: how much it is liked, and what it is of ours.
fn liking(entry: &str) -> Option<(f32, Locale)> {
    let (tag, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
    let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok().filter(|q| *q > 0.0)?;
    let locale = match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
        "zh" => Locale::ZhCn,
        "en" => Locale::En,
        _ => return None,
    };
    Some((weight, locale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_chosen_or_the_best_liked() {
        let cases = [
            ("", "", Locale::En),
            ("", "zh-CN,zh;q=0.9,en;q=0.8", Locale::ZhCn),
            ("", "de-DE, en;q=0.7, zh;q=0.3", Locale::En),
            ("", "fr, zh-TW;q=0.2", Locale::ZhCn),
            ("", "zh;q=0, en;q=0.1", Locale::En),
            ("x=1; nightporter_lang=zh-CN", "en", Locale::ZhCn),
            ("nightporter_lang=klingon", "zh", Locale::ZhCn),
        ];
        for (cookie, accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().expect("a header"));
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().expect("a header"));
            assert_eq!(language(&headers), expected, "{cookie} {accept}");
        }
    }
}
