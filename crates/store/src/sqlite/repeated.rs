//! A long history for many monitors, for who measures: written once, and repeated for others as it lies in the database.

use super::Sqlite;
use crate::Error;
use crate::error::Fault;
use crate::read::to_json;
use flyball_model::{MonitorId, Timestamp};

/// Pages that one lot of rows touches again and again stay in memory, in KiB: otherwise each row costs a page of the index.
const CACHE: &str = "PRAGMA cache_size = -131072";

const NUMBERS: &str = "INSERT OR IGNORE INTO monitor_numbers (monitor_id, every_ms) \
    SELECT others.value, one.every_ms FROM json_each($1) AS others CROSS JOIN monitor_numbers AS one WHERE one.monitor_id = $2";

/// What was lived through, in the order of time as it is written when it happens.
const LIVED: &str = "CREATE TEMP TABLE lived AS SELECT span, start, packed FROM rollups \
    WHERE monitor = (SELECT number FROM monitor_numbers WHERE monitor_id = $1) \
        AND start >= CASE span WHEN 0 THEN $2 WHEN 1 THEN $3 ELSE 0 END \
    ORDER BY start, span";

const ROLLUPS: &str = "INSERT INTO rollups (monitor, span, start, packed) \
    SELECT others.number, lived.span, lived.start, lived.packed FROM temp.lived CROSS JOIN \
        (SELECT number FROM json_each($1) CROSS JOIN monitor_numbers WHERE monitor_id = value) AS others";

const SPELLS: &str = "INSERT INTO spells \
    (monitor, began_at, ended_at, verdict, cause, readings, silence_ms, then_verdict) \
    SELECT others.number, spells.began_at, spells.ended_at, spells.verdict, spells.cause, spells.readings, \
        spells.silence_ms, spells.then_verdict \
    FROM monitor_numbers AS one CROSS JOIN spells ON spells.monitor = one.number CROSS JOIN \
        (SELECT number FROM json_each($1) CROSS JOIN monitor_numbers WHERE monitor_id = value) AS others \
    WHERE one.monitor_id = $2";

impl Sqlite {
    /// Gives other monitors, which have no history, the roll-ups and spells of this one, as if they had lived through the same:
    /// all days and spells, its hours since one time, and its five minutes since another. Readings are not repeated.
    ///
    /// # Errors
    /// When one of them has a history, and when the database cannot be written.
    pub async fn repeat(
        &self,
        one: MonitorId,
        others: &[MonitorId],
        hours_since: Timestamp,
        five_minutes_since: Timestamp,
    ) -> Result<(), Error> {
        let repeated = async {
            let others: Vec<String> = others.iter().map(MonitorId::to_string).collect();
            let (one, others) = (one.to_string(), to_json(&others));
            let mut tx = self.writing().await?;
            sqlx::query(CACHE).execute(&mut *tx).await?;
            sqlx::query(NUMBERS).bind(&others).bind(&one).execute(&mut *tx).await?;
            let lived =
                sqlx::query(LIVED).bind(&one).bind(five_minutes_since.as_millis()).bind(hours_since.as_millis());
            lived.execute(&mut *tx).await?;
            sqlx::query(ROLLUPS).bind(&others).execute(&mut *tx).await?;
            sqlx::query("DROP TABLE temp.lived").execute(&mut *tx).await?;
            sqlx::query(SPELLS).bind(&others).bind(&one).execute(&mut *tx).await?;
            Ok::<_, Fault>(tx.commit().await?)
        };
        repeated.await.map_err(self.told("repeat a history"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, Definition, Loop as _, Origin, Retention as _, Span, SpellsPage, Timeline as _};
    use flyball_model::{Cause, Evidence, Excerpt, Finding, MonitorName, Reading};
    use std::time::Duration;

    #[tokio::test]
    async fn another_monitor_has_lived_through_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&directory.path().join("flyball.db")).await.unwrap();
        let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
        let begins: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let [one, other] = ["one", "other"].map(|name| MonitorId::of(&name.parse::<MonitorName>().unwrap()));
        let definition = Definition {
            id: one.0,
            name: "one".to_owned(),
            origin: Origin::File,
            kind: "http".to_owned(),
            settings: serde_json::Value::Null,
            every: Some(minute),
        };
        store.define(&[definition], &[], begins).await.unwrap();
        let reading = |nth: u32| Reading {
            begun_at: begins + minute * nth,
            took: Duration::from_millis(9),
            finding: if nth == 100 { Finding::Failing(Cause::Status) } else { Finding::Passing },
            words: Excerpt::default(),
            evidence: Evidence::None,
        };
        let readings = (0..2880).map(|nth| (one, reading(nth))).collect();
        store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
        let ends = begins + day * 2 + Duration::from_hours(3);
        store.sweep(ends).await.unwrap();
        store.repeat(one, &[other], begins + day, begins + day).await.unwrap();
        let sums = store.rolled_up(&[one, other], begins, ends).await.unwrap();
        assert_eq!(sums[0], sums[1]);
        assert_eq!(sums[0].readings(), 2880);
        let hours = store.rollups_of(&[one, other], Span::Hour, begins, ends).await.unwrap();
        assert!(hours[0].ends_with(&hours[1]) && hours[1].len() >= 24, "{}", hours[1].len());
        let page =
            |monitor| SpellsPage { monitor, verdict: None, since: None, until: None, oldest_first: true, spells: 0 };
        let spells = store.spells(&page(other)).await.unwrap();
        assert_eq!((spells.len(), &spells), (1, &store.spells(&page(one)).await.unwrap()));
        store.repeat(one, &[other], begins, begins).await.unwrap_err();
    }
}
