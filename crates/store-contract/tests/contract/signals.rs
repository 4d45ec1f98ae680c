//! What came in by the keys of monitors.

use crate::Database;
use crate::fixtures::*;
use crate::retention::{DAY, watched};
use flyball_model::{Deed, Entry, Event, Excerpt, Signal, SignalKind, SignalKind::*};
use flyball_store::{HookSecrets, Loop as _, People as _, Retention as _, SIGNALS_KEPT, Signals as _, Store};
use std::time::Duration;

fn signal(kind: SignalKind, second: u64) -> Signal {
    Signal { at: at(second), kind, words: Excerpt::of(&format!("{kind} at {second}")) }
}

/// What is remembered of a monitor: kinds, and seconds after nine.
async fn told(store: &impl Store, of: &str) -> Vec<(SignalKind, u64)> {
    let signals = store.signals(monitor(of).0).await.unwrap();
    let second = |signal: &Signal| signal.at.since(at(0)).as_secs();
    signals.iter().map(|signal| (signal.kind, second(signal))).collect()
}

pub(crate) async fn signals_come_in_the_order_in_which_they_came<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    // A clock was set back in between.
    for (kind, second) in [(Awaited, 60), (Started, 90), (Failing, 20), (Passing, 30)] {
        store.note_signal(front, &signal(kind, second)).await.unwrap();
    }
    store.note_signal(monitor("back door").0, &signal(Neither, 7)).await.unwrap();
    assert_eq!(told(&*store, "front door").await, [(Awaited, 60), (Started, 90), (Failing, 20), (Passing, 30)]);
    assert_eq!(told(&*store, "back door").await, [(Neither, 7)]);
    assert_eq!(told(&*store, "side door").await, []);
    database.close(store).await;
    let store = database.open().await;
    let signals = store.signals(front).await.unwrap();
    assert_eq!(signals[2], signal(Failing, 20), "it is read back whole");
    database.close(store).await;
}

pub(crate) async fn of_each_kind_the_newest_signals_are_kept<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    store.note_signal(front, &signal(Failing, 0)).await.unwrap();
    for second in 1..=20 {
        store.note_signal(front, &signal(Passing, second)).await.unwrap();
    }
    let kept = u64::from(SIGNALS_KEPT);
    let newest: Vec<_> = (21 - kept..=20).map(|second| (Passing, second)).collect();
    assert_eq!(told(&*store, "front door").await, [&[(Failing, 0)][..], &newest].concat());

    // A run that is begun again and again, and never ends, has been going on since its first start.
    for second in 30..=50 {
        store.note_signal(front, &signal(Started, second)).await.unwrap();
    }
    let starts: Vec<_> = told(&*store, "front door").await.into_iter().filter(|(kind, _)| *kind == Started).collect();
    assert_eq!(starts.first(), Some(&(Started, 30)));
    assert_eq!(starts.len(), 1 + usize::try_from(kept).unwrap());
    store.note_signal(front, &signal(Passing, 60)).await.unwrap();
    store.note_signal(front, &signal(Started, 61)).await.unwrap();
    let starts = told(&*store, "front door").await;
    assert!(!starts.contains(&(Started, 30)) && starts.last() == Some(&(Started, 61)), "{starts:?}");
    database.close(store).await;
}

pub(crate) async fn of_many_signals_at_once_none_is_lost<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let kinds = SignalKind::ALL;
    let mut tasks = tokio::task::JoinSet::new();
    for kind in kinds {
        let store = std::sync::Arc::clone(&store);
        tasks.spawn(async move { store.note_signal(front, &signal(kind, 1)).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(told(&*store, "front door").await.len(), kinds.len());
    database.close(store).await;
}

pub(crate) async fn signals_go_with_their_monitor_and_not_before<D: Database>(database: &D) {
    let store = database.open().await;
    let every = Duration::from_secs(60);
    store.define(&[watched("front door", every), watched("back door", every)], &[], at(0)).await.unwrap();
    for of in ["front door", "back door"] {
        store.note_signal(monitor(of).0, &signal(Failing, 1)).await.unwrap();
    }
    store.define(&[watched("front door", every)], &[], at(10)).await.unwrap();
    store.sweep(at(0) + DAY * 6).await.unwrap();
    assert_eq!(told(&*store, "back door").await.len(), 1);
    store.sweep(at(0) + DAY * 700).await.unwrap();
    assert_eq!(told(&*store, "back door").await, []);
    assert_eq!(told(&*store, "front door").await.len(), 1, "what fails goes on failing until something else is said");
    database.close(store).await;
}

pub(crate) async fn a_monitor_is_given_another_secret_and_that_is_told<D: Database>(database: &D) {
    let (store, other) = (database.open().await, database.open().await);
    let (front, back) = (monitor("front door").0, monitor("back door").0);
    store.key("hooks", [9; 32]).await.unwrap();
    assert_eq!(store.hook_secrets().await.unwrap(), HookSecrets::default(), "that of all is of none");
    let renewed = Deed::HookRenewed { name: "front door".parse().unwrap() };
    let told = [Entry::new(at(1), Event::Administered { did: renewed, by: Excerpt::of("ann") })];
    store.renew_hook(front, [1; 32], &told).await.unwrap();
    store.renew_hook(back, [2; 32], &[]).await.unwrap();
    let first = other.hook_secrets().await.unwrap();
    assert_eq!(first, HookSecrets { version: 2, secrets: [(front, [1; 32]), (back, [2; 32])].into() });
    store.renew_hook(front, [3; 32], &[]).await.unwrap();
    assert_eq!(other.hooks_version().await.unwrap(), 3, "whoever knew the ones before sees it");
    let HookSecrets { version, secrets } = other.hook_secrets().await.unwrap();
    assert_eq!((version, secrets[&front], secrets[&back]), (3, [3; 32], [2; 32]));
    assert_eq!(store.key("hooks", [8; 32]).await.unwrap(), [9; 32]);
    assert_eq!(
        crate::people::told(&*store).await,
        ["ann gave the hook of the monitor \"front door\" a new key: the one before is refused"]
    );
    database.tamper("UPDATE keys SET secret = '' WHERE name LIKE 'hook %'").await;
    assert!(other.hook_secrets().await.is_err(), "what cannot be read makes no old key good again");
}
