//! The cure follows the diagnosis: one monitor of failing requests, one reaction for too few dynos, and one for a bad release; and one
//! that goes back where requests fare worse since a release.

use super::broken_feed::send;
use crate::support::{Day, Scenario, monitor, reaction, secs};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, Cycling, DeploySpec, DrainSpec, Serving};
use flyball_model::Verdict;
use flyball_testing::Numbers;
use std::time::Duration;

/// Two dynos that carry ten requests a second, of which half come; a tenth of the clients go away.
fn begin() -> Day {
    let serving = Serving { threads: 1, service: Duration::from_millis(200), broken_off: 0.1 };
    let spec = AppSpec::new("shop").process("web", 2, "Standard-1X").deploys(3);
    let spec = spec.drain(DrainSpec::new("https://flyball.example.com/drain/shop")).mechanics(|mechanics| {
        (mechanics.cycling, mechanics.serving) = (Cycling::Never, Some(serving));
        mechanics.router_timeout = secs(10);
    });
    let lines = "every = \"10s\"\nheroku_router = { app = \"shop\", measure = \"errors\", above = \"5%\" }";
    let file = "[receive.apps.shop]\n".to_owned()
        + &monitor("fails", lines, &["more web", "back"])
        + &reaction("more web", "causes = [\"capacity\"]\nscale_out = { app = \"shop\", max_quantity = 4 }")
        + &reaction("back", "causes = [\"app\"]\ntrigger = 2\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(spec).file(file).begin();
    day.happens(AppEvent::Load(5.0));
    goes_on(&mut day, 120);
    assert_eq!(day.effects(), Vec::<String>::new(), "clients that go away are no failures");
    day
}

fn goes_on(day: &mut Day, seconds: u64) {
    let mut numbers = Numbers::new(1);
    for _ in 0..seconds / 2 {
        day.pass(secs(2));
        send(day, None, &mut numbers);
    }
}

#[test]
fn too_few_dynos_get_more_and_no_other_release() {
    let mut day = begin();
    day.happens(AppEvent::Load(18.0));
    goes_on(&mut day, 240);
    assert_eq!(day.effects(), ["web=3", "web=4"], "{:?}", day.timeline());
}

#[test]
fn a_bad_release_is_rolled_back_and_gets_no_dynos() {
    let mut day = begin();
    day.happens(AppEvent::Deploy(DeploySpec::new("bad").behaviour(Behaviour::SomeErrors(0.4))));
    goes_on(&mut day, 240);
    assert_eq!(day.effects(), ["back to v5"], "{:?}", day.timeline());
}

#[test]
fn a_slow_database_gets_no_dynos_though_requests_time_out_as_where_there_are_too_few() {
    let mut day = begin();
    day.happens(AppEvent::DatabaseSlow { share: 0.5, by: secs(40) });
    goes_on(&mut day, 240);
    let effects = day.effects();
    assert!(!effects.is_empty() && effects.iter().all(|effect| effect.starts_with("back to")), "{effects:?}");
}

#[test]
fn trouble_of_the_platform_gets_neither_dynos_nor_another_release() {
    let mut day = begin();
    day.happens(AppEvent::PlatformError(0.5));
    goes_on(&mut day, 240);
    assert_eq!(day.effects(), Vec::<String>::new(), "{:?}", day.timeline());
    let status = day.asks_reader(async |reader| reader.status(None).await);
    let words = status.monitors[0].last.as_ref().expect("it has looked").words.to_string();
    assert!(words.contains("of requests fail, more than 5%: H99"), "{words}");
}

/// Two dynos with ten requests a second, of which one in fifty fails, for as long as a release is compared with.
fn begin_to_compare() -> Day {
    let serving = Serving { threads: 5, service: Duration::from_millis(100), broken_off: 0.0 };
    let spec = AppSpec::new("shop").process("web", 2, "Standard-1X");
    let spec = spec.deploy_with(DeploySpec::new("good").behaviour(Behaviour::SomeErrors(0.02)));
    let spec = spec.drain(DrainSpec::new("https://flyball.example.com/drain/shop"));
    let spec = spec.mechanics(|mechanics| (mechanics.cycling, mechanics.serving) = (Cycling::Never, Some(serving)));
    let lines =
        "every = \"10s\"\nrelease = { app = \"shop\", measure = \"errors\", compared_with = \"10m\", watch = \"5m\" }";
    let file = "[receive.apps.shop]\n".to_owned()
        + &monitor("fares", lines, &["back"])
        + &reaction("back", "causes = [\"worse\"]\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(spec).file(file).begin();
    day.happens(AppEvent::Load(10.0));
    goes_on(&mut day, 660);
    day
}

#[test]
fn a_release_with_more_failures_is_rolled_back_and_what_it_went_back_to_is_not() {
    let mut day = begin_to_compare();
    day.happens(AppEvent::Deploy(DeploySpec::new("bad").behaviour(Behaviour::SomeErrors(0.1))));
    goes_on(&mut day, 120);
    assert_eq!(day.effects(), ["back to v3"], "{:?}", day.timeline());
    goes_on(&mut day, 480);
    assert_eq!(day.effects(), ["back to v3"], "{:?}", day.timeline());
}

#[test]
fn a_release_that_is_as_good_stays_and_what_was_not_heard_of_it_is_left_out() {
    let mut day = begin_to_compare();
    day.happens(AppEvent::Deploy(DeploySpec::new("as good").behaviour(Behaviour::SomeErrors(0.02))));
    let last = |day: &Day| {
        let status = day.asks_reader(async |reader| reader.status(None).await);
        let last = status.monitors[0].last.clone().expect("it has looked");
        (last.verdict, last.words.to_string())
    };
    goes_on(&mut day, 180);
    let (verdict, words) = last(&day);
    assert!(verdict == Verdict::Passing && words.contains("requests fail since v4 is up"), "{words}");
    day.kill(secs(5));
    goes_on(&mut day, 60);
    let (verdict, words) = last(&day);
    assert!(verdict == Verdict::Passing && words.ends_with("in which lines were lost are left out"), "{words}");
    goes_on(&mut day, 180);
    assert_eq!(last(&day), (Verdict::Passing, "v4, the last release of shop, is watched no longer".to_owned()));
    assert_eq!(day.effects(), Vec::<String>::new(), "{:?}", day.timeline());
}
