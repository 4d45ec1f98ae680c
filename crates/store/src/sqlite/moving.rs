//! Moving readings that an earlier version stored into today's form: once, when their database is first opened.

use super::Sqlite;
use super::migrate::{MOVED, has_steps};
use super::sql::packing::{HOUR_MS, RollupOut, StoredHour, write};
use crate::error::Fault;
use crate::read::{at, from_json, from_text};
use crate::rollup::{Rollup, Share, Sketch, Span};
use flyball_model::{Excerpt, MonitorId, Reading};
use sqlx::SqliteConnection;
use std::time::Duration;
use tokio::time::Instant;

/// Readings that one transaction moves.
const READINGS_AT_ONCE: i64 = 10_000;

/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

row! {
    struct ReadingRow {
        monitor_id: String,
        begun_at: i64,
        took_us: i64,
        finding: String,
        words: String,
        evidence: String,
    }
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
        // Somebody else, who opened the database in the same moment, may have come to the end.
        if has_steps(&mut tx).await? >= MOVED {
            return Ok(None);
        }
        let rows: Vec<ReadingRow> = sqlx::query_as(
            "SELECT monitor_id, begun_at, took_us, finding, words, evidence FROM readings_before \
             ORDER BY monitor_id, begun_at LIMIT $1",
        )
        .bind(READINGS_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else {
            take_over_monitors(&mut tx).await?;
            take_over_hours(&mut tx).await?;
            sqlx::query("DELETE FROM hourly").execute(&mut *tx).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let readings = crate::read::readable(rows.iter().collect(), ReadingRow::read)?;
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

/// Takes over the hours that an earlier version rolled up: it counted readings, and knew their mean and their longest time.
async fn take_over_hours(tx: &mut SqliteConnection) -> Result<(), Fault> {
    let rows: Vec<HourBefore> = sqlx::query_as(
        "SELECT monitor_numbers.number, hour, passing_count, failing_count, unknown_count, took_us_sum, took_us_max \
         FROM hourly JOIN monitor_numbers ON monitor_numbers.monitor_id = hourly.monitor_id \
         WHERE NOT EXISTS (SELECT 1 FROM rollups WHERE rollups.monitor = monitor_numbers.number AND span = 1 \
                           AND start = hourly.hour)",
    )
    .fetch_all(&mut *tx)
    .await?;
    let rows: Vec<_> = rows.iter().map(HourBefore::rolled_up).collect();
    write(tx, &rows).await
}

row! {
    struct HourBefore {
        number: i64,
        hour: i64,
        passing_count: u32,
        failing_count: u32,
        unknown_count: u32,
        took_us_sum: i64,
        took_us_max: i64,
    }
}

impl HourBefore {
    fn rolled_up(&self) -> RollupOut {
        let all =
            (u64::from(self.passing_count) + u64::from(self.failing_count) + u64::from(self.unknown_count)).max(1);
        let share = |readings: u32| Share { held_ms: HOUR_MS.unsigned_abs() * u64::from(readings) / all, readings };
        let (sum, most) = (self.took_us_sum.unsigned_abs(), self.took_us_max.unsigned_abs());
        let others =
            std::iter::repeat_n(sum.saturating_sub(most) / (all - 1).max(1), usize::try_from(all - 1).unwrap_or(0));
        let rollup = Rollup {
            passing: share(self.passing_count),
            failing: share(self.failing_count),
            unknown: share(self.unknown_count),
            took: Sketch::of(others.chain([most])),
            ..Rollup::default()
        };
        RollupOut::new(self.number, Span::Hour, self.hour, &StoredHour { rollup, last: None })
    }
}
