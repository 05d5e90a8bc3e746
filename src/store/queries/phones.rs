//! What the pages for phones show: jobs with their places, and photos.

use sqlx::{QueryBuilder, Row as _};

use super::facts::{location, ticket_row};
use super::{Conn, Db, Row, bad};
use crate::model::time::DAY;
use crate::model::{Millis, Photo, TicketId, Timestamp};
use crate::store::{JobRow, StoreError};

/// Jobs that are looked at for one page.
const JOBS_MAX: i64 = 500;
/// Of the jobs that are over, only those that opened so lately are looked at.
const DONE_OPENED_MS: Millis = 60 * DAY;

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

/// Keeps a photo of a ticket.
pub async fn add_photo(conn: &mut Conn, ticket: &TicketId, n: i64, photo: &Photo) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO photos (ticket_id, n, body) VALUES ($1, $2, $3)")
        .bind(&ticket.0)
        .bind(n)
        .bind(photo.bytes())
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// A photo of a ticket, by its number.
pub async fn photo(conn: &mut Conn, ticket: &str, n: i64) -> Result<Option<Photo>, StoreError> {
    let body: Option<Vec<u8>> = sqlx::query_scalar("SELECT body FROM photos WHERE ticket_id = $1 AND n = $2")
        .bind(ticket)
        .bind(n)
        .fetch_optional(&mut *conn)
        .await?;
    body.map(|body| Photo::read(body).ok_or_else(|| bad("photos", ticket, "no picture"))).transpose()
}
