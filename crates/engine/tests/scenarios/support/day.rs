//! A scenario that plays: the real loop goes on as time does, processes die and start again, and in the end somebody asks
//! what happened.

use super::eyes::{Eyes, Written};
use super::ledger::Ledger;
use super::recorder::Recorder;
use super::scenario::read;
use super::script::{Cut, Outside, Refuses, Script, Side};
use super::wire::{Spoilt, Wire};
use super::words;
use flyball_channels::Notice;
use flyball_config::{Definitions, Files};
use flyball_decide::{Home, due_at_or_after};
use flyball_engine::commands::{Known, Settled, settle_run};
use flyball_engine::live::Live;
use flyball_engine::queries::Reader;
use flyball_engine::{Engine, Ports, References, Tasks as _};
use flyball_heroku::{BaseUrl, Budget, Live as HerokuLive, LiveSettings, Retries, TimeLimits};
use flyball_heroku_sim::{AppEvent, Event as WorldEvent, Fault, World};
use flyball_model::{
    ApiHost, Entry, Excerpt, FirstCause, Incident, Mode, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reference,
    Run, RunId, RunState, ThreadKey, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_store::{
    Error, Holding, HoldingKey, IncidentsPage, NumberedIncident, Of, Pause, RunsPage, Shard, Store, TimelinePage,
};
use flyball_testing::{CountedIds, Executor, OneAccount, People, START, StagedStore, ToldNotice, lock};
use flyball_views::EngineState;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// More checks than a scenario has monitors.
const CHECKS_AT_ONCE: usize = 1000;
/// Whatever the loop puts off is done by then: what is written together with other things, a look that has become due, and
/// a run that another process queued. Less than the second after which something else may be due.
const PUT_OFF: Duration = Duration::from_millis(950);
/// A process that could not start is started again after this.
const START_AGAIN: Duration = Duration::from_secs(1);
/// One that died in the middle is started again after this.
const DOWN: Duration = Duration::from_secs(3);

/// A scenario that plays.
pub(crate) struct Day {
    pub(crate) definitions: Definitions,
    pub(super) outside: Outside,
    pub(super) script: Arc<Script>,
    pub(super) ledger: Ledger,
    pub(super) wire: Arc<Wire>,
    pub(super) written: Arc<Written>,
    pub(super) phases: Arc<HashMap<String, Duration>>,
    pub(crate) token: String,
    pub(super) mode: Mode,
    pub(super) home: Home,
    pub(super) ids: CountedIds,
    /// Until when time has passed. What the loop puts off is waited for, so that it is a little later in fact.
    pub(super) now: Timestamp,
    pub(super) executor: Executor,
    pub(crate) recorder: Arc<Recorder>,
    pub(super) client: Option<HerokuLive>,
    pub(super) variables: Arc<Mutex<HashMap<String, String>>>,
    /// Which engine the process is.
    pub(super) node: NodeId,
}

/// References that are reached as the test says.
struct Told(Arc<Mutex<Vec<bool>>>);

#[async_trait::async_trait]
impl References for Told {
    async fn reached(&self) -> Vec<Reference> {
        let named = |(nth, reached): (usize, &bool)| Reference {
            address: Excerpt::of(&format!("{nth}.example:443")),
            reached: *reached,
        };
        lock(&self.0).iter().enumerate().map(named).collect()
    }
}

/// The process and the world around it hold each other: whoever does not end it leaves the store's directory behind.
impl Drop for Day {
    fn drop(&mut self) {
        self.end_process();
    }
}

/// The process: it starts, it is killed, it starts again.
impl Day {
    /// Starts a process on the same store; false when it died before it had started.
    pub(crate) fn start(&mut self) -> bool {
        self.script.revive();
        let client = self.client();
        self.client = Some(client.clone());
        let node = NodeId(uuid::Uuid::from_u128(u128::from(self.ids.next())));
        let engine = Arc::new(Engine::new(self.ports(client), node, self.mode).at_home(self.home.clone()));
        let (definitions, outside, first) = (self.definitions.clone(), self.outside.clone(), first_due(&self.phases));
        self.node = node;
        self.outside.starter.start(Box::pin(async move {
            let appears = engine.appear(Excerpt::of("here"), 1, &Files::one("", "")).await;
            if appears.is_err() || engine.start(&definitions).await.is_err() {
                return;
            }
            // Nothing stops it in good order: a process of a scenario is killed.
            let stop = CancellationToken::new();
            let live = Arc::new(Live::start_phased(Arc::clone(&engine), CHECKS_AT_ONCE, Box::new(first), stop.clone()));
            *lock(&outside.process) = Some((Arc::clone(&engine), Arc::clone(&live)));
            engine.keep_share(&live, stop).await;
        }));
        self.go_on();
        let runs = !self.script.is_dead() && lock(&self.outside.process).is_some();
        if !runs {
            self.end_process();
        }
        runs
    }

    fn ports(&self, client: HerokuLive) -> Ports {
        let store: Arc<dyn Store> = Arc::new(StagedStore(self.ledger.clone()));
        let eyes = Eyes::new(self.outside.clone(), client.clone(), Arc::clone(&store), Arc::clone(&self.written));
        Ports {
            store,
            accounts: Arc::new(OneAccount::new(client).variables(&self.variables)),
            observe: Arc::new(eyes),
            references: Arc::new(Told(Arc::clone(&self.outside.references))),
            clock: Arc::new(self.outside.time.clone()),
            ids: Arc::new(self.ids.clone()),
            time: Arc::new(self.outside.time.clone()),
            tasks: Arc::new(self.outside.starter.clone()),
            witness: Arc::clone(&self.recorder) as Arc<dyn flyball_engine::Witness>,
            tell: Arc::new(self.outside.people.clone()),
        }
    }

    fn client(&self) -> HerokuLive {
        let (time, ids) = (self.outside.time.clone(), self.ids.clone());
        let settings = LiveSettings {
            base: "http://127.0.0.1:5000".parse::<BaseUrl>().expect("loopback is a host"),
            token: self.token.parse().expect("a token"),
            user_agent: "flyball/scenario".into(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: Retries::none(),
            clock: Arc::new(move || time.now()),
            request_ids: Arc::new(move || format!("ours-{}", ids.next())),
        };
        HerokuLive::over(Arc::clone(&self.wire) as Arc<dyn flyball_heroku::Transport>, settings)
    }

    /// The process is killed, and another starts after this time.
    pub(crate) fn kill(&mut self, down: Duration) {
        self.end_process();
        self.now = self.now + down;
        self.advance_to(self.now);
        while !self.start() {
            self.now = self.now + START_AGAIN;
            self.advance_to(self.now);
        }
    }

    fn end_process(&mut self) {
        self.executor.drop_tasks();
        *lock(&self.outside.process) = None;
    }

    /// The file changes while the engine runs.
    pub(crate) fn new_file(&mut self, file: &str) {
        self.definitions = read(file);
        let (engine, definitions) = (self.engine(), self.definitions.clone());
        self.asks(async move { engine.apply(&definitions).await }).expect("the store takes definitions");
        self.outside.live().rewired();
        self.go_on();
    }

    /// Asks the process something, and lets it go on until it has answered.
    pub(crate) fn asks<T: Send + 'static>(&mut self, question: impl Future<Output = T> + Send + 'static) -> T {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        self.outside.starter.start(Box::pin(async move {
            let answer = question.await;
            *lock(&slot) = Some(answer);
        }));
        self.go_on();
        lock(&answer).take().expect("it is answered in this moment")
    }

    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.outside.engine()
    }
}

/// When a monitor is due first: as the scenario says, or after its first interval, counted from the beginning.
fn first_due(phases: &Arc<HashMap<String, Duration>>) -> impl Fn(&Monitor, Timestamp) -> Timestamp + Send + use<> {
    let phases = Arc::clone(phases);
    move |monitor, now| {
        let phase = phases.get(monitor.name.as_str()).copied().unwrap_or(monitor.every);
        due_at_or_after(START + phase, monitor.every, now + Duration::from_millis(1)).0
    }
}

/// Time.
impl Day {
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn advance_to(&self, at: Timestamp) {
        self.outside.time.go_on_to(at);
        lock(&self.outside.world).advance_to(self.outside.time.now());
    }

    /// Time goes on; everything that is due until then, and then, happens.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        loop {
            self.go_on();
            if self.script.is_dead() {
                self.die();
            }
            let until = self.now + PUT_OFF;
            // Nobody waits for what is over, so that this comes to an end.
            let Some(next) = self.outside.time.next().filter(|next| *next <= until) else {
                return self.advance_to(until);
            };
            self.advance_to(next);
        }
    }

    /// Time goes on until there were so many more readings of `front`.
    pub(crate) fn readings(&mut self, count: u64) {
        let front = self.monitor("front");
        let due = first_due(&self.phases)(&front, self.now);
        let last = due + front.every * u32::try_from(count - 1).expect("a few readings");
        self.pass(last.since(self.now()));
    }

    fn monitor(&self, name: &str) -> Arc<Monitor> {
        let id = MonitorId::of(&name.parse().expect("a monitor's name"));
        Arc::clone(self.engine().wiring().monitor(id).expect("the monitor is in the file"))
    }

    /// Everything that can go on at this moment does.
    fn go_on(&mut self) {
        let _entered = self.outside.disk.enter();
        self.executor.go_on(|| !self.script.is_dead());
    }

    /// What was queued from outside is seen, and brought as far as it goes.
    pub(crate) fn work(&mut self) {
        self.pass(Duration::from_secs(1));
    }

    /// The process died in the middle; another starts a few seconds later.
    fn die(&mut self) {
        let until = self.now;
        self.now = self.outside.time.now();
        self.kill(DOWN);
        self.now = self.now.max(until);
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

    /// Another engine appears on the store; it does nothing but hold what it is given.
    pub(crate) fn another_appears(&self) -> NodeId {
        let node = NodeId(uuid::Uuid::from_u128(u128::from(self.ids.next())));
        self.ledger.another_appears(node);
        node
    }

    pub(crate) fn another_leaves(&self, node: NodeId) {
        self.ledger.another_leaves(node);
    }

    /// Another engine comes to hold everything but what is done for this app.
    pub(crate) fn keeps_only(&self, app: &str, other: NodeId) {
        let key = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, app.as_bytes()).as_u128();
        let others: Vec<Shard> = Shard::all().filter(|shard| *shard != Shard::of(key)).collect();
        self.ledger.passes(&others, self.node, other);
    }

    /// Whether the process looks at a monitor.
    pub(crate) fn looks_at(&self, monitor: &str) -> bool {
        let id = MonitorId::of(&monitor.parse().expect("a monitor's name"));
        self.engine().wiring().monitor(id).is_some()
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
        self.wire.look_elsewhere();
    }

    /// From now on what is in doubt is written down as not done.
    pub(crate) fn doubt_nothing(&self) {
        self.ledger.doubt_nothing();
    }

    /// An environment variable of Flyball.
    pub(crate) fn variable(&self, name: &str, value: &str) {
        lock(&self.variables).insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn pause(&self, scope: PauseScope, time: Option<Duration>) {
        self.outside.pause(scope, time);
    }

    pub(crate) fn resume(&self, scope: &PauseScope) {
        let resumed = self.outside.disk.at_once(self.outside.disk.store.resume(scope, "ops", self.now()));
        assert!(resumed.expect("the store answers"), "{scope} was not paused");
    }

    /// A person says how a run had ended.
    pub(crate) fn settle(&self, run: RunId, known: Known) -> Settled {
        let (disk, now) = (&self.outside.disk, self.now());
        disk.at_once(settle_run(&*disk.store, run, known, "ops", now)).expect("the store answers")
    }
}

impl Outside {
    pub(crate) fn pause(&self, scope: PauseScope, time: Option<Duration>) {
        let at = self.time.now();
        let pause = Pause { scope, at, until: time.map(|time| at + time), by: "ops".to_owned() };
        self.disk.at_once(self.disk.store.pause(&pause)).expect("the store answers");
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
    pub(crate) fn live(&self) -> &HerokuLive {
        self.client.as_ref().expect("an engine runs")
    }

    /// What could not be written down.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.ledger.failures()
    }

    /// What a reader of the store answers.
    pub(crate) fn asks_reader<T>(&self, ask: impl AsyncFnOnce(&Reader<'_>) -> Result<T, Error>) -> T {
        self.asks_reader_at("127.0.0.1:5000".parse().expect("loopback is a host"), ask)
    }

    /// The same of a reader that finds what the engine saw of its apps.
    pub(crate) fn asks_of_apps<T>(&self, ask: impl AsyncFnOnce(&Reader<'_>) -> Result<T, Error>) -> T {
        self.asks_reader_at(self.engine().ports().accounts.host(), ask)
    }

    fn asks_reader_at<T>(&self, host: ApiHost, ask: impl AsyncFnOnce(&Reader<'_>) -> Result<T, Error>) -> T {
        let disk = &self.outside.disk;
        let reader = Reader::new(&*disk.store, &self.definitions, host, EngineState::Running, self.outside.time.now());
        disk.at_once(ask(&reader)).expect("the store answers")
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs =
            self.outside.disk.at_once(self.outside.disk.store.runs(&RunsPage::default())).expect("the store answers");
        runs.reverse();
        runs
    }

    /// What the timeline says of a run.
    pub(crate) fn entries_of(&self, run: RunId) -> Vec<Entry> {
        let lines = self
            .outside
            .disk
            .at_once(self.outside.disk.store.timeline(&TimelinePage::default()))
            .expect("the store answers");
        lines.into_iter().map(|line| line.entry).filter(|entry| entry.run == Some(run)).collect()
    }

    /// How the runs ended, in order.
    pub(crate) fn outcomes(&self) -> Vec<&'static str> {
        let of = |run: Run| match run.state {
            RunState::Ended { outcome, .. } => outcome.code(),
            open => open.code(),
        };
        self.runs().into_iter().map(of).collect()
    }

    /// How the last run ended, in full.
    pub(crate) fn last_outcome(&self) -> Outcome {
        match self.runs().pop().map(|run| run.state) {
            Some(RunState::Ended { outcome, .. }) => outcome,
            other => panic!("the last run has not ended: {other:?}"),
        }
    }

    /// The timeline, a line each: `0:30 more: holds: …`.
    pub(crate) fn timeline(&self) -> Vec<String> {
        let lines = self
            .outside
            .disk
            .at_once(self.outside.disk.store.timeline(&TimelinePage::default()))
            .expect("the store answers");
        lines.into_iter().map(|line| said(&line.entry)).collect()
    }

    /// The incidents, oldest first, a line each: `1 shop 0:30 to 1:30, front: status, passing`.
    pub(crate) fn incidents(&self) -> Vec<String> {
        let disk = &self.outside.disk;
        let mut found = disk.at_once(disk.store.incidents(&IncidentsPage::default())).expect("the store answers");
        found.reverse();
        found.into_iter().map(|NumberedIncident { number, incident, .. }| said_of(number, &incident)).collect()
    }

    /// The people who are told.
    pub(crate) fn people(&self) -> &People {
        &self.outside.people
    }

    /// How often something was decided to be told.
    pub(crate) fn tellings(&self) -> i64 {
        let disk = &self.outside.disk;
        disk.at_once(disk.store.told_so_far(self.now)).expect("the store answers").version
    }

    /// What they were told, without what was told again: `1:15 on call: trouble #0 of 1`, the last by the order of threads.
    pub(crate) fn messages(&self) -> Vec<String> {
        let mut threads: Vec<ThreadKey> = Vec::new();
        let said = |told: ToldNotice| {
            let Notice { key, sequence, about, .. } = told.notice;
            let nth = threads.iter().position(|known| *known == key).unwrap_or_else(|| {
                threads.push(key);
                threads.len() - 1
            });
            format!("{} {}: {} #{sequence} of {}", words::clock(told.at), told.channel, about.word(), nth + 1)
        };
        self.people().told_once().into_iter().map(said).collect()
    }

    /// Lines of the timeline that hold these words.
    pub(crate) fn told(&self, part: &str) -> Vec<String> {
        self.timeline().into_iter().filter(|line| line.contains(part)).collect()
    }

    /// Why a reaction holds still, or that it acted, on `front`'s readings: the word of the reason.
    pub(crate) fn why(&self, reaction: &str) -> &'static str {
        self.why_on("front", reaction).0
    }

    /// The same on a monitor's readings, and in words.
    pub(crate) fn why_on(&self, monitor: &str, reaction: &str) -> (&'static str, String) {
        let holding = self.holding(monitor, reaction);
        holding.map_or(("nothing", String::new()), |holding| (holding.because.code(), holding.because.to_string()))
    }

    /// Why a reaction holds still at a monitor's readings, and at how many in a row.
    pub(crate) fn held_for(&self, monitor: &str, reaction: &str) -> (&'static str, u64) {
        let holding = self.holding(monitor, reaction);
        holding.map_or(("nothing", 0), |holding| (holding.because.code(), holding.count))
    }

    fn holding(&self, monitor: &str, reaction: &str) -> Option<Holding> {
        let key = HoldingKey {
            monitor: MonitorId::of(&monitor.parse().expect("a monitor's name")),
            reaction: ReactionId::of(&reaction.parse().expect("a reaction's name")),
        };
        let holdings = self.outside.disk.at_once(self.outside.disk.store.holdings(Of::All)).expect("the store answers");
        holdings.into_iter().find(|holding| holding.key == key)
    }

    /// How many readings in a row the monitor remembers, in the store.
    pub(crate) fn streak(&self, monitor: &str) -> u32 {
        let monitor = MonitorId::of(&monitor.parse().expect("a monitor's name"));
        let disk = &self.outside.disk;
        let remembered = disk.at_once(disk.store.remembered(Of::All)).expect("the store answers");
        let newer = disk.at_once(disk.store.newer_readings(Of::All)).expect("the store answers");
        let mut state =
            remembered.into_iter().find(|row| row.monitor == monitor).map(|row| row.state).unwrap_or_default();
        for (begun_at, finding) in
            newer.into_iter().filter(|newer| newer.monitor == monitor).flat_map(|newer| newer.found)
        {
            state = flyball_decide::fold(&state, finding, begun_at, Duration::from_secs(60), 1).state;
        }
        state.standing.map_or(0, |standing| standing.streak)
    }
}

fn said_of(number: i64, incident: &Incident) -> String {
    let first = match &incident.first {
        FirstCause::Monitor { name, cause } => format!("{name}: {}", cause.map_or("nothing", |cause| cause.as_str())),
        FirstCause::Run(_) => "a run".to_owned(),
    };
    let (of, began) = (&incident.of, words::clock(incident.began_at));
    match incident.end {
        None => format!("{number} {of} since {began}, {first}"),
        Some(end) => format!("{number} {of} {began} to {}, {first}, {}", words::clock(end.at), end.by.as_str()),
    }
}

fn said(entry: &Entry) -> String {
    let reaction = entry.reaction.as_ref().map(|(_, name)| name.to_string());
    let monitor = entry.monitor.as_ref().map(|(_, name)| name.to_string());
    let subject = reaction.or(monitor).unwrap_or_else(|| "flyball".to_owned());
    format!("{} {subject}: {}", words::clock(entry.at), entry.event)
}
