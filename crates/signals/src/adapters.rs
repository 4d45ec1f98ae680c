//! What ten seconds of what adapters reported come to.

use crate::Times;
use crate::report::{Gauge, QUEUES_MAX, Report, Said, Value, process_type};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Process types: nobody has more in a Procfile.
const TYPES_MAX: usize = 64;
/// Processes that tell how busy they are: as many as a hundred dynos have with ten each. Who finds no room is taken to be silent.
const PROCESSES_MAX: usize = 1024;

/// What adapters in an app reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Adapters {
    /// Reports that came.
    pub reports: u64,
    /// Reports that did not come whole, or could not be read.
    pub lost: u64,
    /// Values that came too late to be counted where they belong.
    pub late: u64,
    /// Values that nobody here knows.
    pub passed_over: u64,
    /// The process types that told that they live.
    pub alive: BTreeSet<String>,
    /// Whether somebody reported who would have told of jobs if there were any.
    pub tells_jobs: bool,
    /// How long requests waited until a process took them.
    pub waited: Times,
    /// Queues of jobs.
    pub queues: BTreeMap<String, Queue>,
    /// How busy processes were, by their dynos.
    pub dynos: BTreeMap<String, BTreeMap<u32, Up>>,
}

/// What was told of a queue last. Whoever tells of one tells of all of it, also of what runs elsewhere: of several the last counts, and
/// not their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Queue {
    /// Jobs that wait.
    pub waiting: Option<Latest>,
    /// Jobs that are being done.
    pub running: Option<Latest>,
    /// How long the one has waited that has waited longest, in milliseconds.
    pub latency: Option<Latest>,
}

/// A number, and when it was so. Of two of the same second the larger counts: it takes no dyno away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Latest {
    /// When, in seconds since 1970.
    pub second: i64,
    /// How much.
    pub number: u64,
}

/// For which share of the time a process had a request to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Up {
    /// The sum of what it told, in percent.
    pub sum: u64,
    /// How often it told.
    pub count: u32,
}

impl Queue {
    fn merge(&mut self, other: &Self) {
        self.waiting = self.waiting.max(other.waiting);
        self.running = self.running.max(other.running);
        self.latency = self.latency.max(other.latency);
    }
}

impl Adapters {
    /// A report came.
    pub(crate) fn heard(&mut self, report: &Report) {
        // That of a one-off dyno says nothing of the app.
        if report.alive.is_empty() && report.values.is_empty() && report.passed_over == 0 {
            return;
        }
        self.reports += 1;
        self.passed_over += report.passed_over;
        self.tells_jobs |= report.tells_jobs;
        for name in &report.alive {
            self.lives(name);
        }
    }

    /// What it told of a second of these ten.
    pub(crate) fn value(&mut self, report: &Report, value: &Value) {
        match value.said {
            Said::Waited { millis, count } => self.waited.add_many(Duration::from_millis(millis), count),
            Said::NoRequest => {}
            Said::Up(percent) => {
                let Some((dyno, process)) = &report.process else { return };
                if let Some(up) = self.process(dyno, *process) {
                    up.sum = up.sum.saturating_add(percent);
                    up.count = up.count.saturating_add(1);
                }
            }
            Said::Queue { queue, gauge, number } => {
                let Some(name) = report.queues.get(queue) else { return };
                let Some(queue) = self.queue(name) else { return };
                let latest = match gauge {
                    Gauge::Waiting => &mut queue.waiting,
                    Gauge::Running => &mut queue.running,
                    Gauge::Latency => &mut queue.latency,
                };
                *latest = (*latest).max(Some(Latest { second: value.second, number }));
                self.tells_jobs = true;
            }
        }
    }

    /// How many jobs are being done, in these queues or, where none is named, in all; nothing where it is told of none of them. Of a queue
    /// of which only something else is told it counts what is known.
    #[must_use]
    pub fn running(&self, queues: &[String]) -> Option<u64> {
        let meant = self.queues.iter().filter(|(name, _)| queues.is_empty() || queues.contains(name));
        meant.filter_map(|(_, queue)| queue.running).map(|running| running.number).reduce(u64::saturating_add)
    }

    /// Whether a process of this type told anything.
    #[must_use]
    pub fn has(&self, process_type: &str) -> bool {
        self.alive.contains(process_type)
    }

    /// For which share of the time each dyno of a process type was busy, in percent: the mean of its processes.
    #[must_use]
    pub fn utilization(&self, of: &str) -> Vec<f64> {
        let mean = |processes: &BTreeMap<u32, Up>| {
            let told: Vec<f64> = processes.values().filter(|up| up.count > 0).map(Up::mean).collect();
            #[expect(clippy::cast_precision_loss, reason = "a dyno has some processes")]
            let count = told.len() as f64;
            (!told.is_empty()).then(|| told.iter().sum::<f64>() / count)
        };
        self.dynos.iter().filter(|(dyno, _)| process_type(dyno) == of).filter_map(|(_, dyno)| mean(dyno)).collect()
    }

    /// What another receiver was told in the same ten seconds, or what was told in the next.
    pub fn merge(&mut self, other: &Self) {
        self.reports += other.reports;
        self.lost += other.lost;
        self.late += other.late;
        self.passed_over += other.passed_over;
        self.tells_jobs |= other.tells_jobs;
        self.waited.merge(&other.waited);
        for name in &other.alive {
            self.lives(name);
        }
        for (name, told) in &other.queues {
            if let Some(queue) = self.queue(name) {
                queue.merge(told);
            }
        }
        for (dyno, processes) in &other.dynos {
            for (process, told) in processes {
                if let Some(up) = self.process(dyno, *process) {
                    up.sum = up.sum.saturating_add(told.sum);
                    up.count = up.count.saturating_add(told.count);
                }
            }
        }
    }

    fn lives(&mut self, name: &str) {
        if self.alive.len() < TYPES_MAX && !self.alive.contains(name) {
            self.alive.insert(name.to_owned());
        }
    }

    fn queue(&mut self, name: &str) -> Option<&mut Queue> {
        if !self.queues.contains_key(name) {
            if self.queues.len() >= QUEUES_MAX {
                return None;
            }
            self.queues.insert(name.to_owned(), Queue::default());
        }
        self.queues.get_mut(name)
    }

    fn process(&mut self, dyno: &str, process: u32) -> Option<&mut Up> {
        let is_known = self.dynos.get(dyno).is_some_and(|processes| processes.contains_key(&process));
        if !is_known && self.dynos.values().map(BTreeMap::len).sum::<usize>() >= PROCESSES_MAX {
            return None;
        }
        Some(self.dynos.entry(dyno.to_owned()).or_default().entry(process).or_default())
    }
}

impl Up {
    fn mean(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "some hundreds are summed up")]
        let sum = self.sum as f64;
        sum / f64::from(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Feed, SLOT, Slot, hirefire, judoscale};
    use flyball_model::Timestamp;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    /// What each process reported when, one after another; seconds are since the beginning.
    fn told(reports: &[(u64, &str, u32, &str)]) -> Vec<(u64, Adapters)> {
        let mut feed = Feed::beginning(at(0));
        for (second, container, pid, metrics) in reports {
            let metrics = metrics.replace('@', "18000000");
            let body = format!(r#"{{"container":"{container}","pid":{pid},"metrics":[{metrics}]}}"#);
            feed.report(&judoscale(body.as_bytes()).unwrap(), at(*second));
        }
        let due = feed.due(at(1000), true).into_iter();
        let told = due.filter_map(|(start, slot)| {
            assert_eq!(Slot::of_bytes(&slot.to_bytes()), Some(slot.clone()), "it is read as it was written");
            assert_eq!((slot.lines, slot.lost), (0, 0), "a drain is another source");
            Some((start.since(at(0)).as_secs(), *slot.adapters?))
        });
        told.collect()
    }

    #[test]
    fn of_a_queue_the_newest_counts_whoever_tells_it_and_never_the_sum() {
        let latest = |second: i64, number: u64| Some(Latest { second: 1_800_000_000 + second, number });
        let told = told(&[
            (3, "web.1", 1, r#"[@02,30,"qd","a"],[@02,4,"busy","a"],[@02,900,"qt","a"]"#),
            (4, "worker.1", 1, r#"[@03,20,"qd","a"],[@03,4,"busy","a"]"#),
            (5, "worker.1", 2, r#"[@01,99,"qd","a"]"#),
            (6, "web.1", 2, r#"[@03,25,"qd","a"],[@03,0,"qd","b"]"#),
        ]);
        let [(0, told)] = told.as_slice() else { panic!("{told:?}") };
        let (waiting, running, latency) = (latest(3, 25), latest(3, 4), latest(2, 900));
        assert_eq!(told.queues["a"], Queue { waiting, running, latency });
        assert_eq!(told.queues["b"], Queue { waiting: latest(3, 0), ..Queue::default() });
        assert!(told.tells_jobs && told.has("web") && told.has("worker") && told.reports == 4, "{told:?}");
    }

    #[test]
    fn jobs_that_are_being_done_are_those_that_are_told_of() {
        let latest = |number: u64| Some(Latest { second: 1, number });
        let queue = |running| Queue { running, waiting: latest(70), ..Queue::default() };
        let queues = [("a", queue(latest(4))), ("b", queue(latest(0))), ("c", queue(None))];
        let queues = queues.into_iter().map(|(name, queue)| (name.to_owned(), queue)).collect();
        let told = Adapters { queues, ..Adapters::default() };
        for (named, expected) in
            [(&[][..], Some(4)), (&["a", "b"], Some(4)), (&["b"], Some(0)), (&["c"], None), (&["d"], None)]
        {
            let named: Vec<String> = named.iter().map(|name: &&str| (*name).to_owned()).collect();
            assert_eq!(told.running(&named), expected, "{named:?}");
        }
        assert_eq!(Adapters::default().running(&[]), None);
    }

    #[test]
    fn a_dyno_is_as_busy_as_its_processes_are_on_average() {
        let told = told(&[
            (3, "web.1", 1, r#"[@02,100,"up"]"#),
            (3, "web.1", 2, r#"[@02,40,"up"],[@03,60,"up"]"#),
            (4, "web.2", 1, r#"[@03,10,"up"]"#),
            (4, "worker.1", 1, r#"[@03,99,"up"]"#),
            (5, "web.3", 1, ""),
        ]);
        assert_eq!(told[0].1.utilization("web"), [75.0, 10.0]);
        assert_eq!(told[0].1.utilization("clock"), [0.0; 0]);
    }

    #[test]
    fn values_are_counted_in_their_own_seconds_and_life_when_it_is_told() {
        let told = told(&[
            (25, "web.1", 1, r#"[@09,12,"qt"],[@10,20,"qt"],[@24,500,"qt"],[1700000000,1,"qt"],[1900000000,70,"qt"]"#),
            (26, "run.12", 1, r#"[@24,9000,"qt"]"#),
            (31, "web.1", 1, ""),
        ]);
        let counts: Vec<_> = told.iter().map(|(start, of)| (*start, of.reports, of.waited.count(), of.late)).collect();
        assert_eq!(counts, [(0, 0, 1, 0), (10, 0, 1, 0), (20, 1, 2, 1), (30, 1, 0, 0)]);
        assert!(told[2].1.has("web") && !told[0].1.has("web") && told[3].1.has("web"));

        let mut feed = Feed::beginning(at(0));
        feed.report(&hirefire(br#"{"1800000001":[12,8],"1800000012":[]}"#).unwrap(), at(13));
        feed.lose_report(at(13));
        let due = feed.due(at(1000), true);
        let of = |nth: usize| due[nth].1.adapters.as_ref().unwrap();
        assert_eq!((of(0).waited.count(), of(1).waited.count(), of(1).reports, of(1).lost), (2, 0, 1, 1));
        assert!(of(1).has("web") && due[1].0 == at(0) + SLOT);
    }

    #[test]
    fn what_an_older_version_wrote_is_read_and_it_reads_what_only_drains_told() {
        let slot = Slot { lines: 7, began: true, ..Slot::default() };
        let written = slot.to_bytes();
        assert_eq!((written[0], Slot::of_bytes(&written)), (1, Some(slot.clone())));
        let adapters = Adapters { reports: 3, ..Adapters::default() };
        let told = Slot { adapters: Some(Box::new(adapters)), ..slot };
        let written = told.to_bytes();
        assert_eq!((written[0], Slot::of_bytes(&written)), (2, Some(told)));
        for cut in 0..written.len() {
            assert_eq!(Slot::of_bytes(&written[..cut]), None, "{cut}");
        }
        assert_eq!(Slot::of_bytes(&[3, 0]), None, "a newer one");
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut adapters = Adapters::default();
        for nth in 0..2000_u32 {
            adapters.lives(&format!("t{nth}"));
            let _queue = adapters.queue(&format!("q{nth}"));
            let _process = adapters.process(&format!("web.{}", nth / 4), nth % 4);
        }
        let processes: usize = adapters.dynos.values().map(BTreeMap::len).sum();
        assert_eq!((adapters.alive.len(), adapters.queues.len(), processes), (64, 64, 1024));
        let one = adapters.clone();
        adapters.merge(&one);
        assert_eq!(adapters.queues.len(), 64);
    }
}
