//! `flyball pause`: effects stop, observation goes on. It says that it holds only when a running engine holds it. Where the
//! database cannot be written, the engine is told by a signal.

use super::brake::{Meant, exit, must_be_known, scope, taken_in, tell};
use super::reading::{Desk, tell_of_file};
use crate::arguments::Pause;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::pause_effects;
use flyball_model::PauseScope;
use flyball_views::PauseTold;
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// How long the row may take: who pauses is in a hurry, and there is a second way.
const WRITE_MAX: Duration = Duration::from_secs(1);

/// What to do where neither way is open.
const HINT: &str = "`flyball pause` without a name can hold everything by a signal; else stop the engine";

/// The second way: the engine on this machine is told by a signal, and holds everything. It cannot be asked whether it has
/// heard, so that the exit code says to look again.
async fn by_signal(wiring: &Wiring, desk: &Desk, scope: &PauseScope, failure: Failure) -> Result<Exit, Failure> {
    let process = match scope {
        // Whoever pauses one app does not mean all of them.
        PauseScope::App(_) | PauseScope::Reaction(_) => None,
        PauseScope::Everything => desk.process_here(wiring).await.filter(|process| signal(*process)),
    };
    let Some(process) = process else { return Err(failure) };
    failure.render().iter().for_each(|words| output::say(words));
    let told = BySignal { signalled: true, process };
    match wiring.format {
        Format::Json => output::json(&told)?,
        Format::Text => output::data(&format!(
            "the engine (process {process}) was told by a signal to hold everything, and records it as soon as it can; \
             `flyball status` shows it then"
        ))?,
    }
    Ok(Exit::TRY_AGAIN)
}

/// That an engine was told by a signal, as data.
#[derive(Serialize)]
struct BySignal {
    signalled: bool,
    process: u32,
}

/// Why the row was not written, as far as can be seen.
fn not_written(desk: &Desk) -> String {
    let place = desk.store.place();
    let holder = place.file().and_then(flyball_store::who_writes);
    format!("{place} stayed locked{}", holder.map_or_else(String::new, |holder| format!(" by {holder}")))
}

/// Sends SIGUSR1 to a process; whether it could be sent.
#[cfg(unix)]
fn signal(process: u32) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| kill_process(process, Signal::USR1).is_ok())
}

#[cfg(not(unix))]
fn signal(_: u32) -> bool {
    false
}

/// What came of it.
enum Braked {
    /// It is on record, and somebody goes by it or not.
    Told(PauseTold),
    /// The engine was told by a signal, which ends so.
    BySignal(Exit),
}

async fn here(wiring: &Wiring, asked: Pause) -> Result<Braked, Failure> {
    let desk = Desk::open(wiring, Exit::TRY_AGAIN).await?;
    let scope = scope(asked.app, asked.reaction);
    must_be_known(wiring, &desk, &scope)?;
    let by = wiring.environment.person();
    let writing = pause_effects(&*desk.store, scope.clone(), asked.lasts, by, wiring.now());
    let paused = match timeout(WRITE_MAX, writing).await {
        Ok(Ok(paused)) => paused,
        Ok(Err(error)) => return by_signal(wiring, &desk, &scope, error.into()).await.map(Braked::BySignal),
        Err(_) => {
            let what = format!("cannot pause {scope} within {} s", WRITE_MAX.as_secs());
            let busy = Failure::new(Exit::TRY_AGAIN, what).because(not_written(&desk)).hint(HINT);
            return by_signal(wiring, &desk, &scope, busy).await.map(Braked::BySignal);
        }
    };
    let taken = taken_in(&desk, &paused.scope).await?;
    desk.store.close().await;
    Ok(Braked::Told(PauseTold { paused, taken }))
}

pub(super) async fn pause(wiring: &Wiring, asked: Pause) -> Result<Exit, Failure> {
    let braked = match wiring.server() {
        Some(server) => {
            let told = server.post(&["pauses"], &Meant::of(asked.app, asked.reaction, asked.lasts)).await?;
            // Who pauses is in a hurry: what else there is to tell comes afterwards, or not at all.
            let _told_or_not = tell_of_file(server).await;
            Braked::Told(told)
        }
        None => here(wiring, asked).await?,
    };
    let PauseTold { paused, taken } = match braked {
        Braked::Told(told) => told,
        Braked::BySignal(exit) => return Ok(exit),
    };
    let exit = exit(&taken);
    match wiring.format {
        Format::Json => output::json(&PauseTold { paused, taken })?,
        Format::Text => {
            let until = paused.until.map_or_else(
                || "until resumed".to_owned(),
                |until| format!("until {}", wiring.face.lone_sentence(&until.to_string(), wiring.now())),
            );
            if exit == Exit::GOOD {
                output::data(&format!("{} is paused {until}; looking goes on", paused.scope))?;
            }
            tell(&taken, wiring, &format!("start with {} paused {until}", paused.scope))?;
        }
    }
    Ok(exit)
}
