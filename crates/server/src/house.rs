//! What the server works with.

use crate::answer::Problem;
use crate::api::events::Tail;
use crate::api::once::Answered;
use crate::api::replays::PLAYS_MAX;
use crate::guard::{Secret, Throttle, random};
use crate::machines::adapters::Leases;
use crate::machines::drains::Drains;
use crate::machines::hooks::Hooks;
use crate::snapshot::Snapshot;
use flyball_engine::queries::Reader;
use flyball_engine::{Engine, Growth, InForce};
use flyball_model::{Family, Right, SecretHash, Timestamp};
use flyball_sealed::{Keys, NotSealed};
use flyball_store::Store;
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Looks that people ask for at once: each takes a connection and up to a minute.
const LOOKS_MAX: usize = 4;
/// Streams of the timeline at once: some hundred people with several pages each.
const LISTENERS_MAX: usize = 500;

/// Where and under which names it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// The names, beside those of the loopback, by which it may be asked: in lower case, without a port.
    pub hosts: Vec<String>,
    /// Whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The version of Flyball.
    pub version: &'static str,
    /// The file, as it is called in messages.
    pub file: String,
    /// Who is the person where nobody signs in.
    pub person: String,
}

impl Settings {
    /// Whether it is for this machine alone. One that has a name or a proxy is for others too, also where its proxy is on this machine:
    /// whoever comes through that seems to come from here.
    pub(crate) fn is_for_this_machine(&self) -> bool {
        self.listen.ip().is_loopback() && self.hosts.is_empty() && self.trusted_proxies.is_empty()
    }
}

/// How people come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entrance {
    /// Nobody needs to sign in: it listens on this machine alone, and there is no user.
    Open,
    /// By signing in.
    SignIn,
    /// The first administrator, `admin`, was made from a password.
    MadeAdmin,
    /// By a link that is good once, at `/first?key=…`.
    FirstAdmin(String),
}

/// What every answer is made from.
pub struct House {
    /// The engine, which keeps what is in force at hand.
    pub engine: Arc<Engine>,
    /// That the timeline has grown.
    pub growth: Growth,
    /// Where it listens.
    pub settings: Settings,
    /// Streams end once this is cancelled.
    pub stop: CancellationToken,
    pub(crate) snapshot: Snapshot,
    pub(crate) looks: Semaphore,
    pub(crate) plays: Arc<Semaphore>,
    pub(crate) listeners: Arc<Semaphore>,
    pub(crate) tail: Tail,
    pub(crate) throttle: Throttle,
    pub(crate) answered: Answered,
    pub(crate) hooks: Hooks,
    pub(crate) drains: Drains,
    pub(crate) leases: Leases,
    /// What seals the secrets that are typed into forms.
    keys: Keys,
    /// By what the one-time link is known that makes the first administrator.
    pub(crate) first: Mutex<Option<SecretHash>>,
}

impl House {
    /// Around an engine that was made [`Engine::answering`].
    #[must_use]
    pub fn of(engine: Arc<Engine>, growth: Growth, settings: Settings, keys: Keys, stop: CancellationToken) -> Self {
        let (looks, listeners) = (Semaphore::new(LOOKS_MAX), Arc::new(Semaphore::new(LISTENERS_MAX)));
        let (snapshot, throttle, answered) = (Snapshot::default(), Throttle::default(), Answered::default());
        let (first, tail, hooks, drains) = (Mutex::default(), Tail::default(), Hooks::default(), Drains::default());
        Self {
            engine,
            growth,
            settings,
            stop,
            snapshot,
            looks,
            plays: Arc::new(Semaphore::new(PLAYS_MAX)),
            listeners,
            tail,
            throttle,
            answered,
            hooks,
            drains,
            leases: Leases::default(),
            keys,
            first,
        }
    }

    /// A text that was typed, with its secrets sealed, and why one of them was not.
    pub(crate) fn sealed(&self, family: Family, text: &str) -> (String, Option<NotSealed>) {
        flyball_config::seal(family, text, |place, secret| self.keys.seal(place, secret, random()))
    }

    /// Opens the door, before anybody comes: makes the first administrator from a password, or a link that does it once. Where it
    /// listens on this machine alone it may stay open.
    ///
    /// # Errors
    ///
    /// In words, when the store does not answer, or the password is none.
    pub async fn open_door(&self, password: Option<SecretString>) -> Result<Entrance, String> {
        let in_words = |problem: Problem| {
            let mistakes = problem.mistakes.iter().map(|mistake| format!("{}: {}", mistake.field, mistake.words));
            std::iter::once(problem.title.clone()).chain(mistakes).collect::<Vec<_>>().join("; ")
        };
        if !self.store().users().await.map_err(|error| error.to_string())?.is_empty() {
            return Ok(Entrance::SignIn);
        }
        if let Some(password) = password {
            let password = password.expose_secret().to_owned();
            let by = "FLYBALL_ADMIN_PASSWORD";
            self.people().add_user("admin", Right::Admin.scope(), password, by).await.map_err(in_words)?;
            return Ok(Entrance::MadeAdmin);
        }
        if self.settings.is_for_this_machine() {
            return Ok(Entrance::Open);
        }
        let key = Secret::new("first");
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.hash());
        Ok(Entrance::FirstAdmin(key.shown().to_owned()))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.engine.ports().store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.ports().clock.now()
    }

    /// What is in force.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        self.engine.in_force().unwrap_or_default()
    }

    /// A reader of what is in force, as of now.
    pub(crate) fn reader<'a>(&'a self, in_force: &'a InForce) -> Reader<'a> {
        Reader::of(self.store(), in_force, self.now())
    }

    /// The number of the timeline's last line, as it is now.
    pub(crate) async fn last_line(&self) -> Result<i64, Problem> {
        let page = flyball_store::TimelinePage { lines: 1, ..flyball_store::TimelinePage::default() };
        Ok(self.store().timeline(&page).await?.last().map_or(0, |line| line.number))
    }
}
