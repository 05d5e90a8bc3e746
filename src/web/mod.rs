//! What is reached over HTTP.

pub mod twilio_signature;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::commit::Door;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::store::Store;

/// What a request may need.
#[derive(Clone)]
pub struct AppState;

impl AppState {
    /// Everything for a service.
    pub fn new(_: &Config, _: Store, _: Door, _: Clock, _: Arc<Metrics>, _open_page: bool) -> Self {
        Self
    }
}

/// Serves until `stop`.
pub async fn serve(_: TcpListener, _: AppState, mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
