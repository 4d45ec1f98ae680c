//! The stage: a world, a time that only the play moves, the real client over a wire of our own, the real store behind a
//! port, and pages that are judged by the real judgement. Every call of a port takes simulated time and may go wrong.

mod clock;
mod eyes;
mod fates;
mod journal;
mod ledger;
mod network;
mod people;
mod process;

pub(crate) use fates::SPELL_AGE;
/// Why a stage cannot be set.
pub use flyball_testing::DiskError as StageError;
pub(crate) use flyball_testing::{START, lock};
pub use journal::{Note, Noted};
pub use people::ToldNotice;
pub use process::Between;
pub(crate) use process::{FollowedFile, start};

use crate::chance::{Purpose, Stream};
use crate::story::{Deed, Fate, Spell, Story, What};
use clock::OwnClock;
use fates::{Fates, Port, Turn, Whose};
use flyball_engine::Clock as _;
use flyball_heroku_sim::{AccountSpec, App, AppEvent, DeploySpec, Fault, FaultKind, Maintenance, World, WorldFile};
use flyball_model::{AppName, PauseScope, RunId, Timestamp};
use flyball_testing::{CountedIds, Disk, Executor, Order, Signs, Starter, StoppedTime};
use journal::Journal;
use network::Network;
use process::InHand;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The token that the world takes.
const TOKEN: &str = "HRKU-chaos-t0ken";

/// What is everybody's: the world, and what all machines reach.
pub(crate) struct Shared {
    seed: u64,
    /// The world's.
    pub(crate) time: StoppedTime,
    pub(crate) ids: CountedIds,
    pub(crate) world: Mutex<World>,
    pub(crate) disk: Disk,
    pub(crate) network: Mutex<Network>,
    fates: Mutex<Fates>,
    journal: Mutex<Journal>,
    /// The signs of life, where several machines work on the store.
    pub(crate) signs: Option<Signs>,
    /// How many processes were started, on all machines.
    processes: Mutex<u32>,
    /// Runs on disk that have not ended.
    open: Mutex<usize>,
    /// What people were told, in order.
    pub(crate) told: Mutex<Vec<ToldNotice>>,
    /// How often each notice was tried.
    tries: Mutex<HashMap<String, u32>>,
}

/// Everything outside of the engine, as one machine has it.
pub(crate) struct Outside {
    shared: Arc<Shared>,
    /// Which machine, counted from 0.
    machine: usize,
    pub(crate) clock: OwnClock,
    pub(crate) starter: Starter,
    /// Which task has which run in hand, of those that have made a call.
    working: Mutex<HashMap<u64, InHand>>,
    /// Set when the process is to die at once: for how long nothing runs then.
    killed: Mutex<Option<Duration>>,
    /// What stops the process in good order.
    leaves: Mutex<CancellationToken>,
    /// For how long nothing runs once it has stopped.
    away: Mutex<Duration>,
    /// Which process runs. Its number is its own on all machines.
    process: Mutex<u32>,
}

impl Shared {
    fn set(story: &Story) -> Result<Self, StageError> {
        Ok(Self {
            seed: story.seed,
            time: StoppedTime::default(),
            ids: CountedIds::default(),
            world: Mutex::new(world(story)),
            disk: Disk::new()?,
            network: Mutex::default(),
            fates: Mutex::new(Fates::new(story.seed, story.faults.clone(), story.slow_api)),
            journal: Mutex::default(),
            signs: story.is_shared().then(Signs::default),
            processes: Mutex::default(),
            open: Mutex::default(),
            told: Mutex::default(),
            tries: Mutex::default(),
        })
    }
}

impl std::ops::Deref for Outside {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Outside {
    /// Sets the stage for a story: its machines, the first one first. What runs on one runs on its executor.
    pub(crate) fn set(story: &Story) -> Result<Vec<(Self, Executor)>, StageError> {
        let shared = Arc::new(Shared::set(story)?);
        let mut orders = Stream::new(story.seed, Purpose::Order);
        let machines = story.clocks_ahead_ms().enumerate().map(|(machine, ahead_ms)| {
            let executor = Executor::new(&shared.time, Order::drawn(orders.next()));
            let outside = Self {
                clock: OwnClock::new(&shared.time, ahead_ms),
                shared: Arc::clone(&shared),
                machine,
                starter: executor.starter(),
                working: Mutex::default(),
                killed: Mutex::default(),
                leaves: Mutex::default(),
                away: Mutex::default(),
                process: Mutex::new(0),
            };
            (outside, executor)
        });
        Ok(machines.collect())
    }

    /// Writes a line into the journal.
    pub(crate) fn note(&self, what: Noted) {
        let (at, clock, process) = (self.time.now(), self.clock.now(), *lock(&self.process));
        lock(&self.journal).0.push(Note { at, clock, process, what });
    }

    pub(crate) fn take_journal(&self) -> Vec<Note> {
        std::mem::take(&mut lock(&self.journal).0)
    }

    /// What becomes of a call; what goes wrong is noted.
    fn turn(&self, port: Port, line: &str) -> Turn {
        self.take_in_hand(None);
        let run = self.run_in_hand();
        let whose = if run.is_some() { Whose::Runs } else { Whose::Nobodys };
        let (turn, met) = lock(&self.fates).turn(port, line, whose, self.time.now());
        if let Some(met) = met {
            self.note(Noted::Faulted { met, run });
        }
        turn
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn be_quiet(&self) {
        lock(&self.fates).be_quiet();
        self.note(Noted::Quiet);
    }

    /// Whether something is out of order now.
    fn is_under(&self, spell: Spell) -> bool {
        lock(&self.fates).is_under(spell, self.time.now())
    }

    /// Which part of the longest wait before a read is sent again it waits, 0 up to 1.
    fn draw_wait(&self) -> f64 {
        let moment = u32::try_from(self.time.now().since(START).as_millis()).unwrap_or(u32::MAX);
        Stream::of_call(self.seed, Purpose::Waits, "wait", moment).unit()
    }

    /// The run that the present task has in hand.
    pub(crate) fn run_in_hand(&self) -> Option<RunId> {
        self.in_hand().map(|(run, _)| run)
    }

    /// The app of the run that the present task has in hand.
    fn app_in_hand(&self) -> Option<AppName> {
        self.in_hand().map(|(_, app)| app)
    }

    fn in_hand(&self) -> InHand {
        lock(&self.working).get(&self.starter.present()).cloned().flatten()
    }

    /// One app of the world, as it is now.
    pub(crate) fn app(&self, name: &str) -> Option<Box<App>> {
        lock(&self.world).app(name).cloned().map(Box::new)
    }

    /// Whether the process is to die now.
    pub(crate) fn is_killed(&self) -> bool {
        lock(&self.killed).is_some()
    }

    /// How long nothing runs after a kill, once.
    pub(crate) fn take_kill(&self) -> Option<Duration> {
        lock(&self.killed).take()
    }

    pub(crate) fn kill(&self, down: Duration) {
        lock(&self.killed).get_or_insert(down);
    }

    /// What comes just before a call has its effect: somebody does something, or the process dies.
    async fn comes_before(&self, fate: Option<Fate>) {
        if let (Some(Fate::Meanwhile(deed)), Some(app)) = (fate, self.app_in_hand()) {
            self.meanwhile(deed, &app);
        }
        self.dies_before(fate).await;
    }

    async fn dies_before(&self, fate: Option<Fate>) {
        if let Some(Fate::KilledBefore(down)) = fate {
            self.die(down).await;
        }
    }

    async fn dies_after(&self, fate: Option<Fate>) {
        if let Some(Fate::KilledAfter(down)) = fate {
            self.die(down).await;
        }
    }

    /// Somebody does something to an app.
    fn meanwhile(&self, deed: Deed, name: &AppName) {
        let app = |what| What::App { app: name.to_string(), what };
        let what = match deed {
            Deed::Deploys => app(AppEvent::Deploy(DeploySpec::new(format!("meanwhile-{}", self.ids.next())))),
            Deed::Configures => {
                let value = Some(self.ids.next().to_string());
                app(AppEvent::Config(BTreeMap::from([("GREETING".to_owned(), value)])))
            }
            Deed::Scales(quantity) => app(AppEvent::Scale { process: "web".to_owned(), quantity }),
            Deed::RestartsAll => app(AppEvent::RestartAll),
            Deed::Crashes => app(AppEvent::Crash("web.1".to_owned())),
            Deed::Maintains => app(AppEvent::Maintenance(Maintenance::On)),
            Deed::EndsMaintenance => app(AppEvent::Maintenance(Maintenance::Off)),
            Deed::Pauses(time) => What::Pause { scope: PauseScope::App(name.clone()), lasts: Some(time) },
            Deed::SetsClock(millis) => What::ClockStep { machine: self.machine, millis },
        };
        self.happen(&what);
    }

    /// What a person's command takes for now: the store's time where that is shared.
    fn persons_clock(&self) -> Timestamp {
        if self.signs.is_some() { self.time.now() } else { self.clock.now() }
    }

    async fn die(&self, down: Duration) {
        self.kill(down);
        std::future::pending::<()>().await;
    }

    /// Lets something of the story happen. What concerns the process is the process's business.
    pub(crate) fn happen(&self, what: &What) {
        match what {
            What::App { app, what } => {
                let event = flyball_heroku_sim::Event::app(app, what.clone());
                // What the platform refuses has no effect, as it would have had none for a person.
                let _refused = lock(&self.world).apply(event);
            }
            What::Kill { down, .. } => self.kill(*down),
            What::ClockStep { millis, .. } => self.clock.step(*millis),
            What::Pause { scope, lasts } => {
                let at = self.persons_clock();
                let until = lasts.map(|lasts| at + lasts);
                let pause = flyball_store::Pause { scope: scope.clone(), at, until, by: "ops".to_owned() };
                self.disk.at_once(self.disk.store.pause(&pause)).expect("the file itself takes it");
            }
            What::Resume { scope } => {
                let now = self.persons_clock();
                let resumed = self.disk.at_once(self.disk.store.resume(scope, "ops", now));
                resumed.expect("the file itself takes it");
            }
            What::Leave { away, .. } => {
                *lock(&self.away) = *away;
                lock(&self.leaves).cancel();
            }
            What::Halt { .. } | What::Edit(_) => {}
            What::Spell { of, lasts } => lock(&self.fates).spell(*of, self.time.now() + *lasts),
        }
        self.note(Noted::Happened(what.clone()));
    }
}

/// The world of a story. It keeps its former states, so that a list may be answered as it was.
fn world(story: &Story) -> World {
    let account = AccountSpec::new("ops@example.com").token(TOKEN);
    let file = WorldFile { accounts: vec![account], ..WorldFile::with_apps(story.apps.iter().cloned()) };
    let mut world = World::new(&file, START, story.seed);
    world.add_fault(Fault::new(FaultKind::Stale(Duration::from_secs(60))).on("GET", "/never"));
    world
}

/// The outside, as everybody on the stage holds it.
pub(crate) type SharedOutside = Arc<Outside>;
