//! The clock of Flyball, which people set, beside the time that passes in the world.

use super::lock;
use flyball_engine::Clock;
use flyball_model::Timestamp;
use flyball_testing::StoppedTime;
use std::sync::{Arc, Mutex};

/// A machine's clock, as the process that runs there reads it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct OwnClock {
    time: StoppedTime,
    /// How far the machine's is ahead of the world's.
    ahead_ms: Arc<Mutex<i64>>,
    /// By how much the process has shifted it.
    shifted_ms: Arc<Mutex<i64>>,
}

impl OwnClock {
    pub(crate) fn new(time: &StoppedTime, ahead_ms: i64) -> Self {
        Self { time: time.clone(), ahead_ms: Arc::new(Mutex::new(ahead_ms)), shifted_ms: Arc::default() }
    }

    /// Another process reads it.
    pub(crate) fn begin(&self) {
        *lock(&self.shifted_ms) = 0;
    }

    /// Somebody sets it.
    pub(crate) fn step(&self, millis: i64) {
        *lock(&self.ahead_ms) += millis;
    }
}

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.time.now().as_millis() + *lock(&self.ahead_ms) + *lock(&self.shifted_ms))
    }

    fn shift(&self, millis: i64) {
        *lock(&self.shifted_ms) += millis;
    }
}
