//! What people do with a ticket. Each goes through the one door; a wrong move is 409 and changes nothing.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::tickets::Ticket;
use super::{Answer, NoParams, Nothing};
use crate::decide::Command;
use crate::model::{HousekeeperId, TicketId};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params};
use crate::web::problem::Problem;

/// The longest remark, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// The longest way that may be announced, in minutes: three days.
const ETA_MINUTES_MAX: u32 = 4_320;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes
        .add::<__path_accept, _, _>(accept)
        .add::<__path_decline, _, _>(decline)
        .add::<__path_arrive, _, _>(arrive)
        .add::<__path_eta, _, _>(eta)
        .add::<__path_fail, _, _>(fail)
        .add::<__path_valve, _, _>(valve)
        .add::<__path_wait, _, _>(wait)
        .add::<__path_resume, _, _>(resume)
        .add::<__path_resolve, _, _>(resolve)
        .add::<__path_reassign, _, _>(reassign)
        .add::<__path_note, _, _>(note)
        .add::<__path_cancel, _, _>(cancel)
}

/// Who takes it or passes. A housekeeper's own token needs none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Who {
    housekeeper_id: Option<String>,
}

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// At most 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
}

/// When they will be there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// From now on, 1 to 4,320.
    #[schema(minimum = 1, maximum = 4320)]
    minutes: u32,
}

/// What the valve is wanted to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Valve {
    /// `close`, or `open`.
    #[schema(examples("close", "open"))]
    action: String,
    /// Of the second step of opening: the `valve_code` that the first one answered.
    confirm: Option<String>,
}

/// Who has it from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignee {
    housekeeper_id: String,
}

/// A remark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Why it was none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// At most 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: String,
}

/// What every command needs.
type Asked = (State<AppState>, Caller, Id, Params<NoParams>);

/// Carries out a wish: first the right and the scope, then the door. Who was offered a job that somebody else has by now
/// may still take it or pass as far as this goes: the door tells them that it is taken.
async fn carry_out(
    asked: Asked,
    right: Right,
    wish: impl FnOnce(&Caller) -> Result<Command, Problem>,
) -> Answer<Ticket> {
    let (State(app), caller, Id(id), _) = asked;
    caller.need(right)?;
    let ticket = app.store.read().await?.ticket(&id).await?;
    let ticket = ticket.filter(|t| caller.sees_ticket(t) || caller.was_offered(t));
    let ticket = ticket.ok_or_else(|| Problem::not_found("ticket"))?;
    let command = wish(&caller)?;
    if !caller.sees_ticket(&ticket) && !matches!(command, Command::Accept(_) | Command::Decline(_)) {
        return Err(Problem::not_found("ticket"));
    }
    let ticket = app.door.command(TicketId(id), caller.actor(), command).await?;
    Ok(Json(Ticket::from(&ticket)))
}

/// The housekeeper meant: the one who asks, or the one that is named; nobody speaks for another housekeeper.
fn housekeeper(caller: &Caller, named: Option<String>) -> Result<HousekeeperId, Problem> {
    match (caller.housekeeper(), named) {
        (Some(me), Some(other)) if me != other => Err(Problem::forbidden("a housekeeper speaks for themselves only")),
        (Some(me), _) => Ok(me.into()),
        (None, Some(named)) => Ok(named.into()),
        (None, None) => Err(Problem::unprocessable("no-housekeeper", "whose job is it?")
            .at("field housekeeper_id")
            .mend("give the id of a housekeeper of the property")),
    }
}

macro_rules! responses {
    ($(#[$meta:meta])* $path:literal, $id:literal, $body:ty, fn $name:ident($($args:tt)*) -> $out:ty $block:block) => {
        $(#[$meta])*
        #[utoipa::path(post, path = $path, tag = "tickets", operation_id = $id, request_body = $body,
            params(("id" = String, Path, description = "Ticket id.")), responses(
            (status = 200, description = "The ticket as it is now.", body = Ticket),
            (status = 400, description = "The request cannot be understood.", body = Problem),
            (status = 401, description = "No known token.", body = Problem),
            (status = 403, description = "Not with this role.", body = Problem),
            (status = 404, description = "No such ticket in the token's scope.", body = Problem),
            (status = 409, description = "A wrong move for the status; nothing changed.", body = Problem),
            (status = 413, description = "Too large.", body = Problem),
            (status = 415, description = "Not JSON.", body = Problem),
            (status = 422, description = "A field is wrong.", body = Problem),
            (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
        pub async fn $name($($args)*) -> $out $block
    };
}

responses! {
    /// A housekeeper takes the job; the first to do so has it.
    "/api/v1/tickets/{id}/accept", "accept_ticket", Who,
    fn accept(asked: Asked, Body(who): Body<Who>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |c| Ok(Command::Accept(housekeeper(c, who.housekeeper_id)?))).await
    }
}

responses! {
    /// A housekeeper passes; everybody who was asked having passed, others are asked at once. Who has the job gives it back
    /// with this before they are there: it is offered to others by itself.
    "/api/v1/tickets/{id}/decline", "decline_ticket", Who,
    fn decline(asked: Asked, Body(who): Body<Who>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |c| Ok(Command::Decline(housekeeper(c, who.housekeeper_id)?))).await
    }
}

responses! {
    /// The housekeeper is there.
    "/api/v1/tickets/{id}/arrive", "arrive_ticket", Nothing,
    fn arrive(asked: Asked, _: Body<Nothing>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| Ok(Command::Arrive)).await
    }
}

responses! {
    /// Who has the job says when they will be there; the tenant is told. When that time has passed they are asked, and
    /// when that does not help the job is offered to others.
    "/api/v1/tickets/{id}/eta", "expect_ticket", Expected,
    fn eta(asked: Asked, Body(expected): Body<Expected>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| {
            if (1..=ETA_MINUTES_MAX).contains(&expected.minutes) {
                return Ok(Command::Eta(expected.minutes));
            }
            Err(Problem::unprocessable("bad-minutes", format!("{} minutes are out of range", expected.minutes))
                .at("field minutes")
                .mend(format!("give 1 to {ETA_MINUTES_MAX}")))
        }).await
    }
}

responses! {
    /// It could not be solved by this visit. The tenant is told, and the next visit is offered by itself.
    "/api/v1/tickets/{id}/fail", "fail_ticket", Why,
    fn fail(asked: Asked, Body(why): Body<Why>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| Ok(Command::Fail { reason: text_of("reason", &why.reason, 0..=TEXT_CHARS_MAX)? })).await
    }
}

responses! {
    /// Shuts the valve of the unit or its sensors by MQTT. Opening takes two steps: the first answers a `valve_code`, the
    /// second gives it back as `confirm` within five minutes; and not while a sensor is wet.
    "/api/v1/tickets/{id}/valve", "turn_valve", Valve,
    fn valve(asked: Asked, Body(valve): Body<Valve>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| match valve.action.as_str() {
            "close" => Ok(Command::CloseValve),
            "open" => Ok(Command::OpenValve { confirm: valve.confirm }),
            _ => Err(Problem::unprocessable("bad-action", "this is nothing that a valve does")
                .at("field action")
                .mend("give \"close\" or \"open\"")),
        }).await
    }
}

responses! {
    /// Only the tenant can go on: its clocks stand until they answer, somebody is there, or `resume`.
    "/api/v1/tickets/{id}/wait", "wait_ticket", Why,
    fn wait(asked: Asked, Body(why): Body<Why>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| Ok(Command::Wait { reason: text_of("reason", &why.reason, 0..=TEXT_CHARS_MAX)? })).await
    }
}

responses! {
    /// The tenant is no longer waited for.
    "/api/v1/tickets/{id}/resume", "resume_ticket", Nothing,
    fn resume(asked: Asked, _: Body<Nothing>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| Ok(Command::GoOn)).await
    }
}

responses! {
    /// The work is done. What telemetry can prove stays open until it does: `waiting_for` says what is still to come.
    "/api/v1/tickets/{id}/resolve", "resolve_ticket", Done,
    fn resolve(asked: Asked, Body(done): Body<Done>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| Ok(Command::Resolve { note: text_of("note", &done.note, 0..=TEXT_CHARS_MAX)? })).await
    }
}

responses! {
    /// Another housekeeper has it from now on; both are told.
    "/api/v1/tickets/{id}/reassign", "reassign_ticket", NewAssignee,
    fn reassign(asked: Asked, Body(to): Body<NewAssignee>) -> Answer<Ticket> {
        carry_out(asked, Right::Lead, |_| Ok(Command::Reassign(to.housekeeper_id.into()))).await
    }
}

responses! {
    /// A remark, at any time.
    "/api/v1/tickets/{id}/note", "note_ticket", Remark,
    fn note(asked: Asked, Body(remark): Body<Remark>) -> Answer<Ticket> {
        carry_out(asked, Right::Work, |_| {
            Ok(Command::Note(text_of("text", &remark.text, 1..=TEXT_CHARS_MAX)?))
        }).await
    }
}

responses! {
    /// It was none.
    "/api/v1/tickets/{id}/cancel", "cancel_ticket", Why,
    fn cancel(asked: Asked, Body(why): Body<Why>) -> Answer<Ticket> {
        carry_out(asked, Right::Lead, |_| Ok(Command::Cancel { reason: text_of("reason", &why.reason, 0..=TEXT_CHARS_MAX)? })).await
    }
}
