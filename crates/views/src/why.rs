//! Explanations: what was seen, what is held and for what reason, and what may come next.

use crate::{EngineState, MonitorView, PauseView, ReactionView, ReadingView, RunView};
use flyball_model::{AppName, MonitorName, ReactionName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A monitor.
    Monitor(MonitorName),
    /// A reaction.
    Reaction(ReactionName),
    /// An app.
    App(AppName),
}

impl About {
    /// The name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Monitor(name) => name.as_str(),
            Self::Reaction(name) => name.as_str(),
            Self::App(name) => name.as_str(),
        }
    }
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// When this was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether an engine runs.
    pub engine: EngineState,
    /// The pauses that hold.
    pub pauses: Vec<PauseView>,
    /// What was asked about first, then what belongs to it.
    pub parts: Vec<Part>,
}

/// An explanation of one thing: sentences, and the data that they were made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// What it is about.
    #[schema(value_type = Object)]
    pub about: About,
    /// The explanation.
    pub sentences: Vec<String>,
    /// The monitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<MonitorView>,
    /// The reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<ReactionView>,
    /// The latest readings, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadingView>,
    /// The latest runs, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunView>,
}
