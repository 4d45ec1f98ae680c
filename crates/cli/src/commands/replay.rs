//! `flyball replay`: a reaction played anew over what was recorded.

use super::check::no_such;
use super::reading::Desk;
use crate::arguments::Replay;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use std::time::Duration;

/// What is played unless said otherwise; readings reach less far.
pub(super) const SINCE: Duration = Duration::from_hours(30 * 24);
/// The longest: no more readings are kept than of this.
pub(super) const SINCE_MAX: Duration = Duration::from_hours(92 * 24);

pub(super) async fn replay(wiring: &Wiring, asked: &Replay) -> Result<Exit, Failure> {
    let desk = Desk::open(wiring, Exit::NO).await?;
    if desk.definitions.reactions.iter().all(|reaction| reaction.name != asked.reaction) {
        let names = desk.definitions.reactions.iter().map(|reaction| reaction.name.as_str());
        return Err(no_such("reaction", asked.reaction.as_str(), wiring, names));
    }
    let desk = desk.altered(&asked.reaction, &asked.with)?;
    let (now, zone) = (wiring.now(), wiring.face.zone());
    let since = asked.since.map_or_else(|| now - SINCE, |since| since.begins(now, zone)).max(now - SINCE_MAX);
    let Some(replay) = desk.reader(wiring).await?.replay(&asked.reaction, since).await? else {
        let names = desk.definitions.reactions.iter().map(|reaction| reaction.name.as_str());
        return Err(no_such("reaction", asked.reaction.as_str(), wiring, names));
    };
    match wiring.format {
        Format::Json => output::json(&replay)?,
        Format::Text => output::data(&render::replay::replay(&replay, &wiring.face))?,
    }
    Ok(if replay.from.is_some() { Exit::GOOD } else { Exit::NO })
}
