//! What many monitors of a page cost.

use super::course::{Course, Ended, NoAccounts, Outside};
use super::listeners::{Listeners, Listening};
use super::place::{On, Place};
use super::store::{Noise, flipped, name};
use super::target::Target;
use super::{cannot, definitions, millis, ms, optional, page_monitor, report_table, unknown, words};
use crate::face::Face;
use crate::failure::Failure;
use clap::Args;
use comfy_table::Table;
use flyball_engine::{Clock, Ids, NobodyIsTold};
use flyball_model::duration;
use flyball_store::{Batch, Store};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// More than one process is meant for.
const COUNT_MAX: u32 = 200_000;
/// How long the last of the first looks may take beyond the interval in which all begin.
const FIRST_LOOKS: Duration = Duration::from_secs(2);
/// How often the timeline grows by a line while somebody listens: all that pass would have nothing to tell.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How much more the checks may cost, and how much fewer may be made, while somebody listens: one in twenty.
const MORE_MAX: f64 = 1.05;

/// How many, and how long.
#[derive(Debug, Args)]
pub(super) struct Many {
    /// How many monitors
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    count: u32,
    /// Their interval
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    pub(super) every: Duration,
    /// How long to measure; the default is twice the interval
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Option<Duration>,
}

impl Many {
    pub(super) fn lasts(&self) -> Duration {
        self.lasts.unwrap_or(self.every * 2).min(super::FOR_MAX)
    }

    /// Each with its name, by which checks are spread.
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, String)> {
        (0..self.count).map(|n| (n, format!("bench {n}")))
    }
}

#[derive(Debug, Args)]
pub(super) struct Monitors {
    #[command(flatten)]
    many: Many,
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    listening: Listening,
    /// Block the whole engine once, in the middle, for this long: the figures must show it
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    stall: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// SQLite or PostgreSQL; none where there is no store.
    store: Option<&'static str>,
    monitors: u32,
    every_ms: u64,
    lasted_ms: u64,
    checks_due: u64,
    checks_made: u64,
    checks_missed: u64,
    /// How late checks started against their plan.
    late_ms_p50: f64,
    late_ms_p99: f64,
    late_ms_max: f64,
    checks_per_second: f64,
    /// Processor time of this process for one check, the store's part among it.
    cpu_us_per_check: Option<f64>,
    /// Share of one core.
    cores_used: Option<f64>,
    /// Resident memory that came with the monitors, for one monitor, after the loop has run.
    bytes_per_monitor: Option<f64>,
    resident_mib: Option<f64>,
    /// Size of the store at the end, for one check; none where there is no store.
    stored_bytes_per_check: Option<f64>,
    /// Who listened meanwhile, and the same without them; none where nobody was to listen.
    #[serde(skip_serializing_if = "Option::is_none")]
    listened: Option<Listened>,
}

/// Those who listened.
#[derive(Debug, Serialize)]
struct Listened {
    streams: u32,
    slow_readers: u32,
    /// How many lines all of them heard together.
    lines_heard: u64,
    /// The same for as long before, with a server that nobody asks.
    without: Box<Report>,
}

impl Report {
    pub(super) fn of(wanted: &Many, ended: &Ended) -> Self {
        let Ended { figures, lasted, .. } = ended;
        let (checks, seconds) = (figures.made.max(1) as f64, lasted.as_secs_f64());
        let cpu = ended.cpu_seconds();
        Self {
            store: None,
            monitors: wanted.count,
            every_ms: millis(wanted.every),
            lasted_ms: millis(*lasted),
            checks_due: figures.due,
            checks_made: figures.made,
            checks_missed: figures.missed,
            late_ms_p50: ms(figures.late_us_p50),
            late_ms_p99: ms(figures.late_us_p99),
            late_ms_max: ms(figures.late_us_max),
            checks_per_second: figures.made as f64 / seconds,
            cpu_us_per_check: cpu.map(|cpu| cpu * 1e6 / checks),
            cores_used: cpu.map(|cpu| cpu / seconds),
            bytes_per_monitor: ended.grown().map(|grown| grown / f64::from(wanted.count)),
            resident_mib: ended.resident_mib(),
            stored_bytes_per_check: ended.stored.map(|stored| stored as f64 / checks),
            listened: None,
        }
    }

    /// Whether every check that was due was made, and it cost little that somebody listened.
    pub(super) fn is_good(&self) -> bool {
        self.checks_missed == 0 && self.is_little()
    }

    /// Whether as many checks were made, and for as little, as without those who listened.
    fn is_little(&self) -> bool {
        let Some(Listened { without, .. }) = &self.listened else { return true };
        let share = |report: &Self| report.checks_made as f64 / report.checks_due.max(1) as f64;
        let cost = self.cpu_us_per_check.zip(without.cpu_us_per_check);
        share(self) * MORE_MAX >= share(without) && cost.is_none_or(|(with, without)| with <= without * MORE_MAX)
    }
}

/// Measures, and where somebody is to listen the same without them before.
pub(super) async fn measured(wanted: &Monitors, clock: &Arc<dyn Clock>, ids: &Arc<dyn Ids>) -> Result<Report, Failure> {
    let once = async |listening: Option<&Listening>| {
        wanted.on.measured(async |place| measure(place, wanted, listening, clock, ids).await).await
    };
    let listening = &wanted.listening;
    if !listening.is_wanted() {
        return Ok(once(None).await?.0);
    }
    let (without, _) = once(Some(&Listening { streams: 0, slow_readers: 0 })).await?;
    let (report, lines_heard) = once(Some(listening)).await?;
    let Listening { streams, slow_readers } = *listening;
    Ok(Report { listened: Some(Listened { streams, slow_readers, lines_heard, without: Box::new(without) }), ..report })
}

/// Measures once; with a server and a timeline that grows where somebody could listen.
async fn measure(
    place: &Place,
    wanted: &Monitors,
    listening: Option<&Listening>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> Result<(Report, u64), Failure> {
    let (many, lasts) = (&wanted.many, wanted.many.lasts());
    let target = Target::page().await.map_err(cannot("start the bench's page"))?;
    let page = target.page_address();
    let monitors = many.names().map(|(n, name)| page_monitor(&name, many.every, &format!("http://{page}/{n}")));
    let observe = super::observer();
    let outside = |store| Outside {
        store,
        accounts: Arc::new(NoAccounts),
        observe,
        tell: Arc::new(NobodyIsTold),
        is_asked: listening.is_some(),
    };
    let mut course =
        Course::begin_with(place, &definitions(monitors), outside, Arc::clone(clock), Arc::clone(ids)).await?;
    let heard = match listening {
        None => None,
        Some(listening) => {
            // The first look at each monitor is a line of the timeline, and no other is as long as nothing changes.
            tokio::time::sleep(many.every + FIRST_LOOKS).await;
            let face = Face::open(&course.engine, &course.store, "bench").await?;
            course.measure_from_here();
            let listeners = Listeners::open(face.address, listening).await;
            Some((face, listeners.map_err(cannot("listen to the timeline"))?))
        }
    };
    let growing = async {
        match &heard {
            Some(_) => grow(&*course.store, &**clock).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = passes(lasts, wanted.stall) => {}
        failed = growing => return Err(failed),
    }
    let mut lines_heard = 0;
    if let Some((face, listeners)) = heard {
        lines_heard = listeners.heard().await.map_err(cannot("listen to the timeline"))?;
        face.close().await;
    }
    let ended = course.end().await;
    Ok((Report { store: Some(place.kind()), ..Report::of(many, &ended) }, lines_heard))
}

/// Lets this time pass, with a stall in its middle where one is wanted.
async fn passes(lasts: Duration, stall: Option<Duration>) {
    match stall {
        None => tokio::time::sleep(lasts).await,
        Some(stall) => {
            tokio::time::sleep(lasts / 2).await;
            block_every_worker(stall).await;
            tokio::time::sleep((lasts / 2).saturating_sub(stall)).await;
        }
    }
}

/// Has the timeline grow, until that fails.
async fn grow(store: &dyn Store, clock: &dyn Clock) -> Failure {
    let (one, mut noise, mut is_down) = (name(0), Noise(1), false);
    loop {
        is_down = !is_down;
        let entries = vec![flipped(&one, &noise.reading(clock.now(), is_down))];
        if let Err(error) = store.save(&Batch { entries, ..Batch::default() }).await {
            return cannot("have the timeline grow")(error);
        }
        tokio::time::sleep(LINE_EVERY).await;
    }
}

/// Blocks every worker thread of the runtime at once, which is what a stalled process is.
async fn block_every_worker(stall: Duration) {
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    let mut blocked = tokio::task::JoinSet::new();
    for _ in 0..workers {
        blocked.spawn(async move { std::thread::sleep(stall) });
    }
    blocked.join_all().await;
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    table.add_row(["monitors", &format!("{}, each every {}", report.monitors, words(report.every_ms))]);
    table.add_row(["measured for", &words(report.lasted_ms)]);
    table.add_row(["checks due", &report.checks_due.to_string()]);
    table.add_row(["checks made", &format!("{} ({:.1} a second)", report.checks_made, report.checks_per_second)]);
    table.add_row(["checks missed", &report.checks_missed.to_string()]);
    table.add_row([
        "late at the start",
        &format!(
            "{:.1} ms p50, {:.1} ms p99, {:.1} ms at most",
            report.late_ms_p50, report.late_ms_p99, report.late_ms_max
        ),
    ]);
    let cpu = |us: f64| format!("{us:.1} µs a check, {:.3} s for 1,000", us / 1000.0);
    table.add_row(["processor time", &report.cpu_us_per_check.map_or_else(unknown, cpu)]);
    table.add_row(["cores used", &report.cores_used.map_or_else(unknown, |cores| format!("{cores:.3}"))]);
    table.add_row(["memory", &optional(report.bytes_per_monitor, "bytes a monitor")]);
    table.add_row(["resident", &optional(report.resident_mib, "MiB")]);
    if let Some(store) = report.store {
        table.add_row(["store", store]);
    }
    if let Some(stored) = report.stored_bytes_per_check {
        table.add_row(["stored", &format!("{stored:.1} bytes a check")]);
    }
    if let Some(listened) = &report.listened {
        listened.add_to(&mut table, report);
    }
    table
}

impl Listened {
    fn add_to(&self, table: &mut Table, with: &Report) {
        let Self { streams, slow_readers, lines_heard, without } = self;
        table.add_row([
            "streams",
            &format!("{streams}, and {slow_readers} that nobody reads; {lines_heard} lines heard"),
        ]);
        let Report { checks_made, checks_due, late_ms_p50, late_ms_p99, .. } = **without;
        let late = format!("late {late_ms_p50:.1} ms p50, {late_ms_p99:.1} ms p99");
        let cpu = optional(without.cpu_us_per_check, "µs a check");
        table.add_row(["without them", &format!("{checks_made} of {checks_due} made, {late}, {cpu}")]);
        let aim = format!("as many checks, and no more for each, to {:.0} %", (MORE_MAX - 1.0) * 100.0);
        table.add_row(["aim", &format!("{aim}: {}", if with.is_little() { "within it" } else { "beyond it" })]);
    }
}
