//! What became of monitors over days and months.

use crate::CureView;
use flyball_model::{Cause, MonitorName, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of every monitor between two times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// From here.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// To here.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Each monitor, in the order of the file.
    pub monitors: Vec<MonitorReport>,
    /// How often each reaction cured incidents, by what had failed first; of the latest thousand runs.
    pub cures: Vec<CureView>,
}

/// What became of a monitor. Times are in seconds; together they are the whole of the report's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonitorReport {
    /// Its name.
    #[schema(value_type = String)]
    pub name: MonitorName,
    /// The share of the known time in which it was passing, 0 to 1; null where nothing is known.
    pub uptime: Option<f64>,
    /// It was as it should be.
    pub passing_s: f64,
    /// It was not.
    pub failing_s: f64,
    /// It could not be looked at.
    pub unknown_s: f64,
    /// Nobody looked: Flyball did not run, or the monitor was not there.
    pub unwatched_s: f64,
    /// How many readings there were.
    pub readings: u64,
    /// How long checks took, of those that were not unknown, in milliseconds, within 2 %.
    pub took_ms: Option<Percentiles>,
    /// The mean times of the steps of a check, in milliseconds.
    pub steps_ms: Steps,
    /// The times in which it was failing without a break. They are kept for two years.
    pub outages: Outages,
}

/// The times in which a monitor was failing without a break; a reading that could not look ends one. Times are in seconds, and
/// of one that began before the report or ends after it they are what lies within.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outages {
    /// How many there were.
    pub count: u64,
    /// How long the longest was; 0 where there was none.
    pub longest_s: f64,
    /// How long they were together.
    pub total_s: f64,
    /// Each of them, oldest first: the latest [`Outages::LISTED_MAX`]. Absent where nobody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Vec<Outage>>,
}

impl Outages {
    /// What a person can read: ten a week for as long as they are kept.
    pub const LISTED_MAX: usize = 1000;
}

/// A time in which a monitor was failing without a break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outage {
    /// When its first failing reading began, also where that is before the report.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// When the next reading began that was not failing, or when its last one no longer held; null while it goes on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// How much of it lies within the report.
    pub lasted_s: f64,
    /// Why its first reading failed.
    #[schema(value_type = Option<String>)]
    pub cause: Option<Cause>,
    /// How many failing readings there were.
    pub readings: u32,
    /// The longest time within it without a reading.
    pub longest_silence_s: f64,
    /// What ended it; null where nobody looked any more, or while it goes on.
    #[schema(value_type = Option<String>)]
    pub then: Option<Verdict>,
}

/// How long checks took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Percentiles {
    /// Half of them took at most this long.
    pub p50: f64,
    /// 95 % did.
    pub p95: f64,
    /// 99 % did.
    pub p99: f64,
}

/// The mean times of the steps of a check; null where no check took the step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Steps {
    /// Looking the name up.
    pub name: Option<f64>,
    /// Connecting.
    pub connect: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<f64>,
}
