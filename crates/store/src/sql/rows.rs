//! Writing rows: one statement for each kind of row in a batch, however many rows there are.
//!
//! A statement costs some 50 µs on its way to SQLite's thread and back, and the way to a server and back; a row costs almost
//! nothing. So the rows of a statement travel as one JSON array, which the database takes apart.

use super::dialect::{Connection, Db, each};
use super::{incidents, query, query_scalar};
use crate::error::Fault;
use crate::read::to_word;
use crate::{Batch, Definition, Holding, Remembered, Sighting};
use flyball_model::{
    Actor, AppId, Because, Entry, Event, Foreign, MonitorId, MonitorName, MonitorState, NodeId, Outcome, Plan,
    ProcessType, Rank, ReactionId, ReactionName, Run, RunId, RunState, Subject,
};
use serde::Serialize;
use sqlx::Transaction;
use std::collections::HashMap;
use std::hash::Hash;

/// Everything of a batch but its readings, in the transaction that the caller holds.
pub(crate) async fn write(tx: &mut Connection, batch: &Batch) -> Result<(), Fault> {
    write_states(tx, &batch.states).await?;
    write_holdings(tx, &batch.holdings).await?;
    write_sightings(tx, &batch.sightings).await?;
    write_runs(tx, &batch.runs).await?;
    incidents::write(tx, &batch.incidents).await?;
    write_entries(tx, &batch.entries).await
}

/// One statement over an array of rows. Nothing is sent for none.
async fn write_rows<R: Serialize>(tx: &mut Connection, sql: &'static str, rows: &[R]) -> Result<(), Fault> {
    if !rows.is_empty() {
        query(sql).bind(crate::read::to_json(rows)).execute(tx).await?;
    }
    Ok(())
}

/// The last of those with the same key, in order of first appearance. A statement may meet a row only once, and of
/// what is remembered once the later wins.
fn last_of_each<'a, T, K: Eq + Hash>(rows: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let mut place: HashMap<K, usize> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<&T> = Vec::with_capacity(rows.len());
    for row in rows {
        match place.entry(key(row)) {
            std::collections::hash_map::Entry::Occupied(there) => kept[*there.get()] = row,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(kept.len());
                kept.push(row);
            }
        }
    }
    kept
}

#[derive(Serialize)]
struct StateRow<'a> {
    monitor_id: MonitorId,
    watched: &'a str,
    state: &'a MonitorState,
    covers: i64,
}

async fn write_states(tx: &mut Connection, states: &[Remembered]) -> Result<(), Fault> {
    let rows: Vec<_> = last_of_each(states, |row| row.monitor)
        .into_iter()
        .map(|row| StateRow {
            monitor_id: row.monitor,
            watched: &row.watched,
            state: &row.state,
            covers: row.covers.as_millis(),
        })
        .collect();
    let sql = concat!(
        "INSERT INTO monitor_states (monitor_id, watched, state, covers) \
        SELECT value ->> 'monitor_id', value ->> 'watched', CAST(value -> 'state' AS TEXT), \
               CAST(value ->> 'covers' AS BIGINT) \
        FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (monitor_id) DO UPDATE SET watched = excluded.watched, state = excluded.state, \
               covers = excluded.covers"
    );
    write_rows(tx, sql, &rows).await
}

#[derive(Serialize)]
struct HoldingRow<'a> {
    monitor_id: MonitorId,
    reaction_id: ReactionId,
    because: &'a Because,
    since: i64,
    last_at: i64,
    held_count: i64,
}

async fn write_holdings(tx: &mut Connection, holdings: &[Holding]) -> Result<(), Fault> {
    let rows: Vec<_> = last_of_each(holdings, |row| row.key)
        .into_iter()
        .map(|row| HoldingRow {
            monitor_id: row.key.monitor,
            reaction_id: row.key.reaction,
            because: &row.because,
            since: row.since.as_millis(),
            last_at: row.last_at.as_millis(),
            held_count: i64::try_from(row.count).unwrap_or(i64::MAX),
        })
        .collect();
    let sql = concat!(
        "INSERT INTO holdings (monitor_id, reaction_id, because, since, last_at, held_count) \
        SELECT value ->> 'monitor_id', value ->> 'reaction_id', CAST(value -> 'because' AS TEXT), \
               CAST(value ->> 'since' AS BIGINT), CAST(value ->> 'last_at' AS BIGINT), \
               CAST(value ->> 'held_count' AS BIGINT) \
        FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (monitor_id, reaction_id) DO UPDATE SET because = excluded.because, since = excluded.since, \
               last_at = excluded.last_at, held_count = excluded.held_count"
    );
    write_rows(tx, sql, &rows).await
}

#[derive(Serialize)]
struct SightingRow<'a> {
    host: &'a str,
    app_id: &'a str,
    app_name: &'a str,
    app: &'a flyball_model::App,
    formation: &'a [flyball_model::ProcessFormation],
    dynos: &'a [flyball_model::Dyno],
    releases: &'a [flyball_model::Release],
    been_up: &'a [flyball_model::DynoId],
    one_offs: &'a [crate::SeenOneOff],
    unsettled_at: Option<i64>,
    unsettled_from: Option<i64>,
    foreign_changes: &'a [flyball_model::Foreign],
    seen_at: i64,
    formation_at: Option<i64>,
    releases_at: Option<i64>,
}

async fn write_sightings(tx: &mut Connection, sightings: &[Sighting]) -> Result<(), Fault> {
    let rows: Vec<_> = last_of_each(sightings, |row| (row.host.as_str(), row.app.id.as_str()))
        .into_iter()
        .map(|row| SightingRow {
            host: row.host.as_str(),
            app_id: row.app.id.as_str(),
            app_name: row.app.name.as_str(),
            app: &row.app,
            formation: &row.formation,
            dynos: first(&row.dynos, Sighting::DYNOS_MAX),
            releases: first(&row.releases, Sighting::RELEASES_MAX),
            been_up: first(&row.been_up, Sighting::DYNOS_MAX),
            one_offs: first(&row.one_offs, Sighting::ONE_OFFS_MAX),
            unsettled_at: row.unsettled.map(|unsettled| unsettled.at.as_millis()),
            unsettled_from: row.unsettled.map(|unsettled| unsettled.from.as_millis()),
            foreign_changes: &row.foreign[row.foreign.len().saturating_sub(Foreign::REMEMBERED)..],
            seen_at: row.seen_at.as_millis(),
            formation_at: row.formation_at.map(flyball_model::Timestamp::as_millis),
            releases_at: row.releases_at.map(flyball_model::Timestamp::as_millis),
        })
        .collect();
    let sql = concat!(
        "INSERT INTO sightings \
               (host, app_id, app_name, app, formation, dynos, releases, been_up, one_offs, unsettled_at, unsettled_from, \
                foreign_changes, seen_at, formation_at, releases_at) \
        SELECT value ->> 'host', value ->> 'app_id', value ->> 'app_name', CAST(value -> 'app' AS TEXT), \
               CAST(value -> 'formation' AS TEXT), CAST(value -> 'dynos' AS TEXT), CAST(value -> 'releases' AS TEXT), \
               CAST(value -> 'been_up' AS TEXT), CAST(value -> 'one_offs' AS TEXT), CAST(value ->> 'unsettled_at' AS BIGINT), \
               CAST(value ->> 'unsettled_from' AS BIGINT), \
               CAST(value -> 'foreign_changes' AS TEXT), CAST(value ->> 'seen_at' AS BIGINT), \
               CAST(value ->> 'formation_at' AS BIGINT), CAST(value ->> 'releases_at' AS BIGINT) \
        FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (host, app_id) DO UPDATE SET app_name = excluded.app_name, app = excluded.app, \
               formation = excluded.formation, dynos = excluded.dynos, releases = excluded.releases, \
               been_up = excluded.been_up, one_offs = excluded.one_offs, unsettled_at = excluded.unsettled_at, \
               unsettled_from = excluded.unsettled_from, \
               foreign_changes = excluded.foreign_changes, seen_at = excluded.seen_at, \
               formation_at = excluded.formation_at, releases_at = excluded.releases_at"
    );
    write_rows(tx, sql, &rows).await
}

fn first<T>(list: &[T], most: usize) -> &[T] {
    &list[..list.len().min(most)]
}

/// Columns that a run has only in some of its states are missing in the others.
#[derive(Serialize, Default)]
struct RunStateColumns<'a> {
    claimed_at: Option<i64>,
    look_at: Option<i64>,
    ended_at: Option<i64>,
    node: Option<NodeId>,
    outcome: Option<&'a Outcome>,
}

#[derive(Serialize)]
struct RunRow<'a> {
    id: RunId,
    host: &'a str,
    /// The table takes no run on an app that nobody looked at.
    subject_id: Option<&'a str>,
    subject_name: &'a str,
    reaction_id: ReactionId,
    reaction_name: &'a ReactionName,
    actor: &'static str,
    monitor_id: Option<MonitorId>,
    monitor_name: Option<&'a MonitorName>,
    episode: Option<i64>,
    person: Option<&'a str>,
    rank: Rank,
    process_type: Option<&'a ProcessType>,
    plan: &'a Plan,
    because: &'a Because,
    state: &'static str,
    queued_at: i64,
    sent_at: Option<i64>,
    effect_at: Option<i64>,
    outcome_code: Option<&'static str>,
    release_made: Option<i64>,
    request_ids: &'a [flyball_model::Excerpt],
    #[serde(flatten)]
    of_state: RunStateColumns<'a>,
}

impl<'a> RunRow<'a> {
    fn of(run: &'a Run) -> Self {
        let Subject::HerokuApp(app) = &run.plan.subject;
        let (actor, monitor_id, monitor_name, episode, person) = match &run.actor {
            Actor::Engine { monitor, monitor_name, episode } => {
                ("engine", Some(*monitor), Some(monitor_name), Some(episode.as_millis()), None)
            }
            Actor::Person { name } => ("person", None, None, None, Some(name.as_str())),
        };
        let of_state = match &run.state {
            RunState::Queued => RunStateColumns::default(),
            RunState::Claimed { node, at } => {
                RunStateColumns { node: Some(*node), claimed_at: Some(at.as_millis()), ..RunStateColumns::default() }
            }
            RunState::Sent { node, at: _, look_at } => {
                RunStateColumns { node: Some(*node), look_at: Some(look_at.as_millis()), ..RunStateColumns::default() }
            }
            RunState::Ended { at, outcome } => {
                RunStateColumns { ended_at: Some(at.as_millis()), outcome: Some(outcome), ..RunStateColumns::default() }
            }
        };
        Self {
            id: run.id,
            host: app.host.as_str(),
            subject_id: app.id.as_ref().map(AppId::as_str),
            subject_name: app.name.as_str(),
            reaction_id: run.reaction,
            reaction_name: &run.reaction_name,
            actor,
            monitor_id,
            monitor_name,
            episode,
            person,
            rank: run.rank,
            process_type: run.plan.effect.process_type(),
            plan: &run.plan,
            because: &run.because,
            state: run.state.code(),
            queued_at: run.queued_at.as_millis(),
            sent_at: run.sent_at.map(flyball_model::Timestamp::as_millis),
            effect_at: run.took_effect_at().map(flyball_model::Timestamp::as_millis),
            outcome_code: of_state.outcome.map(Outcome::code),
            release_made: of_state.outcome.and_then(release_made),
            request_ids: first(&run.request_ids, Run::REQUEST_IDS_MAX),
            of_state,
        }
    }
}

/// The release that a run made, as it is stored.
pub(crate) fn release_made(outcome: &Outcome) -> Option<i64> {
    match outcome {
        Outcome::Done { release, .. } => release.and_then(|version| i64::try_from(version.get()).ok()),
        Outcome::NotDone { .. } | Outcome::Superseded { .. } | Outcome::Refused { .. } | Outcome::InDoubt { .. } => {
            None
        }
    }
}

async fn write_runs(tx: &mut Connection, runs: &[Run]) -> Result<(), Fault> {
    let rows: Vec<_> = runs.iter().map(RunRow::of).collect();
    let sql = concat!(
        "INSERT INTO runs \
               (id, subject_kind, host, subject_id, subject_name, reaction_id, reaction_name, actor, monitor_id, \
                monitor_name, episode, person, rank, process_type, plan, because, state, queued_at, \
                claimed_at, sent_at, look_at, ended_at, effect_at, outcome_code, outcome, release_made, refusals, \
                request_ids, node, fence) \
        SELECT value ->> 'id', 'heroku_app', value ->> 'host', value ->> 'subject_id', value ->> 'subject_name', \
               value ->> 'reaction_id', value ->> 'reaction_name', value ->> 'actor', value ->> 'monitor_id', \
               value ->> 'monitor_name', CAST(value ->> 'episode' AS BIGINT), value ->> 'person', value ->> 'rank', \
               value ->> 'process_type', CAST(value -> 'plan' AS TEXT), \
               CAST(value -> 'because' AS TEXT), value ->> 'state', CAST(value ->> 'queued_at' AS BIGINT), \
               CAST(value ->> 'claimed_at' AS BIGINT), CAST(value ->> 'sent_at' AS BIGINT), \
               CAST(value ->> 'look_at' AS BIGINT), CAST(value ->> 'ended_at' AS BIGINT), \
               CAST(value ->> 'effect_at' AS BIGINT), value ->> 'outcome_code', value ->> 'outcome', \
               CAST(value ->> 'release_made' AS BIGINT), 0, CAST(value -> 'request_ids' AS TEXT), value ->> 'node', 0 \
        FROM ",
        each!("$1")
    );
    write_rows(tx, sql, &rows).await
}

#[derive(Serialize)]
struct EntryRow<'a> {
    number: i64,
    at: i64,
    app: Option<&'a str>,
    monitor_id: Option<MonitorId>,
    monitor_name: Option<&'a MonitorName>,
    reaction_id: Option<ReactionId>,
    reaction_name: Option<&'a ReactionName>,
    run_id: Option<RunId>,
    event: &'a Event,
}

/// Commits what was done with the lines that tell of it. Where nothing was to be done, nothing is written.
pub(crate) async fn commit_with(
    mut tx: Transaction<'static, Db>,
    is_done: bool,
    entries: &[Entry],
) -> Result<bool, Fault> {
    if is_done {
        write_entries(&mut tx, entries).await?;
        tx.commit().await?;
    }
    Ok(is_done)
}

/// Lines of the timeline, numbered in order. The counter's row is locked until the transaction ends, so that a line
/// with a higher number is never seen before one with a lower: whoever follows the timeline misses none.
pub(crate) async fn write_entries(tx: &mut Connection, entries: &[Entry]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(entries.len()).expect("a batch is far smaller");
    let last: i64 = query_scalar("UPDATE counters SET value = value + $1 WHERE name = 'timeline' RETURNING value")
        .bind(count)
        .fetch_one(&mut *tx)
        .await?;
    let rows: Vec<_> = (last - count + 1..)
        .zip(entries)
        .map(|(number, entry)| EntryRow {
            number,
            at: entry.at.as_millis(),
            app: entry.app.as_ref().map(flyball_model::AppName::as_str),
            monitor_id: entry.monitor.as_ref().map(|(id, _)| *id),
            monitor_name: entry.monitor.as_ref().map(|(_, name)| name),
            reaction_id: entry.reaction.as_ref().map(|(id, _)| *id),
            reaction_name: entry.reaction.as_ref().map(|(_, name)| name),
            run_id: entry.run,
            event: &entry.event,
        })
        .collect();
    let sql = concat!(
        "INSERT INTO timeline \
               (number, at, app, monitor_id, monitor_name, reaction_id, reaction_name, run_id, event) \
        SELECT CAST(value ->> 'number' AS BIGINT), CAST(value ->> 'at' AS BIGINT), value ->> 'app', \
               value ->> 'monitor_id', value ->> 'monitor_name', value ->> 'reaction_id', value ->> 'reaction_name', \
               value ->> 'run_id', CAST(value -> 'event' AS TEXT) \
        FROM ",
        each!("$1")
    );
    write_rows(tx, sql, &rows).await
}

#[derive(Serialize)]
struct DefinitionRow<'a> {
    noun: &'static str,
    id: uuid::Uuid,
    name: &'a str,
    origin: String,
    kind: &'a str,
    settings: &'a serde_json::Value,
}

/// Definitions of one noun: new ones added, known ones changed and no longer retired.
pub(crate) async fn write_definitions(
    tx: &mut Connection,
    noun: &'static str,
    definitions: &[Definition],
) -> Result<(), Fault> {
    let rows: Vec<_> = last_of_each(definitions, |definition| definition.id)
        .into_iter()
        .map(|definition| DefinitionRow {
            noun,
            id: definition.id,
            name: &definition.name,
            origin: to_word(&definition.origin),
            kind: &definition.kind,
            settings: &definition.settings,
        })
        .collect();
    let sql = concat!(
        "INSERT INTO definitions (noun, id, name, origin, kind, settings) \
        SELECT value ->> 'noun', value ->> 'id', value ->> 'name', value ->> 'origin', value ->> 'kind', \
               CAST(value -> 'settings' AS TEXT) \
        FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (noun, id) DO UPDATE SET name = excluded.name, origin = excluded.origin, kind = excluded.kind, \
               settings = excluded.settings, retired_at = NULL"
    );
    write_rows(tx, sql, &rows).await
}
