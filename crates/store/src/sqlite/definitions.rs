//! Definitions: what monitors and reactions were, beside what happened to them.

use super::read::to_json;
use super::rows::write_definitions;
use crate::Definition;
use crate::error::Fault;
use flyball_model::Timestamp;
use serde::Serialize;
use sqlx::SqliteConnection;
use uuid::Uuid;

/// Replaces the definitions that came from the file: all are retired, and those that are still there come back.
pub(crate) async fn replace(
    tx: &mut SqliteConnection,
    monitors: &[Definition],
    reactions: &[Definition],
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query("UPDATE definitions SET retired_at = $1 WHERE origin = 'file' AND retired_at IS NULL")
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
    write_definitions(tx, "monitor", monitors).await?;
    write_definitions(tx, "reaction", reactions).await?;
    note_intervals(tx, monitors).await
}

#[derive(Serialize)]
struct Interval {
    monitor_id: Uuid,
    every_ms: u64,
}

/// Notes each monitor's interval beside its number: roll-ups need it, long after the definition has changed.
async fn note_intervals(tx: &mut SqliteConnection, monitors: &[Definition]) -> Result<(), Fault> {
    let every_ms = |monitor: &Definition| u64::try_from(monitor.every?.as_millis()).ok();
    let intervals: Vec<_> = monitors
        .iter()
        .filter_map(|monitor| Some(Interval { monitor_id: monitor.id, every_ms: every_ms(monitor)? }))
        .collect();
    let sql = "INSERT INTO monitor_numbers (monitor_id, every_ms) \
        SELECT value ->> 'monitor_id', value ->> 'every_ms' FROM json_each($1) WHERE true \
        ON CONFLICT (monitor_id) DO UPDATE SET every_ms = excluded.every_ms";
    sqlx::query(sql).bind(to_json(&intervals)).execute(tx).await?;
    Ok(())
}
