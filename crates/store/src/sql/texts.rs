//! Texts of the file, and when each came into force last. Times are of the clock that the store goes by, never a node's own.

use super::Database;
use super::dialect::{Connection, now};
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{at, from_text, number};
use crate::{Error, OwnText, Reads, Texts};
use async_trait::async_trait;
use flyball_model::{Excerpt, NodeId, TextHash, Timestamp};
use std::time::Duration;

#[async_trait]
impl Texts for Database {
    async fn texts(&self, now: Timestamp) -> Result<Vec<OwnText>, Error> {
        let read = async {
            // A text that is not known any more is as old as can be.
            let sql = concat!(
                "SELECT node, host, process, ",
                now!("$1"),
                " - renewed_at AS silent_for, own_hash, COALESCE(texts.since, 0) AS since, goes_by, drains \
                 FROM engines LEFT JOIN texts ON texts.hash = own_hash \
                 WHERE own_hash IS NOT NULL AND goes_by IS NOT NULL ORDER BY renewed_at DESC, node"
            );
            let rows: Vec<TextRow> = query_as(sql).bind(now.as_millis()).fetch_all(&mut *self.reading().await?).await?;
            rows.into_iter().map(TextRow::read).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(self.told("read which file each node has"))
    }

    async fn text(&self, hash: TextHash) -> Result<Option<String>, Error> {
        let read = async {
            let text: Option<String> =
                query_scalar("SELECT COALESCE(own, in_force) FROM engines WHERE own_hash = $1 LIMIT 1")
                    .bind(hash.to_string())
                    .fetch_optional(&mut *self.reading().await?)
                    .await?;
            Ok(text)
        };
        read.await.map_err(self.told("read the file of another node"))
    }

    async fn edited(&self, node: NodeId, text: &str, hash: TextHash, now: Timestamp) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            query("UPDATE engines SET own = $1, own_hash = $2 WHERE node = $3")
                .bind(text)
                .bind(hash.to_string())
                .bind(node.to_string())
                .execute(&mut *tx)
                .await?;
            let sql = concat!(
                "INSERT INTO texts (hash, since) VALUES ($1, ",
                now!("$2"),
                ") ON CONFLICT (hash) DO UPDATE SET since = excluded.since"
            );
            query(sql).bind(hash.to_string()).bind(now.as_millis()).execute(&mut *tx).await?;
            forget_oldest(&mut tx).await?;
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note a changed file"))
    }

    async fn go_by(&self, node: NodeId, text: &str, hash: TextHash, reads: Reads) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            // Its own text stays readable, for others to go by.
            query(
                "UPDATE engines SET in_force = $1, goes_by = $2, \
                 own = CASE WHEN own_hash = $2 THEN NULL ELSE COALESCE(own, in_force) END, \
                 drains = drains % 2 + $3 WHERE node = $4",
            )
            .bind(text)
            .bind(hash.to_string())
            .bind(if reads == Reads::No { ASIDE } else { 0 })
            .bind(node.to_string())
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note what is in force"))
    }
}

/// What stands in `drains`, beside the 1 of a person, where a node gives its share away by itself: a node of the version before
/// then counts on it as little.
const ASIDE: i64 = 2;

/// A node has appeared with this text: it comes into force now where it was never seen.
pub(super) async fn appeared(tx: &mut Connection, hash: TextHash, now: Timestamp) -> Result<(), Fault> {
    let sql = concat!("INSERT INTO texts (hash, since) VALUES ($1, ", now!("$2"), ") ON CONFLICT (hash) DO NOTHING");
    query(sql).bind(hash.to_string()).bind(now.as_millis()).execute(&mut *tx).await?;
    forget_oldest(tx).await
}

/// Forgets the oldest beyond what is kept, but for those of nodes that are there.
async fn forget_oldest(tx: &mut Connection) -> Result<(), Fault> {
    query(
        "DELETE FROM texts WHERE hash NOT IN (SELECT hash FROM texts ORDER BY since DESC, hash DESC LIMIT $1) \
         AND NOT EXISTS (SELECT 1 FROM engines WHERE own_hash = texts.hash)",
    )
    .bind(i64::from(OwnText::KNOWN_MAX))
    .execute(tx)
    .await?;
    Ok(())
}

row! {
    struct TextRow {
        node: String,
        host: String,
        process: i64,
        silent_for: i64,
        own_hash: String,
        since: i64,
        goes_by: String,
        drains: i64,
    }
}

impl TextRow {
    fn read(self) -> Result<OwnText, Fault> {
        let row = || "the text of a node's own file".to_owned();
        Ok(OwnText {
            node: from_text(&self.node, row)?,
            host: Excerpt::of(&self.host),
            process: number(self.process, row)?,
            silent_for: Duration::from_millis(u64::try_from(self.silent_for).unwrap_or(0)),
            hash: from_text(&self.own_hash, row)?,
            since: at(self.since),
            goes_by: from_text(&self.goes_by, row)?,
            reads: if self.drains >= ASIDE { Reads::No } else { Reads::Yes },
        })
    }
}
