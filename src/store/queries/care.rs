//! After the fix: marks, praise and goodwill.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use super::read::{page, within};
use super::{Conn, Db, LOCK, Row, at, push_list};
use crate::decide::desk::{Given, Praise};
use crate::model::*;
use crate::store::{Page, PraiseFilter, StoreError};

/// When each of these people was last sent words of this template, since an instant.
pub async fn last_sent(
    conn: &mut Conn,
    template: &str,
    recipients: &[String],
    since: Timestamp,
) -> Result<HashMap<String, Timestamp>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("SELECT recipient, MAX(created_at) FROM messages WHERE template = ");
    query.push_bind(template.to_owned()).push(" AND created_at > ").push_bind(since.0).push(" AND recipient IN ");
    push_list(&mut query, recipients.iter().map(String::as_str));
    query.push(" GROUP BY recipient");
    let rows = query.build().fetch_all(&mut *conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, at(row.try_get(1)?)))).collect()
}

/// Stores a question and its answer as they are now.
pub async fn survey(conn: &mut Conn, ticket: &TicketId, s: &Survey) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO surveys (ticket_id, asked_at, score, words, answered_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (ticket_id) DO UPDATE SET score = excluded.score, words = excluded.words, \
         answered_at = excluded.answered_at",
    )
    .bind(&ticket.0)
    .bind(s.asked_at.0)
    .bind(s.score.map(i64::from))
    .bind(&s.words)
    .bind(s.answered_at.map(|t| t.0))
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// Keeps kind words.
pub async fn add_praise(conn: &mut Conn, p: &Praise) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO praise (ticket_id, at, housekeeper_id, property_id, words) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind(&p.ticket_id.0)
    .bind(p.at.0)
    .bind(&p.housekeeper_id.0)
    .bind(&p.property_id.0)
    .bind(&p.words)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// A page of kind words.
pub async fn praise(conn: &mut Conn, f: &PraiseFilter, p: &Page) -> Result<Vec<Praise>, StoreError> {
    let mut query =
        QueryBuilder::<Db>::new("SELECT ticket_id, at, housekeeper_id, property_id, words FROM praise WHERE 1 = 1");
    super::read::filter(&mut query, "housekeeper_id", f.housekeeper.as_ref());
    within(&mut query, "property_id", f.properties.as_deref());
    page(&mut query, "at", "ticket_id", p);
    let kind = |row: &Row| {
        Ok(Praise {
            ticket_id: TicketId(row.try_get(0)?),
            at: at(row.try_get(1)?),
            housekeeper_id: HousekeeperId(row.try_get(2)?),
            property_id: PropertyId(row.try_get(3)?),
            words: row.try_get(4)?,
        })
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(kind).collect()
}

/// What these agents gave and these tenants got since an instant, and what is booked under these references, however long
/// ago; nobody else decides a credit of theirs meanwhile.
pub async fn given(
    conn: &mut Conn,
    actors: &[&str],
    tenants: &[&str],
    references: &[&str],
    since: Timestamp,
) -> Result<Vec<Given>, StoreError> {
    let mut query = QueryBuilder::<Db>::new("INSERT INTO goodwill_agents (actor) ");
    query.push_values(actors, |mut row, actor| {
        row.push_bind((*actor).to_owned());
    });
    query.push(" ON CONFLICT DO NOTHING");
    query.build().execute(&mut *conn).await?;
    let mut query = QueryBuilder::<Db>::new("SELECT actor FROM goodwill_agents WHERE actor IN ");
    push_list(&mut query, actors.iter().copied());
    query.push(" ORDER BY actor").push(LOCK);
    query.build().fetch_all(&mut *conn).await?;
    let mut query = QueryBuilder::<Db>::new(
        "SELECT reference, actor, tenant_id, at, amount_minor, reason FROM goodwill WHERE reference IN ",
    );
    push_list(&mut query, references.iter().copied());
    query.push(" OR (at > ").push_bind(since.0).push(" AND (actor IN ");
    push_list(&mut query, actors.iter().copied());
    query.push(" OR tenant_id IN ");
    push_list(&mut query, tenants.iter().copied());
    query.push("))");
    let given = |row: &Row| {
        Ok(Given {
            reference: row.try_get(0)?,
            actor: row.try_get(1)?,
            tenant_id: TenantId(row.try_get(2)?),
            at: at(row.try_get(3)?),
            amount_minor: row.try_get(4)?,
            reason: row.try_get(5)?,
        })
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(given).collect()
}

/// Notes who gave what.
pub async fn add_given(conn: &mut Conn, g: &Given) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO goodwill (reference, actor, tenant_id, at, amount_minor, reason) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&g.reference)
    .bind(&g.actor)
    .bind(&g.tenant_id.0)
    .bind(g.at.0)
    .bind(g.amount_minor)
    .bind(&g.reason)
    .execute(&mut *conn)
    .await?;
    Ok(())
}
