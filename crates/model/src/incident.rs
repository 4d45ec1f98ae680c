//! Incidents: one thing for one outage, from the first failure of an app to when nothing of it fails any more.

use crate::{AppName, Cause, MonitorName, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an incident is of. Each has one open incident at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentOf {
    /// An app: all monitors that call reactions on it, or look at it, belong to its incidents.
    App(AppName),
    /// A monitor that has to do with no app: an incident of its own.
    Monitor(MonitorName),
}

impl IncidentOf {
    /// The app, where it is of one.
    #[must_use]
    pub const fn app(&self) -> Option<&AppName> {
        match self {
            Self::App(app) => Some(app),
            Self::Monitor(_) => None,
        }
    }
}

impl fmt::Display for IncidentOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(app) => app.fmt(f),
            Self::Monitor(monitor) => write!(f, "monitor \"{monitor}\""),
        }
    }
}

/// What came first in an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstCause {
    /// A monitor began to fail.
    Monitor {
        /// Which.
        name: MonitorName,
        /// Why, as far as it is known.
        cause: Option<Cause>,
    },
    /// A run needs a person, while no monitor fails.
    Run(RunId),
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// All monitors pass.
    Passing,
    /// What failed is not watched any more: it was removed, switched off, or looks at something else now.
    NotWatched,
}

impl EndedBy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::NotWatched => "not_watched",
        }
    }
}

/// The end of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEnd {
    /// When.
    pub at: Timestamp,
    /// How.
    pub by: EndedBy,
}

/// An incident, before it has its number. What it is of and when it began say which one it is: so it is stored once, however
/// often, and in whichever order, its beginning and its end are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is of.
    pub of: IncidentOf,
    /// When it began: with the flip of the first monitor, or when a run came to need a person.
    pub began_at: Timestamp,
    /// What came first.
    pub first: FirstCause,
    /// Its end; none while it goes on.
    pub end: Option<IncidentEnd>,
}

/// What people were told of an incident, as far as they are to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentTold {
    /// Nothing yet.
    Nothing,
    /// That it began.
    Beginning,
    /// All there is to tell.
    End,
}

impl IncidentTold {
    /// As it is stored.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Beginning => 1,
            Self::End => 2,
        }
    }

    /// What is stored as this number.
    #[must_use]
    pub const fn numbered(number: i64) -> Self {
        match number {
            ..=0 => Self::Nothing,
            1 => Self::Beginning,
            2.. => Self::End,
        }
    }
}
