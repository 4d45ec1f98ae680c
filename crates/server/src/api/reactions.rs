//! Reactions: what they would do, and having them act.

use super::ask::{self, Asked, Json as Body, Of};
use super::monitors::Part;
use crate::answer::{Problem, Problems};
use crate::guard::Visitor;
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_engine::commands::{Considered, Intent};
use flyball_model::{Mode, ReactionName};
use flyball_views::{About, Held, Page, Reacted, ReactionView, RunView, Why};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The reactions, in the order of the file.
#[utoipa::path(get, path = "/reactions", tag = "reactions", params(Part), responses((status = 200, body = Page<ReactionView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(part): Asked<Part>,
) -> Result<Json<Page<ReactionView>>, Problem> {
    Ok(Json(part.of(&house.status().await?.reactions)?))
}

/// A reaction: why it holds, when it could act next, its latest runs, and the monitors that call it.
#[utoipa::path(get, path = "/reactions/{name}", tag = "reactions", params(("name" = String, Path)), responses((status = 200, body = Why), Problems))]
pub(crate) async fn one(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Why>, Problem> {
    let in_force = house.in_force();
    let reaction = ask::reaction(&in_force, &name)?;
    Ok(Json(house.reader(&in_force).as_seen().await?.why(&[About::Reaction(reaction.name.clone())]).await?))
}

/// What a reaction would do right now, and by which calls, if a person asked for it. The app is looked at; nothing is done.
#[utoipa::path(get, path = "/reactions/{name}/plan", tag = "reactions", params(("name" = String, Path)), responses((status = 200, body = Reacted), Problems))]
pub(crate) async fn plan(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Reacted>, Problem> {
    Ok(Json(house.plan(&name).await?))
}

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunNow {
    /// The plan, in the words in which it was shown: it is done only if it is still this.
    #[schema(example = "web of shop from 2 to 3")]
    pub(super) plan: String,
}

/// Have a reaction act now, because a person wants it. Its limits, maintenance mode, pauses and settling hold.
#[utoipa::path(post, path = "/reactions/{name}/run", tag = "reactions", params(("name" = String, Path)), request_body = RunNow, responses((status = 202, body = Reacted, description = "It is queued; the run tells what becomes of it"), Problems))]
pub(crate) async fn run(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    visitor: Visitor,
    Body(wanted): Body<RunNow>,
) -> Result<(StatusCode, Json<Reacted>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(house.act(&name, &wanted.plan, visitor.name).await?)))
}

impl House {
    /// What a reaction would do now.
    pub(crate) async fn plan(&self, name: &str) -> Result<Reacted, Problem> {
        let name = ask::reaction(&self.in_force(), name)?.name.clone();
        let _place = self.place_to_look()?;
        Ok(match self.consider(&name).await? {
            Considered::Would(intent) => Reacted { only_tells: self.only_tells(&intent), ..would(&intent, None) },
            Considered::Holds(because) => {
                let holds = Some(Held { reason: because.code().into(), words: because.to_string() });
                Reacted {
                    reaction: name,
                    undoes: None,
                    plan: None,
                    calls: Vec::new(),
                    holds,
                    only_tells: None,
                    run: None,
                }
            }
        })
    }

    /// Why a reaction only tells what it would do; none where it acts.
    pub(super) fn only_tells(&self, intent: &Intent) -> Option<String> {
        let of_file = self.in_force().definitions.settings.mode;
        let why = match (intent.mode, self.engine.mode(), of_file) {
            (Mode::Act, ..) => return None,
            (Mode::DryRun, Mode::DryRun, _) => "nothing is done on a dyno with SQLite",
            (Mode::DryRun, Mode::Act, Mode::DryRun) => "the file says `mode = \"dry_run\"`",
            (Mode::DryRun, Mode::Act, Mode::Act) => "the reaction says `mode = \"dry_run\"`",
        };
        Some(why.to_owned())
    }

    async fn consider(&self, name: &ReactionName) -> Result<Considered, Problem> {
        Ok(self.engine.consider_for_a_person(&self.in_force().definitions, name).await?)
    }

    /// Queues what a reaction would do, if that is still what was shown.
    pub(crate) async fn act(&self, name: &str, shown: &str, person: String) -> Result<Reacted, Problem> {
        let name = ask::reaction(&self.in_force(), name)?.name.clone();
        let _place = self.place_to_look()?;
        let intent = match self.consider(&name).await? {
            Considered::Would(intent) => intent,
            Considered::Holds(because) => {
                return Err(Problem::new(StatusCode::CONFLICT, format!("\"{name}\" holds")).because(because));
            }
        };
        self.begin(*intent, shown, person).await
    }

    /// Queues what is intended, if that is still what was shown.
    pub(super) async fn begin(&self, intent: Intent, shown: &str, person: String) -> Result<Reacted, Problem> {
        if intent.mode == Mode::DryRun {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                format!("\"{}\" only tells what it would do", intent.reaction()),
            )
            .hint("`mode = \"act\"` does it"));
        }
        if intent.plan.to_string() != shown {
            return Err(Problem::new(StatusCode::CONFLICT, "the plan is another by now")
                .because(format!("now it would be: {}", intent.plan))
                .hint("look at it again, and decide anew"));
        }
        let run = self.engine.queue(intent.clone(), person).await?;
        self.forget_snapshot().await;
        let view = self.store().run(run).await?.map(|run| RunView::of(&run));
        Ok(would(&intent, view))
    }
}

pub(super) fn would(intent: &Intent, run: Option<RunView>) -> Reacted {
    let (plan, calls) = (Some(intent.plan.to_string()), intent.calls.clone());
    let (reaction, undoes) = (intent.reaction().clone(), intent.undoes());
    Reacted { reaction, undoes, plan, calls, holds: None, only_tells: None, run }
}
