//! Messages: what was said to and by people, with what became of it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::tickets::words;
use super::{Answer, NoParams, Paged, Time};
use crate::model::{AttemptOutcome, CarrierName, MadeAttempt, MessageStatus};
use crate::store::{MessageFilter, MessageRow};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, one_of, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list).add::<__path_one, _, _>(one)
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
    /// E.164; `page` for what a tenant said on the page of their phone.
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
    /// Why it waits, or came to nothing.
    #[schema(required)]
    error: Option<String>,
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
            error: m.error.clone(),
            created_at: m.created_at.into(),
            sent_at: m.sent_at.map(Time::from),
            delivered_at: m.delivered_at.map(Time::from),
            segments: m.segments,
            intent: m.intent.clone(),
            confidence: m.confidence,
        }
    }
}

/// One message, with every attempt to send it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageWithAttempts {
    #[serde(flatten)]
    message: Message,
    /// The first one first; at most the last 200. None of a message that came in.
    attempts: Vec<MessageAttempt>,
}

/// One attempt to send a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageAttempt {
    /// Its number, from 1.
    n: i64,
    /// By which carrier.
    #[schema(schema_with = carriers)]
    carrier: &'static str,
    began_at: Time,
    /// When its outcome was known.
    #[schema(required)]
    ended_at: Option<Time>,
    /// Not by this carrier before; null after an answer that was final.
    #[schema(required)]
    again_at: Option<Time>,
    /// `sending`; `unknown` (the carrier is asked), `not_taken` (it was asked and does not have it); `not_sent`, `busy`,
    /// `account_fault`, `deferred`, `refused`; or, once it was taken, what the carrier reports.
    #[schema(schema_with = outcomes)]
    outcome: &'static str,
    /// The carrier's id.
    #[schema(required)]
    sid: Option<String>,
    /// The carrier's error code, where it is a number.
    #[schema(required)]
    error_code: Option<i64>,
    /// What went wrong.
    #[schema(required)]
    error: Option<String>,
}

impl From<&MadeAttempt> for MessageAttempt {
    fn from(a: &MadeAttempt) -> Self {
        Self {
            n: a.n,
            carrier: a.carrier.as_str(),
            began_at: a.began_at.into(),
            ended_at: a.ended_at.map(Time::from),
            again_at: a.again_at.map(Time::from),
            outcome: a.outcome.as_str(),
            sid: a.sid.clone(),
            error_code: a.error_code,
            error: a.error.clone(),
        }
    }
}

fn carriers() -> utoipa::openapi::Object {
    words(&CarrierName::ALL.map(CarrierName::as_str))
}

fn outcomes() -> utoipa::openapi::Object {
    words(&AttemptOutcome::ALL.map(AttemptOutcome::as_str))
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

/// One message, with every attempt to send it.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages", operation_id = "get_message",
    params(("id" = String, Path, description = "Message id.")), responses(
    (status = 200, description = "The message and its attempts.", body = MessageWithAttempts),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such message, or about no ticket within the token's scope.", body = Problem)))]
pub async fn one(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
) -> Answer<MessageWithAttempts> {
    caller.need(Right::Property)?;
    let mut tx = app.store.read().await?;
    let found = tx.message(&id).await?.filter(|(_, property)| caller.sees(property.as_deref()));
    let (message, _) = found.ok_or_else(|| Problem::not_found("message"))?;
    let attempts = tx.load_attempts(&message.id).await?;
    let attempts = attempts.iter().map(MessageAttempt::from).collect();
    Ok(Json(MessageWithAttempts { message: Message::from(&message), attempts }))
}

/// A plus sign that was not encoded arrives as a space.
fn number(to: &str) -> String {
    to.strip_prefix(' ').map_or_else(|| to.to_owned(), |digits| format!("+{digits}"))
}
