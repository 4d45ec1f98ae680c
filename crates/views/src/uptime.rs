//! How a monitor did lately, at a glance.

use flyball_model::MonitorName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a monitor did in the last day, week and quarter. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UptimeView {
    /// Its name.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// The last day in half hours of the clock, oldest first: [`UptimeView::SLOTS`]. The last one is the one that runs.
    pub slots: Vec<UptimeSlot>,
    /// The share of the known time of the last 24 hours in which it was passing; null where nothing is known.
    pub day: Option<f64>,
    /// Of the last 7 days.
    pub week: Option<f64>,
    /// Of the last 90 days.
    pub quarter: Option<f64>,
}

impl UptimeView {
    /// A day in half hours.
    pub const SLOTS: u32 = 48;
}

/// Half an hour: the shares of its time. Where they come to less than 1, nobody looked, or it is not over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UptimeSlot {
    /// It was as it should be.
    pub passing: f64,
    /// It was not.
    pub failing: f64,
    /// It could not be looked at.
    pub unknown: f64,
}
