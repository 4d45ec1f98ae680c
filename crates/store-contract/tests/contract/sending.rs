//! Sent at most once, ended once.

use crate::Database;
use crate::facts::facts;
use crate::fixtures::*;
use flyball_model::{Because, Excerpt, Outcome, Run, RunState, WhySuperseded};
use flyball_store::{Claim, Fence, Loop as _, MarkSent, Runs as _, RunsPage, Timeline as _, TimelinePage};
use std::time::Duration;
use tokio::task::JoinSet;

pub(crate) async fn a_run_is_marked_sent_once_in_its_life<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let run = run(1, "more web");
    let fence = claimed(&*handles[0], run.clone()).await;
    let mut tasks = JoinSet::new();
    for task in 0..12_usize {
        let (store, id) = (handles[task % 2].clone(), run.id);
        tasks.spawn(async move { store.mark_sent(id, fence, at(2), at(40)).await.unwrap() });
    }
    let sends = tasks.join_all().await;
    assert_eq!(sends.iter().filter(|send| **send == MarkSent::Go).count(), 1, "{sends:?}");
    assert_eq!(sends.iter().filter(|send| **send == MarkSent::Lost).count(), 11, "{sends:?}");
    let stored = handles[1].run(run.id).await.unwrap().unwrap();
    assert_eq!(stored.state, RunState::Sent { node: node(1), at: at(2), look_at: at(40) });
    assert_eq!(stored.sent_at, Some(at(2)));
    // Nor after its end, nor by whoever takes it over, nor before it is claimed.
    assert!(handles[0].end(run.id, fence, at(3), &done(), &[], &[]).await.unwrap());
    assert_eq!(handles[0].mark_sent(run.id, fence, at(4), at(50)).await.unwrap(), MarkSent::Lost);
    let queued = crate::fixtures::run(9, "queued");
    handles[0].save(&runs([queued.clone()])).await.unwrap();
    assert_eq!(handles[0].mark_sent(queued.id, Fence(0), at(9), at(50)).await.unwrap(), MarkSent::Lost);
}

pub(crate) async fn a_run_ends_once<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    let fence = sent(&*store, run.clone()).await;
    let lines = [said(at(2), "it ended")];
    assert!(store.end(run.id, fence, at(2), &done(), &[], &lines).await.unwrap());
    assert!(!store.end(run.id, fence, at(3), &refused(), &[], &lines).await.unwrap());
    let stored = store.run(run.id).await.unwrap().unwrap();
    assert_eq!(stored.state, RunState::Ended { at: at(2), outcome: done() });
    assert_eq!(stored.sent_at, Some(at(1)), "when it was sent is kept through to the end");
    assert_eq!(store.timeline(&TimelinePage::default()).await.unwrap().len(), 1);
    assert_eq!(store.claim(run.id, node(1), &[], at(4), LEASE).await.unwrap(), Claim::Taken);
}

pub(crate) async fn a_run_that_was_never_claimed_can_be_ended<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    store.save(&runs([run.clone()])).await.unwrap();
    let outcome = Outcome::Superseded { why: WhySuperseded::Held { because: Because::NoLongerCalled } };
    assert!(!store.end(run.id, Fence(1), at(2), &outcome, &[], &[]).await.unwrap());
    assert!(store.end(run.id, Fence(0), at(2), &outcome, &[], &[]).await.unwrap());
    assert_eq!(store.claim(run.id, node(1), &[], at(3), LEASE).await.unwrap(), Claim::Taken);
    // Once claimed, its first fence no longer holds.
    let next = crate::fixtures::run(4, "more web");
    let fence = claimed(&*store, next.clone()).await;
    assert!(fence > Fence(0));
    assert!(!store.end(next.id, Fence(0), at(5), &outcome, &[], &[]).await.unwrap());
}

pub(crate) async fn what_ended_was_written_with_its_lines<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    let fence = sent(&*store, run.clone()).await;
    let lines = [said(at(2), "one"), said(at(2), "two")];
    assert!(!store.end(run.id, Fence(fence.0 + 1), at(2), &done(), &[], &lines).await.unwrap());
    assert!(store.timeline(&TimelinePage::default()).await.unwrap().is_empty());
    assert!(store.end(run.id, fence, at(2), &done(), &[], &lines).await.unwrap());
    let told = store.timeline(&TimelinePage::default()).await.unwrap();
    assert_eq!(told.into_iter().map(|line| line.entry).collect::<Vec<_>>(), lines);
}

pub(crate) async fn a_node_that_took_over_fences_the_other_off<D: Database>(database: &D) {
    let old = database.open().await;
    let (claimed_run, sent_run) = (on("other", run(1, "claimed")), run(2, "sent"));
    let claimed_fence = claimed(&*old, claimed_run.clone()).await;
    let sent_fence = sent(&*old, sent_run.clone()).await;
    let new = database.open().await;
    let taken = new.take_over(node(2), at(60), LEASE, &|_| true).await.unwrap();
    assert_eq!(taken.iter().map(|(run, _)| run.id).collect::<Vec<_>>(), [claimed_run.id, sent_run.id]);
    assert!(taken[0].1 > claimed_fence && taken[1].1 > sent_fence);
    assert!(matches!(taken[0].0.state, RunState::Claimed { node: of, .. } if of == node(2)));
    assert!(
        matches!(taken[1].0.state, RunState::Sent { node: of, at: sent_at, .. } if of == node(2) && sent_at == at(2))
    );
    // The old node wakes up, and can do nothing any more.
    assert_eq!(old.mark_sent(claimed_run.id, claimed_fence, at(61), at(99)).await.unwrap(), MarkSent::Lost);
    assert!(!old.end(sent_run.id, sent_fence, at(61), &done(), &[], &[]).await.unwrap());
    old.defer(sent_run.id, sent_fence, at(500), &[], &[said(at(61), "late")]).await.unwrap();
    assert!(old.timeline(&TimelinePage::default()).await.unwrap().is_empty());
    // The new one goes on, and never sends twice.
    assert_eq!(new.mark_sent(sent_run.id, taken[1].1, at(62), at(99)).await.unwrap(), MarkSent::Lost);
    assert_eq!(new.mark_sent(claimed_run.id, taken[0].1, at(62), at(99)).await.unwrap(), MarkSent::Go);
    assert!(new.end(sent_run.id, taken[1].1, at(62), &done(), &[], &[]).await.unwrap());
    // Taking over once more changes nothing of what is ours.
    let again = new.take_over(node(2), at(63), LEASE, &|_| true).await.unwrap();
    assert_eq!(again.iter().map(|(run, fence)| (run.id, *fence)).collect::<Vec<_>>(), [(claimed_run.id, taken[0].1)]);
}

pub(crate) async fn a_claim_that_lapsed_comes_due_and_can_be_taken<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    let fence = claimed(&*store, run.clone()).await;
    let lapses = at(1) + LEASE;
    assert!(store.due(lapses - Duration::from_millis(1)).await.unwrap().is_empty(), "it is in living hands");
    assert_eq!(store.reclaim(run.id, node(2), lapses - Duration::from_millis(1), LEASE).await.unwrap(), None);
    assert_eq!(store.due(lapses).await.unwrap().len(), 1);
    let taken = store.reclaim(run.id, node(2), lapses, LEASE).await.unwrap().unwrap();
    assert!(taken > fence);
    assert_eq!(store.mark_sent(run.id, fence, lapses, at(999)).await.unwrap(), MarkSent::Lost);
    // One's own is taken back at any time: the answer to a claim may have been lost.
    assert!(store.reclaim(run.id, node(2), lapses, LEASE).await.unwrap().unwrap() > taken);
    let last = store.reclaim(run.id, node(2), lapses, LEASE).await.unwrap().unwrap();
    assert!(store.end(run.id, last, lapses, &done(), &[], &[]).await.unwrap());
    assert_eq!(store.reclaim(run.id, node(2), lapses, LEASE).await.unwrap(), None, "it has ended");
}

pub(crate) async fn taking_over_leaves_queued_runs_as_they_are<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    store.save(&runs([run.clone()])).await.unwrap();
    assert_eq!(store.take_over(node(2), at(60), LEASE, &|_| true).await.unwrap(), [(run.clone(), Fence(0))]);
    claim(&*store, run.id, at(61)).await;
}

pub(crate) async fn a_look_that_was_put_off_comes_due_later<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    let fence = sent(&*store, run.clone()).await;
    assert_eq!(store.due(at(41)).await.unwrap().len(), 1);
    store.defer(run.id, fence, at(100), &[Excerpt::of("r-1")], &[said(at(41), "not seen yet")]).await.unwrap();
    assert!(store.due(at(99)).await.unwrap().is_empty());
    let due = store.due(at(100)).await.unwrap();
    assert_eq!(due[0].request_ids, [Excerpt::of("r-1")]);
    assert_eq!(store.timeline(&TimelinePage::default()).await.unwrap().len(), 1);
}

pub(crate) async fn request_ids_are_kept_in_order_and_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    let run = run(1, "more web");
    let fence = sent(&*store, run.clone()).await;
    let id = |number: usize| Excerpt::of(&format!("r-{number}"));
    store.defer(run.id, fence, at(50), &[id(0), id(1)], &[]).await.unwrap();
    let more: Vec<_> = (1..=Run::REQUEST_IDS_MAX).map(id).collect();
    assert!(store.end(run.id, fence, at(60), &done(), &more, &[]).await.unwrap());
    let ended = store.runs(&RunsPage::default()).await.unwrap().remove(0);
    assert_eq!(ended.request_ids, more, "each once, the oldest gone");
}

pub(crate) async fn a_run_in_doubt_is_settled_once<D: Database>(database: &D) {
    let store = database.open().await;
    let not_done = Outcome::NotDone { why: flyball_model::WhyNotDone::SaidSo { by: "ada".into() } };
    let of_long_ago = run(1, "more web");
    ended(&*store, of_long_ago.clone(), &done()).await;
    assert!(!store.settle(of_long_ago.id, &not_done, &[]).await.unwrap(), "what ended is not settled");
    let open = run(11, "more web");
    store.save(&runs([open.clone()])).await.unwrap();
    assert!(!store.settle(open.id, &not_done, &[]).await.unwrap(), "nor what is open");
    assert!(store.end(open.id, Fence(0), at(12), &done(), &[], &[]).await.unwrap());

    let doubted = one_off(run(21, "clean up"));
    ended(&*store, doubted.clone(), &in_doubt()).await;
    let before = facts(&*store, &["clean up"], at(30)).await;
    assert_eq!((before.one_offs.len(), before.last_effect.len()), (1, 1));
    assert!(store.settle(doubted.id, &not_done, &[said(at(31), "settled")]).await.unwrap());
    assert!(!store.settle(doubted.id, &done(), &[said(at(32), "again")]).await.unwrap(), "once");
    let RunState::Ended { outcome, .. } = store.run(doubted.id).await.unwrap().unwrap().state else {
        panic!("it ended")
    };
    assert_eq!(outcome, not_done);
    let after = facts(&*store, &["clean up"], at(40)).await;
    assert_eq!((after.one_offs.len(), after.last_effect.len()), (0, 0), "it counts as not done");
    let told = store.timeline(&TimelinePage::default()).await.unwrap();
    let told: Vec<String> = told.iter().map(|line| line.entry.event.to_string()).collect();
    assert_eq!(told.iter().filter(|words| ["settled", "again"].contains(&words.as_str())).count(), 1, "{told:?}");

    // A rollback that took effect made a release, and only a look can tell which.
    let back = rollback(run(51, "roll back"));
    ended(&*store, back.clone(), &in_doubt()).await;
    assert!(store.settle(back.id, &done(), &[]).await.unwrap());
    let known = facts(&*store, &["roll back"], at(60)).await;
    assert_eq!(known.doubted_rollbacks.iter().map(|run| run.id).collect::<Vec<_>>(), [back.id]);
}
