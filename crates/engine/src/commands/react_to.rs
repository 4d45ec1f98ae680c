//! `react`: what a reaction does, done because a person asks for it.
//!
//! Its limits, maintenance mode, pauses, settling and open runs hold as ever. Trigger and cooldown do not; nor does what
//! asks for a person or makes way for one: `give_up_after`, `give_way` and self-doubt. What it would do is considered on
//! an engine that stands beside the running one: it knows the definitions, looks, and stores nothing. Doing it means
//! queueing a run like any other, which whoever claims it performs.

use crate::attend::{entry_of, queued};
use crate::effects;
use crate::engine::Engine;
use crate::gather::Asker;
use crate::ports::Ports;
use crate::wiring::Wiring;
use async_trait::async_trait;
use flyball_config::Definitions;
use flyball_decide::{Choice, Reacts, choose};
use flyball_heroku::{
    BaseUrl, Budget, Error as HerokuError, Live, LiveSettings, Request, Response, Retries, TimeLimits, Transport,
    TransportError,
};
use flyball_model::{AccountName, Actor, Because, Mode, NodeId, Plan, ReactionName, Run, RunId, Timestamp};
use flyball_reactions::Reaction;
use flyball_store::{Batch, Error, Of};
use flyball_views::Call;
use secrecy::SecretString;
use std::sync::{Arc, Mutex, PoisonError};

/// What a reaction would do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Considered {
    /// This.
    Would(Box<Intent>),
    /// Nothing, for this reason.
    Holds(Because),
}

/// What is to be done, and by which calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    reaction: Arc<Reaction>,
    /// The run that it undoes, if it does.
    undoes: Option<RunId>,
    /// What exactly.
    pub plan: Plan,
    /// Whether the reaction acts, or only tells.
    pub mode: Mode,
    /// The calls that would change Heroku.
    pub calls: Vec<Call>,
}

impl Intent {
    /// Whose run it would be.
    #[must_use]
    pub fn reaction(&self) -> &ReactionName {
        &self.reaction.name
    }

    /// The run that it undoes, if it does.
    #[must_use]
    pub const fn undoes(&self) -> Option<RunId> {
        self.undoes
    }
}

/// Why it could not be considered.
#[derive(Debug)]
pub enum NotConsidered {
    /// Nothing in the file has this name.
    NoSuchReaction,
    /// No run has this id.
    NoSuchRun,
    /// The account that it acts by is not in the file.
    NoSuchAccount(AccountName),
    /// Heroku, or the way to it.
    Heroku(HerokuError),
    /// The store.
    Store(Error),
}

impl From<Error> for NotConsidered {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<HerokuError> for NotConsidered {
    fn from(error: HerokuError) -> Self {
        Self::Heroku(error)
    }
}

/// What ends a consideration before it comes to an intent.
pub(super) enum Stop {
    Holds(Because),
    Fails(NotConsidered),
}

impl From<Because> for Stop {
    fn from(because: Because) -> Self {
        Self::Holds(because)
    }
}

impl<E: Into<NotConsidered>> From<E> for Stop {
    fn from(failure: E) -> Self {
        Self::Fails(failure.into())
    }
}

impl Engine {
    /// An engine that stands beside the running one, for a person's commands: it knows the definitions and what monitors
    /// remember, and has stored nothing. `mode` is what the process allows at most.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn beside(ports: Ports, node: NodeId, mode: Mode, definitions: &Definitions) -> Result<Self, Error> {
        let remembered = ports.store.remembered(Of::All).await?;
        let newer = ports.store.newer_readings(Of::All).await?;
        ports.accounts.define(&definitions.accounts);
        let (host, now) = (ports.accounts.host(), ports.clock.now());
        let engine = Self::new(ports, node, mode);
        let mut memory = engine.memory();
        memory.recall(remembered, Vec::new());
        memory.rewire(Wiring::new(definitions, host, mode, &Wiring::default(), now));
        memory.catch_up(newer);
        drop(memory);
        Ok(engine)
    }

    /// Considers what a reaction would do now, because a person asks it of a running engine: as one that stands beside it does, so that
    /// several on one store need not know each other's shares.
    ///
    /// # Errors
    ///
    /// As [`Engine::consider`].
    pub async fn consider_for_a_person(
        &self,
        definitions: &Definitions,
        reaction: &ReactionName,
    ) -> Result<Considered, NotConsidered> {
        let beside = Self::beside(self.ports.clone(), self.node, self.mode(), definitions).await?;
        beside.at_home(self.home()).consider(reaction).await
    }

    /// Considers what a reaction would do now, because a person asks. Looks at the app; stores nothing, changes nothing.
    ///
    /// # Errors
    ///
    /// When there is no such reaction, or the app or the store could not be looked at.
    pub async fn consider(&self, reaction: &ReactionName) -> Result<Considered, NotConsidered> {
        considered(self.intend(reaction).await)
    }

    async fn intend(&self, reaction: &ReactionName) -> Result<Intent, Stop> {
        let reaction = self.wiring().reaction_named(reaction).cloned().ok_or(NotConsidered::NoSuchReaction)?;
        self.intend_as(reaction, None, |reaction| reaction).await
    }

    /// What a person intends with a reaction, or with what stands in for it, where it undoes a run.
    pub(super) async fn intend_as<R: Reacts>(
        &self,
        reaction: Arc<Reaction>,
        undoes: Option<RunId>,
        reacts: impl FnMut(Arc<Reaction>) -> R,
    ) -> Result<Intent, Stop> {
        let subject = self.wiring().subject(&reaction);
        let account = &subject.app().account;
        if self.ports.accounts.heroku(account).is_none() {
            return Err(NotConsidered::NoSuchAccount(account.clone()).into());
        }
        let gathered = self.gather_as(&subject, &[Asker::Person(Arc::clone(&reaction))], reacts).await?;
        if let Some(error) = gathered.failed {
            return Err(NotConsidered::Heroku(error).into());
        }
        let mode = self.wiring().mode(&reaction);
        let plan = match choose(&gathered.situation).pop() {
            Some(Choice::Act(plan) | Choice::Tell(plan)) => self.with_what_it_restores(*plan).await,
            Some(Choice::Hold { because, .. }) => return Err(because.into()),
            None => return Err(NotConsidered::NoSuchReaction.into()),
        };
        let calls = calls(&plan).await;
        Ok(Intent { reaction, undoes, plan, mode, calls })
    }

    /// Queues what a person wants done.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn queue(&self, intent: Intent, person: String) -> Result<RunId, Error> {
        let now = self.ports.clock.now();
        let actor = Actor::Person { name: person };
        let because = intent.undoes.map_or(Because::ByHand, |run| Because::Undoes { run });
        let mut run = self.new_run(&intent.reaction, actor, because, intent.plan, now);
        if intent.undoes.is_some() {
            // It goes the other way, and counts as what it does: the purse, the steps and the order ask for the rank.
            run.rank = run.rank.inverse().unwrap_or(run.rank);
        }
        let id = run.id;
        let entries = vec![entry_of(&run, now, queued(&run))];
        self.ports.store.save(&Batch { runs: vec![run], entries, ..Batch::default() }).await?;
        Ok(id)
    }

    /// Brings one run as far as it can go now, where no other engine does; returns how it stands then.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn perform_one(&self, run: RunId) -> Result<Option<Run>, Error> {
        self.advance(run).await?;
        self.ports.store.run(run).await
    }
}

/// An intent, or why there is none, as a person is told of it.
pub(super) fn considered(intent: Result<Intent, Stop>) -> Result<Considered, NotConsidered> {
    match intent {
        Ok(intent) => Ok(Considered::Would(Box::new(intent))),
        Err(Stop::Holds(because)) => Ok(Considered::Holds(because)),
        Err(Stop::Fails(failure)) => Err(failure),
    }
}

/// Which calls a plan leads to: found out by performing it on a client that sends nothing.
pub(crate) async fn calls(plan: &Plan) -> Vec<Call> {
    let notebook = Arc::new(Notebook::default());
    let client = Live::over(
        Arc::clone(&notebook) as Arc<dyn Transport>,
        LiveSettings {
            base: BaseUrl::production(),
            token: "none".parse().expect("a word is a token"),
            user_agent: String::new(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: Retries::none(),
            clock: Arc::new(|| Timestamp::EPOCH),
            request_ids: Arc::new(String::new),
        },
    );
    let variables = |name: &str| Some(SecretString::from(format!("[{name}]")));
    // It always fails, since nothing is sent; what it would have sent is in the notebook.
    let _not_sent = effects::perform(&plan.effect, &plan.app().name, &client, &variables).await;
    let mut calls = notebook.calls.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *calls)
}

/// Notes calls down, and sends none of them.
#[derive(Default)]
struct Notebook {
    calls: Mutex<Vec<Call>>,
}

#[async_trait]
impl Transport for Notebook {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let call = Call {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            body: serde_json::from_slice(&request.body).ok(),
        };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        Err(TransportError::NotSent(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Effect, EnvValue, ProcessType, Quantity};
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn plan(effect: Effect) -> Plan {
        Plan {
            subject: flyball_model::testing::subject(),
            effect,
            seen_at: Timestamp::EPOCH,
            gist: String::new(),
            restores: None,
        }
    }

    #[tokio::test]
    async fn the_calls_are_those_that_would_be_sent() {
        let (from, to) = (Quantity::new(2), Quantity::new(3));
        let calls = calls(&plan(Effect::SetQuantity { process_type: ProcessType::web(), from, to })).await;
        let told: Vec<String> = calls.iter().map(ToString::to_string).collect();
        assert_eq!(told, [r#"PATCH /apps/shop/formation {"updates":[{"quantity":3,"type":"web"}]}"#]);
    }

    #[tokio::test]
    async fn a_secret_is_shown_by_its_name() {
        let env = BTreeMap::from([("KEY".to_owned(), EnvValue::Variable("SHOP_KEY".to_owned()))]);
        let time_to_live = Duration::from_secs(60);
        let effect = Effect::RunOneOff { command: "clean".into(), size: None, time_to_live, env, present: Vec::new() };
        let calls = calls(&plan(effect)).await;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].body.as_ref().unwrap()["env"]["KEY"], "[SHOP_KEY]");
    }
}
