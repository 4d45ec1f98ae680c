//! A database's address, as a person or Heroku writes it.

use crate::copy::{Schema, Side};
use crate::postgres::{Postgres, Server};
use crate::{Error, Place, Sqlite, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where to find a database, and as whom.
#[derive(Debug, Clone)]
pub enum Address {
    /// `sqlite:flyball.db`, `sqlite:///var/lib/flyball.db`.
    File(PathBuf),
    /// `postgres://user:password@host:port/database`.
    Server(Box<Server>),
}

impl Address {
    /// The address that a URL says. A relative file is taken from `beside`.
    ///
    /// # Errors
    /// For anything else: another kind of database, one in memory, a URL with parameters that are not known. The URL itself is
    /// never repeated, since it may hold a password.
    pub fn of(url: &str, beside: &Path) -> Result<Self, Error> {
        let url = url.trim();
        let (scheme, rest) = url.split_once(':').ok_or(Error::NotAnAddress)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Ok(Self::File(beside.join(file_of(rest)?))),
            "postgres" | "postgresql" => Ok(Self::Server(Box::new(Server::of(url)?))),
            "mysql" | "mariadb" => Err(unsupported("MySQL")),
            _ => Err(Error::NotAnAddress),
        }
    }

    /// Where that is, in words that hold no secret.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::File(file) => Place::File(file.clone()),
            Self::Server(server) => server.place().clone(),
        }
    }

    /// Opens the database for an engine: makes what is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// As [`Sqlite::open`] and [`Postgres::open`].
    pub async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(match self {
            Self::File(file) => Arc::new(Sqlite::open(file).await?),
            Self::Server(server) => Arc::new(Postgres::open(server).await?),
        })
    }

    /// Opens a database that is there, for what works beside an engine or reads what one left.
    ///
    /// # Errors
    /// As [`Sqlite::open_existing`] and [`Postgres::open_existing`].
    pub async fn open_existing(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(match self {
            Self::File(file) => Arc::new(Sqlite::open_existing(file).await?),
            Self::Server(server) => Arc::new(Postgres::open_existing(server).await?),
        })
    }

    /// Opens a database as it is, to read it; and tells its schema, which may be an earlier one.
    pub(crate) async fn open_as_it_is(&self) -> Result<(Box<dyn Side>, Schema), Error> {
        Ok(match self {
            Self::File(file) => {
                let (store, schema) = Sqlite::open_as_it_is(file).await?;
                (Box::new(store), schema)
            }
            Self::Server(server) => {
                let (store, schema) = Postgres::open_as_it_is(server).await?;
                (Box::new(store), schema)
            }
        })
    }

    /// As [`Address::open`], also where a copy to it has not come to its end.
    pub(crate) async fn open_unfinished(&self) -> Result<Box<dyn Side>, Error> {
        Ok(match self {
            Self::File(file) => Box::new(Sqlite::open_unfinished(file).await?),
            Self::Server(server) => Box::new(Postgres::open_unfinished(server).await?),
        })
    }
}

fn file_of(rest: &str) -> Result<PathBuf, Error> {
    match rest.strip_prefix("//").unwrap_or(rest) {
        "" => Err(Error::NotAnAddress),
        ":memory:" => Err(unsupported("a database in memory")),
        file if file.contains('?') => Err(unsupported("a SQLite URL with parameters")),
        file => Ok(PathBuf::from(file)),
    }
}

fn unsupported(what: &'static str) -> Error {
    Error::Unsupported { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<Address, Error> {
        Address::of(url, Path::new(""))
    }

    #[test]
    fn a_sqlite_url_names_a_file() {
        for (url, file) in [
            ("sqlite:flyball.db", "flyball.db"),
            ("sqlite://flyball.db", "flyball.db"),
            ("sqlite:///var/lib/flyball.db", "/var/lib/flyball.db"),
            ("sqlite:/var/lib/flyball.db", "/var/lib/flyball.db"),
            ("SQLite:with a blank.db", "with a blank.db"),
        ] {
            assert_eq!(of(url).unwrap().place(), Place::File(PathBuf::from(file)), "{url}");
        }
    }

    #[test]
    fn a_postgresql_url_names_a_database_and_never_its_password() {
        for (url, place) in [
            ("postgres://ada:hunter2@db.example.com:5433/flyball", "the database flyball at db.example.com:5433"),
            (
                "postgresql://ada:hunter2@db.example.com/flyball?sslmode=verify-full",
                "the database flyball at db.example.com:5432",
            ),
            ("postgres://ada:hunter2@%2Frun%2Fpostgresql/flyball", "the database flyball at /run/postgresql:5432"),
        ] {
            let address = of(url).unwrap();
            assert_eq!(address.place().to_string(), place);
            assert!(!format!("{address:?}").contains("hunter2"), "{address:?}");
        }
    }

    #[test]
    fn another_address_is_refused_in_words_and_without_its_password() {
        for url in [
            "flyball.db",
            "",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:a.db?mode=ro",
            "mysql://ada:hunter2@x/y",
            "postgres://ada:hunter2@db.example.com:port/flyball",
            "postgres://ada:hunter2@db.example.com/flyball?sslmode=hunter2",
            "postgres://ada:hunter2@db.example.com/flyball?color=hunter2",
            "postgres://ada:hunter2@db.example.com",
        ] {
            let error = of(url).unwrap_err();
            assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"), "{url}");
            assert!(error.hint().unwrap().contains("postgres://"), "{url}");
        }
    }
}
