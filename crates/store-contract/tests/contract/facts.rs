//! What a choice learns.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{
    ApiHost, Foreign, ForeignChange, Outcome, PauseScope, ProcessType, Quantity, Rank, ReleaseVersion, Timestamp,
    WhyNotDone,
};
use flyball_store::{
    AppFacts, Batch, Glimpse, Loop as _, Pause, Pauses as _, Presence as _, Retention as _, Runs as _, RunsPage, Store,
    Timeline as _,
};
use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) async fn facts(store: &impl Store, reactions: &[&str], now: Timestamp) -> AppFacts {
    let reactions: Vec<_> = reactions.iter().map(|name| reaction(name)).collect();
    store.app_facts(&subject("shop", None), &reactions, now).await.unwrap()
}

pub(crate) async fn the_last_effect_is_the_latest_that_happened_or_may_have<D: Database>(database: &D) {
    let store = database.open().await;
    let (first, doubtful, refusal, not_done) = (run(1, "a"), run(11, "a"), run(21, "a"), run(31, "a"));
    assert_eq!(facts(&*store, &["a"], at(0)).await, AppFacts::default());
    let last_effect = async |now| facts(&*store, &["a", "b"], now).await.last_effect.remove(&reaction("a"));
    ended(&*store, first.clone(), &done()).await;
    assert_eq!(last_effect(at(5)).await.unwrap().id, first.id);
    ended(&*store, doubtful.clone(), &in_doubt()).await;
    assert_eq!(last_effect(at(15)).await.unwrap().id, doubtful.id);
    ended(&*store, refusal, &refused()).await;
    ended(&*store, not_done.clone(), &Outcome::NotDone { why: WhyNotDone::Stopped }).await;
    assert_eq!(last_effect(at(35)).await.unwrap().id, doubtful.id, "a refusal took no effect");
    let fence = sent(&*store, run(41, "a")).await;
    assert_eq!(last_effect(at(45)).await.unwrap().id, run(41, "a").id, "what was sent may take effect");
    let known = facts(&*store, &["a", "b"], at(45)).await;
    assert_eq!(known.last_ended[&reaction("a")].id, not_done.id);
    assert!(!known.last_ended.contains_key(&reaction("b")));
    assert!(store.end(run(41, "a").id, fence, at(46), &refused(), &[], &[]).await.unwrap());
    assert_eq!(last_effect(at(47)).await.unwrap().id, doubtful.id);
    // A reaction that was not asked for is not told.
    ended(&*store, run(51, "c"), &done()).await;
    assert_eq!(facts(&*store, &["a", "b"], at(60)).await.last_effect.len(), 1);
}

pub(crate) async fn refusals_in_a_row_are_counted_from_the_last_other_end<D: Database>(database: &D) {
    let store = database.open().await;
    let count = async |now| facts(&*store, &["b", "a"], now).await.refusals_in_a_row.get(&reaction("a")).copied();
    for number in 0..3 {
        ended(&*store, run(number * 10, "a"), &refused()).await;
    }
    ended(&*store, run(35, "b"), &done()).await;
    assert_eq!(count(at(40)).await, Some(3));
    ended(&*store, run(40, "a"), &done()).await;
    assert_eq!(count(at(50)).await, None);
    ended(&*store, run(50, "a"), &refused()).await;
    assert_eq!(count(at(60)).await, Some(1));
    for number in 6..50 {
        ended(&*store, run(number * 10, "a"), &refused()).await;
    }
    assert_eq!(count(at(600)).await, Some(32));
}

pub(crate) async fn outs_rollbacks_and_one_offs_are_known<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, run(1, "more web"), &done()).await;
    ended(&*store, run(11, "more web"), &refused()).await;
    let mut fewer = run(21, "fewer web");
    fewer.rank = flyball_model::Rank::In;
    ended(&*store, fewer, &done()).await;
    ended(&*store, rollback(run(31, "roll back")), &released(13)).await;
    ended(&*store, rollback(run(41, "roll back")), &released(14)).await;
    let doubt = in_doubt();
    ended(&*store, rollback(run(45, "roll back")), &doubt).await;
    ended(&*store, run(47, "more web"), &doubt).await;
    ended(&*store, on("other", rollback(run(51, "roll back other"))), &released(99)).await;
    ended(&*store, one_off(run(61, "clean up")), &done()).await;
    ended(&*store, one_off(run(71, "clean up")), &refused()).await;
    ended(&*store, one_off(run(81, "of long ago")), &done()).await;
    ended(&*store, on("other", one_off(run(91, "clean up other"))), &done()).await;
    let known = facts(&*store, &["more web", "clean up"], at(100)).await;
    assert_eq!(known.last_out.into_iter().collect::<Vec<_>>(), [(ProcessType::web(), at(47))]);
    let steps: Vec<_> = known.steps.iter().map(|step| (step.process_type.as_str(), step.rank, step.at)).collect();
    assert_eq!(steps, [("web", Rank::Out, at(47)), ("web", Rank::In, at(21)), ("web", Rank::Out, at(1))]);
    let week = at(21) + Duration::from_secs(7 * 24 * 3600);
    assert_eq!(facts(&*store, &[], week).await.steps.len(), 2, "what is older than a week is not told");
    assert_eq!(known.our_rollbacks, BTreeSet::from([ReleaseVersion::new(13), ReleaseVersion::new(14)]));
    let doubted: Vec<_> = known.doubted_rollbacks.iter().map(|run| run.id).collect();
    assert_eq!(doubted, [run(45, "roll back").id]);
    // Also of a reaction that is not asked for, since it may have left the file.
    let one_offs: Vec<_> = known.one_offs.iter().map(|run| run.id).collect();
    assert_eq!(one_offs, [run(81, "of long ago").id, run(61, "clean up").id]);
    let later = at(81) + Duration::from_secs(24 * 3600 + 1);
    assert!(facts(&*store, &["clean up"], later).await.one_offs.is_empty(), "none lives for more than a day");
}

pub(crate) async fn the_end_of_a_pause_is_known_however_it_ended<D: Database>(database: &D) {
    let store = database.open().await;
    let (everything, shop) = (PauseScope::Everything, PauseScope::App(app("shop")));
    let (ours, others) = (PauseScope::Reaction(reaction_name("a")), PauseScope::Reaction(reaction_name("b")));
    store.pause(&pause(everything.clone(), at(1), None)).await.unwrap();
    assert!(store.resume(&everything, "ada", at(5)).await.unwrap());
    store.pause(&pause(shop.clone(), at(2), Some(at(9)))).await.unwrap();
    store.pause(&pause(ours.clone(), at(3), Some(at(100)))).await.unwrap();
    store.pause(&pause(others, at(3), Some(at(8)))).await.unwrap();
    store.pause(&pause(PauseScope::App(app("other")), at(3), Some(at(8)))).await.unwrap();
    let known = facts(&*store, &["a"], at(8)).await;
    assert_eq!(known.pauses.iter().map(|pause| &pause.scope).collect::<Vec<_>>(), [&shop, &ours]);
    let resumed =
        |known: &AppFacts| known.resumed.iter().map(|resumed| (resumed.scope.clone(), resumed.at)).collect::<Vec<_>>();
    assert_eq!(resumed(&known), [(everything.clone(), at(5))]);
    // By its time, whether somebody has swept since or not.
    let expired = [(shop.clone(), at(9)), (everything.clone(), at(5))];
    assert_eq!(resumed(&facts(&*store, &["a"], at(9)).await), expired);
    store.sweep(at(20)).await.unwrap();
    assert_eq!(resumed(&facts(&*store, &["a"], at(20)).await), expired);
    // The latest of several counts.
    store.pause(&pause(everything.clone(), at(30), None)).await.unwrap();
    assert!(store.resume(&everything, "ada", at(40)).await.unwrap());
    assert_eq!(resumed(&facts(&*store, &[], at(50)).await), [(shop, at(9)), (everything, at(40))]);
}

pub(crate) async fn facts_follow_an_app_through_a_rename_and_not_to_its_successor<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, rollback(run(1, "roll back")), &released(13)).await;
    let seen = |sightings| Batch { sightings, ..Batch::default() };
    store.save(&seen(vec![sighting("shop", "id-of-shop", at(2))])).await.unwrap();
    let versions = async |name: &str| {
        let known = store.app_facts(&subject(name, None), &[], at(50)).await.unwrap();
        known.our_rollbacks.iter().map(|version| version.get()).collect::<Vec<_>>()
    };
    assert_eq!(versions("shop").await, [13]);
    // It is renamed, and another app takes its name.
    store.save(&seen(vec![sighting("old-shop", "id-of-shop", at(3))])).await.unwrap();
    store.save(&seen(vec![sighting("shop", "id-of-new-shop", at(4))])).await.unwrap();
    assert_eq!(versions("old-shop").await, [13]);
    assert_eq!(versions("shop").await, [0_u64; 0]);
    // Its id is known by it before its new name is.
    let by_id = |id: &'static str| {
        let (renamed, store) = (subject("newest-shop", Some(id)), &store);
        async move { store.app_facts(&renamed, &[], at(50)).await.unwrap() }
    };
    assert_eq!(by_id("id-of-shop").await.our_rollbacks.len(), 1);
    assert_eq!(by_id("id-of-new-shop").await.our_rollbacks.len(), 0);
}

pub(crate) async fn open_runs_on_the_app_are_known_whosever_they_are<D: Database>(database: &D) {
    let store = database.open().await;
    sent(&*store, run(1, "a")).await;
    store.save(&runs([run(2, "b"), on("other", run(3, "c"))])).await.unwrap();
    ended(&*store, one_off(run(4, "d")), &done()).await;
    let open = facts(&*store, &["z"], at(10)).await.open;
    assert_eq!(open.iter().map(|run| run.id).collect::<Vec<_>>(), [run(1, "a").id, run(2, "b").id]);
}

pub(crate) async fn effects_are_counted_on_the_app_for_an_hour_and_by_reaction_for_ever<D: Database>(database: &D) {
    let store = database.open().await;
    ended(&*store, run(1, "a"), &done()).await;
    ended(&*store, one_off(run(11, "b")), &in_doubt()).await;
    ended(&*store, run(21, "a"), &refused()).await;
    ended(&*store, on("other", run(31, "a")), &done()).await;
    sent(&*store, rollback(run(41, "a"))).await;
    store.save(&runs([run(51, "a")])).await.unwrap();
    let known = facts(&*store, &["a", "b", "c"], at(60)).await;
    assert_eq!(known.effects, [(Rank::RollBack, at(41)), (Rank::OneOff, at(11)), (Rank::Out, at(1))]);
    assert_eq!(known.acted[&reaction("a")], [at(41), at(31), at(1)], "on whatever app");
    assert_eq!(known.acted[&reaction("b")], [at(11)]);
    assert!(!known.acted.contains_key(&reaction("c")));
    let later = facts(&*store, &["a"], at(1) + HOUR).await;
    assert_eq!(later.effects.iter().map(|(rank, _)| *rank).collect::<Vec<_>>(), [Rank::RollBack, Rank::OneOff]);
    assert_eq!(later.acted[&reaction("a")].len(), 3);
}

pub(crate) async fn our_runs_since_an_app_was_seen_are_told_and_earlier_ones_are_not<D: Database>(database: &D) {
    let store = database.open().await;
    let seen = |at| Batch { sightings: vec![sighting("shop", "id-of-shop", at)], ..Batch::default() };
    let since_seen = async |now| {
        let runs = facts(&*store, &[], now).await.since_seen;
        runs.into_iter().map(|run| run.queued_at).collect::<Vec<_>>()
    };
    ended(&*store, run(1, "a"), &done()).await;
    assert!(since_seen(at(5)).await.is_empty(), "an app that was never seen has no before");
    store.save(&seen(at(10))).await.unwrap();
    assert!(since_seen(at(11)).await.is_empty());
    ended(&*store, run(20, "a"), &done()).await;
    ended(&*store, run(30, "a"), &refused()).await;
    ended(&*store, on("other", run(35, "a")), &done()).await;
    let fence = sent(&*store, run(40, "a")).await;
    store.save(&runs([run(45, "b")])).await.unwrap();
    assert_eq!(since_seen(at(46)).await, [at(20), at(40), at(45)]);
    // It was sent before the next look and ends after it: its effect may have come in between.
    store.save(&seen(at(50))).await.unwrap();
    assert!(store.end(run(40, "a").id, fence, at(60), &done(), &[], &[]).await.unwrap());
    assert_eq!(since_seen(at(61)).await, [at(40), at(45)]);
    store.save(&seen(at(70))).await.unwrap();
    assert_eq!(since_seen(at(71)).await, [at(45)]);
    // A part of it was looked at longer ago.
    let mut partly = sighting("shop", "id-of-shop", at(80));
    (partly.formation_at, partly.releases_at) = (Some(at(80)), Some(at(15)));
    store.save(&Batch { sightings: vec![partly], ..Batch::default() }).await.unwrap();
    assert_eq!(since_seen(at(81)).await, [at(20), at(40), at(45)]);
}

pub(crate) async fn what_others_changed_is_remembered_and_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    let change = |number: u32| Foreign {
        at: at(u64::from(number)),
        change: ForeignChange::Quantity {
            process_type: ProcessType::web(),
            from: Quantity::new(number),
            to: Quantity::new(number + 1),
        },
    };
    let mut seen = sighting("shop", "id-of-shop", at(10));
    seen.foreign = (0..40).map(change).collect();
    store.save(&Batch { sightings: vec![seen], ..Batch::default() }).await.unwrap();
    let read = store.sighting(&subject("shop", None).key()).await.unwrap().unwrap();
    assert_eq!(read.foreign, (8..40).map(change).collect::<Vec<_>>(), "the latest stay");
}

pub(crate) async fn an_overview_of_many_apps_has_the_facts_and_the_sights_of_each<D: Database>(database: &D) {
    let store = database.open().await;
    let asked = [("shop", "a"), ("other", "b"), ("seen", "c"), ("never-seen", "d"), ("moved", "e"), ("paused", "f")];
    let apps: Vec<_> = asked.iter().map(|(app, name)| (subject(app, None), vec![reaction(name)])).collect();
    assert_eq!(store.overview(&[], at(90)).await.unwrap(), []);

    ended(&*store, run(1, "a"), &done()).await;
    ended(&*store, run(11, "a"), &refused()).await;
    // A reaction that acted on another app before, and an app that was acted on under another name.
    ended(&*store, run(21, "d"), &done()).await;
    ended(&*store, on("before", rollback(run(31, "z"))), &released(13)).await;
    store.save(&runs([on("other", run(41, "b"))])).await.unwrap();
    let sightings = vec![
        sighting("shop", "id-of-shop", at(2)),
        sighting("seen", "id-1", at(3)),
        sighting("moved", "id-of-before", at(4)),
    ];
    store.save(&Batch { sightings, ..Batch::default() }).await.unwrap();
    store.save(&Batch { sightings: vec![sighting("seen", "id-2", at(5))], ..Batch::default() }).await.unwrap();
    let glimpse = Glimpse {
        host: ApiHost::default(),
        app: "seen".parse().unwrap(),
        maintenance: true,
        release: None,
        seen_at: at(6),
    };
    store.glimpsed(&[glimpse]).await.unwrap();

    let scope = |scope| Pause { scope, at: at(50), until: None, by: "ops".to_owned() };
    for paused in [None, Some(PauseScope::Reaction("f".parse().unwrap())), Some(PauseScope::Everything)] {
        if let Some(paused) = paused {
            store.pause(&scope(paused)).await.unwrap();
        }
        let told = store.overview(&apps, at(90)).await.unwrap();
        assert_eq!(told.len(), apps.len());
        for (told, (subject, reactions)) in told.iter().zip(&apps) {
            let key = subject.key();
            assert_eq!(told.facts, store.app_facts(subject, reactions, at(90)).await.unwrap(), "{subject:?}");
            assert_eq!(told.sighting, store.sighting(&key).await.unwrap(), "{subject:?}");
            assert_eq!(told.glimpse, store.glimpse(&key).await.unwrap(), "{subject:?}");
            let page = RunsPage { reaction: Some(reactions[0]), runs: 1, ..RunsPage::default() };
            let last = store.runs(&page).await.unwrap().pop();
            assert_eq!(told.last_runs.get(&reactions[0]), last.as_ref(), "{subject:?}");
        }
    }
    let told = store.overview(&apps, at(90)).await.unwrap();
    let pauses: Vec<usize> = told.iter().map(|one| one.facts.pauses.len()).collect();
    assert_eq!(pauses, [1, 1, 1, 1, 1, 2]);
    assert_eq!(told[4].facts.our_rollbacks.len(), 1, "it is known by its id");
}
