//! A choice about one app: what is called is asked further, the app is looked at, and at most one effect is planned
//! (and one-off dynos beside it, which stand outside the order).

mod doubt;
mod holds;
mod runs;
mod sight;

pub(crate) use doubt::Told;
pub(crate) use holds::{about_to_be_made, before_looking, refusal};
pub(crate) use runs::{entry_of, queued};

use crate::effects;
use crate::engine::Engine;
use crate::look::{Seen, look_further, trouble};
use crate::turn::{AppTurn, Wish};
use crate::wiring::Subject;
use flyball_decide::{Known, Planned, StartedOneOff, first};
use flyball_heroku::Heroku;
use flyball_model::{
    AppId, AppName, Because, Effect, Foreign, Mode, Needs, Outcome, Plan, Rank, ReactionId, RunId, RunState, Sight,
    Timestamp,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{AppFacts, Batch, Error};
use holds::leaves_the_turn;
use std::sync::Arc;

/// A choice about an app under way, until it is dropped.
struct Looking<'a> {
    engine: &'a Engine,
    app: &'a AppName,
}

impl<'a> Looking<'a> {
    /// Begins one; `None` when one is under way already.
    fn begin(engine: &'a Engine, app: &'a AppName) -> Option<Self> {
        engine.memory().begin_look(app).then(|| Self { engine, app })
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.engine.memory().end_look(self.app);
    }
}

impl Engine {
    /// Makes the choice about one app, and writes it together with the readings that led to it.
    ///
    /// # Errors
    ///
    /// When the store did not take it: nothing was decided then, and the next reading decides anew.
    pub(crate) async fn choose(&self, turn: AppTurn, now: Timestamp) -> Result<Vec<RunId>, Error> {
        let AppTurn { subject, wishes, mut batch } = turn;
        // Until its run is on disk, nobody else makes a choice about the app: they would not see it.
        let alone = Looking::begin(self, &subject.app);
        let chosen = match &alone {
            Some(_) => self.choose_alone(&subject, wishes, &mut batch, now).await,
            None => {
                self.hold_all(&wishes, &Because::StillLooking, &mut batch, now);
                Ok(())
            }
        };
        self.memory().bring_up_to_date(&mut batch);
        let runs = batch.runs.iter().map(|(_, run)| run.id).collect();
        if let Err(error) = chosen {
            self.memory().owe(batch);
            return Err(error);
        }
        self.save(batch).await?;
        Ok(runs)
    }

    /// Notes why a wish is not followed.
    fn hold(&self, wish: &Wish, because: Because, batch: &mut Batch, now: Timestamp) {
        self.memory().note(&wish.monitor, &wish.reaction, because, now, batch);
    }

    /// Notes the same reason for everybody.
    fn hold_all(&self, wishes: &[Wish], because: &Because, batch: &mut Batch, now: Timestamp) {
        for wish in wishes {
            self.hold(wish, because.clone(), batch, now);
        }
    }

    async fn choose_alone(
        &self,
        subject: &Subject,
        wishes: Vec<Wish>,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), Error> {
        let reactions: Vec<ReactionId> = wishes.iter().map(|wish| wish.reaction.id).collect();
        let facts = self.facts(subject, None, &reactions, now).await?;
        let left = self.who_may_look(wishes, subject, &facts, batch, now);
        if left.is_empty() {
            return Ok(());
        }

        self.recall_sighting(subject).await?;
        let sight = match self.look(subject, needs_of(&left)).await {
            Ok(sight) => sight,
            Err(because) => {
                self.hold_all(&left, &because, batch, now);
                return Ok(());
            }
        };
        // Seen for the first time, renamed, or made anew under its name: what was done to it is found by its id.
        let (mut facts, left) = if facts.app_id.as_ref() == Some(&sight.app.id) {
            (facts, left)
        } else {
            let facts = self.facts(subject, Some(&sight.app.id), &reactions, now).await?;
            let left = self.who_may_look(left, subject, &facts, batch, now);
            (facts, left)
        };
        facts.our_rollbacks.extend(effects::releases_made_by(&facts.doubted_rollbacks, &sight));
        let wanted = self.plan(subject, left, sight, &facts, batch, now).await;
        self.arbitrate(wanted, &facts, batch, now);
        Ok(())
    }

    /// What only the store knows of an app and those who would act on it. `id` is the app's, once it was looked at.
    pub(crate) async fn facts(
        &self,
        subject: &Subject,
        id: Option<&AppId>,
        reactions: &[ReactionId],
        now: Timestamp,
    ) -> Result<AppFacts, Error> {
        self.ports.store.app_facts(self.ports.accounts.host(), &subject.app, id, reactions, now).await
    }

    /// Those that may look at the app, as far as is known before. The others are noted.
    fn who_may_look(
        &self,
        wishes: Vec<Wish>,
        subject: &Subject,
        facts: &AppFacts,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Vec<Wish> {
        let (wiring, adders) = (self.wiring(), self.memory().adders(&subject.app));
        let mut left = Vec::new();
        for wish in wishes {
            match self.may_look(&wish, &wiring, facts, &adders, now) {
                Ok(()) => left.push(wish),
                Err(because) => self.hold(&wish, because, batch, now),
            }
        }
        left
    }

    /// When a monitor flipped into the verdict that it has.
    fn episode(&self, monitor: &Monitor, now: Timestamp) -> Timestamp {
        let memory = self.memory();
        let standing = memory.state(monitor.id).and_then(|state| state.standing.as_ref());
        standing.map_or(now, |standing| standing.since)
    }

    /// Lets each kind plan from what is seen. Those that hold are noted.
    async fn plan(
        &self,
        subject: &Subject,
        left: Vec<Wish>,
        mut sight: Sight,
        facts: &AppFacts,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Vec<(Wish, Plan)> {
        let known = self.up_to_date(subject, &sight, needs_of(&left), facts);
        let foreign = self.notice_foreign_hands(subject, &sight, known, facts, batch);
        let mut planned = Vec::new();
        for wish in left {
            let effect = self.plan_one(subject, &wish, &mut sight, facts, &foreign, now).await;
            planned.push((wish, effect));
        }
        let climbing = self.climbing(&planned);
        let mut wanted = Vec::new();
        for (wish, effect) in planned {
            match effect.and_then(|effect| leaves_the_turn(&wish, &climbing).map(|()| effect)) {
                Ok(effect) => {
                    let plan = self.finish_plan(&wish.reaction, &sight, effect).await;
                    wanted.push((wish, plan));
                }
                Err(because) => self.hold(&wish, because, batch, now),
            }
        }
        self.remember_sight(subject, &sight, known, foreign, batch);
        wanted
    }

    /// The rungs of a ladder whose turn has come, and which only wait for readings since the app settled.
    fn climbing(&self, planned: &[(Wish, Result<Effect, Because>)]) -> Vec<Wish> {
        let wiring = self.wiring();
        let waits = |effect: &Result<Effect, Because>| matches!(effect, Err(Because::TooFewSince { .. }));
        let climbing =
            planned.iter().filter(|(wish, effect)| waits(effect) && wiring.mode(&wish.reaction) == Mode::Act);
        climbing.map(|(wish, _)| wish.clone()).collect()
    }

    async fn plan_one(
        &self,
        subject: &Subject,
        wish: &Wish,
        sight: &mut Sight,
        facts: &AppFacts,
        foreign: &[Foreign],
        now: Timestamp,
    ) -> Result<Effect, Because> {
        let reaction = &wish.reaction;
        let before = self.memory().sighting(&subject.app).cloned();
        let seen = Seen::new(sight, before.as_ref());
        self.may_rest_on(reaction, &seen, reaction.kind.needs(), &facts.our_rollbacks)?;
        if reaction.kind.boots_anew() {
            self.is_called_since(wish, seen.evidence_from(reaction.policy.settle))?;
        }
        let episode = self.episode(&wish.monitor, now);
        let effect = self.ask_kind(subject, reaction, sight, facts, episode).await?;
        self.may_go_ahead(reaction, sight, facts, foreign, now)?;
        // Last, since it may take seconds, and nothing else is left to hold for.
        match self.doubt(&effect, &wish.monitor, wish.finding.cause(), subject).await {
            Some(doubt) => Err(Because::CutOff { doubt }),
            None => Ok(effect),
        }
    }

    /// Asks the kind, and looks further back as often as it needs to.
    pub(crate) async fn ask_kind(
        &self,
        subject: &Subject,
        reaction: &Reaction,
        sight: &mut Sight,
        facts: &AppFacts,
        episode: Timestamp,
    ) -> Result<Effect, Because> {
        loop {
            let seen = Seen::new(sight, None);
            let one_offs = started_one_offs(reaction.id, facts, &seen);
            let last_out = reaction.kind.process_type().and_then(|of| facts.last_out.get(of));
            let known = Known {
                now: seen.heroku_now(),
                episode: seen.to_heroku(episode),
                our_rollbacks: &facts.our_rollbacks,
                one_offs: &one_offs,
                last_out: last_out.map(|at| seen.to_heroku(*at)),
            };
            match reaction.kind.plan(sight, &known) {
                Planned::Do(effect) => return Ok(effect),
                Planned::Hold(because) => return Err(because),
                Planned::LookFurther { below } => {
                    let heroku: Option<Arc<dyn Heroku>> = self.ports.accounts.heroku(&subject.account);
                    let Some(heroku) = heroku else { return Err(Because::NoCurrentRelease) };
                    // Ends: each page is older than the one before, and the pages are bounded.
                    look_further(&*heroku, subject, sight, below)
                        .await
                        .map_err(|error| Because::CannotSee { error: trouble(&error) })?;
                }
            }
        }
    }

    /// Of those that would act, the first goes; the others hold. One-off dynos stand outside the order.
    fn arbitrate(&self, wanted: Vec<(Wish, Plan)>, facts: &AppFacts, batch: &mut Batch, now: Timestamp) {
        let wiring = self.wiring();
        // What would only be told goes beside the order, so that a dry run never holds up what acts.
        let acting = |wish: &Wish| wiring.mode(&wish.reaction) == Mode::Act;
        let ranks: Vec<Rank> = wanted
            .iter()
            .map(|(wish, _)| if acting(wish) { wish.reaction.kind.rank() } else { Rank::OneOff })
            .collect();
        let winner = first(&ranks);
        let winning = winner.map(|index| Arc::clone(&wanted[index].0.reaction));
        let mut started: Vec<(ReactionId, Rank)> = Vec::new();
        for (index, (wish, plan)) in wanted.into_iter().enumerate() {
            if !acting(&wish) {
                self.tell_would(&wish, &plan, batch, now);
                continue;
            }
            let (reaction, rank) = (&wish.reaction, ranks[index]);
            let outranked = winning.as_ref().filter(|_| rank != Rank::OneOff && winner != Some(index));
            let beside: Vec<Rank> = started.iter().map(|(_, rank)| *rank).collect();
            let may_start = match outranked {
                Some(winning) if winning.id != reaction.id => {
                    Err(Because::Outranked { reaction: winning.name.clone() })
                }
                // Called by two monitors in the same moment.
                Some(_) => Err(Because::RunOpen),
                None if started.iter().any(|(other, _)| *other == reaction.id) => Err(Because::RunOpen),
                None => self.has_left(reaction, facts, &[about_to_be_made(facts), beside].concat(), now),
            };
            if let Err(because) = may_start {
                self.hold(&wish, because, batch, now);
                continue;
            }
            started.push((reaction.id, rank));
            self.memory().note(&wish.monitor, reaction, wish.because.clone(), now, batch);
            let run = self.run_for(&wish, plan, now);
            batch.entries.push(entry_of(&run, now, queued(&run)));
            batch.runs.push((self.ports.accounts.host().to_owned(), run));
        }
    }
}

/// How far an app must be looked at for everybody.
fn needs_of(wishes: &[Wish]) -> Needs {
    wishes.iter().fold(Needs::default(), |needs, wish| needs.and(wish.reaction.kind.needs()))
}

/// The one-off dynos that a reaction started, or may have, and which may still run.
fn started_one_offs(reaction: ReactionId, facts: &AppFacts, seen: &Seen<'_>) -> Vec<StartedOneOff> {
    let of_this = facts.one_offs.iter().filter(|run| run.reaction == reaction);
    of_this
        .filter_map(|run| {
            let Effect::RunOneOff { time_to_live, .. } = &run.plan.effect else { return None };
            let dyno = match &run.state {
                RunState::Ended { outcome: Outcome::Done { dyno, .. }, .. } => dyno.clone(),
                RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } | RunState::Ended { .. } => None,
            };
            Some(StartedOneOff { at: seen.to_heroku(run.took_effect_at()?), dyno, time_to_live: *time_to_live })
        })
        .collect()
}
