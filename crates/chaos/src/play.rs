//! Plays a story: time goes from what is due to what is due, people do their work, calls arrive, processes die and start
//! again; in the end nothing goes wrong any more, and everything is let come to rest.

use crate::stage::{Between, FollowedFile, Note, Noted, Outside, START, StageError, ToldNotice, lock, start};
use crate::story::{Edit, Incident, Story, What};
use flyball_config::Definitions;
use flyball_heroku_sim::ReceivedCall;
use flyball_model::{Entry, IncidentTold, PauseScope, Run, Timestamp};
use flyball_store::{IncidentsPage, NoticeState, NoticesPage, NumberedIncident, RunsPage, StoredNotice, TimelinePage};
use flyball_testing::Executor;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Longer than anything that is owed: a claim's lease, a look and its repetition, and the largest step of a clock.
const REST_MAX: Duration = Duration::from_secs(20 * 60);
/// In the quiet it is looked so often whether everything has come to rest.
const REST_LOOK: Duration = Duration::from_secs(15);

/// Everything that is left of a play: what was judged, and what a failure is told from.
#[derive(Debug)]
pub struct Record {
    /// What passed through the ports, in order.
    pub notes: Vec<Note>,
    /// Every changing call that the world received, oldest first.
    pub calls: Vec<ReceivedCall>,
    /// What Flyball remembers of its runs, oldest first.
    pub runs: Vec<Run>,
    /// Flyball's timeline.
    pub timeline: Vec<Entry>,
    /// Flyball's incidents.
    pub incidents: Vec<NumberedIncident>,
    /// What was to be told of them.
    pub notices: Vec<StoredNotice>,
    /// What people were told, in order.
    pub told: Vec<ToldNotice>,
    /// How long it went on.
    pub lasted: Duration,
}

/// Plays a story.
///
/// # Errors
///
/// When the stage cannot be set, or the store cannot be read at the end.
pub fn play(story: &Story, between: &Between) -> Result<Record, StageError> {
    let mut play = Play::begin(story, between)?;
    let outside = Arc::clone(play.outside());
    let _entered = outside.disk.enter();
    play.until(START + Duration::from_secs(60 * u64::from(story.minutes)));
    play.come_to_rest();
    play.record()
}

/// A play under way.
struct Play {
    /// One at least.
    machines: Vec<Machine>,
    between: Between,
    story: Story,
    incidents: VecDeque<Incident>,
    file: watch::Sender<Arc<Definitions>>,
}

/// A machine, on which one process runs at a time.
struct Machine {
    outside: Arc<Outside>,
    /// What the process runs on.
    executor: Executor,
    /// When the next process starts, while there is none.
    starts_at: Option<Timestamp>,
    /// Until when the process stands where it is.
    stands_until: Option<Timestamp>,
}

impl Machine {
    /// Everything that is due here now: the process starts, or goes on.
    fn moment(&mut self, now: Timestamp, between: &Between, file: impl FnOnce() -> FollowedFile) {
        if self.starts_at.take_if(|at| *at <= now).is_some() {
            start(&self.outside, between, file());
        }
        if self.stands_until.take_if(|at| *at <= now).is_none() && self.stands_until.is_some() {
            return self.executor.stand();
        }
        let ended = self.executor.go_on(|| !self.outside.is_killed());
        self.outside.let_go(&ended);
        self.die_if_killed();
    }

    /// It is not polled for a while.
    fn halt(&mut self, lasts: Duration) {
        if self.starts_at.is_none() {
            self.stands_until = Some(self.outside.time.now() + lasts);
        }
    }

    fn die_if_killed(&mut self) {
        if let Some(down) = self.outside.take_kill() {
            self.stop(down);
        }
    }

    /// Every task is dropped where it stands.
    fn stop(&mut self, down: Duration) {
        if self.starts_at.is_none() {
            self.executor.drop_tasks();
            self.stands_until = None;
            self.outside.note(Noted::Stopped);
            self.starts_at = Some(self.outside.time.now() + down);
        }
    }
}

impl Play {
    fn begin(story: &Story, between: &Between) -> Result<Self, StageError> {
        let machine = |(outside, executor)| {
            let (starts_at, stands_until) = (Some(START), None);
            Machine { outside: Arc::new(outside), executor, starts_at, stands_until }
        };
        Ok(Self {
            machines: Outside::set(story)?.into_iter().map(machine).collect(),
            between: between.clone(),
            incidents: story.incidents.iter().cloned().collect(),
            file: watch::Sender::new(Arc::new(story.file.definitions())),
            story: story.clone(),
        })
    }

    /// The first machine's: what concerns none of them alone is done and noted by it.
    fn outside(&self) -> &Arc<Outside> {
        &self.machines[0].outside
    }

    /// Lets time pass.
    fn until(&mut self, end: Timestamp) {
        loop {
            self.moment();
            let next = self.next();
            if next > end {
                self.outside().time.go_on_to(end);
                lock(&self.outside().world).advance_to(end);
                return;
            }
            self.outside().time.go_on_to(next);
            lock(&self.outside().world).advance_to(next);
        }
    }

    /// When anything happens next.
    fn next(&self) -> Timestamp {
        let incident = self.incidents.front().map(|incident| START + incident.at);
        let arrives = lock(&self.outside().network).next();
        let starts = self.machines.iter().flat_map(|machine| [machine.starts_at, machine.stands_until]).flatten();
        let due = starts.chain([incident, arrives, self.outside().time.next()].into_iter().flatten()).min();
        // Nothing takes no time at all, so that no mistake of ours makes time stand still.
        due.unwrap_or(Timestamp::FAR_FUTURE).max(self.outside().time.now() + Duration::from_millis(1))
    }

    /// Everything that is due now: what is on its way arrives, people do their work, the processes go on.
    fn moment(&mut self) {
        let now = self.outside().time.now();
        let arrived = lock(&self.outside().network).take_arrived(now);
        for flight in arrived {
            self.machines[flight.machine].outside.deliver(&flight);
        }
        while self.incidents.front().is_some_and(|incident| START + incident.at <= now) {
            let incident = self.incidents.pop_front().expect("it was just looked at");
            self.happen(&incident.what);
        }
        for machine in &mut self.machines {
            machine.moment(now, &self.between, || self.file.subscribe());
        }
    }

    fn happen(&mut self, what: &What) {
        // A story that was made smaller may have fewer machines than it had.
        let Some(machine) = self.machines.get_mut(what.machine().unwrap_or(0)) else { return };
        machine.outside.happen(what);
        match what {
            What::Edit(edit) => self.edit(edit),
            What::Kill { .. } => machine.die_if_killed(),
            What::Halt { lasts, .. } => machine.halt(*lasts),
            What::App { .. }
            | What::Leave { .. }
            | What::ClockStep { .. }
            | What::Pause { .. }
            | What::Resume { .. }
            | What::Spell { .. } => {}
        }
    }

    fn edit(&mut self, edit: &Edit) {
        self.story.file.edit(edit);
        self.file.send_replace(Arc::new(self.story.file.definitions()));
    }

    /// Nothing goes wrong any more, nobody does anything, and no effect is begun: what is owed is paid.
    fn come_to_rest(&mut self) {
        self.outside().be_quiet();
        self.incidents.clear();
        self.outside().happen(&What::Pause { scope: PauseScope::Everything, lasts: None });
        let end = self.outside().time.now() + REST_MAX;
        while self.outside().time.now() < end {
            self.until(self.outside().time.now() + REST_LOOK);
            let is_told = !self.story.file.tells || self.is_all_told();
            if is_told && self.outside().open_runs() == 0 && lock(&self.outside().network).next().is_none() {
                return;
            }
        }
    }

    /// Whether nothing is owed to people, and nothing more can be: what began a moment ago is waited for.
    fn is_all_told(&self) -> bool {
        let disk = &self.outside().disk;
        let so_far = disk.at_once(disk.store.told_so_far(self.outside().time.now())).expect("the file itself answers");
        let owed = disk.at_once(disk.store.notices(&NoticesPage::default())).expect("the file itself answers");
        let is_owed = |notice: &StoredNotice| matches!(notice.state, NoticeState::Due | NoticeState::Claimed);
        let is_told = |found: &NumberedIncident| match found.incident.end {
            Some(_) => found.told == IncidentTold::End,
            None => found.told == IncidentTold::Beginning,
        };
        so_far.incidents.iter().all(is_told) && !owed.iter().any(is_owed)
    }

    fn record(self) -> Result<Record, StageError> {
        let outside = self.outside();
        let mut runs = Vec::new();
        let page = RunsPage { runs: RunsPage::RUNS_MAX, ..RunsPage::default() };
        runs.extend(outside.disk.at_once(outside.disk.store.runs(&page))?);
        runs.reverse();
        let mut timeline = Vec::new();
        for reaction in &self.story.file.reactions {
            // A page holds the latest lines; asked for by reaction, it holds them all.
            let reaction = Some(flyball_model::ReactionId::of(&reaction.name.parse().expect("a reaction's name")));
            let page = TimelinePage { reaction, ..TimelinePage::default() };
            timeline.extend(outside.disk.at_once(outside.disk.store.timeline(&page))?);
        }
        timeline.sort_by_key(|line| line.number);
        let incidents = outside.disk.at_once(outside.disk.store.incidents(&IncidentsPage::default()))?;
        let notices = outside.disk.at_once(outside.disk.store.notices(&NoticesPage::default()))?;
        let calls = lock(&outside.world).effects().cloned().collect();
        Ok(Record {
            notes: outside.take_journal(),
            calls,
            runs,
            timeline: timeline.into_iter().map(|line| line.entry).collect(),
            incidents,
            notices,
            told: std::mem::take(&mut *lock(&outside.told)),
            lasted: outside.time.now().since(START),
        })
    }
}
