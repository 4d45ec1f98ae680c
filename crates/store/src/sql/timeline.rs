//! What is read by people: the timeline, readings, their roll-ups, and spells.

use super::dialect::{Db, json, stays_prepared};
use super::{Database, overview};
use crate::error::Fault;
use crate::read::{at, bounded, from_json, from_text, readable};
use crate::{
    Error, Of, Overview, ReadingsPage, Rolled, Rollup, RollupsPage, Span, Spell, SpellsPage, Timeline, TimelineLine,
    TimelinePage,
};
use async_trait::async_trait;
use flyball_model::{Entry, MonitorId, ReactionId, Reading, Subject, Timestamp, Verdict};
use sqlx::QueryBuilder;

#[async_trait]
impl Timeline for Database {
    async fn overview(&self, apps: &[(Subject, Vec<ReactionId>)], now: Timestamp) -> Result<Vec<Overview>, Error> {
        let read = async {
            let mut tx = self.reading().await?;
            overview::read(&mut tx, apps, now).await
        };
        read.await.map_err(self.told("read what is known of apps"))
    }

    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        let read = async {
            let mut query = QueryBuilder::<Db>::new(
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
            if let Some(run) = page.run {
                query.push(" AND run_id = ").push_bind(run.to_string());
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
                query.push(concat!(" AND ", json!("event"), " ->> 'event' <> 'held'"));
            }
            query.push(if page.first { " ORDER BY number LIMIT " } else { " ORDER BY number DESC LIMIT " });
            query.push_bind(bounded(page.lines, TimelinePage::LINES_MAX));
            let rows: Vec<LineRow> =
                query.build_query_as().persistent(stays_prepared()).fetch_all(&mut *self.reading().await?).await?;
            let mut lines = readable(rows, LineRow::read)?;
            if !page.first {
                lines.reverse();
            }
            Ok(lines)
        };
        read.await.map_err(self.told("read the timeline"))
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.read_readings(page).await
    }

    async fn latest(&self, of: Of<'_>) -> Result<Vec<(MonitorId, Reading)>, Error> {
        self.read_latest(of).await.map_err(self.told("read the latest readings"))
    }

    async fn rolled_up(
        &self,
        monitors: &[MonitorId],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Rollup>, Error> {
        self.read_rolled_up(monitors, since, until).await.map_err(self.told("roll up what became of monitors"))
    }

    async fn rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Error> {
        self.read_rollups(page).await.map_err(self.told("read the roll-ups of a monitor"))
    }

    async fn rollups_of(
        &self,
        monitors: &[MonitorId],
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Rolled>>, Error> {
        let read = self.read_rollups_of(monitors, span, since, until).await;
        read.map_err(self.told("read the roll-ups of monitors"))
    }

    async fn spells(&self, page: &SpellsPage) -> Result<Vec<Spell>, Error> {
        self.read_spells(page).await.map_err(self.told("read the spells of a monitor"))
    }

    async fn latest_spells(
        &self,
        monitors: &[MonitorId],
        verdict: Verdict,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Spell>>, Error> {
        let read = self.read_latest_spells(monitors, verdict, since, until).await;
        read.map_err(self.told("read the spells of monitors"))
    }
}

row! {
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
