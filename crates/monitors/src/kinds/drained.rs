//! What kinds share that are told by an app's log drain, or by an adapter in it: how one looks, and when nothing is known.

use super::heartbeat::NOBODY_LISTENS;
use super::levels::Levels;
use crate::means::{Look, Means};
use flyball_model::{AppName, Blind, Evidence, Excerpt, Finding, Measured, Reading, Timestamp};
use flyball_signals::{Adapters, SLOT, Slot, Window, told_until};
use std::time::Duration;
use tokio::time::Instant;

/// A verdict, in words, and what was measured; or why the app told too little for one.
pub(super) type Judged = Result<(Finding, String, Measured), String>;

/// What was judged, as a reading has it.
pub(super) fn found(judged: Judged) -> (Finding, String, Evidence) {
    match judged {
        Ok((finding, words, measured)) => (finding, words, Evidence::Measured(measured)),
        Err(why) => (Finding::Unknown(Blind::NotTold), why, Evidence::None),
    }
}

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
        Ok((slots, before)) => found(judge(&slots, before)),
        Err(why) => (Finding::Unknown(Blind::Overload), why, Evidence::None),
    };
    Reading { begun_at: look.begun_at, took: began.elapsed(), finding, words: Excerpt::of(&words), evidence }
}

/// Whether an adapter told so within this time, up to the end of the last slot that it told in.
pub(super) fn told_lately(
    slots: &[(Timestamp, Slot)],
    late: Duration,
    now: Timestamp,
    tells: impl Fn(&Adapters) -> bool,
) -> bool {
    let told = slots.iter().rev().find(|(_, slot)| slot.adapters.as_ref().is_some_and(|told| tells(told)));
    told.is_some_and(|(at, _)| now.since(*at + SLOT) <= late)
}

/// What the adapters of an app told over this time, where somebody listened for as long.
pub(super) fn told_by_adapters(
    app: &AppName,
    slots: &[(Timestamp, Slot)],
    over: Duration,
    now: Timestamp,
) -> Result<Window, String> {
    let window = Window::of(slots, over, told_until(now));
    window.ok_or_else(|| format!("nobody has listened to the adapter of {app} for long enough"))
}
