//! Whether a running engine goes by what a person has just asked for.

use crate::ports::{Clock, Time};
use crate::queries::SeenEngine;
use flyball_model::{PauseScope, Run, RunState};
use flyball_store::{Error, Open, RunsPage, Store, TimelinePage};
use flyball_views::{EngineState, Taken};
use std::time::Duration;

/// How long a person waits for the engine: it looks four times a second.
pub const TAKEN_IN_MAX: Duration = Duration::from_secs(1);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Waits until a running engine has taken in what was just written about `scope`, or [`TAKEN_IN_MAX`] has passed.
///
/// # Errors
///
/// When the store does not answer.
pub async fn taken_in(
    store: &dyn Store,
    clock: &dyn Clock,
    time: &dyn Time,
    scope: &PauseScope,
) -> Result<Taken, Error> {
    let newest = TimelinePage { lines: 1, ..TimelinePage::default() };
    let written = store.timeline(&newest).await?.last().map_or(0, |line| line.number);
    let (since, began) = (clock.now(), time.passed());
    loop {
        let SeenEngine { state, seen } = SeenEngine::on(store, clock.now()).await?;
        let seen = seen.filter(|_| state == EngineState::Running);
        let taken_in = seen.as_ref().is_some_and(|seen| seen.read_up_to >= written);
        if taken_in || seen.is_none() || time.passed().saturating_sub(began) >= TAKEN_IN_MAX {
            let under_way = under_way(store, scope).await?;
            let (host, process) = seen.map(|seen| (seen.sign.host, seen.sign.process)).unzip();
            return Ok(Taken { taken_in, engine: state, host, process, since, under_way });
        }
        time.wait(LOOK_EVERY).await;
    }
}

/// How many calls within a scope were sent, and have not ended.
async fn under_way(store: &dyn Store, scope: &PauseScope) -> Result<usize, Error> {
    let open = RunsPage { open: Some(Open), ..RunsPage::default() };
    let is_meant = |run: &Run| match scope {
        PauseScope::Everything => true,
        PauseScope::App(app) => run.plan.app().name == *app,
        PauseScope::Reaction(reaction) => run.reaction_name == *reaction,
    };
    let is_sent = |run: &Run| matches!(run.state, RunState::Sent { .. });
    Ok(store.runs(&open).await?.iter().filter(|run| is_meant(run) && is_sent(run)).count())
}
