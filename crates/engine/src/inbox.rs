//! What came in for monitors, as the store has it.

use async_trait::async_trait;
use flyball_model::{Excerpt, MonitorId, Signal, SignalKind, Timestamp};
use flyball_monitors::Inbox;
use flyball_store::{ReadingsPage, Store};
use std::sync::Arc;

/// The inbox of the monitors whose readings are in this store.
pub struct StoreInbox {
    store: Arc<dyn Store>,
    notes: bool,
}

impl StoreInbox {
    /// For an engine, which notes what is awaited.
    #[must_use]
    pub const fn of(store: Arc<dyn Store>) -> Self {
        Self { store, notes: true }
    }

    /// For who only looks on.
    #[must_use]
    pub const fn looking_on(store: Arc<dyn Store>) -> Self {
        Self { store, notes: false }
    }
}

#[async_trait]
impl Inbox for StoreInbox {
    async fn signals(&self, monitor: MonitorId) -> Result<Vec<Signal>, String> {
        self.store.signals(monitor).await.map_err(|error| error.to_string())
    }

    async fn last_look(&self, monitor: MonitorId) -> Result<Option<Timestamp>, String> {
        let page = ReadingsPage { monitor, since: None, until: None, readings: 1 };
        let latest = self.store.readings(&page).await.map_err(|error| error.to_string())?;
        Ok(latest.last().map(|reading| reading.begun_at))
    }

    async fn await_anew(&self, monitor: MonitorId, at: Timestamp) -> Result<(), String> {
        if !self.notes {
            return Ok(());
        }
        let signal = Signal { at, kind: SignalKind::Awaited, words: Excerpt::default() };
        self.store.note_signal(monitor, &signal).await.map_err(|error| error.to_string())
    }
}
