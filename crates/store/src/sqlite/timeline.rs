//! What is read by people: the timeline, readings, and their roll-ups.

use super::Sqlite;
use super::read::{at, bounded, from_json, from_text, readable};
use crate::error::Fault;
use crate::{Error, Hourly, ReadingsPage, Timeline, TimelineLine, TimelinePage};
use async_trait::async_trait;
use flyball_model::{Entry, Excerpt, MonitorId, Reading, Timestamp};
use sqlx::QueryBuilder;
use std::time::Duration;

/// Thirteen months of hours, and a day: as many as are kept.
const HOURS_MAX: i64 = 24 * 400;

#[async_trait]
impl Timeline for Sqlite {
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        let read = async {
            let mut query = QueryBuilder::<sqlx::Sqlite>::new(
                "SELECT number, at, app, monitor_id, monitor_name, reaction_id, reaction_name, run_id, event \
                 FROM timeline WHERE 1 = 1",
            );
            if let Some(app) = &page.app {
                query.push(" AND app = ").push_bind(app.as_str());
            }
            if let Some(monitor) = page.monitor {
                query.push(" AND monitor_id = ").push_bind(monitor.to_string());
            }
            if let Some(reaction) = page.reaction {
                query.push(" AND reaction_id = ").push_bind(reaction.to_string());
            }
            if page.of_the_whole {
                query.push(" AND app IS NULL AND monitor_id IS NULL AND reaction_id IS NULL AND run_id IS NULL");
            }
            if let Some(since) = page.since {
                query.push(" AND at >= ").push_bind(since.as_millis());
            }
            if let Some(until) = page.until {
                query.push(" AND at <= ").push_bind(until.as_millis());
            }
            if let Some(after) = page.after {
                query.push(" AND number > ").push_bind(after);
            }
            if let Some(before) = page.before {
                query.push(" AND number < ").push_bind(before);
            }
            if page.no_holds {
                query.push(" AND event ->> 'event' <> 'held'");
            }
            query.push(" ORDER BY number DESC LIMIT ").push_bind(bounded(page.lines, TimelinePage::LINES_MAX));
            let rows: Vec<LineRow> = query.build_query_as().fetch_all(&self.readers).await?;
            let mut lines = readable(rows, LineRow::read)?;
            lines.reverse();
            Ok(lines)
        };
        read.await.map_err(self.told("read the timeline"))
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        let read = async {
            let rows: Vec<ReadingRow> = sqlx::query_as(
                "SELECT begun_at, took_us, finding, words, evidence FROM readings \
                 WHERE monitor_id = $1 AND begun_at >= $2 ORDER BY begun_at DESC LIMIT $3",
            )
            .bind(page.monitor.to_string())
            .bind(page.since.map_or(i64::MIN, Timestamp::as_millis))
            .bind(bounded(page.readings, ReadingsPage::READINGS_MAX))
            .fetch_all(&self.readers)
            .await?;
            let mut readings = readable(rows, ReadingRow::read)?;
            readings.reverse();
            Ok(readings)
        };
        read.await.map_err(self.told("read the readings of a monitor"))
    }

    async fn hourly(&self, monitor: MonitorId, since: Timestamp) -> Result<Vec<Hourly>, Error> {
        let read = async {
            let rows: Vec<HourlyRow> = sqlx::query_as(
                "SELECT hour, passing_count, failing_count, unknown_count, took_us_sum, took_us_max FROM hourly \
                 WHERE monitor_id = $1 AND hour >= $2 ORDER BY hour LIMIT $3",
            )
            .bind(monitor.to_string())
            .bind(since.as_millis())
            .bind(HOURS_MAX)
            .fetch_all(&self.readers)
            .await?;
            Ok(rows.into_iter().map(HourlyRow::read).collect())
        };
        read.await.map_err(self.told("read the hours of a monitor"))
    }
}

#[derive(sqlx::FromRow)]
struct LineRow {
    number: i64,
    at: i64,
    app: Option<String>,
    monitor_id: Option<String>,
    monitor_name: Option<String>,
    reaction_id: Option<String>,
    reaction_name: Option<String>,
    run_id: Option<String>,
    event: String,
}

impl LineRow {
    fn read(self) -> Result<TimelineLine, Fault> {
        let row = || format!("line {} of the timeline", self.number);
        let monitor = match (&self.monitor_id, &self.monitor_name) {
            (Some(id), Some(name)) => Some((from_text(id, row)?, from_text(name, row)?)),
            (None, _) | (_, None) => None,
        };
        let reaction = match (&self.reaction_id, &self.reaction_name) {
            (Some(id), Some(name)) => Some((from_text(id, row)?, from_text(name, row)?)),
            (None, _) | (_, None) => None,
        };
        let entry = Entry {
            at: at(self.at),
            app: self.app.as_deref().map(|app| from_text(app, row)).transpose()?,
            monitor,
            reaction,
            run: self.run_id.as_deref().map(|run| from_text(run, row)).transpose()?,
            event: from_json(&self.event, row)?,
        };
        Ok(TimelineLine { number: self.number, entry })
    }
}

#[derive(sqlx::FromRow)]
struct ReadingRow {
    begun_at: i64,
    took_us: i64,
    finding: String,
    words: String,
    evidence: String,
}

impl ReadingRow {
    fn read(self) -> Result<Reading, Fault> {
        let row = || format!("the reading begun at {}", at(self.begun_at));
        Ok(Reading {
            begun_at: at(self.begun_at),
            took: Duration::from_micros(u64::try_from(self.took_us).unwrap_or(0)),
            finding: from_json(&self.finding, row)?,
            words: Excerpt::of(&self.words),
            evidence: from_json(&self.evidence, row)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct HourlyRow {
    hour: i64,
    passing_count: i64,
    failing_count: i64,
    unknown_count: i64,
    took_us_sum: i64,
    took_us_max: i64,
}

impl HourlyRow {
    fn read(self) -> Hourly {
        let count = |rows: i64| u32::try_from(rows).unwrap_or(u32::MAX);
        let all = self.passing_count.saturating_add(self.failing_count).saturating_add(self.unknown_count);
        Hourly {
            hour: at(self.hour),
            passing: count(self.passing_count),
            failing: count(self.failing_count),
            unknown: count(self.unknown_count),
            // Both are far below 2^53, where f64 stops counting microseconds exactly.
            took_ms_mean: if all == 0 { 0.0 } else { self.took_us_sum as f64 / all as f64 / 1000.0 },
            took_ms_max: count(self.took_us_max / 1000),
        }
    }
}
