//! Drift: what runs of an app, against what somebody else than Flyball set last, and what Flyball changed since.

use flyball_model::{AppName, DynoName, ProcessType, ReleaseVersion, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an app is from what people made it, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    /// Which app.
    #[schema(value_type = String)]
    pub app: AppName,
    /// When it was looked at last; none where it never was, and nothing is known then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Timestamp>,
    /// Whether anything is another than people made it.
    pub drifted: bool,
    /// Its release; none where releases were never looked at.
    pub release: Option<ReleaseDrift>,
    /// The quantity and the size of each process type.
    pub processes: Vec<ProcessDrift>,
    /// One-off dynos of ours that still ran when it was looked at.
    pub one_offs: Vec<OneOffView>,
    /// All of that in sentences.
    pub sentences: Vec<String>,
}

/// What runs, against the release that somebody else than us made last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseDrift {
    /// The release that somebody else made last, and that ran; none where that is older than what is known.
    #[schema(value_type = Option<u64>, example = 43)]
    pub theirs: Option<ReleaseVersion>,
    /// Who made it, as Heroku tells.
    pub by: Option<String>,
    /// What runs.
    #[schema(value_type = u64, example = 44)]
    pub current: ReleaseVersion,
    /// The release that the content of that came from; none where it is older than what is known.
    #[schema(value_type = Option<u64>, example = 42)]
    pub content_of: Option<ReleaseVersion>,
    /// Whether the contents are others.
    pub drifted: bool,
    /// Our rollbacks since, oldest first.
    pub runs: Vec<DriftRun>,
}

/// A process type, against what somebody else than us made it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessDrift {
    /// Which.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// `quantity` or `size`.
    #[schema(value_type = String, example = "quantity")]
    pub what: crate::Word,
    /// What it was last made by others, or was before the first of our runs that are known.
    #[schema(example = "2")]
    pub theirs: String,
    /// What it is.
    #[schema(example = "3")]
    pub now: String,
    /// Whether that is another.
    pub drifted: bool,
    /// Our runs since, oldest first.
    pub runs: Vec<DriftRun>,
}

/// A run of ours that changed something since others did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DriftRun {
    /// Which.
    #[schema(value_type = String)]
    pub id: RunId,
    /// What it did, in words.
    pub plan: String,
    /// When its call was sent.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The command that gives it back, where what is known of the app leaves a way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "flyball undo 0192f000-0000-7000-8000-000000000001")]
    pub undo: Option<String>,
}

/// A one-off dyno of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OneOffView {
    /// The run that started it.
    #[schema(value_type = String)]
    pub run: RunId,
    /// What it does, in words.
    pub plan: String,
    /// Its name, as far as it is known.
    #[schema(value_type = Option<String>, example = "run.1234")]
    pub dyno: Option<DynoName>,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}
