//! Readings: written as narrow rows, read back from rows and blocks alike.

use super::Database;
use super::dialect::{Connection, bytes, each};
use super::{of, query, query_as, query_scalar};
use crate::error::Fault;
use crate::known::Known;
use crate::narrow::{Numbers, Seen, Shape, block, row};
use crate::read::{at, bounded, from_json, from_text, hex, number, to_json};
use crate::{Error, NewerReadings, Of, ReadingsPage};
use flyball_model::{MonitorId, Reading, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// New shapes of one monitor in an hour. A page that is well has one or two, one that flaps a handful; of a page whose
/// every answer is another, the later ones are kept without what the stranger wrote.
const SHAPES_AN_HOUR: u32 = 24;

/// At most so many blocks are read in one go: a day of them. Each has one reading at least.
const BLOCKS_AT_ONCE: i64 = 24;

/// A reading on its way into its row.
struct Placed<'a> {
    monitor: u32,
    reading: &'a Reading,
    shape: Shape,
}

impl Database {
    /// Writes readings in the transaction that the caller holds, and returns what was learnt of numbers on the way: it
    /// holds once that transaction is committed.
    pub(crate) async fn write_readings(
        &self,
        tx: &mut Connection,
        readings: &[(MonitorId, Reading)],
    ) -> Result<Known, Fault> {
        let mut learnt = Known::default();
        if readings.is_empty() {
            return Ok(learnt);
        }
        let numbers = self.monitor_numbers(tx, readings.iter().map(|(monitor, _)| *monitor), &mut learnt).await?;
        let mut placed = Vec::with_capacity(readings.len());
        for (monitor, reading) in readings {
            placed.push(Placed { monitor: numbers[monitor], reading, shape: Shape::of(reading) });
        }
        let shapes = self.shape_numbers(tx, &mut placed, &mut learnt).await?;
        let rows: Vec<RowOut> = placed
            .iter()
            .zip(shapes)
            .map(|(placed, shape)| RowOut {
                monitor: placed.monitor,
                begun_at: placed.reading.begun_at.as_millis(),
                packed: hex(&row::pack(shape, &Numbers::of(placed.reading))),
            })
            .collect();
        // A monitor never overlaps itself: two readings that began in one millisecond are one that was saved twice, since
        // the answer to the first commit was lost.
        let sql = concat!(
            "INSERT INTO readings (monitor, begun_at, packed) \
            SELECT CAST(value ->> 'monitor' AS BIGINT), CAST(value ->> 'begun_at' AS BIGINT), ",
            bytes!("value ->> 'packed'"),
            " \
            FROM ",
            each!("$1"),
            " WHERE true ON CONFLICT (monitor, begun_at) DO NOTHING"
        );
        query(sql).bind(to_json(&rows)).execute(tx).await?;
        Ok(learnt)
    }

    /// The number of each of these monitors, given to those that have none.
    async fn monitor_numbers(
        &self,
        tx: &mut Connection,
        monitors: impl Iterator<Item = MonitorId>,
        learnt: &mut Known,
    ) -> Result<HashMap<MonitorId, u32>, Fault> {
        let (mut numbers, mut missing) = (HashMap::new(), Vec::new());
        {
            let known = self.known();
            for monitor in monitors {
                match known.monitor(monitor) {
                    Some(number) => drop(numbers.insert(monitor, number)),
                    None => missing.push(monitor),
                }
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            for (monitor, number) in number_monitors(tx, &missing).await? {
                learnt.learn_monitor(monitor, number);
                numbers.insert(monitor, number);
            }
        }
        Ok(numbers)
    }

    /// The number of the shape of each of these, given to those that have none. Shapes past their bound become plain.
    async fn shape_numbers(
        &self,
        tx: &mut Connection,
        placed: &mut [Placed<'_>],
        learnt: &mut Known,
    ) -> Result<Vec<u32>, Fault> {
        let mut numbers = vec![None; placed.len()];
        // The second round is for those whose shape became plain, of which there are few for ever.
        for may_be_refused in [true, false] {
            let mut wanted: BTreeMap<(u32, String), Vec<usize>> = BTreeMap::new();
            {
                let known = self.known();
                for (nth, placed) in placed.iter().enumerate() {
                    if numbers[nth].is_some() {
                        continue;
                    }
                    let body = to_json(&placed.shape);
                    let key = known.key(placed.monitor, &body);
                    let number = known
                        .shape(key, placed.reading.begun_at)
                        .or_else(|| learnt.shape(key, placed.reading.begun_at));
                    match number {
                        Some(number) => numbers[nth] = Some(number),
                        None => wanted.entry((placed.monitor, body)).or_default().push(nth),
                    }
                }
            }
            if wanted.is_empty() {
                break;
            }
            let used_at = placed.iter().map(|placed| placed.reading.begun_at).max().unwrap_or(Timestamp::EPOCH);
            let mut there = stored_shapes(tx, wanted.keys(), used_at).await?;
            let mut new = Vec::new();
            for ((monitor, body), places) in &wanted {
                if there.contains_key(&(*monitor, body.clone())) {
                    continue;
                }
                let begun_at = placed[places[0]].reading.begun_at;
                let before = self.known().new_shapes(*monitor, begun_at) + learnt.new_shapes(*monitor, begun_at);
                if may_be_refused && before >= SHAPES_AN_HOUR {
                    for place in places {
                        placed[*place].shape = placed[*place].shape.plain();
                    }
                } else {
                    learnt.count_new_shape(*monitor, begun_at);
                    new.push((*monitor, body.as_str()));
                }
            }
            there.extend(new_shapes(tx, &new, used_at).await?);
            let known = self.known();
            for ((monitor, body), places) in wanted {
                let key = known.key(monitor, &body);
                let Some(number) = there.get(&(monitor, body)).copied() else { continue };
                learnt.learn_shape(key, number, used_at);
                places.into_iter().for_each(|place| numbers[place] = Some(number));
            }
        }
        Ok(numbers.into_iter().map(|number| number.expect("in the second round nothing is refused")).collect())
    }

    /// What was found since each monitor's state was saved.
    pub(crate) async fn read_newer(&self, of: Of<'_>) -> Result<Vec<NewerReadings>, Fault> {
        let mut tx = self.reading().await?;
        let rows: Vec<(String, i64, Vec<u8>)> = of::NEWER.asked(of).fetch_all(&mut *tx).await?;
        let mut read = Vec::with_capacity(rows.len());
        for (monitor, begun_at, packed) in rows {
            match row::unpack(at(begun_at), &packed) {
                Ok((shape, _)) => read.push((monitor, at(begun_at), shape)),
                Err(error) => left_out(&format!("the reading begun at {}", at(begun_at)), &error),
            }
        }
        let shapes = read.iter().map(|(_, _, shape)| *shape).collect();
        let findings = findings(&mut tx, &shapes).await?;
        let mut newer: Vec<NewerReadings> = Vec::new();
        let mut last = String::new();
        for (id, begun_at, shape) in read {
            let Some(seen) = findings.get(&shape) else { continue };
            if id != last {
                let monitor = from_text(&id, || format!("monitor {id}"))?;
                newer.push(NewerReadings { monitor, found: Vec::new() });
                last = id;
            }
            newer.last_mut().expect("the monitor was put there").found.push((begun_at, seen.finding));
        }
        Ok(newer)
    }

    /// The latest reading of each monitor, of those whose hour is not packed yet.
    pub(crate) async fn read_latest(&self, of: Of<'_>) -> Result<Vec<(MonitorId, Reading)>, Fault> {
        let mut tx = self.reading().await?;
        let rows: Vec<(String, i64, Vec<u8>)> = of::LATEST.asked(of).fetch_all(&mut *tx).await?;
        let mut read = Vec::with_capacity(rows.len());
        for (monitor, begun_at, packed) in rows {
            match row::unpack(at(begun_at), &packed) {
                Ok(row) => read.push((monitor, row)),
                Err(error) => left_out(&format!("the reading begun at {}", at(begun_at)), &error),
            }
        }
        let wanted = read.iter().map(|(_, (shape, _))| *shape).collect();
        let shapes = shapes(&mut tx, &wanted).await?;
        let mut latest = Vec::with_capacity(read.len());
        for (id, (shape, numbers)) in read {
            let Some(shape) = shapes.get(&shape) else { continue };
            latest.push((from_text(&id, || format!("monitor {id}"))?, shape.with(&numbers)));
        }
        Ok(latest)
    }

    /// A page of readings, oldest first.
    pub(crate) async fn read_readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.read_page(page).await.map_err(self.told("read the readings of a monitor"))
    }

    async fn read_page(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Fault> {
        let mut tx = self.reading().await?;
        let number: Option<i64> = query_scalar("SELECT number FROM monitor_numbers WHERE monitor_id = $1")
            .bind(page.monitor.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(number) = number else { return Ok(Vec::new()) };
        let since = page.since.map_or(i64::MIN, Timestamp::as_millis);
        let until = page.until.map_or(i64::MAX, Timestamp::as_millis);
        if since > until {
            return Ok(Vec::new());
        }
        let most = bounded(page.readings, ReadingsPage::READINGS_MAX);
        let rows: Vec<(i64, Vec<u8>)> = query_as(
            "SELECT begun_at, packed FROM readings WHERE monitor = $1 AND begun_at >= $2 AND begun_at <= $3 \
             ORDER BY begun_at DESC LIMIT $4",
        )
        .bind(number)
        .bind(since)
        .bind(until)
        .bind(most)
        .fetch_all(&mut *tx)
        .await?;
        let mut found: BTreeMap<Timestamp, (u32, Numbers)> = BTreeMap::new();
        for (begun_at, packed) in rows {
            match row::unpack(at(begun_at), &packed) {
                Ok(row) => drop(found.insert(at(begun_at), row)),
                Err(error) => left_out(&format!("the reading begun at {}", at(begun_at)), &error),
            }
        }
        let at_once = BLOCKS_AT_ONCE.min(most);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // Rows enough for the page: what is older than all of them is not on it.
        let oldest = found.first_key_value().filter(|_| found.len() >= most).map(|(begun_at, _)| begun_at.as_millis());
        let of_blocks = oldest.map_or(since, |oldest| oldest.max(since));
        // The hour that the last reading is in is the first to be looked into.
        let mut before = until.saturating_add(1);
        // Rows of an hour that was packed already came late, and lie among those of its block.
        loop {
            let blocks: Vec<(i64, Vec<u8>)> = query_as(
                "SELECT hour, packed FROM blocks WHERE monitor = $1 AND hour < $2 AND hour > $3 \
                 ORDER BY hour DESC LIMIT $4",
            )
            .bind(number)
            .bind(before)
            .bind(of_blocks.saturating_sub(HOUR_MS))
            .bind(at_once)
            .fetch_all(&mut *tx)
            .await?;
            for (hour, packed) in &blocks {
                match block::unpack(packed) {
                    Ok(rows) => found.extend(rows.into_iter().map(|row| (row.1.begun_at, row))),
                    Err(error) => left_out(&format!("the readings of the hour {}", at(*hour)), &error),
                }
            }
            let Some((hour, _)) = blocks.last() else { break };
            before = *hour;
            if found.range(at(before)..=at(until)).count() >= most {
                break;
            }
        }
        let shapes = shapes_of(&mut tx, number).await?;
        let wanted = found.range(at(since)..=at(until)).rev().take(most).map(|(_, row)| row);
        let told = |(shape, numbers): &(u32, Numbers)| {
            let shape = shapes.get(shape);
            if shape.is_none() {
                left_out(&format!("the reading begun at {}", numbers.begun_at), &"what it has in common is gone");
            }
            Some(shape?.with(numbers))
        };
        let mut readings: Vec<Reading> = wanted.filter_map(told).collect();
        readings.reverse();
        Ok(readings)
    }
}

const HOUR_MS: i64 = 3_600_000;

/// One thing that cannot be read must not hide a thousand that can.
fn left_out(row: &str, error: &dyn std::fmt::Display) {
    tracing::warn!(row, %error, "a stored row cannot be read, and is left out");
}

/// What each of these shapes found. Those that cannot be read are left out.
pub(crate) async fn findings(tx: &mut Connection, wanted: &BTreeSet<u32>) -> Result<HashMap<u32, Seen>, Fault> {
    let shapes = shapes(tx, wanted).await?;
    Ok(shapes.into_iter().map(|(number, shape)| (number, Seen::of(shape.finding, &shape.seen))).collect())
}

/// The shapes that have these numbers. Those that cannot be read are left out.
async fn shapes(tx: &mut Connection, wanted: &BTreeSet<u32>) -> Result<HashMap<u32, Shape>, Fault> {
    let rows: Vec<(i64, String)> = query_as(concat!(
        "SELECT number, body FROM shapes WHERE number IN (SELECT CAST(value ->> 'number' AS BIGINT) FROM ",
        each!("$1"),
        ")"
    ))
    .bind(to_json(&wanted.iter().map(|number| NumberIn { number: *number }).collect::<Vec<_>>()))
    .fetch_all(tx)
    .await?;
    let shape = |(number, body): (i64, String)| Some((u32::try_from(number).ok()?, readable_shape(number, &body)?));
    Ok(rows.into_iter().filter_map(shape).collect())
}

fn readable_shape(number: i64, body: &str) -> Option<Shape> {
    match from_json(body, || format!("shape {number}")) {
        Ok(shape) => Some(shape),
        Err(error) => {
            left_out(&format!("shape {number}"), &format!("{error:?}"));
            None
        }
    }
}

/// The shapes of a monitor by number. Those that cannot be read are left out.
async fn shapes_of(tx: &mut Connection, monitor: i64) -> Result<HashMap<u32, Shape>, Fault> {
    let rows: Vec<(i64, String)> =
        query_as("SELECT number, body FROM shapes WHERE monitor = $1").bind(monitor).fetch_all(tx).await?;
    let shape = |(number, body): (i64, String)| Some((u32::try_from(number).ok()?, readable_shape(number, &body)?));
    Ok(rows.into_iter().filter_map(shape).collect())
}

/// Finds or gives these monitors' numbers.
pub(crate) async fn number_monitors(
    tx: &mut Connection,
    monitors: &[MonitorId],
) -> Result<Vec<(MonitorId, u32)>, Fault> {
    let ids = to_json(&monitors.iter().map(|id| MonitorIn { id: *id }).collect::<Vec<_>>());
    let insert = concat!(
        "INSERT INTO monitor_numbers (monitor_id) SELECT value ->> 'id' FROM ",
        each!("$1"),
        " \
        WHERE NOT EXISTS (SELECT 1 FROM monitor_numbers WHERE monitor_id = value ->> 'id')"
    );
    query(insert).bind(&ids).execute(&mut *tx).await?;
    let select = concat!(
        "SELECT monitor_id, number FROM monitor_numbers \
        WHERE monitor_id IN (SELECT value ->> 'id' FROM ",
        each!("$1"),
        ")"
    );
    let rows: Vec<(String, i64)> = query_as(select).bind(&ids).fetch_all(tx).await?;
    let read = |(id, stored): (String, i64)| {
        let row = || format!("monitor number {stored}");
        Ok((from_text(&id, row)?, number(stored, row)?))
    };
    rows.into_iter().map(read).collect()
}

#[derive(Serialize)]
struct NumberIn {
    number: u32,
}

#[derive(Serialize)]
struct MonitorIn {
    id: MonitorId,
}

#[derive(Serialize)]
struct RowOut {
    monitor: u32,
    begun_at: i64,
    packed: String,
}

#[derive(Serialize)]
struct ShapeOut<'a> {
    monitor: u32,
    body: &'a str,
}

/// Those of these shapes that are stored, and notes that they are used.
async fn stored_shapes(
    tx: &mut Connection,
    wanted: impl Iterator<Item = &(u32, String)>,
    used_at: Timestamp,
) -> Result<HashMap<(u32, String), u32>, Fault> {
    let wanted: Vec<_> = wanted.map(|(monitor, body)| ShapeOut { monitor: *monitor, body }).collect();
    let sql = concat!(
        "UPDATE shapes SET used_at = CASE WHEN used_at > $2 THEN used_at ELSE $2 END WHERE number IN ( \
            SELECT shapes.number FROM ",
        each!("$1"),
        " JOIN shapes ON shapes.monitor = CAST(value ->> 'monitor' AS BIGINT) \
            AND shapes.body = value ->> 'body') RETURNING monitor, body, number"
    );
    let rows: Vec<(i64, String, i64)> =
        query_as(sql).bind(to_json(&wanted)).bind(used_at.as_millis()).fetch_all(tx).await?;
    numbered(rows)
}

fn numbered(rows: Vec<(i64, String, i64)>) -> Result<HashMap<(u32, String), u32>, Fault> {
    let read = |(monitor, body, stored): (i64, String, i64)| {
        let row = || format!("shape {stored}");
        Ok(((number(monitor, row)?, body), number(stored, row)?))
    };
    rows.into_iter().map(read).collect()
}

async fn new_shapes(
    tx: &mut Connection,
    new: &[(u32, &str)],
    used_at: Timestamp,
) -> Result<HashMap<(u32, String), u32>, Fault> {
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<_> = new.iter().map(|(monitor, body)| ShapeOut { monitor: *monitor, body }).collect();
    let sql = concat!(
        "INSERT INTO shapes (monitor, body, used_at) \
        SELECT CAST(value ->> 'monitor' AS BIGINT), value ->> 'body', $2 FROM ",
        each!("$1"),
        " RETURNING monitor, body, number"
    );
    let rows: Vec<(i64, String, i64)> =
        query_as(sql).bind(to_json(&rows)).bind(used_at.as_millis()).fetch_all(tx).await?;
    numbered(rows)
}
