//! Roll-ups, as people read them.

use super::Database;
use super::packing::{Parts, StoredHour, interval, latest_before, number_of, unpack};
use super::readings::findings;
use super::{query_as, query_scalar};
use crate::error::Fault;
use crate::narrow::{Numbers, row};
use crate::read::at;
use crate::rollup::{Rollup, Span, roll_up};
use crate::{Rolled, RollupsPage};
use flyball_model::{Finding, MonitorId, Timestamp};

impl Database {
    /// What became of a monitor between two times: whole days, hours of days that are not rolled up or not whole, five
    /// minutes of hours that are not, and the rows of the hour that runs.
    pub(crate) async fn read_rolled_up(
        &self,
        monitor: MonitorId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Rollup, Fault> {
        let mut sum = Rollup::default();
        let mut gaps = vec![(since, until)];
        for span in Span::ALL.into_iter().rev() {
            let mut left = Vec::new();
            for (since, until) in gaps {
                let page = RollupsPage { monitor, span, since, until };
                let whole = |rolled: &Rolled| rolled.start + span.length() <= until;
                let mut from = since;
                for Rolled { start, rollup } in self.read_rollups(&page).await?.into_iter().filter(whole) {
                    sum.add(&rollup);
                    left.push((from, start));
                    from = start + span.length();
                }
                left.push((from, until));
            }
            gaps = left.into_iter().filter(|(from, to)| from < to).collect();
        }
        if let Some(rollup) = self.roll_up_rows(monitor, since, until).await? {
            sum.add(&rollup);
        }
        Ok(sum)
    }

    /// What became of the hours that are not packed yet.
    async fn roll_up_rows(
        &self,
        monitor: MonitorId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Rollup>, Fault> {
        let mut tx = self.reading().await?;
        let packed_until: i64 =
            query_scalar("SELECT value FROM counters WHERE name = 'hours_until'").fetch_one(&mut *tx).await?;
        let found: Option<(i64, Option<i64>)> =
            query_as("SELECT number, every_ms FROM monitor_numbers WHERE monitor_id = $1")
                .bind(monitor.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        let Some((number, every_ms)) = found else { return Ok(None) };
        let from = since.max(at(packed_until));
        let rows: Vec<(i64, Vec<u8>)> = query_as(
            "SELECT begun_at, packed FROM readings WHERE monitor = $1 AND begun_at >= $2 AND begun_at < $3 \
             ORDER BY begun_at",
        )
        .bind(number)
        .bind(from.as_millis())
        .bind(until.as_millis())
        .fetch_all(&mut *tx)
        .await?;
        let rows: Vec<_> =
            rows.into_iter().filter_map(|(begun_at, packed)| row::unpack(at(begun_at), &packed).ok()).collect();
        let findings = findings(&mut tx, &rows.iter().map(|(shape, _)| *shape).collect()).await?;
        let readings: Vec<(Finding, Numbers)> =
            rows.iter().filter_map(|(shape, numbers)| Some((*findings.get(shape)?, *numbers))).collect();
        let before = latest_before(&mut tx, number, from).await?;
        Ok(Some(roll_up(from, until, interval(every_ms), before, &readings, None)))
    }

    /// A page of roll-ups, oldest first.
    pub(crate) async fn read_rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Fault> {
        // Five-minute spans are stored by the hour.
        let since = match page.span {
            Span::FiveMinutes => Span::Hour.start_of(page.since),
            Span::Hour | Span::Day => page.since,
        };
        let rows: Vec<(i64, Vec<u8>)> = query_as(
            "SELECT rollups.start, rollups.packed FROM rollups \
             JOIN monitor_numbers ON monitor_numbers.number = rollups.monitor \
             WHERE monitor_numbers.monitor_id = $1 AND rollups.span = $2 AND rollups.start >= $3 AND rollups.start < $4 \
             ORDER BY rollups.start LIMIT $5",
        )
        .bind(page.monitor.to_string())
        .bind(number_of(page.span))
        .bind(since.as_millis())
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
