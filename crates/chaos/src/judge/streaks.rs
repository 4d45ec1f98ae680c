//! Streaks, counted once more from the readings that were taken in, by other code than the engine's.

use super::terms::Place;
use crate::stage::{Note, Noted};
use flyball_engine::Groups;
use flyball_model::{CallOn, Finding, MonitorId, NodeId, Policy, Timestamp, Verdict};
use flyball_store::{Lease, Shard};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

/// A streak survives a gap of five minutes, or of three intervals.
const GAP: Duration = Duration::from_secs(300);
/// At most this many beginnings of readings are kept: more than any trigger of a story.
const KEPT: usize = 16;

/// What a monitor's readings come to.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    last_at: Option<Timestamp>,
    known: Option<(Verdict, Finding)>,
    /// When the last readings of the streak began.
    begun: VecDeque<Timestamp>,
}

impl Count {
    fn take(&mut self, finding: Finding, begun_at: Timestamp, every: Duration) {
        self.last_at = Some(begun_at);
        let verdict = finding.verdict();
        if verdict == Verdict::Unknown {
            return;
        }
        let gap = self.begun.back().map_or(Duration::ZERO, |last| begun_at.since(*last));
        let goes_on = self.known.is_some_and(|(before, _)| before == verdict) && !(gap > GAP && gap > every * 3);
        if !goes_on {
            self.begun.clear();
        }
        if self.begun.len() == KEPT {
            self.begun.pop_front();
        }
        self.begun.push_back(begun_at);
        self.known = Some((verdict, finding));
    }

    /// Readings of the streak that began after this time, as far as they are kept.
    pub(super) fn since(&self, from: Option<Timestamp>) -> usize {
        self.begun.iter().filter(|begun| from.is_none_or(|from| **begun > from)).count()
    }

    /// Whether the last reading that could be made is one that a policy is called by.
    pub(super) fn matches(&self, policy: &Policy) -> bool {
        self.known.is_some_and(|(_, finding)| calls(policy, finding))
    }
}

/// Whether a finding alone is one that a policy is called by.
pub(super) fn calls(policy: &Policy, finding: Finding) -> bool {
    let verdict = match finding {
        Finding::Passing => policy.call_on == CallOn::Passing,
        Finding::Failing(_) => policy.call_on == CallOn::Failing,
        Finding::Unknown(_) => false,
    };
    let cause = finding.cause().is_none_or(|cause| policy.causes.is_empty() || policy.causes.contains(&cause));
    verdict && cause
}

/// What every monitor's readings come to, at every place of the journal.
#[derive(Debug, Default)]
pub(super) struct Streaks {
    counts: HashMap<MonitorId, Vec<(Place, u32, Count)>>,
    /// Which process is at each place.
    processes: Vec<u32>,
}

/// One monitor while the journal is read.
#[derive(Debug, Default)]
struct Memory {
    written: Count,
    of: HashMap<u32, OfProcess>,
}

/// What a process has in mind: what it had taken in and nobody had written down is gone when the next one starts, or takes
/// over. Where another has written since, it begins anew with that.
#[derive(Debug, Default)]
struct OfProcess {
    now: Count,
    unwritten: Vec<Count>,
}

impl Memory {
    fn of(&mut self, process: u32) -> &mut OfProcess {
        let written = &self.written;
        self.of.entry(process).or_insert_with(|| OfProcess { now: written.clone(), unwritten: Vec::new() })
    }

    fn write(&mut self, process: u32, last_at: Option<Timestamp>) {
        let Some(of) = self.of.get_mut(&process) else { return };
        if let Some(index) = of.unwritten.iter().rposition(|count| count.last_at == last_at) {
            self.written = of.unwritten[index].clone();
            of.unwritten.drain(..index);
            self.of.retain(|of, _| *of == process);
        }
    }
}

/// What each of several machines holds, as it knows by itself.
#[derive(Debug, Default)]
struct Shares {
    groups: Groups,
    held: HashMap<u32, BTreeMap<Shard, i64>>,
}

impl Shares {
    /// Whether a process works on a monitor. One that shares with nobody works on all.
    fn has(&self, process: u32, monitor: MonitorId) -> bool {
        self.held.get(&process).is_none_or(|held| held.contains_key(&self.groups.of_monitor(monitor)))
    }

    /// Which shards have come to a process, and which it holds no more. What was another's in between is both.
    fn change(&mut self, process: u32, node: NodeId, leases: &[Lease]) -> (Vec<Shard>, Vec<Shard>) {
        let own = leases.iter().filter(|lease| lease.node == node).map(|lease| lease.held);
        let own: BTreeMap<Shard, i64> = own.map(|held| (held.shard, held.epoch)).collect();
        let before = self.held.insert(process, own.clone()).unwrap_or_default();
        let differs = |one: &BTreeMap<Shard, i64>, other: &BTreeMap<Shard, i64>| {
            let is_other = |(shard, epoch): &(&Shard, &i64)| other.get(shard) != Some(*epoch);
            one.iter().filter(is_other).map(|(shard, _)| *shard).collect()
        };
        (differs(&own, &before), differs(&before, &own))
    }
}

impl Streaks {
    pub(super) fn of(notes: &[Note]) -> Self {
        let processes = notes.iter().map(|note| note.process).collect();
        let mut streaks = Self { processes, ..Self::default() };
        let mut memories: HashMap<MonitorId, Memory> = HashMap::new();
        let mut shares = Shares::default();
        for (place, note) in notes.iter().enumerate() {
            let process = note.process;
            match &note.what {
                Noted::Applied(definitions) => shares.groups = Groups::of(definitions),
                // Of what it has lost it has nothing in mind any more, and of what has come it knows what is written.
                Noted::Held { node, leases, .. } => {
                    let (gained, lost) = shares.change(process, *node, leases);
                    for (monitor, memory) in &mut memories {
                        let shard = shares.groups.of_monitor(*monitor);
                        if lost.contains(&shard) {
                            memory.of.remove(&process);
                        }
                        if gained.contains(&shard) {
                            streaks.push(*monitor, place, &memory.of(process).now);
                        }
                    }
                }
                // It was under way when its shard was lost, and is nobody's reading.
                Noted::TakenIn { monitor, .. } if !shares.has(process, *monitor) => {}
                Noted::Started => {
                    for (monitor, memory) in &mut memories {
                        streaks.push(*monitor, place, &memory.of(process).now);
                    }
                }
                Noted::TakenIn { monitor, finding, begun_at, every } => {
                    let of = memories.entry(*monitor).or_default().of(process);
                    of.now.take(*finding, *begun_at, *every);
                    of.unwritten.push(of.now.clone());
                    streaks.push(*monitor, place, &of.now);
                }
                Noted::Remembered { monitor, last_at } => {
                    memories.entry(*monitor).or_default().write(process, *last_at);
                }
                _ => {}
            }
        }
        streaks
    }

    fn push(&mut self, monitor: MonitorId, place: Place, count: &Count) {
        self.counts.entry(monitor).or_default().push((place, self.processes[place], count.clone()));
    }

    /// What a monitor's readings come to at a place, what was taken in there among them, for the process that is there.
    pub(super) fn at(&self, monitor: MonitorId, place: Place) -> Count {
        let counts = self.counts.get(&monitor).map_or(&[][..], Vec::as_slice);
        let after = counts.partition_point(|(at, ..)| *at <= place);
        let mut before = counts[..after].iter().rev();
        let own = before.find(|(_, process, _)| Some(process) == self.processes.get(place));
        own.map(|(_, _, count)| count.clone()).unwrap_or_default()
    }
}
