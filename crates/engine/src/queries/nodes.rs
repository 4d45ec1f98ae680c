//! The engines that share the work, and what each has of it.

use super::Reader;
use crate::share::{Groups, newest};
use flyball_model::{Excerpt, NodeId};
use flyball_store::{Error, OwnText, Peer, Reads, SeenSign, Shares};
use flyball_views::{NewerFile, NodeState, NodeView};
use std::time::Duration;

/// An engine that fell silent is shown for this long; longer only while it still holds something.
const SILENT_SHOWN: Duration = Duration::from_secs(600);

/// What an engine among several is about.
fn state(peer: &Peer) -> NodeState {
    match (peer.lives(), peer.drains) {
        (false, _) => NodeState::Silent,
        (true, true) => NodeState::Draining,
        (true, false) => NodeState::Working,
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
        let texts = self.store.texts(self.now).await?;
        Ok(views(&shares, &signs, &texts, &Groups::of(self.definitions)))
    }
}

fn views(shares: &Shares, signs: &[SeenSign], texts: &[OwnText], groups: &Groups) -> Vec<NodeView> {
    let newest = newest(texts, None);
    let outdated_by = |peer: &Peer| {
        let own = texts.iter().find(|own| own.node == peer.node && peer.lives())?;
        let newest = newest.filter(|newest| newest.hash != own.hash)?;
        let is_read = own.reads == Reads::Yes;
        Some(NewerFile { of: name(&newest.host, newest.process), since: newest.since, is_read })
    };
    // A node that tells no hash shows its text, and is compared with one that goes by the newest.
    let file = |node: NodeId| signs.iter().find(|seen| seen.sign.node == node).map(|seen| &seen.sign.in_force);
    let of_newest = newest.and_then(|newest| texts.iter().find(|own| own.goes_by == newest.hash));
    let of_newest = of_newest.map_or_else(|| signs.first().map(|seen| &seen.sign.in_force), |own| file(own.node));
    let has_another_file = |node: NodeId| match (texts.iter().find(|own| own.node == node), newest) {
        (Some(own), Some(newest)) => own.goes_by != newest.hash,
        _ => file(node).is_some_and(|file| of_newest.is_some_and(|newest| newest != file)),
    };
    let view = |peer: &Peer| {
        let held: Vec<_> =
            shares.leases.iter().filter(|lease| lease.node == peer.node && !lease.left.is_zero()).collect();
        let is_shown = !held.is_empty() || peer.silent_for < SILENT_SHOWN;
        is_shown.then(|| NodeView {
            name: name(&peer.host, peer.process),
            node: peer.node,
            host: peer.host.clone(),
            process: peer.process,
            state: state(peer),
            silent_ms: u64::try_from(peer.silent_for.as_millis()).unwrap_or(u64::MAX),
            shards: held.len(),
            monitors: held.iter().map(|lease| groups.weight(lease.held.shard)).sum(),
            has_another_file: has_another_file(peer.node),
            outdated_by: outdated_by(peer),
        })
    };
    let mut views: Vec<NodeView> = shares.peers.iter().filter_map(view).collect();
    views.sort_by(|one, other| one.name.cmp(&other.name));
    views
}

/// What people call a node: its machine and its process there.
fn name(host: &Excerpt, process: u32) -> String {
    format!("{host}:{process}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::TextHash;
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
            let sign = Sign { node: node(number), host, process: 1, since: Timestamp::EPOCH, in_force, own: None };
            SeenSign { sign, silent_for: Duration::ZERO, read_up_to: 0 }
        };
        let shares = Shares {
            peers: vec![peer(4, 0, false), peer(2, 3, true), peer(3, 60, false), peer(1, 700, false)],
            leases: vec![lease(0, 4, 8), lease(1, 4, 8), lease(2, 2, 5), lease(3, 1, 0)],
        };
        let signs = [seen(4, "a"), seen(2, "b"), seen(3, "a")];
        let told: Vec<_> = views(&shares, &signs, &[], &Groups::default())
            .into_iter()
            .map(|view| (view.name, view.state.word(), view.shards, view.has_another_file))
            .collect();
        let expected = [("web:2", "draining", 1, true), ("web:3", "silent", 0, false), ("web:4", "working", 2, false)];
        assert_eq!(told, expected.map(|(name, state, shards, other)| (name.to_owned(), state, shards, other)));
    }

    #[test]
    fn which_file_each_goes_by_is_told_with_whose_it_is_and_since_when() {
        let peer = |number: u128| Peer {
            node: node(number),
            host: Excerpt::of("web"),
            process: u32::try_from(number).unwrap(),
            silent_for: Duration::ZERO,
            drains: false,
        };
        let (old, new) = (TextHash::of(["old"]), TextHash::of(["new"]));
        let own = |number, hash, goes_by, reads| OwnText {
            node: node(number),
            host: Excerpt::of("web"),
            process: u32::try_from(number).unwrap(),
            silent_for: Duration::ZERO,
            hash,
            since: Timestamp::from_millis(if hash == new { 2000 } else { 1000 }),
            goes_by,
            reads,
        };
        let shares = Shares { peers: (1..=4).map(peer).collect(), leases: Vec::new() };
        let texts = [
            own(1, new, new, Reads::Yes),
            own(2, old, new, Reads::Yes),
            own(3, old, old, Reads::Yes),
            own(4, old, new, Reads::No),
        ];
        let told: Vec<_> = views(&shares, &[], &texts, &Groups::default())
            .into_iter()
            .map(|view| (view.has_another_file, view.outdated_by.map(|newer| newer.words())))
            .collect();
        let since = "(in force since 1970-01-01T00:00:02Z)";
        let read = format!(
            "goes by the newer file of web:1 {since}: bring its own up to date, or edit it to make it the newest"
        );
        let not_read = format!(
            "cannot read the newest file, of web:1 {since}, and works on nothing: update Flyball there, or edit its own file to \
             make that the newest"
        );
        assert_eq!(told, [(false, None), (false, Some(read.clone())), (true, Some(read)), (false, Some(not_read))]);
    }
}
