//! Several engines on one PostgreSQL, roughly handled: killed, stopped for longer than their lease and let go on, cut off, and
//! the server restarted under them. No effect twice, none lost, every monitor looked at again soon, and at the end all is well.
//!
//! A minute of it is one of the tests, without the judgement of seconds: other tests run beside it. `FLYBALL_ROUGH=20` plays twenty times as much, and `FLYBALL_ROUGH=20:7` another story.

mod judge;
mod server;
mod story;

use crate::support::{Stage, TOKEN, Up, app, draw, now};
use flyball_heroku_sim::{AccountSpec, Fault, FaultKind, ReceivedCall, WorldFile};
use flyball_model::{MonitorId, Outcome, Reading, Run, RunState, Timestamp};
use flyball_store::{Address, ReadingsPage, RunsPage, Shard, Store};
use judge::{Deed, EVERY, Holders};
use server::OwnServer;
use sqlx::Connection as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use story::{Told, Trouble, is_well, monitors, troubles, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Engines at once.
const ENGINES: usize = 3;
/// Apps, each of which goes wrong by a story of its own.
const APPS: u32 = 6;
/// Where chance comes from, unless another seed is named.
const SEED: u64 = 20_261_128;
/// Kills in a round; everything else that is done happens once in it.
const KILLS: usize = 5;
/// Between two deeds.
const PAUSE_MS_MAX: u64 = 2_500;
/// How long an engine is stopped for: longer than a lease, and not as long as a call may be under way.
const FROZEN_S: (u64, u64) = (12, 8);
/// How long all is well before the end is judged: a lost call is known to be lost after half a minute.
const QUIET: Duration = Duration::from_secs(60);
/// The same where only a round is played: nobody waits for what is lost, but for what there is.
const SHORT_QUIET: Duration = Duration::from_secs(4);
/// Whatever is lost is known to be lost within this.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked who holds what: well within [`judge::HOLDER_KNOWN_WITHIN`].
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// How many shards an engine may have more or less than its part: a shard with monitors weighs as much as many without.
const UNEVEN_MAX: usize = 8;

#[derive(Debug, Clone, Copy)]
enum Handling {
    Kill,
    Freeze,
    Cut,
    Stop,
    Restart,
}

/// A round of rough handling, in an order by chance.
fn round(chance: &mut u64) -> Vec<Handling> {
    let mut left = vec![Handling::Kill; KILLS];
    left.extend([Handling::Freeze, Handling::Cut, Handling::Stop, Handling::Restart]);
    let mut order = Vec::new();
    while !left.is_empty() {
        let next = draw(chance, left.len() as u64);
        order.push(left.swap_remove(usize::try_from(next).unwrap()));
    }
    order
}

fn name(app: u32) -> String {
    format!("shop-{app}")
}

/// The shard that an app's monitors and reactions are in.
fn shard(app: &str) -> u8 {
    Shard::of(Uuid::new_v5(&Uuid::NAMESPACE_OID, app.as_bytes()).as_u128()).number()
}

/// Engines on a server, and all that is known of what was done to them.
struct Rough {
    stage: Stage,
    server: Arc<OwnServer>,
    engines: Vec<Up>,
    chance: u64,
    deeds: Vec<Deed>,
    readings: BTreeMap<String, Vec<Reading>>,
    collected: Timestamp,
}

impl Rough {
    async fn begin(seed: u64) -> Self {
        // More calls than Heroku lets anybody make in an hour: what is judged here is not the budget.
        let account = AccountSpec::new("ann@example.com").bucket(1_000_000, 100_000);
        let file = WorldFile::with_apps((0..APPS).map(|number| {
            app(&name(number)).mechanics(|mechanics| {
                mechanics.one_off_boot = Duration::from_millis(100);
                mechanics.commands[0].runs = Duration::from_millis(300);
                mechanics.router_timeout = Duration::from_millis(200);
            })
        }));
        let stage = Stage::of(file.account(account)).await.token(TOKEN);
        let mut text = "[limits]\neffects_per_hour = 1000\n[network]\nreferences = []\n".to_owned();
        (0..APPS).map(name).for_each(|app| watch(&mut text, &app, &stage.sim.page_url(&app)));
        stage.write(&text);
        for method in ["PATCH", "POST", "DELETE"] {
            stage.fault(Fault::new(FaultKind::Slow(judge::CALL_TAKES)).on(method, "*"));
        }
        let server = Arc::new(OwnServer::start().await);
        let mut rough = Self {
            stage,
            server,
            engines: Vec::new(),
            chance: seed,
            deeds: Vec::new(),
            readings: BTreeMap::new(),
            collected: now(),
        };
        for _ in 0..ENGINES {
            rough.engines.push(rough.up().await);
        }
        rough
    }

    async fn up(&self) -> Up {
        let mut command = self.stage.command(&["up"]);
        command.env("DATABASE_URL", self.server.url()).env("RUST_LOG", "info");
        self.stage.up_with(command).await
    }

    fn draw(&mut self, below: u64) -> u64 {
        draw(&mut self.chance, below)
    }

    async fn pause(&mut self) {
        let millis = self.draw(PAUSE_MS_MAX);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// Does one thing, and notes what it was.
    async fn handle(&mut self, handling: Handling) {
        let which = usize::try_from(self.draw(ENGINES as u64)).unwrap();
        let at = now();
        let process = match handling {
            Handling::Kill | Handling::Stop | Handling::Freeze => Some(self.engines[which].id()),
            Handling::Cut | Handling::Restart => None,
        };
        match handling {
            Handling::Kill => self.engines.remove(which).kill().await,
            Handling::Stop => {
                let mut engine = self.engines.remove(which);
                engine.signal("-TERM").await;
                assert_eq!(engine.end().await.0, Some(0), "{}", engine.printed());
            }
            Handling::Freeze => {
                let frozen = Duration::from_secs(FROZEN_S.0 + self.draw(FROZEN_S.1 + 1));
                self.engines[which].signal("-STOP").await;
                tokio::time::sleep(frozen).await;
                self.engines[which].signal("-CONT").await;
            }
            Handling::Cut => self.server.cut().await,
            Handling::Restart => self.server.restart().await,
        }
        self.deeds.push(Deed { what: format!("{handling:?}"), at, over: now(), process });
        if self.engines.len() < ENGINES {
            self.engines.push(self.up().await);
        }
    }

    async fn store(&self) -> Arc<dyn Store> {
        Address::of(self.server.url(), Path::new("")).unwrap().open_existing().await.unwrap()
    }

    /// Takes in what was read meanwhile: a page of readings is bounded.
    async fn collect(&mut self) {
        // What was seen shortly before may have been written since.
        let since = self.collected - Duration::from_secs(60);
        self.collected = now();
        let store = self.store().await;
        for monitor in (0..APPS).flat_map(|number| monitors(&name(number))) {
            let id = MonitorId::of(&monitor.parse().unwrap());
            let page = ReadingsPage { monitor: id, since: Some(since), until: None, readings: 0 };
            let new = store.readings(&page).await.unwrap();
            assert!(new.len() < ReadingsPage::READINGS_MAX as usize, "all of them are looked at");
            let known = self.readings.entry(monitor).or_default();
            known.retain(|reading| reading.begun_at < since);
            known.extend(new);
            known.sort_by_key(|reading| reading.begun_at);
        }
        store.close().await;
    }

    async fn runs(&self, app: &str) -> Vec<Run> {
        let store = self.store().await;
        let page = RunsPage { app: Some(app.parse().unwrap()), ..RunsPage::default() };
        let runs = store.runs(&page).await.unwrap();
        store.close().await;
        assert!(runs.len() < RunsPage::RUNS_MAX as usize, "all of them are looked at");
        runs
    }

    async fn all_runs(&self) -> Vec<Run> {
        let mut all = Vec::new();
        for app in (0..APPS).map(name) {
            all.extend(self.runs(&app).await);
        }
        all
    }

    fn calls(&self, app: &str) -> Vec<ReceivedCall> {
        let of_app = |call: &ReceivedCall| call.path.split('/').nth(2) == Some(app);
        self.stage.changes().into_iter().filter(of_app).collect()
    }

    /// How many shards each living engine holds, and how many nobody holds who lives.
    async fn shares(&self) -> (BTreeMap<u32, usize>, usize) {
        let store = self.store().await;
        let shares = store.shares(now()).await.unwrap();
        store.close().await;
        let mut held: BTreeMap<u32, usize> = self.engines.iter().map(|engine| (engine.id(), 0)).collect();
        for lease in shares.leases.iter().filter(|lease| !lease.left.is_zero()) {
            let holder = shares.peers.iter().find(|peer| peer.node == lease.node);
            if let Some(held) = holder.and_then(|peer| held.get_mut(&peer.process)) {
                *held += 1;
            }
        }
        let free = usize::from(Shard::COUNT) - held.values().sum::<usize>();
        (held, free)
    }

    /// Waits until something is so. False when it does not become so in time.
    async fn comes(&self, is_so: impl AsyncFn(&Self) -> bool) -> bool {
        let begun = now();
        while !is_so(self).await {
            if now().since(begun) > PATIENCE {
                return false;
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
        true
    }

    async fn all_is_well(&self) -> bool {
        let world = self.stage.sim.world();
        self.comes(async |_| (0..APPS).all(|number| is_well(&world, &name(number)))).await
    }
}

/// Looks who holds what until it is stopped, whatever becomes of its connection.
async fn watch_holders(server: Arc<OwnServer>, stop: CancellationToken) -> Holders {
    let sql = "SELECT shard, process FROM flyball.leases JOIN flyball.engines USING (node)";
    let mut holders: Holders = Vec::new();
    let mut connection = None;
    while !stop.is_cancelled() {
        if connection.is_none() {
            connection = server.connect().await.ok();
        }
        if let Some(open) = &mut connection {
            let rows: Result<Vec<(i64, i64)>, _> = sqlx::query_as(sql).fetch_all(open).await;
            match rows {
                Ok(rows) => {
                    let held = |(shard, process)| Some((u8::try_from(shard).ok()?, u32::try_from(process).ok()?));
                    let seen: BTreeMap<u8, u32> = rows.into_iter().filter_map(held).collect();
                    if holders.last().is_none_or(|(_, last)| *last != seen) {
                        holders.push((now(), seen));
                    }
                }
                Err(_) => connection = None,
            }
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
    if let Some(open) = connection {
        open.close().await.unwrap();
    }
    holders
}

/// How much is played, and by which seed.
fn asked_for() -> (u32, u64) {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how much is played")]
    let Ok(asked) = std::env::var("FLYBALL_ROUGH") else { return (1, SEED) };
    let (rounds, seed) = asked.split_once(':').unwrap_or((&asked, ""));
    let rounds = rounds.parse().expect("FLYBALL_ROUGH is a number of rounds, such as 20 or 20:SEED");
    (rounds, if seed.is_empty() { SEED } else { seed.parse().expect("a seed is a number") })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_on_one_server_do_nothing_twice_and_lose_nothing_however_roughly_they_are_handled() {
    let (rounds, seed) = asked_for();
    let mut rough = Rough::begin(seed).await;
    let stop = CancellationToken::new();
    let mut watching = JoinSet::new();
    watching.spawn(watch_holders(Arc::clone(&rough.server), stop.clone()));
    let rest = CancellationToken::new();
    let mut stories: JoinSet<(String, Told)> = JoinSet::new();
    for number in 0..APPS {
        let (app, world, rest) = (name(number), rough.stage.sim.world(), rest.clone());
        let chance = seed.wrapping_add(u64::from(number) + 1);
        stories.spawn(async move { (app.clone(), troubles(world, app, chance, rest).await) });
    }
    let begun = now();
    for number in 1..=rounds {
        for handling in round(&mut rough.chance) {
            rough.pause().await;
            rough.handle(handling).await;
        }
        rough.collect().await;
        eprintln!("round {number} of {rounds}, {:?}", now().since(begun));
    }
    rest.cancel();
    let mut wrong = Vec::new();
    let told = tokio::time::timeout(PATIENCE, stories.join_all()).await;
    let told: BTreeMap<String, Told> = told.map(|told| told.into_iter().collect()).unwrap_or_default();
    if told.is_empty() || !rough.all_is_well().await {
        wrong.push("not every app is put right".to_owned());
    }
    tokio::time::sleep(if rounds > 1 { QUIET } else { SHORT_QUIET }).await;
    if !rough.comes(async |rough| rough.all_runs().await.iter().all(|run| !run.state.is_open())).await {
        wrong.push("there are runs that do not end".to_owned());
    }
    let even = usize::from(Shard::COUNT) / ENGINES;
    let is_even = async |rough: &Rough| {
        let (held, free) = rough.shares().await;
        free == 0 && held.values().all(|shards| shards.abs_diff(even) <= UNEVEN_MAX)
    };
    if !rough.comes(is_even).await {
        wrong.push(format!("the work is not shared evenly: {:?}", rough.shares().await));
    }
    let shares = rough.shares().await;
    // At the end what fails is acted on as ever.
    for (number, trouble) in (0..APPS).zip(Trouble::ALL.into_iter().cycle()) {
        trouble.befalls(&rough.stage.sim.world(), &name(number));
    }
    let before = now();
    if !rough.all_is_well().await {
        wrong.push("what fails at the end is not put right".to_owned());
    }
    let last_mended = now().since(before);
    rough.comes(async |rough| rough.all_runs().await.iter().all(|run| !run.state.is_open())).await;
    rough.collect().await;
    stop.cancel();
    let holders = watching.join_next().await.unwrap().unwrap();
    // Seconds are judged where nothing else takes the machine from the engines.
    let judges_times = rounds > 1;
    judge_all(&rough, &holders, &told, judges_times, &mut wrong).await;
    eprintln!("shards held at the end {shares:?}; the last troubles mended after {last_mended:?}; seed {seed}");
    let Rough { engines, server, .. } = rough;
    for engine in engines {
        engine.kill().await;
    }
    Arc::into_inner(server).expect("nobody else has it").close().await;
    assert!(wrong.is_empty(), "seed {seed}, {rounds} rounds: {} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Judges all that is known, and tells the figures.
async fn judge_all(
    rough: &Rough,
    holders: &Holders,
    told: &BTreeMap<String, Told>,
    judges_times: bool,
    wrong: &mut Vec<String>,
) {
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    let (mut longest, mut looks, mut close) = (Duration::ZERO, 0, Vec::new());
    for app in (0..APPS).map(name) {
        let (calls, runs) = (rough.calls(&app), rough.runs(&app).await);
        let scaled_back = told.get(&app).map(|told| told.scaled_back.clone()).unwrap_or_default();
        wrong.extend(judge::effects(&app, &calls, &runs, &scaled_back));
        for run in &runs {
            *outcomes.entry(outcome(run)).or_default() += 1;
        }
        for monitor in monitors(&app) {
            let readings = &rough.readings[&monitor];
            let begun: Vec<Timestamp> = readings.iter().map(|reading| reading.begun_at).collect();
            let (gap, too_long) = judge::gaps(&monitor, shard(&app), &begun, &rough.deeds, holders);
            longest = longest.max(gap);
            looks += begun.len();
            if judges_times {
                wrong.extend(too_long);
            } else {
                too_long.iter().for_each(|gap| eprintln!("{gap}"));
            }
            close.extend(judge::close(readings).into_iter().map(|(one, other)| {
                let hands = judge::hands(holders, shard(&app), one - judge::AGAIN_WITHIN, other);
                format!("{monitor}: {one} and {other}; held by {hands:?}")
            }));
        }
    }
    let mut deeds: BTreeMap<&str, u32> = BTreeMap::new();
    rough.deeds.iter().for_each(|deed| *deeds.entry(&deed.what).or_default() += 1);
    let mended = told.values().flat_map(|told| &told.mended);
    let slowest = mended.clone().max_by_key(|(_, lasted)| *lasted);
    eprintln!("{deeds:?}\n{} calls that change something; runs {outcomes:?}", rough.stage.changes().len());
    eprintln!("{} troubles, the longest {slowest:?}; {looks} looks, {longest:?} without one at most", mended.count());
    eprintln!("{} pairs of looks closer than half of {EVERY:?}", close.len());
    close.iter().for_each(|pair| eprintln!("  {pair}"));
}

fn outcome(run: &Run) -> String {
    let word = match &run.state {
        RunState::Ended { outcome: Outcome::Done { seen, .. }, .. } => return format!("done, {seen:?}"),
        RunState::Ended { outcome: Outcome::NotDone { .. }, .. } => "not done",
        RunState::Ended { outcome: Outcome::Superseded { .. }, .. } => "superseded",
        RunState::Ended { outcome: Outcome::Refused { .. }, .. } => "refused",
        RunState::Ended { outcome: Outcome::InDoubt { .. }, .. } => "in doubt",
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => "open",
    };
    word.to_owned()
}
