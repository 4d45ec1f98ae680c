//! Packing: the readings of an hour that is over become one block for each monitor, are rolled up, and make spells.
//!
//! A few monitors at a time, each lot in one short transaction that reads the rows, writes block, roll-ups and spells, and
//! removes the rows. So it may be cut short anywhere, and what comes late, for an hour that was packed before, is packed into its
//! block the next time.

use super::Database;
use super::dialect::{Connection, bytes, each};
use super::readings::findings;
use super::spells::{found, write_spells};
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::narrow::{Numbers, Seen, block, row};
use crate::pressed::{press, unpress};
use crate::read::{at, hex, to_json};
use crate::rollup::{Amounts, Rollup, Since, Span, roll_up};
use flyball_model::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Monitors of one transaction: their hour at 30 s is 6,000 rows, and some 20 ms of the writer.
const MONITORS_AT_ONCE: i64 = 50;

/// Rows of one transaction, where monitors look more often, or somebody catches up.
const ROWS_AT_ONCE: i64 = 8000;

/// How long after its end an hour is packed: longer than any check may take, and its way to the disk.
const HOUR_GRACE: Duration = Duration::from_secs(10 * 60);

/// How long after its end a day is rolled up: after its last hour, wherever a sweep is late.
const DAY_GRACE: Duration = Duration::from_secs(2 * 60 * 60);

/// No roll-up is longer when it is unpacked: twelve sketches of all bins that there are would be 100 KB.
const UNPACKED_MAX: usize = 1 << 18;

/// How hard zstd tries.
const LEVEL: i32 = 9;

/// The interval of a monitor that was stored before intervals were.
const EVERY_UNKNOWN: Duration = Duration::from_secs(60);

/// What is stored of a rolled-up hour.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredHour {
    pub(crate) rollup: Rollup,
    /// The latest reading, whose verdict holds into the next hour.
    pub(crate) last: Option<Since>,
}

/// Rows of one monitor, and of one hour.
pub(crate) type Hours = BTreeMap<(i64, i64), BTreeMap<Timestamp, (u32, Numbers)>>;

impl Database {
    /// Packs every hour that is over.
    pub(crate) async fn pack_hours(&self, now: Timestamp) -> Result<(), Fault> {
        let until = Span::Hour.start_of(now - HOUR_GRACE);
        if self.counter("hours_until").await? >= until.as_millis() {
            return Ok(());
        }
        let mut after = 0;
        while let Some((first, last)) = self.some_monitors(after).await? {
            while self.pack_some(first, last, until).await? {}
            after = last;
        }
        self.set_counter("hours_until", until).await
    }

    /// The first and the last number of the next monitors behind this one.
    async fn some_monitors(&self, after: i64) -> Result<Option<(i64, i64)>, Fault> {
        let found: (Option<i64>, Option<i64>) = query_as(
            "SELECT MIN(number), MAX(number) FROM \
             (SELECT number FROM monitor_numbers WHERE number > $1 ORDER BY number LIMIT $2) AS next_ones",
        )
        .bind(after)
        .bind(MONITORS_AT_ONCE)
        .fetch_one(&mut *self.reading().await?)
        .await?;
        Ok(found.0.zip(found.1))
    }

    /// Packs rows of these monitors that began earlier; true when there may be more.
    async fn pack_some(&self, first: i64, last: i64, until: Timestamp) -> Result<bool, Fault> {
        // Seen on a reader first, so that the writer is not kept for nothing.
        if !are_there(&mut *self.reading().await?, first, last, until).await? {
            return Ok(false);
        }
        let mut tx = self.writing().await?;
        let rows: Vec<(i64, i64, Vec<u8>)> = query_as(
            "SELECT monitor, begun_at, packed FROM readings WHERE monitor BETWEEN $1 AND $2 AND begun_at < $3 \
             ORDER BY monitor, begun_at LIMIT $4",
        )
        .bind(first)
        .bind(last)
        .bind(until.as_millis())
        .bind(ROWS_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(&(last_monitor, last_begun_at, _)) = rows.last() else { return Ok(false) };
        let may_be_more = i64::try_from(rows.len()).is_ok_and(|count| count == ROWS_AT_ONCE);
        let mut hours = Hours::new();
        for (monitor, begun_at, packed) in rows {
            let hour = Span::Hour.start_of(at(begun_at)).as_millis();
            let of_hour = hours.entry((monitor, hour)).or_default();
            match row::unpack(at(begun_at), &packed) {
                Ok(row) => drop(of_hour.insert(at(begun_at), row)),
                Err(error) => tracing::warn!(monitor, begun_at, %error, "a stored reading cannot be read, and goes"),
            }
        }
        add_blocks(&mut tx, &mut hours).await?;
        write_blocks(&mut tx, &hours).await?;
        let findings = findings_of(&mut tx, &hours).await?;
        let intervals = intervals(&mut tx, &hours).await?;
        write_rollups(&mut tx, &hours, &findings, &intervals).await?;
        write_spells(&mut tx, &found(&hours, &findings), &intervals).await?;
        query(
            "DELETE FROM readings WHERE monitor BETWEEN $1 AND $2 AND begun_at < $3 \
             AND (monitor, begun_at) <= ($4, $5)",
        )
        .bind(first)
        .bind(last)
        .bind(until.as_millis())
        .bind(last_monitor)
        .bind(last_begun_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(may_be_more)
    }

    /// Rolls up every day that is over.
    pub(crate) async fn roll_up_days(&self, now: Timestamp) -> Result<(), Fault> {
        let until = Span::Day.start_of(now - DAY_GRACE);
        while let Some(day) = self.next_day(until).await? {
            let mut after = 0;
            while let Some((first, last)) = self.some_monitors(after).await? {
                let mut tx = self.writing().await?;
                write_day(&mut tx, first, last, day).await?;
                tx.commit().await?;
                after = last;
            }
            self.set_counter("days_until", day + Span::Day.length()).await?;
        }
        Ok(())
    }

    /// The first day that is not rolled up, of those in which there was anything.
    async fn next_day(&self, until: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let first: Option<i64> =
            query_scalar("SELECT MIN(start) FROM rollups WHERE span = 1 AND start >= $1 AND start < $2")
                .bind(self.counter("days_until").await?)
                .bind(until.as_millis())
                .fetch_one(&mut *self.reading().await?)
                .await?;
        Ok(first.map(|first| Span::Day.start_of(at(first))))
    }

    async fn counter(&self, name: &str) -> Result<i64, Fault> {
        let value = query_scalar("SELECT value FROM counters WHERE name = $1").bind(name);
        Ok(value.fetch_one(&mut *self.reading().await?).await?)
    }

    async fn set_counter(&self, name: &str, until: Timestamp) -> Result<(), Fault> {
        let mut tx = self.writing().await?;
        let sql = "UPDATE counters SET value = $1 WHERE name = $2 AND value < $1";
        query(sql).bind(until.as_millis()).bind(name).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

async fn are_there(tx: &mut Connection, first: i64, last: i64, until: Timestamp) -> Result<bool, Fault> {
    let found: bool =
        query_scalar("SELECT EXISTS (SELECT 1 FROM readings WHERE monitor BETWEEN $1 AND $2 AND begun_at < $3)")
            .bind(first)
            .bind(last)
            .bind(until.as_millis())
            .fetch_one(tx)
            .await?;
    Ok(found)
}

#[derive(Serialize)]
struct Place {
    monitor: i64,
    start: i64,
}

/// Puts the readings of those hours that were packed before to the others. (SQLite looks into the tables of a `CROSS JOIN` in
/// the order in which they are written: few places first, each found by an index.)
async fn add_blocks(tx: &mut Connection, hours: &mut Hours) -> Result<(), Fault> {
    let places: Vec<_> = hours.keys().map(|(monitor, start)| Place { monitor: *monitor, start: *start }).collect();
    let blocks: Vec<(i64, i64, Vec<u8>)> = query_as(concat!(
        "SELECT blocks.monitor, blocks.hour, blocks.packed FROM ",
        each!("$1"),
        " CROSS JOIN blocks \
         WHERE blocks.monitor = CAST(value ->> 'monitor' AS BIGINT) AND blocks.hour = CAST(value ->> 'start' AS BIGINT)"
    ))
    .bind(to_json(&places))
    .fetch_all(tx)
    .await?;
    for (monitor, hour, packed) in blocks {
        put_block(hours, monitor, hour, &packed);
    }
    Ok(())
}

/// Puts the readings of a block to those of its hour.
pub(crate) fn put_block(hours: &mut Hours, monitor: i64, hour: i64, packed: &[u8]) {
    let readings = hours.entry((monitor, hour)).or_default();
    match block::unpack(packed) {
        Ok(rows) => readings.extend(rows.into_iter().map(|row| (row.1.begun_at, row))),
        Err(error) => tracing::warn!(monitor, hour, %error, "a block of readings cannot be read, and goes"),
    }
}

#[derive(Serialize)]
struct BlockOut {
    monitor: i64,
    hour: i64,
    packed: String,
}

async fn write_blocks(tx: &mut Connection, hours: &Hours) -> Result<(), Fault> {
    // In the order of hours, as they lie on the disk.
    let mut blocks: Vec<_> = hours
        .iter()
        .map(|((monitor, hour), readings)| {
            let readings: Vec<(u32, Numbers)> = readings.values().copied().collect();
            BlockOut { monitor: *monitor, hour: *hour, packed: hex(&block::pack(&readings)) }
        })
        .collect();
    blocks.sort_by_key(|block| (block.hour, block.monitor));
    let sql = concat!(
        "INSERT INTO blocks (monitor, hour, packed) \
        SELECT CAST(value ->> 'monitor' AS BIGINT), CAST(value ->> 'hour' AS BIGINT), ",
        bytes!("value ->> 'packed'"),
        " FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (monitor, hour) DO UPDATE SET packed = excluded.packed"
    );
    query(sql).bind(to_json(&blocks)).execute(tx).await?;
    Ok(())
}

#[derive(Serialize)]
pub(crate) struct RollupOut {
    monitor: i64,
    span: i64,
    start: i64,
    packed: String,
}

impl RollupOut {
    pub(crate) fn new<T: Rolls>(monitor: i64, span: Span, start: i64, value: &T) -> Self {
        Self { monitor, span: number_of(span), start, packed: hex(&pack(value)) }
    }
}

/// What is stored of a rolled-up span, or of the parts of one.
///
/// What was measured stands behind all else, one for each roll-up, and is left out where nothing was: so what an earlier version wrote
/// is read as it is, and an earlier version reads what this one writes.
pub(crate) trait Rolls: Serialize + DeserializeOwned {
    fn rollups(&mut self) -> Vec<&mut Rollup>;
    fn amounts(&self) -> Vec<Option<Amounts>>;
}

impl Rolls for Rollup {
    fn rollups(&mut self) -> Vec<&mut Rollup> {
        vec![self]
    }

    fn amounts(&self) -> Vec<Option<Amounts>> {
        vec![self.amounts]
    }
}

impl Rolls for StoredHour {
    fn rollups(&mut self) -> Vec<&mut Rollup> {
        vec![&mut self.rollup]
    }

    fn amounts(&self) -> Vec<Option<Amounts>> {
        vec![self.rollup.amounts]
    }
}

impl Rolls for Parts {
    fn rollups(&mut self) -> Vec<&mut Rollup> {
        self.iter_mut().map(|(_, rollup)| rollup).collect()
    }

    fn amounts(&self) -> Vec<Option<Amounts>> {
        self.iter().map(|(_, rollup)| rollup.amounts).collect()
    }
}

/// A rolled-up span, or the parts of one, as bytes.
fn pack<T: Rolls>(value: &T) -> Vec<u8> {
    let mut bytes = postcard::to_stdvec(value).expect("numbers serialise");
    let amounts = value.amounts();
    if amounts.iter().any(Option::is_some) {
        bytes = postcard::to_extend(&amounts, bytes).expect("numbers serialise, and a vector takes them all");
    }
    press(&bytes, LEVEL)
}

/// And back.
///
/// # Errors
/// When these bytes are something else.
pub(crate) fn unpack<T: Rolls>(packed: &[u8]) -> Result<T, Box<dyn std::error::Error + Send + Sync>> {
    let bytes = unpress(packed, UNPACKED_MAX)?;
    let (mut value, rest) = postcard::take_from_bytes::<T>(&bytes)?;
    if !rest.is_empty() {
        let amounts: Vec<Option<Amounts>> = postcard::from_bytes(rest)?;
        for (rollup, amounts) in value.rollups().into_iter().zip(amounts) {
            rollup.amounts = amounts;
        }
    }
    Ok(value)
}

/// How a span is stored.
pub(crate) const fn number_of(span: Span) -> i64 {
    match span {
        Span::FiveMinutes => 0,
        Span::Hour => 1,
        Span::Day => 2,
    }
}

/// What the shapes of these hours found.
pub(crate) async fn findings_of(tx: &mut Connection, hours: &Hours) -> Result<HashMap<u32, Seen>, Fault> {
    let shapes = hours.values().flat_map(|readings| readings.values().map(|(shape, _)| *shape)).collect();
    findings(tx, &shapes).await
}

/// The intervals of these hours' monitors, of those that have one.
pub(crate) async fn intervals(tx: &mut Connection, hours: &Hours) -> Result<HashMap<i64, i64>, Fault> {
    let (Some(first), Some(last)) = (hours.keys().next(), hours.keys().next_back()) else { return Ok(HashMap::new()) };
    let rows: Vec<(i64, i64)> = query_as(
        "SELECT number, every_ms FROM monitor_numbers WHERE number BETWEEN $1 AND $2 AND every_ms IS NOT NULL",
    )
    .bind(first.0)
    .bind(last.0)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

async fn write_rollups(
    tx: &mut Connection,
    hours: &Hours,
    findings: &HashMap<u32, Seen>,
    intervals: &HashMap<i64, i64>,
) -> Result<(), Fault> {
    let mut before = latest_before_each(tx, hours).await?;
    let next_row = first_row_after_each(tx, hours).await?;
    let mut rows = Vec::new();
    let mut late = Vec::new();
    for ((monitor, hour), readings) in hours {
        let every = interval(intervals.get(monitor).copied());
        let start = at(*hour);
        let readings: Vec<(Seen, Numbers)> =
            readings.values().filter_map(|(shape, numbers)| Some((*findings.get(shape)?, *numbers))).collect();
        let carried = before.remove(&(*monitor, *hour));
        let next_hour = (*monitor, hour.saturating_add(HOUR_MS));
        let after = hours.get(&next_hour).and_then(|readings| readings.keys().next().copied());
        let after = after.or(next_row.get(&(*monitor, *hour)).copied());
        let last = readings.last().map(|(found, numbers)| Since {
            verdict: found.finding.verdict(),
            begun_at_ms: numbers.begun_at.as_millis(),
        });
        let whole = roll_up(start, start + Span::Hour.length(), every, carried, &readings, after);
        let parts = five_minutes(start, every, carried, &readings, after);
        rows.push(RollupOut::new(*monitor, Span::FiveMinutes, *hour, &parts));
        rows.push(RollupOut::new(*monitor, Span::Hour, *hour, &StoredHour { rollup: whole, last }));
        if let Some(last) = last {
            before.insert(next_hour, last);
        }
        late.push((*monitor, Span::Day.start_of(start)));
    }
    write(tx, &rows).await?;
    // A day that was rolled up before knows nothing of what came late.
    late.dedup();
    let days_until: i64 =
        query_scalar("SELECT value FROM counters WHERE name = 'days_until'").fetch_one(&mut *tx).await?;
    for (monitor, day) in late.into_iter().filter(|(_, day)| day.as_millis() < days_until) {
        write_day(tx, monitor, monitor, day).await?;
    }
    Ok(())
}

pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A monitor's interval, as it is stored.
pub(crate) fn interval(every_ms: Option<i64>) -> Duration {
    every_ms.and_then(|every| u64::try_from(every).ok()).map_or(EVERY_UNKNOWN, Duration::from_millis)
}

/// The parts of an hour in which there is anything, each with its place.
pub(crate) type Parts = Vec<(u8, Rollup)>;

fn five_minutes(
    start: Timestamp,
    every: Duration,
    mut before: Option<Since>,
    readings: &[(Seen, Numbers)],
    after: Option<Timestamp>,
) -> Parts {
    let length = Span::FiveMinutes.length();
    let mut parts = Parts::new();
    let mut rest = readings;
    for place in 0..12_u8 {
        let from = start + length * u32::from(place);
        let (part, behind) = rest.split_at(rest.partition_point(|(_, numbers)| numbers.begun_at < from + length));
        let next = behind.first().map(|(_, numbers)| numbers.begun_at).or(after);
        let rollup = roll_up(from, from + length, every, before, part, next);
        if rollup != Rollup::default() {
            parts.push((place, rollup));
        }
        if let Some((found, numbers)) = part.last() {
            before = Some(Since { verdict: found.finding.verdict(), begun_at_ms: numbers.begun_at.as_millis() });
        }
        rest = behind;
    }
    parts
}

/// The latest reading before each of these hours, where the hour before it was packed earlier.
async fn latest_before_each(tx: &mut Connection, hours: &Hours) -> Result<HashMap<(i64, i64), Since>, Fault> {
    let places: Vec<_> =
        hours.keys().map(|(monitor, hour)| Place { monitor: *monitor, start: hour.saturating_sub(HOUR_MS) }).collect();
    let rows: Vec<(i64, i64, Vec<u8>)> = query_as(
        concat!("SELECT rollups.monitor, rollups.start, rollups.packed FROM ", each!("$1"), " CROSS JOIN rollups \
         WHERE rollups.monitor = CAST(value ->> 'monitor' AS BIGINT) AND rollups.span = 1 AND rollups.start = CAST(value ->> 'start' AS BIGINT)"),
    )
    .bind(to_json(&places))
    .fetch_all(tx)
    .await?;
    let read = |(monitor, start, packed): (i64, i64, Vec<u8>)| {
        let hour: StoredHour = unpack(&packed).ok()?;
        Some(((monitor, start.saturating_add(HOUR_MS)), hour.last?))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// When the first reading behind each of these hours began, of those that are not packed: a verdict holds until then, also over
/// the end of the hour.
async fn first_row_after_each(tx: &mut Connection, hours: &Hours) -> Result<HashMap<(i64, i64), Timestamp>, Fault> {
    let places: Vec<_> = hours.keys().map(|(monitor, hour)| Place { monitor: *monitor, start: *hour }).collect();
    let rows: Vec<(i64, i64, Option<i64>)> = query_as(concat!(
        "SELECT CAST(value ->> 'monitor' AS BIGINT), CAST(value ->> 'start' AS BIGINT), \
            (SELECT MIN(readings.begun_at) FROM readings WHERE readings.monitor = CAST(value ->> 'monitor' AS BIGINT) \
              AND readings.begun_at >= CAST(value ->> 'start' AS BIGINT) + $2) FROM ",
        each!("$1")
    ))
    .bind(to_json(&places))
    .bind(HOUR_MS)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(|(monitor, hour, begun_at)| Some(((monitor, hour), at(begun_at?)))).collect())
}

/// Adds up the hours of a day, for each of these monitors.
async fn write_day(tx: &mut Connection, first: i64, last: i64, day: Timestamp) -> Result<(), Fault> {
    let rows: Vec<(i64, Vec<u8>)> = query_as(
        "SELECT monitor, packed FROM rollups \
         WHERE monitor BETWEEN $1 AND $2 AND span = 1 AND start >= $3 AND start < $4",
    )
    .bind(first)
    .bind(last)
    .bind(day.as_millis())
    .bind((day + Span::Day.length()).as_millis())
    .fetch_all(&mut *tx)
    .await?;
    let mut days: BTreeMap<i64, Rollup> = BTreeMap::new();
    for (monitor, packed) in rows {
        match unpack::<StoredHour>(&packed) {
            Ok(hour) => days.entry(monitor).or_default().add(&hour.rollup),
            Err(error) => {
                tracing::warn!(monitor, %error, "a rolled-up hour cannot be read, and is left out of its day");
            }
        }
    }
    let rows: Vec<_> =
        days.iter().map(|(monitor, rollup)| RollupOut::new(*monitor, Span::Day, day.as_millis(), rollup)).collect();
    write(tx, &rows).await
}

pub(crate) async fn write(tx: &mut Connection, rows: &[RollupOut]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = concat!(
        "INSERT INTO rollups (monitor, span, start, packed) \
        SELECT CAST(value ->> 'monitor' AS BIGINT), CAST(value ->> 'span' AS BIGINT), CAST(value ->> 'start' AS BIGINT), ",
        bytes!("value ->> 'packed'"),
        " \
        FROM ",
        each!("$1"),
        " WHERE true \
        ON CONFLICT (monitor, span, start) DO UPDATE SET packed = excluded.packed"
    );
    query(sql).bind(to_json(&rows)).execute(tx).await?;
    Ok(())
}
