//! A process of Flyball: the engine and its loop, as `flyball up` starts them, on the executor and the time of the play.

use super::eyes::{Eyes, Landmarks};
use super::journal::Noted;
use super::ledger::Ledger;
use super::network::Wire;
use super::people::People;
use super::{Outside, SharedOutside, TOKEN, lock};
use flyball_config::{Definitions, Files};
use flyball_decide::{Choice, Scene, Situation, View};
use flyball_engine::live::Live;
use flyball_engine::{Clock as _, Engine, Ports, Tasks as _, Witness};
use flyball_heroku::{BaseUrl, Budget, Live as HerokuLive, LiveSettings, Retries, TimeLimits, Transport};
use flyball_model::{Excerpt, Mode, NodeId, ReleaseVersion, Run, RunId};
use flyball_reactions::Reaction;
use flyball_testing::{OneAccount, StagedStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// As many checks as a process has places for that has the usual 1,024 descriptors.
const CHECKS_AT_ONCE: usize = 900;
/// A file that the store did not take is tried again after this, as by whoever follows the file.
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

/// The newest release that is seen of an app, if releases were looked at.
fn newest(scene: &Scene) -> Option<ReleaseVersion> {
    let View::Seen { sight, parts, .. } = &scene.view else { return None };
    let releases = parts.releases.then_some(&sight.releases.newest_first)?;
    releases.iter().map(|release| release.version).max()
}

/// Flyball's file, as whoever follows it sees it.
pub(crate) type FollowedFile = watch::Receiver<Arc<Definitions>>;

/// Notes who was asked.
struct Onlooker(SharedOutside);

impl Witness for Onlooker {
    fn chosen(&self, situation: &Situation<Arc<Reaction>>, choices: &[Choice]) {
        for (wish, choice) in situation.wishes.iter().zip(choices) {
            let Some(monitor) = wish.call.caller.monitor() else { continue };
            let came_to = match choice {
                Choice::Act(_) => "act",
                Choice::Tell(_) => "tell",
                Choice::Hold { because, .. } => because.code(),
            };
            let newest = newest(&situation.scene).filter(|_| wish.reaction.kind.needs().releases);
            let newest = newest.map(|version| (situation.scene.subject.app().name.clone(), version));
            self.0.note(Noted::Asked { monitor, reaction: wish.reaction.id, came_to, newest });
        }
    }
}

fn client(outside: &SharedOutside, between: &Between) -> HerokuLive {
    let (clock, ids) = (outside.clock.clone(), outside.ids.clone());
    let settings = LiveSettings {
        base: "http://127.0.0.1:5000".parse::<BaseUrl>().expect("loopback is a host"),
        token: TOKEN.parse().expect("a token"),
        user_agent: "flyball/chaos".into(),
        budget: Budget::default(),
        limits: TimeLimits::default(),
        retries: retries(outside),
        clock: Arc::new(move || clock.now()),
        request_ids: Arc::new(move || format!("ours-{}", ids.next())),
    };
    let wire: Arc<dyn Transport> = Arc::new(Wire(Arc::clone(outside)));
    let wire = match &between.0 {
        Some(wrap) => wrap(wire),
        None => wire,
    };
    HerokuLive::over(wire, settings)
}

/// Reads are sent again as in the product, and wait in the world's time.
fn retries(outside: &SharedOutside) -> Retries {
    let (time, shared) = (outside.time.clone(), Arc::clone(outside));
    Retries::new(Arc::new(move |length| Box::pin(time.wait_for(length))), Arc::new(move || shared.draw_wait()))
}

/// Everything outside, as the engine holds it.
fn ports(outside: &SharedOutside, between: &Between) -> Ports {
    let live = client(outside, between);
    let eyes = Eyes::new(Arc::clone(outside), &live);
    Ports {
        store: Arc::new(StagedStore(Ledger(Arc::clone(outside)))),
        accounts: Arc::new(OneAccount::new(live)),
        observe: Arc::new(eyes),
        references: Arc::new(Landmarks(Arc::clone(outside))),
        clock: Arc::new(outside.clock.clone()),
        ids: Arc::new(outside.ids.clone()),
        time: Arc::new(outside.time.clone()),
        tasks: Arc::new(outside.starter.clone()),
        witness: Arc::new(Onlooker(Arc::clone(outside))),
        tell: Arc::new(People(Arc::clone(outside))),
    }
}

/// Starts a process that follows this file.
pub(crate) fn start(outside: &SharedOutside, between: &Between, file: FollowedFile) {
    outside.begin_process();
    let node = NodeId(uuid::Uuid::from_u128(u128::from(outside.ids.next())));
    let engine = Arc::new(Engine::new(ports(outside, between), node, Mode::Act));
    outside.starter.start(Box::pin(run(Arc::clone(outside), engine, file)));
}

async fn run(outside: SharedOutside, engine: Arc<Engine>, mut file: FollowedFile) {
    let definitions = Arc::clone(&file.borrow_and_update());
    if begin(&outside, &engine, &definitions).await.is_err() {
        return outside.kill(START_AGAIN);
    }
    outside.note(Noted::Applied(definitions));
    let stop = lock(&outside.leaves).clone();
    let live = Arc::new(Live::start(Arc::clone(&engine), CHECKS_AT_ONCE, stop.clone()));
    if outside.signs.is_some() {
        let (engine, live, stop) = (Arc::clone(&engine), Arc::clone(&live), stop.clone());
        outside.starter.start(Box::pin(async move { engine.keep_share(&live, stop).await }));
    }
    let until = stop.clone();
    let follow = async {
        while file.changed().await.is_ok() {
            apply(&outside, &engine, &mut file).await;
            live.rewired();
        }
    };
    // Most are killed, and never come to this.
    if until.run_until_cancelled(follow).await.is_none() {
        live.stopped().await;
        // As in the product: leases that could not be given back lapse.
        let _left = engine.leave().await;
        let away = *lock(&outside.away);
        outside.kill(away);
    }
}

async fn begin(outside: &Outside, engine: &Engine, definitions: &Definitions) -> Result<(), flyball_store::Error> {
    let process = *lock(&outside.process);
    engine.appear(Excerpt::of("chaos"), process, &Files::one("", "")).await?;
    engine.start(definitions).await
}

/// Goes over to the file as it is by now; as often as it takes.
async fn apply(outside: &Outside, engine: &Engine, file: &mut FollowedFile) {
    loop {
        let definitions = Arc::clone(&file.borrow_and_update());
        if engine.apply(&definitions).await.is_ok() {
            return outside.note(Noted::Applied(definitions));
        }
        outside.time.wait_for(APPLY_AGAIN).await;
    }
}

impl Outside {
    /// The present task takes a run in hand, if it does so with its very first call, as the worker's do. Whoever asks for
    /// a run later on only wants to know about it.
    pub(crate) fn take_in_hand(&self, run: Option<&Run>) {
        let in_hand = run.map(|run| (run.id, run.plan.app().name.clone()));
        lock(&self.working).entry(self.starter.present()).or_insert(in_hand);
    }

    /// Tasks have ended.
    pub(crate) fn let_go(&self, ended: &[u64]) {
        lock(&self.working).retain(|task, _| !ended.contains(task));
    }

    fn begin_process(&self) {
        lock(&self.working).clear();
        self.clock.begin();
        let mut processes = lock(&self.processes);
        *processes += 1;
        *lock(&self.process) = *processes;
        drop(processes);
        *lock(&self.leaves) = CancellationToken::new();
        self.note(Noted::Started);
    }

    /// Runs that have not ended.
    pub(crate) fn open_runs(&self) -> usize {
        *lock(&self.open)
    }
}

/// The run that a task has in hand.
pub(crate) type InHand = Option<(RunId, flyball_model::AppName)>;
