//! The database's address.

use crate::Error;
use std::path::PathBuf;

/// The file of a `sqlite:` URL. The URL itself is never repeated: other kinds hold passwords.
pub(crate) fn file_of(url: &str) -> Result<PathBuf, Error> {
    let Some((scheme, rest)) = url.trim().split_once(':') else { return Err(Error::NotASqliteUrl) };
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => {}
        "postgres" | "postgresql" => return Err(unsupported("PostgreSQL")),
        "mysql" | "mariadb" => return Err(unsupported("MySQL")),
        _ => return Err(Error::NotASqliteUrl),
    }
    let file = rest.strip_prefix("//").unwrap_or(rest);
    match file {
        "" => Err(Error::NotASqliteUrl),
        ":memory:" => Err(unsupported("a database in memory")),
        _ if file.contains('?') => Err(unsupported("a SQLite URL with parameters")),
        _ => Ok(PathBuf::from(file)),
    }
}

fn unsupported(what: &'static str) -> Error {
    Error::Unsupported { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_names_a_file() {
        for (url, file) in [
            ("sqlite:flyball.db", "flyball.db"),
            ("sqlite://flyball.db", "flyball.db"),
            ("sqlite:///var/lib/flyball.db", "/var/lib/flyball.db"),
            ("sqlite:/var/lib/flyball.db", "/var/lib/flyball.db"),
            ("SQLite:with a blank.db", "with a blank.db"),
        ] {
            assert_eq!(file_of(url).unwrap(), PathBuf::from(file), "{url}");
        }
    }

    #[test]
    fn another_database_is_refused_in_words_and_without_its_password() {
        let error = file_of("postgres://user:hunter2@db.example.com/flyball").unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"));
        assert_eq!(error.to_string(), "cannot use this database: PostgreSQL is not supported yet");
        assert_eq!(error.hint().as_deref(), Some("use sqlite:FILE, such as sqlite:flyball.db"));
        for url in ["flyball.db", "", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a.db?mode=ro", "mysql://x/y"] {
            assert!(file_of(url).is_err(), "{url}");
        }
    }
}
