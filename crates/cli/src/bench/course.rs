//! A real loop that runs on a store of its own until it is told to end, and what it used.

use super::cannot;
use super::process::Usage;
use crate::failure::Failure;
use crate::wiring::Descriptors;
use flyball_config::Definitions;
use flyball_engine::live::{Figures, Live};
use flyball_engine::{Accounts, Clock, Engine, Ids, NoReferences, NoWitness, Observe, Ports, Tokio};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, ApiHost, Mode, NodeId};
use flyball_store::{Sqlite, Store};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A loop that runs.
pub(super) struct Course {
    live: Live,
    stop: CancellationToken,
    store: Sqlite,
    file: PathBuf,
    /// How many descriptors were found.
    pub(super) descriptors: Descriptors,
    pub(super) started: tokio::time::Instant,
    before: Option<Usage>,
    /// Goes when the course ends.
    _directory: TempDir,
}

/// What one bench has otherwise than another.
pub(super) struct Outside {
    pub(super) store: Arc<dyn Store>,
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) observe: Arc<dyn Observe>,
}

/// What came of it, or of something like it.
pub(super) struct Ended {
    pub(super) figures: Figures,
    pub(super) lasted: Duration,
    /// Bytes of the store at the end; none where there is none.
    pub(super) stored: Option<u64>,
    pub(super) before: Option<Usage>,
    pub(super) after: Option<Usage>,
}

impl Course {
    /// Starts an engine with these definitions, which looks through this and acts on nothing.
    pub(super) async fn begin(
        definitions: &Definitions,
        observe: Arc<dyn Observe>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, Failure> {
        let outside = |store| Outside { store: Arc::new(store), accounts: Arc::new(NoAccounts), observe };
        Self::begin_with(definitions, outside, clock, ids).await
    }

    /// Starts an engine with these definitions and this outside, which is made around its store.
    pub(super) async fn begin_with(
        definitions: &Definitions,
        outside: impl FnOnce(Sqlite) -> Outside,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, Failure> {
        let directory = tempfile::tempdir().map_err(cannot("make a folder for the bench"))?;
        let file = directory.path().join("bench.db");
        let store = Sqlite::open(&file).await.map_err(cannot("open the bench's store"))?;
        let runtime = Tokio::new();
        let Outside { store: seen, accounts, observe } = outside(store.clone());
        let ports = Ports {
            store: seen,
            accounts,
            observe,
            references: Arc::new(NoReferences),
            clock,
            ids: Arc::clone(&ids),
            time: Arc::new(runtime),
            tasks: Arc::new(runtime),
            witness: Arc::new(NoWitness),
        };
        let node = NodeId(ids.run(ports.clock.now()).0);
        let engine = Arc::new(Engine::new(ports, node, Mode::Act));
        let before = Usage::now();
        engine.start(definitions).await.map_err(cannot("start the engine"))?;

        let (stop, descriptors) = (CancellationToken::new(), Descriptors::raise());
        let live = Live::start(engine, descriptors.checks_at_once(), stop.clone());
        let started = tokio::time::Instant::now();
        Ok(Self { live, stop, store, file, descriptors, started, before, _directory: directory })
    }

    /// Ends it.
    pub(super) async fn end(self) -> Ended {
        let (lasted, after) = (self.started.elapsed(), Usage::now());
        self.stop.cancel();
        self.live.stopped().await;
        // Closing folds the write-ahead log into the file.
        self.store.close().await;
        let stored = std::fs::metadata(&self.file).map(|file| file.len()).ok();
        Ended { figures: self.live.figures(), lasted, stored, before: self.before, after }
    }
}

impl Ended {
    /// Processor time of this process.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        let (before, after) = self.before.zip(self.after)?;
        Some(after.cpu.saturating_sub(before.cpu).as_secs_f64())
    }

    /// Resident bytes that came with the monitors.
    pub(super) fn grown(&self) -> Option<f64> {
        let (before, after) = self.before.zip(self.after)?;
        Some(after.resident.saturating_sub(before.resident) as f64)
    }

    pub(super) fn resident_mib(&self) -> Option<f64> {
        self.after.map(|after| after.resident as f64 / f64::from(1 << 20))
    }
}

/// Who only watches acts on nothing.
struct NoAccounts;

impl Accounts for NoAccounts {
    fn heroku(&self, _account: &AccountName) -> Option<Arc<dyn Heroku>> {
        None
    }

    fn host(&self) -> ApiHost {
        ApiHost::default()
    }

    fn variable(&self, _name: &str) -> Option<SecretString> {
        None
    }
}
