//! Tickets with what is known around them, to be counted.

use sqlx::{QueryBuilder, Row as _};

use super::facts::ticket_row;
use super::{Conn, Db, Row, push_list};
use crate::decide::stats::Case;
use crate::model::Timestamp;
use crate::store::StoreError;

/// Tickets opened from an instant on and before another, by when they opened.
pub async fn cases(
    conn: &mut Conn,
    from: Timestamp,
    to: Timestamp,
    properties: Option<&[String]>,
    limit: i64,
) -> Result<Vec<Case>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT t.id, t.body, p.region, COALESCE(d.model, a.model), s.score FROM tickets t \
         LEFT JOIN properties p ON p.id = t.property_id LEFT JOIN devices d ON d.key = t.device_key \
         LEFT JOIN device_about a ON a.key = t.device_key LEFT JOIN surveys s ON s.ticket_id = t.id WHERE t.opened_at >= ",
    );
    query.push_bind(from.0).push(" AND t.opened_at < ").push_bind(to.0);
    if let Some(properties) = properties {
        query.push(" AND t.property_id IN ");
        push_list(&mut query, properties.iter().map(String::as_str));
    }
    query.push(" ORDER BY t.opened_at, t.id LIMIT ").push_bind(limit);
    let case = |row: &Row| {
        Ok(Case {
            ticket: ticket_row(row)?,
            region: row.try_get::<Option<String>, _>(2)?.unwrap_or_default(),
            model: row.try_get(3)?,
            score: row.try_get(4)?,
        })
    };
    query.build().fetch_all(&mut *conn).await?.iter().map(case).collect()
}
