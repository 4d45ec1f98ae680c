//! Definitions: what monitors and reactions were, beside what happened to them.

use super::dialect::{Connection, each};
use super::query;
use super::readings::number_monitors;
use super::rows::write_definitions;
use crate::Definition;
use crate::error::Fault;
use crate::read::to_json;
use flyball_model::{MonitorId, Timestamp};
use serde::Serialize;

/// Replaces the definitions, wherever they came from: all are retired, and those that are still there come back.
pub(crate) async fn replace(
    tx: &mut Connection,
    monitors: &[Definition],
    reactions: &[Definition],
    now: Timestamp,
) -> Result<(), Fault> {
    query("UPDATE definitions SET retired_at = $1 WHERE retired_at IS NULL")
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
    write_definitions(tx, "monitor", monitors).await?;
    write_definitions(tx, "reaction", reactions).await?;
    note_intervals(tx, monitors).await
}

#[derive(Serialize)]
struct Interval {
    monitor_id: MonitorId,
    every_ms: u64,
}

/// Notes each monitor's interval beside its number: roll-ups need it, long after the definition has changed.
async fn note_intervals(tx: &mut Connection, monitors: &[Definition]) -> Result<(), Fault> {
    let every_ms = |monitor: &Definition| u64::try_from(monitor.every?.as_millis()).ok();
    let intervals: Vec<_> = monitors
        .iter()
        .filter_map(|monitor| Some(Interval { monitor_id: MonitorId(monitor.id), every_ms: every_ms(monitor)? }))
        .collect();
    number_monitors(tx, &intervals.iter().map(|interval| interval.monitor_id).collect::<Vec<_>>()).await?;
    let sql = concat!(
        "UPDATE monitor_numbers SET every_ms = CAST(value ->> 'every_ms' AS BIGINT) FROM ",
        each!("$1"),
        " WHERE monitor_id = value ->> 'monitor_id' AND every_ms IS DISTINCT FROM CAST(value ->> 'every_ms' AS BIGINT)"
    );
    query(sql).bind(to_json(&intervals)).execute(tx).await?;
    Ok(())
}
