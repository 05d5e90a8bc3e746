//! The catalogue: what is known of models, each fact with its source. The same for everybody; nothing here is a device's.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Paged};
use crate::catalogue::{self, Model, Reading};
use crate::web::access::{Caller, Right};
use crate::web::openapi::Routes;
use crate::web::params::{Params, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list)
}

/// What is known of a model. What no source states is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueModel {
    maker: String,
    model: String,
    /// What else systems report for it.
    names: Vec<String>,
    #[schema(examples("lock", "leak_sensor", "meter"))]
    kind: &'static str,
    #[schema(required)]
    battery: Option<CatalogueBattery>,
    #[schema(required)]
    gauge: Option<CatalogueGauge>,
    #[schema(required)]
    change: Option<CatalogueChange>,
    #[schema(required)]
    emergency: Option<CatalogueEmergency>,
}

/// What a model runs on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueBattery {
    #[schema(example = "4 AA")]
    cells: String,
    /// `alkaline`, `lithium_iron`, `lithium_manganese`, `lithium_thionyl`, `lithium_ion`, `nimh`.
    #[schema(required)]
    chemistry: Option<&'static str>,
    rechargeable: bool,
    /// URLs.
    sources: Vec<String>,
}

/// How a level comes about.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueGauge {
    /// `percent` (the device counts), `voltage` (the gateway makes percents of a voltage) or `flag` (only "low" or not).
    reads: &'static str,
    /// `percent`: in steps of this many percent.
    #[schema(required)]
    step: Option<f64>,
    /// `voltage`: 0 % at or below, mV.
    #[schema(required)]
    empty_mv: Option<u32>,
    /// `voltage`: 100 % at or above, mV.
    #[schema(required)]
    full_mv: Option<u32>,
    /// URLs.
    sources: Vec<String>,
}

/// How fresh cells go in.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueChange {
    en: String,
    zh: String,
    /// URLs.
    sources: Vec<String>,
}

/// What opens the door when the battery is dead.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueEmergency {
    /// `nine_volt`, `usb_c`, `micro_usb`, `key`; the best first.
    #[schema(value_type = Vec<String>)]
    ways: Vec<catalogue::Way>,
    /// URLs.
    sources: Vec<String>,
}

impl From<&Model> for CatalogueModel {
    fn from(model: &Model) -> Self {
        let battery = model.battery.as_ref().map(|b| CatalogueBattery {
            cells: b.cells.to_string(),
            chemistry: b.chemistry.map(catalogue::Chemistry::as_str),
            rechargeable: b.cells.is_pack(),
            sources: b.sources.clone(),
        });
        let change = model.change.as_ref().map(|c| CatalogueChange {
            en: c.en.clone(),
            zh: c.zh.clone(),
            sources: c.sources.clone(),
        });
        let emergency = model.emergency.as_ref();
        Self {
            maker: model.maker.clone(),
            model: model.model.clone(),
            names: model.names.clone(),
            kind: model.kind.as_str(),
            battery,
            gauge: model.gauge.as_ref().map(CatalogueGauge::from),
            change,
            emergency: emergency.map(|e| CatalogueEmergency { ways: e.ways.clone(), sources: e.sources.clone() }),
        }
    }
}

impl From<&catalogue::Gauge> for CatalogueGauge {
    fn from(gauge: &catalogue::Gauge) -> Self {
        let sources = gauge.sources.clone();
        let plain = Self { reads: "flag", step: None, empty_mv: None, full_mv: None, sources };
        match gauge.reading {
            Reading::Flag => plain,
            Reading::Percent { step } => Self { reads: "percent", step: Some(step), ..plain },
            Reading::Voltage { empty_mv, full_mv } => {
                Self { reads: "voltage", empty_mv: Some(empty_mv), full_mv: Some(full_mv), ..plain }
            }
        }
    }
}

/// Which models.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CatalogueParams {
    /// Only the model that a system means by this name, e.g. `lumi.lock.acn02`; an empty list when nobody or more than
    /// one is meant.
    model: Option<String>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Models of locks and leak sensors and what is known of them.
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "devices", operation_id = "list_catalogue", params(CatalogueParams), responses(
    (status = 200, description = "A page of models.", body = Paged<CatalogueModel>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem)))]
pub async fn list(caller: Caller, Params(q): Params<CatalogueParams>) -> Answer<Paged<CatalogueModel>> {
    caller.need(Right::Tickets)?;
    let page = page(q.limit, q.after.as_deref())?;
    let from = page.after.as_ref().map_or(0, |(n, _)| usize::try_from(*n + 1).unwrap_or(0));
    let limit = usize::try_from(page.limit).expect("a limit is small");
    let rows: Vec<(i64, &Model)> = match &q.model {
        Some(name) => catalogue::lookup(name).map(|m| (0, m)).into_iter().collect(),
        None => (0..).zip(catalogue::all()).skip(from).take(limit).collect(),
    };
    let limit = if q.model.is_some() { i64::MAX } else { page.limit };
    Ok(Paged::of(&rows, limit, |(n, model)| (*n, &model.model), |(_, model)| Some((*model).into())))
}
