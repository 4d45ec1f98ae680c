//! The second way to pause: by a signal, for when the database cannot be written. It holds every effect from the moment it
//! is heard; and it becomes a pause like any other as soon as the store takes it, so that `resume` ends it as well.

use crate::engine::Engine;
use flyball_model::PauseScope;
use flyball_store::{Error, Pause};
use std::sync::PoisonError;

/// Who is told to have paused: a signal does not say who sent it.
const BY: &str = "a signal (SIGUSR1)";

impl Engine {
    /// Holds every effect from now on, until a person resumes or a start before the store has taken it. A call that was sent
    /// is not called back.
    pub fn hold_by_signal(&self) {
        let pause = Pause { scope: PauseScope::Everything, at: self.ports.clock.now(), until: None, by: BY.to_owned() };
        tracing::warn!("everything is held by a signal (SIGUSR1); `flyball resume` ends that");
        *self.held_by_signal.lock().unwrap_or_else(PoisonError::into_inner) = Some(pause);
    }

    /// The pause that a signal asked for and the store does not have yet.
    pub(crate) fn held_by_signal(&self) -> Option<Pause> {
        self.held_by_signal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts into the store what a signal asked for. It holds in between as well.
    pub(crate) async fn record_signal(&self) -> Result<(), Error> {
        let Some(pause) = self.held_by_signal() else { return Ok(()) };
        self.ports.store.pause(&pause).await?;
        let mut held = self.held_by_signal.lock().unwrap_or_else(PoisonError::into_inner);
        // Another signal may have come meanwhile.
        if held.as_ref() == Some(&pause) {
            *held = None;
        }
        Ok(())
    }
}
