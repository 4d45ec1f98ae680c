//! `flyball resume`: ends a pause.

use crate::arguments::Resume;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::resume_effects;
use flyball_model::PauseScope;

pub(super) async fn resume(wiring: &Wiring, asked: Resume) -> Result<Exit, Failure> {
    // Whatever was paused can be resumed, also what is no longer in the file.
    let scope = match (asked.app, asked.reaction) {
        (Some(app), _) => PauseScope::App(app),
        (None, Some(reaction)) => PauseScope::Reaction(reaction),
        (None, None) => PauseScope::Everything,
    };
    let store = wiring.store_to_read().await?;
    let resumed = resume_effects(&store, scope, &wiring.environment.person(), wiring.now()).await?;
    match wiring.format {
        Format::Json => output::json(&resumed)?,
        Format::Text => {
            let scope = &resumed.scope;
            output::data(&match resumed.was_paused {
                true => format!("{scope} is resumed; streaks start anew"),
                false => format!("there is no pause of {scope}"),
            })?;
            for pause in &resumed.still_paused {
                output::say(&format!("still paused: {}", pause.scope));
            }
        }
    }
    store.close().await;
    Ok(if resumed.was_paused { Exit::GOOD } else { Exit::NO })
}
