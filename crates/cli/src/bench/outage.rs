//! Whether a healthy page is still looked at while very many others hang.

use super::course::Course;
use super::place::{On, Place};
use super::target::Target;
use super::{cannot, definitions, millis, optional, page_monitor, report_table, words};
use crate::failure::Failure;
use async_trait::async_trait;
use clap::Args;
use comfy_table::Table;
use flyball_config::Network;
use flyball_engine::{Clock, Ids, Observe};
use flyball_model::{MonitorId, MonitorName, Reading, Timestamp, Verdict, duration};
use flyball_monitors::{Monitor, Observer};
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// More than one process is meant for.
const HANGING_MAX: u32 = 20_000;
/// They are on this many addresses of this machine: each listens, which takes a descriptor of the target.
const HOSTS_MAX: u32 = 250;
/// The healthy one.
const HEALTHY: &str = "healthy";
/// It is due this often.
const HEALTHY_EVERY: Duration = Duration::from_secs(1);
/// Longer than this without a look at it, and the answer is no.
const GAP_MAX: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(super) struct Outage {
    /// How many monitors of pages that hang
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=i64::from(HANGING_MAX)))]
    hanging: u32,
    /// How long each check of one waits
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    timeout: Duration,
    /// Their interval; the healthy one is due every second
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    every: Duration,
    /// How long to measure; the default is twice the interval
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Option<Duration>,
    #[command(flatten)]
    pub(super) on: On,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    hanging: u32,
    /// Addresses of this machine that they are on.
    hosts: u32,
    every_ms: u64,
    timeout_ms: u64,
    lasted_ms: u64,
    descriptors: u64,
    checks_at_once: usize,
    checks_due: u64,
    checks_made: u64,
    checks_missed: u64,
    /// How often a check found no place free, and waited for one.
    checks_waited: u64,
    /// Looks at the healthy one that found it well.
    healthy_looks: usize,
    /// The longest time without such a look, from the start to the end.
    healthy_gap_ms_max: u64,
    cores_used: Option<f64>,
    resident_mib: Option<f64>,
}

impl Report {
    /// Whether the healthy one was looked at all the time.
    pub(super) fn is_good(&self) -> bool {
        self.healthy_gap_ms_max <= millis(GAP_MAX)
    }
}

pub(super) async fn measure(
    place: &Place,
    wanted: &Outage,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Report, Failure> {
    let lasts = wanted.lasts.unwrap_or(wanted.every * 2).min(super::FOR_MAX);
    let hosts = wanted.hanging.min(HOSTS_MAX);
    let page = Target::page().await.map_err(cannot("start the bench's page"))?;
    let mute = Target::mute(hosts).await.map_err(cannot("start the pages that hang"))?;
    let timeout = duration::print(wanted.timeout);
    let every = duration::print(wanted.every);
    let hanging = (0..wanted.hanging).zip(mute.addresses.iter().cycle()).map(|(n, address)| {
        format!(
            "[[monitor]]\nname = \"hanging {n}\"\nevery = \"{every}\"\n\
             http = {{ url = \"http://{address}/{n}\", timeout = \"{timeout}\" }}\n"
        )
    });
    let healthy = page_monitor(HEALTHY, HEALTHY_EVERY, &format!("http://{}/", page.page_address()));
    let definitions = definitions(hanging.chain([healthy]));
    let watched = Arc::new(Watched::new(super::observer()));

    let course = Course::begin(place, &definitions, Arc::clone(&watched) as Arc<dyn Observe>, clock, ids).await?;
    let (started, descriptors) = (course.started, course.descriptors);
    tokio::time::sleep(lasts).await;
    let looks = watched.looks();
    let gap = longest_gap(started, &looks, Instant::now());
    let ended = course.end().await;

    let (figures, seconds) = (&ended.figures, ended.lasted.as_secs_f64());
    Ok(Report {
        hanging: wanted.hanging,
        hosts,
        every_ms: millis(wanted.every),
        timeout_ms: millis(wanted.timeout),
        lasted_ms: millis(ended.lasted),
        descriptors: descriptors.count(),
        checks_at_once: descriptors.checks_at_once(),
        checks_due: figures.due,
        checks_made: figures.made,
        checks_missed: figures.missed,
        checks_waited: figures.waited,
        healthy_looks: looks.len(),
        healthy_gap_ms_max: millis(gap),
        cores_used: ended.cpu_seconds().map(|cpu| cpu / seconds),
        resident_mib: ended.resident_mib(),
    })
}

/// The longest time without a look; before the first and after the last is without, too.
fn longest_gap(started: Instant, looks: &[Instant], ended: Instant) -> Duration {
    let (from, to) = ([started].into_iter().chain(looks.iter().copied()), looks.iter().copied().chain([ended]));
    from.zip(to).map(|(from, to)| to.saturating_duration_since(from)).max().unwrap_or_default()
}

/// An observer that writes down when the healthy page was looked at and found well.
struct Watched {
    observer: Arc<Observer>,
    healthy: MonitorId,
    looks: Mutex<Vec<Instant>>,
}

impl Watched {
    fn new(observer: Arc<Observer>) -> Self {
        let name: MonitorName = HEALTHY.parse().expect("a monitor's name");
        Self { observer, healthy: MonitorId::of(&name), looks: Mutex::default() }
    }

    fn looks(&self) -> Vec<Instant> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Observe for Watched {
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        let began = Instant::now();
        let reading = self.observer.observe(monitor, begun_at).await;
        if monitor.id == self.healthy && reading.verdict() == Verdict::Passing {
            self.looks.lock().unwrap_or_else(PoisonError::into_inner).push(began);
        }
        reading
    }

    fn define(&self, network: &Network) {
        Observe::define(&*self.observer, network);
    }
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    let Report { hanging, hosts, checks_at_once, descriptors, healthy_looks, .. } = report;
    let (every, timeout) = (words(report.every_ms), words(report.timeout_ms));
    table.add_row(["pages that hang", &format!("{hanging} on {hosts} hosts, each every {every}, for {timeout}")]);
    table.add_row(["measured for", &words(report.lasted_ms)]);
    table.add_row(["places", &format!("{checks_at_once} checks at once, of {descriptors} file descriptors")]);
    table.add_row(["checks due", &report.checks_due.to_string()]);
    table.add_row(["checks made", &report.checks_made.to_string()]);
    table.add_row(["checks missed", &report.checks_missed.to_string()]);
    table.add_row(["waited for a place", &report.checks_waited.to_string()]);
    let gap = Duration::from_millis(report.healthy_gap_ms_max).as_secs_f64();
    table.add_row(["the healthy page", &format!("seen {healthy_looks} times, {gap:.2} s between two looks at most")]);
    let cores = report.cores_used.map_or_else(super::unknown, |cores| format!("{cores:.3}"));
    table.add_row(["cores used", &cores]);
    table.add_row(["resident", &optional(report.resident_mib, "MiB")]);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn before_the_first_look_and_after_the_last_is_without_one_too() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (looks, end, gap) in [(&[][..], 9, 9), (&[1, 2, 5, 6], 7, 3), (&[4, 5], 6, 4), (&[1, 2], 7, 5)] {
            let looks: Vec<Instant> = looks.iter().map(|look| at(*look)).collect();
            assert_eq!(longest_gap(start, &looks, at(end)), Duration::from_secs(gap), "{looks:?}");
        }
    }
}
