//! Messages: what was said to and by people, with what became of it.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Paged, Time};
use crate::model::MessageStatus;
use crate::store::{MessageFilter, MessageRow};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, one_of, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    id: String,
    #[schema(example = "outbound")]
    direction: String,
    #[schema(example = "sms")]
    channel: String,
    /// For whom: `tenant:ID`, `housekeeper:ID`, `manager:PROPERTY`; `service` for what came in.
    recipient: String,
    /// E.164.
    to: String,
    /// E.164; empty while the carrier chooses it.
    from: String,
    /// The words.
    body: String,
    /// `queued`, `sending`, `unknown`, `accepted`, `sent`, `delivered`, `undelivered`, `failed`, `expired`, `received`.
    status: String,
    #[schema(required)]
    ticket_id: Option<String>,
    /// Which words were used.
    #[schema(required)]
    template: Option<String>,
    /// The carrier's error code.
    #[schema(required)]
    error_code: Option<i64>,
    created_at: Time,
    /// When the carrier took it.
    #[schema(required)]
    sent_at: Option<Time>,
    #[schema(required)]
    delivered_at: Option<Time>,
    /// Parts that the carrier counted.
    #[schema(required)]
    segments: Option<i64>,
    /// Of a text that came in: what was understood of it (`done`, `need_help` …).
    #[schema(required)]
    intent: Option<String>,
    /// How sure that is, 0–100; below 60 nobody acts on it but a human.
    #[schema(required)]
    confidence: Option<i64>,
}

impl From<&MessageRow> for Message {
    fn from(m: &MessageRow) -> Self {
        Self {
            id: m.id.0.clone(),
            direction: m.direction.clone(),
            channel: m.channel.clone(),
            recipient: m.recipient.clone(),
            to: m.to.clone(),
            from: m.from.clone(),
            body: m.body.clone(),
            status: m.status.clone(),
            ticket_id: m.ticket_id.clone(),
            template: m.template.clone(),
            error_code: m.error_code,
            created_at: m.created_at.into(),
            sent_at: m.sent_at.map(Time::from),
            delivered_at: m.delivered_at.map(Time::from),
            segments: m.segments,
            intent: m.intent.clone(),
            confidence: m.confidence,
        }
    }
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageParams {
    /// The number it went to, E.164.
    to: Option<String>,
    /// Ticket id.
    ticket: Option<String>,
    /// What became of it.
    status: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Messages, by when they were made, the oldest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", operation_id = "list_messages", params(MessageParams), responses(
    (status = 200, description = "A page of messages.", body = Paged<Message>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<MessageParams>,
) -> Answer<Paged<Message>> {
    caller.need(Right::Property)?;
    let page = page(q.limit, q.after.as_deref())?;
    let filter = MessageFilter {
        to: q.to.map(|to| number(&to)),
        ticket: q.ticket,
        status: one_of("status", q.status, &MessageStatus::ALL.map(MessageStatus::as_str))?,
        properties: caller.properties().map(<[String]>::to_vec),
    };
    let rows = app.store.read().await?.list_messages(&filter, &page).await?;
    Ok(Paged::of(&rows, page.limit, |m| (m.created_at.0, &m.id.0), |m| Some(Message::from(m))))
}

/// A plus sign that was not encoded arrives as a space.
fn number(to: &str) -> String {
    to.strip_prefix(' ').map_or_else(|| to.to_owned(), |digits| format!("+{digits}"))
}
