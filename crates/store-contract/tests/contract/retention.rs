//! Bounds of what is kept.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{
    Amount, Because, Blind, Cause, Entry, Evidence, Excerpt, Finding, Measured, Reading, Timestamp, Unit,
};
use flyball_store::{
    Batch, Definition, Holding, HoldingKey, Loop as _, Of, Origin, ReadingsPage, Retention as _, Rolled, RollupsPage,
    Runs as _, RunsPage, Span, Store, Timeline as _, TimelinePage,
};
use std::time::Duration;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

fn took(mut reading: Reading, milliseconds: u64) -> Reading {
    reading.took = Duration::from_millis(milliseconds);
    reading
}

async fn readings(store: &impl Store) -> usize {
    store
        .readings(&ReadingsPage { monitor: monitor("front door").0, since: None, until: None, readings: 0 })
        .await
        .unwrap()
        .len()
}

async fn rolled(store: &impl Store, of: &str, span: Span) -> Vec<Rolled> {
    let page = RollupsPage { monitor: monitor(of).0, span, since: Timestamp::EPOCH, until: Timestamp::FAR_FUTURE };
    store.rollups(&page).await.unwrap()
}

/// Seconds that passing, failing and unknown held.
fn held(rolled: &Rolled) -> [u64; 3] {
    [rolled.rollup.passing, rolled.rollup.failing, rolled.rollup.unknown].map(|share| share.held_ms / 1000)
}

fn starts(rolled: &[Rolled]) -> Vec<Timestamp> {
    rolled.iter().map(|rolled| rolled.start).collect()
}

pub(crate) fn watched(name: &str, every: Duration) -> Definition {
    Definition {
        id: monitor(name).0.0,
        name: name.into(),
        origin: Origin::File,
        kind: "http_status".into(),
        settings: serde_json::Value::Null,
        every: Some(every),
    }
}

pub(crate) async fn hours_are_rolled_up_before_their_readings_go<D: Database>(database: &D) {
    let store = database.open().await;
    let (front, back) = (monitor("front door").0, monitor("back door").0);
    store.define(&[watched("front door", Duration::from_secs(60))], &[], at(0)).await.unwrap();
    let seen = [
        (front, took(reading(at(0), Finding::Passing), 10)),
        (front, took(reading(at(60), Finding::Passing), 20)),
        (front, took(reading(at(120), Finding::Failing(Cause::Slow)), 60)),
        (front, took(reading(at(3540), Finding::Unknown(Blind::Network)), 30)),
        (front, took(reading(at(3600), Finding::Passing), 7)),
        (front, took(reading(at(3 * 3600 + 1), Finding::Passing), 8)),
        (back, took(reading(at(5), Finding::Passing), 1000)),
    ];
    store.save(&Batch { readings: seen.to_vec(), ..Batch::default() }).await.unwrap();
    // In one go, long after: rolled up and removed by the same sweep.
    store.sweep(at(0) + DAY * 8).await.unwrap();
    assert_eq!(readings(&*store).await, 0);
    let hours = rolled(&*store, "front door", Span::Hour).await;
    assert_eq!(starts(&hours), [at(0), at(3600), at(3 * 3600)]);
    let first = &hours[0].rollup;
    assert_eq!([first.passing, first.failing, first.unknown].map(|share| share.readings), [2, 1, 1]);
    assert_eq!(held(&hours[0]), [120, 60, 60], "what nobody looked at is nobody's");
    let most = first.took.percentile(1.0).unwrap().as_secs_f64();
    assert!((0.0588..0.0612).contains(&most), "{most}: within two percent, without the unknown one");
    assert_eq!(rolled(&*store, "back door", Span::Hour).await.len(), 1);
    let parts = rolled(&*store, "front door", Span::FiveMinutes).await;
    assert_eq!(starts(&parts), [at(0), at(3300), at(3600), at(3 * 3600)]);
    assert_eq!(held(&parts[1]), [0, 0, 60]);
    let days = rolled(&*store, "front door", Span::Day).await;
    assert_eq!(
        days.iter().map(|day| (day.start, held(day))).collect::<Vec<_>>(),
        [(Span::Day.start_of(at(0)), [240, 60, 60])]
    );
    store.sweep(at(0) + DAY * 390).await.unwrap();
    assert!(rolled(&*store, "front door", Span::FiveMinutes).await.is_empty(), "kept for 30 days");
    assert_eq!(rolled(&*store, "front door", Span::Hour).await.len(), 3);
    store.sweep(at(0) + DAY * 400).await.unwrap();
    assert!(rolled(&*store, "front door", Span::Hour).await.is_empty(), "kept for thirteen months");
    assert_eq!(rolled(&*store, "front door", Span::Day).await.len(), 1);
    store.sweep(at(0) + DAY * 1830).await.unwrap();
    assert!(rolled(&*store, "front door", Span::Day).await.is_empty(), "kept for five years");
}

pub(crate) async fn what_was_measured_outlives_its_readings<D: Database>(database: &D) {
    let store = database.open().await;
    store.define(&[watched("front door", Duration::from_secs(60))], &[], at(0)).await.unwrap();
    let measured = |second, number, complete| {
        let amount = Amount::new(number, Unit::Things);
        let evidence = Evidence::Measured(Measured { amount, complete, few: false, dynos: None });
        (monitor("front door").0, Reading { evidence, ..reading(at(second), Finding::Passing) })
    };
    let unknown = (monitor("front door").0, reading(at(180), Finding::Unknown(Blind::NotTold)));
    let seen = vec![measured(0, 4.0, true), measured(60, -1.5, true), unknown, measured(4000, 21.0, false)];
    store.save(&Batch { readings: seen, ..Batch::default() }).await.unwrap();
    store.sweep(at(0) + DAY * 8).await.unwrap();
    assert_eq!(readings(&*store).await, 0);
    let told = |rolled: &Rolled| {
        let amounts = rolled.rollup.amounts?;
        let numbers = [amounts.least(), amounts.mean(), amounts.most()].map(Amount::number);
        Some((amounts.unit(), amounts.readings, amounts.incomplete, numbers))
    };
    let (first, later) = ((2, 0, [-1.5, 1.25, 4.0]), (1, 1, [21.0; 3]));
    let things = |(readings, incomplete, numbers)| Some((Unit::Things, readings, incomplete, numbers));
    for span in [Span::FiveMinutes, Span::Hour] {
        let of_each: Vec<_> = rolled(&*store, "front door", span).await.iter().map(told).collect();
        assert_eq!(of_each, [things(first), things(later)], "{span:?}");
    }
    let days = rolled(&*store, "front door", Span::Day).await;
    assert_eq!(days.iter().map(told).collect::<Vec<_>>(), [things((3, 1, [-1.5, 7.833, 21.0]))]);
    let page = monitor("front door").0;
    let whole = store.rolled_up(&[page], at(0), at(0) + DAY).await.unwrap().remove(0);
    assert_eq!(told(&Rolled { start: at(0), rollup: whole }), things((3, 1, [-1.5, 7.833, 21.0])));
}

pub(crate) async fn the_present_hour_is_not_rolled_up<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let one = |second| Batch { readings: vec![(front, reading(at(second), Finding::Passing))], ..Batch::default() };
    store.save(&one(10)).await.unwrap();
    store.sweep(at(3599)).await.unwrap();
    // The hour is over, but a slow check of it may still be on its way.
    store.sweep(at(3601)).await.unwrap();
    assert!(rolled(&*store, "front door", Span::Hour).await.is_empty());
    store.save(&one(3598)).await.unwrap();
    store.sweep(at(3600 + 600)).await.unwrap();
    store.sweep(at(3600 + 900)).await.unwrap();
    let hours = rolled(&*store, "front door", Span::Hour).await;
    assert_eq!(hours.iter().map(|hour| hour.rollup.passing.readings).collect::<Vec<_>>(), [2]);
    assert_eq!(readings(&*store).await, 2, "the readings themselves stay for a week");
}

pub(crate) async fn a_reading_that_comes_days_late_is_counted_and_kept<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let one = |second| Batch { readings: vec![(front, reading(at(second), Finding::Passing))], ..Batch::default() };
    store.save(&one(10)).await.unwrap();
    store.save(&one(40)).await.unwrap();
    store.sweep(at(0) + DAY * 2).await.unwrap();
    assert_eq!(rolled(&*store, "front door", Span::Day).await[0].rollup.passing.readings, 2);
    // A node that could not reach the database for two days, and one of whose answers was lost.
    store.save(&one(25)).await.unwrap();
    store.save(&one(40)).await.unwrap();
    assert_eq!(readings(&*store).await, 3, "before it is packed");
    store.sweep(at(0) + DAY * 2 + Duration::from_secs(7200)).await.unwrap();
    assert_eq!(readings(&*store).await, 3, "and after");
    for span in Span::ALL {
        assert_eq!(rolled(&*store, "front door", span).await[0].rollup.passing.readings, 3, "{span:?}");
    }
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
    let fence = store.take_over(node(2), at(20), LEASE, &|_| true).await.unwrap()[0].1;
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
        every: None,
    };
    store.save(&Batch { holdings: vec![holding("a"), holding("b")], ..Batch::default() }).await.unwrap();
    store.define(&[], &[definition("a"), definition("b")], at(0)).await.unwrap();
    store.define(&[], &[definition("b")], at(1)).await.unwrap();
    store.sweep(at(0) + DAY * 7).await.unwrap();
    assert_eq!(store.holdings(Of::All).await.unwrap().len(), 2);
    store.sweep(at(2) + DAY * 7).await.unwrap();
    assert_eq!(store.holdings(Of::All).await.unwrap(), [holding("b")]);
}

pub(crate) async fn readings_are_the_same_in_rows_and_in_blocks<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    // More than one transaction packs, over more hours than are read in one go, and with other words now and then.
    let dense = (0..9000).map(|second| reading(at(second), Finding::Passing));
    let sparse = (3..60).map(|hour| reading(at(hour * 3600), Finding::Failing(Cause::Status)));
    let seen: Vec<_> = dense.chain(sparse).map(|reading| (front, reading)).collect();
    store.save(&Batch { readings: seen, ..Batch::default() }).await.unwrap();
    let page = |since| ReadingsPage { monitor: front, since, until: None, readings: 0 };
    let read = async || {
        let since = [None, Some(at(0)), Some(at(8_000)), Some(at(50 * 3600 + 1))];
        let mut pages = Vec::new();
        for since in since {
            pages.push(store.readings(&page(since)).await.unwrap());
        }
        pages
    };
    let before = read().await;
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 1000, 9]);
    store.sweep(at(0) + DAY * 3).await.unwrap();
    assert_eq!(read().await, before);
}

pub(crate) async fn a_page_whose_every_answer_is_another_costs_no_disk_without_end<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let odd = |second: u64| {
        let mut odd = reading(at(second), Finding::Passing);
        odd.words = Excerpt::of(&format!("answered 200 in {}ms, and the page has \"{second}\"", odd.took.as_millis()));
        (front, odd)
    };
    for second in 0..100 {
        store.save(&Batch { readings: vec![odd(second)], ..Batch::default() }).await.unwrap();
    }
    let page = ReadingsPage { monitor: front, since: None, until: None, readings: 0 };
    let kept = store.readings(&page).await.unwrap();
    assert_eq!(kept.len(), 100);
    assert_eq!(kept[23], odd(23).1, "as many are kept in full as say something new in an hour");
    assert_ne!(kept[24].words, odd(24).1.words);
    assert_eq!((kept[99].begun_at, kept[99].took, kept[99].finding), (at(99), odd(99).1.took, Finding::Passing));
    store.save(&Batch { readings: vec![odd(3600)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.readings(&page).await.unwrap()[100], odd(3600).1, "and the next hour they are again");
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

pub(crate) async fn the_latest_so_many_readings_are_the_end_of_all<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    let seen = |second| (front, reading(at(second), Finding::Passing));
    let saved = async |seconds: &[u64]| {
        let readings = seconds.iter().map(|second| seen(*second)).collect();
        store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
    };
    // Two hours that are packed, one with a single reading; one that is not, and one that came late among what is packed.
    saved(&[60, 120, 180, 240, 3 * 3600 + 5]).await;
    while store.sweep(at(6 * 3600)).await.unwrap() > 0 {}
    saved(&[150, 6 * 3600 + 10, 6 * 3600 + 20, 6 * 3600 + 30]).await;
    let whole = [60, 120, 150, 180, 240, 3 * 3600 + 5, 6 * 3600 + 10, 6 * 3600 + 20, 6 * 3600 + 30];
    for until in [None, Some(at(6 * 3600 + 20)), Some(at(4 * 3600)), Some(at(170))] {
        let within: Vec<_> =
            whole.iter().map(|second| at(*second)).filter(|at| until.is_none_or(|end| *at <= end)).collect();
        for count in 1..=whole.len() {
            let readings = u32::try_from(count).unwrap();
            let page = ReadingsPage { monitor: front, since: None, until, readings };
            let told: Vec<_> = store.readings(&page).await.unwrap().iter().map(|reading| reading.begun_at).collect();
            assert_eq!(told, within[within.len().saturating_sub(count)..], "{count} until {until:?}");
        }
    }
}

pub(crate) async fn what_became_of_a_monitor_is_told_for_any_time<D: Database>(database: &D) {
    let store = database.open().await;
    let front = monitor("front door").0;
    store.define(&[watched("front door", Duration::from_secs(60))], &[], at(0)).await.unwrap();
    // Three days and a bit of a look each minute, of which every hour's first ten minutes fail.
    let whole = 3 * 24 * 60 + 90;
    let seen = (0..whole).map(|minute| {
        let finding = if minute % 60 < 10 { Finding::Failing(Cause::Status) } else { Finding::Passing };
        (front, reading(at(minute * 60), finding))
    });
    store.save(&Batch { readings: seen.collect(), ..Batch::default() }).await.unwrap();
    let now = at(whole * 60);
    // Before anything is packed, and after; to minutes that lie anywhere in hours and days.
    for _ in 0..2 {
        for (from, to) in [(0, whole), (5, 65), (70, 115), (60, 2 * 24 * 60 + 35), (24 * 60 - 5, whole - 20)] {
            let rollup = store.rolled_up(&[front], at(from * 60), at(to * 60)).await.unwrap().remove(0);
            let failing = (from..to).filter(|minute| minute % 60 < 10).count() as u64;
            assert_eq!(rollup.failing.held_ms / 60_000, failing, "{from} to {to}");
            assert_eq!(rollup.passing.held_ms / 60_000, to - from - failing, "{from} to {to}");
            assert_eq!(rollup.readings(), to - from);
        }
        assert_eq!(store.latest(Of::All).await.unwrap(), [(front, reading(at((whole - 1) * 60), Finding::Passing))]);
        store.sweep(now).await.unwrap();
    }
}
