//! The engine that works on a store, as it is seen from outside.

use flyball_model::Timestamp;
use flyball_store::{EngineLock, Error, Place, SeenSign, Store};
use flyball_views::EngineState;
use std::path::Path;

/// Whether an engine works on a store, and its sign of life.
#[derive(Debug)]
pub struct SeenEngine {
    /// Whether one does.
    pub state: EngineState,
    /// The freshest sign of life in the store.
    pub seen: Option<SeenSign>,
}

impl SeenEngine {
    /// As of now.
    ///
    /// # Errors
    ///
    /// When the store does not answer, or the lock beside a file cannot be looked at.
    pub async fn on(store: &dyn Store, now: Timestamp) -> Result<Self, Error> {
        let seen = store.signs(now).await?.into_iter().next();
        let state = match store.place() {
            Place::File(file) => Self::by_lock(file, seen.as_ref())?,
            Place::Server(_) => on_server(seen.as_ref()),
        };
        Ok(Self { state, seen })
    }

    /// On a file that may not be there, or not readable.
    ///
    /// # Errors
    ///
    /// When its lock cannot be looked at.
    pub fn by_lock(file: &Path, seen: Option<&SeenSign>) -> Result<EngineState, Error> {
        let locked_by = EngineLock::is_held(file)?.then(|| EngineLock::process(file));
        Ok(on_file(locked_by, seen))
    }
}

/// On a file: from who holds its lock and what stands in it. `locked_by` is none where nobody holds it; the process in it is none where
/// it cannot be read.
fn on_file(locked_by: Option<Option<u32>>, seen: Option<&SeenSign>) -> EngineState {
    match (locked_by, seen) {
        (None, _) => EngineState::Stopped,
        (Some(process), Some(seen)) if seen.is_fresh() && process.is_none_or(|one| one == seen.sign.process) => {
            EngineState::Running
        }
        (Some(_), _) => EngineState::Silent,
    }
}

/// On a server, by the freshest sign of life there.
fn on_server(seen: Option<&SeenSign>) -> EngineState {
    if seen.is_some_and(SeenSign::is_fresh) { EngineState::Running } else { EngineState::Stopped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_store::Sign;
    use std::time::Duration;

    #[test]
    fn an_engine_runs_here_only_if_it_gives_signs_of_life_here() {
        let sign = Sign {
            node: flyball_model::NodeId(uuid::Uuid::from_u128(1)),
            host: flyball_model::Excerpt::of("ops"),
            process: 41,
            since: Timestamp::EPOCH,
            in_force: String::new(),
            own: None,
        };
        let seen = SeenSign { sign, silent_for: Duration::from_secs(14), read_up_to: 0 };
        let old = SeenSign { silent_for: Duration::from_secs(15), ..seen.clone() };
        let cases = [
            ("nobody", None, None, EngineState::Stopped),
            ("it died", None, Some(&seen), EngineState::Stopped),
            ("it runs", Some(Some(41)), Some(&seen), EngineState::Running),
            ("its lock cannot be read", Some(None), Some(&seen), EngineState::Running),
            ("another holds the lock", Some(Some(42)), Some(&seen), EngineState::Silent),
            ("it writes elsewhere", Some(Some(41)), Some(&old), EngineState::Silent),
            ("it never wrote here", Some(Some(41)), None, EngineState::Silent),
        ];
        for (case, lock, seen, state) in cases {
            assert_eq!(on_file(lock, seen), state, "{case}");
        }
        assert_eq!(on_server(Some(&seen)), EngineState::Running);
        assert_eq!(on_server(Some(&old)), EngineState::Stopped);
    }
}
