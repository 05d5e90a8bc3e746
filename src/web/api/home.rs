//! A tenant's home, for the page of their phone: what is open there, what they were credited, whether they are written
//! to. What they say goes the way of a text from their number; nothing else of the API is open to their token.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::jobs::{LangParams, lang};
use super::photos;
use super::tickets::{kinds, statuses};
use super::{Answer, Money, Time};
use crate::decide::cells::battery_words;
use crate::decide::homes::{is_shown_to, may_say, needs_bed};
use crate::decide::people::host;
use crate::decide::{Command, Reply};
use crate::model::{Device, DeviceKey, HousekeeperId, Locale, Purpose, Status, Ticket, TicketKind};
use crate::store::{HomeRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::{Body, text_of};
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params};
use crate::web::problem::Problem;

/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 600;
/// What stands where a text has the number that it was sent to.
const PAGE: &str = "page";

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_home, _, _>(home).add::<__path_say, _, _>(say).add::<__path_photo, _, _>(photo)
}

/// A tenant's home.
#[derive(Debug, Serialize, ToSchema)]
pub struct Home {
    /// The service's own time.
    now: Time,
    /// How the tenant is addressed.
    name: String,
    unit_name: String,
    property_name: String,
    /// IANA name of the property's time zone.
    timezone: String,
    /// Who looks after the home now.
    sender: String,
    /// What is not closed, the latest first.
    matters: Vec<Matter>,
    /// What was credited and not yet redeemed.
    balance: Money,
    /// Credits and redemptions, the oldest first.
    entries: Vec<HomeEntry>,
    /// Whether they said STOP: nothing is sent.
    stopped: bool,
    /// What else they are not written about: `reminder`, `reward`, `survey`.
    refused: Vec<&'static str>,
}

/// Something that is looked after.
#[derive(Debug, Serialize, ToSchema)]
pub struct Matter {
    /// To say something about it; nobody is shown it.
    id: String,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    #[schema(schema_with = statuses)]
    status: &'static str,
    #[schema(required)]
    device_name: Option<String>,
    /// What was asked for, in the words of who asked.
    #[schema(required)]
    text: Option<String>,
    since: Time,
    #[schema(required)]
    resolved_at: Option<Time>,
    /// Who signs every text about it.
    sender: String,
    /// Who comes, while somebody is to come.
    #[schema(required)]
    helper: Option<String>,
    /// When they will be there, once they have said so.
    #[schema(required)]
    expected_at: Option<Time>,
    /// Of a battery: "put in 4 AA alkaline batteries".
    #[schema(required)]
    todo: Option<String>,
    /// A fresh battery was seen.
    fresh: bool,
    /// They have said that they need a place for tonight.
    needs_bed: bool,
    /// How many photos it has.
    photos: usize,
    /// What may be said of it by a tap: `done`, `help`, `bed`.
    may_say: Vec<&'static str>,
}

/// One entry as it changed the balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeEntry {
    at: Time,
    /// `reward_in_time`, `reward_late`, `goodwill`, `redemption` …
    reason: String,
    /// Above zero for a credit, below for a redemption.
    amount: Money,
}

/// The home of the tenant whose token it is.
#[utoipa::path(get, path = "/api/v1/home", tag = "people", operation_id = "get_home", params(LangParams), responses(
    (status = 200, description = "The home.", body = Home),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token, or the lease is over.", body = Problem),
    (status = 403, description = "Not a tenant's token.", body = Problem)))]
pub async fn home(State(app): State<AppState>, caller: Caller, Params(q): Params<LangParams>) -> Answer<Home> {
    let home = of(&caller)?;
    let locale = lang(q)?.unwrap_or(home.tenant.locale);
    shown(&app, home, locale).await
}

/// Whose home it is.
fn of(caller: &Caller) -> Result<&HomeRow, Problem> {
    caller.need(Right::Home)?;
    caller.home().ok_or_else(|| Problem::forbidden("this is the page of one tenant").mend("use a token of role tenant"))
}

/// What a tenant says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// 1 to 600 characters.
    #[schema(min_length = 1, max_length = 600)]
    text: String,
    /// Of which matter, by its id; of any when absent.
    about: Option<String>,
}

/// Says something, as by a text from the tenant's number. The same key again says nothing again.
#[utoipa::path(post, path = "/api/v1/home/words", tag = "people", operation_id = "say_at_home",
    params(("Idempotency-Key" = String, Header, description = "1 to 128 characters, new for each text."), LangParams),
    request_body = Saying, responses(
    (status = 200, description = "Taken in; the home as it is now.", body = Home),
    (status = 400, description = "No usable Idempotency-Key, or no JSON.", body = Problem),
    (status = 401, description = "No known token, or the lease is over.", body = Problem),
    (status = 403, description = "Not a tenant's token.", body = Problem),
    (status = 404, description = "No such matter at this home.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 429, description = "Too much was said in a short time; `Retry-After` says how long to wait.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn say(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<LangParams>,
    headers: HeaderMap,
    Body(said): Body<Saying>,
) -> Answer<Home> {
    let home = of(&caller)?;
    let locale = lang(q)?.unwrap_or(home.tenant.locale);
    let sid = format!("{PAGE}:{}:{}", home.tenant.id, idempotency::key(&headers)?);
    let body = text_of("text", &said.text, 1..=TEXT_CHARS_MAX)?;
    let too_much = |wait| Problem::too_many("too much was said here in a short time", wait);
    app.said.says(home.tenant.id.as_str(), app.clock.now()).map_err(too_much)?;
    let about = match said.about {
        Some(id) => Some(matter(&mut app.store.read().await?, home, &id).await?.id),
        None => None,
    };
    app.door.inbound(Reply { from: home.tenant.phone.clone(), body, sid, about }, PAGE.to_owned()).await?;
    shown(&app, home, locale).await
}

/// A photo of a matter, up to five. The same one again adds nothing.
#[utoipa::path(post, path = "/api/v1/home/matters/{id}/photos", tag = "people", operation_id = "add_photo_at_home",
    params(("id" = String, Path, description = "Id of the matter."), LangParams),
    request_body(description = "The file: JPEG, PNG or WebP, at most 1 MiB.",
        content((photos::Picture = "image/jpeg"), (photos::Picture = "image/png"), (photos::Picture = "image/webp"))), responses(
    (status = 200, description = "The home as it is now.", body = Home),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token, or the lease is over.", body = Problem),
    (status = 403, description = "Not a tenant's token.", body = Problem),
    (status = 404, description = "No such matter at this home.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "No picture of a kind that is taken.", body = Problem),
    (status = 422, description = "The file is no such picture, or the matter has five photos.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn photo(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    Params(q): Params<LangParams>,
    request: Request,
) -> Answer<Home> {
    let home = of(&caller)?;
    let locale = lang(q)?.unwrap_or(home.tenant.locale);
    let id = matter(&mut app.store.read().await?, home, &id).await?.id;
    let photo = photos::read(request).await?;
    app.door.command(id, "tenant".to_owned(), Command::Photo(photo)).await?;
    shown(&app, home, locale).await
}

/// The matters of a home, the latest first.
async fn matters(tx: &mut Tx, home: &HomeRow) -> Result<Vec<Ticket>, Problem> {
    let tenant = &home.tenant;
    let mut found = tx.matters_of(tenant).await?;
    found.retain(|ticket| is_shown_to(ticket, &tenant.id));
    Ok(found)
}

async fn matter(tx: &mut Tx, home: &HomeRow, id: &str) -> Result<Ticket, Problem> {
    let found = matters(tx, home).await?.into_iter().find(|ticket| ticket.id.as_str() == id);
    found.ok_or_else(|| Problem::not_found("matter"))
}

async fn shown(app: &AppState, home: &HomeRow, locale: Locale) -> Answer<Home> {
    let now = app.clock.now();
    let tenant = &home.tenant;
    let mut tx = app.store.read().await?;
    let tickets = matters(&mut tx, home).await?;
    let seen = Around::load(&mut tx, app, home, locale, &tickets).await?;
    let (balance, entries) = tx.rewards(tenant.id.as_str()).await?;
    let currency = entries.last().map_or_else(|| app.currency.clone(), |e| e.currency.clone());
    let phone = [tenant.phone.as_str()];
    let stopped = !tx.load_stopped(&phone).await?.is_empty();
    let refused = tx.load_refused(&phone).await?;
    let refused = Purpose::ALL.into_iter().filter(|purpose| refused.contains(&(tenant.phone.clone(), *purpose)));
    Ok(Json(Home {
        now: now.into(),
        name: tenant.name.clone(),
        unit_name: home.unit_name.clone(),
        property_name: home.property_name.clone(),
        timezone: home.timezone.name().to_owned(),
        sender: seen.host.clone(),
        matters: tickets.iter().map(|ticket| seen.matter(ticket)).collect(),
        balance: Money { amount_minor: balance, currency },
        entries: entries
            .into_iter()
            .map(|e| HomeEntry {
                at: e.at.into(),
                reason: e.reason,
                amount: Money { amount_minor: e.amount_minor, currency: e.currency },
            })
            .collect(),
        stopped,
        refused: refused.map(Purpose::as_str).collect(),
    }))
}

/// What is known around the matters of a home.
struct Around<'a> {
    app: &'a AppState,
    home: &'a HomeRow,
    locale: Locale,
    host: String,
    devices: HashMap<DeviceKey, Device>,
    names: HashMap<String, String>,
}

impl<'a> Around<'a> {
    async fn load(
        tx: &mut Tx,
        app: &'a AppState,
        home: &'a HomeRow,
        locale: Locale,
        tickets: &[Ticket],
    ) -> Result<Self, Problem> {
        let keys: Vec<&str> = tickets.iter().filter_map(|t| t.device_key.as_ref()).map(|key| key.as_str()).collect();
        let helpers: Vec<&str> = tickets.iter().filter_map(helper).map(|id| id.as_str()).collect();
        let (devices, names) = (tx.load_devices(&keys).await?, tx.housekeeper_names(&helpers).await?);
        let place = tx.see_places(&[home.property_id.as_str()]).await?.remove(&home.property_id);
        let people: Vec<&str> = place.iter().flat_map(|p| &p.housekeepers).map(|h| h.id.as_str()).collect();
        let now = app.clock.now();
        let swaps = tx.load_swaps(&people, now).await?;
        let host = place.map(|place| host(&place, &swaps, now)).unwrap_or_default();
        Ok(Self { app, home, locale, host, devices, names })
    }

    fn matter(&self, ticket: &Ticket) -> Matter {
        let tenant = &self.home.tenant.id;
        let device = ticket.device_key.as_ref().and_then(|key| self.devices.get(key));
        let is_battery = ticket.kind == TicketKind::Battery;
        let visit = ticket.work.visit.as_ref().filter(|visit| visit.promised && ticket.status == Status::Assigned);
        let resolved_at = match ticket.status {
            Status::Resolved { at } => Some(at.into()),
            _ => None,
        };
        Matter {
            id: ticket.id.0.clone(),
            kind: ticket.kind.as_str(),
            status: ticket.status.as_str(),
            device_name: device.map(|d| d.name.clone()),
            text: ticket.text.clone(),
            since: ticket.since.unwrap_or(ticket.opened_at).into(),
            resolved_at,
            sender: ticket.sender.clone().unwrap_or_else(|| self.host.clone()),
            helper: helper(ticket).and_then(|id| self.names.get(id.as_str())).cloned(),
            expected_at: visit.and_then(|v| v.expected_at).map(Time::from),
            todo: is_battery.then(|| battery_words(&self.app.words, self.locale, device).todo),
            fresh: is_battery && ticket.seen_at.is_some(),
            needs_bed: needs_bed(ticket, tenant),
            photos: ticket.photos.len(),
            may_say: may_say(ticket, tenant),
        }
    }
}

/// Who is on the way, or there.
fn helper(ticket: &Ticket) -> Option<&HousekeeperId> {
    ticket.assignee.as_ref().filter(|_| matches!(ticket.status, Status::Assigned | Status::OnSite))
}
