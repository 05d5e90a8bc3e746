//! Finished batteries: what forecasts learn from.

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, ROWS_MAX, bad};
use crate::decide::forecast::{FinishedLife, LIVES_MAX, MODELS_MAX};
use crate::model::Timestamp;
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
