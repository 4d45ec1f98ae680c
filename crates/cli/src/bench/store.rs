//! What a history costs: a store that a week of readings went through, in fast time.

use super::place::{FILE, On, Place};
use super::{MONITORS_A_FILE, Spread, cannot, definitions, micros, millis, ms, page_monitor, report_table, words};
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use comfy_table::Table;
use flyball_engine::queries::{HistoryFilter, ListOutages, Reader};
use flyball_model::{
    ApiHost, Cause, Entry, Event, Evidence, Excerpt, Finding, Flip, HttpEvidence, MonitorId, MonitorName, Phases,
    Reading, Timestamp, Verdict, duration,
};
use flyball_store::{Batch, Definition, Of, Origin, ReadingsPage};
use flyball_views::EngineState;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// More than one process is meant for.
const COUNT_MAX: u32 = 200_000;

/// Readings of one save, as the loop writes them.
pub(super) const READINGS_A_SAVE: usize = 1000;

/// How long the first part runs, after which nothing is packed yet.
const FIRST_HOUR: Duration = Duration::from_mins(60);

pub(super) const DAY: Duration = Duration::from_hours(24);
const MINUTES_A_DAY: u64 = 24 * 60;

/// How long a monitor is down each day.
const DOWN_MINUTES: u64 = 5;

/// Over how long it is reported.
const REPORTED: Duration = DAY.saturating_mul(7);

/// How often each question is asked.
const ASKED: u32 = 20;

/// How often the loop sweeps.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

/// When the history begins: at the beginning of a day, so that every run packs the same hours.
const BEGINS: Timestamp = Timestamp::from_millis(1_790_035_200_000);

#[derive(Debug, Args)]
pub(super) struct Store {
    /// How many monitors
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    count: u32,
    /// Their interval
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    every: Duration,
    /// How many days of readings
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    #[command(flatten)]
    on: On,
    /// Keep what is made, in this folder: a database, and a file with its monitors, for `flyball report` and the like
    #[arg(long, value_name = "FOLDER", conflicts_with = "store")]
    keep: Option<PathBuf>,
}

impl Store {
    fn ends(&self) -> Timestamp {
        BEGINS + DAY * self.days
    }

    /// The monitors, as a file has them.
    fn pages(&self) -> impl Iterator<Item = String> {
        (0..self.count).map(|nth| page_monitor(name(nth).as_str(), self.every, "http://127.0.0.1:1/"))
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// SQLite or PostgreSQL.
    store: &'static str,
    monitors: u32,
    every_ms: u64,
    days: u32,
    readings: u64,
    /// Bytes of a reading whose hour is not packed, indexes included.
    first_hour_bytes_per_reading: f64,
    /// Bytes of a reading in a block.
    packed_bytes_per_reading: f64,
    /// Bytes of roll-ups for each monitor and hour that was rolled up.
    rollup_bytes_per_hour: f64,
    /// Everything.
    size_mib: f64,
    /// Time of this process for one reading, from the save to its packing.
    us_per_reading: f64,
    save_ms: Spread,
    /// The longest that a save waited while hours were packed, rolled up and removed.
    save_ms_max_in_a_sweep: f64,
    sweep_ms_max: f64,
    /// The views of `flyball report` of all monitors over the last seven days.
    report_ms: Spread,
    /// Those of `flyball history` of one monitor.
    history_ms: Spread,
    /// The latest thousand readings of one monitor.
    readings_ms: Spread,
    /// The latest reading of each monitor, and what came since states were saved: what `status` reads.
    status_ms: Spread,
    /// Opening it once more, up to what a start recalls.
    start_ms: f64,
}

/// Numbers that look like a page's in another data centre, the same in every run.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    pub(super) fn reading(&mut self, begun_at: Timestamp, is_down: bool) -> Reading {
        let slow = if self.below(10) == 0 { self.below(80_000) } else { 0 };
        let took = Duration::from_micros(60_000 + self.below(30_000) + slow);
        let total_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let mut step = |least: u32, more: u64| least + u32::try_from(self.below(more)).unwrap_or_default();
        let status = if is_down { 503 } else { 200 };
        let (name, connect, tls, rest) = (step(0, 2), step(9, 2), step(18, 3), step(0, 2));
        Reading {
            begun_at: begun_at + Duration::from_millis(self.below(12)),
            took,
            finding: if is_down { Finding::Failing(Cause::Status) } else { Finding::Passing },
            words: Excerpt::of(&format!("answered {status} in {total_ms}ms")),
            evidence: Evidence::Http(HttpEvidence {
                status: Some(status),
                address: Some("192.0.2.1:443".to_owned()),
                body_bytes: 24_321,
                phases: Phases {
                    name_ms: Some(name),
                    connect_ms: Some(connect),
                    tls_ms: Some(tls),
                    first_byte_ms: Some(total_ms - name - connect - tls - rest),
                    total_ms,
                },
                ..HttpEvidence::default()
            }),
        }
    }
}

/// Where a history is kept that was asked for: a folder with a file and its database, which other commands read.
#[derive(Debug, Clone)]
struct Keep<'a>(&'a Path);

impl Keep<'_> {
    /// Makes the folder, and writes the file.
    fn begin(&self, wanted: &Store) -> Result<(), Failure> {
        if wanted.count as usize > MONITORS_A_FILE {
            return Err(Failure::new(Exit::NO, format!("cannot keep a history of {} monitors", wanted.count))
                .because(format!("one file holds them, and has {MONITORS_A_FILE} at most"))
                .hint("ask for fewer with --count, or leave --keep out"));
        }
        std::fs::create_dir_all(self.0).map_err(cannot("make the folder to keep"))?;
        if self.0.join(FILE).exists() {
            return Err(Failure::new(Exit::NO, format!("cannot keep a history in {}", self.0.display()))
                .because("there is a database already")
                .hint("name another folder with --keep"));
        }
        std::fs::write(self.0.join("flyball.toml"), wanted.pages().collect::<String>())
            .map_err(cannot("write the file to keep"))
    }
}

pub(super) async fn measured(wanted: &Store) -> Result<Report, Failure> {
    let measure = async |place: &Place| measure(wanted, place).await;
    match wanted.keep.as_deref().map(Keep) {
        None => wanted.on.measured(measure).await,
        Some(keep) => {
            keep.begin(wanted)?;
            Place::kept(keep.0).lent(measure).await
        }
    }
}

async fn measure(wanted: &Store, place: &Place) -> Result<Report, Failure> {
    let store = place.open().await?;
    let written = write(wanted, &*store).await.map_err(cannot("write a history"))?;
    let sizes = store.sizes().await?;
    store.close().await;
    let opened = Instant::now();
    let store = place.open().await?;
    store.remembered(Of::All).await?;
    store.newer_readings(Of::All).await?;
    let start = opened.elapsed();
    let asked = ask(wanted, &*store).await.map_err(cannot("ask for what was written"))?;
    store.close().await;
    let hours = f64::from(wanted.days) * 24.0 - 1.0;
    let packed = hours.min(7.0 * 24.0) * 3_600_000.0 / millis(wanted.every).max(1) as f64 * f64::from(wanted.count);
    Ok(Report {
        store: place.kind(),
        monitors: wanted.count,
        every_ms: millis(wanted.every),
        days: wanted.days,
        readings: written.readings,
        first_hour_bytes_per_reading: written.first_hour,
        packed_bytes_per_reading: sizes.blocks as f64 / packed,
        rollup_bytes_per_hour: sizes.rollups as f64 / hours / f64::from(wanted.count),
        size_mib: sizes.whole as f64 / f64::from(1 << 20),
        us_per_reading: written.took.as_secs_f64() * 1e6 / written.readings as f64,
        save_ms: written.saves,
        save_ms_max_in_a_sweep: ms(micros(written.in_a_sweep_max)),
        sweep_ms_max: ms(micros(written.sweep_max)),
        report_ms: asked.report,
        history_ms: asked.history,
        readings_ms: asked.readings,
        status_ms: asked.status,
        start_ms: ms(micros(start)),
    })
}

/// What came of writing.
struct Written {
    readings: u64,
    took: Duration,
    /// Bytes of a reading, once the first hour is over.
    first_hour: f64,
    saves: Spread,
    in_a_sweep_max: Duration,
    sweep_max: Duration,
}

async fn write(wanted: &Store, store: &dyn flyball_store::Store) -> Result<Written, flyball_store::Error> {
    let monitors: Vec<(u32, MonitorName)> = (0..wanted.count).map(|nth| (nth, name(nth))).collect();
    let defined: Vec<Definition> = monitors.iter().map(|(_, name)| definition(name, wanted.every)).collect();
    store.define(&defined, &[], BEGINS).await?;
    let (mut noise, mut now, mut swept, mut readings) = (Noise(1), BEGINS, BEGINS, 0_u64);
    let (mut saves, mut sweep_max, mut in_a_sweep_max, mut first_hour) =
        (Vec::new(), Duration::ZERO, Duration::ZERO, 0.0);
    let began = Instant::now();
    while now < wanted.ends() {
        for some in monitors.chunks(READINGS_A_SAVE) {
            let mut batch = Batch::default();
            for (nth, name) in some {
                let reading = noise.reading(now, is_down(*nth, now));
                if is_down(*nth, now) != is_down(*nth, now - wanted.every) {
                    batch.entries.push(flipped(name, &reading));
                }
                batch.readings.push((MonitorId::of(name), reading));
            }
            saves.push(timed(store.save(&batch)).await?);
        }
        readings += u64::from(wanted.count);
        now = now + wanted.every;
        if first_hour == 0.0 && now.since(BEGINS) >= FIRST_HOUR {
            first_hour = store.sizes().await?.rows as f64 / readings as f64;
        }
        if now.since(swept) >= SWEEP_EVERY {
            swept = now;
            let is_over = AtomicBool::new(false);
            let sweep = async {
                let swept = timed(store.sweep(now)).await;
                is_over.store(true, Ordering::Relaxed);
                swept
            };
            let one = MonitorId::of(&monitors[0].1);
            let (swept, waited) = tokio::try_join!(sweep, saves_until(store, &is_over, one, now))?;
            in_a_sweep_max = in_a_sweep_max.max(waited);
            sweep_max = sweep_max.max(swept);
        }
    }
    let saves = Spread::of(saves).expect("a day has saves");
    Ok(Written { readings, took: began.elapsed(), first_hour, saves, in_a_sweep_max, sweep_max })
}

/// How long people wait who ask for it.
struct Asked {
    report: Spread,
    history: Spread,
    readings: Spread,
    status: Spread,
}

async fn ask(wanted: &Store, store: &dyn flyball_store::Store) -> Result<Asked, flyball_store::Error> {
    let definitions = definitions(wanted.pages());
    let ends = wanted.ends();
    let reader = Reader::new(store, &definitions, ApiHost::default(), EngineState::Stopped, ends);
    let one = name(0);
    let filter = HistoryFilter { monitor: Some(one.clone()), ..HistoryFilter::default() };
    let page = ReadingsPage { monitor: MonitorId::of(&one), since: None, until: None, readings: 0 };
    let since = BEGINS.max(ends - REPORTED);
    Ok(Asked {
        report: times(async || reader.report(None, since, ends, ListOutages::Summed).await).await?,
        history: times(async || reader.history(&filter).await).await?,
        readings: times(async || store.readings(&page).await).await?,
        status: times(async || tokio::try_join!(store.latest(Of::All), store.newer_readings(Of::All))).await?,
    })
}

/// How long something takes, of [`ASKED`] times.
async fn times<T, E>(doing: impl AsyncFn() -> Result<T, E>) -> Result<Spread, E> {
    let mut took = Vec::new();
    for _ in 0..ASKED {
        took.push(timed(doing()).await?);
    }
    Ok(Spread::of(took).expect("it is done more than once"))
}

/// A monitor is down for five minutes of each day, at another time each day.
fn is_down(nth: u32, now: Timestamp) -> bool {
    let minutes = now.since(BEGINS).as_secs() / 60;
    let (day, minute) = (minutes / MINUTES_A_DAY, minutes % MINUTES_A_DAY);
    let begins = (u64::from(nth) * 97 + day * 311) % (MINUTES_A_DAY - DOWN_MINUTES);
    (begins..begins + DOWN_MINUTES).contains(&minute)
}

pub(super) fn flipped(name: &MonitorName, reading: &Reading) -> Entry {
    let to = reading.verdict();
    let from = if to == Verdict::Passing { Verdict::Failing } else { Verdict::Passing };
    let flip = Flip { at: reading.begun_at, from: Some(from), to };
    let event = Event::Flipped { flip, finding: reading.finding, words: reading.words.clone() };
    Entry { monitor: Some((MonitorId::of(name), name.clone())), ..Entry::new(reading.begun_at, event) }
}

/// The longest that a small save took, of those made one after another while something else goes on.
async fn saves_until(
    store: &dyn flyball_store::Store,
    is_over: &AtomicBool,
    monitor: MonitorId,
    now: Timestamp,
) -> Result<Duration, flyball_store::Error> {
    let mut longest = Duration::ZERO;
    while !is_over.load(Ordering::Relaxed) {
        // Lies between two readings of this monitor, and is the same one each time.
        let readings = vec![(monitor, Noise(1).reading(now + Duration::from_millis(500), false))];
        longest = longest.max(timed(store.save(&Batch { readings, ..Batch::default() })).await?);
    }
    Ok(longest)
}

async fn timed<T, E>(doing: impl Future<Output = Result<T, E>>) -> Result<Duration, E> {
    let began = Instant::now();
    doing.await?;
    Ok(began.elapsed())
}

pub(super) fn name(nth: u32) -> MonitorName {
    format!("bench {nth}").parse().expect("a name")
}

pub(super) fn definition(name: &MonitorName, every: Duration) -> Definition {
    Definition {
        id: MonitorId::of(name).0,
        name: name.to_string(),
        origin: Origin::File,
        kind: "http".to_owned(),
        settings: serde_json::Value::Null,
        every: Some(every),
    }
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    let time = |millis: f64| format!("{millis:.1} ms");
    table.add_row(["store", report.store]);
    table.add_row(["monitors", &format!("{}, each every {}", report.monitors, words(report.every_ms))]);
    table.add_row(["readings", &format!("{}, of {} days", report.readings, report.days)]);
    table.add_row(["in their first hour", &format!("{:.1} bytes a reading", report.first_hour_bytes_per_reading)]);
    table.add_row(["packed", &format!("{:.2} bytes a reading", report.packed_bytes_per_reading)]);
    table.add_row(["roll-ups", &format!("{:.0} bytes for a monitor's hour", report.rollup_bytes_per_hour)]);
    table.add_row(["size", &format!("{:.1} MiB", report.size_mib)]);
    table.add_row(["written, packed, removed", &format!("{:.1} µs a reading", report.us_per_reading)]);
    table.add_row(["a save", &report.save_ms.to_string()]);
    table.add_row(["a save in a sweep", &format!("{} at most", time(report.save_ms_max_in_a_sweep))]);
    table.add_row(["a sweep", &format!("{} at most", time(report.sweep_ms_max))]);
    table.add_row(["report of all over 7 days", &report.report_ms.to_string()]);
    table.add_row(["history of one", &report.history_ms.to_string()]);
    table.add_row(["1,000 readings of one", &report.readings_ms.to_string()]);
    table.add_row(["what status reads", &report.status_ms.to_string()]);
    table.add_row(["what a start reads", &time(report.start_ms)]);
    table
}
