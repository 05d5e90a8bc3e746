//! Is the service alive, is it ready, and what has it counted. Open to everyone who can reach the port: no names, no numbers.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use super::openapi::Routes;
use crate::commit::Health;

/// How long the database may take to answer before it counts as away.
const DATABASE_ANSWER_MAX: Duration = Duration::from_secs(2);
/// The media type of OpenMetrics text.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes
        .add::<__path_healthz, _, _>(healthz)
        .add::<__path_readyz, _, _>(readyz)
        .add::<__path_metrics, _, _>(metrics)
        .add::<__path_openapi_json, _, _>(openapi_json)
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()),
    responses((status = 200, description = "Alive.", body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// One part that the service needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Part {
    /// Whether it is there.
    ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Result<(), String>> for Part {
    fn from(state: Result<(), String>) -> Self {
        Self { ok: state.is_ok(), reason: state.err() }
    }
}

/// Whether the service can do its whole work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether every part is there.
    ready: bool,
    /// The MQTT broker.
    broker: Part,
    /// The database.
    database: Part,
    /// Who carries messages to people.
    carrier: Part,
}

/// Whether broker, database and carrier are there, each with the reason when not.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()), responses(
    (status = 200, description = "Ready.", body = Readiness),
    (status = 503, description = "A part is away; what came in waits and is not lost.", body = Readiness)))]
pub async fn readyz(State(app): State<AppState>) -> Response {
    let health = app.door.health();
    let database = ask_database(&app).await.and_then(|()| health.database());
    readiness(health, database)
}

/// As [`readyz`], while the database is waited for: nothing else has been started yet.
pub async fn readyz_starting(State(health): State<Arc<Health>>) -> Response {
    readiness(&health, health.database())
}

fn readiness(health: &Health, database: Result<(), String>) -> Response {
    let ready = health.broker().is_ok() && database.is_ok() && health.carrier().is_ok();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let answer = Readiness {
        ready,
        broker: health.broker().into(),
        database: database.into(),
        carrier: health.carrier().into(),
    };
    (status, Json(answer)).into_response()
}

/// Asks it now, as the last commit may be long ago; that one tells whether it can be written to.
async fn ask_database(app: &AppState) -> Result<(), String> {
    app.store.is_in_place().map_err(|error| error.to_string())?;
    let asked = async { app.store.read().await?.tenant_exists("").await };
    match tokio::time::timeout(DATABASE_ANSWER_MAX, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "web.readyz");
            Err("it answers with an error; the log has it".to_owned())
        }
        Err(_) => Err(format!("no answer within {} s", DATABASE_ANSWER_MAX.as_secs())),
    }
}

/// What the service has counted, as OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "service", security(()),
    responses((status = 200, description = "Metrics.", body = String, content_type = "application/openmetrics-text")))]
pub async fn metrics(State(app): State<AppState>) -> Response {
    ([(header::CONTENT_TYPE, OPENMETRICS)], app.metrics.to_text()).into_response()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "service", security(()),
    responses((status = 200, description = "The OpenAPI document.", body = Object)))]
pub async fn openapi_json() -> Response {
    Json(super::openapi::document()).into_response()
}
