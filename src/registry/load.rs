//! The five files in the order of their references, so that each row is checked against those it names.
//!
//! A row in error still counts as known to the rows that name it: one mistake is told once.

use std::collections::HashMap;
use std::path::Path;

use chrono::NaiveDate;

use super::csv_file::{self, Folder, Row, Spec};
use super::phone::Home;
use super::{Progress, Registry, RowError, rows};
use crate::model::{DeviceKey, DeviceKind, PropertyId, UnitId};

/// The order in which mistakes are told.
const FILES: [&str; 5] =
    [rows::PROPERTIES.file, rows::UNITS.file, rows::TENANTS.file, rows::DEVICES.file, rows::HOUSEKEEPERS.file];

/// Reads all files; the registry, or everything that is wrong.
pub(super) fn load(dir: &Path, progress: &dyn Fn(Progress)) -> Result<Registry, Vec<RowError>> {
    let mut errors = Vec::new();
    if !dir.is_dir() {
        let reason = format!("{} is no folder", dir.display());
        return Err(vec![RowError { file: rows::PROPERTIES.file, line: 0, column: String::new(), reason }]);
    }
    let mut loader = Loader { folder: Folder { dir, progress }, errors: &mut errors, registry: Registry::default() };
    let properties = loader.properties();
    let units = loader.units(&properties);
    loader.tenants(&properties, &units);
    loader.devices(&units);
    loader.housekeepers(&properties);
    let registry = loader.registry;
    errors.sort_by_key(|e| (FILES.iter().position(|f| *f == e.file), e.line));
    if errors.is_empty() { Ok(registry) } else { Err(errors) }
}

/// The rows of a file that others may name.
struct Known<K, V> {
    rows: HashMap<K, V>,
    /// Whether the file could be read to its end; if not, nothing is said of rows that are not found.
    whole: bool,
}

/// Properties by id, with the country of their people's phones.
type Properties = Known<PropertyId, Home>;

/// Units by id; `None` when the unit's property is in error.
type Units = Known<UnitId, Option<PropertyId>>;

struct Loader<'a> {
    folder: Folder<'a>,
    errors: &'a mut Vec<RowError>,
    registry: Registry,
}

impl Loader<'_> {
    fn properties(&mut self) -> Properties {
        let mut found = HashMap::new();
        let mut lines = Lines::default();
        let kept = &mut self.registry.properties;
        let whole = csv_file::read(&self.folder, &rows::PROPERTIES, self.errors, |row| {
            let id = lines.own_id(row, "id");
            let home = rows::home(row);
            kept.extend(rows::property(row, id, home));
            found.extend(id.map(|id| (id.into(), home)));
        });
        Known { rows: found, whole }
    }

    fn units(&mut self, properties: &Properties) -> Units {
        let mut found = HashMap::new();
        let mut lines = Lines::default();
        let kept = &mut self.registry.units;
        let whole = csv_file::read(&self.folder, &rows::UNITS, self.errors, |row| {
            let id = lines.own_id(row, "id");
            let property = reference(row, "property_id", "property", &rows::PROPERTIES, properties).map(|(id, _)| id);
            kept.extend(rows::unit(row, id, property));
            found.extend(id.map(|id| (id.into(), property.cloned())));
        });
        Known { rows: found, whole }
    }

    fn tenants(&mut self, properties: &Properties, units: &Units) {
        let mut lines = Lines::default();
        let mut leases = Vec::new();
        let kept = &mut self.registry.tenants;
        csv_file::read(&self.folder, &rows::TENANTS, self.errors, |row| {
            let id = lines.own_id(row, "id");
            let unit = reference(row, "unit_id", "unit", &rows::UNITS, units);
            let property = unit.and_then(|(_, property)| property.as_ref());
            let home = property.and_then(|p| properties.rows.get(p)).copied().unwrap_or(Home::InError);
            let tenant = rows::tenant(row, id, unit.map(|(id, _)| id.as_str()), home);
            leases.extend(tenant.as_ref().map(|t| (t.unit_id.clone(), t.from, t.to, row.line)));
            kept.extend(tenant);
        });
        self.registry.remarks.extend(overlaps(leases));
    }

    fn devices(&mut self, units: &Units) {
        let mut known: HashMap<DeviceKey, Option<DeviceKind>> = HashMap::new();
        let mut lines = Lines::default();
        let mut named = Vec::new();
        let kept = &mut self.registry.devices;
        csv_file::read(&self.folder, &rows::DEVICES, self.errors, |row| {
            let key = lines.own_id(row, "key");
            let kind = rows::kind(row);
            let unit = reference(row, "unit_id", "unit", &rows::UNITS, units);
            let unit = unit.and_then(|(id, property)| property.as_ref().map(|p| (id, p)));
            kept.extend(rows::device(row, key, unit, kind));
            known.extend(key.map(|key| (key.into(), kind)));
            named.extend(Named::of(row));
        });
        let wrong = named.iter().flat_map(|named| named.problems(&known, units)).collect::<Vec<_>>();
        self.errors.extend(wrong);
    }

    fn housekeepers(&mut self, properties: &Properties) {
        let mut lines = Lines::default();
        let kept = &mut self.registry.housekeepers;
        csv_file::read(&self.folder, &rows::HOUSEKEEPERS, self.errors, |row| {
            let id = lines.own_id(row, "id");
            let served = served(row, properties);
            let first = served.as_ref().and_then(|s| s.first()).and_then(|id| properties.rows.get(id));
            let home = first.copied().unwrap_or(Home::InError);
            kept.extend(rows::housekeeper(row, id, served, home));
        });
    }
}

/// A lease: unit, first day, last day, line.
type Lease = (UnitId, NaiveDate, Option<NaiveDate>, u64);

/// Leases of one unit that share more than the day on which one moves out and the next one in. Two may live there; but who
/// is told of water, and paid for a battery, is the tenant of the day, and that is one.
fn overlaps(mut leases: Vec<Lease>) -> Vec<RowError> {
    leases.sort();
    let mut remarks = Vec::new();
    for of_unit in leases.chunk_by(|a, b| a.0 == b.0) {
        let mut longest = &of_unit[0];
        for lease in &of_unit[1..] {
            let (_, from, to, line) = longest;
            if to.is_none_or(|to| lease.1 < to) {
                let until = to.map_or("without an end".to_owned(), |to| format!("to {to}"));
                let reason = format!(
                    "the unit is let by line {line} then ({from} {until}); only whoever's lease began last is written to and paid"
                );
                remarks.push(RowError { file: rows::TENANTS.file, line: lease.3, column: "from".to_owned(), reason });
            }
            if to.is_some_and(|to| lease.2.is_none_or(|end| end > to)) {
                longest = lease;
            }
        }
    }
    remarks
}

/// The properties that a housekeeper serves; at least one, all known.
fn served(row: &mut Row<'_>, properties: &Properties) -> Option<Vec<PropertyId>> {
    let served: Vec<PropertyId> = rows::list(row.needed("properties")?).map(PropertyId::from).collect();
    let unknown: Vec<_> = served.iter().filter(|id| !properties.rows.contains_key(id.as_str())).collect();
    for id in unknown.iter().filter(|_| properties.whole) {
        row.report("properties", not_in("property", id.as_str(), &rows::PROPERTIES));
    }
    if served.is_empty() {
        row.report("properties", "is empty");
    }
    (unknown.is_empty() && !served.is_empty()).then_some(served)
}

/// Which line each id of a file stands on.
#[derive(Default)]
struct Lines(HashMap<Box<str>, u64>);

impl Lines {
    /// The row's own id, unless another row has it already.
    fn own_id<'r>(&mut self, row: &mut Row<'r>, column: &'static str) -> Option<&'r str> {
        let id = row.id(column)?;
        if let Some(line) = self.0.get(id) {
            row.report(column, format!("\"{id}\" stands on line {line} already"));
            return None;
        }
        self.0.insert(id.into(), row.line);
        Some(id)
    }
}

/// The row of another file that a cell names.
fn reference<'k, K, V>(
    row: &mut Row<'_>,
    column: &'static str,
    what: &str,
    of: &Spec,
    known: &'k Known<K, V>,
) -> Option<(&'k K, &'k V)>
where
    K: for<'t> From<&'t str> + std::hash::Hash + Eq,
{
    let id = row.id(column)?;
    let found = known.rows.get_key_value(&K::from(id));
    if found.is_none() && known.whole {
        row.report(column, not_in(what, id, of));
    }
    found
}

fn not_in(what: &str, id: &str, of: &Spec) -> String {
    format!("no {what} \"{id}\" in {}", of.file)
}

/// What a device names that may stand further down in the same file.
struct Named {
    line: u64,
    gateway: Option<DeviceKey>,
    valve_for: Option<String>,
}

impl Named {
    fn of(row: &mut Row<'_>) -> Option<Self> {
        let quiet = |cell: Option<&str>| cell.filter(|text| !text.is_empty()).map(str::to_owned);
        let gateway = quiet(row.peek("gateway")).map(DeviceKey);
        let valve_for = quiet(row.peek("valve_for"));
        (gateway.is_some() || valve_for.is_some()).then_some(Self { line: row.line, gateway, valve_for })
    }

    fn problems(&self, devices: &HashMap<DeviceKey, Option<DeviceKind>>, units: &Units) -> Vec<RowError> {
        let gateway = self.gateway.as_ref().and_then(|key| match devices.get(key) {
            None => Some(("gateway", not_in("device", key.as_str(), &rows::DEVICES))),
            Some(Some(kind)) if *kind != DeviceKind::Gateway => {
                Some(("gateway", format!("\"{key}\" is a {}, no gateway", kind.as_str())))
            }
            Some(_) => None,
        });
        let known = |name: &String| {
            units.rows.contains_key(&UnitId::from(name.as_str()))
                || devices.contains_key(&DeviceKey::from(name.as_str()))
        };
        let valve = self.valve_for.as_ref().filter(|name| units.whole && !known(name));
        let valve = valve.map(|name| ("valve_for", format!("no unit or device \"{name}\"")));
        let error = |(column, reason): (&str, String)| RowError {
            file: rows::DEVICES.file,
            line: self.line,
            column: column.to_owned(),
            reason,
        };
        gateway.into_iter().chain(valve).map(error).collect()
    }
}
