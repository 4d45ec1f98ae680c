//! Signs of life, and what rounds saw.

use super::Database;
use super::copying::is_whole;
use super::dialect::{ONE_ENGINE, now};
use super::{query, query_as, query_scalar, texts};
use crate::error::Fault;
use crate::presence::Ground;
use crate::read::{at, from_text, millis, number};
use crate::{Error, Glimpse, Presence, SeenSign, Sign};
use async_trait::async_trait;
use flyball_model::{ApiHost, AppName, Excerpt, NodeId, ReleaseVersion, StoreLoss, SubjectKey, Timestamp};
use std::time::Duration;

/// How long the sign of an engine that died is seen, where others work on.
const SILENT_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// At most this many signs are read: there are fewer engines.
const SIGNS_MAX: i64 = 100;

#[async_trait]
impl Presence for Database {
    async fn appear(&self, sign: &Sign, now: Timestamp) -> Result<(), Error> {
        let appeared = async {
            let mut tx = self.writing().await?;
            // One that opened it just before a copy to it began has not seen the mark.
            is_whole(&mut tx).await?;
            // Those that died stay to be seen for a while.
            let kept = if ONE_ENGINE { Duration::ZERO } else { SILENT_KEPT };
            query(concat!("DELETE FROM engines WHERE node = $1 OR $2 = 0 OR renewed_at < ", now!("$3"), " - $2"))
                .bind(sign.node.to_string())
                .bind(millis(kept))
                .bind(now.as_millis())
                .execute(&mut *tx)
                .await?;
            query(concat!(
                "INSERT INTO engines (node, host, process, since, renewed_at, read_up_to, in_force, own_hash, goes_by) \
                 VALUES ($1, $2, $3, $4, ",
                now!("$5"),
                ", 0, $6, $7, $7)"
            ))
            .bind(sign.node.to_string())
            .bind(sign.host.as_str())
            .bind(i64::from(sign.process))
            .bind(sign.since.as_millis())
            .bind(now.as_millis())
            .bind(&sign.in_force)
            .bind(sign.own.map(|own| own.to_string()))
            .execute(&mut *tx)
            .await?;
            if let Some(own) = sign.own {
                texts::appeared(&mut tx, own, now).await?;
            }
            Ok(tx.commit().await?)
        };
        appeared.await.map_err(self.told("give a sign of life"))?;
        self.stand()
    }

    async fn renew(&self, node: NodeId, now: Timestamp) -> Result<(), Error> {
        let renewed = async {
            let mut tx = self.writing().await?;
            query(concat!(
                "UPDATE engines SET renewed_at = ",
                now!("$1"),
                ", read_up_to = (SELECT value FROM counters WHERE name = 'timeline') \
                 WHERE node = $2 AND (renewed_at <= ",
                now!("$1"),
                " - $3 OR renewed_at > ",
                now!("$1"),
                " OR read_up_to <> (SELECT value FROM counters WHERE name = 'timeline'))"
            ))
            .bind(now.as_millis())
            .bind(node.to_string())
            .bind(millis(Sign::RENEW_EVERY))
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        };
        renewed.await.map_err(self.told("renew the sign of life"))
    }

    async fn leave(&self, node: NodeId) -> Result<(), Error> {
        let left = async {
            let mut tx = self.writing().await?;
            query("DELETE FROM engines WHERE node = $1").bind(node.to_string()).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        left.await.map_err(self.told("take the sign of life away"))
    }

    async fn glimpsed(&self, seen: &[Glimpse]) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            for Glimpse { host, app, maintenance, release, seen_at } in seen {
                let (version, since) = release.unzip();
                query(
                    "INSERT INTO glimpses (host, app_name, maintenance, release_version, release_since, seen_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (host, app_name) DO UPDATE SET maintenance = excluded.maintenance, \
                        release_version = excluded.release_version, release_since = excluded.release_since, \
                        seen_at = excluded.seen_at",
                )
                .bind(host.as_str())
                .bind(app.as_str())
                .bind(i64::from(*maintenance))
                .bind(version.and_then(|version| i64::try_from(version.get()).ok()))
                .bind(since.map(Timestamp::as_millis))
                .bind(seen_at.as_millis())
                .execute(&mut *tx)
                .await?;
            }
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note what a round saw"))
    }

    async fn glimpse(&self, subject: &SubjectKey) -> Result<Option<Glimpse>, Error> {
        let SubjectKey::HerokuApp { host, name } = subject;
        let read = async {
            let row: Option<GlimpseRow> = query_as(
                "SELECT maintenance, release_version, release_since, seen_at FROM glimpses \
                 WHERE host = $1 AND app_name = $2",
            )
            .bind(host.as_str())
            .bind(name.as_str())
            .fetch_optional(&mut *self.reading().await?)
            .await?;
            Ok(row.map(|row| row.read(host, name)))
        };
        read.await.map_err(self.told("read what a round saw"))
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<SeenSign>, Error> {
        let read = async {
            let sql = concat!(
                "SELECT node, host, process, since, ",
                now!("$1"),
                " - renewed_at AS silent_for, read_up_to, in_force, own_hash FROM engines ORDER BY renewed_at DESC LIMIT $2"
            );
            let rows: Vec<SignRow> =
                query_as(sql).bind(now.as_millis()).bind(SIGNS_MAX).fetch_all(&mut *self.reading().await?).await?;
            rows.into_iter().map(SignRow::read).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(self.told("read the engines' signs of life"))
    }

    async fn loss(&self, node: NodeId) -> Result<Option<StoreLoss>, Error> {
        match self.ground().await? {
            Ground::NeverStood => return Ok(None),
            Ground::Lost(loss) => return Ok(Some(loss)),
            Ground::Firm => {}
        }
        let signed = async {
            let signed: Option<i64> = query_scalar("SELECT process FROM engines WHERE node = $1")
                .bind(node.to_string())
                .fetch_optional(&mut *self.reading().await?)
                .await?;
            Ok(signed.is_some())
        };
        let signed = signed.await.map_err(self.told("look for the own sign of life"))?;
        Ok(if signed { None } else { Some(StoreLoss::Unsigned) })
    }
}

row! {
    pub(super) struct GlimpseRow {
        maintenance: i64,
        release_version: Option<i64>,
        release_since: Option<i64>,
        seen_at: i64,
    }
}

impl GlimpseRow {
    pub(super) fn read(self, host: &ApiHost, app: &AppName) -> Glimpse {
        let version = self.release_version.and_then(|version| u64::try_from(version).ok());
        Glimpse {
            host: host.clone(),
            app: app.clone(),
            maintenance: self.maintenance != 0,
            release: version.map(ReleaseVersion::new).zip(self.release_since.map(at)),
            seen_at: at(self.seen_at),
        }
    }
}

row! {
    struct SignRow {
        node: String,
        host: String,
        process: i64,
        since: i64,
        silent_for: i64,
        read_up_to: i64,
        in_force: String,
        own_hash: Option<String>,
    }
}

impl SignRow {
    fn read(self) -> Result<SeenSign, Fault> {
        let row = || "the engine's sign of life".to_owned();
        let sign = Sign {
            node: from_text(&self.node, row)?,
            host: Excerpt::of(&self.host),
            process: number(self.process, row)?,
            since: at(self.since),
            in_force: self.in_force,
            own: self.own_hash.map(|own| from_text(&own, row)).transpose()?,
        };
        // A clock that was set back makes it fresh, and not old.
        let silent_for = Duration::from_millis(u64::try_from(self.silent_for).unwrap_or(0));
        Ok(SeenSign { sign, silent_for, read_up_to: self.read_up_to })
    }
}
