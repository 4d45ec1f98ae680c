//! Bounds of what is kept, and the roll-ups that outlive the readings.
//!
//! Everything happens in small transactions, so that the loop's own writes slip in between: the one writer serves
//! whoever came first. What a call does not finish, the next one does.

use super::{Database, pauses};
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::kept::{
    DAYS_KEPT, ENDED_KEPT, FIVE_MINUTES_KEPT, HISTORY_KEPT, HOURS_KEPT, INCIDENTS_KEPT, INCIDENTS_LEFT, LINES_KEPT,
    LINES_LEFT, NOTICES_KEPT, READINGS_KEPT, RETIRED_STATES_KEPT, SHAPES_KEPT, SLOTS_KEPT, SPELLS_KEPT, SPELLS_LEFT,
};
use crate::{Error, Retention};
use async_trait::async_trait;
use flyball_model::Timestamp;
use std::time::Duration;

/// Rows that one transaction removes or writes: some 30 ms of the writer.
const ROWS_AT_ONCE: i64 = 5000;

/// Removing transactions of one call, over all tables: two million rows, which is twice what 100,000 monitors at 30 s
/// make in five minutes.
const REMOVALS_MAX: u32 = 400;

/// Removes the oldest spells that ended before `$1`, at most `$2`.
pub(crate) const OLD_SPELLS: &str = "DELETE FROM spells WHERE (monitor, began_at) IN \
    (SELECT monitor, began_at FROM spells WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)";

/// What is removed: a statement that takes the oldest rows before `$1`, at most `$2`, and how long they are kept.
const REMOVALS: [(&str, Duration); 22] = [
    (
        "DELETE FROM blocks WHERE number IN (SELECT number FROM blocks WHERE hour < $1 ORDER BY hour LIMIT $2)",
        READINGS_KEPT,
    ),
    (
        "DELETE FROM slots WHERE (app, at, node) IN (SELECT app, at, node FROM slots WHERE at < $1 ORDER BY at LIMIT $2)",
        SLOTS_KEPT,
    ),
    (
        "DELETE FROM shapes WHERE number IN (SELECT number FROM shapes WHERE used_at < $1 ORDER BY used_at LIMIT $2)",
        SHAPES_KEPT,
    ),
    (
        "DELETE FROM rollups WHERE number IN \
         (SELECT number FROM rollups WHERE span = 0 AND start < $1 ORDER BY start LIMIT $2)",
        FIVE_MINUTES_KEPT,
    ),
    (
        "DELETE FROM rollups WHERE number IN \
         (SELECT number FROM rollups WHERE span = 1 AND start < $1 ORDER BY start LIMIT $2)",
        HOURS_KEPT,
    ),
    (
        "DELETE FROM rollups WHERE number IN \
         (SELECT number FROM rollups WHERE span = 2 AND start < $1 ORDER BY start LIMIT $2)",
        DAYS_KEPT,
    ),
    (OLD_SPELLS, HISTORY_KEPT),
    (
        "DELETE FROM timeline WHERE number IN (SELECT number FROM timeline WHERE at < $1 ORDER BY at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM incidents WHERE number IN \
         (SELECT number FROM incidents WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM notices WHERE (thread, sequence) IN \
         (SELECT thread, sequence FROM notices WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
        NOTICES_KEPT,
    ),
    (
        "DELETE FROM threads WHERE key IN (SELECT key FROM threads WHERE closed_at < $1 ORDER BY closed_at LIMIT $2)",
        NOTICES_KEPT,
    ),
    (
        // The lineage of an app that nobody has touched for years still rests on the rollbacks that we made: those
        // stay as long as they are among the app's latest 3,000 releases that were ours.
        "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE ended_at IS NOT NULL AND ended_at < $1 \
           AND (release_made IS NULL OR release_made <= (SELECT MAX(newer.release_made) FROM runs AS newer \
                WHERE newer.host = runs.host AND newer.subject_id = runs.subject_id \
                  AND newer.release_made IS NOT NULL) - 3000) \
         ORDER BY ended_at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM pauses WHERE (scope_key, paused_at) IN \
         (SELECT scope_key, paused_at FROM pauses WHERE resumed_at < $1 ORDER BY resumed_at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM monitor_states WHERE monitor_id IN (SELECT definitions.id FROM definitions \
           JOIN monitor_states ON monitor_states.monitor_id = definitions.id \
           WHERE definitions.noun = 'monitor' AND definitions.retired_at < $1 LIMIT $2)",
        RETIRED_STATES_KEPT,
    ),
    (
        "DELETE FROM signals WHERE (monitor_id, number) IN (SELECT signals.monitor_id, signals.number FROM definitions \
           JOIN signals ON signals.monitor_id = definitions.id \
           WHERE definitions.noun = 'monitor' AND definitions.retired_at < $1 LIMIT $2)",
        RETIRED_STATES_KEPT,
    ),
    (
        "DELETE FROM holdings WHERE (monitor_id, reaction_id) IN (SELECT holdings.monitor_id, holdings.reaction_id \
           FROM definitions JOIN holdings ON holdings.monitor_id = definitions.id \
           WHERE definitions.noun = 'monitor' AND definitions.retired_at < $1 LIMIT $2)",
        RETIRED_STATES_KEPT,
    ),
    (
        "DELETE FROM holdings WHERE (monitor_id, reaction_id) IN (SELECT holdings.monitor_id, holdings.reaction_id \
           FROM definitions JOIN holdings ON holdings.reaction_id = definitions.id \
           WHERE definitions.noun = 'reaction' AND definitions.retired_at < $1 LIMIT $2)",
        RETIRED_STATES_KEPT,
    ),
    (
        "DELETE FROM sightings WHERE (host, app_id) IN \
         (SELECT host, app_id FROM sightings WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM glimpses WHERE (host, app_name) IN \
         (SELECT host, app_name FROM glimpses WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)",
        HISTORY_KEPT,
    ),
    (
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE until_at < $1 ORDER BY until_at LIMIT $2)",
        ENDED_KEPT,
    ),
    (
        "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE until_at < $1 ORDER BY until_at LIMIT $2)",
        ENDED_KEPT,
    ),
    (
        "DELETE FROM definitions WHERE (noun, id) IN \
         (SELECT noun, id FROM definitions WHERE retired_at < $1 ORDER BY retired_at LIMIT $2)",
        HISTORY_KEPT,
    ),
];

#[async_trait]
impl Retention for Database {
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.sweep_all(now).await.map_err(self.told("roll up and remove what is too old"))
    }
}

impl Database {
    async fn sweep_all(&self, now: Timestamp) -> Result<u64, Fault> {
        self.close_expired_pauses(now).await?;
        // Nothing is removed before it is rolled up.
        self.pack_hours(now).await?;
        self.make_missing_spells().await?;
        self.roll_up_days(now).await?;
        let mut left = REMOVALS_MAX;
        let mut gone = 0;
        for (sql, kept) in REMOVALS {
            gone += self.remove(sql, now - kept, &mut left).await?;
        }
        self.known().forget_shapes_before(now - SHAPES_KEPT);
        gone += self.bound_timelines(&mut left).await?;
        gone += self.bound_spells(&mut left).await?;
        gone += self.bound_incidents(&mut left).await?;
        Ok(gone)
    }

    /// Removes the oldest spells of monitors that have more than there may be, and says so.
    async fn bound_spells(&self, left: &mut u32) -> Result<u64, Fault> {
        // Counted on a reader and by an index alone.
        let many: Vec<(i64, i64, String)> = query_as(
            "SELECT many.monitor, many.spells, monitor_numbers.monitor_id FROM \
             (SELECT monitor, COUNT(*) AS spells FROM spells GROUP BY monitor HAVING COUNT(*) > $1) AS many \
             JOIN monitor_numbers ON monitor_numbers.number = many.monitor ORDER BY many.monitor",
        )
        .bind(SPELLS_KEPT)
        .fetch_all(&mut *self.reading().await?)
        .await?;
        let mut gone = 0;
        for (number, spells, monitor) in many {
            let mut too_many = spells - SPELLS_LEFT;
            while too_many > 0 && *left > 0 {
                *left -= 1;
                let lot = too_many.min(ROWS_AT_ONCE);
                let mut tx = self.writing().await?;
                let done = query(
                    "DELETE FROM spells WHERE (monitor, began_at) IN \
                     (SELECT monitor, began_at FROM spells WHERE monitor = $1 ORDER BY began_at LIMIT $2)",
                );
                gone += done.bind(number).bind(lot).execute(&mut *tx).await?.rows_affected();
                tx.commit().await?;
                too_many -= lot;
            }
            tracing::warn!(
                monitor,
                spells,
                "the oldest spells of this monitor were removed: it changes so often that it has more than {SPELLS_KEPT}; \
                 give it a longer `every`"
            );
        }
        Ok(gone)
    }

    /// Removes the oldest incidents of what has more than there may be, and says so. An open one is the newest.
    async fn bound_incidents(&self, left: &mut u32) -> Result<u64, Fault> {
        // Counted on a reader and by an index alone.
        let many: Vec<(String, i64)> =
            query_as("SELECT subject, COUNT(*) FROM incidents GROUP BY subject HAVING COUNT(*) > $1 ORDER BY subject")
                .bind(INCIDENTS_KEPT)
                .fetch_all(&mut *self.reading().await?)
                .await?;
        let mut gone = 0;
        for (subject, incidents) in many {
            let mut too_many = incidents - INCIDENTS_LEFT;
            while too_many > 0 && *left > 0 {
                *left -= 1;
                let lot = too_many.min(ROWS_AT_ONCE);
                let mut tx = self.writing().await?;
                let done = query(
                    "DELETE FROM incidents WHERE (subject, began_at) IN \
                     (SELECT subject, began_at FROM incidents WHERE subject = $1 ORDER BY began_at LIMIT $2)",
                );
                gone += done.bind(&subject).bind(lot).execute(&mut *tx).await?.rows_affected();
                tx.commit().await?;
                too_many -= lot;
            }
            tracing::warn!(
                subject,
                incidents,
                "the oldest incidents were removed: its monitors change so often that it has more than {INCIDENTS_KEPT}; \
                 give them a longer `every`"
            );
        }
        Ok(gone)
    }

    /// Removes the oldest lines of monitors that have more than there may be, and says so.
    async fn bound_timelines(&self, left: &mut u32) -> Result<u64, Fault> {
        // Counted on a reader and by an index alone; lines of runs are in it, so that a few come in vain.
        let many: Vec<String> = query_scalar(
            "SELECT monitor_id FROM timeline WHERE monitor_id IS NOT NULL \
             GROUP BY monitor_id HAVING COUNT(*) > $1 ORDER BY monitor_id",
        )
        .bind(LINES_KEPT)
        .fetch_all(&mut *self.reading().await?)
        .await?;
        let mut gone = 0;
        for monitor in many {
            if self.line_behind(&monitor, LINES_KEPT).await?.is_none() {
                continue;
            }
            let Some((last, name)) = self.line_behind(&monitor, LINES_LEFT).await? else { continue };
            let removed = self.remove_lines(&monitor, last, left).await?;
            if removed > 0 {
                tracing::warn!(
                    monitor = name,
                    lines = removed,
                    "the oldest lines of this monitor's history were removed: it changes so often that it has more than \
                     {LINES_KEPT}; give it a longer `every`, or let more readings count"
                );
            }
            gone += removed;
        }
        Ok(gone)
    }

    /// The newest line of a monitor, of those that belong to no run, that has so many newer ones, and the monitor's name.
    async fn line_behind(&self, monitor: &str, newer: i64) -> Result<Option<(i64, String)>, Fault> {
        let found = query_as(
            "SELECT number, COALESCE(monitor_name, '') FROM timeline WHERE monitor_id = $1 AND run_id IS NULL \
             ORDER BY number DESC LIMIT 1 OFFSET $2",
        );
        Ok(found.bind(monitor).bind(newer).fetch_optional(&mut *self.reading().await?).await?)
    }

    /// Removes the lines of a monitor that belong to no run, up to this one.
    async fn remove_lines(&self, monitor: &str, last: i64, left: &mut u32) -> Result<u64, Fault> {
        let mut gone = 0;
        while *left > 0 {
            *left -= 1;
            let mut tx = self.writing().await?;
            let done = query(
                "DELETE FROM timeline WHERE number IN (SELECT number FROM timeline \
                   WHERE monitor_id = $1 AND run_id IS NULL AND number <= $2 ORDER BY number LIMIT $3)",
            );
            let done = done.bind(monitor).bind(last).bind(ROWS_AT_ONCE).execute(&mut *tx).await?;
            tx.commit().await?;
            gone += done.rows_affected();
            if done.rows_affected() < ROWS_AT_ONCE.unsigned_abs() {
                break;
            }
        }
        Ok(gone)
    }

    /// Removes in steps until nothing is left, or as many steps were taken as a call may.
    async fn remove(&self, sql: &'static str, before: Timestamp, left: &mut u32) -> Result<u64, Fault> {
        let mut gone = 0;
        while *left > 0 {
            *left -= 1;
            let mut tx = self.writing().await?;
            let done = query(sql).bind(before.as_millis()).bind(ROWS_AT_ONCE).execute(&mut *tx).await?;
            tx.commit().await?;
            gone += done.rows_affected();
            if done.rows_affected() < ROWS_AT_ONCE.unsigned_abs() {
                break;
            }
        }
        Ok(gone)
    }

    async fn close_expired_pauses(&self, now: Timestamp) -> Result<(), Fault> {
        let mut tx = self.writing().await?;
        if pauses::close_expired(&mut tx, now).await? > 0 {
            tx.commit().await?;
        }
        Ok(())
    }
}
