//! What is reached over HTTP: the API, the carrier's webhooks, health and metrics, the page for managers.
//!
//! Reads go straight to the store; every change goes through the one door (or, for a redemption, through one
//! transaction of the ledger). Nothing here decides what happens to a ticket, and nothing here logs a token, a number
//! or words of a person.

mod access;
mod api;
mod body;
mod health;
mod idempotency;
mod openapi;
mod origin;
mod pages;
mod params;
pub mod password;
mod problem;
mod server;
mod session;
mod throttle;
pub mod twilio_signature;
mod webhooks;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::commit::{Door, Health};
use crate::config::Config;
use crate::decide::{Policy, Words};
use crate::metrics::Metrics;
use crate::store::Store;

pub use access::{Role, token_hash};
pub use api::tickets::Ticket as TicketView;
pub use openapi::document;
pub use server::serve;
pub use session::{NAME_CHARS_MAX, is_name};

use problem::Problem;

/// What the handlers work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    parts: Arc<Parts>,
    /// Becomes true when the service stops: listeners to events are let go then.
    stopping: watch::Receiver<bool>,
}

/// See [`AppState`].
#[derive(Debug)]
pub struct Parts {
    /// Where reads go.
    store: Store,
    /// Where changes go.
    door: Door,
    /// The time.
    clock: Clock,
    /// What is counted.
    metrics: Arc<Metrics>,
    /// How people and the carrier reach this service, without a slash at the end.
    base_url: String,
    /// What rewards are in, ISO 4217.
    currency: String,
    /// The operator's decisions.
    policy: Policy,
    /// The words to people.
    words: Words,
    /// Who may sign webhooks; without secrets every webhook is refused.
    webhook_secrets: twilio_signature::Secrets,
    /// Who compares passwords.
    passwords: password::Passwords,
    /// Who failed to sign in how often.
    throttle: throttle::Throttle,
    /// Which tenant said how much on their page.
    said: throttle::Throttle,
    /// Whether the page and reading are open to this machine without sign-in.
    open_page: bool,
}

impl AppState {
    /// Everything for a service. `open_page`: who asks from this machine reads everything without sign-in (demo only).
    pub fn new(
        config: &Config,
        store: Store,
        door: Door,
        clock: Clock,
        metrics: Arc<Metrics>,
        open_page: bool,
    ) -> Self {
        let secret = config.sms.twilio.auth_token.as_ref().map(|token| token.expose().to_owned());
        let parts = Parts {
            store,
            door,
            clock,
            metrics,
            base_url: config.http.base_url(),
            currency: config.rewards.currency.clone(),
            policy: config.policy(),
            words: Words::new(),
            webhook_secrets: twilio_signature::Secrets::new(secret),
            passwords: password::Passwords::default(),
            throttle: throttle::Throttle::default(),
            said: throttle::Throttle::default(),
            open_page,
        };
        Self { parts: Arc::new(parts), stopping: watch::channel(false).1 }
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// Everything that is served, with its limits.
fn router(state: AppState) -> Router {
    let routes = openapi::Routes::default();
    let routes = api::routes(routes);
    let routes = health::routes(routes);
    let routes = webhooks::routes(routes);
    let routes = session::routes(routes);
    pages::routes(routes.into_router())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(params::sound_path))
        .layer(from_fn(server::time_out))
        .layer(from_fn(server::guard))
        .layer(from_fn_with_state(state.clone(), server::count))
        .layer(DefaultBodyLimit::max(params::BODY_BYTES_MAX))
        .with_state(state)
}

/// Serves until `stop` while the database is not there yet: alive, not ready and why, and nothing else.
pub async fn serve_starting(listener: TcpListener, health: Arc<Health>, stop: watch::Receiver<bool>) {
    let app = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz_starting))
        .fallback(async || Problem::unavailable("the service waits for its database"))
        .layer(from_fn(server::guard))
        .with_state(health);
    server::serve_app(listener, app, stop).await;
}

async fn no_such_path(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-such-path", "Not found", format!("there is nothing at {}", uri.path()))
        .mend("/openapi.json lists every path")
}

async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::method(&method, &uri)
}
