//! What is asked of all monitors, or of some: each statement in both ways.

use super::dialect::{Db, each};
use super::{Arguments, Row, query_as};
use crate::Of;
use crate::read::to_json;
use flyball_model::MonitorId;
use serde::Serialize;
use sqlx::FromRow;
use sqlx::query::QueryAs;

/// A statement about all monitors, and the same about some, whose ids are the one value that it takes.
#[derive(Clone, Copy)]
pub(crate) struct OfMonitors {
    pub(crate) all: &'static str,
    pub(crate) some: &'static str,
}

impl OfMonitors {
    /// Asks in one way or the other.
    pub(super) fn asked<R: for<'r> FromRow<'r, Row>>(self, of: Of<'_>) -> QueryAs<'static, Db, R, Arguments> {
        match of {
            Of::All => query_as(self.all),
            Of::These(monitors) => {
                let wanted: Vec<Wanted> = monitors.iter().map(|id| Wanted { id: *id }).collect();
                query_as(self.some).bind(to_json(&wanted))
            }
        }
    }
}

#[derive(Serialize)]
struct Wanted {
    id: MonitorId,
}

/// A statement without a condition, the column that has the monitor's id, and what stands behind the condition.
macro_rules! of_monitors {
    ($select:literal, $id:literal, $rest:literal) => {
        OfMonitors {
            all: concat!($select, $rest),
            some: concat!($select, " WHERE ", $id, " IN (SELECT value ->> 'id' FROM ", each!("$1"), ")", $rest),
        }
    };
}

pub(crate) const REMEMBERED: OfMonitors =
    of_monitors!("SELECT monitor_id, watched, state, covers FROM monitor_states", "monitor_id", "");

pub(crate) const HOLDINGS: OfMonitors =
    of_monitors!("SELECT monitor_id, reaction_id, because, since, last_at, held_count FROM holdings", "monitor_id", "");

/// What was found since each monitor's state was saved. States are saved every few minutes, and rows stay for an hour.
pub(crate) const NEWER: OfMonitors = of_monitors!(
    "SELECT monitor_states.monitor_id, readings.begun_at, readings.packed FROM monitor_states \
     JOIN monitor_numbers ON monitor_numbers.monitor_id = monitor_states.monitor_id \
     JOIN readings ON readings.monitor = monitor_numbers.number AND readings.begun_at > monitor_states.covers",
    "monitor_states.monitor_id",
    " ORDER BY readings.monitor, readings.begun_at"
);

/// The latest reading of each monitor, of those whose hour is not packed yet.
pub(crate) const LATEST: OfMonitors = of_monitors!(
    "SELECT monitor_numbers.monitor_id, readings.begun_at, readings.packed FROM monitor_numbers \
     JOIN readings ON readings.monitor = monitor_numbers.number AND readings.begun_at = \
         (SELECT MAX(latest.begun_at) FROM readings AS latest WHERE latest.monitor = monitor_numbers.number)",
    "monitor_numbers.monitor_id",
    ""
);
