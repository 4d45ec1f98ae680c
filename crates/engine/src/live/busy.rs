//! What is under way, so that nothing overlaps itself, and since when.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is under way, each since a time that passes.
pub(crate) struct Busy<T>(Mutex<HashMap<T, Duration>>);

impl<T: Eq + Hash> Busy<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Whether it may begin now: it is not under way.
    pub(crate) fn begin(&self, what: T, now: Duration) -> bool {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(now);
                true
            }
        }
    }

    /// Whether it is under way.
    pub(crate) fn has(&self, what: &T) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(what)
    }

    pub(crate) fn end(&self, what: &T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }

    /// Since when that is under way which is for the longest.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
    }
}
