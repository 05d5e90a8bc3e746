//! What the pages for phones show: jobs with their places, and photos.

use sqlx::{QueryBuilder, Row as _};

use super::facts::{location, tenant_row, ticket_row};
use super::{Conn, Db, Row, bad};
use crate::model::time::DAY;
use crate::model::{Millis, Photo, PropertyId, Recipient, Tenant, Ticket, TicketId, Timestamp};
use crate::store::{HomeRow, JobRow, StoreError};

/// Jobs that are looked at for one page.
const JOBS_MAX: i64 = 500;
/// Matters of one home that are looked at.
const MATTERS_MAX: i64 = 50;
/// Of the jobs that are over, only those that opened so lately are looked at.
const DONE_OPENED_MS: Millis = 60 * DAY;
/// So long a photo is kept, and shown.
const PHOTO_KEPT_MS: Millis = 365 * DAY;
/// Photos that are deleted at once.
const FORGOTTEN_MAX: i64 = 100;

/// Tickets that a housekeeper has, those that nobody has where they work, and what they had that was resolved since then.
/// Their own first, then water, then the oldest.
pub async fn jobs(conn: &mut Conn, housekeeper: &str, done_since: Timestamp) -> Result<Vec<JobRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT t.id, t.body, p.name, p.timezone, p.address, p.lat, p.lon, u.name, u.floor, u.entry_note FROM tickets t \
         JOIN properties p ON p.id = t.property_id LEFT JOIN units u ON u.id = t.unit_id \
         WHERE (t.status IN ('assigned', 'on_site') AND t.assignee = ",
    );
    query.push_bind(housekeeper.to_owned());
    query.push(
        ") OR (t.status IN ('open', 'offered') AND NOT t.held AND t.property_id IN \
         (SELECT hp.property_id FROM housekeeper_properties hp WHERE hp.housekeeper_id = ",
    );
    query.push_bind(housekeeper.to_owned());
    query.push(")) OR (t.status IN ('resolved', 'closed') AND t.opened_at > ").push_bind(done_since.0 - DONE_OPENED_MS);
    query.push(" AND t.assignee = ").push_bind(housekeeper.to_owned());
    query.push(
        " AND EXISTS (SELECT 1 FROM ticket_events e WHERE e.ticket_id = t.id AND e.what = 'resolved' AND e.at >= ",
    );
    query.push_bind(done_since.0);
    query.push(
        ")) ORDER BY CASE WHEN t.status IN ('assigned', 'on_site') THEN 0 ELSE 1 END, \
         CASE t.kind WHEN 'leak' THEN 0 ELSE 1 END, t.opened_at, t.id LIMIT ",
    );
    query.push_bind(JOBS_MAX);
    query.build().fetch_all(&mut *conn).await?.iter().map(job_row).collect()
}

fn job_row(row: &Row) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        ticket: ticket_row(row)?,
        property_name: row.try_get(2)?,
        timezone: row.try_get(3)?,
        address: row.try_get(4)?,
        location: location(row, 5)?,
        unit_name: row.try_get(7)?,
        floor: row.try_get(8)?,
        entry_note: row.try_get(9)?,
    })
}

/// A tenancy with its place.
pub async fn home(conn: &mut Conn, tenant: &str) -> Result<Option<HomeRow>, StoreError> {
    let row = sqlx::query(
        "SELECT t.id, t.unit_id, t.name, t.phone, t.locale, t.from_day, t.to_day, t.consent, u.name, p.id, p.name, p.timezone \
         FROM tenants t JOIN units u ON u.id = t.unit_id JOIN properties p ON p.id = u.property_id WHERE t.id = $1",
    )
    .bind(tenant)
    .fetch_optional(&mut *conn)
    .await?;
    let home = |row: &Row| {
        let (id, zone): (String, String) = (row.try_get(9)?, row.try_get(11)?);
        Ok(HomeRow {
            tenant: tenant_row(row)?,
            unit_name: row.try_get(8)?,
            property_name: row.try_get(10)?,
            timezone: zone.parse().map_err(|_| bad("properties", &id, format!("timezone {zone}")))?,
            property_id: PropertyId(id),
        })
    };
    row.as_ref().map(home).transpose()
}

/// Tickets that are not over, of a tenant's unit or that they were written to about, the latest first.
pub async fn matters(conn: &mut Conn, tenant: &Tenant) -> Result<Vec<Ticket>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.body FROM tickets t WHERE t.status NOT IN ('closed', 'cancelled') AND (t.unit_id = $1 OR t.id IN \
         (SELECT m.ticket_id FROM messages m WHERE m.phone_to = $2 AND m.recipient = $3)) \
         ORDER BY t.opened_at DESC, t.id LIMIT $4",
    )
    .bind(&tenant.unit_id.0)
    .bind(tenant.phone.as_str())
    .bind(Recipient::Tenant(tenant.id.0.clone()).as_key())
    .bind(MATTERS_MAX)
    .fetch_all(&mut *conn)
    .await?;
    rows.iter().map(ticket_row).collect()
}

/// Keeps a photo of a ticket; those that are too old are deleted, the oldest first.
pub async fn add_photo(
    conn: &mut Conn,
    ticket: &TicketId,
    n: i64,
    photo: &Photo,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM photos WHERE EXISTS (SELECT 1 FROM (SELECT ticket_id, n FROM photos WHERE at <= $1 \
         ORDER BY at, ticket_id, n LIMIT $2) old WHERE old.ticket_id = photos.ticket_id AND old.n = photos.n)",
    )
    .bind((now - PHOTO_KEPT_MS).0)
    .bind(FORGOTTEN_MAX)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO photos (ticket_id, n, body, at) VALUES ($1, $2, $3, $4)")
        .bind(&ticket.0)
        .bind(n)
        .bind(photo.bytes())
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// A photo of a ticket, by its number, unless it is too old.
pub async fn photo(conn: &mut Conn, ticket: &str, n: i64, now: Timestamp) -> Result<Option<Photo>, StoreError> {
    let query = sqlx::query_scalar("SELECT body FROM photos WHERE ticket_id = $1 AND n = $2 AND at > $3");
    let body: Option<Vec<u8>> =
        query.bind(ticket).bind(n).bind((now - PHOTO_KEPT_MS).0).fetch_optional(&mut *conn).await?;
    body.map(|body| Photo::read(body).ok_or_else(|| bad("photos", ticket, "no picture"))).transpose()
}
