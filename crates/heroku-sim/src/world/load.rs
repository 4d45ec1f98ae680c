//! Requests as they come, second by second: how many, who serves them, how long they wait. A fluid: counts and means,
//! never one request. What is told of single ones is drawn from it, in `lines`.
//!
//! Each web dyno is a queue of its own, since routers pick a dyno without asking how busy it is. What it cannot serve
//! stays in its backlog, and on top of that requests wait as in M/M/c (Sakasegawa's formula), so that a dyno that is
//! nearly full is slow already.

use super::app::App;
use super::log::Visit;
use flyball_model::Timestamp;
use std::collections::{VecDeque, vec_deque};
use std::time::Duration;
use uuid::Uuid;

/// How often the fluid flows on. A second is as fine as anything that reads it looks.
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// At most this many minutes are remembered: a week, which is longer than anybody plays, and a bound all the same.
const MINUTES: usize = 7 * 24 * 60;

/// From this part of its capacity on, a dyno's waiting is its backlog's: the formula goes to infinity at 1, and it speaks
/// of the long run, which a dyno in a burst never sees.
const RHO_MAX: f64 = 0.95;

/// How requests scatter, as Sakasegawa's formula takes it: half the sum of the squared variations of arrivals (1, they come
/// independently) and of service (0.25, half of it is fixed and half exponential, as `lines` draws it).
const SCATTER: f64 = (1.0 + 0.25) / 2.0;

/// How one web dyno serves, where requests are counted one by one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Serving {
    /// Requests that it works on at once; the others wait in it.
    pub threads: u32,
    /// What one takes without waiting, on average; what the release and the dyno's memory add comes on top.
    pub service: Duration,
    /// The share of requests that clients break off (H27, 499), 0 to 1.
    pub broken_off: f64,
}

/// What became of the requests that came to an app in one minute: the truth that a reader of its lines can be held to. Each
/// request is in the minute in which it came, not in that in which it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// Its beginning.
    pub at: Timestamp,
    /// Requests that came, whatever became of them; of each there is one line.
    pub requests: u64,
    /// Those of them that a dyno answered, well or not, or would have had the client waited.
    pub served: u64,
    /// Those of the served that the app answered with an error.
    pub errors: u64,
    /// Those of the served that the client broke off (H27).
    pub broken_off: u64,
    /// Requests that the router gave up on (H12).
    pub timed_out: u64,
    /// Requests that no dyno was there for, or that the router did not let through (H10, H11, H14, H20, H80, H99).
    pub refused: u64,
    /// What the served ones took together, waiting included: means times counts, about which the lines scatter.
    pub service: Duration,
}

impl Minute {
    const fn new(at: Timestamp) -> Self {
        let service = Duration::ZERO;
        Self { at, requests: 0, served: 0, errors: 0, broken_off: 0, timed_out: 0, refused: 0, service }
    }
}

/// A dyno that serves, as its requests find it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Server {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// What a request takes without waiting, on average, in seconds.
    pub(super) service: f64,
    /// The share of requests that wait for the database, and for how many seconds on top.
    pub(super) slow: Option<(f64, f64)>,
    /// The share of requests that the app answers with an error, and the status of that.
    pub(super) errors: f64,
    pub(super) status: u16,
}

/// Requests of one second that one dyno was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Its name.
    pub dyno: String,
    /// Those that it answers, or would have; the next three are among them.
    pub served: u64,
    /// Those that the app answers with an error.
    pub errors: u64,
    /// Those that clients break off.
    pub broken_off: u64,
    /// Those that wait for the database,
    pub slow: u64,
    /// and for how many seconds.
    pub slow_by: f64,
    /// Those that the router gives up on.
    pub timed_out: u64,
    /// The status of the errors.
    pub status: u16,
    /// What was there before them takes this long, in seconds: each waits for it.
    pub backlog: f64,
    /// What they wait on top of that on average, in seconds: as an exponential draw, for each anew.
    pub wait: f64,
    /// What one takes without waiting, on average, in seconds.
    pub service: f64,
    /// Requests that the dyno works on in this second, on average.
    pub at_work: f64,
}

impl Share {
    /// Which share of the served ones waits for longer than so many seconds, 0 to 1.
    #[must_use]
    pub fn waiting_beyond(&self, seconds: f64) -> f64 {
        let on_top = seconds - self.backlog;
        if on_top < 0.0 {
            1.0
        } else if self.wait > 0.0 {
            (-on_top / self.wait).exp()
        } else {
            0.0
        }
    }
}

/// What becomes of the requests of one second.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// How many the router answers itself, and with which code: the platform is in trouble, or no dyno is there.
    pub refused: [(u64, &'static str); 2],
    /// What dynos are given, where there are any.
    pub given: Vec<Share>,
}

/// One dyno's queue.
#[derive(Debug, Clone)]
struct Queue {
    dyno: Uuid,
    /// Requests that are there and not served yet, beyond those that it works on.
    backlog: f64,
    /// Requests at work, averaged over 1, 5 and 15 minutes as the load averages of Linux are.
    averages: [f64; 3],
}

/// Whole numbers out of shares: what is left over counts for the next, so that sums are right however small the shares.
#[derive(Debug, Clone, Copy, Default)]
struct Carry(f64);

impl Carry {
    fn whole(&mut self, share: f64, at_most: u64) -> u64 {
        self.0 += share;
        // A share of sums of decimal fractions is now and then a hair below the whole number that it stands for.
        let whole = ((self.0 + 1e-9).floor().max(0.0) as u64).min(at_most);
        self.0 -= whole as f64;
        whole
    }
}

/// The requests of one app.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// When the next second begins; never, where nothing asks for seconds.
    pub(super) next: Timestamp,
    queues: Vec<Queue>,
    arrived: Carry,
    timed_out: Carry,
    errors: Carry,
    broken_off: Carry,
    slow: Carry,
    refused: Carry,
    /// Which dyno gets the first of those that do not divide evenly.
    turn: usize,
    /// What a request that comes now waits, in seconds, averaged over the dynos.
    waiting: f64,
    minutes: VecDeque<Minute>,
    /// The second that began last.
    last: Option<Second>,
}

impl Load {
    pub(super) fn new(app: &App, start: Timestamp) -> Self {
        let flows = app.spec.mechanics.serving.is_some() || app.spec.runtime_metrics;
        Self {
            next: if flows { start } else { Timestamp::FAR_FUTURE },
            queues: Vec::new(),
            arrived: Carry::default(),
            timed_out: Carry::default(),
            errors: Carry::default(),
            broken_off: Carry::default(),
            slow: Carry::default(),
            refused: Carry::default(),
            turn: 0,
            waiting: 0.0,
            minutes: VecDeque::new(),
            last: None,
        }
    }

    /// The second that began last; none before the first, and none where none are counted.
    pub(super) const fn last(&self) -> Option<&Second> {
        self.last.as_ref()
    }

    pub(super) fn minutes(&self) -> vec_deque::Iter<'_, Minute> {
        self.minutes.iter()
    }

    /// What a request that comes now waits before it is served.
    pub(super) fn waiting(&self) -> Duration {
        Duration::from_secs_f64(self.waiting)
    }

    /// The load averages of a dyno; zeros for one that serves nobody.
    pub(super) fn averages(&self, dyno: Uuid) -> [f64; 3] {
        self.queues.iter().find(|queue| queue.dyno == dyno).map_or([0.0; 3], |queue| queue.averages)
    }

    /// Counts a visit of the app's page, which comes on top of the load.
    pub(super) fn count_visit(&mut self, visit: &Visit<'_>, now: Timestamp) {
        let minute = self.minute(now);
        minute.requests += 1;
        match visit.code {
            Some("H12") => minute.timed_out += 1,
            Some(_) => minute.refused += 1,
            None => {
                minute.served += 1;
                minute.errors += u64::from(visit.status.is_none_or(|status| status >= 500));
                minute.service += visit.took;
            }
        }
    }

    /// The second that begins at `now` is the last one from here on. Nothing happens where the app counts none.
    pub(super) fn flow(&mut self, app: &App, now: Timestamp) {
        let Some(serving) = app.spec.mechanics.serving else { return };
        // The middle of the second is its mean, as load goes in straight lines.
        let rate = app.load(now + SECOND / 2);
        let count = self.arrived.whole(rate, u64::MAX);
        let of_platform = self.refused.whole(count as f64 * app.platform_error, count);
        let (count, rate) = (count - of_platform, rate * (1.0 - app.platform_error));
        let (of_nobody, given) = match app.servers(now, &serving) {
            Ok(servers) => ((0, ""), self.give(app, &serving, &servers, rate, count)),
            Err(code) => {
                (self.queues, self.waiting) = (Vec::new(), 0.0);
                ((count, code), Vec::new())
            }
        };
        let second = Second { refused: [(of_platform, "H99"), of_nobody], given };
        self.record(now, &second);
        self.last = Some(second);
    }

    fn give(&mut self, app: &App, serving: &Serving, servers: &[Server], rate: f64, count: u64) -> Vec<Share> {
        // The queue of a dyno that has gone is gone with it.
        let queues = std::mem::take(&mut self.queues);
        let known = |id: Uuid| queues.iter().find(|queue| queue.dyno == id).cloned();
        self.queues = servers
            .iter()
            .map(|s| known(s.id).unwrap_or(Queue { dyno: s.id, backlog: 0.0, averages: [0.0; 3] }))
            .collect();
        let timeout = app.spec.mechanics.router_timeout.as_secs_f64();
        let (many, rate) = (servers.len() as u64, rate / servers.len() as f64);
        let first = self.turn % servers.len();
        self.turn = (first + (count % many) as usize) % servers.len();
        let mut shares = Vec::with_capacity(servers.len());
        let mut waiting = 0.0;
        for (index, server) in servers.iter().enumerate() {
            let place = (index + servers.len() - first) % servers.len();
            let given = count / many + u64::from((place as u64) < count % many);
            let queue = &mut self.queues[index];
            let (slow_share, slow_by) = server.slow.unwrap_or_default();
            // What one keeps a thread busy for: on average, those that wait for the database among them.
            let busy = server.service + slow_share * slow_by;
            let capacity = f64::from(serving.threads) / busy;
            let backlog = queue.backlog / capacity;
            // What has waited is worked on as well.
            let at_work = (queue.backlog + rate).min(capacity) * busy;
            let lost = queue.take_in(rate, capacity, (timeout - server.service).max(0.0));
            // Whoever is served did not wait longer than the router does.
            let wait = waits(f64::from(serving.threads), rate / capacity, busy)
                .min((timeout - server.service - backlog).max(0.0));
            queue.average(at_work);
            waiting += backlog + wait;
            let timed_out = self.timed_out.whole(if rate > 0.0 { given as f64 * lost / rate } else { 0.0 }, given);
            let slow = self.slow.whole((given - timed_out) as f64 * slow_share, given - timed_out);
            // The database is slower than the router waits: none of these is answered.
            let hang = if server.service + slow_by >= timeout { slow } else { 0 };
            let (timed_out, slow) = (timed_out + hang, slow - hang);
            let served = given - timed_out;
            let errors = self.errors.whole(served as f64 * server.errors, served);
            let broken_off = self.broken_off.whole(served as f64 * serving.broken_off, served - errors);
            let slow = slow.min(served - errors - broken_off);
            let (dyno, status, service) = (server.name.clone(), server.status, server.service);
            shares.push(Share {
                dyno,
                served,
                errors,
                broken_off,
                slow,
                slow_by,
                timed_out,
                status,
                backlog,
                wait,
                service,
                at_work,
            });
        }
        self.waiting = waiting / servers.len() as f64;
        shares
    }

    fn record(&mut self, now: Timestamp, second: &Second) {
        let minute = self.minute(now);
        for (count, _) in second.refused {
            minute.requests += count;
            minute.refused += count;
        }
        for share in &second.given {
            minute.requests += share.served + share.timed_out;
            minute.served += share.served;
            minute.errors += share.errors;
            minute.broken_off += share.broken_off;
            minute.timed_out += share.timed_out;
            let mean = share.backlog + share.wait + share.service;
            let of_database = share.slow_by * share.slow as f64;
            minute.service += Duration::from_secs_f64(mean * share.served as f64 + of_database);
        }
    }

    /// The minute of this time, which is the last one.
    fn minute(&mut self, now: Timestamp) -> &mut Minute {
        let at = Timestamp::from_millis(now.as_millis().div_euclid(60_000) * 60_000);
        if self.minutes.back().is_none_or(|minute| minute.at < at) {
            if self.minutes.len() == MINUTES {
                self.minutes.pop_front();
            }
            self.minutes.push_back(Minute::new(at));
        }
        self.minutes.back_mut().expect("a minute was just added where there was none")
    }
}

impl Queue {
    /// A second of requests comes, and a second of work is done. Returns how many would wait longer than `at_most` seconds:
    /// the router gives up on them, and here nobody works on them either, though a real dyno might.
    fn take_in(&mut self, rate: f64, capacity: f64, at_most: f64) -> f64 {
        let backlog = (self.backlog + rate - capacity).max(0.0);
        self.backlog = backlog.min(at_most * capacity);
        (backlog - self.backlog).min(rate)
    }

    /// One more second of this many requests at work.
    fn average(&mut self, at_work: f64) {
        for (average, seconds) in self.averages.iter_mut().zip([60.0, 300.0, 900.0]) {
            *average += (at_work - *average) * (1.0 - (-1.0_f64 / seconds).exp());
        }
    }
}

/// What a request waits on average, in seconds, in a queue with this many threads at this part of its capacity, where one
/// takes `service` seconds. Sakasegawa's formula for M/M/c, scaled to how requests scatter.
fn waits(threads: f64, rho: f64, service: f64) -> f64 {
    let rho = rho.min(RHO_MAX);
    rho.powf((2.0 * (threads + 1.0)).sqrt() - 1.0) / (threads * (1.0 - rho)) * service * SCATTER
}

#[cfg(test)]
mod tests {
    use super::{Carry, Queue, Share, waits};
    use uuid::Uuid;

    #[test]
    fn whoever_is_served_waits_for_the_backlog_and_for_longer_by_chance() {
        let share = |backlog: f64, wait: f64| Share {
            dyno: "web.1".to_owned(),
            served: 10,
            errors: 0,
            broken_off: 0,
            slow: 0,
            slow_by: 0.0,
            timed_out: 0,
            status: 500,
            backlog,
            wait,
            service: 0.5,
            at_work: 2.5,
        };
        for (backlog, wait, expected) in [
            (0.0, 0.0, 0.0),
            (0.0, 0.1, (-1.0_f64).exp()),
            (0.1, 0.1, 1.0),
            (0.05, 0.05, (-1.0_f64).exp()),
            (0.2, 0.0, 1.0),
        ] {
            assert!((share(backlog, wait).waiting_beyond(0.1) - expected).abs() < 1e-9, "{backlog} {wait}");
        }
    }

    #[test]
    fn waiting_grows_slowly_and_then_steeply() {
        // One thread is M/M/1, where the formula is exact: rho / (1 - rho) times the service, here times the scatter.
        for (threads, rho, expected) in [(1.0, 0.5, 0.625), (1.0, 0.9, 5.625), (5.0, 0.0, 0.0)] {
            assert!((waits(threads, rho, 1.0) - expected).abs() < 1e-9, "{threads} threads at {rho}");
        }
        let of_five = |rho| waits(5.0, rho, 0.5);
        assert!(of_five(0.5) < 0.03 && of_five(0.9) > 0.2 && of_five(3.0) < 1.2);
    }

    #[test]
    fn a_backlog_is_kept_worked_off_and_bounded_by_what_the_router_waits() {
        let mut queue = Queue { dyno: Uuid::nil(), backlog: 0.0, averages: [0.0; 3] };
        for (rate, lost, backlog) in
            [(15.0, 0.0, 5.0), (10.0, 0.0, 5.0), (7.0, 0.0, 2.0), (0.0, 0.0, 0.0), (40.0, 10.0, 20.0)]
        {
            assert_eq!((queue.take_in(rate, 10.0, 2.0), queue.backlog), (lost, backlog), "at {rate} a second");
        }
    }

    #[test]
    fn shares_become_whole_numbers_that_add_up() {
        for share in [0.1, 0.25, 1.0 / 3.0, 7.3] {
            let mut carry = Carry::default();
            let sum: u64 = (0..3000).map(|_| carry.whole(share, u64::MAX)).sum();
            assert_eq!(sum, (share * 3000.0).round() as u64, "{share}");
        }
        assert_eq!(Carry::default().whole(5.0, 3), 3);
    }
}
