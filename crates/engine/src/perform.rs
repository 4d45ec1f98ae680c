//! Performing a run: claim, look, commit that the call is about to be sent, send it once, record what came of it.
//! Afterwards, when an answer was lost: only look.

use crate::choose::{about_to_be_made, entry_of};
use crate::effects::{self, Found, Made, NotMade, Others};
use crate::engine::Engine;
use crate::look::{Seen, in_words, look, request_id};
use crate::wiring::Subject;
use flyball_heroku::{CHANGE_DEADLINE, Error as HerokuError, Heroku, Sent};
use flyball_model::{
    Actor, Because, Effect, Event, Excerpt, Look, Mode, Outcome, Run, RunId, RunState, Sight, Spending, Timestamp,
};
use flyball_reactions::Reaction;
use flyball_store::{Claim, Error, Fence, MarkSent, Pause};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// After the call's deadline, this much longer is waited until "not seen" means "not done": what was sent may still be
/// on its way through Heroku.
const MARGIN: Duration = Duration::from_secs(10);
/// When Heroku cannot be looked at, it is tried again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// For so long it is tried to find out what became of a call. After that it ends in doubt.
const LOOK_MAX: Duration = Duration::from_secs(3600);
/// How long a claim is good for: longer than the look, the call and the record together.
pub(crate) const LEASE: Duration = Duration::from_secs(60);
/// How long a run waits behind another on the same app before it is out of date.
const QUEUED_MAX: Duration = Duration::from_secs(60);

impl Engine {
    /// Brings one run as far as it can go now.
    ///
    /// # Errors
    ///
    /// When the store did not answer. Nothing is lost: what is on disk says what is owed.
    pub(crate) async fn advance(&self, run: RunId) -> Result<(), Error> {
        let Some(run) = self.ports.store.run(run).await? else { return Ok(()) };
        match &run.state {
            RunState::Queued => self.perform(run).await,
            RunState::Sent { at, .. } => {
                let at = *at;
                self.look_afterwards(run, at).await
            }
            RunState::Claimed { .. } => self.give_up_claim(run).await,
            RunState::Ended { .. } => Ok(()),
        }
    }

    /// Ends a run whose claim has lapsed: the store's answer was lost, or whoever claimed it is dead. No call was sent,
    /// and none will be, since their fence no longer holds.
    async fn give_up_claim(&self, run: Run) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let Some(fence) = self.ports.store.reclaim(run.id, self.node, now, LEASE).await? else { return Ok(()) };
        let why = "the store did not answer in time, so nothing was sent".to_owned();
        self.end(&run, fence, Outcome::NotDone { why }, Vec::new()).await
    }

    async fn perform(&self, run: Run) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let subject = Subject { account: run.plan.account.clone(), app: run.plan.app.clone() };
        self.recall_sighting(&subject).await?;
        let (run, fence) = match self.ports.store.claim(run.id, self.node, now, LEASE).await? {
            Claim::Claimed(run, fence) => (*run, fence),
            Claim::Taken => return Ok(()),
            Claim::Paused(pause) => return self.end(&run, Fence(0), paused(&pause), Vec::new()).await,
            Claim::AppBusy if now.since(run.queued_at) > QUEUED_MAX => {
                let why = "it waited too long behind another run on the app".to_owned();
                return self.end(&run, Fence(0), Outcome::Superseded { why }, Vec::new()).await;
            }
            Claim::AppBusy => return Ok(()),
        };
        self.memory().held.insert(run.id, fence);

        let Some(heroku) = self.ports.accounts.heroku(&subject.account) else {
            let why = format!("there is no account \"{}\" any more", subject.account);
            return self.end(&run, fence, Outcome::Superseded { why }, Vec::new()).await;
        };
        if let Err(outcome) = self.check(&run, &subject, &*heroku, now).await {
            return self.end(&run, fence, outcome, Vec::new()).await;
        }

        if self.is_stopping() {
            let why = "Flyball was stopped before the call was sent".to_owned();
            return self.end(&run, fence, Outcome::NotDone { why }, Vec::new()).await;
        }
        let sending_at = self.ports.clock.now();
        let look_at = sending_at + CHANGE_DEADLINE + MARGIN;
        match self.ports.store.mark_sent(run.id, fence, sending_at, look_at).await? {
            MarkSent::Go => {}
            MarkSent::Paused(pause) => return self.end(&run, fence, paused(&pause), Vec::new()).await,
            // Somebody else has the run in hand now: what happens to it is theirs to tell.
            MarkSent::Lost => return Ok(()),
        }
        self.send(&run, fence, heroku, look_at).await
    }

    /// Looks whether the plan still holds: the monitor still calls for it, nobody switched anything off, the app is as
    /// the plan says, and settled.
    async fn check(&self, run: &Run, subject: &Subject, heroku: &dyn Heroku, now: Timestamp) -> Result<(), Outcome> {
        let superseded = |why: String| Outcome::Superseded { why };
        // Before the look, which costs calls; and after it, since much may have been seen meanwhile.
        self.still_called_for(run).map_err(superseded)?;
        let effect = &run.plan.effect;
        let sight = look(heroku, subject, effects::needs(effect), &*self.ports.clock).await.map_err(|error| {
            Outcome::NotDone {
                why: format!("nothing was sent, since the app could not be looked at: {}", in_words(&error)),
            }
        })?;
        let reaction = self.still_called_for(run).map_err(superseded)?;
        if sight.app.id != run.plan.app_id {
            return Err(superseded(format!("{} is another app by now", run.plan.app)));
        }
        let before = self.memory().sighting(&subject.app).cloned();
        // No rollback of ours is younger than what is remembered, on which the plan was made: one run at a time.
        self.may_rest_on(&reaction, &Seen::new(&sight, before.as_ref()), effects::needs(effect), &BTreeSet::new())
            .map_err(|because| superseded(because.to_string()))?;
        self.has_room(run, &reaction, subject, &sight, now).await?;
        effects::check(effect, &sight).map_err(superseded)?;
        self.is_not_cut_off(run, subject).await.map_err(superseded)
    }

    /// Whether there is still room for the effect: since it was planned, a person or another run may have taken it.
    async fn has_room(
        &self,
        run: &Run,
        reaction: &Reaction,
        subject: &Subject,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<(), Outcome> {
        if Spending::of(run.rank).is_none() {
            return Ok(());
        }
        let superseded = |why: String| Outcome::Superseded { why };
        let facts = self.facts(subject, Some(&run.plan.app_id), &[run.reaction], now).await;
        let mut facts = facts.map_err(|error| Outcome::NotDone { why: format!("nothing was sent: {error}") })?;
        // Of two that look at each other in the same moment, the earlier goes.
        facts.open.retain(|other| other.id < run.id);
        self.has_left(reaction, &facts, &about_to_be_made(&facts), now)
            .map_err(|because| superseded(because.to_string()))?;
        let Effect::RunOneOff { .. } = run.plan.effect else { return Ok(()) };
        if facts.open.iter().any(|other| other.reaction == run.reaction) {
            return Err(superseded("another run of the same reaction is under way".to_owned()));
        }
        let planned = self.ask_kind(subject, reaction, &mut sight.clone(), &facts, now).await;
        planned.map(|_| ()).map_err(|because| superseded(because.to_string()))
    }

    /// Whether it may be we who are cut off by now. What a person asked for stays asked for.
    async fn is_not_cut_off(&self, run: &Run, subject: &Subject) -> Result<(), String> {
        let Actor::Engine { monitor, .. } = &run.actor else { return Ok(()) };
        let Some(monitor) = self.wiring().monitor(*monitor).cloned() else { return Ok(()) };
        let cause = {
            let memory = self.memory();
            memory.state(monitor.id).and_then(|state| state.standing.as_ref()).and_then(|standing| standing.cause)
        };
        match self.doubt(&run.plan.effect, &monitor, cause, subject).await {
            Some(doubt) => Err(Because::CutOff { doubt }.to_string()),
            None => Ok(()),
        }
    }

    /// The reaction of a run, if the run is still called for: the file still wants it, and the monitor's latest reading
    /// does. What a person asked for stays asked for.
    fn still_called_for(&self, run: &Run) -> Result<Arc<Reaction>, String> {
        let wiring = self.wiring();
        let Some(reaction) = wiring.reaction(run.reaction) else {
            return Err("the reaction is not in the file that Flyball follows".to_owned());
        };
        let Actor::Engine { monitor, .. } = &run.actor else { return Ok(Arc::clone(reaction)) };
        if wiring.mode(reaction) != Mode::Act {
            return Err("the reaction only tells by now".to_owned());
        }
        if wiring.since(reaction.id) > run.queued_at {
            return Err("the reaction was changed in the file".to_owned());
        }
        if !wiring.attached(*monitor).iter().any(|attached| attached.id == reaction.id) {
            return Err("the reaction is not attached to the monitor any more".to_owned());
        }
        if !self.memory().is_called(*monitor, reaction) {
            return Err("the monitor does not call for it any more".to_owned());
        }
        Ok(Arc::clone(reaction))
    }

    /// Sends the call, once, and records what came of it.
    async fn send(&self, run: &Run, fence: Fence, heroku: Arc<dyn Heroku>, look_at: Timestamp) -> Result<(), Error> {
        let accounts = Arc::clone(&self.ports.accounts);
        let variables = move |name: &str| accounts.variable(name);
        let made = effects::perform(&run.plan.effect, &run.plan.app, &*heroku, &variables).await;
        match made {
            Ok(Made { request_id: id, release, dyno }) => {
                let outcome = Outcome::Done { seen: Look::Answered, release, dyno };
                self.end(run, fence, outcome, request_id(id.as_deref())).await
            }
            Err(NotMade::NoVariable(name)) => {
                let why = format!("nothing was sent: the environment variable {name} is not set where Flyball runs");
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
            Sent::No => self.end(run, fence, Outcome::NotDone { why: in_words(error) }, ids).await,
            Sent::Maybe => self.lose(run, fence, in_words(error), look_at, ids).await,
            Sent::Refused => {
                let outcome = match error.status().filter(|_| error.kind().lasts()) {
                    Some(status) => {
                        let id = error.id().unwrap_or_default().to_owned();
                        Outcome::Refused { status, id, why: in_words(error) }
                    }
                    // Refused for now: the next reading decides anew.
                    None => Outcome::NotDone { why: in_words(error) },
                };
                self.end(run, fence, outcome, ids).await
            }
        }
    }

    /// The answer was lost. Nothing is sent again: it is looked for when it has had its time.
    async fn lose(
        &self,
        run: &Run,
        fence: Fence,
        why: String,
        look_at: Timestamp,
        ids: Vec<Excerpt>,
    ) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let entry = entry_of(run, now, Event::Lost { why, look_at });
        self.ports.store.defer(run.id, fence, look_at, &ids, &[entry]).await
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
        let subject = Subject { account: run.plan.account.clone(), app: run.plan.app.clone() };
        let effect = &run.plan.effect;
        let looked = match self.ports.accounts.heroku(&subject.account) {
            Some(heroku) => look(&*heroku, &subject, effects::needs(effect), &*self.ports.clock)
                .await
                .map_err(|error| in_words(&error)),
            None => Err(format!("there is no account \"{}\" any more", subject.account)),
        };
        let found = match looked {
            Ok(sight) => self.find(&run, &subject, &sight, sent_at).await?,
            Err(why) => Found::NotYet(why),
        };
        let outcome = match found {
            Found::Done { release, dyno } => Outcome::Done { seen: Look::SeenAfterwards, release, dyno },
            Found::NotDone(why) => {
                Outcome::NotDone { why: format!("the answer was lost, and it did not happen: {why}") }
            }
            Found::InDoubt(why) => Outcome::InDoubt { why: format!("the answer was lost: {why}") },
            Found::NotYet(why) if now.since(sent_at) > LOOK_MAX => {
                Outcome::InDoubt { why: format!("the answer was lost, and nothing could be seen for an hour: {why}") }
            }
            Found::NotYet(_) => return self.ports.store.defer(run.id, fence, now + LOOK_AGAIN, &[], &[]).await,
        };
        self.end(&run, fence, outcome, Vec::new()).await
    }

    /// Finds a run's effect in what is seen of its app, if that is not older than what is known.
    async fn find(&self, run: &Run, subject: &Subject, sight: &Sight, sent_at: Timestamp) -> Result<Found, Error> {
        let effect = &run.plan.effect;
        self.recall_sighting(subject).await?;
        let up_to_date = {
            let memory = self.memory();
            Seen::new(sight, memory.sighting(&subject.app)).is_up_to_date(effects::needs(effect), &BTreeSet::new())
        };
        if let Err(because) = up_to_date {
            return Ok(Found::NotYet(because.to_string()));
        }
        let others = self.others(run, subject, sent_at).await?;
        let sent_at = Seen::new(sight, None).to_heroku(sent_at);
        Ok(effects::find(effect, sight, sent_at, &others))
    }

    /// What other runs of the same command have to do with the one-off dynos that were started since then.
    async fn others(&self, run: &Run, subject: &Subject, sent_at: Timestamp) -> Result<Others, Error> {
        let mut others = Others::default();
        let Effect::RunOneOff { command: ours, .. } = &run.plan.effect else { return Ok(others) };
        let facts = self.facts(subject, Some(&run.plan.app_id), &[], self.ports.clock.now()).await?;
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
        let entry = entry_of(run, now, Event::Ended { plan: run.plan.to_string(), outcome: outcome.clone() });
        self.ports.store.end(run.id, fence, now, &outcome, &ids, &[entry]).await?;
        self.memory().held.remove(&run.id);
        Ok(())
    }
}

fn paused(pause: &Pause) -> Outcome {
    Outcome::Superseded { why: format!("{} was paused by {}", pause.scope, pause.by) }
}
