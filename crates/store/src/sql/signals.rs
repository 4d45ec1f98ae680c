//! What came in by the keys of monitors.

use super::Database;
use super::dialect::Connection;
use super::rows::commit_with;
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{at, from_text, readable};
use crate::{Error, HookSecrets, SIGNALS_KEPT, Signals};
use async_trait::async_trait;
use flyball_model::{Entry, Excerpt, MonitorId, Signal};

/// What stands before a monitor's id in the name of the secret that it was given.
const OF_MONITOR: &str = "hook ";

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

    async fn renew_hook(&self, monitor: MonitorId, secret: [u8; 32], entries: &[Entry]) -> Result<(), Error> {
        let renewed = async {
            let mut tx = self.writing().await?;
            let put = "INSERT INTO keys (name, secret) VALUES ($1, $2) \
                       ON CONFLICT (name) DO UPDATE SET secret = excluded.secret";
            query(put).bind(format!("{OF_MONITOR}{monitor}")).bind(secret.to_vec()).execute(&mut *tx).await?;
            let next = "INSERT INTO counters (name, value) VALUES ('hooks', 1) \
                        ON CONFLICT (name) DO UPDATE SET value = counters.value + 1";
            query(next).execute(&mut *tx).await?;
            commit_with(tx, true, entries).await
        };
        renewed.await.map(|_| ()).map_err(self.told("give a monitor another key"))
    }

    async fn hook_secrets(&self) -> Result<HookSecrets, Error> {
        let read = async {
            let mut tx = self.reading().await?;
            let version = version(&mut tx).await?;
            let sql = "SELECT name, secret FROM keys WHERE SUBSTR(name, 1, LENGTH($1)) = $1";
            let rows: Vec<(String, Vec<u8>)> = query_as(sql).bind(OF_MONITOR).fetch_all(&mut *tx).await?;
            // One that cannot be read is an error, and not left out: the key that it replaced would be good again.
            let secrets = rows.into_iter().map(|(name, secret)| {
                let row = || format!("key {name}");
                let monitor = MonitorId(from_text(&name[OF_MONITOR.len()..], row)?);
                let secret = <[u8; 32]>::try_from(secret.as_slice());
                Ok::<_, Fault>((monitor, secret.map_err(|error| Fault::unreadable(row(), error))?))
            });
            Ok(HookSecrets { version, secrets: secrets.collect::<Result<_, Fault>>()? })
        };
        read.await.map_err(self.told("read by which keys monitors are told"))
    }

    async fn hooks_version(&self) -> Result<i64, Error> {
        let read = async { version(&mut *self.reading().await?).await };
        read.await.map_err(self.told("see whether a monitor has another key"))
    }
}

/// How often a monitor was given a secret of its own. The counter is there from the first time on.
async fn version(tx: &mut Connection) -> Result<i64, Fault> {
    let counted: Option<i64> =
        query_scalar("SELECT value FROM counters WHERE name = 'hooks'").fetch_optional(tx).await?;
    Ok(counted.unwrap_or_default())
}
