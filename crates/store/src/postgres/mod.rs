//! The store on PostgreSQL: one database for several machines.
//!
//! Transactions that write take one lock, so that they come one after the other as they do on SQLite, and whatever a turn read
//! still holds when it commits. A turn of the loop is one such transaction, however many readings are in it. The lock goes with
//! the transaction, and the server ends a transaction whose client says nothing: a node that was stopped in the middle of one
//! keeps nobody waiting for longer than five seconds.
//!
//! Nothing here lives in a session: no setting and no lock, and behind a pooler no prepared statement either. So one that lends
//! connections for one transaction may stand between (`PgBouncer` in transaction mode).

mod dialect;
mod migrate;
mod server;
#[path = "../sql/mod.rs"]
mod sql;

pub use server::Server;

/// The store that `sql` writes for.
use Postgres as Database;

use crate::copy::{Schema, Side as _};
use crate::error::Fault;
use crate::known::Known;
use crate::presence::Ground;
use crate::{Error, Place, Sizes, Store};
use async_trait::async_trait;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, PgTransaction};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a task waits for a connection, new ones included. Behind a server that hangs, an error after this long is better
/// than a queue without end.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections that only read. With the one that writes a node has four, so that four nodes and a person's commands fit into the
/// 20 of Heroku's smallest plan. Source: <https://devcenter.heroku.com/articles/heroku-postgres-plans>
const READERS: u32 = 3;

/// A connection that nobody used for this long is closed: a command beside an engine needs one or two.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// How a transaction that writes begins. A statement takes no longer than 20 s, and waits no longer than 5 s for another's
/// lock; a client that says nothing for 5 s in the middle of one is taken for dead.
const BEGIN_WRITING: &str = "BEGIN; SET LOCAL search_path = flyball; SET LOCAL statement_timeout = '20s'; \
    SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// How one begins in which everything is read as of one moment.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = flyball; \
    SET LOCAL statement_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '20s'";

/// What is locked by whoever writes: the word "flyball" in ASCII, so that nothing else in the database has it.
const TAKE_TURN: &str = "SELECT pg_advisory_xact_lock(28829716221881452)";

/// What tables of ours take, with their indexes and what is kept beside their rows.
const SIZE: &str = "SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) FROM pg_class \
    WHERE relnamespace = 'flyball'::regnamespace AND relkind = 'r' AND relname LIKE $1";

/// The store on PostgreSQL. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Postgres {
    writer: PgPool,
    readers: PgPool,
    place: Place,
    /// Numbers that stand for monitors and shapes.
    known: Arc<Mutex<Known>>,
    /// Whether the engine of this process has appeared.
    has_appeared: Arc<AtomicBool>,
}

impl Postgres {
    /// Opens the database, and makes our tables where there are none. Brings the schema up to date.
    ///
    /// # Errors
    /// When the server does not answer or turns us away, or a newer version made the tables.
    pub async fn open(server: &Server) -> Result<Self, Error> {
        let store = Self::open_unfinished(server).await?;
        store.is_whole().await?;
        Ok(store)
    }

    /// The same, also where a copy to it has not come to its end.
    pub(crate) async fn open_unfinished(server: &Server) -> Result<Self, Error> {
        let store = Self::of(server).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens the database as it is, to read it. Its schema may be an earlier one.
    pub(crate) async fn open_as_it_is(server: &Server) -> Result<(Self, Schema), Error> {
        let store = Self::of(server).await?;
        let has = store.has_steps().await?;
        migrate::is_known(has, &store.place)?;
        Ok((store, Schema { has, knows: migrate::KNOWN }))
    }

    /// Opens the database for what works beside an engine or reads what one left: makes no tables in one that has none.
    ///
    /// # Errors
    /// As [`Postgres::open`]; and [`Error::NotThere`] when no engine has made its tables.
    pub async fn open_existing(server: &Server) -> Result<Self, Error> {
        let store = Self::of(server).await?;
        if store.has_steps().await? == 0 {
            return Err(Error::NotThere { place: store.place });
        }
        store.migrate().await?;
        store.is_whole().await?;
        Ok(store)
    }

    async fn of(server: &Server) -> Result<Self, Error> {
        let asked = server.is_direct().await.map_err(Fault::from);
        if !asked.map_err(|fault| fault.told("open the database", server.place()))? {
            dialect::is_pooled();
        }
        Ok(Self {
            writer: pool(1).connect_lazy_with(server.options().clone()),
            readers: pool(READERS).connect_lazy_with(server.options().clone()),
            place: server.place().clone(),
            known: Arc::default(),
            has_appeared: Arc::default(),
        })
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that may write, and whose turn it is.
    async fn writing(&self) -> Result<PgTransaction<'static>, sqlx::Error> {
        let mut tx = self.writer.begin_with(BEGIN_WRITING).await?;
        sqlx::raw_sql(TAKE_TURN).execute(&mut *tx).await?;
        Ok(tx)
    }

    /// A transaction in which everything is read as of one moment.
    async fn reading(&self) -> Result<PgTransaction<'static>, sqlx::Error> {
        self.readers.begin_with(BEGIN_READING).await
    }

    /// What this process knows of numbers. Every step under the lock leaves it whole.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an engine begins here. A server keeps what it has: there is no ground that could go.
    #[expect(clippy::unnecessary_wraps, reason = "a file may not be there to stand on")]
    fn stand(&self) -> Result<(), Error> {
        self.has_appeared.store(true, Ordering::Relaxed);
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "to look at a file takes its time")]
    async fn ground(&self) -> Result<Ground, Error> {
        Ok(if self.has_appeared.load(Ordering::Relaxed) { Ground::Firm } else { Ground::NeverStood })
    }

    /// Tells what went wrong inside in the outside's words.
    fn told<'a>(&'a self, doing: &'a str) -> impl FnOnce(Fault) -> Error + 'a {
        move |fault| fault.told(doing, &self.place)
    }
}

#[async_trait]
impl Store for Postgres {
    fn place(&self) -> &Place {
        &self.place
    }

    fn is_read_only(&self) -> bool {
        false
    }

    fn schema(&self) -> i64 {
        migrate::KNOWN
    }

    async fn weight(&self) -> Result<u64, Error> {
        let weight = async {
            let mut tx = self.reading().await?;
            let bytes = sqlx::query_scalar(SIZE).bind("%").persistent(dialect::stays_prepared());
            let bytes: i64 = bytes.fetch_one(&mut *tx).await?;
            Ok::<_, Fault>(u64::try_from(bytes).unwrap_or_default())
        };
        weight.await.map_err(self.told("weigh the database"))
    }

    async fn sizes(&self) -> Result<Sizes, Error> {
        let sizes = async {
            let mut tx = self.reading().await?;
            let mut of = async |tables: &str| {
                let bytes = sqlx::query_scalar(SIZE).bind(tables).persistent(dialect::stays_prepared());
                let bytes: i64 = bytes.fetch_one(&mut *tx).await?;
                Ok::<_, Fault>(u64::try_from(bytes).unwrap_or_default())
            };
            Ok(Sizes {
                rows: of("readings").await?,
                blocks: of("blocks").await?,
                rollups: of("rollups").await?,
                whole: of("%").await?,
            })
        };
        sizes.await.map_err(self.told("measure the database"))
    }

    async fn close(&self) {
        Postgres::close(self).await;
    }
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECTION_TIMEOUT).idle_timeout(IDLE_MAX)
}
