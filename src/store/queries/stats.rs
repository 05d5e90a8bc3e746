//! Tickets with what is known around them, to be counted, and what came of the tones they were written in.

use sqlx::{QueryBuilder, Row as _};

use super::facts::ticket_row;
use super::{Conn, Db, Row, push_list};
use crate::decide::automation::{self, Handled, QUICK_MS};
use crate::decide::intent::Intent;
use crate::decide::stats::{Case, SATISFIED_FROM, Share};
use crate::decide::tones::{Heeded, Trials};
use crate::model::{Locale, PropertyId, Timestamp, Tone};
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

/// What came of the tones of matters opened from an instant on and before another, by language and property. A tenant counts
/// once: by what they did in most of their matters, and by the mean of their marks.
pub async fn tone_trials(
    conn: &mut Conn,
    from: Timestamp,
    to: Timestamp,
    properties: Option<&[String]>,
) -> Result<Trials, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT tone_locale, property_id, tone, COUNT(*), COUNT(CASE WHEN 2 * heeded >= told THEN 1 END), COUNT(score), \
         COUNT(CASE WHEN score >= ",
    );
    query.push_bind(SATISFIED_FROM).push(
        " THEN 1 END) FROM (SELECT t.tone_locale, t.property_id, t.tone, COUNT(*) AS told, \
         COUNT(CASE WHEN t.heeded THEN 1 END) AS heeded, AVG(s.score) AS score \
         FROM tickets t LEFT JOIN surveys s ON s.ticket_id = t.id WHERE t.tone IS NOT NULL AND t.opened_at >= ",
    );
    query.push_bind(from.0).push(" AND t.opened_at < ").push_bind(to.0);
    if let Some(properties) = properties {
        query.push(" AND t.property_id IN ");
        push_list(&mut query, properties.iter().map(String::as_str));
    }
    query.push(
        " GROUP BY t.tone_locale, t.property_id, t.tone, COALESCE(t.tone_tenant, t.id)) tenants \
         GROUP BY tone_locale, property_id, tone",
    );
    let mut trials = Trials::new();
    for row in query.build().fetch_all(&mut *conn).await? {
        let (locale, property): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let tone: String = row.try_get(2)?;
        // A tone that a newer version knew is no concern of this one.
        let (Some(locale), Some(tone)) = (Locale::parse(&locale), Tone::parse(&tone)) else { continue };
        let count = |n: usize| row.try_get::<i64, _>(n).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let heeded = Share { met: count(4)?, of: count(3)? };
        let satisfied = Share { met: count(6)?, of: count(5)? };
        let tones = trials.entry((locale, PropertyId(property))).or_default();
        tones.insert(tone, Heeded { heeded, satisfied });
    }
    Ok(trials)
}

/// What came of the texts that automation could have looked after, received from an instant on and before another; a mark
/// counts once for its matter and side, however many texts there were.
pub async fn automation_trials(
    conn: &mut Conn,
    from: Timestamp,
    to: Timestamp,
    properties: Option<&[String]>,
) -> Result<automation::Trials, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT m.intent, t.property_id, m.handled, COUNT(*), COUNT(CASE WHEN m.answered_at - m.created_at <= ",
    );
    query.push_bind(QUICK_MS).push(" THEN 1 END), COUNT(DISTINCT s.ticket_id), COUNT(DISTINCT CASE WHEN s.score >= ");
    query.push_bind(SATISFIED_FROM).push(
        " THEN s.ticket_id END) FROM messages m JOIN tickets t ON t.id = m.ticket_id \
         LEFT JOIN surveys s ON s.ticket_id = m.ticket_id AND s.score IS NOT NULL AND s.answered_at >= m.created_at \
         WHERE m.handled IS NOT NULL AND m.able AND m.created_at >= ",
    );
    query.push_bind(from.0).push(" AND m.created_at < ").push_bind(to.0);
    if let Some(properties) = properties {
        query.push(" AND t.property_id IN ");
        push_list(&mut query, properties.iter().map(String::as_str));
    }
    query.push(" GROUP BY m.intent, t.property_id, m.handled");
    let mut trials = automation::Trials::new();
    for row in query.build().fetch_all(&mut *conn).await? {
        let (intent, property, by): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Some(intent) = Intent::parse(&intent) else { continue };
        let count = |n: usize| row.try_get::<i64, _>(n).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let quick = Share { met: count(4)?, of: count(3)? };
        let satisfied = Share { met: count(6)?, of: count(5)? };
        let sides = trials.entry((intent, PropertyId(property))).or_default();
        sides[usize::from(by == "people")] = Handled { quick, satisfied };
    }
    Ok(trials)
}
