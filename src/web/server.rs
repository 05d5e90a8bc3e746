//! Serving: limits on connections and time around the router, and what every answer carries.
//!
//! A connection that neither sends nor takes anything is closed, so a silent client holds nothing for long. Nothing
//! here knows what is served.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Sleep;

use super::AppState;
use super::problem::Problem;

/// Connections at once; further ones wait in the backlog of the system.
const CONNECTIONS_MAX: usize = 1_024;
/// A connection without a byte in either direction for so long is closed (listeners to events get one every 15 s).
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How long an answer may take to begin.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long open requests may take to end when the service stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Serves until `stop`, then lets open requests end, for a bounded time.
pub async fn serve(listener: TcpListener, state: AppState, stop: watch::Receiver<bool>) {
    let state = AppState { stopping: stop.clone(), ..state };
    serve_app(listener, super::router(state), stop).await;
}

/// The same, of any routes.
pub(super) async fn serve_app(listener: TcpListener, app: Router, stop: watch::Receiver<bool>) {
    let app = app.into_make_service_with_connect_info::<Peer>();
    let bounded = Bounded { listener, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)) };
    let served = axum::serve(bounded, app).with_graceful_shutdown(told(stop.clone()));
    let late = async {
        told(stop).await;
        tokio::time::sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        ended = served => ended.expect("accepting never fails for good"),
        () = late => tracing::warn!("web.drain_late"),
    }
}

async fn told(mut stop: watch::Receiver<bool>) {
    // Whoever could tell us to stop is gone: then we stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// A listener that holds so many connections and no more.
pub struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        (Connection { stream, quiet: Box::pin(tokio::time::sleep(IDLE_MAX)), _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it has been quiet for too long.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    quiet: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Passes on what came of an attempt to read or write; waiting too long for it is an error.
    fn watch<T>(&mut self, cx: &mut Context<'_>, attempt: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if attempt.is_ready() {
            let deadline = tokio::time::Instant::now() + IDLE_MAX;
            self.quiet.as_mut().reset(deadline);
            return attempt;
        }
        self.quiet.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.watch(cx, attempt)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, attempt)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// An answer that does not begin in time is a problem, not silence.
pub async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable(format!("no answer within {} s", ANSWER_MAX.as_secs())).into_response(),
    }
}

/// Headers that keep a browser from doing more with an answer than is meant.
pub async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(nothing);
    response
}

/// Counts answers by class of status.
pub async fn count(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let n = usize::from(response.status().as_u16() / 100).clamp(1, class.len());
    app.metrics.http_requests.inc(class[n - 1]);
    response
}
