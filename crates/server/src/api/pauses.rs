//! Pauses: effects stop, looking goes on.

use super::ask::{self, Json as Body};
use crate::answer::{Problem, Problems};
use crate::guard::Visitor;
use crate::house::House;
use axum::Json;
use axum::extract::State;
use flyball_engine::commands::{pause_effects, resume_effects, taken_in};
use flyball_model::{PauseScope, duration};
use flyball_views::{PauseTold, PauseView, ResumeTold};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// The pauses that hold.
#[utoipa::path(get, path = "/pauses", tag = "pauses", responses((status = 200, body = Vec<PauseView>), Problems))]
pub(crate) async fn list(State(house): State<Arc<House>>) -> Result<Json<Vec<PauseView>>, Problem> {
    let pauses = house.store().pauses(house.now()).await?;
    Ok(Json(pauses.into_iter().map(flyball_engine::queries::pause_view).collect()))
}

/// What is to be paused: with neither an app nor a reaction, everything.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToPause {
    /// Only effects on this app.
    app: Option<String>,
    /// Only effects of this reaction.
    reaction: Option<String>,
    /// How long; without it, until it is resumed.
    #[serde(rename = "for")]
    #[schema(example = "2h")]
    lasts: Option<String>,
}

/// Stop effects; looking goes on. Answered once the running engine has taken it in, or after a second.
#[utoipa::path(post, path = "/pauses", tag = "pauses", request_body = ToPause, responses((status = 200, body = PauseTold), Problems))]
pub(crate) async fn pause(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Body(wanted): Body<ToPause>,
) -> Result<Json<PauseTold>, Problem> {
    let lasts = wanted.lasts.as_deref().map(length).transpose()?;
    let scope = scope_of(wanted.app.as_deref(), wanted.reaction.as_deref())?;
    Ok(Json(house.pause(scope, lasts, visitor.name).await?))
}

/// What is to be resumed: with neither an app nor a reaction, everything.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToResume {
    /// The pause of this app.
    app: Option<String>,
    /// The pause of this reaction.
    reaction: Option<String>,
}

/// End a pause. Streaks start anew. Where nothing was paused, `was_paused` says so.
#[utoipa::path(post, path = "/pauses/resume", tag = "pauses", request_body = ToResume, responses((status = 200, body = ResumeTold), Problems))]
pub(crate) async fn resume(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Body(wanted): Body<ToResume>,
) -> Result<Json<ResumeTold>, Problem> {
    let scope = scope_of(wanted.app.as_deref(), wanted.reaction.as_deref())?;
    Ok(Json(house.resume(scope, &visitor.name).await?))
}

/// How long a pause lasts.
pub(crate) fn length(text: &str) -> Result<Duration, Problem> {
    match duration::parse(text) {
        Ok(length) if !length.is_zero() => Ok(length),
        _ => Err(Problem::not_understood(format!("`for` is not {}", duration::EXPECTED))),
    }
}

/// What is meant, whether it is in force or not.
pub(crate) fn scope_of(app: Option<&str>, reaction: Option<&str>) -> Result<PauseScope, Problem> {
    match (ask::app_name(app)?, ask::reaction_name(reaction)?) {
        (None, None) => Ok(PauseScope::Everything),
        (Some(app), None) => Ok(PauseScope::App(app)),
        (None, Some(name)) => Ok(PauseScope::Reaction(name)),
        (Some(_), Some(_)) => Err(Problem::not_understood("either an `app` or a `reaction`, and not both")),
    }
}

impl House {
    /// Pauses, and waits until the engine goes by it. A name that is not in force would hold nothing, and is refused.
    pub(crate) async fn pause(
        &self,
        scope: PauseScope,
        lasts: Option<Duration>,
        by: String,
    ) -> Result<PauseTold, Problem> {
        self.must_be_in_force(&scope)?;
        let ports = self.engine.ports();
        let paused = pause_effects(self.store(), scope, lasts, by, self.now()).await?;
        let taken = taken_in(self.store(), &*ports.clock, &*ports.time, &paused.scope).await?;
        self.forget_snapshot().await;
        Ok(PauseTold { paused, taken })
    }

    fn must_be_in_force(&self, scope: &PauseScope) -> Result<(), Problem> {
        let in_force = self.in_force();
        let reactions = &in_force.definitions.reactions;
        match scope {
            PauseScope::App(app) if reactions.iter().all(|reaction| reaction.kind.app() != app) => {
                let known = reactions.iter().map(|reaction| reaction.kind.app().as_str());
                Err(Problem::no_such("app", app.as_str(), known))
            }
            PauseScope::Reaction(name) => ask::reaction(&in_force, name.as_str()).map(drop),
            PauseScope::Everything | PauseScope::App(_) => Ok(()),
        }
    }

    /// Ends a pause, and waits until the engine goes by it.
    pub(crate) async fn resume(&self, scope: PauseScope, by: &str) -> Result<ResumeTold, Problem> {
        let ports = self.engine.ports();
        let resumed = resume_effects(self.store(), scope, by, self.now()).await?;
        if !resumed.was_paused {
            // Whatever was paused can be resumed, also what is no longer in force.
            self.must_be_in_force(&resumed.scope)?;
        }
        let taken = taken_in(self.store(), &*ports.clock, &*ports.time, &resumed.scope).await?;
        self.forget_snapshot().await;
        Ok(ResumeTold { resumed, taken })
    }
}
