//! `flyball bench`: what observation costs on this machine, measured on the real loop.
//!
//! The target is a process of its own, so that its work is not counted as ours. Nothing leaves the machine.

mod process;
mod target;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, data, json};
use crate::wiring::Descriptors;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use flyball_engine::live::{Figures, Live};
use flyball_engine::{Accounts, Clock, Engine, Ids, NoReferences, NoWitness, Ports, Tokio};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, Mode, NodeId, duration};
use flyball_monitors::{Observer, Trust};
use flyball_store::Sqlite;
use process::Usage;
use secrecy::SecretString;
use serde::Serialize;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use target::Target;
use tokio_util::sync::CancellationToken;

/// More than one process is meant for.
const COUNT_MAX: u32 = 200_000;
/// A bench ends by itself.
const FOR_MAX: Duration = Duration::from_secs(3600);

/// What is measured.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Many HTTP monitors against a page on this machine
    Monitors(Monitors),
    /// The page that they look at
    #[command(hide = true)]
    Target,
}

#[derive(Debug, Args)]
struct Monitors {
    /// How many monitors
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    count: u32,
    /// Their interval
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    every: Duration,
    /// How long to measure; the default is twice the interval
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Option<Duration>,
    /// Block the whole engine once, in the middle, for this long: the figures must show it
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    stall: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
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
    /// Size of the store at the end, for one check.
    stored_bytes_per_check: Option<f64>,
}

/// Runs a bench. The answer is no when checks that were due were not made.
///
/// # Errors
///
/// When the target or the store cannot be started, or the output cannot be written.
pub(crate) async fn run(
    arguments: Arguments,
    format: Format,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Exit, Failure> {
    let wanted = match arguments.what {
        What::Target => return target::serve().await.map(|()| Exit::GOOD).map_err(cannot("serve the bench's page")),
        What::Monitors(wanted) => wanted,
    };
    let report = measure(&wanted, clock, ids).await?;
    match format {
        Format::Json => json(&report)?,
        Format::Text => data(&table(&report).to_string())?,
    }
    Ok(if report.checks_missed == 0 { Exit::GOOD } else { Exit::NO })
}

/// What could not be done, and why.
fn cannot<E: Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::new(Exit::NO, format!("cannot {what}")).because(error)
}

async fn measure(wanted: &Monitors, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Report, Failure> {
    let lasts = wanted.lasts.unwrap_or(wanted.every * 2).min(FOR_MAX);
    let target = Target::start().await.map_err(cannot("start the bench's page"))?;
    let directory = tempfile::tempdir().map_err(cannot("make a folder for the bench"))?;
    let file = directory.path().join("bench.db");
    let store = Sqlite::open(&file).await.map_err(cannot("open the bench's store"))?;

    let secrets = Arc::new(|_: &str| None::<SecretString>);
    let accounts = Arc::new(|_: &AccountName| None::<Arc<dyn Heroku>>);
    let runtime = Tokio::new();
    let ports = Ports {
        store: Arc::new(store.clone()),
        accounts: Arc::new(NoAccounts),
        observe: Arc::new(Observer::new(secrets, accounts, Trust::System)),
        references: Arc::new(NoReferences),
        clock,
        ids: Arc::clone(&ids),
        time: Arc::new(runtime),
        tasks: Arc::new(runtime),
        witness: Arc::new(NoWitness),
    };
    let node = NodeId(ids.run(ports.clock.now()).0);
    let engine = Arc::new(Engine::new(ports, node, Mode::Act));
    let before = Usage::now();
    engine.start(&definitions(wanted, target.address)).await.map_err(cannot("start the engine"))?;

    let stop = CancellationToken::new();
    let live = Live::start(Arc::clone(&engine), Descriptors::raise().checks_at_once(), stop.clone());
    let started = tokio::time::Instant::now();
    match wanted.stall {
        None => tokio::time::sleep(lasts).await,
        Some(stall) => {
            tokio::time::sleep(lasts / 2).await;
            block_every_worker(stall).await;
            tokio::time::sleep((lasts / 2).saturating_sub(stall)).await;
        }
    }
    let (lasted, after) = (started.elapsed(), Usage::now());
    stop.cancel();
    live.stopped().await;
    // Closing folds the write-ahead log into the file.
    store.close().await;
    let stored = std::fs::metadata(&file).map(|file| file.len()).ok();

    Ok(report(wanted, lasted, &live.figures(), before, after, stored))
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

fn definitions(wanted: &Monitors, target: SocketAddr) -> flyball_config::Definitions {
    let every = duration::print(wanted.every);
    let monitor = |n| {
        format!(
            "[[monitor]]\nname = \"bench {n}\"\nevery = \"{every}\"\n\
             http = {{ url = \"http://{target}/{n}\", keyword = \"well\" }}\n"
        )
    };
    let mut all: Option<flyball_config::Definitions> = None;
    // A file is bounded, and a bench may want more monitors than one holds.
    for chunk in (0..wanted.count).collect::<Vec<_>>().chunks(2000) {
        let text: String = chunk.iter().map(monitor).collect();
        let read = flyball_config::read("bench", &text).expect("the bench writes a valid file");
        match &mut all {
            Some(all) => all.monitors.extend(read.monitors),
            None => all = Some(read),
        }
    }
    all.expect("there is one monitor at least")
}

fn report(
    wanted: &Monitors,
    lasted: Duration,
    figures: &Figures,
    before: Option<Usage>,
    after: Option<Usage>,
    stored: Option<u64>,
) -> Report {
    let (checks, seconds) = (figures.made.max(1) as f64, lasted.as_secs_f64());
    let cpu = before.zip(after).map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64());
    let grown = before.zip(after).map(|(before, after)| after.resident.saturating_sub(before.resident) as f64);
    let ms = |us: u64| us as f64 / 1000.0;
    Report {
        monitors: wanted.count,
        every_ms: millis(wanted.every),
        lasted_ms: millis(lasted),
        checks_due: figures.due,
        checks_made: figures.made,
        checks_missed: figures.missed,
        late_ms_p50: ms(figures.late_us_p50),
        late_ms_p99: ms(figures.late_us_p99),
        late_ms_max: ms(figures.late_us_max),
        checks_per_second: figures.made as f64 / seconds,
        cpu_us_per_check: cpu.map(|cpu| cpu * 1e6 / checks),
        cores_used: cpu.map(|cpu| cpu / seconds),
        bytes_per_monitor: grown.map(|grown| grown / f64::from(wanted.count)),
        resident_mib: after.map(|after| after.resident as f64 / f64::from(1 << 20)),
        stored_bytes_per_check: stored.map(|stored| stored as f64 / checks),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn words(millis: u64) -> String {
    duration::roughly(Duration::from_millis(millis))
}

fn table(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let unknown = || "not known on this system".to_owned();
    let optional = |value: Option<f64>, unit: &str| value.map_or_else(unknown, |value| format!("{value:.1} {unit}"));
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
    table.add_row(["processor time", &optional(report.cpu_us_per_check, "µs a check")]);
    table.add_row(["cores used", &report.cores_used.map_or_else(unknown, |cores| format!("{cores:.3}"))]);
    table.add_row(["memory", &optional(report.bytes_per_monitor, "bytes a monitor")]);
    table.add_row(["resident", &optional(report.resident_mib, "MiB")]);
    table.add_row(["stored", &optional(report.stored_bytes_per_check, "bytes a check")]);
    table
}

/// A bench acts on nothing.
struct NoAccounts;

impl Accounts for NoAccounts {
    fn heroku(&self, _account: &AccountName) -> Option<Arc<dyn Heroku>> {
        None
    }

    fn host(&self) -> &str {
        "bench"
    }

    fn variable(&self, _name: &str) -> Option<SecretString> {
        None
    }
}
