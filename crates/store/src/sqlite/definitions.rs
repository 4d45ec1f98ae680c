//! Definitions: what monitors and reactions were, beside what happened to them.

use super::rows::write_definitions;
use crate::Definition;
use crate::error::Fault;
use flyball_model::Timestamp;
use sqlx::SqliteConnection;

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
    write_definitions(tx, "reaction", reactions).await
}
