//! Photos of a ticket: what somebody saw there. A picture is kept as it came and told by its first bytes.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use super::tickets::{Ticket, visible};
use super::{Answer, NoParams};
use crate::decide::Command;
use crate::model::{PHOTO_BYTES_MAX, Photo, PhotoKind, TicketId};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, unsupported};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_add, _, _>(add).add::<__path_one, _, _>(one)
}

/// A picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Picture(#[expect(dead_code, reason = "for the document only")] Vec<u8>);

/// A photo of the matter, up to five for a ticket. The same one again adds nothing.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/photos", tag = "tickets", operation_id = "add_photo",
    params(("id" = String, Path, description = "Ticket id.")),
    request_body(description = "The file: JPEG, PNG or WebP, at most 1 MiB.",
        content((Picture = "image/jpeg"), (Picture = "image/png"), (Picture = "image/webp"))), responses(
    (status = 200, description = "The ticket as it is now.", body = Ticket),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such ticket in the token's scope.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "No picture of a kind that is taken.", body = Problem),
    (status = 422, description = "The file is no such picture, or the ticket has five photos.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn add(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    request: Request,
) -> Answer<Ticket> {
    caller.need(Right::Work)?;
    visible(&mut app.store.read().await?, &caller, &id).await?;
    let photo = read(request).await?;
    let ticket = app.door.command(TicketId(id), caller.actor(), Command::Photo(photo)).await?;
    Ok(Json(Ticket::from(&ticket)))
}

/// The picture that a request brings.
pub async fn read(request: Request) -> Result<Photo, Problem> {
    let known = PhotoKind::ALL.map(PhotoKind::as_str);
    let said = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !known.contains(&said.as_str()) {
        return Err(unsupported(known[0]).mend(format!("send a picture as {}", known.join(", "))));
    }
    let bytes = to_bytes(request.into_body(), PHOTO_BYTES_MAX).await.map_err(|_| too_large())?;
    let photo = Photo::read(bytes.into()).filter(|photo| photo.kind().as_str() == said);
    photo.ok_or_else(|| {
        Problem::unprocessable("no-picture", format!("the bytes are no {said}"))
            .at("body")
            .mend("send the file itself, with the Content-Type that it has")
    })
}

fn too_large() -> Problem {
    let detail = format!("the picture is larger than {PHOTO_BYTES_MAX} bytes, or did not arrive whole");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
        .at("body")
        .mend("send a smaller picture: 1600 pixels on the longer side are enough")
}

/// A ticket and the number of a photo, in the path of a request.
#[derive(Debug)]
pub struct Which(String, i64);

impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await.map(|path| path.0).ok();
        path.and_then(|(id, n)| Some(Self(id, n.parse().ok()?))).ok_or_else(|| Problem::not_found("photo"))
    }
}

/// A photo of a ticket: for a year, and of housekeepers for who has the job or did it.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/photos/{n}", tag = "tickets", operation_id = "get_photo",
    params(("id" = String, Path, description = "Ticket id."), ("n" = i64, Path, description = "Which, from 0.")), responses(
    (status = 200, description = "The file as it came.",
        content((Picture = "image/jpeg"), (Picture = "image/png"), (Picture = "image/webp"))),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such photo in the token's scope.", body = Problem)))]
pub async fn one(
    State(app): State<AppState>,
    caller: Caller,
    Which(id, n): Which,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    caller.need(Right::Tickets)?;
    let mut tx = app.store.read().await?;
    let ticket = visible(&mut tx, &caller, &id).await?;
    // A home is shown to who has the job, or did it; not to everybody who could take it.
    let theirs = caller.housekeeper().is_none_or(|me| ticket.assignee.as_ref().is_some_and(|a| a.as_str() == me));
    if !theirs {
        return Err(Problem::not_found("photo"));
    }
    let photo = tx.photo(&id, n, app.clock.now()).await?.ok_or_else(|| Problem::not_found("photo"))?;
    Ok(shown(photo))
}

/// A photo as an answer.
pub fn shown(photo: Photo) -> Response {
    ([(CONTENT_TYPE, photo.kind().as_str())], photo.into_bytes()).into_response()
}
