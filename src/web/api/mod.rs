//! The API under `/api/v1` (CONTRACT section 5): one file per noun, each with its shapes, its paths and nothing else.
//!
//! A shape is made from the model by one `from`; the model itself never goes out, so a change inside moves no name outside.

pub mod addresses;
mod battery;
pub mod board;
pub mod catalogue;
pub mod commands;
pub mod conversations;
pub mod devices;
pub mod events;
pub mod field;
pub mod gauge;
pub mod goodwill;
pub mod home;
pub mod jobs;
pub mod ledger;
pub mod messages;
pub mod photos;
pub mod praise;
pub mod rejects;
pub mod requests;
pub mod rota;
pub mod stats;
pub mod sweep;
pub mod tasks;
pub mod tickets;
pub mod trials;
pub mod valves;

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::openapi::Routes;
use super::params;
use crate::model::Timestamp;

/// What a handler answers: a shape, or a problem.
type Answer<T> = Result<Json<T>, super::problem::Problem>;

/// Adds every path of the API.
pub fn routes(routes: Routes) -> Routes {
    let routes = devices::routes(routes);
    let routes = field::routes(routes);
    let routes = catalogue::routes(routes);
    let routes = tickets::routes(routes);
    let routes = commands::routes(routes);
    let routes = photos::routes(routes);
    let routes = jobs::routes(routes);
    let routes = home::routes(routes);
    let routes = requests::routes(routes);
    let routes = goodwill::routes(routes);
    let routes = praise::routes(routes);
    let routes = messages::routes(routes);
    let routes = conversations::routes(routes);
    let routes = ledger::routes(routes);
    let routes = board::routes(routes);
    let routes = rota::routes(routes);
    let routes = addresses::routes(routes);
    let routes = stats::routes(routes);
    let routes = trials::routes(routes);
    let routes = tasks::routes(routes);
    let routes = valves::routes(routes);
    let routes = events::routes(routes);
    let routes = sweep::routes(routes);
    rejects::routes(routes)
}

/// An instant: RFC 3339 in UTC, with milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime, example = "2026-01-05T02:30:00.000Z")]
pub struct Time(String);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at.to_rfc3339())
    }
}

/// Money in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units: fen, cents.
    #[schema(example = 1000)]
    amount_minor: i64,
    /// ISO 4217.
    #[schema(example = "CNY")]
    currency: String,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The rows; for a housekeeper a page may hold fewer than `limit` and still have a next one.
    items: Vec<T>,
    /// What to give as `after` for the next page; null at the end.
    #[schema(required)]
    next: Option<String>,
}

impl<T> Paged<T> {
    /// A page made from what the store had for [`params::page`]: one row more than `limit - 1` means that more follow.
    fn of<R>(
        rows: &[R],
        limit: i64,
        place: impl Fn(&R) -> (i64, &str),
        shape: impl FnMut(&R) -> Option<T>,
    ) -> Json<Self> {
        let shown = usize::try_from(limit - 1).expect("a limit is small");
        let page = &rows[..rows.len().min(shown)];
        let next = page.last().filter(|_| rows.len() > shown).map(|row| {
            let (ms, id) = place(row);
            params::cursor(ms, id)
        });
        Json(Self { items: page.iter().filter_map(shape).collect(), next })
    }
}

/// A list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A path without query parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoParams {}
