//! Bounds of what is kept.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Because, Blind, Cause, Entry, Finding, Reading, Timestamp};
use flyball_store::{
    Batch, Definition, Holding, HoldingKey, Loop as _, Origin, ReadingsPage, Retention as _, Runs as _, RunsPage,
    Store, Timeline as _, TimelinePage,
};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn took(mut reading: Reading, milliseconds: u64) -> Reading {
    reading.took = Duration::from_millis(milliseconds);
    reading
}

async fn readings(store: &impl Store) -> usize {
    store.readings(&ReadingsPage { monitor: monitor("front door").0, since: None, readings: 0 }).await.unwrap().len()
}

pub(crate) async fn hours_are_rolled_up_before_their_readings_go<D: Database>(database: &D) {
    let store = database.open().await;
    let (front, back) = (monitor("front door").0, monitor("back door").0);
    let seen = [
        (front, took(reading(at(0), Finding::Passing), 10)),
        (front, took(reading(at(30), Finding::Passing), 20)),
        (front, took(reading(at(60), Finding::Failing(Cause::Slow)), 60)),
        (front, took(reading(at(3599), Finding::Unknown(Blind::Network)), 30)),
        (front, took(reading(at(3600), Finding::Passing), 7)),
        (front, took(reading(at(3 * 3600 + 1), Finding::Passing), 8)),
        (back, took(reading(at(5), Finding::Passing), 1000)),
    ];
    store.save(&Batch { readings: seen.to_vec(), ..Batch::default() }).await.unwrap();
    // In one go, long after: rolled up and removed by the same sweep.
    assert_eq!(store.sweep(at(0) + DAY * 8).await.unwrap(), 7);
    assert_eq!(readings(&*store).await, 0);
    let hours = store.hourly(front, Timestamp::EPOCH).await.unwrap();
    assert_eq!(hours.iter().map(|hour| hour.hour).collect::<Vec<_>>(), [at(0), at(3600), at(3 * 3600)]);
    let first = &hours[0];
    assert_eq!((first.passing, first.failing, first.unknown), (2, 1, 1));
    assert_eq!((first.took_ms_mean, first.took_ms_max), (30.0, 60));
    assert_eq!(store.hourly(back, Timestamp::EPOCH).await.unwrap()[0].took_ms_max, 1000);
    assert_eq!(store.hourly(front, at(3600)).await.unwrap().len(), 2);
    store.sweep(at(0) + DAY * 390).await.unwrap();
    assert_eq!(store.hourly(front, Timestamp::EPOCH).await.unwrap().len(), 3);
    store.sweep(at(0) + DAY * 400).await.unwrap();
    assert!(store.hourly(front, Timestamp::EPOCH).await.unwrap().is_empty());
}

pub(crate) async fn the_present_hour_is_not_rolled_up<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let one = |second| Batch { readings: vec![(front, reading(at(second), Finding::Passing))], ..Batch::default() };
    store.save(&one(10)).await.unwrap();
    store.sweep(at(3599)).await.unwrap();
    // The hour is over, but a slow check of it may still be on its way.
    store.sweep(at(3601)).await.unwrap();
    assert!(store.hourly(front, at(0)).await.unwrap().is_empty());
    store.save(&one(3598)).await.unwrap();
    store.sweep(at(3600 + 600)).await.unwrap();
    store.sweep(at(3600 + 900)).await.unwrap();
    let hours = store.hourly(front, at(0)).await.unwrap();
    assert_eq!(hours.iter().map(|hour| hour.passing).collect::<Vec<_>>(), [2]);
    assert_eq!(readings(&*store).await, 2, "the readings themselves stay for a week");
}

pub(crate) async fn history_goes_after_two_years_and_not_before<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, run(1, "a"), &done()).await;
    store.save(&Batch { entries: vec![said(at(1), "long ago")], ..Batch::default() }).await.unwrap();
    assert_eq!(store.sweep(at(0) + DAY * 730).await.unwrap(), 0);
    assert_eq!(store.runs(&RunsPage::default()).await.unwrap().len(), 1);
    assert_eq!(store.sweep(at(10) + DAY * 731).await.unwrap(), 2);
    assert!(store.runs(&RunsPage::default()).await.unwrap().is_empty());
    assert!(store.timeline(&TimelinePage::default()).await.unwrap().is_empty());
    // A number is never used again.
    store.save(&Batch { entries: vec![said(at(1), "now")], ..Batch::default() }).await.unwrap();
    assert_eq!(store.timeline(&TimelinePage::default()).await.unwrap()[0].number, 2);
}

pub(crate) async fn open_runs_and_the_lineage_never_go<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, rollback(run(1, "roll back")), &released(13)).await;
    sent(&*store, run(11, "more web")).await;
    assert_eq!(store.sweep(at(0) + DAY * 3650).await.unwrap(), 0);
    let known = store.app_facts(&subject("shop", None), &[], at(0) + DAY * 3650).await.unwrap();
    assert_eq!(known.our_rollbacks.len(), 1);
    assert_eq!(known.open.len(), 1);
    // Once the app has had thousands of releases since, nobody goes back that far.
    let fence = store.take_over(node(2), at(20), LEASE).await.unwrap()[0].1;
    assert!(store.end(run(11, "more web").id, fence, at(21), &done(), &[], &[]).await.unwrap());
    ended(&*store, rollback(run(31, "roll back")), &released(4000)).await;
    store.sweep(at(0) + DAY * 3650).await.unwrap();
    let known = store.app_facts(&subject("shop", None), &[], at(0) + DAY * 3650).await.unwrap();
    assert_eq!(known.our_rollbacks.iter().map(|version| version.get()).collect::<Vec<_>>(), [4000]);
}

pub(crate) async fn reasons_of_a_reaction_that_is_gone_go_with_it<D: Database>(database: &D) {
    let store = database.open().await;
    let holding = |of: &str| Holding {
        key: HoldingKey { monitor: monitor("front door").0, reaction: reaction(of) },
        because: Because::Maintenance,
        since: at(0),
        last_at: at(0),
        count: 1,
    };
    let definition = |name: &str| Definition {
        id: reaction(name).0,
        name: name.into(),
        origin: Origin::File,
        kind: "scale_out".into(),
        settings: serde_json::Value::Null,
    };
    store.save(&Batch { holdings: vec![holding("a"), holding("b")], ..Batch::default() }).await.unwrap();
    store.define(&[], &[definition("a"), definition("b")], at(0)).await.unwrap();
    store.define(&[], &[definition("b")], at(1)).await.unwrap();
    store.sweep(at(0) + DAY * 7).await.unwrap();
    assert_eq!(store.holdings().await.unwrap().len(), 2);
    store.sweep(at(2) + DAY * 7).await.unwrap();
    assert_eq!(store.holdings().await.unwrap(), [holding("b")]);
}

pub(crate) async fn one_sweep_is_bounded_and_the_next_goes_on<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    // One reading an hour for more hours than one sweep rolls up, and more than one transaction removes at once.
    let hourly = (0..300).map(|hour| (front, reading(at(hour * 3600), Finding::Passing)));
    let dense = (0..6000).map(|second| (front, reading(at(second) + Duration::from_millis(500), Finding::Passing)));
    store.save(&Batch { readings: hourly.chain(dense).collect(), ..Batch::default() }).await.unwrap();
    let now = at(0) + DAY * 60;
    let first = store.sweep(now).await.unwrap();
    assert_eq!(first, 6000 + 24 * 8, "eight days of hours at once, and every reading of theirs");
    assert_eq!(store.hourly(front, at(0)).await.unwrap().len(), 24 * 8);
    let second = store.sweep(now).await.unwrap();
    assert_eq!(first + second, 6300);
    assert_eq!(store.hourly(front, at(0)).await.unwrap().len(), 300);
    assert_eq!(store.sweep(now).await.unwrap(), 0);
}

pub(crate) async fn a_monitor_that_flaps_for_ever_keeps_a_bounded_history_and_its_runs<D: Database>(database: &D) {
    let store = database.open().await;
    let line = |name: &str, second, run| Entry { monitor: Some(monitor(name)), run, ..said(at(second), "flipped") };
    let of_a_run = Entry { app: Some(app("shop")), ..line("front door", 0, Some(run(1, "a").id)) };
    let flaps = (0..20_000).map(|second| line("front door", second, None));
    let other = line("back door", 0, None);
    let entries = std::iter::once(of_a_run).chain(std::iter::once(other)).chain(flaps).collect();
    store.save(&Batch { entries, ..Batch::default() }).await.unwrap();
    assert_eq!(store.sweep(at(30_000)).await.unwrap(), 0, "so many may be there");
    store.save(&Batch { entries: vec![line("front door", 20_000, None)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.sweep(at(30_000)).await.unwrap(), 5_001, "the oldest go");
    assert_eq!(store.sweep(at(30_000)).await.unwrap(), 0);
    let first = |name: &str| TimelinePage { monitor: Some(monitor(name).0), ..TimelinePage::default() };
    let kept = store.timeline(&first("front door")).await.unwrap();
    assert_eq!(kept.last().unwrap().entry.at, at(20_000), "the newest stay");
    let of_the_app = TimelinePage { app: Some(app("shop")), ..TimelinePage::default() };
    assert_eq!(store.timeline(&of_the_app).await.unwrap().len(), 1, "and what a run did");
    assert_eq!(store.timeline(&first("back door")).await.unwrap().len(), 1, "and the other monitor's");
}
