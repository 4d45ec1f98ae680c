//! An executor without threads: tasks are polled one after the other, in the order in which they began, until none of
//! them gets any further. Whoever drops it has killed the process, at whatever point each task was.

use super::time::Time;
use futures_util::future::BoxFuture;
use std::task::{Context, Poll, Waker};

/// Tasks that go on side by side.
#[derive(Default)]
pub(crate) struct Tasks {
    running: Vec<(u64, BoxFuture<'static, ()>)>,
}

impl Tasks {
    /// Begins a task under this number, which must be a new one.
    pub(crate) fn begin(&mut self, number: u64, task: BoxFuture<'static, ()>) {
        self.running.push((number, task));
    }

    /// Asks each task once to go on, as long as `goes_on` says so. Returns those that ended.
    pub(crate) fn poll(&mut self, time: &Time, goes_on: impl Fn() -> bool) -> Vec<u64> {
        let mut context = Context::from_waker(Waker::noop());
        let mut ended = Vec::new();
        for (number, task) in &mut self.running {
            if !goes_on() {
                break;
            }
            time.polls(*number);
            if let Poll::Ready(()) = task.as_mut().poll(&mut context) {
                ended.push(*number);
                time.has_moved();
            }
        }
        self.running.retain(|(number, _)| !ended.contains(number));
        ended
    }
}
