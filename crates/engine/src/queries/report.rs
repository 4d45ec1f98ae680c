//! `report`: what became of monitors over days and months.

use super::Reader;
use flyball_model::{MonitorName, Timestamp};
use flyball_monitors::Monitor;
use flyball_store::{Error, Rollup, StepTimes};
use serde::Serialize;
use std::time::Duration;

/// What became of every monitor between two times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// From here.
    pub since: Timestamp,
    /// To here.
    pub until: Timestamp,
    /// Each monitor, in the order of the file.
    pub monitors: Vec<MonitorReport>,
}

/// What became of a monitor. Times are in seconds; together they are the whole of the report's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonitorReport {
    /// Its name.
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
}

/// How long checks took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them took at most this long.
    pub p50: f64,
    /// 95 % did.
    pub p95: f64,
    /// 99 % did.
    pub p99: f64,
}

/// The mean times of the steps of a check; null where no check took the step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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

impl Reader<'_> {
    /// What became of the monitors of the file, or of one of them, between two times.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn report(
        &self,
        only: Option<&MonitorName>,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Report, Error> {
        let until = until.min(self.now);
        let mut monitors = Vec::new();
        for monitor in self.definitions.monitors.iter().filter(|monitor| only.is_none_or(|only| *only == monitor.name))
        {
            let rollup = self.store.rolled_up(monitor.id, since, until).await?;
            monitors.push(of_monitor(monitor, &rollup, until.since(since)));
        }
        Ok(Report { since, until, monitors })
    }
}

fn of_monitor(monitor: &Monitor, rollup: &Rollup, whole: Duration) -> MonitorReport {
    let seconds = |held_ms: u64| Duration::from_millis(held_ms).as_secs_f64();
    let known = [rollup.passing, rollup.failing, rollup.unknown].iter().map(|share| share.held_ms).sum();
    let took = |share| rollup.took.percentile(share).map(|took| took.as_secs_f64() * 1000.0);
    let took_ms = match (took(0.5), took(0.95), took(0.99)) {
        (Some(p50), Some(p95), Some(p99)) => Some(Percentiles { p50, p95, p99 }),
        _ => None,
    };
    MonitorReport {
        name: monitor.name.clone(),
        uptime: rollup.uptime(),
        passing_s: seconds(rollup.passing.held_ms),
        failing_s: seconds(rollup.failing.held_ms),
        unknown_s: seconds(rollup.unknown.held_ms),
        unwatched_s: whole.saturating_sub(Duration::from_millis(known)).as_secs_f64(),
        readings: rollup.readings(),
        took_ms,
        steps_ms: Steps {
            name: StepTimes::mean_ms(rollup.name),
            connect: StepTimes::mean_ms(rollup.connect),
            tls: StepTimes::mean_ms(rollup.tls),
            first_byte: StepTimes::mean_ms(rollup.first_byte),
        },
    }
}
