//! What the loop writes.

use crate::Tenure;
use flyball_decide::Sighting;
use flyball_model::{Because, Entry, Finding, Incident, MonitorId, MonitorState, ReactionId, Reading, Run, Timestamp};
use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

/// Everything that one turn of the loop has to say. Written whole, or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Readings.
    pub readings: Vec<(MonitorId, Reading)>,
    /// What the monitors remember after them.
    pub states: Vec<Remembered>,
    /// Why reactions hold still.
    pub holdings: Vec<Holding>,
    /// New runs, queued.
    pub runs: Vec<Run>,
    /// What was seen of apps.
    pub sightings: Vec<Sighting>,
    /// Lines of the timeline.
    pub entries: Vec<Entry>,
    /// Incidents that begin or end.
    pub incidents: Vec<Incident>,
    /// What its node must still hold; none where one engine does everything.
    pub tenure: Option<Tenure>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
            && self.states.is_empty()
            && self.holdings.is_empty()
            && self.runs.is_empty()
            && self.sightings.is_empty()
            && self.entries.is_empty()
            && self.incidents.is_empty()
    }

    /// Puts another batch behind this one. Of what is remembered once (states, holdings, sightings), the later wins.
    pub fn append(&mut self, mut later: Self) {
        self.readings.append(&mut later.readings);
        self.states.append(&mut later.states);
        self.holdings.append(&mut later.holdings);
        self.runs.append(&mut later.runs);
        self.sightings.append(&mut later.sightings);
        self.entries.append(&mut later.entries);
        self.incidents.append(&mut later.incidents);
    }

    /// Leaves out what is remembered once and has a later one behind it.
    pub fn keep_latest(&mut self) {
        latest_of_each(&mut self.states, |state| state.monitor);
        latest_of_each(&mut self.holdings, |holding| holding.key);
        latest_of_each(&mut self.sightings, |sighting| (sighting.host.clone(), sighting.app.id.clone()));
    }
}

/// Keeps the last of each key, and their order.
fn latest_of_each<T, K: Hash + Eq>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = HashSet::new();
    let mut latest: Vec<T> = std::mem::take(rows).into_iter().rev().filter(|row| seen.insert(key(row))).collect();
    latest.reverse();
    *rows = latest;
}

/// Where a definition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The file; read-only elsewhere.
    File,
    /// The store itself.
    Store,
}

/// A monitor's or a reaction's definition, as the store keeps it beside what happened to it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Definition {
    /// The monitor's or the reaction's id.
    pub id: uuid::Uuid,
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The word of its kind.
    pub kind: String,
    /// Its settings as JSON, secrets by name.
    pub settings: serde_json::Value,
    /// A monitor's interval: for how long a reading's verdict holds when no other follows.
    #[serde(skip)]
    pub every: Option<Duration>,
}

/// What a monitor remembers, and of what: when what it looks at changes, its streak ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// Which monitor.
    pub monitor: MonitorId,
    /// A fingerprint of what it looks at.
    pub watched: String,
    /// What it remembers.
    pub state: MonitorState,
    /// Every reading that began up to then is in it. Later than the latest reading's beginning where the clock was set back.
    pub covers: Timestamp,
}

/// What was found by a monitor since its state was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerReadings {
    /// Which monitor.
    pub monitor: MonitorId,
    /// When each check began and what it found, oldest first.
    pub found: Vec<(Timestamp, Finding)>,
}

/// Which monitor and reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoldingKey {
    /// The monitor.
    pub monitor: MonitorId,
    /// The reaction.
    pub reaction: ReactionId,
}

/// Why a reaction holds still on a monitor's readings, since when, and how often it did for that reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// Which.
    pub key: HoldingKey,
    /// The latest reason.
    pub because: Because,
    /// When this reason began.
    pub since: Timestamp,
    /// The latest reading for which it held.
    pub last_at: Timestamp,
    /// For how many readings.
    pub count: u64,
}
