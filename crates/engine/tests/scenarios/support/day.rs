//! A scenario that plays: time goes from what is due to what is due, processes die and start again, and in the end
//! somebody asks what happened.

use super::clock::{CountedIds, START};
use super::eyes::{Eyes, Written};
use super::ledger::Ledger;
use super::scenario::read;
use super::script::{Cut, Outside, Refuses, Script, Side, lock};
use super::wire::{Spoilt, Wire};
use super::words;
use flyball_config::Definitions;
use flyball_decide::{Home, due_at_or_after};
use flyball_engine::{Accounts, Clock, Engine, NoWitness, Observed, Ports, References, Tokio};
use flyball_heroku::{BaseUrl, Budget, Heroku, Live, LiveSettings, Retries, TimeLimits};
use flyball_heroku_sim::{AppEvent, Event as WorldEvent, Fault, World};
use flyball_model::{
    AccountName, Entry, Mode, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Run, RunId, RunState, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_store::{Error, Holding, HoldingKey, Loop, Pause, Pauses, Runs, RunsPage, Timeline, TimelinePage};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the file's API host is called.
const HOST: &str = "api.heroku.test";
/// A run that waits behind another is tried again after this, as the live loop does.
const WORK_EVERY: Duration = Duration::from_secs(1);
/// A claim of which nobody knows any more has lapsed after this; longer than the engine's own lease does no harm.
const LEASE: Duration = Duration::from_secs(121);
/// Steps that one moment may need: a run for each reaction, and their waiting.
const STEPS_A_MOMENT: usize = 20;
/// Moments of one call of [`Day::pass`]: more means that time stands still.
const MOMENTS_MAX: usize = 100_000;

/// A scenario that plays.
pub(crate) struct Day {
    pub(super) definitions: Definitions,
    pub(super) outside: Outside,
    pub(super) script: Arc<Script>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) wire: Arc<Wire>,
    pub(super) written: Arc<Written>,
    pub(super) phases: HashMap<String, Duration>,
    pub(crate) token: String,
    pub(super) mode: Mode,
    pub(super) home: Home,
    pub(super) ids: CountedIds,
    pub(super) live: Option<Live>,
    pub(super) dues: HashMap<MonitorId, Timestamp>,
    pub(super) variables: Arc<Mutex<HashMap<String, String>>>,
    pub(super) looks_elsewhere: bool,
    /// What the store's refusals led to, in words.
    pub(super) failures: Vec<String>,
    pub(super) _directory: tempfile::TempDir,
}

/// The one account of a scenario.
struct OneAccount {
    live: Arc<Live>,
    variables: Arc<Mutex<HashMap<String, String>>>,
}

impl Accounts for OneAccount {
    fn heroku(&self, _account: &AccountName) -> Option<Arc<dyn Heroku>> {
        Some(Arc::clone(&self.live) as Arc<dyn Heroku>)
    }

    fn host(&self) -> &str {
        HOST
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        lock(&self.variables).get(name).cloned().map(SecretString::from)
    }
}

/// References that are reached as the test says.
struct Told(Arc<Mutex<Vec<bool>>>);

#[async_trait::async_trait]
impl References for Told {
    async fn reached(&self) -> Vec<bool> {
        lock(&self.0).clone()
    }
}

/// The process: it starts, it is killed, it starts again.
impl Day {
    /// Starts an engine on the same store; false when the process died before it had started.
    pub(crate) async fn start(&mut self) -> bool {
        self.script.revive();
        let live = self.client();
        self.live = Some(live.clone());
        let eyes = Eyes::new(self.outside.clone(), live.clone(), Arc::clone(&self.written));
        let ports = Ports {
            store: Arc::clone(&self.ledger) as Arc<dyn flyball_store::Store>,
            accounts: Arc::new(OneAccount { live: Arc::new(live), variables: Arc::clone(&self.variables) }),
            observe: Arc::new(eyes),
            references: Arc::new(Told(Arc::clone(&self.outside.references))),
            clock: Arc::new(self.outside.clock.clone()),
            ids: Arc::new(self.ids.clone()),
            time: Arc::new(Tokio::new()),
            tasks: Arc::new(Tokio::new()),
            witness: Arc::new(NoWitness),
        };
        let node = NodeId(uuid::Uuid::from_u128(u128::from(self.ids.next())));
        let engine = Arc::new(Engine::new(ports, node, self.mode).at_home(self.home.clone()));
        *lock(&self.outside.engine) = Some(Arc::clone(&engine));
        let definitions = self.definitions.clone();
        let started = self.alive(engine.start(&definitions)).await;
        self.plan_readings();
        matches!(started, Some(Ok(())))
    }

    fn client(&self) -> Live {
        let (clock, ids) = (self.outside.clock.clone(), self.ids.clone());
        let settings = LiveSettings {
            base: "http://127.0.0.1:5000".parse::<BaseUrl>().expect("loopback is a host"),
            token: self.token.parse().expect("a token"),
            user_agent: "flyball/scenario".into(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: Retries::none(),
            clock: Arc::new(move || clock.now()),
            request_ids: Arc::new(move || format!("ours-{}", ids.next())),
        };
        Live::over(Arc::clone(&self.wire) as Arc<dyn flyball_heroku::Transport>, settings)
    }

    /// Runs a step of the engine until its end, or until the process dies.
    async fn alive<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        let dead = self.script.dead();
        tokio::select! {
            biased;
            () = dead.cancelled() => None,
            done = step => Some(done),
        }
    }

    /// The process is killed, and another starts after this time.
    pub(crate) async fn kill(&mut self, down: Duration) {
        *lock(&self.outside.engine) = None;
        self.advance_to(self.now() + down);
        while !self.start().await {
            self.advance_to(self.now() + WORK_EVERY);
        }
    }

    /// The file changes while the engine runs.
    pub(crate) async fn new_file(&mut self, file: &str) {
        self.definitions = read(file);
        self.engine().apply(&self.definitions).await.expect("the store takes definitions");
        self.plan_readings();
    }

    /// When every monitor is due next: those that were planned before keep their phase.
    fn plan_readings(&mut self) {
        let now = self.now();
        let mut dues = HashMap::new();
        for monitor in self.engine().wiring().monitors().filter(|monitor| monitor.enabled) {
            let phase = self.phases.get(monitor.name.as_str()).copied().unwrap_or(monitor.every);
            let since = if self.dues.is_empty() { START } else { now };
            let due = self.dues.get(&monitor.id).copied().unwrap_or(since + phase);
            let soonest = if due < now { now + Duration::from_millis(1) } else { now };
            dues.insert(monitor.id, due_at_or_after(due, monitor.every, soonest).0);
        }
        self.dues = dues;
    }

    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.outside.engine()
    }
}

/// Time.
impl Day {
    pub(crate) fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    fn advance_to(&self, at: Timestamp) {
        self.outside.clock.set(at);
        lock(&self.outside.world).advance_to(at);
    }

    /// Time goes on; everything that is due until then, and then, happens.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let until = self.now() + time;
        for _ in 0..MOMENTS_MAX {
            let next = self.next_due().await.filter(|next| *next <= until);
            let Some(next) = next else { return self.advance_to(until) };
            self.advance_to(next.max(self.now()));
            self.moment().await;
        }
        panic!("time stands still at {}", words::clock(self.now()));
    }

    /// Time goes on until there were so many more readings of `front`.
    pub(crate) async fn readings(&mut self, count: u64) {
        let front = self.monitor("front");
        let due = self.dues[&front.id];
        let last = due + front.every * u32::try_from(count - 1).expect("a few readings");
        self.pass(last.since(self.now())).await;
    }

    fn monitor(&self, name: &str) -> Arc<Monitor> {
        let id = MonitorId::of(&name.parse().expect("a monitor's name"));
        Arc::clone(self.engine().wiring().monitor(id).expect("the monitor is in the file"))
    }

    /// When something is due next: a reading, or a look at what became of a run.
    async fn next_due(&self) -> Option<Timestamp> {
        let looks = self.open_runs().await.into_iter().filter_map(|run| match run.state {
            RunState::Queued => Some(self.now() + WORK_EVERY),
            RunState::Sent { look_at, .. } => Some(look_at.max(self.now() + WORK_EVERY)),
            RunState::Claimed { at, .. } => Some((at + LEASE).max(self.now() + WORK_EVERY)),
            RunState::Ended { .. } => None,
        });
        self.dues.values().copied().chain(looks).min()
    }

    /// Everything that is due now: readings first, together, and then what they led to.
    async fn moment(&mut self) {
        let now = self.now();
        let mut due: Vec<Arc<Monitor>> = {
            let wiring = self.engine().wiring();
            wiring.monitors().filter(|monitor| self.dues.get(&monitor.id) == Some(&now)).cloned().collect()
        };
        due.sort_by(|one, other| one.name.cmp(&other.name));
        for monitor in &due {
            self.dues.insert(monitor.id, now + monitor.every);
        }
        let engine = self.engine();
        let readings = async {
            let mut observed: Vec<Observed> = Vec::new();
            for monitor in &due {
                observed.push(engine.observe(monitor).await);
            }
            if observed.is_empty() { Ok(Vec::new()) } else { engine.take_in(observed).await }
        };
        match self.alive(readings).await {
            None => return self.die().await,
            Some(Err(error)) => self.fails("readings", &error),
            Some(Ok(_)) => {}
        }
        self.work().await;
    }

    /// Brings every run as far as it goes.
    pub(crate) async fn work(&mut self) {
        for _ in 0..STEPS_A_MOMENT {
            let before = self.due_now().await;
            if before.is_empty() {
                return;
            }
            let looks = before.iter().any(|run| matches!(run.state, RunState::Sent { .. }));
            self.wire.look_elsewhere(self.looks_elsewhere && looks);
            let worked = self.alive(self.engine().perform_due()).await;
            self.wire.look_elsewhere(false);
            match worked {
                None => return self.die().await,
                Some(Err(error)) => return self.fails("runs", &error),
                Some(Ok(())) => {}
            }
            if self.due_now().await == before {
                return;
            }
        }
        panic!("runs do not come to rest at {}", words::clock(self.now()));
    }

    async fn due_now(&self) -> Vec<Run> {
        self.outside.store.due(self.now()).await.expect("the store answers")
    }

    /// The process died in the middle; another starts a few seconds later.
    async fn die(&mut self) {
        Box::pin(self.kill(Duration::from_secs(3))).await;
    }

    fn fails(&mut self, what: &str, error: &Error) {
        self.failures.push(format!("{} {what}: {error}", words::clock(self.now())));
    }
}

/// What others do.
impl Day {
    /// Looks at the world, or changes it.
    pub(crate) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.outside.world))
    }

    /// Something happens to the shop now.
    pub(crate) fn happens(&self, what: AppEvent) {
        self.world(|world| world.apply(WorldEvent::app("shop", what))).expect("the platform takes it");
    }

    /// Calls go wrong from now on.
    pub(crate) fn fault(&self, fault: Fault) {
        self.world(|world| world.add_fault(fault));
    }

    /// Of each reference, whether it can be reached from now on.
    pub(crate) fn references(&self, reached: &[bool]) {
        *lock(&self.outside.references) = reached.to_vec();
    }

    /// The store takes nothing from now on, or takes everything again.
    pub(crate) fn store_refuses(&self, refuses: Option<Refuses>) {
        self.outside.refuses.set(refuses);
    }

    /// Where the next process runs.
    pub(crate) fn set_home(&mut self, home: Home) {
        self.home = home;
    }

    /// The verdicts of a monitor from now on: see [`Written`].
    pub(crate) fn reads(&self, monitor: &str, verdicts: &str) {
        self.written.write(monitor, verdicts);
    }

    /// The verdicts of `front` from now on.
    pub(crate) fn front_reads(&self, verdicts: &str) {
        self.reads("front", verdicts);
    }

    /// Does this just before the `nth` call with this line has its effect.
    pub(crate) fn before<F>(&self, line: &str, nth: u32, deed: impl FnOnce(Outside) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.script.add(line, nth, Side::Before, Box::new(|outside| Box::pin(deed(outside))));
    }

    /// Does this just after the `nth` call with this line had its effect, before its answer arrives.
    pub(crate) fn after<F>(&self, line: &str, nth: u32, deed: impl FnOnce(Outside) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.script.add(line, nth, Side::After, Box::new(|outside| Box::pin(deed(outside))));
    }

    /// Spoils the answer of the next call with this line, which has had its effect.
    pub(crate) fn spoil(&self, line: &str, how: Spoilt) {
        self.wire.spoil(line, how);
    }

    /// Cuts a call, counted from 0 and from now.
    pub(crate) fn cut(&self, point: usize, cut: Cut) {
        self.script.cut(point, cut);
    }

    /// Cuts the next call with this line.
    pub(crate) fn fail(&self, line: &str, cut: Cut) {
        self.script.fail(line, cut);
    }

    /// How many calls there were since [`Day::cut`], or since the beginning.
    pub(crate) fn calls_made(&self) -> usize {
        self.script.calls()
    }

    /// The line of the call that was cut, if one was.
    pub(crate) fn was_cut(&self) -> Option<String> {
        self.script.was_cut()
    }

    /// Whether the call with this line was cut.
    pub(crate) fn was_cut_at(&self, line: &str) -> bool {
        self.script.was_cut().as_deref() == Some(line)
    }

    /// From now on whoever looks what became of a run sees a world in which it went the other way.
    pub(crate) fn look_elsewhere(&mut self) {
        self.wire.keep_elsewhere();
        self.looks_elsewhere = true;
    }

    /// From now on what is in doubt is written down as not done.
    pub(crate) fn doubt_nothing(&self) {
        self.ledger.doubt_nothing();
    }

    /// An environment variable of Flyball.
    pub(crate) fn variable(&self, name: &str, value: &str) {
        lock(&self.variables).insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn pause(&self, scope: PauseScope, time: Option<Duration>) {
        self.outside.pause(scope, time).await;
    }

    pub(crate) async fn resume(&self, scope: &PauseScope) {
        let resumed = self.outside.store.resume(scope, "ops", self.now()).await;
        assert!(resumed.expect("the store answers"), "{scope} was not paused");
    }
}

impl Outside {
    pub(crate) async fn pause(&self, scope: PauseScope, time: Option<Duration>) {
        let at = self.clock.now();
        let pause = Pause { scope, at, until: time.map(|time| at + time), by: "ops".to_owned() };
        self.store.pause(&pause).await.expect("the store answers");
    }

    /// Something happens to the shop now.
    pub(crate) fn happens(&self, what: AppEvent) {
        lock(&self.world).apply(WorldEvent::app("shop", what)).expect("the platform takes it");
    }
}

/// What happened, in the world's words and in the timeline's.
impl Day {
    /// Every changing call that the world received, with its time: `0:30 web=2`.
    pub(crate) fn calls(&self) -> Vec<String> {
        let said = |world: &mut World| {
            let received = world.effects();
            received.map(|received| format!("{} {}", words::clock(received.at), words::call(world, received))).collect()
        };
        self.world(said)
    }

    /// The same without the times.
    pub(crate) fn effects(&self) -> Vec<String> {
        self.world(|world| world.effects().map(|received| words::call(world, received)).collect())
    }

    /// Quantity and size of the shop's web dynos.
    pub(crate) fn web(&self) -> (u32, &'static str) {
        self.world(|world| world.app("shop").map(|shop| (shop.quantity("web"), shop.size("web")))).expect("the shop")
    }

    /// The version that is current, and that which first brought its content.
    pub(crate) fn release(&self) -> (u64, u64) {
        self.world(|world| {
            let current = world.app("shop").expect("the shop").current_release();
            (current.version, current.origin)
        })
    }

    /// The client of the engine that runs now.
    pub(crate) fn live(&self) -> &Live {
        self.live.as_ref().expect("an engine runs")
    }

    /// What could not be written down.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    pub(crate) async fn runs(&self) -> Vec<Run> {
        let mut runs = self.outside.store.runs(&RunsPage::default()).await.expect("the store answers");
        runs.reverse();
        runs
    }

    /// What the timeline says of a run.
    pub(crate) async fn entries_of(&self, run: RunId) -> Vec<Entry> {
        let lines = self.outside.store.timeline(&TimelinePage::default()).await.expect("the store answers");
        lines.into_iter().map(|line| line.entry).filter(|entry| entry.run == Some(run)).collect()
    }

    async fn open_runs(&self) -> Vec<Run> {
        let page = RunsPage { open: Some(flyball_store::Open), ..RunsPage::default() };
        self.outside.store.runs(&page).await.expect("the store answers")
    }

    /// How the runs ended, in order.
    pub(crate) async fn outcomes(&self) -> Vec<&'static str> {
        let of = |run: Run| match run.state {
            RunState::Ended { outcome, .. } => outcome.code(),
            open => open.code(),
        };
        self.runs().await.into_iter().map(of).collect()
    }

    /// How the last run ended, in full.
    pub(crate) async fn last_outcome(&self) -> Outcome {
        match self.runs().await.pop().map(|run| run.state) {
            Some(RunState::Ended { outcome, .. }) => outcome,
            other => panic!("the last run has not ended: {other:?}"),
        }
    }

    /// The timeline, a line each: `0:30 more: holds: …`.
    pub(crate) async fn timeline(&self) -> Vec<String> {
        let lines = self.outside.store.timeline(&TimelinePage::default()).await.expect("the store answers");
        lines.into_iter().map(|line| said(&line.entry)).collect()
    }

    /// Lines of the timeline that hold these words.
    pub(crate) async fn told(&self, part: &str) -> Vec<String> {
        self.timeline().await.into_iter().filter(|line| line.contains(part)).collect()
    }

    /// Why a reaction holds still, or that it acted, on `front`'s readings: the word of the reason.
    pub(crate) async fn why(&self, reaction: &str) -> &'static str {
        self.why_on("front", reaction).await.0
    }

    /// The same on a monitor's readings, and in words.
    pub(crate) async fn why_on(&self, monitor: &str, reaction: &str) -> (&'static str, String) {
        let holding = self.holding(monitor, reaction).await;
        holding.map_or(("nothing", String::new()), |holding| (holding.because.code(), holding.because.to_string()))
    }

    /// Why a reaction holds still at a monitor's readings, and at how many in a row.
    pub(crate) async fn held_for(&self, monitor: &str, reaction: &str) -> (&'static str, u64) {
        let holding = self.holding(monitor, reaction).await;
        holding.map_or(("nothing", 0), |holding| (holding.because.code(), holding.count))
    }

    async fn holding(&self, monitor: &str, reaction: &str) -> Option<Holding> {
        let key = HoldingKey {
            monitor: MonitorId::of(&monitor.parse().expect("a monitor's name")),
            reaction: ReactionId::of(&reaction.parse().expect("a reaction's name")),
        };
        let holdings = self.outside.store.holdings().await.expect("the store answers");
        holdings.into_iter().find(|holding| holding.key == key)
    }

    /// How many readings in a row the monitor remembers, in the store.
    pub(crate) async fn streak(&self, monitor: &str) -> u32 {
        let monitor = MonitorId::of(&monitor.parse().expect("a monitor's name"));
        let remembered = self.outside.store.remembered().await.expect("the store answers");
        let row = remembered.into_iter().find(|row| row.monitor == monitor);
        row.and_then(|row| row.state.standing).map_or(0, |standing| standing.streak)
    }
}

fn said(entry: &Entry) -> String {
    let reaction = entry.reaction.as_ref().map(|(_, name)| name.to_string());
    let monitor = entry.monitor.as_ref().map(|(_, name)| name.to_string());
    let subject = reaction.or(monitor).unwrap_or_else(|| "flyball".to_owned());
    format!("{} {subject}: {}", words::clock(entry.at), entry.event)
}
