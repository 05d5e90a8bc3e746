//! What the cells of each file mean, one row at a time. References to other rows are given in; see `load`.

use std::str::FromStr;

use chrono::NaiveDate;
use phonenumber::country::Id as Country;

use super::csv_file::{Row, Spec};
use super::phone::{self, Home};
use super::{HousekeeperRow, PropertyRow, UnitRow};
use crate::catalogue::{CELLS_MAX, Cells, Chemistry};
use crate::config::suggest;
use crate::decide::detect::sample;
use crate::model::{
    Consent, Device, DeviceKey, DeviceKind, E164, Housekeeper, Locale, Location, Property, PropertyId, SKILLS, Shift,
    Tenant, Unit, UnitId,
};

/// How alike (Damerau-Levenshtein, 0–1) a time zone's name must be to be the one that was meant.
const SLIP_ALIKE_MIN: f64 = 0.8;

pub(super) const PROPERTIES: Spec = Spec {
    file: "properties.csv",
    needed: true,
    columns: &["id", "region", "name", "timezone", "locale", "manager_phone"],
    optional: &["country", "address", "lat", "lon"],
};

pub(super) const UNITS: Spec = Spec {
    file: "units.csv",
    needed: true,
    columns: &["id", "property_id", "name", "floor"],
    optional: &["stack", "entry_note"],
};

pub(super) const TENANTS: Spec = Spec {
    file: "tenants.csv",
    needed: false,
    columns: &["id", "unit_id", "name", "phone", "locale", "from", "to"],
    optional: &["consent"],
};

pub(super) const DEVICES: Spec = Spec {
    file: "devices.csv",
    needed: true,
    columns: &["key", "unit_id", "kind", "name", "model", "valve_for"],
    optional: &["chemistry", "cells", "gateway"],
};

pub(super) const HOUSEKEEPERS: Spec = Spec {
    file: "housekeepers.csv",
    needed: false,
    columns: &["id", "name", "phone", "locale", "properties", "skills", "shift"],
    optional: &["lat", "lon"],
};

/// The country of a property's row, for the numbers of everybody there.
pub(super) fn home(row: &mut Row<'_>) -> Home {
    let parse = |text: &str| Country::from_str(text).map_err(|_| format!("\"{text}\" is no ISO 3166 code, e.g. CN"));
    match row.parse_maybe("country", parse) {
        Some(Some(country)) => Home::Country(country),
        Some(None) if !row.muted => Home::Unsaid,
        _ => Home::InError,
    }
}

pub(super) fn property(row: &mut Row<'_>, id: Option<&str>, home: Home) -> Option<PropertyRow> {
    let region = row.needed("region");
    let name = row.needed("name");
    let timezone = row.parse("timezone", timezone);
    let locale = row.parse("locale", locale);
    let manager_phone = phone_of(row, "manager_phone", home);
    let country = match home {
        Home::Country(country) => Some(Some(country.as_ref().to_owned())),
        Home::Unsaid => Some(None),
        Home::InError => None,
    };
    let address = row.maybe("address");
    let location = location(row);
    let property = Property {
        id: id?.into(),
        region: region?.to_owned(),
        name: name?.to_owned(),
        timezone: timezone?,
        locale: locale?,
        manager_phone: manager_phone?,
    };
    Some(PropertyRow { property, country: country?, address: address?, location: location? })
}

pub(super) fn unit(row: &mut Row<'_>, id: Option<&str>, property: Option<&PropertyId>) -> Option<UnitRow> {
    let name = row.needed("name");
    let floor = row.parse_maybe("floor", |text| {
        text.parse::<i32>().map_err(|_| format!("\"{text}\" is no floor; a whole number expected, e.g. 3, 0 or -1"))
    });
    let stack = row.maybe("stack");
    let entry_note = row.maybe("entry_note");
    let unit =
        Unit { id: id?.into(), property_id: property?.clone(), name: name?.to_owned(), floor: floor?, stack: stack? };
    Some(UnitRow { unit, entry_note: entry_note? })
}

pub(super) fn tenant(row: &mut Row<'_>, id: Option<&str>, unit: Option<&str>, home: Home) -> Option<Tenant> {
    let name = row.needed("name");
    let phone = phone_of(row, "phone", home);
    let locale = row.parse("locale", locale);
    let from = row.parse("from", date);
    let to = row.parse_maybe("to", date);
    if let (Some(from), Some(Some(to))) = (from, to)
        && to < from
    {
        row.report("to", "is before from");
    }
    let consent = row.text("consent").and_then(|list| match Consent::parse(list) {
        Ok(consent) => Some(consent),
        Err(word) => {
            row.report("consent", unknown("purpose", &word, &["safety", "reminder", "reward", "survey"]));
            None
        }
    });
    Some(Tenant {
        id: id?.into(),
        unit_id: unit?.into(),
        name: name?.to_owned(),
        phone: phone?,
        locale: locale?,
        from: from?,
        to: to?,
        consent: consent?,
    })
}

pub(super) fn device(
    row: &mut Row<'_>,
    key: Option<&str>,
    unit: Option<(&UnitId, &PropertyId)>,
    kind: Option<DeviceKind>,
) -> Option<Device> {
    let name = row.needed("name");
    let model = row.maybe("model");
    let valve_for = row.maybe("valve_for");
    if let (Some(kind), Some(Some(_))) = (kind, &valve_for)
        && kind != DeviceKind::Valve
    {
        row.report("valve_for", format!("belongs to a valve; this is a {}", kind.as_str()));
    }
    let chemistry = row.parse_maybe("chemistry", chemistry);
    let cells = row.parse_maybe("cells", cells);
    let gateway = row.maybe("gateway");
    let (unit_id, property_id) = unit?;
    Some(Device {
        key: key?.into(),
        unit_id: unit_id.clone(),
        property_id: property_id.clone(),
        kind: kind?,
        name: name?.to_owned(),
        model: model?,
        valve_for: valve_for?,
        chemistry: chemistry?,
        cells: cells?,
        gateway: gateway?.map(DeviceKey),
    })
}

/// A chemistry as people write it; which lithium it is, the cells may tell.
pub fn chemistry(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case("lithium")
        || Chemistry::parse(text).is_some()
        || sample::Chemistry::parse(text).is_some()
    {
        return Ok(text.to_owned());
    }
    let words = Chemistry::ALL.map(Chemistry::as_str);
    Err(format!("{}; or leave it empty", unknown("chemistry", text, &words)))
}

/// Cells as people write them, shown as they are where they are not understood; but their number is one.
pub fn cells(text: &str) -> Result<String, String> {
    let is_number =
        text.parse::<f64>().is_ok() && Cells::parse(text).is_none() && sample::Chemistry::parse(text).is_none();
    let counted = !is_number || text.parse().is_ok_and(|n: u8| (1..=CELLS_MAX).contains(&n));
    if counted && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is no number of cells; 1 to {CELLS_MAX}, and which, e.g. 4 AA"))
}

pub(super) fn kind(row: &mut Row<'_>) -> Option<DeviceKind> {
    let words = DeviceKind::ALL.map(DeviceKind::as_str);
    row.parse("kind", |text| DeviceKind::parse(text).ok_or_else(|| unknown("kind", text, &words)))
}

pub(super) fn housekeeper(
    row: &mut Row<'_>,
    id: Option<&str>,
    properties: Option<Vec<PropertyId>>,
    home: Home,
) -> Option<HousekeeperRow> {
    let name = row.needed("name");
    let phone = phone_of(row, "phone", home);
    let locale = row.parse("locale", locale);
    let skills = row.text("skills").and_then(|list| skills(row, list));
    let shift_text = row.needed("shift");
    let shift = shift_text.and_then(|text| Shift::parse(text).map_err(|reason| row.report("shift", reason)).ok());
    let location = location(row);
    let housekeeper = Housekeeper {
        id: id?.into(),
        name: name?.to_owned(),
        phone: phone?,
        locale: locale?,
        properties: properties?,
        skills: skills?,
        shift: shift?,
    };
    Some(HousekeeperRow { housekeeper, shift: shift_text?.to_owned(), location: location? })
}

/// The parts of a list.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

fn skills(row: &mut Row<'_>, text: &str) -> Option<Vec<String>> {
    let mut known = true;
    for word in list(text).filter(|word| !SKILLS.contains(word)) {
        row.report("skills", unknown("skill", word, &SKILLS));
        known = false;
    }
    known.then(|| list(text).map(str::to_owned).collect())
}

/// `Some(None)` when neither is given; an error when only one is.
fn location(row: &mut Row<'_>) -> Option<Option<Location>> {
    let lat = row.parse_maybe("lat", |text| degrees(text, 90.0));
    let lon = row.parse_maybe("lon", |text| degrees(text, 180.0));
    match (lat?, lon?) {
        (Some(lat), Some(lon)) => Some(Some(Location { lat, lon })),
        (None, None) => Some(None),
        (lat, _) => {
            row.report(if lat.is_none() { "lat" } else { "lon" }, "is empty; lat and lon go together");
            None
        }
    }
}

fn degrees(text: &str, most: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| (-most..=most).contains(n));
    number.ok_or_else(|| format!("\"{text}\" is no number of degrees from -{most} to {most}"))
}

fn phone_of(row: &mut Row<'_>, column: &'static str, home: Home) -> Option<E164> {
    row.parse(column, |text| phone::read(text, home)).flatten()
}

fn timezone(text: &str) -> Result<chrono_tz::Tz, String> {
    // A slip of the pen is put right; of another city's name the one most like it would be a wrong zone.
    let likeness = |name: &&str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &text.to_lowercase());
    let mend = || {
        let names = chrono_tz::TZ_VARIANTS.map(chrono_tz::Tz::name);
        let near = names.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        match near.filter(|name| likeness(name) >= SLIP_ALIKE_MIN) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => {
                "expected a name of its list, e.g. \"Asia/Shanghai\" for all of China or \"Europe/Berlin\"".to_owned()
            }
        }
    };
    text.parse().map_err(|_| format!("\"{text}\" is no IANA time zone; {}", mend()))
}

fn locale(text: &str) -> Result<Locale, String> {
    Locale::parse(text).ok_or_else(|| unknown("locale", text, &["zh-CN", "en"]))
}

fn date(text: &str) -> Result<NaiveDate, String> {
    let strict = text.len() == 10;
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| strict);
    date.ok_or_else(|| format!("\"{text}\" is no date; expected e.g. 2026-01-31"))
}

fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    format!("unknown {what} \"{word}\"; {}", suggest(word, known))
}
