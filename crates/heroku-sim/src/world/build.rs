//! From a description to a world.

use super::account::Account;
use super::app::{App, Process, Turn};
use super::chance::Chance;
use super::event::{AppEvent, Event};
use super::fault::{Fault, FaultKind};
use super::history::History;
use super::load::Load;
use super::release::Config;
use super::spec::{AccountSpec, AppSpec, DeploySpec, Step};
use super::{World, sizes};
use flyball_model::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How far apart the steps of a history are that do not say when they were.
const STEP: Duration = Duration::from_secs(3600);

/// Whoever tries things out has the monitor running by then, and seen it pass.
const FIRST_TROUBLE: Duration = Duration::from_secs(2 * 60);
/// Long enough for the cooldown that `flyball init` writes to be over.
const TROUBLE_EVERY: Duration = Duration::from_secs(20 * 60);
/// A day of them.
const TROUBLES: u32 = 72;

/// Something that happens at a time since the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptedEvent {
    /// When.
    pub at: Duration,
    /// What.
    pub event: Event,
}

/// A world to be made: what a world file says, or a test builds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorldFile {
    /// Who may call; none: one account that takes any token.
    pub accounts: Vec<AccountSpec>,
    /// The apps.
    pub apps: Vec<AppSpec>,
    /// What happens.
    pub events: Vec<ScriptedEvent>,
    /// Calls that go wrong on purpose, each from and until a time since the beginning.
    pub faults: Vec<(Duration, Option<Duration>, Fault)>,
}

impl WorldFile {
    /// A world with these apps.
    #[must_use]
    pub fn with_apps(apps: impl IntoIterator<Item = AppSpec>) -> Self {
        Self { apps: apps.into_iter().collect(), ..Self::default() }
    }

    /// The world without a file: one app `shop`, web and worker on Standard-1X, and six releases, of which one failed
    /// and one is a config-var change.
    #[must_use]
    pub fn small_shop() -> Self {
        let procfile = [("web", "bin/shop serve"), ("worker", "bin/shop work"), ("release", "bin/shop migrate")];
        let deploy = |slug: &str| DeploySpec::new(slug).process_types(&procfile);
        Self::with_apps([AppSpec::new("shop")
            .process("web", 1, "Standard-1X")
            .process("worker", 1, "Standard-1X")
            .deploy_with(deploy("shop-first"))
            .config("GREETING", "hello")
            .deploy_with(deploy("shop-broken-migration").fails())
            .deploy_with(deploy("shop-second"))])
    }

    /// The small shop with something to put right: its database gets into trouble two minutes from the beginning, and every
    /// twenty minutes after that for a day. Its page then is an error that says "database error", until a one-off dyno has
    /// run a command with `db:cleanup` in it.
    #[must_use]
    pub fn shop_with_trouble() -> Self {
        let trouble = Event::App { app: "shop".to_owned(), what: AppEvent::DatabaseError(500) };
        let times = (0..TROUBLES).map(|n| FIRST_TROUBLE + TROUBLE_EVERY * n);
        times.fold(Self::small_shop(), |file, at| file.at(at, trouble.clone()))
    }

    /// One more account.
    #[must_use]
    pub fn account(mut self, account: AccountSpec) -> Self {
        self.accounts.push(account);
        self
    }

    /// One more app.
    #[must_use]
    pub fn app(mut self, app: AppSpec) -> Self {
        self.apps.push(app);
        self
    }

    /// Something that happens at a time since the beginning.
    #[must_use]
    pub fn at(mut self, at: Duration, event: Event) -> Self {
        self.events.push(ScriptedEvent { at, event });
        self
    }

    /// Calls that go wrong, from the beginning on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push((Duration::ZERO, None, fault));
        self
    }

    /// The same with one account that takes only this token, where there is no account yet.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        if self.accounts.is_empty() {
            self.accounts.push(AccountSpec::new(EMAIL));
        }
        self.accounts[0].token = Some(token.to_owned());
        self
    }
}

/// The account of a world that names none.
const EMAIL: &str = "ops@example.com";

impl World {
    /// Makes a world that begins at `start`. Everything that looks like chance comes from `seed`.
    ///
    /// What the description gets wrong (a size that does not exist, a rollback to nowhere) is left out or replaced by
    /// the default; world files are checked when they are parsed.
    #[must_use]
    pub fn new(file: &WorldFile, start: Timestamp, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut specs = file.accounts.clone();
        if specs.is_empty() {
            specs.push(AccountSpec::new(EMAIL));
        }
        let accounts: Vec<Account> =
            specs.into_iter().map(|spec| Account::new(chance.ids.uuid(), spec, start)).collect();
        let apps: Vec<Arc<App>> =
            file.apps.iter().map(|spec| Arc::new(App::build(spec, &accounts, start, &mut chance))).collect();
        let loads = apps.iter().map(|app| Load::new(app, start)).collect();
        let mut script: Vec<(Timestamp, Event)> =
            file.events.iter().map(|scripted| (start + scripted.at, scripted.event.clone())).collect();
        // Stable: events of one moment keep the order of the file.
        script.sort_by_key(|(at, _)| *at);
        let faults: Vec<Fault> = file
            .faults
            .iter()
            .map(|(from, until, fault)| {
                let until = until.map_or(Timestamp::FAR_FUTURE, |until| start + until);
                fault.clone().between(start + *from, until)
            })
            .collect();
        let mut world = Self {
            now: start,
            began_at: start,
            chance,
            accounts,
            apps,
            loads,
            outlets: Vec::new(),
            script: script.into(),
            refused_events: Vec::new(),
            faults,
            history: History::default(),
            next_due: None,
            past: VecDeque::new(),
        };
        for app in &file.apps {
            for drain in &app.drains {
                // A drain that Heroku would not take is left out like all else that the description gets wrong.
                let _refused = world.add_drain_with(app.name.as_str(), drain);
            }
        }
        world.remember_state();
        world.advance_to(start);
        world
    }

    /// Calls go wrong on purpose from now on.
    pub fn add_fault(&mut self, fault: Fault) {
        let stale = matches!(fault.kind, FaultKind::Stale(_));
        self.faults.push(fault);
        if stale {
            self.remember_state();
        }
    }

    /// No call goes wrong on purpose any more.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.past.clear();
    }
}

impl App {
    fn build(spec: &AppSpec, accounts: &[Account], start: Timestamp, chance: &mut Chance) -> Self {
        let account = |email: &str| accounts.iter().position(|account| account.email() == email);
        let mut spec = spec.clone();
        // Stable: where two points share a time, the load jumps from the first to the second.
        spec.load.sort_by_key(|(at, _)| *at);
        let times = history_times(&spec, start);
        let created_at = times.first().copied().unwrap_or(start) - STEP;
        let mut app = Self {
            id: chance.ids.uuid(),
            name: spec.name.clone(),
            owner: spec.owner.as_deref().and_then(account).unwrap_or(0),
            collaborators: spec.collaborators.iter().filter_map(|email| account(email)).collect(),
            host_suffix: format!("{:012x}", chance.ids.next() >> 16),
            maintenance: spec.maintenance,
            began_at: start,
            created_at,
            updated_at: created_at,
            released_at: created_at,
            formation: Vec::new(),
            dynos: Vec::new(),
            releases: Vec::with_capacity(spec.history.len() + 2),
            current: 0,
            pending: Vec::new(),
            expiry_cursor: 0,
            slugs: Arc::new(BTreeMap::new()),
            config: Arc::new(Config::new()),
            drains: Vec::new(),
            one_offs: VecDeque::new(),
            one_offs_started: 0,
            database_error: None,
            database_slow: None,
            platform_error: 0.0,
            leak: None,
            steady_load: None,
            surges: Vec::new(),
            last_visit: start,
            running: false,
            exited: Vec::new(),
            spec: Arc::new(spec),
        };
        app.live_through_history(&times, chance);
        app.begin(&mut Turn { chance, now: start });
        app
    }

    /// Tells the history: releases come and go as they would have, without dynos.
    fn live_through_history(&mut self, times: &[Timestamp], chance: &mut Chance) {
        let spec = Arc::clone(&self.spec);
        self.add_spec_processes(&mut Turn { chance, now: self.created_at });
        self.first_releases(&mut Turn { chance, now: self.created_at });
        for ((_, step), at) in spec.history.iter().zip(times) {
            let turn = &mut Turn { chance, now: *at };
            self.end_release_phases(turn);
            let user = self.owner;
            match step {
                Step::Deploy(deploy) => drop(self.deploy(deploy, user, turn)),
                Step::Config(vars) => drop(self.set_config(vars, user, turn)),
                Step::Rollback(version) => {
                    if let Some(id) = self.release(*version).map(|release| release.id) {
                        drop(self.roll_back(id, user, turn));
                    }
                }
            }
        }
    }

    fn add_spec_processes(&mut self, turn: &mut Turn<'_>) {
        let spec = Arc::clone(&self.spec);
        for process in &spec.processes {
            let named = process.size.as_deref().and_then(|name| spec.place.size(name).ok());
            let process_type = process.process_type.clone();
            self.formation.push(Process {
                id: turn.chance.ids.uuid(),
                command: process.command.clone().unwrap_or_else(|| format!("bin/{process_type}")),
                process_type,
                quantity: process.quantity,
                size: named.unwrap_or_else(|| sizes::Place::size_by_default(spec.place)),
                created_at: turn.now,
                updated_at: turn.now,
            });
        }
    }

    /// The world begins: dynos have been up for a while.
    fn begin(&mut self, turn: &mut Turn<'_>) {
        self.end_release_phases(turn);
        self.expire_releases(turn.now);
        self.running = true;
        if self.current_content().slug.is_none() {
            return;
        }
        self.reconcile(turn);
        let up_since = self.releases[self.current].created_at.max(turn.now - STEP);
        for index in 0..self.dynos.len() {
            if self.dynos[index].is_formation() {
                let dyno = &mut self.dynos[index];
                dyno.created_at = up_since;
                self.settle_dyno(index, turn);
                self.dynos[index].updated_at = (up_since + self.spec.mechanics.boot).min(turn.now);
            }
        }
    }
}

/// When each step of the history was: as it says, else an hour before the next; never after the next.
fn history_times(spec: &AppSpec, start: Timestamp) -> Vec<Timestamp> {
    let mut next = start;
    let mut times: Vec<Timestamp> = spec
        .history
        .iter()
        .rev()
        .map(|(age, _)| {
            next = age.map_or(next - STEP, |age| (start - age).min(next));
            next
        })
        .collect();
    times.reverse();
    times
}
