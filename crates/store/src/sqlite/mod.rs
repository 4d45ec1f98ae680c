//! The store on SQLite: one file, in write-ahead mode, with nothing to install.
//!
//! One connection writes and a few read, so that reading never waits for writing. Every writing transaction takes the
//! lock at its start (`BEGIN IMMEDIATE`): a second process, such as `flyball pause` beside a running engine, waits for
//! its turn instead of failing in the middle. What is asked and written stands in `sql`; here is the file, its lock, its
//! schema, and what earlier versions left in it.

mod dialect;
mod footing;
#[cfg(test)]
mod indices;
mod lock;
mod migrate;
mod moving;
mod repeated;
#[path = "../sql/mod.rs"]
mod sql;

pub use lock::EngineLock;

/// The store that `sql` writes for.
use Sqlite as Database;

use crate::copy::{Schema, Side as _};
use crate::error::{Fault, is_busy};
use crate::known::Known;
use crate::plain::{is_of_ours, ours};
use crate::{Error, Place, Sizes, Store, open_plain};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow as Row, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, SqlitePool, SqliteTransaction};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a statement waits for another process's lock: more than the longest transaction (a sweep's, well under a
/// second), less than a person's patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How soon a file is opened anew within that, where it was busy at once.
const OPENED_ANEW: Duration = Duration::from_millis(20);

/// How long a task waits for the one writer, or for a reader: behind a disk that hangs, an error after this long is
/// better than a queue without end.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Reading connections: the loop, and a few people at once. Each costs a thread and a page cache of 2 MiB.
const READERS: u32 = 4;
/// Rows that a connection reads ahead of whoever asked: with few, its thread is woken for each handful of the tens of
/// thousands that people's questions read.
const ROWS_AT_ONCE: usize = 1000;

/// What the write-ahead log is cut back to after a checkpoint, so that one burst does not keep the disk for ever.
const WAL_BYTES_KEPT: &str = "67108864";

/// The store on SQLite. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    file: Arc<Path>,
    place: Place,
    is_read_only: bool,
    /// Numbers that stand for monitors and shapes.
    known: Arc<Mutex<Known>>,
    /// Where the engine of this process stands, once it has appeared.
    footing: Arc<OnceLock<footing::Footing>>,
}

impl Sqlite {
    /// Opens the database, and makes it if it is not there. Brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is no plain file, is no database, was written by a newer version, may not be written, or
    /// a copy to it has not come to its end.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let store = Self::open_unfinished(path).await?;
        store.is_whole().await?;
        Ok(store)
    }

    /// The same, also where a copy to it has not come to its end.
    pub(crate) async fn open_unfinished(path: &Path) -> Result<Self, Error> {
        are_plain(path)?;
        // Made before SQLite opens it, which gives its companions the same mode.
        let made = open_plain(ours(File::options().write(true).create_new(true)), path);
        // A link to a database that is there is good; one to nothing would have a file made wherever it leads.
        if made.is_err_and(|error| error.kind() == ErrorKind::InvalidInput) && !path.is_file() {
            return Err(Error::NotPlain { file: path.to_owned() });
        }
        Self::open_to_write(path, true).await
    }

    /// Opens the database as it is, to read it. Its schema may be an earlier one.
    pub(crate) async fn open_as_it_is(path: &Path) -> Result<(Self, Schema), Error> {
        are_plain(path)?;
        let told = |fault: Fault| fault.told("open the database", &path.into());
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .read_only(true)
            .row_buffer_size(ROWS_AT_ONCE)
            .disable_statement_logging();
        let open = async |options: SqliteConnectOptions| {
            let readers = pool(READERS).connect_with(options).await?;
            let has = migrate::has_any_steps(&mut *readers.acquire().await?).await?;
            Ok::<_, sqlx::Error>((readers, has))
        };
        let opened = match open(options.clone()).await {
            // SQLite keeps an index of the log beside the file, and cannot make one here. Where there is no log, nobody
            // writes, and the file alone is everything.
            // Source: <https://www.sqlite.org/wal.html#read_only_databases>
            Err(_) if is_empty(&beside(path, "-wal")) => open(options.immutable(true)).await,
            opened => opened,
        };
        let (readers, has) = opened.map_err(|error| told(error.into()))?;
        migrate::is_known(has, &path.into())?;
        let store = Self {
            writer: readers.clone(),
            readers,
            file: path.into(),
            place: Place::File(path.to_owned()),
            is_read_only: true,
            known: Arc::default(),
            footing: Arc::default(),
        };
        Ok((store, Schema { has, knows: migrate::KNOWN }))
    }

    /// Opens a database that is there, for what works beside an engine or reads what one left. Where nothing may be
    /// written, it can still be read, and only what writes is refused.
    ///
    /// # Errors
    /// As [`Sqlite::open`]; and when the file is not there, or an older version wrote it where nothing may be written.
    pub async fn open_existing(path: &Path) -> Result<Self, Error> {
        are_plain(path)?;
        // To SQLite an empty file is a new database: tables would be made in what is left of another.
        if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            let doing = "open the database".to_owned();
            return Err(Error::Corrupt { doing, place: path.into(), source: "it is empty".into() });
        }
        let store = match Self::open_to_write(path, false).await {
            Err(Error::ReadOnly { .. } | Error::CannotOpen { .. }) => Self::open_to_read(path).await?,
            opened => opened?,
        };
        store.is_whole().await?;
        Ok(store)
    }

    async fn open_to_read(path: &Path) -> Result<Self, Error> {
        let (store, Schema { has, knows }) = Self::open_as_it_is(path).await?;
        if has < knows {
            return Err(Error::ReadOnly { doing: "bring the database up to date".to_owned(), place: path.into() });
        }
        Ok(store)
    }

    async fn open_to_write(path: &Path, making: bool) -> Result<Self, Error> {
        let told = |error: sqlx::Error| Fault::from(error).told("open the database", &path.into());
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(false)
            .row_buffer_size(ROWS_AT_ONCE)
            .disable_statement_logging();
        // A run is on disk before its call is made: only FULL syncs the log at every commit.
        let writing = options
            .clone()
            .create_if_missing(making)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", WAL_BYTES_KEPT);
        let writer = opened(&writing).await.map_err(told)?;
        let readers = pool(READERS).connect_lazy_with(options.read_only(true));
        let store = Self {
            writer,
            readers,
            file: path.into(),
            place: Place::File(path.to_owned()),
            is_read_only: false,
            known: Arc::default(),
            footing: Arc::default(),
        };
        if !making {
            store.is_no_older_engines().await?;
        }
        store.migrate().await?;
        Ok(store)
    }

    /// The database's file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Closes every connection, and folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that may write, and has the lock already.
    async fn writing(&self) -> Result<SqliteTransaction<'static>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// A transaction in which everything is read as of one moment.
    async fn reading(&self) -> Result<SqliteTransaction<'static>, sqlx::Error> {
        self.readers.begin().await
    }

    /// What this process knows of numbers. Every step under the lock leaves it whole.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what went wrong inside in the outside's words.
    fn told<'a>(&'a self, doing: &'a str) -> impl FnOnce(Fault) -> Error + 'a {
        move |fault| fault.told(doing, &self.place)
    }
}

/// Opens a file to write. Of several who open a new one, one begins its log, and SQLite has the others not wait for that as they wait
/// for a write: it tells them at once that it is busy.
async fn opened(options: &SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let began = Instant::now();
    loop {
        match pool(1).connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_TIMEOUT => tokio::time::sleep(OPENED_ANEW).await,
            opened => return opened,
        }
    }
}

#[async_trait]
impl Store for Sqlite {
    fn place(&self) -> &Place {
        &self.place
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    fn schema(&self) -> i64 {
        migrate::KNOWN
    }

    async fn weight(&self) -> Result<u64, Error> {
        let weight = async {
            let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
            let bytes: i64 = sqlx::query_scalar(sql).fetch_one(&self.readers).await?;
            Ok(u64::try_from(bytes).unwrap_or_default())
        };
        weight.await.map_err(self.told("weigh the database"))
    }

    async fn sizes(&self) -> Result<Sizes, Error> {
        let sizes = async {
            let sum = "SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE name GLOB $1";
            let of = async |tables: &str| {
                let bytes: i64 = sqlx::query_scalar(sum).bind(tables).fetch_one(&self.readers).await?;
                Ok::<_, Fault>(u64::try_from(bytes).unwrap_or_default())
            };
            Ok(Sizes {
                rows: of("readings*").await?,
                blocks: of("blocks*").await?,
                rollups: of("rollups*").await?,
                whole: of("*").await?,
            })
        };
        sizes.await.map_err(self.told("measure the database"))
    }

    async fn close(&self) {
        Sqlite::close(self).await;
    }
}

/// A file that SQLite keeps beside the database: its name with this behind it.
pub(crate) fn beside(file: &Path, behind: &str) -> PathBuf {
    let mut path = OsString::from(file);
    path.push(behind);
    path.into()
}

/// Whether nothing stands in the place of the database and its companions but plain files. The database itself may be
/// reached through a link, its companions may not.
fn are_plain(database: &Path) -> Result<(), Error> {
    let is_other = |found: std::io::Result<Metadata>| found.is_ok_and(|found| !found.is_file());
    if is_other(std::fs::metadata(database)) {
        return Err(Error::NotPlain { file: database.to_owned() });
    }
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let is_link = std::fs::symlink_metadata(database).is_ok_and(|found| found.is_symlink());
    if is_link && std::fs::metadata(database).is_ok_and(|found| !is_of_ours(&found)) {
        return Err(Error::NotOurs { file: database.to_owned(), target: real });
    }
    let companions = ["-wal", "-shm"].map(|behind| beside(&real, behind));
    match companions.into_iter().find(|file| is_other(std::fs::symlink_metadata(file))) {
        Some(file) => Err(Error::NotPlain { file }),
        None => Ok(()),
    }
}

fn is_empty(file: &Path) -> bool {
    std::fs::metadata(file).map_or_else(|error| error.kind() == std::io::ErrorKind::NotFound, |found| found.len() == 0)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_TIMEOUT)
        // A connection to a file does not age; opening one anew would only lose its prepared statements.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_outside_transaction(connection)))
}

/// Whether a connection that comes back may be used again. Where the disk is full or fails, SQLite itself has ended the
/// transaction; rolling it back fails then, and the connection would refuse to begin another one for good.
/// Source: <https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>
async fn is_outside_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback may still be under way; what is asked next comes after it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}
