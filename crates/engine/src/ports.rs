//! The ports: everything outside that the engine speaks to. Built in `main`, or by a test that plays the outside.

use async_trait::async_trait;
use flyball_channels::{Ask, Channel, Handle, Notice, Outcome};
use flyball_decide::{Choice, Situation};
use flyball_heroku::{Heroku, Standing};
use flyball_model::{AccountName, ApiHost, Reading, Reference, RunId, Timestamp};
use flyball_monitors::{Monitor, Observer};
use flyball_reactions::Reaction;
use flyball_store::Store;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time of day. People and network time set it, forwards and back.
pub trait Clock: Send + Sync {
    /// Now. Asked once at the start of a step, and handed down.
    fn now(&self) -> Timestamp;

    /// Shows so many milliseconds more from now on, or less: those who share a store go by the store's clock. One that nobody
    /// shares a store by stays as it is.
    fn shift(&self, _millis: i64) {}
}

/// Time as it passes: nobody can set it, and it can be waited for.
pub trait Time: Send + Sync {
    /// How much has passed since a beginning that stays the same as long as the process lives.
    fn passed(&self) -> Duration;

    /// Waits until this much more has passed, from the call on.
    fn wait(&self, length: Duration) -> BoxFuture<'static, ()>;
}

/// Runs tasks side by side.
pub trait Tasks: Send + Sync {
    /// Starts a task. Whoever starts it sees to it that somebody waits for its end.
    fn start(&self, task: BoxFuture<'static, ()>);
}

/// Time and tasks as the tokio runtime has them. To be made, and used, inside one.
#[derive(Debug, Clone, Copy)]
pub struct Tokio {
    began: tokio::time::Instant,
}

impl Tokio {
    /// Time is counted from here.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "it reads the time, which is done in `main` and shall be seen there"
    )]
    pub fn new() -> Self {
        Self { began: tokio::time::Instant::now() }
    }
}

impl Time for Tokio {
    fn passed(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(length))
    }
}

impl Tasks for Tokio {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port that everything is started through, and tracked by"
    )]
    fn start(&self, task: BoxFuture<'static, ()>) {
        drop(tokio::spawn(task));
    }
}

/// Makes ids.
pub trait Ids: Send + Sync {
    /// A run's id: time-ordered.
    fn run(&self, now: Timestamp) -> RunId;
}

/// The Heroku accounts.
pub trait Accounts: Send + Sync {
    /// The Platform API for what acts, and for the looks around that; `None` if there is no such account.
    fn heroku(&self, account: &AccountName) -> Option<Arc<dyn Heroku>>;

    /// The API host, by which apps of the same name are told apart.
    fn host(&self) -> ApiHost;

    /// The value of an environment variable that a setting names; `None` if it is not set.
    fn variable(&self, name: &str) -> Option<secrecy::SecretString>;

    /// Where each account stands, without asking anybody; whoever keeps no count says nothing.
    fn standings(&self) -> Vec<Standing> {
        Vec::new()
    }

    /// Goes over to the accounts of other definitions. Whoever always has the same accounts need not listen.
    fn define(&self, _accounts: &[flyball_config::Account]) {}
}

/// Reaches out to places that have nothing to do with what is watched, to tell whether we are cut off ourselves.
#[async_trait]
pub trait References: Send + Sync {
    /// Each reference of the file, and whether it can be reached now. Fewer than two say nothing.
    async fn reached(&self) -> Vec<Reference>;

    /// Goes over to the references of other definitions. Whoever always has the same need not listen.
    fn define(&self, _network: &flyball_config::Network) {}
}

/// No references: whoever has none never doubts itself for them.
#[derive(Debug, Clone, Copy)]
pub struct NoReferences;

#[async_trait]
impl References for NoReferences {
    async fn reached(&self) -> Vec<Reference> {
        Vec::new()
    }
}

/// Makes readings.
#[async_trait]
pub trait Observe: Send + Sync {
    /// Looks once, and says what was seen.
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading;

    /// Goes over to the networks and the proxy of other definitions. Whoever connects to none need not listen.
    fn define(&self, _network: &flyball_config::Network) {}
}

#[async_trait]
impl Observe for Observer {
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        Observer::observe(self, monitor, begun_at).await
    }

    fn define(&self, network: &flyball_config::Network) {
        self.permit(Arc::clone(&network.rules));
        self.go_by(network.proxy.clone());
    }
}

/// Sees every choice with the situation that it was made on: to judge it, or to make it again later.
pub trait Witness: Send + Sync {
    /// A choice was made; it is not written yet.
    fn chosen(&self, situation: &Situation<Arc<Reaction>>, choices: &[Choice]);
}

/// Nobody looks on.
#[derive(Debug, Clone, Copy)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn chosen(&self, _: &Situation<Arc<Reaction>>, _: &[Choice]) {}
}

/// Tells people.
#[async_trait]
pub trait Tell: Send + Sync {
    /// Tells it once, by this channel. `handle` is by what the service knows the first notice of the thread.
    async fn tell(&self, channel: &Channel, notice: &Notice, handle: Option<&Handle>, now: Timestamp) -> Outcome;

    /// Asks an app's workers once to take no more jobs. Whoever calls waits a few seconds at most.
    async fn ask(&self, ask: &Ask, now: Timestamp) -> Outcome;

    /// Goes over to the network rules of other definitions. Whoever connects to nothing need not listen.
    fn define(&self, _network: &flyball_config::Network) {}
}

/// A stage without people.
#[derive(Debug, Clone, Copy)]
pub struct NobodyIsTold;

#[async_trait]
impl Tell for NobodyIsTold {
    async fn tell(&self, _: &Channel, _: &Notice, _: Option<&Handle>, _: Timestamp) -> Outcome {
        Outcome::Never { why: "nobody is told anything here".to_owned() }
    }

    async fn ask(&self, _: &Ask, _: Timestamp) -> Outcome {
        Outcome::Never { why: "nobody is asked anything here".to_owned() }
    }
}

/// Everything outside.
#[derive(Clone)]
pub struct Ports {
    /// What Flyball remembers.
    pub store: Arc<dyn Store>,
    /// The Heroku accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Makes readings.
    pub observe: Arc<dyn Observe>,
    /// Tells whether we are cut off ourselves.
    pub references: Arc<dyn References>,
    /// Tells the time of day.
    pub clock: Arc<dyn Clock>,
    /// Time as it passes.
    pub time: Arc<dyn Time>,
    /// Runs tasks side by side.
    pub tasks: Arc<dyn Tasks>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Sees every choice.
    pub witness: Arc<dyn Witness>,
    /// Tells people.
    pub tell: Arc<dyn Tell>,
}
