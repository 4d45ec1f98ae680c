//! The stage: the real engine, store and client, over real sockets, in front of the strict server.

use super::clock::{CountedIds, StoppedClock};
use super::server::{Mischief, Server};
use super::world::World;
use async_trait::async_trait;
use flyball_engine::{Accounts, Clock, Engine, NoReferences, NoWitness, Observe, Ports, Tokio};
use flyball_heroku::{BaseUrl, Budget, Heroku, Live, LiveSettings, Retries, TimeLimits};
use flyball_model::{
    AccountName, Cause, Evidence, Excerpt, Finding, Mode, NodeId, Outcome, Reading, RunState, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_store::{Runs, RunsPage, Sqlite, Timeline, TimelinePage};
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The token that the server takes.
const TOKEN: &str = "HRKU-pl4nted-strict";

/// What a client waits for a change that is never answered. Short, since whoever plays the outside says when time passes.
const SILENCE: Duration = Duration::from_millis(300);
/// What a client waits for anything else: much longer than loopback on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An engine with one reaction, in front of a server.
pub(crate) struct Stage {
    pub(crate) server: Server,
    clock: StoppedClock,
    store: Sqlite,
    engine: Engine,
    _directory: tempfile::TempDir,
}

impl Stage {
    /// With this reaction, and a server whose changing calls go like this.
    pub(crate) async fn with(kind: &str, mischief: Mischief, one_offs_end_at_once: bool) -> Self {
        let (clock, ids) = (StoppedClock::new(), CountedIds::default());
        let world = World::new(clock.now(), one_offs_end_at_once);
        let server = Server::start(TOKEN, clock.clone(), world).await;
        server.misbehave(mischief);
        let directory = scratch();
        let store = Sqlite::open(&directory.path().join("flyball.db")).await.expect("a new database");
        let change = if mischief.is_silent() { SILENCE } else { PATIENCE };
        let live = client(&server.url(), TimeLimits { read: PATIENCE, change }, &clock, &ids);
        let ports = Ports {
            store: Arc::new(store.clone()),
            accounts: Arc::new(OneAccount(Arc::new(live))),
            observe: Arc::new(Failing),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
            references: Arc::new(NoReferences),
            time: Arc::new(Tokio::new()),
            tasks: Arc::new(Tokio::new()),
            witness: Arc::new(NoWitness),
        };
        let engine = Engine::new(ports, NodeId(ids.next()), Mode::Act);
        let file = format!(
            "[[monitor]]\nname = \"front\"\nevery = \"30s\"\nreactions = [\"it\"]\n\
             http = {{ url = \"http://127.0.0.1:9/\" }}\n[[reaction]]\nname = \"it\"\n{kind}\n"
        );
        let definitions = flyball_config::read("flyball.toml", &file).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        engine.start(&definitions).await.expect("the store answers");
        Self { server, clock, store, engine, _directory: directory }
    }

    /// The monitor fails once more, and what that leads to is done as far as it can be done now.
    pub(crate) async fn reading(&self) {
        let monitor = Arc::clone(self.engine.wiring().monitors().next().expect("there is one"));
        let observed = self.engine.observe(&monitor).await;
        self.engine.take_in(vec![observed]).await.expect("the store answers");
        self.work().await;
    }

    /// Time passes, and what is due then is done.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.pass(time);
        self.work().await;
    }

    async fn work(&self) {
        self.engine.perform_due().await.expect("the store answers");
    }

    /// How every run stands, oldest first: `sent`, `done`, …
    pub(crate) async fn runs(&self) -> Vec<&'static str> {
        let states = self.states().await;
        let code = |state: &RunState| match state {
            RunState::Ended { outcome, .. } => outcome.code(),
            open => open.code(),
        };
        states.iter().map(code).collect()
    }

    /// How the first run ended.
    pub(crate) async fn outcome(&self) -> Outcome {
        match self.states().await.swap_remove(0) {
            RunState::Ended { outcome, .. } => outcome,
            open => panic!("it has not ended: {open:?}"),
        }
    }

    async fn states(&self) -> Vec<RunState> {
        let mut runs = self.store.runs(&RunsPage::default()).await.expect("the store answers");
        runs.reverse();
        runs.into_iter().map(|run| run.state).collect()
    }

    /// The lines of the timeline that hold these words.
    pub(crate) async fn told(&self, words: &str) -> Vec<String> {
        let lines = self.store.timeline(&TimelinePage::default()).await.expect("the store answers");
        let said = lines.into_iter().map(|line| line.entry.event.to_string());
        said.filter(|line| line.contains(words)).collect()
    }
}

/// The real client with all of its means, repeats among them: a change must not be repeated even so.
fn client(url: &str, limits: TimeLimits, clock: &StoppedClock, ids: &CountedIds) -> Live {
    let (clock, ids) = (clock.clone(), ids.clone());
    let settings = LiveSettings {
        base: url.parse::<BaseUrl>().expect("loopback is a host"),
        token: TOKEN.parse().expect("a word is a token"),
        user_agent: "flyball/strict".to_owned(),
        budget: Budget::default(),
        limits,
        retries: Retries::new(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))), Arc::new(|| 0.5)),
        clock: Arc::new(move || clock.now()),
        request_ids: Arc::new(move || ids.next().to_string()),
    };
    Live::new(settings).expect("TLS is there")
}

struct OneAccount(Arc<Live>);

impl Accounts for OneAccount {
    fn heroku(&self, _account: &AccountName) -> Option<Arc<dyn Heroku>> {
        Some(Arc::clone(&self.0) as Arc<dyn Heroku>)
    }

    fn host(&self) -> &str {
        "api.heroku.test"
    }

    fn variable(&self, _name: &str) -> Option<SecretString> {
        None
    }
}

/// Every reading fails.
struct Failing;

#[async_trait]
impl Observe for Failing {
    async fn observe(&self, _monitor: &Monitor, begun_at: Timestamp) -> Reading {
        let (finding, words) = (Finding::Failing(Cause::Status), Excerpt::of("503"));
        Reading { begun_at, took: Duration::ZERO, finding, words, evidence: Evidence::None }
    }
}

/// A directory that is gone afterwards; in memory where the system has such, since every commit waits for the disk.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory for the database")
}
