//! Automation against people, meaning by meaning: how quickly texts were answered and how content tenants were afterwards.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use super::tones::Counted;
use crate::decide::automation::{Behind, Handled, off};
use crate::decide::intent::Intent;
use crate::decide::trial::{TRIAL_MS, YOUNG_MS};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// Automation and people, compared.
#[derive(Debug, Serialize, ToSchema)]
pub struct Automation {
    /// Of the calm texts that are understood: the share that a human answers, drawn by lot (`contact.people_share`).
    people_share: f64,
    /// By meaning.
    items: Vec<AutomationResult>,
}

/// Texts of one meaning that automation could look after, at the properties you see, received between 180 and 7 days ago.
#[derive(Debug, Serialize, ToSchema)]
pub struct AutomationResult {
    #[schema(examples("done", "later", "no", "yes", "score", "thanks", "need_help"))]
    intent: &'static str,
    /// Those that automation looked after.
    automation: Side,
    /// Those that a human answered: drawn by lot, or because automation is off.
    people: Side,
    /// Why a human answers all of them now, counted over all properties; null while automation does.
    #[schema(required)]
    off: Option<Worse>,
}

/// What came of the texts that one side looked after.
#[derive(Debug, Serialize, ToSchema)]
pub struct Side {
    /// Answered within ten minutes; automation answers at once.
    quick: Counted,
    /// Of those whose tenant gave a mark afterwards: 7 or more.
    satisfied: Counted,
}

/// Certainly worse than people: at least 4 standard errors, with 100 texts or more on each side.
#[derive(Debug, Serialize, ToSchema)]
pub struct Worse {
    #[schema(examples("satisfied", "quick"))]
    measure: &'static str,
    /// By which share, 0 to 1, compared property by property (Mantel-Haenszel).
    difference: f64,
    /// The same in standard errors (Cochran's test).
    standard_errors: f64,
}

impl From<Handled> for Side {
    fn from(handled: Handled) -> Self {
        Self { quick: handled.quick.into(), satisfied: handled.satisfied.into() }
    }
}

impl From<&Behind> for Worse {
    fn from(b: &Behind) -> Self {
        Self { measure: b.measure, difference: b.difference, standard_errors: b.z }
    }
}

/// How automation does beside people.
#[utoipa::path(get, path = "/api/v1/stats/automation", tag = "messages", operation_id = "get_automation", responses(
    (status = 200, description = "Every meaning of which there were texts.", body = Automation),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(State(app): State<AppState>, caller: Caller) -> Answer<Automation> {
    caller.need(Right::Property)?;
    let now = app.clock.now();
    let (from, to) = (now - TRIAL_MS, now - YOUNG_MS);
    let mut tx = app.store.read().await?;
    let all = tx.automation_trials(from, to, None).await?;
    let seen = match caller.properties() {
        None => all.clone(),
        some => tx.automation_trials(from, to, some).await?,
    };
    let off = off(&all);
    let mut sums: BTreeMap<Intent, [Handled; 2]> = BTreeMap::new();
    for ((intent, _), sides) in seen {
        for (sum, side) in sums.entry(intent).or_default().iter_mut().zip(sides) {
            sum.quick = sum.quick + side.quick;
            sum.satisfied = sum.satisfied + side.satisfied;
        }
    }
    let item = |(intent, [automation, people]): (Intent, [Handled; 2])| AutomationResult {
        intent: intent.as_str(),
        automation: automation.into(),
        people: people.into(),
        off: off.get(&intent).map(Worse::from),
    };
    Ok(Json(Automation { people_share: app.policy.contact.people_share, items: sums.into_iter().map(item).collect() }))
}
