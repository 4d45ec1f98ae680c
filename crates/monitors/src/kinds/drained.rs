//! What kinds share that are told by an app's log drain, or by an adapter in it: how one looks.

use super::heartbeat::NOBODY_LISTENS;
use super::levels::Levels;
use crate::means::{Look, Means};
use flyball_model::{AppName, Blind, Evidence, Excerpt, Finding, Reading, Timestamp};
use flyball_signals::Slot;
use tokio::time::Instant;

/// A verdict, in words, and what was measured.
pub(super) type Judged = (Finding, String, Evidence);

/// Reads what an app told since then, and judges it beside what this monitor found last.
pub(super) async fn reading(
    means: &Means,
    look: Look<'_>,
    (app, since, levels): (&AppName, Timestamp, &Levels),
    judge: impl FnOnce(&[(Timestamp, Slot)], Option<Finding>) -> Judged,
) -> Reading {
    let began = Instant::now();
    let told = match &means.listening {
        None => Err(NOBODY_LISTENS.to_owned()),
        Some(listening) => listening.told(app, since, look, levels).await,
    };
    let (finding, words, evidence) = match told {
        Ok((slots, before)) => judge(&slots, before),
        Err(why) => (Finding::Unknown(Blind::Overload), why, Evidence::None),
    };
    Reading { begun_at: look.begun_at, took: began.elapsed(), finding, words: Excerpt::of(&words), evidence }
}
