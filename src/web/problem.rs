//! What a client is told when something is wrong: RFC 9457 problem details, made in this one place.
//!
//! A problem says what is wrong, where, and how to mend it. It never carries a secret, a statement of SQL or a path of
//! this machine; what is unexpected is logged here once and told as "unavailable".

use std::num::NonZeroU32;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::commit::CommandError;
use crate::decide::Refusal;
use crate::model::Millis;
use crate::model::time::SECOND;
use crate::store::StoreError;

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// How long a client should wait when a part of the service is away, in seconds.
const RETRY_AFTER_S: &str = "5";

/// RFC 9457 problem details. `type` is a stable word for programs, the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable URI for the kind of problem: `urn:nightporter:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: String,
    /// Which part of the request: a header, a query parameter, a field of the body.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
    /// How long to wait before the next try, in seconds.
    #[serde(skip)]
    wait_s: Option<NonZeroU32>,
}

impl Problem {
    /// A problem of this status; `word` ends its `type`.
    pub fn new(status: StatusCode, word: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:nightporter:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            place: None,
            mend: None,
            wait_s: None,
        }
    }

    /// Says where.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Says how to mend it.
    pub fn mend(mut self, how: impl Into<String>) -> Self {
        self.mend = Some(how.into());
        self
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(word: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, word, "The request cannot be understood", detail)
    }

    /// 401: nobody is known by this token.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
            .at("header Authorization")
            .mend("send \"Authorization: Bearer TOKEN\"; `nightporter token create` makes one")
    }

    /// 403: this caller may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: there is none, or none that this caller may see.
    pub fn not_found(what: &str) -> Self {
        let detail = format!("there is no such {what}, or it is outside the token's scope");
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405: not by this method; the answer's Allow header has those that are possible.
    pub fn method(method: &Method, uri: &Uri) -> Self {
        let detail = format!("{method} is not possible at {}", uri.path());
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Wrong method", detail)
            .mend("the Allow header lists what is")
    }

    /// 409: this Idempotency-Key was used for something else.
    pub fn used_key(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "idempotency-conflict", "Used before", detail)
            .at("header Idempotency-Key")
            .mend("send a new key")
    }

    /// 422: understood, but not possible as it is.
    pub fn unprocessable(word: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, word, "Understood, but not possible", detail)
    }

    /// 429: tried too often; again after so long.
    pub fn too_many(detail: &str, wait: Millis) -> Self {
        let wait_s = u32::try_from(wait / SECOND).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", "Too many tries", detail);
        Self { wait_s: Some(wait_s), ..problem.mend(format!("try again in {} min", wait_s.get().div_ceil(60))) }
    }

    /// 503: a part of the service is away, or it is stopping.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available at the moment", detail)
            .mend("try again in a few seconds; /readyz says which part is away")
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("made from a status")
    }
}

/// 405 where several paths share a route.
pub fn wrong_method(method: &Method, uri: &Uri, allowed: &'static str) -> Response {
    ([(header::ALLOW, allowed)], Problem::method(method, uri)).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).expect("a problem is plain data");
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"nightporter\""));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.extend(self.wait_s.map(|s| (header::RETRY_AFTER, HeaderValue::from(s.get()))));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %error, "web.database");
        Self::unavailable("the database did not answer")
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Stopping => Self::unavailable("the service is stopping"),
            CommandError::Store(error) => {
                tracing::warn!(error = %error, "web.command");
                Self::unavailable("it could not be stored; nothing was changed")
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoTicket => Self::not_found("ticket"),
            Refusal::NoHousekeeper => {
                Self::unprocessable("no-housekeeper", refusal.to_string()).at("field housekeeper_id")
            }
            Refusal::TooManyPhotos => Self::unprocessable("too-many-photos", refusal.to_string()),
            Refusal::NoValve => Self::new(StatusCode::CONFLICT, "no-valve", "No valve", refusal.to_string())
                .mend("register the valve with the unit or sensor it is for (valve_for)"),
            Refusal::NoPlace => Self::unprocessable("no-place", refusal.to_string()).at("field unit_id"),
            Refusal::NoTenant => Self::unprocessable("no-tenant", refusal.to_string()),
            Refusal::UsedKey => Self::used_key(refusal.to_string()),
            Refusal::Currency(_) => Self::unprocessable("bad-currency", refusal.to_string()).at("field currency"),
            Refusal::OverBudget { .. } => Self::unprocessable("over-budget", refusal.to_string())
                .at("field amount_minor")
                .mend("give no more than that"),
            Refusal::NoConversation => Self::not_found("conversation"),
            Refusal::Stopped => {
                Self::new(StatusCode::CONFLICT, "stopped", "No texts to this number", refusal.to_string())
            }
            Refusal::NoLinks => Self::unprocessable("no-links", refusal.to_string())
                .at("field text")
                .mend("leave the link out, and say in words what it would show"),
            Refusal::NotHeld => Self::not_found("device").mend("/api/v1/devices?registered=false lists what is held"),
            Refusal::Registered => {
                Self::new(StatusCode::CONFLICT, "registered", "The device is registered", refusal.to_string())
            }
            Refusal::NoSwap => Self::new(StatusCode::CONFLICT, "no-swap", "Nothing to confirm", refusal.to_string())
                .mend("/api/v1/quarantine lists what was seen; or give hardware_id"),
            Refusal::WrongMove { .. } => {
                Self::new(StatusCode::CONFLICT, "wrong-move", "Wrong move for the status", refusal.to_string())
            }
        }
    }
}
