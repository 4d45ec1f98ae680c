//! Hours without Heroku's API, and without a store that takes anything: nothing is done that cannot be recorded, nothing
//! is made up for afterwards, and what came back is told.

use crate::support::{Scenario, bare_shop, mins, monitor, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Fault, FaultKind};
use flyball_model::{RunState, Timestamp};
use std::collections::HashMap;

/// Monitors that fail while the API is gone.
const MONITORS: usize = 100;
/// Of each app so many.
const AN_APP: usize = 10;

fn name(n: usize) -> String {
    format!("app-{n:02}")
}

/// Ten apps with ten monitors each; every app has a reaction of each sort that its monitors call.
fn file() -> String {
    let apps = MONITORS / AN_APP;
    let monitors: String = (0..MONITORS)
        .map(|n| {
            let app = name(n / AN_APP);
            let page = format!("http = {{ url = \"http://{app}.localhost/\" }}");
            let reactions = [format!("{app} more"), format!("{app} again"), format!("{app} back")];
            monitor(&format!("m{n:03}"), &page, &reactions.each_ref().map(String::as_str))
        })
        .collect();
    let reactions: String = (0..apps)
        .map(|n| {
            let app = name(n);
            reaction(&format!("{app} more"), &format!("scale_out = {{ app = \"{app}\", max_quantity = 5 }}"))
                + &reaction(&format!("{app} again"), &format!("trigger = 3\nrestart_all_dynos = {{ app = \"{app}\" }}"))
                + &reaction(
                    &format!("{app} back"),
                    &format!("trigger = 9\nrollback_release = {{ app = \"{app}\", max_steps = 1 }}"),
                )
        })
        .collect();
    monitors + &reactions
}

#[test]
fn after_an_hour_without_the_api_only_what_the_readings_ask_for_then_is_done_and_within_the_budget() {
    let apps = (0..MONITORS / AN_APP).map(|n| AppSpec::new(&name(n)).process("web", 1, "Standard-1X").deploys(3));
    let scenario = apps.fold(Scenario::of(bare_shop()), Scenario::and).file(file());
    // Every other app is well again before the API is; the others go on failing.
    let scenario = (0..MONITORS).fold(scenario, |scenario, n| scenario.reads(&format!("m{n:03}"), "f"));
    let mut day = scenario.begin();
    let (from, until) = (day.now(), day.now() + mins(60));
    day.fault(Fault::new(FaultKind::Status(503)).between(from, until));
    day.pass(mins(59));
    assert!(day.world(|world| world.effects().next().is_none()), "nothing reached the platform");
    for n in (0..MONITORS).filter(|n| (n / AN_APP).is_multiple_of(2)) {
        day.reads(&format!("m{n:03}"), "p");
    }
    day.pass(secs(59));
    let before = day.live().stats().total();
    day.pass(mins(10));
    let calls: Vec<(Timestamp, String)> =
        day.world(|world| world.effects().map(|call| (call.at, call.path.clone())).collect());
    let well = |path: &str| (0..MONITORS / AN_APP).any(|n| n % 2 == 0 && path.contains(&format!("/{}/", name(n))));
    assert!(calls.iter().all(|(_, path)| !well(path)), "an app that is well was acted on: {calls:?}");
    assert!(!calls.is_empty(), "the others were");
    // No burst: of one app never two in the same moment, and each reaction at most once per reading.
    let mut moments: HashMap<(Timestamp, String), usize> = HashMap::new();
    for (at, path) in &calls {
        let app = path.split('/').nth(2).unwrap_or_default().to_owned();
        *moments.entry((*at, app)).or_default() += 1;
    }
    assert!(moments.values().all(|count| *count == 1), "{moments:?}");
    // Every run that was decided while the API was gone has ended without a call.
    let runs = day.runs();
    let old = runs.iter().filter(|run| run.queued_at < until);
    assert!(old.clone().all(|run| run.sent_at.is_none() && !run.state.is_open()), "an old plan was kept");
    assert!(runs.iter().all(|run| !matches!(run.state, RunState::Queued)), "nothing waits");
    // 4,500 calls stood there, and 75 come back a minute; an effect with its looks is about ten.
    let spent = day.live().stats().total() - before;
    assert!(spent < 4500 + 10 * 75, "{spent} calls in ten minutes");
    assert!(day.world(|world| world.traffic().rate_limited) == 0, "no call was one too many");
}

#[test]
fn while_nothing_can_be_recorded_nothing_is_done_and_afterwards_it_is_told() {
    for (words, fault) in
        [("no room left", crate::support::Refuses::Full), ("stayed locked", crate::support::Refuses::Busy)]
    {
        let file = crate::support::one("more", r#"scale_out = { app = "shop", max_quantity = 2 }"#);
        let mut day = Scenario::of(shop()).file(file).front_reads("pf").begin();
        day.readings(1);
        day.store_refuses(Some(fault));
        day.pass(mins(5));
        assert!(day.calls().is_empty(), "{words}: what cannot be recorded is not done");
        assert!(day.runs().is_empty());
        // The engine goes on observing all the while.
        day.store_refuses(None);
        day.readings(1);
        assert_eq!(day.streak("front"), 11, "{words}: every reading counted");
        let told = day.told("recorded again");
        assert_eq!(told.len(), 1, "{words}: {:#?}", day.timeline());
        // What is quiet is tried again all the while: from the first failing reading until the store took anything.
        assert!(told[0].contains(words) && told[0].contains("after 4m 31s"), "{told:?}");
        assert!(told[0].ends_with("10 effects were decided and not made"), "{told:?}");
        day.readings(2);
        assert_eq!(day.effects(), ["web=2"], "{words}: it recovers by itself");
        assert_eq!(day.told("is failing").len() + day.told("to failing").len(), 1, "{words}: and nothing is lost");
    }
}

#[test]
fn a_call_whose_record_cannot_be_written_is_looked_for_and_not_sent_again() {
    let file = crate::support::one("more", r#"scale_out = { app = "shop", max_quantity = 2 }"#);
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    // The disk is full from the very moment of the call on.
    day.after("PATCH /apps/shop/formation", 1, |outside| async move {
        outside.refuses.set(Some(crate::support::Refuses::Full));
    });
    day.pass(mins(3));
    assert_eq!(day.outcomes(), ["sent"]);
    day.store_refuses(None);
    day.pass(mins(1));
    assert_eq!(day.effects(), ["web=2"]);
    assert_eq!(day.outcomes(), ["done"]);
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 2 });
}
