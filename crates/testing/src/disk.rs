//! The real store in a file of its own, whose calls run to their end at once.

use flyball_scratch::{Scratch, ScratchError};
use flyball_store::{Address, Error, Sqlite, Store};
use std::path::Path;
use std::sync::Arc;
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
    /// There is no server.
    #[error("cannot make a database on a server")]
    Server(#[from] ScratchError),
    /// Nothing to run the store on.
    #[error("cannot start a runtime for the store")]
    Runtime(#[source] std::io::Error),
}

/// A store, gone when it is dropped. SQLite works on a thread of its own, and PostgreSQL elsewhere; they are waited for here, so
/// that nobody else ever is woken by them.
pub struct Disk {
    /// The store itself.
    pub store: Arc<dyn Store>,
    runtime: Runtime,
    home: Home,
}

/// Where it is.
enum Home {
    Directory(#[expect(dead_code, reason = "it goes when this is dropped")] tempfile::TempDir),
    Server(Box<Scratch>),
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Home::Server(scratch) = &self.home {
            // The server goes at the end, and takes with it what could not be removed.
            let _gone = self.runtime.block_on(async {
                self.store.close().await;
                scratch.remove().await
            });
        }
    }
}

impl Disk {
    /// An empty one, in a file.
    ///
    /// # Errors
    ///
    /// When the system does not let us.
    pub fn new() -> Result<Self, DiskError> {
        let runtime = Builder::new_current_thread().enable_time().build().map_err(DiskError::Runtime)?;
        let directory = scratch().map_err(DiskError::Directory)?;
        let store = runtime.block_on(Sqlite::open(&directory.path().join("flyball.db")))?;
        Ok(Self { store: Arc::new(store), runtime, home: Home::Directory(directory) })
    }

    /// An empty one, on the PostgreSQL server that tests have.
    ///
    /// # Errors
    ///
    /// When there is none, or it refuses.
    pub fn on_server() -> Result<Self, DiskError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(DiskError::Runtime)?;
        let (store, scratch) = runtime.block_on(async {
            let scratch = Scratch::new().await?;
            Ok::<_, DiskError>((Address::of(&scratch.url(), Path::new(""))?.open().await?, scratch))
        })?;
        Ok(Self { store, runtime, home: Home::Server(Box::new(scratch)) })
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
