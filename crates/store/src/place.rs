//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is, as people are told: never with a user or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file on this machine.
    File(PathBuf),
    /// A database on a PostgreSQL server: `flyball at db.example.com:5432`, or with the folder of the server's socket.
    Server(String),
}

impl Place {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Server(_) => None,
        }
    }
}

impl From<&Path> for Place {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(to, "{}", file.display()),
            Self::Server(name) => write!(to, "the database {name}"),
        }
    }
}
