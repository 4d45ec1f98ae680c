//! Roll-ups, as people read them.

use super::Database;
use super::dialect::{Connection, each};
use super::packing::{HOUR_MS, Parts, StoredHour, interval, number_of, unpack};
use super::readings::findings;
use super::{query_as, query_scalar};
use crate::error::Fault;
use crate::narrow::{Numbers, Seen, row};
use crate::read::{at, to_json};
use crate::rollup::{Rollup, Since, Span, roll_up};
use crate::{Rolled, RollupsPage};
use flyball_model::{MonitorId, Timestamp};
use std::collections::HashMap;
use std::time::Duration;

/// Rows of monitors since a moment of each. What is asked for is made into numbers once, and not for each row that is found.
pub(crate) const ROWS_SINCE: &str = concat!(
    "WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS place, \
        CAST(value ->> 1 AS BIGINT) AS monitor, CAST(value ->> 2 AS BIGINT) AS since FROM ",
    each!("$1"),
    ") SELECT asked.place, readings.begun_at, readings.packed FROM asked CROSS JOIN readings \
     WHERE readings.monitor = asked.monitor AND readings.begun_at >= asked.since AND readings.begun_at < $2"
);

/// Roll-ups of a span, of monitors between two moments of each; asked for in the same way.
pub(crate) const ROLLED_WITHIN: &str = concat!(
    "WITH asked AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS place, \
        CAST(value ->> 1 AS BIGINT) AS monitor, CAST(value ->> 2 AS BIGINT) AS since, \
        CAST(value ->> 3 AS BIGINT) AS until FROM ",
    each!("$1"),
    ") SELECT asked.place, rollups.start, rollups.packed FROM asked CROSS JOIN rollups \
     WHERE rollups.monitor = asked.monitor AND rollups.span = $2 \
        AND rollups.start >= asked.since AND rollups.start < asked.until"
);

/// A monitor that is asked for, by its place among those that are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) place: usize,
    pub(crate) number: i64,
    pub(crate) every: Duration,
}

/// Those of these monitors that ever had a reading.
pub(crate) async fn numbered(tx: &mut Connection, monitors: &[MonitorId]) -> Result<Vec<Asked>, Fault> {
    let places: Vec<(usize, String)> = monitors.iter().map(MonitorId::to_string).enumerate().collect();
    let rows: Vec<(i64, i64, Option<i64>)> = query_as(concat!(
        "SELECT CAST(value ->> 0 AS BIGINT), number, every_ms FROM ",
        each!("$1"),
        " CROSS JOIN monitor_numbers WHERE monitor_id = value ->> 1"
    ))
    .bind(to_json(&places))
    .fetch_all(tx)
    .await?;
    let asked = |(place, number, every_ms): (i64, i64, Option<i64>)| {
        Some(Asked { place: usize::try_from(place).ok()?, number, every: interval(every_ms) })
    };
    Ok(rows.into_iter().filter_map(asked).collect())
}

/// Rows of these monitors since each one's own moment and until another, by their places.
pub(crate) async fn rows_since(
    tx: &mut Connection,
    since: &[(usize, i64, i64)],
    until: Timestamp,
) -> Result<HashMap<usize, Vec<(u32, Numbers)>>, Fault> {
    let rows: Vec<(i64, i64, Vec<u8>)> =
        query_as(ROWS_SINCE).bind(to_json(since)).bind(until.as_millis()).fetch_all(tx).await?;
    let mut of_each: HashMap<usize, Vec<(u32, Numbers)>> = HashMap::new();
    for (place, begun_at, packed) in rows {
        let Ok(place) = usize::try_from(place) else { continue };
        of_each.entry(place).or_default().extend(row::unpack(at(begun_at), &packed).ok());
    }
    // They come in this order where an index gives them, and cost little here; asked for it, SQLite sorts them all anew.
    of_each.values_mut().for_each(|rows| rows.sort_by_key(|(_, numbers)| numbers.begun_at));
    Ok(of_each)
}

/// What all of these rows found, by their shapes.
pub(crate) async fn findings_of_rows(
    tx: &mut Connection,
    rows: &HashMap<usize, Vec<(u32, Numbers)>>,
) -> Result<HashMap<u32, Seen>, Fault> {
    findings(tx, &rows.values().flatten().map(|(shape, _)| *shape).collect()).await
}

/// A stretch of time of a monitor that is not added up yet.
#[derive(Debug, Clone, Copy)]
struct Gap {
    asked: Asked,
    since: Timestamp,
    until: Timestamp,
}

impl Database {
    /// What became of each of these monitors between two times: whole days, hours of days that are not rolled up or not whole,
    /// five minutes of hours that are not, and the rows of the hour that runs.
    pub(crate) async fn read_rolled_up(
        &self,
        monitors: &[MonitorId],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Rollup>, Fault> {
        let mut tx = self.reading().await?;
        let asked = numbered(&mut tx, monitors).await?;
        let mut sums = vec![Rollup::default(); monitors.len()];
        let mut gaps: Vec<Gap> = asked.iter().map(|asked| Gap { asked: *asked, since, until }).collect();
        for span in Span::ALL.into_iter().rev() {
            let mut left = Vec::new();
            for (gap, rolled) in gaps.iter().zip(rolled_within(&mut tx, span, &gaps).await?) {
                let mut from = gap.since;
                for Rolled { start, rollup } in rolled {
                    sums[gap.asked.place].add(&rollup);
                    left.push(Gap { since: from, until: start, ..*gap });
                    from = start + span.length();
                }
                left.push(Gap { since: from, ..*gap });
            }
            gaps = left.into_iter().filter(|gap| gap.since < gap.until).collect();
        }
        for (place, rollup) in roll_up_rows(&mut tx, &asked, since, until).await? {
            sums[place].add(&rollup);
        }
        Ok(sums)
    }

    /// A page of roll-ups, oldest first.
    pub(crate) async fn read_rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Fault> {
        let rows: Vec<(i64, Vec<u8>)> = query_as(
            "SELECT rollups.start, rollups.packed FROM rollups \
             JOIN monitor_numbers ON monitor_numbers.number = rollups.monitor \
             WHERE monitor_numbers.monitor_id = $1 AND rollups.span = $2 AND rollups.start >= $3 AND rollups.start < $4 \
             ORDER BY rollups.start LIMIT $5",
        )
        .bind(page.monitor.to_string())
        .bind(number_of(page.span))
        .bind(stored_since(page.span, page.since).as_millis())
        .bind(page.until.as_millis())
        .bind(i64::from(RollupsPage::ROLLUPS_MAX))
        .fetch_all(&mut *self.reading().await?)
        .await?;
        let mut rolled = Vec::with_capacity(rows.len());
        for (start, packed) in rows {
            match unpacked(page.span, at(start), &packed) {
                Ok(spans) => rolled.extend(spans),
                Err(error) => tracing::warn!(%error, start, "a roll-up cannot be read, and is left out"),
            }
        }
        rolled.retain(|span| span.start >= page.since && span.start < page.until);
        rolled.truncate(usize::try_from(RollupsPage::ROLLUPS_MAX).unwrap_or(usize::MAX));
        Ok(rolled)
    }

    /// The roll-ups of each of these monitors, oldest first.
    pub(crate) async fn read_rollups_of(
        &self,
        monitors: &[MonitorId],
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Rolled>>, Fault> {
        let mut tx = self.reading().await?;
        let asked = numbered(&mut tx, monitors).await?;
        let places: Vec<_> = asked.iter().map(|asked| (asked.place, asked.number)).collect();
        let rows: Vec<(i64, i64, Vec<u8>)> = query_as(concat!(
            "SELECT CAST(value ->> 0 AS BIGINT), rollups.start, rollups.packed FROM ",
            each!("$1"),
            " CROSS JOIN rollups WHERE rollups.monitor = CAST(value ->> 1 AS BIGINT) AND rollups.span = $2 \
                AND rollups.start >= $3 AND rollups.start < $4 \
             ORDER BY rollups.start DESC LIMIT $5"
        ))
        .bind(to_json(&places))
        .bind(number_of(span))
        .bind(stored_since(span, since).as_millis())
        .bind(until.as_millis())
        .bind(i64::from(RollupsPage::ROLLUPS_MAX))
        .fetch_all(&mut *tx)
        .await?;
        let mut of_each = vec![Vec::new(); monitors.len()];
        for (place, start, packed) in rows.into_iter().rev() {
            let Some(found) = usize::try_from(place).ok().and_then(|place| of_each.get_mut(place)) else { continue };
            match unpacked(span, at(start), &packed) {
                Ok(spans) => {
                    found.extend(spans.into_iter().filter(|rolled| rolled.start >= since && rolled.start < until));
                }
                Err(error) => tracing::warn!(%error, start, "a roll-up cannot be read, and is left out"),
            }
        }
        Ok(of_each)
    }
}

/// From when on what is stored has spans that began since then: those of five minutes are stored by the hour.
fn stored_since(span: Span, since: Timestamp) -> Timestamp {
    match span {
        Span::FiveMinutes => Span::Hour.start_of(since),
        Span::Hour | Span::Day => since,
    }
}

/// The spans that lie within each of these stretches from end to end, oldest first.
async fn rolled_within(tx: &mut Connection, span: Span, gaps: &[Gap]) -> Result<Vec<Vec<Rolled>>, Fault> {
    let places: Vec<_> = gaps
        .iter()
        .enumerate()
        .map(|(place, gap)| (place, gap.asked.number, stored_since(span, gap.since).as_millis(), gap.until.as_millis()))
        .collect();
    let rows: Vec<(i64, i64, Vec<u8>)> =
        query_as(ROLLED_WITHIN).bind(to_json(&places)).bind(number_of(span)).fetch_all(tx).await?;
    let mut within = vec![Vec::new(); gaps.len()];
    for (place, start, packed) in rows {
        let Some((gap, found)) =
            usize::try_from(place).ok().and_then(|place| gaps.get(place).zip(within.get_mut(place)))
        else {
            continue;
        };
        let is_within = |rolled: &Rolled| rolled.start >= gap.since && rolled.start + span.length() <= gap.until;
        match unpacked(span, at(start), &packed) {
            Ok(spans) => found.extend(spans.into_iter().filter(is_within)),
            Err(error) => tracing::warn!(%error, start, "a roll-up cannot be read, and is left out"),
        }
    }
    within.iter_mut().for_each(|found| found.sort_by_key(|rolled| rolled.start));
    Ok(within)
}

/// What became of the hours that are not packed yet, by the monitors' places.
async fn roll_up_rows(
    tx: &mut Connection,
    asked: &[Asked],
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(usize, Rollup)>, Fault> {
    let packed_until: i64 =
        query_scalar("SELECT value FROM counters WHERE name = 'hours_until'").fetch_one(&mut *tx).await?;
    let from = since.max(at(packed_until));
    let since: Vec<_> = asked.iter().map(|asked| (asked.place, asked.number, from.as_millis())).collect();
    let rows = rows_since(tx, &since, until).await?;
    let findings = findings_of_rows(tx, &rows).await?;
    let before = latest_before(tx, asked, from).await?;
    let of_one = |asked: &Asked| {
        let rows = rows.get(&asked.place).into_iter().flatten();
        let readings: Vec<(Seen, Numbers)> =
            rows.filter_map(|(shape, numbers)| Some((*findings.get(shape)?, *numbers))).collect();
        let before = before.get(&asked.number).copied();
        (asked.place, roll_up(from, until, asked.every, before, &readings, None))
    };
    Ok(asked.iter().map(of_one).collect())
}

/// The latest reading of the hour before this moment, of those monitors whose hour is packed.
async fn latest_before(tx: &mut Connection, asked: &[Asked], moment: Timestamp) -> Result<HashMap<i64, Since>, Fault> {
    let numbers: Vec<_> = asked.iter().map(|asked| (asked.number,)).collect();
    let rows: Vec<(i64, Vec<u8>)> = query_as(concat!(
        "SELECT rollups.monitor, rollups.packed FROM ",
        each!("$1"),
        " CROSS JOIN rollups \
         WHERE rollups.monitor = CAST(value ->> 0 AS BIGINT) AND rollups.span = 1 AND rollups.start = $2"
    ))
    .bind(to_json(&numbers))
    .bind(moment.as_millis() - HOUR_MS)
    .fetch_all(tx)
    .await?;
    let last = |(monitor, packed): (i64, Vec<u8>)| Some((monitor, unpack::<StoredHour>(&packed).ok()?.last?));
    Ok(rows.into_iter().filter_map(last).collect())
}

fn unpacked(
    span: Span,
    start: Timestamp,
    packed: &[u8],
) -> Result<Vec<Rolled>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(match span {
        Span::FiveMinutes => unpack::<Parts>(packed)?
            .into_iter()
            .map(|(place, rollup)| Rolled { start: start + span.length() * u32::from(place), rollup })
            .collect(),
        Span::Hour => vec![Rolled { start, rollup: unpack::<StoredHour>(packed)?.rollup }],
        Span::Day => vec![Rolled { start, rollup: unpack::<Rollup>(packed)? }],
    })
}
