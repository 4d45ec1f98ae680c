//! The store on SQLite: one file, in write-ahead mode, with nothing to install.
//!
//! One connection writes and a few read, so that reading never waits for writing. Every writing transaction takes the
//! lock at its start (`BEGIN IMMEDIATE`): a second process, such as `flyball pause` beside a running engine, waits for
//! its turn instead of failing in the middle. The SQL is what SQLite and PostgreSQL share, apart from `json_each` in
//! `rows.rs` and the connection's own settings here.

mod definitions;
mod facts;
mod lock;
mod migrate;
mod pauses;
mod read;
mod retention;
mod rows;
mod run_row;
mod runs;
mod timeline;
mod turn;
mod url;

pub use lock::EngineLock;

use crate::Error;
use crate::error::Fault;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, SqlitePool, SqliteTransaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a statement waits for another process's lock: more than the longest transaction (a sweep's, well under a
/// second), less than a person's patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a task waits for the one writer, or for a reader: behind a disk that hangs, an error after this long is
/// better than a queue without end.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Reading connections: the loop, and a few people at once. Each costs a thread and a page cache of 2 MiB.
const READERS: u32 = 4;

/// What the write-ahead log is cut back to after a checkpoint, so that one burst does not keep the disk for ever.
const WAL_BYTES_KEPT: &str = "67108864";

/// The store on SQLite. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    file: Arc<Path>,
}

impl Sqlite {
    /// At most this many due runs come at once: each becomes a task, and the rest come with the next look.
    pub const DUE_MAX: u32 = 1000;

    /// Opens the database, and makes it if it is not there. Brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, was written by a newer version, or may not be written.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let told = |error: sqlx::Error| Fault::from(error).told("open the database", path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(false)
            .disable_statement_logging();
        // A run is on disk before its call is made: only FULL syncs the log at every commit.
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", WAL_BYTES_KEPT);
        let writer = pool(1).connect_with(writing).await.map_err(told)?;
        migrate::migrate(&writer, path).await?;
        let readers = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { writer, readers, file: path.into() })
    }

    /// The file that a database's address names: `sqlite:flyball.db`, `sqlite:///var/lib/flyball.db`. A relative one
    /// is taken from `beside`.
    ///
    /// # Errors
    /// For anything that is no SQLite file: PostgreSQL, a database in memory, a URL with parameters.
    pub fn file_of(url: &str, beside: &Path) -> Result<PathBuf, Error> {
        url::file_of(url).map(|file| beside.join(file))
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

    /// Tells what went wrong inside in the outside's words.
    fn told<'a>(&'a self, doing: &'a str) -> impl FnOnce(Fault) -> Error + 'a {
        move |fault| fault.told(doing, &self.file)
    }
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
