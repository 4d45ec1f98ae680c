//! What can go wrong with the store: what happened, to which file, and what to do.

use crate::holder::{Holder, Lock, holder};
use std::path::{Path, PathBuf};

/// Why the store did not do what it was asked to. Nothing was written, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote to the file for longer than we wait.
    #[error("cannot {doing}: {} stayed locked for too long{}", file.display(), by(holder.as_ref()))]
    Busy {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
        /// Who keeps it locked now, where that can be seen.
        holder: Option<Holder>,
    },
    /// The disk is full.
    #[error("cannot {doing}: no room left for {}", file.display())]
    Full {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
    },
    /// The file, its directory or its disk may not be written.
    #[error("cannot {doing}: {} may not be written", file.display())]
    ReadOnly {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
    },
    /// The file cannot be opened, or created.
    #[error("cannot {doing}: {} cannot be opened", file.display())]
    CannotOpen {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
    },
    /// The file is damaged, or is no database.
    #[error("cannot {doing}: {} is damaged, or is no SQLite database", file.display())]
    Corrupt {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
        /// What SQLite said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One stored value is not what this version reads.
    #[error("cannot {doing}: {row} in {} holds what this version cannot read", file.display())]
    Unreadable {
        /// What was being done.
        doing: String,
        /// The database.
        file: PathBuf,
        /// Which row, and which of its columns.
        row: String,
        /// What was wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was last written by a newer version.
    #[error("cannot open {}: it has schema {has}, and this version knows {knows}", file.display())]
    Newer {
        /// The database.
        file: PathBuf,
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
    /// A kind of database that is not supported.
    #[error("cannot use this database: {what} is not supported yet")]
    Unsupported {
        /// Which, in words: "PostgreSQL". Never the URL itself, which may hold a password.
        what: &'static str,
    },
    /// Not the address of a database.
    #[error("cannot use this database: its address is not a SQLite URL")]
    NotASqliteUrl,
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
            Self::Full { file, .. } => Some(format!("make room on the disk of {}", file.display())),
            Self::ReadOnly { file, .. } => Some(format!(
                "let this user write {} and its directory, or name another with --database",
                file.display()
            )),
            Self::CannotOpen { file, .. } => Some(format!(
                "see that the directory {} exists and may be read and written, or name another file with --database",
                parent(file).display()
            )),
            Self::Corrupt { file, .. } => {
                Some(format!("move {} away and start with a new one, or put a copy of it back", file.display()))
            }
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
            Self::Unsupported { .. } => Some("use sqlite:FILE, such as sqlite:flyball.db".into()),
            Self::NotASqliteUrl => Some("write it as sqlite:FILE, such as sqlite:flyball.db".into()),
            Self::Other { .. } => None,
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
        matches!(self, Self::Busy { .. } | Self::Full { .. })
    }
}

/// The directory of a file; the present one for a bare name.
fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        Some(_) | None => Path::new("."),
    }
}

/// What goes wrong inside, before it is told of which file and in the course of what.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite, or the way to it.
    Sql(sqlx::Error),
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
    pub(crate) fn told(self, doing: &str, file: &Path) -> Error {
        let (doing, file) = (doing.to_owned(), file.to_owned());
        match self {
            Self::Unreadable { row, source } => Error::Unreadable { doing, file, row, source },
            Self::Sql(sqlx::Error::PoolTimedOut) => {
                let holder = who_writes(&file);
                Error::Busy { doing, file, holder }
            }
            Self::Sql(error) => match primary_code(&error) {
                Some(BUSY | LOCKED) => {
                    let holder = who_writes(&file);
                    Error::Busy { doing, file, holder }
                }
                Some(FULL) => Error::Full { doing, file },
                Some(READ_ONLY | PERMISSION) => Error::ReadOnly { doing, file },
                Some(CANNOT_OPEN) => Error::CannotOpen { doing, file },
                Some(CORRUPT | NOT_A_DATABASE) => Error::Corrupt { doing, file, source: error.into() },
                Some(_) | None => Error::other(format!("{doing} in {}", file.display()), error),
            },
        }
    }
}

/// Who keeps others from writing a database: in write-ahead mode that lock is on the log's index, else on the file itself.
#[must_use]
pub fn who_writes(database: &Path) -> Option<Holder> {
    let index = crate::sqlite::beside(database, "-shm");
    holder(&index, Lock::Ranges).or_else(|| holder(database, Lock::Ranges))
}

// SQLite's primary result codes. Source: https://www.sqlite.org/rescode.html
const PERMISSION: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

/// The primary result code: the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_a_person_can_mend_says_how() {
        let file = PathBuf::from("flyball.db");
        let busy = Error::Busy { doing: "save".into(), file: file.clone(), holder: None };
        assert_eq!(busy.to_string(), "cannot save: flyball.db stayed locked for too long");
        assert!(busy.hint().is_some() && busy.may_pass());
        let runs = Error::EngineRuns { file: file.clone(), process: Some(41) };
        assert_eq!(runs.to_string(), "cannot start on flyball.db: another flyball runs on it (process 41)");
        let other = Error::other("save", std::io::Error::other("the disk is on fire"));
        assert_eq!(other.in_full(), "cannot save: the disk is on fire");
        let closed = Error::CannotOpen { doing: "open it".into(), file };
        assert!(closed.hint().expect("has one").contains("the directory . exists"));
    }
}
