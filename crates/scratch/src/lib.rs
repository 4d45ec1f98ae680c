//! A PostgreSQL database for one test, on the server that `with-postgres` started, or for one bench, on any.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use url::Url;

/// Where tests find a server: a `postgres:` URL of a database from which others may be made.
pub const SERVER: &str = "FLYBALL_TEST_POSTGRES";

/// The pooler's port.
const POOLER: u16 = 6432;

/// The password of whoever comes by the network. Wherever it is printed, the tests' search for secrets finds its first word.
pub const PASSWORD: &str = "pl4nted-server";

/// Why there is no database to test on.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// Nobody started a server.
    #[error("there is no PostgreSQL to test on: run the tests by `crates/scratch/with-postgres cargo nextest run …`")]
    NoServer,
    /// The server refuses.
    #[error("the PostgreSQL to test on does not do as it is told")]
    Server(#[from] sqlx::Error),
    /// What was named is no server.
    #[error("this is no `postgres:` URL")]
    NotAnAddress,
}

/// What the server says when somebody is connected whom this user may not end: its own vacuum, for a moment.
const NOT_OURS: &str = "42501";
/// Five seconds: a vacuum of a small database takes less than one.
const TRIES: u32 = 25;

/// A database that is empty at first, and stays until it is removed or the server goes. Its `Debug` form holds no secret.
#[derive(Clone)]
pub struct Scratch {
    url: Url,
    server: PgConnectOptions,
    name: String,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_tuple("Scratch").field(&self.name).finish()
    }
}

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub async fn new() -> Result<Self, ScratchError> {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the server is")]
        let url = std::env::var(SERVER).map_err(|_| ScratchError::NoServer)?;
        Self::on(&url).await
    }

    /// Makes one on the server of this URL, from whose database others may be made.
    ///
    /// # Errors
    /// When it is no such URL, or the server refuses.
    pub async fn on(url: &str) -> Result<Self, ScratchError> {
        let url = Url::parse(url).map_err(|_| ScratchError::NotAnAddress)?;
        let server = PgConnectOptions::from_str(url.as_str()).map_err(|_| ScratchError::NotAnAddress)?;
        let server = server.disable_statement_logging();
        let mut connection = server.connect().await?;
        let name = "SELECT 'flyball_' || replace(gen_random_uuid()::text, '-', '')";
        let name: String = sqlx::query_scalar(name).fetch_one(&mut connection).await?;
        connection.close().await?;
        let scratch = Self { url, server, name };
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

    /// Its address by the network, where the server wants TLS and the password. Without parameters.
    #[must_use]
    pub fn network_url(&self) -> String {
        let (user, port) = (self.server.get_username(), self.server.get_port());
        format!("postgres://{user}:{PASSWORD}@localhost:{port}/{}", self.name)
    }

    /// The file with the certificate that the server shows there: it signed itself, for `localhost`.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.server.get_socket().map(|folder| folder.join("server.crt")).unwrap_or_default()
    }

    /// Ends every connection to it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn cut(&self) -> Result<(), ScratchError> {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
        self.tell(format!("{others} '{}'", self.name)).await
    }

    /// Lets nobody in any more, and ends every connection; or lets everybody in again.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn shut(&self, is_shut: bool) -> Result<(), ScratchError> {
        self.tell(format!("ALTER DATABASE {} ALLOW_CONNECTIONS {}", self.name, !is_shut)).await?;
        if is_shut { self.cut().await } else { Ok(()) }
    }

    fn url_at(&self, port: u16) -> String {
        let mut url = self.url.clone();
        url.set_path(&self.name);
        // Whatever has a host may have a port.
        let _ = url.set_port(Some(port));
        url.into()
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
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        for _ in 1..TRIES {
            match self.tell(drop.clone()).await {
                Err(ScratchError::Server(sqlx::Error::Database(error)))
                    if error.code().as_deref() == Some(NOT_OURS) =>
                {
                    self.tell("SELECT pg_sleep(0.2)".to_owned()).await?;
                }
                done => return done,
            }
        }
        self.tell(drop).await
    }

    async fn tell(&self, sql: String) -> Result<(), ScratchError> {
        let mut connection = self.server.connect().await?;
        // The name is ours.
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
