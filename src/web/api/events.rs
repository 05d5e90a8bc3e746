//! Server-sent events of everything that changes: what and where, never what it says. A listener reads the rest itself.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::NoParams;
use crate::commit;
use crate::metrics::Metrics;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::Params;
use crate::web::problem::Problem;

/// Listeners at once.
const LISTENERS_MAX: i64 = 256;
/// A sign of life so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A stream ends after so long, so that a revoked token listens no longer; clients come back by themselves.
const STREAM_MAX: Duration = Duration::from_secs(600);
/// How soon a client comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_events, _, _>(events)
}

/// The data of one event; the event's name is `kind`. The first event is `hello`; `missed` says that some were lost.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// `ticket`, `message`, `device`, `quarantine`, `reward`, `conversation`, `valve`, `task` or `rota`.
    kind: &'static str,
    /// Which.
    id: String,
    /// Where, if that is known.
    #[schema(required)]
    property_id: Option<String>,
}

impl From<commit::Change> for Change {
    fn from(c: commit::Change) -> Self {
        Self { kind: c.kind, id: c.id, property_id: c.property_id }
    }
}

/// Everything that changes, as server-sent events.
#[utoipa::path(get, path = "/api/v1/events", tag = "service", operation_id = "listen", responses(
    (status = 200, description = "Events named by their kind; data is a Change.", body = Change, content_type = "text/event-stream"),
    (status = 401, description = "No known token.", body = Problem),
    (status = 503, description = "Too many listeners.", body = Problem)))]
pub async fn events(
    State(app): State<AppState>,
    caller: Caller,
    _: Params<NoParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.need(Right::Tickets)?;
    let counted = Counted::new(&app.metrics).ok_or_else(|| Problem::unavailable("too many listeners"))?;
    let listener = Listener { changes: app.door.changes(), stopping: app.stopping.clone(), caller, _counted: counted };
    let hello = stream::once(async { Event::default().event("hello").retry(RETRY).data("{}") });
    let changes = stream::unfold(listener, |mut listener| async move { Some((listener.next().await?, listener)) });
    let stream = hello.chain(changes).take_until(tokio::time::sleep(STREAM_MAX)).map(Ok);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Listener {
    changes: Receiver<commit::Change>,
    stopping: watch::Receiver<bool>,
    caller: Caller,
    _counted: Counted,
}

impl Listener {
    /// Who may not read messages and rewards is not told of them either.
    fn may_know(&self, change: &commit::Change) -> bool {
        let right = if change.kind == "ticket" { Right::Tickets } else { Right::Property };
        self.caller.need(right).is_ok() && self.caller.sees(change.property_id.as_deref())
    }

    /// The next change that the caller may know of; none when the service stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let change = tokio::select! {
                _ = self.stopping.wait_for(|stop| *stop) => return None,
                change = self.changes.recv() => change,
            };
            match change {
                Ok(change) if self.may_know(&change) => {
                    let kind = change.kind;
                    let data = serde_json::to_string(&Change::from(change)).expect("a change is plain data");
                    return Some(Event::default().event(kind).data(data));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(Event::default().event("missed").data("{}")),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// One place among the listeners, given back when dropped.
struct Counted(Arc<Metrics>);

impl Counted {
    fn new(metrics: &Arc<Metrics>) -> Option<Self> {
        let counted = Self(metrics.clone());
        let before = metrics.http_listeners.inc();
        (before < LISTENERS_MAX).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.http_listeners.dec();
    }
}
