//! The system's clock, and the database's.

use flyball_engine::Clock;
use flyball_model::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

/// By how many milliseconds the process's time is ahead of the system's. A process works on one store, whose clock it goes by where
/// others share it.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

/// Tells the system's time, or that of the database which is shared with others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // Before 1970 only where the clock was never set.
        let millis = since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Timestamp::from_millis(millis.saturating_add(AHEAD_MS.load(Ordering::Relaxed)))
    }

    fn shift(&self, millis: i64) {
        AHEAD_MS.fetch_add(millis, Ordering::Relaxed);
    }
}
