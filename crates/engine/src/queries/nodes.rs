//! The engines that share the work, and what each has of it.

use super::Reader;
use crate::share::Groups;
use flyball_model::{Excerpt, NodeId};
use flyball_store::{Error, Peer, SeenSign, Shares};
use serde::Serialize;
use std::time::Duration;

/// An engine that fell silent is shown for this long; longer only while it still holds something.
const SILENT_SHOWN: Duration = Duration::from_secs(600);

/// An engine among several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeView {
    /// What people call it: its machine and its process there.
    pub name: String,
    /// What it is known by.
    pub node: NodeId,
    /// The machine that it runs on.
    pub host: Excerpt,
    /// Its process on that machine.
    pub process: u32,
    /// What it is about.
    pub state: NodeState,
    /// How long ago it gave a sign of life, in milliseconds.
    pub silent_ms: u64,
    /// How many of the 64 shards it holds.
    pub shards: usize,
    /// How many monitors of the file are in them.
    pub monitors: u32,
    /// Whether another file is in force there than with the first of them.
    pub has_another_file: bool,
}

/// What an engine among several is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It works on its share.
    Working,
    /// It gives its share to others, as it was asked to.
    Draining,
    /// It gives no sign of life.
    Silent,
}

impl NodeState {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Draining => "draining",
            Self::Silent => "silent",
        }
    }

    fn of(peer: &Peer) -> Self {
        match (peer.lives(), peer.drains) {
            (false, _) => Self::Silent,
            (true, true) => Self::Draining,
            (true, false) => Self::Working,
        }
    }
}

impl Reader<'_> {
    /// Every engine that shares the work, and those that fell silent of late; in the order of their names. None where one engine
    /// does everything.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn nodes(&self) -> Result<Vec<NodeView>, Error> {
        if !self.store.is_shared() {
            return Ok(Vec::new());
        }
        let (shares, signs) = (self.store.shares(self.now).await?, self.store.signs(self.now).await?);
        Ok(views(&shares, &signs, &Groups::of(self.definitions)))
    }
}

fn views(shares: &Shares, signs: &[SeenSign], groups: &Groups) -> Vec<NodeView> {
    let view = |peer: &Peer| {
        let held: Vec<_> =
            shares.leases.iter().filter(|lease| lease.node == peer.node && !lease.left.is_zero()).collect();
        let is_shown = !held.is_empty() || peer.silent_for < SILENT_SHOWN;
        let file = |node: NodeId| signs.iter().find(|seen| seen.sign.node == node).map(|seen| &seen.sign.in_force);
        let first = signs.first().map(|seen| &seen.sign.in_force);
        is_shown.then(|| NodeView {
            name: format!("{}:{}", peer.host, peer.process),
            node: peer.node,
            host: peer.host.clone(),
            process: peer.process,
            state: NodeState::of(peer),
            silent_ms: u64::try_from(peer.silent_for.as_millis()).unwrap_or(u64::MAX),
            shards: held.len(),
            monitors: held.iter().map(|lease| groups.weight(lease.held.shard)).sum(),
            has_another_file: file(peer.node).is_some_and(|file| first.is_some_and(|first| first != file)),
        })
    };
    let mut views: Vec<NodeView> = shares.peers.iter().filter_map(view).collect();
    views.sort_by(|one, other| one.name.cmp(&other.name));
    views
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Timestamp;
    use flyball_store::{Held, Lease, Shard, Sign};
    use uuid::Uuid;

    fn node(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    #[test]
    fn who_works_who_drains_and_who_fell_silent_is_told_with_what_each_has() {
        let peer = |number: u128, silent_for, drains| Peer {
            node: node(number),
            host: Excerpt::of("web"),
            process: u32::try_from(number).unwrap(),
            silent_for: Duration::from_secs(silent_for),
            drains,
        };
        let lease = |shard, number, left| {
            let held = Held { shard: Shard::of(shard), epoch: 1 };
            Lease { held, node: node(number), left: Duration::from_secs(left) }
        };
        let seen = |number, file: &str| {
            let (host, in_force) = (Excerpt::of("web"), file.to_owned());
            let sign = Sign { node: node(number), host, process: 1, since: Timestamp::EPOCH, in_force };
            SeenSign { sign, silent_for: Duration::ZERO, read_up_to: 0 }
        };
        let shares = Shares {
            peers: vec![peer(4, 0, false), peer(2, 3, true), peer(3, 60, false), peer(1, 700, false)],
            leases: vec![lease(0, 4, 8), lease(1, 4, 8), lease(2, 2, 5), lease(3, 1, 0)],
        };
        let signs = [seen(4, "a"), seen(2, "b"), seen(3, "a")];
        let told: Vec<_> = views(&shares, &signs, &Groups::default())
            .into_iter()
            .map(|view| (view.name, view.state.word(), view.shards, view.has_another_file))
            .collect();
        let expected = [("web:2", "draining", 1, true), ("web:3", "silent", 0, false), ("web:4", "working", 2, false)];
        assert_eq!(told, expected.map(|(name, state, shards, other)| (name.to_owned(), state, shards, other)));
    }
}
