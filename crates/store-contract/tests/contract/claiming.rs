//! Who may act.

use crate::Database;
use crate::fixtures::*;
use flyball_model::RunState;
use flyball_store::{Claim, DUE_MAX, Loop as _, Runs as _};
use tokio::task::JoinSet;

pub(crate) async fn a_run_is_claimed_by_exactly_one_of_many<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    for round in 0..5 {
        let run = run(round, "more web");
        handles[0].save(&runs([run.clone()])).await.unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..16_usize {
            let (store, id) = (handles[task % 2].clone(), run.id);
            tasks.spawn(async move { store.claim(id, node(task as u128), &[], at(round), LEASE).await.unwrap() });
        }
        let claims = tasks.join_all().await;
        let winners: Vec<_> = claims.iter().filter(|claim| matches!(claim, Claim::Claimed(..))).collect();
        assert_eq!(winners.len(), 1, "{claims:?}");
        assert!(claims.iter().all(|claim| matches!(claim, Claim::Claimed(..) | Claim::Taken)), "{claims:?}");
        let Claim::Claimed(claimed, fence) = winners[0] else { unreachable!("filtered above") };
        assert_eq!(handles[1].run(run.id).await.unwrap().as_ref(), Some(&**claimed));
        assert!(handles[1].end(run.id, *fence, at(round), &done(), &[], &[]).await.unwrap());
    }
}

pub(crate) async fn an_app_has_one_running_effect_at_a_time<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let many: Vec<_> = (0..12).map(|number| run(number, &format!("reaction {number}"))).collect();
    handles[0].save(&runs(many.clone())).await.unwrap();
    let mut tasks = JoinSet::new();
    for (task, run) in many.iter().enumerate() {
        let (store, id) = (handles[task % 2].clone(), run.id);
        tasks.spawn(async move { store.claim(id, node(1), &[], at(20), LEASE).await.unwrap() });
    }
    let claims = tasks.join_all().await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Claimed(..))).count(), 1, "{claims:?}");
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::AppBusy)).count(), 11, "{claims:?}");
    // Those that lost are queued still.
    let due = handles[0].due(at(30)).await.unwrap();
    assert_eq!(due.iter().filter(|run| run.state == RunState::Queued).count(), 11);
}

pub(crate) async fn a_one_off_stands_outside_the_order<D: Database>(database: &D) {
    let store = database.open().await;
    let first = sent(&*store, run(1, "more web")).await;
    claimed(&*store, one_off(run(2, "clean up"))).await;
    sent(&*store, one_off(run(3, "clean up more"))).await;
    // And makes no other wait.
    assert!(store.end(run(1, "more web").id, first, at(4), &done(), &[], &[]).await.unwrap());
    claimed(&*store, run(5, "fewer web")).await;
}

pub(crate) async fn an_app_is_free_again_once_its_run_has_ended<D: Database>(database: &D) {
    let store = database.open().await;
    let fence = sent(&*store, run(1, "more web")).await;
    let next = run(2, "larger web");
    store.save(&runs([next.clone(), on("other", run(3, "other web"))])).await.unwrap();
    assert_eq!(store.claim(next.id, node(1), &[], at(3), LEASE).await.unwrap(), Claim::AppBusy);
    claim(&*store, run(3, "other web").id, at(3)).await;
    assert!(store.end(run(1, "more web").id, fence, at(4), &refused(), &[], &[]).await.unwrap());
    claim(&*store, next.id, at(5)).await;
}

pub(crate) async fn the_same_app_on_another_host_is_another_app<D: Database>(database: &D) {
    let store = database.open().await;
    claimed(&*store, run(1, "more web")).await;
    let mut there = run(2, "more web there");
    there.plan.subject = elsewhere(&there.plan.subject);
    store.save(&runs([there])).await.unwrap();
    claim(&*store, run(2, "more web there").id, at(3)).await;
}

pub(crate) async fn runs_come_due_first_queued_first_and_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    sent(&*store, run(0, "sent")).await;
    let claimed_one = on("other", run(1, "claimed"));
    claimed(&*store, claimed_one).await;
    let many = (2..u64::from(DUE_MAX) + 50).rev().map(|number| run(number, "queued"));
    store.save(&runs(many)).await.unwrap();
    let due = store.due(at(30)).await.unwrap();
    assert_eq!(due.len(), DUE_MAX as usize);
    assert_eq!(due[0].id, run(2, "queued").id, "the look of the sent run is not due yet, and the claim has not lapsed");
    assert!(due.is_sorted_by_key(|run| run.queued_at));
    assert_eq!(store.due(at(40)).await.unwrap()[0].id, run(0, "sent").id);
}
