//! Loading what a batch needs in order to be decided.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, LOCK, ROWS_MAX, Row, at, bad, push_list};
use crate::decide::desk::{Behind, Paid, Place};
use crate::model::*;
use crate::store::{StateRow, StoreError, TicketScope};

/// States of these devices, locked; devices without one are left out.
pub async fn states(conn: &mut Conn, keys: &[&str]) -> Result<Vec<StateRow>, StoreError> {
    let mut out = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("SELECT key, seen_at, due_at, state FROM device_states WHERE key IN ");
        push_list(&mut query, chunk.iter().copied());
        query.push(" ORDER BY key").push(LOCK);
        for row in query.build().fetch_all(&mut *conn).await? {
            out.push(state_row(&row)?);
        }
    }
    Ok(out)
}

/// States of devices that had none, made and locked, so that of two processes that hear a device for the first time the
/// second sees what the first made of it. SQLite has one writer, and nothing to lock.
pub async fn first_states(conn: &mut Conn, keys: &[&str]) -> Result<Vec<StateRow>, StoreError> {
    if LOCK.is_empty() {
        return Ok(Vec::new());
    }
    for chunk in keys.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO device_states (key, seen_at, state) ");
        query.push_values(chunk, |mut row, key| {
            row.push_bind((*key).to_owned()).push_bind(0_i64).push_bind("{}");
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    states(conn, keys).await
}

fn state_row(row: &Row) -> Result<StateRow, StoreError> {
    Ok(StateRow {
        key: DeviceKey(row.try_get(0)?),
        seen_at: at(row.try_get(1)?),
        due_at: row.try_get::<Option<i64>, _>(2)?.map(at),
        state: row.try_get(3)?,
    })
}

/// The columns of a device, as [`device_row`] reads them. A model that the operator did not give is the announced one.
pub const DEVICE_COLUMNS: &str = "d.key, d.unit_id, d.property_id, d.kind, d.name, \
     COALESCE(d.model, (SELECT da.model FROM device_about da WHERE da.key = d.key)), \
     d.valve_for, d.chemistry, d.cells, d.gateway";

/// Registered devices of these keys.
pub async fn devices(conn: &mut Conn, keys: &[&str]) -> Result<HashMap<DeviceKey, Device>, StoreError> {
    let mut out = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("SELECT ");
        query.push(DEVICE_COLUMNS).push(" FROM devices d WHERE d.key IN ");
        push_list(&mut query, chunk.iter().copied());
        for row in query.build().fetch_all(&mut *conn).await? {
            let device = device_row(&row)?;
            out.insert(device.key.clone(), device);
        }
    }
    Ok(out)
}

/// Reads [`DEVICE_COLUMNS`].
pub fn device_row(row: &Row) -> Result<Device, StoreError> {
    let key: String = row.try_get(0)?;
    let kind: String = row.try_get(3)?;
    Ok(Device {
        unit_id: UnitId(row.try_get(1)?),
        property_id: PropertyId(row.try_get(2)?),
        kind: DeviceKind::parse(&kind).ok_or_else(|| bad("devices", &key, format!("kind {kind}")))?,
        name: row.try_get(4)?,
        model: row.try_get(5)?,
        valve_for: row.try_get(6)?,
        chemistry: row.try_get(7)?,
        cells: row.try_get(8)?,
        gateway: row.try_get::<Option<String>, _>(9)?.map(DeviceKey),
        key: DeviceKey(key),
    })
}

/// The first property by id: of a hub, the only one.
pub async fn first_property(conn: &mut Conn) -> Result<Option<PropertyId>, StoreError> {
    let id = sqlx::query_scalar("SELECT id FROM properties ORDER BY id LIMIT 1").fetch_optional(conn).await?;
    Ok(id.map(PropertyId))
}

/// The newest time of anything that was stored.
pub async fn newest_at(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(at) FROM (SELECT MAX(seen_at) AS at FROM device_states UNION ALL SELECT MAX(at) FROM ticket_events \
         UNION ALL SELECT MAX(created_at) FROM messages) AS times",
    )
    .fetch_one(conn)
    .await?;
    Ok(newest.map(at))
}

/// Properties with their housekeepers. Locked: what is decided about one property is decided one batch after another.
pub async fn places(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<PropertyId, Place>, StoreError> {
    places_under(conn, ids, LOCK).await
}

/// The same, only to be looked at.
pub async fn places_seen(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<PropertyId, Place>, StoreError> {
    places_under(conn, ids, "").await
}

async fn places_under(conn: &mut Conn, ids: &[&str], lock: &str) -> Result<HashMap<PropertyId, Place>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT id, region, name, timezone, locale, manager_phone, lat, lon FROM properties WHERE id IN ",
    );
    push_list(&mut query, ids.iter().copied());
    query.push(" ORDER BY id").push(lock);
    let mut out = HashMap::with_capacity(ids.len());
    for row in query.build().fetch_all(&mut *conn).await? {
        let property = property_row(&row)?;
        let location = location(&row, 6)?;
        out.insert(property.id.clone(), Place { property, location, housekeepers: Vec::new() });
    }
    let mut query = QueryBuilder::<Db>::new(
        "SELECT hp.property_id, h.id, h.name, h.phone, h.locale, h.skills, h.shift \
         FROM housekeeper_properties hp JOIN housekeepers h ON h.id = hp.housekeeper_id WHERE hp.property_id IN ",
    );
    push_list(&mut query, ids.iter().copied());
    query.push(" ORDER BY h.id");
    for row in query.build().fetch_all(&mut *conn).await? {
        let property = PropertyId(row.try_get(0)?);
        if let Some(place) = out.get_mut(&property) {
            place.housekeepers.push(housekeeper_row(&row, property)?);
        }
    }
    Ok(out)
}

fn property_row(row: &Row) -> Result<Property, StoreError> {
    let id: String = row.try_get(0)?;
    let zone: String = row.try_get(3)?;
    Ok(Property {
        region: row.try_get(1)?,
        name: row.try_get(2)?,
        timezone: zone.parse().map_err(|_| bad("properties", &id, format!("timezone {zone}")))?,
        locale: locale(row, 4, "properties", &id)?,
        manager_phone: phone(row, 5, "properties", &id)?,
        id: PropertyId(id),
    })
}

fn housekeeper_row(row: &Row, property: PropertyId) -> Result<Housekeeper, StoreError> {
    let id: String = row.try_get(1)?;
    let skills: String = row.try_get(5)?;
    let shift: String = row.try_get(6)?;
    Ok(Housekeeper {
        name: row.try_get(2)?,
        phone: phone(row, 3, "housekeepers", &id)?,
        locale: locale(row, 4, "housekeepers", &id)?,
        properties: vec![property],
        skills: skills.split(';').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
        shift: Shift::parse(&shift).map_err(|e| bad("housekeepers", &id, e))?,
        id: HousekeeperId(id),
    })
}

/// Latitude and longitude in a column and the next one.
pub fn location(row: &Row, column: usize) -> Result<Option<Location>, StoreError> {
    let degrees = |column: usize| row.try_get::<Option<f64>, _>(column);
    Ok(degrees(column)?.zip(degrees(column + 1)?).map(|(lat, lon)| Location { lat, lon }))
}

fn phone(row: &Row, column: usize, table: &'static str, id: &str) -> Result<E164, StoreError> {
    let text: String = row.try_get(column)?;
    E164::parse(&text).ok_or_else(|| bad(table, id, "phone number"))
}

fn locale(row: &Row, column: usize, table: &'static str, id: &str) -> Result<Locale, StoreError> {
    let text: String = row.try_get(column)?;
    Locale::parse(&text).ok_or_else(|| bad(table, id, format!("locale {text}")))
}

/// Units of these ids.
pub async fn units(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<UnitId, Unit>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT id, property_id, name, floor, stack FROM units WHERE id IN ");
    push_list(&mut query, ids.iter().copied());
    let mut out = HashMap::with_capacity(ids.len());
    for row in query.build().fetch_all(&mut *conn).await? {
        let unit = Unit {
            id: UnitId(row.try_get(0)?),
            property_id: PropertyId(row.try_get(1)?),
            name: row.try_get(2)?,
            floor: row.try_get::<Option<i64>, _>(3)?.and_then(|f| i32::try_from(f).ok()),
            stack: row.try_get(4)?,
        };
        out.insert(unit.id.clone(), unit);
    }
    Ok(out)
}

/// Tenancies of these units, the latest first.
pub async fn tenants(conn: &mut Conn, units: &[&str]) -> Result<HashMap<UnitId, Vec<Tenant>>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT id, unit_id, name, phone, locale, from_day, to_day, consent FROM tenants WHERE unit_id IN ",
    );
    push_list(&mut query, units.iter().copied());
    query.push(" ORDER BY from_day DESC, id");
    let mut out: HashMap<UnitId, Vec<Tenant>> = HashMap::new();
    for row in query.build().fetch_all(&mut *conn).await? {
        let tenant = tenant_row(&row)?;
        out.entry(tenant.unit_id.clone()).or_default().push(tenant);
    }
    Ok(out)
}

/// Reads a tenancy from the first eight columns.
pub fn tenant_row(row: &Row) -> Result<Tenant, StoreError> {
    let id: String = row.try_get(0)?;
    let day = |text: String| text.parse().map_err(|_| bad("tenants", &id, format!("date {text}")));
    let consent: String = row.try_get(7)?;
    Ok(Tenant {
        unit_id: UnitId(row.try_get(1)?),
        name: row.try_get(2)?,
        phone: phone(row, 3, "tenants", &id)?,
        locale: locale(row, 4, "tenants", &id)?,
        from: day(row.try_get(5)?)?,
        to: row.try_get::<Option<String>, _>(6)?.map(day).transpose()?,
        consent: Consent::parse(&consent).map_err(|word| bad("tenants", &id, format!("consent {word}")))?,
        id: TenantId(id),
    })
}

/// Tickets of the scope that are not over; those that are named, in any state.
pub async fn tickets(conn: &mut Conn, scope: &TicketScope<'_>) -> Result<BTreeMap<TicketId, Ticket>, StoreError> {
    const LIVE: &str = " AND t.status NOT IN ('closed', 'cancelled')";
    let mut out = BTreeMap::new();
    let wheres = [
        ("SELECT t.id, t.body FROM tickets t WHERE t.id IN ", &scope.ids, ""),
        (
            "SELECT t.id, t.body FROM ticket_devices td JOIN tickets t ON t.id = td.ticket_id WHERE td.device_key IN ",
            &scope.devices,
            LIVE,
        ),
        ("SELECT t.id, t.body FROM tickets t WHERE t.kind = 'leak' AND t.property_id IN ", &scope.leaks_of, LIVE),
    ];
    for (select, items, rest) in wheres {
        for chunk in items.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::<Db>::new(select);
            push_list(&mut query, chunk.iter().copied());
            query.push(rest);
            for row in query.build().fetch_all(&mut *conn).await? {
                let ticket = ticket_row(&row)?;
                out.insert(ticket.id.clone(), ticket);
            }
        }
    }
    Ok(out)
}

/// Reads `id, body`.
pub fn ticket_row(row: &Row) -> Result<Ticket, StoreError> {
    let id: String = row.try_get(0)?;
    let body: String = row.try_get(1)?;
    serde_json::from_str(&body).map_err(|e| bad("tickets", &id, e))
}

/// How many routine and urgent messages each recipient was sent since an instant.
pub async fn contacts(
    conn: &mut Conn,
    recipients: &[String],
    since: Timestamp,
) -> Result<HashMap<String, u32>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT recipient, COUNT(*) FROM messages WHERE severity <> 'emergency' AND created_at > ",
    );
    query.push_bind(since.0).push(" AND recipient IN ");
    push_list(&mut query, recipients.iter().map(String::as_str));
    query.push(" GROUP BY recipient");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, u32::try_from(row.try_get::<i64, _>(1)?).unwrap_or(u32::MAX)))).collect()
}

/// Which of these numbers have said STOP.
pub async fn stopped(conn: &mut Conn, phones: &[&str]) -> Result<HashSet<E164>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT phone FROM opt_outs WHERE stopped AND phone IN ");
    push_list(&mut query, phones.iter().copied());
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| phone(row, 0, "opt_outs", "")).collect()
}

/// Rewards since an instant, to these tenants or for these devices.
pub async fn paid(
    conn: &mut Conn,
    tenants: &[&str],
    devices: &[&str],
    since: Timestamp,
) -> Result<Vec<Paid>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT tenant_id, device_key, at, amount_minor FROM ledger_entries WHERE reason LIKE 'reward%' AND at > ",
    );
    query.push_bind(since.0).push(" AND (tenant_id IN ");
    push_list(&mut query, tenants.iter().copied());
    query.push(" OR device_key IN ");
    push_list(&mut query, devices.iter().copied());
    query.push(")");
    let rows = query.build().fetch_all(&mut *conn).await?;
    let paid = |row: &Row| {
        Ok(Paid {
            tenant_id: TenantId(row.try_get(0)?),
            device_key: row.try_get::<Option<String>, _>(1)?.map(DeviceKey),
            at: at(row.try_get(2)?),
            amount_minor: row.try_get(3)?,
        })
    };
    rows.iter().map(paid).collect()
}

/// The most devices behind one gateway that are looked at.
const BEHIND_MAX: i64 = 1_000;

/// Devices behind these gateways that have ever spoken.
pub async fn behind(conn: &mut Conn, gateways: &[&str]) -> Result<HashMap<DeviceKey, Vec<Behind>>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT d.gateway, d.key, s.seen_at, s.due_at FROM devices d JOIN device_states s ON s.key = d.key WHERE d.gateway IN ",
    );
    push_list(&mut query, gateways.iter().copied());
    query.push(" ORDER BY d.key LIMIT ").push_bind(BEHIND_MAX);
    let mut out: HashMap<DeviceKey, Vec<Behind>> = HashMap::new();
    for row in query.build().fetch_all(&mut *conn).await? {
        let one = Behind {
            key: DeviceKey(row.try_get(1)?),
            seen_at: at(row.try_get(2)?),
            due_at: row.try_get::<Option<i64>, _>(3)?.map(at),
        };
        out.entry(DeviceKey(row.try_get(0)?)).or_default().push(one);
    }
    Ok(out)
}

/// States of the devices of these units.
pub async fn unit_states(conn: &mut Conn, units: &[&str]) -> Result<Vec<(UnitId, StateRow)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT s.key, s.seen_at, s.due_at, s.state, d.unit_id FROM devices d JOIN device_states s ON s.key = d.key \
         WHERE d.unit_id IN ",
    );
    push_list(&mut query, units.iter().copied());
    query.push(" ORDER BY s.key LIMIT ").push_bind(BEHIND_MAX);
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((UnitId(row.try_get(4)?), state_row(row)?))).collect()
}

/// Tickets that a person with this number may mean: not over, or over and asked about since then; the newest first, and
/// last requests of where they live on a day that nobody has written to them about.
pub async fn tickets_of_phone(
    conn: &mut Conn,
    phone: &str,
    asked_since: Timestamp,
    day: &str,
) -> Result<Vec<TicketId>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, MAX(latest) AS latest FROM (SELECT m.ticket_id AS id, m.created_at AS latest FROM messages m \
         JOIN tickets t ON t.id = m.ticket_id WHERE m.phone_to = $1 AND m.recipient LIKE 'tenant:%' \
         AND (t.status NOT IN ('closed', 'cancelled') OR (m.template = 'survey_tenant' AND m.created_at > $2)) \
         UNION ALL SELECT t.id, 0 FROM tenants n JOIN tickets t ON t.unit_id = n.unit_id WHERE n.phone = $1 \
         AND n.from_day <= $3 AND (n.to_day IS NULL OR n.to_day >= $3) AND t.kind = 'request' AND t.status NOT IN ('closed', 'cancelled')) AS theirs \
         GROUP BY id ORDER BY latest DESC, id LIMIT 10",
    )
    .bind(phone)
    .bind(asked_since.0)
    .bind(day)
    .fetch_all(&mut *conn)
    .await?;
    rows.iter().map(|row| Ok(TicketId(row.try_get(0)?))).collect()
}

/// Which properties these tickets belong to.
pub async fn properties_of_tickets(conn: &mut Conn, ids: &[&str]) -> Result<Vec<String>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT DISTINCT property_id FROM tickets WHERE id IN ");
    push_list(&mut query, ids.iter().copied());
    Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
}

/// How many devices have spoken without being registered, counted up to a limit.
pub async fn count_held(conn: &mut Conn, limit: i64) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM device_states s \
         WHERE NOT EXISTS (SELECT 1 FROM devices d WHERE d.key = s.key) LIMIT $1) AS held",
    );
    Ok(count.bind(limit).fetch_one(&mut *conn).await?)
}
