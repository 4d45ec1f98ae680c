//! Every monitor and reaction at a glance.

use crate::{AppView, MonitorView, NodeView, ReactionView, RunView};
use flyball_model::{FileEvent, PauseScope, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// When this was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether an engine runs.
    pub engine: EngineState,
    /// Why the file as it is now is not in force, where an engine runs and goes on with the one before.
    #[schema(value_type = Option<Object>)]
    pub file_not_followed: Option<FileEvent>,
    /// The pauses that hold.
    pub pauses: Vec<PauseView>,
    /// What needs a person: first the runs in doubt, then what gave up, what is refused, and what cannot be seen, and what the
    /// last round found.
    pub attention: Vec<Attention>,
    /// What was seen last of the apps of the file; an app that was not looked at is not there.
    pub apps: Vec<AppView>,
    /// The monitors, in the order of the file.
    pub monitors: Vec<MonitorView>,
    /// The reactions, in the order of the file.
    pub reactions: Vec<ReactionView>,
    /// Runs that have not ended, newest first.
    pub open_runs: Vec<RunView>,
    /// The engines that share the work, where several may.
    pub nodes: Vec<NodeView>,
}

/// What became of the file as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileView {
    /// Why it is not in force, where the engine goes on with the one before; nothing where it is.
    #[schema(value_type = Option<Object>)]
    pub not_followed: Option<FileEvent>,
}

/// Whether an engine runs on the store that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineState {
    /// One does: what is read is at most a second old.
    Running,
    /// None does: nothing is watched, and what is read is from before.
    Stopped,
    /// One holds the lock, and gives no sign of life in this store: what it watches and does is not seen here.
    Silent,
}

/// A pause that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PauseView {
    /// What is paused.
    #[schema(value_type = Value)]
    pub scope: PauseScope,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Until when; until somebody resumes it if missing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Who paused it.
    pub by: String,
}

/// Something that does not get better until a person looks at it, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attention {
    /// Why.
    pub need: Need,
    /// Of which monitor or reaction.
    pub of: String,
    /// What happened and what to do, in words.
    pub words: String,
}

/// Why a person is needed; the first are told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The latest run may or may not have taken effect.
    InDoubt,
    /// It acted as often as it may, and nothing got better.
    GaveUp,
    /// Heroku refuses what it would do.
    Refused,
    /// A monitor cannot look, or the app cannot be looked at.
    CannotSee,
    /// The engine's last round found what would keep the file from being carried out.
    Found,
    /// What was made in pages does not go with the file, and is not in force.
    LeftOut,
    /// A node cannot read the file that all go by, and works on nothing.
    WorksOnNothing,
}

impl Status {
    /// Whether an engine runs, follows the file as it is, and sees every monitor passing, and nothing needs a person.
    /// Where no monitor is shown, nothing is known to be well. A pause is somebody's decision, and no matter here.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let passing = |monitor: &MonitorView| !monitor.looks_now() || monitor.verdict == Some(Verdict::Passing);
        self.engine == EngineState::Running
            && self.file_not_followed.is_none()
            && self.attention.is_empty()
            && !self.monitors.is_empty()
            && self.monitors.iter().all(passing)
    }
}

/// Where everything stands, in the words that a sleepy person reads first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Headline {
    /// The worst that there is: failing before unknown before passing; none where nothing is watched.
    #[schema(value_type = Option<String>, example = "failing")]
    pub verdict: Option<Verdict>,
    /// What is wrong, or that nothing is.
    #[schema(example = "shop is failing: the page has \"something went wrong\"")]
    pub title: String,
    /// Since when, what was done, and what comes next.
    pub sentences: Vec<String>,
}
