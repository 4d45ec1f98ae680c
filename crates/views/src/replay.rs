//! What would have been: a reaction played anew over what was recorded, and what the recorded load of an app says that a dyno carries.

use flyball_model::{AppName, MonitorName, ProcessType, ReactionName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reaction, played anew over recorded readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replay {
    /// Its name.
    #[schema(value_type = String)]
    pub reaction: ReactionName,
    /// On which app it acts.
    #[schema(value_type = String)]
    pub app: AppName,
    /// The process type that it scales or resizes.
    #[schema(value_type = Option<String>, example = "web")]
    pub process_type: Option<ProcessType>,
    /// Since when it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// When the first reading began that was played; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// How many readings were played.
    pub readings: u64,
    /// How many of them were told anew from what the app's drain told, since the monitor did not look yet.
    pub from_slots: u64,
    /// Whether this is what would have been; else the readings are those of what ran then, which would have been others.
    pub exact: bool,
    /// What would have been.
    pub would: Outlay,
    /// What was.
    pub did: Outlay,
    /// What would have been done, oldest first: the first [`Replay::ACTS_MAX`].
    pub acts: Vec<ReplayAct>,
    /// Why it would have held still though it was called, what was so at most readings first: [`Replay::HOLDS_MAX`] at most.
    pub holds: Vec<ReplayHold>,
    /// How many choices would have been others.
    pub differing: u64,
    /// The choices that would have been others, oldest first: the first [`Replay::DIFFERENCES_MAX`].
    pub differences: Vec<ReplayDifference>,
    /// All of that in sentences, and what was taken for granted.
    pub sentences: Vec<String>,
}

impl Replay {
    /// More than anybody reads.
    pub const ACTS_MAX: usize = 1000;
    /// Those behind them are rare.
    pub const HOLDS_MAX: usize = 10;
    /// More than anybody reads.
    pub const DIFFERENCES_MAX: usize = 1000;
}

/// What was done, or would have been, and what it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outlay {
    /// How often it acted.
    pub acted: u64,
    /// Dynos of its process type, for as many hours; null where it has none, or that was never seen.
    pub dyno_hours: Option<f64>,
    /// What that is by Heroku's list, at the size that was seen last; null where no price is known.
    pub usd: Option<f64>,
    /// For how many minutes the load needed more dynos than there were; null where it is not known what a load needs.
    pub short_minutes: Option<f64>,
    /// For how many minutes load and quantity were known.
    pub known_minutes: Option<f64>,
}

/// Something that would have been done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayAct {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By which monitor's reading.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// What, in words.
    pub plan: String,
    /// Why, in words.
    pub because: String,
}

/// Why it would have held still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayHold {
    /// At how many readings.
    pub readings: u64,
    /// Why, in words, as it was the last time.
    pub because: String,
}

/// A choice that would have been another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayDifference {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What would have been done, and why; null where nothing.
    pub would: Option<String>,
    /// What was done, and why; null where nothing.
    pub did: Option<String>,
}

/// What the recorded load of an app says that a dyno carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The monitor that measures the load.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// Of which app.
    #[schema(value_type = String)]
    pub app: AppName,
    /// Which of its dynos carry it.
    #[schema(value_type = String, example = "web")]
    pub process_type: ProcessType,
    /// Since when what the app told was looked at.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// How many minutes of it there are.
    pub minutes: u64,
    /// Why it says nothing yet; null where it does.
    pub says_nothing: Option<String>,
    /// What a dyno carries; null where that cannot be told yet.
    pub carries: Option<CarriesView>,
    /// What `scale_to` with this would have been; null where nothing is suggested, or nothing was recorded to play it over.
    pub would: Option<Outlay>,
    /// What was.
    pub did: Option<Outlay>,
    /// The reaction, as it can stand in the file.
    pub snippet: Option<String>,
    /// All of that in sentences.
    pub sentences: Vec<String>,
}

/// What a dyno carries without requests waiting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CarriesView {
    /// The load to give each dyno: the largest that was well, less a tenth.
    pub per_dyno: f64,
    /// The largest load of a dyno at which requests did not wait.
    pub most: f64,
    /// Whether they were seen to wait beyond it; otherwise a dyno may carry more.
    pub bounded: bool,
    /// How many minutes it is told from.
    pub minutes: u64,
    /// How many of them had at least three quarters of the largest load that was well.
    pub near: u64,
    /// How long requests are served in quiet minutes, but for the slowest twentieth, in milliseconds.
    pub quiet_service_ms: f64,
    /// How long it takes to connect to a dyno then, likewise.
    pub quiet_connect_ms: f64,
    /// Minutes with about the same load on each dyno, the least first.
    pub bins: Vec<LoadBin>,
}

/// Minutes with about the same load on each dyno.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoadBin {
    /// From this load
    pub from: f64,
    /// to this.
    pub to: f64,
    /// How many minutes.
    pub minutes: u64,
    /// In how many of them requests waited.
    pub waiting: u64,
    /// Whether requests wait at this load: in more than a tenth of the minutes.
    pub waits: bool,
    /// How long requests were served, but for the slowest twentieth, in milliseconds: the median of the minutes.
    pub service_ms: f64,
    /// How long it took to connect to a dyno, likewise.
    pub connect_ms: f64,
}
