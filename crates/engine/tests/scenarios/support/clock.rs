//! Time that only a test moves, and ids that only count.

use flyball_engine::{Clock, Ids};
use flyball_model::{RunId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// When every scenario begins: 2026-11-02T10:00:00Z, a Monday.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_793_613_600_000);

pub(crate) const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) const fn mins(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// The clock of the engine, of its client, and of the world.
#[derive(Debug, Clone)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START.as_millis())))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count on over restarts.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountedIds(Arc<AtomicU64>);

impl CountedIds {
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl Ids for CountedIds {
    fn run(&self, now: Timestamp) -> RunId {
        let millis = u64::try_from(now.as_millis()).expect("scenarios play after 1970");
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&self.next().to_be_bytes());
        RunId(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }
}
