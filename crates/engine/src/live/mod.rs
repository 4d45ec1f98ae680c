//! The live loop: the engine's steps, called as time goes by.
//!
//! A few tasks: the *timer* starts checks when they are due, the *intake* takes readings in, the *writer* writes quiet
//! readings together, the *worker* brings runs forward, the *teller* tells people, the *receiver* counts what apps tell and the *noter*
//! writes it, and the *sweeper* removes what is too old. Every check, choice and
//! run is a task of its own under one tracker, so that a slow one delays nothing but itself, and stopping waits for them.
//!
//! Time and tasks are ports. Whoever plays the loop on a stopped clock plays this one: its order comes from the executor
//! alone, since every `select!` asks in a fixed order.

mod busy;
mod figures;
mod ledger;
mod places;
mod schedule;
mod spread;
mod turning;
mod wanted;

use crate::attend::Chosen;
use crate::engine::Engine;
use crate::ports::Time;
use crate::telling::{Gone, Sending, Teller};
use crate::turn::{Observed, Turn};
pub(crate) use busy::Busy;
pub(crate) use figures::Counting;
pub use figures::{Counted, Figures};
use flyball_channels::Ask;
use flyball_model::{Blind, Evidence, Excerpt, Finding, MonitorId, Reading, Run, RunId, SubjectKey, Timestamp};
use flyball_monitors::Monitor;
use flyball_store::{Batch, StoredNotice};
use ledger::Ledger;
use places::{Had, Place, Places, QUICK};
pub use schedule::FirstDue;
use schedule::{Due, Schedule};
pub use spread::Spread;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
pub(crate) use turning::Turning;
pub(crate) use wanted::Wanted;

/// Waking an idle core is most of what an idle monitor costs, so checks that are due close together start together.
const SLOT: Duration = Duration::from_millis(20);
/// The timer looks at the clock at least this often, to see whether it was set.
const CLOCK_LOOK: Duration = Duration::from_secs(1);
/// A clock that moved this much more or less than time passed was set.
const CLOCK_STEP_MS: i64 = 5000;
/// A check that has waited for a place for this many intervals is told as unknown: nobody looks.
const OVERDUE: u32 = 3;
/// Readings on their way into the loop. Checks wait when it is full.
const INTAKE: usize = 10_000;
/// Quiet readings are written at least this often: what is lost at a kill is at most this much observation.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// The worker looks this often at what is owed while anything is: a run may wait for another to end.
const WORK_EVERY: Duration = Duration::from_millis(250);
/// It looks this often while nothing is: a run that another process queued is seen within a second.
const LOOK_EVERY: Duration = Duration::from_millis(900);
/// What is too old is removed this often.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// What there is to tell is looked for this often: nobody asleep notices a second.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// What apps told is written this often, where a slot of it is over.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Stopping waits this long for runs under way; what has not ended then is left for the next start.
const STOP_MAX: Duration = Duration::from_secs(4);

/// A running loop.
pub struct Live {
    shared: Arc<Shared>,
    /// Weak, since the intake ends when nobody is left who may send it a reading.
    into: mpsc::WeakSender<Observed>,
    stop: CancellationToken,
}

struct Shared {
    engine: Arc<Engine>,
    ledger: Ledger,
    tasks: TaskTracker,
    rewired: Notify,
    work: Notify,
    working: Busy<RunId>,
    sending: Sending,
    gone: Gone,
    places: Places,
    checks_at_once: usize,
}

impl Shared {
    /// Starts a task that stopping waits for.
    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.ports().tasks.start(Box::pin(self.tasks.track_future(task)));
    }

    fn time(&self) -> &dyn Time {
        &*self.engine.ports().time
    }
}

impl Shared {
    /// Waits for a place for a check; what reaches no host itself needs none. Nothing starves in silence: while it waits
    /// for long, its readings are unknown.
    async fn place(
        &self,
        monitor: &Arc<Monitor>,
        had: Had,
        since: Duration,
        into: &mpsc::Sender<Observed>,
    ) -> Option<Place> {
        monitor.kind.host()?;
        let wiring = self.engine.wiring();
        let mut attached = wiring.attached(monitor.id).iter();
        let mut place = self.places.wait(monitor, attached.next().map(|reaction| reaction.kind.app()), had, since);
        if let Ok(place) = place.try_recv() {
            return Some(place);
        }
        self.engine.counting.waits();
        loop {
            tokio::select! {
                biased;
                place = &mut place => return place.ok(),
                () = self.time().wait(monitor.every * OVERDUE) => {
                    let reading = self.overload(self.engine.ports().clock.now());
                    let _ = into.send(Observed { monitor: Arc::clone(monitor), reading }).await;
                }
            }
        }
    }

    /// Looks with this place. Where it is for a quick try, and the look takes longer, it is given back, and the look is
    /// made anew with a whole one.
    async fn look(
        &self,
        monitor: &Arc<Monitor>,
        place: Option<Place>,
        since: Duration,
        into: &mpsc::Sender<Observed>,
    ) -> Observed {
        if place.as_ref().is_some_and(Place::is_quick) {
            tokio::select! {
                biased;
                observed = self.engine.observe(monitor) => return observed,
                () = self.time().wait(QUICK) => {}
            }
            drop(place);
            let _whole = self.place(monitor, Had::QuickTry, since, into).await;
            return self.engine.observe(monitor).await;
        }
        self.engine.observe(monitor).await
    }

    fn overload(&self, now: Timestamp) -> Reading {
        let count = self.checks_at_once;
        let words =
            format!("not looked at for {OVERDUE} intervals: all {count} places for checks are taken, or its share");
        let (finding, words) = (Finding::Unknown(Blind::Overload), Excerpt::of(&words));
        Reading { begun_at: now, took: Duration::ZERO, finding, words, evidence: Evidence::None }
    }
}

impl Live {
    /// Starts the loop of an engine that has been started, with at most this many checks of hosts under way at once: each
    /// takes a socket. More than this wait for a place. It ends when `stop` is cancelled.
    #[must_use]
    pub fn start(engine: Arc<Engine>, checks_at_once: usize, stop: CancellationToken) -> Self {
        Self::start_with(engine, checks_at_once, Schedule::default(), stop)
    }

    /// The same, with another rule for when a monitor is due first.
    #[must_use]
    pub fn start_phased(engine: Arc<Engine>, checks_at_once: usize, first: FirstDue, stop: CancellationToken) -> Self {
        Self::start_with(engine, checks_at_once, Schedule::new(first), stop)
    }

    fn start_with(engine: Arc<Engine>, checks_at_once: usize, schedule: Schedule, stop: CancellationToken) -> Self {
        let places = Places::new(checks_at_once, Arc::clone(&engine.ports().time));
        let shared = Arc::new(Shared {
            engine,
            ledger: Ledger::default(),
            tasks: TaskTracker::new(),
            rewired: Notify::new(),
            work: Notify::new(),
            working: Busy::new(),
            sending: Busy::new(),
            gone: Gone::default(),
            places,
            checks_at_once,
        });
        let (into, readings) = mpsc::channel(INTAKE);
        let for_looks = into.downgrade();
        shared.start(timer(Arc::clone(&shared), schedule, into, stop.clone()));
        shared.start(intake(Arc::clone(&shared), readings));
        shared.start(writer(Arc::clone(&shared), stop.clone()));
        shared.start(worker(Arc::clone(&shared), stop.clone()));
        shared.start(sweeper(Arc::clone(&shared), stop.clone()));
        shared.start(teller(Arc::clone(&shared), stop.clone()));
        shared.start(receiver(Arc::clone(&shared), stop.clone()));
        shared.start(noter(Arc::clone(&shared), stop.clone()));
        Self { shared, into: for_looks, stop }
    }

    /// Looks with a monitor at once, beside its interval. Nothing happens if it is not in the file, if a look of it is
    /// under way, or if the loop has stopped.
    pub fn look(&self, monitor: MonitorId) {
        let Some(into) = self.into.upgrade() else { return };
        let Some(monitor) = self.shared.engine.wiring().monitor(monitor).cloned() else { return };
        let now = self.shared.engine.ports().clock.now();
        start_check(&self.shared, Due { monitor, at: now, missed: 0 }, now, &into, &self.stop);
    }

    /// What the loop has done so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.engine.counting.figures()
    }

    /// Takes up a new wiring of the engine.
    pub fn rewired(&self) {
        self.shared.rewired.notify_one();
    }

    /// Waits until the loop has stopped: no new effects, runs under way brought to their end if they end in time, and
    /// everything that was seen written down.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
        self.shared.engine.stop_effects();
        self.shared.tasks.close();
        tokio::select! {
            biased;
            () = self.shared.tasks.wait() => {}
            () = self.shared.time().wait(STOP_MAX) => {
                tracing::warn!("some runs have not ended; the next start looks what became of them");
            }
        }
        self.shared.ledger.write(&self.shared.engine, &self.shared.engine.counting).await;
    }
}

/// Starts checks when they are due.
async fn timer(shared: Arc<Shared>, mut schedule: Schedule, into: mpsc::Sender<Observed>, stop: CancellationToken) {
    let (clock, time) = (Arc::clone(&shared.engine.ports().clock), shared.time());
    schedule.rewire(&shared.engine.wiring(), clock.now(), |monitor| shared.engine.is_overdue(monitor));
    let mut watched = ClockWatch { clock: clock.now(), passed: time.passed() };
    loop {
        shared.engine.turning.turned(time.passed());
        let now = clock.now();
        if watched.was_set(now, time.passed()) {
            tracing::warn!("the clock was set; checks are planned anew");
            schedule.replan(now);
        }
        for due in schedule.take_due(now) {
            start_check(&shared, due, now, &into, &stop);
        }
        for monitor in shared.engine.wanted.take(|monitor| !shared.engine.checking.has(&monitor)) {
            // On several nodes another may have it, and finds at its next look what came in.
            if let Some(monitor) =
                shared.engine.wiring().monitor(monitor).filter(|monitor| monitor.looks_at(now)).cloned()
            {
                start_check(&shared, Due { monitor, at: now, missed: 0 }, now, &into, &stop);
            }
        }
        let longest = if shared.engine.wanted.waits() { SLOT } else { CLOCK_LOOK };
        let wait = schedule.next().map_or(longest, |next| next.since(now).max(SLOT).min(longest));
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.rewired.notified() => schedule.rewire(&shared.engine.wiring(), clock.now(), |monitor| shared.engine.is_overdue(monitor)),
            () = shared.engine.wanted.grown() => {}
            () = time.wait(wait) => {}
        }
    }
}

/// Counts what apps tell, as it comes in.
async fn receiver(shared: Arc<Shared>, stop: CancellationToken) {
    let (engine, clock) = (&shared.engine, &shared.engine.ports().clock);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = engine.receiving.has_come() => {}
        }
        while engine.receiving.count_one(clock.now()) {
            tokio::task::yield_now().await;
        }
    }
    while engine.receiving.count_one(clock.now()) {}
    engine.write_slots(true).await;
}

/// Writes what apps told, once there is anybody to listen to.
async fn noter(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.engine.receiving.listens() => {}
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.time().wait(NOTE_EVERY) => {}
        }
        shared.engine.write_slots(false).await;
    }
}

/// Compares the clock with the time that passes, which nobody can set.
struct ClockWatch {
    clock: Timestamp,
    passed: Duration,
}

impl ClockWatch {
    fn was_set(&mut self, now: Timestamp, passed: Duration) -> bool {
        let since = i64::try_from(passed.saturating_sub(self.passed).as_millis()).unwrap_or(i64::MAX);
        let moved = now.as_millis() - self.clock.as_millis();
        *self = Self { clock: now, passed };
        (moved - since).abs() > CLOCK_STEP_MS
    }
}

fn start_check(
    shared: &Arc<Shared>,
    due: Due,
    now: Timestamp,
    into: &mpsc::Sender<Observed>,
    stop: &CancellationToken,
) {
    let Due { monitor, at, missed } = due;
    let started = shared.time().passed();
    let late_already = now.since(at);
    if !shared.engine.checking.begin(monitor.id, started.saturating_sub(late_already)) {
        shared.engine.counting.overlaps(missed);
        return;
    }
    let (shared_by_task, into, stop) = (Arc::clone(shared), into.clone(), stop.clone());
    shared.start(async move {
        let shared = shared_by_task;
        let look = async {
            let place = shared.place(&monitor, Had::Nothing, started, &into).await;
            let waited = shared.time().passed().saturating_sub(started);
            shared.engine.counting.starts(late_already + waited, missed);
            let observed = shared.look(&monitor, place, started, &into).await;
            shared.engine.counting.made(1);
            // The intake ends only after every check has.
            let _ = into.send(observed).await;
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = look => {}
        }
        shared.engine.checking.end(&monitor.id);
    });
}

/// Takes readings in: those that have come together are of one moment.
async fn intake(shared: Arc<Shared>, mut readings: mpsc::Receiver<Observed>) {
    let mut together = Vec::new();
    while readings.recv_many(&mut together, INTAKE).await > 0 {
        let Turn { quiet, subjects } = shared.engine.take_in(std::mem::take(&mut together));
        shared.ledger.add(quiet, &shared.engine.counting);
        for (subject, batch) in subjects {
            shared.start(attend(Arc::clone(&shared), subject, batch));
        }
    }
}

/// Makes choices about a subject until nobody waits for one.
async fn attend(shared: Arc<Shared>, subject: SubjectKey, batch: Batch) {
    let attending = shared.engine.attend(&subject);
    let mut batch = Some(batch);
    loop {
        match attending.choose(batch.take().unwrap_or_default()).await {
            Ok(Chosen { runs, asks }) => {
                if !runs.is_empty() {
                    shared.work.notify_one();
                }
                asks.into_iter().for_each(|ask| begin_to_ask(&shared, ask));
            }
            Err(error) => {
                tracing::error!(error = %error.in_full(), "a choice could not be recorded, so nothing is done");
            }
        }
        if !attending.goes_on() {
            return;
        }
    }
}

/// Asks workers to take no more jobs, whatever else goes on.
fn begin_to_ask(shared: &Arc<Shared>, ask: Ask) {
    let engine = Arc::clone(&shared.engine);
    shared.start(async move { engine.ask(ask).await });
}

/// Writes quiet readings together.
async fn writer(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.ledger.holds_something() => {}
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.ledger.is_full() => {}
            () = shared.time().wait(WRITE_EVERY) => {}
        }
        shared.ledger.write(&shared.engine, &shared.engine.counting).await;
    }
}

/// Brings runs forward: those that were just saved, those that another process queued, and those that are owed a look.
async fn worker(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let wait = if begin_due(&shared).await { WORK_EVERY } else { LOOK_EVERY };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.work.notified() => {}
            () = shared.time().wait(wait) => {}
        }
    }
}

/// Begins every run that is due and not under way. Says whether anything was due, or may have been.
async fn begin_due(shared: &Arc<Shared>) -> bool {
    let ports = shared.engine.ports();
    let due = match ports.store.due(ports.clock.now()).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(error = %error.in_full(), "what is owed could not be read; trying again");
            return true;
        }
    };
    let any = !due.is_empty();
    let own = |run: &Run| shared.engine.share().has_reaction(run.reaction);
    for run in
        due.into_iter().filter(own).map(|run| run.id).filter(|run| shared.working.begin(*run, shared.time().passed()))
    {
        let shared_by_task = Arc::clone(shared);
        shared.start(async move {
            let shared = shared_by_task;
            let advanced = shared.engine.advance(run).await;
            shared.working.end(&run);
            match advanced {
                // Who waited behind it is asked now.
                Ok(Some(subject)) if shared.engine.begins_to_attend(&subject) => {
                    attend(shared, subject, Batch::default()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(error = %error.in_full(), run = %run, "a run could not be recorded; it is looked at again");
                }
            }
        });
    }
    any
}

/// Tells people what there is to tell. Nobody waits for it, and what it is doing when it is stopped is done again.
async fn teller(shared: Arc<Shared>, stop: CancellationToken) {
    let mut teller = Teller::default();
    loop {
        if let Err(error) = shared.engine.decide_what_is_told(&mut teller).await {
            tracing::warn!(error = %error.in_full(), "what is to be told could not be decided; trying again");
        }
        match shared.engine.owed_now(&shared.sending).await {
            Ok(owed) => owed.into_iter().for_each(|owed| send(&shared, owed, &stop)),
            Err(error) => {
                tracing::warn!(error = %error.in_full(), "what is to be told could not be read; trying again");
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.time().wait(TELL_EVERY) => {}
        }
    }
}

/// Sends a notice, whatever else goes on.
fn send(shared: &Arc<Shared>, owed: StoredNotice, stop: &CancellationToken) {
    let (shared_by_task, stop) = (Arc::clone(shared), stop.clone());
    shared.start(async move {
        let shared = shared_by_task;
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            sent = shared.engine.send_notice(&owed, &shared.gone) => {
                if let Err(error) = sent {
                    tracing::warn!(error = %error.in_full(), "what came of a notice could not be noted; it may be told again");
                }
            }
        }
        shared.sending.end(&owed.channel);
    });
}

/// Removes what is too old.
async fn sweeper(shared: Arc<Shared>, stop: CancellationToken) {
    let ports = shared.engine.ports();
    loop {
        // Of several nodes one does it.
        if shared.engine.is_first()
            && let Err(error) = ports.store.sweep(ports.clock.now()).await
        {
            tracing::error!(error = %error.in_full(), "what is too old could not be removed; trying again later");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.time().wait(SWEEP_EVERY) => {}
        }
    }
}
