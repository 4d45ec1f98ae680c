//! How long nobody looks at a monitor whose engine is gone: two engines share one PostgreSQL, and one of them is killed, asked to
//! stop, or stopped for longer than its lease, again and again.

use super::place::Place;
use super::target::Target;
use super::{cannot, millis, ms, page_monitor, report_table, words};
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use comfy_table::Table;
use flyball_engine::Clock;
use flyball_model::{MonitorId, MonitorName, NodeId, Timestamp, duration};
use flyball_store::{Lease, Of, ReadingsPage, Shard, Shares, Store};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// More than a server of a bench is meant for; each is read again and again while it is waited for.
const COUNT_MAX: u32 = 1000;
/// An hour of it, at twenty seconds each.
const TIMES_MAX: u32 = 60;
/// Within this, and the interval, every monitor is looked at again; else the answer is no.
const AGAIN_WITHIN: Duration = Duration::from_secs(15);
/// How long is waited for whatever is to come about, before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked whether it has. Times are those of readings, so that this adds nothing to them.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long an engine is stopped for: longer than its lease, so that it comes back to what is another's.
const STOPPED_FOR: Duration = Lease::TERM.saturating_add(Duration::from_secs(3));
/// Each engine has this much of the work at least before one of them goes.
const SHARE_MIN: usize = Shard::COUNT as usize / 4;

#[derive(Debug, Args)]
pub(super) struct Failover {
    /// The PostgreSQL server: `postgres://USER:PASSWORD@HOST/DATABASE`, by a user who may make databases. The bench makes one of
    /// its own there, which is gone afterwards
    #[arg(long, value_name = "URL")]
    pub(super) store: String,
    /// How often each is done
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(TIMES_MAX)))]
    times: u32,
    /// How many monitors the engines share
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(16..=i64::from(COUNT_MAX)))]
    count: u32,
    /// Their interval
    #[arg(long, default_value = "1s", value_parser = duration::parse)]
    every: Duration,
}

/// What is done to an engine.
#[derive(Debug, Clone, Copy)]
enum Handling {
    Kill,
    Stop,
    Freeze,
}

impl Handling {
    const ALL: [Self; 3] = [Self::Kill, Self::Stop, Self::Freeze];

    const fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Stop => Signal::TERM,
            Self::Freeze => Signal::STOP,
        }
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    monitors: u32,
    every_ms: u64,
    times: u32,
    /// After SIGKILL.
    killed: Again,
    /// After SIGTERM.
    asked_to_stop: Again,
    /// After SIGSTOP, for longer than its lease.
    frozen: Again,
    bound_ms: u64,
}

/// How long it took, from the signal, until a monitor was looked at again that the engine had watched.
#[derive(Debug, Serialize)]
struct Again {
    monitors: usize,
    ms_p50: f64,
    ms_p95: f64,
    ms_max: f64,
}

impl Again {
    /// There is one at least.
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |hundredths: usize| took.get((took.len().saturating_sub(1)) * hundredths / 100);
        let at = |hundredths| ms(super::micros(at(hundredths).copied().unwrap_or_default()));
        Self { monitors: took.len(), ms_p50: at(50), ms_p95: at(95), ms_max: at(100) }
    }
}

impl Report {
    /// Whether each was looked at again in time.
    pub(super) fn is_good(&self) -> bool {
        [&self.killed, &self.asked_to_stop, &self.frozen].iter().all(|again| again.ms_max <= self.bound_ms as f64)
    }
}

pub(super) async fn measure(wanted: &Failover, clock: Arc<dyn Clock>) -> Result<Report, Failure> {
    let place = Place::server(&wanted.store).await?;
    place.lent(async |place| Pair::begin(wanted, place, clock).await?.measure(wanted).await).await
}

/// Two engines on one server. They go when this does.
struct Pair {
    engines: Vec<Child>,
    config: PathBuf,
    url: String,
    monitors: Vec<MonitorId>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    _page: Target,
    _folder: TempDir,
}

impl Pair {
    async fn begin(wanted: &Failover, place: &Place, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let page = Target::page().await.map_err(cannot("start the bench's page"))?;
        let folder = tempfile::tempdir().map_err(cannot("make a folder for the bench"))?;
        let config = folder.path().join("flyball.toml");
        let names: Vec<String> = (0..wanted.count).map(|nth| format!("bench {nth}")).collect();
        let url = format!("http://{}/", page.page_address());
        // No traffic leaves the machine.
        let mut text = "[network]\nreferences = []\n".to_owned();
        text.extend(names.iter().map(|name| page_monitor(name, wanted.every, &url)));
        std::fs::write(&config, text).map_err(cannot("write the bench's file"))?;
        let id = |name: &String| MonitorId::of(&name.parse::<MonitorName>().expect("the bench's names are valid"));
        let mut pair = Self {
            engines: Vec::new(),
            config,
            url: place.url(),
            monitors: names.iter().map(id).collect(),
            store: place.open().await?,
            clock,
            _page: page,
            _folder: folder,
        };
        for _ in 0..2 {
            pair.start()?;
        }
        Ok(pair)
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.engines.push(engine(&self.config, &self.url).map_err(cannot("start an engine"))?);
        Ok(())
    }

    async fn measure(mut self, wanted: &Failover) -> Result<Report, Failure> {
        let mut again = Vec::new();
        for handling in Handling::ALL {
            let mut took = Vec::new();
            for _ in 0..wanted.times {
                took.extend(self.round(handling).await?);
            }
            again.push(Again::of(took));
        }
        self.store.close().await;
        let [killed, asked_to_stop, frozen] = again.try_into().expect("each was done");
        Ok(Report {
            monitors: wanted.count,
            every_ms: millis(wanted.every),
            times: wanted.times,
            killed,
            asked_to_stop,
            frozen,
            bound_ms: millis(AGAIN_WITHIN + wanted.every),
        })
    }

    /// Does it once, to the engine that was started first. How long each of its monitors was without a look.
    async fn round(&mut self, handling: Handling) -> Result<Vec<Duration>, Failure> {
        let shares = self.shared().await?;
        let mut engine = self.engines.remove(0);
        let lost = self.watched_by(&engine, &shares);
        let at = self.clock.now();
        signal(&engine, handling.signal())?;
        let took = self.looked_at_again(&lost, at).await?;
        match handling {
            Handling::Freeze => {
                let frozen = self.clock.now().since(at);
                sleep(STOPPED_FOR.saturating_sub(frozen)).await;
                signal(&engine, Signal::CONT)?;
                self.engines.push(engine);
            }
            Handling::Kill | Handling::Stop => {
                timeout(PATIENCE, engine.wait())
                    .await
                    .map_err(|_| never("an engine ends that was told to"))?
                    .map_err(cannot("wait for an engine"))?;
                self.start()?;
            }
        }
        Ok(took)
    }

    /// How the work is shared, once everything is held and each engine has its part.
    async fn shared(&self) -> Result<Shares, Failure> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let shares = self.store.shares(self.clock.now()).await?;
            if self.engines.iter().all(|engine| held_by(engine, &shares).len() >= SHARE_MIN)
                && self.are_all_looked_at().await?
            {
                return Ok(shares);
            }
            sleep(LOOK_EVERY).await;
        }
        Err(never("both engines have their part of the work"))
    }

    /// Whether every monitor was ever looked at.
    async fn are_all_looked_at(&self) -> Result<bool, Failure> {
        Ok(self.store.latest(Of::All).await?.len() == self.monitors.len())
    }

    fn watched_by(&self, engine: &Child, shares: &Shares) -> Vec<MonitorId> {
        let held = held_by(engine, shares);
        // A monitor that is tied to nothing is in the shard of its own id.
        let is_its = |monitor: &&MonitorId| held.contains(&Shard::of(monitor.0.as_u128()));
        self.monitors.iter().filter(is_its).copied().collect()
    }

    /// How long after that time each of these was looked at first.
    async fn looked_at_again(&self, lost: &[MonitorId], at: Timestamp) -> Result<Vec<Duration>, Failure> {
        let (begun, mut left, mut took) = (Instant::now(), lost.to_vec(), Vec::new());
        while begun.elapsed() < PATIENCE {
            let mut without = Vec::new();
            for monitor in left {
                let page = ReadingsPage { monitor, since: Some(at), until: None, readings: 0 };
                match self.store.readings(&page).await?.first() {
                    Some(first) => took.push(first.begun_at.since(at)),
                    None => without.push(monitor),
                }
            }
            if without.is_empty() {
                return Ok(took);
            }
            left = without;
            sleep(LOOK_EVERY).await;
        }
        Err(never("every monitor is looked at again"))
    }
}

/// The shards that an engine holds.
fn held_by(engine: &Child, shares: &Shares) -> BTreeSet<Shard> {
    let node: Option<NodeId> = shares.peers.iter().find(|peer| Some(peer.process) == engine.id()).map(|peer| peer.node);
    let is_its = |lease: &&Lease| Some(lease.node) == node && !lease.left.is_zero();
    shares.leases.iter().filter(is_its).map(|lease| lease.held.shard).collect()
}

/// Starts `flyball up` with this file on this database, and with nothing else of our environment.
fn engine(config: &Path, url: &str) -> Result<Child, Error> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["up", "--config"]).arg(config).env_clear().env("DATABASE_URL", url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()
}

fn signal(engine: &Child, signal: Signal) -> Result<(), Failure> {
    let process = engine.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let process = process.ok_or_else(|| {
        Failure::new(Exit::NO, "cannot handle an engine")
            .because("it has ended by itself")
            .hint("see what `flyball up` says with a database on this server")
    })?;
    kill_process(process, signal).map_err(cannot("send an engine a signal"))
}

fn never(what: &'static str) -> Failure {
    Failure::new(Exit::NO, "cannot measure how engines take over")
        .because(format!("it did not come about within {} that {what}", duration::roughly(PATIENCE)))
        .hint("see what `flyball up` says with a database on this server, and what else the machine has to do")
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    table.add_row(["monitors", &format!("{}, each every {}", report.monitors, words(report.every_ms))]);
    table.add_row(["engines", &format!("2 on one PostgreSQL, each handled {} times", report.times)]);
    for (what, again) in [
        ("looked at after SIGKILL", &report.killed),
        ("looked at after SIGTERM", &report.asked_to_stop),
        ("looked at after SIGSTOP", &report.frozen),
    ] {
        let Again { monitors, ms_p50, ms_p95, ms_max } = again;
        let seconds = |ms: &f64| format!("{:.2} s", ms / 1000.0);
        let (p50, p95, max) = (seconds(ms_p50), seconds(ms_p95), seconds(ms_max));
        table.add_row([what, &format!("{p50} p50, {p95} p95, {max} at most, of {monitors} looks")]);
    }
    table.add_row(["bound", &words(report.bound_ms)]);
    table
}
