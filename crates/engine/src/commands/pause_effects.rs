//! `pause`: effects stop, observation goes on.

use flyball_model::{PauseScope, Timestamp};
use flyball_store::{Error, Pause, Pauses};
use flyball_views::Paused;
use std::time::Duration;

/// Pauses effects, or changes until when they are paused. A call that was sent is not called back.
///
/// # Errors
///
/// When the store does not take it.
pub async fn pause_effects(
    store: &dyn Pauses,
    scope: PauseScope,
    lasts: Option<Duration>,
    by: String,
    now: Timestamp,
) -> Result<Paused, Error> {
    let until = lasts.map(|lasts| now + lasts);
    store.pause(&Pause { scope: scope.clone(), at: now, until, by: by.clone() }).await?;
    Ok(Paused { scope, until, by })
}
