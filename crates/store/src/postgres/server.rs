//! A PostgreSQL server, as `DATABASE_URL` names it.

use crate::{Error, Place};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;

/// Parameters that a URL may have behind its `?`. Any other is refused: one that is misspelt would be left out in silence, and
/// `sslmode` is among them.
const PARAMETERS: [&str; 8] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "application_name", "connect_timeout"];

/// Prepared statements of a connection: more than there are texts of ours.
const STATEMENTS_KEPT: usize = 300;

/// A setting that nobody else knows: a server takes any that has a dot in it, and a pooler either refuses it or drops it.
const OURS: &str = "flyball.direct";

/// Where a PostgreSQL database is, and as whom it is opened. Its `Debug` form holds no secret.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
    place: Place,
}

impl fmt::Debug for Server {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_tuple("Server").field(&self.place).finish()
    }
}

impl Server {
    /// The server of a `postgres:` URL.
    ///
    /// Without `sslmode` the connection to another machine is encrypted and its certificate not verified, since that of a Heroku
    /// Postgres can be verified by nobody; to this machine it is encrypted where the server does that.
    /// Source: <https://devcenter.heroku.com/articles/connecting-heroku-postgres>
    ///
    /// # Errors
    /// [`Error::NotAnAddress`] where it cannot be read.
    pub fn of(url: &str) -> Result<Self, Error> {
        let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
        let names = || parameters.split('&').map(|pair| pair.split('=').next().unwrap_or(pair));
        if names().any(|name| !name.is_empty() && !PARAMETERS.contains(&name)) {
            return Err(Error::NotAnAddress);
        }
        let options = PgConnectOptions::from_str(url).map_err(|_| Error::NotAnAddress)?;
        let database = options.get_database().ok_or(Error::NotAnAddress)?.to_owned();
        let socket = options.get_socket().map(|socket| socket.display().to_string());
        let is_here = socket.is_some() || is_loopback(options.get_host());
        let host = socket.as_deref().unwrap_or(options.get_host());
        let place = Place::Server(format!("{database} at {host}:{}", options.get_port()));
        let encrypts = match options.get_ssl_mode() {
            said if names().any(|name| name == "sslmode") => said,
            _ if is_here => PgSslMode::Prefer,
            _ => PgSslMode::Require,
        };
        let options = options
            .ssl_mode(encrypts)
            .application_name("flyball")
            // A pooler refuses settings at the start of a connection that it does not know.
            .extra_float_digits(None)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .disable_statement_logging();
        Ok(Self { options, place })
    }

    /// Whether the server itself answers, or a pooler that stands between and may lend a connection for one transaction.
    pub(super) async fn is_direct(&self) -> Result<bool, sqlx::Error> {
        let mut connection = match self.options.clone().options([(OURS, "yes")]).connect().await {
            Ok(connection) => connection,
            // "Unsupported startup parameter". Source: <https://www.pgbouncer.org/config.html#ignore_startup_parameters>
            Err(error) if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("08P01")) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let asked = sqlx::query_scalar("SELECT current_setting($1, true)").bind(OURS).persistent(false);
        let answer: Option<String> = asked.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(answer.as_deref() == Some("yes"))
    }

    /// How to connect.
    pub(super) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Where it is, in words that hold no secret.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_to_another_machine_is_encrypted_and_what_the_url_says_is_obeyed() {
        for (url, mode) in [
            ("postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d", PgSslMode::Require),
            ("postgres://u:p@db.example.com/d?sslmode=verify-full", PgSslMode::VerifyFull),
            ("postgres://u:p@db.example.com/d?sslmode=disable", PgSslMode::Disable),
            ("postgres://u:p@10.0.0.7/d", PgSslMode::Require),
            ("postgres://u:p@127.0.0.1/d", PgSslMode::Prefer),
            ("postgres://u:p@localhost/d", PgSslMode::Prefer),
            ("postgres://u:p@%2Frun%2Fpostgresql/d", PgSslMode::Prefer),
            ("postgres://u:p@localhost/d?sslmode=require", PgSslMode::Require),
        ] {
            let server = Server::of(url).unwrap();
            assert_eq!(format!("{:?}", server.options.get_ssl_mode()), format!("{mode:?}"), "{url}");
        }
    }
}
