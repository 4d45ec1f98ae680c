//! Performing a run: claim, look, commit that the call is about to be sent, send it once, record what came of it.
//! Afterwards, when an answer was lost: only look.

use crate::attend::entry_of;
use crate::effects::{self, Made, NotMade, Others, Trace};
use crate::engine::Engine;
use crate::gather::Asker;
use crate::incidents::needs_a_person;
use crate::look::{in_words, look, request_id};
use crate::turn::Called;
use flyball_decide::{AppFacts, Closed, Reacts, Seen, Sending, Situation, Undoing, View, may_send, must_doubt};
use flyball_heroku::{CHANGE_DEADLINE, Error as HerokuError, Heroku, Sent};
use flyball_model::{
    Actor, Because, Effect, Event, Excerpt, Look, NotSeen, Outcome, Plan, Run, RunId, RunState, Sight, Spending,
    SubjectKey, Timestamp, WhyInDoubt, WhyLost, WhyNotDone, WhySuperseded,
};
use flyball_reactions::Reaction;
use flyball_store::{Claim, Error, Fence, MarkSent, Pause};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// After the call's deadline, this much longer is waited until "not seen" means "not done": what was sent may still be
/// on its way through Heroku.
const MARGIN: Duration = Duration::from_secs(10);
/// While what was sent may still be on its way, it is looked for after this much of the time since it was sent, again and
/// again: at once, and then less and less often.
const LOOK_AGAIN_PART: u32 = 2;
/// Looks are never closer together than this,
const LOOK_AGAIN_MIN: Duration = Duration::from_secs(1);
/// nor further apart.
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(15);
/// How long it is tried to find out what became of a call. After that it ends in doubt.
const LOOK_MAX: Duration = Duration::from_secs(3600);
/// How long a claim is good for: longer than the look, the call and the record together.
pub(crate) const LEASE: Duration = Duration::from_secs(60);
/// How long a run waits behind another on the same app before it is out of date.
const QUEUED_MAX: Duration = Duration::from_secs(60);

impl Engine {
    /// Brings one run as far as it can go now. Returns what it is on: somebody may have waited for this.
    ///
    /// # Errors
    ///
    /// When the store did not answer. Nothing is lost: what is on disk says what is owed.
    pub(crate) async fn advance(&self, run: RunId) -> Result<Option<SubjectKey>, Error> {
        let Some(run) = self.ports.store.run(run).await? else { return Ok(None) };
        let subject = run.plan.subject.key();
        match &run.state {
            RunState::Queued => self.perform(run).await?,
            RunState::Sent { at, .. } => {
                let at = *at;
                self.look_afterwards(run, at).await?;
            }
            RunState::Claimed { .. } => self.give_up_claim(run).await?,
            RunState::Ended { .. } => {}
        }
        Ok(Some(subject))
    }

    /// Ends a run whose claim has lapsed: the store's answer was lost, or whoever claimed it is dead. No call was sent,
    /// and none will be, since their fence no longer holds.
    async fn give_up_claim(&self, run: Run) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let Some(fence) = self.ports.store.reclaim(run.id, self.node, now, LEASE).await? else { return Ok(()) };
        let why = WhyNotDone::StoreTooLate;
        self.end(&run, fence, Outcome::NotDone { why }, Vec::new()).await
    }

    async fn perform(&self, run: Run) -> Result<(), Error> {
        // It may be the run of an engine that works on the store now: theirs to perform, and not ours to end.
        if self.look_at_store().await?.is_some() {
            return Ok(());
        }
        let now = self.ports.clock.now();
        self.recall_sighting(&run.plan.subject).await?;
        let held = self.share().holding(run.reaction);
        let (run, fence) = match self.ports.store.claim(run.id, self.node, &held, now, LEASE).await? {
            Claim::Claimed(run, fence) => (*run, fence),
            Claim::Taken => return Ok(()),
            Claim::Paused(pause) => return self.end(&run, Fence(0), paused(&pause), Vec::new()).await,
            Claim::AppBusy if now.since(run.queued_at) > QUEUED_MAX => {
                let why = WhySuperseded::WaitedTooLong;
                return self.end(&run, Fence(0), Outcome::Superseded { why }, Vec::new()).await;
            }
            Claim::AppBusy => return Ok(()),
        };
        self.memory().held.insert(run.id, fence);

        let account = &run.plan.app().account;
        let Some(heroku) = self.ports.accounts.heroku(account) else {
            let why = WhySuperseded::NoAccount { account: account.clone() };
            return self.end(&run, fence, Outcome::Superseded { why }, Vec::new()).await;
        };
        if let Err(outcome) = self.check(&run, &*heroku).await {
            return self.end(&run, fence, outcome, Vec::new()).await;
        }

        if self.is_stopping() {
            let why = WhyNotDone::Stopped;
            return self.end(&run, fence, Outcome::NotDone { why }, Vec::new()).await;
        }
        if let Some(pause) = self.held_by_signal() {
            return self.end(&run, fence, paused(&pause), Vec::new()).await;
        }
        let sending_at = self.ports.clock.now();
        // As long as this process lives it hears the answer first; another looks as soon as it takes over.
        let look_at = may_arrive_until(sending_at);
        match self.ports.store.mark_sent(run.id, fence, sending_at, look_at).await? {
            // It waited for a store that was held up, which is when a signal comes. Nothing was sent yet.
            MarkSent::Go => {
                if let Some(pause) = self.held_by_signal() {
                    return self.end(&run, fence, paused(&pause), Vec::new()).await;
                }
            }
            MarkSent::Paused(pause) => return self.end(&run, fence, paused(&pause), Vec::new()).await,
            // Somebody else has the run in hand now: what happens to it is theirs to tell.
            MarkSent::Lost => return Ok(()),
        }
        self.send(&run, fence, heroku, look_at).await
    }

    /// Looks whether the plan still holds: goes through the gates that are asked before sending, on what is known and seen
    /// now. Once before the look, which costs calls; and once after it, since much may have been seen meanwhile.
    async fn check(&self, run: &Run, heroku: &dyn Heroku) -> Result<(), Outcome> {
        let Because::Undoes { run: undone } = run.because else {
            return self.check_as(run, heroku, |reaction| reaction).await;
        };
        let undone = self.ports.store.run(undone).await.map_err(|error| store_failed(&error))?;
        // Whoever queues an undo has read the run that it undoes: this one was written by somebody else.
        let undone = Arc::new(undone.ok_or_else(|| held(Because::NotItsPlan))?);
        self.check_as(run, heroku, |reaction| Undoing::new(reaction, Arc::clone(&undone))).await
    }

    async fn check_as<R: Reacts>(
        &self,
        run: &Run,
        heroku: &dyn Heroku,
        reacts: impl Fn(Arc<Reaction>) -> R,
    ) -> Result<(), Outcome> {
        let Plan { subject, effect, .. } = &run.plan;
        may_send(&self.about_to_send(run, AppFacts::default())?.with_reactions(&reacts)).map_err(superseded)?;
        let sight = look(heroku, &subject.app().name, effect.needs(), &*self.ports.clock)
            .await
            .map_err(|error| Outcome::NotDone { why: WhyNotDone::CannotLook { error: in_words(&error) } })?;
        self.look_before_sending().await?;
        let mut facts = AppFacts::default();
        if Spending::of(run.rank).is_some() {
            // Since it was planned, a person or another run may have taken the room.
            let known = self.facts(subject, &[run.reaction]).await;
            facts = known.map_err(|error| store_failed(&error))?;
            // Of two that look at each other in the same moment, the earlier goes.
            facts.open.retain(|other| other.id < run.id);
        }
        let gone = effects::check(effect, &sight).err();
        let mut situation = self.about_to_send(run, facts)?;
        // Since it was planned, a job may have begun.
        for wish in &mut situation.wishes {
            wish.call.jobs.running = self.jobs_of(run, &wish.reaction).await?;
        }
        let mut situation = situation.with_reactions(&reacts);
        situation.scene.view = View::Seen { sight: Box::new(sight), parts: effect.needs(), no_further: None };
        if let Some(sending) = &mut situation.scene.sending {
            sending.gone = gone;
        }
        may_send(&situation).map_err(superseded)?;
        // Asked last, since it may take seconds, and nothing else is left that would stop it.
        if must_doubt(&situation) {
            let reached = self.reached.or_ask(&*self.ports.references, &*self.ports.clock).await;
            situation.scene.references = Some(reached);
            may_send(&situation).map_err(superseded)?;
        }
        Ok(())
    }

    /// How many jobs run on what this run takes away, where its reaction waits for them.
    async fn jobs_of(&self, run: &Run, reaction: &Arc<Reaction>) -> Result<Option<u64>, Outcome> {
        let Actor::Engine { monitor, .. } = &run.actor else { return Ok(None) };
        let Some(monitor) = self.wiring().monitor(*monitor).cloned() else { return Ok(None) };
        let asker = Asker::Monitor(Called { monitor, reaction: Arc::clone(reaction) });
        self.running_jobs(&asker).await.map_err(|error| store_failed(&error))
    }

    /// Looks whether the store is still our own, for the gate that asks it.
    async fn look_before_sending(&self) -> Result<(), Outcome> {
        self.look_at_store().await.map(|_| ()).map_err(|error| store_failed(&error))
    }

    /// What is known of a run that is about to be sent. What a person asked for stays asked for.
    fn about_to_send(&self, run: &Run, facts: AppFacts) -> Result<Situation<Arc<Reaction>>, Outcome> {
        let wiring = self.wiring();
        let gone = || Outcome::Superseded { why: WhySuperseded::NoReaction };
        let reaction = wiring.reaction(run.reaction).ok_or_else(gone)?;
        let (asker, attached) = match &run.actor {
            Actor::Person { .. } => (Asker::Person(Arc::clone(reaction)), true),
            Actor::Engine { monitor, .. } => {
                let attached = wiring.attached(*monitor).iter().any(|attached| attached.id == reaction.id);
                let monitor = wiring.monitor(*monitor).cloned();
                let Some(monitor) = monitor else {
                    return Err(held(Because::NotAttached));
                };
                (Asker::Monitor(Called { monitor, reaction: Arc::clone(reaction) }), attached)
            }
        };
        let mut situation = self.situation(&run.plan.subject, &[asker], facts);
        let jobs_waited_for = matches!(run.because, Because::JobsWaitedFor { .. });
        let sending = Sending {
            queued_at: run.queued_at,
            attached,
            effect: run.plan.effect.clone(),
            gone: None,
            jobs_waited_for,
        };
        situation.scene.sending = Some(sending);
        // What others saw a moment ago is not good enough for a call.
        situation.scene.view = View::NotYet;
        Ok(situation)
    }

    /// Sends the call, once, and records what came of it.
    async fn send(&self, run: &Run, fence: Fence, heroku: Arc<dyn Heroku>, look_at: Timestamp) -> Result<(), Error> {
        let accounts = Arc::clone(&self.ports.accounts);
        let variables = move |name: &str| accounts.variable(name);
        let made = effects::perform(&run.plan.effect, &run.plan.app().name, &*heroku, &variables).await;
        match made {
            Ok(Made { request_id: id, release, dyno, dyno_name }) => {
                let outcome = Outcome::Done { seen: Look::Answered, release, dyno, dyno_name };
                self.end(run, fence, outcome, request_id(id.as_deref())).await
            }
            Err(NotMade::NoVariable(name)) => {
                let why = WhyNotDone::NoVariable { name };
                self.end(run, fence, Outcome::NotDone { why }, Vec::new()).await
            }
            Err(NotMade::Odd { why, request_id: id }) => {
                self.lose(run, fence, why, look_at, request_id(id.as_deref())).await
            }
            Err(NotMade::Failed(error)) => self.failed(run, fence, &error, look_at).await,
        }
    }

    async fn failed(&self, run: &Run, fence: Fence, error: &HerokuError, look_at: Timestamp) -> Result<(), Error> {
        let ids = request_id(error.request_id());
        match error.sent() {
            Sent::No => self.end(run, fence, not_done(error), ids).await,
            Sent::Maybe => self.lose(run, fence, WhyLost::CallFailed { error: in_words(error) }, look_at, ids).await,
            Sent::Refused => {
                let outcome = match error.status().filter(|_| error.kind().lasts()) {
                    Some(status) => {
                        let id = error.id().unwrap_or_default().to_owned();
                        Outcome::Refused { status, id, why: in_words(error) }
                    }
                    // Refused for now: the next reading decides anew.
                    None => not_done(error),
                };
                self.end(run, fence, outcome, ids).await
            }
        }
    }

    /// The answer was lost. Nothing is sent again: it is looked for, from now on. Seen means done; not seen means nothing
    /// before `look_at`, until when the call may still arrive.
    async fn lose(
        &self,
        run: &Run,
        fence: Fence,
        why: WhyLost,
        look_at: Timestamp,
        ids: Vec<Excerpt>,
    ) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let entry = entry_of(run, now, Event::Lost { why, look_at });
        self.ports.store.defer(run.id, fence, now, &ids, &[entry]).await
    }

    /// Finds out what became of a call whose answer was lost.
    async fn look_afterwards(&self, run: Run, sent_at: Timestamp) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let held = self.memory().held.get(&run.id).copied();
        let fence = match held {
            Some(fence) => fence,
            None => match self.ports.store.reclaim(run.id, self.node, now, LEASE).await? {
                Some(fence) => fence,
                None => return Ok(()),
            },
        };
        let (app, effect) = (run.plan.app(), &run.plan.effect);
        let looked = match self.ports.accounts.heroku(&app.account) {
            Some(heroku) => {
                let seen = look(&*heroku, &app.name, effect.needs(), &*self.ports.clock).await;
                seen.map_err(|error| NotSeen::CannotLook { error: in_words(&error) })
            }
            None => Err(NotSeen::NoAccount { account: app.account.clone() }),
        };
        let trace = match looked {
            Ok(sight) => self.find(&run, &sight, sent_at).await?,
            Err(why) => Trace::NotYet(why),
        };
        let outcome = match trace {
            Trace::Done { release, dyno, dyno_name } => {
                Outcome::Done { seen: Look::SeenAfterwards, release, dyno, dyno_name }
            }
            // It may still be on its way.
            Trace::NotDone(_) | Trace::InDoubt(_) | Trace::NotYet(_) if now < may_arrive_until(sent_at) => {
                return self.ports.store.defer(run.id, fence, look_again(sent_at, now), &[], &[]).await;
            }
            Trace::NotDone(seen) => Outcome::NotDone { why: WhyNotDone::DidNotHappen { seen } },
            Trace::InDoubt(seen) => Outcome::InDoubt { why: WhyInDoubt::Unclear { seen } },
            Trace::NotYet(why) if now.since(sent_at) > LOOK_MAX => {
                Outcome::InDoubt { why: WhyInDoubt::NotSeen { why } }
            }
            Trace::NotYet(_) => {
                return self.ports.store.defer(run.id, fence, look_again(sent_at, now), &[], &[]).await;
            }
        };
        self.end(&run, fence, outcome, Vec::new()).await
    }

    /// Finds a run's effect in what is seen of its app, if that is not older than what is known.
    async fn find(&self, run: &Run, sight: &Sight, sent_at: Timestamp) -> Result<Trace, Error> {
        let Plan { subject, effect, .. } = &run.plan;
        self.recall_sighting(subject).await?;
        let up_to_date = {
            let memory = self.memory();
            Seen::new(sight, memory.sighting(&subject.key())).is_up_to_date(effect.needs(), &BTreeSet::new())
        };
        if let Err(because) = up_to_date {
            return Ok(Trace::NotYet(NotSeen::OutOfDate { because }));
        }
        let others = self.others(run, sent_at).await?;
        let sent_at = Seen::new(sight, None).to_heroku(sent_at);
        Ok(effects::find(effect, sight, sent_at, &others))
    }

    /// What other runs of the same command have to do with the one-off dynos that were started since then.
    async fn others(&self, run: &Run, sent_at: Timestamp) -> Result<Others, Error> {
        let mut others = Others::default();
        let Effect::RunOneOff { command: ours, .. } = &run.plan.effect else { return Ok(others) };
        let facts = self.facts(&run.plan.subject, &[]).await?;
        for other in facts.one_offs.iter().filter(|other| other.id != run.id) {
            let same = matches!(&other.plan.effect, Effect::RunOneOff { command, .. } if command == ours);
            let since = other.took_effect_at().is_some_and(|at| at + CHANGE_DEADLINE + MARGIN >= sent_at);
            match &other.state {
                RunState::Ended { outcome: Outcome::Done { dyno: Some(dyno), .. }, .. } => {
                    others.known.push(dyno.clone());
                }
                _ if same && since => others.unknown += 1,
                _ => {}
            }
        }
        Ok(others)
    }

    /// Ends a run, and tells it.
    pub(crate) async fn end(&self, run: &Run, fence: Fence, outcome: Outcome, ids: Vec<Excerpt>) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let entry = entry_of(run, now, Event::Ended { plan: run.plan.summary(), outcome: outcome.clone() });
        let ended = self.ports.store.end(run.id, fence, now, &outcome, &ids, &[entry]).await?;
        if ended {
            self.counting.ended(outcome.code());
        }
        let mut memory = self.memory();
        memory.held.remove(&run.id);
        if ended && needs_a_person(&outcome) {
            memory.run_needs_a_person(run, now);
        }
        memory.desk(&run.plan.subject.key()).run_ended();
        Ok(())
    }
}

/// Until when a call that was sent then may still arrive, and take effect.
fn may_arrive_until(sent_at: Timestamp) -> Timestamp {
    sent_at + CHANGE_DEADLINE + MARGIN
}

/// When a call that was sent then is looked for again.
fn look_again(sent_at: Timestamp, now: Timestamp) -> Timestamp {
    let wait = (now.since(sent_at) / LOOK_AGAIN_PART).clamp(LOOK_AGAIN_MIN, LOOK_AGAIN_MAX);
    let (next, last) = (now + wait, may_arrive_until(sent_at));
    // The look from which on "not seen" means "not done" comes in time.
    if now < last { next.min(last) } else { next }
}

fn superseded(closed: Closed) -> Outcome {
    held(closed.because)
}

const fn held(because: Because) -> Outcome {
    Outcome::Superseded { why: WhySuperseded::Held { because } }
}

fn store_failed(error: &Error) -> Outcome {
    Outcome::NotDone { why: WhyNotDone::StoreFailed { error: error.to_string().into() } }
}

fn not_done(error: &HerokuError) -> Outcome {
    Outcome::NotDone { why: WhyNotDone::CallFailed { error: in_words(error) } }
}

fn paused(pause: &Pause) -> Outcome {
    Outcome::Superseded { why: WhySuperseded::Paused { scope: pause.scope.clone(), by: pause.by.clone() } }
}
