//! The ledger: readings that called nothing wait here and are written together.

use super::figures::Counting;
use crate::engine::Engine;
use flyball_store::Batch;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// So many readings are written at once, rather than waiting for the tick.
const READINGS_A_WRITE: usize = 1000;
/// While the store takes nothing, so many readings are kept: half a minute of 20,000 monitors. Older ones are dropped,
/// and counted; what the monitors remember is kept in memory all the same.
const READINGS_MAX: usize = 20_000;

/// Readings that wait to be written.
#[derive(Default)]
pub(crate) struct Ledger {
    waiting: Mutex<Batch>,
    full: Notify,
}

impl Ledger {
    /// Puts readings with those that wait.
    pub(crate) fn add(&self, batch: Batch, counting: &Counting) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.append(batch);
        let excess = waiting.readings.len().saturating_sub(READINGS_MAX);
        if excess > 0 {
            waiting.readings.drain(..excess);
            let states = waiting.states.len().saturating_sub(READINGS_MAX);
            waiting.states.drain(..states);
            counting.dropped(u64::try_from(excess).unwrap_or(u64::MAX));
        }
        if waiting.readings.len() >= READINGS_A_WRITE {
            self.full.notify_one();
        }
    }

    /// Waits until there is enough for a write.
    pub(crate) async fn is_full(&self) {
        self.full.notified().await;
    }

    /// Writes what waits. What the store does not take goes on waiting, in front of what came meanwhile.
    pub(crate) async fn write(&self, engine: &Engine, counting: &Counting) {
        let mut batch = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if batch.is_empty() {
            return;
        }
        engine.memory().bring_up_to_date(&mut batch);
        if let Err(error) = engine.try_save(&mut batch).await {
            tracing::debug!(%error, readings = batch.readings.len(), "readings could not be written; trying again");
            let since = std::mem::replace(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner), batch);
            self.add(since, counting);
        }
    }
}
