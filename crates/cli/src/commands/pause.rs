//! `flyball pause`: effects stop, observation goes on.

use super::check::no_such;
use crate::arguments::Pause;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::pause_effects;
use flyball_model::{AppName, PauseScope, ReactionName};

pub(super) async fn pause(wiring: &Wiring, asked: Pause) -> Result<Exit, Failure> {
    let scope = scope(wiring, asked.app, asked.reaction)?;
    let store = wiring.store().await?;
    let paused = pause_effects(&store, scope, asked.lasts, wiring.environment.person(), wiring.now()).await?;
    match wiring.format {
        Format::Json => output::json(&paused)?,
        Format::Text => {
            let until = paused.until.map_or_else(|| "until resumed".to_owned(), |until| format!("until {until}"));
            output::data(&format!("{} is paused {until}; looking goes on", paused.scope))?;
        }
    }
    store.close().await;
    Ok(Exit::GOOD)
}

/// What is meant. A name that is not in the file is a slip of the finger; where the file cannot be read, anything goes:
/// a pause must work in an emergency.
pub(super) fn scope(
    wiring: &Wiring,
    app: Option<AppName>,
    reaction: Option<ReactionName>,
) -> Result<PauseScope, Failure> {
    let definitions = wiring.definitions().ok();
    let reactions = definitions.as_ref().map(|definitions| definitions.reactions.as_slice());
    Ok(match (app, reaction) {
        (Some(app), _) => {
            if let Some(reactions) = reactions.filter(|of| of.iter().all(|one| *one.kind.app() != app)) {
                let names = reactions.iter().map(|reaction| reaction.kind.app().as_str());
                return Err(no_such("app", app.as_str(), wiring, names));
            }
            PauseScope::App(app)
        }
        (None, Some(reaction)) => {
            if let Some(reactions) = reactions.filter(|of| of.iter().all(|one| one.name != reaction)) {
                let names = reactions.iter().map(|reaction| reaction.name.as_str());
                return Err(no_such("reaction", reaction.as_str(), wiring, names));
            }
            PauseScope::Reaction(reaction)
        }
        (None, None) => PauseScope::Everything,
    })
}
