//! Shares of the work: a shard has one holder, and who has lost it writes nothing by it.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Excerpt, Finding, NodeId, Reading, Run, Timestamp};
use flyball_store::{
    Batch, Claim, Error, Held, Lease, Leases as _, Loop as _, Runs as _, Shard, Shares, Sign, Store, Tenure,
};
use std::sync::Arc;
use std::time::Duration;

/// The moment of every test; a server goes by its own clock.
fn now() -> Timestamp {
    at(100)
}

async fn appear(store: &impl Store, number: u128) -> NodeId {
    let (node, host) = (node(number), Excerpt::of("ops"));
    store
        .appear(&Sign { node, host, process: 41, since: at(1), in_force: String::new(), own: None }, now())
        .await
        .unwrap();
    node
}

/// What a node holds.
fn of(shares: &Shares, node: NodeId) -> Vec<Held> {
    shares.leases.iter().filter(|lease| lease.node == node).map(|lease| lease.held).collect()
}

fn shards(numbers: std::ops::Range<u128>) -> Vec<Shard> {
    numbers.map(Shard::of).collect()
}

/// All leases lapse, and all nodes fall silent.
const LAPSED: &str =
    "UPDATE leases SET until_at = until_at - 10000; UPDATE engines SET renewed_at = renewed_at - 10000";

pub(crate) async fn of_many_who_take_a_shard_one_has_it<D: Database>(database: &D) {
    let stores = [database.open().await, database.open().await, database.open().await];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..9_u128 {
        let store = Arc::clone(&stores[usize::try_from(number % 3).unwrap()]);
        tasks.spawn(async move { store.hold(node(number), &[], &shards(0..64), now()).await.unwrap() });
    }
    tasks.join_all().await;
    let shares = stores[0].shares(now()).await.unwrap();
    assert_eq!(shares.leases.len(), 64);
    let first = shares.leases[0].node;
    assert!(shares.leases.iter().all(|lease| lease.node == first && lease.held.epoch == 1), "{shares:?}");
    assert!(shares.leases.iter().all(|lease| lease.left > Duration::from_secs(5) && lease.left <= Lease::TERM));
}

pub(crate) async fn all_who_share_it_are_told_one_time_whatever_their_own_clocks_say<D: Database>(database: &D) {
    let (store, other) = (database.open().await, database.open().await);
    let told = store.time(at(100)).await.unwrap();
    let told_later = other.time(at(100_000)).await.unwrap();
    if store.is_shared() {
        let apart = told_later.as_millis() - told.as_millis();
        assert!((0..60_000).contains(&apart), "two clocks a day apart were told {told} and {told_later}");
        assert!(told > at(100_000), "it is the server's time, and not what was asked with: {told}");
    } else {
        assert_eq!([told, told_later], [at(100), at(100_000)], "a file has no clock");
    }
}

pub(crate) async fn a_shard_changes_hands_when_it_was_given_back_or_its_lease_has_lapsed<D: Database>(database: &D) {
    let (store, mine) = (database.open().await, shards(0..3));
    let [first, second] = [node(1), node(2)];
    store.hold(first, &[], &mine, now()).await.unwrap();
    assert_eq!(of(&store.hold(second, &[], &mine, now()).await.unwrap(), second), [], "they are held");
    let shares = store.hold(first, &mine[..1], &[], now()).await.unwrap();
    assert_eq!(of(&shares, first).len(), 2);
    let shares = store.hold(second, &[], &mine, now()).await.unwrap();
    assert_eq!(of(&shares, second), [Held { shard: mine[0], epoch: 2 }]);
    database.tamper(LAPSED).await;
    let shares = store.hold(second, &[], &mine, now()).await.unwrap();
    assert_eq!(of(&shares, second).len(), 3);
    assert_eq!(of(&shares, first), []);
    // Whoever wakes late has nothing to renew.
    assert_eq!(of(&store.hold(first, &[], &[], now()).await.unwrap(), first), []);
}

pub(crate) async fn a_lease_that_lapsed_and_nobody_took_is_renewed<D: Database>(database: &D) {
    let store = database.open().await;
    store.hold(node(1), &[], &shards(0..2), now()).await.unwrap();
    database.tamper(LAPSED).await;
    let lapsed = store.shares(now()).await.unwrap();
    assert!(lapsed.leases.iter().all(|lease| lease.left < Duration::from_secs(1)), "{lapsed:?}");
    let renewed = store.hold(node(1), &[], &[], now()).await.unwrap();
    assert!(renewed.leases.iter().all(|lease| lease.left > Duration::from_secs(5) && lease.held.epoch == 1));
}

pub(crate) async fn who_renews_a_lease_gives_a_sign_of_life<D: Database>(database: &D) {
    let store = database.open().await;
    let node = appear(&*store, 1).await;
    database.tamper(LAPSED).await;
    let silent = store.shares(now()).await.unwrap();
    assert!(silent.peers.len() == 1 && !silent.peers[0].lives(), "{silent:?}");
    let alive = store.hold(node, &[], &[], now()).await.unwrap();
    assert!(alive.peers[0].lives() && !alive.peers[0].drains, "{alive:?}");
    assert!(store.drain(node, true).await.unwrap());
    assert!(store.shares(now()).await.unwrap().peers[0].drains);
    assert!(!store.drain(crate::fixtures::node(7), true).await.unwrap(), "there is no such node");
}

pub(crate) async fn what_is_written_by_a_shard_that_was_lost_is_not_written<D: Database>(database: &D) {
    let store = database.open().await;
    let (first, second) = (node(1), node(2));
    let held = of(&store.hold(first, &[], &shards(0..2), now()).await.unwrap(), first);
    let batch = |second: u64, held: &[Held]| Batch {
        readings: vec![(monitor("front door").0, reading_at(second))],
        tenure: Some(Tenure { node: first, held: held.to_vec() }),
        ..Batch::default()
    };
    store.save(&batch(1, &held)).await.unwrap();
    store.hold(first, &shards(0..1), &[], now()).await.unwrap();
    let error = store.save(&batch(2, &held)).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { .. }), "{error:?}");
    store.save(&batch(3, &held[1..])).await.unwrap();
    store.hold(second, &[], &shards(0..1), now()).await.unwrap();
    store.hold(second, &shards(0..1), &[], now()).await.unwrap();
    store.hold(first, &[], &shards(0..1), now()).await.unwrap();
    let error = store.save(&batch(4, &held)).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { .. }), "it is held again, and somebody else held it in between");
    assert_eq!(readings(&*store).await, [reading_at(1), reading_at(3)]);
}

pub(crate) async fn a_run_is_claimed_by_who_holds_its_shard<D: Database>(database: &D) {
    let store = database.open().await;
    let run = queued(&*store, run(1, "more")).await;
    let held = of(&store.hold(node(1), &[], &shards(0..1), now()).await.unwrap(), node(1));
    let stale = [Held { epoch: held[0].epoch + 1, ..held[0] }];
    assert_eq!(store.claim(run.id, node(1), &stale, now(), LEASE).await.unwrap(), Claim::Taken);
    assert_eq!(store.claim(run.id, node(2), &held, now(), LEASE).await.unwrap(), Claim::Taken);
    assert!(matches!(store.claim(run.id, node(1), &held, now(), LEASE).await.unwrap(), Claim::Claimed(..)));
}

pub(crate) async fn only_the_runs_of_a_share_are_taken_over<D: Database>(database: &D) {
    let store = database.open().await;
    let (ours, theirs) = (queued(&*store, run(1, "more")).await, queued(&*store, run(2, "again")).await);
    let fence = claim(&*store, ours.id, now()).await;
    let taken = store.take_over(node(2), now(), LEASE, &|reaction| reaction == ours.reaction).await.unwrap();
    let [(run, taken)] = &taken[..] else { panic!("{taken:?}") };
    assert!(run.id == ours.id && *taken > fence);
    assert!(store.run(theirs.id).await.unwrap().unwrap().state == theirs.state);
}

fn reading_at(second: u64) -> Reading {
    reading(at(second), Finding::Passing)
}

async fn queued(store: &impl Store, run: Run) -> Run {
    store.save(&runs([run.clone()])).await.unwrap();
    run
}

async fn readings(store: &impl Store) -> Vec<Reading> {
    let monitor = monitor("front door").0;
    store.readings(&flyball_store::ReadingsPage { monitor, since: None, until: None, readings: 0 }).await.unwrap()
}
