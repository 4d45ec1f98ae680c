//! What an adapter reports, whoever's it is.

use std::collections::BTreeSet;

/// Values of one report: an app with ten thousand requests a second in one process tells as many in ten seconds.
pub(crate) const VALUES_MAX: usize = 100_000;
/// Queues of one report, and of an app: adapters tell of twenty at most, unless they are asked to tell more.
pub(crate) const QUEUES_MAX: usize = 64;

/// What a process of an app reports. The default is that of one that says nothing, and does not even live.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The process types whose processes live, as it tells.
    pub alive: BTreeSet<String>,
    /// Whose it is, where it says so: the dyno, and the number of the process in it.
    pub process: Option<(String, u32)>,
    /// Whether it would have told of jobs if there were any.
    pub tells_jobs: bool,
    /// The names of the queues that it tells of.
    pub queues: Vec<String>,
    /// What it tells.
    pub values: Vec<Value>,
    /// Values of a sort or form that nobody here knows, or that are more than are read.
    pub passed_over: u64,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// When it was so, in seconds since 1970.
    pub second: i64,
    /// What was so.
    pub said: Said,
}

/// What a value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Requests waited so long until a process took them.
    Waited {
        /// How long, in milliseconds.
        millis: u64,
        /// How many requests.
        count: u32,
    },
    /// No request came.
    NoRequest,
    /// The process had requests to do for this share of the time, in percent.
    Up(u64),
    /// How a queue of jobs stands.
    Queue {
        /// Which, by its place among the names.
        queue: usize,
        /// What of it.
        gauge: Gauge,
        /// How much.
        number: u64,
    },
}

/// What of a queue is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Jobs that wait.
    Waiting,
    /// Jobs that are being done.
    Running,
    /// How long the one has waited that has waited longest, in milliseconds.
    Latency,
}

impl Report {
    /// The place of a queue's name; none where there are too many.
    pub(crate) fn queue(&mut self, name: &str) -> Option<usize> {
        if let Some(place) = self.queues.iter().position(|known| known == name) {
            return Some(place);
        }
        (self.queues.len() < QUEUES_MAX).then(|| {
            self.queues.push(name.to_owned());
            self.queues.len() - 1
        })
    }

    /// One more value, or one that is passed over.
    pub(crate) fn take(&mut self, value: Option<Value>) {
        match value {
            Some(value) if self.values.len() < VALUES_MAX => self.values.push(value),
            _ => self.passed_over += 1,
        }
    }
}

/// The process type of a dyno: what stands before the number, `web.1`; on Fir before the two parts that name it, `web-5d8f7c9b6b-x7k2p`.
pub(crate) fn process_type(dyno: &str) -> &str {
    if let Some((process_type, _)) = dyno.rsplit_once('.') {
        return process_type;
    }
    let before = |name: &'_ str| name.rfind('-').filter(|at| *at > 0);
    before(dyno).and_then(|at| before(&dyno[..at])).map_or(dyno, |at| &dyno[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dyno_is_one_of_a_process_type() {
        for (dyno, expected) in [
            ("web.1", "web"),
            ("worker_low.12", "worker_low"),
            ("my-worker.3", "my-worker"),
            ("web-5d8f7c9b6b-x7k2p", "web"),
            ("my-worker-5d8f7c9b6b-x7k2p", "my-worker"),
            ("web", "web"),
            ("web-1", "web-1"),
            ("", ""),
            ("--", "--"),
            (".", ""),
        ] {
            assert_eq!(process_type(dyno), expected, "{dyno}");
        }
    }
}
