//! The ledger: readings that called nothing wait here and are written together.

use super::figures::Counting;
use crate::engine::Engine;
use flyball_store::Batch;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// At most this many readings are written at once, rather than waiting for the tick.
const READINGS_A_WRITE: usize = 1000;
/// While the store takes nothing, at most this many readings are kept: half a minute of 20,000 monitors. Older ones are dropped,
/// and counted.
const READINGS_MAX: usize = 20_000;
/// As many lines of the timeline are kept, and of incidents: the latest say how it stands.
const ENTRIES_MAX: usize = 20_000;

/// Readings that wait to be written.
#[derive(Default)]
pub(crate) struct Ledger {
    waiting: Mutex<Batch>,
    came: Notify,
    full: Notify,
}

impl Ledger {
    /// Puts readings with those that wait.
    pub(crate) fn add(&self, batch: Batch, counting: &Counting) {
        let mut waiting = self.waiting();
        waiting.append(batch);
        let excess = waiting.readings.len().saturating_sub(READINGS_MAX);
        if excess > 0 {
            waiting.readings.drain(..excess);
            counting.dropped(u64::try_from(excess).unwrap_or(u64::MAX));
        }
        let excess = waiting.entries.len().saturating_sub(ENTRIES_MAX);
        waiting.entries.drain(..excess);
        let excess = waiting.incidents.len().saturating_sub(ENTRIES_MAX);
        waiting.incidents.drain(..excess);
        // What is remembered once is bounded by the file, once only the latest of each is kept. That is done seldom, since
        // it looks at all of them.
        if waiting.states.len().max(waiting.holdings.len()).max(waiting.sightings.len()) > 2 * READINGS_MAX {
            waiting.keep_latest();
        }
        if !waiting.is_empty() {
            self.came.notify_one();
        }
        if waiting.readings.len() >= READINGS_A_WRITE {
            self.full.notify_one();
        }
    }

    // Every step under the lock leaves it whole, so a panic elsewhere does not make it less true.
    fn waiting(&self) -> MutexGuard<'_, Batch> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is anything to write.
    pub(crate) async fn holds_something(&self) {
        while self.waiting().is_empty() {
            self.came.notified().await;
        }
    }

    /// Waits until there is enough for a write.
    pub(crate) async fn is_full(&self) {
        self.full.notified().await;
    }

    /// Writes what waits. What the store does not take goes on waiting, in front of what came meanwhile.
    pub(crate) async fn write(&self, engine: &Engine, counting: &Counting) {
        let mut batch = std::mem::take(&mut *self.waiting());
        if batch.is_empty() {
            return;
        }
        engine.memory().bring_up_to_date(&mut batch);
        if let Err(error) = engine.try_save(&mut batch).await {
            tracing::debug!(%error, readings = batch.readings.len(), "readings could not be written; trying again");
            let since = std::mem::replace(&mut *self.waiting(), batch);
            self.add(since, counting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{
        Because, Entry, Event, MonitorId, MonitorName, PauseScope, ReactionId, ReactionName, Timestamp,
    };
    use flyball_store::{Holding, HoldingKey};

    #[test]
    fn what_waits_for_a_store_that_takes_nothing_is_bounded_and_the_latest_is_kept() {
        let (ledger, counting) = (Ledger::default(), Counting::new());
        let monitor = MonitorId::of(&"page".parse::<MonitorName>().expect("a name"));
        let reaction = ReactionId::of(&"again".parse::<ReactionName>().expect("a name"));
        let count = u64::try_from(3 * READINGS_MAX).expect("a few");
        for nth in 1..=count {
            let at = Timestamp::from_millis(i64::try_from(nth).expect("a few"));
            let key = HoldingKey { monitor, reaction };
            let holding = Holding { key, because: Because::Disabled, since: at, last_at: at, count: nth };
            let resumed = Event::Resumed { scope: PauseScope::Everything, by: "ada".to_owned() };
            let entries = vec![Entry::new(at, resumed)];
            ledger.add(Batch { holdings: vec![holding], entries, ..Batch::default() }, &counting);
        }
        let waiting = ledger.waiting.lock().expect("nobody panicked");
        assert!(waiting.holdings.len() <= 2 * READINGS_MAX, "{}", waiting.holdings.len());
        assert_eq!(waiting.holdings.last().map(|holding| holding.count), Some(count));
        assert_eq!(waiting.entries.len(), ENTRIES_MAX);
    }
}
