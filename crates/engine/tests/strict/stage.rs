//! The stage: the real engine and its loop, store and client, over real sockets, in front of the strict server. The clock
//! stands still but for the tests, who say when a monitor looks; the loop's own waits are short.

use super::server::{Mischief, Server};
use super::world::World;
use async_trait::async_trait;
use flyball_engine::live::Live;
use flyball_engine::{Engine, Ids as _, NoReferences, NoWitness, NobodyIsTold, Observe, Ports, Time, Tokio};
use flyball_heroku::{BaseUrl, Budget, Live as HerokuLive, LiveSettings, Retries, TimeLimits};
use flyball_model::{
    Cause, Entry, Evidence, Excerpt, Finding, Mode, MonitorId, NodeId, Outcome, Reading, Run, RunState, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_store::{ReadingsPage, Runs, RunsPage, Sqlite, Timeline, TimelinePage};
use flyball_testing::{CountedIds, OneAccount, StoppedTime};
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The token that the server takes.
const TOKEN: &str = "HRKU-pl4nted-strict";

/// What a client waits for a change that is never answered. Short, since whoever plays the outside says when time passes.
const SILENCE: Duration = Duration::from_millis(300);
/// What a client waits for anything else: much longer than loopback on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// So much quicker the loop waits than in production.
const HURRY: u32 = 50;
/// A state that is waited for is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// An engine with one reaction, in front of a server.
pub(crate) struct Stage {
    pub(crate) server: Server,
    clock: StoppedTime,
    store: Sqlite,
    live: Live,
    monitor: MonitorId,
    _stop: tokio_util::sync::DropGuard,
    _directory: tempfile::TempDir,
}

/// As much has passed as the tests say, and whoever waits does so in a hurry.
struct Hurried(StoppedTime);

impl Time for Hurried {
    fn passed(&self) -> Duration {
        self.0.passed()
    }

    fn wait(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(length / HURRY))
    }
}

impl Stage {
    /// With this reaction, and a server whose changing calls go like this.
    pub(crate) async fn with(kind: &str, mischief: Mischief, one_offs_end_at_once: bool) -> Self {
        let (clock, ids) = (StoppedTime::default(), CountedIds::default());
        let world = World::new(clock.now(), one_offs_end_at_once);
        let server = Server::start(TOKEN, clock.clone(), world).await;
        server.misbehave(mischief);
        let directory = scratch();
        let store = Sqlite::open(&directory.path().join("flyball.db")).await.expect("a new database");
        let change = if mischief.is_silent() { SILENCE } else { PATIENCE };
        let live = client(&server.url(), TimeLimits { read: PATIENCE, change }, &clock, &ids);
        let ports = Ports {
            store: Arc::new(store.clone()),
            accounts: Arc::new(OneAccount::new(live)),
            observe: Arc::new(Failing),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
            references: Arc::new(NoReferences),
            time: Arc::new(Hurried(clock.clone())),
            tasks: Arc::new(Tokio::new()),
            witness: Arc::new(NoWitness),
            tell: Arc::new(NobodyIsTold),
        };
        let engine = Arc::new(Engine::new(ports, NodeId(ids.run(clock.now()).0), Mode::Act));
        let file = format!(
            "[[monitor]]\nname = \"front\"\nevery = \"30s\"\nreactions = [\"it\"]\n\
             http = {{ url = \"http://127.0.0.1:9/\" }}\n[[reaction]]\nname = \"it\"\n{kind}\n"
        );
        let definitions = flyball_config::read("flyball.toml", &file).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        engine.start(&definitions).await.expect("the store answers");
        let (monitor, stop) = (definitions.monitors[0].id, CancellationToken::new());
        // By itself it never looks.
        let live = Live::start_phased(engine, 100, Box::new(|_, _| Timestamp::FAR_FUTURE), stop.clone());
        Self { server, clock, store, live, monitor, _stop: stop.drop_guard(), _directory: directory }
    }

    /// The monitor fails once more, and what that leads to is done as far as it can be done now.
    pub(crate) async fn reading(&self) {
        let before = self.readings().await;
        self.live.look(self.monitor);
        while self.readings().await == before || !self.is_at_rest().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn readings(&self) -> usize {
        let page = ReadingsPage { monitor: self.monitor, since: None, until: None, readings: 0 };
        self.store.readings(&page).await.expect("the store answers").len()
    }

    /// Whether every run has ended, or has lost its answer and waits until it is time to look for it.
    async fn is_at_rest(&self) -> bool {
        let lost = self.entries("answer lost").await;
        let waits = |run: &Run| lost.iter().any(|entry| entry.run == Some(run.id));
        self.all_runs().await.iter().all(|run| !run.state.is_open() || waits(run))
    }

    /// Time passes. What is due then is done before long: see [`Stage::outcome`].
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.go_on_to(self.clock.now() + time);
    }

    /// How every run stands, oldest first: `sent`, `done`, …
    pub(crate) async fn runs(&self) -> Vec<&'static str> {
        let code = |run: &Run| match &run.state {
            RunState::Ended { outcome, .. } => outcome.code(),
            open => open.code(),
        };
        self.all_runs().await.iter().map(code).collect()
    }

    /// How the first run ends.
    pub(crate) async fn outcome(&self) -> Outcome {
        loop {
            if let RunState::Ended { outcome, .. } = self.all_runs().await.swap_remove(0).state {
                return outcome;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn all_runs(&self) -> Vec<Run> {
        let mut runs = self.store.runs(&RunsPage::default()).await.expect("the store answers");
        runs.reverse();
        runs
    }

    /// The lines of the timeline that hold these words.
    pub(crate) async fn told(&self, words: &str) -> Vec<String> {
        self.entries(words).await.into_iter().map(|entry| entry.event.to_string()).collect()
    }

    async fn entries(&self, words: &str) -> Vec<Entry> {
        let lines = self.store.timeline(&TimelinePage::default()).await.expect("the store answers");
        lines.into_iter().map(|line| line.entry).filter(|entry| entry.event.to_string().contains(words)).collect()
    }
}

/// The real client with all of its means, repeats among them: a change must not be repeated even so.
fn client(url: &str, limits: TimeLimits, clock: &StoppedTime, ids: &CountedIds) -> HerokuLive {
    let (clock, time, ids) = (clock.clone(), clock.clone(), ids.clone());
    let settings = LiveSettings {
        base: url.parse::<BaseUrl>().expect("loopback is a host"),
        token: TOKEN.parse().expect("a word is a token"),
        user_agent: "flyball/strict".to_owned(),
        budget: Budget::default(),
        limits,
        retries: Retries::new(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))), Arc::new(|| 0.5)),
        clock: Arc::new(move || clock.now()),
        request_ids: Arc::new(move || ids.run(time.now()).to_string()),
    };
    HerokuLive::new(settings).expect("TLS is there")
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
