//! Gathering: everything that a choice about an app rests on, brought together as one situation.

use crate::attend::entry_of;
use crate::desk::Glance;
use crate::effects;
use crate::engine::Engine;
use crate::inbox::told;
use crate::look::{look, look_further, trouble};
use crate::looks::Looks;
use crate::memory::Memory;
use crate::turn::Called;
use flyball_decide::{
    After, AppFacts, Call, Caller, Jobs, Reacts, Scene, Sighting, Situation, Unseen, View, Wish, looks_like_autoscaler,
    unseen,
};
use flyball_heroku::{Error as HerokuError, Heroku};
use flyball_model::{
    Because, Entry, Event, Excerpt, Finding, Foreign, ForeignChange, HerokuApp, IncidentOf, Needs, Outcome, ReactionId,
    ReleaseVersion, Run, RunState, Sight, Standing, Subject, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_signals::{Adapters, told_until};
use flyball_store::{Batch, Error, ReadingsPage};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What adapters told of jobs counts for so long, as it does where it is measured unless the file says otherwise: they report every ten
/// seconds. After that nobody tells.
const JOBS_TOLD: Duration = Duration::from_secs(60);

/// A situation, and what came of gathering it.
#[derive(Debug)]
pub(crate) struct Gathered<R = Arc<Reaction>> {
    pub(crate) situation: Situation<R>,
    /// The call that failed, where the app could not be looked at.
    pub(crate) failed: Option<HerokuError>,
    /// Whether the app was looked at for this.
    looked: bool,
    /// Whether older releases were looked at for this.
    looked_further: bool,
    /// What others changed since it was looked at before.
    news: Vec<Foreign>,
}

/// Who would have a reaction act.
pub(crate) enum Asker {
    /// A monitor, with its latest reading.
    Monitor(Called),
    /// A person.
    Person(Arc<Reaction>),
}

impl Asker {
    fn reaction(&self) -> &Arc<Reaction> {
        match self {
            Self::Monitor(called) => &called.reaction,
            Self::Person(reaction) => reaction,
        }
    }
}

impl Engine {
    /// Brings together what is known of an app and those who would act on it, and looks at what is missing.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(crate) async fn gather(&self, subject: &Subject, askers: &[Asker]) -> Result<Gathered, Error> {
        self.gather_as(subject, askers, |reaction| reaction).await
    }

    /// The same for what stands in for the reactions.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(crate) async fn gather_as<R: Reacts>(
        &self,
        subject: &Subject,
        askers: &[Asker],
        reacts: impl FnMut(Arc<Reaction>) -> R,
    ) -> Result<Gathered<R>, Error> {
        let beside = self.memory().beside(askers, subject, self.ports.clock.now());
        let reactions: Vec<ReactionId> = {
            let memory = self.memory();
            let asked = askers.iter().chain(&beside).map(|asker| asker.reaction().id);
            let below = askers.iter().flat_map(|asker| memory.rungs_below(asker));
            let named = askers.iter().filter_map(|asker| asker.reaction().policy.after.as_ref()).map(ReactionId::of);
            asked.chain(below).chain(named).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let facts = self.facts(subject, &reactions).await?;
        self.recall_sighting(subject).await?;
        self.recall_looks(askers.iter().chain(&beside)).await?;
        let mut situation = self.situation(subject, askers, facts);
        for (asker, wish) in askers.iter().zip(&mut situation.wishes) {
            wish.call.jobs.running = self.running_jobs(asker).await?;
        }
        let situation = situation.with_reactions(reacts);
        let mut gathered = Gathered { situation, failed: None, looked: false, looked_further: false, news: Vec::new() };
        // Ends: every look adds something, and releases are bounded.
        while let Some(missing) = unseen(&gathered.situation) {
            self.see(missing, subject, &reactions, &mut gathered).await?;
        }
        Ok(gathered)
    }

    /// What is known without looking.
    pub(crate) fn situation(&self, subject: &Subject, askers: &[Asker], facts: AppFacts) -> Situation<Arc<Reaction>> {
        let home = self.home();
        // After the facts were read: a pause that ended until then has ended for this turn as well.
        let now = self.ports.clock.now();
        let mut memory = self.memory();
        let beside = memory.beside(askers, subject, now);
        let mut wish = |asker: &Asker| memory.wish(asker, subject, now);
        let wishes: Vec<Wish<Arc<Reaction>>> = askers.iter().map(&mut wish).collect();
        let beside = beside.iter().map(wish).collect();
        let key = subject.key();
        let latest = memory.desk(&key).latest(now).cloned();
        let view = latest.map_or(View::NotYet, |glance| View::Seen {
            sight: Box::new(glance.sight),
            parts: glance.parts,
            no_further: None,
        });
        let before = memory.sighting(&key).cloned();
        let named = wishes.iter().flat_map(|wish| wish.reaction.variables());
        let unset = named.filter(|name| self.ports.accounts.variable(name).is_none()).map(str::to_owned).collect();
        let scene = Scene {
            now,
            subject: subject.clone(),
            limits: memory.wiring.limits(),
            home,
            store_loss: self.store_loss(),
            facts,
            foreign: before.as_ref().map(|before| before.foreign.clone()).unwrap_or_default(),
            before,
            adders: memory.adders(&key, now),
            unset,
            view,
            references: None,
            sending: None,
        };
        Situation { wishes, beside, scene }
    }

    /// How many jobs run where a reaction waits for them, as adapters told of late: of the queues of the monitor that calls it, or of all
    /// where that looks at none.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(crate) async fn running_jobs(&self, asker: &Asker) -> Result<Option<u64>, Error> {
        let Asker::Monitor(Called { monitor, reaction }) = asker else { return Ok(None) };
        let app = reaction.kind.app();
        if reaction.kind.waits_for_jobs().is_none() {
            return Ok(None);
        }
        // Queues that it looks at in another app say nothing of this one.
        let queues = monitor.kind.queues().filter(|_| monitor.kind.adapted() == Some(app)).unwrap_or_default();
        let until = told_until(self.ports.clock.now());
        let slots = told(&*self.ports.store, app, until - JOBS_TOLD, Timestamp::FAR_FUTURE).await?;
        let mut adapters = Adapters::default();
        slots.iter().filter_map(|(_, slot)| slot.adapters.as_ref()).for_each(|told| adapters.merge(told));
        Ok(adapters.running(queues))
    }

    /// Looks at what is missing.
    async fn see<R>(
        &self,
        missing: Unseen,
        subject: &Subject,
        reactions: &[ReactionId],
        gathered: &mut Gathered<R>,
    ) -> Result<(), Error> {
        let scene = &mut gathered.situation.scene;
        match missing {
            Unseen::App(parts) => {
                match self.look(subject, parts).await {
                    Ok(sight) => {
                        scene.view = View::Seen { sight: Box::new(sight), parts, no_further: None };
                        gathered.looked = true;
                    }
                    Err(NoSight { because, error }) => {
                        scene.view = View::Failed(because);
                        gathered.failed = error;
                    }
                }
                gathered.notice();
            }
            // Seen for the first time, renamed, or made anew under its name: what was done to it is found by its id.
            Unseen::FactsOf(id) => {
                let facts = self.facts(&subject.with_id(id.clone()), reactions).await?;
                scene.facts = AppFacts { app_id: Some(id), ..facts };
                gathered.notice();
            }
            Unseen::ReleasesBelow(version) => {
                let View::Seen { sight, no_further, .. } = &mut scene.view else { return Ok(()) };
                *no_further = self.look_further(subject, sight, version).await.err();
                gathered.looked_further = true;
            }
            Unseen::References => {
                let reached = self.reached.or_ask(&*self.ports.references, &*self.ports.clock).await;
                scene.references = Some(reached);
            }
        }
        Ok(())
    }

    /// What only the store knows of an app and those who would act on it.
    pub(crate) async fn facts(&self, subject: &Subject, reactions: &[ReactionId]) -> Result<AppFacts, Error> {
        let mut facts = self.ports.store.app_facts(subject, reactions, self.ports.clock.now()).await?;
        facts.pauses.extend(self.held_by_signal());
        Ok(facts)
    }

    /// Takes up what was seen of an app before this process began.
    pub(crate) async fn recall_sighting(&self, subject: &Subject) -> Result<(), Error> {
        let key = subject.key();
        if self.memory().sighting(&key).is_some() {
            return Ok(());
        }
        if let Some(seen) = self.ports.store.sighting(&key).await? {
            self.memory().set_sighting(key, seen);
        }
        Ok(())
    }

    /// Takes up what monitors measured before this process began, where a reaction goes by that.
    async fn recall_looks(&self, askers: impl Iterator<Item = &Asker>) -> Result<(), Error> {
        for asker in askers {
            let Asker::Monitor(Called { monitor, reaction }) = asker else { continue };
            if reaction.kind.looks_back().is_none() || self.memory().looks.is_recalled(monitor.id) {
                continue;
            }
            let since = Some(self.ports.clock.now() - Looks::KEPT);
            let page = ReadingsPage { monitor: monitor.id, since, until: None, readings: Looks::KEPT_MAX };
            let readings = self.ports.store.readings(&page).await?;
            self.memory().looks.recall(monitor.id, &readings);
        }
        Ok(())
    }

    /// Looks at an app, as far as is needed.
    pub(crate) async fn look(&self, subject: &Subject, needs: Needs) -> Result<Sight, NoSight> {
        let HerokuApp { account, name, .. } = subject.app();
        let Some(heroku) = self.ports.accounts.heroku(account) else {
            let because = Because::CannotSee { error: format!("there is no account \"{account}\"") };
            return Err(NoSight { because, error: None });
        };
        let looked = look(&*heroku, name, needs, &*self.ports.clock).await;
        let refused = matches!(&looked, Err(error) if error.is_unauthorized());
        if self.memory().account_answers(account, !refused) && refused {
            tracing::warn!(account = %account, "Heroku does not take the account's token; its reactions hold");
        }
        looked.map_err(|error| {
            let because = match refused {
                true => Because::AccountStopped { account: account.clone() },
                false => Because::CannotSee { error: trouble(&error) },
            };
            NoSight { because, error: Some(error) }
        })
    }

    async fn look_further(&self, subject: &Subject, sight: &mut Sight, below: ReleaseVersion) -> Result<(), Because> {
        let app = subject.app();
        let heroku: Option<Arc<dyn Heroku>> = self.ports.accounts.heroku(&app.account);
        let Some(heroku) = heroku else { return Err(Because::NoCurrentRelease) };
        look_further(&*heroku, &app.name, sight, below)
            .await
            .map_err(|error| Because::CannotSee { error: trouble(&error) })
    }

    /// Tells what others changed of the app, and keeps what was seen of it.
    pub(crate) fn remember_sight(&self, gathered: &Gathered, batch: &mut Batch) {
        let scene = &gathered.situation.scene;
        let View::Seen { sight, parts, .. } = &scene.view else { return };
        let (app, key) = (scene.subject.app(), scene.subject.key());
        if gathered.looked || gathered.looked_further {
            let glance = Glance { sight: (**sight).clone(), parts: *parts };
            self.memory().desk(&key).saw(glance, !gathered.news.is_empty());
        }
        if !gathered.looked {
            return;
        }
        for foreign in &gathered.news {
            let mut entry = Entry::new(sight.taken_at, told_foreign(foreign.clone(), sight, &scene.foreign));
            entry.app = Some(app.name.clone());
            batch.entries.push(entry);
        }
        let mut memory = self.memory();
        let seen = flyball_decide::Seen::new(sight, memory.sighting(&key));
        if parts.dynos {
            let ended = seen.one_offs_ended(&scene.facts.one_offs).into_iter();
            batch.entries.extend(ended.map(|(run, within)| one_off_ended(run, within, sight.taken_at)));
        }
        let sighting = seen.sighting(&app.host, scene.up_to_date());
        let sighting = Sighting { foreign: scene.foreign.clone(), ..sighting };
        memory.set_sighting(key, sighting.clone());
        drop(memory);
        batch.sightings.push(sighting);
    }
}

/// Why an app could not be looked at.
#[derive(Debug)]
pub(crate) struct NoSight {
    because: Because,
    pub(crate) error: Option<HerokuError>,
}

impl<R> Gathered<R> {
    /// Notices what others changed, once the app was looked at and what was done to it by us is known.
    fn notice(&mut self) {
        let scene = &mut self.situation.scene;
        let Some(sight) = scene.sight() else { return };
        if scene.facts.app_id.as_ref() != Some(&sight.app.id) {
            return;
        }
        let made: Vec<ReleaseVersion> = effects::releases_made_by(&scene.facts.doubted_rollbacks, sight).collect();
        scene.facts.our_rollbacks.extend(made);
        if self.looked {
            (self.news, scene.foreign) = scene.foreign_hands();
        }
    }
}

impl Memory {
    /// What is known of one who would act, beside the app.
    fn wish(&mut self, asker: &Asker, subject: &Subject, now: Timestamp) -> Wish<Arc<Reaction>> {
        let reaction = Arc::clone(asker.reaction());
        let (caller, patience) = match asker {
            Asker::Monitor(called) => {
                let caller = self.caller(&called.monitor, &reaction, now);
                let patience = self.desk(&subject.key()).patience(called.key(), caller.cause());
                (caller, patience)
            }
            Asker::Person(_) => (Caller::Person { episode: self.present_episode(&reaction, now) }, Duration::ZERO),
        };
        let call = Call {
            after: self.after(&reaction, &caller, now),
            caller,
            mode: self.wiring.mode(&reaction),
            since: self.wiring.since(reaction.id),
            rungs_below: self.rungs_below(asker),
            shared_interval: self.wiring.shared_interval(reaction.id),
            would_have_acted: self.would(reaction.id).map(|would| would.at),
            jobs: match asker {
                Asker::Monitor(called) => Jobs { running: None, waited: self.waited(called.monitor.id, reaction.id) },
                Asker::Person(_) => Jobs::default(),
            },
            looks: match (asker, reaction.kind.looks_back()) {
                (Asker::Monitor(called), Some(back)) => Some(self.looks.since(called.monitor.id, now - back)),
                (Asker::Person(_), _) | (_, None) => None,
            },
            patience,
        };
        Wish { reaction, call }
    }

    /// Whoever else scales a process type of the asked ones to a load, as its monitor calls it. One that does not look now calls nobody.
    fn beside(&self, askers: &[Asker], subject: &Subject, now: Timestamp) -> Vec<Asker> {
        let scaled =
            |reaction: &Reaction| reaction.kind.looks_back().and_then(|_| reaction.kind.process_type().cloned());
        let key = subject.key();
        let others = self.wiring.acting_on(&key).filter(|other| {
            let Some(process_type) = scaled(other) else { return false };
            let asked = askers.iter().map(Asker::reaction).filter(|asked| asked.id != other.id);
            asked.filter_map(|asked| scaled(asked)).any(|of| of == process_type)
        });
        let called = others.filter_map(|other| {
            let monitor = self.wiring.watched_by(other.id).iter().find(|monitor| monitor.looks_at(now))?;
            Some(Asker::Monitor(Called { monitor: Arc::clone(monitor), reaction: Arc::clone(other) }))
        });
        called.collect()
    }

    /// The reaction that an asked one comes after.
    fn after(&self, reaction: &Reaction, caller: &Caller, now: Timestamp) -> Option<After> {
        let name = reaction.policy.after.clone()?;
        let incident = self.incidents.get(&IncidentOf::App(reaction.kind.app().clone()));
        let episode = caller.episode(now);
        let since = incident.map_or(episode, |incident| incident.began_at.min(episode));
        Some(After { reaction: ReactionId::of(&name), name, since })
    }

    /// The reactions that stand below an asked one on the monitor that calls it.
    fn rungs_below(&self, asker: &Asker) -> Vec<ReactionId> {
        match asker {
            Asker::Monitor(called) => self.wiring.rungs_below(called.monitor.id, &called.reaction),
            Asker::Person(_) => Vec::new(),
        }
    }

    /// A monitor as it calls a reaction: by its latest reading that could be made.
    fn caller(&self, monitor: &Monitor, reaction: &Reaction, now: Timestamp) -> Caller {
        let standing = self.standing(monitor.id).cloned();
        let finding = standing.as_ref().map_or(Finding::Passing, Standing::finding);
        let may_be_us =
            reaction.kind.boots_anew() && finding.cause().is_some_and(flyball_model::Cause::is_failure_to_reach);
        let hosts = if may_be_us { self.hosts_elsewhere(monitor, reaction.kind.app(), now) } else { Vec::new() };
        Caller::Monitor { id: monitor.id, name: monitor.name.clone(), finding, standing, hosts }
    }

    /// Since when the monitors of a reaction have been calling it; now if none does.
    fn present_episode(&self, reaction: &Reaction, now: Timestamp) -> Timestamp {
        let watching = self.wiring.watched_by(reaction.id).iter();
        let standings = watching.filter_map(|monitor| self.standing(monitor.id));
        let calling = standings.filter(|standing| reaction.policy.call_on.matches(standing.verdict));
        calling.map(|standing| standing.since).min().unwrap_or(now)
    }
}

/// The timeline's line of a one-off dyno of ours that is gone.
fn one_off_ended(run: &Run, within: Duration, at: Timestamp) -> Entry {
    let dyno = match &run.state {
        RunState::Ended { outcome: Outcome::Done { dyno_name, .. }, .. } => dyno_name.clone(),
        _ => None,
    };
    entry_of(run, at, Event::OneOffEnded { dyno, plan: run.plan.summary(), within })
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
