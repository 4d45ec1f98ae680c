//! What became of what was done: of one run, of a reaction, of an app.

use crate::{Call, CureView, HistoryLine, ReactionView, ReadingView, RunView, Word};
use flyball_model::{
    AppName, Content, DynoName, DynoSize, Excerpt, ForeignChange, MonitorName, ProcessType, Quantity, ReactionName,
    ReleaseVersion, RunId, Timestamp, duration,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use utoipa::ToSchema;

/// Whether an effect helped the monitor that wanted it.
///
/// It has time to show until two intervals of the monitor are over and no less than its reaction's `settle` and five minutes, counted
/// from when its call was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Helped {
    /// The monitor passed in that time, and nothing else was done or changed in between.
    Yes {
        /// So many seconds after the call was sent.
        after_s: u64,
    },
    /// It did not pass in that time.
    No,
    /// It passed in that time, and another effect or a change by others came in between.
    Shared,
    /// It has not passed, and the time is not over.
    NotYet,
}

impl fmt::Display for Helped {
    /// "it helped: its monitor passed 30s after the call was sent".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes { after_s } => {
                let after = duration::roughly(Duration::from_secs(*after_s));
                write!(f, "it helped: its monitor passed {after} after the call was sent")
            }
            Self::No => f.write_str("it did not help: its monitor did not pass in time"),
            Self::Shared => f.write_str("its monitor passed, and something else was done or changed before that"),
            Self::NotYet => f.write_str("its monitor has not passed yet, and there is still time for that"),
        }
    }
}

/// The story of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunStory {
    /// The run.
    pub run: RunView,
    /// What was done and why, what came of it, and whether it helped.
    pub sentences: Vec<String>,
    /// The monitor that wanted it; none where a person did.
    #[schema(value_type = Option<String>)]
    pub monitor: Option<MonitorName>,
    /// The readings of that monitor that led to it, oldest first: the latest [`RunStory::READINGS`], as long as they are kept.
    pub readings: Vec<ReadingView>,
    /// The run that undoes it, or did: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub undone_by: Option<RunId>,
    /// Why it cannot be undone, whatever the app is like now; none where there may be a way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_undo: Option<String>,
    /// Its lines of the timeline, oldest first.
    pub lines: Vec<HistoryLine>,
    /// What the plan was based on, in sentences.
    pub basis: Vec<String>,
    /// The calls that change Heroku, as they are sent.
    pub calls: Vec<Call>,
    /// Whether it helped; none where it was not done, where no monitor wanted it, and where nothing was to get better.
    pub helped: Option<Helped>,
}

impl RunStory {
    /// A person sees at a glance what went wrong.
    pub const READINGS: u32 = 5;
}

/// A run, and whether it helped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunHelped {
    /// The run.
    pub run: RunView,
    /// As [`RunStory::helped`].
    pub helped: Option<Helped>,
}

/// The story of a reaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReactionStory {
    /// The reaction.
    pub reaction: ReactionView,
    /// Its runs, newest first: the latest [`ReactionStory::RUNS`].
    pub runs: Vec<RunHelped>,
    /// How many of these helped.
    pub cured: u32,
    /// Of how many it is known whether they helped.
    pub of: u32,
    /// How often these cured incidents, by what had failed first.
    pub cures: Vec<CureView>,
    /// What it does, why it holds still, and how often it helped.
    pub sentences: Vec<String>,
}

impl ReactionStory {
    /// What a page shows.
    pub const RUNS: u32 = 50;
}

/// The story of an app: what the store knows of it. What was never looked at is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppStory {
    /// Its name.
    #[schema(value_type = String)]
    pub app: AppName,
    /// From here.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// To here, and not later than now.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// When it was last looked at for a choice; none where it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Timestamp>,
    /// When its process types were last seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub formation_at: Option<Timestamp>,
    /// When its releases were last seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub releases_at: Option<Timestamp>,
    /// Its process types.
    pub formation: Vec<ProcessView>,
    /// Its dynos, without one-off dynos.
    pub dynos: Vec<DynoView>,
    /// Its newest releases, newest first.
    pub releases: Vec<ReleaseView>,
    /// How far its reactions go, in the order of the file.
    pub limits: Vec<LimitView>,
    /// What others changed of it, oldest first, as far as it is remembered.
    pub foreign: Vec<ForeignView>,
    /// Runs that have not ended, newest first.
    pub open_runs: Vec<RunView>,
    /// Its runs, newest first: the latest [`AppStory::RUNS`].
    pub runs: Vec<RunView>,
    /// The quantities of its process types over time, oldest first: the latest [`AppStory::STEPS_MAX`].
    pub steps: Vec<FormationStep>,
    /// What each process type had in that time, as far as it was seen.
    pub hours: Vec<DynoHours>,
    /// All of what was seen last, in a sentence.
    pub words: String,
}

impl AppStory {
    /// What a page shows.
    pub const RUNS: usize = 50;
    /// More cannot be told from each other in one chart.
    pub const STEPS_MAX: usize = 500;
}

/// A process type, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessView {
    /// Which.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// How many dynos it should have.
    #[schema(value_type = u32)]
    pub quantity: Quantity,
    /// Their size.
    #[schema(value_type = String, example = "Standard-1X")]
    pub size: DynoSize,
}

/// How much a process type had, as far as that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DynoHours {
    /// Which.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// Dynos that it should have had, for as many hours: two for an hour are 2.
    #[schema(example = 336.0)]
    pub dyno_hours: f64,
    /// Their present size.
    #[schema(value_type = String, example = "Standard-1X")]
    pub size: DynoSize,
    /// What that is by Heroku's list, at the present size; null where no price is known, or it is shared.
    #[schema(example = 11.67)]
    pub usd: Option<f64>,
}

/// A dyno, as it was seen last. Its times are by Heroku's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DynoView {
    /// Its name.
    #[schema(value_type = String, example = "web.1")]
    pub name: DynoName,
    /// Of which process type.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// `up`, `starting`, `crashed`, …
    #[schema(example = "up")]
    pub state: String,
    /// Its size.
    #[schema(value_type = String, example = "Standard-1X")]
    pub size: DynoSize,
    /// The release that it runs.
    #[schema(value_type = u64)]
    pub release: ReleaseVersion,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it has this state.
    #[schema(value_type = String, format = DateTime)]
    pub state_since: Timestamp,
}

/// A release, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseView {
    /// Which.
    #[schema(value_type = u64, example = 42)]
    pub version: ReleaseVersion,
    /// The release that its content came from: itself, or the one that a rollback went back to. None where that is older than what
    /// is known.
    #[schema(value_type = Option<u64>)]
    pub origin: Option<ReleaseVersion>,
    /// Its code.
    #[schema(value_type = Value)]
    pub content: Content,
    /// What Heroku says that it brought.
    pub description: String,
    /// Who made it, as Heroku tells.
    pub by: Option<String>,
    /// When, by Heroku's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether it was what ran.
    pub current: bool,
    /// Whether a rollback of ours made it.
    pub ours: bool,
    /// Whether a rollback of ours left it, or what runs its content, as far back as [`AppStory::runs`] are read.
    pub left: bool,
}

/// How far a reaction goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitView {
    /// Which reaction.
    #[schema(value_type = String)]
    pub reaction: ReactionName,
    /// Of which process type.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// `min_quantity`, `max_quantity`, `min_size` or `max_size`.
    #[schema(value_type = String, example = "max_quantity")]
    pub setting: Word,
    /// Its value.
    #[schema(example = "5")]
    pub value: String,
}

/// A change that was not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForeignView {
    /// When: for a release by its own time; for a quantity or a size when we saw it first.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What.
    #[schema(value_type = Object)]
    pub change: ForeignChange,
    /// In words.
    pub words: String,
    /// Who, as Heroku tells; only of a release that is still among those that were seen.
    #[schema(value_type = Option<String>)]
    pub by: Option<Excerpt>,
}

/// A process type has another quantity from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FormationStep {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Which process type.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// How many dynos it should have.
    #[schema(value_type = u32)]
    pub quantity: Quantity,
    /// How that is known.
    pub by: StepBy,
    /// The run that set it.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
}

/// How it is known that a process type has a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepBy {
    /// It had it at the beginning, as the first step tells, or what was seen last where there is none.
    Before,
    /// We set it.
    Us,
    /// Others set it; the time is when that was seen.
    Others,
    /// It was seen last.
    Seen,
}
