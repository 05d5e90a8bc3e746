//! The rota: who works when, who rests, how many jobs and calls at night everybody had; and shifts that are swapped.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, NoParams, Time};
use crate::commit::RotaChange;
use crate::decide::desk::Place;
use crate::decide::dispatch::is_on_duty;
use crate::decide::duty::{self, turns};
use crate::model::time::DAY;
use crate::model::{Housekeeper, HousekeeperId, Millis, ShiftSwap, Standing, Timestamp, digest};
use crate::store::Tx;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::Body;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params};
use crate::web::problem::Problem;

/// Calls at night are counted this far back.
pub(super) const NIGHT_CALLS_MS: Millis = 30 * DAY;
/// The longest swap.
const SWAP_MS_MAX: Millis = 31 * DAY;
/// Turns are told so far back and ahead.
const TURNS_BACK_MS: Millis = DAY;
const TURNS_AHEAD_MS: Millis = 3 * DAY;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_rota, _, _>(rota).add::<__path_swap, _, _>(swap).add::<__path_cancel, _, _>(cancel)
}

/// Who works when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rota {
    /// Everybody who serves these properties, by id.
    items: Vec<OnRota>,
    /// Swaps that are not over, the earliest first.
    swaps: Vec<Swap>,
    /// The properties asked about, by id.
    properties: Vec<OnDutyAt>,
}

/// Who is on duty at one property, now and in the next three days.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnDutyAt {
    property_id: String,
    name: String,
    /// IANA name of its time zone.
    timezone: String,
    /// Each without a break, by its beginning; swaps are counted in.
    turns: Vec<Turn>,
}

/// Somebody is on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct Turn {
    housekeeper_id: String,
    /// Null where it began more than a day ago.
    #[schema(required)]
    from: Option<Time>,
    /// Null where it ends in more than three days.
    #[schema(required)]
    until: Option<Time>,
}

impl OnDutyAt {
    fn of(place: &Place, swaps: &[ShiftSwap], now: Timestamp) -> Self {
        let turns = turns(place, swaps, now - TURNS_BACK_MS, now + TURNS_AHEAD_MS);
        let is_over = |turn: &duty::Turn| turn.until.is_some_and(|until| until <= now);
        let turn = |turn: duty::Turn| Turn {
            housekeeper_id: turn.housekeeper_id.0,
            from: turn.from.map(Time::from),
            until: turn.until.map(Time::from),
        };
        Self {
            property_id: place.property.id.0.clone(),
            name: place.property.name.clone(),
            timezone: place.property.timezone.name().to_owned(),
            turns: turns.into_iter().filter(|turn| !is_over(turn)).map(turn).collect(),
        }
    }
}

/// One housekeeper.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnRota {
    housekeeper_id: String,
    name: String,
    /// Those of the properties asked about that they serve.
    property_ids: Vec<String>,
    /// Local to each property.
    #[schema(example = "Mon-Fri 08:00-20:00;Sat 10:00-14:00")]
    shift: String,
    skills: Vec<String>,
    /// Whether it is their shift now, their own or one they took over.
    on_duty: bool,
    /// Until when they are asked last, after an urgent job at night.
    #[schema(required)]
    resting_until: Option<Time>,
    /// Jobs that they have now.
    load: u32,
    /// Urgent jobs that they took at night, in the last 30 days.
    night_calls: i64,
}

/// One housekeeper works another's shift for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct Swap {
    id: String,
    from_housekeeper_id: String,
    to_housekeeper_id: String,
    starts_at: Time,
    ends_at: Time,
}

impl From<&ShiftSwap> for Swap {
    fn from(s: &ShiftSwap) -> Self {
        Self {
            id: s.id.clone(),
            from_housekeeper_id: s.from.0.clone(),
            to_housekeeper_id: s.to.0.clone(),
            starts_at: s.starts_at.into(),
            ends_at: s.ends_at.into(),
        }
    }
}

/// Which properties.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RotaParams {
    /// Property id; all of the token's scope when absent.
    property: Option<String>,
}

/// Who works when, who rests, and how much everybody had.
#[utoipa::path(get, path = "/api/v1/rota", tag = "people", operation_id = "get_rota", params(RotaParams), responses(
    (status = 200, description = "The rota.", body = Rota),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn rota(State(app): State<AppState>, caller: Caller, Params(q): Params<RotaParams>) -> Answer<Rota> {
    caller.need(Right::Property)?;
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mut ids = tx.property_ids(caller.properties()).await?;
    ids.retain(|id| q.property.as_ref().is_none_or(|wanted| wanted == id));
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let places = tx.see_places(&ids).await?;
    let standings = tx.load_standings(&ids).await?;
    let mut people: Vec<&str> = standings.keys().map(HousekeeperId::as_str).collect();
    people.sort_unstable();
    let mut swaps = tx.load_swaps(&people, now - TURNS_BACK_MS).await?;
    let mut properties: Vec<OnDutyAt> = places.values().map(|place| OnDutyAt::of(place, &swaps, now)).collect();
    properties.sort_by(|a, b| a.property_id.cmp(&b.property_id));
    swaps.retain(|swap| swap.ends_at > now);
    let calls = tx.night_calls(&people, now - NIGHT_CALLS_MS).await?;
    let rest = app.policy.dispatch.rest_after_night_call.0;
    let seen = Seen { standings: &standings, swaps: &swaps, calls: &calls, rest, now };
    let mut by_id = BTreeMap::new();
    for place in places.values() {
        place.housekeepers.iter().for_each(|h| seen.add(&mut by_id, place, h));
    }
    Ok(Json(Rota { items: by_id.into_values().collect(), swaps: swaps.iter().map(Swap::from).collect(), properties }))
}

/// What is known of everybody.
struct Seen<'a> {
    standings: &'a HashMap<HousekeeperId, Standing>,
    swaps: &'a [ShiftSwap],
    calls: &'a HashMap<String, i64>,
    rest: Millis,
    now: Timestamp,
}

impl Seen<'_> {
    fn add(&self, all: &mut BTreeMap<String, OnRota>, place: &Place, h: &Housekeeper) {
        let standing = self.standings.get(&h.id).copied().unwrap_or_default();
        let rested = resting_until(&standing, self.rest, self.now);
        let one = all.entry(h.id.0.clone()).or_insert_with(|| OnRota {
            housekeeper_id: h.id.0.clone(),
            name: h.name.clone(),
            property_ids: Vec::new(),
            shift: h.shift.to_string(),
            skills: h.skills.clone(),
            on_duty: false,
            resting_until: rested.map(Time::from),
            load: standing.load,
            night_calls: self.calls.get(h.id.as_str()).copied().unwrap_or(0),
        });
        one.property_ids.push(place.property.id.0.clone());
        one.property_ids.sort_unstable();
        one.on_duty |= is_on_duty(place, h, self.swaps, self.now);
    }
}

/// Until when somebody is asked last, after an urgent job at night.
pub(super) fn resting_until(standing: &Standing, rest: Millis, now: Timestamp) -> Option<Timestamp> {
    standing.night_call_at.map(|at| at + rest).filter(|until| *until > now)
}

/// Who works whose shift, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSwap {
    /// Whose shift. A housekeeper's own token may give away its own only.
    from_housekeeper_id: String,
    /// Who works it: somebody who serves a property of the first one.
    to_housekeeper_id: String,
    /// RFC 3339.
    #[schema(example = "2026-01-05T20:00:00+08:00")]
    starts_at: String,
    /// RFC 3339; at most 31 days later.
    #[schema(example = "2026-01-06T08:00:00+08:00")]
    ends_at: String,
}

/// One housekeeper works another's shift for a while. The same swap twice is one.
#[utoipa::path(post, path = "/api/v1/rota/swaps", tag = "people", operation_id = "swap_shifts", request_body = NewSwap,
    responses(
    (status = 200, description = "The swap, as it holds from now on.", body = Swap),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or the giver works outside the token's scope too.", body = Problem),
    (status = 404, description = "No such housekeeper in the token's scope.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn swap(
    State(app): State<AppState>,
    caller: Caller,
    _: Params<NoParams>,
    Body(new): Body<NewSwap>,
) -> Answer<Swap> {
    may_give(&caller, &new.from_housekeeper_id)?;
    let swap = sound(&new, app.clock.now())?;
    let mut tx = app.store.read().await?;
    let shared = properties_of(&mut tx, &caller, &new.from_housekeeper_id).await?;
    let theirs = tx.properties_of_housekeeper(&new.to_housekeeper_id).await?;
    drop(tx);
    if !theirs.iter().any(|p| shared.contains(p) && caller.sees(Some(p))) {
        return Err(Problem::not_found("housekeeper who serves one of the same properties"));
    }
    app.door.rota(caller.actor(), RotaChange::Swap(swap.clone())).await?;
    Ok(Json(Swap::from(&swap)))
}

/// A swap is taken back: everybody works their own shift again.
#[utoipa::path(post, path = "/api/v1/rota/swaps/{id}/cancel", tag = "people", operation_id = "cancel_swap",
    params(("id" = String, Path, description = "Id of the swap.")), request_body = super::Nothing, responses(
    (status = 200, description = "The swap that no longer holds.", body = Swap),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role, or the giver works outside the token's scope too.", body = Problem),
    (status = 404, description = "No such swap in the token's scope.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn cancel(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    _: Body<super::Nothing>,
) -> Answer<Swap> {
    caller.need(Right::Work)?;
    let mut tx = app.store.read().await?;
    let swap = tx.swap(&id, app.clock.now()).await?.ok_or_else(|| Problem::not_found("swap"))?;
    may_give(&caller, swap.from.as_str())?;
    properties_of(&mut tx, &caller, swap.from.as_str()).await?;
    drop(tx);
    app.door.rota(caller.actor(), RotaChange::Cancel(id)).await?;
    Ok(Json(Swap::from(&swap)))
}

/// Leads give away anybody's shift, a housekeeper their own.
fn may_give(caller: &Caller, from: &str) -> Result<(), Problem> {
    match caller.housekeeper() {
        Some(me) if me == from => caller.need(Right::Work),
        Some(_) => Err(Problem::forbidden("a housekeeper gives away their own shift only")),
        None => caller.need(Right::Lead),
    }
}

/// The properties that a housekeeper serves, if the caller sees all of them.
async fn properties_of(tx: &mut Tx, caller: &Caller, housekeeper: &str) -> Result<Vec<String>, Problem> {
    let served = tx.properties_of_housekeeper(housekeeper).await?;
    if !served.iter().any(|p| caller.sees(Some(p))) {
        return Err(Problem::not_found("housekeeper"));
    }
    // A swap holds wherever its giver works.
    if !served.iter().all(|p| caller.sees(Some(p))) {
        let detail = "this housekeeper works outside the token's scope too, where the swap would hold as well";
        return Err(Problem::forbidden(detail).mend("ask somebody whose scope has all of their properties"));
    }
    Ok(served)
}

fn sound(new: &NewSwap, now: Timestamp) -> Result<ShiftSwap, Problem> {
    let wrong = |field: &str, detail: &str| {
        Problem::unprocessable("bad-swap", detail)
            .at(format!("field {field}"))
            .mend("give RFC 3339, e.g. 2026-01-05T20:00:00+08:00")
    };
    let at = |field: &str, text: &str| Timestamp::parse_rfc3339(text).ok_or_else(|| wrong(field, "this is no instant"));
    let (starts_at, ends_at) = (at("starts_at", &new.starts_at)?, at("ends_at", &new.ends_at)?);
    if new.from_housekeeper_id == new.to_housekeeper_id {
        return Err(wrong("to_housekeeper_id", "nobody swaps with themselves").mend("name somebody else"));
    }
    if ends_at <= starts_at || ends_at - starts_at > SWAP_MS_MAX || ends_at <= now {
        return Err(wrong("ends_at", "a swap ends after it starts, within 31 days, and not in the past"));
    }
    let text = format!("{}|{}|{}|{}", new.from_housekeeper_id, new.to_housekeeper_id, starts_at.0, ends_at.0);
    let (from, to) = (new.from_housekeeper_id.as_str().into(), new.to_housekeeper_id.as_str().into());
    Ok(ShiftSwap { id: format!("s_{}", digest(&text)), from, to, starts_at, ends_at })
}
