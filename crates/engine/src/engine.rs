//! The engine: what the loop's steps share, and the steps as they are called from outside.
//!
//! Nothing in here starts by itself: the live loop calls the steps as time goes by.

use crate::attend::Attending;
use crate::live::{Busy, Counted, Counting, Turning, Wanted};
use crate::memory::Memory;
use crate::perform::LEASE;
use crate::ports::Ports;
use crate::receiving::Receiving;
use crate::references::Reached;
use crate::share::Share;
use crate::turn::{Observed, Turn, turn};
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_decide::Home;
use flyball_model::{
    Actor, ApiHost, Entry, Event, Mode, MonitorId, NodeId, Outcome, ReactionId, Run, RunState, StoreLoss, SubjectKey,
    Timestamp, WhyNotDone, WhySuperseded,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{Batch, Definition, Error, Fence, Of, Origin, Pause};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// A run that a person asked for is still wanted this long after a restart: they are waiting for it.
const PERSON_WAITS: Duration = Duration::from_secs(60);

/// The engine. One per process.
pub struct Engine {
    pub(crate) ports: Ports,
    pub(crate) node: NodeId,
    memory: Mutex<Memory>,
    pub(crate) share: Mutex<Share>,
    /// Held by whoever goes over to another share, or another file: one at a time.
    pub(crate) going_over: tokio::sync::Mutex<()>,
    /// The file that is in force, where only a part of it is this engine's own.
    pub(crate) whole: Mutex<Option<Arc<Definitions>>>,
    /// What is in force, for those who ask about it again and again; nothing where nobody does.
    in_force: Mutex<Option<Arc<InForce>>>,
    pub(crate) reached: Reached,
    pub(crate) counting: Counting,
    /// The checks that are under way, each since it was due.
    pub(crate) checking: Busy<MonitorId>,
    /// The reactions that ask workers to take no more jobs, each since then.
    pub(crate) asking: Busy<ReactionId>,
    /// The monitors that are to look at once.
    pub(crate) wanted: Wanted,
    pub(crate) turning: Turning,
    pub(crate) receiving: Receiving,
    mode: Mode,
    home: Home,
    stopping: AtomicBool,
    /// How the store was lost, once it is not our own any more.
    pub(crate) store_loss: OnceLock<StoreLoss>,
    /// The pause that a signal asked for, until the store has it.
    pub(crate) held_by_signal: Mutex<Option<Pause>>,
}

impl Engine {
    /// An engine that knows nothing yet. `mode` is what the process allows at most: a dry run of everything, say.
    #[must_use]
    pub fn new(ports: Ports, node: NodeId, mode: Mode) -> Self {
        Self {
            ports,
            node,
            memory: Mutex::default(),
            share: Mutex::default(),
            going_over: tokio::sync::Mutex::default(),
            whole: Mutex::default(),
            in_force: Mutex::default(),
            reached: Reached::default(),
            counting: Counting::new(),
            checking: Busy::new(),
            asking: Busy::new(),
            wanted: Wanted::default(),
            turning: Turning::new(),
            receiving: Receiving::default(),
            mode,
            home: Home::default(),
            stopping: AtomicBool::new(false),
            store_loss: OnceLock::new(),
            held_by_signal: Mutex::default(),
        }
    }

    /// The same engine, which knows where it runs.
    #[must_use]
    pub fn at_home(mut self, home: Home) -> Self {
        self.home = home;
        self
    }

    /// The same engine, which keeps what is in force at hand, for [`Engine::in_force`]. It takes the room of the definitions once more.
    #[must_use]
    pub fn answering(self) -> Self {
        *lock(&self.in_force) = Some(Arc::default());
        self
    }

    /// What is in force, if it was asked to keep it at hand: shared, and not copied.
    #[must_use]
    pub fn in_force(&self) -> Option<Arc<InForce>> {
        lock(&self.in_force).clone()
    }

    /// Where we run: what the platform says, else what the file does.
    pub(crate) fn home(&self) -> Home {
        let own_app = self.wiring().own_app().cloned();
        match (&self.home, own_app) {
            (Home::Elsewhere | Home::SomeApp, Some(app)) => Home::App { name: Some(app), id: None },
            (home, _) => home.clone(),
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every step under the lock leaves it whole, so a panic elsewhere does not make it less true.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which reactions are attached to which monitors now.
    #[must_use]
    pub fn wiring(&self) -> Arc<Wiring> {
        Arc::clone(&self.memory().wiring)
    }

    /// From now on no call that changes Heroku is sent. Those that were sent are recorded.
    pub fn stop_effects(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// The ports.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// What it has counted since its start.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let now = self.ports.time.passed();
        self.counting.counted(self.checking.oldest().map(|since| now.saturating_sub(since)))
    }

    /// Whether its loop turns: it did of late.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.turning.is_alive(self.ports.time.passed())
    }

    /// Starts: recalls what was remembered, goes over to the definitions, and establishes what became of every run that
    /// was open when the process before ended. Where others work on the store as well, it does so with its share.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn start(&self, definitions: &Definitions) -> Result<(), Error> {
        if self.ports.store.is_shared() {
            self.begin_to_share();
            self.apply(definitions).await?;
            self.share_work().await?;
            return Ok(());
        }
        let remembered = self.ports.store.remembered(Of::All).await?;
        let holdings = self.ports.store.holdings(Of::All).await?;
        let newer = self.ports.store.newer_readings(Of::All).await?;
        let open = self.open_incidents().await?;
        self.ports.store.release_notices(self.ports.clock.now()).await?;
        self.memory().recall(remembered, holdings);
        self.memory().recall_incidents(open);
        self.apply(definitions).await?;
        self.memory().catch_up(newer);
        self.take_over(&|_| true).await
    }

    /// Goes over to other definitions. Monitors whose subject changed forget their streak, and the others keep it.
    ///
    /// # Errors
    ///
    /// When the store does not take them; the old ones go on then.
    pub async fn apply(&self, definitions: &Definitions) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let monitors: Vec<Definition> =
            definitions.monitors.iter().map(|one| monitor_definition(one, definitions)).collect();
        let reactions: Vec<Definition> =
            definitions.reactions.iter().map(|one| reaction_definition(one, definitions)).collect();
        self.ports.store.define(&monitors, &reactions, now).await?;
        self.ports.accounts.define(&definitions.accounts);
        self.ports.observe.define(&definitions.network);
        self.ports.references.define(&definitions.network);
        self.ports.tell.define(&definitions.network);
        self.receiving.define(definitions, now);
        if self.shares_work() {
            self.part(definitions).await?;
        } else {
            self.wire(definitions, now);
            self.keep_in_force(definitions);
        }
        self.write_incidents().await;
        Ok(())
    }

    /// Goes over to what is its own of the file in force.
    pub(crate) fn rewire(&self) {
        let Some(whole) = self.whole() else { return };
        self.wire(&self.own(&whole), self.ports.clock.now());
    }

    fn wire(&self, definitions: &Definitions, now: Timestamp) {
        let mut memory = self.memory();
        let wiring = Wiring::new(definitions, self.ports.accounts.host(), self.mode, &memory.wiring, now);
        memory.rewire(wiring);
        drop(memory);
        self.go_over_incidents(now);
    }

    /// Keeps what is in force at hand, where somebody asks about it or is told of it.
    pub(crate) fn keep_in_force(&self, definitions: &Definitions) {
        let mut in_force = lock(&self.in_force);
        if in_force.is_some() || !definitions.channels.is_empty() {
            let (host, now) = (self.ports.accounts.host(), self.ports.clock.now());
            *in_force = Some(Arc::new(InForce::of(definitions.clone(), host, now)));
        }
    }

    /// What the process allows at most.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Takes over the runs of these reactions that were open. What was not sent will not be: readings from before are no reason
    /// to act now. What was sent, or may have been, is looked for.
    pub(crate) async fn take_over(&self, ours: &(dyn Fn(ReactionId) -> bool + Sync)) -> Result<(), Error> {
        let now = self.ports.clock.now();
        for (run, fence) in self.ports.store.take_over(self.node, now, LEASE, ours).await? {
            match &run.state {
                RunState::Queued if is_awaited(&run, now) => {}
                RunState::Queued => {
                    let why = WhySuperseded::Restarted;
                    self.end(&run, Fence(0), Outcome::Superseded { why }, Vec::new()).await?;
                }
                RunState::Claimed { .. } => {
                    let why = WhyNotDone::Stopped;
                    self.end(&run, fence, Outcome::NotDone { why }, Vec::new()).await?;
                }
                // That it happened need not be waited for: it is looked for at once.
                RunState::Sent { .. } => {
                    self.memory().held.insert(run.id, fence);
                    self.ports.store.defer(run.id, fence, now, &[], &[]).await?;
                }
                RunState::Ended { .. } => {}
            }
        }
        Ok(())
    }

    /// Takes in the readings of one moment: folds them, and puts those who are called on the desks of their apps.
    pub(crate) fn take_in(&self, observed: Vec<Observed>) -> Turn {
        let now = self.ports.clock.now();
        turn(&mut self.memory(), observed, now)
    }

    /// Attends to a subject. Whoever was told to does: by [`Turn`], or by [`Engine::begins_to_attend`].
    pub(crate) const fn attend<'a>(&'a self, subject: &'a SubjectKey) -> Attending<'a> {
        Attending::to(self, subject)
    }

    /// True when somebody waits on the desk of a subject and nobody attends to it: whoever asked this does, from now on.
    pub(crate) fn begins_to_attend(&self, subject: &SubjectKey) -> bool {
        self.memory().desk(subject).begin()
    }

    /// Writes a batch; what the store does not take is owed to it, but for runs, which were not decided then.
    pub(crate) async fn save(&self, mut batch: Batch) -> Result<(), Error> {
        let saved = self.try_save(&mut batch).await;
        if saved.is_err() {
            self.memory().owe(batch);
        }
        saved
    }

    /// Writes a batch. That the store took nothing for a while is told with the first that it takes again.
    pub(crate) async fn try_save(&self, batch: &mut Batch) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let now = self.ports.clock.now();
        self.share().keep_own(self.node, batch);
        let own_entries = batch.entries.len();
        let saved = async {
            let written = self.written_nevertheless().await?;
            batch.entries.extend(self.memory().trouble_over(written, now));
            self.ports.store.save(batch).await
        };
        let begun = self.ports.time.passed();
        let saved = saved.await;
        self.counting.commits(self.ports.time.passed().saturating_sub(begun), saved.is_ok());
        match &saved {
            Ok(()) => self.memory().store_answers(),
            // Nothing is wrong with the store.
            Err(Error::Fenced { .. }) => batch.entries.truncate(own_entries),
            Err(error) => {
                batch.entries.truncate(own_entries);
                let decided = batch.runs.iter().map(|run| run.id);
                self.memory().store_fails(error.in_full(), decided, now);
            }
        }
        saved
    }

    /// How many of the effects that were decided while the store took nothing it has nevertheless: a commit of which the
    /// answer was lost.
    async fn written_nevertheless(&self) -> Result<usize, Error> {
        let mut written = 0;
        let decided = self.memory().decided_in_trouble();
        for run in decided {
            written += usize::from(self.ports.store.run(run).await?.is_some());
        }
        Ok(written)
    }

    /// Looks once with a monitor. Stores nothing.
    pub async fn observe(&self, monitor: &Arc<Monitor>) -> Observed {
        let reading = self.ports.observe.observe(monitor, self.ports.clock.now()).await;
        Observed { monitor: Arc::clone(monitor), reading }
    }

    /// Something came in for a monitor: where its loop turns here, and the monitor is of its share, it looks within a moment.
    pub fn look_soon(&self, monitor: MonitorId) {
        self.wanted.add(monitor);
    }

    /// Writes a line about the engine itself into the timeline.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn tell(&self, event: Event) -> Result<(), Error> {
        let entries = vec![Entry::new(self.ports.clock.now(), event)];
        self.ports.store.save(&Batch { entries, ..Batch::default() }).await
    }
}

/// What is in force, wired up.
#[derive(Debug)]
pub struct InForce {
    /// What is defined.
    pub definitions: Definitions,
    pub(crate) wiring: Arc<Wiring>,
}

impl InForce {
    /// Wires definitions up, of apps at this API host.
    #[must_use]
    pub fn of(definitions: Definitions, host: ApiHost, now: Timestamp) -> Self {
        let wiring = Arc::new(Wiring::new(&definitions, host, Mode::Act, &Wiring::default(), now));
        Self { definitions, wiring }
    }
}

impl Default for InForce {
    fn default() -> Self {
        let definitions = flyball_config::read("", "").expect("an empty file has no mistakes");
        Self::of(definitions, ApiHost::default(), Timestamp::EPOCH)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole at any time, so a panic elsewhere does not make it less true.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a person who asked for this run is still waiting for it.
fn is_awaited(run: &Run, now: Timestamp) -> bool {
    matches!(run.actor, Actor::Person { .. }) && now.since(run.queued_at) < PERSON_WAITS
}

fn monitor_definition(monitor: &Monitor, definitions: &Definitions) -> Definition {
    Definition {
        id: monitor.id.0,
        name: monitor.name.to_string(),
        origin: origin(definitions.is_made_monitor(monitor.id)),
        kind: monitor.kind.word().to_owned(),
        settings: settings(&monitor.kind),
        every: Some(monitor.every),
    }
}

fn reaction_definition(reaction: &Reaction, definitions: &Definitions) -> Definition {
    Definition {
        id: reaction.id.0,
        name: reaction.name.to_string(),
        origin: origin(definitions.is_made_reaction(reaction.id)),
        kind: reaction.kind.word().to_owned(),
        settings: settings(&reaction.kind),
        every: None,
    }
}

const fn origin(is_made: bool) -> Origin {
    if is_made { Origin::Store } else { Origin::File }
}

fn settings(kind: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(kind).expect("settings are tables of plain values")
}
