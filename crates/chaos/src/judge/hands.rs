//! Several machines on one store: who holds what, and that nobody else acts on it.

use super::evidence::Evidence;
use super::terms::Violation;
use crate::stage::{Note, Noted};
use crate::story::{Spell, What};
use flyball_config::Definitions;
use flyball_model::{AppName, MonitorId, NodeId, ReactionId, Timestamp};
use flyball_store::{Held, Lease, Shard};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const HANDS: &str = "a shard changes hands only when it was given back or its lease has lapsed";
const TRESPASS: &str = "what is written by a shard is written by who holds it";
const ONE_MIND: &str = "one app, one mind";
const AGAIN: &str = "every monitor is looked at again soon after whoever watched it fell silent";

/// As the product promises it: a lease, a look at it, and recalling.
const AGAIN_WITHIN: Duration = Duration::from_secs(15);
/// The longest that a check may take itself: a look at dynos has four calls of at most 12 s each.
const CHECK_MAX: Duration = Duration::from_secs(50);
/// A choice that was under way when its shard was lost is made to its end, within this, and nothing of it is written.
const CHOICE_MAX: Duration = Duration::from_secs(60);

/// Who holds what, as the store said last.
#[derive(Debug, Default)]
pub(super) struct Hands(BTreeSet<(NodeId, Held)>);

impl Hands {
    /// True when the store says something else than before.
    pub(super) fn change(&mut self, leases: &[Lease]) -> bool {
        let now = leases.iter().map(|lease| (lease.node, lease.held)).collect();
        std::mem::replace(&mut self.0, now) != self.0
    }
}

/// What is known while the journal is read.
struct Watch<'a> {
    definitions: Option<&'a Definitions>,
    hands: Hands,
    /// Who holds each shard, and until when by the store's clock.
    until: BTreeMap<Shard, (Held, NodeId, Timestamp)>,
    /// When each process renewed its leases last.
    renewed: BTreeMap<u32, Timestamp>,
    /// The process of each node.
    processes: BTreeMap<NodeId, u32>,
    /// Until when each process that was halted stands.
    stands_until: BTreeMap<u32, Timestamp>,
    /// When each process lost a shard last, or went on after it.
    lost: BTreeMap<u32, Timestamp>,
    /// Which process was asked about each app since anything changed.
    minds: BTreeMap<AppName, u32>,
    /// Which process looked at each monitor last, and the monitor's interval.
    watched: BTreeMap<MonitorId, (u32, Duration)>,
    /// By when each monitor must be looked at again, whose watcher fell silent.
    due: BTreeMap<MonitorId, Timestamp>,
    /// Which processes live.
    alive: BTreeSet<u32>,
    /// Until when the store gave trouble.
    trouble_until: Timestamp,
    violations: Vec<Violation>,
}

/// What must hold of the shares of several machines.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Violation> {
    if !evidence.story.is_shared() {
        return Vec::new();
    }
    let mut watch = Watch {
        definitions: None,
        hands: Hands::default(),
        until: BTreeMap::new(),
        renewed: BTreeMap::new(),
        processes: BTreeMap::new(),
        stands_until: BTreeMap::new(),
        lost: BTreeMap::new(),
        minds: BTreeMap::new(),
        watched: BTreeMap::new(),
        due: BTreeMap::new(),
        alive: BTreeSet::new(),
        trouble_until: Timestamp::EPOCH,
        violations: Vec::new(),
    };
    for note in &evidence.record.notes {
        watch.take_up(note);
    }
    watch.violations
}

impl<'a> Watch<'a> {
    fn violates(&mut self, invariant: &'static str, at: Timestamp, words: String) {
        self.violations.push(Violation { invariant, words, at, run: None });
    }

    fn take_up(&mut self, note: &'a Note) {
        self.look_for_who_is_not_watched(note.at);
        match &note.what {
            Noted::Started => {
                self.alive.insert(note.process);
                self.minds.clear();
            }
            Noted::Stopped => {
                self.alive.remove(&note.process);
                self.minds.clear();
                self.falls_silent(note);
            }
            Noted::Applied(definitions) => {
                self.definitions = Some(definitions);
                self.minds.clear();
                self.put_off(note.at);
            }
            Noted::Happened(What::Halt { lasts, .. }) => {
                // Whoever stands as well cannot take anything over.
                self.trouble_until = self.trouble_until.max(note.at + *lasts);
                self.stands_until.insert(note.process, note.at + *lasts);
                self.falls_silent(note);
            }
            Noted::Happened(What::Spell { of, lasts }) => {
                if matches!(of, Spell::DiskFull | Spell::DatabaseBusy | Spell::SlowDisk) {
                    self.trouble_until = self.trouble_until.max(note.at + *lasts);
                }
            }
            Noted::Faulted { met, .. } if met.line.starts_with("store ") => {
                self.trouble_until = self.trouble_until.max(note.at);
            }
            Noted::Held { node, gave, leases } => self.hold(note, *node, gave, leases),
            Noted::Trespassed(shard) => {
                let words = format!("process {} wrote by shard {}, and did not hold it", note.process, shard.number());
                self.violates(TRESPASS, note.at, words);
            }
            Noted::Asked { reaction, .. } => self.ask(note, *reaction),
            Noted::TakenIn { monitor, every, .. } => {
                self.watched.insert(*monitor, (note.process, *every));
                self.due.remove(monitor);
            }
            _ => {}
        }
    }

    fn hold(&mut self, note: &Note, node: NodeId, gave: &[Shard], leases: &[Lease]) {
        self.renewed.insert(note.process, note.at);
        self.processes.insert(node, note.process);
        if !gave.is_empty() {
            self.lost.insert(note.process, note.at);
        }
        self.until.retain(|shard, (_, holder, _)| !(*holder == node && gave.contains(shard)));
        for lease in leases {
            let shard = lease.held.shard;
            let before = self.until.insert(shard, (lease.held, lease.node, note.at + lease.left));
            let Some((held, holder, until)) = before else { continue };
            if let Some(loser) = self.processes.get(&holder).filter(|_| holder != lease.node) {
                let goes_on = self.stands_until.get(loser).copied();
                self.lost.insert(*loser, goes_on.max(Some(note.at)).unwrap_or(note.at));
            }
            if holder != lease.node && note.at < until {
                let left = until.since(note.at).as_millis();
                let words =
                    format!("shard {} in epoch {} had {left} ms left, and was taken", shard.number(), held.epoch);
                self.violates(HANDS, note.at, words);
            }
        }
        if self.hands.change(leases) {
            self.minds.clear();
            self.put_off(note.at);
        }
    }

    /// Whoever has not renewed its leases for so long, or has just lost a shard or given one back, may decide what it can write nothing of: for a
    /// while that ends, and no longer.
    fn ask(&mut self, note: &Note, reaction: ReactionId) {
        let holds = self.renewed.get(&note.process).is_some_and(|at| note.at < *at + Lease::TERM)
            && self.lost.get(&note.process).is_none_or(|at| note.at > *at + CHOICE_MAX);
        let reactions = self.definitions.filter(|_| holds).into_iter().flat_map(|definitions| &definitions.reactions);
        let Some(app) = reactions.into_iter().find(|of| of.id == reaction).map(|of| of.kind.app().clone()) else {
            return;
        };
        let mind = *self.minds.entry(app.clone()).or_insert(note.process);
        if mind != note.process {
            self.minds.insert(app.clone(), note.process);
            let words = format!("processes {mind} and {} were both asked about {app}", note.process);
            self.violates(ONE_MIND, note.at, words);
        }
    }

    /// What a process watched is owed a look by whoever is left.
    fn falls_silent(&mut self, note: &Note) {
        let own = self.watched.iter().filter(|(_, (process, _))| *process == note.process);
        let owed: Vec<_> = own.map(|(monitor, (_, every))| (*monitor, by_when(note.at, *every))).collect();
        self.put_off(note.at);
        self.due.extend(owed);
    }

    /// Something changes on the way: the time begins anew.
    fn put_off(&mut self, now: Timestamp) {
        for (monitor, due) in &mut self.due {
            let every = self.watched.get(monitor).map_or(Duration::ZERO, |(_, every)| *every);
            *due = (*due).max(by_when(now, every));
        }
    }

    fn look_for_who_is_not_watched(&mut self, now: Timestamp) {
        if self.alive.is_empty() || now <= self.trouble_until {
            return self.put_off(now);
        }
        let late: Vec<_> = self.due.extract_if(.., |_, due| *due < now).collect();
        for (monitor, due) in late {
            let watches = |definitions: &Definitions| definitions.monitors.iter().any(|of| of.id == monitor);
            if self.definitions.is_some_and(watches) {
                let words = format!("monitor {monitor} was not looked at by then");
                self.violates(AGAIN, due, words);
            }
        }
    }
}

fn by_when(from: Timestamp, every: Duration) -> Timestamp {
    from + AGAIN_WITHIN + every + CHECK_MAX
}
