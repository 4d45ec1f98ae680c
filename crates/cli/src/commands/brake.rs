//! What `pause` and `resume` share: what is meant, and whether a running engine has taken it in.

use super::check::no_such;
use super::reading::{Desk, Engine};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::wiring::Wiring;
use flyball_model::{AppName, Excerpt, PauseScope, ReactionName, Run, RunState, Timestamp};
use flyball_store::{Open, RunsPage, TimelinePage};
use flyball_views::EngineState;
use serde::Serialize;
use std::time::Duration;

/// How long a person waits for the engine: it looks four times a second.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(25);

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

/// What became of the change at the engine.
#[derive(Serialize)]
pub(super) struct Taken {
    /// Whether a running engine goes by it.
    taken_in: bool,
    engine: EngineState,
    /// The engine's machine and process; none where no engine runs.
    host: Option<Excerpt>,
    process: Option<u32>,
    since: Timestamp,
    /// How many calls were sent before, and end as they would have.
    under_way: usize,
}

impl Taken {
    /// Waits until a running engine has taken in what was just written.
    pub(super) async fn wait(wiring: &Wiring, desk: &Desk, scope: &PauseScope) -> Result<Self, Failure> {
        let newest = TimelinePage { lines: 1, ..TimelinePage::default() };
        let written = desk.store.timeline(&newest).await?.last().map_or(0, |line| line.number);
        let began = wiring.now();
        loop {
            let Engine { state, seen } = desk.engine(wiring).await?;
            let seen = seen.filter(|_| state == EngineState::Running);
            let taken_in = seen.as_ref().is_some_and(|seen| seen.read_up_to >= written);
            if taken_in || seen.is_none() || wiring.now().since(began) >= WAIT_MAX {
                let under_way = under_way(desk, scope).await?;
                let (host, process) = seen.map(|seen| (seen.sign.host, seen.sign.process)).unzip();
                return Ok(Self { taken_in, engine: state, host, process, since: began, under_way });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The exit code, where everything else is good.
    pub(super) const fn exit(&self) -> Exit {
        if self.taken_in { Exit::GOOD } else { Exit::TRY_AGAIN }
    }

    /// Says who goes by it. `next` says what the next engine will do.
    pub(super) fn tell(&self, wiring: &Wiring, next: &str) -> Result<(), Failure> {
        let place = wiring.database()?.place();
        let engine = match (&self.host, self.process) {
            (Some(host), Some(process)) => format!("the engine on {host} (process {process})"),
            _ => "the engine".to_owned(),
        };
        output::data(&match self.engine {
            EngineState::Running if self.taken_in => {
                let under_way = match self.under_way {
                    0 => "no effect is under way".to_owned(),
                    1 => "1 effect under way ends first".to_owned(),
                    count => format!("{count} effects under way end first"),
                };
                format!(
                    "held by {engine}, since {}; {under_way}",
                    wiring.face.lone_sentence(&self.since.to_string(), self.since)
                )
            }
            EngineState::Running => {
                format!("{engine} has not taken it in within {} s; ask `flyball doctor`", WAIT_MAX.as_secs())
            }
            EngineState::Stopped => format!("no engine runs on {place}; the next will {next}"),
            EngineState::Silent => format!(
                "an engine holds the lock of {place}, and gives no sign of life in it: it has not taken this in; the next will \
                 {next}; ask `flyball doctor`"
            ),
        })
    }
}

/// How many calls within a scope were sent, and have not ended.
async fn under_way(desk: &Desk, scope: &PauseScope) -> Result<usize, Failure> {
    let open = RunsPage { open: Some(Open), ..RunsPage::default() };
    let is_meant = |run: &Run| match scope {
        PauseScope::Everything => true,
        PauseScope::App(app) => run.plan.app().name == *app,
        PauseScope::Reaction(reaction) => run.reaction_name == *reaction,
    };
    let is_sent = |run: &Run| matches!(run.state, RunState::Sent { .. });
    Ok(desk.store.runs(&open).await?.iter().filter(|run| is_meant(run) && is_sent(run)).count())
}
