//! Conversations: what was said with each tenant, who waits for a human, and the human's answer.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::messages::Message;
use super::{Answer, NoParams, Nothing, Paged, Time};
use crate::commit::Said;
use crate::model;
use crate::store::{ConversationFilter, MessageRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, page};
use crate::web::problem::Problem;

/// The last texts that are shown of one conversation.
const TEXTS_MAX: i64 = 20;
/// The longest answer, in characters: with the name below it, it fits what carriers take.
const TEXT_CHARS_MAX: usize = 600;
/// Conversations of one page at most, as each comes with its texts.
const PAGE_MAX: i64 = 100;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list).add::<__path_answer, _, _>(answer).add::<__path_leave, _, _>(leave)
}

/// What was said with one tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conversation {
    id: String,
    property_id: String,
    unit_id: String,
    tenant_id: String,
    /// Null where the registry no longer knows them; so are the two below.
    #[schema(required)]
    tenant_name: Option<String>,
    #[schema(required)]
    unit_name: Option<String>,
    #[schema(required)]
    property_name: Option<String>,
    /// The matter of the last text.
    #[schema(required)]
    ticket_id: Option<String>,
    /// In whose name all answers go out.
    sender: String,
    /// Since when a human is awaited; null when nobody is.
    #[schema(required)]
    waiting_since: Option<Time>,
    /// Why: `unknown`, `question`, `complaint`, `wrong_number` … as in `intent` of messages.
    #[schema(required)]
    why: Option<String>,
    /// When the tenant last wrote.
    last_at: Time,
    /// The last 20 texts both ways, the oldest first.
    messages: Vec<Message>,
}

/// What tenant, unit and property are called.
type Names = [Option<String>; 3];

impl Conversation {
    fn of(c: &model::Conversation, [tenant_name, unit_name, property_name]: Names, texts: &[MessageRow]) -> Self {
        Self {
            id: c.id.0.clone(),
            property_id: c.property_id.0.clone(),
            unit_id: c.unit_id.0.clone(),
            tenant_id: c.tenant_id.0.clone(),
            tenant_name,
            unit_name,
            property_name,
            ticket_id: c.ticket_id.as_ref().map(|t| t.0.clone()),
            sender: c.sender.clone(),
            waiting_since: c.waiting_since.map(Time::from),
            why: c.why.clone(),
            last_at: c.last_at.into(),
            messages: texts.iter().map(Message::from).collect(),
        }
    }
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConversationParams {
    /// true: only those that wait for a human; false: only the others.
    waiting: Option<bool>,
    /// Property id.
    property: Option<String>,
    /// Rows of the page, 1 to 500, of which at most 100 are given; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Conversations with their last texts, by when the tenant last wrote, the oldest first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "messages", operation_id = "list_conversations",
    params(ConversationParams), responses(
    (status = 200, description = "A page of conversations.", body = Paged<Conversation>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<ConversationParams>,
) -> Answer<Paged<Conversation>> {
    caller.need(Right::Property)?;
    let page = page(q.limit.map(|n| n.min(PAGE_MAX)), q.after.as_deref())?;
    let properties = caller.properties().map(<[String]>::to_vec);
    let filter = ConversationFilter { waiting: q.waiting, property: q.property, properties };
    let mut tx = app.store.read().await?;
    let rows = tx.list_conversations(&filter, &page).await?;
    let ids: Vec<&str> = rows.iter().map(|c| c.id.as_str()).collect();
    let mut names = if ids.is_empty() { HashMap::new() } else { tx.names_of_conversations(&ids).await? };
    let mut texts = Vec::with_capacity(rows.len());
    for row in &rows {
        texts.push(tx.last_texts(row.phone.as_str(), caller.properties(), TEXTS_MAX).await?);
    }
    let mut texts = texts.iter();
    let shape = |c: &model::Conversation| {
        let names = names.remove(c.id.as_str()).unwrap_or_default();
        texts.next().map(|texts| Conversation::of(c, names, texts))
    };
    Ok(Paged::of(&rows, page.limit, |c| (c.last_at.0, &c.id.0), shape))
}

/// A human's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answering {
    /// 1 to 600 characters; the name that the tenant knows is put below.
    #[schema(min_length = 1, max_length = 600)]
    text: String,
}

/// Answers a tenant, in the name that they know; nobody is awaited any more. The same key again sends nothing again.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/replies", tag = "messages", operation_id = "answer_conversation",
    params(("id" = String, Path, description = "Conversation id."),
        ("Idempotency-Key" = String, Header, description = "1 to 128 characters, new for each answer.")),
    request_body = Answering, responses(
    (status = 200, description = "The conversation; the answer is on its way.", body = Conversation),
    (status = 400, description = "No usable Idempotency-Key, or no JSON.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such conversation in the token's scope.", body = Problem),
    (status = 409, description = "The tenant has said STOP, or the key was used for another answer; nothing is sent.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong, or the text holds a link and the number is one of mainland China.", body = Problem),
    (status = 503, description = "Not stored; nothing is sent.", body = Problem)))]
pub async fn answer(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    headers: HeaderMap,
    Body(said): Body<Answering>,
) -> Answer<Conversation> {
    caller.need(Right::Lead)?;
    visible(&mut app.store.read().await?, &caller, &id).await?;
    let key = idempotency::key(&headers)?.to_owned();
    let text = text_of("text", &said.text, 1..=TEXT_CHARS_MAX)?;
    app.door.say(id.clone().into(), Said::Answer { actor: caller.actor(), text, key }).await?;
    shown(&app, &caller, &id).await
}

/// No answer is needed: nobody is awaited any more.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/settle", tag = "messages", operation_id = "settle_conversation",
    params(("id" = String, Path, description = "Conversation id.")), request_body = Nothing, responses(
    (status = 200, description = "The conversation.", body = Conversation),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such conversation in the token's scope.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn leave(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    _: Body<Nothing>,
) -> Answer<Conversation> {
    caller.need(Right::Lead)?;
    visible(&mut app.store.read().await?, &caller, &id).await?;
    app.door.say(id.clone().into(), Said::Nothing).await?;
    shown(&app, &caller, &id).await
}

async fn visible(tx: &mut Tx, caller: &Caller, id: &str) -> Result<model::Conversation, Problem> {
    let found = tx.conversation(id).await?.filter(|c| caller.sees(Some(c.property_id.as_str())));
    found.ok_or_else(|| Problem::not_found("conversation"))
}

async fn shown(app: &AppState, caller: &Caller, id: &str) -> Answer<Conversation> {
    let mut tx = app.store.read().await?;
    let conversation = visible(&mut tx, caller, id).await?;
    let texts = tx.last_texts(conversation.phone.as_str(), caller.properties(), TEXTS_MAX).await?;
    let names = tx.names_of_conversations(&[id]).await?.remove(id).unwrap_or_default();
    Ok(Json(Conversation::of(&conversation, names, &texts)))
}
