//! Signs of life, and whether the file is still the one that an engine began on.

use super::lock::lock_path;
use super::read::{at, from_text};
use super::{Sqlite, beside};
use crate::error::Fault;
use crate::{Error, Glimpse, Presence, Sign};
use async_trait::async_trait;
use flyball_model::{ApiHost, AppName, Excerpt, NodeId, ReleaseVersion, StoreLoss, SubjectKey, Timestamp};
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// SQLite's header: a file that is shorter has lost everything. Source: <https://www.sqlite.org/fileformat.html>
const HEADER_BYTES: u64 = 100;

/// The files of a database as an engine found them when it began.
#[derive(Debug)]
pub(super) struct Footing {
    database: Option<Identity>,
    log: Option<Identity>,
    lock: Option<Identity>,
}

/// What tells a file from another of its name: its device and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

/// What stands under the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    identity: Identity,
    bytes: u64,
}

impl Footing {
    fn of(file: &Path) -> io::Result<Self> {
        let identity = |path: &Path| Ok::<_, io::Error>(found(path)?.map(|found| found.identity));
        Ok(Self { database: identity(file)?, log: identity(&beside(file, "-wal"))?, lock: identity(&lock_path(file))? })
    }

    /// How the files that stand there now are not those of the beginning.
    fn loss(&self, database: Option<Found>, log: Option<Found>, lock: Option<Found>) -> Option<StoreLoss> {
        let is_another = |before: Option<Identity>, now: Option<Found>| {
            before.is_some_and(|before| now.is_none_or(|now| now.identity != before))
        };
        match database {
            None => Some(StoreLoss::Deleted),
            Some(_) if is_another(self.database, database) => Some(StoreLoss::Replaced),
            Some(found) if found.bytes < HEADER_BYTES => Some(StoreLoss::CutShort),
            // Whoever opens the database from now on reads and writes another log than ours.
            Some(_) if is_another(self.log, log) => Some(StoreLoss::Replaced),
            Some(_) if is_another(self.lock, lock) => Some(StoreLoss::Unlocked),
            Some(_) => None,
        }
    }
}

fn found(path: &Path) -> io::Result<Option<Found>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(Found { identity: identity(&metadata), bytes: metadata.len() })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity(metadata.dev(), metadata.ino())
}

/// Where a file that is open cannot be replaced, there is nothing to compare.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    Identity(0, 0)
}

#[async_trait]
impl Presence for Sqlite {
    async fn appear(&self, sign: &Sign) -> Result<(), Error> {
        let appeared = async {
            let mut tx = self.writing().await?;
            sqlx::query("DELETE FROM engines").execute(&mut *tx).await?;
            sqlx::query(
                "INSERT INTO engines (node, host, process, since, renewed_at, read_up_to, in_force) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(sign.node.to_string())
            .bind(sign.host.as_str())
            .bind(i64::from(sign.process))
            .bind(sign.since.as_millis())
            .bind(sign.renewed_at.as_millis())
            .bind(sign.read_up_to)
            .bind(&sign.in_force)
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        };
        appeared.await.map_err(self.told("give a sign of life"))?;
        let footing = Footing::of(&self.file).map_err(|error| self.cannot_look(error))?;
        // Whoever appears twice through one store stands where it stood.
        let _ = self.footing.set(footing);
        Ok(())
    }

    async fn renew(&self, node: NodeId, now: Timestamp) -> Result<(), Error> {
        let renewed = async {
            let mut tx = self.writing().await?;
            sqlx::query(
                "UPDATE engines SET renewed_at = $1, \
                 read_up_to = (SELECT value FROM counters WHERE name = 'timeline') \
                 WHERE node = $2 AND (renewed_at <= $3 OR renewed_at > $1 \
                    OR read_up_to <> (SELECT value FROM counters WHERE name = 'timeline'))",
            )
            .bind(now.as_millis())
            .bind(node.to_string())
            .bind((now - Sign::RENEW_EVERY).as_millis())
            .execute(&mut *tx)
            .await?;
            Ok(tx.commit().await?)
        };
        renewed.await.map_err(self.told("renew the sign of life"))
    }

    async fn put_in_force(&self, node: NodeId, text: &str) -> Result<(), Error> {
        let put = async {
            let mut tx = self.writing().await?;
            sqlx::query("UPDATE engines SET in_force = $1 WHERE node = $2")
                .bind(text)
                .bind(node.to_string())
                .execute(&mut *tx)
                .await?;
            Ok(tx.commit().await?)
        };
        put.await.map_err(self.told("note what is in force"))
    }

    async fn leave(&self, node: NodeId) -> Result<(), Error> {
        let left = async {
            let mut tx = self.writing().await?;
            sqlx::query("DELETE FROM engines WHERE node = $1").bind(node.to_string()).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        left.await.map_err(self.told("take the sign of life away"))
    }

    async fn glimpsed(&self, seen: &[Glimpse]) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            for Glimpse { host, app, maintenance, release, seen_at } in seen {
                let (version, since) = release.unzip();
                sqlx::query(
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
            let row: Option<GlimpseRow> = sqlx::query_as(
                "SELECT maintenance, release_version, release_since, seen_at FROM glimpses \
                 WHERE host = $1 AND app_name = $2",
            )
            .bind(host.as_str())
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
            Ok(row.map(|row| row.read(host, name)))
        };
        read.await.map_err(self.told("read what a round saw"))
    }

    async fn sign(&self) -> Result<Option<Sign>, Error> {
        let read = async {
            let row: Option<SignRow> = sqlx::query_as(
                "SELECT node, host, process, since, renewed_at, read_up_to, in_force FROM engines \
                 ORDER BY renewed_at DESC LIMIT 1",
            )
            .fetch_optional(&self.readers)
            .await?;
            row.map(SignRow::read).transpose()
        };
        read.await.map_err(self.told("read the engine's sign of life"))
    }

    async fn loss(&self, node: NodeId) -> Result<Option<StoreLoss>, Error> {
        if self.footing.get().is_none() {
            return Ok(None);
        }
        let store = self.clone();
        // A mount that hangs must not hold the thread of anybody else.
        let looked = tokio::task::spawn_blocking(move || {
            let (file, log, lock) = (&store.file, beside(&store.file, "-wal"), lock_path(&store.file));
            let Some(footing) = store.footing.get() else { return Ok(None) };
            Ok(footing.loss(found(file)?, found(&log)?, found(&lock)?))
        });
        let looked: io::Result<_> = looked.await.map_err(io::Error::other).flatten();
        if let Some(loss) = looked.map_err(|error| self.cannot_look(error))? {
            return Ok(Some(loss));
        }
        let signed = async {
            let signed: Option<i64> = sqlx::query_scalar("SELECT 1 FROM engines WHERE node = $1")
                .bind(node.to_string())
                .fetch_optional(&self.readers)
                .await?;
            Ok(signed.is_some())
        };
        let signed = signed.await.map_err(self.told("look for the own sign of life"))?;
        Ok(if signed { None } else { Some(StoreLoss::Unsigned) })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct GlimpseRow {
    maintenance: bool,
    release_version: Option<i64>,
    release_since: Option<i64>,
    seen_at: i64,
}

impl GlimpseRow {
    pub(super) fn read(self, host: &ApiHost, app: &AppName) -> Glimpse {
        let version = self.release_version.and_then(|version| u64::try_from(version).ok());
        Glimpse {
            host: host.clone(),
            app: app.clone(),
            maintenance: self.maintenance,
            release: version.map(ReleaseVersion::new).zip(self.release_since.map(at)),
            seen_at: at(self.seen_at),
        }
    }
}

impl Sqlite {
    fn cannot_look(&self, error: io::Error) -> Error {
        Error::other(format!("look at {}", self.file.display()), error)
    }
}

#[derive(sqlx::FromRow)]
struct SignRow {
    node: String,
    host: String,
    process: i64,
    since: i64,
    renewed_at: i64,
    read_up_to: i64,
    in_force: String,
}

impl SignRow {
    fn read(self) -> Result<Sign, Fault> {
        let row = || "the engine's sign of life".to_owned();
        Ok(Sign {
            node: from_text(&self.node, row)?,
            host: Excerpt::of(&self.host),
            process: u32::try_from(self.process).map_err(|error| Fault::unreadable(row(), error))?,
            since: at(self.since),
            renewed_at: at(self.renewed_at),
            read_up_to: self.read_up_to,
            in_force: self.in_force,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ours_until_it_is_gone_replaced_or_cut_short() {
        let file = |number, bytes| Some(Found { identity: Identity(1, number), bytes });
        let [database, log, lock] = [file(1, 4096), file(2, 0), file(3, 5)];
        let identity = |found: Option<Found>| found.map(|found| found.identity);
        let footing = Footing { database: identity(database), log: identity(log), lock: identity(lock) };
        let cases = [
            ("as it was", database, log, lock, None),
            ("grown", file(1, 8192), file(2, 4096), lock, None),
            ("deleted", None, None, None, Some(StoreLoss::Deleted)),
            ("another of the name", file(9, 4096), log, lock, Some(StoreLoss::Replaced)),
            ("truncated", file(1, 0), log, lock, Some(StoreLoss::CutShort)),
            ("its log deleted", database, None, lock, Some(StoreLoss::Replaced)),
            ("its log replaced", database, file(9, 0), lock, Some(StoreLoss::Replaced)),
            ("its lock deleted", database, log, None, Some(StoreLoss::Unlocked)),
            ("its lock replaced", database, log, file(9, 5), Some(StoreLoss::Unlocked)),
        ];
        for (case, database, log, lock, loss) in cases {
            assert_eq!(footing.loss(database, log, lock), loss, "{case}");
        }
        // Without a lock of the beginning there is none to be lost.
        let unlocked = Footing { lock: None, ..footing };
        assert_eq!(unlocked.loss(database, log, None), None);
    }
}
