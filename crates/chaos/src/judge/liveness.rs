//! Nobody starves, and nothing that was seen is lost while the process lives.
//!
//! Bounds are of the world's clock. What the process cannot help moves them: its own death, another file, and a store that
//! does not answer.

use super::evidence::Evidence;
use super::streaks::calls;
use super::terms::{Place, Violation};
use crate::stage::{Note, Noted};
use crate::story::{Spell, What};
use flyball_config::Definitions;
use flyball_model::{Finding, MonitorId, ReactionId, Timestamp, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// Within this, who is called is asked. A look has four calls of at most 12 s each, a choice may need a few pages of
/// releases and the references beside, and whoever comes in the middle of one waits for its end and then for their own.
const ASKED_WITHIN: Duration = Duration::from_secs(180);
/// Within this, a reading is on disk: it waits for a choice at most.
const WRITTEN_WITHIN: Duration = Duration::from_secs(180);

const ASKED: &str = "who is called is asked within a bounded time";
const WRITTEN: &str = "what was seen is on disk within a bounded time";

/// What is owed, while the journal is read.
struct Owed<'a> {
    evidence: &'a Evidence<'a>,
    definitions: Option<&'a Definitions>,
    /// Since when who is called, and was not asked since.
    called: BTreeMap<(MonitorId, ReactionId), Timestamp>,
    /// The oldest reading of each monitor that is not on disk: when it came, and when it began by Flyball's clock.
    unwritten: BTreeMap<MonitorId, (Timestamp, Timestamp)>,
    /// Until when the store gave trouble.
    trouble_until: Timestamp,
    violations: Vec<Violation>,
}

/// What is called is asked, and what was seen is written.
pub(super) fn nobody_starves(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut owed = Owed {
        evidence,
        definitions: None,
        called: BTreeMap::new(),
        unwritten: BTreeMap::new(),
        trouble_until: Timestamp::EPOCH,
        violations: Vec::new(),
    };
    for (place, note) in evidence.record.notes.iter().enumerate() {
        if matches!(note.what, Noted::Quiet) {
            break;
        }
        owed.take_up(place, note);
    }
    owed.violations
}

impl<'a> Owed<'a> {
    fn take_up(&mut self, place: Place, note: &'a Note) {
        self.look_for_what_is_overdue(note.at);
        match &note.what {
            Noted::Started | Noted::Stopped => self.forgive(),
            Noted::Applied(definitions) => {
                self.definitions = Some(definitions);
                self.forgive();
            }
            Noted::Happened(What::Spell { of, lasts }) => {
                if matches!(of, Spell::DiskFull | Spell::DatabaseBusy | Spell::SlowDisk) {
                    self.trouble_until = self.trouble_until.max(note.at + *lasts);
                }
            }
            // Whether a clock that was set back makes what is known of the future, nobody judges.
            Noted::Happened(What::ClockStep { .. }) => self.forgive(),
            Noted::Faulted { met, .. } if met.line.starts_with("store ") => {
                self.trouble_until = self.trouble_until.max(note.at);
            }
            Noted::TakenIn { monitor, finding, begun_at, .. } => {
                self.unwritten.entry(*monitor).or_insert((note.at, *begun_at));
                self.read(*monitor, *finding, place, note.at);
            }
            Noted::Asked { monitor, reaction, .. } => drop(self.called.remove(&(*monitor, *reaction))),
            Noted::Remembered { monitor, last_at } => {
                let is_written = |(_, begun_at): &(Timestamp, Timestamp)| Some(*begun_at) <= *last_at;
                self.unwritten.retain(|of, unwritten| of != monitor || !is_written(unwritten));
            }
            _ => {}
        }
    }

    /// What a reading calls for is owed an answer; what it no longer calls for is not.
    fn read(&mut self, monitor: MonitorId, finding: Finding, place: Place, at: Timestamp) {
        let Some(definitions) = self.definitions.filter(|_| finding.verdict() != Verdict::Unknown) else { return };
        let Some(watching) = definitions.monitors.iter().find(|of| of.id == monitor) else { return };
        let count = self.evidence.streaks.at(monitor, place);
        for reaction in definitions.reactions.iter().filter(|of| watching.reactions.contains(&of.name)) {
            let policy = &reaction.policy;
            let trigger = usize::try_from(policy.trigger.get()).unwrap_or(usize::MAX);
            if policy.enabled && calls(policy, finding) && count.since(None) >= trigger {
                self.called.entry((monitor, reaction.id)).or_insert(at);
            } else {
                self.called.remove(&(monitor, reaction.id));
            }
        }
    }

    fn forgive(&mut self) {
        self.called.clear();
        self.unwritten.clear();
    }

    fn look_for_what_is_overdue(&mut self, now: Timestamp) {
        let trouble = self.trouble_until;
        let is_over = |since: Timestamp, bound: Duration| now > since.max(trouble) + bound;
        let starving: Vec<_> = self
            .called
            .iter()
            .filter(|(_, since)| is_over(**since, ASKED_WITHIN))
            .map(|(key, at)| (*key, *at))
            .collect();
        for (key, since) in starving {
            self.called.remove(&key);
            let words =
                format!("\"{}\" was called, and not asked for {} s", self.name(key.1), now.since(since).as_secs());
            self.violations.push(Violation { invariant: ASKED, words, at: since, run: None });
        }
        let lost: Vec<_> = self
            .unwritten
            .iter()
            .filter(|(_, (came, _))| is_over(*came, WRITTEN_WITHIN))
            .map(|(of, at)| (*of, at.0))
            .collect();
        for (monitor, came) in lost {
            self.unwritten.remove(&monitor);
            let words = format!("a reading was not on disk after {} s", now.since(came).as_secs());
            self.violations.push(Violation { invariant: WRITTEN, words, at: came, run: None });
        }
    }

    fn name(&self, reaction: ReactionId) -> String {
        let mut reactions = self.definitions.into_iter().flat_map(|definitions| &definitions.reactions);
        reactions.find(|of| of.id == reaction).map_or_else(|| reaction.to_string(), |of| of.name.to_string())
    }
}
