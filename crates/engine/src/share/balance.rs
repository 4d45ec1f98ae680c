//! Who gives what, and who takes what. Each node decides for itself, by the same rule and on what all see, so that they come to
//! agree; where two saw it differently, the store lets one have it. Pure.

use super::groups::Groups;
use flyball_model::NodeId;
use flyball_store::{Peer, Shard, Shares};
use std::collections::{BTreeMap, BTreeSet};

/// What one node does now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    /// Gives these back, once it does not work on them any more.
    pub(crate) give: Vec<Shard>,
    /// Takes these.
    pub(crate) take: Vec<Shard>,
}

/// What a shard weighs: its monitors, and a little, so that empty ones are spread as well.
fn weight(groups: &Groups, shard: Shard) -> u64 {
    u64::from(groups.weight(shard)) * u64::from(Shard::COUNT) + 1
}

/// Who holds what. A lease of ours that has lapsed is still ours, if nobody took it.
fn holders(me: NodeId, shares: &Shares) -> BTreeMap<Shard, NodeId> {
    let held = shares.leases.iter().filter(|lease| !lease.left.is_zero() || lease.node == me);
    held.map(|lease| (lease.held.shard, lease.node)).collect()
}

/// What nobody holds.
pub(crate) fn free(me: NodeId, shares: &Shares) -> impl Iterator<Item = Shard> {
    let holder = holders(me, shares);
    Shard::all().filter(move |shard| !holder.contains_key(shard))
}

/// What a node does, by how it stands. What is `lying` has been free for long: whoever was to take it may be dead.
pub(crate) fn balance(me: NodeId, shares: &Shares, groups: &Groups, lying: &BTreeSet<Shard>) -> Moves {
    let mine = || shares.leases.iter().filter(|lease| lease.node == me).map(|lease| lease.held.shard);
    let drains = shares.peers.iter().any(|peer| peer.node == me && peer.drains);
    let mut loads: BTreeMap<NodeId, u64> = shares
        .peers
        .iter()
        // What we do ourselves shows that we live, whatever our sign of life says.
        .filter(|peer| !peer.drains && (peer.lives() || peer.node == me))
        .map(|Peer { node, .. }| (*node, 0))
        .collect();
    if drains || loads.is_empty() {
        let give = if drains && !loads.is_empty() { mine().collect() } else { Vec::new() };
        return Moves { give, take: Vec::new() };
    }
    let holder = holders(me, shares);
    for (shard, node) in &holder {
        if let Some(load) = loads.get_mut(node) {
            *load += weight(groups, *shard);
        }
    }
    let mut moves = Moves::default();
    let mut free: Vec<Shard> = free(me, shares).collect();
    // The heaviest first: what is light evens out what they leave.
    free.sort_by_key(|shard| (std::cmp::Reverse(weight(groups, *shard)), *shard));
    for shard in free {
        let taker = if lying.contains(&shard) { me } else { least(&loads) };
        *loads.entry(taker).or_default() += weight(groups, shard);
        if taker == me {
            moves.take.push(shard);
        }
    }
    let mut left: Vec<Shard> = holder.iter().filter(|(_, node)| **node == me).map(|(shard, _)| *shard).collect();
    left.sort_by_key(|shard| (std::cmp::Reverse(weight(groups, *shard)), *shard));
    // Gives whatever makes the heavier of the two lighter than we are now: so it comes to an end.
    for shard in left {
        let (least, weight) = (least(&loads), weight(groups, shard));
        if loads[&least] + weight < loads.get(&me).copied().unwrap_or(0) {
            *loads.entry(me).or_default() -= weight;
            *loads.entry(least).or_default() += weight;
            moves.give.push(shard);
        }
    }
    moves
}

/// Who has the least to do; of several the first.
fn least(loads: &BTreeMap<NodeId, u64>) -> NodeId {
    let least = loads.iter().min_by_key(|(node, load)| (**load, **node));
    least.map(|(node, _)| *node).expect("there is one who lives")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Excerpt;
    use flyball_store::{Held, Lease};
    use proptest::prelude::*;
    use std::time::Duration;
    use uuid::Uuid;

    fn node(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    fn peer(number: u128, silent_for: u64, drains: bool) -> Peer {
        let silent_for = Duration::from_secs(silent_for);
        Peer { node: node(number), host: Excerpt::of("ops"), process: 1, silent_for, drains }
    }

    /// These shards are held by a node for so many seconds more.
    fn leases(holder: u128, shards: std::ops::Range<u128>, left: u64) -> Vec<Lease> {
        let left = Duration::from_secs(left);
        let held = |number| Held { shard: Shard::of(number), epoch: 1 };
        shards.map(|number| Lease { held: held(number), node: node(holder), left }).collect()
    }

    #[test]
    fn the_living_share_what_there_is() {
        let all = || leases(1, 0..64, 8);
        // Who there is, what is held, and how many shards node 1 gives and takes.
        type Case<'a> = (&'a str, Vec<Peer>, Vec<Lease>, (usize, usize));
        let cases: [Case<'_>; 11] = [
            ("alone", vec![peer(1, 0, false)], vec![], (0, 64)),
            ("alone, and it has all", vec![peer(1, 0, false)], all(), (0, 0)),
            ("alone, and its leases lapsed", vec![peer(1, 30, false)], leases(1, 0..64, 0), (0, 0)),
            ("another comes", vec![peer(1, 0, false), peer(2, 0, false)], all(), (32, 0)),
            ("another is dead", vec![peer(1, 0, false), peer(2, 11, false)], all(), (0, 0)),
            ("two who begin", vec![peer(1, 0, false), peer(2, 0, false)], vec![], (0, 32)),
            (
                "another died, and its leases run",
                vec![peer(1, 0, false), peer(2, 9, false)],
                leases(2, 0..64, 1),
                (0, 0),
            ),
            (
                "another died, and they lapsed",
                vec![peer(1, 0, false), peer(2, 30, false)],
                leases(2, 0..64, 0),
                (0, 64),
            ),
            ("we drain", vec![peer(1, 0, true), peer(2, 0, false)], all(), (64, 0)),
            ("we drain, and nobody else is there", vec![peer(1, 0, true)], all(), (0, 0)),
            ("another drains", vec![peer(1, 0, false), peer(2, 0, true)], leases(2, 0..64, 8), (0, 0)),
        ];
        for (case, peers, leases, (gives, takes)) in cases {
            let moves = balance(node(1), &Shares { peers, leases }, &Groups::default(), &BTreeSet::new());
            assert_eq!((moves.give.len(), moves.take.len()), (gives, takes), "{case}");
        }
    }

    #[test]
    fn what_lies_there_is_taken_whoever_was_to_have_it() {
        // Node 2 has nothing to do, so that all of it is for node 2, which has died since.
        let peers = vec![peer(1, 0, false), peer(2, 4, false)];
        let shares = Shares { peers, leases: leases(1, 0..32, 8) };
        let taken = |lying: &BTreeSet<Shard>| balance(node(1), &shares, &Groups::default(), lying).take.len();
        assert_eq!(taken(&BTreeSet::new()), 0);
        assert_eq!(taken(&Shard::all().skip(40).collect()), 24);
    }

    proptest! {
        /// Whatever was held by whom: when each does what it decides, over and over, everything comes to be held, by the living
        /// alone, none has much more than another, and then nothing moves any more.
        #[test]
        fn it_comes_to_rest_with_everything_held_and_shared(
            holders in prop::collection::vec(0..7_u128, 64),
            living in 1..5_u128,
        ) {
            let peers: Vec<Peer> = (1..=living).map(|number| peer(number, 0, false)).collect();
            let mut held: BTreeMap<Shard, NodeId> = Shard::all()
                .zip(&holders)
                .filter(|(_, holder)| (1..=living).contains(*holder))
                .map(|(shard, holder)| (shard, node(*holder)))
                .collect();
            let mut rest = 0;
            for _ in 0..20 {
                let lease = |(shard, node): (&Shard, &NodeId)| Lease {
                    held: Held { shard: *shard, epoch: 1 },
                    node: *node,
                    left: Duration::from_secs(8),
                };
                let shares = Shares { peers: peers.clone(), leases: held.iter().map(lease).collect() };
                rest += 1;
                for peer in &peers {
                    let moves = balance(peer.node, &shares, &Groups::default(), &BTreeSet::new());
                    if moves != Moves::default() {
                        rest = 0;
                    }
                    for shard in moves.give {
                        held.remove(&shard);
                    }
                    for shard in moves.take {
                        prop_assert!(held.insert(shard, peer.node).is_none(), "taken twice");
                    }
                }
            }
            prop_assert!(rest > 1, "it goes on and on");
            prop_assert_eq!(held.len(), 64);
            let mut counts: BTreeMap<NodeId, usize> = peers.iter().map(|peer| (peer.node, 0)).collect();
            held.values().for_each(|node| *counts.entry(*node).or_default() += 1);
            let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
            prop_assert!(most - least <= 1, "{:?}", counts);
        }
    }
}
