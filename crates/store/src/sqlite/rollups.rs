//! Roll-ups, as people read them.

use super::Sqlite;
use super::packing::{Parts, StoredHour, number_of};
use super::read::at;
use crate::error::Fault;
use crate::rollup::{Rollup, Span};
use crate::{Rolled, RollupsPage};
use flyball_model::Timestamp;

impl Sqlite {
    /// A page of roll-ups, oldest first.
    pub(super) async fn read_rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Fault> {
        // Five-minute spans are stored by the hour.
        let since = match page.span {
            Span::FiveMinutes => Span::Hour.start_of(page.since),
            Span::Hour | Span::Day => page.since,
        };
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
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
        .fetch_all(&self.readers)
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

fn unpacked(span: Span, start: Timestamp, packed: &[u8]) -> Result<Vec<Rolled>, postcard::Error> {
    Ok(match span {
        Span::FiveMinutes => postcard::from_bytes::<Parts>(packed)?
            .into_iter()
            .map(|(place, rollup)| Rolled { start: start + span.length() * u32::from(place), rollup })
            .collect(),
        Span::Hour => vec![Rolled { start, rollup: postcard::from_bytes::<StoredHour>(packed)?.rollup }],
        Span::Day => vec![Rolled { start, rollup: postcard::from_bytes::<Rollup>(packed)? }],
    })
}
