//! The dynos that do jobs: five at once each. Jobs are taken in the order in which they came, each by any thread that is free.
//!
//! What it leaves out: daily restarts and deploys, which kill jobs under every law alike, and jobs that make one another slow.

use super::{Job, LATE, MIN, Quiet};
use crate::chance::Stream;
use crate::stage::{AT_ONCE, BOOT, MAX};
use flyball_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// A dyno that is stopped has so many seconds until it is killed. Source: Heroku Dev Center, *Dyno Shutdown Behavior*.
const GRACE: u64 = 30;
/// A worker that was asked to take no more jobs, and is still there so many seconds after it was to go, is restarted by whoever runs the
/// app, as the guide says.
const QUIET_BEYOND: u64 = 300;

/// What an adapter tells of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// When.
    pub at: Timestamp,
    /// How many dynos there are to be; those that boot are among them.
    pub quantity: u32,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that run.
    pub running: u64,
    /// How long the one has waited that has waited longest, in seconds.
    pub latency: u64,
}

impl Queued {
    /// Jobs that wait or run.
    #[must_use]
    pub const fn work(&self) -> u64 {
        self.waiting + self.running
    }
}

/// What came of it so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkersTotals {
    /// Jobs that came.
    pub came: u64,
    /// Jobs that are done.
    pub done: u64,
    /// Jobs that waited for more than a minute before they first began.
    pub late: u64,
    /// How often a job was killed. It starts anew.
    pub killed: u64,
    /// Seconds of work that were lost by it.
    pub lost_seconds: u64,
    /// Seconds of dynos that were there, booted or shut down.
    pub dyno_seconds: u64,
    /// How often the quantity was changed.
    pub changes: u32,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    since: u64,
    takes: u64,
    /// Whether it has begun before, and was killed.
    has_begun: bool,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    began_at: u64,
    takes: u64,
}

impl Running {
    const fn ends_at(&self) -> u64 {
        self.began_at + self.takes
    }
}

#[derive(Debug, Clone)]
struct Dyno {
    /// From this second on it takes jobs.
    takes_from: u64,
    running: Vec<Running>,
}

/// The dynos, and the queue.
#[derive(Debug, Clone)]
pub struct Workers {
    second: u64,
    /// By number: the last one goes first.
    dynos: Vec<Dyno>,
    /// Those that shut down, and when they are killed.
    going: Vec<(u64, Dyno)>,
    waiting: VecDeque<Waiting>,
    chance: Stream,
    totals: WorkersTotals,
}

impl Workers {
    /// One dyno that is up, and nothing to do. Which thread takes a job comes from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            second: 0,
            dynos: vec![Dyno { takes_from: 0, running: Vec::new() }],
            going: Vec::new(),
            waiting: VecDeque::new(),
            chance: Stream::new(seed, 20),
            totals: WorkersTotals::default(),
        }
    }

    /// How many dynos there are to be.
    #[must_use]
    pub fn quantity(&self) -> u32 {
        self.dynos.len() as u32
    }

    /// What came of it so far. Who waits now, and has for more than a minute, is late.
    #[must_use]
    pub fn totals(&self) -> WorkersTotals {
        let late = self.waiting.iter().filter(|job| self.is_late(job)).count() as u64;
        WorkersTotals { late: self.totals.late + late, ..self.totals }
    }

    /// What an adapter tells now.
    #[must_use]
    pub fn tell(&self) -> Queued {
        let of = |dyno: &Dyno| dyno.running.len() as u64;
        let running: u64 = self.dynos.iter().chain(self.going.iter().map(|(_, dyno)| dyno)).map(of).sum();
        Queued {
            at: Timestamp::EPOCH + Duration::from_secs(self.second),
            quantity: self.quantity(),
            waiting: self.waiting.len() as u64,
            running,
            latency: self.waiting.iter().map(|job| self.second - job.since).max().unwrap_or_default(),
        }
    }

    /// From now on there are to be so many dynos. New ones boot; of those that go, the ones with the highest numbers go first.
    pub fn set(&mut self, quantity: u32) {
        let quantity = quantity.clamp(MIN, MAX) as usize;
        if quantity == self.dynos.len() {
            return;
        }
        self.totals.changes += 1;
        while self.dynos.len() < quantity {
            self.dynos.push(Dyno { takes_from: self.second + BOOT, running: Vec::new() });
        }
        let killed_at = self.second + GRACE;
        self.going.extend(self.dynos.drain(quantity..).map(|dyno| (killed_at, dyno)));
    }

    /// The dynos that are to go are asked to take no more jobs.
    pub fn quiet(&mut self, quiet: Quiet) {
        let takes_from = quiet.until.since(Timestamp::EPOCH).as_secs() + QUIET_BEYOND;
        self.dynos.iter_mut().skip(quiet.wants as usize).for_each(|dyno| dyno.takes_from = takes_from);
    }

    /// A second goes by, in which these jobs come.
    pub fn pass(&mut self, jobs: &[Job]) {
        let now = self.second;
        let going = self.going.iter_mut().map(|(_, dyno)| dyno);
        for dyno in self.dynos.iter_mut().chain(going) {
            let before = dyno.running.len();
            dyno.running.retain(|job| job.ends_at() > now);
            self.totals.done += (before - dyno.running.len()) as u64;
        }
        self.kill(now);
        self.totals.came += jobs.len() as u64;
        let waiting = |job: &Job| Waiting { since: now, takes: job.takes.max(1), has_begun: false };
        self.waiting.extend(jobs.iter().map(waiting));
        self.begin(now);
        self.totals.dyno_seconds += (self.dynos.len() + self.going.len()) as u64;
        self.second += 1;
    }

    /// Who shuts down goes once nothing runs on it, or is killed after its time. What ran on it is the next to begin.
    fn kill(&mut self, now: u64) {
        let (gone, going): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.going).into_iter().partition(|(at, dyno)| *at <= now || dyno.running.is_empty());
        self.going = going;
        for job in gone.into_iter().flat_map(|(_, dyno)| dyno.running) {
            self.totals.killed += 1;
            self.totals.lost_seconds += now - job.began_at;
            self.waiting.push_front(Waiting { since: now, takes: job.takes, has_begun: true });
        }
    }

    fn begin(&mut self, now: u64) {
        let room = |dyno: &Dyno| {
            if dyno.takes_from <= now { (AT_ONCE as usize).saturating_sub(dyno.running.len()) } else { 0 }
        };
        let mut free: usize = self.dynos.iter().map(room).sum();
        while free > 0
            && let Some(job) = self.waiting.pop_front()
        {
            // Each free thread is as likely as any other.
            let mut nth = (self.chance.between(0.0, free as f64) as usize).min(free - 1);
            let dyno = self.dynos.iter_mut().find(|dyno| {
                let room = room(dyno);
                let is_its = nth < room;
                nth -= if is_its { 0 } else { room };
                is_its
            });
            if let Some(dyno) = dyno {
                dyno.running.push(Running { began_at: now, takes: job.takes });
            }
            free -= 1;
            self.totals.late += u64::from(self.is_late(&job));
        }
    }

    fn is_late(&self, job: &Waiting) -> bool {
        !job.has_begun && self.second - job.since > LATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(workers: &mut Workers, seconds: u64) {
        (0..seconds).for_each(|_| workers.pass(&[]));
    }

    /// The second dyno is to go by this second.
    fn until(second: u64) -> Quiet {
        Quiet { wants: 1, until: Timestamp::EPOCH + Duration::from_secs(second) }
    }

    fn jobs<const N: usize>(takes: [u64; N]) -> [Job; N] {
        takes.map(|takes| Job { at: 0, takes })
    }

    #[test]
    fn five_jobs_run_at_once_and_the_next_waits() {
        let mut workers = Workers::new(1);
        workers.pass(&jobs([100, 200, 200, 200, 200, 50]));
        let told = workers.tell();
        assert_eq!((told.running, told.waiting, told.latency, told.work()), (5, 1, 1, 6));
        after(&mut workers, 99);
        assert_eq!((workers.tell().latency, workers.totals().late), (100, 1));
        after(&mut workers, 1);
        assert_eq!((workers.tell().waiting, workers.totals().done, workers.totals().late), (0, 1, 1));
        after(&mut workers, 200);
        assert_eq!((workers.totals().done, workers.tell().work()), (6, 0));
    }

    #[test]
    fn a_dyno_boots_before_it_takes_jobs() {
        let mut workers = Workers::new(1);
        workers.set(2);
        workers.pass(&jobs([600; 10]));
        assert_eq!(workers.tell().running, 5);
        after(&mut workers, 45);
        assert_eq!((workers.tell().running, workers.totals().late), (10, 0));
    }

    #[test]
    fn what_does_not_end_within_half_a_minute_is_killed_and_starts_anew() {
        let mut workers = Workers::new(1);
        workers.set(2);
        after(&mut workers, 45);
        workers.pass(&jobs([100, 100, 100, 100, 100, 100, 100, 100, 100, 100]));
        after(&mut workers, 79);
        // Twenty seconds are enough, and it goes when they are over.
        workers.set(1);
        after(&mut workers, 21);
        let totals = workers.totals();
        assert_eq!((totals.killed, totals.done, workers.going.len()), (0, 10, 0));

        workers.set(2);
        after(&mut workers, 45);
        workers.pass(&jobs([100; 10]));
        workers.set(1);
        after(&mut workers, 29);
        assert_eq!((workers.totals().killed, workers.tell().running), (0, 10));
        let before = workers.totals().dyno_seconds;
        after(&mut workers, 2);
        let totals = workers.totals();
        assert_eq!((totals.killed, totals.lost_seconds, workers.tell().waiting), (5, 155, 5));
        assert_eq!(totals.dyno_seconds - before, 3);
        after(&mut workers, 200);
        assert_eq!((workers.totals().done, workers.totals().late), (20, 0));
    }

    #[test]
    fn who_is_asked_takes_no_more_jobs_until_it_is_restarted() {
        let mut workers = Workers::new(1);
        workers.set(2);
        after(&mut workers, 45);
        workers.quiet(until(100));
        workers.pass(&jobs([1000; 10]));
        assert_eq!(workers.tell().running, 5);
        workers.set(1);
        after(&mut workers, 1);
        assert_eq!((workers.totals().killed, workers.going.len()), (0, 0));
        workers.set(2);
        after(&mut workers, 45);
        workers.quiet(until(100));
        after(&mut workers, 400);
        assert_eq!(workers.tell().running, 10);
    }

    proptest! {
        #[test]
        fn whatever_came_is_done_or_runs_or_waits(
            steps in proptest::collection::vec(
                (0_u32..60, 1_u64..200, proptest::collection::vec(1_u64..900, 0..12), proptest::bool::ANY), 1..12),
        ) {
            let mut workers = Workers::new(3);
            for (quantity, seconds, takes, is_quiet) in steps {
                workers.set(quantity);
                if is_quiet {
                    workers.quiet(Quiet { wants: quantity / 2, until: workers.tell().at + Duration::from_secs(seconds) });
                }
                let jobs: Vec<Job> = takes.iter().map(|takes| Job { at: 0, takes: *takes }).collect();
                workers.pass(&jobs);
                after(&mut workers, seconds);
                let (totals, told) = (workers.totals(), workers.tell());
                prop_assert_eq!(totals.came, totals.done + told.work());
                prop_assert!(totals.late <= totals.came);
                prop_assert!((MIN..=MAX).contains(&workers.quantity()));
                prop_assert!(workers.dynos.iter().all(|dyno| dyno.running.len() <= AT_ONCE as usize));
                prop_assert!(workers.going.iter().all(|(at, _)| *at + 1 >= workers.second));
            }
            // Nothing is killed any more, and all that is left gets done.
            let killed_before = workers.totals().killed + workers.going.iter().map(|(_, dyno)| dyno.running.len() as u64).sum::<u64>();
            after(&mut workers, 900 * 12 * 12 / u64::from(AT_ONCE) + 1000);
            prop_assert_eq!(workers.totals().came, workers.totals().done);
            prop_assert!(workers.totals().killed <= killed_before);
        }
    }
}
