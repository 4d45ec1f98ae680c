//! A PostgreSQL database for one test, on the server that `with-postgres` started.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use std::str::FromStr as _;

/// Where tests find a server: a `postgres:` URL of a database from which others may be made.
pub const SERVER: &str = "FLYBALL_TEST_POSTGRES";

/// The pooler's port.
const POOLER: u16 = 6432;

/// Why there is no database to test on.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// Nobody started a server.
    #[error("there is no PostgreSQL to test on: run the tests by `crates/scratch/with-postgres cargo nextest run …`")]
    NoServer,
    /// The server refuses.
    #[error("the PostgreSQL to test on does not do as it is told")]
    Server(#[from] sqlx::Error),
}

/// A database that is empty at first, and stays until it is removed or the server goes.
#[derive(Debug, Clone)]
pub struct Scratch {
    server: PgConnectOptions,
    name: String,
}

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub async fn new() -> Result<Self, ScratchError> {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the server is")]
        let url = std::env::var(SERVER).map_err(|_| ScratchError::NoServer)?;
        let server = PgConnectOptions::from_str(&url)?.disable_statement_logging();
        let mut connection = server.connect().await?;
        let name = "SELECT 'flyball_' || replace(gen_random_uuid()::text, '-', '')";
        let name: String = sqlx::query_scalar(name).fetch_one(&mut connection).await?;
        connection.close().await?;
        let scratch = Self { server, name };
        scratch.tell(format!("CREATE DATABASE {}", scratch.name)).await?;
        Ok(scratch)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.server.get_port())
    }

    /// Its address behind a pooler that lends connections for one transaction.
    #[must_use]
    pub fn pooled_url(&self) -> String {
        self.url_at(POOLER)
    }

    fn url_at(&self, port: u16) -> String {
        let host = self.server.get_socket().map_or_else(
            || self.server.get_host().to_owned(),
            |socket| socket.display().to_string().replace('/', "%2F"),
        );
        format!("postgres://{}@{host}:{port}/{}", self.server.get_username(), self.name)
    }

    /// A connection of its own, for whoever looks at it or changes it beside Flyball.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(&self) -> Result<PgConnection, ScratchError> {
        Ok(self.server.clone().database(&self.name).connect().await?)
    }

    /// Removes it, whoever is still connected.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn remove(&self) -> Result<(), ScratchError> {
        self.tell(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await
    }

    async fn tell(&self, sql: String) -> Result<(), ScratchError> {
        let mut connection = self.server.connect().await?;
        // The name is ours.
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
