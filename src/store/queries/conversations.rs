//! Conversations: whose number it is, what was understood, who waits for a human, and the proof of every STOP.

use std::collections::{HashMap, HashSet};

use sqlx::{QueryBuilder, Row as _};

use super::facts::{DEVICE_COLUMNS, device_row};
use super::read::{MESSAGE_COLUMNS, filter, message_row, page, within};
use super::{Conn, Db, Row, at, bad, push_list};
use crate::decide::desk::Understanding;
use crate::model::*;
use crate::store::{ConversationFilter, MessageRow, Page, StoreError};

/// Homes of one number that are looked at.
const HOMES_MAX: i64 = 10;
const COLUMNS: &str =
    "id, phone, tenant_id, unit_id, property_id, ticket_id, sender, waiting_since, why, last_at, due_at";

/// Where a number belongs: property and unit of its tenancies.
pub async fn homes_of_phone(conn: &mut Conn, phone: &str) -> Result<Vec<(PropertyId, UnitId)>, StoreError> {
    let rows = sqlx::query(
        "SELECT DISTINCT u.property_id, u.id FROM tenants t JOIN units u ON u.id = t.unit_id WHERE t.phone = $1 \
         ORDER BY u.property_id, u.id LIMIT $2",
    )
    .bind(phone)
    .bind(HOMES_MAX)
    .fetch_all(&mut *conn)
    .await?;
    rows.iter().map(|row| Ok((PropertyId(row.try_get(0)?), UnitId(row.try_get(1)?)))).collect()
}

/// Locks of these units.
pub async fn locks_of_units(conn: &mut Conn, units: &[&str]) -> Result<Vec<Device>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(DEVICE_COLUMNS).push(" FROM devices d WHERE d.kind = 'lock' AND d.unit_id IN ");
    push_list(&mut query, units.iter().copied());
    query.push(" ORDER BY d.key");
    query.build().fetch_all(&mut *conn).await?.iter().map(device_row).collect()
}

/// Purposes that these numbers do not want to be written to about.
pub async fn refused(conn: &mut Conn, phones: &[&str]) -> Result<HashSet<(E164, Purpose)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT phone, purpose, given FROM consents WHERE phone IN ");
    push_list(&mut query, phones.iter().copied());
    query.push(" ORDER BY at, source");
    let mut out = HashSet::new();
    for row in query.build().fetch_all(&mut *conn).await? {
        let (number, purpose): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let phone = E164::parse(&number).ok_or_else(|| bad("consents", "", "phone number"))?;
        match (Purpose::parse(&purpose), row.try_get(2)?) {
            (Some(purpose), false) => _ = out.insert((phone, purpose)),
            (Some(purpose), true) => _ = out.remove(&(phone, purpose)),
            (None, true) => out.retain(|(of, _)| *of != phone),
            (None, false) => {}
        }
    }
    Ok(out)
}

/// The proof of what a number wished: when, purpose, given or not, in which words, of which text.
pub async fn consents(
    conn: &mut Conn,
    phone: &str,
) -> Result<Vec<(Timestamp, String, bool, String, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT at, purpose, given, words, source FROM consents WHERE phone = $1 ORDER BY at, source, purpose",
    )
    .bind(phone)
    .fetch_all(&mut *conn)
    .await?;
    let consent =
        |row: &Row| Ok((at(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?));
    rows.iter().map(consent).collect()
}

/// Notes what a text means, which matter it belongs to, and who looks after it. Automation has answered at once.
pub async fn understood(conn: &mut Conn, u: &Understanding) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE messages SET intent = $2, confidence = $3, ticket_id = COALESCE($4, ticket_id), handled = $5, able = $6, \
         answered_at = CASE WHEN $5 = 'automation' THEN created_at END WHERE sid = $1",
    )
    .bind(&u.sid)
    .bind(u.intent)
    .bind(i64::from(u.confidence))
    .bind(u.ticket_id.as_ref().map(|t| &t.0))
    .bind(u.by_people.map(|people| if people { "people" } else { "automation" }))
    .bind(u.able)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// What a number wrote has been answered by a human, or needs no answer.
pub async fn answered(conn: &mut Conn, phone: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE messages SET answered_at = $2 WHERE phone_from = $1 AND handled = 'people' AND answered_at IS NULL",
    )
    .bind(phone)
    .bind(now.0)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Stores a conversation as it is now.
pub async fn save(conn: &mut Conn, c: &Conversation) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conversations (id, phone, tenant_id, unit_id, property_id, ticket_id, sender, waiting_since, why, last_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id, \
         unit_id = excluded.unit_id, property_id = excluded.property_id, ticket_id = excluded.ticket_id, \
         sender = excluded.sender, waiting_since = excluded.waiting_since, why = excluded.why, last_at = excluded.last_at, \
         due_at = excluded.due_at",
    )
    .bind(&c.id.0)
    .bind(c.phone.as_str())
    .bind(&c.tenant_id.0)
    .bind(&c.unit_id.0)
    .bind(&c.property_id.0)
    .bind(c.ticket_id.as_ref().map(|t| &t.0))
    .bind(&c.sender)
    .bind(c.waiting_since.map(|t| t.0))
    .bind(&c.why)
    .bind(c.last_at.0)
    .bind(c.due_at.map(|t| t.0))
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// One conversation.
pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Conversation>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM conversations WHERE id = ").push_bind(id.to_owned());
    query.build().fetch_optional(&mut *conn).await?.as_ref().map(row).transpose()
}

/// Conversations whose manager is to be told.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<ConversationId>, StoreError> {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM conversations WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2")
            .bind(now.0)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// The conversations with these numbers.
pub async fn of_phones(conn: &mut Conn, phones: &[&str]) -> Result<HashMap<E164, Conversation>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM conversations WHERE phone IN ");
    push_list(&mut query, phones.iter().copied());
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|r| row(r).map(|c| (c.phone.clone(), c))).collect()
}

/// A page of conversations, by when the person last wrote.
pub async fn list(conn: &mut Conn, f: &ConversationFilter, p: &Page) -> Result<Vec<Conversation>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(COLUMNS).push(" FROM conversations WHERE 1 = 1");
    match f.waiting {
        Some(true) => _ = query.push(" AND waiting_since IS NOT NULL"),
        Some(false) => _ = query.push(" AND waiting_since IS NULL"),
        None => {}
    }
    filter(&mut query, "property_id", f.property.as_ref());
    within(&mut query, "property_id", f.properties.as_deref());
    page(&mut query, "last_at", "id", p);
    query.build().fetch_all(&mut *conn).await?.iter().map(row).collect()
}

/// What tenant, unit and property of these conversations are called, as far as the registry still knows them.
pub async fn names(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<String, [Option<String>; 3]>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT c.id, t.name, u.name, p.name FROM conversations c LEFT JOIN tenants t ON t.id = c.tenant_id \
         LEFT JOIN units u ON u.id = c.unit_id LEFT JOIN properties p ON p.id = c.property_id WHERE c.id IN ",
    );
    push_list(&mut query, ids.iter().copied());
    let names = |row: &Row| Ok((row.try_get(0)?, [row.try_get(1)?, row.try_get(2)?, row.try_get(3)?]));
    query.build().fetch_all(&mut *conn).await?.iter().map(names).collect()
}

/// The last texts to and from a tenant's number, the oldest first: without those about tickets of other properties, and
/// without what the number is told in another part, such as a manager's.
pub async fn last_texts(
    conn: &mut Conn,
    phone: &str,
    properties: Option<&[String]>,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT ");
    query.push(MESSAGE_COLUMNS).push(" FROM messages WHERE (phone_to = ").push_bind(phone.to_owned());
    query.push(" OR phone_from = ").push_bind(phone.to_owned());
    query.push(") AND (recipient LIKE 'tenant:%' OR recipient = 'service')");
    if properties.is_some() {
        query.push(" AND (ticket_id IS NULL OR ticket_id IN (SELECT id FROM tickets WHERE 1 = 1");
        within(&mut query, "property_id", properties);
        query.push("))");
    }
    query.push(" ORDER BY created_at DESC, id LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(&mut *conn).await?;
    let mut texts = rows.iter().map(message_row).collect::<Result<Vec<_>, _>>()?;
    texts.reverse();
    Ok(texts)
}

fn row(row: &Row) -> Result<Conversation, StoreError> {
    let id: String = row.try_get(0)?;
    let phone: String = row.try_get(1)?;
    Ok(Conversation {
        phone: E164::parse(&phone).ok_or_else(|| bad("conversations", &id, "phone number"))?,
        tenant_id: TenantId(row.try_get(2)?),
        unit_id: UnitId(row.try_get(3)?),
        property_id: PropertyId(row.try_get(4)?),
        ticket_id: row.try_get::<Option<String>, _>(5)?.map(TicketId),
        sender: row.try_get(6)?,
        waiting_since: row.try_get::<Option<i64>, _>(7)?.map(at),
        why: row.try_get(8)?,
        last_at: at(row.try_get(9)?),
        due_at: row.try_get::<Option<i64>, _>(10)?.map(at),
        id: ConversationId(id),
    })
}
