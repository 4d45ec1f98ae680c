//! What the commands that read share: the definitions, the store, and a reader over both.

use crate::failure::Failure;
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_engine::queries::{EngineState, Reader};
use flyball_model::ApiHost;
use flyball_store::{EngineLock, Sqlite};
use std::path::PathBuf;

/// Everything that a reader borrows.
pub(super) struct Desk {
    definitions: Definitions,
    store: Sqlite,
    host: ApiHost,
    database: PathBuf,
}

impl Desk {
    /// Opens what is there; makes nothing.
    pub(super) async fn open(wiring: &Wiring) -> Result<Self, Failure> {
        let definitions = wiring.definitions()?;
        let host = wiring.base()?.host().clone();
        Ok(Self { definitions, store: wiring.store_to_read().await?, host, database: wiring.database()? })
    }

    /// Opens what is there, for what needs no file: what happened stays readable while the file is broken.
    pub(super) async fn open_without_file(wiring: &Wiring) -> Result<Self, Failure> {
        let definitions = flyball_config::read("", "")?;
        let (store, database) = (wiring.store_to_read().await?, wiring.database()?);
        Ok(Self { definitions, store, host: ApiHost::default(), database })
    }

    /// A reader, as of now.
    pub(super) fn reader(&self, wiring: &Wiring) -> Result<Reader<'_>, Failure> {
        let engine = engine_state(&self.database)?;
        Ok(Reader::new(&self.store, &self.definitions, self.host.clone(), engine, wiring.now()))
    }
}

/// Whether an engine runs on a database.
pub(super) fn engine_state(database: &std::path::Path) -> Result<EngineState, Failure> {
    Ok(if EngineLock::is_held(database)? { EngineState::Running } else { EngineState::Stopped })
}
