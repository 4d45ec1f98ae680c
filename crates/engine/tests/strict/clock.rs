//! Time that only a test moves, and ids that only count.

use flyball_engine::{Clock, Ids};
use flyball_model::{RunId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The clock of the engine, of its client and of the world: it begins at 2026-11-02T10:00:00Z.
#[derive(Debug, Clone)]
pub(crate) struct StoppedClock(Arc<AtomicI64>);

impl StoppedClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_793_613_600_000)))
    }

    pub(crate) fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("tests take minutes");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountedIds(Arc<AtomicU64>);

impl CountedIds {
    pub(crate) fn next(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

impl Ids for CountedIds {
    fn run(&self, _now: Timestamp) -> RunId {
        RunId(self.next())
    }
}
