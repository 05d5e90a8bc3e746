//! The three files of the catalogue, read into models. A slip in them is found by the tests, not by an operator.

use serde::Deserialize;

use super::{Battery, Cells, Change, Chemistry, Emergency, Gauge, Model, Reading, Way};
use crate::model::DeviceKind;

const MODELS: &str = include_str!("models.csv");
const LIBRARY: &str = include_str!("battery_notes.csv");
const FACTS: &str = include_str!("facts.toml");

/// Where every row of the library is from.
const LIBRARY_SOURCE: &str = "https://github.com/andrew-codechimp/HA-Battery-Notes/blob/main/library/library.json";

/// `facts.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    family: Vec<Family>,
}

/// Models of which the same is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    maker: String,
    kind: DeviceKind,
    models: Vec<Vec<String>>,
    battery: Option<BatteryFact>,
    gauge: Option<GaugeFact>,
    change: Option<ChangeFact>,
    emergency: Option<EmergencyFact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatteryFact {
    cells: String,
    chemistry: Option<Chemistry>,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GaugeFact {
    reads: String,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFact {
    en: String,
    zh: String,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmergencyFact {
    ways: Vec<Way>,
    sources: Vec<String>,
}

/// Every model: those of Zigbee2MQTT's list first, then those that Battery Notes' library and the facts add; where both
/// know a battery, the facts count.
pub(super) fn models() -> Vec<Model> {
    let mut models: Vec<Model> =
        csv::Reader::from_reader(MODELS.as_bytes()).records().map(|row| listed(&row.expect("a row of six"))).collect();
    for row in csv::Reader::from_reader(LIBRARY.as_bytes()).records() {
        from_library(&mut models, &row.expect("a row of five"));
    }
    let facts: Facts = toml::from_str(FACTS).expect("facts.toml is well formed");
    for family in &facts.family {
        for names in &family.models {
            let model = place(&mut models, family, names);
            learn(model, family);
        }
    }
    models
}

/// `maker,model,kind,names,cells`
fn from_library(models: &mut Vec<Model>, row: &csv::StringRecord) {
    let names = [&row[1]].into_iter().chain(row[3].split(';').filter(|name| !name.is_empty()));
    let kind = DeviceKind::parse(&row[2]).expect("a kind of the contract");
    let sources = vec![LIBRARY_SOURCE.to_owned()];
    let family = Family {
        maker: row[0].to_owned(),
        kind,
        models: vec![names.map(str::to_owned).collect()],
        battery: Some(BatteryFact { cells: row[4].to_owned(), chemistry: None, sources }),
        gauge: None,
        change: None,
        emergency: None,
    };
    learn(place(models, &family, &family.models[0]), &family);
}

/// `maker,model,kind,names,gauge,source`
fn listed(row: &csv::StringRecord) -> Model {
    let source = row[5].to_owned();
    let reading = (!row[4].is_empty()).then(|| reading(&row[4]));
    Model {
        maker: row[0].to_owned(),
        model: row[1].to_owned(),
        names: row[3].split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        kind: DeviceKind::parse(&row[2]).expect("a kind of the contract"),
        battery: None,
        gauge: reading.map(|reading| Gauge { reading, sources: vec![source.clone()] }),
        change: None,
        emergency: None,
        source: Some(source),
    }
}

/// The listed model that is meant, or a new one; with the names that the facts add.
fn place<'m>(models: &'m mut Vec<Model>, family: &Family, names: &[String]) -> &'m mut Model {
    let (model, others) = names.split_first().expect("a model has a name");
    let known = models.iter().position(|m| m.maker == family.maker && m.model == *model);
    let at = known.unwrap_or_else(|| {
        models.push(unlisted(family, model));
        models.len() - 1
    });
    let place = &mut models[at];
    assert!(place.kind == family.kind, "{model} is a {} in one file only", family.kind.as_str());
    let new = others.iter().filter(|name| !place.names.contains(name)).cloned().collect::<Vec<_>>();
    place.names.extend(new);
    place
}

fn unlisted(family: &Family, model: &str) -> Model {
    Model {
        maker: family.maker.clone(),
        model: model.to_owned(),
        names: Vec::new(),
        kind: family.kind,
        battery: None,
        gauge: None,
        change: None,
        emergency: None,
        source: None,
    }
}

fn learn(model: &mut Model, family: &Family) {
    if let Some(fact) = &family.battery {
        let cells = Cells::parse(&fact.cells).expect("cells of a known size");
        let chemistry = fact.chemistry.or(cells.size.chemistry());
        model.battery = Some(Battery { cells, chemistry, sources: fact.sources.clone() });
    }
    if let Some(fact) = &family.gauge {
        model.gauge = Some(Gauge { reading: reading(&fact.reads), sources: fact.sources.clone() });
    }
    if let Some(ChangeFact { en, zh, sources }) = &family.change {
        model.change = Some(Change { en: en.clone(), zh: zh.clone(), sources: sources.clone() });
    }
    if let Some(EmergencyFact { ways, sources }) = &family.emergency {
        model.emergency = Some(Emergency { ways: ways.clone(), sources: sources.clone() });
    }
}

/// `percent 0.5`, `voltage 2850-3000`, `flag`.
fn reading(text: &str) -> Reading {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "percent" => Reading::Percent { step: rest.parse().expect("a step in percent") },
        "voltage" => {
            let (empty, full) = rest.split_once('-').expect("two voltages");
            let mv = |text: &str| text.parse().expect("a voltage in mV");
            Reading::Voltage { empty_mv: mv(empty), full_mv: mv(full) }
        }
        other => {
            assert!(other == "flag", "a gauge reads percent, voltage or flag, not {other}");
            Reading::Flag
        }
    }
}
