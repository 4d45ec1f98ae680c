//! A scenario before it begins: the world, the file, and what is written down of the readings.

use super::day::Day;
use super::eyes::Written;
use super::ledger::Ledger;
use super::script::{Outside, Refusing, Script};
use super::wire::Wire;
use flyball_config::Definitions;
use flyball_decide::Home;
use flyball_heroku_sim::{AccountSpec, AppSpec, World, WorldFile};
use flyball_model::{Mode, NodeId};
use flyball_testing::{CountedIds, Disk, Executor, Order, People, START, StoppedTime};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The token that the world takes.
pub(crate) const TOKEN: &str = "HRKU-pl4nted-scenario";

/// Everything that looks like chance in a world comes from it.
const SEED: u64 = 7;

/// What is set up before time begins.
pub(crate) struct Scenario {
    world: WorldFile,
    file: String,
    written: Written,
    phases: HashMap<String, Duration>,
    token: String,
    mode: Mode,
    home: Home,
    order: Order,
    answers_take: Duration,
    is_shared: bool,
}

impl Scenario {
    /// A world with one app, and nobody who watches it yet.
    pub(crate) fn of(app: AppSpec) -> Self {
        Self {
            world: WorldFile::with_apps([app]).token(TOKEN),
            file: String::new(),
            written: Written::default(),
            phases: HashMap::new(),
            token: TOKEN.to_owned(),
            mode: Mode::Act,
            home: Home::default(),
            order: Order::FirstCome,
            answers_take: Duration::ZERO,
            is_shared: false,
        }
    }

    /// One more app.
    pub(crate) fn and(mut self, app: AppSpec) -> Self {
        self.world = self.world.app(app);
        self
    }

    /// The account's bucket of calls.
    pub(crate) fn bucket(mut self, capacity: u32, refill_per_minute: u32) -> Self {
        let account = AccountSpec::new("ops@example.com").token(TOKEN).bucket(capacity, refill_per_minute);
        self.world.accounts = vec![account];
        self
    }

    /// Flyball's file.
    pub(crate) fn file(mut self, text: impl Into<String>) -> Self {
        self.file = text.into();
        self
    }

    /// The verdicts of a monitor, whatever the world is like: see [`Written`]. The last goes on.
    pub(crate) fn reads(self, monitor: &str, verdicts: &str) -> Self {
        self.written.write(monitor, verdicts);
        self
    }

    /// The verdicts of `front`.
    pub(crate) fn front_reads(self, verdicts: &str) -> Self {
        self.reads("front", verdicts)
    }

    /// When a monitor is looked at first; by default after its first interval.
    pub(crate) fn phase(mut self, monitor: &str, after: Duration) -> Self {
        self.phases.insert(monitor.to_owned(), after);
        self
    }

    /// Another token than the world takes.
    pub(crate) fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// The whole instance only tells what it would do.
    pub(crate) fn dry_run(mut self) -> Self {
        self.mode = Mode::DryRun;
        self
    }

    /// Where Flyball runs.
    pub(crate) fn home(mut self, home: Home) -> Self {
        self.home = home;
        self
    }

    /// Who goes on first of those who could is drawn by this seed.
    pub(crate) fn interleaved(mut self, seed: u64) -> Self {
        self.order = Order::drawn(seed);
        self
    }

    /// Each answer of the Platform API takes this long.
    pub(crate) fn answers_take(mut self, time: Duration) -> Self {
        self.answers_take = time;
        self
    }

    /// Each monitor of this file is looked at first when its name says so, as in production.
    pub(crate) fn phases_of_names(mut self) -> Self {
        for monitor in read(&self.file).monitors {
            let first = flyball_decide::first_due(monitor.id, monitor.every, START);
            self.phases.insert(monitor.name.to_string(), first.since(START));
        }
        self
    }

    /// Other engines may work on the store as well.
    pub(crate) const fn shared(mut self) -> Self {
        self.is_shared = true;
        self
    }

    /// Flyball starts.
    pub(crate) fn begin(self) -> Day {
        let mut day = self.set_up();
        assert!(day.start(), "the first start is not cut");
        day
    }

    /// Everything is there but a running engine.
    pub(crate) fn set_up(self) -> Day {
        let time = StoppedTime::default();
        let executor = Executor::new(&time, self.order);
        let people = People::new(time.clone());
        let outside = Outside {
            world: Arc::new(Mutex::new(World::new(&self.world, START, SEED))),
            disk: Arc::new(disk()),
            time,
            starter: executor.starter(),
            process: Arc::default(),
            references: Arc::new(Mutex::new(vec![true, true])),
            refuses: Refusing::default(),
            people,
        };
        let script = Arc::new(Script::default());
        let wire = Arc::new(Wire::new(outside.clone(), Arc::clone(&script), self.answers_take));
        let ledger = Ledger::new(outside.clone(), Arc::clone(&script), Arc::clone(&wire), self.is_shared);
        Day {
            definitions: read(&self.file),
            outside,
            script,
            ledger,
            wire,
            written: Arc::new(self.written),
            phases: Arc::new(self.phases),
            token: self.token,
            mode: self.mode,
            home: self.home,
            ids: CountedIds::default(),
            now: START,
            executor,
            recorder: Arc::default(),
            client: None,
            variables: Arc::default(),
            node: NodeId(uuid::Uuid::nil()),
        }
    }
}

/// What a file defines.
pub(crate) fn read(file: &str) -> Definitions {
    flyball_config::read("flyball.toml", file).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The variable that says which database scenarios are played on: `postgres`, or by default a file.
const PLAYED_ON: &str = "FLYBALL_SCENARIOS_ON";

/// Interleavings of one story on a server. A save there takes some ten times as long as on a file in memory, and the order in
/// which tasks go on comes from the seed on both: what many seeds find is found on the file.
const INTERLEAVINGS_ON_SERVER: u64 = 4;

/// How many interleavings of a story are played, of those that a file in memory gets.
pub(crate) fn interleavings(on_file: u64) -> u64 {
    if is_on_server() { on_file.min(INTERLEAVINGS_ON_SERVER) } else { on_file }
}

/// Of the places at which stories are cut on a file in memory, one of so many is played on a server: each chunk has places all over
/// the stories, and what a cut leaves in a database is for the store's own tests, which cut every save anywhere.
const CUTS_ON_SERVER: u64 = 5;

/// How many places of a chunk are played, of those that a file in memory gets.
pub(crate) fn cuts(on_file: u64) -> u64 {
    if is_on_server() { on_file.div_ceil(CUTS_ON_SERVER) } else { on_file }
}

fn disk() -> Disk {
    if is_on_server() {
        Disk::on_server().expect("a new database on the server")
    } else {
        Disk::new().expect("a new database")
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which database they run on")]
fn is_on_server() -> bool {
    match std::env::var(PLAYED_ON).as_deref() {
        Ok("postgres") => true,
        Ok(other) => panic!("there are no scenarios on `{other}`"),
        Err(_) => false,
    }
}
