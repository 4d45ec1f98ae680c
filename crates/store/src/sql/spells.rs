//! Spells: made hour by hour with the blocks, and read by people.
//!
//! A block says which spell is open at the end of its hour, and the next hour's block goes on from there. A spell that is open
//! has its row already, as it is while nothing comes after; whatever goes on from it writes that row anew. So the rows of an
//! hour can be made again at any time. Where what it leaves open is another then, the next block's spells are to be made again
//! too: it is marked as one that has none, as are those of an earlier version, and each sweep makes what is missing.

use super::Database;
use super::dialect::{Connection, Db, bytes, each, stays_prepared};
use super::packing::{HOUR_MS, Hours, findings_of, interval, intervals, put_block};
use super::rollups::{Asked, findings_of_rows, numbered, rows_since};
use super::{Placed, query, query_as, query_scalar};
use crate::SpellsPage;
use crate::error::Fault;
use crate::narrow::{Numbers, Seen};
use crate::read::{at, bounded, from_json, hex, millis, number, readable, to_json, to_word};
use crate::rollup::{Open, Spell, spells};
use flyball_model::{Finding, MonitorId, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Blocks of one transaction: their readings at 30 s are 12,000, and some 20 ms of the writer.
const BLOCKS_AT_ONCE: i64 = 100;

/// Transactions of one sweep: a week of 240 monitors. What is left is made by the next.
const TURNS_MAX: u32 = 400;

/// What the readings of a monitor and an hour found, oldest first.
pub(crate) type Found = BTreeMap<(i64, i64), Vec<(Timestamp, Finding)>>;

impl Database {
    /// Makes the spells of blocks that have none: of an earlier version, and of hours behind one to which something came late.
    pub(crate) async fn make_missing_spells(&self) -> Result<(), Fault> {
        for _ in 0..TURNS_MAX {
            // Seen on a reader first, so that the writer is not kept for nothing.
            if !are_missing(&mut *self.reading().await?).await? {
                break;
            }
            let mut tx = self.writing().await?;
            // In this order the first of them never waits for another.
            let blocks: Vec<(i64, i64, Vec<u8>)> = query_as(
                "SELECT monitor, hour, packed FROM blocks WHERE left_open IS NULL ORDER BY monitor, hour LIMIT $1",
            )
            .bind(BLOCKS_AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
            let mut hours = Hours::new();
            for (monitor, hour, packed) in blocks {
                put_block(&mut hours, monitor, hour, &packed);
            }
            let findings = findings_of(&mut tx, &hours).await?;
            let found = found(&hours, &findings);
            let intervals = intervals(&mut tx, &hours).await?;
            write_spells(&mut tx, &found, &intervals).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// A page of spells: those of hours that are packed, and those of the rows since.
    pub(crate) async fn read_spells(&self, page: &SpellsPage) -> Result<Vec<Spell>, Fault> {
        let mut tx = self.reading().await?;
        let Some(asked) = numbered(&mut tx, &[page.monitor]).await?.pop() else { return Ok(Vec::new()) };
        let most = bounded(page.spells, SpellsPage::SPELLS_MAX);
        let stored = stored(&mut tx, asked.number, page, most).await?;
        let mut found: BTreeMap<Timestamp, Spell> = stored.into_iter().map(|spell| (spell.began_at, spell)).collect();
        // The open one of what is stored may have gone on since.
        for (_, spell) in since_packed(&mut tx, &[asked]).await? {
            found.insert(spell.began_at, spell);
        }
        found.retain(|_, spell| page.has(spell));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(if page.oldest_first {
            found.into_values().take(most).collect()
        } else {
            found.into_values().rev().take(most).collect()
        })
    }

    /// The first page of spells of each of these monitors, the newest first.
    pub(crate) async fn read_latest_spells(
        &self,
        monitors: &[MonitorId],
        verdict: Verdict,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Spell>>, Fault> {
        let mut tx = self.reading().await?;
        let asked = numbered(&mut tx, monitors).await?;
        let is_asked_for =
            |spell: &Spell| spell.finding.verdict() == verdict && spell.ended_at > since && spell.began_at < until;
        let mut found: Vec<BTreeMap<Timestamp, Spell>> = vec![BTreeMap::new(); monitors.len()];
        for (place, spell) in stored_latest(&mut tx, &asked, verdict, since, until).await? {
            found[place].insert(spell.began_at, spell);
        }
        // The open one of what is stored may have gone on since.
        for (place, spell) in since_packed(&mut tx, &asked).await? {
            found[place].insert(spell.began_at, spell);
        }
        let page = |found: BTreeMap<Timestamp, Spell>| {
            found.into_values().rev().filter(is_asked_for).take(SpellsPage::SPELLS_MAX as usize).collect()
        };
        Ok(found.into_iter().map(page).collect())
    }
}

async fn are_missing(tx: &mut Connection) -> Result<bool, Fault> {
    let found = query_scalar("SELECT EXISTS (SELECT 1 FROM blocks WHERE left_open IS NULL)");
    Ok(found.fetch_one(tx).await?)
}

/// What the readings of each hour found. Those whose shape cannot be read are left out.
pub(crate) fn found(hours: &Hours, findings: &HashMap<u32, Seen>) -> Found {
    let of_hour = |readings: &BTreeMap<Timestamp, (u32, Numbers)>| {
        readings.iter().filter_map(|(begun_at, (shape, _))| Some((*begun_at, findings.get(shape)?.finding))).collect()
    };
    hours.iter().map(|(place, readings)| (*place, of_hour(readings))).collect()
}

/// What a block knew of the spell that is open at its end. No bytes are none.
#[derive(Serialize, Deserialize)]
struct StoredOpen {
    verdict: String,
    cause: String,
    began_at: i64,
    last_at: i64,
    readings: u32,
    silence_ms: u64,
}

fn packed(open: Option<&Open>) -> Vec<u8> {
    let stored = open.map(|open| StoredOpen {
        verdict: open.finding.verdict().to_string(),
        cause: cause(open.finding),
        began_at: open.began_at.as_millis(),
        last_at: open.last_at.as_millis(),
        readings: open.readings,
        silence_ms: u64::try_from(open.longest_silence.as_millis()).unwrap_or(u64::MAX),
    });
    stored.map(|stored| postcard::to_stdvec(&stored).expect("words and numbers serialise")).unwrap_or_default()
}

/// And back. What cannot be read is told in the log, and opens nothing.
fn unpacked(monitor: i64, packed: &[u8]) -> Option<Open> {
    if packed.is_empty() {
        return None;
    }
    let read = || {
        let row = || format!("the spell that monitor number {monitor} has open");
        let stored: StoredOpen = postcard::from_bytes(packed).map_err(|error| Fault::unreadable(row(), error))?;
        Ok(Open {
            finding: finding(&stored.verdict, &stored.cause, row)?,
            began_at: at(stored.began_at),
            last_at: at(stored.last_at),
            readings: stored.readings,
            longest_silence: Duration::from_millis(stored.silence_ms),
        })
    };
    readable(vec![()], |()| read()).ok()?.pop()
}

/// The word of a finding's cause; of an unknown one, of why it is.
fn cause(finding: Finding) -> String {
    match finding {
        Finding::Passing => String::new(),
        Finding::Failing(cause) => to_word(&cause),
        Finding::Unknown(blind) => to_word(&blind),
    }
}

/// The finding that has these words.
fn finding(verdict: &str, cause: &str, row: impl Fn() -> String) -> Result<Finding, Fault> {
    from_json(&to_json(&BTreeMap::from([(verdict, cause)])), row)
}

#[derive(Serialize)]
struct Place {
    monitor: i64,
    hour: i64,
    /// When a spell began whose row stays as it is; 0 for none.
    kept: i64,
}

#[derive(Serialize)]
struct LeftOpenOut {
    monitor: i64,
    hour: i64,
    left_open: String,
}

#[derive(Serialize)]
struct SpellOut {
    monitor: i64,
    began_at: i64,
    ended_at: i64,
    verdict: Verdict,
    cause: String,
    readings: u32,
    silence_ms: i64,
    then_verdict: Option<Verdict>,
}

impl SpellOut {
    fn new(monitor: i64, spell: &Spell) -> Self {
        Self {
            monitor,
            began_at: spell.began_at.as_millis(),
            ended_at: spell.ended_at.as_millis(),
            verdict: spell.finding.verdict(),
            cause: cause(spell.finding),
            readings: spell.readings,
            silence_ms: millis(spell.longest_silence),
            then_verdict: spell.then,
        }
    }
}

row! {
    /// A block, what it left open so far, and whether there is one before it, and what that left open.
    struct BlockRow {
        monitor: i64,
        hour: i64,
        left_open: Option<Vec<u8>>,
        hour_before: Option<i64>,
        open_before: Option<Vec<u8>>,
    }
}

/// Makes the spells of these hours, whose blocks are written, in the transaction that the caller holds.
pub(crate) async fn write_spells(
    tx: &mut Connection,
    found: &Found,
    intervals: &HashMap<i64, i64>,
) -> Result<(), Fault> {
    let mut blocks = blocks_of(tx, found).await?;
    blocks.sort_by_key(|block| (block.monitor, block.hour));
    let mut left_open: HashMap<(i64, i64), Option<Open>> = HashMap::new();
    let (mut made, mut changed, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for block in &blocks {
        let BlockRow { monitor, hour, .. } = *block;
        let every = interval(intervals.get(&monitor).copied());
        let before = match (block.hour_before, &block.open_before) {
            (None, _) => None,
            (Some(before), stored) => match (left_open.get(&(monitor, before)), stored) {
                (Some(open), _) => *open,
                (None, Some(stored)) => unpacked(monitor, stored),
                // Its turn comes with that of the block before.
                (None, None) => continue,
            },
        };
        let readings = found.get(&(monitor, hour)).into_iter().flatten().copied();
        let (ended, open) = spells(before, every, readings);
        rows.extend(ended.iter().map(|spell| SpellOut::new(monitor, spell)));
        let packed = packed(open.as_ref());
        let is_as_before = block.left_open.as_ref() == Some(&packed);
        // Later hours have gone on from it, and know better how it ended.
        let kept = open.filter(|_| is_as_before).map_or(0, |open| open.began_at.as_millis());
        if !is_as_before {
            rows.extend(open.map(|open| SpellOut::new(monitor, &open.ended(every, None))));
            changed.push(Place { monitor, hour, kept });
        }
        made.push((Place { monitor, hour, kept }, LeftOpenOut { monitor, hour, left_open: hex(&packed) }));
        left_open.insert((monitor, hour), open);
    }
    let (places, left_open): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    // Those behind first: they may be among these hours.
    unmake_behind(tx, &changed).await?;
    put_left_open(tx, &left_open).await?;
    remove_begun_in(tx, &places).await?;
    put(tx, &rows).await
}

async fn blocks_of(tx: &mut Connection, found: &Found) -> Result<Vec<BlockRow>, Fault> {
    let places: Vec<_> =
        found.keys().map(|(monitor, hour)| Place { monitor: *monitor, hour: *hour, kept: 0 }).collect();
    let blocks = query_as(concat!(
        "SELECT blocks.monitor, blocks.hour, blocks.left_open, \
            earlier.hour AS hour_before, earlier.left_open AS open_before FROM ",
        each!("$1"),
        " CROSS JOIN blocks LEFT JOIN blocks AS earlier ON earlier.monitor = blocks.monitor AND earlier.hour = \
            (SELECT MAX(hour) FROM blocks AS former WHERE former.monitor = blocks.monitor AND former.hour < blocks.hour) \
         WHERE blocks.monitor = CAST(value ->> 'monitor' AS BIGINT) AND blocks.hour = CAST(value ->> 'hour' AS BIGINT)"
    ));
    Ok(blocks.bind(to_json(&places)).fetch_all(tx).await?)
}

/// Marks the block behind each of these hours as one whose spells are to be made again.
async fn unmake_behind(tx: &mut Connection, places: &[Place]) -> Result<(), Fault> {
    if places.is_empty() {
        return Ok(());
    }
    let sql = concat!(
        "UPDATE blocks SET left_open = NULL WHERE number IN (SELECT behind.number FROM ",
        each!("$1"),
        " CROSS JOIN blocks AS behind WHERE behind.monitor = CAST(value ->> 'monitor' AS BIGINT) AND behind.hour = \
            (SELECT MIN(later.hour) FROM blocks AS later WHERE later.monitor = CAST(value ->> 'monitor' AS BIGINT) \
              AND later.hour > CAST(value ->> 'hour' AS BIGINT)))"
    );
    query(sql).bind(to_json(&places)).execute(tx).await?;
    Ok(())
}

async fn put_left_open(tx: &mut Connection, left_open: &[LeftOpenOut]) -> Result<(), Fault> {
    let sql = concat!(
        "UPDATE blocks SET left_open = made.left_open FROM (SELECT CAST(value ->> 'monitor' AS BIGINT) AS monitor, \
            CAST(value ->> 'hour' AS BIGINT) AS hour, ",
        bytes!("value ->> 'left_open'"),
        " AS left_open FROM ",
        each!("$1"),
        ") AS made WHERE blocks.monitor = made.monitor AND blocks.hour = made.hour"
    );
    query(sql).bind(to_json(&left_open)).execute(tx).await?;
    Ok(())
}

async fn remove_begun_in(tx: &mut Connection, places: &[Place]) -> Result<(), Fault> {
    let sql = concat!(
        "DELETE FROM spells WHERE (monitor, began_at) IN (SELECT spells.monitor, spells.began_at FROM ",
        each!("$1"),
        " CROSS JOIN spells WHERE spells.monitor = CAST(value ->> 'monitor' AS BIGINT) \
            AND spells.began_at >= CAST(value ->> 'hour' AS BIGINT) \
            AND spells.began_at < CAST(value ->> 'hour' AS BIGINT) + $2 \
            AND spells.began_at <> CAST(value ->> 'kept' AS BIGINT))"
    );
    query(sql).bind(to_json(&places)).bind(HOUR_MS).execute(tx).await?;
    Ok(())
}

async fn put(tx: &mut Connection, rows: &[SpellOut]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    // One that goes on over some of these hours is there more than once, and the last is the latest.
    let rows: BTreeMap<(i64, i64), &SpellOut> = rows.iter().map(|row| ((row.monitor, row.began_at), row)).collect();
    let sql = concat!(
        "INSERT INTO spells (monitor, began_at, ended_at, verdict, cause, readings, silence_ms, then_verdict) \
         SELECT CAST(value ->> 'monitor' AS BIGINT), CAST(value ->> 'began_at' AS BIGINT), \
            CAST(value ->> 'ended_at' AS BIGINT), value ->> 'verdict', value ->> 'cause', \
            CAST(value ->> 'readings' AS BIGINT), CAST(value ->> 'silence_ms' AS BIGINT), value ->> 'then_verdict' FROM ",
        each!("$1"),
        " WHERE true \
         ON CONFLICT (monitor, began_at) DO UPDATE SET ended_at = excluded.ended_at, readings = excluded.readings, \
            silence_ms = excluded.silence_ms, then_verdict = excluded.then_verdict"
    );
    query(sql).bind(to_json(&rows.into_values().collect::<Vec<_>>())).execute(tx).await?;
    Ok(())
}

row! {
    struct SpellRow {
        began_at: i64,
        ended_at: i64,
        verdict: String,
        cause: String,
        readings: i64,
        silence_ms: i64,
        then_verdict: Option<String>,
    }
}

impl SpellRow {
    fn read(self) -> Result<Spell, Fault> {
        let row = || format!("the spell begun at {}", at(self.began_at));
        Ok(Spell {
            finding: finding(&self.verdict, &self.cause, row)?,
            began_at: at(self.began_at),
            ended_at: at(self.ended_at),
            readings: number(self.readings, row)?,
            longest_silence: Duration::from_millis(self.silence_ms.unsigned_abs()),
            then: self.then_verdict.map(|word| from_json(&to_json(&word), row)).transpose()?,
        })
    }
}

/// Stored spells of a page.
async fn stored(tx: &mut Connection, monitor: i64, page: &SpellsPage, most: i64) -> Result<Vec<Spell>, Fault> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT began_at, ended_at, verdict, cause, readings, silence_ms, then_verdict FROM spells WHERE monitor = ",
    );
    query.push_bind(monitor);
    if let Some(verdict) = page.verdict {
        query.push(" AND verdict = ").push_bind(verdict.to_string());
    }
    if let Some(since) = page.since {
        query.push(" AND ended_at > ").push_bind(since.as_millis());
    }
    if let Some(until) = page.until {
        query.push(" AND began_at < ").push_bind(until.as_millis());
    }
    query.push(if page.oldest_first { " ORDER BY began_at LIMIT " } else { " ORDER BY began_at DESC LIMIT " });
    query.push_bind(most);
    let rows: Vec<SpellRow> = query.build_query_as().persistent(stays_prepared()).fetch_all(tx).await?;
    readable(rows, SpellRow::read)
}

/// The newest stored spells of each of these monitors, by their places.
async fn stored_latest(
    tx: &mut Connection,
    asked: &[Asked],
    verdict: Verdict,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(usize, Spell)>, Fault> {
    let places: Vec<_> = asked.iter().map(|asked| (asked.place, asked.number)).collect();
    let rows: Vec<Placed<SpellRow>> = query_as(concat!(
        "SELECT place, began_at, ended_at, verdict, cause, readings, silence_ms, then_verdict FROM \
            (SELECT CAST(value ->> 0 AS BIGINT) AS place, spells.*, \
                ROW_NUMBER() OVER (PARTITION BY spells.monitor ORDER BY spells.began_at DESC) AS nth FROM ",
        each!("$1"),
        " CROSS JOIN spells WHERE spells.monitor = CAST(value ->> 1 AS BIGINT) AND spells.verdict = $2 \
            AND spells.ended_at > $3 AND spells.began_at < $4) AS found \
         WHERE nth <= $5"
    ))
    .bind(to_json(&places))
    .bind(verdict.to_string())
    .bind(since.as_millis())
    .bind(until.as_millis())
    .bind(i64::from(SpellsPage::SPELLS_MAX))
    .fetch_all(tx)
    .await?;
    readable(rows, |row| Ok((placed(row.place)?, row.row.read()?)))
}

fn placed(place: i64) -> Result<usize, Fault> {
    usize::try_from(place).map_err(|error| Fault::unreadable(format!("place {place}"), error))
}

/// The spells of the hours that are not packed yet, and the one that was open before, of each of these monitors by its place.
async fn since_packed(tx: &mut Connection, asked: &[Asked]) -> Result<Vec<(usize, Spell)>, Fault> {
    let numbers: Vec<_> = asked.iter().map(|asked| (asked.number,)).collect();
    let latest: Vec<(i64, i64, Option<Vec<u8>>)> = query_as(concat!(
        "SELECT blocks.monitor, blocks.hour, blocks.left_open FROM ",
        each!("$1"),
        " CROSS JOIN blocks WHERE blocks.monitor = CAST(value ->> 0 AS BIGINT) AND blocks.hour = \
            (SELECT MAX(hour) FROM blocks AS later WHERE later.monitor = CAST(value ->> 0 AS BIGINT))"
    ))
    .bind(to_json(&numbers))
    .fetch_all(&mut *tx)
    .await?;
    let latest: HashMap<i64, (i64, Option<Vec<u8>>)> =
        latest.into_iter().map(|(monitor, hour, left_open)| (monitor, (hour, left_open))).collect();
    // What came late, for an hour that is packed, is told once it is in its block.
    let from = |asked: &Asked| latest.get(&asked.number).map_or(i64::MIN, |(hour, _)| hour.saturating_add(HOUR_MS));
    let since: Vec<_> = asked.iter().map(|asked| (asked.place, asked.number, from(asked))).collect();
    let rows = rows_since(tx, &since, Timestamp::FAR_FUTURE).await?;
    let findings = findings_of_rows(tx, &rows).await?;
    let mut found = Vec::new();
    for Asked { place, number, every } in asked.iter().copied() {
        let open = latest.get(&number).and_then(|(_, left_open)| unpacked(number, left_open.as_deref()?));
        let rows = rows.get(&place).into_iter().flatten();
        let readings = rows.filter_map(|(shape, numbers)| Some((numbers.begun_at, findings.get(shape)?.finding)));
        let (ended, open) = spells(open, every, readings);
        found.extend(ended.into_iter().chain(open.map(|open| open.ended(every, None))).map(|spell| (place, spell)));
    }
    Ok(found)
}
