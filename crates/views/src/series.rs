//! A monitor over time: what a chart of it shows.

use crate::Outage;
use flyball_model::{MonitorName, ReactionName, RunId, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A monitor between two times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesView {
    /// Its name.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// From here.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// To here, and not later than now.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// How long a point of what is rolled up stands for, in seconds: 300, 3,600, or whole days.
    pub step_s: u64,
    /// Oldest first: at most [`SeriesView::ROLLED_UP_MAX`] and one of what is rolled up, each from a whole multiple of the step on; and
    /// then each reading of the last hour or two, at most 1,000.
    pub points: Vec<SeriesPoint>,
    /// The times in which it was failing, or unknown, without a break, oldest first: the latest [`SeriesView::SPELLS_MAX`].
    pub spells: Vec<SpellView>,
    /// What was done, and what others changed, on the apps that it is about, oldest first: the latest [`SeriesView::MARKS_MAX`].
    pub marks: Vec<SeriesMark>,
    /// The time in milliseconds from which on a reading fails for that alone; null where there is no such time.
    pub threshold_ms: Option<u64>,
    /// In what its readings measure, and how far that may go; null where they tell no number.
    pub measures: Option<SeriesUnit>,
    /// Whether anything is kept of the time before, as far as its hours are rolled up.
    pub has_earlier: bool,
}

impl SeriesView {
    /// As many as a chart has room for: two pixels each.
    pub const ROLLED_UP_MAX: u64 = 400;
    /// More cannot be told from each other in one chart.
    pub const SPELLS_MAX: u32 = 200;
    /// More cannot be told from each other in one chart.
    pub const MARKS_MAX: usize = 200;
}

/// A step of time, or one reading. Times are in seconds; where they are together shorter than the step, nobody looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesPoint {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// It was as it should be for so long.
    pub passing_s: f64,
    /// It was not for so long.
    pub failing_s: f64,
    /// It could not be looked at for so long.
    pub unknown_s: f64,
    /// How many readings it is of.
    pub readings: u64,
    /// Half of the checks took at most so long, in milliseconds; null where none could look.
    pub p50_ms: Option<f64>,
    /// 95 % did.
    pub p95_ms: Option<f64>,
    /// What was measured; null where nothing was.
    pub number: Option<SeriesNumber>,
}

/// What was measured in a step of time, or by one reading, in the unit of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesNumber {
    /// The least.
    pub least: f64,
    /// The mean of the readings.
    pub mean: f64,
    /// The most.
    pub most: f64,
    /// So many of the readings were told from what had gaps, so that it may have been more.
    pub incomplete: u64,
}

/// In what a monitor measures, and how far that may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesUnit {
    /// What stands behind a number: `ms`, `%`, `/s`, or nothing where things are counted.
    #[schema(example = "ms")]
    pub unit: String,
    /// `above`, `below` and `clears_at`, as far as they are said.
    pub levels: Vec<SeriesLevel>,
}

/// A number that makes a reading fail, or pass again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesLevel {
    /// The number.
    pub value: f64,
    /// Its setting, and how it is written.
    #[schema(example = "above 500ms")]
    pub words: String,
}

/// A time in which a monitor was failing, or unknown, without a break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpellView {
    /// Which of the two.
    #[schema(value_type = String, example = "failing")]
    pub verdict: Verdict,
    /// When, how long, and of how many readings; only a failing one has a cause.
    #[serde(flatten)]
    pub spell: Outage,
}

/// Something that may be why a chart goes up or down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeriesMark {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What sort.
    pub kind: MarkKind,
    /// What happened, in words that stand alone.
    pub words: String,
    /// The run that did it.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// The reaction that did it, or that is paused.
    #[schema(value_type = Option<String>)]
    pub reaction: Option<ReactionName>,
}

/// What a mark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A run of ours that took effect, or may have.
    Effect,
    /// A release that others made.
    Release,
    /// A quantity or a size that others set.
    Foreign,
    /// A pause that began, or ended.
    Pause,
}
