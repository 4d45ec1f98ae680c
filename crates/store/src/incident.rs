//! Incidents as they are stored, and which of them are asked for.

use crate::Open;
use flyball_model::{AppName, Incident, Timestamp};

/// An incident with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedIncident {
    /// For people to speak of it: from 1 on, in the order in which they were first written; never used again.
    pub number: i64,
    /// The incident.
    pub incident: Incident,
    /// What people were told of it.
    pub told: IncidentTold,
}

/// What people were told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentTold {
    /// Nothing yet.
    Nothing,
    /// That it began.
    Beginning,
    /// That it ended.
    End,
}

impl IncidentTold {
    /// As it is stored.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Beginning => 1,
            Self::End => 2,
        }
    }

    pub(crate) const fn numbered(number: i64) -> Self {
        match number {
            ..=0 => Self::Nothing,
            1 => Self::Beginning,
            2.. => Self::End,
        }
    }
}

/// Which incidents.
#[derive(Debug, Clone, Default)]
pub struct IncidentsPage {
    /// Of this app.
    pub app: Option<AppName>,
    /// That went on at this time, or began later.
    pub since: Option<Timestamp>,
    /// That began at this time or earlier.
    pub until: Option<Timestamp>,
    /// Only those that have not ended.
    pub open: Option<Open>,
    /// Numbered lower than this: the next page is before the last of this one.
    pub before: Option<i64>,
    /// How many of the latest: at most [`IncidentsPage::INCIDENTS_MAX`], which 0 means, too.
    pub incidents: u32,
}

impl IncidentsPage {
    /// What a person can read.
    pub const INCIDENTS_MAX: u32 = 1000;
}
