//! Attending to an app: those who wait on its desk are asked together, and what comes of it is written in one
//! transaction, again and again until nobody waits.

use crate::engine::Engine;
use crate::gather::Asker;
use crate::memory::Would;
use crate::quiet::asked;
use crate::turn::Called;
use flyball_channels::Ask;
use flyball_decide::{Caller, Choice, Scene, choose, reason};
use flyball_model::{
    Actor, Because, Effect, Entry, Event, Excerpt, Plan, Run, RunId, RunState, Subject, SubjectKey, Timestamp,
};
use flyball_reactions::Reaction;
use flyball_store::{Batch, Error};

/// What came of a choice, once it is written.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The runs that are to be performed.
    pub(crate) runs: Vec<RunId>,
    /// What workers are to be asked.
    pub(crate) asks: Vec<Ask>,
}

/// Somebody attends to a subject, until this is dropped.
pub(crate) struct Attending<'a> {
    engine: &'a Engine,
    subject: &'a SubjectKey,
}

impl Drop for Attending<'_> {
    fn drop(&mut self) {
        self.engine.memory().desk(self.subject).leave();
    }
}

impl<'a> Attending<'a> {
    /// Attends to a subject, as the desk has said that whoever calls this does.
    pub(crate) const fn to(engine: &'a Engine, subject: &'a SubjectKey) -> Self {
        Self { engine, subject }
    }

    /// Makes one choice about those who wait, and writes it together with what led to it.
    ///
    /// # Errors
    ///
    /// When the store did not take it: nothing was decided then, and the next reading decides anew.
    pub(crate) async fn choose(&self, mut batch: Batch) -> Result<Chosen, Error> {
        let called = self.engine.memory().desk(self.subject).take();
        let chosen = match called.first().map(|called| self.engine.wiring().subject(&called.reaction)) {
            Some(subject) => self.engine.choose(&subject, called, &mut batch).await,
            None => Ok(Vec::new()),
        };
        self.engine.memory().bring_up_to_date(&mut batch);
        let runs = batch.runs.iter().map(|run| run.id).collect();
        let asks = match chosen {
            Ok(asks) => asks,
            Err(error) => {
                self.engine.memory().owe(batch);
                return Err(error);
            }
        };
        self.engine.save(batch).await?;
        Ok(Chosen { runs, asks })
    }

    /// Whether somebody came meanwhile and waits.
    pub(crate) fn goes_on(&self) -> bool {
        self.engine.memory().desk(self.subject).goes_on()
    }
}

impl Engine {
    /// Makes the choice about one app for those who are called. Returns what workers are to be asked.
    async fn choose(&self, subject: &Subject, called: Vec<Called>, batch: &mut Batch) -> Result<Vec<Ask>, Error> {
        let askers: Vec<Asker> = called.iter().cloned().map(Asker::Monitor).collect();
        let gathered = self.gather(subject, &askers).await?;
        let choices = choose(&gathered.situation);
        self.ports.witness.chosen(&gathered.situation, &choices);
        self.remember_sight(&gathered, batch);
        let mut asks = Vec::new();
        for ((called, choice), wish) in called.into_iter().zip(choices).zip(&gathered.situation.wishes) {
            asks.extend(asked(&called, &choice, &gathered.situation, wish));
            let because = reason(&gathered.situation, wish);
            self.follow(called, choice, (&wish.call.caller, because), &gathered.situation.scene, batch).await;
        }
        Ok(asks)
    }

    /// Does what was chosen: notes why it holds, tells what it would do, or queues a run.
    async fn follow(
        &self,
        called: Called,
        choice: Choice,
        (caller, because): (&Caller, Because),
        scene: &Scene,
        batch: &mut Batch,
    ) {
        let now = scene.now;
        let held = match &choice {
            Choice::Hold { because, .. } => Some(because),
            Choice::Act(_) | Choice::Tell(_) => None,
        };
        if let Some(sight) = scene.sight() {
            self.memory().desk(&scene.subject.key()).came_to(&called, caller.cause(), held, sight);
        }
        match choice {
            Choice::Hold { because, .. } => {
                let mut memory = self.memory();
                memory.note(&called.monitor, &called.reaction, because.clone(), now, batch);
                if let Because::AppBusy { .. } = because {
                    memory.desk(&scene.subject.key()).wait_behind(called);
                }
            }
            Choice::Tell(plan) => {
                let plan = self.with_what_it_restores(*plan).await;
                self.tell_would(&called, (caller, because), &plan, batch, now);
            }
            Choice::Act(plan) => {
                let plan = self.with_what_it_restores(*plan).await;
                self.memory().note(&called.monitor, &called.reaction, because.clone(), now, batch);
                let actor = Actor::Engine {
                    monitor: called.monitor.id,
                    monitor_name: called.monitor.name.clone(),
                    episode: caller.episode(now),
                };
                let run = self.new_run(&called.reaction, actor, because, plan, now);
                batch.entries.push(entry_of(&run, now, queued(&run)));
                batch.runs.push(run);
            }
        }
    }

    /// The same plan with the names of the config vars that a rollback puts back. That they cannot be compared is no
    /// reason to leave a broken release up.
    pub(crate) async fn with_what_it_restores(&self, plan: Plan) -> Plan {
        let Effect::RollBack { from, to, .. } = &plan.effect else { return plan };
        let Some(heroku) = self.ports.accounts.heroku(&plan.app().account) else { return plan };
        let restores = match heroku.config_difference(&plan.app().name, *from, *to).await {
            Ok(names) => Some(names.value.iter().take(Plan::RESTORED_MAX).map(|name| Excerpt::of(name)).collect()),
            Err(error) => {
                tracing::info!(%error, "which config vars a rollback puts back could not be compared");
                None
            }
        };
        Plan { restores, ..plan }
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
    fn tell_would(
        &self,
        called: &Called,
        (caller, because): (&Caller, Because),
        plan: &Plan,
        batch: &mut Batch,
        now: Timestamp,
    ) {
        let Called { monitor, reaction, .. } = called;
        let summary = plan.summary();
        let would = Would { plan: summary.clone(), episode: caller.episode(now), at: now };
        let mut memory = self.memory();
        let told = memory.would(reaction.id).is_some_and(|before| before.is_the_same_as(&would));
        memory.note(monitor, reaction, because.clone(), now, batch);
        memory.set_would(reaction.id, would);
        drop(memory);
        if !told {
            let mut entry = Entry::new(now, Event::Would { plan: summary, because });
            entry.app = Some(plan.app().name.clone());
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
    Event::Queued { plan: run.plan.summary(), because: run.because.clone(), person }
}

/// An entry about a run.
pub(crate) fn entry_of(run: &Run, at: Timestamp, event: Event) -> Entry {
    let monitor = match &run.actor {
        Actor::Engine { monitor, monitor_name, .. } => Some((*monitor, monitor_name.clone())),
        Actor::Person { .. } => None,
    };
    Entry {
        at,
        app: Some(run.plan.app().name.clone()),
        monitor,
        reaction: Some((run.reaction, run.reaction_name.clone())),
        run: Some(run.id),
        event,
    }
}
