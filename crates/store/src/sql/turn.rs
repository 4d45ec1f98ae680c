//! What the loop reads at its start, and the one way in which it writes.

use super::query_as;
use super::{Database, definitions, facts, leases, of, rows};
use crate::error::Fault;
use crate::read::{at, from_json, from_text, readable};
use crate::{
    AppFacts, Batch, Definition, Error, Holding, HoldingKey, Loop, NewerReadings, Of, Remembered, Sighting, Unsettled,
};
use async_trait::async_trait;
use flyball_model::{AppName, MonitorState, ReactionId, Subject, SubjectKey, Timestamp};

/// The columns that a sighting is read from.
macro_rules! sighting_columns {
    () => {
        "host, app, formation, dynos, releases, been_up, one_offs, unsettled_at, unsettled_from, foreign_changes, seen_at, \
         formation_at, releases_at"
    };
}
pub(super) use sighting_columns;

#[async_trait]
impl Loop for Database {
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error> {
        let defined = async {
            let mut tx = self.writing().await?;
            definitions::replace(&mut tx, monitors, reactions, now).await?;
            Ok(tx.commit().await?)
        };
        defined.await.map_err(self.told("save the definitions"))
    }

    async fn remembered(&self, of: Of<'_>) -> Result<Vec<Remembered>, Error> {
        let read = async {
            let rows: Vec<(String, String, String, Option<i64>)> =
                of::REMEMBERED.asked(of).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, |(monitor, watched, state, covers)| {
                let row = || format!("the state of monitor {monitor}");
                let (state, monitor): (MonitorState, _) = (from_json(&state, row)?, from_text(&monitor, row)?);
                let covers = covers.map(at).or(state.last_at).unwrap_or(Timestamp::EPOCH);
                Ok(Remembered { monitor, watched, state, covers })
            })
        };
        read.await.map_err(self.told("read what monitors remember"))
    }

    async fn newer_readings(&self, of: Of<'_>) -> Result<Vec<NewerReadings>, Error> {
        self.read_newer(of).await.map_err(self.told("read what monitors found since"))
    }

    async fn holdings(&self, of: Of<'_>) -> Result<Vec<Holding>, Error> {
        let read = async {
            let rows: Vec<HoldingRow> = of::HOLDINGS.asked(of).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, HoldingRow::read)
        };
        read.await.map_err(self.told("read why reactions hold"))
    }

    async fn save(&self, batch: &Batch) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let saved = async {
            let mut tx = self.writing().await?;
            if let Some(tenure) = &batch.tenure
                && !leases::holds(&mut tx, tenure).await?
            {
                return Err(Fault::Fenced);
            }
            let learnt = self.write_readings(&mut tx, &batch.readings).await?;
            rows::write(&mut tx, batch).await?;
            tx.commit().await?;
            self.known().take_up(learnt);
            Ok(())
        };
        saved.await.map_err(self.told("save readings and what followed from them"))
    }

    async fn sighting(&self, subject: &SubjectKey) -> Result<Option<Sighting>, Error> {
        let SubjectKey::HerokuApp { host, name } = subject;
        let read = async {
            // A name that was given up and taken anew belongs to the app that was seen last.
            let sql = concat!(
                "SELECT ",
                sighting_columns!(),
                " FROM sightings WHERE host = $1 AND app_name = $2 ORDER BY seen_at DESC LIMIT 1"
            );
            let row: Option<SightingRow> = query_as(sql)
                .bind(host.as_str())
                .bind(name.as_str())
                .fetch_optional(&mut *self.reading().await?)
                .await?;
            row.map(|row| row.read(name)).transpose()
        };
        read.await.map_err(self.told("read what was seen of an app"))
    }

    async fn app_facts(&self, subject: &Subject, reactions: &[ReactionId], now: Timestamp) -> Result<AppFacts, Error> {
        let Subject::HerokuApp(app) = subject;
        let read = async {
            let mut tx = self.reading().await?;
            facts::read(&mut tx, app, reactions, now).await
        };
        read.await.map_err(self.told("read what is known of an app"))
    }
}

row! {
    struct HoldingRow {
        monitor_id: String,
        reaction_id: String,
        because: String,
        since: i64,
        last_at: i64,
        held_count: i64,
    }
}

impl HoldingRow {
    fn read(self) -> Result<Holding, Fault> {
        let row = || format!("the holding of reaction {} on monitor {}", self.reaction_id, self.monitor_id);
        Ok(Holding {
            key: HoldingKey {
                monitor: from_text(&self.monitor_id, row)?,
                reaction: from_text(&self.reaction_id, row)?,
            },
            because: from_json(&self.because, row)?,
            since: at(self.since),
            last_at: at(self.last_at),
            count: u64::try_from(self.held_count).unwrap_or(0),
        })
    }
}

row! {
    pub(super) struct SightingRow {
        host: String,
        app: String,
        formation: String,
        dynos: String,
        releases: String,
        been_up: String,
        one_offs: String,
        unsettled_at: Option<i64>,
        unsettled_from: Option<i64>,
        foreign_changes: String,
        seen_at: i64,
        formation_at: Option<i64>,
        releases_at: Option<i64>,
    }
}

impl SightingRow {
    pub(super) fn read(self, app: &AppName) -> Result<Sighting, Fault> {
        let row = |column: &'static str| move || format!("column `{column}` of the sighting of {app}");
        Ok(Sighting {
            host: from_text(&self.host, row("host"))?,
            app: from_json(&self.app, row("app"))?,
            formation: from_json(&self.formation, row("formation"))?,
            dynos: from_json(&self.dynos, row("dynos"))?,
            releases: from_json(&self.releases, row("releases"))?,
            been_up: from_json(&self.been_up, row("been_up"))?,
            one_offs: from_json(&self.one_offs, row("one_offs"))?,
            // What was written before `unsettled_from` was counts from when it was seen.
            unsettled: self
                .unsettled_at
                .map(|seen| Unsettled { at: at(seen), from: at(self.unsettled_from.unwrap_or(seen)) }),
            foreign: from_json(&self.foreign_changes, row("foreign_changes"))?,
            seen_at: at(self.seen_at),
            formation_at: self.formation_at.map(at),
            releases_at: self.releases_at.map(at),
        })
    }
}
