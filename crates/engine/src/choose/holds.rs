//! Reasons to hold still that only need what is known, or seen, of the one reaction and its app: before Heroku is asked,
//! and after the app was looked at.

use super::Wish;
use crate::engine::Engine;
use crate::look::Seen;
use crate::memory::Would;
use crate::wiring::Wiring;
use flyball_decide::{
    Adder, Facts, Refusal, app_has_left, backed_off, called, gives_way, goes_on, may_act, may_touch, reaction_has_left,
    stands_back,
};
use flyball_model::{
    AppId, Because, Foreign, Mode, Needs, Outcome, PauseScope, Rank, ReleaseVersion, Run, RunState, Sight, Spending,
    Timestamp,
};
use flyball_reactions::Reaction;
use flyball_store::{AppFacts, Pause};
use std::collections::BTreeSet;
use std::time::Duration;

impl Engine {
    /// Whether a reaction that is called may go on to look at its app.
    pub(super) fn may_look(
        &self,
        wish: &Wish,
        wiring: &Wiring,
        facts: &AppFacts,
        adders: &[Adder],
        now: Timestamp,
    ) -> Result<(), Because> {
        let (reaction, policy) = (&wish.reaction, &wish.reaction.policy);
        let rank = reaction.kind.rank();
        self.is_called_since_resumed(wish, facts)?;
        may_act(rank, policy.cooldown, &before_looking(reaction, wiring, facts), now)?;
        self.may_touch(reaction, None)?;
        goes_on(rank, policy, facts.acted_by(reaction.id), self.episode(&wish.monitor, now))?;
        self.has_left(reaction, facts, &about_to_be_made(facts), now)?;
        self.variables_are_set(reaction)?;
        self.dry_run_may(reaction, wiring, now)?;
        stands_back(rank, reaction.kind.process_type(), adders).map_or(Ok(()), Err)
    }

    /// Whether what is seen of an app lets a reaction act, whoever asked for it. `needs` is how far was looked.
    pub(crate) fn may_rest_on(
        &self,
        reaction: &Reaction,
        seen: &Seen<'_>,
        needs: Needs,
        our_rollbacks: &BTreeSet<ReleaseVersion>,
    ) -> Result<(), Because> {
        let app = &seen.sight.app;
        self.may_touch(reaction, Some(&app.id))?;
        if app.maintenance && !reaction.policy.in_maintenance {
            return Err(Because::Maintenance);
        }
        seen.is_up_to_date(needs, our_rollbacks)?;
        let settling = seen.settling(reaction.policy.settle).filter(|_| reaction.kind.boots_anew());
        settling.map_or(Ok(()), Err)
    }

    /// Whether a planned effect makes way: for somebody else who changed the app, and after Heroku refused it.
    pub(super) fn may_go_ahead(
        &self,
        reaction: &Reaction,
        sight: &Sight,
        facts: &AppFacts,
        foreign: &[Foreign],
        now: Timestamp,
    ) -> Result<(), Because> {
        gives_way(reaction.kind.rank(), &reaction.policy, foreign, now)?;
        let gist = sight.gist(reaction.kind.needs());
        let refusal = refusal(reaction, facts, self.wiring().since(reaction.id));
        refusal.and_then(|refusal| backed_off(&refusal, &gist, now)).map_or(Ok(()), Err)
    }

    /// Whether a reaction may act on its app, going by where we run. `id` is the app's, once it was looked at.
    pub(crate) fn may_touch(&self, reaction: &Reaction, id: Option<&AppId>) -> Result<(), Because> {
        may_touch(&self.home(), reaction.kind.app(), id, reaction.policy.allow_self)
    }

    /// Whether reaction and app have anything left of what may be done by the one and to the other. `coming` are the
    /// ranks of effects on the app that are about to be made.
    pub(crate) fn has_left(
        &self,
        reaction: &Reaction,
        facts: &AppFacts,
        coming: &[Rank],
        now: Timestamp,
    ) -> Result<(), Because> {
        reaction_has_left(&reaction.policy, facts.acted_by(reaction.id), now)?;
        let rank = reaction.kind.rank();
        let same = |other: &Rank| Spending::of(*other) == Spending::of(rank);
        let coming = coming.iter().filter(|other| same(other)).map(|_| now);
        let made = facts.effects.iter().filter(|(other, _)| same(other)).map(|(_, at)| *at);
        let on_app: Vec<Timestamp> = coming.chain(made).collect();
        app_has_left(rank, self.wiring().limits(), &on_app, now)
    }

    /// Readings from before a pause ended are no evidence: after a resume the streak starts anew. The clock is asked once
    /// more, since a pause may end while the store is asked for it.
    fn is_called_since_resumed(&self, wish: &Wish, facts: &AppFacts) -> Result<(), Because> {
        let now = self.ports.clock.now();
        let covers = |scope: &PauseScope| covers(scope, &wish.reaction);
        let resumed = facts.resumed.iter().filter(|resumed| covers(&resumed.scope) && resumed.at <= now);
        self.is_called_since(wish, resumed.map(|resumed| resumed.at).max())
    }

    pub(super) fn is_called_since(&self, wish: &Wish, counted_from: Option<Timestamp>) -> Result<(), Because> {
        let memory = self.memory();
        let standing = memory.state(wish.monitor.id).and_then(|state| state.standing.as_ref());
        called(&wish.reaction.policy, wish.finding, standing, counted_from).map(|_| ())
    }

    /// A variable that is not set would only be found missing when the run is performed, at every reading anew.
    fn variables_are_set(&self, reaction: &Reaction) -> Result<(), Because> {
        let mut named = reaction.kind.variables().into_iter();
        match named.find(|name| self.ports.accounts.variable(name).is_none()) {
            Some(name) => Err(Because::NoVariable { name: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// A dry run has a cooldown and a settling of its own, since nothing that it would do shows in the world.
    fn dry_run_may(&self, reaction: &Reaction, wiring: &Wiring, now: Timestamp) -> Result<(), Because> {
        if wiring.mode(reaction) == Mode::Act {
            return Ok(());
        }
        let Some(Would { at, .. }) = self.memory().would(reaction.id).cloned() else { return Ok(()) };
        let cooled = at + reaction.policy.cooldown;
        if cooled > now {
            return Err(Because::CoolingDown { until: cooled });
        }
        let settled = at + if reaction.kind.boots_anew() { reaction.policy.settle } else { Duration::ZERO };
        if settled > now { Err(Because::DrySettling { until: settled }) } else { Ok(()) }
    }
}

/// The ranks of what was decided for an app, and not sent yet.
pub(crate) fn about_to_be_made(facts: &AppFacts) -> Vec<Rank> {
    facts.open.iter().filter(|run| run.sent_at.is_none()).map(|run| run.rank).collect()
}

/// What is known of a reaction before Heroku is asked.
pub(crate) fn before_looking(reaction: &Reaction, wiring: &Wiring, facts: &AppFacts) -> Facts {
    let paused = facts.pauses.iter().find(|pause: &&Pause| covers(&pause.scope, reaction));
    let last = facts.last_effect.get(&reaction.id);
    Facts {
        paused: paused.map(|pause| (pause.scope.clone(), pause.until)),
        run_open: facts.open.iter().any(|run| run.reaction == reaction.id),
        app_busy: facts.open.iter().find(|run| run.rank != Rank::OneOff).map(|run| run.reaction_name.clone()),
        last_effect: last.and_then(Run::took_effect_at),
        last_decided: last.map(|run| run.queued_at),
        shared_interval: wiring.shared_interval(reaction.id),
    }
}

fn covers(scope: &PauseScope, reaction: &Reaction) -> bool {
    match scope {
        PauseScope::Everything => true,
        PauseScope::App(app) => app == reaction.kind.app(),
        PauseScope::Reaction(name) => *name == reaction.name,
    }
}

/// The last run of a reaction, if Heroku refused it for a reason that lasts, and the reaction has not changed since.
pub(crate) fn refusal(reaction: &Reaction, facts: &AppFacts, since: Timestamp) -> Option<Refusal> {
    let run = facts.last_ended.get(&reaction.id)?;
    let RunState::Ended { at, outcome: Outcome::Refused { why, .. } } = &run.state else { return None };
    if *at < since {
        return None;
    }
    let in_a_row = facts.refusals_in_a_row.get(&reaction.id).copied().unwrap_or(1);
    Some(Refusal { at: *at, in_a_row, gist: run.plan.gist.clone(), why: why.clone() })
}

/// Whether a reaction that boots dynos anew leaves the turn to a rung above it on the same monitor. Each time it acted,
/// the app would settle anew and the rung above would count from there: restart at 2 would never let roll back at 5 come.
pub(super) fn leaves_the_turn(wish: &Wish, climbing: &[Wish]) -> Result<(), Because> {
    let kind = &wish.reaction.kind;
    let above = climbing.iter().find(|above| {
        kind.boots_anew() && above.monitor.id == wish.monitor.id && above.reaction.kind.rank() < kind.rank()
    });
    above.map_or(Ok(()), |above| Err(Because::Outranked { reaction: above.reaction.name.clone() }))
}
