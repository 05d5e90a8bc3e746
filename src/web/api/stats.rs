//! The four service rates by group, region, property and person; what tenants said; what made most of the work. Every
//! number names where its tickets are listed.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::tickets::Ticket;
use super::{Answer, Paged, Time};
use crate::decide::stats::{By, Case, Cause, Measure, Nps, Standings, causes, rank};
use crate::model::time::DAY;
use crate::model::{Millis, Timestamp};
use crate::store::Tx;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, one_of, page};
use crate::web::problem::Problem;

/// Tickets that one answer counts at most.
const CASES_MAX: usize = 50_000;
/// The period when nothing is said.
const PERIOD_MS: Millis = 30 * DAY;
/// Causes that are told.
const CAUSES_MAX: usize = 10;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_stats, _, _>(stats).add::<__path_tickets, _, _>(tickets)
}

/// What was opened in a period, counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    #[schema(example = "property")]
    by: &'static str,
    from: Time,
    to: Time,
    /// The best first: by the mean of the rates that there are.
    items: Vec<Standing>,
    /// The ten most frequent causes, with how often each was there in the period of the same length before.
    causes: Vec<TopCause>,
}

/// How one region, property or person stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    rank: usize,
    /// Region, property or housekeeper id; `group` for all together.
    key: String,
    #[schema(required)]
    name: Option<String>,
    tickets: u32,
    /// Taken, or the tenant told what to do, within an hour that counts.
    answered_within_hour: Rate,
    /// Of those that are solved or overdue: solved before their time was up.
    closed_on_time: Rate,
    /// Of all that were opened and not cancelled: solved by now.
    closed: Rate,
    /// Of those solved whose tenant answered: 7 to 10 of 10.
    closed_satisfied: Rate,
    /// Net promoter score; null while nobody answered.
    #[schema(required)]
    nps: Option<Promoters>,
}

/// How many of how many, and where they are listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rate {
    /// 0 to 1; null of none.
    #[schema(required)]
    rate: Option<f64>,
    met: u32,
    of: u32,
    /// Lists those that count; with `&met=false`, those that do not meet it.
    tickets: String,
}

/// Who says 9 or 10 less who says 6 or less, in per cent of the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Promoters {
    /// −100 to 100.
    score: f64,
    /// Lower end of the interval of 95 %.
    low: f64,
    /// Upper end.
    high: f64,
    answers: u32,
}

/// A device model at a property, and what was wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopCause {
    #[schema(required)]
    model: Option<String>,
    property_id: String,
    #[schema(examples("battery_low", "battery_dead", "leak", "silent", "silent_dead", "tamper", "request"))]
    cause: &'static str,
    count: u32,
    /// In the period before.
    before: u32,
    /// Its part of all, 0 to 1.
    share: f64,
    /// Its part and that of all above it.
    cumulative: f64,
    /// Lists them.
    tickets: String,
}

/// Which period, counted by what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatsParams {
    /// `group` (all together), `region`, `property` or `person` (who had the job last); `group` when absent.
    by: Option<String>,
    /// Opened from here on: RFC 3339, or a date in UTC; 30 days before `to` when absent.
    from: Option<String>,
    /// And before this; now when absent.
    to: Option<String>,
}

/// The four service rates, what tenants said, and the top causes.
#[utoipa::path(get, path = "/api/v1/stats", tag = "tickets", operation_id = "get_stats", params(StatsParams), responses(
    (status = 200, description = "The numbers.", body = Stats),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 422, description = "Too many tickets; ask for a shorter period.", body = Problem)))]
pub async fn stats(State(app): State<AppState>, caller: Caller, Params(q): Params<StatsParams>) -> Answer<Stats> {
    caller.need(Right::Property)?;
    let (by, word) = by(q.by)?;
    let (from, to) = period(q.from, q.to, app.clock.now())?;
    let mut tx = app.store.read().await?;
    let cases = load(&mut tx, &caller, from, to).await?;
    let before = load(&mut tx, &caller, from - (to - from), from).await?;
    let ranked = rank(&cases, by);
    let keys: Vec<&str> = ranked.iter().map(|(key, _)| key.as_str()).collect();
    let names = names(&mut tx, by, &keys).await?;
    let link = format!("/api/v1/stats/tickets?from={from}&to={to}", from = from.to_rfc3339(), to = to.to_rfc3339());
    let item = |(n, (key, standings)): (usize, &(String, Standings))| {
        let link = format!("{link}&by={word}&key={}", encode(key));
        standing(n + 1, key, names.get(key).cloned(), standings, &link)
    };
    let items = ranked.iter().enumerate().map(item).collect();
    let causes = top(&causes(&cases, &before), &link);
    Ok(Json(Stats { by: word, from: from.into(), to: to.into(), items, causes }))
}

async fn load(tx: &mut Tx, caller: &Caller, from: Timestamp, to: Timestamp) -> Result<Vec<Case>, Problem> {
    let limit = i64::try_from(CASES_MAX + 1).expect("a small number");
    let cases = tx.cases(from, to, caller.properties(), limit).await?;
    if cases.len() <= CASES_MAX {
        return Ok(cases);
    }
    let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
    Err(Problem::unprocessable("too-many", format!("more than {CASES_MAX} tickets were opened from {from} to {to}"))
        .at("query parameter from")
        .mend("ask for a shorter period: the one before it, as long, is compared with it"))
}

async fn names(tx: &mut Tx, by: By, keys: &[&str]) -> Result<HashMap<String, String>, Problem> {
    Ok(match by {
        By::Group | By::Region => HashMap::new(),
        By::Property => tx.property_names().await?.into_iter().collect(),
        By::Person => tx.housekeeper_names(keys).await?,
    })
}

fn standing(rank: usize, key: &str, name: Option<String>, s: &Standings, link: &str) -> Standing {
    let [answered_within_hour, closed_on_time, closed, closed_satisfied] = [0, 1, 2, 3].map(|n| {
        let (share, measure) = (s.shares[n], Measure::ALL[n]);
        let tickets = format!("{link}&measure={}", measure.as_str());
        Rate { rate: share.rate(), met: share.met, of: share.of, tickets }
    });
    let nps = promoters(s.nps);
    let key = key.to_owned();
    Standing {
        rank,
        key,
        name,
        tickets: s.tickets,
        answered_within_hour,
        closed_on_time,
        closed,
        closed_satisfied,
        nps,
    }
}

fn promoters(nps: Nps) -> Option<Promoters> {
    let (score, low, high) = nps.score()?;
    Some(Promoters { score, low, high, answers: nps.answers })
}

fn top(all: &[(Cause, u32, u32)], link: &str) -> Vec<TopCause> {
    let total: u32 = all.iter().map(|(_, now, _)| now).sum();
    let share = |n: u32| if total == 0 { 0.0 } else { f64::from(n) / f64::from(total) };
    let mut above = 0;
    let cause = |(cause, count, before): &(Cause, u32, u32)| {
        above += count;
        let model = cause.model.as_ref().map_or_else(String::new, |m| format!("&model={}", encode(m)));
        let place = encode(&cause.property_id);
        TopCause {
            model: cause.model.clone(),
            property_id: cause.property_id.clone(),
            cause: cause.what,
            count: *count,
            before: *before,
            share: share(*count),
            cumulative: share(above),
            tickets: format!("{link}&by=property&key={place}&cause={}{model}", cause.what),
        }
    };
    all.iter().filter(|(_, now, _)| *now > 0).take(CAUSES_MAX).map(cause).collect()
}

/// Which of the tickets behind the numbers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BehindParams {
    /// As for the numbers.
    by: Option<String>,
    /// Of this region, property or person; all when absent.
    key: Option<String>,
    /// Those that count for this rate: `answered_within_hour`, `closed_on_time`, `closed` or `closed_satisfied`.
    measure: Option<String>,
    /// Those that meet the rate, or those that do not.
    met: Option<bool>,
    /// Those with this cause.
    cause: Option<String>,
    /// Those whose device is of this model.
    model: Option<String>,
    /// As for the numbers.
    from: Option<String>,
    /// As for the numbers.
    to: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// The tickets that a number counts, the oldest first.
#[utoipa::path(get, path = "/api/v1/stats/tickets", tag = "tickets", operation_id = "list_counted_tickets",
    params(BehindParams), responses(
    (status = 200, description = "A page of tickets.", body = Paged<Ticket>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 422, description = "Too many tickets; ask for a shorter period.", body = Problem)))]
pub async fn tickets(
    State(app): State<AppState>,
    caller: Caller,
    Params(q): Params<BehindParams>,
) -> Answer<Paged<Ticket>> {
    caller.need(Right::Property)?;
    let (by, _) = by(q.by)?;
    let (from, to) = period(q.from, q.to, app.clock.now())?;
    let page = page(q.limit, q.after.as_deref())?;
    let words = Measure::ALL.map(Measure::as_str);
    let measure =
        one_of("measure", q.measure, &words)?.and_then(|w| Measure::ALL.into_iter().find(|m| m.as_str() == w));
    let mut cases = load(&mut app.store.read().await?, &caller, from, to).await?;
    cases.retain(|case| {
        let counts = measure.map_or(Some(true), |m| m.of(case));
        let met = counts.is_some_and(|met| q.met.is_none_or(|wanted| measure.is_none() || wanted == met));
        let cause = q.cause.as_ref().is_none_or(|c| Cause::of(case).what == c);
        let model = q.model.as_ref().is_none_or(|m| case.model.as_ref() == Some(m));
        let key = q.key.as_ref().is_none_or(|key| by.key(case).as_ref() == Some(key));
        let seen = (case.ticket.opened_at.0, case.ticket.id.0.as_str());
        met && cause && model && key && page.after.as_ref().is_none_or(|(ms, id)| seen > (*ms, id.as_str()))
    });
    cases.truncate(usize::try_from(page.limit).expect("a limit is small"));
    Ok(Paged::of(&cases, page.limit, |c| (c.ticket.opened_at.0, &c.ticket.id.0), |c| Some(Ticket::from(&c.ticket))))
}

fn by(word: Option<String>) -> Result<(By, &'static str), Problem> {
    let word = one_of("by", word, &By::WORDS)?;
    let word = By::WORDS.into_iter().find(|w| word.as_deref() == Some(w)).unwrap_or(By::WORDS[0]);
    Ok((By::parse(word).unwrap_or(By::Group), word))
}

fn period(from: Option<String>, to: Option<String>, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    let to = to.map(|text| instant("to", &text)).transpose()?.unwrap_or(now);
    let from = from.map(|text| instant("from", &text)).transpose()?.unwrap_or(to - PERIOD_MS);
    if from < to {
        return Ok((from, to));
    }
    Err(Problem::bad_request("bad-period", "the period ends before it begins")
        .at("query parameter from")
        .mend("give from before to"))
}

/// RFC 3339, or a date: its beginning in UTC.
fn instant(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let found = Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")));
    found.ok_or_else(|| {
        Problem::bad_request("bad-value", "this is no instant")
            .at(format!("query parameter {name}"))
            .mend("give a date, e.g. 2026-01-05, or RFC 3339, e.g. 2026-01-05T02:30:00Z")
    })
}

/// Percent-encodes what is not plain in a query.
fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
