//! An executor without threads: tasks that were woken are polled one after the other, until none gets any further.

use crate::chance::Numbers;
use crate::lock;
use crate::time::StoppedTime;
use flyball_engine::Tasks;
use flyball_model::Timestamp;
use futures_util::future::BoxFuture;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// At most this many polls in one moment mean that tasks wake each other for ever.
const POLLS_MAX: usize = 1_000_000;

/// In which order tasks are polled that could all go on.
#[derive(Debug)]
pub enum Order {
    /// Who was woken first goes first. Of those who wait for the same time, one after the other is woken, each only after
    /// everything that the one before led to.
    FirstCome,
    /// Drawn. The draws of a moment depend on the seed and the moment alone, so that a story of which something is left
    /// out keeps its order elsewhere.
    Drawn(Draws),
}

impl Order {
    /// Drawn by this seed.
    #[must_use]
    pub const fn drawn(seed: u64) -> Self {
        Self::Drawn(Draws { seed, of: Timestamp::from_millis(0), numbers: Numbers::new(seed) })
    }
}

/// The draws of one moment.
#[derive(Debug)]
pub struct Draws {
    seed: u64,
    of: Timestamp,
    numbers: Numbers,
}

impl Draws {
    fn draw(&mut self, now: Timestamp, among: usize) -> usize {
        if self.of != now {
            let moment = u64::from_ne_bytes(now.as_millis().to_ne_bytes());
            self.of = now;
            self.numbers = Numbers::new(self.seed ^ moment.wrapping_mul(0xd134_2543_de82_ef95));
        }
        usize::try_from(self.numbers.below(among as u64)).expect("it is below a length")
    }
}

/// Runs tasks on the thread that asks it to.
pub struct Executor {
    time: StoppedTime,
    order: Order,
    tasks: HashMap<u64, Task>,
    ready: Ready,
    starter: Starter,
}

struct Task {
    future: BoxFuture<'static, ()>,
    flag: Arc<Flag>,
    waker: Waker,
}

/// The numbers of the tasks that were woken, in order.
type Ready = Arc<Mutex<VecDeque<u64>>>;

/// Wakes one task. However often it is woken before it is polled, it is polled once.
struct Flag {
    number: u64,
    is_ready: AtomicBool,
    ready: Ready,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::SeqCst) {
            lock(&self.ready).push_back(self.number);
        }
    }
}

/// Starts tasks on an executor, also from inside of one. Clones are the same.
#[derive(Clone, Default)]
pub struct Starter(Arc<Begun>);

#[derive(Default)]
struct Begun {
    tasks: Mutex<Vec<(u64, BoxFuture<'static, ()>)>>,
    count: AtomicU64,
    present: AtomicU64,
}

impl Starter {
    /// The number of the task that is being polled; 0 if none is.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.0.present.load(Ordering::SeqCst)
    }
}

impl Tasks for Starter {
    fn start(&self, task: BoxFuture<'static, ()>) {
        let number = self.0.count.fetch_add(1, Ordering::SeqCst) + 1;
        lock(&self.0.tasks).push((number, task));
    }
}

impl Executor {
    /// One without tasks.
    #[must_use]
    pub fn new(time: &StoppedTime, order: Order) -> Self {
        let (tasks, ready, starter) = (HashMap::new(), Ready::default(), Starter::default());
        Self { time: time.clone(), order, tasks, ready, starter }
    }

    /// What starts tasks on it.
    #[must_use]
    pub fn starter(&self) -> Starter {
        self.starter.clone()
    }

    /// Goes on until nothing gets any further at this moment, or `goes_on`, which is asked before each poll, says no.
    /// Returns the numbers of the tasks that ended.
    ///
    /// # Panics
    ///
    /// When the moment does not come to an end.
    pub fn go_on(&mut self, goes_on: impl Fn() -> bool) -> Vec<u64> {
        let mut ended = Vec::new();
        let mut polls = 0;
        while goes_on() {
            self.take_up_begun();
            if let Some(number) = self.next_ready() {
                polls += 1;
                assert!(polls <= POLLS_MAX, "time stands still at {}", self.time.now());
                if self.poll(number) {
                    ended.push(number);
                }
            } else if !self.wake_due() {
                break;
            }
        }
        ended
    }

    /// Time goes on, and no task does: whoever is woken goes on later.
    pub fn stand(&self) {
        while self.time.wake_first() {}
    }

    /// Drops every task where it stands, as a kill does.
    pub fn drop_tasks(&mut self) {
        // One that is dropped may wake another, and it would be a mistake if it started one.
        self.tasks.clear();
        lock(&self.starter.0.tasks).clear();
        lock(&self.ready).clear();
    }

    fn take_up_begun(&mut self) {
        let begun = std::mem::take(&mut *lock(&self.starter.0.tasks));
        for (number, future) in begun {
            let flag = Arc::new(Flag { number, is_ready: AtomicBool::new(false), ready: Arc::clone(&self.ready) });
            let waker = Waker::from(Arc::clone(&flag));
            waker.wake_by_ref();
            self.tasks.insert(number, Task { future, flag, waker });
        }
    }

    fn next_ready(&mut self) -> Option<u64> {
        let mut ready = lock(&self.ready);
        match &mut self.order {
            Order::Drawn(draws) if ready.len() > 1 => {
                let index = draws.draw(self.time.now(), ready.len());
                ready.remove(index)
            }
            Order::FirstCome | Order::Drawn(_) => ready.pop_front(),
        }
    }

    /// Wakes those whose time has come; false if there are none.
    fn wake_due(&self) -> bool {
        let any = self.time.wake_first();
        if matches!(self.order, Order::Drawn(_)) {
            while self.time.wake_first() {}
        }
        any
    }

    /// Polls a task; true when it ended.
    fn poll(&mut self, number: u64) -> bool {
        // One that has ended may have been woken by what it left behind.
        let Some(task) = self.tasks.get_mut(&number) else { return false };
        task.flag.is_ready.store(false, Ordering::SeqCst);
        self.starter.0.present.store(number, Ordering::SeqCst);
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&task.waker));
        if polled.is_ready() {
            self.tasks.remove(&number);
        }
        self.starter.0.present.store(0, Ordering::SeqCst);
        matches!(polled, Poll::Ready(()))
    }
}

impl Drop for Executor {
    /// Tasks hold the engine, which holds the starter, which may hold tasks.
    fn drop(&mut self) {
        self.drop_tasks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What three tasks did that wait for the same time twice, in order.
    fn played(order: Order) -> Vec<String> {
        let time = StoppedTime::default();
        let mut executor = Executor::new(&time, order);
        let done: Arc<Mutex<Vec<String>>> = Arc::default();
        for name in ["a", "b", "c", "d"] {
            let (time, done) = (time.clone(), Arc::clone(&done));
            executor.starter().start(Box::pin(async move {
                for step in 1..=2 {
                    time.wait_for(Duration::from_millis(10)).await;
                    lock(&done).push(format!("{name}{step}"));
                }
            }));
        }
        let mut ended = executor.go_on(|| true).len();
        while let Some(next) = time.next() {
            time.go_on_to(next);
            ended += executor.go_on(|| true).len();
        }
        assert_eq!(ended, 4);
        std::mem::take(&mut *lock(&done))
    }

    #[test]
    fn the_first_who_came_goes_first_and_a_seed_draws_the_same_order_again() {
        assert_eq!(played(Order::FirstCome), ["a1", "b1", "c1", "d1", "a2", "b2", "c2", "d2"]);
        assert_eq!(played(Order::drawn(1)), played(Order::drawn(1)));
        let orders: std::collections::BTreeSet<_> = (0..20).map(|seed| played(Order::drawn(seed))).collect();
        assert!(orders.len() > 5, "{orders:?}");
    }

    #[test]
    fn whoever_stands_while_time_goes_on_goes_on_later() {
        let time = StoppedTime::default();
        let mut executor = Executor::new(&time, Order::FirstCome);
        let waiting = time.clone();
        executor.starter().start(Box::pin(async move { waiting.wait_for(Duration::from_secs(1)).await }));
        assert!(executor.go_on(|| true).is_empty());
        time.go_on_to(time.now() + Duration::from_secs(2));
        executor.stand();
        assert_eq!(time.next(), None, "it does not keep time from going on");
        assert_eq!(executor.go_on(|| true).len(), 1);
    }

    #[test]
    fn whoever_is_stopped_in_the_middle_leaves_nothing_on_the_agenda() {
        let time = StoppedTime::default();
        let mut executor = Executor::new(&time, Order::FirstCome);
        let (starter, waiting) = (executor.starter(), time.clone());
        let stopped = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stopped);
        starter.start(Box::pin(async move { waiting.wait_for(Duration::from_secs(1)).await }));
        starter.start(Box::pin(async move { stops.store(true, Ordering::SeqCst) }));
        starter.start(Box::pin(async { unreachable!("it was stopped before") }));
        executor.go_on(|| !stopped.load(Ordering::SeqCst));
        assert!(time.next().is_some());
        executor.drop_tasks();
        assert_eq!(time.next(), None);
        assert!(executor.go_on(|| true).is_empty());
    }
}
