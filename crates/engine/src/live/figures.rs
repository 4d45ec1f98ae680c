//! Figures of the loop: how many checks were due and made, and how late they started.

use hdrhistogram::Histogram;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Lateness is counted up to a minute, in microseconds, to three digits.
const LATE_MAX_US: u64 = 60_000_000;

/// Counts as the loop runs.
pub(crate) struct Counting(Mutex<Counts>);

struct Counts {
    due: u64,
    made: u64,
    missed: u64,
    waited: u64,
    dropped: u64,
    late: Histogram<u64>,
}

/// What the loop has done so far.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// Checks that were due.
    pub due: u64,
    /// Checks that were made.
    pub made: u64,
    /// Checks that were not made: the one before was still under way, or the process stalled.
    pub missed: u64,
    /// How often a check found no place free, and waited for one.
    pub waited: u64,
    /// Readings that could not be kept, because the store did not take them for too long.
    pub dropped: u64,
    /// How late checks started, in microseconds: the median.
    pub late_us_p50: u64,
    /// The 99th percentile.
    pub late_us_p99: u64,
    /// The latest.
    pub late_us_max: u64,
}

impl Counting {
    pub(crate) fn new() -> Self {
        let late = Histogram::new_with_bounds(1, LATE_MAX_US, 3).expect("the bounds are constants in order");
        Self(Mutex::new(Counts { due: 0, made: 0, missed: 0, waited: 0, dropped: 0, late }))
    }

    fn with(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A check starts, this late; this many before it were missed.
    pub(crate) fn starts(&self, late: Duration, missed: u64) {
        let late_us = u64::try_from(late.as_micros()).unwrap_or(LATE_MAX_US).clamp(1, LATE_MAX_US);
        self.with(|counts| {
            counts.due += 1 + missed;
            counts.missed += missed;
            counts.late.saturating_record(late_us);
        });
    }

    /// A check was due while the one before was under way.
    pub(crate) fn overlaps(&self, missed: u64) {
        self.with(|counts| {
            counts.due += 1 + missed;
            counts.missed += 1 + missed;
        });
    }

    /// A check waits for a place.
    pub(crate) fn waits(&self) {
        self.with(|counts| counts.waited += 1);
    }

    pub(crate) fn made(&self, checks: u64) {
        self.with(|counts| counts.made += checks);
    }

    pub(crate) fn dropped(&self, readings: u64) {
        self.with(|counts| counts.dropped += readings);
    }

    pub(crate) fn figures(&self) -> Figures {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Figures {
            due: counts.due,
            made: counts.made,
            missed: counts.missed,
            waited: counts.waited,
            dropped: counts.dropped,
            late_us_p50: counts.late.value_at_quantile(0.5),
            late_us_p99: counts.late.value_at_quantile(0.99),
            late_us_max: counts.late.max(),
        }
    }
}
