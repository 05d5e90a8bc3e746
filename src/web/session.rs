//! The page's sign-in: a name and a password, or a token, become a cookie that scripts cannot read and other sites cannot use.
//!
//! The cookie only ever opens reading (see `access`), and only these two paths set or clear it. A wrong password and an
//! unknown name get the same answer after the same work; who fails too often has to wait.

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AppState;
use super::access::{COOKIE, identify, is_token, session, token_hash};
use super::body::Body;
use super::openapi::Routes;
use super::password::PASSWORD_BYTES_MAX;
use super::problem::Problem;
use super::server::Peer;
use crate::model::time::{DAY, SECOND};

/// How long a browser keeps a session that a token began, in seconds: half a year, unless the token is revoked before.
const TOKEN_COOKIE_SECONDS: i64 = 180 * 24 * 3_600;
/// How long a session of a user lasts.
const SESSION_DAYS: i64 = 30;
/// Bytes of randomness in a session's secret.
const SECRET_BYTES: usize = 32;
/// The longest name that a user can have, in characters.
pub const NAME_CHARS_MAX: usize = 64;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_begin, _, _>(begin).add::<__path_end, _, _>(end)
}

/// Who signs in: a name with its password, or a token alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name of a user, made by `nightporter user add`.
    name: Option<String>,
    /// Their password.
    password: Option<String>,
    /// An API token.
    token: Option<String>,
}

/// Begin a session of the page; it only reads.
#[utoipa::path(post, path = "/session", tag = "service", security(()), request_body = SignIn, responses(
    (status = 204, description = "Signed in; the answer sets the cookie."),
    (status = 400, description = "The body cannot be understood.", body = Problem),
    (status = 401, description = "Name and password, or the token, are not known.", body = Problem),
    (status = 403, description = "Asked for by another site.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 429, description = "Failed too often; Retry-After says how long to wait.", body = Problem),
    (status = 503, description = "The database is away.", body = Problem)))]
pub async fn begin(
    State(app): State<AppState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    match (sign_in.name, sign_in.password, sign_in.token) {
        (Some(name), Some(password), None) => with_password(&app, peer, name.trim(), password).await,
        (None, None, Some(token)) => with_token(&app, token.trim()).await,
        _ => Err(Problem::unprocessable("bad-sign-in", "who signs in?")
            .at("body")
            .mend("send name and password, or a token alone")),
    }
}

async fn with_token(app: &AppState, token: &str) -> Result<Response, Problem> {
    if !is_token(token) || identify(app, token).await?.is_none() {
        return Err(Problem::unauthorized("this token is not known, or was revoked").at("field token"));
    }
    Ok(set_cookie(app, token, TOKEN_COOKIE_SECONDS))
}

async fn with_password(app: &AppState, peer: Peer, name: &str, password: String) -> Result<Response, Problem> {
    // No user has such a name; nobody's is compared instead.
    let name = if is_name(name) { name } else { "" };
    let (now, address) = (app.clock.now(), peer.0.ip());
    app.throttle.begin(name, address, now).map_err(|wait| Problem::too_many("too many sign-ins have failed", wait))?;
    let user = app.store.read().await?.user(name).await?;
    let password = if password.len() > PASSWORD_BYTES_MAX { String::new() } else { password };
    if !app.passwords.are_same(password, user.map(|user| user.password)).await {
        return Err(Problem::unauthorized("name or password is wrong").at("field password").mend("try again"));
    }
    app.throttle.succeeded(name, address);
    let secret = random("ns_");
    let mut tx = app.store.begin().await?;
    tx.begin_session(&token_hash(&secret), name, now, now + SESSION_DAYS * DAY).await?;
    tx.commit().await?;
    Ok(set_cookie(app, &secret, SESSION_DAYS * DAY / SECOND))
}

/// Whether a user can be called so.
pub fn is_name(name: &str) -> bool {
    let sound = !name.is_empty() && name.trim() == name && !name.contains(char::is_control);
    sound && name.chars().count() <= NAME_CHARS_MAX
}

/// A new secret that begins so.
pub fn random(prefix: &str) -> String {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    format!("{prefix}{}", bytes.map(|b| format!("{b:02x}")).concat())
}

/// End the session of the page.
#[utoipa::path(post, path = "/session/end", tag = "service", security(()), responses(
    (status = 204, description = "Signed out."),
    (status = 403, description = "Asked for by another site.", body = Problem),
    (status = 503, description = "The database is away.", body = Problem)))]
pub async fn end(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    own_site(&headers)?;
    if let Some(secret) = session(&headers) {
        let mut tx = app.store.begin().await?;
        tx.end_session(&token_hash(secret)).await?;
        tx.commit().await?;
    }
    Ok(set_cookie(&app, "", 0))
}

fn set_cookie(app: &AppState, token: &str, seconds: i64) -> Response {
    let secure = if app.base_url.starts_with("https://") { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

/// A browser says which site a request comes from; what is no browser says nothing.
fn own_site(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    match site {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => {
            Err(Problem::forbidden("only the page of this service signs in and out").at("header Sec-Fetch-Site"))
        }
    }
}
