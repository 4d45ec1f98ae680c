//! From an effect to a run: its plan, its record, and the timeline's words.

use super::Wish;
use crate::engine::Engine;
use crate::memory::Would;
use flyball_model::{
    AccountName, Actor, AppName, Because, Effect, Entry, Event, Excerpt, Plan, ReleaseVersion, Run, RunState, Sight,
    Timestamp,
};
use flyball_reactions::Reaction;
use flyball_store::Batch;

impl Engine {
    /// A plan, from what is to be done and what was seen.
    pub(crate) async fn finish_plan(&self, reaction: &Reaction, sight: &Sight, effect: Effect) -> Plan {
        let account = reaction.kind.account().clone();
        let app = sight.app.name.clone();
        let restores = match &effect {
            Effect::RollBack { from, to, .. } => self.restored(&account, &app, *from, *to).await,
            _ => None,
        };
        Plan {
            account,
            app,
            app_id: sight.app.id.clone(),
            effect,
            seen_at: sight.taken_at,
            gist: sight.gist(reaction.kind.needs()),
            restores,
        }
    }

    /// The config vars that a rollback puts back. That they cannot be compared is no reason to leave a broken release up.
    async fn restored(
        &self,
        account: &AccountName,
        app: &AppName,
        from: ReleaseVersion,
        to: ReleaseVersion,
    ) -> Option<Vec<Excerpt>> {
        let heroku = self.ports.accounts.heroku(account)?;
        match heroku.config_difference(app, from, to).await {
            Ok(names) => Some(names.value.iter().take(Plan::RESTORED_MAX).map(|name| Excerpt::of(name)).collect()),
            Err(error) => {
                tracing::info!(%error, "which config vars a rollback puts back could not be compared");
                None
            }
        }
    }

    pub(super) fn run_for(&self, wish: &Wish, plan: Plan, now: Timestamp) -> Run {
        let Wish { monitor, reaction, because, .. } = wish;
        let episode = self.episode(monitor, now);
        let actor = Actor::Engine { monitor: monitor.id, monitor_name: monitor.name.clone(), episode };
        self.new_run(reaction, actor, because.clone(), plan, now)
    }

    pub(crate) fn new_run(
        &self,
        reaction: &Reaction,
        actor: Actor,
        because: Because,
        plan: Plan,
        now: Timestamp,
    ) -> Run {
        Run {
            id: self.ports.ids.run(now),
            reaction: reaction.id,
            reaction_name: reaction.name.clone(),
            actor,
            because,
            plan,
            rank: reaction.kind.rank(),
            queued_at: now,
            sent_at: None,
            request_ids: Vec::new(),
            state: RunState::Queued,
        }
    }

    /// Tells what a dry run would have done; the same again is counted, not repeated.
    pub(super) fn tell_would(&self, wish: &Wish, plan: &Plan, batch: &mut Batch, now: Timestamp) {
        let Wish { monitor, reaction, because, .. } = wish;
        let words = plan.to_string();
        let would = Would { plan: words.clone(), episode: self.episode(monitor, now), at: now };
        let mut memory = self.memory();
        let told = memory.would(reaction.id).is_some_and(|before| before.is_the_same_as(&would));
        memory.note(monitor, reaction, because.clone(), now, batch);
        memory.set_would(reaction.id, would);
        drop(memory);
        if !told {
            let mut entry = Entry::new(now, Event::Would { plan: words, because: because.clone() });
            entry.app = Some(plan.app.clone());
            entry.monitor = Some((monitor.id, monitor.name.clone()));
            entry.reaction = Some((reaction.id, reaction.name.clone()));
            batch.entries.push(entry);
        }
    }
}

/// The timeline's word of a new run.
pub(crate) fn queued(run: &Run) -> Event {
    let person = match &run.actor {
        Actor::Engine { .. } => None,
        Actor::Person { name } => Some(name.clone()),
    };
    Event::Queued { plan: run.plan.to_string(), because: run.because.clone(), person }
}

/// An entry about a run.
pub(crate) fn entry_of(run: &Run, at: Timestamp, event: Event) -> Entry {
    let monitor = match &run.actor {
        Actor::Engine { monitor, monitor_name, .. } => Some((*monitor, monitor_name.clone())),
        Actor::Person { .. } => None,
    };
    Entry {
        at,
        app: Some(run.plan.app.clone()),
        monitor,
        reaction: Some((run.reaction, run.reaction_name.clone())),
        run: Some(run.id),
        event,
    }
}
