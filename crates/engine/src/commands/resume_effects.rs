//! `resume`: ends a pause. Streaks start anew, since readings from during the pause are no evidence.

use crate::queries::pause_view;
use flyball_model::{PauseScope, Timestamp};
use flyball_store::{Error, Store};
use flyball_views::Resumed;

/// Ends the pause of exactly this scope; other pauses hold on.
///
/// # Errors
///
/// When the store does not take it.
pub async fn resume_effects(store: &dyn Store, scope: PauseScope, by: &str, now: Timestamp) -> Result<Resumed, Error> {
    let was_paused = store.resume(&scope, by, now).await?;
    let still_paused = store.pauses(now).await?.into_iter().map(pause_view).collect();
    Ok(Resumed { scope, was_paused, still_paused })
}
