//! Shares of the work: where several engines work on one store, each knows only the monitors and reactions of the shards that it
//! holds. To come to hold one is to start with them, as after a restart; to lose one is to forget them.
//!
//! The store says who holds what, and lets nobody write by what they lost ([`flyball_store::Tenure`]). So what a node believes
//! may be old, and does no harm.

mod balance;
mod clock;
mod groups;
mod newest;

use crate::engine::Engine;
use crate::live::Live;
use balance::{Moves, balance, free};
pub use clock::go_by_the_stores_clock;
use flyball_config::Definitions;
use flyball_model::{MonitorId, NodeId, ReactionId};
use flyball_monitors::Monitor;
use flyball_store::{Batch, Error, Held, Lease, Of, Shard, Shares, Tenure};
pub use groups::Groups;
pub(crate) use newest::newest;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A shard that is to be given back is kept for so long at most while runs are under way here, so that most answers are heard; who
/// takes it over looks for the others. Nobody looks at its monitors meanwhile.
const KEEP_MAX: Duration = Duration::from_secs(3);

/// A shard that is free for so long is taken by whoever sees it: who was to take it would have, with its next look. Who died counts
/// as living until its lease has lapsed, and others that are killed meanwhile could keep it free for as long again.
const LIE_MAX: Duration = Duration::from_secs(2);

/// What an engine works on.
#[derive(Clone, Default)]
pub(crate) struct Share {
    groups: Groups,
    /// In which epoch it holds what; none where it does everything and holds nothing by a lease.
    held: Option<BTreeMap<Shard, i64>>,
    /// What it holds and does not work on any more, and since when by the time that passes: about to be given back.
    leaving: BTreeMap<Shard, Duration>,
    /// What nobody holds, and since when by the time that passes.
    free: BTreeMap<Shard, Duration>,
    /// When its leases were renewed last, by the time that passes.
    renewed: Option<Duration>,
}

impl Share {
    /// From now on it works on what it holds.
    fn begin(&mut self) {
        self.held = Some(BTreeMap::new());
    }

    fn works_on(&self, shard: Shard) -> bool {
        self.held.as_ref().is_none_or(|held| held.contains_key(&shard) && !self.leaving.contains_key(&shard))
    }

    fn holds(&self, shard: Shard) -> bool {
        self.held.as_ref().is_none_or(|held| held.contains_key(&shard))
    }

    /// Whether a reaction's runs are its own to bring forward.
    pub(crate) fn has_reaction(&self, reaction: ReactionId) -> bool {
        self.works_on(self.groups.of_reaction(reaction))
    }

    fn has_monitor(&self, monitor: MonitorId) -> bool {
        self.works_on(self.groups.of_monitor(monitor))
    }

    /// By what it holds a reaction's runs.
    pub(crate) fn holding(&self, reaction: ReactionId) -> Vec<Held> {
        self.in_epochs(&BTreeSet::from([self.groups.of_reaction(reaction)]))
    }

    fn in_epochs(&self, shards: &BTreeSet<Shard>) -> Vec<Held> {
        let held = self.held.iter().flatten().filter(|(shard, _)| shards.contains(shard));
        held.map(|(shard, epoch)| Held { shard: *shard, epoch: *epoch }).collect()
    }

    /// Leaves in a batch what its node holds, and says by what. The rest is somebody else's now, who looks again.
    pub(crate) fn keep_own(&self, node: NodeId, batch: &mut Batch) {
        if self.held.is_none() {
            return;
        }
        let mut shards = BTreeSet::new();
        let mut is_own = |shard: Shard| {
            let is_held = self.holds(shard);
            if is_held {
                shards.insert(shard);
            }
            is_held
        };
        batch.readings.retain(|(monitor, _)| is_own(self.groups.of_monitor(*monitor)));
        batch.states.retain(|row| is_own(self.groups.of_monitor(row.monitor)));
        batch.holdings.retain(|row| is_own(self.groups.of_monitor(row.key.monitor)));
        batch.runs.retain(|run| is_own(self.groups.of_reaction(run.reaction)));
        batch.entries.retain(|entry| {
            let of = match (&entry.reaction, &entry.monitor) {
                (Some((reaction, _)), _) => Some(self.groups.of_reaction(*reaction)),
                (None, Some((monitor, _))) => Some(self.groups.of_monitor(*monitor)),
                (None, None) => None,
            };
            of.is_none_or(&mut is_own)
        });
        // What no file watches any more is nobody's: whoever knows of it ends it, which all do in the same way.
        batch.incidents.retain(|incident| self.groups.of_incident(&incident.of).is_none_or(&mut is_own));
        batch.tenure = Some(Tenure { node, held: self.in_epochs(&shards) });
    }

    /// What of a file is its own.
    pub(crate) fn of<'a>(&self, definitions: &'a Definitions) -> Cow<'a, Definitions> {
        if self.held.is_none() {
            return Cow::Borrowed(definitions);
        }
        let mut own = definitions.clone();
        own.monitors.retain(|monitor| self.has_monitor(monitor.id));
        own.reactions.retain(|reaction| self.has_reaction(reaction.id));
        Cow::Owned(own)
    }
}

/// What an engine does about the shares of the work now.
struct Decided {
    /// Gives these back: it has not worked on them for long enough.
    give: Vec<Shard>,
    /// Takes these.
    take: Vec<Shard>,
    /// These were to be given, and are not any more. It has forgotten what it knew of them.
    stays: BTreeSet<Shard>,
    /// Whether there is more than before that it does not work on any more.
    leaves_more: bool,
}

impl Engine {
    /// What it works on.
    pub(crate) fn share(&self) -> MutexGuard<'_, Share> {
        // Every step under the lock leaves it whole, so a panic elsewhere does not make it less true.
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it shares the work with others.
    pub(crate) fn shares_work(&self) -> bool {
        self.share().held.is_some()
    }

    /// Whether it does what is done once for all nodes.
    pub(crate) fn is_first(&self) -> bool {
        self.share().works_on(Shard::FIRST)
    }

    /// From now on it works on what it holds, which is nothing yet.
    pub(crate) fn begin_to_share(&self) {
        self.share().begin();
    }

    /// Goes over to another file. What it ties together now may be ours without any shard changing hands.
    pub(crate) async fn part(&self, definitions: &Definitions) -> Result<(), Error> {
        let _alone = self.going_over.lock().await;
        let groups = Groups::of(definitions);
        *self.whole.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(definitions.clone()));
        self.keep_in_force(definitions);
        self.go_over(|share| share.groups = groups).await
    }

    /// Looks who works on what, once; gives, renews and takes what is to be; and starts with what has come to it. True when it
    /// works on something else than before.
    ///
    /// # Errors
    ///
    /// When the store does not answer: it goes on with what it has, of which it can write nothing once it is another's.
    pub async fn share_work(&self) -> Result<bool, Error> {
        if !self.shares_work() {
            return Ok(false);
        }
        let _alone = self.going_over.lock().await;
        go_by_the_stores_clock(&*self.ports.store, &*self.ports.clock).await?;
        let passed = self.ports.time.passed();
        let now = self.ports.clock.now();
        let mut shares = self.ports.store.shares(now).await?;
        let Decided { give, take, stays, leaves_more } = self.decide(&shares, passed);
        let is_due = self.share().renewed.is_none_or(|at| passed.saturating_sub(at) >= Lease::RENEW_EVERY);
        if is_due || !give.is_empty() || !take.is_empty() {
            shares = self.ports.store.hold(self.node, &give, &take, now).await?;
            self.share().renewed = Some(passed);
        }
        Ok(self.go_by(&shares, &stays).await? || leaves_more)
    }

    /// What is to be given back and taken now. What is to be given is not worked on from now on, and given back once nothing of it
    /// is under way: with the next look, when all that was seen of it is written.
    fn decide(&self, shares: &Shares, passed: Duration) -> Decided {
        let has_runs = !self.memory().held.is_empty();
        let mut share = self.share();
        let since = |since: &Duration| passed.saturating_sub(*since);
        let known = std::mem::take(&mut share.free);
        share.free =
            free(self.node, shares).map(|shard| (shard, known.get(&shard).copied().unwrap_or(passed))).collect();
        let lying = share.free.iter().filter(|(_, at)| since(at) >= LIE_MAX).map(|(shard, _)| *shard).collect();
        let Moves { give, take } = balance(self.node, shares, &share.groups, &lying);
        let is_over = |at: &Duration| since(at) >= Lease::LOOK_EVERY && (!has_runs || since(at) >= KEEP_MAX);
        let held = share.held.clone().unwrap_or_default();
        share.leaving.retain(|shard, _| held.contains_key(shard));
        let stays = share.leaving.keys().filter(|shard| !give.contains(shard)).copied().collect();
        let leaving = share.leaving.len();
        give.iter().for_each(|shard| {
            share.leaving.entry(*shard).or_insert(passed);
        });
        Decided {
            give: give.into_iter().filter(|shard| share.leaving.get(shard).is_some_and(is_over)).collect(),
            take,
            stays,
            leaves_more: share.leaving.len() > leaving,
        }
    }

    /// Goes by what the store says: forgets what is lost, and starts with what has come, or stays after all.
    async fn go_by(&self, shares: &Shares, stays: &BTreeSet<Shard>) -> Result<bool, Error> {
        let own = shares.leases.iter().filter(|lease| lease.node == self.node);
        let held: BTreeMap<Shard, i64> = own.map(|lease| (lease.held.shard, lease.held.epoch)).collect();
        let before = self.share().held.clone().unwrap_or_default();
        if held == before && stays.is_empty() {
            return Ok(false);
        }
        // What was lost and has come back was another's in between.
        let kept = before.iter().filter(|(shard, epoch)| held.get(shard) == Some(epoch));
        let kept: BTreeMap<Shard, i64> = kept.map(|(shard, epoch)| (*shard, *epoch)).collect();
        let (lost, gained) = (before.len() - kept.len(), held.len() - kept.len());
        self.share().held = Some(kept);
        if lost > 0 {
            self.rewire();
        }
        if gained > 0 || !stays.is_empty() {
            let shards = held.len();
            self.go_over(|share| {
                share.held = Some(held);
                share.leaving.retain(|shard, _| !stays.contains(shard));
            })
            .await?;
            tracing::info!(shards, lost, gained, "the share of the work has changed");
        }
        Ok(true)
    }

    /// Goes over to another share, or another file: starts with what has come to it by that. It recalls what is known of it, works
    /// on it from now on, and takes over its runs. Where the store does not answer, it stays with what it had.
    async fn go_over(&self, change: impl FnOnce(&mut Share)) -> Result<(), Error> {
        let before = self.share().clone();
        let mut after = before.clone();
        change(&mut after);
        let has_come = |monitor: MonitorId| after.has_monitor(monitor) && !before.has_monitor(monitor);
        let store = &self.ports.store;
        let (remembered, holdings, newer) =
            (store.remembered(Of::All).await?, store.holdings(Of::All).await?, store.newer_readings(Of::All).await?);
        let mut open = self.open_incidents().await?;
        self.memory().recall(
            remembered.into_iter().filter(|row| has_come(row.monitor)),
            holdings.into_iter().filter(|row| has_come(row.key.monitor)),
        );
        // Of what was its own before it knows more than the store.
        let wiring = self.wiring();
        open.retain(|incident| wiring.watching(&incident.of).next().is_none());
        self.memory().recall_incidents(open);
        *self.share() = after.clone();
        self.rewire();
        self.memory().catch_up(newer.into_iter().filter(|row| has_come(row.monitor)));
        let ours = |reaction: ReactionId| after.has_reaction(reaction) && !before.has_reaction(reaction);
        if let Err(error) = self.take_over(&ours).await {
            // Begun anew with the next look.
            *self.share() = before;
            self.rewire();
            return Err(error);
        }
        self.write_incidents().await;
        Ok(())
    }

    /// Gives back everything that it holds: it has stopped.
    ///
    /// # Errors
    ///
    /// When the store does not answer: the leases lapse then.
    pub(crate) async fn give_back(&self) -> Result<(), Error> {
        let Some(held) = self.share().held.clone() else { return Ok(()) };
        let all: Vec<Shard> = held.into_keys().collect();
        self.ports.store.hold(self.node, &all, &[], self.ports.clock.now()).await.map(|_| ())
    }

    /// Looks every second who works on what, until `stop` is cancelled, and has the loop take up what changes.
    pub async fn keep_share(&self, live: &Live, stop: CancellationToken) {
        if !self.shares_work() {
            return;
        }
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.ports.time.wait(Lease::LOOK_EVERY) => {}
            }
            match self.share_work().await {
                Ok(true) => {
                    self.rewire();
                    live.rewired();
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %error.in_full(), "who works on what could not be looked at; trying again");
                }
            }
        }
    }

    /// What of a file is its own to work on.
    pub(crate) fn own(&self, definitions: &Definitions) -> Definitions {
        self.share().of(definitions).into_owned()
    }

    /// Whether a monitor that has come to us has not been looked at for longer than its interval: whoever had it is dead.
    pub(crate) fn is_overdue(&self, monitor: &Monitor) -> bool {
        if !self.shares_work() {
            return false;
        }
        let last = self.memory().state(monitor.id).and_then(|state| state.last_at);
        last.is_some_and(|last| last + monitor.every <= self.ports.clock.now())
    }

    /// The whole file that is in force, where only a part of it is our own.
    pub(crate) fn whole(&self) -> Option<Arc<Definitions>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
