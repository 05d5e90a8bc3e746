//! Finished batteries, which forecasts learn from, and gauges that were caught lying: what is known of models.

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, ROWS_MAX, bad};
use crate::decide::forecast::{Caught, FinishedLife, LIVES_MAX, MODELS_MAX};
use crate::model::{Lie, OfModel, Timestamp};
use crate::store::StoreError;

/// Adds finished batteries; one that is known already changes nothing. Of each model the newest are kept.
pub async fn add(conn: &mut Conn, lives: &[FinishedLife], at: Timestamp) -> Result<(), StoreError> {
    for chunk in lives.chunks(ROWS_MAX) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO battery_lives (device_key, finished_at, model, life) ");
        query.push_values(chunk, |mut row, finished| {
            row.push_bind(finished.device.0.clone());
            row.push_bind(at.0);
            row.push_bind(finished.model.clone());
            row.push_bind(serde_json::to_string(&finished.life).expect("a life is plain data"));
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(&mut *conn).await?;
    }
    for finished in lives {
        sqlx::query(
            "DELETE FROM battery_lives WHERE model = $1 AND finished_at < (SELECT MIN(kept.finished_at) FROM \
             (SELECT finished_at FROM battery_lives WHERE model = $1 ORDER BY finished_at DESC LIMIT $2) AS kept)",
        )
        .bind(finished.model.clone())
        .bind(LIVES_MAX as i64)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// All finished batteries that are kept, oldest first.
pub async fn all(conn: &mut Conn) -> Result<Vec<FinishedLife>, StoreError> {
    let rows = sqlx::query(
        "SELECT device_key, model, life FROM battery_lives ORDER BY finished_at DESC, device_key DESC LIMIT $1",
    )
    .bind((LIVES_MAX * MODELS_MAX) as i64)
    .fetch_all(conn)
    .await?;
    let mut lives = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let device: String = row.try_get(0)?;
        let life: String = row.try_get(2)?;
        let life = serde_json::from_str(&life).map_err(|e| bad("battery_lives", &device, e))?;
        lives.push(FinishedLife { device: device.into(), model: row.try_get(1)?, life });
    }
    Ok(lives)
}

/// Gauges were caught lying; of one that is caught again, the last time counts.
pub async fn caught(conn: &mut Conn, caught: &[Caught], at: Timestamp) -> Result<(), StoreError> {
    for one in caught {
        sqlx::query(
            "INSERT INTO gauge_lies (device_key, lie, model, caught_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (device_key, lie) DO UPDATE SET model = excluded.model, caught_at = excluded.caught_at",
        )
        .bind(one.device.0.clone())
        .bind(one.lie.as_str())
        .bind(one.model.clone())
        .bind(at.0)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Of each model and lie: how many of its devices were caught since an instant, and how many have spoken. Who is no longer
/// registered, or under another model, counts for neither.
pub async fn lies(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, Lie, OfModel)>, StoreError> {
    let rows = sqlx::query(
        "SELECT g.model, g.lie, COUNT(*), (SELECT COUNT(*) FROM devices o JOIN device_states s ON s.key = o.key \
         WHERE o.model = g.model AND s.seen_at > 0) FROM gauge_lies g JOIN devices d ON d.key = g.device_key \
         AND d.model = g.model WHERE g.caught_at >= $1 GROUP BY g.model, g.lie ORDER BY g.model, g.lie LIMIT $2",
    )
    .bind(since.0)
    .bind((MODELS_MAX * Lie::ALL.len()) as i64)
    .fetch_all(conn)
    .await?;
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let (model, word): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let lie = Lie::parse(&word).ok_or_else(|| bad("gauge_lies", &model, format!("{word} is no lie")))?;
        found.push((model, lie, OfModel { caught: count(row.try_get(2)?), of: count(row.try_get(3)?) }));
    }
    Ok(found)
}
