//! What the engine holds in memory: a copy of what the store remembers, and what may be forgotten at a restart.

use crate::desk::Desk;
use crate::looks::Looks;
use crate::wiring::Wiring;
use flyball_decide::{Adder, Waited, called, fold};
use flyball_model::{
    AccountName, AppName, Armed, Because, Cause, EngineEvent, Entry, Event, Finding, Incident, IncidentOf, Mode,
    MonitorId, MonitorState, PlanSummary, Rank, ReactionId, RunId, Standing, SubjectKey, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{Batch, Fence, Holding, HoldingKey, NewerReadings, Remembered, Sighting};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// While the store takes nothing, at most this many readings and lines are kept: an hour of 80 failing monitors at 30 s.
const OWED_MAX: usize = 10_000;

/// What the engine holds in memory. Small steps under one lock; nothing in here waits.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) wiring: Arc<Wiring>,
    /// Who was told to be armed last.
    pub(crate) armed: Option<Armed>,
    states: HashMap<MonitorId, MonitorState>,
    /// Of each state, up to when every reading that began is in it, and in what the store has of it, or is about to have.
    reaches: HashMap<MonitorId, Reach>,
    watched: HashMap<MonitorId, String>,
    holdings: HashMap<HoldingKey, Holding>,
    /// Since when reactions wait for jobs.
    waited: HashMap<HoldingKey, Waited>,
    sightings: HashMap<SubjectKey, Sighting>,
    /// What monitors measured of late, where a reaction goes by that.
    pub(crate) looks: Looks,
    /// The incidents that go on.
    pub(crate) incidents: HashMap<IncidentOf, Incident>,
    /// What each dry-run reaction would have done last, and when.
    would: HashMap<ReactionId, Would>,
    /// Accounts whose token Heroku does not take.
    stopped: HashSet<AccountName>,
    /// The desks on which there is something.
    desks: HashMap<SubjectKey, Desk>,
    /// Runs that this process holds, with the proof.
    pub(crate) held: HashMap<RunId, Fence>,
    /// What was seen and told, and the store did not take.
    owed: Batch,
    /// Since when the store takes nothing.
    trouble: Option<Trouble>,
}

/// How far a state reaches.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Every reading that began up to then is in it.
    covers: Timestamp,
    /// The same of what the store has; none where it has none, or may not have it.
    saved: Option<Timestamp>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { covers: Timestamp::EPOCH, saved: None }
    }
}

impl Reach {
    fn cover(&mut self, begun_at: Timestamp) {
        self.covers = self.covers.max(begun_at);
    }
}

/// A time in which the store takes nothing.
struct Trouble {
    since: Timestamp,
    error: String,
    /// How many effects were decided meanwhile.
    decided: usize,
    /// The latest of them: what was said not to be written may have been.
    latest: VecDeque<RunId>,
}

/// A state is saved at least this often, so that a start has few readings to fold in: twenty at 30 s. Else it is saved when a
/// reading says something new.
const SAVE_STATE_EVERY: Duration = Duration::from_secs(600);

/// Of at most this many effects that were decided while the store took nothing, it is asked afterwards whether it has them.
const DECIDED_MAX: usize = 100;

/// What a dry-run reaction would have done.
#[derive(Debug, Clone)]
pub(crate) struct Would {
    /// What it does.
    pub(crate) plan: PlanSummary,
    /// In which episode.
    pub(crate) episode: Timestamp,
    /// When.
    pub(crate) at: Timestamp,
}

impl Would {
    /// Whether telling it again would say nothing new.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.plan == other.plan && self.episode == other.episode
    }
}

impl Memory {
    /// Takes up what the store remembers.
    pub(crate) fn recall(
        &mut self,
        remembered: impl IntoIterator<Item = Remembered>,
        holdings: impl IntoIterator<Item = Holding>,
    ) {
        for row in remembered {
            self.reaches.insert(row.monitor, Reach { covers: row.covers, saved: Some(row.covers) });
            self.watched.insert(row.monitor, row.watched);
            self.states.insert(row.monitor, row.state);
        }
        for holding in holdings {
            self.waited.extend(Waited::of(&holding.because, holding.last_at).map(|waited| (holding.key, waited)));
            self.holdings.insert(holding.key, holding);
        }
    }

    /// Folds in what the store has of each monitor that came since its state was saved.
    pub(crate) fn catch_up(&mut self, newer: impl IntoIterator<Item = NewerReadings>) {
        for NewerReadings { monitor, found } in newer {
            let Some(wired) = self.wiring.monitor(monitor) else { continue };
            let (every, remember) = (wired.every, self.wiring.remember(monitor));
            let Some(state) = self.states.get(&monitor) else { continue };
            let state = caught_up(state.clone(), &found, every, remember);
            for (begun_at, _) in found {
                self.reach(monitor).cover(begun_at);
            }
            self.states.insert(monitor, state);
        }
    }

    /// Whether a reading that only repeats what is known can do without its monitor's state beside it: the store has one
    /// that is new enough to fold the rest into.
    pub(crate) fn is_saved_of_late(&self, monitor: MonitorId, begun_at: Timestamp) -> bool {
        let Some(reach) = self.reaches.get(&monitor) else { return false };
        // Where the clock was set back, the store could not tell which readings came since.
        reach.saved.is_some_and(|saved| begun_at.since(saved) < SAVE_STATE_EVERY) && reach.covers < begun_at
    }

    /// What a monitor remembers, for the store, which has it from now on.
    pub(crate) fn saving(&mut self, monitor: MonitorId) -> Option<Remembered> {
        let reach = self.reach(monitor);
        reach.saved = Some(reach.covers);
        self.remembered(monitor)
    }

    fn reach(&mut self, monitor: MonitorId) -> &mut Reach {
        self.reaches.entry(monitor).or_default()
    }

    /// Brings the states of a batch up to date before it is written: later readings may have been written already while
    /// it waited, and a state never goes back behind them.
    pub(crate) fn bring_up_to_date(&self, batch: &mut Batch) {
        for row in &mut batch.states {
            if let Some(present) = self.remembered(row.monitor) {
                *row = present;
            }
        }
    }

    /// Keeps what the store did not take, so that nothing stays untold: readings, lines of the timeline, and incidents. The runs of
    /// the batch were not decided, and nor are they told; everything else is written with the next reading as it is then.
    pub(crate) fn owe(&mut self, batch: Batch) {
        let Batch { readings, entries, states, incidents, .. } = batch;
        states.iter().for_each(|row| self.reach(row.monitor).saved = None);
        self.owed.readings.extend(readings);
        self.owed.entries.extend(entries.into_iter().filter(|entry| entry.run.is_none()));
        self.owed.incidents.extend(incidents);
        let surplus = |length: usize| length.saturating_sub(OWED_MAX);
        self.owed.readings.drain(..surplus(self.owed.readings.len()));
        self.owed.entries.drain(..surplus(self.owed.entries.len()));
        self.owed.incidents.drain(..surplus(self.owed.incidents.len()));
    }

    /// The store did not take something; these decided effects were among it, which are not made then.
    pub(crate) fn store_fails(&mut self, error: String, decided: impl IntoIterator<Item = RunId>, now: Timestamp) {
        let trouble = self.trouble.get_or_insert_with(|| {
            tracing::error!(%error, "nothing can be recorded: effects hold, and what is seen is kept in memory");
            Trouble { since: now, error, decided: 0, latest: VecDeque::new() }
        });
        for run in decided {
            trouble.decided += 1;
            trouble.latest.push_back(run);
        }
        let surplus = trouble.latest.len().saturating_sub(DECIDED_MAX);
        trouble.latest.drain(..surplus);
    }

    /// The latest effects that were decided while the store took nothing.
    pub(crate) fn decided_in_trouble(&self) -> Vec<RunId> {
        self.trouble.iter().flat_map(|trouble| trouble.latest.iter().copied()).collect()
    }

    /// What is to be told once the store takes something again. `written` are as many of the effects that were decided
    /// as it has nevertheless.
    pub(crate) fn trouble_over(&self, written: usize, now: Timestamp) -> Option<Entry> {
        let Trouble { since, error, decided, .. } = self.trouble.as_ref()?;
        let happened = EngineEvent::RecordsAgain {
            lasted: now.since(*since),
            error: error.as_str().into(),
            unmade: decided.saturating_sub(written),
        };
        Some(Entry::new(now, Event::Engine { happened }))
    }

    /// The store took something.
    pub(crate) fn store_answers(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!("what is seen is recorded again");
        }
    }

    /// Of each host that has nothing to do with an app, nor is a monitor's own: since when it cannot be reached, if it
    /// cannot.
    pub(crate) fn hosts_elsewhere(&self, monitor: &Monitor, app: &AppName, now: Timestamp) -> Vec<Option<Timestamp>> {
        let own = monitor.kind.host();
        let concerns_app = |other: &Monitor| {
            other.kind.app() == Some(app)
                || self.wiring.attached(other.id).iter().any(|reaction| reaction.kind.app() == app)
        };
        let mut hosts: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
        for other in self.wiring.monitors().filter(|other| other.looks_at(now) && !concerns_app(other)) {
            let Some(host) = other.kind.host().filter(|host| Some(host) != own.as_ref()) else { continue };
            let Some(standing) = self.states.get(&other.id).and_then(|state| state.standing.as_ref()) else { continue };
            let fails = standing.cause.is_some_and(Cause::is_failure_to_reach).then_some(standing.since);
            // One monitor that reaches the host is enough.
            let known = hosts.entry(host).or_insert(fails);
            *known = (*known).and(fails).map(|since| known.map_or(since, |known| known.min(since)));
        }
        hosts.into_values().collect()
    }

    /// What is owed to the store, to be written first.
    pub(crate) fn take_owed(&mut self) -> Batch {
        std::mem::take(&mut self.owed)
    }

    /// What is owed of incidents alone.
    pub(crate) fn take_owed_incidents(&mut self) -> Vec<Incident> {
        std::mem::take(&mut self.owed.incidents)
    }

    /// Goes over to other definitions. A monitor that looks at something else now forgets what it knew, and so does one
    /// that is gone.
    pub(crate) fn rewire(&mut self, wiring: Wiring) {
        let mut watched = HashMap::new();
        for monitor in wiring.monitors() {
            let looks_at = monitor.kind.watched();
            if self.watched.get(&monitor.id) != Some(&looks_at) {
                self.states.remove(&monitor.id);
            }
            watched.insert(monitor.id, looks_at);
        }
        self.states.retain(|monitor, _| watched.contains_key(monitor));
        self.reaches.retain(|monitor, _| self.states.contains_key(monitor));
        self.looks.keep(|monitor| watched.contains_key(&monitor));
        self.watched = watched;
        let wired = |key: &HoldingKey| wiring.attached(key.monitor).iter().any(|reaction| reaction.id == key.reaction);
        self.holdings.retain(|key, _| wired(key));
        self.waited.retain(|key, _| wired(key));
        self.desks.values_mut().for_each(|desk| desk.rewire(&wiring));
        self.desks.retain(|subject, desk| !desk.is_empty() || wiring.acting_on(subject).next().is_some());
        self.wiring = Arc::new(wiring);
    }

    pub(crate) fn state(&self, monitor: MonitorId) -> Option<&MonitorState> {
        self.states.get(&monitor)
    }

    pub(crate) fn set_state(&mut self, monitor: MonitorId, state: MonitorState) {
        if let Some(begun_at) = state.last_at {
            self.reach(monitor).cover(begun_at);
        }
        self.states.insert(monitor, state);
    }

    /// What a monitor remembers, for the store.
    pub(crate) fn remembered(&self, monitor: MonitorId) -> Option<Remembered> {
        let (state, watched) = (self.states.get(&monitor)?.clone(), self.watched.get(&monitor)?.clone());
        let covers = self.reaches.get(&monitor)?.covers;
        Some(Remembered { monitor, watched, state, covers })
    }

    /// Notes that a reaction is called, and waits until a choice about its app is made. Where it was called before, the
    /// reason that was found then stays.
    pub(crate) fn note_waiting(&mut self, monitor: &Monitor, reaction: &Reaction, now: Timestamp, batch: &mut Batch) {
        let key = HoldingKey { monitor: monitor.id, reaction: reaction.id };
        let is_new = self.holdings.get(&key).is_none_or(|holding| !holding.because.is_while_called());
        if is_new {
            self.note(monitor, reaction, Because::StillLooking, now, batch);
        }
    }

    /// Notes why a reaction holds still, or that it acted. A change of the reason is told in the timeline; the same
    /// reason again is counted.
    pub(crate) fn note(
        &mut self,
        monitor: &Monitor,
        reaction: &Reaction,
        because: Because,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let key = HoldingKey { monitor: monitor.id, reaction: reaction.id };
        let before = self.holdings.get(&key);
        match Waited::after(self.waited.get(&key).copied(), &because, now) {
            Some(waited) => self.waited.insert(key, waited),
            None => self.waited.remove(&key),
        };
        let same = before.is_some_and(|holding| is_same_reason(&holding.because, &because));
        // A monitor that has just been set up is not called on: that is no news.
        let is_first_calm = before.is_none() && matches!(because, Because::NotCalledOn { .. });
        // Who waits is asked in a moment, and what comes of that is told.
        let is_news = !same && !is_first_calm && because != Because::StillLooking;
        let holding = match before {
            Some(before) if same => {
                // A slow choice may come after one for a later reading.
                let last_at = before.last_at.max(now);
                Holding { key, because, since: before.since, last_at, count: before.count + 1 }
            }
            Some(_) | None => Holding { key, because, since: now, last_at: now, count: 1 },
        };
        if is_news && !holding.because.acts() {
            let mut entry = Entry::new(now, Event::Held { because: holding.because.clone() });
            entry.app = Some(reaction.kind.app().clone());
            entry.monitor = Some((monitor.id, monitor.name.clone()));
            entry.reaction = Some((reaction.id, reaction.name.clone()));
            batch.entries.push(entry);
        }
        // The count of a quiet monitor is worth no write at each of its readings.
        if !same || holding.because.is_counted() {
            batch.holdings.push(holding.clone());
        }
        self.holdings.insert(key, holding);
    }

    /// Since when a reaction waits for jobs, as this monitor calls it.
    pub(crate) fn waited(&self, monitor: MonitorId, reaction: ReactionId) -> Option<Waited> {
        self.waited.get(&HoldingKey { monitor, reaction }).copied()
    }

    /// The reactions that add to a process type of this app and have their condition met.
    pub(crate) fn adders(&self, subject: &SubjectKey, now: Timestamp) -> Vec<Adder> {
        let adds = |reaction: &&Arc<Reaction>| {
            // What would only be told holds nobody up.
            let is_at_its_hours = reaction.policy.during.as_ref().is_none_or(|hours| hours.contains(now));
            matches!(reaction.kind.rank(), Rank::Out | Rank::Up)
                && self.wiring.mode(reaction) == Mode::Act
                && is_at_its_hours
        };
        let met = |reaction: &Arc<Reaction>| {
            let adder = Adder { reaction: reaction.name.clone(), process_type: reaction.kind.process_type()?.clone() };
            let monitors = self.wiring.watched_by(reaction.id).iter();
            monitors
                .filter(|monitor| monitor.looks_at(now))
                .any(|monitor| self.is_called(monitor.id, reaction))
                .then_some(adder)
        };
        let mut adders: Vec<Adder> = self.wiring.acting_on(subject).filter(adds).filter_map(met).collect();
        // The same one is named each time.
        adders.sort_by(|one, other| one.reaction.cmp(&other.reaction));
        adders
    }

    /// Whether what a monitor remembers calls a reaction.
    fn is_called(&self, monitor: MonitorId, reaction: &Reaction) -> bool {
        let Some(standing) = self.standing(monitor) else { return false };
        called(&reaction.policy, standing.finding(), Some(standing), None).is_ok()
    }

    /// Where a monitor stands.
    pub(crate) fn standing(&self, monitor: MonitorId) -> Option<&Standing> {
        self.states.get(&monitor).and_then(|state| state.standing.as_ref())
    }

    /// The desk of a subject.
    pub(crate) fn desk(&mut self, subject: &SubjectKey) -> &mut Desk {
        self.desks.entry(subject.clone()).or_default()
    }

    /// Notes whether Heroku takes an account's token; true when that is news. The client keeps from asking on and on.
    pub(crate) fn account_answers(&mut self, account: &AccountName, takes_token: bool) -> bool {
        if takes_token { self.stopped.remove(account) } else { self.stopped.insert(account.clone()) }
    }

    pub(crate) fn sighting(&self, subject: &SubjectKey) -> Option<&Sighting> {
        self.sightings.get(subject)
    }

    pub(crate) fn set_sighting(&mut self, subject: SubjectKey, sighting: Sighting) {
        self.sightings.insert(subject, sighting);
    }

    /// What a dry-run reaction would have done last, and when.
    pub(crate) fn would(&self, reaction: ReactionId) -> Option<&Would> {
        self.would.get(&reaction)
    }

    pub(crate) fn set_would(&mut self, reaction: ReactionId, would: Would) {
        self.would.insert(reaction, would);
    }
}

/// A state with what was found since.
pub(crate) fn caught_up(
    state: MonitorState,
    found: &[(Timestamp, Finding)],
    every: Duration,
    remember: u32,
) -> MonitorState {
    found.iter().fold(state, |state, (begun_at, finding)| fold(&state, *finding, *begun_at, every, remember).state)
}

/// Whether a reason is the same as before. Its numbers may differ; what stands in the way of looking may not.
fn is_same_reason(before: &Because, now: &Because) -> bool {
    match (before, now) {
        (Because::CannotSee { error: before }, Because::CannotSee { error: now }) => before == now,
        _ => before.code() == now.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::MonitorName;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_state_is_written_with_each_reading_until_the_clock_is_back_where_it_was() {
        let monitor = MonitorId::of(&"page".parse::<MonitorName>().expect("a name"));
        let mut memory = Memory::default();
        memory.watched.insert(monitor, "https://shop.example.com/".to_owned());
        let mut read = |second| {
            let is_saved = memory.is_saved_of_late(monitor, at(second));
            memory.set_state(monitor, MonitorState { last_at: Some(at(second)), ..MonitorState::default() });
            if is_saved { None } else { memory.saving(monitor).map(|row| row.covers) }
        };
        let cases = [
            ("the first", 100, Some(at(100))),
            ("a repetition", 130, None),
            ("another", 699, None),
            ("after ten minutes", 701, Some(at(701))),
            ("the clock was set back: which readings came since, the store could not tell", 650, Some(at(701))),
            ("it still goes behind", 680, Some(at(701))),
            ("it is back", 710, None),
        ];
        for (case, second, covers) in cases {
            assert_eq!(read(second), covers, "{case}");
        }
    }
}
