//! `undo`: what a run did is given back, because a person asks for it.
//!
//! It is planned against the present world and done as a person's `react` is: a run of the same reaction, which says which run it
//! undoes, queued, and performed by whoever claims it. What holds a person's `react` holds it, but for what bounds the reaction:
//! that it is switched off, and its own runs in an hour or a day.

use super::react_to::{Considered, Intent, NotConsidered, Stop, considered};
use crate::engine::Engine;
use flyball_config::Definitions;
use flyball_decide::{Undoing, undoable};
use flyball_model::{Because, DynoName, Needs, NoUndo, Outcome, Run, RunId, RunState};
use flyball_store::{Error, RunsPage, Store};
use std::sync::Arc;

impl Engine {
    /// Considers what would undo a run, because a person asks it of a running engine: as one that stands beside it does.
    ///
    /// # Errors
    ///
    /// As [`Engine::consider_undoing`].
    pub async fn consider_undoing_for_a_person(
        &self,
        definitions: &Definitions,
        run: RunId,
    ) -> Result<Considered, NotConsidered> {
        let beside = Self::beside(self.ports.clone(), self.node, self.mode(), definitions).await?;
        beside.at_home(self.home()).consider_undoing(run).await
    }

    /// Considers what would undo a run now. Looks at the app; stores nothing, changes nothing.
    ///
    /// # Errors
    ///
    /// When there is no such run, or the app or the store could not be looked at.
    pub async fn consider_undoing(&self, run: RunId) -> Result<Considered, NotConsidered> {
        considered(self.intend_to_undo(run).await)
    }

    async fn intend_to_undo(&self, id: RunId) -> Result<Intent, Stop> {
        let run = self.ports.store.run(id).await?.ok_or(NotConsidered::NoSuchRun)?;
        let undone_by = undone_by(&*self.ports.store, &run).await?.map(|run| run.id);
        match undoable(&run, undone_by) {
            Ok(()) => {}
            Err(NoUndo::OneOff { app, .. }) => {
                let running = self.dyno_that_runs(&run).await;
                return Err(cannot(NoUndo::OneOff { app, running }));
            }
            Err(why) => return Err(cannot(why)),
        }
        let Some(reaction) = self.wiring().reaction(run.reaction).cloned() else {
            return Err(cannot(NoUndo::ReactionGone { reaction: run.reaction_name }));
        };
        let run = Arc::new(run);
        let undoing = Undoing::new(Arc::clone(&reaction), Arc::clone(&run));
        if !undoing.is_of_its_reaction() {
            return Err(cannot(NoUndo::ReactionChanged { reaction: run.reaction_name.clone() }));
        }
        self.intend_as(reaction, Some(id), |reaction| Undoing::new(reaction, Arc::clone(&run))).await
    }

    /// The one-off dyno that a run started, if a look shows it. That nobody can look is no reason to say less than is known.
    async fn dyno_that_runs(&self, run: &Run) -> Option<DynoName> {
        let RunState::Ended { outcome: Outcome::Done { dyno: Some(id), .. }, .. } = &run.state else { return None };
        let needs = Needs { dynos: true, ..Needs::default() };
        let sight = self.look(&run.plan.subject, needs).await.ok()?;
        sight.dynos.iter().find(|dyno| dyno.id == *id).map(|dyno| dyno.name.clone())
    }
}

fn cannot(why: NoUndo) -> Stop {
    Because::CannotUndo { why: Box::new(why) }.into()
}

/// The run that undoes another one, or did: the latest that took effect, may have, or still may. It is found among the latest
/// [`RunsPage::RUNS_MAX`] runs of its reaction.
///
/// # Errors
///
/// When the store does not answer.
pub(crate) async fn undone_by(store: &dyn Store, run: &Run) -> Result<Option<Run>, Error> {
    let since = RunsPage { reaction: Some(run.reaction), since: Some(run.queued_at), ..RunsPage::default() };
    Ok(store
        .runs(&since)
        .await?
        .into_iter()
        .find(|other| other.because == (Because::Undoes { run: run.id }) && counts(other)))
}

const fn counts(run: &Run) -> bool {
    match &run.state {
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => true,
        RunState::Ended { outcome, .. } => outcome.may_have_taken_effect(),
    }
}
