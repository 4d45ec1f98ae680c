//! A choice about one app: what is called is asked further, the app is looked at, and at most one effect is planned
//! (and one-off dynos beside it, which stand outside the order).

use crate::effects;
use crate::engine::Engine;
use crate::look::{Seen, look, look_further, trouble};
use crate::memory::Would;
use crate::turn::{AppTurn, Wish};
use crate::wiring::{Subject, Wiring};
use flyball_decide::{
    Elsewhere, Facts, Known, Planned, Refusal, Spent, StartedOneOff, app_has_left, backed_off, called, doubt, first,
    gives_way, goes_on, looks_like_autoscaler, may_act, may_touch, reaction_has_left, stands_back,
};
use flyball_heroku::Heroku;
use flyball_model::{
    AccountName, Actor, AppId, AppName, Because, Cause, Doubt, Effect, Entry, Event, Excerpt, Foreign, ForeignChange,
    Mode, Needs, Outcome, PauseScope, Plan, Policy, Rank, ReactionId, ReleaseVersion, Run, RunId, RunState, Sight,
    Spending, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{AppFacts, Batch, Error, Pause, Sighting};
use std::sync::Arc;
use std::time::Duration;

/// A choice about an app under way, until it is dropped.
struct Looking<'a> {
    engine: &'a Engine,
    subject: &'a Subject,
}

impl<'a> Looking<'a> {
    /// Begins one; `None` when one is under way already.
    fn begin(engine: &'a Engine, subject: &'a Subject) -> Option<Self> {
        engine.memory().begin_look(subject).then(|| Self { engine, subject })
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.engine.memory().end_look(self.subject);
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
        let alone = Looking::begin(self, &subject);
        let chosen = match &alone {
            Some(_) => self.choose_alone(&subject, wishes, &mut batch, now).await,
            None => {
                self.note_all(&wishes, &Because::StillLooking, &mut batch, now);
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

    /// Notes the same reason for everybody.
    fn note_all(&self, wishes: &[Wish], because: &Because, batch: &mut Batch, now: Timestamp) {
        let mut memory = self.memory();
        for wish in wishes {
            memory.note(&wish.monitor, &wish.reaction, because.clone(), now, batch);
        }
    }

    /// Takes up what was seen of an app before this process began.
    pub(crate) async fn recall_sighting(&self, subject: &Subject) -> Result<(), Error> {
        if self.memory().sighting(subject).is_some() {
            return Ok(());
        }
        if let Some(seen) = self.ports.store.sighting(self.ports.accounts.host(), &subject.app).await? {
            self.memory().set_sighting(subject.clone(), seen);
        }
        Ok(())
    }

    async fn choose_alone(
        &self,
        subject: &Subject,
        wishes: Vec<Wish>,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), Error> {
        let wiring = self.wiring();
        let ids: Vec<ReactionId> = wishes.iter().map(|wish| wish.reaction.id).collect();
        let mut facts = self.ports.store.app_facts(self.ports.accounts.host(), &subject.app, &ids, now).await?;
        let adders = self.memory().adders(subject);

        let mut left = Vec::new();
        for wish in wishes {
            let kind = &wish.reaction.kind;
            let answer = self
                .is_called_since_resumed(&wish, &facts)
                .and_then(|()| {
                    let known = before_looking(&wish.reaction, &wiring, &facts);
                    may_act(kind.rank(), wish.reaction.policy.cooldown, &known, now)
                })
                .and_then(|()| self.may_touch(&wish.reaction, None))
                .and_then(|()| self.has_left(&wish, &facts, &[], now))
                .and_then(|()| self.variables_are_set(&wish.reaction))
                .and_then(|()| self.dry_run_may(&wish.reaction, &wiring, now))
                .and_then(|()| stands_back(kind.rank(), kind.process_type(), &adders).map_or(Ok(()), Err));
            match answer {
                Ok(()) => left.push(wish),
                Err(because) => self.memory().note(&wish.monitor, &wish.reaction, because, now, batch),
            }
        }
        if left.is_empty() {
            return Ok(());
        }

        self.recall_sighting(subject).await?;
        let wanted = match self.look_for(subject, &left).await {
            Ok(sight) => {
                facts.our_rollbacks.extend(effects::releases_made_by(&facts.doubted_rollbacks, &sight));
                self.plan(subject, left, sight, &facts, batch, now).await
            }
            Err(because) => {
                self.note_all(&left, &because, batch, now);
                return Ok(());
            }
        };
        self.arbitrate(wanted, &facts, batch, now);
        Ok(())
    }

    /// Whether a reaction may act on its app, going by where we run. `id` is the app's, once it was looked at.
    pub(crate) fn may_touch(&self, reaction: &Reaction, id: Option<&AppId>) -> Result<(), Because> {
        may_touch(&self.home(), reaction.kind.app(), id, reaction.policy.allow_self)
    }

    /// Whether app and reaction have anything left of what may be done to the one and by the other. `beside` are the
    /// ranks of what was decided in the same moment.
    fn has_left(&self, wish: &Wish, facts: &AppFacts, beside: &[Rank], now: Timestamp) -> Result<(), Because> {
        let reaction = &wish.reaction;
        let spent = Spent { on_app: &[], by_reaction: facts.acted_by(reaction.id) };
        goes_on(reaction.kind.rank(), &reaction.policy, &spent, self.episode(&wish.monitor, now))?;
        reaction_has_left(&reaction.policy, &spent, now)?;
        let open = facts.open.iter().filter(|run| run.sent_at.is_none()).map(|run| run.rank);
        let coming: Vec<Rank> = open.chain(beside.iter().copied()).collect();
        self.app_has_left(reaction.kind.rank(), facts, &coming, now)
    }

    /// Whether an app may have one more effect of this rank. `coming` are the ranks of those that are about to be made.
    pub(crate) fn app_has_left(
        &self,
        rank: Rank,
        facts: &AppFacts,
        coming: &[Rank],
        now: Timestamp,
    ) -> Result<(), Because> {
        let same = |other: &Rank| Spending::of(*other) == Spending::of(rank);
        let coming = coming.iter().filter(|other| same(other)).map(|_| now);
        let made = facts.effects.iter().filter(|(other, _)| same(other)).map(|(_, at)| *at);
        let on_app: Vec<Timestamp> = coming.chain(made).collect();
        app_has_left(rank, self.wiring().limits(), &Spent { on_app: &on_app, by_reaction: &[] }, now)
    }

    /// When a monitor flipped into the verdict that it has.
    fn episode(&self, monitor: &Monitor, now: Timestamp) -> Timestamp {
        let memory = self.memory();
        let standing = memory.state(monitor.id).and_then(|state| state.standing.as_ref());
        standing.map_or(now, |standing| standing.since)
    }

    /// Readings from before a pause ended are no evidence: after a resume the streak starts anew. The clock is asked once
    /// more, since a pause may end while the store is asked for it.
    fn is_called_since_resumed(&self, wish: &Wish, facts: &AppFacts) -> Result<(), Because> {
        let now = self.ports.clock.now();
        let covers = |scope: &PauseScope| covers(scope, &wish.reaction);
        let resumed = facts.resumed.iter().filter(|resumed| covers(&resumed.scope) && resumed.at <= now);
        self.is_called_since(wish, resumed.map(|resumed| resumed.at).max())
    }

    fn is_called_since(&self, wish: &Wish, counted_from: Option<Timestamp>) -> Result<(), Because> {
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

    /// Looks at the app for everybody who is left.
    async fn look_for(&self, subject: &Subject, left: &[Wish]) -> Result<Sight, Because> {
        let needs = left.iter().fold(Needs::default(), |needs, wish| needs.and(wish.reaction.kind.needs()));
        self.look(subject, needs).await
    }

    /// Looks at an app, as far as is needed; a failure is a reason to hold.
    pub(crate) async fn look(&self, subject: &Subject, needs: Needs) -> Result<Sight, Because> {
        let account = &subject.account;
        let Some(heroku) = self.ports.accounts.heroku(account) else {
            return Err(Because::CannotSee { error: format!("there is no account \"{account}\"") });
        };
        let looked = look(&*heroku, subject, needs, &*self.ports.clock).await;
        let refused = matches!(&looked, Err(error) if error.is_unauthorized());
        if self.memory().account_answers(account, !refused) && refused {
            tracing::warn!(account = %account, "Heroku does not take the account's token; its reactions hold");
        }
        looked.map_err(|error| match refused {
            true => Because::AccountStopped { account: account.clone() },
            false => Because::CannotSee { error: trouble(&error) },
        })
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
        let needs = left.iter().fold(Needs::default(), |needs, wish| needs.and(wish.reaction.kind.needs()));
        if let Err(because) = self.is_up_to_date(subject, &sight, needs, facts) {
            for wish in left {
                self.memory().note(&wish.monitor, &wish.reaction, because.clone(), now, batch);
            }
            return Vec::new();
        }
        let settle = left.iter().map(|wish| wish.reaction.policy.settle).max().unwrap_or(Policy::SETTLE);
        let foreign = self.notice_foreign_hands(subject, &sight, needs, facts, batch);
        let mut planned = Vec::new();
        for wish in left {
            let effect = self.plan_one(subject, &wish, &mut sight, facts, &foreign, now).await;
            planned.push((wish, effect));
        }
        let climbing = self.climbing(&planned);
        let mut wanted = Vec::new();
        for (wish, effect) in planned {
            match effect.and_then(|effect| leaves_the_turn(&wish, &climbing).map_or(Ok(effect), Err)) {
                Ok(effect) => {
                    let plan = self.finish_plan(&wish.reaction, &sight, effect).await;
                    wanted.push((wish, plan));
                }
                Err(because) => self.memory().note(&wish.monitor, &wish.reaction, because, now, batch),
            }
        }
        self.remember_sight(subject, &sight, needs, settle, foreign, batch);
        wanted
    }

    /// Whether what is seen of an app is not older than what is known of it.
    fn is_up_to_date(&self, subject: &Subject, sight: &Sight, needs: Needs, facts: &AppFacts) -> Result<(), Because> {
        let memory = self.memory();
        Seen::new(sight, memory.sighting(subject)).is_up_to_date(needs, &facts.our_rollbacks)
    }

    /// Tells what others changed of the app since it was last looked at. Returns what is remembered of that from now on.
    fn notice_foreign_hands(
        &self,
        subject: &Subject,
        sight: &Sight,
        needs: Needs,
        facts: &AppFacts,
        batch: &mut Batch,
    ) -> Vec<Foreign> {
        let memory = self.memory();
        let seen = Seen::new(sight, memory.sighting(subject));
        let found = seen.foreign(needs, &facts.since_seen, &facts.our_rollbacks);
        let mut remembered = seen.foreign_before(needs, &facts.our_rollbacks);
        for foreign in found {
            remembered.push(foreign.clone());
            let mut entry = Entry::new(sight.taken_at, told_foreign(foreign, sight, &remembered));
            entry.app = Some(subject.app.clone());
            batch.entries.push(entry);
        }
        let surplus = remembered.len().saturating_sub(Foreign::REMEMBERED);
        remembered.drain(..surplus);
        remembered
    }

    /// The rungs of a ladder whose turn has come, and which only wait for readings since the app settled.
    fn climbing(&self, planned: &[(Wish, Result<Effect, Because>)]) -> Vec<Wish> {
        let wiring = self.wiring();
        let waits = |effect: &Result<Effect, Because>| matches!(effect, Err(Because::TooFewSince { .. }));
        let climbing =
            planned.iter().filter(|(wish, effect)| waits(effect) && wiring.mode(&wish.reaction) == Mode::Act);
        climbing.map(|(wish, _)| wish.clone()).collect()
    }

    /// Keeps what was seen of an app.
    fn remember_sight(
        &self,
        subject: &Subject,
        sight: &Sight,
        needs: Needs,
        settle: Duration,
        foreign: Vec<Foreign>,
        batch: &mut Batch,
    ) {
        let mut memory = self.memory();
        let seen = Seen::new(sight, memory.sighting(subject));
        let sighting = Sighting { foreign, ..seen.sighting(self.ports.accounts.host(), needs, settle) };
        memory.set_sighting(subject.clone(), sighting.clone());
        drop(memory);
        batch.sightings.push(sighting);
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
        self.may_touch(reaction, Some(&sight.app.id))?;
        if sight.app.maintenance && !reaction.policy.in_maintenance {
            return Err(Because::Maintenance);
        }
        if reaction.kind.boots_anew() {
            let counted_from = {
                let memory = self.memory();
                let seen = Seen::new(sight, memory.sighting(subject));
                if let Some(because) = seen.settling(reaction.policy.settle) {
                    return Err(because);
                }
                seen.evidence_from(reaction.policy.settle)
            };
            self.is_called_since(wish, counted_from)?;
        }
        let episode = self.episode(&wish.monitor, now);
        let effect = self.ask_kind(subject, reaction, sight, facts, episode).await?;
        gives_way(reaction.kind.rank(), &reaction.policy, foreign, now)?;
        let gist = sight.gist(reaction.kind.needs());
        let refusal = refusal(reaction, facts, self.wiring().since(reaction.id));
        if let Some(because) = refusal.and_then(|refusal| backed_off(&refusal, &gist, now)) {
            return Err(because);
        }
        // Last, since it may take seconds, and nothing else is left to hold for.
        match self.doubt(&effect, &wish.monitor, wish.finding.cause(), subject).await {
            Some(doubt) => Err(Because::CutOff { doubt }),
            None => Ok(effect),
        }
    }

    /// What speaks for our being cut off ourselves, where an effect boots dynos anew because a page cannot be reached.
    pub(crate) async fn doubt(
        &self,
        effect: &Effect,
        monitor: &Monitor,
        cause: Option<Cause>,
        subject: &Subject,
    ) -> Option<Doubt> {
        let cause = cause.filter(|cause| effect.boots_anew() && cause.is_failure_to_reach())?;
        let now = self.ports.clock.now();
        let known = self.memory().fresh_references(now);
        let references = match known {
            Some(references) => references,
            None => {
                let references = self.ports.references.reached().await;
                self.memory().set_references(now, references.clone());
                references
            }
        };
        let since = self.episode(monitor, now);
        let hosts = self.memory().hosts_elsewhere(monitor, subject);
        doubt(cause, since, &Elsewhere { references: &references, hosts: &hosts })
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
        let winner_name = winner.map(|index| wanted[index].0.reaction.name.clone());
        let mut started: Vec<(ReactionId, Rank)> = Vec::new();
        for (index, (wish, plan)) in wanted.into_iter().enumerate() {
            let Wish { monitor, reaction, because, .. } = &wish;
            if wiring.mode(reaction) == Mode::DryRun {
                self.tell_would(&wish, &plan, batch, now);
            } else if let Some(name) =
                winner_name.as_ref().filter(|_| ranks[index] != Rank::OneOff && winner != Some(index))
            {
                let because = if *name == reaction.name {
                    Because::RunOpen
                } else {
                    Because::Outranked { reaction: name.clone() }
                };
                self.memory().note(monitor, reaction, because, now, batch);
            } else if started.iter().any(|(other, _)| *other == reaction.id) {
                self.memory().note(monitor, reaction, Because::RunOpen, now, batch);
            } else if let Err(because) = self.has_left(&wish, facts, &ranks_of(&started), now) {
                self.memory().note(monitor, reaction, because, now, batch);
            } else {
                started.push((reaction.id, reaction.kind.rank()));
                self.memory().note(monitor, reaction, because.clone(), now, batch);
                let run = self.run_for(&wish, plan, now);
                batch.entries.push(entry_of(&run, now, queued(&run)));
                batch.runs.push((self.ports.accounts.host().to_owned(), run));
            }
        }
    }

    fn run_for(&self, wish: &Wish, plan: Plan, now: Timestamp) -> Run {
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
    fn tell_would(&self, wish: &Wish, plan: &Plan, batch: &mut Batch, now: Timestamp) {
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

fn ranks_of(started: &[(ReactionId, Rank)]) -> Vec<Rank> {
    started.iter().map(|(_, rank)| *rank).collect()
}

/// The timeline's word of what somebody else did.
fn told_foreign(foreign: Foreign, sight: &Sight, remembered: &[Foreign]) -> Event {
    let (by, times) = match &foreign.change {
        ForeignChange::Release { version, .. } => {
            let user = sight.releases.version(*version).and_then(|release| release.user.as_deref());
            (user.map(Excerpt::of), None)
        }
        ForeignChange::Quantity { process_type, .. } => {
            (None, looks_like_autoscaler(remembered, process_type, sight.taken_at))
        }
        ForeignChange::Size { .. } => (None, None),
    };
    Event::Foreign { change: foreign.change, by, times }
}

/// Whether a reaction that boots dynos anew leaves the turn to a rung above it on the same monitor. Each time it acted,
/// the app would settle anew and the rung above would count from there: restart at 2 would never let roll back at 5 come.
fn leaves_the_turn(wish: &Wish, climbing: &[Wish]) -> Option<Because> {
    let kind = &wish.reaction.kind;
    let above = climbing.iter().find(|above| {
        kind.boots_anew() && above.monitor.id == wish.monitor.id && above.reaction.kind.rank() < kind.rank()
    })?;
    Some(Because::Outranked { reaction: above.reaction.name.clone() })
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
