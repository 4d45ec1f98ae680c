//! A process of Flyball: the engine, and its loop as the play lets time go by. It is the live loop without its threads:
//! checks at their intervals, an intake that takes together what came together, a worker with a task for each run.

use super::eyes::{Eyes, Landmarks};
use super::journal::Noted;
use super::ledger::Ledger;
use super::network::Wire;
use super::tasks::Tasks;
use super::{Outside, SharedOutside, TOKEN, lock};
use flyball_config::Definitions;
use flyball_decide::{due_at_or_after, first_due};
use flyball_engine::{Accounts, Engine, Observed, Ports};
use flyball_heroku::{BaseUrl, Budget, Heroku, Live, LiveSettings, Retries, TimeLimits, Transport};
use flyball_model::{AccountName, Mode, MonitorId, NodeId, Run, RunId, Timestamp};
use flyball_monitors::Monitor;
use flyball_store::Runs as _;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the file's API host is called.
const HOST: &str = "api.heroku.test";
/// The worker looks at what is owed this often. The live one does four times as often, and sees nothing more.
const WORK_EVERY: Duration = Duration::from_secs(1);
/// What is too old is removed this often, as in the live loop.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// A file that the store did not take is tried again after this, as in the live loop.
const APPLY_AGAIN: Duration = Duration::from_secs(1);
/// A process that cannot start is started again after this, as supervisors do.
const START_AGAIN: Duration = Duration::from_secs(5);

/// What stands between the client and the wire: nothing, unless a test plants a mistake here.
#[derive(Clone, Default)]
pub struct Between(Option<WrapTransport>);

type WrapTransport = Arc<dyn Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync>;

impl Between {
    /// Every client's transport is wrapped like this.
    #[must_use]
    pub fn transport(wrap: impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(wrap)))
    }
}

/// A process.
pub(crate) struct Process {
    outside: SharedOutside,
    engine: Arc<Engine>,
    tasks: Tasks,
    inbox: Arc<Mutex<Vec<Observed>>>,
    started: Arc<Mutex<bool>>,
    checking: Arc<Mutex<HashSet<MonitorId>>>,
    dues: Vec<(Timestamp, Arc<Monitor>)>,
    work_at: Timestamp,
    sweep_at: Timestamp,
}

/// The one account of a story.
struct OneAccount(Arc<Live>);

impl Accounts for OneAccount {
    fn heroku(&self, _: &AccountName) -> Option<Arc<dyn Heroku>> {
        Some(Arc::clone(&self.0) as Arc<dyn Heroku>)
    }

    fn host(&self) -> &str {
        HOST
    }

    fn variable(&self, _: &str) -> Option<SecretString> {
        None
    }
}

fn client(outside: &SharedOutside, between: &Between) -> Live {
    let (clock, ids) = (outside.time.clone(), outside.ids.clone());
    let settings = LiveSettings {
        base: "http://127.0.0.1:5000".parse::<BaseUrl>().expect("loopback is a host"),
        token: TOKEN.parse().expect("a token"),
        user_agent: "flyball/chaos".into(),
        budget: Budget::default(),
        limits: TimeLimits::default(),
        retries: retries(outside),
        clock: Arc::new(move || clock.flyballs()),
        request_ids: Arc::new(move || format!("ours-{}", ids.next())),
    };
    let wire: Arc<dyn Transport> = Arc::new(Wire(Arc::clone(outside)));
    let wire = match &between.0 {
        Some(wrap) => wrap(wire),
        None => wire,
    };
    Live::over(wire, settings)
}

/// Reads are sent again as in the product, and wait in the world's time.
fn retries(outside: &SharedOutside) -> Retries {
    let (time, shared) = (outside.time.clone(), Arc::clone(outside));
    Retries::new(Arc::new(move |length| Box::pin(time.wait(length))), Arc::new(move || shared.draw_wait()))
}

/// Everything outside, as the engine holds it.
fn ports(outside: &SharedOutside, between: &Between) -> Ports {
    let live = client(outside, between);
    let eyes = Eyes::new(Arc::clone(outside), &live);
    Ports {
        store: Arc::new(Ledger(Arc::clone(outside))),
        accounts: Arc::new(OneAccount(Arc::new(live))),
        observe: Arc::new(eyes),
        references: Arc::new(Landmarks(Arc::clone(outside))),
        clock: Arc::new(outside.time.clone()),
        ids: Arc::new(outside.ids.clone()),
        time: Arc::new(flyball_engine::Tokio::new()),
        tasks: Arc::new(flyball_engine::Tokio::new()),
    }
}

impl Process {
    /// Starts one with these definitions.
    pub(crate) fn start(outside: &SharedOutside, between: &Between, definitions: Arc<Definitions>) -> Self {
        outside.begin_process();
        let node = NodeId(uuid::Uuid::from_u128(u128::from(outside.ids.next())));
        let engine = Arc::new(Engine::new(ports(outside, between), node, Mode::Act));
        let now = outside.time.now();
        let mut process = Self {
            outside: Arc::clone(outside),
            engine,
            tasks: Tasks::default(),
            inbox: Arc::default(),
            started: Arc::default(),
            checking: Arc::default(),
            dues: Vec::new(),
            work_at: now,
            sweep_at: now + SWEEP_EVERY,
        };
        process.plan_checks(&definitions, now);
        let (engine, outside, started) =
            (Arc::clone(&process.engine), Arc::clone(outside), Arc::clone(&process.started));
        process.begin(Box::pin(async move {
            match engine.start(&definitions).await {
                Ok(()) => {
                    outside.note(Noted::Applied(definitions));
                    *lock(&started) = true;
                }
                Err(_) => outside.kill(START_AGAIN),
            }
        }));
        process
    }

    /// The phase of each monitor comes from its id, so that a restart keeps it.
    fn plan_checks(&mut self, definitions: &Definitions, now: Timestamp) {
        let enabled = definitions.monitors.iter().filter(|monitor| monitor.enabled);
        self.dues =
            enabled.map(|monitor| (first_due(monitor.id, monitor.every, now), Arc::new(monitor.clone()))).collect();
    }

    fn begin(&mut self, task: BoxFuture<'static, ()>) {
        self.tasks.begin(self.outside.ids.next(), task);
        self.outside.time.has_moved();
    }

    fn has_started(&self) -> bool {
        *lock(&self.started)
    }

    /// Goes over to another file; as often as it takes.
    pub(crate) fn apply(&mut self, definitions: Arc<Definitions>) {
        let (engine, outside) = (Arc::clone(&self.engine), Arc::clone(&self.outside));
        self.begin(Box::pin(async move {
            while engine.apply(&definitions).await.is_err() {
                outside.time.wait(APPLY_AGAIN).await;
            }
            outside.note(Noted::Applied(definitions));
        }));
    }

    /// When it does something by itself next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        if !self.has_started() {
            return None;
        }
        let work = (self.outside.open_runs() > 0).then_some(self.work_at);
        self.dues.iter().map(|(at, _)| *at).chain(work).chain([self.sweep_at]).min()
    }

    /// Does what is due, and goes on until nothing gets any further at this moment, or it is killed.
    pub(crate) fn go_on(&mut self) {
        if self.has_started() {
            self.start_checks();
            self.sweep();
        }
        loop {
            self.outside.time.moved();
            if self.has_started() {
                self.take_in();
                self.work();
            }
            let outside = Arc::clone(&self.outside);
            for ended in self.tasks.poll(&outside.time, || !outside.is_killed()) {
                outside.let_go(ended);
            }
            if outside.is_killed() || !outside.time.moved() {
                return;
            }
        }
    }

    /// Starts the checks that are due; none overlaps itself.
    fn start_checks(&mut self) {
        let now = self.outside.time.now();
        let mut due = Vec::new();
        for (at, monitor) in self.dues.iter_mut().filter(|(at, _)| *at <= now) {
            *at = due_at_or_after(*at + monitor.every, monitor.every, now).0;
            due.push(Arc::clone(monitor));
        }
        for monitor in due {
            if lock(&self.checking).insert(monitor.id) {
                self.check(monitor);
            }
        }
    }

    fn check(&mut self, monitor: Arc<Monitor>) {
        let (engine, outside) = (Arc::clone(&self.engine), Arc::clone(&self.outside));
        let (inbox, checking) = (Arc::clone(&self.inbox), Arc::clone(&self.checking));
        self.begin(Box::pin(async move {
            let observed = engine.observe(&monitor).await;
            lock(&inbox).push(observed);
            lock(&checking).remove(&monitor.id);
            outside.time.has_moved();
        }));
    }

    /// Takes in what has been seen: what came together is of one moment.
    fn take_in(&mut self) {
        let observed = std::mem::take(&mut *lock(&self.inbox));
        if observed.is_empty() {
            return;
        }
        let (engine, outside) = (Arc::clone(&self.engine), Arc::clone(&self.outside));
        self.begin(Box::pin(async move {
            for Observed { monitor, reading } in &observed {
                outside.note(Noted::TakenIn {
                    monitor: monitor.id,
                    finding: reading.finding,
                    begun_at: reading.begun_at,
                    every: monitor.every,
                });
            }
            // What the store did not take is the engine's business.
            let _untaken = engine.take_in(observed).await;
        }));
    }

    /// Begins a task for each run that is due and in nobody's hands.
    fn work(&mut self) {
        let now = self.outside.time.now();
        let new = std::mem::take(&mut *lock(&self.outside.queued));
        if (now < self.work_at && !new) || self.outside.open_runs() == 0 {
            return;
        }
        self.work_at = now + WORK_EVERY;
        let outside = &self.outside;
        let due = outside.at_once(outside.store.due(outside.time.flyballs())).expect("the file itself can be read");
        let idle = due.iter().filter(|run| !outside.is_in_hand(run.id)).count();
        for _ in 0..idle {
            let engine = Arc::clone(&self.engine);
            // A run that could not be recorded is looked at again.
            self.begin(Box::pin(async move { drop(engine.perform_due().await) }));
        }
    }

    fn sweep(&mut self) {
        let now = self.outside.time.now();
        if now < self.sweep_at {
            return;
        }
        self.sweep_at = now + SWEEP_EVERY;
        let engine = Arc::clone(&self.engine);
        self.begin(Box::pin(async move {
            let ports = engine.ports();
            drop(ports.store.sweep(ports.clock.now()).await);
        }));
    }
}

impl Outside {
    /// Whether somebody has this run in hand.
    pub(crate) fn is_in_hand(&self, run: RunId) -> bool {
        lock(&self.working).values().any(|(held, _)| *held == run)
    }

    /// The present task takes a run in hand.
    pub(crate) fn take_in_hand(&self, run: &Run) {
        lock(&self.working).insert(self.time.task(), (run.id, run.plan.app.clone()));
    }

    /// A task has ended.
    fn let_go(&self, task: u64) {
        lock(&self.working).remove(&task);
    }

    fn begin_process(&self) {
        lock(&self.working).clear();
        *lock(&self.process) += 1;
        self.note(Noted::Started);
    }

    /// Runs that have not ended.
    pub(crate) fn open_runs(&self) -> usize {
        *lock(&self.open)
    }
}
