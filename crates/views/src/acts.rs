//! What came of what a person asked for.

use crate::{EngineState, PauseView, RunView, Word};
use flyball_model::{Excerpt, PauseScope, ReactionName, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is paused now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Paused {
    /// What.
    #[schema(value_type = Value)]
    pub scope: PauseScope,
    /// Until when; until somebody resumes it if missing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Who.
    pub by: String,
}

/// What came of ending a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resumed {
    /// What was to be resumed.
    #[schema(value_type = Value)]
    pub scope: PauseScope,
    /// Whether it was paused.
    pub was_paused: bool,
    /// The pauses that still hold.
    pub still_paused: Vec<PauseView>,
}

/// What became of a pause, or of its end, at the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// Whether a running engine goes by it.
    pub taken_in: bool,
    /// Whether one runs.
    pub engine: EngineState,
    /// The engine's machine; none where no engine runs.
    #[schema(value_type = Option<String>)]
    pub host: Option<Excerpt>,
    /// The engine's process; none where no engine runs.
    pub process: Option<u32>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many calls were sent before, and end as they would have.
    pub under_way: usize,
}

/// A call of the Platform API, as it would be sent. Values of environment variables are left out: `[NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Call {
    /// `PATCH`, …
    #[schema(example = "PATCH")]
    pub method: String,
    /// The path, escaped.
    #[schema(example = "/apps/shop/formation")]
    pub path: String,
    /// The body; none for calls without one.
    pub body: Option<serde_json::Value>,
}

impl std::fmt::Display for Call {
    /// `DELETE /apps/shop/dynos/web.1`; a body stands behind the path.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        match &self.body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}

/// What a reaction does, or would do, because a person asks for it, or for undoing what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reacted {
    /// Which.
    #[schema(value_type = String)]
    pub reaction: ReactionName,
    /// The run that is undone, where it was asked for undoing one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub undoes: Option<RunId>,
    /// What it does, in words; none while it holds.
    pub plan: Option<String>,
    /// The calls that change Heroku.
    pub calls: Vec<Call>,
    /// Why it holds.
    pub holds: Option<Held>,
    /// Why it only tells what it would do, where it does: a fragment that reads after "since".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_tells: Option<String>,
    /// The run that it came to, where something was to be done.
    pub run: Option<RunView>,
}

/// Why a reaction holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// The reason's word.
    #[schema(value_type = String, example = "at_maximum")]
    pub reason: Word,
    /// In words.
    pub words: String,
}

/// What is paused, and by whom it is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PauseTold {
    /// What is paused.
    #[serde(flatten)]
    pub paused: Paused,
    /// By whom it is held.
    #[serde(flatten)]
    pub taken: Taken,
}

/// What is resumed, and who goes by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResumeTold {
    /// What is resumed.
    #[serde(flatten)]
    pub resumed: Resumed,
    /// Who goes by it.
    #[serde(flatten)]
    pub taken: Taken,
}
