//! What the loop writes.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Because, Blind, Cause, Finding, MonitorId, Timestamp};
use flyball_store::{
    Batch, Definition, Holding, HoldingKey, Loop as _, NewerReadings, Of, Origin, ReadingsPage, Remembered, Runs as _,
    Timeline as _, TimelinePage,
};
use std::future::Future;
use std::task::Poll;

fn whole_batch() -> Batch {
    let (monitor, _) = monitor("front door");
    let key = HoldingKey { monitor, reaction: reaction("more web") };
    Batch {
        readings: vec![
            (monitor, reading(at(1), Finding::Passing)),
            (monitor, reading(at(2), Finding::Failing(Cause::Status))),
            (monitor, reading(at(3), Finding::Unknown(Blind::Resolver))),
        ],
        states: vec![remembered("front door", 3)],
        holdings: vec![Holding {
            key,
            because: Because::BelowTrigger { streak: 1, trigger: 2 },
            since: at(1),
            last_at: at(3),
            count: 3,
        }],
        runs: vec![run(1, "more web")],
        sightings: vec![sighting("shop", "id-of-shop", at(3))],
        entries: vec![said(at(1), "one"), said(at(2), "two")],
        incidents: Vec::new(),
        tenure: None,
    }
}

async fn readings(store: &impl flyball_store::Store) -> Vec<flyball_model::Reading> {
    let page = ReadingsPage { monitor: monitor("front door").0, since: None, until: None, readings: 0 };
    store.readings(&page).await.unwrap()
}

pub(crate) async fn everything_saved_is_read_back<D: Database>(database: &D) {
    let batch = whole_batch();
    let first = database.open().await;
    first.save(&batch).await.unwrap();
    first.save(&Batch::default()).await.unwrap();
    database.close(first).await;
    let store = database.open().await;
    assert_eq!(store.remembered(Of::All).await.unwrap(), batch.states);
    assert_eq!(store.holdings(Of::All).await.unwrap(), batch.holdings);
    assert_eq!(readings(&*store).await, batch.readings.into_iter().map(|(_, reading)| reading).collect::<Vec<_>>());
    assert_eq!(store.run(batch.runs[0].id).await.unwrap().as_ref(), Some(&batch.runs[0]));
    assert_eq!(store.sighting(&subject("shop", None).key()).await.unwrap().as_ref(), batch.sightings.first());
    assert_eq!(store.sighting(&elsewhere(&subject("shop", None)).key()).await.unwrap(), None);
    let lines = store.timeline(&TimelinePage::default()).await.unwrap();
    assert_eq!(lines.into_iter().map(|line| line.entry).collect::<Vec<_>>(), batch.entries);
}

pub(crate) async fn a_batch_is_saved_whole_or_not_at_all<D: Database>(database: &D) {
    let store = database.open().await;
    store.save(&runs([run(1, "more web")])).await.unwrap();
    // The run's id is taken; everything else in the batch would be fine.
    store.save(&whole_batch()).await.unwrap_err();
    assert!(store.remembered(Of::All).await.unwrap().is_empty());
    assert!(store.holdings(Of::All).await.unwrap().is_empty());
    assert!(readings(&*store).await.is_empty());
    assert!(store.timeline(&TimelinePage::default()).await.unwrap().is_empty());
    assert_eq!(store.sighting(&subject("shop", None).key()).await.unwrap(), None);
    // Nor was a number of the timeline used up.
    store.save(&Batch { entries: vec![said(at(1), "first")], ..Batch::default() }).await.unwrap();
    assert_eq!(store.timeline(&TimelinePage::default()).await.unwrap()[0].number, 1);
}

pub(crate) async fn of_what_is_remembered_once_the_later_wins<D: Database>(database: &D) {
    let store = database.open().await;
    let mut batch = whole_batch();
    batch.states = vec![remembered("front door", 1), remembered("back door", 5), remembered("front door", 2)];
    batch.sightings.push(sighting("shop", "id-of-shop", at(9)));
    let mut later = batch.holdings[0].clone();
    later.count = 4;
    batch.holdings.push(later.clone());
    store.save(&batch).await.unwrap();
    let mut states = store.remembered(Of::All).await.unwrap();
    states.sort_by_key(|state| state.state.standing.as_ref().map(|standing| standing.streak));
    assert_eq!(states, [remembered("front door", 2), remembered("back door", 5)]);
    assert_eq!(store.holdings(Of::All).await.unwrap(), [later]);
    assert_eq!(store.sighting(&subject("shop", None).key()).await.unwrap().unwrap().seen_at, at(9));
    store.save(&Batch { states: vec![remembered("front door", 3)], ..Batch::default() }).await.unwrap();
    assert!(store.remembered(Of::All).await.unwrap().contains(&remembered("front door", 3)));
}

/// Polls a future so often, and drops it unless it ended before.
async fn cut_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

pub(crate) async fn a_save_cut_short_anywhere_leaves_all_or_nothing<D: Database>(database: &D) {
    let mut cut = 0;
    for polls in 0..60 {
        let store = database.open().await;
        let mut batch = whole_batch();
        batch.runs[0] = run(u64::from(polls), "more web");
        batch.entries = vec![said(at(u64::from(polls)), "with the run")];
        let ended = cut_after(polls, store.save(&batch)).await;
        cut += u32::from(ended.is_none());
        // The process is gone; another looks at what it left.
        database.close(store).await;
        let store = database.open().await;
        let saved = store.run(batch.runs[0].id).await.unwrap().is_some();
        let page = TimelinePage { since: Some(at(u64::from(polls))), ..TimelinePage::default() };
        let told = store.timeline(&page).await.unwrap().len() == 1;
        assert_eq!(saved, told, "cut after {polls} polls");
        assert!(saved || ended.is_none(), "saved, and gone, after {polls} polls");
        database.close(store).await;
    }
    assert!(cut > 5, "only {cut} saves were cut short: the test shows nothing");
}

pub(crate) async fn the_same_reading_saved_twice_is_there_once<D: Database>(database: &D) {
    let store = database.open().await;
    let batch = Batch { readings: whole_batch().readings, ..Batch::default() };
    store.save(&batch).await.unwrap();
    store.save(&batch).await.unwrap();
    assert_eq!(readings(&*store).await.len(), batch.readings.len());
}

pub(crate) async fn definitions_that_are_gone_are_retired_and_may_come_back<D: Database>(database: &D) {
    let definition = |name: &str| Definition {
        id: monitor(name).0.0,
        name: name.into(),
        origin: Origin::File,
        kind: "http".into(),
        settings: serde_json::json!({ "url": "https://shop.example.com/" }),
        every: None,
    };
    let store = database.open().await;
    store.save(&Batch { states: vec![remembered("front door", 1)], ..Batch::default() }).await.unwrap();
    let (front, back) = (definition("front door"), definition("back door"));
    store.define(&[front.clone(), back.clone()], &[], at(0)).await.unwrap();
    // Gone for a day and back: what it remembered is still there. Gone for good: it goes with its readings.
    store.define(std::slice::from_ref(&back), &[], at(1)).await.unwrap();
    store.define(&[front, back.clone()], &[], at(1)).await.unwrap();
    sweep_after(&*store, 30).await;
    assert_eq!(store.remembered(Of::All).await.unwrap().len(), 1);
    store.define(&[back], &[], at(2)).await.unwrap();
    sweep_after(&*store, 6).await;
    assert_eq!(store.remembered(Of::All).await.unwrap().len(), 1);
    sweep_after(&*store, 8).await;
    assert!(store.remembered(Of::All).await.unwrap().is_empty());
}

async fn sweep_after(store: &impl flyball_store::Store, days: u64) {
    let now: Timestamp = at(2 + days * 24 * 3600);
    store.sweep(now).await.unwrap();
}

pub(crate) async fn text_from_outside_cannot_break_out_of_a_statement<D: Database>(database: &D) {
    let store = database.open().await;
    let hostile = "'); DROP TABLE runs; -- \" \\ \u{1b} {\"a\": 1} $1 ? é 🙂";
    let mut state = remembered("front door", 1);
    state.watched = hostile.into();
    let entries = vec![said(at(1), hostile)];
    let batch = Batch { states: vec![state.clone()], entries: entries.clone(), ..Batch::default() };
    store.save(&batch).await.unwrap();
    assert_eq!(store.remembered(Of::All).await.unwrap(), [state]);
    assert_eq!(store.timeline(&TimelinePage::default()).await.unwrap()[0].entry, entries[0]);
}

pub(crate) async fn what_was_found_since_a_state_was_saved_is_told<D: Database>(database: &D) {
    let store = database.open().await;
    let (front, back) = (monitor("front door").0, monitor("back door").0);
    let seen = |of, second, finding| (of, reading(at(second), finding));
    let first = vec![seen(front, 10, Finding::Passing), seen(back, 10, Finding::Passing)];
    let states = ["front door", "back door"].map(|of| {
        let mut state = remembered(of, 1);
        state.covers = at(10);
        state
    });
    store.save(&Batch { readings: first, states: states.to_vec(), ..Batch::default() }).await.unwrap();
    assert_eq!(store.newer_readings(Of::All).await.unwrap(), []);
    let later = vec![seen(front, 20, Finding::Passing), seen(front, 30, Finding::Failing(Cause::Slow))];
    store.save(&Batch { readings: later, ..Batch::default() }).await.unwrap();
    let found = vec![(at(20), Finding::Passing), (at(30), Finding::Failing(Cause::Slow))];
    // Another process, which has to look up what this one knows.
    let other = database.open().await;
    assert_eq!(other.newer_readings(Of::All).await.unwrap(), [NewerReadings { monitor: front, found }]);
}

pub(crate) async fn of_some_monitors_it_says_what_it_says_of_all<D: Database>(database: &D) {
    let store = database.open().await;
    let names = ["front door", "back door", "side door", "cellar"];
    let [front, back, side, cellar] = names.map(|name| monitor(name).0);
    let seen = |of, second, finding| (of, reading(at(second), finding));
    // The cellar has readings and no state yet, and the side door nothing new.
    let states = ["front door", "back door", "side door"].map(|of| Remembered { covers: at(10), ..remembered(of, 1) });
    let holding = |monitor, of| Holding {
        key: HoldingKey { monitor, reaction: reaction(of) },
        because: Because::Maintenance,
        since: at(1),
        last_at: at(2),
        count: 2,
    };
    let batch = Batch {
        states: states.to_vec(),
        readings: vec![
            seen(front, 10, Finding::Passing),
            seen(front, 20, Finding::Failing(Cause::Slow)),
            seen(back, 30, Finding::Passing),
            seen(back, 40, Finding::Passing),
            seen(side, 5, Finding::Passing),
            seen(cellar, 50, Finding::Failing(Cause::Status)),
        ],
        holdings: vec![holding(front, "a"), holding(front, "b"), holding(back, "a")],
        ..Batch::default()
    };
    store.save(&batch).await.unwrap();
    let nobody = monitor("nobody").0;
    for wanted in [
        &[front][..],
        &[back, cellar],
        &[cellar, side, back, front],
        &[side, nobody, side, front, side],
        &[nobody],
        &[],
    ] {
        let of = Of::These(wanted);
        let is_wanted = |monitor: MonitorId| wanted.contains(&monitor);
        let all = store.remembered(Of::All).await.unwrap().into_iter().filter(|row| is_wanted(row.monitor));
        let some = store.remembered(of).await.unwrap();
        assert_eq!(in_order(some, |row| row.monitor), in_order(all, |row| row.monitor), "{wanted:?}");
        let all = store.newer_readings(Of::All).await.unwrap().into_iter().filter(|newer| is_wanted(newer.monitor));
        let some = store.newer_readings(of).await.unwrap();
        assert_eq!(in_order(some, |newer| newer.monitor), in_order(all, |newer| newer.monitor), "{wanted:?}");
        let all = store.latest(Of::All).await.unwrap().into_iter().filter(|(monitor, _)| is_wanted(*monitor));
        let some = store.latest(of).await.unwrap();
        assert_eq!(in_order(some, |(monitor, _)| *monitor), in_order(all, |(monitor, _)| *monitor), "{wanted:?}");
        let all = store.holdings(Of::All).await.unwrap().into_iter().filter(|held| is_wanted(held.key.monitor));
        let (some, key) = (store.holdings(of).await.unwrap(), |held: &Holding| (held.key.monitor, held.key.reaction));
        assert_eq!(in_order(some, key), in_order(all, key), "{wanted:?}");
    }
    assert_eq!(store.latest(Of::All).await.unwrap().len(), 4);
    assert_eq!(store.newer_readings(Of::All).await.unwrap().len(), 2);
}

fn in_order<T, K: Ord>(found: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut found: Vec<T> = found.into_iter().collect();
    found.sort_by_key(key);
    found
}
