//! What a housekeeper has to do: jobs offered to them, those they have, and what they did lately, each with what is
//! needed on the way. A job that somebody else has shows nothing here.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rota::{NIGHT_CALLS_MS, resting_until};
use super::tickets::{awaited, kinds, severities, statuses};
use super::{Answer, Time};
use crate::decide::awaited as awaits;
use crate::decide::jobs::{Said, due_at, is_job_of, is_offered_to, moves, names_tenant, to_bring, urgency};
use crate::model::time::HOUR;
use crate::model::{self, Device, DeviceKey, Housekeeper, Locale, Millis, Status, Tenant, Timestamp, UnitId};
use crate::store::{JobRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, one_of};
use crate::web::problem::Problem;

/// What was done is shown for so long: a shift, whichever side of midnight it is on.
const DONE_MS: Millis = 12 * HOUR;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_jobs, _, _>(jobs)
}

/// What a housekeeper has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jobs {
    /// The service's own time.
    now: Time,
    housekeeper_id: String,
    name: String,
    /// Urgent jobs that they took at night, in the last 30 days.
    night_calls: i64,
    /// Until when they are asked last, after an urgent job at night.
    #[schema(required)]
    resting_until: Option<Time>,
    /// Those that wait for their word, what cannot wait first.
    offered: Vec<Job>,
    /// Those that they have, what cannot wait first.
    mine: Vec<Job>,
    /// What they had that was solved in the last twelve hours, the latest first.
    done: Vec<DoneJob>,
}

/// One job.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    ticket_id: String,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    #[schema(schema_with = statuses)]
    status: &'static str,
    #[schema(schema_with = severities)]
    severity: &'static str,
    property_name: String,
    /// IANA name of the property's time zone.
    timezone: String,
    #[schema(required)]
    address: Option<String>,
    /// Degrees, WGS 84.
    #[schema(required)]
    lat: Option<f64>,
    #[schema(required)]
    lon: Option<f64>,
    #[schema(required)]
    unit_name: Option<String>,
    #[schema(required)]
    floor: Option<i64>,
    /// What to know at the door of the unit.
    #[schema(required)]
    entry_note: Option<String>,
    #[schema(required)]
    device_name: Option<String>,
    /// What was asked for, in the words of who asked.
    #[schema(required)]
    text: Option<String>,
    /// What to bring: "4 AA alkaline batteries".
    #[schema(required)]
    bring: Option<String>,
    /// How to get through the door of a dead lock.
    #[schema(required)]
    way_in: Option<String>,
    /// Whom it concerns; null where the texts about such a job name nobody.
    #[schema(required)]
    tenant: Option<JobTenant>,
    /// Since when it is so.
    since: Time,
    /// When they are expected, or the next step has to be done.
    #[schema(required)]
    due_at: Option<Time>,
    /// What telemetry must show before it is over.
    #[schema(required, schema_with = awaited)]
    waiting_for: Option<&'static str>,
    /// When they said that it is done, while that is awaited.
    #[schema(required)]
    said_done_at: Option<Time>,
    /// How many photos it has.
    photos: usize,
    /// What may be done with it, words of `/tickets/{id}/…`, the next one first.
    #[schema(examples("accept", "eta", "arrive", "resolve"))]
    moves: &'static [&'static str],
}

/// The tenant whom a job concerns.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobTenant {
    name: String,
    /// E.164.
    phone: String,
}

/// A job that is over.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoneJob {
    ticket_id: String,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    property_name: String,
    /// IANA name of the property's time zone.
    timezone: String,
    #[schema(required)]
    unit_name: Option<String>,
    resolved_at: Time,
}

/// In which language.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LangParams {
    /// Language of what the service words itself, `zh-CN` or `en`; the person's own when absent.
    lang: Option<String>,
}

/// The language that was asked for.
pub fn lang(q: LangParams) -> Result<Option<Locale>, Problem> {
    let tag = one_of("lang", q.lang, &[Locale::ZhCn.as_str(), Locale::En.as_str()])?;
    Ok(tag.and_then(|tag| Locale::parse(&tag)))
}

/// What the housekeeper whose token it is has to do.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "people", operation_id = "list_jobs", params(LangParams), responses(
    (status = 200, description = "The jobs.", body = Jobs),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not a housekeeper's token.", body = Problem),
    (status = 404, description = "The registry has this housekeeper no longer.", body = Problem)))]
pub async fn jobs(State(app): State<AppState>, caller: Caller, Params(q): Params<LangParams>) -> Answer<Jobs> {
    caller.need(Right::Work)?;
    let Some(me) = caller.housekeeper() else {
        return Err(Problem::forbidden("these are the jobs of one housekeeper").mend("use a token of role housekeeper"));
    };
    let chosen = lang(q)?;
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let me = known(&mut tx, &caller, me).await?.ok_or_else(|| Problem::not_found("housekeeper"))?;
    let rows = tx.jobs_of(me.id.as_str(), now - DONE_MS).await?;
    let shows = |row: &&JobRow| is_offered_to(&row.ticket, &me.id) || is_job_of(&row.ticket, &me.id);
    let locale = chosen.unwrap_or(me.locale);
    let seen = Seen::load(&mut tx, &app, &me, locale, rows.iter().filter(shows).collect()).await?;
    let standing = tx.load_standings(&strs(&me.properties)).await?.get(&me.id).copied().unwrap_or_default();
    let calls = tx.night_calls(&[me.id.as_str()], now - NIGHT_CALLS_MS).await?;
    let resting_until = resting_until(&standing, app.policy.dispatch.rest_after_night_call.0, now);
    let (offered, mine) = seen.rows.iter().partition::<Vec<_>, _>(|row| is_offered_to(&row.ticket, &me.id));
    Ok(Json(Jobs {
        now: now.into(),
        housekeeper_id: me.id.0.clone(),
        name: me.name.clone(),
        night_calls: calls.get(me.id.as_str()).copied().unwrap_or(0),
        resting_until: resting_until.map(Time::from),
        offered: seen.jobs(offered),
        mine: seen.jobs(mine),
        done: done(&rows, &me),
    }))
}

fn strs(properties: &[model::PropertyId]) -> Vec<&str> {
    properties.iter().map(model::PropertyId::as_str).collect()
}

/// The housekeeper with all properties that they serve, if the registry has them.
async fn known(tx: &mut Tx, caller: &Caller, me: &str) -> Result<Option<Housekeeper>, Problem> {
    let properties: Vec<&str> = caller.properties().unwrap_or_default().iter().map(String::as_str).collect();
    let places = tx.see_places(&properties).await?;
    let found = places.values().flat_map(|p| &p.housekeepers).find(|h| h.id.as_str() == me).cloned();
    Ok(found.map(|me| Housekeeper { properties: places.keys().cloned().collect(), ..me }))
}

/// What was solved lately, the latest first.
fn done(rows: &[JobRow], me: &Housekeeper) -> Vec<DoneJob> {
    let over = |row: &JobRow| match row.ticket.status {
        Status::Resolved { at } | Status::Closed { resolved_at: at, .. } => Some(at),
        _ => None,
    };
    let theirs = |row: &&JobRow| row.ticket.assignee.as_ref() == Some(&me.id);
    let mut done: Vec<(Timestamp, &JobRow)> =
        rows.iter().filter(theirs).filter_map(|row| Some((over(row)?, row))).collect();
    done.sort_by_key(|(at, _)| -at.0);
    let shape = |(at, row): (Timestamp, &JobRow)| DoneJob {
        ticket_id: row.ticket.id.0.clone(),
        kind: row.ticket.kind.as_str(),
        property_name: row.property_name.clone(),
        timezone: row.timezone.clone(),
        unit_name: row.unit_name.clone(),
        resolved_at: at.into(),
    };
    done.into_iter().map(shape).collect()
}

/// The jobs that are shown, with what is known around them.
struct Seen<'a> {
    app: &'a AppState,
    me: &'a Housekeeper,
    locale: Locale,
    rows: Vec<&'a JobRow>,
    devices: HashMap<DeviceKey, Device>,
    tenants: HashMap<UnitId, Vec<Tenant>>,
    /// By ticket.
    said: HashMap<&'a str, Said>,
}

impl<'a> Seen<'a> {
    async fn load(
        tx: &mut Tx,
        app: &'a AppState,
        me: &'a Housekeeper,
        locale: Locale,
        mut rows: Vec<&'a JobRow>,
    ) -> Result<Self, Problem> {
        rows.sort_by_key(|row| std::cmp::Reverse(urgency(&row.ticket)));
        let keys: Vec<&str> = rows.iter().filter_map(|r| r.ticket.device_key.as_ref()).map(|k| k.as_str()).collect();
        let named = rows.iter().filter(|r| names_tenant(&r.ticket));
        let units: Vec<&str> = named.filter_map(|r| r.ticket.unit_id.as_ref()).map(|u| u.as_str()).collect();
        let (devices, tenants) = (tx.load_devices(&keys).await?, tx.load_tenants(&units).await?);
        let mut said = HashMap::new();
        for row in rows.iter().filter(|row| is_job_of(&row.ticket, &me.id)) {
            let events = tx.ticket_events(row.ticket.id.as_str()).await?;
            let moves = events.iter().map(|(_, at, what, ..)| (what.as_str(), *at));
            said.insert(row.ticket.id.as_str(), Said::of(moves));
        }
        Ok(Self { app, me, locale, rows, devices, tenants, said })
    }

    fn jobs(&self, rows: Vec<&&JobRow>) -> Vec<Job> {
        rows.into_iter().map(|row| self.job(row)).collect()
    }

    fn job(&self, row: &JobRow) -> Job {
        let ticket = &row.ticket;
        let device = ticket.device_key.as_ref().and_then(|key| self.devices.get(key));
        let battery = to_bring(&self.app.words, self.locale, ticket, device);
        let said = self.said.get(ticket.id.as_str()).copied().unwrap_or_default();
        Job {
            ticket_id: ticket.id.0.clone(),
            kind: ticket.kind.as_str(),
            status: ticket.status.as_str(),
            severity: urgency(ticket).as_str(),
            property_name: row.property_name.clone(),
            timezone: row.timezone.clone(),
            address: row.address.clone(),
            lat: row.location.map(|l| l.lat),
            lon: row.location.map(|l| l.lon),
            unit_name: row.unit_name.clone(),
            floor: row.floor,
            entry_note: row.entry_note.clone(),
            device_name: device.map(|d| d.name.clone()),
            text: ticket.text.clone(),
            way_in: battery.as_ref().map(|b| b.way_in.clone()).filter(|way| !way.is_empty()),
            bring: battery.map(|b| b.cells),
            tenant: self.tenant(ticket),
            since: ticket.since.unwrap_or(ticket.opened_at).into(),
            due_at: due_at(ticket).map(Time::from),
            waiting_for: awaits(ticket),
            said_done_at: said.done_at.map(Time::from),
            photos: ticket.photos.len(),
            moves: moves(ticket, &self.me.id, said),
        }
    }

    fn tenant(&self, ticket: &model::Ticket) -> Option<JobTenant> {
        let (unit, id) = (ticket.unit_id.as_ref()?, ticket.tenant_id.as_ref()?);
        let tenant = self.tenants.get(unit)?.iter().find(|t| t.id == *id).filter(|_| names_tenant(ticket))?;
        Some(JobTenant { name: tenant.name.clone(), phone: tenant.phone.as_str().to_owned() })
    }
}
