//! Where a bench's store is: a file, or a database on a server. It is the bench's own, and gone afterwards.

use super::cannot;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::wiring::stopped_by_person;
use clap::Args;
use flyball_scratch::{Scratch, ScratchError};
use flyball_store::{Address, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The file's name in its folder.
pub(super) const FILE: &str = "flyball.db";

/// Which kind of store is measured.
#[derive(Debug, Args)]
pub(super) struct On {
    /// A PostgreSQL server to measure on: `postgres://USER:PASSWORD@HOST/DATABASE`, by a user who may make databases. The bench
    /// makes one of its own there, which is gone afterwards. Without it, a file is measured, also where DATABASE_URL is set
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// A place for a store that nobody else uses.
pub(super) enum Place {
    /// Goes with the bench.
    Folder(TempDir),
    /// Stays.
    Kept(PathBuf),
    Server(Box<Scratch>),
}

impl On {
    /// Makes a place, has something measured there, and takes the place away, also where a person ends the bench.
    pub(super) async fn measured<T>(
        &self,
        measure: impl AsyncFnOnce(&Place) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let place = match &self.store {
            None => Place::folder()?,
            Some(url) => Place::server(url).await?,
        };
        place.lent(measure).await
    }
}

impl Place {
    pub(super) fn folder() -> Result<Self, Failure> {
        tempfile::tempdir().map(Self::Folder).map_err(cannot("make a folder for the bench"))
    }

    /// In a folder that is there, and stays.
    pub(super) fn kept(folder: &Path) -> Self {
        Self::Kept(folder.to_owned())
    }

    /// A database on the server of this URL.
    pub(super) async fn server(url: &str) -> Result<Self, Failure> {
        // Read first: what is wrong with a URL is told as of any other.
        Address::of(url, Path::new(""))?;
        let scratch =
            Scratch::on(url).await.map_err(|error| refused("make a database for the bench on PostgreSQL", &error))?;
        Ok(Self::Server(Box::new(scratch)))
    }

    /// Has something done here, and takes the place away.
    pub(super) async fn lent<T>(self, doing: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let done = tokio::select! {
            done = doing(&self) => done,
            () = stopped_by_person() => Err(Failure::new(Exit::NO, "the bench was ended before it had measured")),
        };
        let removed = match self {
            Self::Server(scratch) => scratch.remove().await,
            Self::Folder(_) | Self::Kept(_) => Ok(()),
        };
        // What went wrong first is what is told.
        let done = done?;
        removed.map_err(|error| refused("remove the bench's database", &error))?;
        Ok(done)
    }

    /// As whoever opens it by itself is told.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Folder(folder) => format!("sqlite:{}", folder.path().join(FILE).display()),
            Self::Kept(folder) => format!("sqlite:{}", folder.join(FILE).display()),
            Self::Server(scratch) => scratch.url(),
        }
    }

    /// The file, where it is one.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.path().join(FILE)),
            Self::Kept(folder) => Some(folder.join(FILE)),
            Self::Server(_) => None,
        }
    }

    /// Opens it. What was opened before is found again.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        let address = Address::of(&self.url(), Path::new(""))?;
        address.open().await.map_err(cannot("open the bench's store"))
    }

    /// What the report says of it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Folder(_) | Self::Kept(_) => "SQLite",
            Self::Server(_) => "PostgreSQL",
        }
    }
}

fn refused(what: &'static str, error: &ScratchError) -> Failure {
    let because = match error {
        ScratchError::Server(error) => error.to_string(),
        ScratchError::NoServer | ScratchError::NotAnAddress => error.to_string(),
    };
    Failure::new(Exit::NO, format!("cannot {what}"))
        .because(because)
        .hint("name a server with --store, and a user there who may make databases (CREATEDB)")
}
