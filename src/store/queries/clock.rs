//! Our own clock was ahead of the time and was put right: what was noted by it may not wait until the time has caught up.

use super::Conn;
use crate::model::{Millis, Timestamp};
use crate::store::StoreError;

/// Messages go back by `$2`; what waits is tried now (`$1`), what may be on its way when its lease ends (`$3`).
const MESSAGES: &str = "UPDATE messages SET \
     created_at = CASE WHEN created_at > $1 THEN created_at - $2 ELSE created_at END, \
     expires_at = CASE WHEN created_at > $1 THEN expires_at - $2 ELSE expires_at END, \
     tried_at = CASE WHEN tried_at > $1 THEN tried_at - $2 ELSE tried_at END, \
     sent_at = CASE WHEN sent_at > $1 THEN sent_at - $2 ELSE sent_at END, \
     delivered_at = CASE WHEN delivered_at > $1 THEN delivered_at - $2 ELSE delivered_at END, \
     next_at = CASE WHEN next_at <= $1 THEN next_at WHEN status = 'sending' THEN $3 WHEN next_at > $1 THEN $1 END \
     WHERE created_at > $1 OR tried_at > $1 OR next_at > $1";
/// Attempts go back.
const ATTEMPTS: &str = "UPDATE attempts SET \
     began_at = CASE WHEN began_at > $1 THEN began_at - $2 ELSE began_at END, \
     ended_at = CASE WHEN ended_at > $1 THEN ended_at - $2 ELSE ended_at END, \
     again_at = CASE WHEN again_at > $1 THEN $1 ELSE again_at END \
     WHERE began_at > $1 OR ended_at > $1 OR again_at > $1";
/// Conversations go back.
const CONVERSATIONS: &str = "UPDATE conversations SET last_at = last_at - $2, waiting_since = waiting_since - $2, \
                             due_at = due_at - $2 WHERE last_at > $1";
/// Devices and tickets are looked at: what they know and plan, the core puts back.
const LOOKED_AT: [&str; 2] = [
    "UPDATE device_states SET due_at = $1 WHERE due_at > $1 AND seen_at > $1",
    "UPDATE tickets SET due_at = $1 WHERE due_at > $1",
];

/// Puts back what was noted by a clock that was ahead of `now` by so much.
pub async fn put_back(conn: &mut Conn, now: Timestamp, by: Millis, lease_ends: Timestamp) -> Result<(), StoreError> {
    sqlx::query(MESSAGES).bind(now.0).bind(by).bind(lease_ends.0).execute(&mut *conn).await?;
    for statement in [ATTEMPTS, CONVERSATIONS] {
        sqlx::query(statement).bind(now.0).bind(by).execute(&mut *conn).await?;
    }
    for statement in LOOKED_AT {
        sqlx::query(statement).bind(now.0).execute(&mut *conn).await?;
    }
    Ok(())
}
