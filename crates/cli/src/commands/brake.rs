//! What `pause` and `resume` share: what is meant, and whether a running engine has taken it in.

use super::check::no_such;
use super::reading::Desk;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::wiring::{SystemClock, Wiring};
use flyball_engine::Tokio;
use flyball_engine::commands::TAKEN_IN_MAX;
use flyball_model::{AppName, PauseScope, ReactionName, duration};
use flyball_views::{EngineState, Taken};
use serde::Serialize;
use std::time::Duration;

/// What is meant.
pub(super) fn scope(app: Option<AppName>, reaction: Option<ReactionName>) -> PauseScope {
    match (app, reaction) {
        (Some(app), _) => PauseScope::App(app),
        (None, Some(reaction)) => PauseScope::Reaction(reaction),
        (None, None) => PauseScope::Everything,
    }
}

/// Refuses a name that is not in force: a slip of the finger would hold nothing.
pub(super) fn must_be_known(wiring: &Wiring, desk: &Desk, scope: &PauseScope) -> Result<(), Failure> {
    let reactions = &desk.definitions.reactions;
    match scope {
        PauseScope::App(app) if reactions.iter().all(|reaction| reaction.kind.app() != app) => {
            let names = reactions.iter().map(|reaction| reaction.kind.app().as_str());
            Err(no_such("app", app.as_str(), wiring, names))
        }
        PauseScope::Reaction(name) if reactions.iter().all(|reaction| reaction.name != *name) => {
            let names = reactions.iter().map(|reaction| reaction.name.as_str());
            Err(no_such("reaction", name.as_str(), wiring, names))
        }
        PauseScope::Everything | PauseScope::App(_) | PauseScope::Reaction(_) => Ok(()),
    }
}

/// Waits until a running engine has taken in what was just written.
pub(super) async fn taken_in(desk: &Desk, scope: &PauseScope) -> Result<Taken, Failure> {
    Ok(flyball_engine::commands::taken_in(&*desk.store, &SystemClock, &Tokio::new(), scope).await?)
}

/// The exit code, where everything else is good.
pub(super) const fn exit(taken: &Taken) -> Exit {
    if taken.taken_in { Exit::GOOD } else { Exit::TRY_AGAIN }
}

/// What is meant, as the HTTP interface takes it.
#[derive(Serialize)]
pub(super) struct Meant {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reaction: Option<ReactionName>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    lasts: Option<String>,
}

impl Meant {
    pub(super) fn of(app: Option<AppName>, reaction: Option<ReactionName>, lasts: Option<Duration>) -> Self {
        Self { app, reaction, lasts: lasts.map(duration::print) }
    }
}

/// Says who goes by it. `next` says what the next engine will do.
pub(super) fn tell(taken: &Taken, wiring: &Wiring, next: &str) -> Result<(), Failure> {
    let place = match wiring.server() {
        Some(server) => server.to_string(),
        None => wiring.database()?.place().to_string(),
    };
    let engine = match (&taken.host, taken.process) {
        (Some(host), Some(process)) => format!("the engine on {host} (process {process})"),
        _ => "the engine".to_owned(),
    };
    output::data(&match taken.engine {
        EngineState::Running if taken.taken_in => {
            let under_way = match taken.under_way {
                0 => "no effect is under way".to_owned(),
                1 => "1 effect under way ends first".to_owned(),
                count => format!("{count} effects under way end first"),
            };
            format!(
                "held by {engine}, since {}; {under_way}",
                wiring.face.lone_sentence(&taken.since.to_string(), taken.since)
            )
        }
        EngineState::Running => {
            format!("{engine} has not taken it in within {} s; ask `flyball doctor`", TAKEN_IN_MAX.as_secs())
        }
        EngineState::Stopped => format!("no engine runs on {place}; the next will {next}"),
        EngineState::Silent => format!(
            "an engine holds the lock of {place}, and gives no sign of life in it: it has not taken this in; the next will \
             {next}; ask `flyball doctor`"
        ),
    })
}
