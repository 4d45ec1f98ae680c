//! What a choice on an app depends on and only the store knows: a few narrow queries as of one moment.
//!
//! A fact that cannot be read is an error, and nothing is left out: a choice made on half the facts could act.

use super::dialect::{Connection, Db, stays_prepared};
use super::pauses;
use super::run_row::{RunRow, run_columns};
use super::{query_as, query_scalar};
use crate::AppFacts;
use crate::Step;
use crate::error::Fault;
use crate::read::{at, from_json, from_text};
use flyball_model::{AppId, HerokuApp, ProcessType, Rank, ReactionId, ReleaseVersion, Run, Timestamp};
use sqlx::QueryBuilder;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The most refusals in a row that are counted: the back-off has reached its longest long before.
const REFUSALS_MAX: i64 = 32;

/// How far back one-off runs are told: Heroku ends a one-off dyno after 24 hours at the latest.
const ONE_OFFS_SINCE: Duration = Duration::from_secs(24 * 60 * 60);

/// At most this many of them: more than one for every two minutes of the day.
const ONE_OFFS_MAX: i64 = 1000;

/// How far back an *out* is looked for: nobody stabilises for longer than a month, and an app may scale every minute.
const OUTS_SINCE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// At most this many of our rollbacks: an app of 3,000 releases that were all ours.
const ROLLBACKS_MAX: i64 = 3000;

/// At most this many rollbacks that ended in doubt: each took an hour of not seeing anything.
const DOUBTED_MAX: i64 = 100;

/// How far back effects on an app are counted.
const EFFECTS_SINCE: Duration = Duration::from_secs(60 * 60);

/// At most this many of them: one every two seconds.
const EFFECTS_MAX: i64 = 2000;

/// A run is open for this long at most: its look-afterwards is given up after an hour.
const OPEN_FOR: Duration = Duration::from_secs(2 * 60 * 60);

/// At most this many of our runs since an app was last seen; it is seen before each of them.
const SINCE_SEEN_MAX: i64 = 200;

/// How rows know an app: by the API host and the id, so that a rename changes nothing.
#[derive(Clone, Copy)]
struct App<'a> {
    host: &'a str,
    id: &'a str,
}

/// All facts of an app.
pub(crate) async fn read(
    tx: &mut Connection,
    app: &HerokuApp,
    reactions: &[ReactionId],
    now: Timestamp,
) -> Result<AppFacts, Fault> {
    let mut facts = AppFacts {
        pauses: pauses::holding(tx, &app.name, reactions, now).await?,
        resumed: pauses::resumed(tx, &app.name, reactions, now).await?,
        ..AppFacts::default()
    };
    let id = match &app.id {
        Some(id) => Some(id.clone()),
        None => id_of_name(tx, app).await?,
    };
    if let Some(id) = id {
        let app = App { host: app.host.as_str(), id: id.as_str() };
        facts.open = open(tx, app).await?;
        facts.last_out = last_out(tx, app, now).await?;
        facts.steps = steps(tx, app, now).await?;
        facts.our_rollbacks = our_rollbacks(tx, app).await?;
        facts.doubted_rollbacks = doubted_rollbacks(tx, app).await?;
        facts.one_offs = one_offs(tx, app, now).await?;
        facts.effects = effects(tx, app, now).await?;
        facts.since_seen = since_seen(tx, app).await?;
        facts.app_id = Some(id);
    }
    if !reactions.is_empty() {
        for (run, _) in latest(tx, reactions, LAST_EFFECT).await? {
            facts.last_effect.insert(run.reaction, run);
        }
        for (run, refusals) in latest(tx, reactions, LAST_ENDED).await? {
            if refusals > 0 {
                facts.refusals_in_a_row.insert(run.reaction, refusals);
            }
            facts.last_ended.insert(run.reaction, run);
        }
        for reaction in reactions {
            let times = acted(tx, *reaction).await?;
            if !times.is_empty() {
                facts.acted.insert(*reaction, times);
            }
        }
    }
    Ok(facts)
}

/// The id of the app that has this name now: as seen last, else as our latest run on it knew it. Runs are found by
/// the id, so that they survive a rename and are not taken for those of an earlier app of the same name.
async fn id_of_name(tx: &mut Connection, app: &HerokuApp) -> Result<Option<AppId>, Fault> {
    let seen = "SELECT app_id FROM sightings WHERE host = $1 AND app_name = $2 ORDER BY seen_at DESC LIMIT 1";
    let acted_on = "SELECT subject_id FROM runs WHERE subject_name = $2 AND host = $1 ORDER BY queued_at DESC LIMIT 1";
    for sql in [seen, acted_on] {
        let named = query_scalar(sql).bind(app.host.as_str()).bind(app.name.as_str());
        if let Some(id) = named.fetch_optional(&mut *tx).await? {
            let id: String = id;
            return Ok(Some(AppId::new(id)));
        }
    }
    Ok(None)
}

async fn open(tx: &mut Connection, app: App<'_>) -> Result<Vec<Run>, Fault> {
    let sql = concat!(
        "SELECT ",
        run_columns!(),
        " FROM runs WHERE host = $1 AND subject_id = $2 AND state <> 'ended' ORDER BY queued_at, id"
    );
    let rows: Vec<RunRow> = query_as(sql).bind(app.host).bind(app.id).fetch_all(tx).await?;
    rows.into_iter().map(RunRow::read).collect()
}

async fn last_out(tx: &mut Connection, app: App<'_>, now: Timestamp) -> Result<HashMap<ProcessType, Timestamp>, Fault> {
    let rows: Vec<(String, i64)> = query_as(
        "SELECT process_type, MAX(effect_at) FROM runs \
         WHERE host = $1 AND subject_id = $2 AND rank = 'out' AND effect_at IS NOT NULL AND effect_at >= $3 \
           AND process_type IS NOT NULL \
         GROUP BY process_type",
    )
    .bind(app.host)
    .bind(app.id)
    .bind((now - OUTS_SINCE).as_millis())
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|(process_type, out_at)| {
            let row = || format!("column `process_type` of a run on app {}", app.id);
            Ok((from_text(&process_type, row)?, at(out_at)))
        })
        .collect()
}

pub(crate) const STEPS: &str = "SELECT process_type, rank, effect_at FROM runs \
     WHERE host = $1 AND subject_id = $2 AND effect_at IS NOT NULL AND effect_at >= $3 \
       AND rank IN ('out', 'in', 'up', 'down') AND process_type IS NOT NULL \
     ORDER BY effect_at DESC, id DESC LIMIT $4";

async fn steps(tx: &mut Connection, app: App<'_>, now: Timestamp) -> Result<Vec<Step>, Fault> {
    let rows: Vec<(String, String, i64)> = query_as(STEPS)
        .bind(app.host)
        .bind(app.id)
        .bind((now - Step::TOLD_FOR).as_millis())
        .bind(i64::try_from(Step::TOLD_MAX).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await?;
    rows.into_iter()
        .map(|(process_type, rank, effect_at)| {
            let row = |column: &'static str| move || format!("column `{column}` of a run on app {}", app.id);
            Ok(Step {
                process_type: from_text(&process_type, row("process_type"))?,
                rank: from_json(&format!("\"{rank}\""), row("rank"))?,
                at: at(effect_at),
            })
        })
        .collect()
}

async fn our_rollbacks(tx: &mut Connection, app: App<'_>) -> Result<BTreeSet<ReleaseVersion>, Fault> {
    let versions: Vec<i64> = query_scalar(
        "SELECT release_made FROM runs WHERE host = $1 AND subject_id = $2 AND release_made IS NOT NULL \
         ORDER BY release_made DESC LIMIT $3",
    )
    .bind(app.host)
    .bind(app.id)
    .bind(ROLLBACKS_MAX)
    .fetch_all(tx)
    .await?;
    Ok(versions.into_iter().filter_map(|version| u64::try_from(version).ok()).map(ReleaseVersion::new).collect())
}

pub(crate) const DOUBTED: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM runs WHERE host = $1 AND subject_id = $2 AND rank = 'roll_back' AND release_made IS NULL \
       AND outcome_code IN ('in_doubt', 'done') \
     ORDER BY effect_at DESC LIMIT $3"
);

async fn doubted_rollbacks(tx: &mut Connection, app: App<'_>) -> Result<Vec<Run>, Fault> {
    let rows: Vec<RunRow> = query_as(DOUBTED).bind(app.host).bind(app.id).bind(DOUBTED_MAX).fetch_all(tx).await?;
    rows.into_iter().map(RunRow::read).collect()
}

async fn effects(tx: &mut Connection, app: App<'_>, now: Timestamp) -> Result<Vec<(Rank, Timestamp)>, Fault> {
    let rows: Vec<(String, i64)> = query_as(
        "SELECT rank, effect_at FROM runs \
         WHERE host = $1 AND subject_id = $2 AND effect_at IS NOT NULL AND effect_at > $3 \
         ORDER BY effect_at DESC, id DESC LIMIT $4",
    )
    .bind(app.host)
    .bind(app.id)
    .bind((now - EFFECTS_SINCE).as_millis())
    .bind(EFFECTS_MAX)
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|(rank, effect_at)| {
            let row = || format!("column `rank` of a run on app {}", app.id);
            Ok((from_json(&format!("\"{rank}\""), row)?, at(effect_at)))
        })
        .collect()
}

/// Two halves, each with an index of its own: as one condition, every run there ever was would be read.
pub(crate) const SINCE_SEEN: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM runs WHERE host = $1 AND subject_id = $2 AND state <> 'ended' UNION ALL SELECT ",
    run_columns!(),
    " FROM runs WHERE host = $1 AND subject_id = $2 AND state = 'ended' AND effect_at IS NOT NULL AND effect_at >= $3 \
       AND (effect_at >= $4 OR ended_at >= $4) ORDER BY queued_at DESC, id DESC LIMIT $5"
);

/// Our runs since the app was last seen. One whose call was sent before and which ended since may have had its effect
/// after the look.
async fn since_seen(tx: &mut Connection, app: App<'_>) -> Result<Vec<Run>, Fault> {
    // Not every look was at everything: what counts is the part that was looked at the longest time ago.
    let looks: Option<(i64, Option<i64>, Option<i64>)> =
        query_as("SELECT seen_at, formation_at, releases_at FROM sightings WHERE host = $1 AND app_id = $2")
            .bind(app.host)
            .bind(app.id)
            .fetch_optional(&mut *tx)
            .await?;
    let Some((seen_at, formation_at, releases_at)) = looks else { return Ok(Vec::new()) };
    let seen_at = [formation_at, releases_at].into_iter().flatten().min().map_or(seen_at, |part| part.min(seen_at));
    let seen_at = at(seen_at);
    let rows: Vec<RunRow> = query_as(SINCE_SEEN)
        .bind(app.host)
        .bind(app.id)
        .bind((seen_at - OPEN_FOR).as_millis())
        .bind(seen_at.as_millis())
        .bind(SINCE_SEEN_MAX)
        .fetch_all(tx)
        .await?;
    rows.into_iter().rev().map(RunRow::read).collect()
}

async fn acted(tx: &mut Connection, reaction: ReactionId) -> Result<Vec<Timestamp>, Fault> {
    let times: Vec<i64> = query_scalar(
        "SELECT effect_at FROM runs WHERE reaction_id = $1 AND effect_at IS NOT NULL ORDER BY effect_at DESC LIMIT $2",
    )
    .bind(reaction.to_string())
    .bind(i64::from(AppFacts::ACTED_MAX))
    .fetch_all(tx)
    .await?;
    Ok(times.into_iter().map(at).collect())
}

/// A statement that begins with a table `wanted` of reaction ids.
fn for_each(reactions: &[ReactionId]) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::new("WITH wanted (id) AS (VALUES ");
    let mut values = query.separated(", ");
    for reaction in reactions {
        values.push("(").push_bind_unseparated(reaction.to_string()).push_unseparated(")");
    }
    query.push(") ");
    query
}

/// Which run is the latest to take effect.
const LAST_EFFECT: &str = "WHERE runs.reaction_id = wanted.id AND runs.effect_at IS NOT NULL \
                           ORDER BY runs.effect_at DESC, runs.id DESC LIMIT 1";

/// Which run is the latest to end.
const LAST_ENDED: &str = "WHERE runs.reaction_id = wanted.id AND runs.ended_at IS NOT NULL \
                          ORDER BY runs.ended_at DESC, runs.id DESC LIMIT 1";

/// The latest run of each reaction, with how many refusals in a row its runs have ended with.
async fn latest(tx: &mut Connection, reactions: &[ReactionId], which: &'static str) -> Result<Vec<(Run, u32)>, Fault> {
    let mut query = for_each(reactions);
    query
        .push(concat!("SELECT ", run_columns!(), " FROM runs WHERE id IN (SELECT (SELECT runs.id FROM runs "))
        .push(which)
        .push(") FROM wanted)");
    let rows: Vec<RunRow> = query.build_query_as().persistent(stays_prepared()).fetch_all(tx).await?;
    let refusals = |row: &RunRow| u32::try_from(row.refusals.clamp(0, REFUSALS_MAX)).expect("clamped");
    rows.into_iter().map(|row| (refusals(&row), row)).map(|(refusals, row)| Ok((row.read()?, refusals))).collect()
}

pub(crate) const ONE_OFFS: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM runs WHERE host = $1 AND subject_id = $2 AND rank = 'one_off' AND effect_at IS NOT NULL AND effect_at >= $3 \
     ORDER BY effect_at DESC, id DESC LIMIT $4"
);

async fn one_offs(tx: &mut Connection, app: App<'_>, now: Timestamp) -> Result<Vec<Run>, Fault> {
    let since = (now - ONE_OFFS_SINCE).as_millis();
    let query = query_as(ONE_OFFS).bind(app.host).bind(app.id).bind(since).bind(ONE_OFFS_MAX);
    let rows: Vec<RunRow> = query.fetch_all(tx).await?;
    rows.into_iter().map(RunRow::read).collect()
}
