//! Incidents as they are stored, and which of them are asked for.

use crate::Open;
use flyball_model::{AppName, Incident, IncidentTold, Timestamp};

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
