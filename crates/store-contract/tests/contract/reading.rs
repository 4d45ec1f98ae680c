//! What is read by people.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Because, Event, Finding};
use flyball_store::{
    Batch, Error, Loop as _, Of, Open, ReadingsPage, Retention as _, Runs as _, RunsPage, Timeline as _, TimelineLine,
    TimelinePage,
};
use tokio::task::JoinSet;

fn numbers(lines: &[TimelineLine]) -> Vec<i64> {
    lines.iter().map(|line| line.number).collect()
}

pub(crate) async fn the_timeline_is_numbered_without_gaps_and_filtered<D: Database>(database: &D) {
    let store = database.open().await;
    let mut entries: Vec<_> = (0..6).map(|second| said(at(second), "something")).collect();
    entries[1].app = Some(app("shop"));
    entries[2].monitor = Some(monitor("front door"));
    entries[3].reaction = Some((reaction("more web"), reaction_name("more web")));
    entries[3].app = Some(app("shop"));
    entries[4].run = Some(run(1, "more web").id);
    for half in entries.chunks(3) {
        store.save(&Batch { entries: half.to_vec(), ..Batch::default() }).await.unwrap();
    }
    let all = store.timeline(&TimelinePage::default()).await.unwrap();
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all.into_iter().map(|line| line.entry).collect::<Vec<_>>(), entries);
    let with = async |page: TimelinePage| numbers(&store.timeline(&page).await.unwrap());
    let any = TimelinePage::default;
    assert_eq!(with(TimelinePage { app: Some(app("shop")), ..any() }).await, [2, 4]);
    assert_eq!(with(TimelinePage { monitor: Some(monitor("front door").0), ..any() }).await, [3]);
    assert_eq!(with(TimelinePage { reaction: Some(reaction("more web")), ..any() }).await, [4]);
    assert_eq!(with(TimelinePage { run: Some(run(1, "more web").id), ..any() }).await, [5]);
    assert_eq!(with(TimelinePage { of_the_whole: true, ..any() }).await, [1, 6]);
    assert_eq!(with(TimelinePage { since: Some(at(4)), ..any() }).await, [5, 6]);
    assert_eq!(with(TimelinePage { until: Some(at(1)), ..any() }).await, [1, 2]);
    assert_eq!(with(TimelinePage { since: Some(at(1)), until: Some(at(2)), ..any() }).await, [2, 3]);
    assert_eq!(with(TimelinePage { after: Some(4), app: Some(app("shop")), ..any() }).await, [0_i64; 0]);
    assert_eq!(with(TimelinePage { before: Some(3), ..any() }).await, [1, 2]);
    let mut held = said(at(6), "");
    held.event = Event::Held { because: Because::Maintenance };
    store.save(&Batch { entries: vec![held, said(at(7), "something")], ..Batch::default() }).await.unwrap();
    assert_eq!(with(TimelinePage { no_holds: true, after: Some(5), ..any() }).await, [6, 8]);
    let any = || TimelinePage { before: Some(7), ..TimelinePage::default() };
    assert_eq!(with(TimelinePage { lines: 2, ..any() }).await, [5, 6], "the latest, oldest first");
}

pub(crate) async fn lines_of_two_processes_share_one_order<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let mut tasks = JoinSet::new();
    for task in 0..20_usize {
        let store = handles[task % 2].clone();
        tasks.spawn(async move {
            let words = task.to_string();
            let entries = vec![said(at(1), &words), said(at(1), &words)];
            store.save(&Batch { entries, ..Batch::default() }).await.unwrap();
        });
    }
    tasks.join_all().await;
    let lines = handles[0].timeline(&TimelinePage::default()).await.unwrap();
    assert_eq!(numbers(&lines), (1..=40).collect::<Vec<_>>());
    for pair in lines.chunks(2) {
        assert_eq!(pair[0].entry, pair[1].entry, "the lines of one batch stay together");
    }
}

pub(crate) async fn readings_come_oldest_first_and_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    let (front, back) = (monitor("front door").0, monitor("back door").0);
    let readings = (0..1200).rev().map(|second| (front, reading(at(second), Finding::Passing))).collect();
    store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
    let others = vec![(back, reading(at(3), Finding::Passing))];
    store.save(&Batch { readings: others, ..Batch::default() }).await.unwrap();
    let page = async |since, readings| {
        let page = ReadingsPage { monitor: front, since, until: None, readings };
        store.readings(&page).await.unwrap().iter().map(|reading| reading.begun_at).collect::<Vec<_>>()
    };
    let most = page(None, 0).await;
    assert_eq!(most.len(), ReadingsPage::READINGS_MAX as usize);
    assert_eq!((most[0], most[999]), (at(200), at(1199)));
    assert_eq!(page(None, 2).await, [at(1198), at(1199)]);
    assert_eq!(page(Some(at(1199)), 0).await, [at(1199)]);
    let until = async |since, until, readings| {
        let page = ReadingsPage { monitor: front, since, until: Some(until), readings };
        store.readings(&page).await.unwrap().iter().map(|reading| reading.begun_at).collect::<Vec<_>>()
    };
    for now in [at(0), at(3 * 3600)] {
        store.sweep(now).await.unwrap();
        assert_eq!(until(None, at(600), 2).await, [at(599), at(600)], "as rows, and as a packed hour");
        assert_eq!(until(Some(at(600)), at(600), 0).await, [at(600)]);
        assert_eq!(until(Some(at(601)), at(600), 0).await, []);
    }
}

pub(crate) async fn runs_come_newest_first_and_filtered<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, run(1, "a"), &done()).await;
    store.save(&runs([run(2, "b"), on("other", run(3, "a"))])).await.unwrap();
    let with = async |page: RunsPage| {
        store.runs(&page).await.unwrap().iter().map(|run| run.id.0.as_u128() - 1).collect::<Vec<_>>()
    };
    let any = RunsPage::default;
    assert_eq!(with(any()).await, [3, 2, 1]);
    assert_eq!(with(RunsPage { app: Some(app("shop")), ..any() }).await, [2, 1]);
    assert_eq!(with(RunsPage { reaction: Some(reaction("a")), ..any() }).await, [3, 1]);
    assert_eq!(with(RunsPage { open: Some(Open), ..any() }).await, [3, 2]);
    assert_eq!(with(RunsPage { since: Some(at(2)), ..any() }).await, [3, 2]);
    assert_eq!(with(RunsPage { runs: 1, ..any() }).await, [3]);
}

pub(crate) async fn a_row_that_cannot_be_read_is_left_out_of_a_list<D: Database>(database: &D) {
    let store = database.open().await;
    let states = vec![remembered("front door", 1), remembered("back door", 2)];
    let entries = vec![said(at(1), "one"), said(at(2), "two")];
    store.save(&Batch { states, entries, ..Batch::default() }).await.unwrap();
    database.tamper("UPDATE timeline SET event = '{\"event\":\"from the future\"}' WHERE number = 1").await;
    database.tamper("UPDATE monitor_states SET state = '{' WHERE state LIKE '%\"streak\":2%'").await;
    assert_eq!(numbers(&store.timeline(&TimelinePage::default()).await.unwrap()), [2]);
    assert_eq!(store.remembered(Of::All).await.unwrap(), [remembered("front door", 1)]);
}

/// A plan as it was written before subjects had a name: the API host stood in its column alone.
const OLDER_PLAN: &str = r#"UPDATE runs SET plan = '{"account":"default","app":"shop","app_id":"id-of-shop",
    "effect":{"kind":"set_quantity","process_type":"web","from":1,"to":2},
    "seen_at":"2026-03-02T09:00:01.000Z","gist":"web=1:Standard-1X"}'"#;

pub(crate) async fn a_plan_that_names_no_host_is_on_that_of_its_row<D: Database>(database: &D) {
    let store = database.open().await;
    let mut run = run(1, "a");
    run.plan.subject = elsewhere(&run.plan.subject);
    store.save(&runs([run.clone()])).await.unwrap();
    database.tamper(OLDER_PLAN).await;
    assert_eq!(store.run(run.id).await.unwrap(), Some(run.clone()));
    let known = store.app_facts(&elsewhere(&subject("shop", None)), &[], at(2)).await.unwrap();
    assert_eq!(known.open, [run]);
}

pub(crate) async fn a_run_on_an_app_that_nobody_looked_at_is_not_taken<D: Database>(database: &D) {
    let store = database.open().await;
    let mut run = run(1, "a");
    run.plan.subject = subject("shop", None);
    store.save(&runs([run])).await.unwrap_err();
}

pub(crate) async fn a_run_that_cannot_be_read_is_an_error_that_names_it<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "a");
    store.save(&runs([run.clone()])).await.unwrap();
    database.tamper("UPDATE runs SET plan = '{\"account\":\"default\"}'").await;
    for error in [
        store.run(run.id).await.unwrap_err(),
        store.claim(run.id, node(1), &[], at(2), LEASE).await.unwrap_err(),
        store.app_facts(&subject("shop", None), &[reaction("a")], at(2)).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("column `plan` of run {}", run.id)), "{error}");
    }
    assert!(store.due(at(2)).await.unwrap().is_empty(), "the others can still be worked on");
}
