//! What a history costs: a store that a week of readings went through, in fast time.

use super::{Spread, cannot, micros, millis, ms, report_table, words};
use crate::failure::Failure;
use clap::Args;
use comfy_table::Table;
use flyball_model::{
    Evidence, Excerpt, Finding, HttpEvidence, MonitorId, MonitorName, Phases, Reading, Timestamp, duration,
};
use flyball_store::{Batch, Definition, Loop, Origin, ReadingsPage, Retention, Sqlite, Timeline};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// More than one process is meant for.
const COUNT_MAX: u32 = 200_000;

/// Readings of one save, as the loop writes them.
const READINGS_A_SAVE: usize = 1000;

/// How long the first part runs, after which nothing is packed yet.
const FIRST_HOUR: Duration = Duration::from_mins(60);

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
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
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
    /// Everything, once the database is closed.
    size_mib: f64,
    /// Time of this process for one reading, from the save to its packing.
    us_per_reading: f64,
    save_ms_p50: f64,
    save_ms_p99: f64,
    save_ms_max: f64,
    /// The longest that a save waited while hours were packed, rolled up and removed.
    save_ms_max_in_a_sweep: f64,
    sweep_ms_max: f64,
    /// Everything of `flyball report` over the whole time.
    report_ms: f64,
    /// The latest thousand readings of one monitor.
    history_ms: f64,
    /// The latest reading of each monitor, and what came since states were saved: what `status` reads.
    status_ms: f64,
    /// Opening it once more, up to what a start recalls.
    start_ms: f64,
}

/// Numbers that look like a page's in another data centre, the same in every run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn reading(&mut self, begun_at: Timestamp) -> Reading {
        let slow = if self.below(10) == 0 { self.below(80_000) } else { 0 };
        let took = Duration::from_micros(60_000 + self.below(30_000) + slow);
        let total_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let mut step = |least: u32, more: u64| least + u32::try_from(self.below(more)).unwrap_or_default();
        let (name, connect, tls, rest) = (step(0, 2), step(9, 2), step(18, 3), step(0, 2));
        Reading {
            begun_at: begun_at + Duration::from_millis(self.below(12)),
            took,
            finding: Finding::Passing,
            words: Excerpt::of(&format!("answered 200 in {total_ms}ms")),
            evidence: Evidence::Http(HttpEvidence {
                status: Some(200),
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

pub(super) async fn measure(wanted: &Store) -> Result<Report, Failure> {
    let folder = tempfile::tempdir().map_err(cannot("make a folder for the store"))?;
    let file = folder.path().join("flyball.db");
    write(wanted, &file).await.map_err(cannot("write a history"))
}

async fn write(wanted: &Store, file: &Path) -> Result<Report, flyball_store::Error> {
    let store = Sqlite::open(file).await?;
    let monitors: Vec<Definition> = (0..wanted.count).map(|nth| definition(nth, wanted.every)).collect();
    store.define(&monitors, &[], BEGINS).await?;
    let ids: Vec<MonitorId> = monitors.iter().map(|monitor| MonitorId(monitor.id)).collect();
    let ends = BEGINS + Duration::from_hours(24) * wanted.days;
    let (mut noise, mut now, mut swept, mut readings) = (Noise(1), BEGINS, BEGINS, 0_u64);
    let (mut saves, mut sweep_max, mut in_a_sweep_max, mut first_hour) =
        (Vec::new(), Duration::ZERO, Duration::ZERO, 0.0);
    let began = Instant::now();
    while now < ends {
        for some in ids.chunks(READINGS_A_SAVE) {
            let of_this_step = some.iter().map(|monitor| (*monitor, noise.reading(now))).collect();
            let batch = Batch { readings: of_this_step, ..Batch::default() };
            saves.push(timed(store.save(&batch)).await?);
        }
        readings += u64::from(wanted.count);
        now = now + wanted.every;
        if first_hour == 0.0 && now.since(BEGINS) >= FIRST_HOUR {
            first_hour = store.sizes().await?.rows as f64 / readings as f64;
        }
        if now.since(swept) >= SWEEP_EVERY {
            swept = now;
            let mut sweep = std::pin::pin!(timed(store.sweep(now)));
            let swept = loop {
                tokio::select! {
                    biased;
                    swept = &mut sweep => break swept?,
                    waited = one_save(&store, ids[0], now) => in_a_sweep_max = in_a_sweep_max.max(waited?),
                }
            };
            sweep_max = sweep_max.max(swept);
        }
    }
    let took = began.elapsed();
    let sizes = store.sizes().await?;
    store.close().await;
    let hours = f64::from(wanted.days) * 24.0 - 1.0;
    let packed = hours.min(7.0 * 24.0) * 3_600_000.0 / millis(wanted.every).max(1) as f64 * f64::from(wanted.count);
    let saves = Spread::of(saves).expect("a day has saves");
    let opened = Instant::now();
    let store = Sqlite::open(file).await?;
    store.remembered().await?;
    store.newer_readings().await?;
    let start = opened.elapsed();
    let reported = Instant::now();
    for monitor in &ids {
        store.rolled_up(*monitor, BEGINS, ends).await?;
    }
    let reported = reported.elapsed();
    let history = timed(store.readings(&ReadingsPage { monitor: ids[0], since: None, readings: 0 })).await?;
    let status = timed(store.latest()).await? + timed(store.newer_readings()).await?;
    Ok(Report {
        monitors: wanted.count,
        every_ms: millis(wanted.every),
        days: wanted.days,
        readings,
        first_hour_bytes_per_reading: first_hour,
        packed_bytes_per_reading: sizes.blocks as f64 / packed,
        rollup_bytes_per_hour: sizes.rollups as f64 / hours / f64::from(wanted.count),
        size_mib: sizes.whole as f64 / f64::from(1 << 20),
        us_per_reading: took.as_secs_f64() * 1e6 / readings as f64,
        save_ms_p50: saves.p50,
        save_ms_p99: saves.p99,
        save_ms_max: saves.max,
        save_ms_max_in_a_sweep: ms(micros(in_a_sweep_max)),
        sweep_ms_max: ms(micros(sweep_max)),
        report_ms: ms(micros(reported)),
        history_ms: ms(micros(history)),
        status_ms: ms(micros(status)),
        start_ms: ms(micros(start)),
    })
}

/// How long a small save takes while something else goes on.
async fn one_save(store: &Sqlite, monitor: MonitorId, now: Timestamp) -> Result<Duration, flyball_store::Error> {
    // Lies between two readings of this monitor, and is the same one each time.
    let readings = vec![(monitor, Noise(1).reading(now + Duration::from_millis(500)))];
    timed(store.save(&Batch { readings, ..Batch::default() })).await
}

async fn timed<T, E>(doing: impl Future<Output = Result<T, E>>) -> Result<Duration, E> {
    let began = Instant::now();
    doing.await?;
    Ok(began.elapsed())
}

fn definition(nth: u32, every: Duration) -> Definition {
    let name: MonitorName = format!("bench {nth}").parse().expect("a name");
    Definition {
        id: MonitorId::of(&name).0,
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
    table.add_row(["monitors", &format!("{}, each every {}", report.monitors, words(report.every_ms))]);
    table.add_row(["readings", &format!("{}, of {} days", report.readings, report.days)]);
    table.add_row(["in their first hour", &format!("{:.1} bytes a reading", report.first_hour_bytes_per_reading)]);
    table.add_row(["packed", &format!("{:.2} bytes a reading", report.packed_bytes_per_reading)]);
    table.add_row(["roll-ups", &format!("{:.0} bytes for a monitor's hour", report.rollup_bytes_per_hour)]);
    table.add_row(["size", &format!("{:.1} MiB", report.size_mib)]);
    table.add_row(["written, packed, removed", &format!("{:.1} µs a reading", report.us_per_reading)]);
    table.add_row([
        "a save",
        &format!(
            "{:.1} ms p50, {:.1} ms p99, {:.1} ms at most",
            report.save_ms_p50, report.save_ms_p99, report.save_ms_max
        ),
    ]);
    table.add_row(["a save in a sweep", &format!("{} at most", time(report.save_ms_max_in_a_sweep))]);
    table.add_row(["a sweep", &format!("{} at most", time(report.sweep_ms_max))]);
    table.add_row(["report over all of it", &time(report.report_ms)]);
    table.add_row(["history of one monitor", &time(report.history_ms)]);
    table.add_row(["what status reads", &time(report.status_ms)]);
    table.add_row(["what a start reads", &time(report.start_ms)]);
    table
}
