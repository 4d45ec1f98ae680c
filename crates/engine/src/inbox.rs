//! What came in for monitors, as the store has it.

use async_trait::async_trait;
use flyball_model::{AppName, Excerpt, Finding, MonitorId, Signal, SignalKind, Timestamp};
use flyball_monitors::Inbox;
use flyball_signals::Slot;
use flyball_store::{Error, ReadingsPage, Store, StoredSlot};
use std::sync::Arc;

/// What an app told by its drain within a time, in the order of time: what several nodes were told of one slot is one. Of a newer version's
/// nothing is known.
pub(crate) async fn told(
    store: &dyn Store,
    app: &AppName,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(Timestamp, Slot)>, Error> {
    let mut slots: Vec<(Timestamp, Slot)> = Vec::new();
    for StoredSlot { at, told, .. } in store.slots(app, since, until).await? {
        let Some(slot) = Slot::of_bytes(&told) else { continue };
        match slots.last_mut() {
            Some((last, sum)) if *last == at => sum.merge(&slot),
            _ => slots.push((at, slot)),
        }
    }
    Ok(slots)
}

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

    async fn last_finding(&self, monitor: MonitorId) -> Result<Option<Finding>, String> {
        let page = ReadingsPage { monitor, since: None, until: None, readings: 1 };
        let latest = self.store.readings(&page).await.map_err(|error| error.to_string())?;
        Ok(latest.last().map(|reading| reading.finding))
    }

    async fn told(&self, app: &AppName, since: Timestamp) -> Result<Vec<(Timestamp, Slot)>, String> {
        told(&*self.store, app, since, Timestamp::FAR_FUTURE).await.map_err(|error| error.to_string())
    }

    async fn await_anew(&self, monitor: MonitorId, at: Timestamp) -> Result<(), String> {
        if !self.notes {
            return Ok(());
        }
        let signal = Signal { at, kind: SignalKind::Awaited, words: Excerpt::default() };
        self.store.note_signal(monitor, &signal).await.map_err(|error| error.to_string())
    }
}
