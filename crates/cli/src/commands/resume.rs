//! `flyball resume`: ends a pause.

use super::brake::{Meant, exit, must_be_known, scope, taken_in, tell};
use super::reading::{Desk, tell_of_file};
use crate::arguments::Resume;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::resume_effects;
use flyball_views::ResumeTold;

async fn here(wiring: &Wiring, asked: Resume) -> Result<ResumeTold, Failure> {
    let desk = Desk::open(wiring, Exit::TRY_AGAIN).await?;
    let scope = scope(asked.app, asked.reaction);
    let resumed = resume_effects(&*desk.store, scope, &wiring.environment.person(), wiring.now()).await?;
    if !resumed.was_paused {
        // Whatever was paused can be resumed, also what is no longer in the file.
        must_be_known(wiring, &desk, &resumed.scope)?;
    }
    let taken = taken_in(&desk, &resumed.scope).await?;
    desk.store.close().await;
    Ok(ResumeTold { resumed, taken })
}

pub(super) async fn resume(wiring: &Wiring, asked: Resume) -> Result<Exit, Failure> {
    let ResumeTold { resumed, taken } = match wiring.server() {
        Some(server) => {
            let told = server.post(&["pauses", "resume"], &Meant::of(asked.app, asked.reaction, None)).await?;
            let _told_or_not = tell_of_file(server).await;
            told
        }
        None => here(wiring, asked).await?,
    };
    let (was_paused, exit) = (resumed.was_paused, exit(&taken));
    match wiring.format {
        Format::Json => output::json(&ResumeTold { resumed, taken })?,
        Format::Text => {
            let scope = &resumed.scope;
            match was_paused {
                true => {
                    output::data(&format!("{scope} is resumed; streaks start anew"))?;
                    if exit != Exit::GOOD {
                        tell(&taken, wiring, &format!("start with {scope} resumed"))?;
                    }
                }
                false => output::data(&format!("there is no pause of {scope}"))?,
            }
            for pause in &resumed.still_paused {
                output::say(&format!("still paused: {}", pause.scope));
            }
        }
    }
    Ok(if was_paused { exit } else { Exit::NO })
}
