//! What a person does to a running instance.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Event, PauseScope, RunState};
use flyball_store::{
    Claim, Leases as _, Loop as _, MarkSent, Pauses as _, Retention as _, Runs as _, Timeline as _, TimelinePage,
};
use std::time::Duration;

pub(crate) async fn a_pause_between_claim_and_send_stops_the_call<D: Database>(database: &D) {
    let (engine, person) = (database.open().await, database.open().await);
    let run = run(1, "more web");
    let fence = claimed(&*engine, run.clone()).await;
    let pause = pause(PauseScope::Everything, at(2), None);
    person.pause(&pause).await.unwrap();
    assert_eq!(engine.mark_sent(run.id, fence, at(3), at(40)).await.unwrap(), MarkSent::Paused(pause));
    let stored = engine.run(run.id).await.unwrap().unwrap();
    assert!(matches!(stored.state, RunState::Claimed { .. }) && stored.sent_at.is_none());
    assert!(person.resume(&PauseScope::Everything, "ada", at(4)).await.unwrap());
    assert_eq!(engine.mark_sent(run.id, fence, at(5), at(40)).await.unwrap(), MarkSent::Go);
}

pub(crate) async fn every_scope_stops_its_own_runs_and_no_others<D: Database>(database: &D) {
    let store = database.open().await;
    let on_shop = run(1, "more web");
    let elsewhere = on("other", run(2, "more web there"));
    store.save(&runs([on_shop.clone(), elsewhere.clone()])).await.unwrap();
    for scope in [PauseScope::App(app("shop")), PauseScope::Reaction(reaction_name("more web")), PauseScope::Everything]
    {
        let pause = pause(scope.clone(), at(3), Some(at(60)));
        store.pause(&pause).await.unwrap();
        assert_eq!(store.claim(on_shop.id, node(1), &[], at(4), LEASE).await.unwrap(), Claim::Paused(pause.clone()));
        if scope == PauseScope::Everything {
            assert_eq!(store.claim(elsewhere.id, node(1), &[], at(4), LEASE).await.unwrap(), Claim::Paused(pause));
        }
        assert!(store.resume(&scope, "ada", at(5)).await.unwrap());
    }
    for scope in [PauseScope::App(app("other-app")), PauseScope::Reaction(reaction_name("more web there"))] {
        store.pause(&pause(scope, at(6), None)).await.unwrap();
    }
    claim(&*store, on_shop.id, at(7)).await;
    assert!(matches!(store.claim(elsewhere.id, node(1), &[], at(7), LEASE).await.unwrap(), Claim::Paused(_)));
}

pub(crate) async fn a_pause_survives_its_process<D: Database>(database: &D) {
    let pause = pause(PauseScope::App(app("shop")), at(1), Some(at(7200)));
    let first = database.open().await;
    first.pause(&pause).await.unwrap();
    database.close(first).await;
    let store = database.open().await;
    assert_eq!(store.pauses(at(2)).await.unwrap(), [pause]);
    let run = run(3, "more web");
    store.save(&runs([run.clone()])).await.unwrap();
    assert!(matches!(store.claim(run.id, node(1), &[], at(4), LEASE).await.unwrap(), Claim::Paused(_)));
}

pub(crate) async fn a_pause_is_changed_and_not_doubled<D: Database>(database: &D) {
    let store = database.open().await;
    store.pause(&pause(PauseScope::Everything, at(1), Some(at(10)))).await.unwrap();
    store.pause(&pause(PauseScope::Everything, at(2), None)).await.unwrap();
    let held = store.pauses(at(20)).await.unwrap();
    assert_eq!(held, [pause(PauseScope::Everything, at(1), None)], "it began when it began");
    assert!(store.resume(&PauseScope::Everything, "ada", at(21)).await.unwrap());
    assert!(store.pauses(at(21)).await.unwrap().is_empty());
    let told = store.timeline(&TimelinePage::default()).await.unwrap();
    assert_eq!(told.len(), 3);
    // Paused, resumed and paused again in the same instant.
    store.pause(&pause(PauseScope::Everything, at(1), None)).await.unwrap();
    assert_eq!(store.pauses(at(22)).await.unwrap().len(), 1);
}

pub(crate) async fn a_pause_ends_by_itself<D: Database>(database: &D) {
    let store = database.open().await;
    let scope = PauseScope::Reaction(reaction_name("more web"));
    store.pause(&pause(scope.clone(), at(1), Some(at(10)))).await.unwrap();
    assert_eq!(store.pauses(at(9)).await.unwrap().len(), 1);
    assert!(store.pauses(at(10)).await.unwrap().is_empty());
    claimed(&*store, run(10, "more web")).await;
    store.sweep(at(300)).await.unwrap();
    let page = TimelinePage { reaction: Some(reaction("more web")), ..TimelinePage::default() };
    let last = store.timeline(&page).await.unwrap().pop().unwrap().entry;
    assert_eq!(last.at, at(10), "told as of when it ended");
    assert!(matches!(last.event, Event::Resumed { scope: of, .. } if of == scope));
    // It can be paused anew, and that is a pause of its own.
    store.pause(&pause(scope.clone(), at(400), None)).await.unwrap();
    assert_eq!(store.pauses(at(400)).await.unwrap()[0].at, at(400));
}

pub(crate) async fn where_a_server_is_shared_a_pause_lasts_by_its_clock_whatever_one_machine_takes_the_time_for<
    D: Database,
>(
    database: &D,
) {
    let store = database.open().await;
    let told = store.time(at(0)).await.unwrap();
    let (until, ahead) = (told + Duration::from_secs(60), told + Duration::from_secs(3_600));
    let run = run(1, "more web");
    let fence = claimed(&*store, run.clone()).await;
    let pause = pause(PauseScope::Everything, told, Some(until));
    store.pause(&pause).await.unwrap();
    let (sent, look_at) = (ahead, ahead + Duration::from_secs(40));
    if store.is_shared() {
        assert_eq!(store.pauses(ahead).await.unwrap(), std::slice::from_ref(&pause));
        store.sweep(ahead).await.unwrap();
        assert_eq!(store.mark_sent(run.id, fence, sent, look_at).await.unwrap(), MarkSent::Paused(pause));
    } else {
        assert_eq!(store.pauses(ahead).await.unwrap(), []);
        assert_eq!(store.mark_sent(run.id, fence, sent, look_at).await.unwrap(), MarkSent::Go);
    }
}

pub(crate) async fn what_was_not_paused_cannot_be_resumed<D: Database>(database: &D) {
    let store = database.open().await;
    assert!(!store.resume(&PauseScope::Everything, "ada", at(1)).await.unwrap());
    store.pause(&pause(PauseScope::Everything, at(2), Some(at(5)))).await.unwrap();
    assert!(!store.resume(&PauseScope::App(app("shop")), "ada", at(3)).await.unwrap());
    assert!(!store.resume(&PauseScope::Everything, "ada", at(6)).await.unwrap(), "it had ended by itself");
}
