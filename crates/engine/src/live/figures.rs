//! Figures of the loop: how many checks were due and made, and how late they started; how long commits took, and how runs ended.

use super::spread::Spread;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
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
    lateness: Spread,
    commits: Spread,
    commits_failed: u64,
    ended: BTreeMap<&'static str, u64>,
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

/// What an engine has counted since its start, for machines that watch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Checks.
    pub checks: Figures,
    /// How late checks started.
    pub late: Spread,
    /// How long the store took for each commit of the loop that it took.
    pub commits: Spread,
    /// Commits that the store did not take.
    pub commits_failed: u64,
    /// Runs that ended, by the word of their outcome.
    pub ended: BTreeMap<&'static str, u64>,
    /// For how long the check has been due that is under way, or waits for a place, for the longest; none where none is.
    pub oldest_check: Option<Duration>,
}

impl Counting {
    pub(crate) fn new() -> Self {
        let late = Histogram::new_with_bounds(1, LATE_MAX_US, 3).expect("the bounds are constants in order");
        let (lateness, commits, ended) = (Spread::default(), Spread::default(), BTreeMap::new());
        let (due, made, missed, waited, dropped, commits_failed) = (0, 0, 0, 0, 0, 0);
        Self(Mutex::new(Counts { due, made, missed, waited, dropped, late, lateness, commits, commits_failed, ended }))
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
            counts.lateness.record(late);
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

    /// The store was asked to take a batch, and took it or not.
    pub(crate) fn commits(&self, took: Duration, is_taken: bool) {
        self.with(|counts| if is_taken { counts.commits.record(took) } else { counts.commits_failed += 1 });
    }

    /// A run ended, with an outcome of this word.
    pub(crate) fn ended(&self, outcome: &'static str) {
        self.with(|counts| *counts.ended.entry(outcome).or_default() += 1);
    }

    pub(crate) fn counted(&self, oldest_check: Option<Duration>) -> Counted {
        let checks = self.figures();
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (late, commits, ended) = (counts.lateness.clone(), counts.commits.clone(), counts.ended.clone());
        Counted { checks, late, commits, commits_failed: counts.commits_failed, ended, oldest_check }
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
