//! Runs: each step is a compare-and-set in one transaction. No row changed means that somebody else was first.

use super::dialect::{Connection, Db, stays_prepared};
use super::run_row::{RunRow, run_columns};
use super::{Database, leases, pauses, rows};
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{bounded, from_json, readable, to_json};
use crate::{Claim, DUE_MAX, Error, Fence, Held, MarkSent, Runs, RunsPage, Tenure};
use async_trait::async_trait;
use flyball_model::{Entry, Excerpt, NodeId, Outcome, ReactionId, Run, RunId, RunState, Timestamp};
use sqlx::QueryBuilder;
use std::time::Duration;

const SELECT_RUN: &str = concat!("SELECT ", run_columns!(), " FROM runs WHERE id = $1");

/// Open runs are what an engine takes over: far more than it can have, one for each reaction.
const OPEN_MAX: i64 = 100_000;

#[async_trait]
impl Runs for Database {
    async fn claim(
        &self,
        run: RunId,
        node: NodeId,
        held: &[Held],
        now: Timestamp,
        lease: Duration,
    ) -> Result<Claim, Error> {
        let claimed = async {
            let mut tx = self.writing().await?;
            if !leases::holds(&mut tx, &Tenure { node, held: held.to_vec() }).await? {
                return Ok(Claim::Taken);
            }
            let claim = claim(&mut tx, run, node, now, lease).await?;
            if matches!(claim, Claim::Claimed(..)) {
                tx.commit().await?;
            }
            Ok(claim)
        };
        claimed.await.map_err(self.told("claim a run"))
    }

    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error> {
        let marked = async {
            let mut tx = self.writing().await?;
            let send = mark_sent(&mut tx, run, fence, now, look_at).await?;
            if send == MarkSent::Go {
                tx.commit().await?;
            }
            Ok(send)
        };
        marked.await.map_err(self.told("mark a run as sent"))
    }

    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error> {
        let deferred = async {
            let mut tx = self.writing().await?;
            let Some(ids) = request_ids_with(&mut tx, run, request_ids).await? else { return Ok(()) };
            let changed =
                query("UPDATE runs SET look_at = $1, request_ids = $2 WHERE id = $3 AND fence = $4 AND state = 'sent'")
                    .bind(look_at.as_millis())
                    .bind(ids)
                    .bind(run.to_string())
                    .bind(fence.0)
                    .execute(&mut *tx)
                    .await?;
            if changed.rows_affected() == 1 {
                rows::write_entries(&mut tx, entries).await?;
                tx.commit().await?;
            }
            Ok(())
        };
        deferred.await.map_err(self.told("put off a look"))
    }

    async fn end(
        &self,
        run: RunId,
        fence: Fence,
        now: Timestamp,
        outcome: &Outcome,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<bool, Error> {
        let ended = async {
            let mut tx = self.writing().await?;
            let Some(ids) = request_ids_with(&mut tx, run, request_ids).await? else { return Ok(false) };
            if !end(&mut tx, run, fence, now, outcome, ids).await? {
                return Ok(false);
            }
            rows::write_entries(&mut tx, entries).await?;
            tx.commit().await?;
            Ok(true)
        };
        ended.await.map_err(self.told("end a run"))
    }

    async fn settle(&self, run: RunId, outcome: &Outcome, entries: &[Entry]) -> Result<bool, Error> {
        let settled = async {
            let mut tx = self.writing().await?;
            let sql = "UPDATE runs SET outcome = $1, outcome_code = $2, release_made = $3, \
                    effect_at = CASE WHEN $2 IN ('done', 'in_doubt') THEN effect_at END \
                 WHERE id = $4 AND state = 'ended' AND outcome_code = 'in_doubt'";
            let changed = query(sql)
                .bind(to_json(outcome))
                .bind(outcome.code())
                .bind(rows::release_made(outcome))
                .bind(run.to_string())
                .execute(&mut *tx)
                .await?;
            if changed.rows_affected() != 1 {
                return Ok(false);
            }
            rows::write_entries(&mut tx, entries).await?;
            tx.commit().await?;
            Ok(true)
        };
        settled.await.map_err(self.told("settle a run"))
    }

    async fn take_over(
        &self,
        node: NodeId,
        now: Timestamp,
        lease: Duration,
        ours: &(dyn Fn(ReactionId) -> bool + Sync),
    ) -> Result<Vec<(Run, Fence)>, Error> {
        let taken = async {
            let mut tx = self.writing().await?;
            let sql =
                concat!("SELECT ", run_columns!(), " FROM runs WHERE state <> 'ended' ORDER BY queued_at, id LIMIT $1");
            let rows: Vec<RunRow> = query_as(sql).bind(OPEN_MAX).fetch_all(&mut *tx).await?;
            let mut open: Vec<(Run, Fence)> = readable(rows, |row| {
                let fence = Fence(row.fence);
                Ok((row.read()?, fence))
            })?;
            open.retain(|(run, _)| ours(run.reaction));
            for (run, fence) in &mut open {
                if let RunState::Claimed { node: of, .. } | RunState::Sent { node: of, .. } = &mut run.state
                    && *of != node
                {
                    *fence = take(&mut tx, run.id, node, now + lease).await?;
                    *of = node;
                }
            }
            tx.commit().await?;
            Ok(open)
        };
        taken.await.map_err(self.told("take over open runs"))
    }

    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error> {
        let reclaimed = async {
            let mut tx = self.writing().await?;
            let fence: Option<i64> = query_scalar(
                "UPDATE runs SET node = $1, lease_until = $2, fence = fence + 1 \
                 WHERE id = $3 AND state IN ('claimed', 'sent') AND (node = $1 OR lease_until <= $4) RETURNING fence",
            )
            .bind(node.to_string())
            .bind((now + lease).as_millis())
            .bind(run.to_string())
            .bind(now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(fence.map(Fence))
        };
        reclaimed.await.map_err(self.told("take over a run"))
    }

    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error> {
        let read = async {
            let sql = concat!(
                "SELECT ",
                run_columns!(),
                " FROM runs WHERE state <> 'ended' AND (state = 'queued' OR (state = 'sent' AND look_at <= $1) \
                 OR (state = 'claimed' AND lease_until <= $1)) \
                 ORDER BY queued_at, id LIMIT $2"
            );
            let rows: Vec<RunRow> = query_as(sql)
                .bind(now.as_millis())
                .bind(i64::from(DUE_MAX))
                .fetch_all(&mut *self.reading().await?)
                .await?;
            readable(rows, RunRow::read)
        };
        read.await.map_err(self.told("read which runs are due"))
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        let read = async {
            let row: Option<RunRow> =
                query_as(SELECT_RUN).bind(run.to_string()).fetch_optional(&mut *self.reading().await?).await?;
            row.map(RunRow::read).transpose()
        };
        read.await.map_err(self.told("read a run"))
    }

    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error> {
        let read = async {
            let mut query = QueryBuilder::<Db>::new(concat!("SELECT ", run_columns!(), " FROM runs WHERE 1 = 1"));
            if let Some(app) = &page.app {
                query.push(" AND subject_name = ").push_bind(app.as_str());
            }
            if let Some(reaction) = page.reaction {
                query.push(" AND reaction_id = ").push_bind(reaction.to_string());
            }
            if let Some(since) = page.since {
                query.push(" AND queued_at >= ").push_bind(since.as_millis());
            }
            if page.open.is_some() {
                query.push(" AND state <> 'ended'");
            }
            query.push(" ORDER BY queued_at DESC, id DESC LIMIT ").push_bind(bounded(page.runs, RunsPage::RUNS_MAX));
            let rows: Vec<RunRow> =
                query.build_query_as().persistent(stays_prepared()).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, RunRow::read)
        };
        read.await.map_err(self.told("read runs"))
    }
}

/// Takes a claimed or sent run from another node.
async fn take(tx: &mut Connection, run: RunId, node: NodeId, until: Timestamp) -> Result<Fence, sqlx::Error> {
    let sql = "UPDATE runs SET node = $1, lease_until = $2, fence = fence + 1 \
         WHERE id = $3 RETURNING fence";
    let fence: i64 =
        query_scalar(sql).bind(node.to_string()).bind(until.as_millis()).bind(run.to_string()).fetch_one(tx).await?;
    Ok(Fence(fence))
}

/// Queued, not paused, and the app is free: then it is claimed.
async fn claim(tx: &mut Connection, id: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Claim, Fault> {
    let row: Option<RunRow> = query_as(SELECT_RUN).bind(id.to_string()).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(Claim::Taken) };
    let mut run = row.read()?;
    if run.state != RunState::Queued {
        return Ok(Claim::Taken);
    }
    if let Some(pause) = pauses::over(tx, &run, now).await? {
        return Ok(Claim::Paused(pause));
    }
    let claimed: Result<Option<i64>, sqlx::Error> = query_scalar(
        "UPDATE runs SET state = 'claimed', node = $1, claimed_at = $2, lease_until = $3, fence = fence + 1 \
         WHERE id = $4 AND state = 'queued' RETURNING fence",
    )
    .bind(node.to_string())
    .bind(now.as_millis())
    .bind((now + lease).as_millis())
    .bind(id.to_string())
    .fetch_optional(&mut *tx)
    .await;
    match claimed {
        Ok(Some(fence)) => {
            run.state = RunState::Claimed { node, at: now };
            Ok(Claim::Claimed(Box::new(run), Fence(fence)))
        }
        Ok(None) => Ok(Claim::Taken),
        // The index that allows one running effect per app is the judge.
        Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
            Ok(Claim::AppBusy)
        }
        Err(error) => Err(error.into()),
    }
}

/// Still ours, never marked before, and not paused meanwhile: then it is marked.
async fn mark_sent(
    tx: &mut Connection,
    id: RunId,
    fence: Fence,
    now: Timestamp,
    look_at: Timestamp,
) -> Result<MarkSent, Fault> {
    let sql = concat!(
        "SELECT ",
        run_columns!(),
        " FROM runs WHERE id = $1 AND fence = $2 AND state = 'claimed' AND sent_at IS NULL"
    );
    let row: Option<RunRow> = query_as(sql).bind(id.to_string()).bind(fence.0).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(MarkSent::Lost) };
    if let Some(pause) = pauses::over(tx, &row.read()?, now).await? {
        return Ok(MarkSent::Paused(pause));
    }
    let changed = query(
        "UPDATE runs SET state = 'sent', sent_at = $1, effect_at = $1, look_at = $2 \
         WHERE id = $3 AND fence = $4 AND state = 'claimed' AND sent_at IS NULL",
    )
    .bind(now.as_millis())
    .bind(look_at.as_millis())
    .bind(id.to_string())
    .bind(fence.0)
    .execute(&mut *tx)
    .await?;
    Ok(if changed.rows_affected() == 1 { MarkSent::Go } else { MarkSent::Lost })
}

/// Ends a run that is open and fenced so; false when it is not. A run that was never claimed has fence 0.
async fn end(
    tx: &mut Connection,
    id: RunId,
    fence: Fence,
    now: Timestamp,
    outcome: &Outcome,
    request_ids: String,
) -> Result<bool, Fault> {
    // How many refusals came in a row is carried from run to run, so that asking for it is one look at the latest.
    let sql = "UPDATE runs SET state = 'ended', ended_at = $1, outcome = $2, outcome_code = $3, release_made = $4, \
            request_ids = $5, look_at = NULL, lease_until = NULL, \
            effect_at = CASE WHEN $3 IN ('done', 'in_doubt') THEN effect_at END, \
            refusals = CASE WHEN $3 = 'refused' THEN 1 + COALESCE((SELECT earlier.refusals FROM runs AS earlier \
                WHERE earlier.reaction_id = runs.reaction_id AND earlier.ended_at IS NOT NULL \
                ORDER BY earlier.ended_at DESC, earlier.id DESC LIMIT 1), 0) ELSE 0 END \
         WHERE id = $6 AND fence = $7 AND state <> 'ended'";
    let changed = query(sql)
        .bind(now.as_millis())
        .bind(to_json(outcome))
        .bind(outcome.code())
        .bind(rows::release_made(outcome))
        .bind(request_ids)
        .bind(id.to_string())
        .bind(fence.0)
        .execute(tx)
        .await?;
    Ok(changed.rows_affected() == 1)
}

/// The run's request ids with more behind them, each once; the newest when there are too many. `None` when there is
/// no such run.
async fn request_ids_with(tx: &mut Connection, id: RunId, more: &[Excerpt]) -> Result<Option<String>, Fault> {
    let stored: Option<String> =
        query_scalar("SELECT request_ids FROM runs WHERE id = $1").bind(id.to_string()).fetch_optional(tx).await?;
    let Some(stored) = stored else { return Ok(None) };
    let mut ids: Vec<Excerpt> = from_json(&stored, || format!("column `request_ids` of run {id}"))?;
    for new in more {
        if !ids.contains(new) {
            ids.push(new.clone());
        }
    }
    let surplus = ids.len().saturating_sub(Run::REQUEST_IDS_MAX);
    Ok(Some(to_json(&ids[surplus..])))
}
