//! Time that only a play moves.

use crate::lock;
use flyball_engine::{Clock, Time};
use flyball_model::Timestamp;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// When every story begins: 2026-11-02T10:00:00Z, a Monday.
pub const START: Timestamp = Timestamp::from_millis(1_793_613_600_000);

/// Time that stands still until somebody moves it, in whole milliseconds. Clones share it.
#[derive(Debug, Clone)]
pub struct StoppedTime(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// Who waits for what, in order: first by time, then as it was asked for.
    agenda: BTreeMap<(Timestamp, u64), Waker>,
    asked: u64,
}

impl Default for StoppedTime {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { now: START, agenda: BTreeMap::new(), asked: 0 })))
    }
}

impl StoppedTime {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        lock(&self.0).now
    }

    /// Moves the time, never back. Whoever waited is woken when the executor goes on.
    pub fn go_on_to(&self, at: Timestamp) {
        let mut state = lock(&self.0);
        state.now = state.now.max(at);
    }

    /// What is waited for, first.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        lock(&self.0).agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Waits for a time.
    #[must_use]
    pub fn wait_until(&self, at: Timestamp) -> Wait {
        Wait { time: self.clone(), at, place: None }
    }

    /// Waits this long, rounded up to a millisecond.
    #[must_use]
    pub fn wait_for(&self, length: Duration) -> Wait {
        self.wait_until(self.now() + whole_millis(length))
    }

    /// Wakes the first of those whose time has come; false if there are none.
    pub(crate) fn wake_first(&self) -> bool {
        let mut state = lock(&self.0);
        let now = state.now;
        let Some(first) = state.agenda.first_entry().filter(|first| first.key().0 <= now) else { return false };
        let waker = first.remove();
        drop(state);
        waker.wake();
        true
    }
}

fn whole_millis(length: Duration) -> Duration {
    let millis = length.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// Waits until a time.
#[derive(Debug)]
pub struct Wait {
    time: StoppedTime,
    at: Timestamp,
    /// Where it stands among those that wait for the same time.
    place: Option<u64>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (at, place) = (self.at, self.place);
        let mut state = lock(&self.time.0);
        if state.now >= at {
            return Poll::Ready(());
        }
        let place = place.unwrap_or(state.asked);
        state.asked = state.asked.max(place + 1);
        state.agenda.insert((at, place), context.waker().clone());
        drop(state);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            lock(&self.time.0).agenda.remove(&(self.at, place));
        }
    }
}

impl Clock for StoppedTime {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

impl Time for StoppedTime {
    fn passed(&self) -> Duration {
        self.now().since(START)
    }

    fn wait(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.wait_for(length))
    }
}
