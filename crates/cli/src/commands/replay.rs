//! `flyball replay`: a reaction played anew over what was recorded.

use super::check::no_such;
use super::reading::{Desk, Source};
use crate::arguments::Replay;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render;
use crate::wiring::Wiring;
use flyball_model::Timestamp;
use flyball_views::Replay as View;

pub(super) async fn replay(wiring: &Wiring, asked: &Replay) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let since = asked.since.map(|since| since.begins(wiring.now(), wiring.face.zone()));
    let replay = match source {
        Source::Here(desk) => here(wiring, *desk, asked, since).await?,
        Source::Afar(server) => afar(&server, asked, since).await?,
    };
    match wiring.format {
        Format::Json => output::json(&replay)?,
        Format::Text => output::data(&render::replay::replay(&replay, &wiring.face))?,
    }
    Ok(if replay.from.is_some() { Exit::GOOD } else { Exit::NO })
}

async fn here(wiring: &Wiring, desk: Desk, asked: &Replay, since: Option<Timestamp>) -> Result<View, Failure> {
    let names = desk.definitions.reactions.iter().map(|reaction| reaction.name.as_str());
    let not_there = no_such("reaction", asked.reaction.as_str(), wiring, names);
    if desk.definitions.reactions.iter().all(|reaction| reaction.name != asked.reaction) {
        return Err(not_there);
    }
    let desk = desk.altered(&asked.reaction, &asked.with)?;
    desk.reader(wiring).await?.replay(&asked.reaction, since).await?.ok_or(not_there)
}

async fn afar(server: &Remote, asked: &Replay, since: Option<Timestamp>) -> Result<View, Failure> {
    let with: Vec<String> = asked.with.iter().map(ToString::to_string).collect();
    let mut query = vec![("with", with.join("\n"))];
    query.extend(since.map(|since| ("since", since.to_string())));
    Ok(server.get(&["reactions", asked.reaction.as_str(), "replay"], &query).await?)
}
