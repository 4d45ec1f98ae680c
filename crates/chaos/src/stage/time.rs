//! Time that only the play moves: the world's, and Flyball's clock beside it, which people set.

use super::lock;
use flyball_engine::{Clock, Ids};
use flyball_model::{RunId, Timestamp};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// When every story begins: 2026-11-02T10:00:00Z, a Monday.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_793_613_600_000);

/// The time of a play. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Time(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// How far Flyball's clock is ahead of the world's.
    ahead_ms: i64,
    /// When somebody waits for.
    agenda: BTreeSet<Timestamp>,
    /// Whether anything went on since this was last asked.
    moved: bool,
    /// Who is being polled.
    task: u64,
}

impl Time {
    pub(crate) fn new(ahead_ms: i64) -> Self {
        let agenda = BTreeSet::new();
        Self(Arc::new(Mutex::new(State { now: START, ahead_ms, agenda, moved: false, task: 0 })))
    }

    /// The world's time.
    pub(crate) fn now(&self) -> Timestamp {
        lock(&self.0).now
    }

    /// What Flyball's clock shows.
    pub(crate) fn flyballs(&self) -> Timestamp {
        let state = lock(&self.0);
        Timestamp::from_millis(state.now.as_millis() + state.ahead_ms)
    }

    /// Somebody sets Flyball's clock.
    pub(crate) fn step(&self, millis: i64) {
        lock(&self.0).ahead_ms += millis;
    }

    pub(crate) fn go_on_to(&self, at: Timestamp) {
        let mut state = lock(&self.0);
        state.now = state.now.max(at);
        let now = state.now;
        state.agenda.retain(|due| *due > now);
    }

    /// When somebody waits for, first.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        lock(&self.0).agenda.first().copied()
    }

    /// Says that something went on, so that everybody is asked once more.
    pub(crate) fn has_moved(&self) {
        lock(&self.0).moved = true;
    }

    /// Whether something went on since this was last asked.
    pub(crate) fn moved(&self) -> bool {
        std::mem::take(&mut lock(&self.0).moved)
    }

    /// Who is polled from now on.
    pub(crate) fn polls(&self, task: u64) {
        lock(&self.0).task = task;
    }

    /// Who is being polled.
    pub(crate) fn task(&self) -> u64 {
        lock(&self.0).task
    }

    /// Waits in the world's time.
    pub(crate) fn wait(&self, length: Duration) -> Wait {
        self.wait_until(self.now() + length)
    }

    pub(crate) fn wait_until(&self, at: Timestamp) -> Wait {
        Wait { time: self.clone(), at }
    }
}

/// Waits until a time. Nobody wakes it: the play asks everybody at each of its moments.
#[derive(Debug)]
pub(crate) struct Wait {
    time: Time,
    at: Timestamp,
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.time.0);
        if state.now >= self.at {
            state.moved = true;
            return Poll::Ready(());
        }
        state.agenda.insert(self.at);
        Poll::Pending
    }
}

/// Flyball's clock.
impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.flyballs()
    }
}

/// Ids that count on over restarts. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountedIds(Arc<AtomicU64>);

impl CountedIds {
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl Ids for CountedIds {
    fn run(&self, now: Timestamp) -> RunId {
        let millis = u64::try_from(now.as_millis()).expect("stories play after 1970");
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&self.next().to_be_bytes());
        RunId(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }
}
