//! Many apps at once, for people who ask about all of them.
//!
//! Thousands of apps have a dozen facts each, and most have none. So one question says which apps have any, and only those
//! are read one by one, in the same transaction.

use super::dialect::{Connection, each};
use super::presence::GlimpseRow;
use super::run_row::{RunRow, run_columns};
use super::turn::{SightingRow, sighting_columns};
use super::{Placed, facts, pauses, query_as};
use crate::error::Fault;
use crate::read::readable;
use crate::{AppFacts, Overview};
use flyball_model::{AppId, ReactionId, Subject, Timestamp};
use serde_json::json;
use std::collections::HashMap;

/// The place of each app that is asked for, its id, and whether the store has anything on it but looks: a run on it by its
/// name or its id, a run of one of its reactions, or a pause of one of them.
const APPS: &str = concat!(
    "WITH wanted AS MATERIALIZED ( \
        SELECT CAST(value ->> 0 AS BIGINT) AS place, value ->> 1 AS host, value ->> 2 AS name, value -> 4 AS reactions, \
            COALESCE(value ->> 3, (SELECT app_id FROM sightings WHERE host = value ->> 1 AND app_name = value ->> 2 \
                                   ORDER BY seen_at DESC LIMIT 1)) AS app_id \
        FROM ",
    each!("$1"),
    ") SELECT place, app_id, \
        EXISTS (SELECT 1 FROM runs WHERE subject_name = wanted.name) \
        OR EXISTS (SELECT 1 FROM runs \
                   WHERE host = wanted.host AND subject_id = wanted.app_id AND effect_at IS NOT NULL) \
        OR EXISTS (SELECT 1 FROM runs \
                   WHERE host = wanted.host AND subject_id = wanted.app_id AND state <> 'ended') \
        OR 'app:' || name IN (SELECT scope_key FROM pauses) \
        OR EXISTS (SELECT 1 FROM ",
    each!("wanted.reactions"),
    " AS reaction WHERE 'reaction:' || (reaction.value ->> 'id') IN (SELECT scope_key FROM pauses) \
              OR EXISTS (SELECT 1 FROM runs WHERE reaction_id = reaction.value ->> 'id')) \
    FROM wanted"
);

const SIGHTINGS: &str = concat!(
    "SELECT CAST(wanted.value ->> 0 AS BIGINT) AS place, ",
    sighting_columns!(),
    " FROM ",
    each!("$1"),
    " AS wanted JOIN sightings ON host = wanted.value ->> 1 AND app_name = wanted.value ->> 2 ORDER BY seen_at"
);

const GLIMPSES: &str = concat!(
    "SELECT CAST(wanted.value ->> 0 AS BIGINT) AS place, maintenance, release_version, release_since, seen_at FROM ",
    each!("$1"),
    " AS wanted JOIN glimpses ON host = wanted.value ->> 1 AND app_name = wanted.value ->> 2"
);

/// The latest run of each reaction.
const LAST_RUNS: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM runs WHERE id IN (SELECT (SELECT runs.id FROM runs WHERE runs.reaction_id = reaction.value ->> 'id' \
                                     ORDER BY runs.queued_at DESC, runs.id DESC LIMIT 1) FROM ",
    each!("$1"),
    " AS wanted, ",
    each!("wanted.value -> 4"),
    " AS reaction)"
);

/// What is known of each of these apps and its reactions, in their order.
pub(super) async fn read(
    tx: &mut Connection,
    apps: &[(Subject, Vec<ReactionId>)],
    now: Timestamp,
) -> Result<Vec<Overview>, Fault> {
    let asked = asked(apps);
    let mut told = vec![Overview::default(); apps.len()];
    let of = |place: i64| usize::try_from(place).ok().filter(|place| *place < apps.len());

    let rows: Vec<(i64, Option<String>, bool)> = query_as(APPS).bind(&asked).fetch_all(&mut *tx).await?;
    // A pause of everything covers whoever has nothing of their own.
    let mut of_nothing = None;
    for (place, app_id, has_some) in rows {
        let Some(place) = of(place) else { continue };
        let (Subject::HerokuApp(app), reactions) = &apps[place];
        if has_some {
            told[place].facts = facts::read(tx, app, reactions, now).await?;
            continue;
        }
        if of_nothing.is_none() {
            let pauses = pauses::holding(tx, &app.name, &[], now).await?;
            let resumed = pauses::resumed(tx, &app.name, &[], now).await?;
            of_nothing = Some(AppFacts { pauses, resumed, ..AppFacts::default() });
        }
        told[place].facts = AppFacts { app_id: app_id.map(AppId::new), ..of_nothing.clone().unwrap_or_default() };
    }

    // The one that was seen last comes last.
    let rows: Vec<Placed<SightingRow>> = query_as(SIGHTINGS).bind(&asked).fetch_all(&mut *tx).await?;
    let mut latest: HashMap<usize, SightingRow> = HashMap::new();
    latest.extend(rows.into_iter().filter_map(|Placed { place, row }| Some((of(place)?, row))));
    for (place, row) in latest {
        let (Subject::HerokuApp(app), _) = &apps[place];
        told[place].sighting = Some(row.read(&app.name)?);
    }
    let rows: Vec<Placed<GlimpseRow>> = query_as(GLIMPSES).bind(&asked).fetch_all(&mut *tx).await?;
    for (place, row) in rows.into_iter().filter_map(|Placed { place, row }| Some((of(place)?, row))) {
        let (Subject::HerokuApp(app), _) = &apps[place];
        told[place].glimpse = Some(row.read(&app.host, &app.name));
    }

    let rows: Vec<RunRow> = query_as(LAST_RUNS).bind(&asked).fetch_all(&mut *tx).await?;
    let mut runs: HashMap<_, _> = readable(rows, RunRow::read)?.into_iter().map(|run| (run.reaction, run)).collect();
    for (one, (_, reactions)) in told.iter_mut().zip(apps) {
        one.last_runs = reactions.iter().filter_map(|reaction| runs.remove_entry(reaction)).collect();
    }
    Ok(told)
}

/// What is asked for, as one value: `[place, host, name, id, [{ id: reaction }, …]]` of each app.
fn asked(apps: &[(Subject, Vec<ReactionId>)]) -> String {
    let asked = apps.iter().enumerate().map(|(place, (Subject::HerokuApp(app), reactions))| {
        let (host, id) = (app.host.as_str(), app.id.as_ref().map(AppId::as_str));
        let reactions: Vec<_> = reactions.iter().map(|reaction| json!({ "id": reaction })).collect();
        json!([place, host, app.name.as_str(), id, reactions])
    });
    serde_json::Value::Array(asked.collect()).to_string()
}
