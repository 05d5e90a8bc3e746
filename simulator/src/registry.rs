//! The building as the five registry files that an operator would import. Writes text only; touches no disk.

use crate::calendar;
use crate::device::{Device, DeviceKind};
use crate::site::Site;

/// The five files, parents before children.
pub(crate) fn files(site: &Site, devices: &[Device]) -> Vec<(String, String)> {
    vec![
        ("properties.csv".to_owned(), properties(site)),
        ("units.csv".to_owned(), units(site)),
        ("tenants.csv".to_owned(), tenants(site)),
        ("devices.csv".to_owned(), device_rows(site, devices)),
        ("housekeepers.csv".to_owned(), housekeepers(site)),
    ]
}

fn table(header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn properties(site: &Site) -> String {
    let row = [
        &site.property_id,
        "east",
        "Oak Court, 橡树公寓",
        calendar::ZONE,
        "zh-CN",
        &site.manager_phone,
        "CN",
        "88 Oak Road, Shanghai",
    ];
    let header = "id,region,name,timezone,locale,manager_phone,country,address";
    table(header, std::iter::once(row.map(str::to_owned).to_vec()))
}

fn units(site: &Site) -> String {
    let all = site.apartments.iter().chain(&site.corridors);
    let row = |u: &crate::site::Unit| {
        vec![u.id.clone(), site.property_id.clone(), u.name.clone(), u.floor.to_string(), u.stack.clone()]
    };
    table("id,property_id,name,floor,stack", all.map(row))
}

fn tenants(site: &Site) -> String {
    let row = |t: &crate::site::Tenant| {
        let unit = site.apartments[t.unit].id.clone();
        let to = t.to.map(|day| day.to_string()).unwrap_or_default();
        vec![t.id.clone(), unit, t.name.clone(), t.phone.clone(), t.locale.word().to_owned(), t.from.to_string(), to]
    };
    table("id,unit_id,name,phone,locale,from,to", site.tenants.iter().map(row))
}

fn device_rows(site: &Site, devices: &[Device]) -> String {
    let row = |d: &Device| {
        let unit = if d.kind == DeviceKind::Gateway { &site.corridors[d.place] } else { &site.apartments[d.place] };
        let chemistry = d.battery.as_ref().map_or("", |b| b.chemistry.word());
        let cells = d.battery.as_ref().map(|b| format!("{} {}", b.cells, b.chemistry.cell())).unwrap_or_default();
        let gateway = d.gateway.map(|g| devices[g].key.clone()).unwrap_or_default();
        vec![
            d.key.clone(),
            unit.id.clone(),
            d.kind.word().to_owned(),
            d.name.clone(),
            d.model.clone(),
            String::new(),
            chemistry.to_owned(),
            cells,
            gateway,
        ]
    };
    table("key,unit_id,kind,name,model,valve_for,chemistry,cells,gateway", devices.iter().map(row))
}

fn housekeepers(site: &Site) -> String {
    let row = |h: &crate::site::Housekeeper| {
        [&h.id, &h.name, &h.phone, h.locale.word(), &site.property_id, h.skills, h.shift()].map(str::to_owned).to_vec()
    };
    table("id,name,phone,locale,properties,skills,shift", site.housekeepers.iter().map(row))
}
