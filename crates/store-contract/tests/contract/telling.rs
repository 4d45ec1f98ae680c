//! What people are told: decided once, owed until it is sent or given up, in the order of its thread, by one at a time.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{
    ChannelName, EndedBy, FirstCause, Incident, IncidentEnd, IncidentOf, IncidentTold, Thread, ThreadKey, ThreadOf,
    Timestamp, Untold,
};
use flyball_store::{
    Batch, ClaimedNotice, Incidents as _, Loop as _, NewNotice, NoticeState, NoticesPage, Retention as _, Store, Tell,
    Telling as _, ToldSoFar, Tried,
};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

fn channel() -> ChannelName {
    "it's \"on call\": %".parse().unwrap()
}

fn thread(of: ThreadOf, second: u64) -> Thread {
    Thread {
        key: ThreadKey::of(&channel(), &of, at(second)),
        channel: channel(),
        of,
        opened_at: at(second),
        latest_at: at(second),
        sequence: 0,
        untold: Untold::Nothing,
        closed_at: None,
    }
}

fn of_incident(number: i64, second: u64) -> Thread {
    thread(ThreadOf::Incidents(vec![number]), second)
}

fn notice(thread: &Thread, sequence: u32, second: u64) -> NewNotice {
    NewNotice {
        thread: thread.key.clone(),
        sequence,
        channel: thread.channel.clone(),
        about: "trouble".to_owned(),
        notice: json!({ "title": "it's \"shop\"", "sequence": sequence }),
        made_at: at(second),
    }
}

async fn so_far(store: &impl Store) -> ToldSoFar {
    store.told_so_far(at(1_000)).await.unwrap()
}

async fn tell(store: &impl Store, tell: Tell) -> bool {
    store.tell(so_far(store).await.version, &tell).await.unwrap()
}

async fn owed(store: &impl Store, second: u64) -> Vec<u32> {
    store.owed(at(second)).await.unwrap().into_iter().map(|notice| notice.sequence).collect()
}

async fn claim(store: &impl Store, of: &Thread, sequence: u32, second: u64) -> Option<ClaimedNotice> {
    store.claim_notice(&of.key, sequence, at(second), LEASE).await.unwrap()
}

async fn tried(
    store: &impl Store,
    of: &Thread,
    sequence: u32,
    claimed: &ClaimedNotice,
    tried: Tried,
    second: u64,
) -> bool {
    store.tried(&of.key, sequence, claimed.fence, &tried, at(second)).await.unwrap()
}

const SENT: Tried = Tried::Sent { handle: None };

fn later(second: u64) -> Tried {
    Tried::Later { at: at(second), why: "it answered 503".to_owned() }
}

fn given_up() -> Tried {
    Tried::GivenUp { why: "it answered 400".to_owned() }
}

pub(crate) async fn of_many_who_decide_on_the_same_one_is_heard<D: Database>(database: &D) {
    let store = database.open().await;
    assert_eq!(so_far(&*store).await.until, None, "nothing was ever told");
    let version = so_far(&*store).await.version;
    let mut tasks = JoinSet::new();
    for nth in 0..8 {
        let (store, of) = (store.clone(), of_incident(nth, 10));
        tasks.spawn(async move {
            let tell = Tell { until: nth, notices: vec![notice(&of, 0, 10)], threads: vec![of], ..Tell::default() };
            store.tell(version, &tell).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|heard| *heard).count(), 1);
    let so_far = so_far(&*store).await;
    assert_eq!((so_far.threads.len(), so_far.version), (1, version + 1));
    assert_eq!(store.owed(at(10)).await.unwrap().len(), 1, "what was not heard left nothing behind");
    // How far it was read never goes back.
    assert!(tell(&*store, Tell { until: 50, ..Tell::default() }).await);
    assert!(tell(&*store, Tell { until: 20, ..Tell::default() }).await);
    assert_eq!(store.told_so_far(at(20)).await.unwrap().until, Some(50));
}

pub(crate) async fn a_thread_is_there_as_it_was_left_until_it_is_closed<D: Database>(database: &D) {
    let store = database.open().await;
    let mut threads = vec![
        of_incident(1, 10),
        thread(ThreadOf::Lines(vec![3, 4]), 11),
        thread(ThreadOf::Channel(channel()), 12),
        thread(ThreadOf::Day("2026-11-29".to_owned()), 13),
    ];
    assert!(tell(&*store, Tell { threads: threads.clone(), ..Tell::default() }).await);
    threads[0] = Thread {
        of: ThreadOf::Incidents(vec![1, 2]),
        latest_at: at(60),
        sequence: 3,
        untold: Untold::Trouble,
        ..threads[0].clone()
    };
    assert!(tell(&*store, Tell { threads: vec![threads[0].clone()], ..Tell::default() }).await);
    database.close(store).await;
    let store = database.open().await;
    assert_eq!(so_far(&*store).await.threads, threads);
    let closed = Thread { closed_at: Some(at(90)), ..threads[0].clone() };
    assert!(tell(&*store, Tell { threads: vec![closed], ..Tell::default() }).await);
    assert_eq!(so_far(&*store).await.threads, threads[1..]);
}

pub(crate) async fn an_incident_comes_back_until_all_of_it_is_told<D: Database>(database: &D) {
    let store = database.open().await;
    let incident = |name: &str, second: u64, end: Option<u64>| Incident {
        of: IncidentOf::App(app(name)),
        began_at: at(second),
        first: FirstCause::Monitor { name: monitor("page").1, cause: None },
        end: end.map(|second| IncidentEnd { at: at(second), by: EndedBy::Passing }),
    };
    let batch = |incidents: Vec<Incident>| Batch { incidents, ..Batch::default() };
    store.save(&batch(vec![incident("past", 1, Some(5)), incident("shop", 10, None)])).await.unwrap();
    let numbers = async || {
        let so_far = so_far(&*store).await;
        so_far.incidents.iter().map(|found| (found.number, found.told)).collect::<Vec<_>>()
    };
    assert_eq!(numbers().await, [(1, IncidentTold::Nothing), (2, IncidentTold::Nothing)]);
    assert!(tell(&*store, Tell { begins: true, ..Tell::default() }).await);
    assert_eq!(numbers().await, [(2, IncidentTold::Nothing)], "what was over before is not told");
    let of = of_incident(2, 20);
    let begins = Tell { threads: vec![of.clone()], incidents: vec![(2, IncidentTold::Beginning)], ..Tell::default() };
    assert!(tell(&*store, begins).await);
    store.save(&batch(vec![incident("shop", 10, Some(90))])).await.unwrap();
    assert_eq!(numbers().await, [(2, IncidentTold::Beginning)]);
    assert!(tell(&*store, Tell { incidents: vec![(2, IncidentTold::End)], ..Tell::default() }).await);
    assert_eq!(numbers().await, [(2, IncidentTold::End)], "its thread is open still");
    // What was told stays told.
    assert!(tell(&*store, Tell { incidents: vec![(2, IncidentTold::Nothing)], ..Tell::default() }).await);
    assert_eq!(numbers().await, [(2, IncidentTold::End)]);
    let closed = Thread { closed_at: Some(at(95)), ..of };
    assert!(tell(&*store, Tell { threads: vec![closed], ..Tell::default() }).await);
    assert_eq!(numbers().await, []);
    assert_eq!(store.incident(2).await.unwrap().unwrap().told, IncidentTold::End);
}

pub(crate) async fn of_many_who_claim_a_notice_one_has_it<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let of = of_incident(1, 10);
    let told = Tell { threads: vec![of.clone()], notices: vec![notice(&of, 0, 10)], ..Tell::default() };
    assert!(tell(&*handles[0], told).await);
    let mut tasks = JoinSet::new();
    for nth in 0..8 {
        let (store, of) = (handles[nth % 2].clone(), of.clone());
        tasks.spawn(async move { claim(&*store, &of, 0, 10).await });
    }
    let claims: Vec<ClaimedNotice> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(claims.len(), 1, "{claims:?}");
    let first = &claims[0];
    assert_eq!(first.notice, json!({ "title": "it's \"shop\"", "sequence": 0 }));
    assert_eq!((first.first_at, first.tries, first.sent, first.latest, &first.handle), (at(10), 0, 0, 0, &None));
    let store = &*handles[0];
    assert_eq!(owed(store, 11).await, [] as [u32; 0], "it is in living hands");
    // Whoever claimed it is dead: it is another's once its claim has lapsed, and the dead hand writes nothing.
    let lapsed = 10 + LEASE.as_secs();
    assert_eq!(owed(store, lapsed).await, [0]);
    let second = claim(store, &of, 0, lapsed).await.unwrap();
    assert_eq!((second.first_at, second.tries), (at(10), 1));
    assert!(!tried(store, &of, 0, first, SENT, lapsed + 1).await);
    assert!(tried(store, &of, 0, &second, SENT, lapsed + 1).await);
    assert!(!tried(store, &of, 0, &second, given_up(), lapsed + 2).await, "it has ended");
    assert!(claim(store, &of, 0, lapsed + 100).await.is_none());
}

pub(crate) async fn who_starts_alone_takes_over_what_a_dead_process_had_claimed<D: Database>(database: &D) {
    let store = database.open().await;
    let of = of_incident(1, 10);
    let told = Tell { threads: vec![of.clone()], notices: vec![notice(&of, 0, 10)], ..Tell::default() };
    assert!(tell(&*store, told).await);
    let dead = claim(&*store, &of, 0, 10).await.unwrap();
    store.release_notices(at(12)).await.unwrap();
    assert_eq!(owed(&*store, 12).await, [0]);
    let living = claim(&*store, &of, 0, 12).await.unwrap();
    assert!(!tried(&*store, &of, 0, &dead, SENT, 13).await);
    assert!(tried(&*store, &of, 0, &living, SENT, 13).await);
    store.release_notices(at(14)).await.unwrap();
    assert_eq!(owed(&*store, 1_000).await, [] as [u32; 0], "what has ended stays as it is");
}

pub(crate) async fn notices_of_a_thread_come_one_after_the_other<D: Database>(database: &D) {
    let store = database.open().await;
    let (of, other) = (of_incident(1, 10), of_incident(2, 10));
    let notices = vec![notice(&of, 0, 10), notice(&of, 1, 20), notice(&other, 0, 30)];
    let told = Tell { threads: vec![Thread { sequence: 1, ..of.clone() }, other.clone()], notices, ..Tell::default() };
    assert!(tell(&*store, told).await);
    assert_eq!(owed(&*store, 25).await, [0]);
    assert_eq!(owed(&*store, 30).await, [0, 0], "the other thread waits for nobody");
    assert!(claim(&*store, &of, 1, 25).await.is_none(), "the first has not ended");
    let first = claim(&*store, &of, 0, 25).await.unwrap();
    assert_eq!(first.latest, 1);
    assert!(tried(&*store, &of, 0, &first, later(300), 26).await);
    assert_eq!(owed(&*store, 299).await, [0], "only the other: what is tried again holds up its thread");
    let again = claim(&*store, &of, 0, 300).await.unwrap();
    assert_eq!(again.tries, 1);
    let handle = json!({ "slack": { "channel": "C1", "ts": "1.0" } });
    assert!(tried(&*store, &of, 0, &again, Tried::Sent { handle: Some(handle.clone()) }, 301).await);
    let second = claim(&*store, &of, 1, 302).await.unwrap();
    assert_eq!((second.handle.as_ref(), second.sent), (Some(&handle), 1));
    // What keeps no handle leaves the one that is there.
    assert!(tried(&*store, &of, 1, &second, SENT, 303).await);
    let stored = store.notices(&NoticesPage { channel: Some(channel()), ..NoticesPage::default() }).await.unwrap();
    let stored: Vec<(u32, NoticeState, Option<&str>, &[i64])> = stored
        .iter()
        .map(|notice| (notice.sequence, notice.state, notice.why.as_deref(), notice.incidents.as_slice()))
        .collect();
    let expected =
        [(0, NoticeState::Due, None, &[2][..]), (1, NoticeState::Sent, None, &[1]), (0, NoticeState::Sent, None, &[1])];
    assert_eq!(stored, expected);
}

pub(crate) async fn what_is_told_of_a_day_is_told_once<D: Database>(database: &D) {
    let store = database.open().await;
    let of = thread(ThreadOf::Day("2026-11-29".to_owned()), 10);
    let told = |second| Tell {
        threads: vec![Thread { closed_at: Some(at(second)), ..of.clone() }],
        notices: vec![notice(&of, 0, second)],
        ..Tell::default()
    };
    assert!(tell(&*store, told(10)).await);
    let claimed = claim(&*store, &of, 0, 10).await.unwrap();
    assert!(tried(&*store, &of, 0, &claimed, SENT, 11).await);
    assert!(tell(&*store, told(50)).await);
    assert_eq!(owed(&*store, 60).await, [] as [u32; 0]);
}

pub(crate) async fn a_channel_fails_until_it_takes_something_again<D: Database>(database: &D) {
    let store = database.open().await;
    let of = of_incident(1, 10);
    let notices = (0..4).map(|sequence| notice(&of, sequence, 10)).collect();
    assert!(tell(&*store, Tell { threads: vec![of.clone()], notices, ..Tell::default() }).await);
    for (nth, second) in [10, 20, 30].into_iter().enumerate() {
        let claimed = claim(&*store, &of, 0, second).await.unwrap();
        let expected: &[ChannelName] = if nth < 2 { &[] } else { &[channel()] };
        assert_eq!(so_far(&*store).await.failing, expected, "at try {}", nth + 1);
        assert!(tried(&*store, &of, 0, &claimed, later(second + 10), second + 1).await);
    }
    let claimed = claim(&*store, &of, 0, 40).await.unwrap();
    assert!(tried(&*store, &of, 0, &claimed, SENT, 41).await);
    assert_eq!(so_far(&*store).await.failing, []);
    let claimed = claim(&*store, &of, 1, 50).await.unwrap();
    assert!(tried(&*store, &of, 1, &claimed, given_up(), 51).await);
    assert_eq!(so_far(&*store).await.failing, [channel()]);
    // What was not tried says nothing.
    let claimed = claim(&*store, &of, 2, 60).await.unwrap();
    assert!(tried(&*store, &of, 2, &claimed, Tried::Skipped { why: "late".to_owned() }, 61).await);
    assert_eq!(so_far(&*store).await.failing, [channel()]);
    let a_day_on = Timestamp::from_millis(at(52).as_millis() + 86_400_000);
    assert_eq!(store.told_so_far(a_day_on).await.unwrap().failing, []);
    let claimed = claim(&*store, &of, 3, 70).await.unwrap();
    assert!(tried(&*store, &of, 3, &claimed, SENT, 71).await);
    assert_eq!(so_far(&*store).await.failing, []);
}

pub(crate) async fn what_was_told_goes_after_three_months_and_what_is_owed_never<D: Database>(database: &D) {
    let store = database.open().await;
    let (of, open) = (of_incident(1, 10), of_incident(2, 10));
    let closed = Thread { closed_at: Some(at(20)), ..of.clone() };
    let notices = vec![notice(&of, 0, 10), notice(&open, 0, 10)];
    assert!(tell(&*store, Tell { threads: vec![closed, open.clone()], notices, ..Tell::default() }).await);
    let claimed = claim(&*store, &of, 0, 10).await.unwrap();
    assert!(tried(&*store, &of, 0, &claimed, SENT, 20).await);
    let after = |days: u64| at(20) + Duration::from_secs(days * 86_400);
    store.sweep(after(91)).await.unwrap();
    assert_eq!(store.notices(&NoticesPage::default()).await.unwrap().len(), 2);
    store.sweep(after(93)).await.unwrap();
    let left = store.notices(&NoticesPage::default()).await.unwrap();
    assert_eq!(left.iter().map(|notice| &notice.thread).collect::<Vec<_>>(), [&open.key]);
    assert_eq!(so_far(&*store).await.threads, [open]);
}
