//! The page's sign-in: a token pasted once becomes a cookie that scripts cannot read and other sites cannot use.
//!
//! The cookie only ever opens reading (see `access`), and only these two paths set or clear it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::AppState;
use super::access::{COOKIE, identify, is_token};
use super::body::Body;
use super::openapi::Routes;
use super::problem::Problem;

/// How long a browser keeps the session, in seconds: half a year, unless the token is revoked before.
const COOKIE_SECONDS: u32 = 180 * 24 * 3_600;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_begin, _, _>(begin).add::<__path_end, _, _>(end)
}

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// An API token.
    token: String,
}

/// Begin a session of the page with an API token; it only reads.
#[utoipa::path(post, path = "/session", tag = "service", security(()), request_body = SignIn, responses(
    (status = 204, description = "Signed in; the answer sets the cookie."),
    (status = 400, description = "The body cannot be understood.", body = Problem),
    (status = 401, description = "The token is not known.", body = Problem),
    (status = 403, description = "Asked for by another site.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "The database is away.", body = Problem)))]
pub async fn begin(
    State(app): State<AppState>,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let token = sign_in.token.trim();
    if !is_token(token) || identify(&app, token).await?.is_none() {
        return Err(Problem::unauthorized("this token is not known, or was revoked").at("field token"));
    }
    Ok(set_cookie(&app, token, COOKIE_SECONDS))
}

/// End the session of the page.
#[utoipa::path(post, path = "/session/end", tag = "service", security(()), responses(
    (status = 204, description = "Signed out."),
    (status = 403, description = "Asked for by another site.", body = Problem)))]
pub async fn end(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    own_site(&headers)?;
    Ok(set_cookie(&app, "", 0))
}

fn set_cookie(app: &AppState, token: &str, seconds: u32) -> Response {
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
