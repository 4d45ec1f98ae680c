//! Streaks, counted once more from the readings that were taken in, by other code than the engine's.

use super::terms::Place;
use crate::stage::{Note, Noted};
use flyball_model::{CallOn, Finding, MonitorId, Policy, Timestamp, Verdict};
use std::collections::{HashMap, VecDeque};
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
pub(super) struct Streaks(HashMap<MonitorId, Vec<(Place, Count)>>);

/// One monitor while the journal is read: what a process had taken in and nobody had written down is gone when the next
/// one starts.
#[derive(Debug, Default)]
struct Memory {
    now: Count,
    written: Count,
    unwritten: Vec<Count>,
}

impl Streaks {
    pub(super) fn of(notes: &[Note]) -> Self {
        let mut streaks = Self::default();
        let mut memories: HashMap<MonitorId, Memory> = HashMap::new();
        for (place, note) in notes.iter().enumerate() {
            match &note.what {
                Noted::Started => {
                    for (monitor, memory) in &mut memories {
                        memory.unwritten.clear();
                        memory.now = memory.written.clone();
                        streaks.0.entry(*monitor).or_default().push((place, memory.now.clone()));
                    }
                }
                Noted::TakenIn { monitor, finding, begun_at, every } => {
                    let memory = memories.entry(*monitor).or_default();
                    memory.now.take(*finding, *begun_at, *every);
                    memory.unwritten.push(memory.now.clone());
                    streaks.0.entry(*monitor).or_default().push((place, memory.now.clone()));
                }
                Noted::Remembered { monitor, last_at } => {
                    let memory = memories.entry(*monitor).or_default();
                    if let Some(index) = memory.unwritten.iter().rposition(|count| count.last_at == *last_at) {
                        memory.written = memory.unwritten[index].clone();
                        memory.unwritten.drain(..index);
                    }
                }
                _ => {}
            }
        }
        streaks
    }

    /// What a monitor's readings come to at a place, what was taken in there among them.
    pub(super) fn at(&self, monitor: MonitorId, place: Place) -> Count {
        let counts = self.0.get(&monitor).map_or(&[][..], Vec::as_slice);
        let after = counts.partition_point(|(at, _)| *at <= place);
        after.checked_sub(1).map(|last| counts[last].1.clone()).unwrap_or_default()
    }
}
