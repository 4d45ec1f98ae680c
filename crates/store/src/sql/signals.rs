//! What came in by the keys of monitors.

use super::Database;
use super::{query, query_as};
use crate::error::Fault;
use crate::read::{at, from_text, readable};
use crate::{Error, SIGNALS_KEPT, Signals};
use async_trait::async_trait;
use flyball_model::{Excerpt, MonitorId, Signal};

/// Removes what is too much of one kind. The first start of a run that has not ended stays: by it is known for how long the run lasts,
/// however often it is begun anew.
const TOO_MANY: &str = "DELETE FROM signals WHERE monitor_id = $1 AND kind = $2 \
    AND number < (SELECT MIN(newest.number) FROM (SELECT number FROM signals WHERE monitor_id = $1 AND kind = $2 \
      ORDER BY number DESC LIMIT $3) AS newest) \
    AND number <> COALESCE((SELECT MIN(number) FROM signals WHERE monitor_id = $1 AND kind = 'started' AND number > \
      COALESCE((SELECT MAX(number) FROM signals WHERE monitor_id = $1 AND kind IN ('passing', 'failing', 'awaited')), -1)), -1)";

#[async_trait]
impl Signals for Database {
    async fn note_signal(&self, monitor: MonitorId, signal: &Signal) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            let (monitor, kind) = (monitor.to_string(), signal.kind.as_str());
            let sql = "INSERT INTO signals (monitor_id, number, at, kind, words) \
                       SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM signals WHERE monitor_id = $1";
            let row = query(sql).bind(&monitor).bind(signal.at.as_millis()).bind(kind).bind(signal.words.as_str());
            row.execute(&mut *tx).await?;
            query(TOO_MANY).bind(&monitor).bind(kind).bind(i64::from(SIGNALS_KEPT)).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note what came in for a monitor"))
    }

    async fn signals(&self, monitor: MonitorId) -> Result<Vec<Signal>, Error> {
        let read = async {
            let sql = "SELECT at, kind, words FROM signals WHERE monitor_id = $1 ORDER BY number";
            let rows: Vec<(i64, String, String)> =
                query_as(sql).bind(monitor.to_string()).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, |(came, kind, words)| {
                let kind = from_text(&kind, || format!("a signal of monitor {monitor}"))?;
                Ok::<_, Fault>(Signal { at: at(came), kind, words: Excerpt::of(&words) })
            })
        };
        read.await.map_err(self.told("read what came in for a monitor"))
    }
}
