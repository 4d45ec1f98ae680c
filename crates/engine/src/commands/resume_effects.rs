//! `resume`: ends a pause. Streaks start anew, since readings from during the pause are no evidence.

use flyball_model::{PauseScope, Timestamp};
use flyball_store::{Error, Pause, Store};
use serde::Serialize;

/// What came of ending a pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resumed {
    /// What was to be resumed.
    pub scope: PauseScope,
    /// Whether it was paused.
    pub was_paused: bool,
    /// The pauses that still hold.
    pub still_paused: Vec<Pause>,
}

/// Ends the pause of exactly this scope; other pauses hold on.
///
/// # Errors
///
/// When the store does not take it.
pub async fn resume_effects(store: &dyn Store, scope: PauseScope, by: &str, now: Timestamp) -> Result<Resumed, Error> {
    let was_paused = store.resume(&scope, by, now).await?;
    Ok(Resumed { scope, was_paused, still_paused: store.pauses(now).await? })
}
