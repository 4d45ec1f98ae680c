//! `flyball pause`: effects stop, observation goes on. It says that it holds only when a running engine holds it.

use super::brake::{Taken, must_be_known, scope};
use super::reading::Desk;
use crate::arguments::Pause;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::{Paused, pause_effects};
use serde::Serialize;

/// What is paused, and by whom it is held, as data.
#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    paused: Paused,
    #[serde(flatten)]
    taken: Taken,
}

pub(super) async fn pause(wiring: &Wiring, asked: Pause) -> Result<Exit, Failure> {
    let desk = Desk::open(wiring, Exit::TRY_AGAIN).await?;
    let scope = scope(asked.app, asked.reaction);
    must_be_known(wiring, &desk, &scope)?;
    let by = wiring.environment.person();
    let paused = pause_effects(&desk.store, scope, asked.lasts, by, wiring.now()).await?;
    let taken = Taken::wait(wiring, &desk, &paused.scope).await?;
    let exit = taken.exit();
    match wiring.format {
        Format::Json => output::json(&Said { paused, taken })?,
        Format::Text => {
            let until = paused.until.map_or_else(
                || "until resumed".to_owned(),
                |until| format!("until {}", wiring.face.lone_sentence(&until.to_string(), wiring.now())),
            );
            if exit == Exit::GOOD {
                output::data(&format!("{} is paused {until}; looking goes on", paused.scope))?;
            }
            taken.tell(wiring, &format!("start with {} paused {until}", paused.scope))?;
        }
    }
    desk.store.close().await;
    Ok(exit)
}
