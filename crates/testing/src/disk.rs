//! The real store in a file of its own, whose calls run to their end at once.

use flyball_store::{Error, Sqlite};
use std::path::Path;
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// There is no directory for the database.
    #[error("cannot make a directory for the database")]
    Directory(#[source] std::io::Error),
    /// The store cannot be opened.
    #[error("cannot open the database")]
    Store(#[from] Error),
    /// Nothing to run the store on.
    #[error("cannot start a runtime for the store")]
    Runtime(#[source] std::io::Error),
}

/// A store, gone when it is dropped. SQLite works on a thread of its own; it is waited for here, so that nobody else ever
/// is woken by it.
#[derive(Debug)]
pub struct Disk {
    /// The store itself.
    pub store: Sqlite,
    runtime: Runtime,
    _directory: tempfile::TempDir,
}

impl Disk {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn new() -> Result<Self, DiskError> {
        let runtime = Builder::new_current_thread().enable_time().build().map_err(DiskError::Runtime)?;
        let directory = scratch().map_err(DiskError::Directory)?;
        let store = runtime.block_on(Sqlite::open(&directory.path().join("flyball.db")))?;
        Ok(Self { store, runtime, _directory: directory })
    }

    /// Enters the runtime that timers belong to: those of the store, and those that guard against a clock that stands
    /// still, which never run out here.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Runs a call to its end, at once: nothing comes between its steps. Must not be called inside itself.
    pub fn at_once<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}

/// A directory that is gone afterwards; in memory where the system has such, since every commit waits for the disk.
fn scratch() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}
