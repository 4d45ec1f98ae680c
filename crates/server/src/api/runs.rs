//! Runs: what was done, and how it ended.

use super::ask::{self, Asked, Json as Body, Of};
use super::reactions::{RunNow, would};
use crate::answer::{Problem, Problems};
use crate::guard::Visitor;
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_engine::commands::{Considered, Known, Settled, settle_run};
use flyball_model::{ReactionId, RunId, RunState};
use flyball_store::{Open, RunsPage};
use flyball_views::{Held, Reacted, RunStory, RunView};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Runs {
    /// Only on this app.
    app: Option<String>,
    /// Only of this reaction.
    reaction: Option<String>,
    /// A time, or how long ago.
    since: Option<String>,
    /// Only those that have not ended.
    #[serde(default)]
    open: bool,
    /// At most this many, the latest: 1 to 1000.
    limit: Option<u32>,
}

/// Runs, newest first.
#[utoipa::path(get, path = "/runs", tag = "runs", params(Runs), responses((status = 200, body = Vec<RunView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(asked): Asked<Runs>,
) -> Result<Json<Vec<RunView>>, Problem> {
    let page = RunsPage {
        app: ask::app_name(asked.app.as_deref())?,
        reaction: ask::reaction_name(asked.reaction.as_deref())?.as_ref().map(ReactionId::of),
        since: ask::moment("since", asked.since.as_deref(), house.now())?,
        open: asked.open.then_some(Open),
        runs: asked.limit.unwrap_or(100).clamp(1, RunsPage::RUNS_MAX),
    };
    Ok(Json(house.store().runs(&page).await?.iter().map(RunView::of).collect()))
}

/// A run: what it was to do, why, and how it ended.
#[utoipa::path(get, path = "/runs/{id}", tag = "runs", params(("id" = String, Path)), responses((status = 200, body = RunView), Problems))]
pub(crate) async fn one(State(house): State<Arc<House>>, Of(id): Of<String>) -> Result<Json<RunView>, Problem> {
    let run = house.store().run(run_id(&id)?).await?;
    run.map(|run| Json(RunView::of(&run))).ok_or_else(|| no_such_run(&id))
}

/// The story of a run: what led to it, what it stood on, its calls, and whether it helped.
#[utoipa::path(get, path = "/runs/{id}/story", tag = "runs", params(("id" = String, Path)), responses((status = 200, body = RunStory), Problems))]
pub(crate) async fn story(State(house): State<Arc<House>>, Of(id): Of<String>) -> Result<Json<RunStory>, Problem> {
    let (run, in_force) = (run_id(&id)?, house.in_force());
    house.reader(&in_force).run_story(run).await?.map(Json).ok_or_else(|| no_such_run(&id))
}

/// What would undo a run right now, and by which calls. The app is looked at; nothing is done.
#[utoipa::path(get, path = "/runs/{id}/undo", tag = "runs", params(("id" = String, Path)), responses((status = 200, body = Reacted), Problems))]
pub(crate) async fn undo_plan(State(house): State<Arc<House>>, Of(id): Of<String>) -> Result<Json<Reacted>, Problem> {
    Ok(Json(house.plan_undo(run_id(&id)?).await?))
}

/// Undo what a run did, because a person wants it. Maintenance mode, pauses, settling and the app's limits hold.
#[utoipa::path(post, path = "/runs/{id}/undo", tag = "runs", params(("id" = String, Path)), request_body = RunNow, responses((status = 202, body = Reacted, description = "It is queued; the run tells what becomes of it"), Problems))]
pub(crate) async fn undo(
    State(house): State<Arc<House>>,
    Of(id): Of<String>,
    visitor: Visitor,
    Body(wanted): Body<RunNow>,
) -> Result<(StatusCode, Json<Reacted>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(house.undo(run_id(&id)?, &wanted.plan, visitor.name).await?)))
}

/// How a run had ended that is in doubt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ended {
    /// Whether it took effect.
    done: bool,
}

/// A run that was settled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettledRun {
    /// The run, as it counts from now on.
    #[serde(flatten)]
    run: RunView,
    /// What was to be done, and how it ended, as data.
    #[schema(value_type = Object)]
    settled: Settled,
}

/// Say how a run had ended that is in doubt: from then on it counts as that.
#[utoipa::path(post, path = "/runs/{id}/settle", tag = "runs", params(("id" = String, Path)), request_body = Ended, responses((status = 200, body = SettledRun), Problems))]
pub(crate) async fn settle(
    State(house): State<Arc<House>>,
    Of(id): Of<String>,
    visitor: Visitor,
    Body(ended): Body<Ended>,
) -> Result<Json<SettledRun>, Problem> {
    let run = run_id(&id)?;
    let settled = house.settle(run, ended.done, &visitor.name).await?;
    let run = house.store().run(run).await?.ok_or_else(|| no_such_run(&id))?;
    Ok(Json(SettledRun { run: RunView::of(&run), settled }))
}

impl House {
    /// What would undo a run now.
    pub(crate) async fn plan_undo(&self, id: RunId) -> Result<Reacted, Problem> {
        let run = self.store().run(id).await?.ok_or_else(|| no_such_run(&id.to_string()))?;
        let _place = self.place_to_look()?;
        Ok(match self.consider_undo(id).await? {
            Considered::Would(intent) => Reacted { only_tells: self.only_tells(&intent), ..would(&intent, None) },
            Considered::Holds(because) => Reacted {
                reaction: run.reaction_name,
                undoes: Some(id),
                plan: None,
                calls: Vec::new(),
                holds: Some(Held { reason: because.code().into(), words: because.to_string() }),
                only_tells: None,
                run: None,
            },
        })
    }

    /// Queues what undoes a run, if that is still what was shown.
    pub(crate) async fn undo(&self, id: RunId, shown: &str, person: String) -> Result<Reacted, Problem> {
        let _place = self.place_to_look()?;
        match self.consider_undo(id).await? {
            Considered::Would(intent) => self.begin(*intent, shown, person).await,
            Considered::Holds(because) => {
                Err(Problem::new(StatusCode::CONFLICT, format!("run {id} is not undone")).because(because))
            }
        }
    }

    async fn consider_undo(&self, id: RunId) -> Result<Considered, Problem> {
        Ok(self.engine.consider_undoing_for_a_person(&self.in_force().definitions, id).await?)
    }

    /// Says how a run had ended.
    pub(crate) async fn settle(&self, id: RunId, done: bool, by: &str) -> Result<Settled, Problem> {
        let known = if done { Known::Done } else { Known::NotDone };
        match settle_run(self.store(), id, known, by, self.now()).await? {
            settled @ Settled::As { .. } => {
                self.forget_snapshot().await;
                Ok(settled)
            }
            Settled::NotInDoubt(state) => {
                let problem = Problem::new(StatusCode::CONFLICT, "there is nothing to settle: the run is not in doubt");
                let problem = match &state {
                    RunState::Ended { outcome, .. } => problem.because(format!("it ended: {outcome}")),
                    RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => {
                        problem.because("it has not ended yet")
                    }
                };
                Err(Problem { stands: Some(Box::new(state)), ..problem })
            }
            Settled::NoSuchRun => Err(no_such_run(&id.to_string())),
        }
    }
}

/// The id of a run.
pub(crate) fn run_id(text: &str) -> Result<RunId, Problem> {
    text.parse().map_err(|_| no_such_run(text))
}

pub(crate) fn no_such_run(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no run {}", flyball_model::Excerpt::of(id)))
}
