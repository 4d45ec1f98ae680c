//! Moving readings that an earlier version stored into today's form: once, when their database is first opened.

use super::read::{at, from_json, from_text};
use super::{Sqlite, packing};
use crate::error::Fault;
use flyball_model::{Excerpt, MonitorId, Reading};
use sqlx::SqliteConnection;
use std::time::Duration;
use tokio::time::Instant;

/// Readings that one transaction moves.
const READINGS_AT_ONCE: i64 = 10_000;

/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

#[derive(sqlx::FromRow)]
struct ReadingRow {
    monitor_id: String,
    begun_at: i64,
    took_us: i64,
    finding: String,
    words: String,
    evidence: String,
}

impl ReadingRow {
    fn read(&self) -> Result<(MonitorId, Reading), Fault> {
        let row = || format!("the reading begun at {}", at(self.begun_at));
        let reading = Reading {
            begun_at: at(self.begun_at),
            took: Duration::from_micros(u64::try_from(self.took_us).unwrap_or(0)),
            finding: from_json(&self.finding, row)?,
            words: Excerpt::of(&self.words),
            evidence: from_json(&self.evidence, row)?,
        };
        Ok((from_text(&self.monitor_id, row)?, reading))
    }
}

impl Sqlite {
    /// Moves all of them, each lot in a transaction of its own: cut short, the next start goes on.
    pub(super) async fn move_readings(&self) -> Result<(), Fault> {
        let (began, mut told, mut moved) = (Instant::now(), Instant::now(), 0);
        while let Some(some) = self.move_some().await? {
            moved += some;
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                tracing::info!(
                    moved,
                    "readings of an earlier version are brought into today's form; this happens once"
                );
            }
        }
        if moved > 0 {
            let took = flyball_model::duration::roughly(began.elapsed());
            tracing::info!(moved, took, "all readings of an earlier version are in today's form");
        }
        Ok(())
    }

    async fn move_some(&self) -> Result<Option<usize>, Fault> {
        let mut tx = self.writing().await?;
        let rows: Vec<ReadingRow> = sqlx::query_as(
            "SELECT monitor_id, begun_at, took_us, finding, words, evidence FROM readings_before \
             ORDER BY monitor_id, begun_at LIMIT $1",
        )
        .bind(READINGS_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else {
            take_over_monitors(&mut tx).await?;
            packing::take_over_hours(&mut tx).await?;
            sqlx::query("DELETE FROM hourly").execute(&mut *tx).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let readings = super::read::readable(rows.iter().collect(), ReadingRow::read)?;
        let learnt = self.write_readings(&mut tx, &readings).await?;
        sqlx::query("DELETE FROM readings_before WHERE (monitor_id, begun_at) <= ($1, $2)")
            .bind(&last.monitor_id)
            .bind(last.begun_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.known().take_up(learnt);
        Ok(Some(rows.len()))
    }
}

/// Monitors that have hours and no readings any more get their numbers.
async fn take_over_monitors(tx: &mut SqliteConnection) -> Result<(), Fault> {
    let sql = "INSERT INTO monitor_numbers (monitor_id) SELECT DISTINCT monitor_id FROM hourly WHERE true \
        ON CONFLICT (monitor_id) DO NOTHING";
    sqlx::query(sql).execute(tx).await?;
    Ok(())
}
