//! What came of what is tried: tones of routine words, language by language, and automation beside people, meaning by meaning.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::decide::automation::{Behind, Handled, off};
use crate::decide::intent::Intent;
use crate::decide::stats::Share;
use crate::decide::tones::{Heeded, Loss, lost};
use crate::decide::trial::window;
use crate::model::{Locale, Tone};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_tones, _, _>(tones).add::<__path_automation, _, _>(automation)
}

/// Tones that are tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tones {
    /// By language, then tone; empty where no property tries several.
    items: Vec<ToneResult>,
}

/// What came of one tone in one language, at the properties you see, in matters that opened between 180 and 7 days ago.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToneResult {
    #[schema(examples("en", "zh-CN"))]
    locale: &'static str,
    #[schema(examples("plain", "warm", "playful", "rhyming"))]
    tone: &'static str,
    /// Of the tenants who heard it: who wrote back, or put in the battery before anybody had to come.
    heeded: Counted,
    /// Of those who gave a mark: who gave 7 or more.
    satisfied: Counted,
    /// Why it is no longer used, counted over all properties; null while it is.
    #[schema(required)]
    lost: Option<Lost>,
}

/// How many of how many.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counted {
    /// 0 to 1; null of none.
    #[schema(required)]
    rate: Option<f64>,
    met: u32,
    of: u32,
}

/// A certain loss: at least 4 standard errors, with 100 answers or more of each tone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lost {
    /// The tone that did better.
    to: &'static str,
    #[schema(examples("heeded", "satisfied"))]
    measure: &'static str,
    /// By which share of the tenants, 0 to 1, compared property by property (Mantel-Haenszel).
    difference: f64,
    /// The same in standard errors (Cochran's test).
    standard_errors: f64,
}

impl From<Share> for Counted {
    fn from(share: Share) -> Self {
        Self { rate: share.rate(), met: share.met, of: share.of }
    }
}

impl From<&Loss> for Lost {
    fn from(loss: &Loss) -> Self {
        Self { to: loss.to.as_str(), measure: loss.measure, difference: loss.difference, standard_errors: loss.z }
    }
}

/// What came of the tones that are tried.
#[utoipa::path(get, path = "/api/v1/stats/tones", tag = "messages", operation_id = "list_tones", responses(
    (status = 200, description = "Every tone that was heard.", body = Tones),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn tones(State(app): State<AppState>, caller: Caller) -> Answer<Tones> {
    caller.need(Right::Property)?;
    let (from, to) = window(app.clock.now());
    let mut tx = app.store.read().await?;
    let all = tx.tone_trials(from, to, None).await?;
    let seen = match caller.properties() {
        None => all.clone(),
        some => tx.tone_trials(from, to, some).await?,
    };
    let lost = lost(&all);
    let mut sums: BTreeMap<(Locale, Tone), Heeded> = BTreeMap::new();
    for ((locale, _), tones) in seen {
        for (tone, came) in tones {
            let sum = sums.entry((locale, tone)).or_default();
            sum.heeded = sum.heeded + came.heeded;
            sum.satisfied = sum.satisfied + came.satisfied;
        }
    }
    let item = |((locale, tone), came): ((Locale, Tone), Heeded)| ToneResult {
        locale: locale.as_str(),
        tone: tone.as_str(),
        heeded: came.heeded.into(),
        satisfied: came.satisfied.into(),
        lost: lost.get(&(locale, tone)).map(Lost::from),
    };
    Ok(Json(Tones { items: sums.into_iter().map(item).collect() }))
}

/// Automation and people, compared.
#[derive(Debug, Serialize, ToSchema)]
pub struct Automation {
    /// Of the matters: the share, drawn by lot, in which a human answers calm texts too that are understood
    /// (`contact.people_share`).
    people_share: f64,
    /// By meaning.
    items: Vec<AutomationResult>,
}

/// Texts of one meaning that automation could look after, at the properties you see, received between 180 and 7 days ago.
#[derive(Debug, Serialize, ToSchema)]
pub struct AutomationResult {
    #[schema(examples("done", "later", "no", "yes", "score", "thanks"))]
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
    /// Answered within ten minutes. Automation answers at once, so this never speaks against it.
    quick: Counted,
    /// Of the matters whose tenant gave a mark afterwards: 7 or more.
    satisfied: Counted,
}

/// Tenants are certainly less satisfied than with people: at least 4 standard errors, with 100 marks or more on each side.
#[derive(Debug, Serialize, ToSchema)]
pub struct Worse {
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
        Self { difference: b.difference, standard_errors: b.z }
    }
}

/// How automation does beside people.
#[utoipa::path(get, path = "/api/v1/stats/automation", tag = "messages", operation_id = "get_automation", responses(
    (status = 200, description = "Every meaning of which there were texts.", body = Automation),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn automation(State(app): State<AppState>, caller: Caller) -> Answer<Automation> {
    caller.need(Right::Property)?;
    let (from, to) = window(app.clock.now());
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
