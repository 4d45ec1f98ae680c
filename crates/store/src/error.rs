//! What can go wrong with the store: what happened, where, and what to do.

use crate::Place;
use crate::holder::{Holder, Lock, holder};
use std::path::{Path, PathBuf};

/// Why the store did not do what it was asked to. Nothing was written, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote to the file for longer than we wait.
    #[error("cannot {doing}: {place} stayed locked for too long{}", by(holder.as_ref()))]
    Busy {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// Who keeps it locked now, where that can be seen.
        holder: Option<Holder>,
    },
    /// The disk is full.
    #[error("cannot {doing}: no room left for {place}")]
    Full {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
    },
    /// The file, its directory or its disk may not be written.
    #[error("cannot {doing}: {place} may not be written")]
    ReadOnly {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
    },
    /// The file cannot be opened, or created.
    #[error("cannot {doing}: {place} cannot be opened")]
    CannotOpen {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
    },
    /// The file is damaged, or is no database.
    #[error("cannot {doing}: {place} is damaged, or is no database of the kind that it should be")]
    Corrupt {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One stored value is not what this version reads.
    #[error("cannot {doing}: {row} in {place} holds what this version cannot read")]
    Unreadable {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// Which row, and which of its columns.
        row: String,
        /// What was wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was last written by a newer version.
    #[error("cannot open {place}: it has schema {has}, and this version knows {knows}")]
    Newer {
        /// The database.
        place: Place,
        /// The schema that it has.
        has: i64,
        /// The newest that this version knows.
        knows: i64,
    },
    /// The file is an earlier version's, and an engine of that version runs on it.
    #[error("cannot open {}: an engine of an earlier version runs on it, with schema {has}", file.display())]
    EngineIsOlder {
        /// The database.
        file: PathBuf,
        /// The schema that it has.
        has: i64,
    },
    /// An engine runs on this file already.
    #[error("cannot start on {}: another flyball runs on it{}", file.display(), in_words(*process))]
    EngineRuns {
        /// The database.
        file: PathBuf,
        /// The other's process id, where it could be read.
        process: Option<u32>,
    },
    /// Somebody who is no engine holds the lock.
    #[error("cannot start on {}: {} is locked by {holder}, which is no flyball that runs on it", file.display(), lock.display())]
    LockedByStranger {
        /// The database.
        file: PathBuf,
        /// The file beside it that is locked.
        lock: PathBuf,
        /// Who has it.
        holder: Holder,
    },
    /// The name of the database leads to a file of another user.
    #[error("cannot use {}: it is a link to {}, which belongs to another user", file.display(), target.display())]
    NotOurs {
        /// The database's name.
        file: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link, a pipe or a folder stands where a file of ours should be.
    #[error("cannot use {}: it is a link, a pipe or a folder, and no plain file", file.display())]
    NotPlain {
        /// What stands there.
        file: PathBuf,
    },
    /// The name of the lock is taken by a file with something else in it.
    #[error("cannot lock {}: there is something in it that Flyball did not write", file.display())]
    NotALock {
        /// What stands there.
        file: PathBuf,
    },
    /// The server cannot be reached, does not answer, or ended the connection. Whether something was written is not known.
    #[error("cannot {doing}: {place} does not answer")]
    Away {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answers, and lets us not in: a wrong password, no such user or database.
    #[error("cannot {doing}: {place} turns us away")]
    TurnedAway {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server does not encrypt, or does not prove who it is, and the address wants that it does.
    #[error("cannot {doing}: the connection to {place} is not as safe as its address wants it")]
    NotSafe {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
        /// What is missing.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server has the database, but no engine has made its tables there.
    #[error("cannot open {place}: no engine has run on it yet")]
    NotThere {
        /// The database.
        place: Place,
    },
    /// A copy to it was cut, and holds a part of a history.
    #[error("cannot {doing}: a copy to {place} has not come to its end")]
    Unfinished {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
    },
    /// Another node holds what this was written by. Nothing of it was written, and it is theirs to do now.
    #[error("cannot {doing} in {place}: another node works on this now")]
    Fenced {
        /// What was being done.
        doing: String,
        /// The database.
        place: Place,
    },
    /// A kind of database that is not supported.
    #[error("cannot use this database: {what} is not supported yet")]
    Unsupported {
        /// Which, in words: "MySQL". Never the URL itself, which may hold a password.
        what: &'static str,
    },
    /// Not the address of a database.
    #[error("cannot use this database: its address names neither a SQLite file nor a PostgreSQL database")]
    NotAnAddress,
    /// Anything else. Whether it was written is not known.
    #[error("cannot {doing}")]
    Other {
        /// What was being done, and to what.
        doing: String,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" by {holder}"))
}

fn in_words(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

impl Error {
    /// Any other error.
    pub fn other(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other { doing: doing.into(), source: source.into() }
    }

    /// What a person can do, as a sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Busy { holder: Some(Holder { process, .. }), .. } => {
                Some(format!("wait for process {process}, or end it, and try again"))
            }
            Self::Busy { holder: None, .. } => {
                Some("end what holds it, such as a backup or a database browser, and try again".into())
            }
            Self::Full { place, .. } => Some(format!("make room on the disk of {place}")),
            Self::ReadOnly { place: Place::File(file), .. } => Some(format!(
                "let this user write {} and its directory, or name another with --database",
                file.display()
            )),
            Self::ReadOnly { place: Place::Server(_), .. } => Some(
                "see whether it is a follower, or over the size of its plan, and name one that can be written".into(),
            ),
            Self::CannotOpen { place: Place::File(file), .. } => Some(format!(
                "see that the directory {} exists and may be read and written, or name another file with --database",
                parent(file).display()
            )),
            Self::Away { .. } | Self::CannotOpen { .. } => {
                Some("see that the server runs and can be reached from here".into())
            }
            Self::NotThere { .. } => Some("`flyball up` makes what it needs".into()),
            Self::TurnedAway { .. } => Some(
                "see that DATABASE_URL is the present one: where credentials rotate, Heroku changes it and restarts the app"
                    .into(),
            ),
            Self::NotSafe { .. } => Some(
                "see `sslmode` in the address: `require` wants encryption, `verify-full` a certificate for the name of the \
                 host as well, from a public authority or in the file that `sslrootcert` names"
                    .into(),
            ),
            Self::Corrupt { place: Place::File(file), .. } => {
                Some(format!("move {} away and start with a new one, or put a copy of it back", file.display()))
            }
            Self::Corrupt { .. } => Some("put a copy of it back".into()),
            Self::Unreadable { .. } => Some("use the version that wrote it, or a newer one".into()),
            Self::Newer { .. } => Some("use the version that wrote it, or a newer one; nothing was changed".into()),
            Self::EngineIsOlder { .. } => Some(
                "stop that engine and start this version, or use that version's commands; nothing was changed".into(),
            ),
            Self::EngineRuns { process, .. } => Some(match process {
                Some(process) => format!("stop process {process} first, or name another file with --database"),
                None => "stop the other one first, or name another file with --database".into(),
            }),
            Self::LockedByStranger { lock, holder, .. } => {
                Some(format!("end process {}, see why it locks {}, and try again", holder.process, lock.display()))
            }
            Self::NotOurs { target, .. } => {
                Some(format!("name {} itself with --database, if that is meant", target.display()))
            }
            Self::NotPlain { file } | Self::NotALock { file } => Some(format!(
                "see who put {} there, and remove it; or name another database with --database",
                file.display()
            )),
            Self::Unsupported { .. } => Some("use sqlite:FILE or postgres://…, such as sqlite:flyball.db".into()),
            Self::NotAnAddress => {
                Some("write it as sqlite:FILE, such as sqlite:flyball.db, or as postgres://USER:PASSWORD@HOST/DATABASE".into())
            }
            Self::Unfinished { .. } => Some("run the same `flyball store copy` again: it goes on where it was".into()),
            Self::Fenced { .. } | Self::Other { .. } => None,
        }
    }

    /// The whole of it in one line: what happened, and what that came from.
    #[must_use]
    pub fn in_full(&self) -> String {
        let first: &dyn std::error::Error = self;
        let causes = std::iter::successors(Some(first), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Whether the same may well succeed a moment later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. } | Self::Away { .. })
    }
}

/// The directory of a file; the present one for a bare name.
fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        Some(_) | None => Path::new("."),
    }
}

/// What goes wrong inside, before it is told of which place and in the course of what.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database, or the way to it.
    Sql(sqlx::Error),
    /// The node does not hold any more what this was to be written by.
    Fenced,
    /// It is being copied to, or such a copy was cut.
    Unfinished,
    /// A stored value is not what this version reads.
    Unreadable { row: String, source: Box<dyn std::error::Error + Send + Sync> },
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// A stored value that cannot be read.
    pub(crate) fn unreadable(
        row: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unreadable { row: row.into(), source: source.into() }
    }

    /// The error that the outside is told.
    pub(crate) fn told(self, doing: &str, place: &Place) -> Error {
        let (doing, place) = (doing.to_owned(), place.clone());
        let error = match self {
            Self::Unreadable { row, source } => return Error::Unreadable { doing, place, row, source },
            Self::Fenced => return Error::Fenced { doing, place },
            Self::Unfinished => return Error::Unfinished { doing, place },
            Self::Sql(error) => error,
        };
        let kind = match &place {
            Place::File(_) => of_sqlite(&error),
            Place::Server(_) => of_postgres(&error),
        };
        match kind {
            Kind::Busy => Error::Busy { doing, holder: place.file().and_then(who_writes), place },
            Kind::Full => Error::Full { doing, place },
            Kind::ReadOnly => Error::ReadOnly { doing, place },
            Kind::CannotOpen => Error::CannotOpen { doing, place },
            Kind::Corrupt => Error::Corrupt { doing, place, source: error.into() },
            Kind::Away => Error::Away { doing, place, source: error.into() },
            Kind::TurnedAway => Error::TurnedAway { doing, place, source: error.into() },
            Kind::NotSafe => Error::NotSafe { doing, place, source: error.into() },
            Kind::Other => Error::other(format!("{doing} in {place}"), error),
        }
    }
}

/// What a database's error comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Busy,
    Full,
    ReadOnly,
    CannotOpen,
    Corrupt,
    Away,
    TurnedAway,
    NotSafe,
    Other,
}

/// Source of the result codes, of which the low byte is the primary one: <https://www.sqlite.org/rescode.html>
fn of_sqlite(error: &sqlx::Error) -> Kind {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return Kind::Busy;
    }
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    match code.map(|extended| extended & 0xff) {
        // Busy, locked.
        Some(5 | 6) => Kind::Busy,
        Some(13) => Kind::Full,
        // Permission, read only.
        Some(3 | 8) => Kind::ReadOnly,
        Some(14) => Kind::CannotOpen,
        // Corrupt, not a database.
        Some(11 | 26) => Kind::Corrupt,
        Some(_) | None => Kind::Other,
    }
}

/// Whether another process has SQLite's lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    of_sqlite(error) == Kind::Busy
}

/// Source of the codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn of_postgres(error: &sqlx::Error) -> Kind {
    let Some(code) = error.as_database_error().and_then(|error| error.code()) else {
        return match error {
            sqlx::Error::Tls(_) => Kind::NotSafe,
            // Nothing else reads what can be invalid: a certificate, or what should be TLS.
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => Kind::NotSafe,
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
                Kind::Away
            }
            _ => Kind::Other,
        };
    };
    match &*code {
        // A deadlock, a serialization failure, a lock or a statement that took too long, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => Kind::Busy,
        "53100" => Kind::Full,
        // A follower, or a plan that is over its size: Heroku takes the right to insert away.
        // Source: <https://devcenter.heroku.com/articles/heroku-postgres-over-plan-capacity>
        "25006" | "42501" => Kind::ReadOnly,
        // Corrupt data or index.
        "XX001" | "XX002" => Kind::Corrupt,
        // Invalid authorization or password, no such database.
        "28000" | "28P01" | "3D000" => Kind::TurnedAway,
        // Shutting down, starting up, a crash of another backend, a connection that ended; a database that lets nobody in
        // just now, as while it is restored.
        "57P01" | "57P02" | "57P03" | "57P05" | "55000" => Kind::Away,
        connection if connection.starts_with("08") => Kind::Away,
        _ => Kind::Other,
    }
}

/// Who keeps others from writing a database: in write-ahead mode that lock is on the log's index, else on the file itself.
#[must_use]
pub fn who_writes(database: &Path) -> Option<Holder> {
    let index = crate::sqlite::beside(database, "-shm");
    holder(&index, Lock::Ranges).or_else(|| holder(database, Lock::Ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_a_person_can_mend_says_how() {
        let file = PathBuf::from("flyball.db");
        let place = Place::File(file.clone());
        let busy = Error::Busy { doing: "save".into(), place: place.clone(), holder: None };
        assert_eq!(busy.to_string(), "cannot save: flyball.db stayed locked for too long");
        assert!(busy.hint().is_some() && busy.may_pass());
        let runs = Error::EngineRuns { file, process: Some(41) };
        assert_eq!(runs.to_string(), "cannot start on flyball.db: another flyball runs on it (process 41)");
        let other = Error::other("save", std::io::Error::other("the disk is on fire"));
        assert_eq!(other.in_full(), "cannot save: the disk is on fire");
        let closed = Error::CannotOpen { doing: "open it".into(), place };
        assert!(closed.hint().expect("has one").contains("the directory . exists"));
    }
}
