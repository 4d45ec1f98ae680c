//! Incidents: one for each outage, and its whole story.

use crate::{HistoryLine, NoticeView, RunHelped};
use flyball_model::{
    AppName, Cause, EndedBy, FirstCause, Incident, IncidentOf, MonitorName, ReactionName, RunId, Timestamp, duration,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentView {
    /// By which people speak of it.
    #[schema(example = 12)]
    pub number: i64,
    /// Of which app; null where it is of a monitor that has to do with none.
    #[schema(value_type = Option<String>)]
    pub app: Option<AppName>,
    /// The monitor that failed first; null where a run came to need a person while nothing failed.
    #[schema(value_type = Option<String>)]
    pub monitor: Option<MonitorName>,
    /// Why that one failed.
    #[schema(value_type = Option<String>)]
    pub cause: Option<Cause>,
    /// The run that came to need a person while nothing failed.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When it ended; null while it goes on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// How it ended: all passed, or what failed is not watched any more.
    #[schema(value_type = Option<String>, example = "passing")]
    pub ended_by: Option<EndedBy>,
    /// How long it lasted, until now while it goes on.
    pub lasted_s: f64,
    /// All of that in words that stand alone.
    pub words: String,
}

impl IncidentView {
    /// The view of the incident with this number, as of `now`.
    #[must_use]
    pub fn of(number: i64, incident: &Incident, now: Timestamp) -> Self {
        let Incident { of, began_at, first, end } = incident;
        let (monitor, cause, run) = match first {
            FirstCause::Monitor { name, cause } => (Some(name.clone()), *cause, None),
            FirstCause::Run(run) => (None, None, Some(*run)),
        };
        let lasted = end.map_or(now, |end| end.at).since(*began_at);
        Self {
            number,
            app: of.app().cloned(),
            monitor,
            cause,
            run,
            began_at: *began_at,
            ended_at: end.map(|end| end.at),
            ended_by: end.map(|end| end.by),
            lasted_s: lasted.as_secs_f64(),
            words: words(number, incident, lasted),
        }
    }
}

/// "incident 12 of shop, 4m 30s long: "page" failed first (status); it ended when all passed".
fn words(number: i64, Incident { of, first, end, .. }: &Incident, lasted: Duration) -> String {
    let of = match of {
        IncidentOf::App(app) => app.to_string(),
        IncidentOf::Monitor(monitor) => format!("the monitor \"{monitor}\""),
    };
    let first = match first {
        FirstCause::Monitor { name, cause: Some(cause) } => format!("\"{name}\" failed first ({cause})"),
        FirstCause::Monitor { name, cause: None } => format!("\"{name}\" failed first"),
        FirstCause::Run(_) => "a run needs a person, while no monitor failed".to_owned(),
    };
    let end = match end.map(|end| end.by) {
        None => "it goes on",
        Some(EndedBy::Passing) => "it ended when all passed",
        Some(EndedBy::NotWatched) => "it ended when what failed was not watched any more",
    };
    let lasted = duration::roughly(Duration::from_secs(lasted.as_secs()));
    format!("incident {number} of {of}, {lasted} long: {first}; {end}")
}

/// A time in which a monitor failed within an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentFailure {
    /// Which monitor.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub failed_at: Timestamp,
    /// When it passed again; null where it did not, within the incident.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub passed_at: Option<Timestamp>,
    /// Why its first reading failed.
    #[schema(value_type = Option<String>)]
    pub cause: Option<Cause>,
    /// That reading in words.
    pub words: String,
}

/// How often a reaction cured incidents that began with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CureView {
    /// Which reaction.
    #[schema(value_type = String)]
    pub reaction: ReactionName,
    /// Why the first monitor failed; null where that is not known.
    #[schema(value_type = Option<String>)]
    pub cause: Option<Cause>,
    /// In how many incidents something that it did helped.
    pub cured: u32,
    /// Of how many in which it did something and it is known whether that helped.
    pub of: u32,
}

/// The whole story of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentStory {
    /// The incident.
    pub incident: IncidentView,
    /// What happened, what was done, what of it helped, and what is in the way.
    pub sentences: Vec<String>,
    /// What failed, in the order in which it began to: the first [`IncidentStory::FAILURES_MAX`].
    pub failures: Vec<IncidentFailure>,
    /// What was done, oldest first, and whether it helped: the first [`IncidentStory::RUNS_MAX`].
    pub runs: Vec<RunHelped>,
    /// Why reactions hold still now, in sentences; empty once it has ended.
    pub in_the_way: Vec<String>,
    /// What people were told of it, oldest first: the latest [`IncidentStory::NOTICES_MAX`].
    pub told: Vec<NoticeView>,
    /// The timeline of it, oldest first, without lines that only say why a reaction holds still.
    pub lines: Vec<HistoryLine>,
}

impl IncidentStory {
    /// What a page shows.
    pub const FAILURES_MAX: usize = 100;
    /// What a page shows.
    pub const RUNS_MAX: usize = 50;
    /// What a page shows.
    pub const LINES_MAX: usize = 500;
    /// What a page shows.
    pub const NOTICES_MAX: usize = 50;
}
