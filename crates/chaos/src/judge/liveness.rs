//! Nobody starves, and nothing that was seen is lost while the process lives.
//!
//! Bounds are of the world's clock. What the process cannot help moves them: its own death, another file, and a store that
//! does not answer.

use super::evidence::Evidence;
use super::hands::Hands;
use super::streaks::calls;
use super::terms::{Place, Violation};
use crate::stage::{Note, Noted};
use crate::story::{Spell, What};
use flyball_config::Definitions;
use flyball_model::{AppName, Finding, MonitorId, ReactionId, Timestamp, Verdict};
use flyball_reactions::Reaction;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Within this, who is called is asked. A look has four calls of at most 12 s each, a choice may need a few pages of
/// releases and the references beside, and whoever comes in the middle of one waits for its end and then for their own.
const ASKED_WITHIN: Duration = Duration::from_secs(180);
/// At most this many choices about an app leave out who is called: the one that is being made then, and no other.
const LEFT_OUT: usize = 1;
/// Within this, every reading and what it led to is on disk: it waits for a choice at most.
const WRITTEN_WITHIN: Duration = Duration::from_secs(180);

const ASKED: &str = "who is called is asked within a bounded time";
const NEXT: &str = "who comes in the middle of a choice is asked with the next";
const WRITTEN: &str = "what was seen is on disk within a bounded time";

/// What is owed, while the journal is read.
struct Owed<'a> {
    evidence: &'a Evidence<'a>,
    definitions: Option<&'a Definitions>,
    /// Since when who is called, and was not asked since.
    called: BTreeMap<Key, Called>,
    /// The apps about which a choice was made just now.
    chosen: BTreeSet<AppName>,
    /// When each reading came that is not on disk, and of what monitor, begun when by Flyball's clock.
    unrecorded: BTreeMap<(MonitorId, Timestamp), (Timestamp, u32)>,
    /// The oldest reading of each monitor of which it is not on disk what it led to: when it came, and when it began by
    /// Flyball's clock.
    unwritten: BTreeMap<MonitorId, (Timestamp, Timestamp)>,
    /// Which process looked at each monitor last. What another had seen of it is not its own to write any more.
    watched_by: BTreeMap<MonitorId, u32>,
    hands: Hands,
    /// Until when the store gave trouble.
    trouble_until: Timestamp,
    violations: Vec<Violation>,
}

/// A reaction, and the monitor that calls it.
type Key = (MonitorId, ReactionId);

/// Who is called, and was not asked since.
struct Called {
    since: Timestamp,
    /// How many choices about its app were made since, and left it out.
    left_out: usize,
}

/// What is called is asked, and what was seen is written.
pub(super) fn nobody_starves(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut owed = Owed {
        evidence,
        definitions: None,
        called: BTreeMap::new(),
        chosen: BTreeSet::new(),
        unrecorded: BTreeMap::new(),
        unwritten: BTreeMap::new(),
        watched_by: BTreeMap::new(),
        hands: Hands::default(),
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
        if !matches!(note.what, Noted::Asked { .. }) {
            self.look_for_who_was_left_out();
        }
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
                // A choice that fails has asked nobody, and those whom it had taken up are called by their next reading.
                self.called.clear();
            }
            Noted::Happened(What::Halt { lasts, .. }) => {
                self.trouble_until = self.trouble_until.max(note.at + *lasts);
            }
            // What is somebody else's to do is theirs to do from the beginning.
            Noted::Held { leases, .. } if self.hands.change(leases) => {
                self.forgive();
            }
            Noted::TakenIn { monitor, finding, begun_at, .. } => {
                if self.watched_by.insert(*monitor, note.process).is_some_and(|before| before != note.process) {
                    self.unrecorded.retain(|(of, _), (_, process)| of != monitor || *process == note.process);
                    self.unwritten.remove(monitor);
                }
                self.unrecorded.insert((*monitor, *begun_at), (note.at, note.process));
                self.unwritten.entry(*monitor).or_insert((note.at, *begun_at));
                self.read(*monitor, *finding, place, note.at);
            }
            Noted::Asked { monitor, reaction, .. } => {
                self.called.remove(&(*monitor, *reaction));
                self.chosen.extend(self.app(*reaction).cloned());
            }
            Noted::Written { monitor, begun_at } => drop(self.unrecorded.remove(&(*monitor, *begun_at))),
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
                self.called.entry((monitor, reaction.id)).or_insert(Called { since: at, left_out: 0 });
            } else {
                self.called.remove(&(monitor, reaction.id));
            }
        }
    }

    fn forgive(&mut self) {
        self.called.clear();
        self.chosen.clear();
        self.unrecorded.clear();
        self.unwritten.clear();
    }

    fn look_for_what_is_overdue(&mut self, now: Timestamp) {
        let trouble = self.trouble_until;
        let is_over = |since: Timestamp, bound: Duration| now > since.max(trouble) + bound;
        let starving: Vec<_> = self
            .called
            .iter()
            .filter(|(_, called)| is_over(called.since, ASKED_WITHIN))
            .map(|(key, called)| (*key, called.since))
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
            self.is_not_on_disk("what a reading led to", came, now);
        }
        let lost: Vec<_> = self.unrecorded.extract_if(.., |_, (came, _)| is_over(*came, WRITTEN_WITHIN)).collect();
        for (_, (came, _)) in lost {
            self.is_not_on_disk("a reading", came, now);
        }
    }

    fn is_not_on_disk(&mut self, what: &str, came: Timestamp, now: Timestamp) {
        let words = format!("{what} was not on disk after {} s", now.since(came).as_secs());
        self.violations.push(Violation { invariant: WRITTEN, words, at: came, run: None });
    }

    /// A choice takes up everybody who waits then. Who is called while it is made is taken up by the next. Of several machines, the
    /// one that lets go of a shard leaves out who is called in it, before anybody can see that it has changed hands; that they are
    /// asked within a bounded time holds there too.
    fn look_for_who_was_left_out(&mut self) {
        let chosen = std::mem::take(&mut self.chosen);
        if chosen.is_empty() || self.evidence.story.is_shared() {
            return;
        }
        let mut overlooked = Vec::new();
        for (key, called) in &mut self.called {
            if reaction_of(self.definitions, key.1).is_some_and(|reaction| chosen.contains(reaction.kind.app())) {
                called.left_out += 1;
                if called.left_out > LEFT_OUT {
                    overlooked.push((*key, called.since));
                }
            }
        }
        for (key, since) in overlooked {
            self.called.remove(&key);
            let words = format!("two choices about its app left \"{}\" out, which was called before", self.name(key.1));
            self.violations.push(Violation { invariant: NEXT, words, at: since, run: None });
        }
    }

    fn reaction(&self, id: ReactionId) -> Option<&'a Reaction> {
        reaction_of(self.definitions, id)
    }

    fn app(&self, reaction: ReactionId) -> Option<&'a AppName> {
        self.reaction(reaction).map(|reaction| reaction.kind.app())
    }

    fn name(&self, reaction: ReactionId) -> String {
        self.reaction(reaction).map_or_else(|| reaction.to_string(), |of| of.name.to_string())
    }
}

fn reaction_of(definitions: Option<&Definitions>, id: ReactionId) -> Option<&Reaction> {
    definitions.and_then(|definitions| definitions.reactions.iter().find(|of| of.id == id))
}
