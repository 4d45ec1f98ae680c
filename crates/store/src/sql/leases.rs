//! Leases: by compare-and-set on one row for each shard. Times are of the clock that the store goes by, never a node's own.

use super::Database;
use super::dialect::{Connection, ONE_ENGINE, each, now};
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{from_text, millis, number, to_json};
use crate::{Error, Held, Lease, Leases, Peer, Shard, Shares, Tenure};
use async_trait::async_trait;
use flyball_model::{Excerpt, NodeId, Timestamp};
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize)]
struct HeldRow {
    shard: u8,
    epoch: i64,
}

#[derive(Serialize)]
struct ShardRow {
    shard: u8,
}

fn rows(shards: &[Shard]) -> String {
    to_json(&shards.iter().map(|shard| ShardRow { shard: shard.number() }).collect::<Vec<_>>())
}

#[async_trait]
impl Leases for Database {
    fn is_shared(&self) -> bool {
        !ONE_ENGINE
    }

    async fn time(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let read = async {
            let sql = concat!("SELECT ", now!("CAST($1 AS BIGINT)"));
            let millis: i64 = query_scalar(sql).bind(now.as_millis()).fetch_one(&mut *self.reading().await?).await?;
            Ok(Timestamp::from_millis(millis))
        };
        read.await.map_err(self.told("read the time"))
    }

    async fn shares(&self, now: Timestamp) -> Result<Shares, Error> {
        let read = async { read(&mut *self.reading().await?, now).await };
        read.await.map_err(self.told("read who works on what"))
    }

    async fn hold(&self, node: NodeId, give: &[Shard], take: &[Shard], now: Timestamp) -> Result<Shares, Error> {
        let held = async {
            let mut tx = self.writing().await?;
            let sql = concat!(
                "UPDATE leases SET node = NULL, until_at = 0 WHERE node = $1 AND shard IN \
                 (SELECT CAST(value ->> 'shard' AS BIGINT) FROM ",
                each!("$2"),
                ")"
            );
            query(sql).bind(node.to_string()).bind(rows(give)).execute(&mut *tx).await?;
            let until = millis(Lease::TERM);
            let sql = concat!("UPDATE leases SET until_at = ", now!("$1"), " + $2 WHERE node = $3");
            query(sql).bind(now.as_millis()).bind(until).bind(node.to_string()).execute(&mut *tx).await?;
            let sql = concat!(
                "INSERT INTO leases (shard, node, epoch, until_at) \
                 SELECT CAST(value ->> 'shard' AS BIGINT), $1, 1, ",
                now!("$2"),
                " + $3 FROM ",
                each!("$4"),
                " WHERE true ON CONFLICT (shard) DO UPDATE SET node = excluded.node, epoch = leases.epoch + 1, \
                 until_at = excluded.until_at WHERE leases.node IS NULL OR leases.until_at <= ",
                now!("$2")
            );
            query(sql)
                .bind(node.to_string())
                .bind(now.as_millis())
                .bind(until)
                .bind(rows(take))
                .execute(&mut *tx)
                .await?;
            // Whoever renews a lease gives a sign of life: a lease lapses when its node falls silent, and not later.
            let sql = concat!("UPDATE engines SET renewed_at = ", now!("$1"), " WHERE node = $2");
            query(sql).bind(now.as_millis()).bind(node.to_string()).execute(&mut *tx).await?;
            let shares = read(&mut tx, now).await?;
            tx.commit().await?;
            Ok(shares)
        };
        held.await.map_err(self.told("hold a share of the work"))
    }

    async fn drain(&self, node: NodeId, drains: bool) -> Result<bool, Error> {
        let drained = async {
            let mut tx = self.writing().await?;
            // What it does by itself is its own: see `Texts::go_by`.
            let sql = "UPDATE engines SET drains = drains / 2 * 2 + $1 WHERE node = $2";
            let changed = query(sql).bind(i64::from(drains)).bind(node.to_string()).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(changed.rows_affected() > 0)
        };
        drained.await.map_err(self.told("drain a node"))
    }
}

/// Whether a node still holds all that it holds something by. In the transaction that writes it, since hands change only in such.
pub(crate) async fn holds(tx: &mut Connection, tenure: &Tenure) -> Result<bool, Fault> {
    let rows: Vec<_> =
        tenure.held.iter().map(|held| HeldRow { shard: held.shard.number(), epoch: held.epoch }).collect();
    let sql = concat!(
        "SELECT COUNT(*) FROM ",
        each!("$1"),
        " JOIN leases ON leases.shard = CAST(value ->> 'shard' AS BIGINT) \
         AND leases.epoch = CAST(value ->> 'epoch' AS BIGINT) WHERE leases.node = $2"
    );
    let held: i64 = query_scalar(sql).bind(to_json(&rows)).bind(tenure.node.to_string()).fetch_one(tx).await?;
    Ok(usize::try_from(held).is_ok_and(|held| held == rows.len()))
}

async fn read(tx: &mut Connection, now: Timestamp) -> Result<Shares, Fault> {
    let sql = concat!(
        "SELECT node, host, process, ",
        now!("$1"),
        " - renewed_at, drains FROM engines ORDER BY renewed_at DESC, node"
    );
    let peers: Vec<(String, String, i64, i64, i64)> = query_as(sql).bind(now.as_millis()).fetch_all(&mut *tx).await?;
    let sql = concat!(
        "SELECT shard, node, epoch, until_at - ",
        now!("$1"),
        " FROM leases WHERE node IS NOT NULL ORDER BY shard"
    );
    let leases: Vec<(i64, String, i64, i64)> = query_as(sql).bind(now.as_millis()).fetch_all(tx).await?;
    let span = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    let peer = |(node, host, process, silent_for, drains): (String, String, i64, i64, i64)| {
        let row = || format!("the sign of life of node {node}");
        Ok(Peer {
            node: from_text(&node, row)?,
            host: Excerpt::of(&host),
            process: number(process, row)?,
            silent_for: span(silent_for),
            drains: drains != 0,
        })
    };
    let lease = |(shard, node, epoch, left): (i64, String, i64, i64)| {
        let row = || format!("the lease of shard {shard}");
        let shard = Shard::numbered(shard).ok_or_else(|| Fault::unreadable(row(), "there is no such shard"))?;
        Ok(Lease { held: Held { shard, epoch }, node: from_text(&node, row)?, left: span(left) })
    };
    let peers: Result<Vec<_>, Fault> = peers.into_iter().map(peer).collect();
    let leases: Result<Vec<_>, Fault> = leases.into_iter().map(lease).collect();
    Ok(Shares { peers: peers?, leases: leases? })
}
