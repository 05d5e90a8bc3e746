//! A checked registry into the database: rows are inserted or replaced by their key; what is not named stays.

use super::{ImportSummary, Store, StoreError, Table};
use crate::model::Location;
use crate::model::{Device, Tenant};
use crate::registry::{HousekeeperRow, PropertyRow, Registry, UnitRow};

/// A row as text, column by column.
type Cells = Vec<Option<String>>;

impl Store {
    /// Stores a registry, all of it or nothing.
    pub async fn import(&self, registry: &Registry) -> Result<ImportSummary, StoreError> {
        let served: Vec<Cells> = registry.housekeepers.iter().flat_map(served).collect();
        let staff: Vec<&str> = registry.housekeepers.iter().map(|h| h.housekeeper.id.as_str()).collect();
        let mut tx = self.begin().await?;
        put(&mut tx, "properties", PROPERTIES, 1, registry.properties.iter().map(property)).await?;
        put(&mut tx, "units", UNITS, 1, registry.units.iter().map(unit)).await?;
        put(&mut tx, "tenants", TENANTS, 1, registry.tenants.iter().map(tenant)).await?;
        put(&mut tx, "devices", DEVICES, 1, registry.devices.iter().map(device)).await?;
        put(&mut tx, "housekeepers", HOUSEKEEPERS, 1, registry.housekeepers.iter().map(housekeeper)).await?;
        tx.forget_housekeepers(&staff).await?;
        put(&mut tx, "housekeeper_properties", SERVED, 2, served.into_iter()).await?;
        tx.look_at_registered().await?;
        tx.commit().await?;
        Ok(ImportSummary {
            properties: registry.properties.len(),
            units: registry.units.len(),
            tenants: registry.tenants.len(),
            devices: registry.devices.len(),
            housekeepers: registry.housekeepers.len(),
        })
    }
}

impl super::Tx {
    /// Takes one device into the registry, as an import would.
    pub async fn register(&mut self, one: &Device) -> Result<(), StoreError> {
        put(self, "devices", DEVICES, 1, std::iter::once(device(one))).await
    }
}

const PROPERTIES: &[&str] =
    &["id", "region", "name", "timezone", "locale", "manager_phone", "country", "address", "lat", "lon"];
const UNITS: &[&str] = &["id", "property_id", "name", "floor", "stack", "entry_note"];
const TENANTS: &[&str] = &["id", "unit_id", "name", "phone", "locale", "from_day", "to_day", "consent"];
const DEVICES: &[&str] =
    &["key", "unit_id", "property_id", "kind", "name", "model", "valve_for", "chemistry", "cells", "gateway"];
const HOUSEKEEPERS: &[&str] = &["id", "name", "phone", "locale", "skills", "shift", "lat", "lon"];
const SERVED: &[&str] = &["property_id", "housekeeper_id"];
/// Rows turned into text at once: a million devices must not stand in memory twice.
const ROWS_AT_ONCE: usize = 2_000;

async fn put(
    tx: &mut super::Tx,
    name: &'static str,
    columns: &'static [&'static str],
    keys: usize,
    mut rows: impl Iterator<Item = Cells>,
) -> Result<(), StoreError> {
    loop {
        let some: Vec<Cells> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(());
        }
        let table = Table { name, columns, integers: &["floor"], reals: &["lat", "lon"], keys, rows: &some };
        tx.put(&table).await?;
    }
}

fn text(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

fn place(location: Option<Location>) -> [Option<String>; 2] {
    [location.map(|l| l.lat.to_string()), location.map(|l| l.lon.to_string())]
}

fn property(row: &PropertyRow) -> Cells {
    let p = &row.property;
    let mut cells = vec![text(&p.id), text(&p.region), text(&p.name), text(p.timezone), text(p.locale.as_str())];
    cells.extend([text(p.manager_phone.as_str()), row.country.clone(), row.address.clone()]);
    cells.extend(place(row.location));
    cells
}

fn unit(row: &UnitRow) -> Cells {
    let u = &row.unit;
    vec![
        text(&u.id),
        text(&u.property_id),
        text(&u.name),
        u.floor.and_then(text),
        u.stack.clone(),
        row.entry_note.clone(),
    ]
}

fn tenant(t: &Tenant) -> Cells {
    let mut cells = vec![text(&t.id), text(&t.unit_id), text(&t.name), text(t.phone.as_str()), text(t.locale.as_str())];
    cells.extend([text(t.from), t.to.and_then(text), text(t.consent.to_list())]);
    cells
}

fn device(d: &Device) -> Cells {
    let mut cells = vec![text(&d.key), text(&d.unit_id), text(&d.property_id), text(d.kind.as_str()), text(&d.name)];
    cells.extend([d.model.clone(), d.valve_for.clone(), d.chemistry.clone(), d.cells.clone()]);
    cells.push(d.gateway.as_ref().and_then(text));
    cells
}

fn housekeeper(row: &HousekeeperRow) -> Cells {
    let h = &row.housekeeper;
    let mut cells = vec![text(&h.id), text(&h.name), text(h.phone.as_str()), text(h.locale.as_str())];
    cells.extend([text(h.skills.join(";")), text(&row.shift)]);
    cells.extend(place(row.location));
    cells
}

fn served(row: &HousekeeperRow) -> Vec<Cells> {
    let h = &row.housekeeper;
    h.properties.iter().map(|property| vec![text(property), text(&h.id)]).collect()
}
