//! Pauses, with their history: a pause that ended still decides which readings are evidence.

use super::Database;
use super::dialect::{Connection, both_clocks, each};
use super::rows::write_entries;
use super::{query, query_as};
use crate::error::Fault;
use crate::read::{at, from_json, readable, to_json};
use crate::{Error, Pause, Pauses, Resumed};
use async_trait::async_trait;
use flyball_model::{AppName, Entry, Event, PauseScope, ReactionId, Run, Timestamp};

/// Who ends a pause that had a time.
const BY_ITS_TIME: &str = "the end of its time";

/// At most this many pauses are read at once: a person makes each by hand.
const PAUSES_MAX: i64 = 1000;

#[async_trait]
impl Pauses for Database {
    async fn pause(&self, pause: &Pause) -> Result<(), Error> {
        let paused = async {
            let mut tx = self.writing().await?;
            close_expired(&mut tx, pause.at).await?;
            begin(&mut tx, pause).await?;
            let event = Event::Paused { scope: pause.scope.clone(), until: pause.until, by: pause.by.clone() };
            write_entries(&mut tx, &[entry(pause.at, &pause.scope, event)]).await?;
            Ok(tx.commit().await?)
        };
        paused.await.map_err(self.told("pause"))
    }

    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error> {
        let resumed = async {
            let mut tx = self.writing().await?;
            close_expired(&mut tx, now).await?;
            let changed = query("UPDATE pauses SET resumed_at = $1 WHERE scope_key = $2 AND resumed_at IS NULL")
                .bind(now.as_millis())
                .bind(key(scope))
                .execute(&mut *tx)
                .await?;
            let was_paused = changed.rows_affected() > 0;
            if was_paused {
                let event = Event::Resumed { scope: scope.clone(), by: by.to_owned() };
                write_entries(&mut tx, &[entry(now, scope, event)]).await?;
            }
            tx.commit().await?;
            Ok(was_paused)
        };
        resumed.await.map_err(self.told("resume"))
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error> {
        let read = async {
            let rows: Vec<PauseRow> = query_as(concat!(
                "SELECT scope, paused_at, until_at, paused_by FROM pauses WHERE resumed_at IS NULL \
                 AND (until_at IS NULL OR until_at > ",
                both_clocks!("CAST($1 AS BIGINT)"),
                ") ORDER BY paused_at LIMIT $2"
            ))
            .bind(now.as_millis())
            .bind(PAUSES_MAX)
            .fetch_all(&mut *self.reading().await?)
            .await?;
            readable(rows, PauseRow::read)
        };
        read.await.map_err(self.told("read what is paused"))
    }
}

row! {
    struct PauseRow {
        scope: String,
        paused_at: i64,
        until_at: Option<i64>,
        paused_by: String,
    }
}

impl PauseRow {
    fn read(self) -> Result<Pause, Fault> {
        let scope = from_json(&self.scope, || format!("column `scope` of the pause at {}", at(self.paused_at)))?;
        Ok(Pause { scope, at: at(self.paused_at), until: self.until_at.map(at), by: self.paused_by })
    }
}

/// The key of a scope. A reaction's is its id, by which runs know it.
fn key(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Everything => EVERYTHING.to_owned(),
        PauseScope::App(app) => app_key(app),
        PauseScope::Reaction(name) => reaction_key(ReactionId::of(name)),
    }
}

const EVERYTHING: &str = "everything";

fn app_key(app: &AppName) -> String {
    format!("app:{app}")
}

fn reaction_key(reaction: ReactionId) -> String {
    format!("reaction:{reaction}")
}

/// The keys of every scope that covers one of these reactions on an app, each as a row.
fn covering(app: &AppName, reactions: &[ReactionId]) -> String {
    let mut keys = vec![[EVERYTHING.to_owned()], [app_key(app)]];
    keys.extend(reactions.iter().map(|reaction| [reaction_key(*reaction)]));
    to_json(&keys)
}

/// The pause that holds over a run, the oldest of several.
pub(crate) async fn over(tx: &mut Connection, run: &Run, now: Timestamp) -> Result<Option<Pause>, Fault> {
    Ok(holding(tx, &run.plan.app().name, &[run.reaction], now).await?.into_iter().next())
}

/// The pauses that hold and cover an app, one of these reactions, or everything; oldest first.
pub(crate) async fn holding(
    tx: &mut Connection,
    app: &AppName,
    reactions: &[ReactionId],
    now: Timestamp,
) -> Result<Vec<Pause>, Fault> {
    let sql = concat!(
        "SELECT scope, paused_at, until_at, paused_by FROM pauses WHERE resumed_at IS NULL \
         AND (until_at IS NULL OR until_at > ",
        both_clocks!("CAST($1 AS BIGINT)"),
        ") AND scope_key IN (SELECT value ->> 0 FROM ",
        each!("$2"),
        ") ORDER BY paused_at, scope_key"
    );
    let rows: Vec<PauseRow> = query_as(sql).bind(now.as_millis()).bind(covering(app, reactions)).fetch_all(tx).await?;
    // A pause that cannot be read is an error here, and not left out: nothing may act in spite of it.
    rows.into_iter().map(PauseRow::read).collect()
}

/// The latest end of a pause of each scope that covers an app, one of these reactions, or everything.
pub(crate) async fn resumed(
    tx: &mut Connection,
    app: &AppName,
    reactions: &[ReactionId],
    now: Timestamp,
) -> Result<Vec<Resumed>, Fault> {
    let sql = concat!(
        "SELECT MIN(scope), MAX(COALESCE(resumed_at, until_at)) FROM pauses WHERE (resumed_at IS NOT NULL OR until_at <= ",
        both_clocks!("CAST($1 AS BIGINT)"),
        ") AND scope_key IN (SELECT value ->> 0 FROM ",
        each!("$2"),
        ") GROUP BY scope_key ORDER BY scope_key"
    );
    let rows: Vec<(String, i64)> =
        query_as(sql).bind(now.as_millis()).bind(covering(app, reactions)).fetch_all(tx).await?;
    rows.into_iter()
        .map(|(scope, ended_at)| {
            let scope = from_json(&scope, || format!("column `scope` of the pause that ended at {}", at(ended_at)))?;
            Ok(Resumed { scope, at: at(ended_at) })
        })
        .collect()
}

/// Begins a pause, or changes until when an open one lasts; that one keeps its beginning.
async fn begin(tx: &mut Connection, pause: &Pause) -> Result<(), Fault> {
    let (key, until) = (key(&pause.scope), pause.until.map(Timestamp::as_millis));
    let changed = query("UPDATE pauses SET until_at = $1, paused_by = $2 WHERE scope_key = $3 AND resumed_at IS NULL")
        .bind(until)
        .bind(&pause.by)
        .bind(&key)
        .execute(&mut *tx)
        .await?;
    if changed.rows_affected() > 0 {
        return Ok(());
    }
    // Paused, resumed and paused again within one millisecond: it is the same pause, open again.
    query(
        "INSERT INTO pauses (scope_key, paused_at, scope, until_at, paused_by) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (scope_key, paused_at) DO UPDATE SET until_at = excluded.until_at, \
                paused_by = excluded.paused_by, resumed_at = NULL",
    )
    .bind(&key)
    .bind(pause.at.as_millis())
    .bind(to_json(&pause.scope))
    .bind(until)
    .bind(&pause.by)
    .execute(tx)
    .await?;
    Ok(())
}

/// Closes the pauses whose time has come, and tells each in the timeline; returns how many.
pub(crate) async fn close_expired(tx: &mut Connection, now: Timestamp) -> Result<u64, Fault> {
    let closed: Vec<(String, i64)> = query_as(concat!(
        "UPDATE pauses SET resumed_at = until_at WHERE resumed_at IS NULL AND until_at <= ",
        both_clocks!("CAST($1 AS BIGINT)"),
        " RETURNING scope, until_at"
    ))
    .bind(now.as_millis())
    .fetch_all(&mut *tx)
    .await?;
    let count = closed.len() as u64;
    let entries = readable(closed, |(scope, until)| {
        let scope: PauseScope = from_json(&scope, || format!("column `scope` of the pause until {}", at(until)))?;
        let event = Event::Resumed { scope: scope.clone(), by: BY_ITS_TIME.to_owned() };
        Ok(entry(at(until), &scope, event))
    })?;
    write_entries(tx, &entries).await?;
    Ok(count)
}

/// A line of the timeline, found under what it is about.
fn entry(at: Timestamp, scope: &PauseScope, event: Event) -> Entry {
    let mut entry = Entry::new(at, event);
    match scope {
        PauseScope::Everything => {}
        PauseScope::App(app) => entry.app = Some(app.clone()),
        PauseScope::Reaction(name) => entry.reaction = Some((ReactionId::of(name), name.clone())),
    }
    entry
}
