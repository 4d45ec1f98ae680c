//! `jobs`: measures the queues of an app's jobs, as an adapter in the app tells.
//!
//! Whoever tells of a queue tells of all of it, so of several the newest counts. Zero is only what a living source says: where the first
//! dyno of a process type reports that has a library of jobs in it and tells of no queue, there is none.

use super::drained::{self, Judged, told_by_adapters, told_lately};
use super::kind::MonitorKind;
use super::levels::{Levels, Span};
use crate::means::{Look, Means};
use crate::values::{in_words, words};
use flyball_model::{Amount, AppName, Cause, Finding, Measured, Reading, Timestamp, Unit, duration};
use flyball_settings::{Fields, Settings};
use flyball_signals::{Adapters, Gauge, Latest, Queue, Slot, told_until};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `jobs` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Jobs {
    /// The app.
    pub app: AppName,
    /// Of which queues; of all where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
    /// What of them.
    pub measure: JobsMeasure,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
    /// After such a silence of the source nothing is known.
    #[serde(serialize_with = "in_words")]
    pub late: Duration,
}

/// What of queues is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobsMeasure {
    /// Jobs that wait, and those that are being done.
    Work,
    /// Jobs that wait.
    Waiting,
    /// How long the job has waited that has waited longest.
    Latency,
}

words! {
    JobsMeasure {
        "work" => Self::Work,
        "waiting" => Self::Waiting,
        "latency" => Self::Latency,
    }
}

impl JobsMeasure {
    const fn unit(self) -> Unit {
        match self {
            Self::Work | Self::Waiting => Unit::Things,
            Self::Latency => Unit::Millis,
        }
    }
}

impl Jobs {
    /// The verdict on what the app told, and on what this monitor found last. Pure.
    fn judge(&self, slots: &[(Timestamp, Slot)], before: Option<Finding>, now: Timestamp) -> Judged {
        if !told_lately(slots, self.late, now, |told| told.tells_jobs) {
            let late = duration::print(self.late);
            return Err(format!("nothing of the jobs of {} has been told for {late}", self.app));
        }
        // What was told last of a queue is told within `late`; one that nobody tells of for longer is gone.
        let window = told_by_adapters(&self.app, slots, self.late, now)?;
        let told = window.slot.adapters.unwrap_or_default();
        let number = self.number(&told)?;
        #[expect(clippy::cast_precision_loss, reason = "nobody has more jobs than a float has whole numbers")]
        let amount = Amount::new(number as f64, self.measure.unit());
        let measured = Measured { amount, complete: window.complete_of_adapters, few: false, dynos: None };
        let (finding, beyond) = self.levels.judge(&measured, before);
        let of = match (self.measure, number) {
            (JobsMeasure::Work, 1) => "job to do",
            (JobsMeasure::Work, _) => "jobs to do",
            (JobsMeasure::Waiting, 1) => "job waits",
            (JobsMeasure::Waiting, _) => "jobs wait",
            (JobsMeasure::Latency, _) => "since the oldest job came",
        };
        Ok((finding, format!("{amount} {of}{beyond}"), measured))
    }

    /// The number, or why nobody knows it: what is told of some queues alone would be too little.
    fn number(&self, told: &Adapters) -> Result<u64, String> {
        let is_meant = |name: &str| self.queues.is_empty() || self.queues.iter().any(|queue| queue == name);
        let queues: Vec<_> = told.queues.iter().filter(|(name, _)| is_meant(name)).collect();
        if queues.is_empty() && !told.queues.is_empty() {
            return Err(format!("nothing is told of {}", self.queues.join(", ")));
        }
        let each = |gauge: Gauge| -> Result<Vec<u64>, String> {
            let told = queues.iter().map(|(name, queue)| {
                let latest = match gauge {
                    Gauge::Waiting => queue.waiting,
                    Gauge::Running => queue.running,
                    Gauge::Latency => queue.latency,
                };
                latest.map(|Latest { number, .. }| number).ok_or_else(|| not_told(gauge, name, queue))
            });
            told.collect()
        };
        Ok(match self.measure {
            JobsMeasure::Work => sum(each(Gauge::Waiting)?).saturating_add(sum(each(Gauge::Running)?)),
            JobsMeasure::Waiting => sum(each(Gauge::Waiting)?),
            JobsMeasure::Latency => each(Gauge::Latency)?.into_iter().max().unwrap_or_default(),
        })
    }
}

fn sum(numbers: Vec<u64>) -> u64 {
    numbers.into_iter().fold(0, u64::saturating_add)
}

/// What is not told of a queue, and what could be measured instead.
fn not_told(gauge: Gauge, name: &str, queue: &Queue) -> String {
    let what = match gauge {
        Gauge::Waiting => "how many jobs wait",
        Gauge::Running => "how many jobs are being done",
        Gauge::Latency => "how long jobs wait",
    };
    let instead = match gauge {
        Gauge::Running if queue.waiting.is_some() => "`track_busy_jobs` in the adapter does, or measure \"waiting\"",
        Gauge::Waiting | Gauge::Running if queue.latency.is_some() => "measure \"latency\"",
        Gauge::Latency if queue.waiting.is_some() => "measure \"waiting\"",
        Gauge::Waiting | Gauge::Running | Gauge::Latency => "name the `queues` of which it is told",
    };
    format!("of {name} it is not told {what}: {instead}")
}

impl MonitorKind for Jobs {
    fn watched(&self) -> String {
        let Self { app, queues, measure, levels, .. } = self;
        format!("jobs {app} {queues:?} {measure:?} {levels:?}")
    }

    fn subject(&self) -> String {
        let of = match self.measure {
            JobsMeasure::Work => "jobs waiting and being done",
            JobsMeasure::Waiting => "jobs waiting",
            JobsMeasure::Latency => "time since the oldest job came",
        };
        let queues = if self.queues.is_empty() { String::new() } else { format!(" in {}", self.queues.join(", ")) };
        format!("{of}{queues} of {}", self.app)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn levels(&self) -> Option<&Levels> {
        Some(&self.levels)
    }

    fn measures(&self) -> Option<Unit> {
        Some(self.measure.unit())
    }

    fn adapted(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn queues(&self) -> Option<&[String]> {
        Some(&self.queues)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        self.levels.can_fail_for(cause)
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        let now = look.begun_at;
        let told = (&self.app, told_until(now) - self.late, &self.levels);
        drained::reading(means, look, told, |slots, before| self.judge(slots, before, now)).await
    }
}

impl Settings for Jobs {
    const KIND: &str = "jobs";
    const SUMMARY: &str = "measures queues of jobs, as the adapter of another scaler in the app reports";
    const EXAMPLE: &str = r#"{ app = "shop", measure = "waiting", above = 1000 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app, which has `judoscale` or `hirefire` in `[receive.apps]`");
        let doc = "of which queues; HireFire's adapter tells of process types";
        let queues = fields.or("queues", Vec::new(), "all", doc);
        let doc = "what of them: how many jobs wait or are being done, how many wait, or how long the one has waited that has waited longest";
        let measure: Option<JobsMeasure> = fields.required("measure", doc);
        let levels = Levels::read(fields, measure.map(JobsMeasure::unit));
        let late = Span::late_of_adapters(fields);
        Some(Self { app: app?, queues: queues?, measure: measure?, levels: levels?, late: late? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue_time::tests::{at, slot};
    use super::*;
    use crate::values::Level;
    use flyball_model::Blind;

    /// How many wait, how many are being done, and for how many milliseconds, as it was told of each queue in this second.
    fn told(second: i64, queues: &[(&str, [Option<u64>; 3])]) -> Adapters {
        let queue = |(name, numbers): &(&str, [Option<u64>; 3])| {
            let [waiting, running, latency] = numbers.map(|number| number.map(|number| Latest { second, number }));
            ((*name).to_owned(), Queue { waiting, running, latency })
        };
        Adapters { reports: 1, tells_jobs: true, queues: queues.iter().map(queue).collect(), ..Adapters::default() }
    }

    fn monitor(measure: JobsMeasure, queues: &[&str]) -> Jobs {
        Jobs {
            app: "shop".parse().unwrap(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            measure,
            levels: Levels { above: Some(Level(Amount::new(100.0, measure.unit()))), below: None, clears_at: None },
            late: Duration::from_secs(60),
        }
    }

    #[test]
    fn what_is_told_of_queues_is_judged() {
        use JobsMeasure::{Latency, Waiting, Work};
        let (passing, above) = (Finding::Passing, Finding::Failing(Cause::Above));
        let unknown = Finding::Unknown(Blind::NotTold);
        let silent = "nothing of the jobs of shop has been told for 1m";
        let all = |waiting, running, latency| [Some(waiting), Some(running), Some(latency)];
        let both = || vec![slot(80, told(5, &[("a", all(30, 2, 40)), ("b", all(12, 1, 90))]))];
        let web = || Adapters { reports: 1, alive: ["web".to_owned()].into(), ..Adapters::default() };
        for (case, monitor, slots, finding, words) in [
            ("nobody tells", monitor(Work, &[]), vec![], unknown, silent),
            ("who lives and has no jobs in it", monitor(Work, &[]), vec![slot(80, web())], unknown, silent),
            ("too long ago", monitor(Work, &[]), vec![slot(20, told(5, &[("a", all(3, 1, 4))]))], unknown, silent),
            ("alive, and there is no queue", monitor(Work, &[]), vec![slot(80, told(5, &[]))], passing, "0 jobs to do"),
            (
                "named, and there is no queue",
                monitor(Latency, &["a"]),
                vec![slot(80, told(5, &[]))],
                passing,
                "0ms since the oldest job came",
            ),
            ("a sum over queues", monitor(Work, &[]), both(), passing, "45 jobs to do"),
            ("those that wait", monitor(Waiting, &[]), both(), passing, "42 jobs wait"),
            ("the longest", monitor(Latency, &[]), both(), passing, "90ms since the oldest job came"),
            ("a queue of that name", monitor(Waiting, &["b", "c"]), both(), passing, "12 jobs wait"),
            ("none of that name", monitor(Waiting, &["c"]), both(), unknown, "nothing is told of c"),
            (
                "the newest of what was told",
                monitor(Waiting, &[]),
                vec![slot(60, told(5, &[("a", all(300, 0, 0))])), slot(80, told(6, &[("a", all(1, 0, 0))]))],
                passing,
                "1 job waits",
            ),
            (
                "too many",
                monitor(Waiting, &[]),
                vec![slot(80, told(5, &[("a", all(101, 0, 0))]))],
                above,
                "101 jobs wait, more than 100",
            ),
            (
                "not how many are being done",
                monitor(Work, &[]),
                vec![slot(80, told(5, &[("a", [Some(3), None, Some(9)])]))],
                unknown,
                "of a it is not told how many jobs are being done: `track_busy_jobs` in the adapter does, or measure \"waiting\"",
            ),
            (
                "not how many wait, of one of two",
                monitor(Waiting, &[]),
                vec![slot(80, told(5, &[("a", all(1, 1, 1)), ("b", [None, None, Some(9)])]))],
                unknown,
                "of b it is not told how many jobs wait: measure \"latency\"",
            ),
            (
                "not how long",
                monitor(Latency, &[]),
                vec![slot(80, told(5, &[("a", [Some(1), Some(1), None])]))],
                unknown,
                "of a it is not told how long jobs wait: measure \"waiting\"",
            ),
        ] {
            let judged = drained::found(monitor.judge(&slots, None, at(102)));
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{case}");
        }
    }
}
